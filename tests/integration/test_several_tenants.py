"""Several tenants side by side: a report for each, one overview over all, nothing mixed, nobody waited for in vain."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import harness
import pytest

TENANTS = ("east", "west", "south")
GUIDS = {"east": "ISESAwQVFkeYCQoLDA0ODw==", "west": "IiESExQVRheYGRobHB0eHw==", "south": "IyESExQVRheYGRobHB0eHw=="}


class Company:
    """Three tenants with one person each, their AD exports, and the inventory that has them as hosts."""

    def __init__(self, start_tenant: Callable[..., harness.Tenant], folder: Path) -> None:
        self.tenants: dict[str, harness.Tenant] = {}
        self.hosts: dict[str, dict[str, Any]] = {}
        self.folder = folder
        for name in TENANTS:
            upn = f"kim@{name}.example"
            export = folder / f"{name}.ldf"
            export.write_text(
                f"dn: CN=Kim,DC={name},DC=example\nobjectClass: user\nobjectGUID:: {GUIDS[name]}\n"
                f"userPrincipalName: {upn}\nsAMAccountName: kim\nuserAccountControl: 512\n",
                encoding="utf-8",
            )
            user = {
                "userPrincipalName": upn, "displayName": "Kim", "onPremisesImmutableId": None, "accountEnabled": True,
            }  # fmt: skip
            seed = {"tenant": {"displayName": name}, "users": [user], "domains": [f"{name}.example"]}
            self.tenants[name] = start_tenant(seed)
            variables = self.tenants[name].environment
            self.hosts[name] = {
                "hybrid_identity_entra": {
                    "tenant_id": variables["AZURE_TENANT_ID"],
                    "client_id": variables["AZURE_CLIENT_ID"],
                    "client_secret": variables["AZURE_CLIENT_SECRET"],
                    "login_endpoint": variables["HYBRID_IDENTITY_LOGIN_ENDPOINT"],
                    "graph_endpoint": variables["HYBRID_IDENTITY_GRAPH_ENDPOINT"],
                    "ca_cert": variables["HYBRID_IDENTITY_CA_CERT"],
                },
                "hard_match_source": {"src": [str(export)], "anchor": "object_guid"},
            }

    def inventory(self, **changes: dict[str, Any]) -> str:
        """Write the inventory and return its path; ``changes`` are options of single tenants."""
        hosts = {
            name: {**hosts, "hybrid_identity_entra": {**hosts["hybrid_identity_entra"], **changes.get(name, {})}}
            for name, hosts in self.hosts.items()
        }
        path = self.folder / "tenants.yml"
        path.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
        return str(path)


@pytest.fixture
def company(start_tenant: Callable[..., harness.Tenant], tmp_path: Path) -> Company:
    return Company(start_tenant, tmp_path)


def overview_of(folder: Path) -> tuple[dict[str, dict[str, Any]], str]:
    """Return the rows of the overview by host, and the page for people."""
    found = json.loads((folder / "overview.json").read_text(encoding="utf-8"))
    return {row["host"]: row for row in found["tenants"]}, (folder / "overview.txt").read_text(encoding="utf-8")


def test_one_tenant_that_fails_is_in_the_overview_and_in_nobodys_way(
    company: Company, playbooks: harness.Playbooks
) -> None:
    variables = {
        "hybrid_identity_hosts": "all",
        "hard_match_work_dir": f"{playbooks.folder}/work/{{{{ inventory_hostname }}}}/plan",
        "hard_match_overview_dir": f"{playbooks.folder}/work/overview",
    }
    planned = playbooks.run(
        "hybrid.identity.plan", None, "--forks", "3", variables=variables,
        inventory=company.inventory(west={"client_secret": "not the secret"}),
    )  # fmt: skip
    assert planned.returncode != 0, planned.output
    print(planned.output)
    work = playbooks.folder / "work"
    rows, page = overview_of(work / "overview")
    assert list(rows) == list(TENANTS)
    assert {host: row["outcome"] for host, row in rows.items()} == {"east": "done", "west": "failed", "south": "done"}
    assert "AADSTS7000215" in rows["west"]["error"]
    assert "3 tenants: 2 done, 1 failed" in page
    assert page.index("west: failed") < page.index("east")
    for name in ("east", "south"):
        assert rows[name]["actions"]["set"] == 1
        assert rows[name]["applied"] is False
        assert rows[name]["tenant_id"] == company.tenants[name].environment["AZURE_TENANT_ID"]
        plan = (work / name / "plan" / "plan.jsonl").read_text(encoding="utf-8")
        assert f"kim@{name}.example" in plan
        assert [other for other in TENANTS if other != name and f"kim@{other}.example" in plan] == []
    for name in TENANTS:
        assert rows[name]["report"] == str(work / name / "plan" / "summary.txt")
        assert f"Hard match: {name}" in Path(rows[name]["report"]).read_text(encoding="utf-8")
        assert json.loads((work / name / "plan" / "outcome.json").read_text(encoding="utf-8")) == rows[name]
    assert [path for path in work.rglob("*") if path.stat().st_mode & 0o077] == []

    # Each plan goes to its own tenant; the one without a plan fails alone, and no one else sees its error.
    applied = playbooks.run(
        "hybrid.identity.apply", None, "--forks", "3",
        variables=variables
        | {
            "hard_match_plan": f"{work}/{{{{ inventory_hostname }}}}/plan/plan.jsonl",
            "hard_match_work_dir": f"{work}/{{{{ inventory_hostname }}}}/apply",
            "hard_match_wait_timeout": 0,
        },
        inventory=company.inventory(),
    )  # fmt: skip
    assert applied.returncode != 0
    rows, page = overview_of(work / "overview")
    assert {host: row["outcome"] for host, row in rows.items()} == {"east": "done", "west": "failed", "south": "done"}
    for name in ("east", "south"):
        assert rows[name]["applied"] is True
        assert rows[name]["actions"]["set"] == 1
        assert rows[name]["tenant_id"] == company.tenants[name].environment["AZURE_TENANT_ID"]
        assert sum(rows[name]["states"].values()) == 1
        assert company.tenants[name].anchors() == {f"kim@{name}.example": GUIDS[name]}
        journal = (work / name / "apply" / "journal.jsonl").read_text(encoding="utf-8")
        assert company.tenants[name].environment["AZURE_TENANT_ID"] in journal.splitlines()[0]
        assert f"kim@{name}.example" in journal
    assert company.tenants["west"].writes() == []
    assert applied.results("Show the overview")


def test_tenants_in_one_folder_are_refused_before_anything_is_read(
    company: Company, playbooks: harness.Playbooks
) -> None:
    run = playbooks.run(
        "hybrid.identity.plan",
        variables={
            "hybrid_identity_hosts": "all",
            "hard_match_work_dir": str(playbooks.folder / "work"),
            "hard_match_overview_dir": str(playbooks.folder / "overview"),
        },
        inventory=company.inventory(),
    )
    assert run.returncode != 0
    rows, _page = overview_of(playbooks.folder / "overview")
    for name in TENANTS:
        assert rows[name]["outcome"] == "failed"
        assert "inventory_hostname" in rows[name]["error"]
        assert company.tenants[name].requests() == []
    assert not (playbooks.folder / "work").exists()


def test_two_hosts_for_one_tenant_never_write_at_the_same_time(
    start_tenant: Callable[..., harness.Tenant], playbooks: harness.Playbooks, tmp_path: Path
) -> None:
    """Two processes would each keep the quota and exceed it together: the second is refused, and converges later."""
    people = {"ann": GUIDS["east"], "bob": GUIDS["west"]}
    users = [
        {"userPrincipalName": f"{name}@one.example", "displayName": name, "onPremisesImmutableId": None}
        for name in people
    ]
    tenant = start_tenant({"users": users, "domains": ["one.example"], "settings": {"latencySeconds": 1.5}})
    hosts = {
        name: {"users": [{"user": f"{name}@one.example", "immutable_id": value}]} for name, value in people.items()
    }
    inventory = tmp_path / "hosts.yml"
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    options = {"users": "{{ users }}", "journal": str(tmp_path / "{{ inventory_hostname }}.journal.jsonl")}
    play = harness.local_play([{"name": "Write", "hybrid.identity.entra_immutable_id": options}], hosts="all")

    both = playbooks.run([play], tenant.environment, "--forks", "2", inventory=str(inventory))
    assert both.returncode != 0
    results = {name: both.result("Write", host=name) for name in people}
    [refused] = [name for name, result in results.items() if result.get("failed")]
    [winner] = set(people) - {refused}
    assert results[winner]["changed"] is True
    assert results[refused]["changed"] is False
    assert f"{winner}.journal.jsonl" in results[refused]["msg"]
    assert "Another run on this machine" in results[refused]["msg"]
    assert tenant.anchors() == {f"{winner}@one.example": people[winner], f"{refused}@one.example": None}

    tenant.settings(latencySeconds=0)
    again = playbooks.run([play], tenant.environment, "--forks", "1", inventory=str(inventory)).succeeded()
    assert {name: again.result("Write", host=name)["changed"] for name in people} == {winner: False, refused: True}
