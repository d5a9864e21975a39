"""One person of the sample company: an object of its Active Directory, and how the user in the cloud deviates from it.

Nothing here is random: identifiers are derived from names.
"""

from __future__ import annotations

import base64
import hashlib
import re
import uuid
from dataclasses import dataclass, field
from typing import Any

COMPANY = "Aurelia Instruments"
DOMAIN = "aurelia.example"
FEDERATED_DOMAIN = "labs.aurelia.example"
AD_DOMAIN = "corp.aurelia.local"
INITIAL_DOMAIN = "aureliainstruments.onmicrosoft.com"
BASE_DN = "DC=corp,DC=aurelia,DC=local"
DOMAIN_SID = "S-1-5-21-2718281828-3141592653-1414213562"
LAST_SYNC = "2026-11-20T06:12:44Z"

NORMAL, DISABLED = 512, 514  # userAccountControl
USER_MAILBOX, LINKED_MAILBOX = 1, 2  # msExchRecipientTypeDetails
SHARED_MAILBOX, DISCOVERY_MAILBOX = 34359738368, 536870912
# Times of AD: units of 100 ns since 1601.
PASSWORD_SET = 133_700_000_000_000_000  # 2024-09-04
EXPIRED = 133_000_000_000_000_000  # 2022-06-18
NEVER = (1 << 63) - 1

SYNCED, OUT, STOPPED, NEW = "synced", "out of scope", "stopped", "no cloud user"
WAITING = "waiting for a release"


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

    ``trouble`` says in words what is unusual, ``code`` how a plan says it, ``outcome`` what a rehearsal must end with:
    ``synced`` (tied and taken over), ``stopped`` (left alone, with a reason), ``waiting for a release`` (left alone
    until somebody approves it), ``out of scope`` or ``no cloud user``.
    """

    login: str
    display_name: str
    unit: str  # relative DN of the container
    given_name: str | None = None
    surname: str | None = None
    common_name: str | None = None
    upn: str | None = ""  # "" stands for <login>@<DOMAIN>
    mail: str | None = ""
    primary: str | None = ""  # "" stands for mail
    aliases: tuple[str, ...] = ()
    sam: str = ""
    rid: int = 0
    guid: str = ""
    consistency: bytes | None = None
    control: int = NORMAL
    password_set: int = PASSWORD_SET
    expires: int = NEVER
    object_class: str = "user"
    title: str | None = None
    department: str | None = None
    city: str | None = None
    employee_id: str | None = None
    critical: bool = False
    builtin: bool = False
    admin_description: str | None = None
    recipient_type: int | None = None
    mailbox: str | None = None
    mail_nickname: str | None = ""
    trouble: str | None = None
    code: str | None = None
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
    def cloud_id(self) -> str:
        """Object id of the cloud user, if there is one."""
        return identifier("cloud user", self.login)

    @property
    def sid(self) -> str:
        return f"{DOMAIN_SID}-{self.rid}"

    @property
    def proxy_addresses(self) -> list[str]:
        primary = self.mail if self.primary == "" else self.primary
        return ([f"SMTP:{primary}"] if primary else []) + [f"smtp:{alias}" for alias in self.aliases]

    @property
    def anchor(self) -> str:
        """The ImmutableId that sync derives: ConsistencyGuid, else objectGUID."""
        return base64.b64encode(self.consistency or anchor_bytes(self.guid)).decode()


def attributes(person: Person) -> dict[str, list[str] | list[bytes]]:
    """What ``ldifde`` returns for the export line of the documentation, in the order in which AD returns it."""
    classes = ["top", "person", "organizationalPerson", "user"]
    found: dict[str, Any] = {
        "objectClass": classes if person.object_class == "user" else [*classes, person.object_class],
        "sn": person.surname,
        "l": person.city,
        "title": person.title,
        "physicalDeliveryOfficeName": person.city,
        "givenName": person.given_name,
        "displayName": None if person.builtin else person.display_name,
        "company": COMPANY if person.given_name else None,
        "department": person.department,
        "employeeID": person.employee_id,
        "objectGUID": anchor_bytes(person.guid),
        "userAccountControl": person.control,
        "pwdLastSet": person.password_set,
        "accountExpires": person.expires,
        "adminDescription": person.admin_description,
        "objectSid": _sid_bytes(person.sid),
        "sAMAccountName": person.sam,
        "proxyAddresses": person.proxy_addresses,
        "userPrincipalName": person.upn,
        "isCriticalSystemObject": "TRUE" if person.critical else None,
        "mail": person.mail,
        "mailNickname": person.mail_nickname,
        "msExchRecipientTypeDetails": person.recipient_type,
        "msExchMailboxGuid": anchor_bytes(person.mailbox) if person.mailbox else None,
        "mS-DS-ConsistencyGuid": person.consistency,
    }
    return {
        name: value if isinstance(value, list) else [value if isinstance(value, bytes) else str(value)]
        for name, value in found.items()
        if value is not None and value != []
    }


def _sid_bytes(text: str) -> bytes:
    _prefix, revision, authority, *rest = text.split("-")
    return (
        bytes([int(revision), len(rest)])
        + int(authority).to_bytes(6, "big")
        + b"".join(int(part).to_bytes(4, "little") for part in rest)
    )
