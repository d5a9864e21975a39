"""Undoing: runs that were killed, a plan that the world moved away from, journals, and the playbook ``rollback``."""

from __future__ import annotations

import base64
import importlib
import json
import multiprocessing
import os
import random
import signal
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import harness
import pytest

ANCHOR = "onPremisesImmutableId"

# --- the module as a process of its own, that can be killed -------------------------------------------------------

KILLS = 50
# Rounds side by side, each with users of its own: most of their time is waiting.
LANES = 10
USERS = 30
SEED = os.environ.get("HYBRID_TEST_SEED", "20261123")
# How long reads by id lag behind in this tenant; a rerun waits a little longer for what a killed run left open.
LAG, SETTLED = 0.4, 4
_MODULE_UTILS = "ansible_collections.hybrid.identity.plugins.module_utils"
_MODULES = "ansible_collections.hybrid.identity.plugins.modules"
# Each run is a process of its own, forked from one that has imported everything: half a second for each of 200.
FORKS = multiprocessing.get_context("forkserver")


def run_module(arguments: str, environment: dict[str, str], output: str) -> None:
    """Be the module: its arguments in a file, its result in another."""
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["entra_immutable_id", arguments]
    os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
    importlib.import_module(f"{_MODULE_UTILS}._jobs.confirmation").CONFIRM_SECONDS = SETTLED
    importlib.import_module(f"{_MODULES}.entra_immutable_id").main()


def guid_of(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.corp.example.com"))


def anchor_of(name: str) -> str:
    return base64.b64encode(uuid.UUID(guid_of(name)).bytes_le).decode()


def cloud_user(name: str, **properties: Any) -> dict[str, Any]:
    """Return a user with all that a plan looks at."""
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.example.com")),
        "userPrincipalName": f"{name}@example.com",
        "displayName": name,
        "mail": f"{name}@example.com",
        "proxyAddresses": [f"SMTP:{name}@example.com"],
        "accountEnabled": True,
        "userType": "Member",
        "creationType": None,
        "externalUserState": None,
        "isResourceAccount": None,
        "isManagementRestricted": None,
        ANCHOR: None,
        "onPremisesSyncEnabled": None,
        "onPremisesObjectIdentifier": None,
        "jobTitle": f"{name}'s job",
        **properties,
    }


def write_pairs(path: Path, names: Iterable[str]) -> str:
    lines = [f"{name}@example.com,{guid_of(name)}" for name in names]
    path.write_text("\n".join(["user,object_guid", *lines]) + "\n", encoding="utf-8")
    return str(path)


