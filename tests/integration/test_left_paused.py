"""Cloud Sync that stays paused: by a run that was killed between freeze and thaw, and by somebody else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import harness
import pytest
from company import DOMAIN, Person, ldif

PEOPLE = [Person(name) for name in ("ann", "ben", "cat")]
SECONDS = 120


@pytest.fixture
def tenant(start_tenant: Callable[..., harness.Tenant], tmp_path: Path) -> harness.Tenant:
    export = tmp_path / "export.ldf"
    export.write_text(ldif(person.entry({}) for person in PEOPLE), encoding="utf-8")
    return start_tenant(
        {
            "users": [person.user({}) for person in PEOPLE],
            "directories": [{"domain": DOMAIN, "ldif": str(export)}],
            # The cycles that the role starts are all there are.
            "settings": {"cycleIntervalSeconds": 3600, "cycleSeconds": 0},
        }
    )


def role(folder: Path, entry: str = "main", **more: Any) -> list[dict[str, Any]]:
    """Return a play with the role."""
    variables = {
        "hard_match_source": {"src": [str(folder / "export.ldf")], "anchor": "object_guid"},
        "hard_match_sync": "cloud_sync",
        "hard_match_sync_attempts": 1,
        "hard_match_wait_timeout": 20,
        "hard_match_compare": False,
        "hard_match_work_dir": str(folder / "run"),
        **more,
    }
    task = {
        "name": "Hard match",
        "ansible.builtin.include_role": {"name": "hybrid.identity.hard_match", "tasks_from": entry},
    }
    return [harness.local_play([{**task, "vars": variables}])]


def summary(playbooks: harness.Playbooks) -> str:
    return " ".join((playbooks.folder / "run" / "summary.txt").read_text(encoding="utf-8").split())


def environment(tenant: harness.Tenant, playbooks: harness.Playbooks) -> dict[str, str]:
    return tenant.environment | {"HYBRID_IDENTITY_STATE_DIR": str(playbooks.folder / "state")}


def notes(playbooks: harness.Playbooks) -> list[Path]:
    return list((playbooks.folder / "state").rglob("sync-freeze.json"))


def paused(tenant: harness.Tenant) -> bool:
    return bool(tenant.control("GET", "sync")["directories"][0]["paused"])


def written(tenant: harness.Tenant) -> int:
    return len([write for write in tenant.writes() if write["method"] == "PATCH" and write["status"] == 204])


def synced(tenant: harness.Tenant) -> int:
    return len([user for user in tenant.users().values() if user["onPremisesSyncEnabled"]])


def descendants(pid: int) -> list[int]:
    """Return a process and all that it has started, as /proc shows them."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found = [pid]
    for each in found:
        found += parents.get(each, [])
    return found


def run_and_kill(playbooks: harness.Playbooks, tenant: harness.Tenant) -> None:
    """Run the role, and kill it and all that it has started when the sync is paused.

    Before it writes: the next run waits for up to two minutes to see what became of open writes, and that is tested
    elsewhere.
    """
    play = playbooks.folder / "killed.json"
    play.write_text(json.dumps(role(playbooks.folder)), encoding="utf-8")
    command = ["ansible-playbook", str(play), "-i", "localhost,"]
    with subprocess.Popen(
        command,
        env=playbooks.environment | environment(tenant, playbooks),
        cwd=playbooks.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        deadline = time.monotonic() + SECONDS
        while not paused(tenant):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        for pid in descendants(process.pid):
            os.kill(pid, signal.SIGKILL)


def test_a_freeze_of_a_killed_run_is_found_and_taken_over(tenant: harness.Tenant, playbooks: harness.Playbooks) -> None:
    run_and_kill(playbooks, tenant)
    assert paused(tenant)
    assert len(notes(playbooks)) == 1
    before = written(tenant)

    # A run that only reads reports it.
    looked = playbooks.run(
        role(playbooks.folder, "status", hard_match_users=[{"user": PEOPLE[0].upn}]), environment(tenant, playbooks)
    )
    looked.succeeded()
    assert f"The Cloud Sync jobs of {DOMAIN} were paused by a run that was killed or is still at work" in summary(
        playbooks
    )
    assert "state=restored" in summary(playbooks)

    checked = playbooks.run(role(playbooks.folder, "preflight"), environment(tenant, playbooks))
    assert checked.returncode != 0
    table = (playbooks.folder / "run" / "preflight.txt").read_text(encoding="utf-8")
    assert "If that run is over, give hard_match_take_over=true." in " ".join(table.split())

    # One that would write writes nothing: that run may be at work.
    refused = playbooks.run(role(playbooks.folder), environment(tenant, playbooks))
    assert refused.returncode != 0
    assert "hard_match_take_over=true" in summary(playbooks)
    assert f"the files in {playbooks.folder / 'run'}" in summary(playbooks)
    assert written(tenant) == before
    assert paused(tenant)

    playbooks.run(role(playbooks.folder, hard_match_take_over=True), environment(tenant, playbooks)).succeeded()
    assert "This run has taken them over." in summary(playbooks)
    assert not paused(tenant)
    assert notes(playbooks) == []
    assert synced(tenant) == len(PEOPLE)


def test_a_freeze_is_taken_over_where_nothing_is_left_to_write(
    tenant: harness.Tenant, playbooks: harness.Playbooks
) -> None:
    for person in PEOPLE:
        tenant.control("PATCH", f"users/{person.id}", {"onPremisesImmutableId": person.anchor})
    playbooks.module(
        "entra_sync_cycle", environment(tenant, playbooks), state="paused", remember=True, purpose="an earlier run"
    )
    # A run that leaves the sync alone only says so.
    playbooks.run(role(playbooks.folder, hard_match_sync="none"), environment(tenant, playbooks)).succeeded()
    assert f"The Cloud Sync jobs of {DOMAIN} were paused by a run" in summary(playbooks)
    assert "the next one that writes with hard_match_sync=cloud_sync resumes them" in summary(playbooks)
    assert paused(tenant)

    playbooks.run(role(playbooks.folder, hard_match_take_over=True), environment(tenant, playbooks)).succeeded()
    assert written(tenant) == 0
    assert not paused(tenant)
    assert notes(playbooks) == []


def test_a_job_that_somebody_else_paused_stays_paused(tenant: harness.Tenant, playbooks: harness.Playbooks) -> None:
    playbooks.module("entra_sync_cycle", environment(tenant, playbooks), state="paused")
    for variables in ({}, {"hard_match_take_over": True}):
        playbooks.run(role(playbooks.folder, **variables), environment(tenant, playbooks)).succeeded()
        assert paused(tenant)
        assert notes(playbooks) == []
    assert written(tenant) == len(PEOPLE)
    assert synced(tenant) == 0
    assert f"the jobs of {DOMAIN} were paused before this run" in summary(playbooks)
    assert "job_paused" in summary(playbooks)


def test_what_this_run_paused_is_resumed_by_it(tenant: harness.Tenant, playbooks: harness.Playbooks) -> None:
    playbooks.run(role(playbooks.folder), environment(tenant, playbooks)).succeeded()
    assert not paused(tenant)
    assert notes(playbooks) == []
    assert synced(tenant) == len(PEOPLE)
    assert "Cloud Sync:" not in summary(playbooks)
