# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pausing, starting and waiting, against a service whose clock and cycles the test moves."""

from __future__ import annotations

import copy

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.runner import Context
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.sync_cycle import sync_cycle

NOON = 1_795_435_200  # 2026-11-23T12:00:00Z


def stamp(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"2026-11-23T12:{minutes:02d}:{rest:02d}Z"


class Service:
    """One Cloud Sync job that takes CYCLE seconds for a cycle; it doubles as the client."""

    CYCLE = 30
    sign_in_method = "client_secret"
    token_lasts = float("inf")

    def __init__(self, *domains: str) -> None:
        self.now = 0.0
        self.domains = domains or ("corp.example",)
        self.posts: list[str] = []
        self.running_since: float | None = None
        self.queued = False
        self.paused = False
        self.job = {
            "id": "AD2AADProvisioning.tenant.1",
            "schedule": {"state": "Active"},
            "status": {"code": "NotRun", "progress": [], "quarantine": None, "lastExecution": None},
        }

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        return None

    def stats(self):
        return {"requests": 0, "writes": len(self.posts), "throttled_seconds": 0.0}

    def ensure_lifetime(self, seconds):
        if seconds > self.token_lasts:
            raise Failure("The token ends too soon.")

    def service_time(self):
        return NOON + self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.running_since is not None and self.now >= self.running_since + self.CYCLE:
            ended = self.running_since + self.CYCLE
            self.job["status"]["lastExecution"] = {
                "state": "Succeeded",
                "timeBegan": stamp(self.running_since),
                "timeEnded": stamp(ended),
                "countExported": 7,
            }
            self.running_since = ended if self.queued else None
            self.queued = False

    def _data(self):
        data = copy.deepcopy(self.job)
        running = self.running_since is not None
        data["status"]["progress"] = [{"units": "users"}] if running else []
        if data["status"]["code"] != "Quarantine":
            data["status"]["code"] = "Paused" if self.paused else "Active"
        return data

    def pages(self, path, params=None):
        if path == "/servicePrincipals":
            wanted = params["$filter"]
            names = [name for name in self.domains if "displayName" not in wanted or f"'{name}'" in wanted]
            yield from ({"id": f"sp-{name}", "displayName": name} for name in names)
        else:
            yield self._data()

    def get(self, _path):
        return self._data()

    def request(self, method, path, json=None, repeatable=None):
        action = path.rpartition("/")[2]
        self.posts.append(action)
        self.paused = action == "pause"
        if action in ("start", "restart"):
            if self.running_since is None:
                self.running_since = self.now
            else:
                self.queued = True


def run(service: Service, state: str, *, check_mode: bool = False, warnings: list[str] | None = None, **params):
    context = Context(check_mode=check_mode, diff_mode=False, warn=(warnings if warnings is not None else []).append)
    defaults = {
        "domain": None,
        "service_principal_id": None,
        "job_id": None,
        "wait": False,
        "wait_timeout": 600,
        "wait_interval": 10,
    }
    return sync_cycle(
        {**defaults, "state": state, **params},
        context,
        client_of=lambda _params: service,
        clock=lambda: service.now,
        sleep=service.sleep,
    )


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


def test_an_interval_of_nothing_is_no_storm():
    service = Service()
    pauses = []
    sleep = service.sleep
    service.sleep = lambda seconds: (pauses.append(seconds), sleep(seconds))
    run(service, "started", wait=True, wait_interval=0)
    assert min(pauses) >= 1
