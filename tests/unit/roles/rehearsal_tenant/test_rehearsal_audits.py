# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory's audit log: every change of an object, and who made it."""

from __future__ import annotations

import json

import pytest
from rehearsal_support import CLIENT_ID, SECRET, TENANT_ID, ad_user, anchor, as_person, user

G1 = "14c8d2a9-90b7-4d7a-b264-1cc77901069a"
ANN = user("ann")["id"]
AUDITS = "/auditLogs/directoryAudits"
RIGHTS = [
    "AuditLog.Read.All", "User.ReadWrite.All", "User.DeleteRestore.All", "Organization.ReadWrite.All",
    "OnPremDirectorySynchronization.ReadWrite.All", "User-OnPremisesSyncBehavior.ReadWrite.All",
]  # fmt: skip


@pytest.fixture
def audited(start, domain):
    def make(*entries, directory=None, **seed):
        domain.write(*entries)
        client = {"clientId": CLIENT_ID, "secret": SECRET, "permissions": RIGHTS, "displayName": "Tool"}
        settings = {"logQuota": 0, "clients": [client], **seed.pop("settings", {})}
        return start(directories=domain.seed(**(directory or {})), settings=settings, **seed)

    return make


def rows(rehearsal, wanted=None, **options):
    options = {"filter": wanted, **options} if wanted else options
    answer = rehearsal.get(AUDITS, params={f"${name}": value for name, value in options.items()})
    assert answer.status_code == 200, answer.text
    return answer.json()["value"]


def modified(row):
    """Property -> its values before and after; the values are JSON in strings."""
    return {
        item["displayName"]: (json.loads(item["oldValue"]), json.loads(item["newValue"]))
        for item in row["targetResources"][0]["modifiedProperties"]
    }


def test_a_match_shows_as_an_update_by_the_sync_account(audited):
    rehearsal = audited(ad_user("ann", G1), users=[user("ann", onPremisesImmutableId=anchor(G1))])
    rehearsal.cycle()
    (row,) = rows(rehearsal)
    assert (row["activityDisplayName"], row["category"], row["operationType"]) == (
        "Update user", "UserManagement", "Update",
    )  # fmt: skip
    assert row["targetResources"][0]["id"] == ANN
    assert row["initiatedBy"]["user"]["userPrincipalName"] == "ADToAADSyncServiceAccount@contoso.onmicrosoft.com"
    changes = modified(row)
    assert changes["DirSyncEnabled"] == ([], [True])
    assert changes["LastDirSyncTime"] == ([], ["2026-11-23T12:00:00Z"])
    assert changes["OnPremisesObjectIdentifier"] == ([], [G1])
    assert "SourceAnchor" not in changes


def test_a_write_of_the_anchor_shows_as_the_apps(audited):
    rehearsal = audited(users=[user("ann", onPremisesImmutableId="old")])
    assert rehearsal.patch(ANN, {"onPremisesImmutableId": anchor(G1)}).status_code == 204
    (row,) = rows(rehearsal)
    assert row["initiatedBy"]["app"]["appId"] == CLIENT_ID
    assert row["initiatedBy"]["app"]["displayName"] == "Tool"
    assert row["initiatedBy"]["user"] is None
    assert modified(row) == {"SourceAnchor": (["old"], [anchor(G1)])}


@pytest.mark.parametrize(
    ("identity", "who", "name"),
    [("account", "user", "userPrincipalName"), ("application", "app", "displayName")],
)
def test_connect_sync_is_in_this_log(audited, identity, who, name):
    rehearsal = audited(
        ad_user("ann", G1), directory={"engine": "connect_sync"}, settings={"connectIdentity": identity}
    )
    rehearsal.cycle()
    (row,) = rows(rehearsal)
    assert row["activityDisplayName"] == "Add user"
    prefix = {"account": "Sync_", "application": "ConnectSyncProvisioning_"}[identity]
    assert row["initiatedBy"][who][name].startswith(prefix)


@pytest.mark.parametrize("audits", [True, False])
def test_what_was_refused_to_the_sync_is_there_or_not(audited, audits):
    rehearsal = audited(
        ad_user("ann", G1),
        users=[user("ann", onPremisesImmutableId=anchor(G1))],
        features={"blockCloudObjectTakeoverThroughHardMatchEnabled": True},
        settings={"refusalsAudited": audits},
    )
    rehearsal.cycle()
    failed = rows(rehearsal, "result eq 'failure'")
    assert len(failed) == audits
    if audits:
        assert failed[0]["targetResources"][0]["id"] == ANN
        assert failed[0]["resultReason"].startswith("InvalidHardMatch: ")
        assert failed[0]["initiatedBy"]["user"]["userPrincipalName"].startswith("ADToAADSyncServiceAccount@")


def test_the_life_of_a_user(audited):
    rehearsal = audited(users=[user("ann")])
    bin_item = f"/directory/deletedItems/{ANN}"
    for method, path in [
        ("DELETE", f"/users/{ANN}"), ("POST", f"{bin_item}/restore"), ("DELETE", f"/users/{ANN}"), ("DELETE", bin_item),
    ]:  # fmt: skip
        assert rehearsal.graph(method, path).status_code < 300
    told = [row["activityDisplayName"] for row in rows(rehearsal, orderby="activityDateTime asc")]
    assert told == ["Delete user", "Restore user", "Delete user", "Hard Delete user"]
    assert len({row["id"] for row in rows(rehearsal)}) == 4


