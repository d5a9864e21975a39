# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Cloud Sync writes to the provisioning log: one provisioningObjectSummary per object that it decided about."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from .audit_log import Change
from .clock import rfc3339
from .sync_rules import CREATE, HARD_MATCH, QUARANTINE, REFUSE, REVIVE, SKIP, SOFT_MATCH, UPDATE

_ACTIONS = {
    CREATE: "create",
    QUARANTINE: "create",
    HARD_MATCH: "update",
    SOFT_MATCH: "update",
    REVIVE: "update",
    UPDATE: "update",
    "delete": "delete",
}
_STATUS = {SKIP: "skipped", REFUSE: "failure"}
# Failures in which the object that is named is not the match, but one that has what the match needs.
_CONFLICTS = frozenset({"AttributeValueMustBeUnique", "InvalidSoftMatch", "ObjectTypeMismatch"})
_REMEDIES = {
    "AttributeUpdateNotAllowed": "Clear onPremisesObjectIdentifier of the user, or allow its update for the tenant.",
    "AttributeValueMustBeUnique": "Remove the duplicate value from one of the two objects.",
    "FederatedDomainChangeError": "Move the sign-in name to a managed domain first.",
    "InvalidHardMatch": "Review the roles of the user and whether the tenant blocks the takeover by hard match.",
    "InvalidSoftMatch": "Give the two objects the same source anchor, or different names and addresses.",
    "ObjectTypeMismatch": "Take the address from the object of the other type.",
    "SourceAnchorChanged": "Restore the former value of the source anchor attribute.",
}


class Job(NamedTuple):
    """Who provisioned: the job, its service principal, and the AD domain that both are named after."""

    id: str
    principal_id: str
    domain: str
    tenant_id: str


class Cycle(NamedTuple):
    """In which cycle, and how long it took in milliseconds."""

    id: str
    milliseconds: int


def summary(
    number: int,
    time: float,
    job: Job,
    cycle: Cycle,
    row: Mapping[str, Any],
    changes: tuple[Change, ...],
    source_id: str,
) -> dict[str, Any]:
    """The log's line about one object.

    :param row: a row of the cycle's report.
    :param source_id: what identifies the AD object in it: ``object_guid`` or ``distinguished_name``.
    """
    outcome, code, message = row["outcome"], row["code"], row["message"]
    status = _STATUS.get(outcome, "success")
    change_id = str(uuid.uuid5(uuid.UUID(cycle.id), str(row["objectGuid"])))
    action = _ACTIONS.get(outcome, "other")
    target = None if status == "failure" and code in _CONFLICTS else row["id"]
    return {
        "id": str(uuid.uuid5(uuid.UUID(change_id), str(number))),
        "activityDateTime": rfc3339(time),
        "tenantId": job.tenant_id,
        "jobId": job.id,
        "cycleId": cycle.id,
        "changeId": change_id,
        "provisioningAction": action,
        "durationInMilliseconds": cycle.milliseconds,
        "servicePrincipal": {"id": job.principal_id, "displayName": job.domain},
        "sourceSystem": {"id": job.principal_id, "displayName": "Active Directory", "details": {}},
        "targetSystem": {"id": job.tenant_id, "displayName": "Azure Active Directory", "details": {}},
        "initiatedBy": {"id": "", "displayName": "Azure AD Provisioning Service", "initiatorType": "system"},
        "sourceIdentity": {
            "id": row["distinguishedName"] if source_id == "distinguished_name" else row["objectGuid"],
            "displayName": row["displayName"],
            "identityType": "user",
            "details": {"objectGUID": row["objectGuid"], "distinguishedName": row["distinguishedName"]},
        },
        "targetIdentity": {
            "id": target or "",
            "displayName": row["displayName"] if target else "",
            "identityType": "User",
            "details": {},
        },
        "provisioningStatusInfo": {
            "status": status,
            "errorInformation": None if status == "success" else _error(status, code, message, row["id"]),
        },
        "provisioningSteps": _steps(status, action, code, message),
        "modifiedProperties": [
            {"displayName": name, "oldValue": _text(before), "newValue": _text(after)}
            for name, before, after in changes
        ],
    }


def _error(status: str, code: str, message: str, target: Optional[str]) -> dict[str, Any]:
    return {
        "errorCode": code,
        "reason": message,
        "errorCategory": "failure" if status == "failure" else "nonServiceFailure",
        "additionalDetails": f"The object of the tenant is {target}." if target else None,
        "recommendedAction": _REMEDIES.get(code),
    }


def _steps(status: str, action: str, code: str, message: str) -> list[dict[str, Any]]:
    """As far as it came: what is out of scope is not matched, and what cannot be matched is not exported."""
    details = {} if status == "success" else {"errorCode": code, "errorMessage": message}
    if status == "skipped":
        details = {"SkipReason": code}
    kind = action.title() if action in ("create", "update", "delete") else ""
    out_of_scope = code in ("NotInScope", "NoSourceAnchor")
    steps = [_step("EntryImport" + kind, "import", "success", "The object was received from Active Directory.")]
    if out_of_scope:
        return [*steps, _step("EntrySynchronizationScoping", "scoping", status, message, details)]
    steps.append(_step("EntrySynchronizationScoping", "scoping", "success", "The object is in scope."))
    if status == "failure":
        return [*steps, _step("EntryMatching", "matching", status, message, details)]
    steps.append(_step("EntryMatching", "matching", "success", message))
    return [*steps, _step("EntryExport" + kind, "export", status, message, details)]


def _step(name: str, kind: str, status: str, description: str, details: Optional[dict[str, Any]] = None) -> Any:
    return {
        "name": name,
        "provisioningStepType": kind,
        "status": status,
        "description": description,
        "details": details or {},
    }


def _text(value: Any) -> Optional[str]:
    return value if value is None or isinstance(value, str) else str(value)
