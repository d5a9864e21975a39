# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a status reads: of few people themselves, of many one listing, and what explains those who are not synced."""

from __future__ import annotations

import pytest
from graph_double import Graph

from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.diagnosis import diagnose
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.standing import (
    Expectation,
    JobState,
    SyncFacts,
)
from ansible_collections.hybrid.identity.plugins.module_utils._jobs import status_reading
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.status_reading import FEW, explain, read_people

DELETED = "/directory/deletedItems/microsoft.graph.user"
DELETED_GROUPS = "/directory/deletedItems/microsoft.graph.group"
JOBS = "/servicePrincipals/sp/synchronization/jobs"
NOON = "2026-11-23T12:00:0{}Z"
DN = "CN=u1,OU=Out,DC=corp,DC=example,DC=com"


def user_id(number):
    return f"{number:08x}-aaaa-4aaa-8aaa-aaaaaaaaaaaa"


def user(number, **properties):
    return {"id": user_id(number), "userPrincipalName": f"u{number}@example.com", "onPremisesImmutableId": f"a{number}",
            "onPremisesSyncEnabled": None, "proxyAddresses": [f"SMTP:u{number}@example.com"], **properties}  # fmt: skip


def expected(number, **changes):
    row = {"login_name": f"u{number}@example.com", "mail": f"u{number}@example.com", "distinguished_name": DN}
    return Expectation(f"u{number}@example.com", None, f"a{number}", row)._replace(**changes)


def graph_of(*users, **collections):
    graph = Graph(users=list(users), **collections)
    for body in users:
        graph.objects[f"/users/{body['id']}"] = graph.objects[f"/users/{body['userPrincipalName']}"] = body
    return graph


def explained(graph, *numbers):
    people = [expected(number) for number in numbers]
    index = read_people(graph, people, {})
    graph.sent.clear()
    found = explain(graph, index, [(one, index.find("user_principal_name", one.user)[0]) for one in people], {}, {})
    return found, people


def permissions(found):
    return {item["permission"].partition(" ")[0] for item in found.unchecked}


def test_a_few_people_are_read_themselves():
    graph = graph_of(*(user(number) for number in range(1, FEW + 1)))
    index = read_people(graph, [expected(number) for number in range(1, FEW + 1)], {})
    assert index.count == FEW
    assert {path for path, _size in graph.sent} == {"$batch", DELETED}
    assert set(graph.asked) == {"/users", *(f"/users/u{number}@example.com" for number in range(1, FEW + 1))}


def test_for_many_people_the_tenant_is_listed():
    graph = graph_of(*(user(number) for number in range(1, FEW + 2)))
    read_people(graph, [expected(number) for number in range(1, FEW + 2)], {})
    assert [path for path, _size in graph.sent] == ["/users", DELETED]


def test_nobody_is_read_for_nobody():
    graph = graph_of(user(1))
    assert read_people(graph, [], {}).count == 0
    assert graph.sent == []


def test_where_the_service_does_not_filter_a_listing_answers():
    graph = graph_of(user(1), user(2))
    answer = graph._answer

    def refuse(request, version):
        found = answer(request, version)
        if "SecurityIdentifier" in request.path:
            return found._replace(status=400, body=None, error=GraphError("No.", status=400))
        return found

    graph._answer = refuse
    one = expected(1)._replace(row={"object_sid": "S-1-5-1"})
    assert read_people(graph, [one], {}).count == 2
    assert ("/users", graph.sent[-2][1]) == graph.sent[-2]


def test_who_has_the_addresses_of_a_few_is_asked_for():
    graph = graph_of(user(1))
    graph.collections["/groups"] = [{"id": "g", "displayName": "All", "proxyAddresses": ["smtp:u1@example.com"]}]
    found, people = explained(graph, 1)
    assert [holder.name for holder in found.around.tenant.addresses.holders("u1@example.com")] == ["All"]
    subject = found.around.index.find("user_principal_name", "u1@example.com")[0]
    case = found.case(people[0], subject)
    codes = [why["code"] for why in diagnose(people[0], subject, [], SyncFacts(sync_on=True), (), case).reasons]
    assert codes == ["address_of_other_kind", "flags_unreadable"]


def test_for_many_groups_and_contacts_are_listed():
    numbers = range(1, FEW + 2)
    graph = graph_of(*map(user, numbers), contacts=[{"id": "c", "displayName": "C", "mail": "u1@example.com"}])
    found, _people = explained(graph, *numbers)
    assert [holder.kind for holder in found.around.tenant.addresses.holders("u1@example.com")] == ["contact"]
    assert [path for path, _unused in graph.sent][:3] == ["/groups", DELETED_GROUPS, "/contacts"]


