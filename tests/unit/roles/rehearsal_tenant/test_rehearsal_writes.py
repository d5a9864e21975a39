# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing the anchor: what is taken, what is refused, and in which words."""

from __future__ import annotations

import pytest
from rehearsal_support import CLIENT_ID, SECRET, user

A, B = "qdLIFLeQek2yZBzHeQEGmg==", "iGhmiAEBERG7uxI0VniQqw=="
REFUSED = (400, "Request_BadRequest")
DENIED = (403, "Authorization_RequestDenied")


def anchor_of(rehearsal, name):
    return rehearsal.user(f"{name}@contoso.com").get("onPremisesImmutableId")


def write(rehearsal, name, value, **more):
    return rehearsal.patch(f"{name}@contoso.com", {"onPremisesImmutableId": value}, **more)


@pytest.fixture
def rehearsal(start):
    return start(
        users=[
            user("cloud"),
            user("holder", onPremisesImmutableId=A),
            user("synced", onPremisesSyncEnabled=True, onPremisesImmutableId=B),
            user("former", onPremisesSyncEnabled=False, onPremisesImmutableId="old"),
            user("admin"),
            user("reader"),
            user("eligible"),
            user("member"),
            user("owner"),
            user("restricted", isManagementRestricted=True),
            {"userPrincipalName": "fed@fed.contoso.com", "onPremisesImmutableId": "fed"},
        ],
        deletedUsers=[user("gone", onPremisesImmutableId="deleted-anchor")],
        groups=[
            {
                "displayName": "Tier 0",
                "isAssignableToRole": True,
                "members": [user("member")["id"]],
                "owners": [{"id": user("owner")["id"]}],
            }
        ],
        roles=[
            {"user": "admin@contoso.com", "role": "Global Administrator"},
            {"user": user("reader")["id"], "role": "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"},
            {"user": "eligible@contoso.com", "role": "User Administrator", "eligible": True},
        ],
        domains=[
            {"id": "contoso.com"},
            {"id": "contoso.onmicrosoft.com", "isInitial": True},
            {"id": "fed.contoso.com", "authenticationType": "Federated"},
            {"id": "new.contoso.com", "isVerified": False},
        ],
    )


def test_a_cloud_user_takes_an_anchor_and_nothing_else_happens(rehearsal):
    before = rehearsal.user("cloud@contoso.com")
    answer = write(rehearsal, "cloud", "free")
    assert (answer.status_code, answer.content) == (204, b"")
    assert rehearsal.user("cloud@contoso.com") == {**before, "onPremisesImmutableId": "free"}


def test_a_body_may_say_of_which_type_it_is(rehearsal):
    """As those of Microsoft's own SDKs do."""
    typed = {"@odata.type": "#microsoft.graph.user", "onPremisesImmutableId": "free"}
    assert rehearsal.patch("cloud@contoso.com", typed).status_code == 204
    assert rehearsal.patch("cloud@contoso.com", {"@odata.type": "#microsoft.graph.user"}).status_code == 400


def test_null_clears(rehearsal):
    assert write(rehearsal, "holder", None).status_code == 204
    assert anchor_of(rehearsal, "holder") is None


@pytest.mark.parametrize(("setting", "status"), [("refuse", 400), ("ignore", 204)])
def test_contested_an_empty_text_never_clears(rehearsal, setting, status):
    rehearsal.set(emptyAnchor=setting)
    assert write(rehearsal, "holder", "").status_code == status
    assert anchor_of(rehearsal, "holder") == A


@pytest.mark.parametrize("value", ["a$b", "a_b", 5, ["x"]])
def test_values_that_an_anchor_cannot_have(rehearsal, value):
    assert rehearsal.error(write(rehearsal, "cloud", value)) == REFUSED
    assert anchor_of(rehearsal, "cloud") is None


def test_a_value_that_someone_holds_is_refused_and_the_holder_named(rehearsal):
    answer = write(rehearsal, "cloud", A)
    assert rehearsal.error(answer) == REFUSED
    details = {item["code"]: item["target"] for item in answer.json()["error"]["details"]}
    assert details == {"ObjectConflict": "onPremisesImmutableId", "ConflictingObjects": f"User_{user('holder')['id']}"}


