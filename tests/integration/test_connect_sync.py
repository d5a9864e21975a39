"""Entra Connect Sync: the role against a stand-in for the module that runs scripts on the sync server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import harness
import pytest
from company import Person, ldif

PEOPLE = [Person(name) for name in ("ann", "ben", "cat")]
STAND_IN = harness.SUPPORT / "windows"


class Server:
    """The sync server: a file that the stand-in reads and writes."""

    def __init__(self, folder: Path, **differs: Any) -> None:
        self.path = folder / "server.json"
        usual: dict[str, Any] = {
            "staging": False,
            "enabled": True,
            "suspended": False,
            "version": "2.5.79.0",
            "busy": [],
            "refusals": [],
            "runs": 7,
            "exports": True,
            "result": None,
            "errors": {},
            "missing": [],
            "failures": {},
            "asked": [],
        }
        self.path.write_text(json.dumps({**usual, **differs}), encoding="utf-8")

    def __getitem__(self, name: str) -> Any:
        return json.loads(self.path.read_text(encoding="utf-8"))[name]

    def set(self, **changes: Any) -> None:
        """Change how the server stands."""
        self.path.write_text(json.dumps(json.loads(self.path.read_text(encoding="utf-8")) | changes), encoding="utf-8")


@pytest.fixture
def tenant(start_tenant: Callable[..., harness.Tenant], tmp_path: Path) -> harness.Tenant:
    export = tmp_path / "export.ldf"
    export.write_text(ldif(person.entry({}) for person in PEOPLE), encoding="utf-8")
    return start_tenant(
        {
            "users": [person.user({}) for person in PEOPLE],
            "directories": [{"domain": "corp.example.com", "engine": "connect_sync", "ldif": str(export)}],
            "settings": {"automaticCycles": False},
        }
    )


def run(
    playbooks: harness.Playbooks, tenant: harness.Tenant, *, entry: str = "main", collection: bool = True, **more: Any
) -> harness.Run:
    """Run the role with Connect Sync."""
    variables = {
        "hard_match_source": {"src": [str(playbooks.folder / "export.ldf")], "anchor": "object_guid"},
        "hard_match_sync": "connect_sync",
        "hard_match_connect_server": "sync1",
        "hard_match_connect_interval": 0,
        "hard_match_connect_timeout": 5,
        "hard_match_wait_timeout": 6,
        "hard_match_work_dir": str(playbooks.folder / "run"),
        **more,
    }
    role = {
        "name": "Hard match",
        "ansible.builtin.include_role": {"name": "hybrid.identity.hard_match", "tasks_from": entry},
    }
    paths = f"{harness.COLLECTIONS}:{STAND_IN}" if collection else str(harness.COLLECTIONS)
    environment = tenant.environment | {
        "CONNECT_SERVER": str(playbooks.folder / "server.json"),
        "ANSIBLE_COLLECTIONS_PATH": paths,
        "HYBRID_IDENTITY_STATE_DIR": str(playbooks.folder / "state"),
    }
    inventory = playbooks.folder / "hosts.yml"
    hosts = {
        "localhost": {},
        "sync1": {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"},
    }
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    play = harness.local_play([role])
    return playbooks.run([play], environment, variables=variables, inventory=str(inventory))


def note(playbooks: harness.Playbooks) -> Path:
    return playbooks.folder / "state" / "connect_sync" / "sync1"


def summary(playbooks: harness.Playbooks) -> str:
    return " ".join((playbooks.folder / "run" / "summary.txt").read_text(encoding="utf-8").split())


def test_frozen_written_thawed_and_synced(tenant: harness.Tenant, playbooks: harness.Playbooks) -> None:
    server = Server(
        playbooks.folder,
        busy=[["corp.example.com"], ["example.onmicrosoft.com - AAD"]],
        refusals=["Connector: example.onmicrosoft.com - AAD is busy", "Sync is already running"],
    )
    before = {user["id"] for user in tenant.users().values()}
    run(playbooks, tenant).succeeded()
    assert {user["id"] for user in tenant.users().values()} == before
    assert all(user["onPremisesSyncEnabled"] for user in tenant.users().values())
    # Nothing is written before no connector runs, no cycle starts before the scheduler is enabled again.
    assert server["asked"] == [
        *("state", "disable", "idle", "idle", "idle"),
        *("enable", "state", "start", "start", "start", "results"),
        # One more cycle, after which users are compared with the backup.
        *("state", "start", "results"),
    ]
    assert server["enabled"]
    assert not note(playbooks).exists()
    assert "3 synced" in summary(playbooks)

    # Once everybody is synced nothing is asked of the server.
    server.set(asked=[])
    run(playbooks, tenant, hard_match_require_unsynced=False).succeeded()
    assert server["asked"] == []


@pytest.mark.parametrize(("differs", "says"), [({"staging": True}, "in staging mode"), ({"suspended": True}, "wizard")])
def test_server_that_cannot_sync_is_refused(
    tenant: harness.Tenant, playbooks: harness.Playbooks, differs: dict[str, Any], says: str
) -> None:
    server = Server(playbooks.folder, **differs)
    done = run(playbooks, tenant)
    assert done.returncode != 0
    assert says in summary(playbooks)
    assert tenant.writes() == []
    assert server["asked"] == ["state"]
    assert server["enabled"]


def test_scheduler_that_somebody_disabled_stays_so(tenant: harness.Tenant, playbooks: harness.Playbooks) -> None:
    server = Server(playbooks.folder, enabled=False, version="2.4.0.0")
    run(playbooks, tenant).succeeded()
    assert len([write for write in tenant.writes() if write["status"] == 204]) == 3
    assert {"disable", "enable", "start"}.isdisjoint(server["asked"])
    assert not server["enabled"]
    assert "was disabled before this run" in summary(playbooks)
    assert "2.4.0.0" in summary(playbooks)
    assert "3 pending" in summary(playbooks)


def test_freeze_of_a_killed_run_is_reported(tenant: harness.Tenant, playbooks: harness.Playbooks) -> None:
    # The run loses the server when it thaws, as a killed one would.
    server = Server(playbooks.folder, failures={"enable": "the service is gone"})
    done = run(playbooks, tenant)
    assert done.returncode != 0
    assert "the service is gone" in summary(playbooks)
    server.set(failures={}, enabled=False, asked=[])
    assert note(playbooks).exists()
    tenant.control("PATCH", f"users/{PEOPLE[0].id}", {"onPremisesImmutableId": None})

    done = run(playbooks, tenant)
    assert done.returncode != 0
    assert "a run that was killed or is still at work" in summary(playbooks)
    assert str(playbooks.folder / "run") in summary(playbooks)
    assert server["asked"] == ["state"]
    assert not server["enabled"]

    run(playbooks, tenant, hard_match_take_over=True).succeeded()
    assert server["enabled"]
    assert not note(playbooks).exists()
    assert "3 synced" in summary(playbooks)


def test_errors_of_the_export_stand_beside_the_users(tenant: harness.Tenant, playbooks: harness.Playbooks) -> None:
    ann, ben, _unused = PEOPLE
    server = Server(
        playbooks.folder,
        exports=False,
        errors={ann.anchor: "InvalidSoftMatch: the object exists already"},
        missing=[ben.anchor],
    )
    run(playbooks, tenant, hard_match_sync_attempts=2).succeeded()
    assert server["asked"].count("start") == 2
    rows = summary(playbooks).partition("Not synced")[2].split(" - ")
    assert [row.partition(":")[0] for row in rows[1:]] == [person.upn for person in PEOPLE]
    assert "Entra Connect Sync: InvalidSoftMatch: the object exists already" in rows[1]
    assert "no object there has this anchor" in rows[2]
    assert "Entra Connect Sync" not in rows[3]
    assert "the last export of sync1 ended as completed-export-errors" in summary(playbooks)
    connect = json.loads((playbooks.folder / "run" / "connect.json").read_text(encoding="utf-8"))
    assert [found["immutable_id"] for found in connect["objects"]] == [ann.anchor, ben.anchor]


def test_connector_that_never_ends(tenant: harness.Tenant, playbooks: harness.Playbooks) -> None:
    server = Server(playbooks.folder, busy=[["corp.example.com"]] * 30)
    done = run(playbooks, tenant)
    assert done.returncode != 0
    assert "not done after 5 seconds" in summary(playbooks)
    assert "corp.example.com" in summary(playbooks)
    assert tenant.writes() == []
    assert server["enabled"]


def test_missing_collection_is_named_before_anything_is_written(
    tenant: harness.Tenant, playbooks: harness.Playbooks
) -> None:
    Server(playbooks.folder)
    done = run(playbooks, tenant, collection=False)
    assert done.returncode != 0
    assert "ansible-galaxy collection install ansible.windows" in summary(playbooks)
    assert tenant.writes() == []


def test_server_that_is_not_in_the_inventory(tenant: harness.Tenant, playbooks: harness.Playbooks) -> None:
    Server(playbooks.folder)
    done = run(playbooks, tenant, hard_match_connect_server="sync2")
    assert done.returncode != 0
    assert "has in the inventory" in summary(playbooks)
    assert tenant.writes() == []
