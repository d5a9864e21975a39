"""Everybody is followed across as many cycles as it takes, and it is asked no more often than that takes."""

from __future__ import annotations

import json
import math
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import company
import harness

PEOPLE = [company.Person(f"person{number:04}") for number in range(2000)]
# They are moved to the cloud's authority after the plan was made.
MOVED = PEOPLE[:7]
PAGE, BATCH = 999, 20
MANY_USERS = ("/v1.0/users", "/v1.0/users/delta", "/v1.0/directory/deletedItems/microsoft.graph.user")
ONE_USER = re.compile(r"/v1\.0/users/[0-9a-f-]{36}")


def seed(export: Path) -> dict[str, Any]:
    """Return a tenant in which a cycle begins every few seconds, and connects a random half of those who are new."""
    return {
        "users": [person.user({}) for person in PEOPLE],
        "deletedUsers": [],
        "groups": [],
        "contacts": [],
        "domains": ["example.com"],
        "roles": [],
        "features": {"blockSoftMatchEnabled": True},
        "directories": [{"domain": company.DOMAIN, "ldif": str(export)}],
        "settings": {
            # Nothing runs before it is frozen.
            "automaticCycles": False,
            "cycleIntervalSeconds": 2,
            "cycleSeconds": 0.5,
            "exportShare": 0.5,
            # Listings and changes lag more than reads by id.
            "listLagSeconds": 2,
            "idLagSeconds": 1,
        },
    }


@contextmanager
def moved_with_the_first_write(tenant: harness.Tenant) -> Iterator[None]:
    """Meanwhile, move some users to the cloud's authority and let cycles run by themselves, from the first write on."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            if tenant.control("GET", "requests?method=PATCH&path=/users/")["count"]:
                for person in MOVED:
                    tenant.control("PATCH", f"users/{person.id}", {"onPremisesSyncBehavior": {"isCloudManaged": True}})
                tenant.settings(automaticCycles=True)
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def asked_for_states(requests: list[dict[str, Any]]) -> int:
    """Return how many of the requests ask for users and for nothing else: listings, changes, and batches of reads."""
    count = 0
    batch: list[str] = []
    for entry in requests:
        if entry["batch"]:
            batch.append(entry["path"])
        elif entry["path"].endswith("/$batch"):
            count += all(ONE_USER.fullmatch(path) for path in batch)
            batch = []
        else:
            count += entry["path"] in MANY_USERS
    return count


def test_all_are_followed_with_few_requests(
    tmp_path: Path, start_tenant: Callable[..., harness.Tenant], playbooks: harness.Playbooks
) -> None:
    export = tmp_path / "everybody.ldf"
    export.write_text(company.ldif(person.entry({}) for person in PEOPLE), encoding="utf-8")
    tenant = start_tenant(seed(export))
    role = {
        "name": "Do the whole job",
        "ansible.builtin.include_role": {"name": "hybrid.identity.hard_match"},
        "vars": {
            "hard_match_source": {"src": [str(export)], "anchor": "object_guid"},
            "hard_match_max_changes": len(PEOPLE),
            "hard_match_sync": "cloud_sync",
            "hard_match_sync_interval": 120,
            "hard_match_wait_timeout": 240,
            "hard_match_compare": False,
            "hard_match_work_dir": str(tmp_path / "work"),
        },
    }
    with moved_with_the_first_write(tenant):
        done = playbooks.run([harness.local_play([role])], tenant.environment)
    done.succeeded()
    assert done.result("Write the ImmutableIds of the plan")["summary"]["set"] == len(PEOPLE)
    synced = {user["id"] for user in tenant.users().values() if user["onPremisesSyncEnabled"]}
    assert synced == {person.id for person in PEOPLE} - {person.id for person in MOVED}
    rows = [json.loads(line) for line in (tmp_path / "work" / "status.jsonl").read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if "state" in row]
    assert {row["id"] for row in rows if row["state"] == "synced"} == synced
    kept = [(row["state"], row["reasons"][0]["code"]) for row in rows if row["state"] != "synced"]
    assert kept == [("blocked", "cloud_managed")] * len(MOVED)

    looks = [look["summary"] for look in done.results("Read where every user stands") if not look.get("skipped")]
    sent = tenant.control("GET", "requests")["requests"]
    following = sent[[entry["path"] for entry in sent].index("/v1.0/users/delta") :]
    deltas = len([entry for entry in following if entry["path"] == "/v1.0/users/delta"])
    listings = len(looks) * (math.ceil(len(PEOPLE) / PAGE) + 1)
    needed = listings + deltas + math.ceil(len(synced) / BATCH)
    assert deltas < 60
    assert needed <= asked_for_states(following) <= 1.1 * needed
    # The rest explains, once, those who are left: some of it for each of them, in batches, and the pages of two logs.
    assert sum(look["requests"] for look in looks) - asked_for_states(following) < 40
