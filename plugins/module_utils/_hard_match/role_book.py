# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Who has which role, by whatever way: held or eligible, directly or through a group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import KNOWN, Role, RoleBook


class AssignableGroup(NamedTuple):
    """A role-assignable group, and the ids of those around it.

    :ivar eligible: may become members (PIM for groups); :ivar eligible_owners: may become owners.
    """

    name: str
    members: frozenset[str] = frozenset()
    owners: frozenset[str] = frozenset()
    eligible: frozenset[str] = frozenset()
    eligible_owners: frozenset[str] = frozenset()

    @property
    def everybody(self) -> frozenset[str]:
        """All whom the group makes as protected as role holders."""
        return self.members | self.owners | self.eligible | self.eligible_owners


def build_role_book(
    definitions: Iterable[Mapping[str, Any]],
    assignments: Iterable[Mapping[str, Any]],
    eligibilities: Iterable[Mapping[str, Any]],
    groups: Mapping[str, AssignableGroup],
    eligibility: str = KNOWN,
) -> RoleBook:
    """Bring together what Graph tells of roles.

    :param definitions: Graph's ``unifiedRoleDefinition``.
    :param assignments: Graph's ``unifiedRoleAssignment``: ``principalId``, ``roleDefinitionId``.
    :param eligibilities: Graph's ``unifiedRoleEligibilityScheduleInstance``, with the same two.
    :param groups: role-assignable groups by id: roles can be assigned to no others.
    :param eligibility: one of the constants of :mod:`tenant`.
    """
    definition_of = {definition["id"]: definition for definition in definitions}
    found: dict[str, dict[Role, None]] = {}
    for given, only_eligible in ((assignments, False), (eligibilities, True)):
        for assignment in given:
            role = _role(assignment["roleDefinitionId"], definition_of, only_eligible)
            for user, held in _holders(assignment["principalId"], role, groups):
                found.setdefault(user, {})[held] = None
    return RoleBook({user: tuple(roles) for user, roles in found.items()}, eligibility, guarded_by(groups))


def guarded_by(groups: Mapping[str, AssignableGroup]) -> dict[str, tuple[str, ...]]:
    """Return user id -> names of the role-assignable groups that protect the user."""
    guarded: dict[str, tuple[str, ...]] = {}
    for group in groups.values():
        for user in group.everybody:
            guarded[user] = (*guarded.get(user, ()), group.name)
    return guarded


def _role(definition_id: str, definitions: Mapping[str, Mapping[str, Any]], eligible: bool) -> Role:
    definition = definitions.get(definition_id, {})
    return Role(definition.get("displayName") or definition_id, definition.get("templateId") or definition_id, eligible)


def _holders(principal: str, role: Role, groups: Mapping[str, AssignableGroup]) -> Iterable[tuple[str, Role]]:
    """Yield who has the role, and how, when this principal (a user, group or app) was given it."""
    group = groups.get(principal)
    if group is None:
        yield principal, role
        return
    through = role._replace(group=group.name)
    yield from ((member, through) for member in group.members)
    yield from ((member, through._replace(eligible=True)) for member in group.eligible)
