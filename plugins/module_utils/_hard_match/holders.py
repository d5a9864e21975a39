# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Who else has a value that must be unique in the tenant: the anchor, and what the sync will bring with it."""

from __future__ import annotations

import itertools
from typing import NamedTuple

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.ad_object import (
    exported_addresses,
    exported_name,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.case import Case, Finding
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import (
    ADDRESS,
    NOBODY,
    CloudUser,
    folded,
    values_of,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import NAMED, listed, reason
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.match_keys import SID
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import USER, Holder

# The keys of the index of users, besides those that are always there, by which holders are found.
HOLDER_KEYS = (ADDRESS, SID)


class _Others(NamedTuple):
    """The first few holders, and how many there are: thousands may share a mail, in thousands of rows."""

    few: list[Holder]
    total: int

    @property
    def shown(self) -> str:
        """Their names for a sentence."""
        return listed([holder.shown for holder in self.few], self.total)


_NO_OTHERS = _Others([], 0)


def anchor_held(case: Case) -> Finding | None:
    """Somebody else has the anchor. For the service a holder in the recycle bin may count as well."""
    others = [user for user in case.found.holders if user.id != case.user.id]
    return Finding("conflict", held_by(others)) if others else None


def held_by(holders: list[CloudUser]) -> dict[str, str]:
    """Name who holds the anchor, and in which container."""
    shown = [
        f"{user.name}{' (in the recycle bin)' if user.deleted else ' (live, synced)' if user.synced else ' (live)'}"
        for user in holders
    ]
    gone = all(user.deleted for user in holders)
    return reason("anchor_held_deleted" if gone else "anchor_held", holder=listed(shown))


def name_held(case: Case) -> Finding | None:
    """Somebody else signs in with the name that the sync brings, or did so before being deleted."""
    name = exported_name(case.wish.row)
    others = _other_users(case, "user_principal_name", name)
    return Finding("conflict", reason("upn_held", name=name, holders=others.shown)) if others.total else None


def sid_held(case: Case) -> Finding | None:
    """Somebody else has the SID of the AD object, perhaps as a leftover of an earlier sync."""
    sid = (case.wish.row or {}).get("object_sid")
    others = _other_users(case, SID, sid)
    return Finding("conflict", reason("sid_held", sid=sid, holders=others.shown)) if others.total else None


def address_held(case: Case) -> Finding | None:
    """Another object, of whatever kind, has an address that the sync brings."""
    taken: list[str] = []
    total = 0
    for address in _addresses_to_come(case):
        users, others = _other_users(case, ADDRESS, address), case.around.tenant.addresses.holders(address)
        taken += [f"{address} of {holder.shown}" for holder in (*users.few, *others)]
        total += users.total + len(others)
    return Finding("conflict", reason("address_held", holders=listed(taken, total))) if total else None


def _addresses_to_come(case: Case) -> list[str]:
    """Return what must be nobody else's address: what the sync brings, and a new sign-in name, which becomes one."""
    name = (exported_name(case.wish.row) or "").lower()
    is_new = "@" in name and name != (case.user.user_principal_name or "").lower()
    return sorted({*exported_addresses(case.wish.row), *([name] if is_new else [])})


def _other_users(case: Case, key: str, value: str | None) -> _Others:
    """Return the users besides the row's own that have a value."""
    index = case.around.index
    found = index.look_up(key, value) if value else NOBODY
    if not any(found):
        return _NO_OTHERS
    # A user who is deleted during the listing is found twice.
    own = sum(folded(key, str(value)) in values_of(user, key) for user in index.find("id", case.user.id))
    first = itertools.islice(itertools.chain(*found), NAMED + own)
    return _Others([_holder(user) for user in first if user.id != case.user.id], sum(map(len, found)) - own)


def _holder(user: CloudUser) -> Holder:
    return Holder(USER, user.id, user.user_principal_name or "without a name", user.deleted, user.synced)
