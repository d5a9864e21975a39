# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""A quota on one kind of call: so many in so many seconds, and no more."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Iterator
from typing import Callable

# Clocks and counting on the two sides differ a little.
_MARGIN = 1.01


class Pace:
    """Lets calls through, one after the other, as fast as the quota allows; for one thread.

    Calls are counted from the moment they are finished: the service counted each of them no later than that.

    :param limit: calls within ``window`` seconds.
    """

    def __init__(
        self,
        limit: int,
        window: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._window = window * _MARGIN
        self._clock = clock
        self._sleep = sleep
        self._finished: deque[float] = deque(maxlen=limit)

    def seconds(self, calls: int) -> float:
        """Return for how long so many calls are held back, at least."""
        return (calls - 1) // (self._finished.maxlen or 1) * self._window if calls else 0.0

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the turn of one call; it is made inside the block."""
        if len(self._finished) == self._finished.maxlen:
            wait = self._finished[0] + self._window - self._clock()
            if wait > 0:
                self._sleep(wait)
        try:
            yield
        finally:
            self._finished.append(self._clock())
