# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What stands in the way of one wish: a table of pure checks, in order of importance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Callable, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import listed, reason
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.matching import CloudUser, Match
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import (
    Wish,
    canonical,
    is_object_id,
    spelling_hint,
)


class Rules(NamedTuple):
    """What the caller chose."""

    replace: bool = False
    #: Lower-case ids and UPNs.
    protected: frozenset[str] = frozenset()
    clear: bool = False


class Claim(NamedTuple):
    """One row that is about a user."""

    number: int
    identity: str
    subject: str
    value: Optional[str]
    #: The user has this value already.
    holds: bool


class Claims:
    """Which rows are about which user, and which AD objects have which anchor. Filled before anything is decided."""

    def __init__(self) -> None:
        self._users: dict[str, list[Claim]] = {}
        self._anchors: dict[str, list[tuple[str, str]]] = {}

    def add(self, number: int, wish: Wish, found: Match) -> None:
        """Take note of one row."""
        user = found.users[0] if len(found.users) == 1 else None
        identity = wish.identity(user.id if user else None)
        if wish.held:
            owners = self._anchors.setdefault(wish.held, [])
            if all(other != identity for other, _subject in owners):
                owners.append((identity, wish.subject))
        if user is None:
            return
        holds = wish.held is not None and user.immutable_id == wish.held
        # What sync leaves out can take nobody's place, unless it has done so already.
        if holds or not is_out_of_scope(wish):
            claim = Claim(number, identity, wish.subject, wish.held, holds)
            self._users.setdefault(user.id, []).append(claim)

    def same_anchor(self, wish: Wish, user: CloudUser) -> list[str]:
        """Name the rows about something else that want this wish's anchor."""
        own = wish.identity(user.id)
        return [subject for identity, subject in self._anchors.get(wish.held or "", ()) if identity != own]

    def rivals(self, number: int, wish: Wish, user: CloudUser) -> list[str]:
        """Name the rows that claim this user, if there are others with as good a right."""
        claims = self._users.get(user.id, ())
        if any(claim.number == number and claim.holds for claim in claims):
            return []
        identity = wish.identity(user.id)
        if all(claim.identity == identity and claim.value == wish.held for claim in claims):
            return []
        return [f"{claim.subject} ({claim.value or 'no anchor'})" for claim in claims]

    def listed_before(self, number: int, wish: Wish, user: CloudUser) -> bool:
        """Tell whether an earlier row says the same."""
        identity = wish.identity(user.id)
        return any(
            claim.number < number and claim.identity == identity and claim.value == wish.held
            for claim in self._users.get(user.id, ())
        )


class Case(NamedTuple):
    """One wish with the one user that was found for it."""

    number: int
    wish: Wish
    user: CloudUser
    found: Match
    claims: Claims
    rules: Rules


class Obstacle(NamedTuple):
    """Why nothing is written: the row's ``action`` and its ``reason``."""

    action: str
    reason: dict[str, str]


def without_user(wish: Wish, found: Match, keys: Iterable[str]) -> Obstacle:
    """Say why there is not one user for a wish."""
    if len(found.users) > 1:
        users = listed([user.name for user in found.users])
        return Obstacle("ambiguous", reason("several_users", key=found.matched_by, value=found.value, users=users))
    if is_out_of_scope(wish):
        return Obstacle("blocked", out_of_scope(wish.row or {}))
    holders = [user for user in found.holders if not user.deleted]
    if wish.value and holders:
        # Not "nobody": the sync would tie the AD object to the holder.
        return Obstacle("conflict", held_by(holders))
    gone = found.deleted or [user for user in found.holders if user.deleted]
    if gone:
        return Obstacle("not_found", reason("user_deleted", holder=", ".join(user.name for user in gone)))
    tried = [f"{item['key']} {item['value']}" for item in found.evidence]
    if not tried:
        return Obstacle("not_found", reason("no_key", keys=", ".join(keys)))
    return Obstacle("not_found", reason("not_found", tried=", ".join(tried)))


def obstacles(case: Case) -> list[Obstacle]:
    """Return everything that stands in the way, the decisive obstacle first."""
    return [found for check in CHECKS for found in [check(case)] if found is not None]


def is_out_of_scope(wish: Wish) -> bool:
    """Tell whether sync is known to leave the AD object out."""
    return wish.row is not None and wish.row.get("in_scope") is False


