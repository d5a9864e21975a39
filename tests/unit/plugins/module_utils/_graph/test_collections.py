# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups, contacts and roles as they are asked for, and many collections at once."""

from __future__ import annotations

import json

import pytest
import responses
from graph_doubles import GRAPH

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph import groups, roles, users
from ansible_collections.hybrid.identity.plugins.module_utils._graph.collections import is_refused, read_collections
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError

V1 = f"{GRAPH}/v1.0"
DENIED = {"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges."}}


def answering(mock, answers):
    """Answer the items of batches by their path; return the batches seen, each a list of paths."""
    seen = []

    def respond(request):
        items = json.loads(request.body)["requests"]
        seen.append([item["url"] for item in items])
        results = [{"id": item["id"], "status": 404, "body": None, **answers.get(item["url"], {})} for item in items]
        return 200, {}, json.dumps({"responses": results})

    mock.add_callback(responses.POST, f"{V1}/$batch", respond)
    return seen


def page(*ids, following=None):
    body = {"value": [{"id": one} for one in ids]}
    return {"status": 200, "body": {**body, "@odata.nextLink": following} if following else body}


@pytest.mark.parametrize(
    ("read", "path", "properties"),
    [
        (groups.list_groups, "groups", {"proxyAddresses", "isAssignableToRole", "membershipRuleProcessingState"}),
        (groups.list_deleted_groups, "directory/deletedItems/microsoft.graph.group", {"proxyAddresses"}),
        (groups.list_contacts, "contacts", {"mail", "proxyAddresses", "onPremisesSyncEnabled"}),
    ],
)
def test_listings_of_groups_and_contacts(mock, make_client, read, path, properties):
    mock.get(f"{V1}/{path}", json={"value": [{"id": "1"}]})
    assert list(read(make_client())) == [{"id": "1"}]
    params = mock.calls[0].request.params
    assert properties <= set(params["$select"].split(","))
    assert params["$top"] == "999"


@pytest.mark.parametrize(
    ("read", "path", "properties"),
    [
        (roles.list_role_definitions, "roleDefinitions", {"id", "displayName", "templateId"}),
        (roles.list_role_assignments, "roleAssignments", {"principalId", "roleDefinitionId"}),
        (roles.list_role_eligibilities, "roleEligibilityScheduleInstances", {"principalId", "roleDefinitionId"}),
    ],
)
def test_listings_of_roles_come_in_pages_of_the_services_size(mock, make_client, read, path, properties):
    mock.get(f"{V1}/roleManagement/directory/{path}", json={"value": [{"id": "1"}]})
    assert list(read(make_client())) == [{"id": "1"}]
    params = mock.calls[0].request.params
    assert properties <= set(params["$select"].split(","))
    # It is not documented that they take $top.
    assert "$top" not in params


def test_a_missing_licence_is_known_by_its_code(mock, make_client):
    error = {"error": {"code": "AadPremiumLicenseRequired", "message": "m"}}
    mock.get(f"{V1}/roleManagement/directory/roleEligibilityScheduleInstances", status=400, json=error)
    with pytest.raises(GraphError) as caught:
        list(roles.list_role_eligibilities(make_client()))
    assert roles.is_not_licensed(caught.value)


def test_paths():
    assert groups.members_path("g1") == "/groups/g1/members?$select=id&$top=999"
    assert groups.owners_path("g1") == "/groups/g1/owners?$select=id&$top=999"
    assert groups.transitive_members_path("g1") == "/groups/g1/transitiveMembers?$select=id&$top=999"
    pim = "/identityGovernance/privilegedAccess/group/eligibilityScheduleInstances?$filter=groupId%20eq%20'g1'"
    assert roles.group_eligibilities_path("g1") == pim
    assert users.sync_behavior_path("u1") == "/users/u1/onPremisesSyncBehavior"
    assert users.beta_path("u1").startswith("/users/u1?$select=id,onPremisesObjectIdentifier,")


def test_collections_are_read_together_page_by_page(mock, make_client):
    answers = {
        "/a": page("1", following=f"{V1}/a?$skiptoken=x"),
        "/a?$skiptoken=x": page("2"),
        "/b": page("3"),
        "/c": page("4", following=f"{V1}/c?$skiptoken=y"),
        "/c?$skiptoken=y": {"status": 403, "body": DENIED},
    }
    seen = answering(mock, answers)
    found = read_collections(make_client(), [(name, f"/{name}") for name in "abcd"])
    assert {key: [item["id"] for item in items.values] for key, items in found.items()} == {
        "a": ["1", "2"],
        "b": ["3"],
        "c": ["4"],
        "d": [],
    }
    assert seen == [["/a", "/b", "/c", "/d"], ["/a?$skiptoken=x", "/c?$skiptoken=y"]]
    assert [is_refused(found[name]) for name in "abcd"] == [False, False, True, False]


def test_what_is_no_refusal_is_raised(mock, make_client):
    answering(mock, {"/a": {"status": 400, "body": DENIED}})
    items = read_collections(make_client(), [("a", "/a")])["a"]
    assert is_refused(items, (400, 403))
    with pytest.raises(GraphError):
        is_refused(items)


@pytest.mark.parametrize("url", ["https://elsewhere.example/v1.0/a?x", f"{GRAPH}/beta/a?x", f"{GRAPH}/v1.0"])
def test_a_next_page_elsewhere_is_not_followed(mock, make_client, url):
    answering(mock, {"/a": page("1", following=url)})
    with pytest.raises(Failure, match="lies elsewhere"):
        read_collections(make_client(), [("a", "/a")])


def test_nothing_to_read_sends_nothing(make_client):
    client = make_client()
    assert read_collections(client, []) == {}
    assert client.stats()["requests"] == 0
