"""The whole job: a real domain controller, a rehearsal tenant that synchronizes with it, and the role between them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import harness
import pytest

SYNCED = "Synced with Active Directory"
# Lists show the tenant as it was before the test, all the time; reads by id follow after moments.
LIST_LAG, ID_LAG = 1800, 2


def promised_outcomes() -> dict[str, str]:
    """Return sAMAccountName -> how a rehearsal must end, for those that the sample company's README names."""
    readme = (harness.SAMPLE_COMPANY / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([^`]+)` \| .* \| ([^|]+) \|$", readme, re.MULTILINE)
    return {name: outcome for name, outcome in rows if not name.endswith((".ldf", ".txt", ".json"))}


def people(samba: harness.DomainController) -> dict[str, dict[str, str]]:
    """Return sAMAccountName -> attributes of everybody below the sample company's units, read by ldapsearch."""
    found = {}
    for base in search_bases(samba):
        printed = samba.ldapsearch(
            base,
            "(objectClass=user)",
            ["sAMAccountName", "objectGUID", "mS-DS-ConsistencyGuid", "mail"],
            "-o",
            "ldif-wrap=no",
        )
        for block in printed.strip().split("\n\n"):
            values = dict(re.findall(r"^([\w-]+)::? (.*)$", block, re.MULTILINE))
            if "sAMAccountName" in values:
                found[values["sAMAccountName"]] = values
    return found


def search_bases(samba: harness.DomainController) -> list[str]:
    return [f"OU={name},{samba.base}" for name in ("Offices", "Mailboxes", "Second Accounts", "Service Accounts")]


def seed(samba: harness.DomainController) -> dict[str, Any]:
    """Return the sample company's tenant, which synchronizes with the domain controller instead of the export."""
    content: dict[str, Any] = json.loads((harness.SAMPLE_COMPANY / "tenant.json").read_text(encoding="utf-8"))
    content["directories"] = [
        {
            "domain": samba.realm,
            "ldap": {
                "servers": [f"ldaps://{samba.address}"],
                "username": samba.variables["MICROSOFT_AD_LDAP_USERNAME"],
                "password": samba.variables["MICROSOFT_AD_LDAP_PASSWORD"],
                "caCert": samba.ca_cert,
                "searchBase": samba.base,
            },
            "scope": {"ous": search_bases(samba)},
        }
    ]
    # Nobody gets synced but by the anchor that the job sets.
    content["features"] = {**content.get("features", {}), "blockSoftMatchEnabled": True}
    content["settings"] = {"listLagSeconds": LIST_LAG, "idLagSeconds": ID_LAG, "automaticCycles": False}
    return content


def play(samba: harness.DomainController, work_dir: str, **variables: Any) -> dict[str, Any]:
    role = {
        "name": "Do the whole job",
        "ansible.builtin.include_role": {"name": "hybrid.identity.hard_match"},
        "vars": {
            "hard_match_source": {"sync_scope": {"ous": search_bases(samba)}},
            "hard_match_match_by": ["immutable_id", "user_principal_name", "mail"],
            "hard_match_max_changes": 500,
            "hard_match_sync": "cloud_sync",
            "hard_match_wait_timeout": 240,
            "hard_match_work_dir": work_dir,
            **variables,
        },
    }
    return harness.local_play(
        [role], module_defaults={"group/hybrid.identity.ad": {"search_base": search_bases(samba)}}
    )


@pytest.fixture(scope="module")
def tenant(samba: harness.DomainController, start_tenant: Callable[..., harness.Tenant]) -> harness.Tenant:
    return start_tenant(seed(samba))


def test_whole_job(samba: harness.DomainController, tenant: harness.Tenant, playbooks: harness.Playbooks) -> None:
    environment = samba.environment | tenant.environment
    before = tenant.users()

    # Check mode lists the drift and writes nothing.
    checked = playbooks.run([play(samba, str(playbooks.folder / "check"))], environment, check=True).succeeded()
    plan = checked.result("Plan what to write")
    assert plan["changed"]
    assert plan["summary"]["set"] > 150
    assert tenant.writes() == []
    assert len(tenant.requests()) > 2
    assert tenant.users() == before
    assert (playbooks.folder / "check" / "plan.jsonl").exists()
    assert (playbooks.folder / "check" / "summary.txt").exists()
    assert not (playbooks.folder / "check" / "journal.jsonl").exists()

    # The run sets the values, and everybody in scope is synced: the same user as before, by the anchor AD gives.
    run = playbooks.run([play(samba, str(playbooks.folder / "run"))], environment).succeeded()
    applied = run.result("Write the ImmutableIds of the plan")
    assert applied["changed"]
    assert applied["summary"]["set"] == plan["summary"]["set"]
    assert applied["summary"]["failed"] == 0
    outcomes = promised_outcomes()
    after = {user["onPremisesSamAccountName"]: user for user in tenant.users().values()}
    known = {user["id"] for user in before.values()}
    in_ad = people(samba)
    # The README calls people by their mail name where AD's own name is a number.
    names = {name: values.get("mail", name).partition("@")[0] for name, values in in_ad.items()}
    expected = [name for name in in_ad if outcomes.get(name, outcomes.get(names[name], SYNCED)) == SYNCED]
    assert len(expected) > 180
    wrong = []
    for name in expected:
        anchor = in_ad[name].get("mS-DS-ConsistencyGuid") or in_ad[name]["objectGUID"]
        user = after.get(name, {})
        if (
            user.get("id") not in known
            or user["onPremisesSyncEnabled"] is not True
            or user["onPremisesImmutableId"] != anchor
            or user["onPremisesLastSyncDateTime"] is None
        ):
            wrong.append((name, anchor, user))
    assert wrong == []
    status = [json.loads(line) for line in (playbooks.folder / "run" / "status.jsonl").read_text("utf-8").splitlines()]
    rows = {row["id"]: row for row in status[1:-1] if row["id"]}
    assert {rows[after[name]["id"]]["label"] for name in expected} == {SYNCED}
    # Who is left alone has a stated reason, and keeps what it had.
    for row in status[1:-1]:
        assert row["state"] == "synced" or row["reasons"], row
    changed_by_us = {row["id"] for row in applied_rows(playbooks, "run") if row["changed"]}
    for user in tenant.users().values():
        if user["id"] in known and user["id"] not in changed_by_us and user["onPremisesSyncEnabled"] is not True:
            assert user == before[user["userPrincipalName"].lower()] | {"deleted": False}

    # A second run has nothing to do, although lists and reads by id lag.
    tenant.forget_requests()
    again = playbooks.run([play(samba, str(playbooks.folder / "again"))], environment).succeeded()
    assert [row for row in tenant.writes() if "/users" in row["path"]] == []
    assert again.changed == []
    assert tenant.writes() == []


def applied_rows(playbooks: harness.Playbooks, folder: str) -> list[dict[str, Any]]:
    lines = (playbooks.folder / folder / "result.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines[1:-1]]
