# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be written to a user, by whom, and how the service refuses the rest."""

from __future__ import annotations

import re
import uuid
from typing import Any, Optional

from .errors import GraphError, bad_request, denied, duplicate, not_found, on_premises_mastered, originated_elsewhere
from .messages import Caller, GraphRequest, Reply
from .odata import project
from .roles import HIGHEST
from .shapes import USER
from .store import DELETED, LIVE, Stored
from .tenant import Tenant

WRITE_USERS = ("User.ReadWrite.All", "Directory.ReadWrite.All")
SYNC_BEHAVIOR = "User-OnPremisesSyncBehavior.ReadWrite.All"
# Who may write users when a person signed in.
_USER_WRITERS = HIGHEST | {"User Administrator", "Hybrid Identity Administrator"}
# What an administrator may still set on a synced user.
_CLOUD_OWNED = frozenset(
    {"usageLocation", "passwordPolicies", "preferredDataLocation", "signInSessionsValidFromDateTime"}
)
# What only a highest administrator may change on a protected user.
_SENSITIVE = frozenset(
    {"accountEnabled", "mobilePhone", "onPremisesImmutableId", "otherMails", "passwordProfile", "userPrincipalName"}
)
# Leftovers of a synchronization: beta lets them be changed on users that belong to the cloud.
_LEFTOVERS = frozenset(
    {
        "onPremisesDistinguishedName", "onPremisesDomainName", "onPremisesSamAccountName",
        "onPremisesSecurityIdentifier", "onPremisesUserPrincipalName",
    }
)  # fmt: skip
_READ_ONLY = frozenset(
    {
        "id", "deletedDateTime", "createdDateTime", "creationType", "assignedLicenses", "assignedPlans",
        "isManagementRestricted", "isResourceAccount", "lastPasswordChangeDateTime", "licenseAssignmentStates",
        "onPremisesLastSyncDateTime", "onPremisesProvisioningErrors", "onPremisesSyncEnabled", "provisionedPlans",
        "proxyAddresses", "securityIdentifier", "serviceProvisioningErrors", "imAddresses",
    }
)  # fmt: skip
_SID = re.compile(r"S-1-\d+(?:-\d+)+")


def patch_user(tenant: Tenant, request: GraphRequest) -> Reply:
    """PATCH /users/{id or UPN}: 204, or the first refusal."""
    changes = request.body
    if isinstance(changes, dict):
        # Microsoft's own SDKs say of which type a body is.
        changes = {name: value for name, value in changes.items() if name != "@odata.type"}
    if not isinstance(changes, dict) or not changes:
        raise bad_request("Write requests must contain a JSON object with at least one property.", "BadRequest")
    target = tenant.user(request.parameters["id"])
    if target is None:
        raise not_found(request.parameters["id"])
    _check_names(changes, request.version)
    _check_permissions(tenant, request.caller, changes)
    check_may_write(tenant, request.caller, target, sensitive=bool(_SENSITIVE & set(changes)))
    _check_owner(tenant, request.caller, target, changes)
    if changes.get("onPremisesImmutableId") == "" and tenant.settings.emptyAnchor == "ignore":
        changes = {name: value for name, value in changes.items() if name != "onPremisesImmutableId"}
    if "onPremisesImmutableId" in changes:
        _check_anchor(tenant, target, changes["onPremisesImmutableId"])
    if "onPremisesSecurityIdentifier" in changes:
        _check_sid(tenant, target, changes["onPremisesSecurityIdentifier"])
    if "userPrincipalName" in changes:
        _check_principal_name(tenant, target, changes["userPrincipalName"])
    tenant.write("user", {**target.body, **changes}, by=tenant.initiator(request.caller))
    return Reply(204)


def _check_names(changes: dict[str, Any], version: str) -> None:
    for name, value in changes.items():
        try:
            found = USER.property(name, version)
        except KeyError:
            raise bad_request(
                f"Property '{name}' does not exist as a declared property or extension property."
            ) from None
        if name in _READ_ONLY or (name in _LEFTOVERS and version != "beta"):
            raise bad_request(f"Property '{name}' is read-only and cannot be set.")
        wanted = {"boolean": bool, "collection": list, "object": dict}.get(found.type, str)
        if value is not None and not isinstance(value, wanted):
            raise bad_request(f"A value of the wrong type was found for property '{name}'.")


def _check_permissions(tenant: Tenant, caller: Caller, changes: dict[str, Any]) -> None:
    """onPremisesObjectIdentifier can be cleared by those who may, and is never set; all else is a plain write."""
    clears_only = set(changes) == {"onPremisesObjectIdentifier"}
    own_permission_is_enough = clears_only and tenant.settings.objectIdentifierClearNeeds == SYNC_BEHAVIOR
    if not own_permission_is_enough and not caller.permissions & set(WRITE_USERS):
        raise denied()
    if "onPremisesObjectIdentifier" not in changes:
        return
    if SYNC_BEHAVIOR not in caller.permissions:
        raise denied()
    if not caller.directory_roles & {"Global Administrator", "Hybrid Identity Administrator"} and caller.delegated:
        raise denied()
    if changes["onPremisesObjectIdentifier"] is not None:
        raise bad_request("Property 'onPremisesObjectIdentifier' can only be cleared.")


