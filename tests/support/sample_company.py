"""The people of the sample company, as its Active Directory knows them.

"Aurelia Instruments" is invented. It has sixteen offices, people whose names need every kind of encoding, and the
ordinary troubles of a hard match, each with what has to come of it (``Person.trouble``, ``Person.outcome``).

Nothing here is random: identifiers are derived from names. ``make_sample_company.py`` writes the people as the export
and the tenant of a rehearsal.
"""

from __future__ import annotations

import base64
import hashlib
import re
import uuid
from dataclasses import dataclass, field
from typing import Any

from sample_names import employees, latin, native

COMPANY = "Aurelia Instruments"
DOMAIN = "aurelia.example"
AD_DOMAIN = "corp.aurelia.local"
INITIAL_DOMAIN = "aureliainstruments.onmicrosoft.com"
BASE_DN = "DC=corp,DC=aurelia,DC=local"
DOMAIN_SID = "S-1-5-21-2718281828-3141592653-1414213562"
PER_OFFICE = 13
LAST_SYNC = "2026-11-20T06:12:44Z"

NORMAL, DISABLED = 512, 514  # userAccountControl
SHARED_MAILBOX, DISCOVERY_MAILBOX, LINKED_MAILBOX = 34359738368, 536870912, 2  # msExchRecipientTypeDetails

SYNCED, OUT, STOPPED, NEW = "synced", "out of scope", "stopped", "no cloud user"


def identifier(kind: str, name: str) -> str:
    """A GUID of the random (version 4) form that is always the same for the same name."""
    digest = hashlib.sha256(f"{COMPANY}/{kind}/{name}".encode()).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4))


def anchor_bytes(guid: str) -> bytes:
    """The sixteen bytes as AD stores them."""
    return uuid.UUID(guid).bytes_le


def immutable_id(guid: str) -> str:
    return base64.b64encode(anchor_bytes(guid)).decode()


@dataclass
class Person:
    """One user object of AD, with what this company knows about the user in the cloud.

    ``trouble`` says in words what is unusual, ``outcome`` what a rehearsal must end with: ``synced`` (tied and taken
    over), ``stopped`` (left alone, with a reason), ``out of scope`` or ``no cloud user``.
    """

    login: str
    display_name: str
    unit: str  # relative DN of the container
    given_name: str | None = None
    surname: str | None = None
    common_name: str | None = None
    upn: str | None = ""  # "" stands for <login>@<DOMAIN>
    mail: str | None = ""
    aliases: tuple[str, ...] = ()
    sam: str = ""
    rid: int = 0
    guid: str = ""
    consistency: bytes | None = None
    control: int = NORMAL
    critical: bool = False
    builtin: bool = False
    admin_description: str | None = None
    recipient_type: int | None = None
    mail_nickname: str | None = ""
    trouble: str | None = None
    outcome: str = SYNCED
    cloud: dict[str, Any] | None = field(default_factory=dict)  # deviations of the cloud user; None: there is none

    def __post_init__(self) -> None:
        address = f"{self.login}@{DOMAIN}"
        self.upn = address if self.upn == "" else self.upn
        self.mail = address if self.mail == "" else self.mail
        self.mail_nickname = self.login if self.mail_nickname == "" else self.mail_nickname
        self.sam = self.sam or self.login[:20].rstrip(".")
        self.guid = self.guid or identifier("objectGUID", self.login)

    @property
    def dn(self) -> str:
        escaped = re.sub(r'([,+"\\<>;=])', r"\\\1", self.common_name or self.display_name)
        return f"CN={escaped},{self.unit}"

    @property
    def proxy_addresses(self) -> list[str]:
        primary = [f"SMTP:{self.mail}"] if self.mail else []
        return primary + [f"smtp:{alias}" for alias in self.aliases]

    @property
    def anchor(self) -> str:
        """The ImmutableId that sync derives: ConsistencyGuid, else objectGUID."""
        return base64.b64encode(self.consistency or anchor_bytes(self.guid)).decode()


def _ordinary() -> list[Person]:
    """Everybody to whom nothing unusual has happened, in office order."""
    taken: set[str] = set()
    result = []
    for number, (office, given, surname) in enumerate(employees(PER_OFFICE)):
        login = f"{latin(given)}.{latin(surname)}".lower()
        if login in taken:
            raise ValueError(f"two people of the sample company would be {login}")
        taken.add(login)
        names = [native(given), native(surname)]
        display = " ".join(reversed(names) if office.surname_first else names)
        person = Person(
            login=login,
            display_name=display,
            given_name=names[0],
            surname=names[1],
            # Every fifth office writes "Surname, Given", the comma that has to be escaped in a DN.
            common_name=f"{names[1]}, {names[0]}" if number % 5 == 4 else None,
            unit=f"OU={office.city},OU=Offices",
        )
        if number % 4 == 1:
            person.aliases = (f"{latin(given)[0]}{latin(surname)}@{DOMAIN}".lower(),)
        result.append(person)
    return result


