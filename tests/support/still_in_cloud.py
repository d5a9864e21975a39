"""Run what the guide docs/still-in-cloud.md shows, against a rehearsal tenant, and keep the guide true.

    make guide

The company did the classic recipe by hand for a few people and wonders why they are still "In cloud". What the runs
print stands between marks in the guide. ``tests/integration/test_still_in_cloud.py`` fails when it is no longer what
they print; times, ids and made-up numbers may differ.
"""

from __future__ import annotations

import re
import shlex
import sys
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "integration"))

import company
import harness
from company import BASE, PEOPLE, Person

GUIDE = ROOT / "docs" / "still-in-cloud.md"
FOLDER = "/home/admin/migration"
INITIAL = "rehearsal.onmicrosoft.com"

OPTIONS = """\
# hard-match.yml
hard_match_source:
  src: [export.ldf]             # leave hard_match_source out to read AD over LDAP
hard_match_sync: cloud_sync     # who pauses and starts the sync: cloud_sync, connect_sync, or none
hard_match_on_existing: replace # correct ids that were set wrong before
"""

# What the guide calls each run, and the command. They run in this order, in one folder.
RUNS = {
    "jane": "ansible-playbook hybrid.identity.status -e user=jane@example.com",
    "kim": "ansible-playbook hybrid.identity.status -e user=kim@example.com -e @hard-match.yml",
    "plan": "ansible-playbook hybrid.identity.plan -e @hard-match.yml -e hard_match_work_dir=plan",
    "apply": "ansible-playbook hybrid.identity.apply -e @hard-match.yml -e hard_match_plan=plan/plan.jsonl",
    "group": "ansible-playbook hybrid.identity.status -e group=sales.north@example.com",
}

# Nobody has done anything about these yet.
UNTOUCHED = ("ben", "carla", "david", "emma", "farid")
# The anchor was pasted into the user by hand.
BY_HAND = ("ida", "kim", "lena", "noah", "omar")
ALIAS = "sales.north@example.com"
# What an AD object that is new to the sync became: a user beside the one who was meant.
TWIN = f"jane+4711@{INITIAL}"


def entries() -> list[dict[str, Any]]:
    """Return the AD objects."""
    changes: dict[str, dict[str, Any]] = {
        # Brought along from a former forest, and what the sync uses. The classic recipe does not see it.
        "kim": {"mS-DS-ConsistencyGuid": Person("kim in the former forest").guid.bytes_le},
        "lena": {"dn": f"CN=lena,OU=Contractors,{BASE}"},
        "ida": {"proxyAddresses": ["SMTP:ida@example.com", f"smtp:{ALIAS}"]},
    }
    return [Person(name).entry(changes.get(name, {})) for name in sorted({*UNTOUCHED, *BY_HAND, "jane"})]


