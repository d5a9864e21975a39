"""Write the sample company that a rehearsal uses: its AD export, its Entra tenant and a page about its troubles.

    python3 tests/support/make_sample_company.py [FOLDER]

``tests/unit/support/test_sample_company.py`` fails when the checked-in files are not what this program writes.
"""

from __future__ import annotations

import base64
import json
import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from sample_cloud import USUAL, Others, cloud_twin, cloud_user
from sample_company import whole_company
from sample_person import (
    AD_DOMAIN,
    BASE_DN,
    COMPANY,
    DOMAIN,
    FEDERATED_DOMAIN,
    INITIAL_DOMAIN,
    LAST_SYNC,
    NEW,
    OUT,
    STOPPED,
    SYNCED,
    WAITING,
    Person,
    anchor_bytes,
    attributes,
    identifier,
)

#: What the export line asks for: whatever a plan looks at.
EXPORTED = (
    "objectClass", "objectGUID", "mS-DS-ConsistencyGuid", "objectSid", "userPrincipalName", "sAMAccountName",
    "userAccountControl", "pwdLastSet", "accountExpires", "mail", "mailNickname", "proxyAddresses", "targetAddress",
    "displayName", "givenName", "sn", "title", "department", "company", "employeeID", "telephoneNumber", "mobile",
    "facsimileTelephoneNumber", "physicalDeliveryOfficeName", "streetAddress", "l", "st", "postalCode", "co",
    "preferredLanguage", "manager", "msExchUsageLocation", "msExchHideFromAddressLists", "msExchRecipientTypeDetails",
    "msExchMailboxGuid", *(f"extensionAttribute{number}" for number in range(1, 16)), "isCriticalSystemObject",
    "adminDescription", "isDeleted", "groupType",
)  # fmt: skip

FOLDER = Path(__file__).parents[2] / "roles/rehearsal_tenant/files/sample_company"


def ldif_line(name: str, value: str | bytes, *, ansi: bool) -> list[str]:
    """One value as ``ldifde`` writes it: a line longer than 79 characters goes whole to the next one."""
    plain = (
        isinstance(value, str)
        and not re.search(r"^[ :<]|[\0\r\n]| $", value)
        and not (ansi and any(ord(letter) > 126 for letter in value))
    )
    if plain:
        label, text = f"{name}:", str(value)
    else:
        raw = value.encode() if isinstance(value, str) else value
        label, text = f"{name}::", base64.b64encode(raw).decode()
    if len(label) + 1 + len(text) <= 79:
        return [f"{label} {text}"]
    return [label, *(f" {text[start : start + 78]}" for start in range(0, len(text), 78))]


def export_ldf(everybody: list[Person]) -> bytes:
    """``ldifde -u -f export.ldf -d "DC=..." -p SubTree -r "(&(objectCategory=person)(objectClass=user))" -l ...``"""
    lines: list[str] = []
    for person in everybody:
        lines += ldif_line("dn", f"{person.dn},{BASE_DN}", ansi=False)
        lines.append("changetype: add")
        for name, values in attributes(person).items():
            for value in values:
                lines += ldif_line(name, value, ansi=False)
        lines.append("")
    return b"\xff\xfe" + "".join(f"{line}\r\n" for line in lines).encode("utf-16-le")


