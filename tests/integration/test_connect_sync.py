"""Entra Connect Sync: the role against a stand-in for the module that runs scripts on the sync server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import company
import harness
import pytest
from company import Person, ldif
from troubles import CARRIED

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.sync_server_checks import EXPORT_ERRORS
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.sync_server_codes import SYNC_SERVER_CODES

PEOPLE = [Person(name) for name in ("ann", "ben", "cat")]
STAND_IN = harness.SUPPORT / "windows"
BLOCK = "blockCloudObjectTakeoverThroughHardMatchEnabled"
PERMISSIONS = [
    "Application.Read.All", "AuditLog.Read.All", "Domain.Read.All", "Group.Read.All", "Organization.Read.All",
    "OnPremDirectorySynchronization.ReadWrite.All", "OrgContact.Read.All", "RoleManagement.Read.Directory",
    "PrivilegedEligibilitySchedule.Read.AzureADGroup", "Synchronization.Read.All", "User.ReadWrite.All",
    "User-OnPremisesSyncBehavior.ReadWrite.All",
]  # fmt: skip


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
            "objects": {},
            "unreachable": False,
            "vanishes_after": None,
            "failures": {},
            "asked": [],
            "blocked": {},
        }
        self.path.write_text(json.dumps({**usual, **differs}), encoding="utf-8")

    def __getitem__(self, name: str) -> Any:
        return json.loads(self.path.read_text(encoding="utf-8"))[name]

    def set(self, **changes: Any) -> None:
        """Change how the server stands."""
        self.path.write_text(json.dumps(json.loads(self.path.read_text(encoding="utf-8")) | changes), encoding="utf-8")


def seed(folder: Path, people: list[Person], **changes: Any) -> dict[str, Any]:
    """Return a tenant with these people, whose AD objects are in an export."""
    export = folder / "export.ldf"
    export.write_text(ldif((person.entry({}) for person in people), CARRIED), encoding="utf-8")
    return {
        "users": [person.user(changes) for person in people],
        "directories": [{"domain": "corp.example.com", "engine": "connect_sync", "ldif": str(export)}],
        "settings": {"automaticCycles": False},
    }


@pytest.fixture
def blocked_tenant(start_tenant: Callable[..., harness.Tenant], tmp_path: Path) -> harness.Tenant:
    """Return a tenant that blocks hard matches, and whose app may lift that."""
    body = seed(tmp_path, PEOPLE)
    client = {"clientId": "11111111-2222-4333-8444-555555555555", "secret": "not a real secret"}
    body["settings"]["clients"] = [{**client, "permissions": PERMISSIONS}]
    return start_tenant({**body, "features": {BLOCK: True}})


@pytest.fixture
def tenant(start_tenant: Callable[..., harness.Tenant], tmp_path: Path) -> harness.Tenant:
    return start_tenant(seed(tmp_path, PEOPLE))


def run(
    playbooks: harness.Playbooks, tenant: harness.Tenant, *, entry: str = "main", collection: bool = True, **more: Any
) -> harness.Run:
    """Run the role with Connect Sync."""
    variables = {
        "hard_match_source": {
            "src": [str(playbooks.folder / "export.ldf")],
            "anchor": "object_guid",
            "sync_scope": {"ous": [company.PEOPLE]},
        },
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
        "ANSIBLE_CONNECTION_PLUGINS": str(STAND_IN / "connection_plugins"),
        "HYBRID_IDENTITY_STATE_DIR": str(playbooks.folder / "state"),
    }
    inventory = playbooks.folder / "hosts.yml"
    hosts = {
        "localhost": {},
        "sync1": {"ansible_connection": "sync_server", "ansible_python_interpreter": "{{ ansible_playbook_python }}"},
    }
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    play = harness.local_play([role])
    return playbooks.run([play], environment, variables=variables, inventory=str(inventory))


def note(playbooks: harness.Playbooks) -> Path:
    return playbooks.folder / "state" / "connect_sync" / "sync1"


def status(playbooks: harness.Playbooks) -> dict[str, dict[str, Any]]:
    """Return the rows of the status by user."""
    rows = map(json.loads, (playbooks.folder / "run" / "status.jsonl").read_text(encoding="utf-8").splitlines())
    return {row["user"]: row for row in rows if "state" in row}


def codes(row: dict[str, Any]) -> list[str]:
    return [why["code"] for why in row["reasons"]]


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


@pytest.mark.parametrize("asked", [2000, 2], ids=["all", "those in results"])
def test_errors_of_the_export_stand_beside_the_users(
    tenant: harness.Tenant, playbooks: harness.Playbooks, asked: int
) -> None:
    ann, ben, _unused = PEOPLE
    server = Server(
        playbooks.folder,
        exports=False,
        objects={
            ann.anchor: {"export_error": "InvalidSoftMatch: the object exists already"},
            ben.anchor: {"found": False},
        },
    )
    run(playbooks, tenant, hard_match_sync_attempts=2, __hard_match_asked=asked).succeeded()
    assert server["asked"].count("start") == 2
    rows = summary(playbooks).partition("Not synced")[2].split(" - ")
    assert [row.partition(":")[0] for row in rows[1:]] == [person.upn for person in PEOPLE]
    assert 'in cloud ("In cloud") export_soft_match_refused: At ' in rows[1]
    assert "(InvalidSoftMatch): InvalidSoftMatch: the object exists already" in rows[1]
    assert "not_in_connector_space: At " in rows[2]
    assert 'pending ("In cloud") ' in rows[3]
    assert "sync1 had" not in rows[3]
    assert "the last export of sync1 ended as completed-export-errors" in summary(playbooks)
    connect = json.loads((playbooks.folder / "run" / "connect.json").read_text(encoding="utf-8"))
    assert [found["immutable_id"] for found in connect["objects"]] == [ann.anchor, ben.anchor]


# What the server says of an object, and what is decisive then.
OBJECTS: dict[str, tuple[dict[str, Any], str]] = {
    **{
        kind: ({"export_error": f"{kind}: Unable to update this object."}, code) for kind, code in EXPORT_ERRORS.items()
    },
    "unheard-of": ({"export_error": "Gremlins in the works"}, "export_failed"),
    "rule": ({"sync_error": "sync-rule-error-function-triggered"}, "sync_rule_failed"),
    "nowhere": ({"found": False}, "not_in_connector_space"),
}
# How the server stands, the state of everybody then, and the reasons.
STANDS: tuple[tuple[dict[str, Any], str, list[str]], ...] = (
    ({}, "pending", ["awaiting_sync"]),
    ({"staging": True}, "pending", ["staging_server"]),
    ({"suspended": True}, "pending", ["scheduler_suspended"]),
    ({"enabled": False}, "pending", ["scheduler_off"]),
    ({"version": "2.4.0.0"}, "pending", ["awaiting_sync", "connect_version_old"]),
    ({"result": "stopped-deletion-threshold-exceeded"}, "pending", ["export_held"]),
    ({"result": "stopped-server-down"}, "pending", ["connector_run_failed"]),
    ({"objects": {PEOPLE[0].anchor: {"found": None}}}, "pending", ["awaiting_sync", "connector_space_unread"]),
    (
        {"enabled": False, "staging": True, "objects": {PEOPLE[0].anchor: {"export_error": "LargeObject"}}},
        "in_cloud",
        ["export_too_large", "staging_server", "scheduler_off"],
    ),
)


def test_each_error_of_an_object_is_its_reason(
    start_tenant: Callable[..., harness.Tenant], playbooks: harness.Playbooks
) -> None:
    people = {name: Person(name.lower()) for name in OBJECTS}
    tenant = start_tenant(seed(playbooks.folder, list(people.values())))
    told = {people[name].anchor: found for name, (found, _code) in OBJECTS.items()}
    Server(playbooks.folder, exports=False, objects=told)
    run(playbooks, tenant, hard_match_sync_attempts=1, hard_match_max_changes=50).succeeded()
    rows = status(playbooks)
    found = {name: (rows[person.upn]["state"], codes(rows[person.upn])) for name, person in people.items()}
    assert found == {name: ("in_cloud", [code]) for name, (_found, code) in OBJECTS.items()}
    assert "Gremlins in the works" in rows[people["unheard-of"].upn]["reasons"][0]["message"]


def test_status_asks_the_server_and_changes_nothing_there(
    start_tenant: Callable[..., harness.Tenant], playbooks: harness.Playbooks
) -> None:
    [ann, *_others] = PEOPLE
    tenant = start_tenant(seed(playbooks.folder, [ann], onPremisesImmutableId=ann.anchor))
    for stands, state, reasons in STANDS:
        server = Server(playbooks.folder, exports=False, **stands)
        done = run(playbooks, tenant, entry="status", hard_match_users=[{"user": ann.upn}]).succeeded()
        assert done.changed == []
        row = status(playbooks)[ann.upn]
        assert (row["state"], codes(row), row["unchecked"]) == (state, reasons, [])
        assert server["asked"] == ["state", "results"]
    assert tenant.writes() == []


def test_status_says_that_the_server_cannot_be_reached(tenant: harness.Tenant, playbooks: harness.Playbooks) -> None:
    Server(playbooks.folder, unreachable=True)
    run(playbooks, tenant, entry="status", hard_match_users=[{"user": PEOPLE[0].upn}]).succeeded()
    [item] = status(playbooks)[PEOPLE[0].upn]["unchecked"]
    assert "connection timed out" in item["what"]
    assert "Could not be checked: the sync server sync1" in summary(playbooks)


def test_each_code_of_the_server_has_its_scenario() -> None:
    shown = {code for _found, code in OBJECTS.values()} | {code for _stands, _state, codes in STANDS for code in codes}
    assert {row[0] for row in SYNC_SERVER_CODES} <= shown


def test_unreachable_server_before_anything_is_written(tenant: harness.Tenant, playbooks: harness.Playbooks) -> None:
    server = Server(playbooks.folder, unreachable=True)
    done = run(playbooks, tenant, hard_match_window=True)
    assert done.returncode != 0
    assert "connection timed out" in summary(playbooks)
    assert tenant.writes() == []
    assert server["asked"] == []
    assert not note(playbooks).exists()


def test_server_that_is_gone_when_it_should_be_thawed(
    blocked_tenant: harness.Tenant, playbooks: harness.Playbooks
) -> None:
    """Everything else is put back, the note stays, and the report says what to do."""
    tenant = blocked_tenant
    server = Server(playbooks.folder, vanishes_after="idle")
    done = run(playbooks, tenant, hard_match_window=True)
    assert done.returncode != 0
    assert not server["enabled"]
    assert note(playbooks).exists()
    says = summary(playbooks)
    assert tenant.anchors() == {person.upn: person.anchor for person in PEOPLE}, says
    assert "connection timed out" in says
    assert "The sync is still frozen." in says
    assert "Set-ADSyncScheduler -SyncCycleEnabled $true" in says
    assert "The flags are as before again" in says
    assert "3 pending" in says or "3 blocked" in says

    # The next run says so, too, whatever it is for.
    server.set(unreachable=False, vanishes_after=None, asked=[])
    run(playbooks, tenant, entry="status", hard_match_users=[{"user": PEOPLE[0].upn}]).succeeded()
    row = status(playbooks)[PEOPLE[0].upn]
    [why] = [why for why in row["reasons"] if why["code"] == "scheduler_off"]
    assert str(playbooks.folder / "run") in why["message"]


def test_matching_window_is_open_only_for_the_cycles(
    blocked_tenant: harness.Tenant, playbooks: harness.Playbooks
) -> None:
    tenant = blocked_tenant
    server = Server(playbooks.folder)
    run(playbooks, tenant, hard_match_window=True).succeeded()
    assert "3 synced" in summary(playbooks)
    assert "The flags are as before again" in summary(playbooks)
    assert server["asked"][:3] == ["state", "disable", "idle"]
    # Opened when all is written and before the scheduler is enabled again; closed after the last cycle.
    blocked = server["blocked"]
    assert [blocked[name] for name in ("disable", "idle")] == [True, True]
    assert [blocked[name] for name in ("enable", "start", "results")] == [False, False, False]
    assert tenant.control("GET", "settings")["features"][BLOCK]


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


# --- bringing users into scope, and leaving the sync frozen


def hook(playbooks: harness.Playbooks, *tasks: dict[str, Any]) -> str:
    """Write the caller's tasks, which first remember what the server was asked until then."""
    path, seen = playbooks.folder / "in_scope.yml", playbooks.folder / "seen.json"
    remember = {
        "name": "Remember how things stand",
        "ansible.builtin.copy": {
            "content": "{{ {'asked': (lookup('ansible.builtin.file', server) | from_json).asked, 'written':"
            " lookup('ansible.builtin.file', hard_match_written_file).splitlines() | map('from_json')"
            " | selectattr('action', 'defined') | map(attribute='action')} | to_json }}",
            "dest": str(seen),
            "mode": "0600",
        },
        "vars": {"server": str(playbooks.folder / "server.json")},
    }
    path.write_text(json.dumps([remember, *tasks]), encoding="utf-8")
    return str(path)


