# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Cloud Sync jobs as ``entra_sync_cycle`` shows them, and what is worth a warning."""

from __future__ import annotations

from typing import Any, Callable

from ansible_collections.hybrid.identity.plugins.module_utils._graph.synchronization import SyncJob
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.standing import job_state
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.sync_agent import QUIET_SECONDS, agent_state
from ansible_collections.hybrid.identity.plugins.module_utils._rows import parse_time


def is_paused(job: SyncJob) -> bool:
    """Tell whether the job is paused, in quarantine or not."""
    return job_state(job.domain, job.data).paused


def code_of(job: SyncJob) -> str:
    """Return Graph's word for the job's state."""
    return str(status_of(job).get("code"))


def status_of(job: SyncJob) -> dict[str, Any]:
    """Return Graph's ``synchronizationStatus``."""
    return job.data.get("status") or {}


def row_of_job(job: SyncJob, now: float | None) -> dict[str, Any]:
    """Return what is known of a job, as the module's documentation describes it.

    :param now: the service's clock, in seconds since 1970.
    """
    status = status_of(job)
    execution = status.get("lastExecution")
    quarantine = status.get("quarantine")
    ended = _time((execution or {}).get("timeEnded"))
    agent = agent_state(status, parse_time(ended) if ended else None, now)
    return {
        "service_principal_id": job.service_principal,
        "domain": job.domain or None,
        "id": job.id,
        "code": code_of(job),
        "paused": is_paused(job),
        "quarantine": quarantine
        and {
            "reason": quarantine.get("reason"),
            "code": (quarantine.get("error") or {}).get("code"),
            "message": (quarantine.get("error") or {}).get("message"),
            "next_attempt": _time(quarantine.get("nextAttempt")),
        },
        "last_execution": execution
        and {
            "state": execution.get("state"),
            "began": _time(execution.get("timeBegan")),
            "ended": ended,
            "exported": execution.get("countExported"),
            "code": (execution.get("error") or {}).get("code"),
            "error": (execution.get("error") or {}).get("message"),
        },
        "last_steady_state": _time(status.get("steadyStateLastAchievedTime")),
        "seconds_since_cycle": agent.quiet_for,
        "agent_silent": agent.silent,
        "agent_code": agent.code,
    }


def warn_of_job(row: dict[str, Any], params: dict[str, Any], warn: Callable[[str], None], *, watched: bool) -> None:
    """Warn of what keeps a job from its work.

    :param watched: whether the job was running before, so that the time without a cycle means something.
    """
    name = row["domain"] or row["id"]
    quiet = row["seconds_since_cycle"]
    if row["quarantine"]:
        warn(
            f"The Cloud Sync job of {name} is in quarantine ({row['quarantine']['reason']}): "
            f"{row['quarantine']['message']} Remove the cause, then run this module with state=restarted."
        )
    if row["agent_silent"]:
        warn(
            f"The Cloud Sync agent of {name} does not answer ({row['agent_code']}). See on its server whether the "
            "provisioning agent runs and reaches the internet, and in the admin center whether it is active."
        )
    elif quiet is not None and quiet > QUIET_SECONDS and watched and not row["paused"]:
        warn(
            f"No cycle of the Cloud Sync job of {name} has ended since {row['last_execution']['ended']}, "
            f"{quiet // 3600} hours ago, although it is not paused. See whether its agent is active."
        )
    elif params["wait"] and not row["quarantine"]:
        _warn_of_wait(row, name, params["wait_timeout"], warn)


def _warn_of_wait(row: dict[str, Any], name: str, timeout: int, warn: Callable[[str], None]) -> None:
    if row["last_execution"] and row["last_execution"]["state"] == "Failed":
        warn(f"The last cycle of the Cloud Sync job of {name} failed: {row['last_execution']['error']}")
    elif row["reached"] is False:
        warn(
            f"The Cloud Sync job of {name} did not get there within wait_timeout ({timeout} s); its state is "
            f"{row['code']}."
        )


def _time(text: str | None) -> str | None:
    """Return a time of Graph; its word for never, the year 1, becomes None."""
    return None if text is None or text.startswith("0001-") else text
