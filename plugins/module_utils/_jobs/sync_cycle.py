# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The job of ``entra_sync_cycle``: pause, resume and start Cloud Sync jobs, wait for that, provision single users."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, Callable, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph import synchronization
from ansible_collections.hybrid.identity.plugins.module_utils._graph.arguments import ENTRA_ARGUMENTS
from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient, connect
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._graph.pace import Pace
from ansible_collections.hybrid.identity.plugins.module_utils._graph.synchronization import SyncJob
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.kept import forget
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.kept_freeze import (
    KeptFreeze,
    keep_freeze,
    read_freeze,
)
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.provisioning import Provisioner, read_provision
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.runner import Context, as_failure
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.sync_job_rows import (
    code_of,
    is_paused,
    row_of_job,
    status_of,
    warn_of_job,
)
from ansible_collections.hybrid.identity.plugins.module_utils._progress import PROGRESS
from ansible_collections.hybrid.identity.plugins.module_utils._rows import parse_time

STATES = ("started", "paused", "resumed", "restarted", "restored")

ARGUMENTS: dict[str, Any] = {
    **ENTRA_ARGUMENTS,
    "state": {"type": "str", "choices": list(STATES)},
    "domain": {"type": "str"},
    "service_principal_id": {"type": "str"},
    "job_id": {"type": "str"},
    "resume": {"type": "bool", "default": True},
    "remember": {"type": "bool", "default": False},
    "purpose": {"type": "str"},
    "take_over": {"type": "bool", "default": False},
    "provision": {"type": "raw"},
    "wait": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 900},
    "wait_interval": {"type": "int", "default": 10},
}

REQUIRED_ONE_OF = [("state", "provision")]
REQUIRED_TOGETHER = [("service_principal_id", "job_id")]
MUTUALLY_EXCLUSIVE = [("domain", "service_principal_id")]

# Waits begin short, because a cycle without work is over in moments, and grow to wait_interval. Also the shortest.
_FIRST_WAIT = 1.0
# Graph's Date header has whole seconds.
_CLOCK_GRAIN = 1.0


class _Followed(NamedTuple):
    """A job, what it was before, and since when a cycle counts as asked for here (the service's clock).

    ``asked``: whether something is asked of it. ``left``: paused, and to be left so.
    """

    before: SyncJob
    now: SyncJob
    since: Optional[float]
    asked: bool
    left: bool = False


