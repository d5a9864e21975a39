"""A seed of a tenant, rehearsed: the second tenant is planned for as the first one was, under other names if wanted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import harness
import pytest

EXPORT = str(harness.SAMPLE_COMPANY / "export.ldf")


def seed_of(name: str = "tenant.json", **changes: Any) -> dict[str, Any]:
    seed = json.loads((harness.SAMPLE_COMPANY / name).read_text(encoding="utf-8"))
    seed["directories"][0]["ldif"] = EXPORT
    return seed | {"settings": {"automaticCycles": False}} | changes


def planned(playbooks: harness.Playbooks, tenant: harness.Tenant, source: str, dest: str) -> dict[str, Any]:
    """Return what a plan says of each AD object, less all names."""
    playbooks.module(
        "entra_immutable_id",
        tenant.environment,
        check=True,
        src=[source],
        dest=dest,
        match_by=["immutable_id", "user_principal_name", "mail"],
        max_changes="100%",
        return_limit=0,
    )
    lines = (playbooks.folder / dest).read_text(encoding="utf-8").splitlines()
    return {
        row["on_premises"]["object_guid"]: {
            "id": row["id"],
            "action": row["action"],
            "after": row["after"],
            "matched_by": row["matched_by"],
            "reason": row["reason"] and row["reason"]["code"],
            "effects": sorted((effect["code"], str(effect["property"])) for effect in row["effects"] or ()),
            "in_scope": row["on_premises"].get("in_scope"),
        }
        for row in map(json.loads, lines[1:-1])
    }


@pytest.mark.parametrize("pseudonyms", [False, True])
def test_a_seed_is_planned_for_as_the_tenant_was(
    pseudonyms: bool, start_tenant: Callable[..., harness.Tenant], playbooks: harness.Playbooks
) -> None:
    first = start_tenant(seed_of())
    before = planned(playbooks, first, EXPORT, "before.jsonl")
    assert len({row["action"] for row in before.values()}) > 2
    copy = playbooks.folder / "copy.json"
    run = playbooks.run(
        "hybrid.identity.export_seed",
        first.environment,
        variables={"seed": str(copy), "exports": [EXPORT], "pseudonyms": pseudonyms},
    ).succeeded()
    result = run.result("Read the tenant and write it down")
    assert run.changed == []
    assert result["unchecked"] == []
    assert first.writes() == []

    seed = json.loads(copy.read_text(encoding="utf-8"))
    names = [user["displayName"] for user in seed_of()["users"] if " " in user.get("displayName", "")]
    shown = copy.read_text(encoding="utf-8") + Path(result["exports"][0]).read_text(encoding="utf-8")
    assert any(name in shown for name in names) is not pseudonyms
    for directory in seed["directories"]:
        directory["ldif"] = [str(playbooks.folder / name) for name in directory["ldif"]]
    second = start_tenant(seed | {"settings": {**seed.get("settings", {}), "automaticCycles": False}})
    after = planned(playbooks, second, result["exports"][0], "after.jsonl")
    assert after == before


def test_what_may_not_be_read_is_not_in_the_seed(
    start_tenant: Callable[..., harness.Tenant], playbooks: harness.Playbooks
) -> None:
    client = {"secret": "a long enough secret", "permissions": ["User.Read.All"]}
    tenant = start_tenant(seed_of(settings={"automaticCycles": False, "clients": [client]}))
    small = playbooks.folder / "small.json"
    run = playbooks.run("hybrid.identity.export_seed", tenant.environment, variables={"seed": str(small)}).succeeded()
    seed = json.loads(small.read_text(encoding="utf-8"))
    assert set(seed) == {"tenant", "users", "deletedUsers"}
    assert len(run.result("Read the tenant and write it down")["unchecked"]) >= 6
    start_tenant(seed)
