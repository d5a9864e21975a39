# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Graph door: which handler serves which path, who may call it, and what every answer has in common."""

from __future__ import annotations

import asyncio
import inspect
import re
import uuid
from typing import Any, Callable, NamedTuple, Optional

from . import (
    graph_delta,
    graph_logs,
    graph_members,
    graph_roles,
    graph_sync_behavior,
    graph_tenant,
    graph_user_writes,
    graph_users,
)
from . import graph_sync_jobs as jobs
from .errors import GraphError, bad_request, denied, method_not_allowed
from .faults import Fault
from .graph_batch import answer_batch
from .messages import GraphRequest, Reply
from .tenant import Tenant


class Route(NamedTuple):
    """A path with {placeholders}, its handler, and the permissions of which any one is enough."""

    method: str
    path: str
    handler: Callable[..., Any]
    permissions: tuple[str, ...]


_DIRECTORY = ("Directory.Read.All", "Directory.ReadWrite.All")
_READ_USERS = ("User.Read.All", "User.ReadWrite.All", *_DIRECTORY)
# Clearing onPremisesObjectIdentifier has a permission of its own; the handler tells which change needs which.
_WRITE_USERS = (*graph_user_writes.WRITE_USERS, graph_user_writes.SYNC_BEHAVIOR)
_RESTORE = ("User.DeleteRestore.All", "User.ReadWrite.All", "Group.ReadWrite.All")
_READ_GROUPS = ("GroupMember.Read.All", "Group.Read.All", "Group.ReadWrite.All", *_DIRECTORY)
_READ_USERS_AND_GROUPS = (*_READ_USERS, *_READ_GROUPS)
_READ_ROLES = ("RoleManagement.Read.Directory", "RoleManagement.Read.All", "RoleManagement.ReadWrite.Directory")
_READ_ASSIGNMENTS = (
    *_READ_ROLES,
    "RoleAssignmentSchedule.Read.Directory",
    "RoleAssignmentSchedule.ReadWrite.Directory",
)
_READ_ELIGIBILITY = (
    *_READ_ROLES,
    "RoleEligibilitySchedule.Read.Directory",
    "RoleEligibilitySchedule.ReadWrite.Directory",
)
_READ_PIM_GROUPS = (
    "PrivilegedEligibilitySchedule.Read.AzureADGroup",
    "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup",
)
_READ_CONTACTS = ("OrgContact.Read.All", *_DIRECTORY)
_READ_DEVICES = ("Device.Read.All", *_DIRECTORY)
_READ_TENANT = ("Organization.Read.All", "Organization.ReadWrite.All", *_DIRECTORY)
_READ_DOMAINS = ("Domain.Read.All", "Domain.ReadWrite.All", *_DIRECTORY)
_READ_SYNC = ("OnPremDirectorySynchronization.Read.All", "OnPremDirectorySynchronization.ReadWrite.All")
_WRITE_SYNC = ("OnPremDirectorySynchronization.ReadWrite.All",)
_READ_APPS = ("Application.Read.All", "Application.ReadWrite.All", *_DIRECTORY)
_WRITE_JOBS = ("Synchronization.ReadWrite.All", "Application.ReadWrite.OwnedBy")
_READ_JOBS = ("Synchronization.Read.All", *_WRITE_JOBS)
_READ_AUDITS = ("AuditLog.Read.All",)
_READ_PROVISIONING = ("AuditLog.Read.All", "ProvisioningLog.Read.All")
_CAST = "/{cast:microsoft.graph.|graph.}"
_ROLES = "roleManagement/directory/"
_PIM_GROUPS = "identityGovernance/privilegedAccess/group/eligibilityScheduleInstances"
_JOBS = "servicePrincipals/{principal}/synchronization/jobs"


def _of(kind: str, handler: Callable[..., Any]) -> Callable[..., Any]:
    return lambda tenant, request: handler(tenant, request, kind)


def _with_cast(path: str, handler: Callable[..., Any], permissions: tuple[str, ...]) -> tuple[Route, ...]:
    """A collection of several kinds, and the same narrowed to one kind."""
    return Route("GET", path, handler, permissions), Route("GET", path + _CAST, handler, permissions)


def _behavior(path: str, kind: str, permission: str) -> tuple[Route, ...]:
    path += "/{id}/onPremisesSyncBehavior"
    return (
        Route("GET", path, _of(kind, graph_sync_behavior.get_behavior), (permission,)),
        Route("PATCH", path, _of(kind, graph_sync_behavior.patch_behavior), (permission,)),
    )


