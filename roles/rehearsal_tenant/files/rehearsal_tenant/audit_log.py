# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tenant writes to its audit log: one directoryAudit for each change of an object, and who made it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple, Optional

from .clock import rfc3339
from .shapes import KINDS
from .store import DELETED, GONE, LIVE

_NAMESPACE = uuid.UUID("0f3a517d-0e4a-4c39-9f0b-5c2f4f1f7f6f")
Change = tuple[str, Any, Any]
"""A property with its value before and after."""

# The log calls some properties by the names that the directory itself has for them.
_NAMES = {
    "businessPhones": "TelephoneNumber",
    "givenName": "GivenName",
    "mobilePhone": "Mobile",
    "officeLocation": "PhysicalDeliveryOfficeName",
    "onPremisesImmutableId": "SourceAnchor",
    "onPremisesLastSyncDateTime": "LastDirSyncTime",
    "onPremisesSecurityIdentifier": "OnPremiseSecurityIdentifier",
    "onPremisesSyncEnabled": "DirSyncEnabled",
}
# What became of the object, by the containers that it was and is in: activity and type of operation.
_ACTIVITIES = {
    (GONE, LIVE): ("Add {kind}", "Add"),
    (GONE, DELETED): ("Add {kind}", "Add"),
    (LIVE, LIVE): ("Update {kind}", "Update"),
    (DELETED, DELETED): ("Update {kind}", "Update"),
    (LIVE, DELETED): ("Delete {kind}", "Delete"),
    (DELETED, LIVE): ("Restore {kind}", "Restore"),
    (LIVE, GONE): ("Hard Delete {kind}", "Delete"),
    (DELETED, GONE): ("Hard Delete {kind}", "Delete"),
}


class Initiator(NamedTuple):
    """Who made a change: a user (id, displayName, userPrincipalName) or an app (appId, displayName, …)."""

    user: Optional[dict[str, Any]] = None
    app: Optional[dict[str, Any]] = None


SERVICE = Initiator(app={"displayName": "Microsoft Entra ID"})
"""The service itself."""


@lru_cache(maxsize=64)
def account(
    name: str, domain: str, display_name: str = "On-Premises Directory Synchronization Service Account"
) -> Initiator:
    """A user, for example the account that a sync client signs in with."""
    principal_name = f"{name}@{domain}"
    made_up = str(uuid.uuid5(_NAMESPACE, principal_name))
    return Initiator(user={"id": made_up, "displayName": display_name, "userPrincipalName": principal_name})


def application(app_id: str, display_name: str) -> Initiator:
    """An app that acts for itself."""
    principal_id = str(uuid.uuid5(uuid.UUID(app_id), "servicePrincipal"))
    return Initiator(app={"appId": app_id, "displayName": display_name, "servicePrincipalId": principal_id})


def changes_between(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """The properties that Graph knows and that differ."""
    known = KINDS[kind].properties
    names = (name for name in {**before, **after} if name in known and before.get(name) != after.get(name))
    return tuple((name, before.get(name), after.get(name)) for name in names)


def object_change(
    number: int,
    time: float,
    by: Initiator,
    kind: str,
    containers: tuple[str, str],
    target: Mapping[str, Any],
    changes: tuple[Change, ...],
    activity: str,
) -> dict[str, Any]:
    """The log's line about a change of an object.

    :param containers: where it was before and is now; ``gone`` where it was not there.
    :param activity: what it is called; empty where that follows from the containers.
    """
    usual, operation = _ACTIVITIES[containers]
    resource = {
        "id": target["id"],
        "displayName": target.get("displayName"),
        "type": kind.title(),
        "userPrincipalName": target.get("userPrincipalName"),
        "groupType": None,
        "modifiedProperties": list(map(_modified, changes)),
    }
    return _audit(
        number, time, by, f"{kind.title()}Management", activity or usual.format(kind=kind), operation, resource
    )


def refused_change(number: int, time: float, by: Initiator, target: Mapping[str, Any], why: str) -> dict[str, Any]:
    """The log's line about an update of a user that was refused: nothing was changed."""
    resource = {
        "id": target.get("id"),
        "displayName": target.get("displayName"),
        "type": "User",
        "userPrincipalName": target.get("userPrincipalName"),
        "groupType": None,
        "modifiedProperties": [],
    }
    line = _audit(number, time, by, "UserManagement", "Update user", "Update", resource)
    return {**line, "result": "failure", "resultReason": why}


def tenant_change(
    number: int, time: float, by: Initiator, activity: str, target: Mapping[str, Any], changes: tuple[Change, ...]
) -> dict[str, Any]:
    """The log's line about a change of the tenant itself."""
    resource = {
        "id": target["id"],
        "displayName": target["displayName"],
        "type": "Directory",
        "userPrincipalName": None,
        "groupType": None,
        "modifiedProperties": list(map(_modified, changes)),
    }
    return _audit(number, time, by, "DirectoryManagement", activity, "Update", resource)


def _audit(
    number: int, time: float, by: Initiator, category: str, activity: str, operation: str, resource: dict[str, Any]
) -> dict[str, Any]:
    correlation = str(uuid.uuid5(_NAMESPACE, f"{resource['id']} {number}"))
    return {
        "id": f"Directory_{correlation}_{number}",
        "activityDateTime": rfc3339(time),
        "activityDisplayName": activity,
        "additionalDetails": [],
        "category": category,
        "correlationId": correlation,
        "initiatedBy": {"user": by.user, "app": by.app},
        "loggedByService": "Core Directory",
        "operationType": operation,
        "result": "success",
        "resultReason": "",
        "targetResources": [resource],
    }


def _modified(change: Change) -> dict[str, str]:
    name, before, after = change
    shown = _NAMES.get(name, name[:1].upper() + name[1:])
    return {"displayName": shown, "oldValue": _json(before), "newValue": _json(after)}


def _json(value: Any) -> str:
    """Values are JSON lists, as text: ``["x"]``; nothing is ``[]``."""
    values = value if isinstance(value, list) else [value]
    return json.dumps([item for item in values if item is not None])
