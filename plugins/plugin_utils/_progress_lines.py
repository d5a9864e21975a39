# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Progress as people see it: lines of text, and when to show one."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, Callable

from ansible_collections.hybrid.identity.plugins.module_utils._progress import ENDED
from ansible_collections.hybrid.identity.plugins.module_utils._rows import parse_time

Show = Callable[[str, bool], None]

# Seconds into the run, for logs: who waits wants to know soon, who reads it afterwards wants few lines.
_FIRST_LINES = (10.0, 30.0)
_LATER_LINES = 60.0
_SHORTEST_THROTTLE = 1.0
# What does not fit into a terminal is left out from the right, a part at a time.
_SEPARATOR = ", "


def text_of(record: Mapping[str, Any]) -> str:
    """Return a line of the progress file as text: phase, done and total, rate, expected end, throttled time."""
    done, total, rate = record["done"], record["total"], record["rate"]
    parts = [str(record["phase"])]
    if total is not None:
        parts.append(f"{done}/{total}")
    elif done:
        parts.append(str(done))
    if rate is not None:
        parts.append(f"{rate:.1f}/s" if rate < 10 else f"{rate:.0f}/s")
    if record["expected_end"]:
        end = parse_time(record["expected_end"])
        left = max(0.0, end - parse_time(record["time"]))
        parts.append(f"{_duration(left)} left, until {time.strftime('%H:%M:%S', time.localtime(end))}")
    else:
        parts.append(f"{_duration(record['seconds'])} so far")
    if record["throttled_seconds"] >= _SHORTEST_THROTTLE:
        parts.append(f"throttled {_duration(record['throttled_seconds'])}")
    return _SEPARATOR.join(parts)


def _duration(seconds: float) -> str:
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02} h"


def _fitted(text: str, width: int) -> str:
    while len(text) > width and _SEPARATOR in text:
        text = text.rpartition(_SEPARATOR)[0]
    return text[:width]


class Lines:
    """Shows what a progress file says: on a terminal one line that is written anew, else a line now and then.

    :param title: what each line begins with.
    :param show: takes a text and whether the line ends there.
    :param width: of the terminal; ``None`` where lines stay.
    """

    def __init__(self, path: str, title: str, show: Show, width: int | None) -> None:
        self._path = path
        self._title = title
        self._show = show
        self._width = width
        self._read = 0
        self._record: dict[str, Any] | None = None
        self._shown = 0
        self._due = iter(_FIRST_LINES)
        self._next = next(self._due)

    def look(self, seconds: float) -> None:
        """Read what is new, and show it if it is time.

        :param seconds: since the task began.
        """
        is_new = self._take_in()
        if self._record is None or self._record["phase"] == ENDED:
            return
        text = f"{self._title} {text_of(self._record)}"
        if self._width is not None:
            if is_new:
                self._rewrite(_fitted(text, self._width - 1))
        elif seconds >= self._next:
            while self._next <= seconds:
                self._next = next(self._due, self._next - self._next % _LATER_LINES + _LATER_LINES)
            self._show(text, True)

    def end(self) -> None:
        """Leave an empty line on a terminal, for what comes next."""
        if self._shown:
            self._rewrite("")
            self._show("\r", False)

    def _rewrite(self, text: str) -> None:
        self._show(f"\r{text.ljust(self._shown)}", False)
        self._shown = len(text)

    def _take_in(self) -> bool:
        """Read the newest whole line of the file; tell whether there is one."""
        with open(self._path, "rb") as file:
            file.seek(self._read)
            whole = file.read().rpartition(b"\n")[0]
        if not whole:
            return False
        self._read += len(whole) + 1
        self._record = json.loads(whole.rpartition(b"\n")[2])
        return True