def fail_one(tenant: harness.Tenant) -> None:
    """Let the write of one user fail as if a second try might help."""
    fault = {"method": "PATCH", "path": f"users/{PEOPLE[0].id}", "times": 1_000_000, "status": 400}
    tenant.control("POST", "faults", fault)


def test_users_come_into_scope_between_the_last_write_and_the_thaw(
    start_tenant: Callable[..., harness.Tenant], playbooks: harness.Playbooks
) -> None:
    body, export = seed(playbooks.folder, PEOPLE), playbooks.folder / "export.ldf"
    selected = playbooks.folder / "selected.ldf"
    selected.write_text(ldif([], CARRIED), encoding="utf-8")
    body["directories"][0]["ldif"] = str(selected)
    tenant, server = start_tenant(body), Server(playbooks.folder)
    select = {
        "name": "Select them",
        "ansible.builtin.copy": {"src": str(export), "dest": str(selected), "mode": "0600"},
    }
    run(playbooks, tenant, hard_match_in_scope_tasks=hook(playbooks, select)).succeeded()
    assert "3 synced" in summary(playbooks)
    seen = json.loads((playbooks.folder / "seen.json").read_text(encoding="utf-8"))
    assert seen == {"asked": ["state", "disable", "idle"], "written": ["set"] * 3}
    assert server["asked"][3:5] == ["enable", "state"]