def test_anchors_compare_by_case(rehearsal):
    assert write(rehearsal, "cloud", A.lower()).status_code == 204


def test_a_holder_may_write_its_own_value_again(rehearsal):
    assert write(rehearsal, "holder", A).status_code == 204


@pytest.mark.parametrize(("setting", "status"), [(True, 400), (False, 204)])
def test_contested_a_holder_in_the_recycle_bin(rehearsal, setting, status):
    rehearsal.set(deletedHolderConflicts=setting)
    answer = write(rehearsal, "cloud", "deleted-anchor")
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["error"]["details"][1]["target"] == f"User_{user('gone')['id']}"


@pytest.mark.parametrize("value", ["new", None])
def test_a_synced_user_refuses(rehearsal, value):
    answer = write(rehearsal, "synced", value)
    assert rehearsal.error(answer) == REFUSED
    assert "on-premises mastered Directory Sync objects" in answer.json()["error"]["message"]
    assert anchor_of(rehearsal, "synced") == B


@pytest.mark.parametrize(("setting", "status"), [("refuse", 400), ("accept", 204)])
def test_contested_the_same_value_on_a_synced_user(rehearsal, setting, status):
    rehearsal.set(patchSameValueOnSynced=setting)
    assert write(rehearsal, "synced", B).status_code == status


def test_a_synced_user_keeps_what_the_cloud_owns_open(rehearsal):
    assert rehearsal.patch("synced@contoso.com", {"usageLocation": "DE"}).status_code == 204
    assert rehearsal.patch("synced@contoso.com", {"displayName": "X"}).status_code == 400


@pytest.mark.parametrize(("setting", "status"), [("accept", 204), ("refuse", 400)])
def test_contested_a_user_that_left_sync_scope(rehearsal, setting, status):
    rehearsal.set(patchFormerlySynced=setting)
    assert write(rehearsal, "former", "new").status_code == status


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [("federatedAnchorSet", "new", 400), ("federatedAnchorClear", None, 400)],
)
def test_contested_federated_users(rehearsal, name, value, status):
    body = {"onPremisesImmutableId": value}
    rehearsal.set(**{name: "refuse"})
    assert rehearsal.patch("fed@fed.contoso.com", body).status_code == status
    rehearsal.set(**{name: "accept"})
    assert rehearsal.patch("fed@fed.contoso.com", body).status_code == 204


@pytest.mark.parametrize("name", ["admin", "member", "owner", "restricted"])
def test_protected_users_refuse_an_app_in_the_words_of_a_missing_permission(rehearsal, name):
    answer = write(rehearsal, name, "new")
    assert rehearsal.error(answer) == DENIED
    assert answer.json()["error"]["message"] == "Insufficient privileges to complete the operation."
    assert rehearsal.patch(f"{name}@contoso.com", {"jobTitle": "X"}).status_code == (
        403 if name == "restricted" else 204
    )


def test_an_eligible_role_does_not_protect_the_property(rehearsal):
    assert write(rehearsal, "eligible", "new").status_code == 204


def test_contested_whether_any_role_protects(rehearsal):
    rehearsal.set(roleCheck="any")
    assert rehearsal.error(write(rehearsal, "reader", "new")) == DENIED
    rehearsal.set(roleCheck="privileged")
    assert write(rehearsal, "reader", "new").status_code == 204


def test_an_app_with_the_highest_role_may_write_protected_users(start):
    rehearsal = start(
        users=[user("admin")],
        roles=[{"user": "admin@contoso.com", "role": "Global Administrator"}],
        settings={
            "clients": [
                {"clientId": CLIENT_ID, "secret": SECRET, "directoryRoles": ["Privileged Authentication Administrator"]}
            ]
        },
    )
    assert write(rehearsal, "admin", "new").status_code == 204


