# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recycle bin, tenant resources, batches, quota, permissions, faults, and the control door."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import pytest
from rehearsal_support import CLIENT_ID, SECRET, START, TENANT_ID, user

DENIED = (403, "Authorization_RequestDenied")
ADVANCED = {"ConsistencyLevel": "eventual"}
BIN = "/directory/deletedItems"
SYNC = "/directory/onPremisesSynchronization"
EVERYTHING = [
    "User.ReadWrite.All",
    "User.DeleteRestore.All",
    "OnPremDirectorySynchronization.ReadWrite.All",
    "Organization.Read.All",
]


def client(*permissions, **more):
    given = {"clientId": CLIENT_ID, "secret": SECRET, "permissions": list(permissions), **more}
    return {"settings": {"clients": [given]}}


# Recycle bin


@pytest.fixture
def bin_of_two(start):
    return start(
        users=[user("live", onPremisesImmutableId="x")],
        deletedUsers=[
            user("twin", onPremisesImmutableId="x", deletedDateTime="2026-11-01T00:00:00Z"),
            user("other", onPremisesImmutableId="y", deletedDateTime="2026-11-20T00:00:00Z"),
        ],
        **client(*EVERYTHING),
    )


def test_the_cast_is_mandatory(bin_of_two):
    assert bin_of_two.get(BIN).status_code == 400
    for cast in ("microsoft.graph.user", "graph.user"):
        answer = bin_of_two.get(f"{BIN}/{cast}?$select=id,deletedDateTime,onPremisesImmutableId").json()
        assert {item["onPremisesImmutableId"] for item in answer["value"]} == {"x", "y"}
    assert bin_of_two.get(f"{BIN}/microsoft.graph.device").status_code == 400


def test_sorting_the_bin_is_advanced(bin_of_two):
    path = f"{BIN}/microsoft.graph.user?$orderby=deletedDateTime desc&$select=onPremisesImmutableId&$count=true"
    assert bin_of_two.get(path).status_code == 400
    answer = bin_of_two.get(path, headers=ADVANCED).json()
    assert [item["onPremisesImmutableId"] for item in answer["value"]] == ["y", "x"]


def test_a_deleted_user_is_not_under_users(bin_of_two):
    assert bin_of_two.get(f"/users/{user('other')['id']}").status_code == 404
    assert bin_of_two.get(f"{BIN}/{user('other')['id']}").json()["@odata.type"] == "#microsoft.graph.user"
    assert bin_of_two.get(f"{BIN}/{user('other')['id']}/microsoft.graph.user").status_code == 200
    assert bin_of_two.get(f"{BIN}/{user('other')['id']}/microsoft.graph.group").status_code == 404


def test_restore_brings_the_same_object_back(bin_of_two):
    answer = bin_of_two.graph("POST", f"{BIN}/{user('other')['id']}/restore")
    assert (answer.status_code, answer.json()["id"]) == (200, user("other")["id"])
    back = bin_of_two.user(user("other")["id"])
    assert (back["deleted"], back["onPremisesImmutableId"], back["deletedDateTime"]) == (False, "y", None)
    assert bin_of_two.graph("POST", f"{BIN}/{user('other')['id']}/restore").status_code == 404


def test_restore_is_refused_while_a_live_user_holds_the_anchor(bin_of_two):
    answer = bin_of_two.graph("POST", f"{BIN}/{user('twin')['id']}/restore")
    assert answer.json()["error"]["details"][1]["target"] == f"User_{user('live')['id']}"


def test_purging_is_final_and_frees_the_anchor(bin_of_two):
    assert bin_of_two.graph("DELETE", f"{BIN}/{user('other')['id']}").status_code == 204
    assert bin_of_two.get(f"{BIN}/{user('other')['id']}").status_code == 404
    assert bin_of_two.patch("live@contoso.com", {"onPremisesImmutableId": "y"}).status_code == 204


def test_the_bin_keeps_thirty_days(bin_of_two):
    bin_of_two.advance(10 * 86400)
    bin_of_two.forget_tokens()
    left = bin_of_two.get(f"{BIN}/microsoft.graph.user").json()["value"]
    assert [item["id"] for item in left] == [user("other")["id"]]


def test_restoring_needs_its_permission(start):
    rehearsal = start(deletedUsers=[user("twin")], **client("User.Read.All"))
    assert rehearsal.error(rehearsal.graph("POST", f"{BIN}/{user('twin')['id']}/restore")) == DENIED