def _synced_cloud(person: Person) -> dict[str, Any]:
    """What a cloud user has that sync has already taken."""
    return {
        "onPremisesImmutableId": person.anchor,
        "onPremisesSyncEnabled": True,
        "onPremisesLastSyncDateTime": LAST_SYNC,
        "onPremisesDistinguishedName": f"{person.dn},{BASE_DN}",
        "onPremisesDomainName": AD_DOMAIN,
        "onPremisesSamAccountName": person.sam,
        "onPremisesSecurityIdentifier": f"{DOMAIN_SID}-{person.rid}",
        "onPremisesUserPrincipalName": person.upn,
    }


def _trouble_among_employees(staff: list[Person]) -> None:
    """Give single employees the troubles that need no object of their own."""

    def change(index: int, trouble: str, outcome: str = SYNCED, **values: Any) -> Person:
        person = staff[index]
        if person.trouble:
            raise ValueError(f"{person.login} has two troubles")
        for name, value in {**values, "trouble": trouble, "outcome": outcome}.items():
            setattr(person, name, value)
        return person

    for index in (7, 20, 33, 46, 59, 72):
        moved = anchor_bytes(identifier("former forest", staff[index].login))
        change(index, "ConsistencyGuid brought along from a former forest", consistency=moved)
    for index in (8, 21, 34, 47, 60):
        own = anchor_bytes(staff[index].guid)
        change(index, "ConsistencyGuid equals objectGUID", consistency=own)
    for index in (2, 15, 28, 41):
        login = staff[index].login
        change(index, "UPN suffix that the tenant has not verified; the mail address fits", upn=f"{login}@{AD_DOMAIN}")
    for index in (5, 18, 31, 44, 57, 70, 83, 96, 109, 122, 135, 148):
        person = change(index, "already synced")
        person.cloud = None  # filled in when the RIDs are known
    for index in (10, 23, 36):
        person = change(index, "anchor already set by hand, not yet synced")
        person.cloud = {"onPremisesImmutableId": person.anchor}
    for index in (12, 25):
        person = change(index, "sign-in name in other letter case in the cloud")
        person.cloud = {"userPrincipalName": f"{person.login.title()}@{DOMAIN}"}
    change(51, "disabled in AD and in the cloud", control=DISABLED, cloud={"accountEnabled": False})
    change(64, "no mail address", mail=None, mail_nickname=None, cloud={"mail": None, "proxyAddresses": []})

    for index, number in ((77, "E-10472"), (90, "417733")):
        change(
            index, f"anchor is the employee number {number}, no GUID", STOPPED, cloud={"onPremisesImmutableId": number}
        )
    for index in (103, 116):
        other = immutable_id(identifier("older anchor", staff[index].login))
        change(index, "holds the anchor of some other AD object", STOPPED, cloud={"onPremisesImmutableId": other})
    change(129, "soft-deleted twin holds the anchor", STOPPED)
    change(142, "another live user holds the anchor", STOPPED)
    for index in (155, 168, 181, 194):
        change(index, "newcomer without a cloud user", NEW, cloud=None)
    change(157, "ConsistencyGuid of 8 bytes", STOPPED, consistency=anchor_bytes(staff[157].guid)[:8])
    shared = anchor_bytes(identifier("copied ConsistencyGuid", "template"))
    for index in (170, 171):
        change(index, "ConsistencyGuid copied from another user", STOPPED, consistency=shared)
    change(144, "a second AD account carries the same address", STOPPED)
    change(133, "two cloud users carry the address", STOPPED, upn=f"{staff[133].login}@{AD_DOMAIN}")


