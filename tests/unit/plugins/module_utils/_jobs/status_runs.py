# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of the job of entra_sync_status against a tenant in memory."""

from __future__ import annotations

import time

from tenant_double import ANCHOR, NOON, SERVICE, TENANT, Tenant, anchor, guid, name, user_id

from ansible_collections.hybrid.identity.plugins.module_utils._jobs.runner import Context
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.sync_status import sync_status
from ansible_collections.hybrid.identity.plugins.module_utils._journal import Journal
from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowSink, format_time, header


def run(tenant, *users, check_mode=False, warn=print, now=time.time, **params):
    defaults = {
        "users": None if "src" in params else list(users), "src": None, "wait": False, "wait_timeout": 600,
        "wait_interval": 10, "dest": None, "return_limit": 1000, "backup": None, "sync_server": None,
        "groups": None, "contacts": None, "devices": None, "ad_objects": None, "ad_error": None,
    }  # fmt: skip
    return sync_status(
        {**defaults, **params},
        Context(check_mode, False, warn),
        client_of=lambda _params: tenant,
        clock=tenant.clock,
        sleep=tenant.sleep,
        now=now,
    )


def asked(number):
    return {"user": name(number), "immutable_id": None, "object_guid": guid(number)}


def states(result):
    return [(row["state"], row["reasons"][0]["code"] if row["reasons"] else None) for row in result["users"]]


def stamp(tenant, number, after=0.0):
    """Let the sync take a user."""
    time = format_time(NOON + tenant.now + after)
    tenant.change(number, onPremisesSyncEnabled=True, onPremisesLastSyncDateTime=time)


def anchored(*numbers):
    tenant = Tenant(max(numbers))
    for number in numbers:
        tenant.change(number, **{ANCHOR: anchor(number)})
    return tenant


def at(tenant, moment, action):
    """Do something when the clock has come so far."""
    sleep, pending = tenant.sleep, [action]

    def sleep_and_act(seconds):
        sleep(seconds)
        if pending and tenant.now >= moment:
            pending.pop()()

    tenant.sleep = sleep_and_act


def rows_file(tmp_path, kind, *rows, tenant_id=TENANT):
    path = str(tmp_path / f"{kind}.jsonl")
    with RowSink(header(kind, tenant_id=tenant_id), path, 0) as sink:
        for row in rows:
            sink.write(row)
    return path


def result_row(number, **fields):
    on_premises = {"login_name": name(number)}
    row = {"user": name(number), "id": user_id(number), "after": anchor(number), "on_premises": on_premises}
    return {**row, "action": "set", "reason": None, **fields}


def journal_of(tmp_path, *numbers, tenant, confirmed=True):
    """Return the journal of a run that wrote these users at the service's present time."""
    path = str(tmp_path / "journal.jsonl")
    rows = [{"id": user_id(number), "user": name(number), "after": anchor(number)} for number in numbers]
    written = format_time(tenant.service_time())
    with Journal(path, TENANT, SERVICE) as journal:
        journal.intents([{**row, "before": None} for row in rows])
        journal.outcomes([{**row, "status": "ok", "error": None, "service_time": written} for row in rows])
        if confirmed:
            journal.outcomes([{**row, "status": "confirmed", "error": None} for row in rows])
    return path