# The tenant's own resources


def test_the_organization_is_a_collection_of_one(start):
    rehearsal = start(
        users=[user("ann", onPremisesSyncEnabled=True, onPremisesLastSyncDateTime="2026-11-01T00:00:00Z")]
    )
    value = rehearsal.get("/organization").json()["value"]
    assert len(value) == 1
    assert (value[0]["id"], value[0]["onPremisesSyncEnabled"]) == (TENANT_ID, True)
    assert value[0]["onPremisesLastSyncDateTime"] == "2026-11-01T00:00:00Z"
    assert {item["name"] for item in value[0]["verifiedDomains"]} == {"contoso.com", "contoso.onmicrosoft.com"}
    assert rehearsal.get(f"/organization/{TENANT_ID}?$select=id").json()["id"] == TENANT_ID


def test_a_tenant_without_synchronization_says_null(start):
    assert start(users=[user("ann")]).get("/organization").json()["value"][0]["onPremisesSyncEnabled"] is None


def test_domains(start):
    rehearsal = start(domains=["contoso.onmicrosoft.com", {"id": "new.com", "isVerified": False}])
    value = {item["id"]: item for item in rehearsal.get("/domains").json()["value"]}
    assert value["contoso.onmicrosoft.com"]["isInitial"] is True
    assert rehearsal.get("/domains/new.com").json()["isVerified"] is False
    assert rehearsal.get("/domains/nope.com").status_code == 404


def test_contested_whether_an_app_may_read_the_features(start):
    rehearsal = start(features={"blockSoftMatchEnabled": True})
    value = rehearsal.get(SYNC).json()["value"]
    assert (len(value), value[0]["id"], value[0]["features"]["blockSoftMatchEnabled"]) == (1, TENANT_ID, True)
    assert rehearsal.get(f"{SYNC}/{TENANT_ID}").json()["id"] == TENANT_ID
    rehearsal.set(appOnlySyncFeatures="refuse")
    assert rehearsal.error(rehearsal.get(SYNC)) == DENIED


def test_features_are_changed_one_by_one_and_some_for_good(start):
    rehearsal = start(**client(*EVERYTHING))
    path = f"{SYNC}/{TENANT_ID}"

    def change(**features):
        return rehearsal.graph("PATCH", path, json={"features": features}).status_code

    assert change(blockSoftMatchEnabled=True) == 204
    assert rehearsal.get(path).json()["features"]["blockSoftMatchEnabled"] is True
    assert change(softMatchOnUpnEnabled=False) == 400
    assert change(nopeEnabled=True) == 400
    assert rehearsal.graph("PATCH", SYNC, json={}).status_code == 405


def test_reading_the_features_needs_their_permission(start):
    rehearsal = start(**client("User.Read.All"))
    assert rehearsal.error(rehearsal.get(SYNC)) == DENIED


# Permissions


@pytest.mark.parametrize(
    ("permission", "path"),
    [
        ("User.Read.All", "/users"),
        ("User.Read.All", f"{BIN}/microsoft.graph.user"),
        ("Organization.Read.All", "/organization"),
        ("Domain.Read.All", "/domains"),
        ("Group.Read.All", "/groups"),
        ("OrgContact.Read.All", "/contacts"),
        ("Application.Read.All", "/servicePrincipals"),
    ],
)
def test_each_resource_asks_for_its_own_permission(start, permission, path):
    assert start(**client(permission)).get(path).status_code == 200
    assert start(**client("Calendars.Read")).get(path).status_code == 403


def test_a_reader_does_not_write(start):
    rehearsal = start(users=[user("ann")], **client("User.Read.All"))
    assert rehearsal.error(rehearsal.patch("ann@contoso.com", {"jobTitle": "X"})) == DENIED


def test_an_unknown_path_method_and_version(start):
    rehearsal = start()
    assert rehearsal.error(rehearsal.get("/nope")) == (400, "BadRequest")
    assert rehearsal.error(rehearsal.graph("PUT", "/users")) == (405, "Request_BadRequest")
    assert rehearsal.error(rehearsal.get("/users", version="v2.0")) == (400, "BadRequest")


def test_errors_carry_the_ids_that_support_asks_for(start):
    rehearsal = start()
    inner = rehearsal.get("/nope", headers={"client-request-id": "mine"}).json()["error"]["innerError"]
    assert inner["client-request-id"] == "mine"
    assert inner["request-id"]
    assert inner["date"] == "2026-11-23T12:00:00Z"


