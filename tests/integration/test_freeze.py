"""Why sync is frozen while ImmutableIds are written: with a cycle every few seconds, who is not written yet is lost."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import company
import harness
import pytest

PEOPLE = [company.Person(f"person{number:04}") for number in range(2000)]
IDS = {person.id for person in PEOPLE}
CYCLE_EVERY, CYCLE_TAKES = 2, 0.5
STALL_SECONDS = 4


def seed(seen: Path) -> dict[str, Any]:
    """Return a tenant whose people the sync takes by their anchor only; all else makes a second user."""
    return {
        "users": [person.user({}) for person in PEOPLE],
        "deletedUsers": [],
        "groups": [],
        "contacts": [],
        "domains": ["example.com"],
        "roles": [],
        "features": {"blockSoftMatchEnabled": True},
        "directories": [{"domain": company.DOMAIN, "ldif": str(seen)}],
        "settings": {"cycleIntervalSeconds": CYCLE_EVERY, "cycleSeconds": CYCLE_TAKES},
    }


@contextmanager
def in_scope_with_the_first_write(tenant: harness.Tenant, export: Path, seen: Path) -> Iterator[None]:
    """Meanwhile, let the sync see everybody from the moment when the first ImmutableId is written."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            if tenant.control("GET", "requests?method=PATCH&path=/users/")["count"]:
                # In one step: no cycle must read half a file.
                os.replace(export, seen)
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


@pytest.fixture
def office(
    tmp_path: Path, start_tenant: Callable[..., harness.Tenant], playbooks: harness.Playbooks
) -> Callable[..., tuple[harness.Run, harness.Tenant]]:
    def run(**variables: Any) -> tuple[harness.Run, harness.Tenant]:
        everybody, later, seen = (tmp_path / name for name in ("ad.ldf", "later.ldf", "seen.ldf"))
        for path in (everybody, later):
            path.write_text(company.ldif(person.entry({}) for person in PEOPLE), encoding="utf-8")
        seen.write_text(company.ldif([], PEOPLE[0].entry({})), encoding="utf-8")
        tenant = start_tenant(seed(seen))
        role = {
            "name": "Do the whole job",
            "ansible.builtin.include_role": {"name": "hybrid.identity.hard_match"},
            "vars": {
                "hard_match_source": {"src": [str(everybody)], "anchor": "object_guid"},
                "hard_match_max_changes": len(PEOPLE),
                "hard_match_work_dir": str(tmp_path / "work"),
                **variables,
            },
        }
        # A moment in which the network carries nothing, in the middle of the writes.
        stall = {"method": "PATCH", "path": "users/.*", "skip": len(PEOPLE) // 2, "delaySeconds": STALL_SECONDS}
        tenant.control("POST", "faults", stall)
        with in_scope_with_the_first_write(tenant, later, seen):
            done = playbooks.run([harness.local_play([role])], tenant.environment)
        return done, tenant

    return run


def twins(tenant: harness.Tenant) -> list[dict[str, Any]]:
    """Return the users that the sync made: everybody existed before."""
    return [user for user in tenant.users().values() if user["id"] not in IDS]


def synced(tenant: harness.Tenant) -> set[str]:
    """Return the ids of those people whom the sync took over."""
    return {user["id"] for user in tenant.users().values() if user["onPremisesSyncEnabled"]} & IDS


def cycles_while_writing(tenant: harness.Tenant) -> list[dict[str, Any]]:
    """Return the cycles that exported something before the last ImmutableId was written."""
    last = max(row["time"] for row in tenant.writes() if row["method"] == "PATCH")
    cycles: list[dict[str, Any]] = tenant.control("GET", "sync")["directories"][0]["cycles"]
    return [cycle for cycle in cycles if cycle["ended"] < last and cycle["objects"]]


def test_frozen_nobody_gets_a_twin(office: Callable[..., tuple[harness.Run, harness.Tenant]]) -> None:
    done, tenant = office(hard_match_sync="cloud_sync", hard_match_wait_timeout=120)
    done.succeeded()
    assert done.result("Write the ImmutableIds of the plan")["summary"]["set"] == len(PEOPLE)
    assert cycles_while_writing(tenant) == []
    assert twins(tenant) == []
    assert synced(tenant) == IDS
    assert not tenant.control("GET", "sync")["directories"][0]["paused"]


def test_unfrozen_the_same_run_makes_twins(office: Callable[..., tuple[harness.Run, harness.Tenant]]) -> None:
    done, tenant = office(hard_match_sync="none", hard_match_wait_timeout=1)
    summary = done.result("Write the ImmutableIds of the plan")["summary"]
    assert cycles_while_writing(tenant)
    # Whoever was not written yet has a second user now, which keeps the anchor from the first one for good.
    made = twins(tenant)
    assert len(made) >= len(PEOPLE) // 4
    assert {user["onPremisesImmutableId"] for user in made} < {person.anchor for person in PEOPLE}
    assert len(synced(tenant)) == len(PEOPLE) - len(made)
    assert summary["set"] == len(PEOPLE) - len(made)


def test_frozen_until_all_is_written(
    tmp_path: Path, start_tenant: Callable[..., harness.Tenant], playbooks: harness.Playbooks
) -> None:
    people, export = PEOPLE[:3], tmp_path / "ad.ldf"
    export.write_text(company.ldif(person.entry({}) for person in people), encoding="utf-8")
    tenant = start_tenant(
        {**seed(export), "users": [person.user({}) for person in people], "settings": {"automaticCycles": False}}
    )

    def run(**variables: Any) -> harness.Run:
        role = {
            "name": "Do the whole job",
            "ansible.builtin.include_role": {"name": "hybrid.identity.hard_match"},
            "vars": {
                "hard_match_source": {"src": [str(export)], "anchor": "object_guid"},
                "hard_match_work_dir": str(tmp_path / "work"),
                "hard_match_sync": "cloud_sync",
                "hard_match_thaw": "when_complete",
                "hard_match_wait_timeout": 30,
                **variables,
            },
        }
        environment = tenant.environment | {"HYBRID_IDENTITY_STATE_DIR": str(tmp_path / "state")}
        return playbooks.run([harness.local_play([role])], environment)

    def paused() -> bool:
        return bool(tenant.control("GET", "sync")["directories"][0]["paused"])

    tenant.control("POST", "faults", {"method": "PATCH", "path": f"users/{people[0].id}", "times": 99, "status": 400})
    assert run().returncode != 0
    assert paused()
    assert "state=restored" in (tmp_path / "work" / "summary.txt").read_text(encoding="utf-8")
    tenant.control("DELETE", "faults")
    run(hard_match_take_over=True).succeeded()
    assert not paused()
    assert twins(tenant) == []
    assert synced(tenant) == {person.id for person in people}
