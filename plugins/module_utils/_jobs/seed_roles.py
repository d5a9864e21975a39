# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Roles and memberships of a tenant as a seed of the rehearsal tenant has them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient
from ansible_collections.hybrid.identity.plugins.module_utils._graph.collections import (
    Items,
    is_refused,
    read_collections,
)
from ansible_collections.hybrid.identity.plugins.module_utils._graph.groups import (
    members_path,
    owners_path,
    transitive_members_path,
)
from ansible_collections.hybrid.identity.plugins.module_utils._graph.roles import group_eligibilities_path
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.role_reading import (
    MEMBERS_UNCHECKED,
    PIM_UNCHECKED,
    is_pim_closed,
    read_assignments,
    read_eligibilities,
)
from ansible_collections.hybrid.identity.plugins.module_utils._pseudonyms import Pseudonyms

Row = dict[str, Any]

_ELIGIBLE = "eligible"


class SeedRole(NamedTuple):
    """One assignment. ``kind`` of the principal is ``user`` or ``group``."""

    kind: str
    principal: str
    role: str
    built_in: bool
    eligible: bool

    def shown(self, pseudonyms: Pseudonyms | None) -> Row:
        """Return it as a seed has it. The name of a custom role may tell whose it is."""
        named = self.role if self.built_in or pseudonyms is None else pseudonyms.word(self.role)
        return {self.kind: self.principal, "role": named, "eligible": self.eligible}


class SeedRoles(NamedTuple):
    """What was read; ``roles`` is ``None`` where they may not be read."""

    roles: Optional[list[SeedRole]]
    eligibility: str
    unchecked: list[dict[str, str]]


def read_seed_roles(client: GraphClient, ids: Mapping[str, Collection[str]]) -> SeedRoles:
    """Read who has a role or is eligible for it.

    :param ids: those of the seed, by kind; apps have roles as well, and a seed has no apps.
    """
    assigned = read_assignments(client)
    eligibility, eligible = read_eligibilities(client)
    unchecked = [reading.unchecked for reading in (assigned, eligible) if reading.unchecked]
    if assigned.value is None:
        return SeedRoles(None, eligibility, unchecked)
    definitions, assignments = assigned.value
    known = {definition["id"]: definition for definition in definitions}
    roles = []
    for given, only_eligible in ((assignments, False), (eligible.value or (), True)):
        for one in given:
            principal, definition = one["principalId"], known.get(one["roleDefinitionId"], {})
            name = definition.get("displayName") or one["roleDefinitionId"]
            built_in = definition.get("isBuiltIn") is not False
            kinds = [kind for kind, members in ids.items() if principal in members]
            roles += [SeedRole(kind, principal, name, built_in, only_eligible) for kind in kinds]
    return SeedRoles(list(dict.fromkeys(roles)), eligibility, unchecked)


def add_members(
    client: GraphClient, groups: list[Row], members_of: Iterable[str]
) -> tuple[list[dict[str, str]], list[str]]:
    """Add to role-assignable groups who is around them, and to those that ``members_of`` names who is in them.

    :param members_of: ids, display names or addresses.
    :return: what may not be read, and names that no group has.
    """
    wanted = {name.casefold(): name for name in members_of}
    paths: list[tuple[tuple[str, str], str]] = []
    found_names = set()
    for group in groups:
        named = wanted.keys() & {str(group.get(name)).casefold() for name in ("id", "displayName", "mail")}
        found_names |= named
        key = group["id"]
        if group.get("isAssignableToRole"):
            paths += [((key, "members"), members_path(key)), ((key, "owners"), owners_path(key))]
            paths.append(((key, _ELIGIBLE), group_eligibilities_path(key)))
        elif named:
            # Groups in it are not needed then.
            paths.append(((key, "members"), transitive_members_path(key)))
    by_id = {group["id"]: group for group in groups}
    refused = set()
    found: dict[Any, Items] = read_collections(client, paths)
    for (key, way), items in found.items():
        if is_pim_closed(items) if way == _ELIGIBLE else is_refused(items):
            refused.add(way == _ELIGIBLE)
        elif way == _ELIGIBLE:
            by_id[key]["eligibleMembers"] = _principals(items, "member")
            by_id[key]["eligibleOwners"] = _principals(items, "owner")
        else:
            by_id[key][way] = [item["id"] for item in items.values]
    unchecked = [dict(one) for is_pim, one in ((False, MEMBERS_UNCHECKED), (True, PIM_UNCHECKED)) if is_pim in refused]
    return unchecked, [name for folded, name in wanted.items() if folded not in found_names]


def _principals(items: Items, way: str) -> list[str]:
    return [one["principalId"] for one in items.values if one.get("accessId") == way]
