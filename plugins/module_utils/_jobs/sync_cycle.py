# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The job of ``entra_sync_cycle``: pause, resume, start and restart Cloud Sync jobs, and wait for what was asked."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any, Callable, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph import synchronization
from ansible_collections.hybrid.identity.plugins.module_utils._graph.arguments import ENTRA_ARGUMENTS
from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient, connect
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._graph.synchronization import SyncJob
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.standing import job_state
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.runner import Context, as_failure
from ansible_collections.hybrid.identity.plugins.module_utils._rows import parse_time

STATES = ("started", "paused", "resumed", "restarted")

ARGUMENTS: dict[str, Any] = {
    **ENTRA_ARGUMENTS,
    "state": {"type": "str", "choices": list(STATES), "required": True},
    "domain": {"type": "str"},
    "service_principal_id": {"type": "str"},
    "job_id": {"type": "str"},
    "wait": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 900},
    "wait_interval": {"type": "int", "default": 10},
}

REQUIRED_TOGETHER = [("service_principal_id", "job_id")]
MUTUALLY_EXCLUSIVE = [("domain", "service_principal_id")]

# Waits begin short, because a cycle without work is over in moments, and grow to wait_interval. Also the shortest.
_FIRST_WAIT = 1.0
# Graph's Date header has whole seconds.
_CLOCK_GRAIN = 1.0


class _Followed(NamedTuple):
    """A job, what it was before, and since when a cycle counts as asked for here (the service's clock)."""

    before: SyncJob
    now: SyncJob
    since: Optional[float]
    changed: bool


