"""A made-up population for the Samba domain controller: as many users as wanted, awkward ones among them.

The entries are for :mod:`samba_dc`, which runs on the system's Python: standard library only.
"""

from __future__ import annotations

import base64
import random
import uuid
from collections.abc import Iterator

_GIVEN_NAMES = """
Jörg Zoë Łukasz Ñandú İpek Þóra Ægir Đorđe Ağa Željko Søren Chloé Ștefan Ülle Ana Kim
Олена Νίκη 愛 דוד فاطمة सीता
"""
_FAMILY_NAMES = """
Müller Œuvrard Żółć Çelik Björk D'Aubigné Straße Nguyễn O'Neil Šimić Smith Kovač
Шевченко Παππάς 田中 כהן حسن शर्मा
"""
GIVEN, FAMILY = _GIVEN_NAMES.split(), _FAMILY_NAMES.split()
DEPARTMENTS = ("Vertrieb", "Forschung & Entwicklung", "Größe, Maß", "経理")

NORMAL, DISABLED, PASSWORD_NEVER_EXPIRES = 512, 514, 66048
SHARED_GUID = uuid.UUID("5a4b3c2d-1e0f-4a5b-8c7d-9e0f1a2b3c4d")

Attributes = dict[str, list[bytes]]


def escape_rdn(value: str) -> str:
    """Escape a value for use in a distinguished name (RFC 4514)."""
    escaped = "".join("\\" + c if c in ',+"\\<>;=' else c for c in value)
    if escaped.startswith(("#", " ")):
        escaped = "\\" + escaped
    return escaped[:-1] + "\\ " if escaped.endswith(" ") else escaped


def _consistency_guid(number: int, draw: random.Random) -> bytes | None:
    """One user in three has a good value; a few hold what an administrator or a script put there by mistake."""
    oddities = {
        100: b"8 bytes.",  # too short
        200: bytes(16),  # all zero
        300: SHARED_GUID.bytes_le,  # the same value twice
        301: SHARED_GUID.bytes_le,
        400: str(SHARED_GUID).encode(),  # the text instead of the bytes
        500: base64.b64encode(SHARED_GUID.bytes_le),
    }
    if number in oddities:
        return oddities[number]
    return draw.randbytes(16) if number % 3 == 0 else None


def _common_name(number: int, given: str, family: str) -> str:
    shapes = {
        0: f"{family}, {given} {number}",
        1: f"{given} {family} {number}",
        2: f"#{number} {given}",
        3: f"{given} {number} = <{family}> ",
        4: f'{given} "{family}" {number}; extern',
        5: f"{given} {family}+{number}",
    }
    return shapes.get(number % 40, f"{given} {family} {number}")


def users(count: int, base: str, realm: str, seed: int = 1) -> Iterator[tuple[str, Attributes]]:
    """Yield organizational units, then ``count`` users below ``base``, as (dn, attributes).

    Every run with the same arguments yields the same entries, objectGUIDs included.
    """
    draw = random.Random(seed)  # noqa: S311 - made-up values, the same ones every time
    yield base, {"objectClass": [b"organizationalUnit"]}
    parents = [f"OU={escape_rdn(name)},{base}" for name in DEPARTMENTS]
    for parent in parents:
        yield parent, {"objectClass": [b"organizationalUnit"]}
    for number in range(1, count + 1):
        given, family = draw.choice(GIVEN), draw.choice(FAMILY)
        name = f"user{number:05d}"
        mail = f"{name}@{realm}"
        values: dict[str, list[str]] = {
            "objectClass": ["inetOrgPerson" if number % 50 == 0 else "user"],
            "sAMAccountName": [name],
            "givenName": [given],
            "sn": [family],
            "displayName": [f"{given} {family}" if number % 97 else (f"{given} {family} " * 40)[:255].strip()],
            "userAccountControl": [str(_account_control(number))],
            "pwdLastSet": [str(132_000_000_000_000_000 + number * 10_000_000)],
        }
        if number % 20 != 7:
            values["userPrincipalName"] = [mail]
        if number % 4:
            values["mail"] = [mail]
            values["mailNickname"] = [name]
            values["proxyAddresses"] = [f"SMTP:{mail}", *(f"smtp:{name}.{i}@{realm}" for i in range(number % 5))]
        if number % 101 == 0:
            values["proxyAddresses"] = [f"SMTP:{mail}", *(f"smtp:{name}.alias{i:03d}@{realm}" for i in range(150))]
        if number % 10 == 1:
            values["employeeID"] = [f"E{number:06d}"]
        if number % 10 == 2:
            values["description"] = [" leading blank", "two  blanks: and a colon"][number % 2 :][:1]
        if number % 500 == 250:
            values["isCriticalSystemObject"] = ["TRUE"]
        if number % 500 == 125:
            values["adminDescription"] = ["User_NotSynced"]
        attributes = {name: [value.encode() for value in texts] for name, texts in values.items()}
        attributes["objectGUID"] = [uuid.UUID(int=draw.getrandbits(128), version=4).bytes_le]
        anchor = _consistency_guid(number, draw)
        if anchor is not None:
            attributes["mS-DS-ConsistencyGuid"] = [anchor]
        yield f"CN={escape_rdn(_common_name(number, given, family))},{parents[number % len(parents)]}", attributes


def _account_control(number: int) -> int:
    if number % 11 == 0:
        return DISABLED
    return PASSWORD_NEVER_EXPIRES if number % 13 == 0 else NORMAL
