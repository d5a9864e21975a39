# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which AD attribute becomes which property of the user, and when. Names and addresses are in ``sync_addresses``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Callable, NamedTuple, Optional

from .clock import rfc3339
from .directory import AdObject, Directory

ACCOUNT_DISABLED = 0x2
PASSWORD_NEVER_EXPIRES = 0x10000
# Windows counts in units of 100 ns from 1601.
_EPOCH_1601 = 11644473600
_EXTENSIONS = "onPremisesExtensionAttributes"


class Flow(NamedTuple):
    """One attribute and the property that it feeds; one that ``stays`` is not emptied by an empty AD."""

    attribute: str
    property: str
    read: Callable[[AdObject, str], Any]
    stays: bool = False


def _trimmed(user: AdObject, name: str) -> Optional[str]:
    return (user.text(name) or "").strip() or None


def _one_phone(user: AdObject, name: str) -> Optional[list[str]]:
    value = _trimmed(user, name)
    return [value] if value else None


def _display_name(user: AdObject, name: str) -> Optional[str]:
    return _trimmed(user, name) or user.common_name


def _shown(user: AdObject, name: str) -> Optional[bool]:
    return False if (user.text(name) or "").upper() == "TRUE" else None


_LISTS = frozenset({"businessPhones"})
FLOWS = (
    Flow("displayName", "displayName", _display_name, stays=True),
    Flow("givenName", "givenName", _trimmed),
    Flow("sn", "surname", _trimmed),
    Flow("title", "jobTitle", _trimmed),
    Flow("department", "department", _trimmed),
    Flow("company", "companyName", _trimmed),
    Flow("employeeID", "employeeId", _trimmed),
    Flow("physicalDeliveryOfficeName", "officeLocation", _trimmed),
    Flow("telephoneNumber", "businessPhones", _one_phone),
    Flow("mobile", "mobilePhone", _trimmed),
    Flow("facsimileTelephoneNumber", "faxNumber", _trimmed),
    Flow("streetAddress", "streetAddress", _trimmed),
    Flow("l", "city", _trimmed),
    Flow("st", "state", _trimmed),
    Flow("postalCode", "postalCode", _trimmed),
    Flow("co", "country", _trimmed),
    Flow("preferredLanguage", "preferredLanguage", _trimmed),
    Flow("msExchUsageLocation", "usageLocation", _trimmed, stays=True),
    Flow("mailNickname", "mailNickname", _trimmed, stays=True),
    Flow("msExchHideFromAddressLists", "showInAddressList", _shown),
    *(
        Flow(f"extensionAttribute{number}", f"{_EXTENSIONS}.extensionAttribute{number}", _trimmed)
        for number in range(1, 16)
    ),
)


def overwritten(user: AdObject, before: Mapping[str, Any]) -> dict[str, Any]:
    """What the first export sets: every property whose AD attribute has a value."""
    found = ((flow.property, flow.read(user, flow.attribute)) for flow in FLOWS)
    return _nested(before, ((name, value) for name, value in found if value is not None))


def blanked(user: AdObject, before: Mapping[str, Any], carried: frozenset[str]) -> dict[str, Any]:
    """What the second export empties: properties whose AD attribute is known to have no value."""
    return _nested(
        before,
        (
            (flow.property, [] if flow.property in _LISTS else None)
            for flow in FLOWS
            if flow.attribute.lower() in carried and not flow.stays and flow.read(user, flow.attribute) is None
        ),
    )


def _nested(before: Mapping[str, Any], values: Iterator[tuple[str, Any]]) -> dict[str, Any]:
    """Properties, where those of an object inside the user change that object only in part."""
    found: dict[str, Any] = {}
    for name, value in values:
        outer, _dot, inner = name.partition(".")
        if inner:
            found.setdefault(outer, dict(before.get(outer) or {}))[inner] = value
        else:
            found[outer] = value
    return found


def identity(user: AdObject, directory: Directory, anchor: str) -> dict[str, Any]:
    """What marks the user as synced and names its AD object; the time is the caller's."""
    return {
        "onPremisesSyncEnabled": True,
        "onPremisesImmutableId": anchor,
        "onPremisesDistinguishedName": user.dn,
        "onPremisesDomainName": directory.domain,
        "onPremisesSamAccountName": user.text("sAMAccountName"),
        "onPremisesSecurityIdentifier": user.sid,
        "onPremisesUserPrincipalName": user.text("userPrincipalName"),
        "onPremisesObjectIdentifier": user.object_guid,
    }


def account(user: AdObject) -> dict[str, Any]:
    """Whether the account is enabled. That it expired in AD is nothing that sync knows."""
    control = user.number("userAccountControl")
    return {} if control is None else {"accountEnabled": not control & ACCOUNT_DISABLED}


def password(user: AdObject, features: Mapping[str, Optional[bool]], now: float) -> dict[str, Any]:
    """What password hash synchronization does. There is no password here, only whose it is: ``passwordSource``.

    One that must be changed at the next logon comes along only where the tenant can demand that change.
    """
    inet_org_person = "inetorgperson" in (name.lower() for name in user.all("objectClass"))
    if not features["passwordSyncEnabled"] or inet_org_person:
        return {}
    changed = user.number("pwdLastSet")
    must_change = changed == 0 and not (user.number("userAccountControl") or 0) & PASSWORD_NEVER_EXPIRES
    if must_change and not features["userForcePasswordChangeOnLogonEnabled"]:
        return {}
    own_policy = features["cloudPasswordPolicyForPasswordSyncedUsersEnabled"]
    return {
        "passwordSource": "active_directory",
        "lastPasswordChangeDateTime": rfc3339(changed / 10_000_000 - _EPOCH_1601 if changed else now),
        "passwordPolicies": "None" if own_policy else "DisablePasswordExpiration",
        "passwordProfile": {"forceChangePasswordNextSignIn": must_change, "password": None},
    }
