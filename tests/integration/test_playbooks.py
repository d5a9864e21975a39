"""The playbooks, by their names in the collection, with the sample company's export and tenant."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import harness
import pytest

EXPORT = str(harness.SAMPLE_COMPANY / "export.ldf")
COMMON: dict[str, Any] = {
    "hard_match_source": {"src": [EXPORT]},
    "hard_match_match_by": ["immutable_id", "user_principal_name", "mail"],
    "hard_match_wait_timeout": 120,
}


@pytest.fixture
def tenant(start_tenant: Callable[..., harness.Tenant]) -> harness.Tenant:
    seed = json.loads((harness.SAMPLE_COMPANY / "tenant.json").read_text(encoding="utf-8"))
    seed["directories"][0]["ldif"] = EXPORT
    seed["settings"] = {"automaticCycles": False}
    # Or the sync would tie by name whoever the plan leaves out.
    seed["features"] = {**seed.get("features", {}), "blockSoftMatchEnabled": True}
    return start_tenant(seed)


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()][1:-1]


def test_plan_apply_status_drift(tenant: harness.Tenant, playbooks: harness.Playbooks) -> None:
    work = playbooks.folder / "work"

    preflight = playbooks.run(
        "hybrid.identity.preflight", tenant.environment, variables=COMMON | {"hard_match_sync": "cloud_sync"}
    ).succeeded()
    assert preflight.changed == []
    assert tenant.writes() == []

    drift = playbooks.run("hybrid.identity.drift", tenant.environment, variables=COMMON | {"fail_on_drift": True})
    assert drift.returncode != 0, drift.output
    assert "drift" in drift.output

    planned = playbooks.run(
        "hybrid.identity.plan", tenant.environment, variables=COMMON | {"hard_match_work_dir": str(work)}
    ).succeeded()
    assert tenant.writes() == []
    plan = rows_of(work / "plan.jsonl")
    assert planned.result("Plan what to write")["summary"]["set"] == sum(row["action"] == "set" for row in plan)

    # Somebody strikes a row out and hands the file on.
    struck = next(row for row in plan if row["action"] == "set")
    lines = (work / "plan.jsonl").read_text(encoding="utf-8").splitlines()
    reviewed = [json.dumps(row | {"approved": False}) if row["id"] == struck["id"] else line
                for line, row in zip(lines[1:-1], plan)]  # fmt: skip
    (work / "plan.jsonl").write_text("\n".join([lines[0], *reviewed, lines[-1]]) + "\n", encoding="utf-8")

    applied = playbooks.run(
        "hybrid.identity.apply",
        tenant.environment,
        variables={
            "hard_match_plan": str(work / "plan.jsonl"),
            "hard_match_work_dir": str(playbooks.folder / "apply"),
            "hard_match_sync": "cloud_sync",
            "hard_match_wait_timeout": 120,
        },
    ).succeeded()
    result = applied.result("Write the ImmutableIds of the plan")
    assert result["summary"]["set"] == planned.result("Plan what to write")["summary"]["set"] - 1
    anchors = {user["id"]: user["onPremisesImmutableId"] for user in tenant.users().values()}
    for row in plan:
        if row["action"] == "set":
            assert anchors[row["id"]] == (None if row["id"] == struck["id"] else row["after"])

    status = playbooks.run(
        "hybrid.identity.status",
        tenant.environment,
        variables={"user": plan[0]["user"], "hard_match_work_dir": str(playbooks.folder / "status")},
    ).succeeded()
    assert status.changed == []
    assert status.result("entra_sync_status")["users"][0]["label"] in ("Synced with Active Directory", "In cloud")

    # Whom the plan left out the sync has met all the same: it made a twin, and the next plan says so.
    rest = playbooks.run(
        "hybrid.identity.drift",
        tenant.environment,
        variables=COMMON | {"hard_match_work_dir": str(playbooks.folder / "drift")},
    ).succeeded()
    assert rest.result("Plan what to write")["summary"]["set"] == 0
    [left_out] = [row for row in rows_of(playbooks.folder / "drift" / "plan.jsonl") if row["id"] == struck["id"]]
    assert (left_out["action"], left_out["reason"]["code"]) == ("conflict", "anchor_held")


def test_a_role_without_a_reviewed_plan_stops_at_its_small_limit(
    tenant: harness.Tenant, playbooks: harness.Playbooks
) -> None:
    role = {"ansible.builtin.include_role": {"name": "hybrid.identity.hard_match"}, "vars": COMMON}
    run = playbooks.tasks([role], tenant.environment)
    assert run.returncode != 0
    assert "max_changes" in run.output
    assert [row for row in tenant.writes() if "/users" in row["path"]] == []


def test_rehearse(playbooks: harness.Playbooks) -> None:
    """The newcomer's command: starts a tenant, does the job, stops the tenant; all ends as the sample company says."""
    run = playbooks.run(
        "hybrid.identity.rehearse", variables={"hard_match_work_dir": str(playbooks.folder / "work")}
    ).succeeded()
    plan = by_name(playbooks.folder / "work" / "plan.jsonl", "on_premises")
    status = by_name(playbooks.folder / "work" / "status.jsonl", "object")
    wrong = []
    for login, code, ending in promises():
        # Account names of Windows are short.
        name = login if login in plan else login[:20].rstrip(".")
        if code and code not in codes_in(plan[name]):
            wrong.append((name, code, plan[name]))
        if (status[name]["state"] == "synced") != ("Synced" in ending or "the sync makes one" in ending):
            wrong.append((name, ending, status[name]))
        assert status[name]["state"] == "synced" or status[name]["reasons"]
    assert wrong == []
    assert not (playbooks.folder / ".rehearsal" / "tenant.env").exists(), run.output
    # All files of a run are private to their owner.
    assert [path for path in (playbooks.folder / "work").rglob("*") if path.stat().st_mode & 0o077] == []


def promises() -> list[tuple[str, str, str]]:
    """Return who, the code in the plan, and the end of a rehearsal, as the sample company's README has them."""
    readme = (harness.SAMPLE_COMPANY / "README.md").read_text(encoding="utf-8")
    found = re.findall(r"^\| `([^`]+)` \| [^|]+ \| `?([a-z_]*)`? \| ([^|]+) \|$", readme, re.MULTILINE)
    assert len(found) > 90
    return found


def by_name(path: Path, field: str) -> dict[str, dict[str, Any]]:
    """Return the rows by both names by which the README may call an AD object: of its sign-in, and of its account."""
    found = {}
    for row in rows_of(path):
        about = row[field] or {}
        found[str(about.get("user_principal_name")).partition("@")[0]] = row
        found[str(about.get("sam_account_name"))] = row
    return found


def codes_in(row: dict[str, Any]) -> set[str]:
    """Return every code that a row of a plan shows."""
    reason = {row["reason"]["code"]} if row["reason"] else set()
    return reason | {item["value"] for item in row["evidence"]} | {effect["code"] for effect in row["effects"] or []}
