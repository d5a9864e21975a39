"""The matching window of the role: opened for the sync, closed however the run ends, after a kill by the next one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import company
import harness
import pytest
from company import Person

BLOCK = "blockCloudObjectTakeoverThroughHardMatchEnabled"
BYPASS = "allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled"
NAMES = ("jane", "omar", "li")
WRITE = "OnPremDirectorySynchronization.ReadWrite.All"
PERMISSIONS = (
    "Application.Read.All", "Domain.Read.All", "Group.Read.All", "OrgContact.Read.All", "Organization.Read.All",
    "PrivilegedEligibilitySchedule.Read.AzureADGroup", "RoleManagement.Read.Directory", "Synchronization.ReadWrite.All",
    "User-OnPremisesSyncBehavior.ReadWrite.All", "User.Read.All", "User.ReadWrite.All",
)  # fmt: skip


class Window:
    """A tenant that blocks hard matches, three people who wait for one, and the role."""

    def __init__(self, tenant: harness.Tenant, playbooks: harness.Playbooks, export: Path) -> None:
        self.tenant = tenant
        self.playbooks = playbooks
        self.variables: dict[str, Any] = {
            "hard_match_source": {"src": [str(export)], "anchor": "object_guid"},
            "hard_match_sync": "cloud_sync",
            "hard_match_sync_attempts": 1,
            "hard_match_wait_timeout": 6,
            "hard_match_work_dir": str(playbooks.folder / "work"),
        }

    def run(self, *entry_point: str, check: bool = False, **variables: Any) -> harness.Run:
        return self.playbooks.run([self.play(*entry_point, **variables)], self.tenant.environment, check=check)

    def play(self, entry_point: str = "main", **variables: Any) -> dict[str, Any]:
        role = {
            "name": "Hard match",
            "ansible.builtin.include_role": {"name": "hybrid.identity.hard_match", "tasks_from": entry_point},
            "vars": {**self.variables, **variables},
        }
        return harness.local_play([role])

    @property
    def blocked(self) -> bool:
        return bool(self.tenant.control("GET", "settings")["features"][BLOCK])

    @property
    def patches(self) -> list[dict[str, Any]]:
        """The changes of flags that the tenant was asked for."""
        return [row for row in self.tenant.writes() if "onPremisesSynchronization" in row["path"]]

    @property
    def synced(self) -> set[str]:
        return {name.partition("@")[0] for name, user in self.tenant.users().items() if user["onPremisesSyncEnabled"]}

    @property
    def summary(self) -> str:
        text = (self.playbooks.folder / "work" / "summary.txt").read_text(encoding="utf-8")
        return " ".join(text.split())


@pytest.fixture
def window(
    start_tenant: Callable[..., harness.Tenant], playbooks: harness.Playbooks, tmp_path: Path
) -> Callable[..., Window]:
    def start(
        permissions: tuple[str, ...] = (WRITE,), admins: tuple[dict[str, Any], ...] = (), **settings: Any
    ) -> Window:
        people = [Person(name) for name in NAMES]
        export = tmp_path / "export.ldf"
        export.write_text(company.ldif([person.entry({}) for person in people], ["mS-DS-ConsistencyGuid"]))
        seed = {
            "tenant": {"displayName": "Orchard", "onPremisesSyncEnabled": True},
            "domains": [{"id": "example.com", "isDefault": True}, {"id": "orchard.onmicrosoft.com", "isInitial": True}],
            "users": [*(person.user({}) for person in people), *admins],
            "roles": [{"user": admin["userPrincipalName"], "role": "Global Administrator"} for admin in admins],
            "features": {BLOCK: True, "blockSoftMatchEnabled": True},
            "directories": [{"domain": company.DOMAIN, "ldif": str(export)}],
            "settings": {
                "automaticCycles": False,
                "clients": [
                    {
                        "clientId": "11111111-2222-4333-8444-555555555555",
                        "secret": "not a real secret",
                        "permissions": [*PERMISSIONS, *permissions],
                        "delegatedPermissions": [WRITE],
                    }
                ],
                **settings,
            },
        }
        return Window(start_tenant(seed), playbooks, export)

    return start


def test_without_the_window_nobody_matches_and_it_is_said(window: Callable[..., Window]) -> None:
    case = window()
    case.run().succeeded()
    assert case.synced == set()
    assert "hard_match_blocked" in case.summary
    assert "give hard_match_window=true" in case.summary
    assert case.patches == []

    # The values are right by now. Opening is all that is left to do, and for one run only.
    case.run(hard_match_window=True).succeeded()
    assert case.synced == set(NAMES)
    assert case.blocked


def test_with_the_window_everybody_matches_and_the_block_is_back(window: Callable[..., Window]) -> None:
    case = window()
    planned = case.run(check=True, hard_match_window=True).succeeded()
    assert "would be opened" in case.summary
    assert (case.blocked, case.patches) == (True, [])
    assert "Let hard matches through" not in " ".join(planned.changed)

    case.run(hard_match_window=True).succeeded()
    assert case.synced == set(NAMES)
    assert case.blocked
    assert len(case.patches) == 2
    assert "was open for the sync of this run" in case.summary

    # Opened after the last value was written, and before the sync went on.
    log = [row for row in case.tenant.writes() if row["method"] in ("PATCH", "POST")]
    opened = next(number for number, row in enumerate(log) if "onPremisesSynchronization" in row["path"])
    values = [number for number, row in enumerate(log) if row["path"].startswith("/v1.0/users/")]
    started = [number for number, row in enumerate(log) if row["path"].endswith("/start")]
    assert max(values) < opened < min(started)

    # A rerun finds nobody to let through.
    rerun = case.run(hard_match_window=True).succeeded()
    assert (len(case.patches), rerun.changed) == (2, [])


def test_a_failing_play_closes_it_too(window: Callable[..., Window]) -> None:
    # The first start resumes the job, the second one is for those who are not synced by then.
    case = window(cycleSeconds=60)
    case.tenant.control("POST", "faults", {"method": "POST", "path": "/start$", "skip": 1, "status": 400})
    failed = case.run(hard_match_window=True)
    assert failed.returncode != 0
    assert failed.results("Start a sync cycle and wait for its end")[0]["failed"]
    assert len(case.patches) == 2
    assert case.blocked


def test_a_window_that_cannot_be_closed_is_an_error_and_waits_for_the_next_run(window: Callable[..., Window]) -> None:
    case = window()
    case.tenant.control("POST", "faults", {"method": "PATCH", "path": "onPremises", "skip": 1, "status": 403})
    failed = case.run(hard_match_window=True)
    assert failed.returncode != 0
    assert "The matching window is still open." in case.summary
    assert json.dumps({"features": {BLOCK: True}}) in failed.output.replace("\\", "")
    assert case.synced == set(NAMES)
    assert not case.blocked

    case.run().succeeded()
    assert "They are as before again" in case.summary
    assert case.blocked


def test_a_window_left_open_by_a_killed_run_is_closed_by_the_next(window: Callable[..., Window]) -> None:
    case = window()
    path = case.playbooks.folder / "killed.json"
    path.write_text(json.dumps([case.play(hard_match_window=True, hard_match_wait_timeout=200)]), encoding="utf-8")
    # No cycle ends, so that the run waits in its window until it is killed.
    case.tenant.settings(cycleSeconds=600)
    process = subprocess.Popen(
        ["ansible-playbook", str(path), "-i", "localhost,"],
        env=case.playbooks.environment | case.tenant.environment,
        cwd=case.playbooks.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 90
    while not case.patches:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.2)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=20)
    assert not case.blocked

    # Whoever only reads, says it.
    case.run("plan").succeeded()
    assert "an earlier run had left flags of the tenant changed since" in case.summary
    assert "The next run that writes puts them back" in case.summary
    assert not case.blocked
    preflight = case.run("preflight")
    assert "an earlier run has left flags of the tenant changed since" in " ".join(preflight.output.split())

    # The killed run has left the sync paused as well.
    case.tenant.settings(cycleSeconds=0)
    case.run(hard_match_take_over=True).succeeded()
    assert "They are as before again" in case.summary
    assert case.blocked
    assert len(case.patches) == 2


def test_flags_that_may_not_be_read_are_left_to_a_person(window: Callable[..., Window]) -> None:
    case = window(appOnlySyncFeatures="refuse")
    refused = case.run(hard_match_window=True)
    assert refused.returncode != 0
    commands = refused.result("Show what a Global Administrator can run instead")["msg"]
    assert commands[0].startswith("Connect-MgGraph")
    assert json.dumps({"features": {BLOCK: False}}) in commands[-1]
    assert "hard_match_flags_confirmed=true" in case.summary
    assert set(case.tenant.anchors().values()) == {None}, "nothing may be written for a sync that cannot take it"

    case.run(hard_match_window=True, hard_match_flags_confirmed=True).succeeded()
    assert None not in case.tenant.anchors().values()
    assert "said to be set by hand" in case.summary


def test_flags_that_may_only_be_read_are_left_to_a_person_before_anything_is_written(
    window: Callable[..., Window],
) -> None:
    case = window(("OnPremDirectorySynchronization.Read.All",))
    refused = case.run(hard_match_window=True, hard_match_window_remap=True)
    assert refused.returncode != 0
    commands = refused.result("Show what a Global Administrator can run instead")["msg"]
    assert json.dumps({"features": {BYPASS: True, BLOCK: False}}) in commands[-1]
    assert set(case.tenant.anchors().values()) == {None}

    preflight = case.run("preflight", hard_match_window=True)
    assert preflight.returncode != 0
    assert "the token lacks" in " ".join(preflight.output.split())


def test_a_person_may_sign_in_for_the_flags_alone(window: Callable[..., Window]) -> None:
    case = window((), (company.another("boss"),), appOnlySyncFeatures="refuse", deviceLoginAs=Person("boss").upn)
    cache = str(case.playbooks.folder / "boss.json")
    delegated = {name: value for name, value in case.tenant.environment.items() if name != "AZURE_CLIENT_SECRET"}
    case.playbooks.run("hybrid.identity.login", delegated, variables={"token_cache": cache}).succeeded()

    secret = case.tenant.environment["AZURE_CLIENT_SECRET"]
    defaults = {
        "group/hybrid.identity.entra": {"client_secret": secret},
        "hybrid.identity.entra_sync_features": {"client_secret": "", "token_cache": cache},
    }
    play = {**case.play(hard_match_window=True), "module_defaults": defaults}
    run = case.playbooks.run([play], delegated).succeeded()
    assert run.result("Put back the flags from before")["summary"]["sign_in_method"] != "client_secret"
    assert run.result("Write the ImmutableIds of the plan")["summary"]["sign_in_method"] == "client_secret"
    assert case.synced == set(NAMES)
    assert case.blocked
