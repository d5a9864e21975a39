"""Small invented companies for tests: people who exist in an AD export and in a tenant, and what is wrong with them."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterable, Mapping
from typing import Any, Union

DOMAIN = "corp.example.com"
BASE = "DC=corp,DC=example,DC=com"
PEOPLE = f"OU=People,{BASE}"
_NAMESPACE = uuid.UUID("3d1a0c5e-9d0f-4f0a-8a35-5f1f2a7d9b10")
Values = Union[None, str, bytes, list[str], list[bytes]]


class Person:
    """Somebody who has, unless changed, an AD object and a cloud user that fit each other and are not tied yet."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.guid = uuid.uuid5(_NAMESPACE, f"{name} in AD")
        self.id = str(uuid.uuid5(_NAMESPACE, f"{name} in the tenant"))
        self.upn = f"{name}@example.com"
        self.dn = f"CN={name},{PEOPLE}"
        self.anchor = base64.b64encode(self.guid.bytes_le).decode("ascii")
        number = self.guid.int
        self.sid = f"S-1-5-21-{number % 4294967291}-1111111111-2222222222-{1000 + number % 8999}"

    def entry(self, changes: Mapping[str, Values]) -> dict[str, Values]:
        """Return the AD object: LDAP attribute -> values; ``None`` takes an attribute away."""
        entry: dict[str, Values] = {
            "dn": self.dn,
            "objectClass": ["top", "person", "organizationalPerson", "user"],
            "objectGUID": self.guid.bytes_le,
            "objectSid": _sid_bytes(self.sid),
            "sAMAccountName": self.name[:20],
            "userPrincipalName": self.upn,
            "displayName": self.name.title(),
            "mail": self.upn,
            "proxyAddresses": [f"SMTP:{self.upn}"],
            "mailNickname": self.name,
            "userAccountControl": "512",
            "pwdLastSet": "133500000000000000",
            "accountExpires": "9223372036854775807",
        }
        return {name: value for name, value in {**entry, **changes}.items() if value is not None}

    def user(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cloud user, with everything that the obstacles and effects look at."""
        return {
            "id": self.id,
            "userPrincipalName": self.upn,
            "displayName": self.name.title(),
            "mail": self.upn,
            "proxyAddresses": [f"SMTP:{self.upn}"],
            "mailNickname": self.name,
            "accountEnabled": True,
            "userType": "Member",
            "creationType": None,
            "externalUserState": None,
            "isResourceAccount": None,
            "isManagementRestricted": None,
            "employeeId": None,
            "assignedLicenses": [],
            "onPremisesImmutableId": None,
            "onPremisesSyncEnabled": None,
            "onPremisesLastSyncDateTime": None,
            "onPremisesSecurityIdentifier": None,
            "onPremisesSamAccountName": None,
            "onPremisesObjectIdentifier": None,
            "onPremisesDistinguishedName": None,
            **changes,
        }


def another(name: str, **changes: Any) -> dict[str, Any]:
    """Return a cloud user without an AD object."""
    return Person(name).user(changes)


def ldif(entries: Iterable[Mapping[str, Values]], carried: Iterable[str] = ()) -> str:
    """Return an export. A computer, which nobody looks at, makes the file carry ``carried``."""
    blocks = [_block(entry) for entry in entries]
    names = [name for name in carried if name not in ("dn", "objectClass")]
    if names:
        carrier: dict[str, Values] = {"dn": f"CN=carrier,OU=Computers,{BASE}", "objectClass": ["top", "computer"]}
        blocks.append(_block({**carrier, **dict.fromkeys(names, "0")}))
    return "\n".join(blocks)


def _block(entry: Mapping[str, Values]) -> str:
    lines = []
    for name, value in entry.items():
        for item in value if isinstance(value, list) else [value]:
            lines.append(_line(name, item))
    lines.insert(1, "changetype: add")
    return "\n".join(lines) + "\n"


def _line(name: str, value: str | bytes | None) -> str:
    if isinstance(value, bytes) or not str(value).isascii() or "\n" in str(value):
        raw = value if isinstance(value, bytes) else str(value).encode("utf-8")
        return f"{name}:: {base64.b64encode(raw).decode('ascii')}"
    return f"{name}: {value}"


def _sid_bytes(sid: str) -> bytes:
    parts = [int(part) for part in sid.split("-")[1:]]
    head = bytes([parts[0], len(parts) - 2]) + parts[1].to_bytes(6, "big")
    return head + b"".join(part.to_bytes(4, "little") for part in parts[2:])