def test_tasks_that_fail_keep_nothing_frozen(tenant: harness.Tenant, playbooks: harness.Playbooks) -> None:
    server = Server(playbooks.folder)
    lost = {"name": "Ask a host that is gone", "ansible.builtin.command": "true", "delegate_to": "nowhere",
            "vars": {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}}  # fmt: skip
    refused = {"name": "Select them", "ansible.builtin.fail": {"msg": "There is no such group."}}
    done = run(playbooks, tenant, hard_match_in_scope_tasks=hook(playbooks, lost, refused))
    assert done.returncode != 0
    assert "All values are written, but hard_match_in_scope_tasks failed" in summary(playbooks)
    assert "There is no such group." in summary(playbooks)
    assert "3 synced" in summary(playbooks)
    assert server["enabled"]
    assert not note(playbooks).exists()


@pytest.mark.parametrize("content", [None, '[{"name": "A module that is nowhere", "no.such.module": {}}]'])
def test_tasks_that_cannot_be_loaded_end_the_run_before_anything_is_frozen(
    tenant: harness.Tenant, playbooks: harness.Playbooks, content: str | None
) -> None:
    server = Server(playbooks.folder)
    path = playbooks.folder / "in_scope.yml"
    if content:
        path.write_text(content, encoding="utf-8")
    done = run(playbooks, tenant, hard_match_in_scope_tasks=str(path))
    assert done.returncode != 0
    assert ("no.such.module" if content else "there is no such file") in " ".join(done.output.split())
    assert server["asked"] == []
    assert tenant.writes() == []


