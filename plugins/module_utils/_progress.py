# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""How far a run is: the jobs count, and a thread writes a line every few seconds to files that can be tailed.

There is one :data:`PROGRESS` for the process, as a module is one run. Counting costs an addition; the thread does what
takes time. Nothing here can fail a run: a file that cannot be written is done without.

Files are JSON Lines, mode 0600, and hold counts only. A line has ``time`` (RFC 3339), ``module``, ``phase``, ``done``,
``total`` (``null``: not known), ``rate`` (per second; ``null`` while it says nothing), ``throttled_seconds``,
``expected_end`` of the phase (RFC 3339 or ``null``) and ``seconds`` since the run began. The last one has the phase
``ended``.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Callable, Optional, TypeVar

from ansible_collections.hybrid.identity.plugins.module_utils._journal import state_root
from ansible_collections.hybrid.identity.plugins.module_utils._rows import format_time

T = TypeVar("T")

#: Names a file that is there already, for whoever shows the progress of this very run.
FEED_VARIABLE = "HYBRID_IDENTITY_PROGRESS_FEED"
#: Seconds between two lines, and before the first: what is over sooner leaves no trace.
INTERVAL = 2.0
ENDED = "ended"

# The rate is of the last five minutes: two windows of the write quota, in each of which it goes fast and then slow.
_SAMPLES = int(300 / INTERVAL)
# A killed run leaves its file in the state directory for so long.
_KEPT_SECONDS = 24 * 3600


class Phase:
    """One part of a run. ``done`` is counted up by whoever does it.

    :param total: how many there are to do; ``None``: not known.
    :param pace: how many a second a quota allows in the long run.
    :param waiting: somebody else does it, in bursts: a rate would say nothing.
    """

    def __init__(
        self, name: str, began: float, total: int | None = None, pace: float | None = None, waiting: bool = False
    ) -> None:
        self.name = name
        self.total = total
        self.done = 0
        self._pace = pace
        self._waiting = waiting
        self._samples: deque[tuple[float, int]] = deque([(began, 0)], maxlen=_SAMPLES)

    def measure(self, now: float) -> tuple[Optional[float], Optional[float]]:
        """Return the rate and how many seconds are left, where they can be told."""
        began, done_then = self._samples[0]
        done = self.done
        self._samples.append((now, done))
        if self._waiting or done <= done_then or now <= began:
            return None, None
        rate = (done - done_then) / (now - began)
        if self.total is None or done >= self.total:
            return rate, None
        return rate, (self.total - done) / min(rate, self._pace or rate)


class Progress:
    """What a run is doing. The jobs begin phases and count; one other thread looks.

    ``throttled`` returns the seconds that the service or its quota has held the run back so far.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, now: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._now = now
        self._began = clock()
        self._phase = Phase("starting", self._began)
        self.throttled: Callable[[], float] = lambda: 0.0

    def begin(self, name: str, total: int | None = None, *, pace: float | None = None, waiting: bool = False) -> Phase:
        """Begin a phase; see :class:`Phase`."""
        self._phase = phase = Phase(name, self._clock(), total, pace, waiting)
        return phase

    def each(self, name: str, items: Iterable[T], total: int | None = None) -> Iterator[T]:
        """Yield the items, counting them in a phase of that name."""
        phase = self.begin(name, total)
        for item in items:
            yield item
            phase.done += 1

    def snapshot(self) -> dict[str, Any]:
        """Return how far the run is, in the fields of a line."""
        clock, now, phase = self._clock(), self._now(), self._phase
        rate, left = phase.measure(clock)
        return {
            "time": format_time(now),
            "phase": phase.name,
            "done": phase.done,
            "total": phase.total,
            "rate": None if rate is None else round(rate, 1),
            "throttled_seconds": round(self.throttled(), 1),
            "expected_end": None if left is None else format_time(now + left),
            "seconds": round(clock - self._began, 1),
        }


#: Of this process.
PROGRESS = Progress()


@contextlib.contextmanager
def reporting(progress: Progress, module: str, params: Mapping[str, Any]) -> Iterator[None]:
    """Write lines while the block lasts.

    :param params: of the module; beside ``dest`` lies the file to be tailed, ``<dest>.progress``. Without one it lies
        in the folder ``progress`` of the state directory. It is removed at the end.
    """
    report = Report(progress, module, params.get("dest"), os.environ.get(FEED_VARIABLE))
    over = threading.Event()

    def run() -> None:
        while not over.wait(INTERVAL):
            report.write()

    thread = threading.Thread(target=run, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        report.end()


class Report:
    """The files of one run. They are made for the first line."""

    def __init__(self, progress: Progress, module: str, dest: str | None, feed: str | None) -> None:
        self._progress = progress
        self._module = module
        self._path = f"{dest}.progress" if dest else os.path.join(_folder(), f"{module}-{os.getpid()}.jsonl")
        self._own_folder = not dest
        self._feed = feed
        self._handles: list[int] | None = None

    def write(self, **more: Any) -> None:
        """Append a line to each file."""
        if self._handles is None:
            self._handles = list(self._opened())
        line = json.dumps({"module": self._module, **self._progress.snapshot(), **more}).encode("ascii") + b"\n"
        for handle in self._handles:
            with contextlib.suppress(OSError):
                os.write(handle, line)

    def end(self) -> None:
        """Write the last line; what was made is removed."""
        if self._handles is None:
            return
        self.write(phase=ENDED, done=None, total=None, rate=None, expected_end=None)
        for handle in self._handles:
            os.close(handle)
        with contextlib.suppress(OSError):
            os.unlink(self._path)

    def _opened(self) -> Iterator[int]:
        with contextlib.suppress(OSError):
            if self._own_folder:
                _make_folder()
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path)
            yield os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        if self._feed:
            with contextlib.suppress(OSError):
                yield os.open(self._feed, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)


def _folder() -> str:
    return os.path.join(state_root(), "progress")


def _make_folder() -> None:
    """Make the folder, and remove from it what killed runs have left."""
    folder = _folder()
    os.makedirs(folder, mode=0o700, exist_ok=True)
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        with contextlib.suppress(OSError):
            if os.stat(path).st_mtime < time.time() - _KEPT_SECONDS:
                os.unlink(path)
