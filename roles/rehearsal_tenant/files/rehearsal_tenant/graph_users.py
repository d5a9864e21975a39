# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users, groups and contacts: list, get, count, what may be written to a user, and the recycle bin."""

from __future__ import annotations

import re
from typing import Any, Optional

from .errors import GraphError, bad_request, denied, duplicate, not_found, on_premises_mastered, originated_elsewhere
from .graph_collections import Source, answer_collection, count_only
from .messages import Caller, GraphRequest, Reply
from .odata import project, read_select
from .roles import HIGHEST
from .shapes import KINDS, USER, Shape
from .store import DELETED, GONE, LIVE, Stored
from .tenant import Tenant

WRITE_USERS = ("User.ReadWrite.All", "Directory.ReadWrite.All")
SYNC_BEHAVIOR = "User-OnPremisesSyncBehavior.ReadWrite.All"
_CONTEXTS = {"user": "users", "group": "groups", "contact": "contacts"}
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


def filter_modes(tenant: Tenant) -> dict[str, str]:
    """How contested filters are taken."""
    return {
        "onPremisesImmutableId": tenant.settings.anchorFilter,
        "onPremisesSecurityIdentifier": tenant.settings.sidFilter,
    }


def source_of(tenant: Tenant, kind: str, container: str = LIVE) -> Source:
    """The objects of a kind as lists show them now."""
    as_of = tenant.list_time()
    return lambda after: (stored.body for stored in tenant.store.page(kind, container, as_of, after))


def list_objects(tenant: Tenant, request: GraphRequest, kind: str = "user") -> Reply:
    """GET /users, /groups, /contacts."""
    _check_identifier_read(tenant, request)
    return answer_collection(request, KINDS[kind], source_of(tenant, kind), _CONTEXTS[kind], filter_modes(tenant))


