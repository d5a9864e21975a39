# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The plan: one decision for each row, the second look just before writing, and what a row says afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Callable, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.ad_object import no_match
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.case import Case, Finding, Surroundings
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import CloudUser
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import reason
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.effects import Effect, blocking, takeover
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.holders import held_by
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.matching import Match
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.obstacles import (
    findings,
    has_wanted,
    is_proven,
    unchecked,
    without_user,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import Lookup
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import Wish

ACTIONS = ("set", "clear", "none", "blocked", "conflict", "ambiguous", "not_found", "failed")
WRITES = ("set", "clear")


class Outcome(NamedTuple):
    """What became of one row that was to be written."""

    action: str
    changed: bool
    reason: Optional[dict[str, str]] = None
    error: Optional[dict[str, Any]] = None


def decide(number: int, wish: Wish, found: Match, around: Surroundings, lookup: Lookup | None = None) -> dict[str, Any]:
    """Return the row of one wish.

    :param number: the wish's place in the input.
    :param lookup: what was asked for this user alone. ``None``: not asked yet; then what depends on it is not checked,
        and the effects of the takeover are not told.
    """
    nobody = no_match(wish)
    if nobody is not None:
        return _row(wish, found, None, [Finding("none", nobody)])
    if len(found.users) != 1:
        also = [Finding("blocked", wish.problem)] if wish.problem else []
        return _row(wish, found, None, [without_user(wish, found, around.keys), *also])
    case = Case(number, wish, found.users[0], found, around, lookup)
    effects = _effects(case)
    in_way = [*findings(case), *_blocking(case, effects or ())]
    return _row(wish, found, case, in_way, effects)


def _effects(case: Case) -> list[Effect] | None:
    """Tell what the takeover does; ``None`` where none is to come, or whether one is was not asked yet."""
    around, row = case.around, case.wish.row
    if around.details is None or row is None or around.rules.clear or case.user.synced is True:
        return None
    if case.lookup is None and not has_wanted(case):
        return None
    return takeover(row, around.details(case.user.id), around.tenant, now=around.now, user_of=around.claims.user_of)


def _blocking(case: Case, effects: Iterable[Effect]) -> Iterable[Finding]:
    """Return the effects that block a row until it is approved, each code once."""
    if has_wanted(case):
        return ()
    first: dict[str, Finding] = {}
    for why in blocking(effects, case.around.rules.block_effects):
        first.setdefault(why["code"], Finding("blocked", why))
    return first.values()


def _row(
    wish: Wish, found: Match, case: Case | None, in_way: list[Finding], effects: list[Effect] | None = None
) -> dict[str, Any]:
    user = case.user if case else None
    obstacles = [item for item in in_way if item.action]
    remarks = [item for item in in_way if not item.action]
    decisive = next(iter([*obstacles, *remarks]), None)
    if obstacles:
        action = obstacles[0].action
    elif case is None or has_wanted(case):
        action = "none"
    else:
        action = "clear" if case.around.rules.clear else "set"
    evidence = list(found.evidence)
    if wish.note:
        evidence.append(_evidence("note", wish.note))
    if case is not None:
        evidence += _known(case)
    evidence += [_told("also", item) for item in obstacles if item is not decisive]
    evidence += [_told("remark", item) for item in remarks if item is not decisive]
    return {
        "user": (user.user_principal_name or user.id) if user else wish.label,
        "id": user.id if user else None,
        "on_premises": wish.on_premises,
        "matched_by": found.matched_by if user else None,
        "evidence": evidence,
        "before": user.immutable_id if user else None,
        "after": wish.value,
        "action": action,
        "reason": decisive.reason if decisive else None,
        "effects": effects,
        "approved": True if action in WRITES else None,
        "changed": action in WRITES,
        "error": None,
        "wave": wish.wave,
        "seen": _seen_of(case.user, case.lookup) if case else None,
    }


def _known(case: Case) -> list[dict[str, Any]]:
    """What bears on the row besides keys and obstacles."""
    shown = []
    if is_proven(case) and case.around.modes is not None:
        shown.append(_evidence("anchor_mode", case.around.modes.numbers))
    return shown + [_evidence("unchecked", name) for name in unchecked(case)]


def _evidence(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": value, "users": []}


def _told(key: str, finding: Finding) -> dict[str, Any]:
    """Show a finding that is not the row's reason: its code is the value."""
    why = finding.reason
    return {**_evidence(key, why["code"]), "message": why["message"], "remedy": why["remedy"]}


# What a reviewer's approval rests on besides anchor and name, and what is read again before a write: field of ``seen``,
# how a sentence calls it, the value.
_SEEN: tuple[tuple[str, str, Callable[[CloudUser], Any]], ...] = (
    ("synced", "sync flag", lambda user: user.synced),
    ("enabled", "accountEnabled", lambda user: user.enabled),
    ("primary_address", "primary address", lambda user: user.addresses[0] if user.addresses else user.mail),
    ("external", "mark as an external user", lambda user: user.external),
    ("resource", "isResourceAccount", lambda user: user.resource),
    # Nobody says whether null is another answer than false.
    ("restricted", "isManagementRestricted", lambda user: user.restricted is True),
)
# The same of what Graph tells only when asked for one user. What could not be read then or now is not compared.
_LOOKED_UP: tuple[tuple[str, str, Callable[[Lookup], bool], Callable[[Lookup], Any]], ...] = (
    (
        "cloud_managed",
        "isCloudManaged",
        lambda found: found.cloud_managed is not None,
        lambda found: found.cloud_managed,
    ),
    (
        "object_identifier",
        "onPremisesObjectIdentifier",
        lambda found: found.identifier_known,
        lambda found: found.object_identifier or None,
    ),
)


def _seen_of(user: CloudUser, lookup: Lookup | None) -> dict[str, Any]:
    """Return what a later second look compares with."""
    known = lookup or Lookup()
    return {
        **{name: value(user) for name, _said, value in _SEEN},
        **{name: value(known) for name, _said, is_known, value in _LOOKED_UP if is_known(known)},
    }


def looked_up(row: Mapping[str, Any]) -> bool:
    """Tell whether a row of a plan says what Graph tells only when asked for one user, so that asking again helps."""
    return any(field in (row.get("seen") or ()) for field, *_rest in _LOOKED_UP)


def second_look(
    row: Mapping[str, Any], user: CloudUser | None, protected: frozenset[str], lookup: Lookup | None = None
) -> Outcome | None:
    """Compare a user, read again just before writing, with what its row of the plan says. ``None``: write.

    :param row: a row of a plan; one of an older release, whose ``seen`` lacks fields, is compared by those it has, and
        without ``seen`` by name, anchor and sync only.
    :param user: ``None`` when the user is gone.
    :param lookup: what was asked for this user alone; ``None``: nothing.
    """
    if user is None or user.deleted:
        return Outcome("not_found", False, reason("gone"))
    if user.immutable_id == row["after"]:
        return Outcome("none", False)
    if {user.id.lower(), (user.user_principal_name or "").lower()} & protected:
        return Outcome("blocked", False, reason("protected"))
    changes = _changes(row, user, lookup or Lookup())
    return Outcome("blocked", False, reason("changed_since_plan", detail="; ".join(changes))) if changes else None


def _changes(row: Mapping[str, Any], user: CloudUser, lookup: Lookup) -> list[str]:
    """Say what of a user is no longer as its row says."""
    seen = row.get("seen")
    if seen is None:
        seen = {"synced": None} if user.synced is True else {}
    compared = [
        # The name is what was matched, or what a reviewer read.
        ("name", row["user"], user.user_principal_name or user.id),
        *((said, seen[field], value(user)) for field, said, value in _SEEN if field in seen),
        *(
            (said, seen[field], value(lookup))
            for field, said, is_known, value in _LOOKED_UP
            if field in seen and is_known(lookup)
        ),
    ]
    changed = [item for item in compared if _folded(item[1]) != _folded(item[2])]
    if user.immutable_id != row["before"]:
        changed.insert(0, ("anchor", row["before"], user.immutable_id))
    return [f"its {said} is now {_shown(now)} and was {_shown(before)}" for said, before, now in changed]


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


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
    if status == 400 and user is not None and user.synced is not None:
        why = reason("already_synced", current=user.immutable_id) if user.synced else reason("left_scope_refused")
        return Outcome("blocked", False, why, shown)
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


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "empty" if value is None else f'"{value}"'
