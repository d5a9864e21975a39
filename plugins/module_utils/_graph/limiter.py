# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The pace of all requests to one tenant: the write quota, the service's "wait", and a slow return to full speed."""

from __future__ import annotations

import _thread
import contextlib
import threading
import time
import weakref
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Callable

from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError

# Microsoft's quota is counted per app and tenant over this many seconds.
QUOTA_WINDOW = 150.0

# Just under the wall: clocks and counting on the two sides differ a little.
_QUOTA_SHARE = 0.98
_WINDOW_MARGIN = 1.01

# How often to look again while other workers' unfinished writes fill the quota.
_POLL = 0.05

_RECOVERY_STEP = 10.0  # seconds without a 429 until the pace is raised
_RECOVERY_FACTOR = 0.75
_SMALLEST_SPACING = 0.005
_LARGEST_SPACING = 1.0

# By so much the service may count more of the quota as used than was sent, and tell nothing new.
_SHARE_TOLERANCE = 0.05


_ALL: weakref.WeakSet[Limiter] = weakref.WeakSet()


def stop_all() -> None:
    """Have all limiters refuse further turns, so that no thread waits for one; a signal handler may call this."""
    for limiter in list(_ALL):
        limiter.stop()


class Limiter:
    """One limiter for all workers of one client.

    Writes are counted over a sliding window from the moment they are *finished*: whenever the service counted a write,
    it was not later than that, so the service never sees more than the quota in any window, however it counts
    (sliding window, fixed window, or a bucket that refills). A job smaller than the quota runs at full speed.

    :param write_quota: writes per :data:`QUOTA_WINDOW` that this client may use.
    :param clock: monotonic seconds.
    :param sleep: waits that many seconds; by default :meth:`stop` ends the wait.
    """

    def __init__(
        self,
        write_quota: int = 3000,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self._ended = False
        self._stopped = threading.Event()
        self.sleep = sleep or self._stopped.wait
        self.capacity = max(1, int(write_quota * _QUOTA_SHARE))
        self._quota = write_quota
        self._pace_at_quota = QUOTA_WINDOW / write_quota
        self._clock = clock
        self._lock = threading.Lock()
        self._unfinished = 0
        self._finished: deque[tuple[float, int]] = deque()
        self._in_window = 0
        self._paused_until = float("-inf")
        self._throttled_at = float("-inf")
        self._spacing = 0.0  # seconds per unit; a unit is one write, or one request that writes nothing
        self._next_start = float("-inf")
        self._recovered_at = float("-inf")
        self._counted_until = float("-inf")
        self.throttled_seconds = 0.0
        _ALL.add(self)

    def stop(self) -> None:
        """Refuse all further turns, and those that are waited for; a signal handler may call this."""
        self._ended = True
        # The event's lock may be held by the very thread that the signal has come to.
        _thread.start_new_thread(self._stopped.set, ())

    def wait(self, seconds: float) -> None:
        """Wait for another quota than that of writes; it counts as held back."""
        with self._lock:
            self.throttled_seconds += seconds
        self.sleep(seconds)

    @contextlib.contextmanager
    def slot(self, writes: int = 0) -> Iterator[float]:
        """Wait for the turn of one request with ``writes`` writes in it; yields the time it starts.

        :raises ValueError: if it holds more writes than one window allows at all.
        :raises GraphError: after :meth:`stop`.
        """
        if writes > self.capacity:
            raise ValueError(f"one request holds {writes} writes, the quota allows {self.capacity}")
        started = self._wait_for_turn(writes)
        try:
            yield started
        finally:
            if writes:
                with self._lock:
                    self._unfinished -= writes
                    self._finished.append((self._clock(), writes))
                    self._in_window += writes

    def count_earlier(self, ages: Iterable[float]) -> None:
        """Count writes that earlier runs have sent, as the service does; before the first :meth:`slot`.

        :param ages: how many seconds ago each was finished.
        """
        with self._lock:
            now = self._clock()
            self._finished.extend((now - age, 1) for age in sorted(ages, reverse=True))
            self._in_window = len(self._finished)

    def throttled(self, retry_after: float, started: float) -> None:
        """Hold back everybody, because a request that started at ``started`` was answered "too many requests".

        :param retry_after: seconds to wait.
        """
        with self._lock:
            now = self._clock()
            self._paused_until = max(self._paused_until, now + retry_after)
            # Requests already under way when the first of them was throttled tell nothing new.
            if started >= self._throttled_at:
                self._spacing = min(max(2 * self._spacing, self._pace_at_quota), _LARGEST_SPACING)
            self._throttled_at = now
            self._recovered_at = self._paused_until

    def told(self, share: float) -> None:
        """Slow down early, because the service says that most of a limit is used up, and not by these writes.

        Somebody else uses the same app, or it is another limit than the one that is counted here.

        :param share: of the limit; 1 is all of it.
        """
        with self._lock:
            now = self._clock()
            self._forget(now)
            if share <= (self._unfinished + self._in_window) / self._quota + _SHARE_TOLERANCE:
                return
            slower = self._pace_at_quota if share < 1 else 2 * self._pace_at_quota
            self._spacing = max(self._spacing, min(slower, _LARGEST_SPACING))
            self._recovered_at = max(self._recovered_at, now)

    def _wait_for_turn(self, writes: int) -> float:
        while True:
            if self._ended:
                raise GraphError("Not sent, because the run was told to stop.", code="not_sent")
            with self._lock:
                now = self._clock()
                wait = self._wait(now, writes)
                if wait <= 0:
                    self._unfinished += writes
                    if self._spacing:
                        self._next_start = now + self._spacing * max(1, writes)
                    return now
                # Several workers wait at once; the same second is counted once.
                end = now + wait
                self.throttled_seconds += max(0.0, end - max(now, self._counted_until))
                self._counted_until = max(self._counted_until, end)
            self.sleep(wait)

    def _wait(self, now: float, writes: int) -> float:
        self._recover(now)
        wait = max(self._paused_until - now, self._next_start - now if self._spacing else 0.0)
        if writes:
            wait = max(wait, self._quota_wait(now, writes))
        return wait

    def _quota_wait(self, now: float, writes: int) -> float:
        self._forget(now)
        excess = self._unfinished + self._in_window + writes - self.capacity
        if excess <= 0:
            return 0.0
        for finished, count in self._finished:
            excess -= count
            if excess <= 0:
                return finished + QUOTA_WINDOW * _WINDOW_MARGIN - now
        return _POLL

    def _forget(self, now: float) -> None:
        """Take writes that left the window out of the count."""
        while self._finished and self._finished[0][0] + QUOTA_WINDOW * _WINDOW_MARGIN <= now:
            self._in_window -= self._finished.popleft()[1]

    def _recover(self, now: float) -> None:
        while self._spacing and now - self._recovered_at >= _RECOVERY_STEP:
            self._recovered_at += _RECOVERY_STEP
            self._spacing *= _RECOVERY_FACTOR
            if self._spacing < _SMALLEST_SPACING:
                self._spacing = 0.0
