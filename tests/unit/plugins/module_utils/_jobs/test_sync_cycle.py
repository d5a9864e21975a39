# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pausing, starting and waiting, against a service whose clock and cycles the test moves."""

from __future__ import annotations

import pytest
from sync_service import Service, run, stamp

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.batch import BatchResponse
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError


def test_paused_is_idempotent():
    service = Service()
    assert run(service, "paused")["changed"] is True
    assert run(service, "paused")["changed"] is False
    assert service.posts == ["pause"]


def test_resumed_leaves_a_running_job_alone():
    service = Service()
    assert run(service, "resumed")["changed"] is False
    assert service.posts == []


@pytest.mark.parametrize("state", ["paused", "started", "restarted"])
def test_check_mode_says_what_would_happen_and_asks_for_nothing(state):
    service = Service()
    result = run(service, state, check_mode=True, wait=True)
    assert result["changed"] is True
    assert result["jobs"][0]["reached"] is None
    assert service.posts == []


def test_paused_waits_for_the_cycle_under_way():
    service = Service()
    service.running_since = 0.0
    result = run(service, "paused", wait=True)
    assert result["jobs"][0]["reached"] is True
    assert service.now >= Service.CYCLE


def test_a_token_that_ends_before_the_wait_is_refused_before_anything_is_asked_for():
    service = Service()
    service.token_lasts = 100
    with pytest.raises(Failure, match="too soon"):
        run(service, "paused", wait=True, wait_timeout=101)
    assert service.posts == []
    assert run(service, "paused", wait_timeout=101)["changed"] is True


def test_started_waits_for_a_cycle_that_began_afterwards():
    """A cycle that was under way when the start was asked for may have read AD before the values were written."""
    service = Service()
    service.running_since = 0.0
    service.sleep(10)
    result = run(service, "started", wait=True)
    assert result["jobs"][0]["last_execution"]["began"] == stamp(Service.CYCLE)
    assert service.now >= 2 * Service.CYCLE


def test_a_deadline_is_a_result_with_a_warning():
    service = Service()
    warnings: list[str] = []
    result = run(service, "started", wait=True, wait_timeout=5, warnings=warnings)
    assert result["jobs"][0]["reached"] is False
    assert not result.get("failed")
    assert any("wait_timeout" in text for text in warnings)


def test_quarantine_ends_the_wait_and_is_reported():
    service = Service()
    service.job["status"]["code"] = "Quarantine"
    service.job["status"]["quarantine"] = {"reason": "TooManyDeletes", "error": {"message": "Too many."}}
    warnings: list[str] = []
    result = run(service, "started", wait=True, warnings=warnings)
    assert result["jobs"][0]["quarantine"]["reason"] == "TooManyDeletes"
    assert service.now < Service.CYCLE
    assert any("TooManyDeletes" in text for text in warnings)


def test_a_job_paused_in_quarantine_counts_as_paused():
    service = Service()
    service.job["status"]["code"] = "Quarantine"
    service.job["schedule"]["state"] = "Disabled"
    assert run(service, "paused")["changed"] is False


def test_an_unknown_domain_names_those_that_have_jobs():
    with pytest.raises(Failure, match=r"elsewhere\.example.*corp\.example"):
        run(Service(), "started", domain="elsewhere.example")


def test_no_job_at_all_points_to_connect_sync():
    service = Service()
    service.domains = ()
    with pytest.raises(Failure, match="Start-ADSyncSyncCycle"):
        run(service, "started")


def test_forbidden_names_the_permissions():
    service = Service()

    def refuse(*_args, **_kwargs):
        raise GraphError("Graph refused.", status=403, code="Authorization_RequestDenied")

    service.pages = refuse
    with pytest.raises(Failure, match=r"Synchronization\.ReadWrite\.All"):
        run(service, "started")


def test_a_job_given_by_its_id_is_read_directly():
    result = run(Service(), "paused", service_principal_id="sp", job_id="AD2AADProvisioning.tenant.1")
    assert result["jobs"][0]["service_principal_id"] == "sp"
    assert result["jobs"][0]["domain"] is None


def test_a_job_that_refuses_keeps_no_other_from_being_resumed():
    service = Service("one.example", "two.example")
    service.paused = True
    answer = service.request

    def refuse_one(method, path, json=None, repeatable=None):
        if "sp-one.example" in path:
            raise GraphError("Graph refused.", status=403, code="Denied")
        answer(method, path, json, repeatable)

    service.request = refuse_one
    with pytest.raises(GraphError, match="refused") as caught:
        run(service, "resumed")
    assert service.posts == ["start"]
    assert caught.value.result["changed"] is True


