# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service of Cloud Sync whose clock and cycles a test moves, and the job of the module run against it."""

from __future__ import annotations

import copy
from typing import Any

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.runner import Context
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.sync_cycle import sync_cycle

ON_DEMAND = {
    "key": '{"result": "Success", "details": {}}',
    "value": '{"action": "Update", "targetIdentity": {"id": "id-1"}, "provisioningSteps": []}',
}
NOON = 1_795_435_200  # 2026-11-23T12:00:00Z


def stamp(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"2026-11-23T12:{minutes:02d}:{rest:02d}Z"


class Service:
    """Cloud Sync jobs, one for each domain, that take CYCLE seconds for a cycle. It doubles as the client."""

    CYCLE = 30
    tenant_id = "00000000-0000-4000-8000-00000000000a"
    sign_in_method = "client_secret"
    token_lasts = float("inf")

    def __init__(self, *domains: str) -> None:
        self.now = 0.0
        self.domains = domains or ("corp.example",)
        self.posts: list[str] = []
        self.rules: list[dict[str, Any]] = [{"id": "rule-1", "objectMappings": [{"sourceObjectName": "user"}]}]
        #: What is answered to each DN that is provisioned on demand; the rest succeeds.
        self.answers: dict[str, Any] = {}
        self.provisioned: list[tuple[float, str, str]] = []
        self.running_since: float | None = None
        self.queued = False
        #: All jobs, and those by the id of their service principal for whom it differs.
        self.paused = False
        self.paused_of: dict[str, bool] = {}
        self.gone: set[str] = set()
        self.job: dict[str, Any] = {
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
                "activityIdentifier": f"cycle of {self.running_since}",
            }
            self.running_since = ended if self.queued else None
            self.queued = False

    def _data(self, path):
        principal = path.split("/")[2]
        if principal in self.gone:
            raise GraphError("There is no such job.", status=404, code="ResourceNotFound")
        data = {**copy.deepcopy(self.job), "id": f"AD2AADProvisioning.tenant.{principal}"}
        running = self.running_since is not None
        data["status"]["progress"] = [{"units": "users"}] if running else []
        if data["status"]["code"] != "Quarantine":
            data["status"]["code"] = "Paused" if self.paused_of.get(principal, self.paused) else "Active"
        return data

    def pages(self, path, params=None):
        if path == "/servicePrincipals":
            wanted = params.get("$filter", "")
            names = [name for name in self.domains if "displayName" not in wanted or f"'{name}'" in wanted]
            yield from ({"id": f"sp-{name}", "displayName": name} for name in names)
        else:
            yield self._data(path)

    def get(self, path):
        return {"synchronizationRules": self.rules} if path.endswith("/schema") else self._data(path)

    def batch(self, _requests):
        return iter(())

    def request(self, method, path, json=None, repeatable=None):
        action = path.rpartition("/")[2]
        if action == "provisionOnDemand":
            return self._provision(path, json["parameters"][0])
        self.posts.append(action)
        self.paused_of[path.split("/")[2]] = action == "pause"
        if action in ("start", "restart"):
            if self.running_since is None:
                self.running_since = self.now
            else:
                self.queued = True
        return None

    def _provision(self, path, parameters):
        [subject] = parameters["subjects"]
        self.provisioned.append((self.now, path.split("/")[2], subject["objectId"]))
        if (parameters["ruleId"], subject["objectTypeName"]) != ("rule-1", "user"):
            raise GraphError("Graph refused.", status=400, code="BadRequest")
        answer = self.answers.get(subject["objectId"], ON_DEMAND)
        if isinstance(answer, Exception):
            raise answer
        return answer


def run(service: Service, state: str | None, *, check_mode: bool = False, warnings: list[str] | None = None, **params):
    context = Context(check_mode=check_mode, diff_mode=False, warn=(warnings if warnings is not None else []).append)
    defaults = {
        "domain": None,
        "service_principal_id": None,
        "job_id": None,
        "resume": True,
        "remember": False,
        "purpose": None,
        "take_over": False,
        "provision": None,
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
