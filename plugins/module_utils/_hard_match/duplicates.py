# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Anchors that occur more than once, over all domains and files of a run."""

from __future__ import annotations

from array import array
from itertools import islice
from typing import Any, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import listed, reason

_MASK = (1 << 64) - 1
# The hashes are sorted in parts: numbers in a list take five times the memory of those in an array.
_PARTS = 8


class Census:
    """Notices repetitions among any number of rows in little memory: 16 bytes a row.

    Only hashes are kept, so what :meth:`suspects` returns may, very rarely, hold a value that occurs once.
    """

    def __init__(self) -> None:
        self._hashes = array("Q")

    def add(self, row: dict[str, Any]) -> None:
        """Count a row."""
        for key in (row["immutable_id"], row["object_guid"]):
            if key is not None:
                self._hashes.append(hash(key) & _MASK)

    def suspects(self) -> frozenset[int]:
        """Return the hashes that occur more than once; almost always none."""
        found: set[int] = set()
        for part in range(_PARTS):
            ordered = sorted(value for value in self._hashes if value % _PARTS == part)
            found.update(first for first, second in zip(ordered, islice(ordered, 1, None)) if first == second)
        return frozenset(found)


class Duplicates:
    """Settles the repetitions that a :class:`Census` noticed. Show it all rows twice: to collect, then to settle."""

    def __init__(self, suspects: frozenset[int]) -> None:
        self._suspects = suspects
        self._objects_of: dict[str, dict[str, str]] = {}
        self._anchors_of: dict[str, set[Optional[str]]] = {}
        self._written: set[str] = set()

    def collect(self, row: dict[str, Any]) -> None:
        """First pass."""
        anchor, guid = row["immutable_id"], row["object_guid"]
        if self._suspected(anchor):
            self._objects_of.setdefault(anchor, {})[guid or row["distinguished_name"]] = row["distinguished_name"]
        if self._suspected(guid):
            self._anchors_of.setdefault(guid, set()).add(anchor)

    def settle(self, row: dict[str, Any]) -> dict[str, Any] | None:
        """Second pass: return the row, without its anchor where that is not its own; None for a mere repetition."""
        anchor, guid = row["immutable_id"], row["object_guid"]
        if self._suspected(guid):
            if len(self._anchors_of[guid]) > 1:
                return _without_anchor(row, reason("object_read_twice", guid=guid))
            if guid in self._written:
                return None
            self._written.add(guid)
        if not self._suspected(anchor) or len(self._objects_of[anchor]) == 1:
            return row
        others = sorted(
            dn for key, dn in self._objects_of[anchor].items() if key != (guid or row["distinguished_name"])
        )
        return _without_anchor(row, reason("anchor_duplicate", others=listed(others)))

    def _suspected(self, key: str | None) -> bool:
        return key is not None and hash(key) & _MASK in self._suspects


def _without_anchor(row: dict[str, Any], why: dict[str, str]) -> dict[str, Any]:
    return {
        **row,
        "immutable_id": None,
        "anchor_source": None,
        "anchor_certain": None,
        "anchor_reason": why,
    }