def test_a_change_is_told_although_the_job_cannot_be_read_afterwards():
    service = Service()

    def refuse(_path):
        raise GraphError("Graph is away.", code="transport")

    service.get = refuse
    with pytest.raises(GraphError, match="away") as caught:
        run(service, "paused")
    assert caught.value.result["changed"] is True


def test_a_cycle_counts_that_began_while_the_service_was_slow_to_answer():
    service = Service()
    answer = service.request

    def slow(method, path, json=None, repeatable=None):
        answer(method, path, json, repeatable)
        service.now += 5

    service.request = slow
    result = run(service, "started", wait=True)
    assert result["jobs"][0]["reached"] is True
    assert service.now < 2 * Service.CYCLE


def test_two_cycles_that_end_in_the_same_second_are_two():
    service = Service()
    service.CYCLE = 0.3
    ended = {"state": "Succeeded", "timeBegan": stamp(0), "timeEnded": stamp(0), "activityIdentifier": "first"}
    service.job["status"]["lastExecution"] = ended
    result = run(service, "started", wait=True, wait_timeout=60)
    assert result["jobs"][0]["reached"] is True
    assert service.job["status"]["lastExecution"]["timeEnded"] == ended["timeEnded"]
    assert service.now < 10


def test_an_interval_of_nothing_is_no_storm():
    service = Service()
    pauses = []
    sleep = service.sleep
    service.sleep = lambda seconds: (pauses.append(seconds), sleep(seconds))
    run(service, "started", wait=True, wait_interval=0)
    assert min(pauses) >= 1


def hours_ago(hours: int) -> str:
    return f"2026-11-{23 if hours < 12 else 22}T{(12 - hours) % 24:02d}:00:00Z"


def test_an_agent_that_the_service_cannot_reach_is_reported():
    service = Service()
    error = {"code": "HybridIdentityServiceNoActiveAgents", "message": "No agent."}
    service.job["status"]["lastExecution"] = {"state": "Failed", "timeEnded": stamp(0), "error": error}
    warnings: list[str] = []
    [job] = run(service, "resumed", warnings=warnings)["jobs"]
    assert (job["agent_silent"], job["agent_code"]) == (True, "HybridIdentityServiceNoActiveAgents")
    assert job["last_execution"]["code"] == "HybridIdentityServiceNoActiveAgents"
    assert any("agent of corp.example does not answer" in text for text in warnings)


def test_a_job_that_has_ended_no_cycle_for_hours_is_reported():
    service = Service()
    service.job["status"]["lastExecution"] = {"state": "Succeeded", "timeEnded": hours_ago(5)}
    warnings: list[str] = []
    [job] = run(service, "resumed", warnings=warnings)["jobs"]
    assert (job["seconds_since_cycle"], job["agent_silent"]) == (5 * 3600, None)
    assert any("5 hours ago" in text for text in warnings)


@pytest.mark.parametrize("state", ["paused", "resumed"])
def test_a_job_that_was_paused_for_hours_is_no_reason_to_warn(state):
    service = Service()
    service.paused = True
    service.job["status"]["lastExecution"] = {"state": "Succeeded", "timeEnded": hours_ago(5)}
    warnings: list[str] = []
    run(service, state, warnings=warnings)
    assert warnings == []


def test_a_cycle_of_late_says_that_the_agent_answers():
    service = Service()
    run(service, "started", wait=True)
    [job] = run(service, "resumed")["jobs"]
    assert (job["agent_silent"], job["agent_code"]) == (False, None)
    assert job["seconds_since_cycle"] < 60
    assert job["last_steady_state"] is None


def test_jobs_under_another_template_are_found_by_their_ids():
    service = Service()
    pages, wanted = service.pages, "applicationTemplateId"
    service.pages = lambda path, params=None: () if wanted in str(params) else pages(path, params)
    service.batch = lambda requests: [
        BatchResponse(request.key, 200, {"value": list(pages(request.path))}, None) for request in requests
    ]
    for domain in (None, "CORP.example"):
        assert [job["domain"] for job in run(service, "resumed", domain=domain)["jobs"]] == ["corp.example"]
    with pytest.raises(Failure, match=r"elsewhere\.example.*corp\.example"):
        run(service, "resumed", domain="elsewhere.example")
