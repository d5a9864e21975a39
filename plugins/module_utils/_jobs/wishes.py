# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The rows of input of ``entra_immutable_id``, through both doors: a list, or files of objects, exports and pairs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.hybrid.identity.plugins.module_utils._directory.record import AnchorSettings
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import Wish, from_object, from_pair
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.objects import Reading, from_files
from ansible_collections.hybrid.identity.plugins.module_utils._pairs import is_pairs, read_pairs

PAIRS = "pairs"

#: Suboptions of ``users`` that tell who is meant, and with which anchor.
PAIR_OPTIONS: dict[str, Any] = {
    "user": {"type": "str", "required": True},
    "immutable_id": {"type": "str"},
    "object_guid": {"type": "str"},
}


class Wishes:
    """All wishes of a run. May be iterated more than once, and keeps none of them in memory.

    ``problems`` are entries of files that could not be read, as of the last iteration:
    ``{"source", "line", "value", "message"}``; ``skipped`` counts entries of exports that are no users; ``fields`` are
    the fields of objects rows that all sources carried.

    :param params: the module's ``users, src, src_format, anchor, anchor_attribute, state``.
    """

    def __init__(self, params: Mapping[str, Any]) -> None:
        self._users = params["users"]
        self._paths: list[str] = params["src"] or []
        self._format = params["src_format"]
        self._anchor = params["anchor"]
        self._clear = params["state"] == "absent"
        self._reading = Reading(AnchorSettings(self._anchor, params["anchor_attribute"]))
        self.problems: list[dict[str, Any]] = []
        self.skipped = 0
        self.fields: frozenset[str] = frozenset()

    @property
    def description(self) -> str:
        """Where they come from."""
        return "; ".join(self._paths) if self._users is None else "users"

    def __iter__(self) -> Iterator[Wish]:
        self.problems = []
        self.skipped = 0
        if self._users is not None:
            for number, pair in enumerate(self._users, 1):
                # Without a name the value alone would find somebody.
                if pair["user"].strip():
                    yield from_pair(pair, clear=self._clear)
                else:
                    message = "the entry names no user. Give an object id or a user principal name."
                    self.problems.append({"source": "users", "line": number, "value": pair["user"], "message": message})
            return
        carried: list[set[str]] = []
        for path in self._paths:
            if self._format == PAIRS or (self._format == "auto" and is_pairs(path)):
                pairs = read_pairs(path, self.problems)
                yield from (from_pair(pair, clear=self._clear) for _line, pair in pairs)
                carried.append(set())
                continue
            for source in from_files([path], self._format, self._reading):
                known = frozenset(source.fields)
                for row in source:
                    yield from_object({**row, "carried": known}, clear=self._clear, anchor=self._anchor)
                self.problems += source.problems
                self.skipped += source.skipped
                carried.append(source.fields)
        self.fields = frozenset(set.intersection(*carried)) if carried else frozenset()