def out_of_scope(row: Mapping[str, Any]) -> dict[str, str]:
    """Say by which rules sync leaves an AD object out."""
    told = row.get("scope_reasons") or ()
    rules = "; ".join(str(item.get("message") if isinstance(item, Mapping) else item).rstrip(".") for item in told)
    return reason("out_of_scope", rules=rules or "no rule is named")


def _same_anchor(case: Case) -> Obstacle | None:
    if case.rules.clear:
        return None
    others = case.claims.same_anchor(case.wish, case.user)
    return Obstacle("conflict", reason("anchor_duplicate", others=listed(others))) if others else None


def _claimed_twice(case: Case) -> Obstacle | None:
    rivals = case.claims.rivals(case.number, case.wish, case.user)
    return Obstacle("ambiguous", reason("claimed_twice", objects=listed(rivals))) if rivals else None


def _listed_twice(case: Case) -> Obstacle | None:
    if case.claims.listed_before(case.number, case.wish, case.user):
        return Obstacle("none", reason("listed_twice"))
    return None


def _protected(case: Case) -> Obstacle | None:
    names = {case.user.id.lower(), (case.user.user_principal_name or "").lower()}
    return Obstacle("blocked", reason("protected")) if names & case.rules.protected else None


def _guest(case: Case) -> Obstacle | None:
    if case.user.external and not (case.wish.user and is_object_id(case.wish.user)):
        return Obstacle("blocked", reason("guest", user=case.user.name))
    return None


def _scope(case: Case) -> Obstacle | None:
    if case.rules.clear or not is_out_of_scope(case.wish):
        return None
    return Obstacle("blocked", out_of_scope(case.wish.row or {}))


def _unusable(case: Case) -> Obstacle | None:
    return Obstacle("blocked", case.wish.problem) if case.wish.problem else None


def _synced(case: Case) -> Obstacle | None:
    if case.user.synced is not True:
        return None
    return Obstacle("blocked", reason("already_synced", current=case.user.immutable_id))


def _held(case: Case) -> Obstacle | None:
    """Somebody else has the value. For the service a holder in the recycle bin may count as well."""
    if case.rules.clear:
        return None
    others = [user for user in case.found.holders if user.id != case.user.id]
    return Obstacle("conflict", held_by(others)) if others else None


def held_by(holders: list[CloudUser]) -> dict[str, str]:
    """Name who holds the anchor, and in which container."""
    shown = [
        f"{user.name}{' (in the recycle bin)' if user.deleted else ' (live, synced)' if user.synced else ' (live)'}"
        for user in holders
    ]
    gone = all(user.deleted for user in holders)
    return reason("anchor_held_deleted" if gone else "anchor_held", holder=listed(shown))


def _unconfirmed(case: Case) -> Obstacle | None:
    if case.rules.clear or case.wish.certain:
        return None
    return Obstacle("blocked", reason("anchor_unconfirmed"))


def _existing(case: Case) -> Obstacle | None:
    """The user has a value already, and it is not the wanted one."""
    current = case.user.immutable_id
    wish = case.wish
    if not current or (case.rules.clear and current == wish.expected):
        return None
    hint = spelling_hint(current, wish.held)
    meant = canonical(current)
    if meant is None:
        return Obstacle("blocked", reason("string_anchor_kept", current=current))
    # To clear a value that differs from the one that was named is never meant.
    if wish.expected is None if case.rules.clear else case.rules.replace:
        return None
    if meant == wish.held:
        return Obstacle("blocked", reason("existing_value_misspelled", current=current, hint=hint))
    return Obstacle("blocked", reason("existing_value_kept", current=current, hint=hint))


# The first that applies decides the row; the others are shown as evidence.
CHECKS: tuple[Callable[[Case], Optional[Obstacle]], ...] = (
    _listed_twice,
    _protected,
    _scope,
    _same_anchor,
    _claimed_twice,
    _unusable,
    _synced,
    _held,
    _guest,
    _unconfirmed,
    _existing,
)


def evidence_of(found: list[Obstacle]) -> list[dict[str, Any]]:
    """Return the obstacles behind the decisive one as evidence: ``{"key": "also", "value": code, "users": []}``."""
    return [{"key": "also", "value": obstacle.reason["code"], "users": []} for obstacle in found[1:]]
