# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What AD says now of the objects that users are followed for, laid over what was known of them.

The row of AD's own object replaces what a plan or result remembers of it; what was not read stays as it was known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Callable, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._anchor import (
    AnchorError,
    guid_text,
    parse_guid,
    read_immutable_id,
)
from ansible_collections.hybrid.identity.plugins.module_utils._dn import rdns
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import CloudUser
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.object_codes import OBJECT_CODES
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.standing import Expectation, InAd

Row = Mapping[str, Any]
# A field of a row, or what an anchor names, and its value, folded.
_Key = tuple[str, Any]

# What a plan says of the AD object: AD itself knows better.
_ABOUT_THE_OBJECT = frozenset({"out_of_scope", *(row[0] for row in OBJECT_CODES)})
# Why a source gives no anchor although the object may have one.
_UNREAD = frozenset({"anchor_attribute_unread", "consistency_guid_unread", "no_object_guid"})
_ANCHOR_FIELDS = ("immutable_id", "anchor_source", "anchor_certain", "anchor_reason")
# How the values of a field are compared, where that is not as text without case.
_READ: dict[str, Callable[[str], Any]] = {"distinguished_name": rdns, "immutable_id": str}
# Fields whose change a person should hear of, and what they are called.
_TOLD = {
    "distinguished_name": "distinguished name",
    "login_name": "sign-in name",
    "mail": "mail",
    "proxy_addresses": "addresses",
    "object_sid": "SID",
}


class AdReading(NamedTuple):
    """What one file of objects holds."""

    rows: Iterable[Row]
    #: Fields whose null means "has no value"; None: all.
    carried: Optional[frozenset[str]] = None
    #: Names that were asked for and that no object has.
    missing: Collection[str] = ()


class _Object(NamedTuple):
    """An object as a reading shows it."""

    row: Row
    reading: AdReading


#: By key, the objects that have it, each once.
_Found = dict[_Key, dict[Any, _Object]]


def laid_over(
    people: Sequence[tuple[Expectation, CloudUser | None]], readings: Iterable[AdReading]
) -> list[Expectation]:
    """Return what is expected of people, with what AD says of their objects.

    :param people: with their users, as far as they are known, which tell whose objects are meant.
    :param readings: of rows about one object, the last one counts. They need not fit into memory.
    """
    ladders = [list(_ladder(expected, user)) for expected, user in people]
    wanted = {key for ladder in ladders for key in ladder}
    # Of all users of a plan only objectGUID is wanted; taking every name apart would be slow.
    fields = {field for field, _value in wanted}
    found: _Found = {}
    missing: set[str] = set()
    for reading in readings:
        missing.update(guid for name in reading.missing for guid in [_guid(name)] if guid)
        for row in reading.rows:
            for key in wanted.intersection(_keys(row, fields)):
                same = row.get("object_guid") or row.get("distinguished_name")
                found.setdefault(key, {})[same] = _Object(row, reading)
    return [
        _not_found(expected, missing) if picked is None else _laid_over(expected, picked)
        for (expected, _user), ladder in zip(people, ladders)
        for picked in [_pick(ladder, found)]
    ]


def _ladder(expected: Expectation, user: CloudUser | None) -> Iterator[_Key]:
    """Yield what names the AD object, the surest first. An object that is known is found by its GUID or not at all."""
    row = expected.row or {}
    if row.get("object_guid"):
        yield "object_guid", str(row["object_guid"]).lower()
        return
    yield from _named("object_sid", row.get("object_sid"))
    if row.get("distinguished_name"):
        yield "distinguished_name", rdns(str(row["distinguished_name"]))
    yield from _anchored(expected.immutable_id)
    for name in (row.get("login_name"), expected.user, user.user_principal_name if user else None):
        yield from _named("login_name", name)
    if user is not None:
        yield from _anchored(user.immutable_id)
        yield from _named("object_sid", user.sid)


def _named(field: str, value: str | None) -> Iterator[_Key]:
    if value:
        yield field, value.lower()


