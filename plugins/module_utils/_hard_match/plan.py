# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The plan: one decision for each row, the second look just before writing, and what a row says afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import reason
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.matching import CloudUser, Match
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.obstacles import (
    Case,
    Claims,
    Obstacle,
    Rules,
    evidence_of,
    held_by,
    obstacles,
    without_user,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import Wish

ACTIONS = ("set", "clear", "none", "blocked", "conflict", "ambiguous", "not_found", "failed")
WRITES = ("set", "clear")


class Outcome(NamedTuple):
    """What became of one row that was to be written."""

    action: str
    changed: bool
    reason: Optional[dict[str, str]] = None
    error: Optional[dict[str, Any]] = None


def decide(
    number: int, wish: Wish, found: Match, claims: Claims, rules: Rules, keys: Iterable[str] = ()
) -> dict[str, Any]:
    """Return the row of one wish.

    :param number: the wish's place in the input.
    :param keys: names of the keys that were tried, for the reason.
    """
    if len(found.users) != 1:
        obstacle = without_user(wish, found, keys)
        also = [Obstacle("blocked", wish.problem)] if wish.problem else []
        return _row(wish, found, None, obstacle.action, obstacle.reason, [obstacle, *also])
    user = found.users[0]
    in_way = obstacles(Case(number, wish, user, found, claims, rules))
    if _is_as_wished(wish, user, rules):
        # Nothing has to be written. What makes the tie itself doubtful is said all the same.
        doubts = [item for item in in_way if item.reason["code"] in _DOUBTS]
        remarks = [item for item in in_way if item.reason["code"] in _REMARKS]
        said = [*doubts, *remarks]
        return _row(wish, found, user, doubts[0].action if doubts else "none", said[0].reason if said else None, said)
    if in_way:
        return _row(wish, found, user, in_way[0].action, in_way[0].reason, in_way)
    action = "clear" if rules.clear else "set"
    return _row(wish, found, user, action, _warning(user))


# What is wrong, or worth knowing, even where the user has the wished value already.
_DOUBTS = frozenset({"anchor_duplicate", "claimed_twice", "listed_twice"})
_REMARKS = frozenset({"anchor_held", "anchor_held_deleted", "out_of_scope"})


def _warning(user: CloudUser) -> dict[str, str] | None:
    """Sources disagree whether the anchor of a user that left scope may be changed: it is tried, and said."""
    return reason("left_scope", detail="; the service may refuse the change") if user.synced is False else None


def _is_as_wished(wish: Wish, user: CloudUser, rules: Rules) -> bool:
    if rules.clear:
        return not user.immutable_id
    return wish.value is not None and user.immutable_id == wish.value


def _row(
    wish: Wish,
    found: Match,
    user: CloudUser | None,
    action: str,
    why: dict[str, str] | None,
    in_way: list[Obstacle] | None = None,
) -> dict[str, Any]:
    evidence = list(found.evidence)
    if wish.note:
        evidence.append({"key": "note", "value": wish.note, "users": []})
    evidence += evidence_of(in_way or [])
    return {
        "user": (user.user_principal_name or user.id) if user else wish.label,
        "id": user.id if user else None,
        "on_premises": wish.on_premises,
        "matched_by": found.matched_by if user else None,
        "evidence": evidence,
        "before": user.immutable_id if user else None,
        "after": wish.value,
        "action": action,
        "reason": why,
        "effects": None,
        "approved": True if action in WRITES else None,
        "changed": action in WRITES,
        "error": None,
    }


def second_look(row: Mapping[str, Any], user: CloudUser | None, protected: frozenset[str]) -> Outcome | None:
    """Compare a user, read again just before writing, with what its row of the plan says. ``None``: write.

    :param user: ``None`` when the user is gone.
    """
    if user is None or user.deleted:
        return Outcome("not_found", False, reason("gone"))
    before, name = row["before"], user.user_principal_name or user.id
    if user.immutable_id == row["after"]:
        return Outcome("none", False)
    if {user.id.lower(), (user.user_principal_name or "").lower()} & protected:
        return Outcome("blocked", False, reason("protected"))
    if user.immutable_id != before:
        detail = f"its anchor is now {_shown(user.immutable_id)} and was {_shown(before)}"
        return Outcome("blocked", False, reason("changed_since_plan", detail=detail))
    if user.synced is True:
        return Outcome("blocked", False, reason("changed_since_plan", detail="the sync has taken it by now"))
    if name.lower() != str(row["user"]).lower():
        # The name is what was matched, or what a reviewer read.
        detail = f"its name is now {name} and was {row['user']}"
        return Outcome("blocked", False, reason("changed_since_plan", detail=detail))
    return None


def refused(
    status: int | None,
    message: str,
    error: Mapping[str, Any],
    user: CloudUser | None,
    holders: list[CloudUser] | None,
) -> Outcome:
    """Say what a refused write means.

    :param user: the user as it was read just before.
    :param holders: who has the value, if the service says that somebody has: an empty list where it did not say who.
    """
    shown = dict(error)
    if holders is not None:
        why = held_by(holders) if holders else reason("anchor_held_unknown")
        return Outcome("conflict", False, why, shown)
    if status == 403:
        return Outcome("failed", False, reason("write_forbidden"), shown)
    if status == 404:
        return Outcome("not_found", False, reason("gone"), shown)
    if status == 400 and user is not None and user.synced is False:
        return Outcome("blocked", False, reason("left_scope_refused"), shown)
    return Outcome("failed", False, reason("write_failed", detail=message), shown)


def carried_out(row: dict[str, Any], outcome: Outcome | None) -> dict[str, Any]:
    """Return the row of a result: the planned one with what became of it."""
    if outcome is None:
        return row
    why = outcome.reason or (row["reason"] if outcome.action in WRITES else None)
    return {**row, "action": outcome.action, "changed": outcome.changed, "reason": why, "error": outcome.error}


class Summary:
    """Counts of rows, filled as they pass."""

    def __init__(self, names: Iterable[str]) -> None:
        self._counts = dict.fromkeys(names, 0)
        self._reasons: Counter[str] = Counter()

    def add(self, name: str, reasons: Iterable[Mapping[str, Any]]) -> None:
        """Count one row by its action or state and its reasons."""
        self._counts[name] += 1
        self._reasons.update(item["code"] for item in reasons)

    def __getitem__(self, name: str) -> int:
        return self._counts[name]

    @property
    def total(self) -> int:
        """The number of rows."""
        return sum(self._counts.values())

    def as_dict(self) -> dict[str, Any]:
        """``{action or state: count, ..., "total": n, "reasons": {code: count}}``."""
        return {**self._counts, "total": self.total, "reasons": dict(sorted(self._reasons.items()))}


def _shown(value: str | None) -> str:
    return "empty" if value is None else f'"{value}"'
