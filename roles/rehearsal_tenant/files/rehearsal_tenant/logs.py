# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A log of the tenant: what was written down, and when. It is bounded, and what it shows may come late."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, Callable, NamedTuple

KEPT = 20_000
"""Entries of one log; the oldest ones go first."""


class Entry(NamedTuple):
    """One line: its position, when it was written (seconds since the epoch), and how Graph shows both."""

    number: int
    time: float
    show: Callable[[int, float], dict[str, Any]]

    def body(self) -> dict[str, Any]:
        """As Graph shows it."""
        return self.show(self.number, self.time)


class Log:
    """Lines in the order in which they were written. How they look is worked out only for those that are read."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._written = 0

    def write(self, time: float, show: Callable[[int, float], dict[str, Any]]) -> None:
        """Add a line that is shown by its position and its time."""
        self._written += 1
        self._entries.append(Entry(self._written, time, show))

    def newest_first(self, until: float) -> Iterator[Entry]:
        """What was written up to that time."""
        return (entry for entry in reversed(self._entries) if entry.time <= until)

    def oldest_first(self, until: float) -> Iterator[Entry]:
        """What was written up to that time."""
        return (entry for entry in self._entries if entry.time <= until)
