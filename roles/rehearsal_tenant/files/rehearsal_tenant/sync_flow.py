# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which AD attribute becomes which property of the user, and when."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple, Optional

from .clock import rfc3339
from .directory import AdObject, Directory

ACCOUNT_DISABLED = 0x2
# Windows counts in units of 100 ns from 1601.
_EPOCH_1601 = 11644473600


class Flow(NamedTuple):
    """One attribute and the property that it feeds."""

    attribute: str
    property: str
    read: Callable[[AdObject, str], Any] = AdObject.text


def _one_phone(user: AdObject, name: str) -> Optional[list[str]]:
    value = user.text(name)
    return [value] if value else None


FLOWS = (
    Flow("displayName", "displayName"),
    Flow("givenName", "givenName"),
    Flow("sn", "surname"),
    Flow("title", "jobTitle"),
    Flow("department", "department"),
    Flow("company", "companyName"),
    Flow("employeeID", "employeeId"),
    Flow("employeeType", "employeeType"),
    Flow("physicalDeliveryOfficeName", "officeLocation"),
    Flow("telephoneNumber", "businessPhones", _one_phone),
    Flow("mobile", "mobilePhone"),
    Flow("facsimileTelephoneNumber", "faxNumber"),
    Flow("streetAddress", "streetAddress"),
    Flow("l", "city"),
    Flow("st", "state"),
    Flow("postalCode", "postalCode"),
    Flow("co", "country"),
    Flow("preferredLanguage", "preferredLanguage"),
    Flow("mailNickname", "mailNickname"),
    Flow("mail", "mail"),
    Flow("proxyAddresses", "proxyAddresses", lambda user, name: user.all(name) or None),
)
_LISTS = frozenset({"businessPhones", "proxyAddresses"})
# Without these a user cannot exist, so an empty AD value blanks nothing.
_NEVER_BLANK = frozenset({"mailNickname"})


def overwritten(user: AdObject) -> dict[str, Any]:
    """What the first export sets: every property whose AD attribute has a value."""
    values = {flow.property: flow.read(user, flow.attribute) for flow in FLOWS}
    return {name: value for name, value in values.items() if value is not None}


def blanked(user: AdObject, carried: frozenset[str]) -> dict[str, Any]:
    """What the second export empties: properties whose AD attribute is known to have no value."""
    return {
        flow.property: [] if flow.property in _LISTS else None
        for flow in FLOWS
        if flow.attribute.lower() in carried
        and flow.property not in _NEVER_BLANK
        and flow.read(user, flow.attribute) is None
    }


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


def account(user: AdObject, password_hash_sync: bool) -> dict[str, Any]:
    """Enabled state, and the day of the password where its hash is synchronized."""
    state: dict[str, Any] = {}
    control = user.number("userAccountControl")
    if control is not None:
        state["accountEnabled"] = not control & ACCOUNT_DISABLED
    changed = user.number("pwdLastSet")
    is_inet_org_person = "inetorgperson" in (name.lower() for name in user.all("objectClass"))
    if password_hash_sync and changed and not is_inet_org_person:
        state["lastPasswordChangeDateTime"] = rfc3339(changed / 10_000_000 - _EPOCH_1601)
    return state


def primary_address(user: AdObject) -> Optional[str]:
    """The address that a soft match goes by: the SMTP: proxy, else mail."""
    primary = next((item[5:] for item in user.all("proxyAddresses") if item.startswith("SMTP:")), None)
    return primary or user.text("mail")


def addresses(user: AdObject) -> list[str]:
    """All SMTP addresses in lower case, as ``smtp:a@b``."""
    found = [item.lower() for item in user.all("proxyAddresses") if item.lower().startswith("smtp:")]
    mail = user.text("mail")
    if mail and "smtp:" + mail.lower() not in found:
        found.append("smtp:" + mail.lower())
    return found
