# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directory roles: who holds one, directly or through a group, now or by activation, and who may act on whom."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Optional

from .store import Stored

_NAMESPACE = uuid.UUID("0b1c5b1e-8f0a-4f5e-9d5c-6a6b7f1c2d3e")

# Entra's built-in roles that matter here: display name -> (template id, whether Entra calls it privileged).
BUILT_IN: dict[str, tuple[str, bool]] = {
    "Application Administrator": ("9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", True),
    "Authentication Administrator": ("c4e39bd9-1100-46d3-8c65-fb160da0071f", True),
    "Cloud Application Administrator": ("158c047a-c907-4556-b7ef-446551a6b5f7", True),
    "Conditional Access Administrator": ("b1be1c3e-b65d-4f19-8427-f6fa0d97feb9", True),
    "Directory Readers": ("88d8e3e3-8f55-4a1e-953a-9b9898b8876b", False),
    "Directory Synchronization Accounts": ("d29b2b05-8046-44ba-8758-1e26182fcf32", True),
    "Exchange Administrator": ("29232cdf-9323-42fd-ade2-1d097af3e4de", False),
    "Global Administrator": ("62e90394-69f5-4237-9190-012177145e10", True),
    "Global Reader": ("f2ef992c-3afb-46b9-b7cf-a126ee74c451", True),
    "Helpdesk Administrator": ("729827e3-9c14-49f7-bb1b-9608f156bbb8", True),
    "Hybrid Identity Administrator": ("8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2", True),
    "Message Center Reader": ("790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b", False),
    "Privileged Authentication Administrator": ("7be44c8a-adaf-4e2a-84d6-ab2649e08a13", True),
    "Privileged Role Administrator": ("e8611ab8-c189-46e8-94e1-60213ab1f814", True),
    "Reports Reader": ("4a5d8f65-41da-4de4-8968-e035b65339cf", False),
    "Security Administrator": ("194ae4cb-b126-40b2-bd5b-6091b380977d", True),
    "User Administrator": ("fe930be7-5e62-47db-91af-98c3a49a38b1", True),
}
# Only these may change sensitive properties of a protected user.
HIGHEST = frozenset({"Global Administrator", "Privileged Authentication Administrator"})
# People who may read who has which role; a Global Administrator may do everything.
ROLE_READERS = frozenset({"Directory Readers", "Global Reader", "Privileged Role Administrator"})


def template_id(role: str) -> str:
    """The id of a role's definition: the template's for a built-in role, one of its own for a custom one."""
    return BUILT_IN[role][0] if role in BUILT_IN else str(uuid.uuid5(_NAMESPACE, role))


class Assignment(NamedTuple):
    """A role of a user or a group; ``eligible`` ones are not active (PIM) but count for a hard match."""

    principal_id: str
    role: str
    eligible: bool
    privileged: bool

    @property
    def id(self) -> str:
        """An id that is the same at each start."""
        return str(uuid.uuid5(_NAMESPACE, f"{self.principal_id} {self.role} {self.eligible}"))


class GroupEligibility(NamedTuple):
    """PIM for groups: somebody may become ``member`` or ``owner`` of a group."""

    group_id: str
    principal_id: str
    access: str

    @property
    def id(self) -> str:
        """An id as the service makes them: <group>_<access>_<guid>."""
        return f"{self.group_id}_{self.access}_{uuid.uuid5(_NAMESPACE, self.principal_id)}"


class RoleBook:
    """All role assignments of the tenant, and the groups that lead to them."""

    def __init__(self, assignments: Iterable[Assignment] = (), groups: Iterable[Stored] = ()) -> None:
        self.assignments = tuple(assignments)
        self._groups = {group.id: group.body for group in groups}
        self.group_eligibilities = tuple(self._eligibilities())
        self._held: dict[str, list[Assignment]] = {}
        for item in self.assignments:
            for holder, eligible in self._behind(item.principal_id):
                self._held.setdefault(holder, []).append(item._replace(eligible=item.eligible or eligible))
        # Members and owners of a role-assignable group are as protected as if they held a role.
        self._guarded = frozenset(
            user
            for group, body in self._groups.items()
            if body.get("isAssignableToRole")
            for user in (
                *(holder for holder, eligible in self._behind(group) if not eligible),
                *(body.get("owners") or ()),
            )
        )

    def _eligibilities(self) -> Iterator[GroupEligibility]:
        for group, body in self._groups.items():
            for access, key in (("member", "eligibleMembers"), ("owner", "eligibleOwners")):
                for principal in body.get(key) or ():
                    yield GroupEligibility(group, principal, access)

    def _behind(self, principal: str) -> list[tuple[str, bool]]:
        """The principal and all who stand behind a group, each once: (id, whether only by activation)."""
        found = {principal: False}
        waiting = [principal]
        while waiting:
            group = waiting.pop()
            body = self._groups.get(group, {})
            for key, by_activation in (("members", False), ("eligibleMembers", True)):
                for member in body.get(key) or ():
                    eligible = found[group] or by_activation
                    if member not in found or (found[member] and not eligible):
                        found[member] = eligible
                        waiting.append(member)
        return list(found.items())

    def roles_of(self, user_id: str, eligible: Optional[bool] = None) -> list[Assignment]:
        """Roles held directly or through a group; ``eligible`` None means both kinds."""
        return [item for item in self._held.get(user_id, ()) if eligible is None or item.eligible == eligible]

    def blocks_match(self, user_id: str, any_role: bool, with_eligible: bool = True, guarded: bool = False) -> bool:
        """Whether Entra refuses to match the user because of a role.

        :param with_eligible: whether roles that can be activated count: not where the licence for PIM lacks.
        :param guarded: whether a role-assignable group counts by itself, whatever role it has.
        """
        held = self.roles_of(user_id, None if with_eligible else False)
        return any(any_role or item.privileged for item in held) or (guarded and user_id in self._guarded)

    def protects(self, user_id: str, any_role: bool) -> bool:
        """Whether sensitive properties of the user are closed to all but the highest administrators."""
        active = self.roles_of(user_id, eligible=False)
        return user_id in self._guarded or any(any_role or item.privileged for item in active)
