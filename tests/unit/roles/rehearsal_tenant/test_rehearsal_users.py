# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading users: selection, paging, filters, counts, lag, the change feed."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlsplit

import pytest
from rehearsal_support import user

ANCHOR = "a+b/cLeQek2yZBzHeQEGmg=="
ADVANCED = {"ConsistencyLevel": "eventual"}
DEFAULT = {
    "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation",
    "preferredLanguage", "surname", "userPrincipalName", "id",
}  # fmt: skip


@pytest.fixture
def rehearsal(start):
    return start(
        users=[
            user("ann", onPremisesImmutableId=ANCHOR, onPremisesSyncEnabled=True, mail="ann@contoso.com"),
            user("bob", onPremisesSyncEnabled=False, proxyAddresses=["SMTP:bob@contoso.com", "smtp:rob@contoso.com"]),
            user("cid", displayName="O'Neil", createdDateTime="2026-01-01T00:00:00Z", onPremisesSamAccountName="cid"),
            user("dot", onPremisesProvisioningErrors=[{"category": "PropertyConflict", "value": "x"}]),
        ]
    )


def names(answer):
    assert answer.status_code == 200, answer.text
    return sorted(item["userPrincipalName"].partition("@")[0] for item in answer.json()["value"])


def test_without_select_only_the_eleven_default_properties_come(rehearsal):
    for answer in (rehearsal.get("/users").json()["value"][0], rehearsal.get("/users/ann@contoso.com").json()):
        assert {key for key in answer if not key.startswith("@")} == DEFAULT


def test_select_returns_what_was_asked_for_and_the_id(rehearsal):
    answer = rehearsal.get("/users/ann@contoso.com?$select=onPremisesImmutableId,proxyAddresses").json()
    assert answer.pop("@odata.context").endswith("#users/$entity")
    assert answer == {
        "onPremisesImmutableId": ANCHOR,
        "proxyAddresses": [],
        "id": user("ann")["id"],
    }


@pytest.mark.parametrize(
    "path", ["/users?$select=nope", "/users/ann@contoso.com?$select=id,onPremisesObjectIdentifier"]
)
def test_a_property_that_does_not_exist_in_this_version_is_refused(rehearsal, path):
    assert rehearsal.error(rehearsal.get(path)) == (400, "BadRequest")


def test_beta_knows_the_object_identifier(rehearsal):
    answer = rehearsal.get("/users/ann@contoso.com?$select=onPremisesObjectIdentifier", version="beta")
    assert answer.json()["onPremisesObjectIdentifier"] is None


def test_a_collection_cannot_return_everything(rehearsal):
    assert rehearsal.get("/users?$select=aboutMe").status_code == 501


def test_pages_follow_an_opaque_absolute_link_to_the_end(rehearsal):
    seen, link = [], "/users?$top=3&$select=userPrincipalName"
    while link:
        answer = rehearsal.get(link).json()
        seen += [item["userPrincipalName"] for item in answer["value"]]
        link = answer.get("@odata.nextLink", "")
        if link:
            assert link.startswith("https://127.0.0.1:8443/v1.0/users?")
            assert parse_qs(urlsplit(link).query)["$select"] == ["userPrincipalName"]
    assert len(seen) == len(set(seen)) == 4


def test_a_page_has_a_hundred_users_by_default_and_999_at_most(start):
    rehearsal = start(users=[user(f"u{number}") for number in range(1001)])
    assert len(rehearsal.get("/users").json()["value"]) == 100
    assert len(rehearsal.get("/users?$top=999").json()["value"]) == 999
    for top in ("1000", "0", "x"):
        assert rehearsal.error(rehearsal.get(f"/users?$top={top}"))[0] == 400


@pytest.mark.parametrize("option", ["$skip=1", "$expand=memberOf", '$search="displayName:a"'])
def test_options_that_users_do_not_have_are_refused(rehearsal, option):
    assert rehearsal.get(f"/users?{option}").status_code == 400


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"onPremisesImmutableId eq '{ANCHOR}'", ["ann"]),
        (f"onPremisesImmutableId eq '{ANCHOR.lower()}'", []),
        ("onPremisesSyncEnabled eq true", ["ann"]),
        ("onPremisesSyncEnabled eq false", ["bob"]),
        ("userPrincipalName eq 'ANN@contoso.com' or displayName eq 'O''Neil'", ["ann", "cid"]),
        ("startsWith(userPrincipalName,'b') and accountEnabled eq true", ["bob"]),
        ("userPrincipalName in ('ann@contoso.com','dot@contoso.com')", ["ann", "dot"]),
        ("proxyAddresses/any(p:p eq 'smtp:bob@contoso.com')", ["bob"]),
        ("onPremisesProvisioningErrors/any(o:o/category eq 'PropertyConflict')", ["dot"]),
        ("createdDateTime ge 2025-12-31T00:00:00Z", ["cid"]),
        ("createdDateTime le 2025-12-31T00:00:00.0000000Z", []),
    ],
)
def test_default_filters(rehearsal, text, found):
    assert names(rehearsal.get("/users", params={"$filter": text})) == found


