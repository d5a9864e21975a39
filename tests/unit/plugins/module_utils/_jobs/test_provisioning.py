# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Provisioning single users: within the quota, each on its own, by the job of its domain."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sync_service import Service, run

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.provision_codes import PROVISION_CODES
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.provisioning import read_provision


def dn(name: str, domain: str = "corp.example") -> str:
    return f"CN={name},OU=People," + ",".join(f"DC={label}" for label in domain.split("."))


def answer(result: str, code: str, words: str) -> dict[str, str]:
    details = {"errorCode": code, "errorMessage": words}
    return {"key": json.dumps({"result": result, "details": details}), "value": "{}"}


def provision(service: Service, names: Any, **more: Any) -> dict[str, Any]:
    return run(service, more.pop("state", None), provision=names, **more)


def codes(result: dict[str, Any]) -> list[Any]:
    return [row["reason"] and row["reason"]["code"] for row in result["provisioned"]]


def test_each_code_has_its_scenario():
    """In the other tests of this file."""
    scenarios = Path(__file__).read_text(encoding="utf-8")
    assert [code for code, *_words in PROVISION_CODES if f'"{code}"' not in scenarios] == []


def test_one_user():
    service = Service()
    result = provision(service, dn("Ann"))
    [row] = result["provisioned"]
    assert (row["distinguished_name"], row["domain"]) == (dn("Ann"), "corp.example")
    assert (row["status"], row["action"], row["id"], row["reason"]) == ("provisioned", "update", "id-1", None)
    assert result["changed"] is True
    assert result["summary"]["provisioned"] == 1
    # Nothing is asked of the jobs themselves.
    assert service.posts == []
    assert [job["changed"] for job in result["jobs"]] == [False]
    assert [job["reached"] for job in result["jobs"]] == [None]


def test_no_more_than_five_in_ten_seconds():
    service = Service()
    provision(service, [dn(f"User {number}") for number in range(13)])
    times = [time for time, _principal, _name in service.provisioned]
    assert len(times) == 13
    assert all(later - earlier > 10 for earlier, later in zip(times, times[5:]))
    assert times[-1] < 21


def test_each_is_asked_of_the_job_of_its_domain():
    service = Service("one.example", "two.example")
    names = [dn("Ann", "two.example"), dn("Ben", "ONE.example"), dn("Cat", "three.example")]
    result = provision(service, names)
    assert [(principal, name) for _time, principal, name in service.provisioned] == [
        ("sp-two.example", names[0]),
        ("sp-one.example", names[1]),
    ]
    assert [row["status"] for row in result["provisioned"]] == ["provisioned", "provisioned", "blocked"]
    assert codes(result) == [None, None, "provision_no_job"]
    assert "one.example; two.example" in result["provisioned"][2]["reason"]["message"]


def test_a_job_given_by_its_id_is_asked_for_any_domain():
    service = Service()
    job = {"service_principal_id": "sp-corp.example", "job_id": "AD2AADProvisioning.tenant.1"}
    result = provision(service, dn("Ann", "elsewhere.example"), **job)
    assert [row["status"] for row in result["provisioned"]] == ["provisioned"]


def test_one_that_is_refused_or_makes_no_sense_stops_no_other():
    service = Service()
    service.answers = {
        dn("Ann"): answer("Failure", "InvalidHardMatch", "It exists already."),
        dn("Ben"): GraphError("Graph refused.", status=400, code="BadRequest"),
        dn("Cat"): answer("Skipped", "RedundantExport", "Both sides match."),
        dn("Dan"): {"key": "what?"},
        dn("Eve"): GraphError("No answer came.", code="transport", uncertain=True),
    }
    names = [*service.answers, "Fay", dn("Gil")]
    result = provision(service, names)
    statuses = ["refused", "failed", "skipped", "unknown", "unknown", "blocked", "provisioned"]
    assert [row["status"] for row in result["provisioned"]] == statuses
    assert codes(result) == [
        "provision_refused",
        "provision_failed",
        "provision_skipped",
        "provision_unclear",
        "provision_unclear",
        "provision_no_dn",
        None,
    ]
    assert "InvalidHardMatch" in result["provisioned"][0]["reason"]["message"]
    assert result["provisioned"][1]["error"]["code"] == "BadRequest"
    # A request that failed is a failure of the task; what Cloud Sync decided is a result.
    assert result["failed"] is True
    assert "1 of 7" in result["msg"]


