# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Whether the agent of a Cloud Sync job answers, as far as the job's status tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

#: Cloud Sync begins a cycle every few minutes, so something is wrong when none has ended for so many seconds.
QUIET_SECONDS = 3 * 3600

# The service could not reach an agent, or waited for it in vain. Source: Microsoft Entra Cloud Sync, error codes.
_SILENT_CODES = frozenset(
    {
        "timeout",
        "hybrididentityserviceagentsignalingerror",
        "hybrididentityservicenoactiveagents",
        "hybrididentityservicenoagentsassigned",
    }
)


class AgentState(NamedTuple):
    """What the status tells of the agent.

    :ivar silent: true: the service says that it got no answer from an agent. False: a cycle has ended of late, and the
        service says no such thing. None: neither is known.
    :ivar code: the service's code, where the agent is silent.
    :ivar quiet_for: seconds from the end of the last cycle to now; None if none is known to have ended.
    """

    silent: Optional[bool]
    code: Optional[str]
    quiet_for: Optional[int]


def agent_state(status: Mapping[str, Any], ended: float | None, now: float | None) -> AgentState:
    """Read the ``status`` of Graph's ``synchronizationJob``.

    :param ended: when the last cycle ended, and now by the service's clock, in seconds since 1970.
    """
    places = (status.get("quarantine") or {}, status.get("lastExecution") or {})
    codes = [str((place.get("error") or {}).get("code")) for place in places]
    code = next((code for code in codes if code.lower() in _SILENT_CODES), None)
    quiet_for = None if ended is None or now is None else max(0, int(now - ended))
    if code is not None:
        return AgentState(True, code, quiet_for)
    return AgentState(False if quiet_for is not None and quiet_for <= QUIET_SECONDS else None, None, quiet_for)