def test_an_unencoded_plus_finds_nobody(rehearsal):
    assert names(rehearsal.get(f"/users?$filter=onPremisesImmutableId eq '{ANCHOR}'")) == []
    assert names(rehearsal.get(f"/users?$filter=onPremisesImmutableId eq '{quote(ANCHOR, safe='')}'")) == ["ann"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("onPremisesSyncEnabled eq null", ["cid", "dot"]),
        ("onPremisesSyncEnabled ne true", ["bob", "cid", "dot"]),
        ("not(startsWith(userPrincipalName,'a'))", ["bob", "cid", "dot"]),
        ("NOT startsWith(userPrincipalName,'a')", ["bob", "cid", "dot"]),
        ("endsWith(mail,'@contoso.com')", ["ann"]),
        ("onPremisesSamAccountName eq 'cid'", ["cid"]),
    ],
)
def test_advanced_filters_need_the_header_and_count(rehearsal, text, found):
    query = {"$filter": text}
    assert rehearsal.error(rehearsal.get("/users", params=query)) == (400, "Request_UnsupportedQuery")
    assert rehearsal.get("/users", params=query, headers=ADVANCED).status_code == 400
    assert rehearsal.get("/users", params={**query, "$count": "true"}).status_code == 400
    answer = rehearsal.get("/users", params={**query, "$count": "true"}, headers=ADVANCED)
    assert names(answer) == found
    assert answer.json()["@odata.count"] == len(found)


@pytest.mark.parametrize(
    "text",
    [
        "onPremisesImmutableId eq null",
        "startsWith(onPremisesImmutableId,'a')",
        "onPremisesDistinguishedName eq 'x'",
        "contains(displayName,'a')",
        "displayName gt 'a'",
        "nope eq 1",
        "displayName eq",
    ],
)
def test_filters_that_the_service_does_not_have(rehearsal, text):
    answer = rehearsal.get("/users", params={"$filter": text, "$count": "true"}, headers=ADVANCED)
    assert answer.status_code == 400


def test_contested_whether_the_anchor_filter_is_advanced(rehearsal):
    query = {"$filter": f"onPremisesImmutableId eq '{ANCHOR}'"}
    rehearsal.set(anchorFilter="advanced")
    assert rehearsal.get("/users", params=query).status_code == 400
    assert names(rehearsal.get("/users", params={**query, "$count": "true"}, headers=ADVANCED)) == ["ann"]


def test_contested_whether_users_can_be_filtered_by_sid(rehearsal):
    query = {"$filter": "onPremisesSecurityIdentifier eq 'S-1-5-21-1'"}
    assert names(rehearsal.get("/users", params=query)) == []
    rehearsal.set(sidFilter="refuse")
    assert rehearsal.get("/users", params={**query, "$count": "true"}, headers=ADVANCED).status_code == 400


def test_the_count_is_on_the_first_page_only_and_ignored_without_the_header(rehearsal):
    assert "@odata.count" not in rehearsal.get("/users?$count=true").json()
    first = rehearsal.get("/users?$count=true&$top=1", headers=ADVANCED).json()
    assert first["@odata.count"] == 4
    assert "@odata.count" not in rehearsal.get(first["@odata.nextLink"], headers=ADVANCED).json()


def test_the_link_does_not_carry_the_header(rehearsal):
    query = {"$filter": "onPremisesSyncEnabled ne true", "$count": "true", "$top": "1"}
    first = rehearsal.get("/users", params=query, headers=ADVANCED).json()
    assert rehearsal.get(first["@odata.nextLink"]).status_code == 400
    assert rehearsal.get(first["@odata.nextLink"], headers=ADVANCED).status_code == 200


def test_counting_needs_the_header(rehearsal):
    assert rehearsal.get("/users/$count").status_code == 400
    answer = rehearsal.get("/users/$count", headers=ADVANCED)
    assert (answer.text, answer.headers["content-type"]) == ("4", "text/plain")


def test_sorting_with_a_filter_is_advanced(rehearsal):
    assert rehearsal.get("/users?$orderby=displayName desc&$top=2").json()["value"][0]["displayName"] == "O'Neil"
    both = "/users?$orderby=displayName&$filter=accountEnabled eq true"
    assert rehearsal.get(both).status_code == 400
    assert rehearsal.get(both + "&$count=true", headers=ADVANCED).json()["value"][0]["displayName"] == "Ann"


def test_sorted_pages_are_complete(rehearsal):
    first = rehearsal.get("/users?$orderby=displayName&$top=3").json()
    second = rehearsal.get(first["@odata.nextLink"]).json()
    assert [item["displayName"] for item in first["value"] + second["value"]] == ["Ann", "Bob", "Dot", "O'Neil"]


def test_a_user_is_found_by_id_and_by_name_in_any_case(rehearsal):
    for wanted in (user("ann")["id"], user("ann")["id"].upper(), "ANN@contoso.com"):
        assert rehearsal.get(f"/users/{wanted}").json()["displayName"] == "Ann"
    assert rehearsal.error(rehearsal.get("/users/nobody@contoso.com")) == (404, "Request_ResourceNotFound")