def test_what_cloud_sync_decides_fails_no_task():
    service = Service()
    service.answers = {dn("Ann"): answer("Failure", "InvalidHardMatch", "It exists already.")}
    result = provision(service, [dn("Ann")])
    assert "failed" not in result
    assert result["changed"] is False


@pytest.mark.parametrize("refusal", [401, 403])
def test_a_permission_that_is_missing_is_asked_for_once(refusal):
    service = Service()
    names = [dn(name) for name in ("Ann", "Ben", "Cat")]
    service.answers = dict.fromkeys(names, GraphError("Not allowed.", status=refusal, code="Denied"))
    result = provision(service, names)
    assert len(service.provisioned) == 1
    assert [row["status"] for row in result["provisioned"]] == ["failed"] * 3


def test_check_mode_says_what_would_be_and_asks_for_nothing():
    service = Service()
    result = provision(service, [dn("Ann"), dn("Ben", "elsewhere.example")], check_mode=True)
    assert [row["status"] for row in result["provisioned"]] == ["planned", "blocked"]
    assert result["changed"] is True
    assert service.provisioned == []
    assert service.now == 0


def test_a_job_without_a_rule_for_users():
    service = Service()
    service.rules = [{"id": "1", "objectMappings": [{"sourceObjectName": "group"}]}]
    assert codes(provision(service, dn("Ann"))) == ["provision_no_rule"]


@pytest.mark.parametrize(
    "refusal",
    [answer("Failure", "Paused", "It is paused."), GraphError("It is paused.", status=400, code="BadRequest")],
)
def test_a_refusal_by_a_paused_job_says_that_it_is_paused(refusal):
    service = Service()
    service.paused = True
    service.answers = {dn("Ann"): refusal}
    result = provision(service, dn("Ann"))
    assert codes(result) == ["provision_refused_while_paused"]
    assert "is paused" in result["provisioned"][0]["reason"]["message"]


def test_a_job_is_resumed_before_a_user_is_provisioned():
    service = Service()
    service.paused = True
    service.answers = {dn("Ann"): answer("Failure", "InvalidHardMatch", "It exists already.")}
    assert codes(provision(service, dn("Ann"), state="resumed")) == ["provision_refused"]
    assert service.posts == ["start"]


def test_what_was_done_is_told_although_the_rest_was_interrupted():
    service = Service()
    answers = service._provision

    def interrupted(path, parameters):
        if parameters["subjects"][0]["objectId"] == dn("Ben"):
            raise KeyboardInterrupt
        return answers(path, parameters)

    service._provision = interrupted
    with pytest.raises(Failure, match="stopped") as caught:
        provision(service, [dn("Ann"), dn("Ben")])
    assert caught.value.result["changed"] is True
    assert [row["status"] for row in caught.value.result["provisioned"]] == ["provisioned"]


def test_many_users_and_a_token_that_ends_too_soon():
    service = Service()
    service.token_lasts = 60
    with pytest.raises(Failure, match="too soon"):
        provision(service, [dn(f"User {number}") for number in range(100)])
    assert service.provisioned == []


def test_names_come_from_rows_too_and_each_once():
    rows = [
        dn("Ann"),
        {"distinguished_name": dn("Ben")},
        {"on_premises": {"distinguished_name": dn("Cat")}, "user": "cat@example.com"},
        {"object": {"distinguished_name": dn("Dan")}, "on_premises": None},
        {"object": None, "user": "eve@example.com"},
        dn("ann").lower(),
        {},
    ]
    assert read_provision(rows) == [
        *(dn(name) for name in ("Ann", "Ben", "Cat", "Dan")),
        "eve@example.com",
        "A row without one",
    ]


def test_a_string_is_one_name():
    assert read_provision(dn("Doe\\, Jane")) == [dn("Doe\\, Jane")]
    assert read_provision(None) == []


@pytest.mark.parametrize("value", [5, {"distinguished_name": None, "x": 1}.keys(), [["CN=A"]], [None]])
def test_anything_else_is_refused(value):
    with pytest.raises(Failure, match="provision must be"):
        read_provision(value)
