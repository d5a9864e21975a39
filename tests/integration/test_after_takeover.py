"""After the takeover: the role compares users with the backup, and says exactly what was changed and emptied."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import company
import harness
import pytest

ALIKE, MOVED, POOR, NUMBERED, REACHED, HELD = (
    company.Person(name) for name in ("alike", "moved", "poor", "numbered", "reached", "held")
)
EVERYBODY = (ALIKE, MOVED, POOR, NUMBERED, REACHED, HELD)
OLD_ADDRESS, NEW_ADDRESS = "smtp:old@example.com", "smtp:new@example.com"

# What AD says otherwise than the cloud: LDAP attributes, and the user's properties.
AD: dict[company.Person, Mapping[str, company.Values]] = {
    ALIKE: {
        "department": "Sales",
        "telephoneNumber": "+1 555 1",
        "extensionAttribute1": "one",
        "mobile": "+1 555 2",
        "manager": MOVED.dn,
    },
    MOVED: {"department": "Marketing", "title": "Head", "l": "Oslo"},
    POOR: {},
    NUMBERED: {"extensionAttribute1": "two", "extensionAttribute3": "three"},
    REACHED: {"proxyAddresses": [f"SMTP:{REACHED.upn}", NEW_ADDRESS]},
    HELD: {"department": "Marketing"},
}
CLOUD: dict[company.Person, Mapping[str, Any]] = {
    ALIKE: {
        "department": "Sales", "businessPhones": ["+1 555 1"], "mobilePhone": "+1 555 2",
        "onPremisesExtensionAttributes": {"extensionAttribute1": "one"}, "employeeType": "Staff", "manager": MOVED.id,
    },
    MOVED: {"department": "Sales", "jobTitle": "Clerk"},
    POOR: {
        "department": "Sales", "businessPhones": ["+1 555 3"], "mobilePhone": "+1 555 4", "employeeType": "Staff",
        "manager": MOVED.id,
    },
    NUMBERED: {"onPremisesExtensionAttributes": {"extensionAttribute1": "one", "extensionAttribute2": "two"}},
    REACHED: {"proxyAddresses": [f"SMTP:{REACHED.upn}", OLD_ADDRESS]},
    HELD: {"department": "Sales"},
}  # fmt: skip
EXPECTED = {
    ALIKE.upn: {},
    MOVED.upn: {"department": "changed", "jobTitle": "changed", "city": "added"},
    POOR.upn: {"department": "blanked", "businessPhones": "blanked", "mobilePhone": "blanked", "manager": "blanked"},
    NUMBERED.upn: {"extensionAttribute1": "changed", "extensionAttribute2": "blanked", "extensionAttribute3": "added"},
    REACHED.upn: {"proxyAddresses": "changed"},
    HELD.upn: None,
}


class Office(NamedTuple):
    tenant: harness.Tenant
    folder: Path
    run: Callable[..., harness.Run]

    def status(self, folder: str = "work") -> dict[str, dict[str, Any]]:
        lines = (self.folder / folder / "status.jsonl").read_text(encoding="utf-8").splitlines()[1:-1]
        return {row["user"]: row for row in map(json.loads, lines)}

    def page(self, folder: str = "work") -> str:
        return " ".join((self.folder / folder / "summary.txt").read_text(encoding="utf-8").split())

    def cycles(self) -> int:
        return len(self.tenant.control("GET", "sync")["directories"][0]["cycles"])


@pytest.fixture
def office(tmp_path: Path, start_tenant: Callable[..., harness.Tenant], playbooks: harness.Playbooks) -> Office:
    export = tmp_path / "ad.ldf"
    entries = [person.entry(AD[person]) for person in EVERYBODY]
    export.write_text(company.ldif(entries, ["extensionAttribute2"]), encoding="utf-8")
    tenant = start_tenant(
        {
            "users": [person.user(CLOUD[person]) for person in EVERYBODY],
            "deletedUsers": [],
            "groups": [],
            "contacts": [],
            "domains": ["example.com"],
            "roles": [{"user": HELD.id, "role": "User Administrator"}],
            "features": {"blockSoftMatchEnabled": True, "passwordSyncEnabled": False},
            "directories": [{"domain": company.DOMAIN, "ldif": str(export)}],
            "settings": {"automaticCycles": False, "cycleSeconds": 0.2},
        }
    )

    def run(tasks_from: str = "main", **variables: Any) -> harness.Run:
        role = {
            "name": "Work",
            "ansible.builtin.include_role": {"name": "hybrid.identity.hard_match", "tasks_from": tasks_from},
            "vars": {
                "hard_match_source": {"src": [str(export)], "anchor": "object_guid"},
                "hard_match_work_dir": str(tmp_path / "work"),
                "hard_match_sync": "cloud_sync",
                "hard_match_wait_timeout": 120,
                **variables,
            },
        }
        return playbooks.run([harness.local_play([role])], tenant.environment)

    return Office(tenant, tmp_path, run)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Compare two users as the control door shows them, without the collection; of lists only what came and went."""
    found = {}
    left, right = flat(before), flat(after)
    for name in {*left, *right}:
        old, new = left.get(name) or None, right.get(name) or None
        if isinstance(old, list) or isinstance(new, list):
            gone, come = sorted({*(old or ())} - {*(new or ())}), sorted({*(new or ())} - {*(old or ())})
            if gone or come:
                found[name] = (gone, come)
        elif old != new:
            found[name] = (old, new)
    return found


