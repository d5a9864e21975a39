"""The plan as a thing: reviewed by hand, refused when it is not what it was, applied exactly, in waves."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import company
import harness
import pytest
import scenarios
from company import Person
from scenarios import Scenario

PEOPLE = (
    *(Scenario(f"clerk{number}", "set", None) for number in range(6)),
    Scenario("gone-off", "blocked", "user_disabled", ad={"userAccountControl": "514"}),
    Scenario("boss", "blocked", "role_held", more=lambda person: {"roles": [
        {"user": person.id, "role": "Helpdesk Administrator"}]}),
    Scenario("formula", "set", None, ad={"displayName": "=HYPERLINK(1)"}, user={"displayName": "Plain"}),
)  # fmt: skip
CLERKS = [person.name for person in PEOPLE if person.name.startswith("clerk")]


class Office:
    """A small company with a plan that somebody is about to review."""

    def __init__(self, tenant: harness.Tenant, folder: Path) -> None:
        self.tenant = tenant
        self.folder = folder
        self.playbooks = harness.Playbooks(folder)
        self.plan = folder / "plan.jsonl"

    def run(self, *, check: bool = False, **options: Any) -> dict[str, Any]:
        return self.playbooks.module("entra_immutable_id", self.tenant.environment, check=check, **options)

    def edit(self, change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> None:
        """Change rows of the plan as an editor would; ``None`` deletes the line."""
        first, *rows, last = self.plan.read_text(encoding="utf-8").splitlines()
        changed = [change(json.loads(row)) for row in rows]
        kept = [json.dumps(row) for row in changed if row is not None]
        self.plan.write_text("\n".join([first, *kept, last]) + "\n", encoding="utf-8")

    def anchored(self) -> set[str]:
        return {name.partition("@")[0] for name, value in self.tenant.anchors().items() if value}


@pytest.fixture
def office(tmp_path: Path, start_tenant: Callable[..., harness.Tenant]) -> Office:
    export = tmp_path / "export.ldf"
    export.write_text(company.ldif(scenarios.entries(PEOPLE), scenarios.CARRIED), encoding="utf-8")
    found = Office(start_tenant(scenarios.seed(PEOPLE)), tmp_path)
    found.run(check=True, src=[str(export)], dest=str(found.plan))
    return found


def codes(result: dict[str, Any]) -> dict[str, str | None]:
    return {row["user"].partition("@")[0]: row["reason"] and row["reason"]["code"] for row in result["users"]}


def test_rows_are_struck_out_deleted_and_released(office: Office) -> None:
    def review(row: dict[str, Any]) -> dict[str, Any] | None:
        name = row["user"].partition("@")[0]
        if name == "clerk0":
            return None
        return {**row, "approved": {"clerk1": False, "gone-off": True, "boss": True}.get(name, row["approved"])}

    office.edit(review)
    result = office.run(plan=str(office.plan))
    assert office.anchored() == {*CLERKS[2:], "gone-off", "formula"}
    assert codes(result)["clerk1"] == "not_approved"
    assert codes(result)["boss"] == "not_releasable"
    assert result["summary"]["struck_out"] == 2
    # The journal has every before-value, and the backup all that can be read, of everybody who was written.
    backup = [json.loads(line) for line in Path(result["backup"]).read_text(encoding="utf-8").splitlines()]
    saved = {row["userPrincipalName"].partition("@")[0] for row in map(_properties, backup[1:-1])}
    assert saved == office.anchored()
    assert Path(result["backup"]).stat().st_mode & 0o777 == 0o600
    assert Path(result["journal"]).stat().st_mode & 0o777 == 0o600


def _properties(row: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = row.get("properties") or row
    return found


def test_the_backup_is_complete_before_the_first_write(office: Office) -> None:
    office.tenant.forget_requests()
    office.run(plan=str(office.plan))
    items = [row for row in office.tenant.requests() if row["path"].startswith("/v1.0/users/")]
    first_write = next(number for number, row in enumerate(items) if row["method"] == "PATCH")
    read_before = {row["path"] for row in items[:first_write]}
    assert {row["path"] for row in items if row["method"] == "PATCH"} <= read_before


def test_whoever_cannot_be_saved_is_not_written(office: Office) -> None:
    victim = Person("clerk3")
    # The backup fails, and what is read later does not.
    fault = {"method": "GET", "path": f"users/{victim.id}", "status": 403, "times": 3}
    office.tenant.control("POST", "faults", fault)
    result = office.run(plan=str(office.plan))
    assert result["failed"]
    assert codes(result)["clerk3"] == "backup_failed"
    assert office.anchored() == {*CLERKS, "formula"} - {"clerk3"}


def test_waves(office: Office) -> None:
    pilot = office.run(plan=str(office.plan), limit=2)
    assert office.anchored() == set(CLERKS[:2])
    assert codes(pilot)["clerk5"] == "outside_wave"
    office.edit(lambda row: {**row, "wave": "second"} if row["user"].startswith("clerk4") else row)
    office.run(plan=str(office.plan), wave="second")
    assert office.anchored() == {*CLERKS[:2], "clerk4"}
    office.run(plan=str(office.plan), offset=2)
    assert office.anchored() == {*CLERKS, "formula"}
    again = office.run(plan=str(office.plan))
    assert not again["changed"]
    assert again["summary"]["writes"] == 0


def test_whoever_became_somebody_else_since_the_plan_is_left_alone(office: Office) -> None:
    tenant = office.tenant
    tenant.control("POST", "roles", {"user": Person("clerk0").id, "role": "User Administrator"})
    for name, changes in (
        ("clerk1", {"onPremisesSyncBehavior": {"isCloudManaged": True}}),
        ("clerk2", {"onPremisesObjectIdentifier": str(Person("nobody").guid)}),
        ("clerk3", {"isManagementRestricted": True}),
        ("clerk4", {"userType": "Guest"}),
    ):
        tenant.control("PATCH", f"users/{Person(name).id}", changes)
    for check in (True, False):
        result = office.run(plan=str(office.plan), check=check)
        told = {row["user"].partition("@")[0]: row["reason"] for row in result["users"] if row["reason"]}
        for name, word in (
            ("clerk0", "User Administrator"),
            ("clerk1", "isCloudManaged"),
            ("clerk2", str(Person("nobody").guid)),
            ("clerk3", "isManagementRestricted"),
            ("clerk4", "external"),
        ):
            assert told[name]["code"] == "changed_since_plan", name
            assert word in told[name]["message"]
    assert office.anchored() == {"clerk5", "formula"}


def test_plans_that_are_refused(office: Office) -> None:
    text = office.plan.read_text(encoding="utf-8")
    first, *rest = text.splitlines()
    header = json.loads(first)
    other = office.folder / "other.jsonl"
    for changes, word in (
        ({"tenant_id": "00000000-1111-4222-8333-444444444444"}, "tenant"),
        ({"version": 0}, "version"),
        ({"created": "2026-01-01T00:00:00Z"}, "max_age"),
        ({"kind": "result"}, "result"),
    ):
        other.write_text("\n".join([json.dumps({**header, **changes}), *rest]) + "\n", encoding="utf-8")
        result = office.run(plan=str(other))
        assert result["failed"]
        assert word in result["msg"]
    other.write_text("\n".join([first, *rest[:-1]]) + "\n", encoding="utf-8")
    assert "truncated" in office.run(plan=str(other))["msg"]
    assert "JSON Lines" in office.run(plan=str(office.folder / "plan.csv"))["msg"]
    assert office.anchored() == set()
    # An old plan may be applied by somebody who says so.
    other.write_text(
        "\n".join([json.dumps({**header, "created": "2026-01-01T00:00:00Z"}), *rest]) + "\n", encoding="utf-8"
    )
    assert office.run(plan=str(other), max_age="9999d")["changed"]


def test_a_plan_for_the_real_tenant_is_rehearsed_on_this_machine_with_a_warning(office: Office) -> None:
    first, *rest = office.plan.read_text(encoding="utf-8").splitlines()
    header = json.loads(first)
    assert header["service"] == office.tenant.environment["HYBRID_IDENTITY_GRAPH_ENDPOINT"]
    real = json.dumps({**header, "service": "https://graph.microsoft.com"})
    office.plan.write_text("\n".join([real, *rest]) + "\n", encoding="utf-8")
    result = office.run(plan=str(office.plan))
    assert office.anchored() == {*CLERKS, "formula"}
    assert any("made at https://graph.microsoft.com" in text for text in result["warnings"])


def test_the_table_opens_in_a_spreadsheet(office: Office) -> None:
    raw = (office.folder / "plan.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\n") == raw.count(b"\r\n")
    rows = list(csv.DictReader(raw.decode("utf-8-sig").splitlines()))
    assert len(rows) == len(PEOPLE)
    assert not any(
        value.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for value in row.values() if value
    )
    by_name = {row["user"].partition("@")[0]: row for row in rows}
    assert "HYPERLINK" in by_name["formula"]["effects"]
    assert by_name["gone-off"]["code"] == "user_disabled"
