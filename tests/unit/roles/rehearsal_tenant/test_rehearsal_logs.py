# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The provisioning log: what Cloud Sync writes there, and how Graph shows and filters it."""

from __future__ import annotations

import pytest
from rehearsal_support import CLIENT_ID, SECRET, TENANT_ID, ad_user, anchor, dn, user

G1 = "14c8d2a9-90b7-4d7a-b264-1cc77901069a"
G2 = "88666888-0101-1111-bbbb-1234567890ab"
SALES = "88666888-0101-1111-bbbb-1234567890ac"
BLOCKED = {"blockCloudObjectTakeoverThroughHardMatchEnabled": True}
PROVISIONING = "/auditLogs/provisioning"


@pytest.fixture
def logged(start, domain):
    """A tenant whose directory has had one cycle."""

    def make(*entries, directory=None, cycle=True, **seed):
        domain.write(*entries)
        settings = {"logQuota": 0, **seed.pop("settings", {})}
        rehearsal = start(directories=domain.seed(**(directory or {})), settings=settings, **seed)
        if cycle:
            rehearsal.cycle()
        return rehearsal

    return make


def rows(rehearsal, **options):
    answer = rehearsal.get(PROVISIONING, params={f"${name}": value for name, value in options.items()})
    assert answer.status_code == 200, answer.text
    return answer.json()["value"]


def status(row):
    error = row["provisioningStatusInfo"]["errorInformation"]
    return row["provisioningStatusInfo"]["status"], error["errorCode"] if error else None


def steps(row):
    return {step["provisioningStepType"]: step["status"] for step in row["provisioningSteps"]}


def test_a_hard_match_is_a_success_with_what_it_changed(logged):
    rehearsal = logged(ad_user("ann", G1), users=[user("ann", onPremisesImmutableId=anchor(G1))])
    (row,) = rows(rehearsal)
    assert (status(row), row["provisioningAction"]) == (("success", None), "update")
    assert row["sourceIdentity"]["id"] == G1
    assert row["sourceIdentity"]["details"]["distinguishedName"] == dn("ann")
    assert row["sourceIdentity"]["displayName"] == "AD Ann"
    assert row["targetIdentity"]["id"] == user("ann")["id"]
    assert row["servicePrincipal"]["displayName"] == "corp.contoso.com"
    assert row["jobId"].startswith("AD2AADProvisioning.")
    assert row["activityDateTime"] == "2026-11-23T12:00:00Z"
    assert row["tenantId"] == TENANT_ID
    assert steps(row) == {"import": "success", "scoping": "success", "matching": "success", "export": "success"}
    changed = {item["displayName"]: (item["oldValue"], item["newValue"]) for item in row["modifiedProperties"]}
    assert changed["displayName"] == ("Ann", "AD Ann")
    assert changed["onPremisesSyncEnabled"] == (None, "True")


CASES = {
    "AttributeUpdateNotAllowed": (
        {"users": [user("ann", onPremisesImmutableId=anchor(G1), onPremisesObjectIdentifier=G2)]},
        "failure",
        {"import": "success", "scoping": "success", "matching": "failure"},
    ),
    "InvalidHardMatch": (
        {"users": [user("ann", onPremisesImmutableId=anchor(G1))], "features": BLOCKED},
        "failure",
        {"import": "success", "scoping": "success", "matching": "failure"},
    ),
    "ObjectTypeMismatch": (
        {"groups": [{"id": SALES, "displayName": "Sales", "proxyAddresses": ["SMTP:ann@contoso.com"]}]},
        "failure",
        {"import": "success", "scoping": "success", "matching": "failure"},
    ),
    "SourceOfAuthorityCloud": (
        {
            "users": [
                user("ann", onPremisesImmutableId=anchor(G1), onPremisesSyncBehavior={"isCloudManaged": True}),
            ]
        },
        "skipped",
        {"import": "success", "scoping": "success", "matching": "success", "export": "skipped"},
    ),
    "NotInScope": (
        {"directory": {"scope": {"ous": ["OU=Elsewhere,DC=corp,DC=contoso,DC=com"]}}},
        "skipped",
        {"import": "success", "scoping": "skipped"},
    ),
}