def _anchored(anchor: str | None) -> Iterator[_Key]:
    """Yield the objects that have the anchor, and those that would have it from objectGUID."""
    if anchor:
        yield "immutable_id", anchor
        guid = _guid(anchor)
        if guid:
            yield "object_guid", guid


def _guid(text: str) -> str | None:
    """Return an objectGUID or an anchor made of one as a row spells it."""
    raw = read_immutable_id(text).raw
    try:
        return guid_text(parse_guid(text) if raw is None else raw)
    except AnchorError:
        return None


def _keys(row: Row, fields: Collection[str]) -> Iterator[_Key]:
    """Yield the keys that find a row, of these fields."""
    for field in fields:
        value = row.get(field)
        if value:
            yield field, _READ.get(field, str.lower)(value)


def _pick(ladder: Iterable[_Key], found: _Found) -> _Object | None:
    """Return the object that the surest key finds; None when it finds none, or more than one."""
    for key in ladder:
        candidates = list(found.get(key, {}).values())
        if candidates:
            return candidates[0] if len(candidates) == 1 else None
    return None


def _not_found(expected: Expectation, missing: Collection[str]) -> Expectation:
    guid = str((expected.row or {}).get("object_guid") or "").lower()
    return expected._replace(in_ad=InAd(found=False, gone=guid in missing))


def _laid_over(expected: Expectation, picked: _Object) -> Expectation:
    row, reading = picked
    known = expected.row or {}
    fresh = {name: value for name, value in row.items() if _carries(reading, name)}
    merged = {**known, **fresh, **_scope(known, row)}
    former = known.get("login_name")
    renamed = former and "login_name" in fresh and _folded(former) != _folded(fresh["login_name"])
    in_ad = InAd(True, changes=tuple(_changes(known, fresh)), former_name=former if renamed else None)
    told = expected.reason if (expected.reason or {}).get("code") not in _ABOUT_THE_OBJECT else None
    expected = expected._replace(reason=told, action=expected.action if told or not expected.reason else None)
    value, why = row.get("immutable_id"), row.get("anchor_reason") or {}
    if value and (row.get("anchor_certain") is True or not expected.immutable_id):
        before = expected.immutable_id if expected.immutable_id not in (None, value) else None
        return expected._replace(row=merged, immutable_id=value, in_ad=in_ad._replace(before=before))
    if not value and why and why.get("code") not in _UNREAD:
        # AD has an anchor that sync cannot use, or none.
        expected = expected._replace(immutable_id=None, action="blocked", reason=why)
    else:
        merged.update({name: known.get(name) for name in _ANCHOR_FIELDS if name in known or expected.immutable_id})
    return expected._replace(row=merged, in_ad=in_ad)


def _carries(reading: AdReading, field: str) -> bool:
    return reading.carried is None or field in reading.carried or field in ("in_scope", "scope_reasons")


def _scope(known: Row, row: Row) -> dict[str, Any]:
    """Return the scope: as it was known where the new reading knows no selection and the object has not moved."""
    if row.get("in_scope") is None and known.get("in_scope") is True:
        before, after = (rdns(str(one.get("distinguished_name") or "")) for one in (known, row))
        if before == after:
            return {"in_scope": True, "scope_reasons": []}
    return {"in_scope": row.get("in_scope"), "scope_reasons": row.get("scope_reasons") or []}


def _changes(known: Row, fresh: Row) -> Iterator[str]:
    """Say which values differ, as far as both are known."""
    for field, name in _TOLD.items():
        before, after = known.get(field), fresh.get(field)
        if before is None or field not in fresh or _folded(before) == _folded(after):
            continue
        if isinstance(before, list):
            gone = [f"without {value}" for value in before if value not in (after or ())]
            new = [f"with {value}" for value in after or () if value not in before]
            yield f"{name} ({', '.join(gone + new)})"
        else:
            yield f"{name} ({before} -> {after or 'nothing'})"


def _folded(value: Any) -> Any:
    return sorted(map(str.lower, value)) if isinstance(value, list) else str(value or "").lower()
