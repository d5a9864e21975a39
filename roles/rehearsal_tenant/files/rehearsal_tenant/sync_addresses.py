# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and addresses: what AD sends, what Entra adds of its own, and what is lost.

Entra computes them: the alias (mailNickname), the name in the initial domain for a suffix that is not verified, and for
licensed users the addresses by which Exchange Online reaches them in any case.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable, NamedTuple, Optional

from .directory import AdObject, Directory

Verified = Callable[[str], bool]


class Names(NamedTuple):
    """The tenant's part in names: its initial domain, which suffixes are verified, and who keeps what it gave."""

    initial_domain: str
    verified: Verified
    gives_always: bool = False


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


def sent_name(user: AdObject, directory: Directory) -> str:
    """What sync sends as user principal name."""
    account = user.text("sAMAccountName") or str(user.object_guid)
    return user.text(directory.login_attribute) or f"{account}@{directory.domain}"


def alias(user: AdObject, directory: Directory) -> str:
    """mailNickname: AD's, else the first part of the primary address, or of the sign-in name."""
    return user.text("mailNickname") or (primary_address(user) or sent_name(user, directory)).partition("@")[0]


def cloud_name(user: AdObject, directory: Directory, names: Names) -> str:
    """The sign-in name; a suffix that is not verified becomes the initial domain."""
    sent = sent_name(user, directory)
    if "@" in sent and names.verified(sent):
        return sent
    return f"{alias(user, directory)}@{names.initial_domain}"


def addresses_after(
    user: AdObject, before: Mapping[str, Any], name: str, names: Names
) -> tuple[list[str], Optional[str]]:
    """``proxyAddresses`` and ``mail`` once AD's are taken over.

    :param before: the user of the tenant; its own addresses are lost, but for those that Entra itself gives.
    :param name: its sign-in name from now on.
    """
    licensed = has_mailbox(before)
    found: dict[str, str] = {}
    primary, mail = primary_address(user), user.text("mail")
    # Without an SMTP: address, mail is the primary one.
    for item in (*user.all("proxyAddresses"), *([f"SMTP:{mail}"] if mail and mail == primary else [])):
        # A mailbox takes no address of a domain that is not verified.
        if not (licensed and item.lower().startswith("smtp:") and not names.verified(item)):
            found[item.lower()] = item
    for address in _given(before, name, names) if licensed or names.gives_always else ():
        found.setdefault(f"smtp:{address}", f"smtp:{address}")
    if licensed:
        # A mailbox has its owner's sign-in name for an address, and for the primary one where there is none.
        found.setdefault(f"smtp:{name.lower()}", f"smtp:{name}")
        if not any(item.startswith("SMTP:") for item in found.values()):
            found[f"smtp:{name.lower()}"] = f"SMTP:{name}"
    values = list(found.values())
    return values, next((item[5:] for item in values if item.startswith("SMTP:")), None if licensed else primary)


def has_mailbox(user: Mapping[str, Any]) -> bool:
    """Whether a user is licensed for Exchange Online; where only licences are known, any of them counts."""
    if user.get("assignedPlans") is None:
        return bool(user.get("assignedLicenses"))
    return any(
        str(plan.get("service")).lower() == "exchange" and plan.get("capabilityStatus") != "Deleted"
        for plan in user["assignedPlans"]
    )


def _given(before: Mapping[str, Any], name: str, names: Names) -> list[str]:
    """Addresses of the user that come from the tenant and not from a person: they stay."""
    old_name = str(before.get("userPrincipalName") or "").lower()
    aliases = {str(before.get("mailNickname") or "").lower(), old_name.partition("@")[0]}
    own = {f"{item}@{names.initial_domain}" for item in aliases if item} | {name.lower()}
    held = [str(item).partition(":")[2].lower() for item in before.get("proxyAddresses") or ()]
    return [item for item in held if item in own]
