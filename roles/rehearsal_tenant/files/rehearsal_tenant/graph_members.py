# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Members, owners and memberOf: collections of objects of several kinds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Callable

from .errors import bad_request, not_found, unsupported_query
from .graph_collections import answer_collection, listed
from .graph_roles import members_of_role, roles_around
from .memberships import groups_of, members_of, owners_of, transitive_members_of
from .messages import GraphRequest, Reply
from .odata import project
from .shapes import DIRECTORY_OBJECT, DIRECTORY_ROLE, KINDS, OBJECT_TYPES
from .store import LIVE, Stored
from .tenant import Tenant

# Which permissions show more of an object than its id and type.
_MAY_SEE = {
    "#microsoft.graph.user": ("User.Read", "User.ReadWrite", "User.ReadBasic", "Directory.Read"),
    "#microsoft.graph.group": ("Group.Read", "GroupMember.Read", "Directory.Read"),
    "#microsoft.graph.orgContact": ("OrgContact.Read", "Directory.Read"),
    "#microsoft.graph.device": ("Device.Read", "Directory.Read"),
    "#microsoft.graph.directoryRole": ("RoleManagement.Read", "Directory.Read"),
}


def list_members(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET /groups/{id}/members."""
    return _answer(request, _typed(members_of(tenant, _object(tenant, request, "group"))))


def list_owners(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET /groups/{id}/owners."""
    return _answer(request, _typed(owners_of(tenant, _object(tenant, request, "group"))))


def list_transitive_members(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET /groups/{id}/transitiveMembers."""
    _check_cast(request)
    return _answer(request, _typed(transitive_members_of(tenant, _object(tenant, request, "group"))))


def list_role_members(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET /directoryRoles/{id}/members: never in pages."""
    request.query.pop("$top", None)
    return _answer(request, _typed(members_of_role(tenant, request)), paged=False)


def list_member_of(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET /users/{id}/memberOf: groups and directory roles."""
    return _member_of(tenant, request, transitive=False)


def list_transitive_member_of(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET /users/{id}/transitiveMemberOf."""
    _check_cast(request)
    return _member_of(tenant, request, transitive=True)


def _member_of(tenant: Tenant, request: GraphRequest, transitive: bool) -> Reply:
    user = _object(tenant, request, "user")
    role_type = f"#microsoft.graph.{DIRECTORY_ROLE.type_name}"
    roles = [{"@odata.type": role_type, **role} for role in roles_around(tenant, user, transitive)]
    return _answer(request, [*_typed(groups_of(tenant, user, transitive)), *roles])


def _object(tenant: Tenant, request: GraphRequest, kind: str) -> Stored:
    wanted = request.parameters["id"]
    found = tenant.user(wanted) if kind == "user" else tenant.store.get(wanted.lower(), tenant.id_time())
    if found is None or found.kind != kind or found.container != LIVE:
        raise not_found(wanted)
    return found


def _check_cast(request: GraphRequest) -> None:
    """A cast of a transitive collection is an advanced query."""
    if request.parameters.get("cast") and not (request.advanced and request.query.get("$count") == "true"):
        raise unsupported_query(
            "The cast needs advanced query parameters: the header ConsistencyLevel: eventual and $count=true."
        )


def _typed(objects: Iterable[Stored]) -> list[dict[str, Any]]:
    return [{"@odata.type": f"#microsoft.graph.{KINDS[item.kind].type_name}", **item.body} for item in objects]


def _answer(request: GraphRequest, bodies: list[dict[str, Any]], paged: bool = True) -> Reply:
    cast = request.parameters.get("cast")
    shape = DIRECTORY_OBJECT
    if cast:
        wanted = "#microsoft." + cast.removeprefix("microsoft.")
        if wanted not in OBJECT_TYPES:
            raise bad_request(f"Unsupported cast to '{cast}'.", "BadRequest")
        shape = OBJECT_TYPES[wanted]
        bodies = [body for body in bodies if body["@odata.type"] == wanted]
    if not paged:
        shape = shape._replace(max_top=max(len(bodies), 1))
        request.query["$top"] = str(shape.max_top)
    return answer_collection(request, shape, listed(bodies), "directoryObjects", show=_shower(request))


def _shower(request: GraphRequest) -> Callable[[dict[str, Any], tuple[str, ...]], dict[str, Any]]:
    """Each object by its own kind; what the app may not read is there with id and type only."""
    selected = bool(request.query.get("$select", "").strip())

    def show(body: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
        shape = OBJECT_TYPES[body["@odata.type"]]
        wanted = tuple(name for name in names if name in shape.properties) if selected else shape.returned_by_default
        permissions = request.caller.permissions
        visible = any(item.startswith(_MAY_SEE[body["@odata.type"]]) for item in permissions)
        seen = body if visible else {"id": body["id"]}
        return {"@odata.type": body["@odata.type"], **project(seen, wanted, shape)}

    return show