def flat(user: Mapping[str, Any]) -> dict[str, Any]:
    marks = {name for name in user if name.startswith("onPremises")} | {"deleted"}
    extensions = user.get("onPremisesExtensionAttributes") or {}
    return {**{name: user[name] for name in user if name not in marks}, **extensions}


def test_the_list_is_exactly_what_the_takeover_changed(office: Office) -> None:
    before = office.tenant.users()
    done = office.run().succeeded()
    after = office.tenant.users()
    rows = office.status()
    kinds = {
        name: None if row["changes"] is None else {item["property"]: item["kind"] for item in row["changes"]}
        for name, row in rows.items()
    }
    assert kinds == EXPECTED
    for name, row in rows.items():
        told = {item["property"]: (item["before"], item["after"]) for item in row["changes"] or ()}
        assert told == differences(before[name], after[name]), name
    lost = [item for row in rows.values() for item in row["changes"] or () if item["kind"] != "added"]
    assert {item["predicted"] for item in lost} == {True}
    assert [(item["before"], item["after"]) for item in rows[REACHED.upn]["changes"]] == [
        ([OLD_ADDRESS], [NEW_ADDRESS])
    ]
    comparison = done.results("entra_sync_status")[-1]["summary"]["comparison"]
    numbers = {name: value for name, value in comparison.items() if name != "properties"}
    assert numbers == {"compared": 5, "changed": 4, "blanked": 2, "unpredicted": 0, "not_compared": 0}
    page = (office.folder / "work" / "summary.txt").read_text(encoding="utf-8")
    assert "5 compared with the backup after a further cycle: 4 had values replaced or emptied." in " ".join(
        page.split()
    )
    assert "Changed by the takeover (4):" in page
    assert f"proxyAddresses: lost {OLD_ADDRESS}, gained {NEW_ADDRESS}" in page
    assert "businessPhones: lost +1 555 3" in page
    assert f"- {ALIKE.upn}" not in page


def test_without_it_no_further_cycle_is_run_and_a_status_by_hand_compares_later(office: Office) -> None:
    done = office.run(hard_match_compare=False).succeeded()
    cycles = office.cycles()
    assert {row["changes"] is None for row in office.status().values()} == {True}
    assert done.results("entra_sync_status")[-1]["summary"]["comparison"] is None

    # The plan's folder has the backup.
    office.run(
        "status",
        hard_match_plan=str(office.folder / "work" / "result.jsonl"),
        hard_match_work_dir=str(office.folder / "first"),
    ).succeeded()
    assert office.cycles() == cycles
    rows = office.status("first")
    assert {item["property"] for item in rows[MOVED.upn]["changes"]} == {"department", "jobTitle", "city"}
    page = office.page("first")
    assert "emptied by the second cycle after the match, not by the first." in page

    # Somebody changes what no sync touches, and at the latest the next cycle empties what is empty in AD.
    office.tenant.control("PATCH", f"users/{ALIKE.id}", {"employeeType": "Guest"})
    office.tenant.control("POST", "sync")
    office.run(
        "status",
        hard_match_users=[{"user": ALIKE.upn}, {"user": POOR.upn}],
        hard_match_backup=[str(office.folder / "work")],
        hard_match_work_dir=str(office.folder / "second"),
    ).succeeded()
    rows = office.status("second")
    assert rows[ALIKE.upn]["changes"] == [
        {"property": "employeeType", "kind": "changed", "before": "Staff", "after": "Guest", "predicted": None}
    ]
    assert {item["property"]: item["kind"] for item in rows[POOR.upn]["changes"]} == EXPECTED[POOR.upn]
    page = office.page("second")
    assert "- employeeType: Staff -> Guest" in page
    assert "- mobilePhone: +1 555 4 -> empty" in page


def test_a_second_run_with_nothing_to_write_starts_no_cycle(office: Office) -> None:
    office.run().succeeded()
    cycles = office.cycles()
    again = office.run().succeeded()
    assert office.cycles() == cycles
    assert again.changed == []


def test_a_folder_without_a_backup_is_refused(tmp_path: Path, playbooks: harness.Playbooks) -> None:
    role = {
        "name": "Work",
        "ansible.builtin.include_role": {"name": "hybrid.identity.hard_match", "tasks_from": "status"},
        "vars": {"hard_match_users": [{"user": "a@example.com"}], "hard_match_backup": [str(tmp_path)]},
    }
    done = playbooks.run([harness.local_play([role])])
    assert done.returncode != 0
    assert "holds no backup" in done.output
