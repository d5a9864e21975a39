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

    External users and resource accounts belong to no AD object, so they are left out unless they are synced.

    :param claimed: ids of users that a row of the input found, or whose anchor it wants.
    """
    left = [user for user in users if not user.deleted and user.id not in claimed and _may_have_object(user)]
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


def _may_have_object(user: CloudUser) -> bool:
    return user.synced is True or not (user.external or user.resource)


def _kind(user: CloudUser) -> str:
    """Say what the sync flag tells of a user's AD object."""
    if user.synced is True:
        return "; it is synced, so there is one somewhere"
    return "; it was synced before" if user.synced is False else ""