@pytest.mark.parametrize("code", CASES)
def test_what_did_not_come_through_says_why_and_at_which_step(logged, code):
    seed, wanted, went = CASES[code]
    (row,) = rows(logged(ad_user("ann", G1, proxyAddresses="SMTP:ann@contoso.com"), **seed))
    assert status(row) == (wanted, code)
    assert steps(row) == went
    error = row["provisioningStatusInfo"]["errorInformation"]
    assert error["reason"]
    assert error["errorCategory"] == ("failure" if wanted == "failure" else "nonServiceFailure")


def test_whoever_stands_in_the_way_is_not_the_target(logged):
    seed, _status, _steps = CASES["ObjectTypeMismatch"]
    (row,) = rows(logged(ad_user("ann", G1, proxyAddresses="SMTP:ann@contoso.com"), **seed))
    assert row["targetIdentity"]["id"] == ""
    assert SALES in row["provisioningStatusInfo"]["errorInformation"]["additionalDetails"]
    seed, _status, _steps = CASES["InvalidHardMatch"]
    (row,) = rows(logged(ad_user("ann", G1), **seed))
    assert row["targetIdentity"]["id"] == user("ann")["id"]


def test_a_second_user_is_a_creation_and_leaving_the_scope_a_deletion(logged, domain):
    rehearsal = logged(ad_user("ann", G1))
    assert rows(rehearsal)[0]["provisioningAction"] == "create"
    domain.write(ad_user("bob", G2))
    rehearsal.cycle()
    assert {row["provisioningAction"] for row in rows(rehearsal, top=2)} == {"delete", "create"}


def test_failures_repeat_with_each_cycle_and_skips_do_not(logged):
    rehearsal = logged(
        ad_user("ann", G1),
        ad_user("bob", G2, isCriticalSystemObject="TRUE"),
        users=[user("ann", onPremisesImmutableId=anchor(G1))],
        features=BLOCKED,
    )
    rehearsal.cycle()
    told = [status(row)[0] for row in rows(rehearsal)]
    assert sorted(told) == ["failure", "failure", "skipped"]
    assert len({row["cycleId"] for row in rows(rehearsal)}) == 2
    assert len({row["id"] for row in rows(rehearsal)}) == 3


def test_provisioning_on_demand_is_logged_as_well(logged):
    rehearsal = logged(ad_user("ann", G1), cycle=False)
    jobs = f"/servicePrincipals/{rehearsal.tenant.sync.connectors[0].id}/synchronization/jobs"
    job = f"{jobs}/{rehearsal.get(jobs).json()['value'][0]['id']}"
    rule = rehearsal.get(f"{job}/schema").json()["synchronizationRules"][0]["id"]
    subject = {"objectId": dn("ann"), "objectTypeName": "user"}
    body = {"parameters": [{"ruleId": rule, "subjects": [subject]}]}
    assert rehearsal.graph("POST", f"{job}/provisionOnDemand", json=body).status_code == 200
    assert [row["provisioningAction"] for row in rows(rehearsal)] == ["create"]


def test_connect_sync_leaves_nothing_and_the_reports_rows_have_no_changes(logged):
    rehearsal = logged(ad_user("ann", G1), directory={"engine": "connect_sync"})
    assert rows(rehearsal) == []
    report = rehearsal.control("GET", "/sync")["directories"][0]["cycles"][-1]["objects"]
    assert "changes" not in report[0]


