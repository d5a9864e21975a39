"""What a task costs that has next to nothing to do."""

from __future__ import annotations

import base64
import uuid

from bench import Bench
from measure import USAGE_COLUMNS, Section, usage_row

TITLE = "Start-up: five users"
WHAT = (
    "Whole playbooks with one task on localhost for five users: reading them from an export, planning for them against "
    "a rehearsal tenant (a dry run), and asking how they stand there. Beside them a playbook with "
    "`ansible.builtin.ping`, which does nothing."
)

_NAMES = ("ana", "ben", "cem", "dia", "eva")
_DOMAIN = "start.example"


def run(bench: Bench, section: Section) -> None:
    """Measure a playbook for each module."""
    export = bench.folder / "export.ldf"
    export.write_text("\n".join(map(_entry, _NAMES)), encoding="utf-8")
    people = [{"userPrincipalName": f"{name}@{_DOMAIN}", "onPremisesImmutableId": None} for name in _NAMES]
    with bench.tenant({"users": people, "domains": [_DOMAIN]}) as tenant:
        tasks = {
            "ansible.builtin.ping": {},
            "hybrid.identity.ad_object_guid": {"src": [str(export)]},
            "hybrid.identity.entra_immutable_id": {
                "src": [str(export)],
                "anchor": "object_guid",
                "max_changes": "100%",
            },
            "hybrid.identity.entra_sync_status": {"users": [{"user": f"{name}@{_DOMAIN}"} for name in _NAMES]},
        }
        commands = {
            name: bench.playbook(name.rpartition(".")[2], [{name: options, "check_mode": True}], tenant.environment)
            for name, options in tasks.items()
        }
        found = bench.compare(commands, 5)
    ping = found["ansible.builtin.ping"]
    section.columns = [*USAGE_COLUMNS, "seconds more than ping"]
    for name, usage in found.items():
        row = usage_row(f"`{name.removeprefix('hybrid.identity.')}`", usage, None if usage is ping else ping)
        section.rows.append([*row, round(usage.wall - ping.wall, 2)])


def _entry(name: str) -> str:
    guid = base64.b64encode(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.{_DOMAIN}").bytes_le).decode()
    return (
        f"dn: CN={name},OU=Staff,DC=start,DC=example\nobjectClass: user\nsAMAccountName: {name}\n"
        f"userPrincipalName: {name}@{_DOMAIN}\nuserAccountControl: 512\nobjectGUID:: {guid}\n"
    )