@pytest.mark.parametrize(
    "changes",
    [
        {},
        [],
        {"nope": 1},
        {"onPremisesSyncEnabled": True},
        {"onPremisesLastSyncDateTime": "2026-01-01T00:00:00Z"},
        {"onPremisesSecurityIdentifier": "S-1-5-21-1"},
        {"onPremisesObjectIdentifier": None},
        {"id": "x"},
        {"accountEnabled": "yes"},
    ],
)
def test_what_v1_does_not_take(rehearsal, changes):
    assert rehearsal.patch("cloud@contoso.com", changes).status_code == 400


def test_beta_takes_the_leftovers_of_a_synchronization(rehearsal):
    sid = {"onPremisesSecurityIdentifier": "S-1-5-21-1-2-3"}
    assert rehearsal.patch("cloud@contoso.com", sid, version="beta").status_code == 204
    assert rehearsal.patch("holder@contoso.com", sid, version="beta").status_code == 400
    bad = {"onPremisesSecurityIdentifier": "no sid"}
    assert rehearsal.patch("holder@contoso.com", bad, version="beta").status_code == 400


def test_the_object_identifier_is_cleared_with_its_own_permission_and_never_set(start):
    rights = ["User.ReadWrite.All", "User-OnPremisesSyncBehavior.ReadWrite.All"]
    other = "bbbbbbbb-0000-4000-8000-000000000002"
    rehearsal = start(
        users=[user("mapped", onPremisesObjectIdentifier="guid", onPremisesSyncEnabled=True)],
        settings={
            "clients": [
                {"clientId": CLIENT_ID, "secret": SECRET, "permissions": rights},
                {"clientId": other, "secret": SECRET, "permissions": rights[:1]},
            ]
        },
    )
    clear = {"onPremisesObjectIdentifier": None}
    lacking = rehearsal.patch("mapped@contoso.com", clear, version="beta", token=rehearsal.token(other))
    assert rehearsal.error(lacking) == DENIED
    setting = rehearsal.patch("mapped@contoso.com", {"onPremisesObjectIdentifier": "x"}, version="beta")
    assert rehearsal.error(setting) == REFUSED
    assert rehearsal.patch("mapped@contoso.com", clear, version="beta").status_code == 204
    assert rehearsal.user("mapped@contoso.com")["onPremisesObjectIdentifier"] is None


def test_a_principal_name_needs_a_verified_suffix_and_no_other_holder(rehearsal):
    for name in ("cloud@new.contoso.com", "cloud@elsewhere.com", "holder@contoso.com", None):
        assert rehearsal.patch("cloud@contoso.com", {"userPrincipalName": name}).status_code == 400
    assert rehearsal.patch("cloud@contoso.com", {"userPrincipalName": "c@contoso.onmicrosoft.com"}).status_code == 204


def test_a_user_that_is_not_there(rehearsal):
    assert rehearsal.error(write(rehearsal, "nobody", "x")) == (404, "Request_ResourceNotFound")
    assert rehearsal.error(write(rehearsal, "gone", "x")) == (404, "Request_ResourceNotFound")


def test_a_body_must_say_that_it_is_json(rehearsal):
    answer = rehearsal.graph("PATCH", "/users/cloud@contoso.com", content=b'{"jobTitle": "X"}')
    assert answer.status_code == 400
    json_type = {"content-type": "application/json"}
    assert rehearsal.graph("PATCH", "/users/cloud@contoso.com", content=b"{", headers=json_type).status_code == 400


def test_the_request_log_knows_every_request_and_no_body(rehearsal):
    write(rehearsal, "cloud", "secret-value")
    write(rehearsal, "synced", "secret-value")
    log = rehearsal.control("GET", "/requests?method=PATCH")
    assert log["count"] == 2
    assert [row["status"] for row in log["requests"]] == [204, 400]
    first = log["requests"][0]
    assert set(first) == {"time", "method", "path", "status", "client", "batch"}
    assert (first["path"], first["client"], first["batch"]) == ("/v1.0/users/cloud@contoso.com", CLIENT_ID, False)
    rehearsal.control("DELETE", "/requests")
    assert rehearsal.control("GET", "/requests")["count"] == 0