def classic_recipe(everybody: list[Person]) -> bytes:
    """``ldifde -f export.txt -r "(Userprincipalname=*)" -l "objectGuid, userPrincipalName"``

    Blanks at some line ends are what is left when such a file has been through a mail or a web page.
    """
    lines: list[str] = []
    for number, person in enumerate(one for one in everybody if one.upn):
        blanks = " " * (number % 3)
        lines += ldif_line("dn", f"{person.dn},{BASE_DN}", ansi=True)
        lines.append("changetype: add")
        lines += [line + blanks for line in ldif_line("objectGUID", anchor_bytes(person.guid), ansi=True)]
        lines += ldif_line("userPrincipalName", person.upn or "", ansi=True)
        lines.append("")
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _twins_and_holders(everybody: list[Person]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Cloud users that stand in somebody's way: ``(live, deleted)``."""
    live, deleted = [], []
    for person in everybody:
        if person.trouble == "soft-deleted twin holds the anchor":
            twin = identifier("cloud user", f"{person.login} (deleted)")
            deleted.append(
                cloud_user(
                    person.login,
                    person.display_name,
                    id=twin,
                    userPrincipalName=f"{twin.replace('-', '')}{person.login}@{DOMAIN}",
                    proxyAddresses=[],
                    onPremisesImmutableId=person.anchor,
                    onPremisesLastSyncDateTime=LAST_SYNC,
                    deletedDateTime="2026-11-18T15:40:02Z",
                )
            )
        elif person.trouble == "another live user holds the anchor":
            live.append(
                cloud_user(f"old.{person.login}", f"{person.display_name} (old)", onPremisesImmutableId=person.anchor)
            )
        elif person.trouble == "two cloud users carry the address":
            # Graph keeps proxyAddresses unique, not mail.
            live.append(cloud_user(f"{person.login}.2", f"{person.display_name} (2)", mail=person.mail))
    return live, deleted


def _cloud_only() -> list[dict[str, Any]]:
    """Users of the tenant whom no AD object claims."""
    unlicensed: dict[str, Any] = {"mail": None, "proxyAddresses": []}
    users = [
        cloud_user(login, name, userPrincipalName=f"{login}@{INITIAL_DOMAIN}", **unlicensed)
        for login, name in (
            ("breakglass.one", "Break glass 1"),
            ("breakglass.two", "Break glass 2"),
            ("admin.cloud", "Cloud administrator"),
            ("Sync_AD01_4f1c09a2d7e3", "On-Premises Directory Synchronization Service Account"),
        )
    ]
    users += [
        cloud_user("temp.harvest", "Harvest helper", jobTitle="Temporary"),
        cloud_user("scanner.lyon", "Scanner (cloud only)", **unlicensed),
        cloud_user("board.room", "Board room"),
    ]
    for login, name, mail in (
        ("anna.berg", "Anna Berg", "anna.berg@partner.example"),
        ("o.adeyemi", "Olúwaṣeun Adéyẹmí", "o.adeyemi@supplier.example"),
        ("li.na", "李娜", "li.na@distributor.example"),
    ):
        users.append(
            cloud_user(
                login,
                name,
                userPrincipalName=f"{mail.replace('@', '_')}#EXT#@{INITIAL_DOMAIN}",
                mail=mail,
                mailNickname=f"{mail.replace('@', '_')}#EXT#",
                proxyAddresses=[f"SMTP:{mail}"],
                userType="Guest",
                creationType="Invitation",
                externalUserState="Accepted",
            )
        )
    return users


def tenant_seed(everybody: list[Person], others: Others) -> dict[str, Any]:
    """The seed of the rehearsal tenant, in Graph's own property names."""
    live, deleted = _twins_and_holders(everybody)
    users = [cloud_twin(person) for person in everybody if person.cloud is not None]
    users += live + others.users + _cloud_only()
    # A property that one user carries is known of all of them.
    users[0] = {**users[0], **{name: value for name, value in USUAL.items() if name not in users[0]}}
    return {
        "tenant": {
            "id": identifier("tenant", COMPANY),
            "displayName": COMPANY,
            "onPremisesSyncEnabled": True,
            "onPremisesLastSyncDateTime": LAST_SYNC,
        },
        "domains": [
            _domain(DOMAIN, isDefault=True),
            _domain(f"sales.{DOMAIN}"),
            _domain(FEDERATED_DOMAIN, authenticationType="Federated"),
            _domain(INITIAL_DOMAIN, isInitial=True),
        ],
        "directories": [{"domain": AD_DOMAIN, "ldif": "export.ldf"}],
        # As the service's makers advise: nobody is taken by name or address alone, so that whoever the plan leaves out
        # stays out.
        "features": {
            "passwordSyncEnabled": True,
            "userForcePasswordChangeOnLogonEnabled": True,
            "blockSoftMatchEnabled": True,
        },
        "roles": [
            {"user": f"breakglass.one@{INITIAL_DOMAIN}", "role": "Global Administrator"},
            {"user": f"breakglass.two@{INITIAL_DOMAIN}", "role": "Global Administrator"},
            {"user": f"admin.cloud@{INITIAL_DOMAIN}", "role": "User Administrator"},
            {"user": f"Sync_AD01_4f1c09a2d7e3@{INITIAL_DOMAIN}", "role": "Directory Synchronization Accounts"},
            *others.roles,
        ],
        "groups": others.groups,
        "deletedGroups": others.deleted_groups,
        "contacts": others.contacts,
        "users": users,
        "deletedUsers": deleted + others.deleted_users,
    }


def _domain(name: str, **values: Any) -> dict[str, Any]:
    usual = {"isVerified": True, "isDefault": False, "isInitial": False, "authenticationType": "Managed"}
    return {"id": name, **usual, **values}


def troubles_page(everybody: list[Person]) -> str:
    """README.md: who has which trouble and what must come of it."""
    endings = {
        SYNCED: "Synced with Active Directory",
        STOPPED: "left alone, with the reason",
        WAITING: "left alone until somebody releases it in the plan",
        OUT: "left alone: out of sync scope",
        NEW: "no cloud user to tie; the sync makes one",
    }
    troubled = [person for person in everybody if person.trouble]
    rows = [
        f"| `{one.login}` | {one.trouble} | {f'`{one.code}`' if one.code else ''} | {endings[one.outcome]} |"
        for one in troubled
    ]
    ordinary = len(everybody) - len(troubled)
    return "\n".join(
        [
            f"# {COMPANY}, the sample company",
            "",
            "<!-- Written by tests/support/make_sample_company.py: change that, not this. -->",
            "",
            f"An invented company with {len(everybody)} user objects in its Active Directory `{AD_DOMAIN}`, and a",
            f"tenant `{DOMAIN}` that does not know them yet. Rehearsals use it when no other seed is given.",
            "",
            "| File | What it is |",
            "| --- | --- |",
            "| `export.ldf` | the AD as `ldifde -u` exports it: UTF-16, CRLF, folded, `changetype: add` |",
            "| `tenant.json` | the tenant, as `GET /users` with a full `$select` returns its users |",
            "",
            "`export.ldf` was made with this line, the one to use for a real AD (no `-m`, no `-n`):",
            "",
            "```",
            'ldifde -u -f export.ldf -d "DC=corp,DC=aurelia,DC=local" -p SubTree '
            '-r "(&(objectCategory=person)(objectClass=user))"',
            f"  -l {','.join(EXPORTED)}",
            "```",
            "",
            f'{ordinary} people have no trouble at all and end as "Synced with Active Directory". The others:',
            "",
            "| Who | Trouble | What a plan says | How a rehearsal must end |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )


def files() -> dict[str, bytes]:
    """File name to content, for everything this program writes."""
    everybody, others = whole_company()
    seed = json.dumps(tenant_seed(everybody, others), ensure_ascii=False, indent=1)
    return {
        "export.ldf": export_ldf(everybody),
        "tenant.json": f"{seed}\n".encode(),
        "README.md": troubles_page(everybody).encode(),
    }


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files().items():
        (folder / name).write_bytes(content)
    print(f"wrote {', '.join(files())} to {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
