# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What is expected of a user, from any of the collection's files, and which user of the tenant is meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from sys import intern
from typing import Any, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import CloudIndex, CloudUser
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.standing import Expectation
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import from_pair, is_object_id

Row = Mapping[str, Any]


def expected_of_pair(pair: Row) -> Expectation:
    """Read ``user`` with or without ``immutable_id`` or ``object_guid``, as a person wrote it."""
    wish = from_pair(pair)
    value, problem = wish.value, wish.problem
    if problem and problem["code"] == "anchor_missing":
        problem = None
    elif problem and problem["code"] == "anchor_is_string":
        # It is never set by hand, but a sync with such an anchor may well have done it.
        value, problem = str(pair["immutable_id"]).strip(), None
    return Expectation(wish.user, _id_of(wish.user), value, action="blocked" if problem else None, reason=problem)


def expected_of(kind: str, row: Row) -> Expectation:
    """Read a row of a file.

    :param kind: ``objects, plan, result, journal`` or ``status``.
    """
    return _READERS[kind](row)


def is_about_sync(row: Row) -> bool:
    """Tell whether a row of a file is about somebody whom this run's sync may take: not about users whom nobody claims,
    and those of another wave."""
    return (row.get("reason") or {}).get("code") not in ("unclaimed", "outside_wave")


def find_expected(expected: Expectation, index: CloudIndex) -> CloudUser | None:
    """Return the user that is meant, live rather than deleted; ``None`` when there is none, or more than one."""
    if expected.id:
        return index.user(expected.id)
    # Of an AD object, what sync sends as the name: its own UPN may be somebody else's in the cloud.
    name = expected.user if expected.row is None else expected.row.get("login_name")
    named = index.find("user_principal_name", name) if name else []
    anchored: list[CloudUser] = []
    if expected.immutable_id and expected.row is not None:
        anchored = index.find("immutable_id", expected.immutable_id)
    for deleted in (False, True):
        for found in (named, anchored):
            candidates = [user for user in found if user.deleted is deleted]
            if candidates:
                return candidates[0] if len(candidates) == 1 else None
    return None


class _Fields(Mapping[str, Any]):
    """The fields of an AD object. Of a hundred thousand that are kept at once, each has its values only."""

    __slots__ = ("_places", "_values")

    def __init__(self, places: Mapping[str, int], values: Iterable[Any]) -> None:
        self._places = places
        self._values = tuple(values)

    def __getitem__(self, name: str) -> Any:
        return self._values[self._places[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


@lru_cache(maxsize=16)
def _places(names: tuple[str, ...]) -> dict[str, int]:
    """Return where the values of fields stand: the same for all rows of a file."""
    return {name: place for place, name in enumerate(names)}


def sharing(body: Mapping[str, Any], expected: Expectation) -> Mapping[str, Any]:
    """Return a user of Graph with the texts of what is expected of it in place of equal ones: then both share them."""
    row = expected.row or {}
    named = (row.get(name) for name in ("object_sid", "sam_account_name", "display_name"))
    texts = {text: text for text in (expected.id, expected.user, expected.immutable_id, *named)}
    return {name: texts.get(value, value) if isinstance(value, str) else value for name, value in body.items()}


def _kept(fields: Optional[Row], *known: Optional[str]) -> Optional[Mapping[str, Any]]:
    """Return the fields of an AD object as a run keeps those of all: what is equal is in memory once."""
    if fields is None:
        return None
    texts = {text: text for text in known}
    source = _word(fields.get("anchor_source"))
    if isinstance(source, str):
        texts[source] = source
    values = (texts.setdefault(value, value) if isinstance(value, str) else value for value in fields.values())
    return _Fields(_places(tuple(fields)), values)


def _word(value: Any) -> Any:
    """Return one of a few words, which is in memory once then, however many rows have it."""
    return intern(value) if isinstance(value, str) else value


def _from_object(row: Row) -> Expectation:
    name = row.get("login_name") or row.get("user_principal_name")
    told = row.get("anchor_reason") if not row.get("immutable_id") else None
    return Expectation(name, None, row.get("immutable_id"), _kept(row), "blocked" if told else None, told)


def _from_plan(row: Row) -> Expectation:
    # A row that clears an anchor expects nothing of the sync.
    return Expectation(
        row.get("user"),
        row.get("id"),
        row.get("after"),
        _kept(row.get("on_premises"), row.get("user"), row.get("after")),
        _word(row.get("action")),
        row.get("reason"),
    )


def _from_journal(row: Row) -> Expectation:
    return Expectation(row.get("user"), row.get("id"), row.get("after"))


def _from_status(row: Row) -> Expectation:
    return Expectation(row.get("user"), row.get("id"), row.get("expected_immutable_id"), _kept(row.get("object")))


_READERS = {
    "objects": _from_object,
    "plan": _from_plan,
    "result": _from_plan,
    "journal": _from_journal,
    "status": _from_status,
}


def _id_of(user: str | None) -> str | None:
    return user if user and is_object_id(user) else None
