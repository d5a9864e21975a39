# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""How much is asked of the service at once: more while all goes well, less while it is in trouble."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Callable

_FIRST_WORKERS = 4


class Load:
    """The number of requests under way, and how many a batch holds; one for all workers of a client.

    It begins with some requests at once, takes one more after each answer while others wait, and half as many when the
    service throttles or fails; from then on it takes one more after each round that went well. A batch that was not
    answered in time is sent in halves, and each one that is answered lets the next be larger by one. (Slow start,
    additive increase and multiplicative decrease, as TCP does it.)

    :param most_workers: requests under way at most.
    :param most_items: requests in a batch at most.
    :param clock: monotonic seconds.
    """

    def __init__(self, most_workers: int, most_items: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most_workers = most_workers
        self._most_items = most_items
        self._clock = clock
        self._changed = threading.Condition()
        self._under_way = 0
        self._waiting = 0
        self._good = 0
        self._eased_at = float("-inf")
        self.workers = min(most_workers, _FIRST_WORKERS)
        self.batch_size = most_items

    @contextlib.contextmanager
    def turn(self) -> Iterator[float]:
        """Wait until one more request may be under way; yields the time it starts."""
        with self._changed:
            self._waiting += 1
            try:
                self._changed.wait_for(lambda: self._under_way < self.workers)
            finally:
                self._waiting -= 1
            self._under_way += 1
        try:
            yield self._clock()
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify()

    def answered(self, items: int) -> None:
        """Note an answer to a request with ``items`` in it (1 where it is no batch)."""
        with self._changed:
            if items >= self.batch_size < self._most_items:
                self.batch_size += 1
            if not self._waiting or self.workers >= self._most_workers:
                return
            self._good += 1
            if self._good >= self.workers or self._eased_at == float("-inf"):
                self._good = 0
                self.workers += 1
                self._changed.notify()

    def strained(self, started: float) -> None:
        """Note that a request that started then was throttled, or that the service failed."""
        with self._changed:
            # Those already under way when the first of them came back tell nothing new.
            if started < self._eased_at:
                return
            self._eased_at = self._clock()
            self._good = 0
            self.workers = max(1, self.workers // 2)

    def too_slow(self, items: int) -> bool:
        """Note that a batch of so many was not answered in time; tell whether smaller ones are worth a try."""
        with self._changed:
            self.batch_size = max(1, min(self.batch_size, items // 2))
            return items > 1
