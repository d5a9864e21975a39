# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why an AD user is not synchronized: the engines' built-in filters, and what the administrator selected.

The numbers follow the out-of-the-box rules of Entra Connect. A filter on an attribute that the source does not carry
does not apply: what is not known excludes nobody here.
"""

from __future__ import annotations

from typing import Callable, NamedTuple, Optional

from .directory import AdObject, Directory

EXCHANGE_SYSTEM_TYPES = 0x21C07000
LINKED_MAILBOX = 2


class ScopeRule(NamedTuple):
    """A filter: the attribute that it needs to know, and the test that excludes."""

    code: str
    needs: str
    excludes: Callable[[AdObject], bool]


def _starts(name: str, *prefixes: str) -> Callable[[AdObject], bool]:
    lowered = tuple(prefix.lower() for prefix in prefixes)
    return lambda user: (user.text(name) or "").lower().startswith(lowered)


def _cas(user: AdObject) -> bool:
    return any(
        value.upper().startswith("CAS_") and "}" in value
        for value in (user.text("mailNickname") or "", user.text("sAMAccountName") or "")
    )


RULES = (
    ScopeRule(
        "U1 isCriticalSystemObject", "", lambda user: (user.text("isCriticalSystemObject") or "").upper() == "TRUE"
    ),
    ScopeRule("U2 adminDescription starts with User_", "", _starts("adminDescription", "User_")),
    ScopeRule("U3 no sAMAccountName", "samaccountname", lambda user: user.text("sAMAccountName") is None),
    ScopeRule("U4 support account", "", lambda user: (user.text("sAMAccountName") or "").upper() == "SUPPORT_388945A0"),
    ScopeRule("U5 synchronization account", "", _starts("sAMAccountName", "AAD_", "MSOL_")),
    ScopeRule("U6 system mailbox", "", _starts("mailNickname", "SystemMailbox{")),
    ScopeRule("U7 Exchange CAS account", "", _cas),
    ScopeRule(
        "U8 Exchange system type",
        "",
        lambda user: bool((user.number("msExchRecipientTypeDetails") or 0) & EXCHANGE_SYSTEM_TYPES),
    ),
    ScopeRule("U9 replication conflict", "", lambda user: "\\0ACNF:" in user.dn or "\nCNF:" in user.dn),
    ScopeRule(
        "deleted object",
        "",
        lambda user: (user.text("isDeleted") or "").upper() == "TRUE" or "\\0ADEL:" in user.dn or "\nDEL:" in user.dn,
    ),
    ScopeRule("U10 linked mailbox", "", lambda user: user.number("msExchRecipientTypeDetails") == LINKED_MAILBOX),
    ScopeRule(
        "U12 userAccountControl unreadable",
        "useraccountcontrol",
        lambda user: user.number("userAccountControl") is None,
    ),
)


def built_in_exclusion(user: AdObject, carried: frozenset[str]) -> Optional[str]:
    """The first built-in filter that keeps the user out, or None."""
    return next(
        (rule.code for rule in RULES if (not rule.needs or rule.needs in carried) and rule.excludes(user)), None
    )


class Selection:
    """What the administrator selected: OUs and groups, both must hold when both are given."""

    def __init__(self, directory: Directory, objects: list[AdObject]) -> None:
        self._ous = tuple(_folded(ou) for ou in directory.ous)
        wanted = {_folded(group) for group in directory.groups}
        # First level only, as both engines do it.
        self._members: Optional[frozenset[str]] = None
        if wanted:
            groups = [item for item in objects if item.is_group and _folded(item.dn) in wanted]
            self._members = frozenset(_folded(dn) for group in groups for dn in group.all("member"))

    def exclusion(self, user: AdObject) -> Optional[str]:
        """Why the selection leaves the user out, or None."""
        dn = _folded(user.dn)
        if self._ous and not any(dn.endswith("," + ou) for ou in self._ous):
            return "not below a selected OU"
        if self._members is not None and dn not in self._members:
            return "not a member of a selected group"
        return None


def _folded(dn: str) -> str:
    return ",".join(part.strip() for part in dn.lower().split(","))