def test_frozen_until_all_is_written(tenant: harness.Tenant, playbooks: harness.Playbooks) -> None:
    server = Server(playbooks.folder)
    fail_one(tenant)
    options = {"hard_match_thaw": "when_complete", "hard_match_in_scope_tasks": hook(playbooks)}
    done = run(playbooks, tenant, **options)
    assert done.returncode != 0
    assert server["asked"] == ["state", "disable", "idle"]
    assert note(playbooks).exists()
    assert not (playbooks.folder / "seen.json").exists()
    assert "the sync stays paused, because not everything is written" in summary(playbooks)
    assert "Set-ADSyncScheduler -SyncCycleEnabled $true" in summary(playbooks)

    tenant.control("DELETE", "faults")
    run(playbooks, tenant, hard_match_take_over=True, **options).succeeded()
    assert server["enabled"]
    assert not note(playbooks).exists()
    assert "3 synced" in summary(playbooks)


def test_freeze_that_was_left_is_taken_over_even_if_nothing_is_left_to_write(
    tenant: harness.Tenant, playbooks: harness.Playbooks
) -> None:
    server = Server(playbooks.folder, failures={"enable": "the service is gone"})
    assert run(playbooks, tenant).returncode != 0
    server.set(failures={}, asked=[])

    # Who only reads reports it, and asks nothing there.
    run(playbooks, tenant, entry="plan").succeeded()
    assert "was disabled by a run that was killed or is still at work: since " in summary(playbooks)
    assert server["asked"] == []
    run(playbooks, tenant, hard_match_take_over=True).succeeded()
    assert server["enabled"]
    assert not note(playbooks).exists()
    assert "3 synced" in summary(playbooks)


def test_preflight_shows_how_the_server_stands(tenant: harness.Tenant, playbooks: harness.Playbooks) -> None:
    server = Server(playbooks.folder)
    run(playbooks, tenant, entry="preflight").succeeded()
    table = (playbooks.folder / "run" / "preflight.txt").read_text(encoding="utf-8")
    assert "sync1 answers, and is the one that exports" in table
    assert server["asked"] == ["state"]
    server.set(unreachable=True)
    done = run(playbooks, tenant, entry="preflight")
    assert done.returncode != 0
    table = " ".join((playbooks.folder / "run" / "preflight.txt").read_text(encoding="utf-8").split())
    assert "PROBLEM Sync server The server of Entra Connect Sync, sync1" in table
    assert "connection timed out" in table