# Batches


def patch_item(number, name, value):
    return {
        "id": str(number),
        "method": "PATCH",
        "url": f"/users/{name}@contoso.com",
        "headers": {"Content-Type": "application/json"},
        "body": {"onPremisesImmutableId": value},
    }


def batch(rehearsal, *items):
    return rehearsal.graph("POST", "/$batch", json={"requests": list(items)})


def test_a_batch_is_answered_in_another_order_with_errors_inside(start):
    rehearsal = start(users=[user(f"u{number}") for number in range(20)])
    items = [patch_item(number, f"u{number}", f"v{number}") for number in range(19)] + [patch_item(19, "nobody", "x")]
    answer = batch(rehearsal, *items)
    assert answer.status_code == 200
    responses = answer.json()["responses"]
    assert [int(item["id"]) for item in responses] != list(range(20))
    status = {item["id"]: item["status"] for item in responses}
    assert status == {**{str(number): 204 for number in range(19)}, "19": 404}
    assert rehearsal.user("u7@contoso.com")["onPremisesImmutableId"] == "v7"
    log = rehearsal.control("GET", "/requests")["requests"]
    assert sum(row["batch"] for row in log) == 20
    assert [row["path"] for row in log if not row["batch"]] == ["/v1.0/$batch"]


@pytest.mark.parametrize(
    "items",
    [
        [],
        [patch_item(number, "a", "b") for number in range(21)],
        [patch_item("a", "a", "b"), patch_item("A", "a", "b")],
        [{"id": "1", "method": "GET"}],
        [{"id": "1", "method": "GET", "url": "/users", "dependsOn": ["2"]}],
    ],
)
def test_batches_that_are_refused_whole(start, items):
    assert batch(start(), *items).status_code == 400


def test_items_have_their_own_headers_and_queries(start):
    rehearsal = start(users=[user("ann", onPremisesSyncEnabled=True), user("bob")])
    url = "/users?$filter=onPremisesSyncEnabled%20ne%20true&$count=true&$select=displayName"
    items = [
        {"id": "with", "method": "GET", "url": url, "headers": ADVANCED},
        {"id": "without", "method": "GET", "url": url},
        {"id": "typeless", "method": "PATCH", "url": "/users/ann@contoso.com", "body": {"usageLocation": "DE"}},
        {
            "id": "nested",
            "method": "POST",
            "url": "/$batch",
            "headers": {"Content-Type": "application/json"},
            "body": {},
        },
    ]
    found = {item["id"]: item for item in batch(rehearsal, *items).json()["responses"]}
    assert [item["displayName"] for item in found["with"]["body"]["value"]] == ["Bob"]
    assert [found[name]["status"] for name in ("without", "typeless", "nested")] == [400, 400, 400]


def test_dependants_of_a_failure_are_not_tried(start):
    rehearsal = start(users=[user("ann")])
    first, second = patch_item(1, "nobody", "x"), {**patch_item(2, "ann", "y"), "dependsOn": ["1"]}
    status = {item["id"]: item["status"] for item in batch(rehearsal, first, second).json()["responses"]}
    assert status == {"1": 404, "2": 424}
    assert "onPremisesImmutableId" not in rehearsal.user("ann@contoso.com")


# Write quota


def test_the_write_quota_is_a_bucket_that_refills(start):
    rehearsal = start(users=[user("ann")], settings={"writeQuota": 3, "writeQuotaWindowSeconds": 30})

    def write():
        return rehearsal.patch("ann@contoso.com", {"jobTitle": "X"})

    assert [write().status_code for _number in range(4)] == [204, 204, 204, 429]
    refused = write()
    assert refused.headers["retry-after"] == "10"
    assert refused.headers["x-ms-throttle-information"] == "WriteLimitExceeded"
    assert refused.json()["error"]["code"] == "TooManyRequests"
    assert rehearsal.get("/users").status_code == 200
    rehearsal.advance(10)
    assert [write().status_code for _number in range(2)] == [204, 429]


