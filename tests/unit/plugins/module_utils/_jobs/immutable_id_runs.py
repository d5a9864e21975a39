# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of the job of entra_immutable_id."""

from __future__ import annotations

import json
import time

from tenant_double import anchor, guid, name

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.review import sealed
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.immutable_id import set_immutable_ids
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.runner import Context
from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowReader, RowSink, header

DEFAULTS = {
    "users": None, "src": None, "src_format": "auto", "anchor": "consistency_guid_or_object_guid",
    "anchor_attribute": None, "plan": None, "state": "present", "match_by": ["immutable_id", "user_principal_name"],
    "weak_match_by": [], "map": None, "unclaimed": False, "on_existing": "keep", "protected_users": [],
    "protect_role_holders": True, "require_unsynced": True, "block_effects": ["user_disabled"], "max_changes": None,
    "max_age": "7d", "restore": None, "wave": None, "offset": 0, "limit": None, "journal": None, "dest": None,
    "return_limit": 1000, "write_quota": 3000,
}  # fmt: skip


def pairs(*numbers):
    return [{"user": name(number), "immutable_id": None, "object_guid": guid(number)} for number in numbers]


def run(tenant, *, check_mode=False, diff_mode=False, warnings=None, now=time.time, **params):
    context = Context(check_mode, diff_mode, (warnings if warnings is not None else []).append)
    return set_immutable_ids(
        {**DEFAULTS, **params},
        context,
        client_of=lambda _params: tenant,
        clock=getattr(tenant, "clock", time.monotonic),
        sleep=getattr(tenant, "sleep", time.sleep),
        now=now,
    )


def make_plan(tenant, tmp_path, *numbers, **params):
    """Return the path of a plan for these users."""
    path = str(tmp_path / "plan.jsonl")
    run(tenant, check_mode=True, users=pairs(*numbers), dest=path, return_limit=0, **params)
    return path


def rows_of(path):
    return [row for _line, row in RowReader(path)]


def actions(result):
    return {row["user"]: (row["action"], row["reason"] and row["reason"]["code"]) for row in result["users"]}


def edit(path, key, forged=False, **fields):
    """Change fields of one row; ``forged``: so that it looks as if it had been planned so."""
    with open(path, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    with open(path, "w", encoding="utf-8") as file:
        for row in rows:
            changed = {**row, **fields} if row.get("id") == key else row
            file.write(json.dumps(sealed(changed) if forged and changed is not row else changed) + "\n")


def ad_object(number, **fields):
    """Return the row of an AD object that sync would tie to user ``number``."""
    return {
        "distinguished_name": f"CN={number},OU=Staff,DC=contoso,DC=com",
        "object_class": "user",
        "login_name": name(number),
        "user_principal_name": name(number),
        "mail": name(number),
        "object_guid": guid(number),
        "immutable_id": anchor(number),
        "anchor_source": "object_guid",
        "anchor_certain": True,
        "enabled": True,
        **fields,
    }


def objects_file(path, *rows, attributes=("enabled", "login_name", "mail", "object_guid")):
    """Write AD objects as ad_object_guid does, and return the path."""
    with RowSink(header("objects", attributes=attributes), str(path), 0) as sink:
        for row in rows:
            sink.write(row)
    return str(path)
