# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cloud Sync through Graph: finding jobs, their status, start, pause, restart, provisioning on demand."""

from __future__ import annotations

import json

import pytest
from rehearsal_support import ad_user, anchor, dn, user

G1 = "14c8d2a9-90b7-4d7a-b264-1cc77901069a"
G2 = "88666888-0101-1111-bbbb-1234567890ab"
TEMPLATE = "1a4721b3-e57f-4451-ae87-ef078703ec94"


class CloudSync:
    """The provisioning job of the one domain."""

    def __init__(self, rehearsal):
        self.rehearsal = rehearsal
        found = rehearsal.get(
            "/servicePrincipals", params={"$filter": f"applicationTemplateId eq '{TEMPLATE}'"}
        ).json()["value"]
        self.jobs = f"/servicePrincipals/{found[0]['id']}/synchronization/jobs"
        self.job = f"{self.jobs}/{rehearsal.get(self.jobs).json()['value'][0]['id']}"

    @property
    def status(self):
        return self.rehearsal.get(self.job).json()["status"]

    def do(self, action, **body):
        return self.rehearsal.graph("POST", f"{self.job}/{action}", json=body or None)

    def on_demand(self, name, rule=None):
        rule = rule or self.rehearsal.get(f"{self.job}/schema").json()["synchronizationRules"][0]["id"]
        subject = {"objectId": name, "objectTypeName": "user"}
        return self.do("provisionOnDemand", parameters=[{"ruleId": rule, "subjects": [subject]}])


@pytest.fixture
def cloud_sync(start, domain):
    def make(*entries, directory=None, **seed):
        domain.write(*(entries or (ad_user("ann", G1),)))
        return CloudSync(start(directories=domain.seed(**(directory or {})), **seed))

    return make


def test_only_the_filter_finds_the_right_service_principal(cloud_sync):
    sync = cloud_sync()
    everything = sync.rehearsal.get("/servicePrincipals").json()["value"]
    assert len(everything) == 2
    named = next(item for item in everything if item["applicationTemplateId"] == TEMPLATE)
    assert named["displayName"] == "corp.contoso.com"
    assert sync.rehearsal.get(f"/servicePrincipals/{named['id']}").json()["displayName"] == "corp.contoso.com"


@pytest.mark.parametrize("template", ["AD2AADProvisioning", "ADDCInPassthrough"])
def test_contested_the_template_of_a_job(cloud_sync, template):
    sync = cloud_sync(settings={"jobTemplate": template})
    jobs = sync.rehearsal.get(sync.jobs).json()["value"]
    assert [item["templateId"] for item in jobs] == [template, "AD2AADPasswordHash"]
    assert jobs[0]["id"].startswith("AD2AADProvisioning.")


def test_connect_sync_is_not_in_graph(start, domain):
    domain.write(ad_user("ann", G1))
    rehearsal = start(directories=domain.seed(engine="connect_sync"))
    assert len(rehearsal.get("/servicePrincipals").json()["value"]) == 1
    assert rehearsal.cycle()


def test_a_new_job_never_ran(cloud_sync):
    status = cloud_sync().status
    assert (status["code"], status["lastExecution"]) == ("NotRun", None)
    assert status["steadyStateFirstAchievedTime"] == "0001-01-01T00:00:00Z"


def test_start_runs_a_cycle_that_takes_its_time(cloud_sync):
    sync = cloud_sync(settings={"cycleSeconds": 30}, users=[user("ann", onPremisesImmutableId=anchor(G1))])
    assert sync.do("start").status_code == 204
    sync.rehearsal.advance(0)
    assert sync.status["progress"]
    assert sync.rehearsal.user("ann@contoso.com").get("onPremisesSyncEnabled") is None
    sync.rehearsal.advance(31)
    status = sync.status
    assert (status["code"], status["progress"]) == ("Active", [])
    execution = status["lastSuccessfulExecutionWithExports"]
    assert (execution["state"], execution["countExported"]) == ("Succeeded", 1)
    assert (execution["timeBegan"], execution["timeEnded"]) == ("2026-11-23T12:00:00Z", "2026-11-23T12:00:31Z")
    assert sync.rehearsal.user("ann@contoso.com")["onPremisesSyncEnabled"] is True