def seed(export: Path) -> dict[str, Any]:
    """Return the tenant."""
    jane, omar = Person("jane"), Person("omar")
    parked = [
        {"category": "PropertyConflict", "propertyCausingError": name, "value": value,
         "occurredDateTime": "2026-11-20T08:30:00Z"}
        for name, value in (("UserPrincipalName", jane.upn), ("ProxyAddresses", f"SMTP:{jane.upn}"))
    ]  # fmt: skip
    twin = company.another(
        "made by the sync", displayName="Jane", userPrincipalName=TWIN, mail=None, proxyAddresses=[], mailNickname=None,
        onPremisesSyncEnabled=True, onPremisesImmutableId=jane.anchor, onPremisesSecurityIdentifier=jane.sid,
        onPremisesUserPrincipalName=jane.upn, onPremisesLastSyncDateTime="2026-11-20T08:30:00Z",
        onPremisesProvisioningErrors=parked,
    )  # fmt: skip
    team = {"id": str(Person("team").guid), "displayName": "Sales North", "mail": ALIAS, "mailEnabled": True,
            "proxyAddresses": [f"SMTP:{ALIAS}"], "securityEnabled": False, "isAssignableToRole": None,
            "groupTypes": ["Unified"]}  # fmt: skip
    return {
        "tenant": {
            "displayName": "Rehearsal",
            "onPremisesSyncEnabled": True,
            "onPremisesLastSyncDateTime": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
        "domains": [
            {"id": "example.com", "isVerified": True, "authenticationType": "Managed", "isDefault": True},
            {"id": INITIAL, "isVerified": True, "authenticationType": "Managed", "isInitial": True},
        ],
        "users": [
            *(Person(name).user({}) for name in UNTOUCHED),
            *(Person(name).user({"onPremisesImmutableId": Person(name).anchor}) for name in BY_HAND),
            # With the blank at the end that the clipboard brought along.
            jane.user({"onPremisesImmutableId": f"{jane.anchor} "}),
            twin,
        ],
        "groups": [team],
        "contacts": [],
        "roles": [{"user": omar.id, "role": "Helpdesk Administrator"}],
        "directories": [{"domain": company.DOMAIN, "ldif": str(export), "scope": {"ous": [PEOPLE]}}],
        "settings": {"automaticCycles": False},
    }


def run_all(folder: Path) -> dict[str, str]:
    """Return what each run prints: its command and the summary at its end."""
    work = folder / "work"
    work.mkdir()
    export = work / "export.ldf"
    carried = ("mS-DS-ConsistencyGuid", "isCriticalSystemObject", "adminDescription", "msExchRecipientTypeDetails")
    export.write_text(company.ldif(entries(), (*carried, "msExchMailboxGuid")), encoding="utf-8")
    (work / "hard-match.yml").write_text(OPTIONS, encoding="utf-8")
    tenant = harness.Tenant.start(folder / "tenant", seed(export))
    try:
        playbooks = harness.Playbooks(work)
        return {name: _run(playbooks, tenant, name, command) for name, command in RUNS.items()}
    finally:
        tenant.stop()


def _run(playbooks: harness.Playbooks, tenant: harness.Tenant, name: str, command: str) -> str:
    _program, playbook, *arguments = shlex.split(command)
    if "hard_match_work_dir" not in command:
        arguments += ["-e", f"hard_match_work_dir={name}"]
    done = playbooks.run(playbook, tenant.environment | {"PWD": str(playbooks.folder)}, *arguments).succeeded()
    text = (playbooks.folder / name / "summary.txt").read_text(encoding="utf-8").rstrip()
    assert text.splitlines()[0] in done.output
    return f"$ {command}\n\n{text.replace(str(playbooks.folder), FOLDER)}"


# What differs from run to run.
_MASKS = (
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "ID"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "TIME"),
    (re.compile(r"\+\d{4}@"), "+0000@"),
)


def masked(text: str) -> str:
    """Return the text without line breaks and what differs from run to run."""
    for pattern, word in _MASKS:
        text = pattern.sub(word, text)
    return " ".join(text.split())


def shown(text: str) -> dict[str, str]:
    """Return the runs that the guide shows, by name."""
    return dict(re.findall(r"<!-- run: (\w+) -->\n+```text\n(.*?)\n```\n", text, re.DOTALL))


def guide(text: str, printed: dict[str, str]) -> str:
    """Return the guide with what is printed now, where that is not what it shows already."""
    for name, old in shown(text).items():
        if masked(old) != masked(printed[name]):
            text = text.replace(f"<!-- run: {name} -->\n\n```text\n{old}\n```", f"<!-- run: {name} -->\n\n```text\n"
                                f"{printed[name]}\n```")  # fmt: skip
    return text


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        now = run_all(Path(temporary))
    before = GUIDE.read_text(encoding="utf-8")
    after = guide(before, now)
    GUIDE.write_text(after, encoding="utf-8")
    print(f"{GUIDE.name} shows what is printed" + ("" if after == before else " now; read it again"))
