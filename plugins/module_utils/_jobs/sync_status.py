# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The job of ``entra_sync_status``: read where users stand, follow those on their way, and say what keeps the rest."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, Callable

from ansible_collections.hybrid.identity.plugins.module_utils._graph.arguments import ENTRA_ARGUMENTS
from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient, connect
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.aftermath import (
    Tally,
    has_losses,
    has_unpredicted,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.diagnosis import STATES, row_of
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.other_objects import STATES as OTHER_STATES
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.plan import Summary
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.ad_reading import with_ad, with_ad_error
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.aftermath import Aftermath
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.expectations import (
    expectations_of,
    journals_among,
    source_of,
)
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.followed import (
    Followed,
    diagnosis_of,
    explain_all,
    follow_all,
    read_again,
    settling,
)
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.following import Facts, Watch, seconds_to_wait
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.other_objects import (
    asked_for,
    read_other_objects,
)
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.runner import Context
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.status_reading import read_people
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.sync_facts import read_tenant
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.sync_server import with_server
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.wishes import PAIR_OPTIONS
from ansible_collections.hybrid.identity.plugins.module_utils._journal import recent_writes
from ansible_collections.hybrid.identity.plugins.module_utils._progress import PROGRESS
from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowSink, header

Row = dict[str, Any]

ARGUMENTS: dict[str, Any] = {
    **ENTRA_ARGUMENTS,
    "users": {"type": "list", "elements": "dict", "options": PAIR_OPTIONS},
    "src": {"type": "list", "elements": "path"},
    "groups": {"type": "list", "elements": "str"},
    "contacts": {"type": "list", "elements": "str"},
    "devices": {"type": "list", "elements": "str"},
    "ad_objects": {"type": "list", "elements": "path"},
    "ad_error": {"type": "str"},
    "sync_server": {"type": "path"},
    "backup": {"type": "list", "elements": "path"},
    "wait": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 7200},
    "wait_interval": {"type": "int", "default": 30},
    "dest": {"type": "path"},
    "return_limit": {"type": "int", "default": 1000},
}

REQUIRED_ONE_OF = [("users", "src", "groups", "contacts", "devices")]

# Older writes were followed by many cycles, or nobody asks any more.
_JOURNALS_SECONDS = 30 * 24 * 3600


def sync_status(
    params: dict[str, Any],
    context: Context,
    *,
    client_of: Callable[[dict[str, Any]], GraphClient] = connect,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.time,
) -> dict[str, Any]:
    """Read, and with ``wait`` follow, the users.

    :param params: the values of :data:`ARGUMENTS`.
    :return: the module's result, as its documentation describes it.
    """
    began = clock()
    with client_of(params) as client:
        written = recent_writes(
            client.tenant_id, journals_among(params), now() - _JOURNALS_SECONDS, client.options.graph_endpoint
        )
        aftermath = Aftermath(client, params["backup"] or ())
        expectations = with_ad(client, list(expectations_of(params, client.tenant_id)), params["ad_objects"])

        def read_facts() -> Facts:
            tenant = read_tenant(client, now)
            return tenant, with_ad_error(with_server(tenant.sync, params["sync_server"]), params["ad_error"])

        tenant, sync = read_facts()
        if params["wait"] and not context.check_mode:
            watch = Watch(client, written, read_facts, params["wait_interval"], clock, sleep)
            seconds = seconds_to_wait(client, params["wait_timeout"], context)
            followed, (tenant, sync) = watch.follow(expectations, (tenant, sync), seconds)
        else:
            index = read_people(client, expectations, settling(written))
            followed = follow_all(expectations, index, written)
            followed = read_again(client, followed, sync, written)
            followed, sync = explain_all(client, followed, index, tenant, sync)
        objects = read_other_objects(client, asked_for(params), tenant.sync, tenant.flags)
        taken = _taken_over(followed)
        aftermath.read(taken, params["src"] or ())
        summary, tally = Summary(STATES), Tally()
        first_line = header("status", tenant_id=client.tenant_id, source=source_of(params))
        with RowSink(first_line, params["dest"], params["return_limit"], _importance) as sink:
            for item in PROGRESS.each("writing rows", followed, len(followed)):
                diagnosis = diagnosis_of(item, sync)
                summary.add(diagnosis.state, diagnosis.reasons)
                error = item.error.as_row_error() if item.error is not None else None
                row = row_of(item.expected, item.user, diagnosis, sync, error)
                changes = aftermath.changes(row["id"])
                if row["id"] in taken:
                    tally.add(changes)
                unchecked = [*row["unchecked"], *aftermath.unchecked(row["id"])]
                sink.write({**row, "unchecked": unchecked, "changes": changes})
        others = Summary(OTHER_STATES)
        for row in objects:
            others.add(row["state"], row["reasons"])
        return {
            "changed": False,
            "users": sink.rows,
            "objects": objects,
            "tenant": {**tenant.shown, "unchecked": list(sync.unchecked)},
            "summary": {
                **summary.as_dict(),
                "objects": others.as_dict(),
                "comparison": tally.as_dict() if params["backup"] else None,
                **client.stats(),
                "seconds": round(clock() - began, 3),
                "sign_in_method": client.sign_in_method,
            },
            "dest": params["dest"],
            "truncated": sink.truncated,
        }


def _taken_over(followed: Iterable[Followed]) -> set[str]:
    """Return the ids of those whom the sync has taken, rightly or not."""
    return {
        item.user.id
        for item in followed
        if item.user is not None and item.user.synced is True and not item.user.deleted and item.error is None
    }


def _importance(row: Row) -> int:
    if row["state"] != "synced":
        return {"unknown": 5, "blocked": 4}.get(row["state"], 3)
    changes = row["changes"] or ()
    return 2 if has_unpredicted(changes) else 1 if has_losses(changes) else 0