def lines_of(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a journal. Half a line may stand where a run was killed, and is marked."""
    found: list[dict[str, Any]] = []
    lines = path.read_bytes().splitlines()
    for number, line in enumerate(lines):
        try:
            found.append(json.loads(line))
        except ValueError:
            assert number + 1 == len(lines) or json.loads(lines[number + 1])["entry"] == "recovered", line
    return found


class Lane:
    """Users of its own in a tenant, and rounds of applying a plan to them, killed, rerun and undone."""

    def __init__(self, number: int, folder: Path, tenant: harness.Tenant) -> None:
        self.folder = folder
        self.tenant = tenant
        self.random = random.Random(f"{SEED}/{number}")  # noqa: S311  # moments, not secrets
        self.names = names_of(number)
        self.ids = {cloud_user(name)["id"] for name in self.names}
        self.environment = (
            harness.clean_environment() | tenant.environment | {"HYBRID_IDENTITY_STATE_DIR": str(folder / "state")}
        )
        self.plan = str(folder / "plan.jsonl")
        #: How long a run that nobody kills has its journal open.
        self.seconds = 0.0
        #: How many users had been written when the run was killed.
        self.written_when_killed: list[int] = []

    def start(self, **options: Any) -> BaseProcess:
        arguments = {"batch_size": 5, "max_workers": 2, "return_limit": 1000, **options}
        path = self.folder / "arguments.json"
        path.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": arguments}), encoding="utf-8")
        output = str(self.folder / "output.json")
        process = FORKS.Process(target=run_module, args=(str(path), self.environment, output))
        process.start()
        return process

    def run(self, **options: Any) -> dict[str, Any]:
        process = self.start(**options)
        process.join(120)
        output = (self.folder / "output.json").read_text(encoding="utf-8")
        assert process.exitcode == 0, output
        result: dict[str, Any] = json.loads(output)
        return result

    def kill(self, journal: Path, moment: float, **options: Any) -> bool:
        """Start a run and kill it ``moment`` seconds after it opened its journal; tell whether it was still alive."""
        process = self.start(journal=str(journal), **options)
        opened = self.wait_for(journal, process)
        process.join(max(0.0, opened + moment - time.monotonic()))
        process.kill()
        process.join()
        return process.exitcode == -signal.SIGKILL

    def wait_for(self, journal: Path, process: BaseProcess) -> float:
        """Return when the journal was there: before that, a run has not changed anything."""
        while not journal.exists() and process.is_alive():
            time.sleep(0.01)
        return time.monotonic()

    def state(self) -> dict[str, dict[str, Any]]:
        return {user["id"]: user for user in self.tenant.users().values() if user["id"] in self.ids}

    def writes(self) -> Counter[str]:
        """Return how often each of this lane's users was written so far."""
        rows = self.tenant.control("GET", "requests?method=PATCH")["requests"]
        ids = [row["path"].rpartition("/")[2] for row in rows if row["status"] == 204]
        return Counter(user_id for user_id in ids if user_id in self.ids)

    def prepare(self) -> None:
        """Make the plan, and see how long it takes to carry it out."""
        source = write_pairs(self.folder / "pairs.csv", self.names)
        options = {"src": [source], "on_existing": "replace", "dest": self.plan, "_ansible_check_mode": True}
        planned = self.run(**options)
        assert planned["summary"]["set"] == USERS, planned
        journal = self.folder / "whole.journal.jsonl"
        process = self.start(plan=self.plan, journal=str(journal))
        opened = self.wait_for(journal, process)
        process.join()
        self.seconds = time.monotonic() - opened
        self.run(restore=[str(journal)])

    def rounds(self, kills: int) -> None:
        number = 0
        while len(self.written_when_killed) < kills:
            number += 1
            assert number <= 4 * kills, "hardly any run lives long enough to be killed"
            self.round(number)

    def round(self, number: int) -> None:
        before, written_before = self.state(), self.writes()
        journal = self.folder / f"{number}.journal.jsonl"
        dest = str(self.folder / f"{number}.result.jsonl")
        killed = self.kill(journal, self.random.uniform(0, self.seconds), plan=self.plan, dest=dest)
        left = journal.read_bytes() if journal.exists() else b""
        if killed:
            self.written_when_killed.append(sum((self.writes() - written_before).values()))

        # The rerun accounts for everybody, and nobody is written twice.
        rerun = self.run(plan=self.plan, journal=str(journal), dest=dest)
        assert Counter(row["action"] for row in rerun["users"]).keys() <= {"set", "none"}, rerun["users"]
        assert {row["id"] for row in rerun["users"]} == self.ids
        assert {user[ANCHOR] for user in self.state().values()} == {anchor_of(name) for name in self.names}
        assert self.writes() - written_before == dict.fromkeys(self.ids, 1)

        # Nothing was cut from the journal; the newest that it says of each user is what became of the write.
        assert journal.read_bytes().startswith(left)
        newest = {entry["id"]: entry.get("status") for entry in lines_of(journal)[1:] if "id" in entry}
        assert newest.keys() == self.ids
        assert set(newest.values()) <= {"ok", "confirmed"}, newest
        saved = [json.loads(line) for line in Path(rerun["backup"]).read_text(encoding="utf-8").splitlines()]
        assert {row["id"]: row["properties"][ANCHOR] for row in saved[1:-1]} == {
            user_id: user[ANCHOR] for user_id, user in before.items()
        }
        assert saved[-1] == {"kind": "end", "rows": USERS}

        # The journal puts everybody back; now and then that is killed as well.
        undone = self.folder / f"{number}.undone.journal.jsonl"
        if number % 5 == 0:
            self.kill(undone, self.random.uniform(0, self.seconds), restore=[str(journal)])
        restored = self.run(restore=[str(journal)], journal=str(undone))
        assert Counter(row["action"] for row in restored["users"]).keys() <= {"set", "clear", "none"}, restored["users"]
        assert self.state() == before
        assert self.writes() - written_before == dict.fromkeys(self.ids, 2)


def names_of(lane: int) -> list[str]:
    return [f"lane{lane}user{number}" for number in range(USERS)]


def test_killed_runs(
    tmp_path: Path, start_tenant: Callable[..., harness.Tenant], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kill -9 at random moments of an apply: the rerun writes nothing twice, and the journal undoes everything."""
    monkeypatch.syspath_prepend(str(harness.COLLECTIONS))
    FORKS.set_forkserver_preload([f"{_MODULES}.entra_immutable_id"])
    users = [
        # Some have a value already, which is replaced and must come back.
        cloud_user(name, **({ANCHOR: anchor_of(f"old-{name}")} if number % 3 == 0 else {}))
        for lane in range(LANES)
        for number, name in enumerate(names_of(lane))
    ]
    tenant = start_tenant({"users": users, "settings": {"idLagSeconds": LAG, "listLagSeconds": LAG, "writeQuota": 0}})
    tenant.control("POST", "faults", {"method": "PATCH", "path": "users/", "times": 1_000_000, "delaySeconds": 0.05})
    lanes = []
    for number in range(LANES):
        (tmp_path / str(number)).mkdir()
        lanes.append(Lane(number, tmp_path / str(number), tenant))

    def work(number: int) -> None:
        lanes[number].prepare()
        lanes[number].rounds(KILLS // LANES + (number < KILLS % LANES))

    with ThreadPoolExecutor(LANES) as pool:
        ends = [pool.submit(work, number) for number in range(LANES)]
    errors = [end.exception() for end in ends if end.exception()]
    if errors:
        raise AssertionError(f"HYBRID_TEST_SEED={SEED}: {len(errors)} of {LANES} lanes failed") from errors[0]
    hits = [hit for lane in lanes for hit in lane.written_when_killed]
    assert len(hits) == KILLS
    # Before the first write and after the last one, a run reads.
    amid = sum(0 < hit < USERS for hit in hits)
    assert amid >= KILLS // 10, f"only {amid} kills came amid the writes: {sorted(hits)}"


# --- a plan that the world moved away from ------------------------------------------------------------------------

PEOPLE = [f"p{number:03}" for number in range(1000)]
# Each of these is in the way of ten people, who stand at the end of the list.
OBSTACLES = (
    "another anchor", "string anchor", "synced", "holder", "deleted holder",
    "role", "external", "restricted", "absent", "protected",
)  # fmt: skip
FREE, HINDERED = PEOPLE[:900], PEOPLE[900:]


def obstacle_of(name: str) -> str:
    return OBSTACLES[HINDERED.index(name) // 10]


def company() -> dict[str, Any]:
    users = [cloud_user(name) for name in FREE]
    deleted: list[dict[str, Any]] = []
    roles: list[dict[str, Any]] = []
    for name in HINDERED:
        obstacle = obstacle_of(name)
        properties: dict[str, Any] = {}
        if obstacle == "another anchor":
            properties = {ANCHOR: anchor_of(f"other-{name}")}
        elif obstacle == "string anchor":
            properties = {ANCHOR: f"E{name}"}
        elif obstacle == "synced":
            properties = {ANCHOR: anchor_of(f"other-{name}"), "onPremisesSyncEnabled": True}
        elif obstacle == "holder":
            users.append(cloud_user(f"holder-{name}", **{ANCHOR: anchor_of(name)}))
        elif obstacle == "deleted holder":
            deleted.append(cloud_user(f"holder-{name}", **{ANCHOR: anchor_of(name)}))
        elif obstacle == "role":
            roles.append({"user": f"{name}@example.com", "role": "User Administrator"})
        elif obstacle == "external":
            properties = {"userType": "Guest", "creationType": "Invitation", "externalUserState": "Accepted"}
        elif obstacle == "restricted":
            properties = {"isManagementRestricted": True}
        if obstacle != "absent":
            users.append(cloud_user(name, **properties))
    return {"users": users, "deletedUsers": deleted, "roles": roles, "settings": {"writeQuota": 0}}


def everybody(tenant: harness.Tenant) -> dict[str, dict[str, Any]]:
    """Return all users, those in the recycle bin as well, by id."""
    users = tenant.control("GET", "users")
    return {user["id"]: user for user in [*users["users"], *users["deletedUsers"]]}


def test_a_plan_applied_after_the_world_changed(
    start_tenant: Callable[..., harness.Tenant], playbooks: harness.Playbooks
) -> None:
    tenant = start_tenant(company())
    plan = str(playbooks.folder / "plan.jsonl")
    protected = [f"{name}@example.com" for name in HINDERED if obstacle_of(name) == "protected"]
    options = {"protected_users": protected, "return_limit": 2000}
    source = write_pairs(playbooks.folder / "pairs.csv", PEOPLE)
    planned = playbooks.module(
        "entra_immutable_id", tenant.environment, check=True, src=[source], dest=plan, max_changes="100%", **options
    )
    rows = {row["user"].partition("@")[0]: row for row in planned["users"]}
    assert len(rows) == planned["summary"]["total"] == 1000
    assert [name for name in FREE if rows[name]["action"] != "set"] == []
    assert [name for name in HINDERED if rows[name]["action"] == "set"] == []
    assert all(rows[name]["reason"] for name in HINDERED)
    assert tenant.writes() == []

    # Somebody else goes on working meanwhile.
    changed = {name: cloud_user(name)["id"] for name in FREE[::90]}
    assert len(changed) == 10
    changes: list[dict[str, Any]] = [
        *({ANCHOR: anchor_of(f"somebody-{number}")} for number in range(4)),
        *({"userPrincipalName": f"renamed{number}@example.com"} for number in range(2)),
        {"onPremisesSyncEnabled": True},
        {"accountEnabled": False},
        {"deleted": True},
        {"deleted": True},
    ]
    for user_id, change in zip(changed.values(), changes):
        tenant.control("PATCH", f"users/{user_id}", change)
    before = everybody(tenant)

    # Those are left alone and named, and all others are written.
    journal = str(playbooks.folder / "journal.jsonl")
    result = str(playbooks.folder / "result.jsonl")
    apply = {"plan": plan, "journal": journal, "dest": result, **options}
    applied = playbooks.module("entra_immutable_id", tenant.environment, **apply)
    done = {row["user"].partition("@")[0]: row for row in applied["users"]}
    assert applied["summary"]["set"] == 890
    for name in changed:
        assert done[name]["action"] in ("blocked", "not_found"), done[name]
        assert done[name]["reason"]["code"] in ("changed_since_plan", "gone"), done[name]
    after = everybody(tenant)
    for name in FREE:
        user_id = cloud_user(name)["id"]
        expected = before[user_id] if name in changed else before[user_id] | {ANCHOR: anchor_of(name)}
        assert after[user_id] == expected
    assert {user_id: user for user_id, user in after.items() if user_id not in map(id_of, FREE)} == {
        user_id: user for user_id, user in before.items() if user_id not in map(id_of, FREE)
    }

    # Applying again writes nothing.
    tenant.forget_requests()
    again = playbooks.module("entra_immutable_id", tenant.environment, **apply)
    assert not again["changed"]
    assert tenant.writes() == []

    # The journal restores exactly what was there.
    undo = {"restore": [journal], "dest": str(playbooks.folder / "undone.jsonl"), **options}
    shown = playbooks.module("entra_immutable_id", tenant.environment, check=True, **undo)
    assert (shown["summary"]["clear"], shown["summary"]["total"]) == (890, 890)
    assert tenant.writes() == []
    undone = playbooks.module("entra_immutable_id", tenant.environment, **undo)
    assert undone["summary"]["clear"] == 890
    assert everybody(tenant) == before
    tenant.forget_requests()
    assert not playbooks.module("entra_immutable_id", tenant.environment, **undo)["changed"]
    assert tenant.writes() == []


def id_of(name: str) -> str:
    user_id: str = cloud_user(name)["id"]
    return user_id


# --- the playbook -------------------------------------------------------------------------------------------------


def test_rollback_by_the_playbook(start_tenant: Callable[..., harness.Tenant], playbooks: harness.Playbooks) -> None:
    """What the run did is undone, except where somebody else or the sync has been since; sync is paused meanwhile."""
    seed = json.loads((harness.SAMPLE_COMPANY / "tenant.json").read_text(encoding="utf-8"))
    seed["directories"][0]["ldif"] = str(harness.SAMPLE_COMPANY / "export.ldf")
    seed["settings"] = {"automaticCycles": False}
    seed["users"] += [cloud_user(name) for name in ("anna", "bert", "cora")]
    tenant = start_tenant(seed)
    work = playbooks.folder / "work"
    work.mkdir()
    applied = playbooks.module(
        "entra_immutable_id",
        tenant.environment,
        users=[{"user": f"{name}@example.com", "object_guid": guid_of(name)} for name in ("anna", "bert", "cora")],
        journal=str(work / "journal.jsonl"),
    )
    assert applied["summary"]["set"] == 3, applied
    tenant.control("PATCH", f"users/{id_of('bert')}", {ANCHOR: anchor_of("somebody")})
    tenant.control("PATCH", f"users/{id_of('cora')}", {"onPremisesSyncEnabled": True})
    tenant.forget_requests()
    variables = {
        "hard_match_journals": str(work),
        "hard_match_sync": "cloud_sync",
        "hard_match_work_dir": str(playbooks.folder / "undone"),
    }

    checked = playbooks.run("hybrid.identity.rollback", tenant.environment, variables=variables, check=True).succeeded()
    assert checked.result("See what the journals can put back")["summary"]["clear"] == 1
    assert tenant.writes() == []

    run = playbooks.run("hybrid.identity.rollback", tenant.environment, variables=variables).succeeded()
    rows = {row["user"]: row for row in run.result("Put the old ImmutableIds back")["users"]}
    assert {user: (row["action"], row["reason"] and row["reason"]["code"]) for user, row in rows.items()} == {
        "anna@example.com": ("clear", None),
        "bert@example.com": ("blocked", "changed_since_write"),
        "cora@example.com": ("blocked", "restore_needs_undo"),
    }
    anchors = tenant.anchors()
    # Of the others, the sync that goes on takes whom it can: it is their names that tie them now.
    assert [anchors[f"{name}@example.com"] for name in ("anna", "bert", "cora")] == [
        None,
        anchor_of("somebody"),
        anchor_of("cora"),
    ]
    paths = [row["path"].rpartition("/")[2].lower() for row in tenant.writes()]
    assert paths == ["pause", id_of("anna"), "start"]
    summary = (playbooks.folder / "undone" / "summary.txt").read_text(encoding="utf-8")
    assert "changed_since_write" in summary
    assert "restore_needs_undo" in summary

    # Once more, there is nothing to do, and sync goes on undisturbed.
    tenant.forget_requests()
    again = playbooks.run("hybrid.identity.rollback", tenant.environment, variables=variables).succeeded()
    assert again.changed == []
    assert tenant.writes() == []

    nothing = playbooks.run(
        "hybrid.identity.rollback", tenant.environment, variables={"hard_match_journals": [str(playbooks.folder)]}
    )
    assert nothing.returncode != 0
    assert "No journal is named" in nothing.output


def test_what_is_no_journal_is_refused(
    start_tenant: Callable[..., harness.Tenant], playbooks: harness.Playbooks
) -> None:
    tenant = start_tenant({"users": [cloud_user("anna")]})
    plan = playbooks.folder / "plan.jsonl"
    plan.write_text(json.dumps({"kind": "plan", "version": 1}) + "\n", encoding="utf-8")
    run = playbooks.tasks([{"hybrid.identity.entra_immutable_id": {"restore": [str(plan)]}}], tenant.environment)
    assert run.returncode != 0
    assert str(plan) in run.result("entra_immutable_id")["msg"]
    assert tenant.writes() == []