ROUTES = (
    Route("GET", "users", graph_users.list_objects, _READ_USERS),
    Route("GET", "users/$count", graph_users.count_users, _READ_USERS),
    Route("GET", "users/delta", graph_delta.user_delta, _READ_USERS),
    Route("GET", "users/delta()", graph_delta.user_delta, _READ_USERS),
    Route("GET", "users/{id}", graph_users.get_object, _READ_USERS),
    Route("GET", "users/{id}/manager", graph_users.get_manager, _READ_USERS),
    Route("POST", "users", graph_user_writes.create_user, graph_user_writes.WRITE_USERS),
    Route("DELETE", "users/{id}", graph_user_writes.delete_user, graph_user_writes.WRITE_USERS),
    Route("PATCH", "users/{id}", graph_user_writes.patch_user, _WRITE_USERS),
    *_with_cast("users/{id}/memberOf", graph_members.list_member_of, _READ_USERS_AND_GROUPS),
    *_with_cast("users/{id}/transitiveMemberOf", graph_members.list_transitive_member_of, _READ_USERS_AND_GROUPS),
    *_behavior("users", "user", graph_user_writes.SYNC_BEHAVIOR),
    *_behavior("groups", "group", "Group-OnPremisesSyncBehavior.ReadWrite.All"),
    *_behavior("contacts", "contact", "Contacts-OnPremisesSyncBehavior.ReadWrite.All"),
    Route("GET", "groups", _of("group", graph_users.list_objects), _READ_GROUPS),
    Route("GET", "groups/{id}", _of("group", graph_users.get_object), _READ_GROUPS),
    *_with_cast("groups/{id}/members", graph_members.list_members, _READ_GROUPS),
    *_with_cast("groups/{id}/owners", graph_members.list_owners, _READ_GROUPS),
    *_with_cast("groups/{id}/transitiveMembers", graph_members.list_transitive_members, _READ_GROUPS),
    Route("GET", "contacts", _of("contact", graph_users.list_objects), _READ_CONTACTS),
    Route("GET", "contacts/{id}", _of("contact", graph_users.get_object), _READ_CONTACTS),
    Route("GET", "devices", _of("device", graph_users.list_objects), _READ_DEVICES),
    Route("GET", "devices/{id}", _of("device", graph_users.get_object), _READ_DEVICES),
    Route("GET", "directory/deletedItems" + _CAST, graph_users.list_deleted, _READ_USERS_AND_GROUPS),
    *_with_cast("directory/deletedItems/{id}", graph_users.get_deleted, _READ_USERS_AND_GROUPS),
    Route("DELETE", "directory/deletedItems/{id}", graph_users.purge_deleted, _RESTORE),
    Route("POST", "directory/deletedItems/{id}/restore", graph_users.restore_deleted, _RESTORE),
    Route("GET", "directoryRoles", graph_roles.list_directory_roles, (*_READ_ROLES, *_DIRECTORY)),
    *_with_cast("directoryRoles/{id}/members", graph_members.list_role_members, (*_READ_ROLES, *_DIRECTORY)),
    Route("GET", _ROLES + "roleDefinitions", graph_roles.list_definitions, (*_READ_ROLES, *_DIRECTORY)),
    Route("GET", _ROLES + "roleDefinitions/{id}", graph_roles.get_definition, (*_READ_ROLES, *_DIRECTORY)),
    Route("GET", _ROLES + "roleAssignments", graph_roles.list_assignments, (*_READ_ROLES, *_DIRECTORY)),
    Route("GET", _ROLES + "roleAssignmentScheduleInstances", graph_roles.list_assignment_instances, _READ_ASSIGNMENTS),
    Route(
        "GET", _ROLES + "roleEligibilityScheduleInstances", graph_roles.list_eligibility_instances, _READ_ELIGIBILITY
    ),
    Route("GET", _PIM_GROUPS, graph_roles.list_group_eligibilities, _READ_PIM_GROUPS),
    Route("GET", "organization", graph_tenant.list_organization, _READ_TENANT),
    Route("GET", "organization/{id}", graph_tenant.get_organization, _READ_TENANT),
    Route("PATCH", "organization/{id}", graph_tenant.patch_organization, ("Organization.ReadWrite.All",)),
    Route("GET", "domains", graph_tenant.list_domains, _READ_DOMAINS),
    Route("GET", "domains/{id}", graph_tenant.get_domain, _READ_DOMAINS),
    Route("GET", "directory/onPremisesSynchronization", graph_tenant.list_synchronization, _READ_SYNC),
    Route("GET", "directory/onPremisesSynchronization/{id}", graph_tenant.get_synchronization, _READ_SYNC),
    Route("PATCH", "directory/onPremisesSynchronization/{id}", graph_tenant.patch_synchronization, _WRITE_SYNC),
    Route("GET", "auditLogs/directoryAudits", graph_logs.list_audits, _READ_AUDITS),
    Route("GET", "auditLogs/provisioning", graph_logs.list_provisioning, _READ_PROVISIONING),
    Route("GET", "servicePrincipals", jobs.list_service_principals, _READ_APPS),
    Route("GET", "servicePrincipals/{principal}", jobs.get_service_principal, _READ_APPS),
    Route("GET", _JOBS, jobs.list_jobs, _READ_JOBS),
    Route("GET", _JOBS + "/{job}", jobs.get_job, _READ_JOBS),
    Route("GET", _JOBS + "/{job}/schema", jobs.get_schema, _READ_JOBS),
    Route("POST", _JOBS + "/{job}/start", jobs.start_job, _WRITE_JOBS),
    Route("POST", _JOBS + "/{job}/pause", jobs.pause_job, _WRITE_JOBS),
    Route("POST", _JOBS + "/{job}/restart", jobs.restart_job, _WRITE_JOBS),
    Route("POST", _JOBS + "/{job}/provisionOnDemand", jobs.provision_on_demand, _WRITE_JOBS),
)


