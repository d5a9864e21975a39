# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who has a role or may take one up, by every way, and what stays unknown of it."""

from __future__ import annotations

import pytest
from graph_double import pim_for_groups
from tenant_readings import (
    ASSIGNMENTS,
    ELIGIBILITIES,
    assigned,
    read,
    roles_graph,
    unknown,
)

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import NOT_LICENSED


def shown(book):
    return {who: [(role.name, role.eligible, role.group) for role in roles] for who, roles in book.roles.items()}


def test_roles_by_every_way():
    book = read(roles_graph()).facts.roles
    assert shown(book) == {
        "u1": [("Global Administrator", False, None)],
        "u2": [("Global Administrator", False, "Admins")],
        "u4": [("Global Administrator", True, "Admins")],
        "u6": [("Global Administrator", True, None)],
    }
    assert book.roles["u1"][0].template_id == "t1"
    assert book.guarded == dict.fromkeys(("u2", "u3", "u4", "u5"), ("Admins",))
    assert book.eligibility == "known"


def test_a_group_may_be_eligible_and_an_app_has_no_members():
    graph = roles_graph()
    graph.collections[pim_for_groups("admins")] = [
        {"principalId": "staff", "accessId": "member"},
        {"principalId": "an-app", "accessId": "member"},
    ]
    graph.collections["/groups/staff/transitiveMembers"] = [{"id": "u7"}]
    reading = read(graph)
    assert shown(reading.facts.roles)["u7"] == [("Global Administrator", True, "Admins")]
    assert unknown(reading) == []


def test_a_tenant_without_the_licence_has_nobody_eligible():
    graph = roles_graph()
    graph.refused[ELIGIBILITIES] = (400, "AadPremiumLicenseRequired")
    reading = read(graph)
    assert reading.facts.roles.eligibility == NOT_LICENSED
    assert set(reading.facts.roles.roles) == {"u1", "u2"}
    assert unknown(reading) == []
    assert "/identityGovernance/privilegedAccess/group/eligibilityScheduleInstances" not in graph.asked


@pytest.mark.parametrize(("status", "permissions"), [(403, 1), (400, 1), (404, 0)])
def test_pim_for_groups_that_cannot_be_read_is_unknown(status, permissions):
    graph = roles_graph()
    graph.refused[pim_for_groups("admins")] = status
    reading = read(graph)
    assert unknown(reading) == ["PrivilegedEligibilitySchedule.Read.AzureADGroup"] * permissions
    assert reading.facts.roles.roles is not None


def test_pim_for_groups_without_a_licence_is_an_answer():
    graph = roles_graph()
    graph.refused[pim_for_groups("admins")] = (400, "AadPremiumLicenseRequired")
    assert unknown(read(graph)) == []


def test_eligibility_that_may_not_be_read_leaves_the_roles_held():
    graph = roles_graph()
    graph.refused[ELIGIBILITIES] = 403
    reading = read(graph)
    assert reading.facts.roles.eligibility == "unknown"
    assert set(reading.facts.roles.roles) == {"u1", "u2", "u4"}
    assert unknown(reading) == ["RoleManagement.Read.Directory"]


def test_roles_that_may_not_be_read_leave_the_groups():
    graph = roles_graph()
    graph.refused[ASSIGNMENTS] = 403
    book = read(graph).facts.roles
    assert book.roles is None
    assert set(book.guarded) == {"u2", "u3", "u4", "u5"}


def test_a_role_of_a_group_whose_members_are_hidden_may_be_anybodys():
    graph = roles_graph()
    graph.refused["/groups/admins/members"] = 403
    reading = read(graph)
    assert reading.facts.roles.complete is False
    assert "u1" in reading.facts.roles.roles
    assert unknown(reading) == ["Group.Read.All", "Group.Read.All"]


def test_hidden_owners_of_a_group_without_a_role_are_only_unknown():
    graph = roles_graph()
    graph.collections[ASSIGNMENTS] = [assigned("u1")]
    graph.refused["/groups/admins/owners"] = 403
    reading = read(graph)
    assert set(reading.facts.roles.roles) == {"u1", "u6"}
    assert unknown(reading) == ["Group.Read.All"]


@pytest.mark.parametrize(("principal", "readable"), [("u1", True), ("admins", False)])
def test_where_groups_are_closed_a_role_of_no_user_may_be_anybodys(principal, readable):
    graph = roles_graph()
    graph.refused["/groups"] = 403
    graph.collections[ASSIGNMENTS] = [assigned(principal)]
    reading = read(graph)
    assert reading.facts.roles.complete is readable
    assert "Group.Read.All" in unknown(reading)
    assert reading.facts.rule_properties is None


def test_where_groups_are_closed_an_eligible_stranger_makes_eligibility_unknown():
    graph = roles_graph()
    graph.refused["/groups"] = 403
    graph.collections[ASSIGNMENTS] = []
    graph.collections[ELIGIBILITIES] = [assigned("admins")]
    reading = read(graph)
    assert reading.facts.roles.eligibility == "unknown"
    assert reading.facts.roles.roles is not None
