# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles as Graph shows them: definitions, assignments, eligibility (PIM), and PIM for groups."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from .errors import bad_request, denied, not_found
from .graph_collections import answer_collection, listed
from .memberships import groups_of
from .messages import GraphRequest, Reply
from .odata import project, read_select
from .roles import BUILT_IN, HIGHEST, ROLE_READERS, Assignment, template_id
from .shapes import DIRECTORY_ROLE, KINDS, Shape
from .shapes_roles import (
    ASSIGNMENT_INSTANCE,
    ELIGIBILITY_INSTANCE,
    GROUP_ELIGIBILITY,
    ROLE_ASSIGNMENT,
    ROLE_DEFINITION,
)
from .store import LIVE, Stored
from .tenant import Tenant

# Since when assignments of a seed have been there; a seed does not say.
_ALWAYS = "2020-01-01T00:00:00Z"
_ONE_GROUP_OR_PRINCIPAL = re.compile(r"\b(groupId|principalId) eq '", re.IGNORECASE)


def _definitions(tenant: Tenant) -> list[dict[str, Any]]:
    """All built-in roles that this tenant knows, and the custom ones that somebody has."""
    custom = {item.role: item.privileged for item in tenant.roles.assignments if item.role not in BUILT_IN}
    rows = [(name, privileged, True) for name, (_id, privileged) in BUILT_IN.items()]
    rows += [(name, privileged, False) for name, privileged in custom.items()]
    return [
        {
            "id": template_id(name),
            "templateId": template_id(name),
            "description": f"{name} of the rehearsal tenant.",
            "displayName": name,
            "isBuiltIn": built_in,
            "isEnabled": True,
            "isPrivileged": privileged,
            "resourceScopes": ["/"],
            "version": "1",
        }
        for name, privileged, built_in in rows
    ]


def _check_reader(tenant: Tenant, request: GraphRequest) -> None:
    """A person needs a role to read roles; an app its permission only."""
    if request.caller.delegated and not request.caller.directory_roles & (ROLE_READERS | HIGHEST):
        raise denied()


def _check_licensed(tenant: Tenant) -> None:
    if not tenant.settings.pimLicensed:
        raise bad_request(
            "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license.",
            "AadPremiumLicenseRequired",
        )


