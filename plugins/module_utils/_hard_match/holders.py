# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Who else has a value that must be unique in the tenant: the anchor, and what the sync will bring with it."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.ad_object import (
    exported_addresses,
    exported_name,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.case import Case, Finding
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import CloudUser
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import listed, reason
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import USER, Holder

# The keys of the index of users, besides those that are always there, by which holders are found.
HOLDER_KEYS = ("mail", "on_premises_security_identifier", "proxy_address")


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
    others = _other_users(case, ["user_principal_name"], name) if name else []
    return Finding("conflict", reason("upn_held", name=name, holders=_shown(others))) if others else None


def sid_held(case: Case) -> Finding | None:
    """Somebody else has the SID of the AD object, perhaps as a leftover of an earlier sync."""
    sid = (case.wish.row or {}).get("object_sid")
    others = _other_users(case, ["on_premises_security_identifier"], sid) if sid else []
    return Finding("conflict", reason("sid_held", sid=sid, holders=_shown(others))) if others else None


def address_held(case: Case) -> Finding | None:
    """Another object, of whatever kind, has an address that the sync brings."""
    taken = []
    for address in exported_addresses(case.wish.row):
        others = _other_users(case, ["proxy_address", "mail"], address)
        others += case.around.tenant.addresses.holders(address)
        taken += [f"{address} of {holder.shown}" for holder in others]
    return Finding("conflict", reason("address_held", holders=listed(taken))) if taken else None


def _other_users(case: Case, keys: Iterable[str], value: str) -> list[Holder]:
    found = {user.id: user for key in keys for user in case.around.index.find(key, value)}
    found.pop(case.user.id, None)
    return [_holder(user) for user in found.values()]


def _holder(user: CloudUser) -> Holder:
    return Holder(USER, user.id, user.user_principal_name or "without a name", user.deleted, user.synced)


def _shown(holders: list[Holder]) -> str:
    return listed([holder.shown for holder in holders])
