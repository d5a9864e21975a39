# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Which user of the tenant an AD object means. The decision table:

A key finds *members* (live), *others* (live, external or resource accounts) and *deleted* users. Keys are tried in the
order of ``match_by``; the strongest that finds members decides, or if none does, the strongest that finds others. The
keys of ``weak_match_by`` come last.

==============================================================  ======================================================
The deciding key finds                                          Then
==============================================================  ======================================================
one member                                                      that is the match
several members (or several others and no member)               ``several_users``, all named
one member and others                                           ``external_also_fits``: the member, if a person agrees
no member, one other                                            ``external_user`` or ``resource_account``: never,
                                                                unless a person named it by its id
nobody, and no other key finds anybody live                     ``not_found``, ``no_key`` or ``user_deleted``
one of them already has the wanted anchor                       that one, if ``immutable_id`` is a key
somebody, by a weak key                                         as above, and ``weak_match``: if a person agrees
==============================================================  ======================================================

A stronger key contradicts the pair (``match_contradicted``) when

==============================================================  ======================================================
The stronger key                                                The row
==============================================================  ======================================================
finds only deleted users, or others                             conflict; the user counts as claimed, for nobody knows
is ``map``, and names a user who is not there                   the same
is ``map``, and gives the user to another AD object             conflict; the user is free for that object
is ``on_premises_security_identifier``, and both sides have     conflict; the user is free for the object that has the
one, and they differ                                            SID
is ``immutable_id``, and somebody else holds the anchor         conflict ``anchor_held`` or ``anchor_held_deleted``,
                                                                whatever its place (see :mod:`obstacles`)
is any other one, and finds nobody                              no contradiction: that is what further keys are for
==============================================================  ======================================================

A person who names a user by its id, in the map or in the input, means that user, whatever kind it is. Where two lines
of the map give one AD object to two users, that is ``several_users``.