def test_answers_tell_when_most_of_the_quota_is_used_up(start):
    rehearsal = start(users=[user("ann")], settings={"writeQuota": 10, "writeQuotaWindowSeconds": 100})
    rehearsal.control("POST", "/clock", json={"frozen": True})
    told = [
        rehearsal.patch("ann@contoso.com", {"jobTitle": str(number)}).headers.get("x-ms-throttle-limit-percentage")
        for number in range(10)
    ]
    assert told == [None] * 7 + ["0.80", "0.90", "1.00"]
    assert "x-ms-throttle-limit-percentage" not in rehearsal.get("/users").headers


def test_each_request_may_take_its_time_and_a_batch_is_one(start):
    rehearsal = start(users=[user("ann")], settings={"latencySeconds": 0.15})
    began = time.monotonic()
    assert rehearsal.get("/users").status_code == 200
    assert time.monotonic() - began >= 0.15
    began = time.monotonic()
    batch(rehearsal, *(patch_item(number, "ann", f"v{number}") for number in range(20)))
    assert 0.15 <= time.monotonic() - began < 20 * 0.15


@pytest.mark.parametrize(("style", "text"), [("decimal", "10.000"), ("date", "Mon, 23 Nov 2026 12:00:10 GMT")])
def test_retry_after_is_written_in_more_than_one_way(start, style, text):
    settings = {"writeQuota": 1, "writeQuotaWindowSeconds": 10, "retryAfter": style}
    rehearsal = start(users=[user("ann")], settings=settings)
    rehearsal.control("POST", "/clock", json={"frozen": True})
    rehearsal.patch("ann@contoso.com", {"jobTitle": "X"})
    assert rehearsal.patch("ann@contoso.com", {"jobTitle": "X"}).headers["retry-after"] == text


def test_a_batch_spends_one_write_per_item_and_is_refused_inside(start):
    rehearsal = start(users=[user("ann")], settings={"writeQuota": 2, "writeQuotaWindowSeconds": 10})
    answer = batch(rehearsal, *(patch_item(number, "ann", f"v{number}") for number in range(4)))
    assert answer.status_code == 200
    found = {item["id"]: item for item in answer.json()["responses"]}
    assert [found[str(number)]["status"] for number in range(4)] == [204, 204, 429, 429]
    assert found["3"]["headers"]["Retry-After"] == "5"


def test_no_quota(start):
    rehearsal = start(users=[user("ann")], settings={"writeQuota": 0})
    assert {rehearsal.patch("ann@contoso.com", {"jobTitle": "X"}).status_code for _number in range(20)} == {204}


# Faults


def test_a_fault_hits_what_it_names_as_often_as_it_says(start):
    rehearsal = start(users=[user("ann"), user("bob")])
    order = {"method": "PATCH", "path": "/ann@", "status": 503, "code": "ServiceUnavailable", "times": 2, "skip": 1}
    order["headers"] = {"Retry-After": "2.5"}
    rehearsal.control("POST", "/faults", json=order)
    status = [rehearsal.patch("ann@contoso.com", {"jobTitle": str(number)}).status_code for number in range(4)]
    assert status == [204, 503, 503, 204]
    assert rehearsal.control("GET", "/faults") == {"faults": []}


@pytest.mark.parametrize("path", ["^users/", "/users/", "^/v1.0/users/", "users/ann@contoso.com$"])
def test_a_fault_names_the_path_with_or_without_the_version(start, path):
    rehearsal = start(users=[user("ann")])
    rehearsal.control("POST", "/faults", json={"path": path, "status": 503, "skip": 1, "times": 1})
    assert [rehearsal.get("/users/ann@contoso.com").status_code for _number in range(3)] == [200, 503, 200]


def test_a_fault_after_the_work_leaves_the_write_done(start):
    rehearsal = start(users=[user("ann")])
    rehearsal.control("POST", "/faults", json={"method": "PATCH", "status": 500, "when": "after"})
    assert rehearsal.patch("ann@contoso.com", {"jobTitle": "done"}).status_code == 500
    assert rehearsal.user("ann@contoso.com")["jobTitle"] == "done"


def test_faults_reach_into_batches(start):
    rehearsal = start(users=[user("ann"), user("bob")])
    rehearsal.control("POST", "/faults", json={"path": "users/bob@", "status": 429, "headers": {"Retry-After": "7"}})
    answer = batch(rehearsal, patch_item(1, "ann", "a"), patch_item(2, "bob", "b")).json()["responses"]
    found = {item["id"]: item for item in answer}
    assert (found["1"]["status"], found["2"]["status"], found["2"]["headers"]["Retry-After"]) == (204, 429, "7")


