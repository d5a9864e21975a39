# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A synchronization that does not do its work: in quarantine, silent, staging, or slow; and how Graph shows it."""

from __future__ import annotations

import json
import uuid

import pytest
from rehearsal_support import ad_user, anchor, dn, user

G1 = "14c8d2a9-90b7-4d7a-b264-1cc77901069a"
G2 = "88666888-0101-1111-bbbb-1234567890ab"
G3 = "88666888-0101-1111-bbbb-1234567890ac"
LAST_SYNC = "2026-11-01T00:00:00Z"


class Directory:
    """The synchronization of one domain, through Graph and through the control door."""

    def __init__(self, rehearsal):
        self.rehearsal = rehearsal
        principal = rehearsal.get("/servicePrincipals?$filter=displayName eq 'corp.contoso.com'").json()["value"][0]
        jobs = f"/servicePrincipals/{principal['id']}/synchronization/jobs"
        self.job = f"{jobs}/{rehearsal.get(jobs).json()['value'][0]['id']}"

    @property
    def status(self):
        return self.rehearsal.get(self.job).json()["status"]

    @property
    def synced(self):
        return self.rehearsal.user("ann@contoso.com").get("onPremisesSyncEnabled")

    @property
    def last_sync(self):
        return self.rehearsal.get("/organization").json()["value"][0]["onPremisesLastSyncDateTime"]

    def do(self, action, **body):
        assert self.rehearsal.graph("POST", f"{self.job}/{action}", json=body or None).status_code < 300
        self.rehearsal.advance(0)

    def put(self, **state):
        return self.rehearsal.control("PATCH", "/sync", json=state)["directories"][0]

    def cycle(self):
        return self.rehearsal.control("POST", "/sync", json={})["directories"][0]["cycles"][-1]

    def on_demand(self, name):
        rule = self.rehearsal.get(f"{self.job}/schema").json()["synchronizationRules"][0]["id"]
        subject = {"objectId": dn(name), "objectTypeName": "user"}
        body = {"parameters": [{"ruleId": rule, "subjects": [subject]}]}
        answer = self.rehearsal.graph("POST", f"{self.job}/provisionOnDemand", json=body)
        return json.loads(answer.json()["key"])


@pytest.fixture
def directory(start, domain):
    def make(*entries, **options):
        domain.write(*(entries or (ad_user("ann", G1),)))
        rehearsal = start(
            users=[user("ann", onPremisesImmutableId=anchor(G1))],
            directories=domain.seed(**options),
            settings={"cycleSeconds": 0, "deleteThreshold": 1},
        )
        rehearsal.simulation.tenant.organization["onPremisesLastSyncDateTime"] = LAST_SYNC
        return Directory(rehearsal)

    return make


def test_the_delete_brake_holds_matches_too_and_its_series_goes_on(directory, domain):
    found = directory(ad_user("bob", G2), ad_user("carl", G3))
    found.cycle()
    domain.write(ad_user("ann", G1))
    found.rehearsal.advance(60)
    found.cycle()
    assert found.synced is None
    status = found.status
    assert (status["code"], status["quarantine"]["reason"]) == ("Quarantine", "TooManyDeletes")
    assert status["lastExecution"]["state"] == "Failed"
    assert "deletions" in status["lastExecution"]["error"]["message"]
    found.rehearsal.advance(60)
    found.cycle()
    quarantine = found.status["quarantine"]
    assert (quarantine["seriesBegan"], quarantine["seriesCount"]) == ("2026-11-23T12:01:00Z", 2)
    assert quarantine["currentBegan"] == "2026-11-23T12:02:00Z"
    domain.write(ad_user("ann", G1), ad_user("bob", G2))
    found.cycle()
    assert (found.status["code"], found.status["quarantine"], found.synced) == ("Active", None, True)


def test_a_job_in_quarantine_stays_there_until_a_restart_lifts_it(directory):
    found = directory(state="quarantined")
    assert found.status["code"] == "Quarantine"
    assert found.status["quarantine"]["reason"] == "EncounteredQuarantineException"
    found.do("start")
    assert (found.status["code"], found.synced) == ("Quarantine", None)
    assert found.status["countSuccessiveCompleteFailures"] == 1
    found.do("restart", criteria={"resetScope": "Watermark"})
    assert found.status["code"] == "Quarantine"
    found.do("restart", criteria={"resetScope": "QuarantineState"})
    assert (found.status["code"], found.synced) == ("Active", True)


def test_a_silent_agent_leaves_an_old_last_execution(directory):
    found = directory(state="silent")
    found.do("start")
    found.rehearsal.advance(3600)
    found.rehearsal.forget_tokens()
    status = found.status
    assert (status["code"], status["lastExecution"]["timeEnded"]) == ("Active", "2026-11-20T12:00:00Z")
    assert status["steadyStateLastAchievedTime"] == "2026-11-20T12:00:00Z"
    assert found.synced is None
    assert found.rehearsal.http("POST", "/_control/sync", json={}).status_code == 400
    assert found.on_demand("ann")["details"]["errorCode"] == "HybridIdentityServiceNoActiveAgents"


def test_the_control_door_changes_the_state(directory):
    found = directory()
    assert found.put(state="silent", directory="corp.contoso.com")["silent"] is True
    found.rehearsal.advance(1000)
    assert found.status["code"] == "NotRun"
    assert found.put(state="paused")["paused"] is True
    assert found.status["code"] == "Paused"
    assert found.put(state="quarantined")["quarantine"]["reason"] == "EncounteredQuarantineException"
    assert found.status["code"] == "Quarantine"
    found.put(state="active")
    found.rehearsal.advance(0)
    assert (found.status["code"], found.synced) == ("Active", True)


@pytest.mark.parametrize("order", [{"state": "gone"}, {"state": "paused", "directory": "nope"}])
def test_states_that_there_are_not(directory, order):
    assert directory().rehearsal.http("PATCH", "/_control/sync", json=order).status_code == 400


def test_a_staging_server_runs_and_exports_nothing(directory):
    found = directory()
    found.put(staging=True)
    assert found.cycle()["error"] is None
    assert (found.synced, found.last_sync) == (None, LAST_SYNC)
    found.put(staging=False)
    found.cycle()
    assert (found.synced, found.last_sync) == (True, "2026-11-23T12:00:00Z")


def test_a_cycle_can_leave_new_objects_for_the_next_one(directory, domain):
    people = [ad_user(f"u{number}", str(uuid.UUID(int=number + 1))) for number in range(40)]
    found = directory(*people)
    found.rehearsal.set(exportShare=0.5)
    connected = []
    for _cycle in range(12):
        found.cycle()
        connected.append(found.status["synchronizedEntryCountByType"][0]["value"])
    assert 5 < connected[0] < 35
    assert connected == sorted(connected)
    assert connected[-1] == 40


@pytest.mark.parametrize("share", [1.5, -1, True, "half"])
def test_a_share_is_a_part(directory, share):
    assert directory().rehearsal.http("PATCH", "/_control/settings", json={"exportShare": share}).status_code == 400
