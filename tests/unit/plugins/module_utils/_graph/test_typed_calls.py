# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Typed calls: users, the tenant, Cloud Sync's jobs."""

from __future__ import annotations

import json
from urllib.parse import unquote

import pytest
import responses
from graph_doubles import GRAPH

from ansible_collections.hybrid.identity.plugins.module_utils._graph import synchronization, tenant, users
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError, conflicting_ids

V1 = f"{GRAPH}/v1.0"
DENIED = {"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges."}}


def batch(mock, answer):
    """Answer each item of batches with ``answer(item)`` -> (status, body); return the items seen."""
    seen = []

    def respond(request):
        items = json.loads(request.body)["requests"]
        seen.extend(items)
        results = []
        for item in items:
            status, body = answer(item)
            results.append({"id": item["id"], "status": status, "body": body})
        return 200, {}, json.dumps({"responses": results})

    mock.add_callback(responses.POST, f"{V1}/$batch", respond)
    return seen


# Users


def test_users_are_listed_with_what_is_only_sent_on_demand(mock, make_client):
    mock.get(f"{V1}/users", json={"value": [{"id": "1"}]})
    assert list(users.list_users(make_client())) == [{"id": "1"}]
    params = mock.calls[0].request.params
    assert params["$top"] == "999"
    assert {
        "id",
        "onPremisesImmutableId",
        "onPremisesSyncEnabled",
        "onPremisesLastSyncDateTime",
        "onPremisesProvisioningErrors",
    } <= set(params["$select"].split(","))
    assert "deletedDateTime" not in params["$select"]
    # v1.0 does not know it
    assert "onPremisesObjectIdentifier" not in params["$select"]


def test_deleted_users_are_asked_for_with_their_type(mock, make_client):
    mock.get(f"{V1}/directory/deletedItems/microsoft.graph.user", json={"value": [{"id": "1"}]})
    assert list(users.list_deleted_users(make_client())) == [{"id": "1"}]
    assert "deletedDateTime" in mock.calls[0].request.params["$select"].split(",")


def test_users_by_id(mock, make_client):
    answers = {"/users/1": (200, {"id": "1"}), "/users/2": (404, None), "/users/3": (403, DENIED)}
    seen = batch(mock, lambda item: answers[item["url"].split("?")[0]])
    one, two, three = users.get_users(make_client(), ["1", "2", "3"])
    assert one == ("1", {"id": "1"}, None)
    assert two == ("2", None, None)
    assert three[:2] == ("3", None)
    assert three[2].status == 403
    assert seen[0]["url"].startswith("/users/1?$select=id,userPrincipalName,")


def test_a_manager_is_expanded_and_not_selected(mock, make_client):
    boss = {"@odata.type": "#microsoft.graph.user", "id": "9"}
    seen = batch(mock, lambda item: (200, {"id": "1", "manager": boss} if "/users/1" in item["url"] else {"id": "2"}))
    one, two = users.get_users(make_client(), ["1", "2"], "id,manager,city")
    assert (one[1]["manager"], two[1]["manager"]) == ({"id": "9"}, None)
    assert unquote(seen[0]["url"]) == "/users/1?$select=id,city&$expand=manager($select=id)"
    ((_id, plain, _error),) = users.get_users(make_client(), ["2"], "id,city")
    assert plain == {"id": "2"}


@pytest.mark.parametrize(
    ("user", "path"),
    [
        ("ada@contoso.com", "/users/ada@contoso.com"),
        ("x_y.z#EXT#@contoso.com", "/users/x_y.z%23EXT%23@contoso.com"),
        ("o'neil@contoso.com", "/users/o%27neil@contoso.com"),
        ("$o'neil@contoso.com", "/users('%24o''neil%40contoso.com')"),
        ("a/../b", "/users/a%2F..%2Fb"),
        ("jürgen@contoso.com", "/users/j%C3%BCrgen@contoso.com"),
    ],
)
def test_the_path_of_a_user(user, path):
    assert users.user_path(user) == path


def test_anchors_are_set_and_cleared_with_null(mock, make_client):
    holder = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
    conflict = {
        "error": {
            "code": "Request_BadRequest",
            "message": "m",
            "details": [
                {"code": "ObjectConflict", "target": "onPremisesImmutableId"},
                {"code": "ConflictingObjects", "target": f"User_{holder}"},
            ],
        }
    }
    seen = batch(mock, lambda item: (400, conflict) if item["url"] == "/users/2" else (204, None))
    one, two, three = users.set_immutable_ids(make_client(), [("1", "abc=="), ("2", "def=="), ("3", None)])
    assert (one, three) == (("1", None), ("3", None))
    assert conflicting_ids(two[1]) == [holder]
    assert [item["method"] for item in seen] == ["PATCH"] * 3
    assert [item["body"] for item in seen] == [
        {"onPremisesImmutableId": "abc=="},
        {"onPremisesImmutableId": "def=="},
        {"onPremisesImmutableId": None},
    ]