def _check_owner(tenant: Tenant, caller: Caller, target: Stored, changes: dict[str, Any]) -> None:
    """Who owns the user: synced ones refuse nearly everything, those that left the sync may."""
    touched = set(changes) - _CLOUD_OWNED - {"onPremisesObjectIdentifier"}
    person_writes_anchor = "onPremisesImmutableId" in changes and caller.delegated
    if person_writes_anchor and tenant.settings.delegatedAnchorNeeds not in caller.permissions:
        raise denied()
    state = target.body.get("onPremisesSyncEnabled")
    if state is True and touched:
        same = touched == {"onPremisesImmutableId"} and (
            changes["onPremisesImmutableId"] == target.body.get("onPremisesImmutableId")
        )
        if not (same and tenant.settings.patchSameValueOnSynced == "accept"):
            raise on_premises_mastered()
    if state is False and tenant.settings.patchFormerlySynced == "refuse" and "onPremisesImmutableId" in touched:
        raise originated_elsewhere()


def _check_anchor(tenant: Tenant, target: Stored, value: Optional[str]) -> None:
    federated = tenant.federated(str(target.body.get("userPrincipalName", "")))
    if value is None:
        if federated and tenant.settings.federatedAnchorClear == "refuse":
            raise _invalid_anchor()
        return
    if value == "" or "$" in value or "_" in value:
        raise _invalid_anchor()
    if federated and tenant.settings.federatedAnchorSet == "refuse":
        raise _invalid_anchor()
    holder = holder_of(tenant, target, "onPremisesImmutableId", value)
    if holder and (holder.container == LIVE or tenant.settings.deletedHolderConflicts):
        raise duplicate("onPremisesImmutableId", holder.kind, holder.id)


def _invalid_anchor() -> GraphError:
    return bad_request("Invalid value specified for property 'onPremisesImmutableId' of resource 'User'.")


def _check_sid(tenant: Tenant, target: Stored, value: Optional[str]) -> None:
    if value is None:
        return
    if not _SID.fullmatch(value):
        raise bad_request("Invalid value specified for property 'onPremisesSecurityIdentifier' of resource 'User'.")
    holder = holder_of(tenant, target, "onPremisesSecurityIdentifier", value)
    if holder:
        raise duplicate("onPremisesSecurityIdentifier", holder.kind, holder.id)


def _check_principal_name(tenant: Tenant, target: Stored, value: Optional[str]) -> None:
    if not value or not tenant.verified(value):
        raise bad_request("Property userPrincipalName is invalid.")
    holder = holder_of(tenant, target, "userPrincipalName", value)
    if holder and holder.container == LIVE:
        raise duplicate("userPrincipalName", holder.kind, holder.id)


_NEEDED = ("accountEnabled", "displayName", "mailNickname", "passwordProfile", "userPrincipalName")


def create_user(tenant: Tenant, request: GraphRequest) -> Reply:
    """POST /users: 201 with the user."""
    given = request.body
    if not isinstance(given, dict) or any(given.get(name) is None for name in _NEEDED):
        raise bad_request(f"A user needs {', '.join(_NEEDED)}.")
    if request.caller.delegated and not request.caller.directory_roles & _USER_WRITERS:
        raise denied()
    _check_names(given, request.version)
    new_id = str(uuid.UUID(int=tenant.random.getrandbits(128), version=4))
    body = {
        "createdDateTime": tenant.timestamp(),
        "userType": "Member",
        **{name: value for name, value in given.items() if name != "passwordProfile"},
        "id": new_id,
    }
    target = Stored("user", new_id, LIVE, body, 0)
    _check_principal_name(tenant, target, given["userPrincipalName"])
    _check_anchor(tenant, target, given.get("onPremisesImmutableId"))
    _check_sid(tenant, target, given.get("onPremisesSecurityIdentifier"))
    tenant.write("user", body, by=tenant.initiator(request.caller))
    context = f"{request.root}/{request.version}/$metadata#users/$entity"
    return Reply(201, {"@odata.context": context, **project(body, USER.returned_by_default, USER)})


def delete_user(tenant: Tenant, request: GraphRequest) -> Reply:
    """DELETE /users/{id or UPN}: 204; the user goes to the recycle bin."""
    target = tenant.user(request.parameters["id"])
    if target is None:
        raise not_found(request.parameters["id"])
    check_may_write(tenant, request.caller, target, sensitive=True)
    body = {**target.body, "deletedDateTime": tenant.timestamp()}
    tenant.write("user", body, DELETED, by=tenant.initiator(request.caller))
    return Reply(204)


def check_may_write(tenant: Tenant, caller: Caller, target: Stored, sensitive: bool) -> None:
    """
    :raises GraphError: 403, in the same words whether a permission lacks or the target is protected.
    """
    if target.body.get("isManagementRestricted"):
        raise denied()
    if caller.delegated and not caller.directory_roles & _USER_WRITERS:
        raise denied()
    protected = sensitive and tenant.roles.protects(target.id, tenant.settings.roleCheck == "any")
    if protected and not caller.directory_roles & HIGHEST:
        raise denied()


def holder_of(tenant: Tenant, target: Stored, name: str, value: str) -> Optional[Stored]:
    """Another object with that value; a live one is named before one in the recycle bin."""
    others = tenant.store.claimants(name, value, besides=target.id)
    return min(others, key=lambda item: item.container != LIVE, default=None)