def test_users_are_looked_up_some_at_a_time(monkeypatch):
    monkeypatch.setattr(status_reading, "_LOOKED_UP_AT_ONCE", 2)
    graph = graph_of(*map(user, range(1, 6)))
    found, _people = explained(graph, *range(1, 6))
    assert list(found.known) == [user_id(number) for number in range(1, 6)]
    assert [size for path, size in graph.sent if path == "$batch"][-6:] == [2, 2, 2, 2, 1, 1]


def test_of_the_synced_only_the_owners_of_parked_values_are_read():
    parked = [{"propertyCausingError": "ProxyAddresses", "value": "smtp:x@example.com"}]
    graph = graph_of(user(1, onPremisesSyncEnabled=True, onPremisesProvisioningErrors=parked))
    explained(graph, 1)
    assert {path for path, _unused in graph.sent} == {"/groups", DELETED_GROUPS, "$batch"}


@pytest.mark.parametrize(
    ("path", "permission"),
    [
        ("/groups", "Group.Read.All"),
        (DELETED_GROUPS, "Group.Read.All"),
        ("/contacts", "OrgContact.Read.All"),
        ("/roleManagement/directory/roleAssignments", "RoleManagement.Read.Directory"),
        ("/servicePrincipals", "Synchronization.Read.All"),
        (f"/users/{user_id(1)}/onPremisesSyncBehavior", "User-OnPremisesSyncBehavior.ReadWrite.All"),
    ],
)
@pytest.mark.parametrize("count", [1, FEW + 1])
def test_what_may_not_be_read_is_named_and_the_rest_is_read(path, permission, count):
    graph = graph_of(*map(user, range(1, count + 1)))
    for number in range(1, count + 1):
        graph.objects[f"/users/{user_id(number)}/onPremisesSyncBehavior"] = {"isCloudManaged": False}
        graph.objects[f"beta:/users/{user_id(number)}"] = {"onPremisesObjectIdentifier": None}
    assert permissions(explained(graph, *range(1, count + 1))[0]) == set()
    graph.refused[path] = 403
    assert permissions(explained(graph, *range(1, count + 1))[0]) == {permission}


def test_what_cloud_sync_was_told_to_take_decides_over_the_scope():
    job = {"id": "AD2AADProvisioning.1", "status": {"code": "Paused"}}
    graph = graph_of(user(1), servicePrincipals=[{"id": "sp", "displayName": "corp.example.com"}])
    graph.collections[JOBS] = [job]
    schema = {
        "containerFilter": {"includedContainers": ["OU=In,DC=corp,DC=example,DC=com"]},
        "objectMappings": [{"sourceObjectName": "user"}],
    }
    graph.objects[f"{JOBS}/AD2AADProvisioning.1/schema"] = {"synchronizationRules": [schema]}
    found, people = explained(graph, 1)
    assert found.jobs == (JobState("corp.example.com", paused=True),)
    row = found.in_scope(people[0]).row
    assert (row["in_scope"], [why["code"] for why in row["scope_reasons"]]) == (
        False,
        ["outside_cloud_sync_containers"],
    )
    # What the row says itself is not judged again.
    known = expected(1)._replace(row={"in_scope": True})
    assert found.in_scope(known) is known
    # That a job is paused is known all the same.
    graph.refused[f"{JOBS}/AD2AADProvisioning.1/schema"] = 403
    found, people = explained(graph, 1)
    assert found.jobs == (JobState("corp.example.com", paused=True),)
    assert found.in_scope(people[0]).row["in_scope"] is None
    assert "Synchronization.Read.All" in permissions(found)


@pytest.mark.parametrize("turn", [1, -1])
def test_the_newest_entry_of_the_log_counts(turn, monkeypatch):
    graph = graph_of(user(1), servicePrincipals=[{"id": "sp", "displayName": "corp.example.com"}])
    graph.collections[JOBS] = [{"id": "AD2AADProvisioning.1"}]
    graph.objects[f"{JOBS}/AD2AADProvisioning.1/schema"] = {}
    graph.collections["/auditLogs/provisioning"] = [
        {"activityDateTime": moment, "sourceIdentity": {"id": name}, "provisioningStatusInfo": {"status": "failure"}}
        for moment, name in ((NOON.format(30), "CN=other"), (NOON.format(2), DN.upper()), (NOON.format(10), DN))[::turn]
    ]
    found, people = explained(graph, 1)
    assert found.logged(people[0]).time == NOON.format(2)
    assert [path for path, _unused in graph.sent].count("/auditLogs/provisioning") == 1
    graph.refused["/auditLogs/provisioning"] = 403
    found, people = explained(graph, 1)
    assert found.logged(people[0]) is None
    assert "AuditLog.Read.All" in permissions(found)
    # Of a long log the rest is not read, and that is said.
    graph.refused.clear()
    assert "what Cloud Sync wrote down" not in str(explained(graph, 1)[0].unchecked)
    monkeypatch.setattr(status_reading, "_LOG_ENTRIES", 2)
    assert "what Cloud Sync wrote down" in str(explained(graph, 1)[0].unchecked)
