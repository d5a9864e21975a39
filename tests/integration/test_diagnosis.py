"""Why is somebody not synced? Everybody's trouble in one tenant, before and after the sync has met it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import company
import harness
import pytest
import troubles
from troubles import TROUBLES, Trouble

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.status_codes import STATUS_CODES

Row = Mapping[str, Any]
# The only one whom the sync may still take in a further cycle.
PENDING = f"{troubles.LATE}@example.com"


class World(NamedTuple):
    """The tenant after a cycle, and the rows of a status before and after it, by the AD object's name."""

    tenant: harness.Tenant
    playbooks: harness.Playbooks
    objects: Path
    before: Mapping[str, Row]
    after: Mapping[str, Row]

    def ask(self, user: str = PENDING, **options: Any) -> Row:
        """Return the row of one person, with what is expected of the AD object."""
        result = self.status(users=[{"user": user}], **options)
        [row] = result["users"]
        return {**row, "tenant": result["tenant"]}

    def status(self, **options: Any) -> dict[str, Any]:
        """Run the module on the gathered objects."""
        return self.playbooks.module(
            "entra_sync_status", self.tenant.environment, **{"src": [str(self.objects)], **options}
        )


def codes(row: Row) -> tuple[str, ...]:
    return tuple(why["code"] for why in row["reasons"])


def by_name(result: Mapping[str, Any]) -> dict[str, Row]:
    return {row["object"]["distinguished_name"]: row for row in result["users"]}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, start_tenant: Callable[..., harness.Tenant]) -> World:
    folder = tmp_path_factory.mktemp("diagnosis")
    export, seen, objects = folder / "export.ldf", folder / "seen.ldf", folder / "objects.jsonl"
    export.write_text(company.ldif(troubles.entries(), troubles.CARRIED), encoding="utf-8")
    seen.write_text(company.ldif(troubles.entries(frozenset({troubles.LATE})), troubles.CARRIED), encoding="utf-8")
    directory = {"domain": company.DOMAIN, "ldif": str(seen)}
    tenant = start_tenant({**troubles.seed(), "directories": [directory]})
    playbooks = harness.Playbooks(folder)
    playbooks.module(
        "ad_object_guid", src=[str(export)], dest=str(objects), sync_scope={"ous": [company.PEOPLE]}, return_limit=0
    )
    world = World(tenant, playbooks, objects, {}, {})
    before = by_name(world.status())
    tenant.control("POST", "sync", {})
    return world._replace(before=before, after=by_name(world.status()))


EVERYBODY = [pytest.param(trouble, id=trouble.name) for trouble in TROUBLES]


@pytest.mark.parametrize("trouble", EVERYBODY)
def test_all_reasons_are_given_the_decisive_one_first(world: World, trouble: Trouble) -> None:
    before, after = world.before[trouble.person.dn], world.after[trouble.person.dn]
    assert codes(before) == trouble.before, before["reasons"]
    assert codes(after) == trouble.after, after["reasons"]
    assert (after["state"] == "synced") == (not trouble.after)
    assert trouble.says in " ".join(why["message"] for why in after["reasons"])
    assert all(why["remedy"] for why in after["reasons"])
    assert after["unchecked"] == []


@pytest.mark.parametrize("trouble", EVERYBODY)
def test_one_person_gets_the_same_answer_as_everybody(world: World, trouble: Trouble) -> None:
    """Read by name and with filters instead of from a listing."""
    row = world.after[trouble.person.dn]
    assert codes(world.ask(row["user"])) == trouble.after


def test_the_user_that_the_sync_made_is_seen_without_the_ad_object(world: World) -> None:
    row = world.ask("no-anchor@example.com", src=None)
    assert (row["state"], codes(row)) == ("conflict", ("joined_to_twin",))
    assert "no-anchor@example.com" in row["reasons"][0]["message"]


def test_a_name_that_the_service_made_up_is_no_success(world: World) -> None:
    person = company.Person("name-taken")
    row = world.ask(person.id, src=None)
    assert row["user"].endswith(troubles.INITIAL)
    assert (row["state"], row["label"]) == ("conflict", "Synced with Active Directory")
    assert codes(row) == ("upn_rewritten", "attribute_quarantined")
    assert all("taken by user n.taken@example.com" in why["message"] for why in row["reasons"])


def test_nothing_more_is_read_of_those_who_are_synced(world: World) -> None:
    world.tenant.forget_requests()
    assert world.ask("plain@example.com")["state"] == "synced"
    read = [request["path"].partition("v1.0")[2] for request in world.tenant.requests() if not request.get("batch")]
    assert sorted(read) == [
        "/$batch", "/$batch", "/directory/deletedItems/microsoft.graph.user", "/directory/onPremisesSynchronization",
        "/organization",
    ]  # fmt: skip


def test_what_may_not_be_read_is_named(world: World) -> None:
    world.tenant.settings(appOnlySyncFeatures="refuse")
    try:
        row = world.ask()
    finally:
        world.tenant.settings(appOnlySyncFeatures="accept")
    assert codes(row) == ("awaiting_sync", "flags_unreadable")
    assert ["OnPremDirectorySynchronization" in item["permission"] for item in row["unchecked"]] == [True]