# Tenant


def test_the_tenant(mock, make_client):
    mock.get(f"{V1}/organization", json={"value": [{"id": "t", "onPremisesSyncEnabled": None}]})
    mock.get(f"{V1}/domains", json={"value": [{"id": "contoso.com"}]})
    mock.get(f"{V1}/directory/onPremisesSynchronization", json={"value": [{"id": "t", "features": {"x": False}}]})
    client = make_client()
    assert tenant.get_organization(client) == ({"id": "t", "onPremisesSyncEnabled": None}, None)
    assert tenant.list_domains(client) == ([{"id": "contoso.com"}], None)
    assert tenant.get_sync_features(client) == ({"id": "t", "features": {"x": False}}, None)


@pytest.mark.parametrize(
    ("read", "path", "permission"),
    [
        (tenant.get_organization, "organization", "Organization.Read.All"),
        (tenant.list_domains, "domains", "Domain.Read.All"),
        (tenant.get_sync_features, "directory/onPremisesSynchronization", "OnPremDirectorySynchronization.Read.All"),
    ],
)
def test_what_may_not_be_read_is_unknown(mock, make_client, read, path, permission):
    mock.get(f"{V1}/{path}", status=403, json=DENIED)
    value, unchecked = read(make_client())
    assert value is None
    assert permission in unchecked["permission"]
    assert unchecked["what"]


def test_sync_features_that_are_not_offered_or_empty_are_unknown(mock, make_client):
    mock.get(f"{V1}/directory/onPremisesSynchronization", status=404)
    mock.get(f"{V1}/directory/onPremisesSynchronization", json={"value": []})
    client = make_client()
    assert tenant.get_sync_features(client).value is None
    assert tenant.get_sync_features(client).unchecked is not None


def test_a_fault_is_no_unknown(mock, make_client):
    mock.get(f"{V1}/directory/onPremisesSynchronization", status=500)
    with pytest.raises(GraphError):
        tenant.get_sync_features(make_client(retry_time=0))


# Cloud Sync


def principals(mock, *found, condition="applicationTemplateId eq '1a4721b3-e57f-4451-ae87-ef078703ec94'"):
    mock.get(
        f"{V1}/servicePrincipals",
        json={"value": [{"id": id_, "displayName": name} for id_, name in found]},
        match=[responses.matchers.query_param_matcher({"$filter": condition, "$select": "id,displayName"})],
    )


def jobs(mock, principal, *found):
    mock.get(f"{V1}/servicePrincipals/{principal}/synchronization/jobs", json={"value": list(found)})


OBJECTS = {"id": "AD2AADProvisioning.abc.1", "templateId": "AD2AADProvisioning"}


def test_jobs_are_found_by_template_and_by_id(mock, make_client):
    principals(mock, ("sp1", "contoso.local"), ("sp2", "fabrikam.local"))
    jobs(mock, "sp1", OBJECTS, {"id": "AD2AADPasswordHash.abc.2", "templateId": "AD2AADPasswordHash"})
    jobs(mock, "sp2", {"id": "AD2AADProvisioning.def.3", "templateId": "ADDCInPassthrough"})
    found = synchronization.find_jobs(make_client())
    assert [(job.service_principal, job.domain, job.id) for job in found] == [
        ("sp1", "contoso.local", OBJECTS["id"]),
        ("sp2", "fabrikam.local", "AD2AADProvisioning.def.3"),
    ]


def test_a_feed_of_users_begins_now_and_begins_anew_when_it_has_forgotten(mock, make_client):
    latest = responses.matchers.query_param_matcher({"$deltatoken": "latest", "$select": users.USER_SELECT})
    change = {"value": [{"id": "1"}], "@odata.deltaLink": f"{V1}/users/delta?$deltatoken=2"}
    delta = f"{V1}/users/delta"
    mock.get(delta, match=[latest], json={"value": [], "@odata.deltaLink": f"{delta}?$deltatoken=1"})
    mock.get(f"{delta}?$deltatoken=1", json=change)
    mock.get(f"{delta}?$deltatoken=2", status=410, json={"error": {"code": "syncStateNotFound", "message": "Old."}})
    feed = users.UserFeed(make_client())
    told = []
    assert feed.tell(told.append)
    assert (feed.tell(told.append), feed.is_open) == (False, True)
    assert feed.tell(told.append)
    assert told == [{"id": "1"}] * 2


def test_a_feed_that_is_refused_is_closed(mock, make_client):
    mock.get(f"{V1}/users/delta", status=403, json=DENIED)
    assert not users.UserFeed(make_client()).is_open