def sync_cycle(
    params: dict[str, Any],
    context: Context,
    *,
    client_of: Callable[[dict[str, Any]], GraphClient] = connect,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Bring the jobs to the state asked for, then provision the users asked for.

    :param params: the values of :data:`ARGUMENTS`.
    :return: the module's result, as its documentation describes it.
    """
    began = clock()
    state = params["state"]
    names = read_provision(params["provision"])
    _check(params)
    with client_of(params) as client:
        kept = read_freeze(client.tenant_id) if params["remember"] or state == "restored" else None
        jobs = _kept_jobs(client, kept, context) if state == "restored" else _jobs(client, params)
        # As of now: how long the service takes to answer what is asked next is not known.
        followed = [_follow(job, params, client.service_time()) for job in jobs]
        pace = Pace(synchronization.ON_DEMAND_LIMIT, synchronization.ON_DEMAND_WINDOW, clock, sleep)
        if not context.check_mode:
            client.ensure_lifetime((params["wait_timeout"] if params["wait"] else 0) + pace.seconds(len(names)))
        if params["remember"]:
            kept = _remember(client, jobs, kept, params, context)
        provisioner = Provisioner(client, pace, check_mode=context.check_mode)
        restored = False
        try:
            if not context.check_mode:
                _act(client, [item.before for item in followed if item.asked], state)
                followed = [item._replace(now=_read_again(client, item)) for item in followed]
                if params["wait"] and state:
                    followed = _wait(client, followed, params, clock, sleep)
                restored = state == "restored" and all(_has_reached(item, state) for item in followed)
                if restored and kept:
                    forget(kept.path)
            provisioner.provision(names, [item.now for item in followed])
        except (Failure, KeyboardInterrupt) as exc:
            failure = as_failure(exc)
            failure.result.setdefault("changed", provisioner.changed or any(item.asked for item in followed))
            failure.result["provisioned"] = provisioner.rows
            failure.result["remembered"] = _kept_row(kept)
            raise failure from None
        rows = [_row(item, state, client, context) for item in followed]
        for item, row in zip(followed, rows):
            warn_of_job(row, params, context.warn, watched=not is_paused(item.before))
        result = {
            "changed": provisioner.changed or any(row["changed"] for row in rows),
            "jobs": rows,
            "provisioned": provisioner.rows,
            "restored": _kept_row(kept) if state == "restored" else None,
            "remembered": None if restored else _kept_row(kept),
            "summary": {
                **_counts(rows),
                **provisioner.counts(),
                **client.stats(),
                "seconds": round(clock() - began, 3),
                "sign_in_method": client.sign_in_method,
            },
            **provisioner.failure(),
        }
    if context.diff_mode:
        result["diff"] = {
            "before": "".join(f"{item.before.domain}: {code_of(item.before)}\n" for item in followed),
            "after": "".join(f"{row['domain']}: {row['code']}\n" for row in rows),
        }
    return result


def _check(params: dict[str, Any]) -> None:
    """
    :raises Failure: when options do not go together.
    """
    if params["remember"] and params["state"] != "paused":
        raise Failure("remember keeps which jobs are paused, so it goes with state=paused only. Nothing was done.")
    if params["state"] == "restored" and (params["domain"] or params["job_id"] or params["provision"]):
        raise Failure(
            "state=restored resumes the jobs that are kept, so no domain, job or user can be given with it. Nothing "
            "was done."
        )


def _kept_jobs(client: GraphClient, kept: KeptFreeze | None, context: Context) -> list[SyncJob]:
    """Read the jobs that an earlier task has paused; those that were deleted since are left out."""
    found = []
    for job in kept.jobs if kept else ():
        try:
            found.append(synchronization.get_job(client, job))
        except GraphError as exc:
            if exc.status != 404:
                raise
            context.warn(f"The Cloud Sync job of {job.domain or job.id} was paused by an earlier task and is gone.")
    return found


def _follow(job: SyncJob, params: dict[str, Any], since: float | None) -> _Followed:
    state, paused = params["state"], is_paused(job)
    left = paused and not params["resume"] and state in ("started", "restarted")
    there = {"paused": paused, "resumed": not paused, "restored": not paused, None: True}.get(state, left)
    return _Followed(job, job, since, not there, left)


def _remember(
    client: GraphClient, jobs: Sequence[SyncJob], kept: KeptFreeze | None, params: dict[str, Any], context: Context
) -> KeptFreeze | None:
    """Keep which jobs this task is going to pause; what somebody else has paused is not among them.

    :raises Failure: when a run that was killed, or that is still at work, has paused some of them.
    """
    ids = {job.id for job in jobs}
    noted = {job.id for job in kept.jobs} if kept else set()
    taken_over = [job for job in jobs if job.id in noted and is_paused(job)]
    if kept and taken_over and not params["take_over"]:
        names = ", ".join(job.domain or job.id for job in taken_over)
        purpose = f", for {kept.purpose}" if kept.purpose else ""
        raise Failure(
            f"The Cloud Sync jobs of {names} are paused by a run that was killed or is still at work: since "
            f"{kept.since}{purpose}. Nothing was done. If that run is over, give take_over=true (to the role, "
            "hard_match_take_over=true), and they are resumed at the end of this one."
        )
    own = [job for job in jobs if job in taken_over or not is_paused(job)]
    if not own or context.check_mode:
        return kept
    others = [job for job in (kept.jobs if kept else ()) if job.id not in ids]
    return keep_freeze(
        client.tenant_id, [*own, *others], params["purpose"], kept.since if kept and taken_over else None
    )


def _jobs(client: GraphClient, params: dict[str, Any]) -> list[SyncJob]:
    """Return the jobs meant.

    :raises Failure: when there is none, or they may not be read.
    """
    domain = params["domain"]
    others: list[SyncJob] = []
    try:
        if params["job_id"]:
            job = SyncJob(params["service_principal_id"], "", params["job_id"], {})
            return [synchronization.get_job(client, job)]
        jobs = synchronization.find_jobs(client, domain)
        if not jobs:
            others = synchronization.all_jobs(client)
            jobs = [job for job in others if domain is None or job.domain.lower() == domain.lower()]
    except GraphError as exc:
        if exc.status != 403:
            raise
        raise Failure(
            f"{exc.message} Reading Cloud Sync jobs needs the permissions Application.Read.All and "
            "Synchronization.ReadWrite.All."
        ) from None
    if jobs:
        return jobs
    if others:
        domains = ", ".join(sorted(job.domain for job in others))
        raise Failure(f"No Cloud Sync job serves the AD domain {domain}. There are jobs for {domains}.")
    raise Failure(
        "The tenant has no Cloud Sync job. If it is synchronized by Entra Connect Sync, that runs on a server of its "
        "own and cannot be reached through Graph: use Start-ADSyncSyncCycle there."
    )


def _act(client: GraphClient, jobs: list[SyncJob], state: str) -> None:
    """Ask for the state. One job that refuses keeps no other from being asked.

    :raises GraphError: the first refusal, after all were asked; its result says whether another job has changed.
    """
    act = {"paused": synchronization.pause, "restarted": synchronization.restart}.get(state, synchronization.start)
    refusals = []
    for job in jobs:
        try:
            act(client, job)
        except GraphError as exc:
            refusals.append(exc)
    if refusals:
        refusals[0].result["changed"] = len(refusals) < len(jobs) or any(refusal.uncertain for refusal in refusals)
        raise refusals[0]


def _read_again(client: GraphClient, item: _Followed) -> SyncJob:
    return synchronization.get_job(client, item.before) if item.asked else item.before


def _wait(
    client: GraphClient,
    followed: list[_Followed],
    params: dict[str, Any],
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> list[_Followed]:
    """Read the jobs until each has reached what was asked for, or the time is over."""
    deadline = clock() + params["wait_timeout"]
    pause = _FIRST_WAIT
    phase = PROGRESS.begin("waiting for Cloud Sync", len(followed), waiting=True)
    while not all(_has_reached(item, params["state"]) for item in followed):
        left = deadline - clock()
        if left <= 0:
            break
        sleep(min(pause, left))
        pause = max(_FIRST_WAIT, min(pause * 2, params["wait_interval"]))
        followed = [
            item
            if _has_reached(item, params["state"])
            else item._replace(now=synchronization.get_job(client, item.now))
            for item in followed
        ]
        phase.done = sum(_has_reached(item, params["state"]) for item in followed)
    return followed


def _has_reached(item: _Followed, state: str) -> bool:
    """Tell whether a job is idle (paused), runs (resumed), or has ended a cycle that began after it was asked for."""
    if item.left:
        return True
    if state == "paused":
        return is_paused(item.now) and not status_of(item.now).get("progress")
    if state in ("resumed", "restored"):
        return not is_paused(item.now)
    if code_of(item.now) == "Quarantine":
        return True  # it will not come to a good end by waiting
    execution = status_of(item.now).get("lastExecution") or {}
    before = status_of(item.before).get("lastExecution") or {}
    # The time alone does not tell two short cycles apart that ended in the same second.
    if execution.get("timeEnded") is None or all(
        execution.get(name) == before.get(name) for name in ("activityIdentifier", "timeEnded")
    ):
        return False
    began = execution.get("timeBegan")
    return item.since is None or began is None or parse_time(began) >= item.since - _CLOCK_GRAIN


def _row(item: _Followed, state: str | None, client: GraphClient, context: Context) -> dict[str, Any]:
    # In check mode nothing was asked for, so nothing can have been reached.
    nothing_asked = state is None or item.left or (context.check_mode and item.asked)
    return {
        **row_of_job(item.now, client.service_time()),
        "reached": None if nothing_asked or state is None else _has_reached(item, state),
        "changed": item.asked,
    }


def _kept_row(kept: KeptFreeze | None) -> dict[str, Any] | None:
    return kept and {"since": kept.since, "purpose": kept.purpose, "jobs": [job.id for job in kept.jobs]}


def _counts(rows: list[dict[str, Any]]) -> dict[str, int]:
    codes = Counter(str(row["code"]).lower() for row in rows)
    return {"jobs": len(rows), "paused": sum(row["paused"] for row in rows), "quarantine": codes["quarantine"]}
