# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a seed cannot rehearse: a property that none of its rows carries is unknown, not empty."""

from __future__ import annotations

from typing import Any

from .dynamic_rules import RuleError, read_rule
from .sync_flow import FLOWS

_USERS = {
    "onPremisesImmutableId": "anchors that users already have, and who holds an anchor",
    "onPremisesSyncEnabled": "users that are or were synced",
    "proxyAddresses": "addresses held by someone else, addresses that are lost, and soft matches by address",
    "onPremisesSecurityIdentifier": "SIDs held by someone else",
    "accountEnabled": "a takeover that disables or enables a user",
    "assignedLicenses": "what depends on licences: sign-in names that are kept, addresses that Exchange Online gives",
    "onPremisesObjectIdentifier": "the block of users that are mapped to another AD object (a beta property)",
    "onPremisesSyncBehavior": "users whose source of authority is the cloud",
    "isManagementRestricted": "users whom even the highest role may not change",
    "isResourceAccount": "resource accounts",
    "externalUserState": "external users that only their invitation tells",
    "creationType": "external users that only their origin tells",
}
_GROUPS = {
    "members": "who is in a group, and roles that come through groups",
    "owners": "the owners of role-assignable groups",
    "eligibleMembers": "PIM for groups",
    "isAssignableToRole": "protection by role-assignable groups",
    "membershipRule": "membership of dynamic groups",
}
_SECTIONS = {
    "deletedUsers": "soft-deleted twins",
    "groups": "addresses of groups, protection by role-assignable groups, dynamic groups",
    "deletedGroups": "addresses of soft-deleted groups",
    "contacts": "addresses of contacts",
    "domains": "unverified and federated domains (every suffix of a user counts as verified)",
    "roles": "protected role holders, and who may become one",
    "features": "tenant-wide blocks of hard and soft match, and what a takeover does to passwords and names",
}


def blind_spots(seed: dict[str, Any], users: list[Any], groups: list[Any]) -> list[str]:
    """The sentences that a start prints."""
    return [
        *_of_rows("user", _USERS, users),
        *_of_flow(users),
        *_of_rows("group", _GROUPS, groups),
        *_of_rules(groups),
        *(f"Cannot rehearse {what}: the seed has no {name!r}." for name, what in _SECTIONS.items() if name not in seed),
    ]


def _of_rows(kind: str, table: dict[str, str], rows: list[Any]) -> list[str]:
    carried = {name for row in rows for name in row}
    return [
        f"Cannot rehearse {what}: no {kind} of the seed has {name!r}."
        for name, what in table.items()
        if rows and name not in carried
    ]


def _of_flow(users: list[Any]) -> list[str]:
    carried = {name for row in users for name in row}
    lacking = sorted({flow.property.partition(".")[0] for flow in FLOWS} - carried)
    if not users or not lacking:
        return []
    return [f"Cannot rehearse that values are overwritten or blanked: no user of the seed has {', '.join(lacking)}."]


def _of_rules(groups: list[Any]) -> list[str]:
    notes = []
    for group in groups:
        rule = str(group.get("membershipRule") or "")
        if rule:
            try:
                read_rule(rule)
            except RuleError as error:
                name = group.get("displayName")
                notes.append(f"Cannot rehearse the membership of dynamic group {name!r}, its members stay: {error}")
    return notes
