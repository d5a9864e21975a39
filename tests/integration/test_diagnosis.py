"""Why is somebody not synced? Everybody's trouble in one tenant, as the role says it, before and after a cycle."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Optional

import company
import harness
import pytest
import troubles

sys.path.insert(0, str(harness.SUPPORT))

from status_reasons import reasons_of_a_status
from troubles import CIRCUMSTANCES, SYNC_OFF, TROUBLES, Circumstance, Trouble

Row = Mapping[str, Any]
# The only one whom the sync may still take in a further cycle.
PENDING = f"{troubles.LATE}@example.com"
MADE_UP_NAME = company.Person("name-taken").id
# So few that they are read by name and with filters instead of from a listing.
NAMES = [{"user": str(trouble.ad.get("userPrincipalName") or trouble.person.upn)} for trouble in TROUBLES]
# So many tasks are run at once.
PART = 16
PLANNED = ("swapped", "elsewhere", "address-group")
FEW = [NAMES[first : first + 19] for first in range(0, len(NAMES), 19)]


class Line(NamedTuple):
    """A line of what a diagnosis shall at least look for, and where it is the decisive reason."""

    cause: str
    stop: str
    user: str
    code: str
    #: What the sentence must hold.
    says: str = ""


LINES = (
    Line("anchor differs: trailing blank", "before", "blank", "anchor_differs", "blanks around it"),
    Line("anchor differs: byte-swapped", "before", "swapped", "anchor_differs", "wrong byte order"),
    Line("anchor differs: URL-safe", "before", "url-safe", "anchor_differs", "URL-safe"),
    Line("anchor differs: GUID text", "before", "guid-text", "anchor_differs", "not in base64"),
    Line("anchor differs: other attribute", "before", "other-attribute", "anchor_differs", "objectGUID of the AD"),
    Line("no anchor", "before", "no-anchor", "anchor_not_set"),
    Line("no cycle since the write", "written", "fresh", "no_cycle_since_write", "the last one of the tenant was at"),
    Line("out of scope: a filter", "before", "critical", "out_of_scope", "isCriticalSystemObject is TRUE"),
    Line("out of scope: the selection", "before", "elsewhere", "out_of_scope", "none of the organizational units"),
    Line("selection unknown", "selection unknown", "late", "awaiting_sync"),
    Line("joined to a twin", "after", "no-anchor", "joined_to_twin", "no-anchor+"),
    Line("live holder", "before", "held", "anchor_held", "other.held@example.com"),
    Line("soft-deleted holder", "before", "held-deleted", "anchor_held_deleted", "other.held-deleted@example.com"),
    Line("takeover blocked", "hard matches blocked", "late", "hard_match_blocked"),
    Line("role held", "after", "role", "role_held", "User Administrator"),
    Line("role by group", "after", "role-group", "role_by_group", "Admins role-group"),
    Line("role eligible", "after", "role-eligible", "role_eligible", "User Administrator"),
    Line("mapped elsewhere", "after", "mapped-elsewhere", "identifier_differs", troubles.OTHER_GUID),
    Line("isCloudManaged", "after", "cloud-managed", "cloud_managed"),
    Line("duplicate UPN", "before", "name-binned", "upn_held", "user n.binned@example.com"),
    Line("duplicate UPN, synced", "tenant alone", "name-taken", "upn_rewritten", "taken by user n.taken@example.com"),
    Line("duplicate address", "before", "address-user", "address_held", "other.address-user@example.com"),
    Line("other object type: group", "after", "address-group", "address_of_other_kind", "group Owner address-group"),
    Line("other object type: contact", "after", "address-contact", "address_of_other_kind", "contact Owner"),
    Line("target left scope", "before", "came-back", "left_scope"),
    Line("sync off", "sync off", "plain", "tenant_sync_off"),
    Line("sync stale", "stale", "late", "sync_stale", "hours ago"),
    Line("delete brake", "deletions held", "late", "delete_brake", "TooManyDeletes"),
    Line("job in quarantine", "job quarantined", "late", "job_quarantined", "EncounteredQuarantineException"),
    Line("job paused", "job paused", "late", "job_paused", company.DOMAIN),
    Line("attribute quarantined", "after", "address-user", "attribute_quarantined", "user other.address-user@"),
    Line("Cloud Sync refused it", "after", "mapped-here", "sync_refused", "AttributeUpdateNotAllowed"),
)


class World(NamedTuple):
    """The tenant after all, and what the role said at each stop of the walk."""

    tenant: harness.Tenant
    playbooks: harness.Playbooks
    objects: Path
    walk: Path

    def rows(self, stop: str) -> list[Row]:
        """Return the rows of a status."""
        lines = (self.walk / stop / "status.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines[1:-1]]

    def row(self, name: str, stop: str) -> Row:
        """Return the row of one person, by the AD object or by the user."""
        [row] = [
            row
            for row in self.rows(stop)
            if name in (row["id"], str((row["object"] or {}).get("distinguished_name"))[3:].partition(",")[0])
            or row["id"] == company.Person(name).id
        ]
        return row

    def summary(self, stop: str) -> str:
        """Return what a person reads, without line breaks."""
        return " ".join((self.walk / stop / "summary.txt").read_text(encoding="utf-8").split())

    def ask(self, user: str = PENDING, **options: Any) -> Row:
        """Return the row of one person, with what is expected of the AD object."""
        [row] = self.playbooks.module(
            "entra_sync_status",
            self.tenant.environment,
            **{"src": [str(self.objects)], "users": [{"user": user}], **options},
        )["users"]
        return row


def codes(row: Row) -> tuple[str, ...]:
    return tuple(why["code"] for why in row["reasons"])


def status(folder: Path, src: Optional[Path], *users: Mapping[str, Any], **apply: Any) -> dict[str, Any]:
    """Return the task that asks the role."""
    variables = {"hard_match_work_dir": str(folder), "hard_match_users": list(users)}
    if src is not None:
        variables["hard_match_plan"] = str(src)
    role = {"name": "hybrid.identity.hard_match", "tasks_from": "status", "apply": apply}
    return {"name": folder.name, "ansible.builtin.include_role": role, "vars": variables}


def control(order: troubles.Order) -> dict[str, Any]:
    """Return the task that changes something about the rehearsal tenant."""
    door = "{{ lookup('ansible.builtin.env', 'HYBRID_IDENTITY_CONTROL_ENDPOINT') }}/_control/"
    return {
        "name": f"{order.method} {order.path}",
        "ansible.builtin.uri": {
            "url": door + order.path, "method": order.method, "body": order.body, "body_format": "json",
            "status_code": [200, 201, 204],
            "ca_path": "{{ lookup('ansible.builtin.env', 'HYBRID_IDENTITY_CA_CERT') }}",
        },
    }  # fmt: skip


def written(folder: Path) -> list[dict[str, Any]]:
    """Return the tasks that write two anchors; then somebody shows one of them as synced long before."""
    names, journal = ("fresh", "early"), folder / "written.jsonl"
    made = [troubles.another(name, proxyAddresses=[], mail=None) for name in names]
    pairs = [{"user": user["id"], "immutable_id": company.Person(name).anchor} for name, user in zip(names, made)]
    return [
        *(control(troubles.Order("POST", "users", user)) for user in made),
        {"name": "write", "hybrid.identity.entra_immutable_id": {"users": pairs, "journal": str(journal)}},
        control(troubles.Order("PATCH", f"users/{company.Person('early').id}", troubles.SYNCED)),
        status(folder / "written", journal),
    ]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, start_tenant: Callable[..., harness.Tenant]) -> World:
    folder = tmp_path_factory.mktemp("diagnosis")
    walk, seen, late = folder / "walk", folder / "seen.ldf", frozenset({troubles.LATE})
    seen.write_text(company.ldif(troubles.entries(late), troubles.CARRIED), encoding="utf-8")
    directory = {"domain": company.DOMAIN, "ldif": str(seen), "scope": {"ous": [company.PEOPLE]}}
    tenant = start_tenant({**troubles.seed(), "directories": [directory]})
    off = start_tenant(troubles.seed(onPremisesSyncEnabled=None))
    sources = {name: folder / f"{name}.jsonl" for name in ("objects", "bare", "classic")}
    export, classic = folder / "export.ldf", folder / "classic.ldf"
    export.write_text(company.ldif(troubles.entries(), troubles.CARRIED), encoding="utf-8")
    without = [{**entry, "mS-DS-ConsistencyGuid": None} for entry in troubles.entries()]
    carried = [{name: value for name, value in entry.items() if value is not None} for entry in without]
    classic.write_text(company.ldif(carried), encoding="utf-8")
    scope = {"sync_scope": {"ous": [company.PEOPLE]}}

    def gather(source: str, path: Path, **options: Any) -> dict[str, Any]:
        module = {"src": [str(path)], "dest": str(sources[source]), "return_limit": 0, **options}
        return {"name": f"gather {source}", "hybrid.identity.ad_object_guid": module}

    def ask(circumstance: Circumstance, **apply: Any) -> dict[str, Any]:
        asked = ({"user": f"{name}@example.com"} for name in circumstance.asked)
        return status(walk / circumstance.name, sources[circumstance.source], *asked, **apply)

    held = {"user": "nobody@example.com", "immutable_id": company.Person("plain").anchor}
    tasks = [
        gather("objects", export, **scope),
        gather("bare", export),
        gather("classic", classic, **scope),
        status(walk / "before", sources["objects"]),
        control(troubles.Order("POST", "sync", {})),
        status(walk / "after", sources["objects"]),
        *(status(walk / f"few {number}", sources["objects"], *few) for number, few in enumerate(FEW)),
        {
            "name": "plan",
            "check_mode": True,
            "hybrid.identity.entra_immutable_id": {
                "src": [str(sources["objects"])],
                "dest": str(walk / "plan.jsonl"),
                "protect_role_holders": False,
                "max_changes": "100%",
                "return_limit": 0,
            },
        },
        status(walk / "planned", walk / "plan.jsonl", *({"user": f"{name}@example.com"} for name in PLANNED)),
        status(
            walk / "tenant alone",
            None,
            {"user": "no-anchor@example.com"},
            {"user": MADE_UP_NAME},
            held,
            {"user": PENDING},
        ),
        *written(walk),
    ]
    walk.mkdir()
    (walk / "connect.json").write_text(json.dumps(troubles.server_answer()), encoding="utf-8")
    (walk / "sync server").mkdir()
    server = {"src": [str(sources["objects"])], "sync_server": str(walk / "connect.json"), "return_limit": 0}
    tasks.append({"name": "sync server", "hybrid.identity.entra_sync_status": {
        **server, "dest": str(walk / "sync server" / "status.jsonl")}})  # fmt: skip
    for circumstance in CIRCUMSTANCES:
        tasks += [control(order) for order in circumstance.orders]
        tasks.append(ask(circumstance))
        if circumstance.name == "flags unreadable":
            tasks.append(status(walk / f"everybody, {circumstance.name}", sources["objects"]))
        tasks += [control(order) for order in circumstance.end]
    tasks.append(ask(SYNC_OFF, environment=off.environment))
    playbooks = harness.Playbooks(folder)
    # The sync stops at what it is to do: what has left the scope since.
    gone = frozenset({troubles.LATE, "plain", "name-taken", "address-user"})
    hold = next(number for number, task in enumerate(tasks) if task["name"] == "PATCH settings"
                and "deleteThreshold" in task["ansible.builtin.uri"]["body"])  # fmt: skip
    left = {"content": company.ldif(troubles.entries(gone), troubles.CARRIED), "dest": str(seen), "mode": "0600"}
    tasks.insert(hold, {"name": "leave scope", "ansible.builtin.copy": left})
    # In parts, for slow machines.
    for first in range(0, len(tasks), PART):
        playbooks.run([harness.local_play(tasks[first : first + PART])], tenant.environment).succeeded()
    return World(tenant, playbooks, sources["objects"], walk)


EVERYBODY = [pytest.param(trouble, id=trouble.name) for trouble in TROUBLES]


@pytest.mark.parametrize("trouble", EVERYBODY)
def test_all_reasons_are_given_the_decisive_one_first(world: World, trouble: Trouble) -> None:
    before, after = world.row(trouble.name, "before"), world.row(trouble.name, "after")
    assert codes(before) == trouble.before, before["reasons"]
    assert codes(after) == trouble.after, after["reasons"]
    assert (after["state"] == "synced") == (not trouble.after)
    assert trouble.says in " ".join(why["message"] for why in after["reasons"])
    assert all(why["remedy"] for why in after["reasons"])
    assert after["unchecked"] == []
    if trouble.after:
        assert f"- {after['user']}: {after['state'].replace('_', ' ')}" in world.summary("after")


@pytest.mark.parametrize("trouble", EVERYBODY)
def test_one_person_gets_the_same_answer_as_everybody(world: World, trouble: Trouble) -> None:
    number = TROUBLES.index(trouble) // 19
    assert codes(world.row(trouble.name, f"few {number}")) == trouble.after


@pytest.mark.parametrize("line", [pytest.param(line, id=line.cause) for line in LINES])
def test_each_cause_is_found_and_decides(world: World, line: Line) -> None:
    decisive = world.row(line.user, line.stop)["reasons"][0]
    assert decisive["code"] == line.code
    assert line.says in decisive["message"]
    assert f"{line.code}: {decisive['message']} {decisive['remedy']}"[:200] in world.summary(line.stop)


@pytest.mark.parametrize("circumstance", [pytest.param(one, id=one.name) for one in (*CIRCUMSTANCES, SYNC_OFF)])
def test_what_keeps_everybody_waiting(world: World, circumstance: Circumstance) -> None:
    found = {row["object"]["login_name"].partition("@")[0]: row for row in world.rows(circumstance.name)}
    assert {name: (row["state"], codes(row)) for name, row in found.items()} == circumstance.asked
    for row in found.values():
        told = " ".join(item["permission"] for item in row["unchecked"])
        assert all(word in told for word in circumstance.unchecked)
        assert len(row["unchecked"]) == len(circumstance.unchecked)
    said = world.summary(circumstance.name).count("Could not be checked")
    assert said == len(circumstance.unchecked) * len(found)


def test_what_could_not_be_checked_is_said_once_where_nobody_was_asked_for_by_name(world: World) -> None:
    summary = world.summary("everybody, flags unreadable")
    assert "Not synced (" in summary
    assert summary.count("Unchecked") == 1
    assert "OnPremDirectorySynchronization.Read.All" in summary


def test_the_tenant_alone_shows_the_user_that_the_sync_made(world: World) -> None:
    row = world.row("no-anchor", "tenant alone")
    assert (row["state"], codes(row)) == ("conflict", ("joined_to_twin",))
    summary = world.summary("tenant alone")
    assert 'no-anchor@example.com: conflict ("In cloud") joined_to_twin: The sync has tied' in summary
    assert "anchor_not_set" not in summary


def test_a_name_that_the_service_made_up_is_no_success(world: World) -> None:
    row = world.row("name-taken", "tenant alone")
    assert row["user"].endswith(troubles.INITIAL)
    assert (row["state"], row["label"]) == ("conflict", "Synced with Active Directory")
    assert codes(row) == ("upn_rewritten", "attribute_quarantined")
    assert all("taken by user n.taken@example.com" in why["message"] for why in row["reasons"])


def test_somebody_who_is_not_there_and_whose_anchor_is_held(world: World) -> None:
    [row] = [row for row in world.rows("tenant alone") if row["id"] is None]
    assert (row["state"], codes(row)) == ("conflict", ("anchor_held",))


def test_the_plan_knows_what_ad_gives(world: World) -> None:
    row = world.row("swapped", "planned")
    assert row["user"] == "swapped@example.com"
    assert row["expected_immutable_id"] == company.Person("swapped").anchor
    assert codes(row)[:2] == ("joined_to_twin", "anchor_differs")
    assert "Asked for (3)" in world.summary("planned")
    assert "group Owner address-group" in world.row("address-group", "planned")["reasons"][0]["message"]
    assert "none of the organizational units" in world.row("elsewhere", "planned")["reasons"][0]["message"]


def test_a_flag_that_is_older_than_the_write_is_no_proof(world: World) -> None:
    found = [(row["state"], codes(row)) for row in world.rows("written")]
    assert found == [("pending", ("no_cycle_since_write",)), ("pending", ("sync_before_write",))]


def test_nothing_more_is_read_of_those_who_are_synced(world: World) -> None:
    world.tenant.forget_requests()
    assert world.ask("plain@example.com")["state"] == "synced"
    read = [request["path"].partition("v1.0")[2] for request in world.tenant.requests() if not request.get("batch")]
    assert sorted(read) == [
        "/$batch", "/$batch", "/directory/deletedItems/microsoft.graph.user", "/directory/onPremisesSynchronization",
        "/organization",
    ]  # fmt: skip


def test_what_the_sync_server_says_joins_the_reasons(world: World) -> None:
    late = codes(world.row(troubles.LATE, "sync server"))
    assert late == (*troubles.OF_THE_SERVER, "connector_space_unread")
    for name, (_said, code) in troubles.SERVER_OBJECTS.items():
        assert code in codes(world.row(name, "sync server")), name


def test_each_code_of_a_diagnosis_has_its_scenario(world: World) -> None:
    """One that the role went through: not only words of this file."""
    stops = [folder.name for folder in world.walk.iterdir() if folder.is_dir()]
    shown = {code for stop in stops for row in world.rows(stop) for code in codes(row)}
    # What AD and the audit log add is seen beside this walk.
    beside = Path(__file__).with_name("test_sources_of_a_status.py").read_text(encoding="utf-8")
    missing = sorted(set(reasons_of_a_status()) - shown)
    assert [code for code in missing if f'"{code}"' not in beside] == []
