"""Every row of the decision table, end to end: found by a plan before any write, and shown to matter by ignoring it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import company
import harness
import pytest
import scenarios
from scenarios import SCENARIOS, Scenario, dn_of, person_of

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import reason

OPTIONS: dict[str, Any] = {
    "match_by": ["map", "immutable_id", "user_principal_name", "mail"],
    "weak_match_by": ["employee_id"],
    "protected_users": [person_of(Scenario("protected", "", None)).upn, "Keep Out"],
    "unclaimed": True,
    "return_limit": 0,
}


class World(NamedTuple):
    """A tenant with everybody's trouble, and the plan for it."""

    tenant: harness.Tenant
    result: dict[str, Any]
    rows: list[dict[str, Any]]
    writes_while_planning: list[dict[str, Any]]

    def row(self, scenario: Scenario) -> dict[str, Any]:
        """Return the row about somebody: the AD object's, or the user's where there is no AD object."""
        person = person_of(scenario)
        found = [
            row
            for row in self.rows
            if (row["on_premises"] or {}).get("distinguished_name") == dn_of(scenario)
            or (scenario.ad is None and row["id"] == person.id)
        ]
        assert len(found) == 1, found
        return found[0]


class Forced(NamedTuple):
    """What came of writing every anchor all the same."""

    patched: Mapping[str, int]
    #: distinguished name -> row of the first cycle
    outcomes: Mapping[str, Mapping[str, Any]]
    #: id -> user after two cycles
    users: Mapping[str, Mapping[str, Any]]


def read_rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[1:-1]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, start_tenant: Callable[..., harness.Tenant]) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("decisions")
    export, pairs, plan = folder / "export.ldf", folder / "map.csv", folder / "plan.jsonl"
    export.write_text(company.ldif(scenarios.entries(), scenarios.CARRIED), encoding="utf-8")
    pairs.write_text(scenarios.map_file(), encoding="utf-8")
    directory = {"domain": company.DOMAIN, "ldif": str(export)}
    tenant = start_tenant({**scenarios.seed(), "directories": [directory]})
    result = harness.Playbooks(folder).module(
        "entra_immutable_id",
        tenant.environment,
        check=True,
        src=[str(export)],
        map=str(pairs),
        dest=str(plan),
        **OPTIONS,
    )
    return World(tenant, result, read_rows(plan), tenant.writes())


@pytest.fixture(scope="module")
def forced(world: World) -> Forced:
    tenant = world.tenant
    token = harness.access_token(tenant)
    patched = {}
    for scenario in SCENARIOS:
        if scenario.user is None or scenario.ad is None or (scenario.sync is None and scenario.patch == 204):
            continue
        person = person_of(scenario)
        after = world.row(scenario)["after"]
        patched[scenario.name] = harness.patch_user(tenant, token, person.id, {"onPremisesImmutableId": after})
        if scenario.patch != 204 and scenario.sync:
            # Somebody who may do so writes it all the same.
            tenant.control("PATCH", f"users/{person.id}", {"onPremisesImmutableId": after})
    first = tenant.control("POST", "sync", {})["directories"][0]["cycles"][-1]
    tenant.control("POST", "sync", {})
    outcomes = {row["distinguishedName"]: row for row in first["objects"]}
    users = {user["id"]: user for user in tenant.control("GET", "users")["users"]}
    return Forced(patched, outcomes, users)


def named(choose: Callable[[Scenario], object]) -> list[Any]:
    return [pytest.param(scenario, id=scenario.name) for scenario in SCENARIOS if choose(scenario)]


@pytest.mark.parametrize("scenario", named(lambda one: True))
def test_plan_says_what_is_wrong(world: World, scenario: Scenario) -> None:
    row = world.row(scenario)
    assert (row["action"], row["reason"] and row["reason"]["code"]) == (scenario.action, scenario.code), row
    shown = {item["value"] for item in row["evidence"] if item["key"] in ("also", "remark")}
    assert scenario.also <= shown, shown
    if scenario.filter:
        assert reason(scenario.filter)["message"].rstrip(".") in row["reason"]["message"]
    effects = {(effect["code"], effect["property"]) for effect in row["effects"] or ()}
    assert scenario.effects <= effects, effects
    if row["reason"]:
        assert row["reason"]["message"]
        assert row["reason"]["remedy"]


def test_planning_writes_nothing(world: World) -> None:
    assert world.writes_while_planning == []


def test_nobody_is_forgotten(world: World) -> None:
    """Every AD object and every user of the tenant stands in the plan."""
    planned = {row["on_premises"]["distinguished_name"] for row in world.rows if row["on_premises"]}
    assert planned == {entry["dn"] for entry in scenarios.entries()}
    named_ids = json.dumps(world.rows)
    assert [user["id"] for user in world.tenant.users().values() if user["id"] not in named_ids] == []


@pytest.mark.parametrize(
    "scenario", named(lambda one: one.user is not None and one.ad is not None and one.patch != 204)
)
def test_the_service_refuses_the_write(forced: Forced, scenario: Scenario) -> None:
    assert forced.patched[scenario.name] == scenario.patch


@pytest.mark.parametrize("scenario", named(lambda one: one.sync is not None))
def test_the_sync_does_as_the_sheets_say(forced: Forced, scenario: Scenario) -> None:
    outcome = forced.outcomes[dn_of(scenario)]
    assert (outcome["outcome"], outcome["code"]) == scenario.sync, outcome


@pytest.mark.parametrize("scenario", named(lambda one: one.after))
def test_the_takeover_does_what_was_told(forced: Forced, scenario: Scenario) -> None:
    user = forced.users[person_of(scenario).id]
    assert {name: user.get(name) for name in scenario.after} == scenario.after
