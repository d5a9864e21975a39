# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""How long to wait before a request is sent again, and when to give up."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import Callable

# What a service answers when it did not fail for good. Some of these requests may have been carried out.
PASSING_STATUSES = frozenset([500, 502, 503, 504])

# A repetition of these leaves the same state behind as the first.
_REPEATABLE = frozenset(["GET", "PATCH", "PUT", "DELETE"])

_FIRST_WAIT = 1.0
_LONGEST_WAIT = 60.0


class Backoff:
    """The waits of one call, within a budget that starts to run at its first failure.

    :param budget: tells the seconds in all; a wait that would end later is not begun.
    :param clock: monotonic seconds.
    :param jitter: a number from 0 to 1; spreads workers that failed together.
    """

    def __init__(
        self,
        budget: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._budget = budget
        self._clock = clock
        self._jitter = jitter
        self._began: float | None = None
        self._attempt = 0

    def next_wait(self, retry_after: float | None = None) -> float | None:
        """Return seconds to wait before the next attempt, or ``None`` to give up.

        :param retry_after: what the service asked for; it is obeyed as it is. Without it the wait doubles each time,
            half of it by chance.
        """
        now = self._clock()
        if self._began is None:
            self._began = now
        if retry_after is None:
            longest = min(_FIRST_WAIT * 2**self._attempt, _LONGEST_WAIT)
            wait = longest * (0.5 + 0.5 * self._jitter())
        else:
            wait = retry_after
        self._attempt += 1
        return wait if now + wait - self._began <= self._budget() else None


def is_repeatable(method: str, stated: bool | None = None) -> bool:
    """Tell whether a request may be sent again although the first one may have been carried out."""
    return method.upper() in _REPEATABLE if stated is None else stated


def retry_after_seconds(headers: Mapping[str, str], now: float) -> float | None:
    """Read ``Retry-After``: seconds, decimals included, or an HTTP date.

    :param headers: names in any case. A date is compared with the answer's own ``Date`` where there is one, since the
        two clocks may differ.
    :param now: epoch seconds of this machine.
    :returns: seconds, never negative; ``None`` if the header is missing or unreadable.
    """
    lower = {key.lower(): value for key, value in headers.items()}
    value = str(lower.get("retry-after", "")).strip()
    try:
        seconds = float(value)
    except ValueError:
        date = http_date(value)
        if date is None:
            return None
        sent = http_date(lower.get("date", ""))
        return max(0.0, date - (now if sent is None else sent))
    return seconds if 0 <= seconds < float("inf") else None


def used_share(headers: Mapping[str, str]) -> float | None:
    """Read ``x-ms-throttle-limit-percentage``: which share of a limit the app has used up, from 0.8 to 1.8.

    Graph sends it only from 0.8 on. Source: Microsoft Graph, "Service-specific throttling limits".

    :param headers: names in any case.
    """
    value = next((value for name, value in headers.items() if name.lower() == "x-ms-throttle-limit-percentage"), "")
    try:
        share = float(value)
    except ValueError:
        return None
    return share if 0 <= share < float("inf") else None


def http_date(value: str) -> float | None:
    """Return epoch seconds of an HTTP date; ``None`` if it is none."""
    try:
        date = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError):
        return None
    return (date if date.tzinfo else date.replace(tzinfo=timezone.utc)).timestamp()