def _pattern(path: str) -> re.Pattern[str]:
    """{name} is one segment; {name:a|b} is one that starts with a or b."""
    parts = []
    for segment in path.split("/"):
        name, _colon, prefixes = segment.strip("{}").partition(":")
        if not segment.startswith("{"):
            parts.append(re.escape(segment))
        elif prefixes:
            starts = "|".join(map(re.escape, prefixes.split("|")))
            parts.append(f"(?P<{name}>(?:{starts})[^/]+)")
        else:
            parts.append(f"(?P<{name}>[^/]+)")
    return re.compile("/".join(parts), re.IGNORECASE)


_TABLE = [(route, _pattern(route.path)) for route in ROUTES]


class GraphDoor:
    """Serves requests that carry a good token."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    async def serve(self, request: GraphRequest, in_batch: bool = False, client_request_id: str = "") -> Reply:
        """One request or one item of a batch: the answer, errors included, and its line in the log."""
        tenant = self._tenant
        fault = tenant.faults.find(request.method, request.path, request.caller.client_id, request.version)
        try:
            reply = await self._answer(request, in_batch, fault)
        except GraphError as error:
            request_id = str(uuid.UUID(int=tenant.random.getrandbits(128), version=4))
            body = error.body(tenant.timestamp(), request_id, client_request_id or request_id)
            reply = Reply(error.status, body, error.headers)
        self.log(request.method, request.version, request.path, reply.status, request.caller.client_id, in_batch)
        return reply

    def log(
        self, method: str, version: str, path: str, status: int, client: Optional[str], in_batch: bool = False
    ) -> None:
        """Write down what was asked and what was answered; never a body."""
        self._tenant.log.append(
            {
                "time": self._tenant.timestamp(),
                "method": method,
                "path": f"/{version}/{path}",
                "status": status,
                "client": client,
                "batch": in_batch,
            }
        )

    async def _answer(self, request: GraphRequest, in_batch: bool, fault: Optional[Fault]) -> Reply:
        if fault and fault.order.get("delaySeconds"):
            await asyncio.sleep(float(fault.order["delaySeconds"]))
        if fault and not fault.after:
            _spoil(fault)
        if not in_batch and request.path.lower() == "$batch" and request.method == "POST":
            reply = await answer_batch(self._tenant, request, lambda item: self.serve(item, in_batch=True))
        else:
            reply = await self._handle(request)
        if fault and fault.after:
            _spoil(fault)
        return reply

    async def _handle(self, request: GraphRequest) -> Reply:
        route = _find(request)
        if not set(route.permissions) & request.caller.permissions:
            raise denied()
        if request.method != "GET":
            self._charge(request)
            if not request.typed:
                raise bad_request("Write request id : the request has a body but no Content-Type header.", "BadRequest")
        found = route.handler(self._tenant, request)
        reply: Reply = await found if inspect.isawaitable(found) else found
        share = self._tenant.quota.share(request.caller.client_id) if request.method != "GET" else None
        if share is not None:
            reply.headers["x-ms-throttle-limit-percentage"] = share
        return reply

    def _charge(self, request: GraphRequest) -> None:
        client = request.caller.client_id
        retry_after = self._tenant.quota.spend(client)
        if retry_after is not None:
            scope = f"Tenant_Application/ReadWrite/{client}/{self._tenant.id}"
            headers = {
                "Retry-After": retry_after,
                "x-ms-throttle-scope": scope,
                "x-ms-throttle-information": "WriteLimitExceeded",
            }
            raise GraphError(429, "TooManyRequests", "Too many requests.", headers=headers)


class ConnectionDropped(Exception):
    """An ordered fault: the connection breaks before the answer."""


def _spoil(fault: Fault) -> None:
    order = fault.order
    if order.get("drop"):
        raise ConnectionDropped
    if "status" in order:
        raise GraphError(
            int(order["status"]),
            order.get("code", "UnknownError"),
            order.get("message", "An ordered fault of the rehearsal tenant."),
            headers={str(name): str(value) for name, value in order.get("headers", {}).items()},
        )


def _find(request: GraphRequest) -> Route:
    other_method = False
    for route, pattern in _TABLE:
        hit = pattern.fullmatch(request.path)
        if hit and route.method == request.method:
            request.parameters = hit.groupdict()
            return route
        other_method = other_method or hit is not None
    if other_method:
        raise method_not_allowed()
    if request.path.lower().rstrip("/") == "directory/deleteditems":
        raise bad_request("The type of the deleted items must be given by a cast, e.g. microsoft.graph.user.")
    raise bad_request(f"Resource not found for the segment '{request.path.split('/')[0]}'.", "BadRequest")