def count_users(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET /users/$count: an error without the header for advanced queries."""
    if not request.advanced:
        raise bad_request("$count is not currently supported without the header ConsistencyLevel: eventual.")
    request.query.setdefault("$count", "true")
    return count_only(request, USER, source_of(tenant, "user"))


def _check_identifier_read(tenant: Tenant, request: GraphRequest) -> None:
    """
    :raises GraphError: 400 or 403 when onPremisesObjectIdentifier is asked for and may not be read.
    """
    rule = tenant.settings.objectIdentifierRead
    if rule == "shown" or "onPremisesObjectIdentifier" not in request.query.get("$select", ""):
        return
    if rule == "hidden":
        raise bad_request(
            "Could not find a property named 'onPremisesObjectIdentifier' on type 'microsoft.graph.user'.", "BadRequest"
        )
    if SYNC_BEHAVIOR not in request.caller.permissions:
        raise denied()


def get_object(tenant: Tenant, request: GraphRequest, kind: str = "user") -> Reply:
    """GET /users/{id or UPN}, /groups/{id}, /contacts/{id}."""
    _check_identifier_read(tenant, request)
    wanted = request.parameters["id"]
    shape = KINDS[kind]
    names = read_select(request, shape)
    now = tenant.user(wanted) if kind == "user" and "@" in wanted else None
    seen = tenant.store.get(now.id if now else wanted.lower(), tenant.id_time())
    if seen is None or seen.kind != kind or seen.container != LIVE:
        raise not_found(wanted)
    return Reply(200, _entity(request, seen, names, shape))


def _entity(request: GraphRequest, stored: Stored, names: tuple[str, ...], shape: Shape) -> dict[str, Any]:
    context = f"{request.root}/{request.version}/$metadata#{_CONTEXTS[stored.kind]}/$entity"
    return {"@odata.context": context, **project(stored.body, names, shape)}


def patch_user(tenant: Tenant, request: GraphRequest) -> Reply:
    """PATCH /users/{id or UPN}: 204, or the first refusal."""
    changes = request.body
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
    tenant.write("user", {**target.body, **changes})
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
    holder = _holder(tenant, target, "onPremisesImmutableId", value)
    if holder and (holder.container == LIVE or tenant.settings.deletedHolderConflicts):
        raise duplicate("onPremisesImmutableId", holder.kind, holder.id)


def _invalid_anchor() -> GraphError:
    return bad_request("Invalid value specified for property 'onPremisesImmutableId' of resource 'User'.")


def _check_sid(tenant: Tenant, target: Stored, value: Optional[str]) -> None:
    if value is None:
        return
    if not _SID.fullmatch(value):
        raise bad_request("Invalid value specified for property 'onPremisesSecurityIdentifier' of resource 'User'.")
    holder = _holder(tenant, target, "onPremisesSecurityIdentifier", value)
    if holder:
        raise duplicate("onPremisesSecurityIdentifier", holder.kind, holder.id)


def _check_principal_name(tenant: Tenant, target: Stored, value: Optional[str]) -> None:
    if not value or not tenant.verified(value):
        raise bad_request("Property userPrincipalName is invalid.")
    holder = _holder(tenant, target, "userPrincipalName", value)
    if holder and holder.container == LIVE:
        raise duplicate("userPrincipalName", holder.kind, holder.id)


def _holder(tenant: Tenant, target: Stored, name: str, value: str) -> Optional[Stored]:
    """Another object with that value; a live one is named before one in the recycle bin."""
    others = [item for item in tenant.store.claimants(name, value) if item.id != target.id]
    return min(others, key=lambda item: item.container != LIVE, default=None)


def list_deleted(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET /directory/deletedItems/microsoft.graph.user (the cast is part of the route)."""
    kind = request.parameters["cast"].rpartition(".")[2]
    if kind not in ("user", "group"):
        raise bad_request(f"Unsupported resource type 'microsoft.graph.{kind}' for this operation.")
    _check_reads_kind(request.caller, kind)
    return answer_collection(request, KINDS[kind], source_of(tenant, kind, DELETED), "directoryObjects")


def _check_reads_kind(caller: Caller, kind: str) -> None:
    """The recycle bin has no permission of its own: whoever reads users reads deleted ones."""
    if not any(item.startswith((f"{kind.title()}.Read", "Directory.Read")) for item in caller.permissions):
        raise denied()


def get_deleted(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET /directory/deletedItems/{id}, with or without a cast."""
    found = tenant.store.get(request.parameters["id"].lower(), tenant.id_time())
    cast = request.parameters.get("cast")
    if found is None or found.container != DELETED or cast not in (None, *_casts(found.kind)):
        raise not_found(request.parameters["id"])
    _check_reads_kind(request.caller, found.kind)
    shape = KINDS[found.kind]
    body = _entity(request, found, read_select(request, shape), shape)
    return Reply(200, {"@odata.type": f"#microsoft.graph.{shape.type_name}", **body})


def _casts(kind: str) -> tuple[str, str]:
    return f"microsoft.graph.{kind}", f"graph.{kind}"


def restore_deleted(tenant: Tenant, request: GraphRequest) -> Reply:
    """POST /directory/deletedItems/{id}/restore: 200 with the object, id and anchor unchanged."""
    found = _deleted(tenant, request)
    for name in ("userPrincipalName", "onPremisesImmutableId"):
        value = found.body.get(name)
        holder = _holder(tenant, found, name, value) if value else None
        if holder and holder.container == LIVE:
            raise duplicate(name, holder.kind, holder.id)
    body = {**found.body, "deletedDateTime": None}
    tenant.write(found.kind, body)
    shape = KINDS[found.kind]
    shown = project(body, shape.returned_by_default, shape)
    context = f"{request.root}/{request.version}/$metadata#directoryObjects/$entity"
    return Reply(200, {"@odata.context": context, "@odata.type": f"#microsoft.graph.{shape.type_name}", **shown})


def purge_deleted(tenant: Tenant, request: GraphRequest) -> Reply:
    """DELETE /directory/deletedItems/{id}: 204, for good."""
    found = _deleted(tenant, request)
    tenant.write(found.kind, found.body, GONE)
    return Reply(204)


def _deleted(tenant: Tenant, request: GraphRequest) -> Stored:
    found = tenant.store.get(request.parameters["id"].lower())
    if found is None or found.container != DELETED:
        raise not_found(request.parameters["id"])
    check_may_write(tenant, request.caller, found, sensitive=True)
    return found
