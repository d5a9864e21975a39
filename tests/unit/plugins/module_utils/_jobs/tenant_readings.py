# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tenants of ``graph_double`` to read, and their readings."""

from __future__ import annotations

from types import SimpleNamespace

from graph_double import Graph, pim_for_groups

from ansible_collections.hybrid.identity.plugins.module_utils._jobs.lookups import Lookups
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.tenant_reading import read_tenant
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.user_details import UserDetails

DELETED_USERS = "/directory/deletedItems/microsoft.graph.user"
DELETED_GROUPS = "/directory/deletedItems/microsoft.graph.group"
ASSIGNMENTS = "/roleManagement/directory/roleAssignments"
ELIGIBILITIES = "/roleManagement/directory/roleEligibilityScheduleInstances"
ADMIN = {"id": "r1", "displayName": "Global Administrator", "templateId": "t1"}


def user(number, **properties):
    return {"id": f"u{number}", "userPrincipalName": f"user{number}@contoso.com", **properties}


def group(group_id, **properties):
    return {"id": group_id, "displayName": group_id.title(), **properties}


def assigned(principal, role="r1"):
    return {"id": f"{principal}-{role}", "principalId": principal, "roleDefinitionId": role}


def read(graph, protected=(), written=()):
    reading = read_tenant(graph, (), dict.fromkeys(written, SimpleNamespace(status="confirmed")), protected)
    reading.details.close()
    return reading


def unknown(reading):
    return [one["permission"] for one in reading.facts.unchecked]


def roles_graph(**more):
    graph = Graph(
        users=[user(number) for number in range(1, 8)],
        groups=[group("admins", isAssignableToRole=True), group("staff")],
        **more,
    )
    graph.collections["/roleManagement/directory/roleDefinitions"] = [ADMIN]
    graph.collections[ASSIGNMENTS] = [assigned("u1"), assigned("admins")]
    graph.collections["/groups/admins/members"] = [{"id": "u2"}]
    graph.collections["/groups/admins/owners"] = [{"id": "u3"}]
    graph.collections[pim_for_groups("admins")] = [
        {"principalId": "u4", "accessId": "member"},
        {"principalId": "u5", "accessId": "owner"},
    ]
    graph.collections[ELIGIBILITIES] = [assigned("u6")]
    return graph


def lookups_of(graph):
    return Lookups(graph, UserDetails())
