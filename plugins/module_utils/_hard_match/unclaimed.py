# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Users of the tenant whom no AD object of the input claims, as rows at the end of a plan."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import CloudUser
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import reason


def unclaimed_rows(users: Iterable[CloudUser], claimed: Collection[str]) -> Iterator[dict[str, Any]]:
    """Yield a row for each live user that nobody claims, in the order of their names.

    :param claimed: ids of users that a row of the input found, or whose anchor it wants.
    """
    left = [user for user in users if not user.deleted and user.id not in claimed]
    for user in sorted(left, key=lambda user: ((user.user_principal_name or "").lower(), user.id)):
        yield {
            "user": user.user_principal_name or user.id,
            "id": user.id,
            "on_premises": None,
            "matched_by": None,
            "evidence": [],
            "before": user.immutable_id,
            "after": user.immutable_id,
            "action": "none",
            "reason": reason("unclaimed", detail=_kind(user)),
            "effects": [],
            "approved": None,
            "changed": False,
            "error": None,
            "wave": None,
            "seen": None,
        }


def _kind(user: CloudUser) -> str:
    """Say why a user may well have no AD object, or must have one somewhere."""
    if user.synced is True:
        return "; it is synced, so there is one somewhere"
    if user.external:
        return "; it is an external user"
    if user.resource:
        return "; it is a resource account"
    return ""
