# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Which rows are about which user, and which AD objects have which anchor."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional, Union

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.ad_object import is_out_of_scope, no_match
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import CloudUser
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import NAMED, listed
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.matching import Match
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import Wish


class _Claim(NamedTuple):
    """A row that is about a user: the first of those that say the same."""

    number: int
    subject: str
    #: How the row came to the user.
    key: Optional[str]
    #: The user has its anchor already.
    holds: bool


# What two rows that say the same have in common: the AD object, or the user, and the anchor.
_Saying = tuple[str, Optional[str]]


class _Groups:
    """A dict of dicts in which a group of one, as almost all are, is as small as a tuple."""

    def __init__(self) -> None:
        self._of: dict[str, Union[tuple[Any, Any], dict[Any, Any]]] = {}

    def put(self, group: str, key: Any, value: Any) -> None:
        """Add an entry, unless the group has one with this key."""
        found = self._of.get(group)
        if found is None:
            self._of[group] = (key, value)
        elif isinstance(found, dict):
            found.setdefault(key, value)
        elif found[0] != key:
            self._of[group] = dict([found, (key, value)])

    def of(self, group: str) -> Mapping[Any, Any]:
        """Return the entries in the order in which they came."""
        found = self._of.get(group, {})
        return found if isinstance(found, dict) else dict([found])


class Claims:
    """Filled with all rows before anything is decided; memory and time grow with the rows, not with their pairs."""

    def __init__(self) -> None:
        # User id -> what is said -> the claim; a key of weak_match_by makes a weak one.
        self._strong = _Groups()
        self._weak = _Groups()
        # Anchor -> AD object or user -> how a person finds it.
        self._anchors = _Groups()
        # Distinguished name -> user id, where the source carries managers.
        self._people: dict[str, str] = {}

    def add(self, number: int, wish: Wish, found: Match) -> None:
        """Take note of one row."""
        if no_match(wish):
            return
        user = found.users[0] if len(found.users) == 1 else None
        identity, subject = wish.identity(user.id if user else None), wish.subject
        if wish.held:
            self._anchors.put(wish.held, identity, subject)
        if user is None:
            return
        holds = wish.held is not None and user.immutable_id == wish.held
        # What sync leaves out can take nobody's place, unless it has done so already.
        if found.claims and (holds or not is_out_of_scope(wish)):
            claims = self._weak if found.weak else self._strong
            claims.put(user.id, (identity, wish.held), _Claim(number, subject, found.matched_by, holds))
            if not found.weak and "synced_attributes.manager" in (wish.row or {}).get("carried", ()):
                self._people[subject.casefold()] = user.id

    def user_of(self, distinguished_name: str) -> Optional[str]:
        """Return the id of the user whom an AD object, named as the same AD names it, belongs to; ``None``: unknown."""
        return self._people.get(distinguished_name.casefold())

    def same_anchor(self, wish: Wish, user: CloudUser) -> str:
        """Name the rows about something else that want this wish's anchor; an empty text if there are none."""
        owners, own = self._anchors.of(wish.held or ""), wish.identity(user.id)
        few = [subject for identity, subject in itertools.islice(owners.items(), NAMED + 1) if identity != own]
        return listed(few, len(owners) - (own in owners))

    def rivals(self, wish: Wish, user: CloudUser) -> str:
        """Name the rows that claim this user, with anchor and key of each, if others than this one do.

        :return: an empty text if none has as good a right.
        """
        saying = (wish.identity(user.id), wish.held)
        strong, weak = self._strong.of(user.id), self._weak.of(user.id)
        own = strong.get(saying) or weak.get(saying)
        # A pair that only a weak key found is no rival of one that a strong key found.
        equals = [strong] if saying in strong else [strong, weak]
        total = sum(map(len, equals))
        if (own and own.holds) or total == (own is not None):
            return ""
        claims = itertools.chain.from_iterable(claims.items() for claims in equals)
        return listed([_shown(*item) for item in itertools.islice(claims, NAMED)], total)

    def listed_before(self, number: int, wish: Wish, user: CloudUser) -> bool:
        """Tell whether an earlier row says the same."""
        saying = (wish.identity(user.id), wish.held)
        claims = (self._strong.of(user.id).get(saying), self._weak.of(user.id).get(saying))
        return any(claim is not None and claim.number < number for claim in claims)


def _shown(saying: _Saying, claim: _Claim) -> str:
    return f"{claim.subject} ({saying[1] or 'no anchor'}, found by {claim.key})"