def sync_cycle(
    params: dict[str, Any],
    context: Context,
    *,
    client_of: Callable[[dict[str, Any]], GraphClient] = connect,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Bring the jobs to the state asked for.

    :param params: the values of :data:`ARGUMENTS`.
    :return: the module's result, as its documentation describes it.
    """
    began = clock()
    with client_of(params) as client:
        jobs = _jobs(client, params)
        # As of now: how long the service takes to answer what is asked next is not known.
        since = client.service_time()
        followed = [_Followed(job, job, since, not _is_there(job, params["state"])) for job in jobs]
        if not context.check_mode:
            if params["wait"]:
                client.ensure_lifetime(params["wait_timeout"])
            _act(client, [item.before for item in followed if item.changed], params["state"])
            try:
                followed = [item._replace(now=_read_again(client, item)) for item in followed]
                if params["wait"]:
                    followed = _wait(client, followed, params, clock, sleep)
            except (Failure, KeyboardInterrupt) as exc:
                failure = as_failure(exc)
                failure.result["changed"] = any(item.changed for item in followed)
                raise failure from None
        rows = [_row(item, params["state"], context) for item in followed]
        _warn(rows, params, context)
        result = {
            "changed": any(row["changed"] for row in rows),
            "jobs": rows,
            "summary": {
                **_counts(rows),
                **client.stats(),
                "seconds": round(clock() - began, 3),
                "sign_in_method": client.sign_in_method,
            },
        }
    if context.diff_mode:
        result["diff"] = {
            "before": "".join(f"{item.before.domain}: {_code(item.before)}\n" for item in followed),
            "after": "".join(f"{row['domain']}: {row['code']}\n" for row in rows),
        }
    return result


def _jobs(client: GraphClient, params: dict[str, Any]) -> list[SyncJob]:
    """Return the jobs meant.

    :raises Failure: when there is none, or they may not be read.
    """
    try:
        if params["job_id"]:
            job = SyncJob(params["service_principal_id"], "", params["job_id"], {})
            return [synchronization.get_job(client, job)]
        jobs = synchronization.find_jobs(client, params["domain"])
        if jobs:
            return jobs
        others = synchronization.find_jobs(client) if params["domain"] else []
    except GraphError as exc:
        if exc.status != 403:
            raise
        raise Failure(
            f"{exc.message} Reading Cloud Sync jobs needs the permissions Application.Read.All and "
            "Synchronization.ReadWrite.All."
        ) from None
    if others:
        domains = ", ".join(sorted(job.domain for job in others))
        raise Failure(f"No Cloud Sync job serves the AD domain {params['domain']}. There are jobs for {domains}.")
    raise Failure(
        "The tenant has no Cloud Sync job. If it is synchronized by Entra Connect Sync, that runs on a server of its "
        "own and cannot be reached through Graph: use Start-ADSyncSyncCycle there."
    )


def _is_there(job: SyncJob, state: str) -> bool:
    return {"paused": _is_paused(job), "resumed": not _is_paused(job)}.get(state, False)


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
        refusals[0].result["changed"] = len(refusals) < len(jobs)
        raise refusals[0]


def _read_again(client: GraphClient, item: _Followed) -> SyncJob:
    return synchronization.get_job(client, item.before) if item.changed else item.before


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
    return followed


def _has_reached(item: _Followed, state: str) -> bool:
    """Tell whether a job is idle (paused), runs (resumed), or has ended a cycle that began after it was asked for."""
    if state == "paused":
        return _is_paused(item.now) and not _status(item.now).get("progress")
    if state == "resumed":
        return not _is_paused(item.now)
    if _code(item.now) == "Quarantine":
        return True  # it will not come to a good end by waiting
    execution = _status(item.now).get("lastExecution") or {}
    if execution.get("timeEnded") in (None, (_status(item.before).get("lastExecution") or {}).get("timeEnded")):
        return False
    began = execution.get("timeBegan")
    return item.since is None or began is None or parse_time(began) >= item.since - _CLOCK_GRAIN


def _row(item: _Followed, state: str, context: Context) -> dict[str, Any]:
    status = _status(item.now)
    execution = status.get("lastExecution")
    quarantine = status.get("quarantine")
    return {
        "service_principal_id": item.now.service_principal,
        "domain": item.now.domain or None,
        "id": item.now.id,
        "code": _code(item.now),
        "paused": _is_paused(item.now),
        # In check mode nothing was asked for, so nothing can have been reached.
        "reached": None if context.check_mode and item.changed else _has_reached(item, state),
        "quarantine": quarantine
        and {
            "reason": quarantine.get("reason"),
            "message": (quarantine.get("error") or {}).get("message"),
            "next_attempt": _time(quarantine.get("nextAttempt")),
        },
        "last_execution": execution
        and {
            "state": execution.get("state"),
            "began": _time(execution.get("timeBegan")),
            "ended": _time(execution.get("timeEnded")),
            "exported": execution.get("countExported"),
            "error": (execution.get("error") or {}).get("message"),
        },
        "last_steady_state": _time(status.get("steadyStateLastAchievedTime")),
        "changed": item.changed,
    }


def _warn(rows: list[dict[str, Any]], params: dict[str, Any], context: Context) -> None:
    for row in rows:
        name = row["domain"] or row["id"]
        if row["quarantine"]:
            context.warn(
                f"The Cloud Sync job of {name} is in quarantine ({row['quarantine']['reason']}): "
                f"{row['quarantine']['message']} Remove the cause, then run this module with state=restarted."
            )
        elif params["wait"] and row["last_execution"] and row["last_execution"]["state"] == "Failed":
            context.warn(f"The last cycle of the Cloud Sync job of {name} failed: {row['last_execution']['error']}")
        elif params["wait"] and row["reached"] is False:
            context.warn(
                f"The Cloud Sync job of {name} did not get there within wait_timeout ({params['wait_timeout']} s); its "
                f"state is {row['code']}."
            )


def _counts(rows: list[dict[str, Any]]) -> dict[str, int]:
    codes = Counter(str(row["code"]).lower() for row in rows)
    return {"jobs": len(rows), "paused": sum(row["paused"] for row in rows), "quarantine": codes["quarantine"]}


def _is_paused(job: SyncJob) -> bool:
    return job_state(job.domain, job.data).paused


def _code(job: SyncJob) -> str:
    return str(_status(job).get("code"))


def _status(job: SyncJob) -> dict[str, Any]:
    return job.data.get("status") or {}


def _time(text: str | None) -> str | None:
    """Return a time of Graph; its word for never, the year 1, becomes None."""
    return None if text is None or text.startswith("0001-") else text
