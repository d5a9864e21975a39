# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Which attribute of AD the sync uses as anchor, as told by the users that are synced already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._anchor import AnchorError, immutable_id, parse_guid
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import CloudIndex, CloudUser
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.matching import Match
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import Wish

OBJECT_GUID, CONSISTENCY_GUID, BOTH, NEITHER = "object_guid", "consistency_guid", "both", "neither"
# The anchor is that of objectGUID; whether it is that of ConsistencyGuid as well cannot be told.
UNREAD = "consistency_guid_unread"

# What synced users say of the anchors that the rows ask for.
CONTRADICTED, MIXED, PROVEN, SILENT = "contradicted", "mixed", "proven", "silent"

# So many users prove what fewer only suggest.
_ENOUGH = 5


class AnchorCensus:
    """Compares the anchors of synced users with both values of their AD objects. Filled with all rows first.

    :param cloud_sync: whether Cloud Sync is used, which takes objectGUID where ConsistencyGuid is empty. ``None``:
        unknown.
    """

    def __init__(self, cloud_sync: bool | None = None) -> None:
        self._cloud_sync = cloud_sync
        self._counts = dict.fromkeys((OBJECT_GUID, CONSISTENCY_GUID, BOTH, NEITHER, UNREAD), 0)
        self._empty = 0
        # Users that tell the wanted value from another one: how many have the wanted, how many the other.
        self._wanted = 0
        self._other = 0

    def add(self, wish: Wish, found: Match, index: CloudIndex) -> None:
        """Count the synced users that a row is about: the one that was found, and those that have one of its values."""
        if wish.row is None:
            return
        guid, consistency = anchors_of(wish.row)
        users = [*found.users] if len(found.users) == 1 else []
        for value in (guid, consistency):
            users += index.find("immutable_id", value) if value else ()
        for user in {user.id: user for user in users}.values():
            if user.synced is True and not user.deleted and user.immutable_id:
                known = consistency is not None or "consistency_guid" in wish.row.get("carried", ())
                self._count(user, guid, consistency, known, wish.held)

    def _count(
        self, user: CloudUser, guid: str | None, consistency: str | None, known: bool, wanted: str | None
    ) -> None:
        fits = (user.immutable_id == guid, user.immutable_id == consistency)
        by_guid = OBJECT_GUID if known else UNREAD
        kind = {(True, True): BOTH, (True, False): by_guid, (False, True): CONSISTENCY_GUID}.get(fits, NEITHER)
        self._counts[kind] += 1
        self._empty += kind == OBJECT_GUID and consistency is None
        others = {guid, consistency} - {None, wanted}
        if wanted and others:
            self._wanted += user.immutable_id == wanted
            self._other += user.immutable_id in others

    @property
    def verdict(self) -> str:
        """What the synced users say of the way in which the rows get their anchors.

        :data:`CONTRADICTED`: they all use another value. :data:`MIXED`: some do, some do not. :data:`PROVEN`: enough of
        them use objectGUID although ConsistencyGuid would have been something else, and none uses anything else.
        :data:`SILENT`: they do not tell.

        Where ConsistencyGuid was not read, an anchor that is objectGUID proves nothing: a sync that uses
        ConsistencyGuid writes objectGUID there. Where it is empty, only Cloud Sync would have taken objectGUID instead.
        """
        if self._other:
            return MIXED if self._wanted else CONTRADICTED
        against = self._counts[CONSISTENCY_GUID] or self._counts[NEITHER]
        proofs = self._counts[OBJECT_GUID] - (0 if self._cloud_sync is False else self._empty)
        return PROVEN if proofs >= _ENOUGH and not against else SILENT

    def as_dict(self) -> dict[str, int]:
        """How many synced users fit ``object_guid`` only, ``consistency_guid`` only, ``both``, ``neither``; of those in
        ``consistency_guid_unread`` it is known that they fit objectGUID, and no more."""
        return dict(self._counts)

    @property
    def numbers(self) -> str:
        """The counts, for a sentence."""
        count = self._counts
        return (
            f"{count[OBJECT_GUID]} fit objectGUID only, {count[CONSISTENCY_GUID]} mS-DS-ConsistencyGuid only, "
            f"{count[BOTH]} both, {count[NEITHER]} neither; {count[UNREAD]} fit objectGUID, the other one unread"
        )


def anchors_of(row: Mapping[str, Any]) -> tuple[Optional[str], Optional[str]]:
    """Return the ImmutableIds that ``objectGUID`` and ``mS-DS-ConsistencyGuid`` of an AD object make."""
    guid = row.get("object_guid")
    try:
        by_guid = immutable_id(parse_guid(guid)) if guid else None
    except AnchorError:
        by_guid = None
    return by_guid, row.get("consistency_guid") or None


def modes_differ(wish: Wish) -> bool:
    """Tell whether the AD object has a value that would make another anchor than the wanted one."""
    return bool({*anchors_of(wish.row or {})} - {None, wish.held})