def test_cycles_come_by_themselves_unless_told_otherwise(cloud_sync):
    sync = cloud_sync(settings={"cycleSeconds": 0})
    sync.rehearsal.advance(119)
    assert sync.status["code"] == "NotRun"
    sync.rehearsal.advance(2)
    assert sync.status["code"] == "Active"
    quiet = cloud_sync(settings={"automaticCycles": False})
    quiet.rehearsal.advance(1000)
    assert quiet.status["code"] == "NotRun"


def test_a_paused_job_runs_no_cycle(cloud_sync):
    sync = cloud_sync(settings={"cycleSeconds": 0})
    assert sync.do("pause").status_code == 204
    assert sync.status["code"] == "Paused"
    sync.rehearsal.advance(1000)
    assert sync.status["lastExecution"] is None
    assert sync.rehearsal.http("POST", "/_control/sync", json={}).status_code == 400
    sync.do("start")
    sync.rehearsal.advance(0)
    assert sync.status["code"] == "Active"


def test_a_job_paused_in_a_cycle_is_paused_when_the_cycle_ends(cloud_sync):
    sync = cloud_sync(settings={"cycleSeconds": 30})
    sync.do("start")
    sync.rehearsal.advance(1)
    sync.do("pause")
    assert sync.status["code"] != "Paused"
    sync.rehearsal.advance(30)
    assert sync.status["code"] == "Paused"
    assert sync.rehearsal.control("GET", "/users")["users"]


def test_a_directory_can_start_paused(cloud_sync):
    assert cloud_sync(directory={"state": "paused"}).status["code"] == "Paused"


def test_entry_errors_show_in_the_status(cloud_sync):
    blocked = {"blockCloudObjectTakeoverThroughHardMatchEnabled": True}
    sync = cloud_sync(users=[user("ann", onPremisesImmutableId=anchor(G1))], features=blocked)
    sync.rehearsal.cycle()
    execution = sync.status["lastExecution"]
    assert (execution["state"], execution["countEscrowed"]) == ("EntryLevelErrors", 1)


def test_restart_reads_everything_anew(cloud_sync):
    sync = cloud_sync(settings={"cycleSeconds": 0})
    for _number in range(3):
        sync.rehearsal.cycle()
    assert sync.do("restart", criteria={"resetScope": "Full"}).status_code == 204
    sync.rehearsal.advance(0)
    assert sync.status["lastExecution"]["countExported"] == 1


@pytest.mark.parametrize("scope", ["None", "ConnectorDataStore", "Nope", "Full,Nope"])
def test_scopes_that_are_not_for_use(cloud_sync, scope):
    assert cloud_sync().do("restart", criteria={"resetScope": scope}).status_code == 400


def test_an_empty_restart_is_the_portals(cloud_sync):
    assert cloud_sync().do("restart").status_code == 204


def test_too_many_deletions_put_the_job_into_quarantine_until_it_is_told(cloud_sync, domain):
    sync = cloud_sync(ad_user("ann", G1), ad_user("bob", G2), settings={"deleteThreshold": 1, "cycleSeconds": 0})
    sync.rehearsal.cycle()
    domain.write(ad_user("new", "00000000-0000-4000-8000-000000000002"))
    sync.do("start")
    sync.rehearsal.advance(0)
    status = sync.status
    assert (status["code"], status["quarantine"]["reason"]) == ("Quarantine", "TooManyDeletes")
    assert status["countSuccessiveCompleteFailures"] == 1
    sync.do("restart", criteria={"resetScope": "QuarantineState,ForceDeletes"})
    sync.rehearsal.advance(0)
    assert sync.status["code"] == "Active"
    assert len(sync.rehearsal.control("GET", "/users")["deletedUsers"]) == 2


