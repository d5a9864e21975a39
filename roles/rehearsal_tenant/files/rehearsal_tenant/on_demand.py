# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Cloud Sync answers when one object is provisioned on demand: JSON inside two strings.

The shape follows the example for AD in the documentation of synchronizationJob provisionOnDemand.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

_RESULTS = {"skip": "Skipped", "refuse": "Failure"}
_ACTIONS = {"create": "Create", "quarantine": "Create", "delete": "Delete"}
_OUT_OF_SCOPE = ("NotInScope", "NoSourceAnchor")


class Outcome(NamedTuple):
    """What the sync made of the object; without a row it never came as far as the rules."""

    dn: str
    code: str
    message: str
    row: Optional[Mapping[str, Any]] = None


def answer(outcome: Outcome, timestamp: str) -> dict[str, str]:
    """The two strings."""
    word = outcome.row["outcome"] if outcome.row else "refuse"
    result = _RESULTS.get(word, "Success")
    action = _ACTIONS.get(word, "Update") if result == "Success" else "Other"
    failed = result == "Failure"
    details = {} if result == "Success" else {"errorCode": outcome.code, "errorMessage": outcome.message}
    row = outcome.row or {}
    value = {
        "provisioningSteps": [{**step, "timestamp": timestamp} for step in _steps(outcome, result, action)],
        "modifiedProperties": [],
        "action": action,
        "reportableIdentifier": row.get("displayName"),
        "startTime": timestamp,
        "endTime": timestamp,
        "statusInfo": {
            "status": result,
            **({"errorCode": outcome.code, "reason": outcome.message} if failed else {}),
        },
        "sourceIdentity": {"id": row.get("objectGuid"), "type": "user"},
        "sourceSystem": {"name": "Active Directory"},
        "targetIdentity": {"id": None if failed else row.get("id"), "type": "User"},
        "targetSystem": {"name": "Azure Active Directory"},
    }
    return {"key": json.dumps({"result": result, "details": details}), "value": json.dumps(value)}


def _steps(outcome: Outcome, result: str, action: str) -> list[dict[str, Any]]:
    """As far as it came."""
    error = {"ErrorCode": outcome.code, "ErrorMessage": outcome.message}
    if outcome.row is None:
        return [_step("EntryImport", "Import", "Failure", outcome.message, error)]
    # The real service shows every attribute that it read.
    attributes = {"distinguishedName": outcome.dn, "objectGUID": outcome.row["objectGuid"], "errors": "", "info": ""}
    name = outcome.row["displayName"]
    steps = [
        _step("EntryImportAdd", "Import", "Success", f"Received user '{name}' from Active Directory", attributes),
        _step("EntryImport", "Import", "Success", f"Retrieved user '{name}' from Active Directory", attributes),
    ]
    scoping = "Determine if user in scope by evaluating against each scoping filter"
    if outcome.code in _OUT_OF_SCOPE:
        return [
            *steps,
            _step("EntrySynchronizationScoping", "Scoping", "Skipped", scoping, {"SkipReason": outcome.code}),
        ]
    steps.append(_step("EntrySynchronizationScoping", "Scoping", "Success", scoping))
    if result == "Failure":
        return [*steps, _step("EntryImport", "Matching", "Failure", outcome.message, error)]
    if result == "Skipped":
        skip = {"SkipReason": outcome.code}
        return [*steps, _step("EntrySynchronizationSkip", "Export", "Skipped", outcome.message, skip)]
    matching = _step("EntryImport", "Matching", "Success", outcome.message)
    return [*steps, matching, _step(f"EntryExport{action}", "Export", "Success", f"User '{name}': {action}")]


def _step(name: str, kind: str, status: str, description: str, details: Optional[dict[str, Any]] = None) -> Any:
    return {"name": name, "type": kind, "status": status, "description": description, "details": details or {}}
