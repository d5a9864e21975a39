# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users, groups, contacts and devices: list, get, count, and the recycle bin."""

from __future__ import annotations

from typing import Any

from .errors import bad_request, denied, duplicate, not_found
from .graph_collections import Show, Source, answer_collection, count_only
from .graph_user_writes import SYNC_BEHAVIOR, check_may_write, holder_of
from .messages import Caller, GraphRequest, Reply
from .odata import Body, project, read_expand, read_select
from .shapes import KINDS, USER, Shape
from .store import DELETED, GONE, LIVE, Stored
from .tenant import Tenant

_CONTEXTS = {"user": "users", "group": "groups", "contact": "contacts", "device": "devices"}


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
    """GET /users, /groups, /contacts, /devices."""
    _check_identifier_read(tenant, request)
    shape = KINDS[kind]
    show = _with_manager(tenant, shape) if read_expand(request, shape) else None
    return answer_collection(request, shape, source_of(tenant, kind), _CONTEXTS[kind], filter_modes(tenant), show)


def _with_manager(tenant: Tenant, shape: Shape) -> Show:
    """A user with its manager, the one relation of users that can be expanded; no key where there is none."""

    def show(body: Body, names: tuple[str, ...]) -> Body:
        shown = project(body, names, shape)
        manager = tenant.store.get(str(body.get("manager")))
        if manager is not None and manager.container == LIVE:
            seen = project(manager.body, USER.returned_by_default, USER)
            shown["manager"] = {"@odata.type": "#microsoft.graph.user", **seen}
        return shown

    return show


def get_manager(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET /users/{id}/manager."""
    found = tenant.user(request.parameters["id"])
    manager = tenant.store.get(str(found.body.get("manager"))) if found else None
    if manager is None or manager.container != LIVE:
        raise not_found("manager")
    body = _entity(request, manager, read_select(request, USER), USER)
    return Reply(200, {"@odata.type": "#microsoft.graph.user", **body})


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
    """GET /users/{id or UPN}, /groups/{id}, /contacts/{id}, /devices/{id}."""
    _check_identifier_read(tenant, request)
    wanted = request.parameters["id"]
    shape = KINDS[kind]
    names = read_select(request, shape)
    now = tenant.user(wanted) if kind == "user" and "@" in wanted else None
    seen = tenant.store.get(now.id if now else wanted.lower(), tenant.id_time())
    if seen is None or seen.kind != kind or seen.container != LIVE:
        raise not_found(wanted)
    body = _entity(request, seen, names, shape)
    if read_expand(request, shape):
        body.update(_with_manager(tenant, shape)(seen.body, names))
    return Reply(200, body)


def _entity(request: GraphRequest, stored: Stored, names: tuple[str, ...], shape: Shape) -> dict[str, Any]:
    context = f"{request.root}/{request.version}/$metadata#{_CONTEXTS[stored.kind]}/$entity"
    return {"@odata.context": context, **project(stored.body, names, shape)}


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
        holder = holder_of(tenant, found, name, value) if value else None
        if holder and holder.container == LIVE:
            raise duplicate(name, holder.kind, holder.id)
    body = {**found.body, "deletedDateTime": None}
    tenant.write(found.kind, body, by=tenant.initiator(request.caller))
    shape = KINDS[found.kind]
    shown = project(body, shape.returned_by_default, shape)
    context = f"{request.root}/{request.version}/$metadata#directoryObjects/$entity"
    return Reply(200, {"@odata.context": context, "@odata.type": f"#microsoft.graph.{shape.type_name}", **shown})


def purge_deleted(tenant: Tenant, request: GraphRequest) -> Reply:
    """DELETE /directory/deletedItems/{id}: 204, for good."""
    found = _deleted(tenant, request)
    tenant.write(found.kind, found.body, GONE, by=tenant.initiator(request.caller))
    return Reply(204)


def _deleted(tenant: Tenant, request: GraphRequest) -> Stored:
    found = tenant.store.get(request.parameters["id"].lower())
    if found is None or found.container != DELETED:
        raise not_found(request.parameters["id"])
    check_may_write(tenant, request.caller, found, sensitive=True)
    return found