@pytest.mark.parametrize(
    "order", [{}, {"status": 1, "nope": 1}, {"status": "x"}, {"status": 1, "path": "("}, {"status": 5, "when": "x"}]
)
def test_senseless_faults_are_refused(start, order):
    answer = start().http("POST", "/_control/faults", json=order)
    assert answer.status_code == 400
    assert "fault" in answer.json()["error"]


# Control


def test_settings_and_features_change_at_once(start):
    rehearsal = start()
    body = {"listLagSeconds": 5, "features": {"blockSoftMatchEnabled": True}}
    answer = rehearsal.control("PATCH", "/settings", json=body)
    assert answer["settings"]["listLagSeconds"] == 5
    assert answer["features"]["blockSoftMatchEnabled"] is True
    assert {item["setting"] for item in answer["assumptions"]} >= {"patchFormerlySynced", "roleCheck"}
    assert SECRET not in str(answer)
    for wrong in ({"nope": 1}, {"listLagSeconds": -1}, {"roleCheck": "x"}, {"features": {"nope": True}}):
        assert rehearsal.http("PATCH", "/_control/settings", json=wrong).status_code == 400


def test_a_role_is_given_while_the_tenant_runs(start):
    rehearsal = start(users=[user("jane"), user("root")], roles=[{"user": "root@contoso.com", "role": "Global Reader"}])
    given = {"user": "jane@contoso.com", "role": "Helpdesk Administrator"}
    assert rehearsal.control("POST", "/roles", json=given)["principal_id"] == user("jane")["id"]
    shown = rehearsal.get("/roleManagement/directory/roleAssignments").json()["value"]
    assert [item["principalId"] for item in shown] == [user("root")["id"], user("jane")["id"]]
    for wrong in ({"user": "nobody@contoso.com", "role": "X"}, {"user": "jane@contoso.com"}, {"nope": 1}):
        assert rehearsal.http("POST", "/_control/roles", json=wrong).status_code == 400
    rehearsal.control("POST", "/reset")
    assert len(rehearsal.get("/roleManagement/directory/roleAssignments").json()["value"]) == 1


def test_clients_can_be_added(start):
    rehearsal = start()
    other = "cccccccc-0000-4000-8000-000000000003"
    rehearsal.set(clients=[{"clientId": other, "secret": "another-secret", "permissions": []}])
    assert rehearsal.get("/users", token=rehearsal.token(other, "another-secret")).status_code == 403


def test_the_clock_moves_dates_and_stops(start):
    rehearsal = start()
    rehearsal.control("POST", "/clock", json={"frozen": True})
    assert rehearsal.control("POST", "/clock", json={"advanceSeconds": 3600}) == {
        "now": "2026-11-23T13:00:00Z",
        "frozen": True,
    }
    date = parsedate_to_datetime(rehearsal.get("/users").headers["date"])
    assert date.timestamp() == START + 3600
    assert rehearsal.http("POST", "/_control/clock", json={"advanceSeconds": -1}).status_code == 400


def test_reset_starts_over_and_keeps_tokens_good(start):
    rehearsal = start(users=[user("ann")])
    rehearsal.patch("ann@contoso.com", {"jobTitle": "X"})
    rehearsal.set(listLagSeconds=5)
    rehearsal.control("POST", "/reset")
    assert "jobTitle" not in rehearsal.user("ann@contoso.com")
    assert rehearsal.control("GET", "/settings")["settings"]["listLagSeconds"] == 0
    assert rehearsal.get("/users").status_code == 200


def test_others_change_the_world_past_all_permissions(start):
    rehearsal = start(users=[user("ann", onPremisesSyncEnabled=True)])
    changed = rehearsal.control("PATCH", "/users/ann@contoso.com", json={"onPremisesImmutableId": "x", "deleted": True})
    assert (changed["onPremisesImmutableId"], changed["deleted"]) == ("x", True)
    assert rehearsal.control("GET", "/users")["deletedUsers"][0]["id"] == user("ann")["id"]
    assert rehearsal.http("GET", "/_control/users/nobody").status_code == 404


def test_the_control_door_is_closed_to_web_pages_and_foreign_names(start):
    rehearsal = start()
    assert rehearsal.http("GET", "/_control/users", headers={"origin": "https://evil.example"}).status_code == 403
    assert rehearsal.http("GET", "/_control/users", headers={"host": "evil.example"}).status_code == 421
