# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Other names for people, in the cloud and in AD alike: equal values stay equal, so that everything still matches.

A pseudonym is an HMAC-SHA-256 of the value, without regard to case and blanks around it, under a key that stays with
its owner. Domain names, ids, SIDs, GUID anchors, countries, flags and times stay. What no table here knows of the cloud
is treated as text that tells of a person; what no table knows of AD is left out.
"""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import b32encode, b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable, Mapping
from typing import Any, Callable

from ansible_collections.hybrid.identity.plugins.module_utils._dn import rdns
from ansible_collections.hybrid.identity.plugins.module_utils._rows import AtomicFile, RowError, explained

KEY_LENGTH = 32
_LONGEST_KEY = 1024

# Accounts of Windows and the sync itself, which are called so everywhere. No person's.
_SYSTEM_NAMES = frozenset(("adtoaadsyncserviceaccount", "krbtgt", "msol_ad_sync_richcoexistence", "support_388945a0"))
# What the filters built into sync look for at the beginning of a name. What follows may be a server's or a project's.
_SYSTEM_PREFIX = re.compile(
    r"(aad_|cas_|discoverysearchmailbox|healthmailbox|msol_|sync_|systemmailbox)(\{?)(.*)", re.IGNORECASE | re.DOTALL
)
_SYSTEM_CONTAINERS = frozenset(
    (
        "builtin",
        "computers",
        "deleted objects",
        "domain controllers",
        "foreignsecurityprincipals",
        "lostandfound",
        "managed service accounts",
        "microsoft exchange system objects",
        "program data",
        "system",
        "users",
    )
)
_EXTERNAL = "#ext#"
# The recycle bin puts the object id, without dashes, before the name.
_DELETED = re.compile(r"([0-9a-f]{32})(?=.)", re.IGNORECASE)
_PREFIX = re.compile(r"([A-Za-z0-9]+):(.*)", re.DOTALL)
_QUOTED = re.compile(r"""(["'])((?:(?!\1).)*)\1""", re.DOTALL)
_DN_PART = re.compile(r"((?:\\.|[^\\,])*)(,|$)", re.DOTALL)


class Pseudonyms:
    """Replaces values under one key.

    :param key: at least 16 bytes; whoever has it can test guesses of names.
    :raises ValueError: for a shorter one.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < KEY_LENGTH // 2:
            raise ValueError("the key is too short")
        self._key = key

    # Values

    def word(self, text: str) -> str:
        """Return another word; whether it is written large, small or with a capital stays."""
        plain = text.strip()
        if not plain or plain.casefold() in _SYSTEM_NAMES:
            return text
        system = _SYSTEM_PREFIX.fullmatch(plain)
        if system:
            prefix, opened, rest = system.groups()
            # A filter looks for the closing bracket as well.
            return prefix + opened + (self._other(rest) if rest else "") + ("}" if "}" in rest else "")
        return self._other(plain)

    def _other(self, plain: str) -> str:
        other = "p" + b32encode(self._digest(plain)[:8]).decode("ascii").rstrip("=").lower()
        if plain.isupper() and len(plain) > 1:
            return other.upper()
        return other.capitalize() if plain[0].isupper() else other

    def address(self, text: str) -> str:
        """Return another address or UPN in the same domain, with its prefix if it has one: ``SMTP:``, ``sip:``."""
        prefix = _PREFIX.fullmatch(text)
        if prefix:
            return f"{prefix.group(1)}:{self.address(prefix.group(2))}"
        local, at, domain = text.rpartition("@")
        return f"{self._local_part(local)}@{domain}" if at else self.word(text)

    def phone(self, text: str) -> str:
        """Return another number."""
        return f"+{int.from_bytes(self._digest(text.strip())[:5], 'big'):013d}" if text.strip() else text

    def dn(self, text: str) -> str:
        """Return another distinguished name in the same domain, in containers of other names."""
        return "".join(self._rdn(part.group(1)) + part.group(2) for part in _DN_PART.finditer(text))

    def rule(self, text: str) -> str:
        """Return a membership rule that asks the same properties for other values."""
        return _QUOTED.sub(lambda quoted: f'"{self.word(quoted.group(2))}"', text)

    def anchor(self, text: str) -> str:
        """Return an anchor; one that is no GUID may be a person's number."""
        try:
            is_guid = len(b64decode(text, validate=True)) == 16
        except (Base64Error, ValueError):
            is_guid = False
        return text if is_guid else self.word(text)

    def marked(self, text: str) -> str:
        """Return ``adminDescription`` with the mark that sync's filters look for: ``User_``, ``Group_``."""
        mark, underscore, rest = text.partition("_")
        return f"{mark}_{self.word(rest)}" if underscore and mark.lower() in ("user", "group") else self.word(text)

    # Objects

    def cloud_object(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return a user, group, contact or tenant, as Graph has it."""
        return {name: self._cloud_value(name, value) for name, value in body.items()}

    def ad_attributes(self, attributes: Mapping[str, Iterable[bytes]]) -> dict[str, list[bytes]]:
        """Return the attributes of an AD object, by names in lower case; what no table knows is left out."""
        found = {}
        for name, values in attributes.items():
            replace = _AD.get(name)
            if replace is not None:
                found[name] = [replace(self, value.decode("utf-8", "replace")).encode("utf-8") for value in values]
            elif name in AD_KEPT:
                found[name] = list(values)
        return found

    def _cloud_value(self, name: str, value: Any) -> Any:
        if name in CLOUD_KEPT or value is None or isinstance(value, (bool, int, float)):
            return value
        if isinstance(value, list):
            return [self._cloud_value(name, item) for item in value]
        if isinstance(value, dict):
            # The value of what the service parked (onPremisesProvisioningErrors) is an address or a name.
            return {key: self._cloud_value("mail" if key == "value" else key, item) for key, item in value.items()}
        return _CLOUD.get(name, Pseudonyms.word)(self, str(value))

    def _digest(self, text: str) -> bytes:
        return hmac.digest(self._key, text.casefold().encode("utf-8"), "sha256")

    def _local_part(self, text: str) -> str:
        deleted = _DELETED.match(text)
        if deleted:
            return deleted.group(1) + self._local_part(text[deleted.end() :])
        if text.lower().endswith(_EXTERNAL):
            cut = len(text) - len(_EXTERNAL)
            return self.word(text[:cut]) + text[cut:]
        base, plus, tag = text.partition("+")
        return self.word(base) + plus + (tag if tag.isdigit() else self.word(tag))

    def _rdn(self, part: str) -> str:
        attribute, equals, _raw = part.partition("=")
        if not equals:
            # No part of a name as AD writes it, so whatever it tells is not passed on.
            return self.word(part)
        value = rdns(part)[0].partition("=")[2]
        if attribute.strip().lower() == "dc" or value in _SYSTEM_CONTAINERS or not value:
            return part
        # Of a replication conflict or a tombstone the mark stays, which follows a line break.
        name, mark, rest = value.partition("\n")
        return f"{attribute}={self.word(name)}{chr(92) + '0A' + rest if mark else ''}"


Replace = Callable[[Pseudonyms, str], str]

#: Graph properties that tell nothing of a person, or that have to stay for everything to match.
CLOUD_KEPT = frozenset(
    (
        "accountEnabled",
        "assignedLicenses",
        "assignedPlans",
        "country",
        "createdDateTime",
        "creationType",
        "deletedDateTime",
        "eligibleMembers",
        "eligibleOwners",
        "externalUserState",
        "groupTypes",
        "id",
        "members",
        "membershipRuleProcessingState",
        "onPremisesDomainName",
        "onPremisesLastSyncDateTime",
        "onPremisesObjectIdentifier",
        "onPremisesSecurityIdentifier",
        "onPremisesSyncBehavior",
        "owners",
        "passwordPolicies",
        "preferredLanguage",
        "usageLocation",
        "userType",
        # Of onPremisesProvisioningErrors.
        "category",
        "occurredDateTime",
        "propertyCausingError",
    )
)
_CLOUD: dict[str, Replace] = {
    **dict.fromkeys(
        ("mail", "onPremisesUserPrincipalName", "otherMails", "proxyAddresses", "userPrincipalName"),
        Pseudonyms.address,
    ),
    **dict.fromkeys(("businessPhones", "faxNumber", "mobilePhone"), Pseudonyms.phone),
    "membershipRule": Pseudonyms.rule,
    "onPremisesDistinguishedName": Pseudonyms.dn,
    "onPremisesImmutableId": Pseudonyms.anchor,
}

#: The same of AD attributes, in lower case.
AD_KEPT = frozenset(
    (
        "accountexpires",
        "c",
        "co",
        "grouptype",
        "iscriticalsystemobject",
        "isdeleted",
        "ms-ds-consistencyguid",
        "msexcharchiveguid",
        "msexchhidefromaddresslists",
        "msexchmailboxguid",
        "msexchrecipienttypedetails",
        "msexchusagelocation",
        "objectclass",
        "objectguid",
        "objectsid",
        "preferredlanguage",
        "primarygroupid",
        "pwdlastset",
        "useraccountcontrol",
    )
)
_AD: dict[str, Replace] = {
    **dict.fromkeys(("mail", "proxyaddresses", "targetaddress", "userprincipalname"), Pseudonyms.address),
    **dict.fromkeys(("distinguishedname", "manager", "member", "memberof"), Pseudonyms.dn),
    **dict.fromkeys(
        ("facsimiletelephonenumber", "homephone", "ipphone", "mobile", "pager", "telephonenumber"), Pseudonyms.phone
    ),
    "admindescription": Pseudonyms.marked,
    **dict.fromkeys(
        (
            "cn",
            "company",
            "department",
            "displayname",
            "employeeid",
            "employeenumber",
            "employeetype",
            "givenname",
            "l",
            "mailnickname",
            "name",
            "physicaldeliveryofficename",
            "postalcode",
            "samaccountname",
            "sn",
            "st",
            "streetaddress",
            "title",
            *(f"extensionattribute{number}" for number in range(1, 16)),
        ),
        Pseudonyms.word,
    ),
}
#: All AD attributes that pseudonyms can be given.
AD_ATTRIBUTES = AD_KEPT | _AD.keys()


def key_from_file(path: str) -> bytes:
    """Return the key that a private file holds; make the file, with a fresh key, where there is none.

    :raises RowError: when it cannot be read or made, or holds no key.
    """
    with explained(path, "read"):
        try:
            with open(path, encoding="ascii", errors="replace") as file:
                text = file.read(_LONGEST_KEY).strip()
        except FileNotFoundError:
            text = secrets.token_hex(KEY_LENGTH)
            with AtomicFile(path) as made:
                made.write(text.encode("ascii") + b"\n")
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) < KEY_LENGTH // 2:
        raise RowError("holds no key, which is 64 hexadecimal digits. Name another file, and one is made.", path)
    return key
