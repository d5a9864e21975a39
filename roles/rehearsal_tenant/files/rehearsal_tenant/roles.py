# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directory roles: who holds one, who may act on whom."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Optional

from .store import Stored

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


class Assignment(NamedTuple):
    """A role of a user or a group; ``eligible`` ones are not active (PIM) but count for a hard match."""

    principal_id: str
    role: str
    eligible: bool
    privileged: bool


class RoleBook:
    """All role assignments of the tenant."""

    def __init__(self, assignments: Iterable[Assignment] = (), groups: Iterable[Stored] = ()) -> None:
        self.assignments = tuple(assignments)
        # Members and owners of a role-assignable group are as protected as if they held a role.
        self._groups = {
            group.id: (frozenset(group.body.get("members") or ()), frozenset(group.body.get("owners") or ()))
            for group in groups
            if group.body.get("isAssignableToRole")
        }

    def roles_of(self, user_id: str, eligible: Optional[bool] = None) -> list[Assignment]:
        """Roles held directly or through a group; ``eligible`` None means both kinds."""
        principals = {user_id} | {group for group, (members, _owners) in self._groups.items() if user_id in members}
        return [
            item
            for item in self.assignments
            if item.principal_id in principals and (eligible is None or item.eligible == eligible)
        ]

    def blocks_match(self, user_id: str, any_role: bool) -> bool:
        """Whether Entra refuses to match the user because of a role, held or eligible."""
        return any(any_role or item.privileged for item in self.roles_of(user_id))

    def protects(self, user_id: str, any_role: bool) -> bool:
        """Whether sensitive properties of the user are closed to all but the highest administrators."""
        in_group = any(user_id in members or user_id in owners for members, owners in self._groups.values())
        return in_group or any(any_role or item.privileged for item in self.roles_of(user_id, eligible=False))
