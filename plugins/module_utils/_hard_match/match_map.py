# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The pairs that a person wrote down (option ``map``): which user belongs to which AD object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Optional, Union

from ansible_collections.hybrid.identity.plugins.module_utils._anchor import AnchorError, guid_text, parse_guid
from ansible_collections.hybrid.identity.plugins.module_utils._dn import Rdns, rdns
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import CloudIndex, named_key
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import Wish

#: What a pair may name its AD object by.
AD_NAMES = ("object_guid", "distinguished_name", "object_sid", "user_principal_name", "sam_account_name")

Problem = dict[str, Any]


class Pair(NamedTuple):
    """One line of the map."""

    line: int
    #: Object id or user principal name, as written.
    user: str
    #: One of :data:`AD_NAMES`, and the name as written.
    field: str
    value: str
    wave: Optional[str] = None

    @property
    def object(self) -> str:
        """How a person finds the AD object."""
        return f"{self.field} {self.value} (map, line {self.line})"


def read_pair(line: int, fields: Mapping[str, Optional[str]]) -> Pair:
    """Read one line.

    :param fields: column -> text, ``None`` or empty where nothing is written.
    :raises ValueError: with a sentence.
    """
    user = fields.get("user")
    if not user:
        raise ValueError('the line names no "user" (an object id or a user principal name).')
    named = [(name, str(fields[name])) for name in AD_NAMES if fields.get(name)]
    if len(named) != 1:
        how = ", ".join(name for name, _value in named) or "nothing"
        raise ValueError(f"the line must name its AD object by one of {', '.join(AD_NAMES)}; it has {how}.")
    field, value = named[0]
    try:
        _folded(field, value)
    except AnchorError as exc:
        raise ValueError(f"the object_guid cannot be read: {exc.message}") from None
    return Pair(line, user, field, value, fields.get("wave") or None)


class MatchMap:
    """All pairs, together with the users that they name.

    A line that contradicts another one is named in ``problems`` and kept: then the AD object has several users, or the
    user several AD objects, and that is refused like any other such case. Nothing falls back to another key because a
    person made a mistake.

    :ivar problems: ``{"source", "line", "value", "message"}``.
    """

    def __init__(self, source: str, pairs: Iterable[Pair], index: CloudIndex, problems: Iterable[Problem] = ()) -> None:
        self.problems = list(problems)
        self._source = source
        self._by: dict[str, dict[Union[str, Rdns], list[Pair]]] = {}
        self._of_user: dict[str, list[Pair]] = {}
        #: Line -> ids of the users that it names.
        self._ids: dict[int, set[str]] = {}
        #: Line -> the first AD object that it was found to name; a second one is a problem.
        self._seen: dict[int, str] = {}
        self._all: list[Pair] = []
        for pair in pairs:
            self._take(pair, index)

    def _take(self, pair: Pair, index: CloudIndex) -> None:
        same_object = self._by.setdefault(pair.field, {}).setdefault(_folded(pair.field, pair.value), [])
        users = index.look_up(*named_key(pair.user))
        ids = {user.id for user in users.live or users.deleted}
        if not ids:
            self._report(pair, pair.user, "the tenant has no such user, live or deleted.")
            ids = {pair.user.lower()}
        for other in same_object:
            if self._ids[other.line] == ids:
                self._report(pair, pair.value, f"line {other.line} says the same.")
                return
        self._ids[pair.line] = ids
        if same_object:
            other = same_object[0]
            self._report(pair, pair.value, f"line {other.line} gives this AD object to another user, {other.user}.")
        for user_id in sorted(ids):
            others = self._of_user.setdefault(user_id, [])
            if others:
                self._report(pair, pair.user, f"line {others[0].line} gives this user to another AD object.")
            others.append(pair)
        same_object.append(pair)
        self._all.append(pair)

    def pairs_of(self, row: Mapping[str, Any]) -> list[Pair]:
        """Return the pairs that name an AD object, by whichever of its names; almost always one or none."""
        found: dict[int, Pair] = {}
        for field, pairs in self._by.items():
            value = row.get(field)
            # A GUID of a row has its one spelling already.
            for pair in pairs.get(_folded(field, value) if field != "object_guid" else value, ()) if value else ():
                found[pair.line] = pair
        return list(found.values())

    def others_of(self, user_id: str, row: Mapping[str, Any]) -> list[Pair]:
        """Return the pairs that give a user to another AD object than this."""
        mine = {pair.line for pair in self.pairs_of(row)}
        return [pair for pair in self._of_user.get(user_id, ()) if pair.line not in mine]

    def wave_of(self, wish: Wish) -> str | None:
        """Return the wave that the map names for a row of input."""
        return next((pair.wave for pair in self.pairs_of(wish.row or {}) if pair.wave), None)

    def see(self, wish: Wish) -> None:
        """Take note that the input has this AD object. Call it once for each row of input, then :meth:`settle`."""
        for pair in self.pairs_of(wish.row or {}):
            first = self._seen.setdefault(pair.line, wish.identity(None))
            if first != wish.identity(None):
                message = f"it names two AD objects of the input; {wish.subject} is one. Name it by its object_guid."
                self._report(pair, pair.value, message)

    def settle(self) -> list[Problem]:
        """Return all problems, with those of pairs whose AD object the input does not have."""
        absent = [pair for pair in self._all if pair.line not in self._seen]
        message = "the input has no such AD object."
        found = [*self.problems, *(self._problem(pair, pair.value, message) for pair in absent)]
        return sorted(found, key=lambda problem: problem["line"])

    def _report(self, pair: Pair, value: str, message: str) -> None:
        self.problems.append(self._problem(pair, value, message))

    def _problem(self, pair: Pair, value: str, message: str) -> Problem:
        return {"source": self._source, "line": pair.line, "value": value, "message": message}


def _folded(field: str, value: str) -> Union[str, Rdns]:
    """Return a name as AD compares it.

    :raises AnchorError: for text that is no GUID.
    """
    if field == "object_guid":
        return guid_text(parse_guid(value))
    if field == "distinguished_name":
        return rdns(value)
    return value.strip().lower()
