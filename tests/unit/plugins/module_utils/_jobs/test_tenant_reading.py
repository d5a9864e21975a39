# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One reading of a tenant: what it finds, what stays unknown, and what it costs."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
from graph_double import TENANT, Graph, pim_for_groups
from tenant_readings import (
    ASSIGNMENTS,
    DELETED_GROUPS,
    DELETED_USERS,
    ELIGIBILITIES,
    assigned,
    group,
    lookups_of,
    read,
    roles_graph,
    unknown,
    user,
)

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._graph.users import (
    PLAN_PROPERTIES,
    USER_PROPERTIES,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import Holder
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.tenant_reading import read_tenant

# What it finds


def test_the_tenant_as_it_is():
    graph = Graph(
        users=[user(1, mail="u1@contoso.com")],
        domains=[{"id": "Contoso.COM", "isVerified": True}, {"id": "new.example", "isVerified": False}],
    )
    graph.objects["/directory/onPremisesSynchronization"] = {
        "value": [{"id": TENANT, "features": {"blockSoftMatchEnabled": True}}]
    }
    facts = read(graph).facts
    assert facts.id == TENANT
    assert facts.organization["onPremisesSyncEnabled"] is True
    assert facts.domain_of("x@CONTOSO.com")["isVerified"] is True
    assert facts.domain_of("x@new.example")["isVerified"] is False
    assert facts.domain_of("x@nowhere.example") == {}
    assert facts.feature("blockSoftMatchEnabled") is True
    assert facts.feature("blockCloudObjectTakeoverThroughHardMatchEnabled") is None
    assert facts.unchecked == ()


def test_details_have_all_that_was_listed_and_only_of_live_users():
    graph = Graph(users=[user(1, city="Köln\n", proxyAddresses=["SMTP:a@x"]), user(2)])
    graph.collections[DELETED_USERS] = [user(3)]
    reading = read_tenant(graph, (), {})
    try:
        details = reading.details.of("u1")
        assert set(details) == set(PLAN_PROPERTIES)
        assert (details["city"], details["proxyAddresses"], details["state"]) == ("Köln\n", ["SMTP:a@x"], None)
        assert reading.details.of("u2")["userPrincipalName"] == "user2@contoso.com"
        assert reading.details.of("u3") == {}
    finally:
        reading.details.close()
    assert reading.index.user("u3").deleted


def test_a_user_written_a_moment_ago_is_read_by_id():
    graph = Graph(users=[user(1, onPremisesImmutableId=None)])
    graph.objects["/users/u1"] = user(1, onPremisesImmutableId="new==", city="Bonn")
    reading = read_tenant(graph, (), {"u1": SimpleNamespace(status="confirmed")})
    assert reading.index.user("u1").immutable_id == "new=="
    assert reading.details.of("u1")["city"] == "Bonn"
    reading.details.close()


def test_addresses_of_groups_contacts_and_deleted_groups():
    graph = Graph(
        groups=[group("g1", proxyAddresses=["SMTP:Sales@x.org", "smtp:old@x.org"], mail="sales@x.org")],
        contacts=[{"id": "c1", "displayName": "Ann", "mail": "ann@fabrikam.com", "onPremisesSyncEnabled": True}],
    )
    graph.collections[DELETED_GROUPS] = [group("g2", proxyAddresses=["SMTP:sales@x.org"])]
    book = read(graph).facts.addresses
    assert book.holders("sales@x.org") == (
        Holder("group", "g1", "G1"),
        Holder("group", "g2", "G2", deleted=True),
    )
    assert book.holders("old@x.org") == (Holder("group", "g1", "G1"),)
    assert book.holders("ann@fabrikam.com") == (Holder("contact", "c1", "Ann", synced=True),)
    assert book.holders("nobody@contoso.com") == ()


def test_rules_of_dynamic_groups_that_run():
    graph = Graph(
        groups=[
            group("sales", membershipRule='user.department -eq "Sales"', membershipRuleProcessingState="On"),
            group("north", membershipRule='(user.department -eq "N") or (user.mobile -ne null)'),
            group("rest", membershipRule='user.city -eq "X"', membershipRuleProcessingState="Paused"),
        ]
    )
    assert read(graph).facts.rule_properties == {"department": ["Sales", "North"], "mobile": ["North"]}


# What may not be read


@pytest.mark.parametrize(
    ("path", "permission", "field"),
    [
        ("/organization", "Organization.Read.All", "organization"),
        ("/domains", "Domain.Read.All", "domains"),
        ("/directory/onPremisesSynchronization", "OnPremDirectorySynchronization.Read.All", "features"),
    ],
)
def test_what_is_refused_stays_unknown(path, permission, field):
    graph = Graph()
    graph.refused[path] = 403
    reading = read(graph)
    assert getattr(reading.facts, field) is None
    assert len(unknown(reading)) == 1
    assert permission in unknown(reading)[0]


@pytest.mark.parametrize(
    ("path", "permission"),
    [("/groups", "Group.Read.All"), (DELETED_GROUPS, "Group.Read.All"), ("/contacts", "OrgContact.Read.All")],
)
def test_addresses_that_may_not_be_read_are_unknown(path, permission):
    graph = Graph()
    graph.refused[path] = 403
    (unchecked,) = read(graph).facts.unchecked
    assert "addresses" in unchecked["what"]
    assert unchecked["permission"] == permission


def test_the_organization_knows_the_verified_domains_too():
    graph = Graph()
    graph.refused["/domains"] = 403
    graph.objects["/organization"]["value"][0]["verifiedDomains"] = [
        {"name": "Contoso.com", "type": "Federated", "isDefault": True, "isInitial": False}
    ]
    reading = read(graph)
    assert reading.facts.domain_of("x@contoso.com") == {
        "id": "Contoso.com",
        "isVerified": True,
        "isDefault": True,
        "isInitial": False,
        "authenticationType": "Federated",
    }
    assert reading.facts.domain_of("x@other.example") == {}
    assert unknown(reading) == []


@pytest.mark.parametrize("path", ["/users", "/groups", "/domains", ASSIGNMENTS, ELIGIBILITIES])
def test_a_fault_is_no_unknown(path):
    graph = Graph()
    graph.refused[path] = 500
    with pytest.raises(GraphError):
        read(graph)


def test_a_fault_among_many_is_no_unknown():
    graph = roles_graph()
    graph.refused["/groups/admins/members"] = 503
    with pytest.raises(GraphError):
        read(graph)


# Protected users


def test_a_protected_group_protects_all_who_are_in_it():
    graph = Graph(
        users=[user(1)],
        groups=[group("g1", displayName="Break Glass"), group("g2", mail="Ops@contoso.com"), group("g3")],
    )
    graph.collections["/groups/g1/transitiveMembers"] = [{"id": "u1"}]
    graph.collections["/groups/g2/transitiveMembers"] = [{"id": f"m{number}"} for number in range(2000)]
    graph.collections["/groups/g3/transitiveMembers"] = [{"id": "u9"}]
    names = ("break glass", "ops@contoso.com", "G3", "u1", "USER1@contoso.com", "misspelt")
    reading = read(graph, names)
    assert reading.facts.protected_members == {"u1", "u9", *(f"m{number}" for number in range(2000))}
    assert reading.strangers == ("misspelt",)


def test_groups_of_one_name_protect_both():
    graph = Graph(groups=[group("g1", displayName="Ops"), group("g2", displayName="ops")])
    for one in ("g1", "g2"):
        graph.collections[f"/groups/{one}/transitiveMembers"] = [{"id": f"{one}-member"}]
    assert read(graph, ["OPS"]).facts.protected_members == {"g1-member", "g2-member"}


@pytest.mark.parametrize("path", ["/groups", "/groups/g1/transitiveMembers"])
def test_a_protected_group_that_cannot_be_read_ends_the_run(path):
    graph = Graph(groups=[group("g1", displayName="Ops")])
    graph.refused[path] = 403
    with pytest.raises(Failure, match=r"protected_users names .*Ops.*Nothing was written"):
        read(graph, ["Ops"])


# Cloud Sync


def cloud_sync(graph, **rule):
    graph.collections["/servicePrincipals"] = [{"id": "sp1", "displayName": "Corp.local"}]
    jobs = "/servicePrincipals/sp1/synchronization/jobs"
    graph.collections[jobs] = [{"id": "AD2AADProvisioning.1", "templateId": "AD2AADProvisioning"}]
    mapping = {"sourceObjectName": "user", "enabled": True}
    graph.objects[f"{jobs}/AD2AADProvisioning.1/schema"] = {
        "synchronizationRules": [{"objectMappings": [mapping], **rule}]
    }
    return graph


ROW = {
    "distinguished_name": "CN=Ada,OU=Staff,DC=corp,DC=local",
    "in_scope": None,
    "scope_reasons": [{"code": "selection_unknown"}],
}


@pytest.mark.parametrize(("container", "in_scope"), [("OU=staff,DC=corp,DC=local", True), ("OU=x,DC=corp", False)])
def test_cloud_sync_tells_what_it_takes(container, in_scope):
    graph = cloud_sync(Graph(), containerFilter={"includedContainers": [container]})
    assert read(graph).selections.judge(ROW)[0] is in_scope


@pytest.mark.parametrize("path", ["/servicePrincipals", "/servicePrincipals/sp1/synchronization/jobs"])
def test_cloud_sync_that_may_not_be_read_is_unknown(path):
    graph = cloud_sync(Graph())
    graph.refused[path] = 403
    reading = read(graph)
    assert reading.selections.judge(ROW) == (None, ROW["scope_reasons"])
    assert unknown(reading) == ["Synchronization.Read.All and Application.Read.All"]


# The budget


def pages(count, size=999):
    return max(1, math.ceil(count / size))


def batches(count):
    return math.ceil(count / 20)


@pytest.mark.parametrize(
    ("users", "deleted", "groups", "contacts", "assignable", "roles"),
    [
        (0, 0, 0, 0, 0, 0),
        (999, 1, 1, 1, 1, 100),
        (1000, 999, 999, 1000, 6, 101),
        (20_000, 1200, 3000, 2500, 7, 340),
    ],
)
def test_the_reading_keeps_to_its_budget(users, deleted, groups, contacts, assignable, roles):
    graph = cloud_sync(Graph())
    graph.collections["/users"] = [user(number) for number in range(users)]
    graph.collections[DELETED_USERS] = [user(f"d{number}") for number in range(deleted)]
    graph.collections["/groups"] = [
        group(f"g{number}", isAssignableToRole=number < assignable) for number in range(groups)
    ]
    graph.collections["/contacts"] = [{"id": f"c{number}"} for number in range(contacts)]
    graph.collections[ASSIGNMENTS] = [assigned("u1", f"r{number}") for number in range(roles)]
    for number in range(assignable):
        for path in (f"/groups/g{number}/members", f"/groups/g{number}/owners", pim_for_groups(f"g{number}")):
            graph.collections[path] = []
    read(graph)
    listings = pages(users) + pages(deleted) + pages(groups) + 1 + pages(contacts)
    tenant = 3
    role_pages = 2 + pages(roles, 100)
    cloud_sync_job = 1 + 1 + 1
    assert graph.requests == listings + tenant + role_pages + batches(3 * assignable) + cloud_sync_job


@pytest.mark.parametrize("candidates", [1, 20, 21, 1000])
def test_look_ups_keep_to_their_budget(candidates):
    graph = Graph()
    ids = [f"u{number}" for number in range(candidates)]
    for one in ids:
        graph.objects[f"/users/{one}/onPremisesSyncBehavior"] = {"isCloudManaged": False}
        graph.objects[f"beta:/users/{one}"] = {"id": one, "onPremisesObjectIdentifier": None}
    lookups_of(graph).look_up(ids)
    assert graph.requests == 2 * batches(candidates)


def test_a_large_group_costs_a_place_in_a_further_batch_for_each_further_page():
    graph = Graph(groups=[group("g1", isAssignableToRole=True), group("g2", isAssignableToRole=True)])
    for one in ("g1", "g2"):
        graph.collections[f"/groups/{one}/members"] = [{"id": f"m{number}"} for number in range(2500)]
        graph.collections[f"/groups/{one}/owners"] = graph.collections[pim_for_groups(one)] = []
    read(graph)
    assert [size for what, size in graph.sent if what == "$batch"] == [6, 2, 2]


def test_users_written_a_moment_ago_cost_batches():
    graph = Graph()
    read(graph, written=[f"u{number}" for number in range(41)])
    assert [size for what, size in graph.sent if what == "$batch"] == [20, 20, 1]


def test_users_in_the_recycle_bin_are_listed_with_what_they_can_be_found_by():
    graph = Graph()
    read(graph)
    listed = dict(graph.sent)[DELETED_USERS].split(",")
    assert set(listed) == {*USER_PROPERTIES, "employeeId", "mailNickname", "deletedDateTime"}