def test_contested_by_what_an_ad_object_is_named(logged):
    rehearsal = logged(ad_user("ann", G1), settings={"provisioningSourceId": "distinguished_name"})
    assert rows(rehearsal)[0]["sourceIdentity"]["id"] == dn("ann")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("sourceIdentity/displayName eq 'AD Ann'", 1),
        ("sourceIdentity/displayName eq 'ad ann'", 0),
        ("contains(sourceIdentity/displayName, 'Ann')", 1),
        ("contains(sourceIdentity/displayName, 'ann')", 0),
        ("contains(jobId, 'AD2AADProvisioning')", 2),
        ("contains(jobid, 'AD2AADProvisioning')", 2),
        (f"sourceIdentity/id eq '{G2}'", 1),
        ("provisioningStatusInfo/status eq 'Success'", 2),
        ("provisioningStatusInfo/status eq 'failure'", 0),
        ("activityDateTime gt 2026-11-23T11:59:59Z", 2),
        ("activityDateTime gt 2026-11-23T12:00:00Z", 0),
        ("activityDateTime lt 2026-11-23T12:00:01Z and provisioningAction eq 'create'", 2),
        ("durationInMilliseconds lt 1", 2),
        ("servicePrincipal/displayName eq 'corp.contoso.com'", 2),
    ],
)
def test_filters(logged, wanted, found):
    assert len(rows(logged(ad_user("ann", G1), ad_user("bob", G2)), filter=wanted)) == found


@pytest.mark.parametrize(
    "wanted",
    [
        "activityDateTime ge 2026-11-23T12:00:00Z",
        "startswith(jobId, 'A')",
        "nope eq 'x'",
        "sourceIdentity/nope eq 'x'",
        "contains(servicePrincipal/displayName, 'x')",
        "provisioningSteps eq 'x'",
    ],
)
def test_filters_that_are_not_documented_are_refused(logged, wanted):
    assert logged(cycle=False).get(PROVISIONING, params={"$filter": wanted}).status_code == 400


def test_newest_first_and_pages_that_stay_where_they_are(logged, domain):
    rehearsal = logged(ad_user("ann", G1))
    for number in range(4):
        rehearsal.advance(60)
        domain.write(ad_user("ann", G1, title=f"Number {number}"))
        rehearsal.cycle()
    first = rehearsal.get(PROVISIONING, params={"$top": "2", "$select": "activityDateTime"}).json()
    rehearsal.cycle()
    second = rehearsal.get(first["@odata.nextLink"]).json()
    third = rehearsal.get(second["@odata.nextLink"]).json()
    moments = [row["activityDateTime"] for page in (first, second, third) for row in page["value"]]
    assert moments == sorted(moments, reverse=True)
    assert len(moments) == 5
    assert "@odata.nextLink" not in third
    oldest = rows(rehearsal, orderby="activityDateTime asc", top=1)
    assert oldest[0]["activityDateTime"] == min(moments)
    assert set(first["value"][0]) == {"id", "activityDateTime"}


@pytest.mark.parametrize("option", ["$skip=1", "$count=true", "$orderby=jobId", "$top=1001"])
def test_options_that_are_refused(logged, option):
    assert logged(cycle=False).get(f"{PROVISIONING}?{option}").status_code == 400


def test_logs_may_come_late(logged):
    rehearsal = logged(ad_user("ann", G1), settings={"logDelaySeconds": 300})
    rehearsal.advance(299)
    assert rows(rehearsal, filter="provisioningAction eq 'create'") == []
    rehearsal.advance(1)
    assert len(rows(rehearsal, filter="provisioningAction eq 'create'")) == 1


def test_logs_have_a_quota_of_their_own(logged):
    rehearsal = logged(settings={"logQuota": 5}, cycle=False)
    answers = [rehearsal.get(PROVISIONING) for _number in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[-1].headers["retry-after"] == "10"
    requests = [{"id": "1", "method": "GET", "url": PROVISIONING}]
    batch = rehearsal.graph("POST", "/$batch", json={"requests": requests}).json()
    assert batch["responses"][0]["status"] == 429
    rehearsal.advance(10)
    assert rehearsal.get(PROVISIONING).status_code == 200


@pytest.mark.parametrize(
    ("permission", "wanted"),
    [("AuditLog.Read.All", 200), ("ProvisioningLog.Read.All", 200), ("Directory.Read.All", 403)],
)
def test_permissions(start, permission, wanted):
    rehearsal = start(
        settings={"clients": [{"clientId": CLIENT_ID, "secret": SECRET, "permissions": [permission]}]},
    )
    assert rehearsal.get(PROVISIONING).status_code == wanted