def test_reads_lag_writes_lists_more_than_ids(rehearsal):
    rehearsal.set(listLagSeconds=60, idLagSeconds=10)
    rehearsal.advance(1000)
    path = f"/users/{user('cid')['id']}?$select=onPremisesImmutableId"

    def by_id():
        return rehearsal.get(path).json()["onPremisesImmutableId"]

    def by_list():
        users = rehearsal.get("/users?$select=onPremisesImmutableId").json()["value"]
        return next(item for item in users if item["id"] == user("cid")["id"])["onPremisesImmutableId"]

    assert rehearsal.patch("cid@contoso.com", {"onPremisesImmutableId": "new"}).status_code == 204
    assert (by_id(), by_list()) == (None, None)
    rehearsal.advance(11)
    assert (by_id(), by_list()) == ("new", None)
    rehearsal.advance(50)
    assert (by_id(), by_list()) == ("new", "new")


def test_a_new_user_is_not_there_yet(rehearsal):
    rehearsal.set(listLagSeconds=60, idLagSeconds=10)
    created = rehearsal.control("POST", "/users", json={"userPrincipalName": "eve@contoso.com"})
    assert rehearsal.get(f"/users/{created['id']}").status_code == 404
    rehearsal.advance(11)
    assert rehearsal.get(f"/users/{created['id']}").status_code == 200
    assert "eve" not in names(rehearsal.get("/users"))
    rehearsal.advance(50)
    assert "eve" in names(rehearsal.get("/users"))


def test_delta_tells_everything_once_and_then_what_changed(rehearsal):
    first = rehearsal.get("/users/delta?$select=displayName,onPremisesImmutableId").json()
    assert len(first["value"]) == 4
    link = first["@odata.deltaLink"]
    assert rehearsal.get(link).json()["value"] == []
    rehearsal.patch("bob@contoso.com", {"onPremisesImmutableId": "new"})
    rehearsal.control("PATCH", "/users/cid@contoso.com", json={"deleted": True})
    rehearsal.control("DELETE", "/users/dot@contoso.com")
    second = rehearsal.get(link).json()
    assert second["value"] == [
        {"displayName": "Bob", "onPremisesImmutableId": "new", "id": user("bob")["id"]},
        {"id": user("cid")["id"], "@removed": {"reason": "changed"}},
        {"id": user("dot")["id"], "@removed": {"reason": "deleted"}},
    ]
    assert rehearsal.get(second["@odata.deltaLink"]).json()["value"] == []


def test_delta_from_now_on_tells_nothing_of_before(rehearsal):
    latest = rehearsal.get("/users/delta?$select=onPremisesImmutableId&$deltatoken=latest").json()
    assert latest["value"] == []
    rehearsal.patch("bob@contoso.com", {"onPremisesImmutableId": "new"})
    link = latest["@odata.deltaLink"]
    assert rehearsal.get(link).json()["value"] == [{"onPremisesImmutableId": "new", "id": user("bob")["id"]}]


def test_delta_pages(start):
    rehearsal = start(users=[user(f"u{number}") for number in range(450)])
    seen, link = [], "/users/delta()?$select=id"
    while link:
        page = rehearsal.get(link).json()
        seen += [item["id"] for item in page["value"]]
        link = page.get("@odata.nextLink")
    assert len(seen) == len(set(seen)) == 450


@pytest.mark.parametrize("status", ["400", "410"])
def test_a_delta_token_lives_seven_days(rehearsal, status):
    rehearsal.set(deltaExpired=status)
    link = rehearsal.get("/users/delta").json()["@odata.deltaLink"]
    rehearsal.advance(7 * 86400 - 10)
    rehearsal.forget_tokens()
    assert rehearsal.get(link).status_code == 200
    rehearsal.advance(20)
    assert rehearsal.error(rehearsal.get(link)) == (int(status), "syncStateNotFound")
    assert rehearsal.get("/users/delta?$deltatoken=nonsense").status_code == 400


def test_delta_filters_by_id_only(rehearsal):
    wanted = user("ann")["id"]
    assert names(rehearsal.get(f"/users/delta?$filter=id eq '{wanted}'")) == ["ann"]
    assert rehearsal.get("/users/delta?$filter=accountEnabled eq true").status_code == 400


def test_groups_and_contacts_return_their_sync_properties_by_default(start):
    rehearsal = start(
        groups=[{"displayName": "Sales", "mail": "sales@contoso.com", "onPremisesSyncEnabled": True}],
        contacts=[{"displayName": "Partner", "mail": "p@fabrikam.com"}],
    )
    group = rehearsal.get("/groups").json()["value"][0]
    assert group["onPremisesSyncEnabled"] is True
    assert rehearsal.get(f"/groups/{group['id']}").json()["displayName"] == "Sales"
    assert rehearsal.get("/contacts").json()["value"][0]["onPremisesSyncEnabled"] is None
    assert rehearsal.get("/groups?$select=onPremisesImmutableId").status_code == 400