def test_jobs_of_one_domain(mock, make_client):
    principals(mock, ("sp1", "contoso.local"), ("sp2", "fabrikam.local"))
    jobs(mock, "sp2", OBJECTS)
    assert [job.service_principal for job in synchronization.find_jobs(make_client(), "Fabrikam.LOCAL")] == ["sp2"]


def test_jobs_of_an_application_with_another_template(mock, make_client):
    principals(mock)
    principals(mock, ("sp9", "contoso.local"), condition="displayName eq 'contoso.local'")
    jobs(mock, "sp9", OBJECTS)
    assert [job.service_principal for job in synchronization.find_jobs(make_client(), "contoso.local")] == ["sp9"]


def test_no_jobs(mock, make_client):
    principals(mock)
    assert synchronization.find_jobs(make_client()) == []


def test_jobs_are_searched_by_their_ids_where_no_template_leads_to_them(mock, make_client):
    names = (("sp1", "Payroll"), ("sp2", "contoso.local"), ("sp3", "shop.example.com"))
    mock.get(f"{V1}/servicePrincipals", json={"value": [{"id": id_, "displayName": name} for id_, name in names]})
    bodies = {"sp2": (200, {"value": [OBJECTS, {"id": "AD2AADPasswordHash.abc.2"}]}), "sp3": (404, {})}
    asked = batch(mock, lambda item: bodies[item["url"].split("/")[2]])
    found = synchronization.search_jobs(make_client())
    assert [(job.service_principal, job.domain, job.id) for job in found] == [("sp2", "contoso.local", OBJECTS["id"])]
    assert [item["url"].split("/")[2] for item in asked] == ["sp2", "sp3"]


@pytest.mark.parametrize(("organization", "found"), [(None, 1), ({"onPremisesSyncEnabled": True}, 1), ({}, 0)])
def test_jobs_are_searched_wherever_directory_sync_may_be_on(mock, make_client, organization, found):
    principals(mock)
    every = responses.matchers.query_param_matcher({"$select": "id,displayName", "$top": "999"})
    mock.get(f"{V1}/servicePrincipals", match=[every], json={"value": [{"id": "sp2", "displayName": "contoso.local"}]})
    batch(mock, lambda item: (200, {"value": [OBJECTS]}))
    assert len(synchronization.all_jobs(make_client(), organization)) == found


def test_a_refusal_is_not_taken_for_a_tenant_without_jobs(mock, make_client):
    mock.get(f"{V1}/servicePrincipals", json={"value": [{"id": "sp2", "displayName": "contoso.local"}]})
    batch(mock, lambda item: (403, DENIED))
    with pytest.raises(GraphError, match="403"):
        synchronization.search_jobs(make_client())


def test_a_user_on_demand_is_asked_for_once(mock, make_client):
    base = f"{V1}/servicePrincipals/sp1/synchronization/jobs/{OBJECTS['id']}/provisionOnDemand"
    mock.post(base, json={"key": "{}", "value": "{}"})
    job = synchronization.SyncJob("sp1", "contoso.local", OBJECTS["id"], OBJECTS)
    body = synchronization.provision_on_demand(make_client(), job, "rule-1", "CN=Ann,DC=contoso,DC=local")
    assert body == {"key": "{}", "value": "{}"}
    subject = {"objectId": "CN=Ann,DC=contoso,DC=local", "objectTypeName": "user"}
    assert json.loads(mock.calls[0].request.body) == {"parameters": [{"ruleId": "rule-1", "subjects": [subject]}]}
    mock.replace(responses.POST, base, status=503)
    with pytest.raises(GraphError) as caught:
        synchronization.provision_on_demand(make_client(), job, "rule-1", "CN=Ann,DC=contoso,DC=local")
    assert caught.value.uncertain
    assert len(mock.calls) == 2


def test_what_a_job_can_do(mock, make_client):
    base = f"{V1}/servicePrincipals/sp1/synchronization/jobs/{OBJECTS['id']}"
    mock.get(base, json={**OBJECTS, "status": {"code": "Active"}})
    mock.get(f"{base}/schema", json={"synchronizationRules": []})
    for action in ("start", "pause", "restart"):
        mock.post(f"{base}/{action}", status=204)
    client = make_client()
    job = synchronization.SyncJob("sp1", "contoso.local", OBJECTS["id"], OBJECTS)
    assert synchronization.get_job(client, job).data["status"] == {"code": "Active"}
    assert synchronization.get_schema(client, job) == {"synchronizationRules": []}
    synchronization.start(client, job)
    synchronization.pause(client, job)
    synchronization.restart(client, job, ["Full"])
    synchronization.restart(client, job)
    assert [call.request.body for call in mock.calls][2:] == [
        None,
        None,
        b'{"criteria": {"resetScope": "Full"}}',
        b'{"criteria": {"resetScope": ""}}',
    ]