def list_definitions(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET /roleManagement/directory/roleDefinitions."""
    _check_reader(tenant, request)
    return answer_collection(request, ROLE_DEFINITION, listed(_definitions(tenant)), request.path)


def get_definition(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET /roleManagement/directory/roleDefinitions/{id}."""
    _check_reader(tenant, request)
    return _one(request, ROLE_DEFINITION, _definitions(tenant))


def _one(request: GraphRequest, shape: Shape, bodies: Iterable[dict[str, Any]]) -> Reply:
    wanted = request.parameters["id"].lower()
    found = next((item for item in bodies if item["id"].lower() == wanted), None)
    if found is None:
        raise not_found(request.parameters["id"])
    context = f"{request.root}/{request.version}/$metadata#{request.path.rpartition('/')[0]}/$entity"
    return Reply(200, {"@odata.context": context, **project(found, read_select(request, shape), shape)})


def _visible(tenant: Tenant, eligible: bool) -> list[Assignment]:
    return [item for item in tenant.roles.assignments if item.eligible == eligible]


def _with_relations(tenant: Tenant, body: dict[str, Any]) -> dict[str, Any]:
    """What $expand shows of an assignment."""
    definition = next(item for item in _definitions(tenant) if item["id"] == body["roleDefinitionId"])
    shown = project(definition, ROLE_DEFINITION.returned_by_default, ROLE_DEFINITION)
    return {**body, "principal": _shown(tenant, body["principalId"]), "roleDefinition": shown}


def _shown(tenant: Tenant, object_id: str) -> dict[str, Any]:
    """An object as a relation shows it; one that is gone has its id left."""
    stored = tenant.store.get(object_id)
    if stored is None:
        return {"id": object_id}
    shape = KINDS[stored.kind]
    return {
        "@odata.type": f"#microsoft.graph.{shape.type_name}",
        **project(stored.body, shape.returned_by_default, shape),
    }


def _answer(tenant: Tenant, request: GraphRequest, shape: Shape, bodies: Iterable[dict[str, Any]]) -> Reply:
    _check_reader(tenant, request)
    if "$expand" in request.query:
        bodies = [_with_relations(tenant, body) for body in bodies]
    return answer_collection(request, shape, listed(bodies), request.path)


def list_assignments(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET /roleManagement/directory/roleAssignments: active ones, of users and of groups."""
    bodies = [{**_base(item), "principalOrganizationId": tenant.id} for item in _visible(tenant, eligible=False)]
    return _answer(tenant, request, ROLE_ASSIGNMENT, bodies)


def _base(item: Assignment) -> dict[str, Any]:
    return {
        "id": item.id,
        "principalId": item.principal_id,
        "roleDefinitionId": template_id(item.role),
        "directoryScopeId": "/",
    }


def _instance(item: Assignment) -> dict[str, Any]:
    return {**_base(item), "startDateTime": _ALWAYS, "endDateTime": None, "memberType": "Direct"}


def list_assignment_instances(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET /roleManagement/directory/roleAssignmentScheduleInstances: needs a licence that has PIM."""
    _check_licensed(tenant)
    bodies = [
        {
            **_instance(item),
            "assignmentType": "Assigned",
            "roleAssignmentOriginId": item.id,
            "roleAssignmentScheduleId": item.id,
        }
        for item in _visible(tenant, eligible=False)
    ]
    return _answer(tenant, request, ASSIGNMENT_INSTANCE, bodies)


def list_eligibility_instances(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET /roleManagement/directory/roleEligibilityScheduleInstances: needs a licence that has PIM."""
    _check_licensed(tenant)
    bodies = [{**_instance(item), "roleEligibilityScheduleId": item.id} for item in _visible(tenant, eligible=True)]
    return _answer(tenant, request, ELIGIBILITY_INSTANCE, bodies)


def list_group_eligibilities(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET …/privilegedAccess/group/eligibilityScheduleInstances: of one group or of one principal only."""
    if request.caller.delegated and not request.caller.directory_roles & (ROLE_READERS | HIGHEST):
        raise denied()
    _check_licensed(tenant)
    if not _ONE_GROUP_OR_PRINCIPAL.search(request.query.get("$filter", "")):
        raise bad_request("A $filter (eq) on groupId or principalId is needed.", "BadRequest")
    bodies: list[dict[str, Any]] = [
        {
            "id": item.id,
            "accessId": item.access,
            "eligibilityScheduleId": item.id,
            "groupId": item.group_id,
            "principalId": item.principal_id,
            "memberType": "direct",
            "startDateTime": _ALWAYS,
            "endDateTime": None,
        }
        for item in tenant.roles.group_eligibilities
    ]
    if "$expand" in request.query:
        bodies = [
            {**body, "principal": _shown(tenant, body["principalId"]), "group": _shown(tenant, body["groupId"])}
            for body in bodies
        ]
    return answer_collection(request, GROUP_ELIGIBILITY, listed(bodies), request.path)


def directory_roles(tenant: Tenant) -> list[dict[str, Any]]:
    """Built-in roles that somebody holds now."""
    held = {item.role for item in _visible(tenant, eligible=False) if item.role in BUILT_IN}
    return [
        {"id": directory_role_id(tenant, name), "displayName": name, "roleTemplateId": template_id(name)}
        for name in sorted(held)
    ]


def directory_role_id(tenant: Tenant, role: str) -> str:
    """An activated role has an id of its own in each tenant; this one needs no memory."""
    own, template = tenant.id.replace("-", ""), template_id(role).replace("-", "")
    text = f"{int(own, 16) ^ int(template, 16):032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def roles_around(tenant: Tenant, user: Stored, transitive: bool) -> list[dict[str, Any]]:
    """The directory roles in a user's memberOf."""
    principals = {user.id}
    if transitive:
        principals |= {group.id for group in groups_of(tenant, user, transitive=True)}
    held = {item.role for item in _visible(tenant, eligible=False) if item.principal_id in principals}
    return [role for role in directory_roles(tenant) if role["displayName"] in held]


def list_directory_roles(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET /directoryRoles: the activated ones."""
    _check_reader(tenant, request)
    return answer_collection(request, DIRECTORY_ROLE, listed(directory_roles(tenant)), "directoryRoles")


def members_of_role(tenant: Tenant, request: GraphRequest) -> list[Stored]:
    """The principals that a role is assigned to directly."""
    _check_reader(tenant, request)
    wanted = request.parameters["id"].lower()
    role = next((item for item in directory_roles(tenant) if item["id"] == wanted), None)
    if role is None:
        raise not_found(request.parameters["id"])
    held = [item for item in _visible(tenant, eligible=False) if item.role == role["displayName"]]
    found = (tenant.store.get(item.principal_id) for item in held)
    return [item for item in found if item and item.container == LIVE]
