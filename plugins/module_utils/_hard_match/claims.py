# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Which rows are about which user, and which AD objects have which anchor."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.ad_object import is_out_of_scope, no_match
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import CloudUser
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import NAMED, listed
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.matching import Match
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import Wish

# What two rows that say the same have in common: the AD object, or the user, and the anchor.
_Saying = tuple[str, Optional[str]]


class _Claims(NamedTuple):
    """All that rows want of one user. Rows that say the same count once: the first of them."""

    #: What is said -> number of the first row that says it.
    first: dict[_Saying, int]
    #: What is said -> how a person finds that row, and how the row came to the user.
    shown: dict[_Saying, str]
    #: Those whose anchor the user has already.
    holding: set[_Saying]
    #: Of those shown, the ones that a strong key found.
    strong: dict[_Saying, str]


class Claims:
    """Filled with all rows before anything is decided; memory and time grow with the rows, not with their pairs."""

    def __init__(self) -> None:
        self._users: dict[str, _Claims] = {}
        self._anchors: dict[str, dict[str, str]] = {}

    def add(self, number: int, wish: Wish, found: Match) -> None:
        """Take note of one row."""
        if no_match(wish):
            return
        user = found.users[0] if len(found.users) == 1 else None
        identity = wish.identity(user.id if user else None)
        if wish.held:
            self._anchors.setdefault(wish.held, {}).setdefault(identity, wish.subject)
        if user is None:
            return
        holds = wish.held is not None and user.immutable_id == wish.held
        # What sync leaves out can take nobody's place, unless it has done so already.
        if not found.claims or (not holds and is_out_of_scope(wish)):
            return
        claims = self._users.setdefault(user.id, _Claims({}, {}, set(), {}))
        saying = (identity, wish.held)
        if claims.first.setdefault(saying, number) == number:
            claims.shown[saying] = f"{wish.subject} ({wish.held or 'no anchor'}, found by {found.matched_by})"
        if holds:
            claims.holding.add(saying)
        if not found.weak:
            claims.strong.setdefault(saying, claims.shown[saying])

    def same_anchor(self, wish: Wish, user: CloudUser) -> str:
        """Name the rows about something else that want this wish's anchor; an empty text if there are none."""
        return _others(self._anchors.get(wish.held or "", {}), wish.identity(user.id))

    def rivals(self, wish: Wish, user: CloudUser) -> str:
        """Name the rows that claim this user, with anchor and key of each, if others than this one do.

        :return: an empty text if none has as good a right.
        """
        claims = self._users.get(user.id)
        saying = (wish.identity(user.id), wish.held)
        if claims is None or saying in claims.holding:
            return ""
        # A pair that only a weak key found is no rival of one that a strong key found.
        equals = claims.strong if saying in claims.strong else claims.shown
        return _others(equals, None) if _others(equals, saying) else ""

    def listed_before(self, number: int, wish: Wish, user: CloudUser) -> bool:
        """Tell whether an earlier row says the same."""
        claims = self._users.get(user.id)
        saying = (wish.identity(user.id), wish.held)
        return claims is not None and claims.first.get(saying, number) < number


def _others(names: Mapping[Any, str], own: Any) -> str:
    """Return the names of all but one, of many the first few: time must not grow with their number."""
    few = [name for key, name in itertools.islice(names.items(), NAMED + 1) if key != own]
    return listed(few, len(names) - (own in names))
