# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Putting old values back: what journals say of each user, and what may still be undone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import CloudUser
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import reason

# Outcomes after which the value is known to have been written; after "failed" it is known not to have been. After
# anything else, and without an outcome, both are possible.
_WRITTEN = ("ok", "confirmed")
_REFUSED = "failed"


class Write(NamedTuple):
    """One write that a journal announced. ``status`` is that of its newest outcome, ``open`` without one."""

    user: str
    before: Optional[str]
    after: Optional[str]
    #: As the journal has it, RFC 3339.
    time: str
    status: str


class Chain(NamedTuple):
    """All that journals wrote to one user."""

    user: str
    #: The value before the first write: what is put back.
    old: Optional[str]
    #: The values that the writes can have left there.
    left: frozenset[Optional[str]]
    #: What should have been there before a write, and what somebody else had put there instead.
    broken: Optional[tuple[str, str]]
    writes: tuple[Write, ...]


class Entry(NamedTuple):
    """An entry of a journal, as small as it can be: there are three for each user."""

    #: Seconds since 1970, never less than that of an earlier entry of the same journal.
    moment: float
    outcome: bool
    user: str
    before: Optional[str]
    after: Optional[str]
    time: str
    status: str


def chain_of(entries: Iterable[Entry]) -> Chain | None:
    """Return what the entries of one user add up to; ``None`` when none of the writes can have taken effect.

    Entries may come from several journals in any order: their times say what followed what.
    """
    writes = [write for write in _writes(entries) if write.status != _REFUSED]
    if not writes:
        return None
    old = writes[0].before
    possible: frozenset[Optional[str]] = frozenset({old})
    broken = None
    for write in writes:
        if write.before not in possible and broken is None:
            broken = (_listed(possible), _shown(write.before))
        possible = frozenset({write.after}) | (frozenset() if write.status in _WRITTEN else possible | {write.before})
    return Chain(writes[-1].user, old, possible, broken, tuple(writes))


def restoring(user_id: str, chain: Chain, user: CloudUser | None, protected: frozenset[str]) -> dict[str, Any]:
    """Return the row that puts the old value of one user back, or says why it stays.

    :param user: the user as it is now; ``None`` when it is neither in the tenant nor in its recycle bin.
    :param protected: lower-case ids and UPNs that are left alone.
    """
    action, why = _decision(chain, user, protected)
    writes = action in ("set", "clear")
    return {
        "user": (user.user_principal_name or user.id) if user else chain.user,
        "id": user_id,
        "on_premises": None,
        "matched_by": None,
        "evidence": [_evidence(write) for write in chain.writes],
        "before": user.immutable_id if user else None,
        "after": chain.old,
        "action": action,
        "reason": why,
        "effects": [],
        "approved": True if writes else None,
        "changed": writes,
        "error": None,
        "wave": None,
        # The second look compares it.
        "seen": {"synced": user.synced} if user else None,
    }


def _decision(chain: Chain, user: CloudUser | None, protected: frozenset[str]) -> tuple[str, Optional[dict[str, str]]]:
    if user is None:
        return "not_found", reason("restore_user_gone")
    current = user.immutable_id
    if user.deleted:
        return "not_found", reason("restore_user_deleted", current=_shown(current))
    if current == chain.old:
        return "none", None
    if {user.id.lower(), (user.user_principal_name or "").lower()} & protected:
        return "blocked", reason("protected")
    if user.synced is True:
        return "blocked", reason("restore_needs_undo")
    if current not in chain.left:
        return "blocked", reason("changed_since_write", current=_shown(current), left=_listed(chain.left))
    if chain.broken:
        expected, found = chain.broken
        return "blocked", reason("chain_broken", expected=expected, found=found)
    # Sources disagree whether the anchor of a user that left scope may be changed: it is tried, and said.
    doubt = reason("left_scope", detail="; the service may refuse the change") if user.synced is False else None
    return ("clear" if chain.old is None else "set"), doubt


def _writes(entries: Iterable[Entry]) -> list[Write]:
    writes: list[Write] = []
    for entry in sorted(entries, key=lambda entry: entry.moment):
        if not entry.outcome:
            writes.append(Write(entry.user, entry.before, entry.after, entry.time, "open"))
            continue
        # A later run may have seen what an earlier one announced, and say so in a journal of its own.
        for number in range(len(writes) - 1, -1, -1):
            if writes[number].after == entry.after:
                if writes[number].status not in _WRITTEN or entry.status in _WRITTEN:
                    writes[number] = writes[number]._replace(status=entry.status)
                break
    return writes


def _evidence(write: Write) -> dict[str, Any]:
    shown = f"{write.time}: {_shown(write.before)} to {_shown(write.after)} ({write.status})"
    return {"key": "journal", "value": shown, "users": []}


def _listed(values: Iterable[Optional[str]]) -> str:
    return " or ".join(sorted(map(_shown, values)))


def _shown(value: str | None) -> str:
    return "empty" if value is None else f'"{value}"'