def test_a_soft_deleted_twin_that_comes_back_is_a_restore_by_the_sync(audited):
    rehearsal = audited(ad_user("ann", G1), deletedUsers=[user("twin", onPremisesImmutableId=anchor(G1))])
    rehearsal.cycle()
    (row,) = rows(rehearsal, "activityDisplayName eq 'Restore user'")
    assert row["targetResources"][0]["id"] == user("twin")["id"]
    assert row["initiatedBy"]["user"]["userPrincipalName"].startswith("ADToAADSyncServiceAccount@")


def test_what_is_purged_by_time_is_told_as_well(audited):
    rehearsal = audited(users=[user("ann")])
    rehearsal.graph("DELETE", f"/users/{ANN}")
    rehearsal.advance(31 * 86400)
    rehearsal.forget_tokens()
    assert rows(rehearsal)[0]["activityDisplayName"] == "Hard Delete user"


def test_switching_the_synchronization_of_the_tenant(audited):
    rehearsal = audited(ad_user("ann", G1))
    change = {"onPremisesSyncEnabled": False}
    assert rehearsal.graph("PATCH", f"/organization/{TENANT_ID}", json=change).status_code == 400
    assert rehearsal.graph("PATCH", f"/organization/{TENANT_ID}", json=change, version="beta").status_code == 204
    organization = rehearsal.get("/organization").json()["value"][0]
    assert organization["onPremisesSyncEnabled"] is False
    (row,) = rows(rehearsal)
    assert (row["activityDisplayName"], row["category"]) == ("Set DirSyncEnabled flag", "DirectoryManagement")
    assert modified(row) == {"DirSyncEnabled": ([True], [False])}
    report = rehearsal.control("POST", "/sync", json={})["directories"][0]["cycles"][-1]
    assert "not enabled" in report["error"]


def test_features_of_the_synchronization(audited):
    rehearsal = audited()
    path = f"/directory/onPremisesSynchronization/{TENANT_ID}"
    features = {"blockSoftMatchEnabled": True, "passwordSyncEnabled": False}
    for _twice in range(2):
        assert rehearsal.graph("PATCH", path, json={"features": features}).status_code == 204
    (row,) = rows(rehearsal)
    assert row["activityDisplayName"] == "Set DirSync feature"
    assert modified(row) == {"BlockSoftMatchEnabled": ([False], [True])}


def test_moving_the_source_of_authority_takes_the_flag_away(audited):
    rehearsal = audited(users=[user("ann", onPremisesSyncEnabled=True)])
    rehearsal.graph("PATCH", f"/users/{ANN}/onPremisesSyncBehavior", json={"isCloudManaged": True})
    (row,) = rows(rehearsal)
    assert row["activityDisplayName"] == "Change Source of Authority from AD to cloud"
    assert modified(row) == {"DirSyncEnabled": ([True], [])}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (f"targetResources/any(t: t/id eq '{ANN}')", 1),
        ("targetResources/any(t: startswith(t/displayName, 'an'))", 1),
        ("targetResources/any(t: t/id eq 'nobody')", 0),
        ("activityDisplayName eq 'Update user'", 2),
        ("startswith(activityDisplayName, 'Update')", 2),
        ("category eq 'UserManagement' and activityDateTime ge 2026-11-23T12:00:00Z", 2),
        ("activityDateTime le 2026-11-23T11:59:59Z", 0),
        ("initiatedBy/app/displayName eq 'Somebody else'", 1),
        (f"initiatedBy/app/appId eq '{CLIENT_ID}'", 1),
        ("result eq 'failure'", 0),
    ],
)
def test_filters(audited, wanted, found):
    rehearsal = audited(users=[user("ann"), user("bob")])
    rehearsal.patch(ANN, {"department": "Sales"})
    rehearsal.control("PATCH", "/users/bob@contoso.com", json={"department": "Sales"})
    assert len(rows(rehearsal, wanted)) == found


@pytest.mark.parametrize("wanted", ["activityDateTime gt 2026-11-23T12:00:00Z", "operationType eq 'Update'"])
def test_filters_that_are_not_documented_are_refused(audited, wanted):
    assert audited().get(AUDITS, params={"$filter": wanted}).status_code == 400


def test_a_write_that_changes_nothing_is_not_told(audited):
    rehearsal = audited(users=[user("ann", department="Sales")])
    rehearsal.patch(ANN, {"department": "Sales"})
    assert rows(rehearsal) == []


def test_the_log_is_bounded(audited, monkeypatch):
    monkeypatch.setattr("rehearsal_tenant.logs.KEPT", 3)
    rehearsal = audited(users=[user("ann")])
    for number in range(5):
        rehearsal.patch(ANN, {"department": str(number)})
    assert [modified(row)["Department"][1] for row in rows(rehearsal)] == [["4"], ["3"], ["2"]]


def test_people_need_a_role_to_read_it_and_stand_in_it_by_name(start):
    roles = [{"user": "boss@contoso.com", "role": "Global Administrator"}]
    rehearsal = start(users=[user("ann"), user("boss")], roles=roles)
    boss = as_person(rehearsal, "boss")
    assert rehearsal.patch(ANN, {"department": "Sales"}, token=boss).status_code == 204
    initiator = rehearsal.get(AUDITS, token=boss).json()["value"][0]["initiatedBy"]
    assert (initiator["user"]["userPrincipalName"], initiator["app"]) == ("boss@contoso.com", None)
    assert rehearsal.get(AUDITS, token=as_person(rehearsal, "ann")).status_code == 403


def test_needs_its_permission(start):
    client = {"clientId": CLIENT_ID, "secret": SECRET, "permissions": ["ProvisioningLog.Read.All"]}
    assert start(settings={"clients": [client]}).get(AUDITS).status_code == 403