What a weaker key finds never changes the decision; it is shown. A weak key that did not find the user says in the
evidence whether it agrees.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._anchor import AnchorError, immutable_id, parse_guid
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import (
    NOBODY,
    CloudIndex,
    CloudUser,
    Found,
    folded,
    named_key,
    shown_of,
    smtp_addresses,
    values_of,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import NAMED, listed
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.match_keys import (
    IMMUTABLE_ID,
    MAP,
    Key,
    rewritten,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.match_map import MatchMap, Pair
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import Wish, is_object_id

# Of the candidates of one key, this many are shown as evidence: an address shared by thousands would fill the disk.
_SHOWN = 25


class Match(NamedTuple):
    """What was found for one wish."""

    #: Live users that fit by the deciding key. One is a match, several are ambiguous.
    users: list[CloudUser]
    matched_by: Optional[str]
    #: The deciding key's value.
    value: Optional[str]
    #: Every key tried: ``{"key", "value", "users": [{"id", "user_principal_name", "deleted"}]}``; with ``original``
    #: where the value was rewritten, ``line`` for a line of the map, ``more`` for candidates that are not shown, and
    #: ``cloud, agrees`` (true, false, or null where the cloud has none) for keys that only confirm.
    evidence: list[dict[str, Any]]
    #: Deleted users that fit by any key.
    deleted: list[CloudUser]
    #: Users, live and deleted, that hold the wanted anchor.
    holders: list[CloudUser]
    #: A person named the user by its id, which is nobody's by accident.
    explicit: bool = False
    #: The pair was found by weak keys only: it is no rival of one that a strong key found.
    weak: bool = False
    #: External users and resource accounts that the deciding key found beside the one member.
    beside: tuple[CloudUser, ...] = ()
    #: What stronger keys say against the pair, as parts of a sentence.
    contradictions: tuple[str, ...] = ()
    #: False where a stronger key says which other AD object the user belongs to: then this one takes nobody's place.
    claims: bool = True


class _Tried(NamedTuple):
    """One value, looked up."""

    key: Key
    value: str
    #: What AD has, where that was rewritten.
    original: Optional[str]
    found: Found
    #: The line of the map it stands in.
    line: Optional[int] = None

    def evidence(self) -> dict[str, Any]:
        users = itertools.islice(itertools.chain(*self.found), _SHOWN)
        item = {"key": self.key.name, "value": self.value, "users": [user.evidence() for user in users]}
        hidden = sum(map(len, self.found)) - _SHOWN
        extra: dict[str, Any] = {"original": self.original, "line": self.line, "more": hidden if hidden > 0 else None}
        item.update({name: value for name, value in extra.items() if value is not None})
        return item


class _Choice(NamedTuple):
    """Whom the deciding key found."""

    users: list[CloudUser]
    #: The keys that found them.
    keys: tuple[Key, ...]
    matched_by: Optional[str]
    value: Optional[str]
    explicit: bool = False
    beside: tuple[CloudUser, ...] = ()


_NO_CHOICE = _Choice([], (), None, None)


def match(wish: Wish, index: CloudIndex, keys: list[Key], mapping: MatchMap | None = None) -> Match:
    """Find the user that a wish is about; the module's docstring is the decision table.

    :param keys: of :func:`match_keys.parse_match_by`; where the wish names its user, they are not needed.
    :param mapping: the pairs of the option ``map``.
    """
    tried = _look_up_named(wish, index) if wish.user else _look_up_object(wish, index, keys, mapping)
    chosen = _choose(tried, wish)
    evidence = [item.evidence() for item in tried]
    contradictions: tuple[str, ...] = ()
    claims = True
    if len(chosen.users) == 1 and not wish.user:
        user = chosen.users[0]
        evidence += _confirm(evidence, tried, wish, user, keys, chosen)
        contradictions, claims = _contradictions(tried, wish, user, keys, chosen, mapping)
    return Match(
        chosen.users,
        chosen.matched_by,
        chosen.value,
        evidence,
        _united(item.found.deleted for item in tried),
        index.find(IMMUTABLE_ID, wish.held) if wish.held else [],
        chosen.explicit,
        bool(chosen.keys) and all(key.weak for key in chosen.keys),
        chosen.beside,
        contradictions,
        claims,
    )


def object_values(row: Mapping[str, Any], field: str) -> tuple[str, ...]:
    """Return the values of an objects row to look up by."""
    if field == "proxy_address":
        return smtp_addresses(row.get("proxy_addresses") or ())
    value = row.get(field)
    if field == IMMUTABLE_ID:
        return (value,) if value else ()
    if field == "target_address" and value:
        return smtp_addresses([value])
    return (str(value).strip(),) if value and str(value).strip() else ()


def _look_up_named(wish: Wish, index: CloudIndex) -> list[_Tried]:
    cloud, user = named_key(str(wish.user))
    return [_Tried(Key(cloud, "user", cloud), user, None, index.look_up(cloud, user))]


def _look_up_object(wish: Wish, index: CloudIndex, keys: list[Key], mapping: MatchMap | None) -> list[_Tried]:
    tried = []
    for key in keys:
        if key.name == MAP:
            tried += [_map_line(pair, key, index) for pair in (mapping.pairs_of(wish.row or {}) if mapping else ())]
        elif key.finds:
            values = _values(wish, key)
            tried += [
                _Tried(key, value, original, index.look_up(key.cloud, value)) for value, original in values.items()
            ]
    return tried


def _map_line(pair: Pair, key: Key, index: CloudIndex) -> _Tried:
    found = index.look_up(*named_key(pair.user))
    if is_object_id(pair.user):
        # An id is nobody's by accident: whatever kind of user it is, it is meant.
        found = Found(found.live, [], found.deleted)
    return _Tried(key, pair.user, None, found, pair.line)


def _values(wish: Wish, key: Key) -> dict[str, str | None]:
    """Return the AD object's values for a key as the tenant would have them: value -> AD's own, where that differs."""
    row = wish.row or {}
    if key.ad == IMMUTABLE_ID:
        # The wanted value counts, not the row's: the caller may have stated another anchor.
        return {wish.held: None} if wish.held else {}
    found: dict[str, str | None] = {}
    for own in object_values(row, key.ad):
        value = _as_anchor(own) if (key.ad, key.cloud) == ("object_guid", IMMUTABLE_ID) else rewritten(own, key.rewrite)
        found.setdefault(value, None if value == own else own)
    return found


def _as_anchor(guid: str) -> str:
    try:
        return immutable_id(parse_guid(guid))
    except AnchorError:
        return guid


def _choose(tried: list[_Tried], wish: Wish) -> _Choice:
    """Find the deciding key. The anchor is no key among others: it says who is tied to the object already."""
    by_name = [item for item in tried if not item.key.is_anchor]
    deciding = next((item.key for item in by_name if item.found.members), None) or next(
        (item.key for item in by_name if item.found.others), None
    )
    mine = [item for item in by_name if item.key == deciding and item.found.live]
    members = _united(item.found.members for item in mine)
    others = _united(item.found.others for item in mine)
    explicit = _is_explicit(mine, wish)
    for item in tried:
        if item.key.is_anchor and item.found.live:
            ids = {user.id for user in (*members, *others)}
            tied = [user for user in item.found.live if not deciding or user.id in ids]
            if tied:
                keys = (item.key, deciding) if deciding else (item.key,)
                return _Choice(tied, keys, item.key.name, item.value, explicit)
    if deciding is None:
        return _NO_CHOICE
    value = ", ".join(item.value for item in mine)
    # Two lines of the map are two words of a person, whatever kind of users they name.
    if len(members) == 1 and deciding.name != MAP:
        return _Choice(members, (deciding,), deciding.name, value, explicit, tuple(others))
    return _Choice([*members, *others] if others else members, (deciding,), deciding.name, value, explicit)


def _is_explicit(items: list[_Tried], wish: Wish) -> bool:
    """Tell whether a person named the user by its id, which is nobody's by accident."""
    named = [wish.user] if wish.user else [item.value for item in items if item.key.name == MAP]
    return any(is_object_id(name) for name in named)


def _united(lists: Iterable[list[CloudUser]]) -> list[CloudUser]:
    """Return the users of several lists, each once."""
    given = [users for users in lists if users]
    if len(given) < 2:
        return given[0] if given else []
    return list({user.id: user for users in given for user in users}.values())


def _contradictions(
    tried: list[_Tried], wish: Wish, user: CloudUser, keys: list[Key], chosen: _Choice, mapping: MatchMap | None
) -> tuple[tuple[str, ...], bool]:
    """Return what keys stronger than those that found the user say against it, and whether it is left to be claimed."""
    doubts: list[str] = []
    claims = True
    for key in keys:
        if key in chosen.keys:
            # Another line of the map may give the AD object to somebody who is not there any more, or who has not got
            # the anchor.
            stray = [item for item in tried if item.key.name == key.name == MAP and user not in item.found.live]
            doubts += filter(None, map(_finds_somebody_else, stray))
            break
        if key.is_anchor:
            continue
        items = [item for item in tried if item.key == key]
        doubts += filter(None, map(_finds_somebody_else, items))
        elsewhere = None
        if key.name == MAP and mapping:
            elsewhere = _mapped_elsewhere(mapping, wish, user)
        elif key.is_sid:
            elsewhere = _other_sid(key, wish, user)
        if elsewhere:
            doubts.append(elsewhere)
            claims = False
    return tuple(doubts), claims


def _finds_somebody_else(item: _Tried) -> str | None:
    """Say whom a key found that did not find the user: one of them may be who is meant, though nobody may pick them."""
    where = f"{item.key.name} {item.value}" if item.line is None else f"line {item.line} of the map"
    found = item.found.all()
    if found:
        return f"{where} finds {listed([user.name for user in found[:NAMED]], len(found))}"
    return None if item.line is None else f"{where} names {item.value}, whom the tenant does not have"


def _mapped_elsewhere(mapping: MatchMap, wish: Wish, user: CloudUser) -> str | None:
    pairs = mapping.others_of(user.id, wish.row or {})
    return f"the map gives the user to {listed([pair.object for pair in pairs])}" if pairs else None


def _other_sid(key: Key, wish: Wish, user: CloudUser) -> str | None:
    values = _values(wish, key)
    if _agrees(values, user, key) is not False:
        return None
    return f"the user has the SID {user.sid}, and the AD object {', '.join(values)}"


def _confirm(
    evidence: list[dict[str, Any]], tried: list[_Tried], wish: Wish, user: CloudUser, keys: list[Key], chosen: _Choice
) -> list[dict[str, Any]]:
    """Say of the keys that can confirm the pair whether they agree; return what does not stand in the evidence yet."""
    more = []
    for key in keys:
        values = _values(wish, key) if key not in chosen.keys and (key.weak or key.is_sid) else {}
        if not values:
            continue
        verdict = {"cloud": shown_of(user, key.cloud), "agrees": _agrees(values, user, key)}
        shown = [item for item, source in zip(evidence, tried) if source.key == key]
        for item in shown:
            item.update(verdict)
        if not shown:
            more += [{**_Tried(key, value, own, NOBODY).evidence(), **verdict} for value, own in values.items()]
    return more


def _agrees(values: Iterable[str], user: CloudUser, key: Key) -> bool | None:
    theirs = values_of(user, key.cloud)
    ours = {folded(key.cloud, value) for value in values}
    return bool(ours & set(theirs)) if ours and theirs else None