def test_the_schema_shows_the_selection(cloud_sync):
    ou = "OU=People,DC=corp,DC=contoso,DC=com"
    sync = cloud_sync(directory={"scope": {"ous": [ou]}})
    rule = sync.rehearsal.get(f"{sync.job}/schema").json()["synchronizationRules"][0]
    assert rule["containerFilter"]["includedContainers"] == [ou]
    assert rule["objectMappings"][0]["sourceObjectName"] == "user"


def test_on_demand_takes_a_dn_ignores_the_selection_and_answers_in_strings(cloud_sync):
    elsewhere = {"scope": {"ous": ["OU=Elsewhere,DC=corp,DC=contoso,DC=com"]}}
    sync = cloud_sync(directory=elsewhere, users=[user("ann", onPremisesImmutableId=anchor(G1))])
    answer = sync.on_demand(dn("ann"))
    assert answer.status_code == 200
    key, value = json.loads(answer.json()["key"]), json.loads(answer.json()["value"])
    assert key["result"] == "Success"
    assert value["targetIdentity"]["id"] == user("ann")["id"]
    assert {step["type"] for step in value["provisioningSteps"]} == {"Import", "Scoping", "Matching", "Export"}
    assert {step["status"] for step in value["provisioningSteps"]} == {"Success"}
    # As the real service does, with the attributes that were read.
    assert value["provisioningSteps"][0]["details"]["distinguishedName"] == dn("ann")
    assert (value["action"], value["statusInfo"]) == ("Update", {"status": "Success"})
    assert sync.rehearsal.user("ann@contoso.com")["onPremisesSyncEnabled"] is True


@pytest.mark.parametrize(
    ("entry", "features", "result", "code"),
    [
        (ad_user("ann", G1, isCriticalSystemObject="TRUE"), {}, "Skipped", "NotInScope"),
        (ad_user("ann", G1), {"blockCloudObjectTakeoverThroughHardMatchEnabled": True}, "Failure", "InvalidHardMatch"),
        (ad_user("bob", G2), {}, "Failure", "HybridIdentityServiceObjectNotFound"),
    ],
)
def test_on_demand_says_200_whatever_came_of_it(cloud_sync, entry, features, result, code):
    sync = cloud_sync(entry, users=[user("ann", onPremisesImmutableId=anchor(G1))], features=features)
    answer = sync.on_demand(dn("ann"))
    key = json.loads(answer.json()["key"])
    assert (answer.status_code, key["result"], key["details"]["errorCode"]) == (200, result, code)


def test_on_demand_an_object_with_nothing_new_is_left_out(cloud_sync):
    sync = cloud_sync(users=[user("ann", onPremisesImmutableId=anchor(G1))])
    keys = [json.loads(sync.on_demand(dn("ann")).json()["key"]) for _number in range(3)]
    # The second export blanks what AD does not have; after that there is nothing to say.
    assert [key["result"] for key in keys] == ["Success", "Success", "Skipped"]
    assert keys[-1]["details"]["errorCode"] == "RedundantExport"


@pytest.mark.parametrize(("setting", "status"), [("accept", 200), ("refuse", 400)])
def test_on_demand_while_the_job_is_paused(cloud_sync, setting, status):
    sync = cloud_sync(users=[user("ann", onPremisesImmutableId=anchor(G1))])
    sync.rehearsal.set(onDemandWhilePaused=setting)
    sync.do("pause")
    assert sync.on_demand(dn("ann")).status_code == status


def test_on_demand_has_a_limit_of_its_own(cloud_sync):
    sync = cloud_sync()
    assert [sync.on_demand(dn("ann")).status_code for _number in range(6)] == [200] * 5 + [429]
    sync.rehearsal.advance(11)
    assert sync.on_demand(dn("ann")).status_code == 200


def test_on_demand_needs_a_rule_and_a_subject(cloud_sync):
    sync = cloud_sync()
    assert sync.on_demand(dn("ann"), rule="nope").status_code == 400
    assert sync.do("provisionOnDemand", parameters=[]).status_code == 400


def test_unknown_jobs(cloud_sync):
    sync = cloud_sync()
    assert sync.rehearsal.get(sync.jobs + "/nope").status_code == 404
    assert sync.rehearsal.get("/servicePrincipals/nope/synchronization/jobs").status_code == 404
