# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""All that was read of each user, kept in a private file: memory has room for what is looked up by only."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from typing import Any

# json.dumps would make a new encoder for each user.
_encode = json.JSONEncoder(separators=(",", ":")).encode


class UserDetails:
    """Users as Graph returned them, by id. Their file has no name, so nothing is left behind.

    Memory is a position per user.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="hybrid-identity-")  # noqa: SIM115 (it lives as long as this)
        self._positions: dict[str, int] = {}
        self._end = 0
        self._at_end = True
        # All users of one listing have the same properties: their names are kept once.
        self._shapes: dict[tuple[str, ...], int] = {}
        self._names: list[tuple[str, ...]] = []

    def add(self, body: Mapping[str, Any]) -> None:
        """Keep a user; a later one with the same id replaces it."""
        names = tuple(body)
        shape = self._shapes.get(names)
        if shape is None:
            shape = self._shapes[names] = len(self._names)
            self._names.append(names)
        line = _encode([shape, *body.values()]).encode("ascii") + b"\n"
        if not self._at_end:
            self._file.seek(self._end)
            self._at_end = True
        self._positions[body["id"]] = self._end
        self._file.write(line)
        self._end += len(line)

    def extend(self, user_id: str, properties: Mapping[str, Any]) -> None:
        """Keep more of a user."""
        self.add({"id": user_id, **self.of(user_id), **properties})

    def of(self, user_id: str) -> Mapping[str, Any]:
        """Return the properties of a live user by their Graph names; ``{}`` for a user that was not read.

        ``null`` is no value; a property that is not there was not read.
        """
        position = self._positions.get(user_id)
        if position is None:
            return {}
        self._file.seek(position)
        self._at_end = False
        shape, *values = json.loads(self._file.readline())
        return dict(zip(self._names[shape], values))

    def close(self) -> None:
        """Give the file back."""
        self._file.close()