def test_the_tenant_blocks_hard_matches(world: World) -> None:
    world.tenant.settings(features={"blockCloudObjectTakeoverThroughHardMatchEnabled": True})
    try:
        row = world.ask()
    finally:
        world.tenant.settings(features={"blockCloudObjectTakeoverThroughHardMatchEnabled": False})
    assert (row["state"], codes(row)) == ("blocked", ("hard_match_blocked",))


def test_the_job_is_paused(world: World) -> None:
    environment = world.tenant.environment
    world.playbooks.module("entra_sync_cycle", environment, state="paused", wait=True)
    row = world.ask()
    world.playbooks.module("entra_sync_cycle", environment, state="resumed")
    assert (row["state"], codes(row)) == ("pending", ("job_paused",))


def test_no_cycle_since_the_anchor_was_written(world: World) -> None:
    journal = world.playbooks.folder / "journal.jsonl"
    user = troubles.another("fresh", proxyAddresses=[], mail=None)
    world.tenant.control("POST", "users", user)
    written = world.playbooks.module(
        "entra_immutable_id",
        world.tenant.environment,
        users=[{"user": "fresh@example.com", "immutable_id": company.Person("fresh").anchor}],
        journal=str(journal),
        dest=str(world.playbooks.folder / "result.jsonl"),
    )
    assert written["changed"]
    [row] = world.status(src=[str(journal)])["users"]
    assert (row["state"], codes(row)) == ("pending", ("no_cycle_since_write",))


def test_the_object_left_scope_and_the_delete_brake_holds_everybody(world: World) -> None:
    """The last tests: after them the sync stands still."""
    export = world.playbooks.folder / "seen.ldf"
    gone = frozenset({troubles.LATE, "plain", "name-taken", "address-user"})
    world.tenant.settings(deleteThreshold=2)
    export.write_text(company.ldif(troubles.entries(gone), troubles.CARRIED), encoding="utf-8")
    world.tenant.control("POST", "sync", {})
    row = world.ask()
    assert (row["state"], codes(row)) == ("pending", ("delete_brake",))
    world.tenant.control("POST", "clock", {"advanceSeconds": 5 * 3600})
    assert codes(world.ask()) == ("delete_brake", "sync_stale")


def test_directory_sync_is_off(start_tenant: Callable[..., harness.Tenant], playbooks: harness.Playbooks) -> None:
    tenant = start_tenant(troubles.seed(onPremisesSyncEnabled=None))
    [row] = playbooks.module("entra_sync_status", tenant.environment, users=[{"user": "plain@example.com"}])["users"]
    assert (row["state"], codes(row)) == ("blocked", ("tenant_sync_off",))


def test_one_person_in_plain_words(world: World, playbooks: harness.Playbooks) -> None:
    run = playbooks.run(
        "hybrid.identity.status",
        world.tenant.environment,
        variables={"user": "no-anchor@example.com", "hard_match_work_dir": str(playbooks.folder / "work")},
    ).succeeded()
    assert run.changed == []
    summary = " ".join((playbooks.folder / "work" / "summary.txt").read_text(encoding="utf-8").split())
    assert 'no-anchor@example.com: conflict ("In cloud") joined_to_twin: The sync has tied' in summary
    assert "anchor_not_set" not in summary
    assert json.loads((playbooks.folder / "work" / "status.jsonl").read_text("utf-8").splitlines()[1])["reasons"]


def test_one_person_of_a_plan(world: World, playbooks: harness.Playbooks) -> None:
    """The plan knows what AD gives, so the status knows more than the tenant alone shows."""
    plan = playbooks.folder / "plan.jsonl"
    playbooks.module(
        "entra_immutable_id", world.tenant.environment, check=True, src=[str(world.objects)], dest=str(plan),
        protect_role_holders=False, max_changes="100%", return_limit=0,
    )  # fmt: skip
    variables = {"user": "swapped@example.com", "hard_match_plan": str(plan),
                 "hard_match_work_dir": str(playbooks.folder / "work")}  # fmt: skip
    run = playbooks.run("hybrid.identity.status", world.tenant.environment, variables=variables).succeeded()
    [row] = run.result("Read where every user stands")["users"]
    assert row["user"] == "swapped@example.com"
    assert row["expected_immutable_id"] == company.Person("swapped").anchor
    assert codes(row)[:2] == ("joined_to_twin", "anchor_differs")
    assert "Asked for (1)" in (playbooks.folder / "work" / "summary.txt").read_text(encoding="utf-8")


def test_each_code_of_a_diagnosis_has_its_scenario() -> None:
    shown = {code for trouble in TROUBLES for code in (*trouble.before, *trouble.after)}
    source = Path(__file__).read_text(encoding="utf-8")
    missing = [row[0] for row in STATUS_CODES if row[0] not in shown and f'"{row[0]}"' not in source]
    # No rehearsal shows what holds a job in quarantine besides the brake on deletions.
    assert set(missing) <= {"job_quarantined"}
