"""One inventory, two named tenants, one run: each host reads its own AD and writes its own tenant."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import harness

# Bytes that no other test uses: the GUIDs of two people, one per company, in AD's order.
NORTH, SOUTH = "AAECAwQFRkeICQoLDA0ODw==", "EBESExQVRheYGRobHB0eHw=="


def company(name: str, anchor: str, folder: Path) -> tuple[dict[str, Any], Path]:
    """Return the seed of a tenant with one user, and the AD export with the same person."""
    upn = f"kim@{name}.example"
    export = folder / f"{name}.ldf"
    export.write_text(
        f"dn: CN=Kim,DC={name},DC=example\nobjectClass: user\nobjectGUID:: {anchor}\n"
        f"userPrincipalName: {upn}\nsAMAccountName: kim\nuserAccountControl: 512\n",
        encoding="utf-8",
    )
    user = {"userPrincipalName": upn, "displayName": "Kim", "onPremisesImmutableId": None, "accountEnabled": True}
    return {"tenant": {"displayName": name}, "users": [user], "domains": [f"{name}.example"]}, export


def test_side_by_side(
    start_tenant: Callable[..., harness.Tenant], playbooks: harness.Playbooks, tmp_path: Path
) -> None:
    tenants = {}
    hosts = {}
    for name, anchor in (("north", NORTH), ("south", SOUTH)):
        seed, export = company(name, anchor, tmp_path)
        tenants[name] = start_tenant(seed)
        variables = tenants[name].environment
        hosts[name] = {
            "hybrid_identity_entra": {
                "tenant_id": variables["AZURE_TENANT_ID"],
                "client_id": variables["AZURE_CLIENT_ID"],
                "client_secret": variables["AZURE_CLIENT_SECRET"],
                "login_endpoint": variables["HYBRID_IDENTITY_LOGIN_ENDPOINT"],
                "graph_endpoint": variables["HYBRID_IDENTITY_GRAPH_ENDPOINT"],
                "ca_cert": variables["HYBRID_IDENTITY_CA_CERT"],
            },
            "hard_match_source": {"src": [str(export)], "anchor": "object_guid"},
            "hard_match_work_dir": str(tmp_path / f"work-{name}"),
        }
    inventory = tmp_path / "tenants.json"
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    inventory = inventory.rename(tmp_path / "tenants.yml")

    planned = playbooks.run(
        "hybrid.identity.plan",
        inventory=str(inventory),
        variables={"hybrid_identity_hosts": "all", "hard_match_overview_dir": str(tmp_path / "overview")},
    ).succeeded()
    for name in hosts:
        assert planned.result("Plan what to write", host=name)["summary"]["set"] == 1
        header = json.loads((tmp_path / f"work-{name}" / "plan.jsonl").read_text("utf-8").splitlines()[0])
        assert header["tenant_id"] == tenants[name].environment["AZURE_TENANT_ID"]
        assert tenants[name].writes() == []

    play = {
        "hosts": "all",
        "connection": "local",
        "gather_facts": False,
        "module_defaults": {"group/hybrid.identity.entra": "{{ hybrid_identity_entra }}"},
        "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
        "tasks": [
            {
                "name": "Apply",
                "hybrid.identity.entra_immutable_id": {"plan": "{{ hard_match_work_dir }}/plan.jsonl"},
            }
        ],
    }
    for changed in (True, False):
        applied = playbooks.run([play], inventory=str(inventory)).succeeded()
        assert {host: applied.result("Apply", host)["changed"] for host in hosts} == dict.fromkeys(hosts, changed)
    assert tenants["north"].anchors() == {"kim@north.example": NORTH}
    assert tenants["south"].anchors() == {"kim@south.example": SOUTH}

    # The other tenant's plan is refused, and nothing is written.
    tenants["south"].forget_requests()
    foreign = {**play, "hosts": "south", "tasks": [
        {"name": "Apply", "hybrid.identity.entra_immutable_id": {"plan": str(tmp_path / "work-north" / "plan.jsonl")}}
    ]}  # fmt: skip
    refused = playbooks.run([foreign], inventory=str(inventory))
    assert refused.returncode != 0
    assert tenants["north"].environment["AZURE_TENANT_ID"] in refused.result("Apply")["msg"]
    assert tenants["south"].writes() == []