def _other_objects(staff: list[Person]) -> list[Person]:
    """AD objects beside the employees: second accounts, services, mailboxes, what Windows makes itself."""
    services, mailboxes, system = "OU=Service Accounts", "OU=Mailboxes", "CN=Users"
    twice = staff[144]
    bare: dict[str, Any] = {"upn": None, "mail": None, "mail_nickname": None, "cloud": None, "outcome": OUT}
    found = [
        Person(
            f"adm.{twice.login}"[:24],
            f"{twice.display_name} (workshop)",
            "OU=Second Accounts",
            upn=f"adm.{twice.login}@{AD_DOMAIN}",
            mail=twice.mail,
            trouble="second AD account with the address of another",
            outcome=STOPPED,
            cloud=None,
        ),
        Person("svc-backup", "Backup service", services, **{**bare, "outcome": NEW}, trouble="no sign-in name"),
        Person(
            "MSOL_4f1c09a2d7e3",
            "On-premises directory synchronization account",
            services,
            upn=f"MSOL_4f1c09a2d7e3@{AD_DOMAIN}",
            mail=None,
            mail_nickname=None,
            cloud=None,
            outcome=OUT,
            trouble="service account of directory sync (MSOL_)",
        ),
        Person("AAD_9b77d0c1e24f", "Entra Connect service account", services, **bare, trouble="service account (AAD_)"),
        Person(
            "kiosk.lobby",
            "Kiosk",
            services,
            mail=None,
            mail_nickname=None,
            admin_description="User_kept out of sync by hand",
            trouble="kept out of sync by adminDescription",
            outcome=OUT,
        ),
        Person(
            "reception",
            "Reception (shared)",
            mailboxes,
            control=DISABLED,
            recipient_type=SHARED_MAILBOX,
            trouble="shared mailbox",
            cloud={"accountEnabled": False},
        ),
        Person(
            "orders",
            "Orders (shared)",
            mailboxes,
            control=DISABLED,
            recipient_type=SHARED_MAILBOX,
            trouble="shared mailbox",
            cloud={"accountEnabled": False},
        ),
        Person(
            "linked.mailbox",
            "Linked mailbox of a partner forest",
            mailboxes,
            control=DISABLED,
            recipient_type=LINKED_MAILBOX,
            trouble="linked mailbox, its account lives in another forest",
            outcome=OUT,
            cloud=None,
        ),
        Person(
            "DiscoverySearchMailbox",
            "Discovery Search Mailbox",
            mailboxes,
            sam="SM_7a51b0c9d2e84f36",
            control=DISABLED,
            recipient_type=DISCOVERY_MAILBOX,
            trouble="mailbox of the mail system itself",
            outcome=OUT,
            cloud=None,
        ),
    ]
    for login, rid, control in (("Administrator", 500, NORMAL), ("Guest", 501, 66082), ("krbtgt", 502, DISABLED)):
        found.append(
            Person(
                login,
                login,
                system,
                **bare,
                rid=rid,
                control=control,
                critical=True,
                builtin=True,
                trouble="made by Windows itself (isCriticalSystemObject)",
            )
        )
    return found


def company() -> list[Person]:
    """All user objects of the AD, employees first."""
    staff = _ordinary()
    _trouble_among_employees(staff)
    everybody = staff + _other_objects(staff)
    for number, person in enumerate(everybody):
        person.rid = person.rid or 1104 + number
        if person.trouble == "already synced":
            person.cloud = _synced_cloud(person)
    return everybody


def _sid_bytes(text: str) -> bytes:
    _prefix, revision, authority, *rest = text.split("-")
    return (
        bytes([int(revision), len(rest)])
        + int(authority).to_bytes(6, "big")
        + b"".join(int(part).to_bytes(4, "little") for part in rest)
    )


def attributes(person: Person) -> dict[str, list[str] | list[bytes]]:
    """What ``ldifde`` returns for the export line of the documentation, in the order in which AD returns it."""
    found: dict[str, Any] = {
        "objectClass": ["top", "person", "organizationalPerson", "user"],
        "displayName": None if person.builtin else person.display_name,
        "objectGUID": anchor_bytes(person.guid),
        "userAccountControl": person.control,
        "adminDescription": person.admin_description,
        "objectSid": _sid_bytes(f"{DOMAIN_SID}-{person.rid}"),
        "sAMAccountName": person.sam,
        "proxyAddresses": person.proxy_addresses,
        "userPrincipalName": person.upn,
        "isCriticalSystemObject": "TRUE" if person.critical else None,
        "mail": person.mail,
        "mailNickname": person.mail_nickname,
        "msExchRecipientTypeDetails": person.recipient_type,
        "mS-DS-ConsistencyGuid": person.consistency,
    }
    return {
        name: value if isinstance(value, list) else [value if isinstance(value, bytes) else str(value)]
        for name, value in found.items()
        if value is not None and value != []
    }
