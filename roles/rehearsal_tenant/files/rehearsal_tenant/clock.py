# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant's own clock: it runs with the real one, and a rehearsal may move or stop it."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import Callable, Optional


class TenantClock:
    """Seconds since the epoch as the tenant sees them.

    Everything that waits in the tenant (read lag, quotas, token lifetimes, sync cycles, the recycle bin) asks this
    clock, so a test or a rehearsal can let thirty days pass in one request.
    """

    def __init__(self, real: Callable[[], float] = time.time) -> None:
        self._real = real
        self._offset = 0.0
        self._frozen_at: Optional[float] = None

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._frozen_at if self._frozen_at is not None else self._real() + self._offset

    def advance(self, seconds: float) -> None:
        """Move forward; versions of objects are ordered by time, so it never moves back."""
        if seconds < 0:
            raise ValueError("The clock only moves forward: versions of objects are ordered by it.")
        if self._frozen_at is not None:
            self._frozen_at += seconds
        else:
            self._offset += seconds

    def freeze(self) -> None:
        """Stop the clock; only ``advance`` moves it now."""
        self._frozen_at = self.now()

    def run(self) -> None:
        """Let a stopped clock run again from where it stands."""
        if self._frozen_at is not None:
            self._offset = self._frozen_at - self._real()
            self._frozen_at = None

    @property
    def frozen(self) -> bool:
        """Whether the clock stands still."""
        return self._frozen_at is not None


def rfc3339(seconds: float) -> str:
    """An instant as Graph writes it, e.g. ``2026-11-23T12:00:00Z``."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_rfc3339(text: str) -> float:
    """Seconds since the epoch; up to seven decimals, as Graph prints them.

    :raises ValueError: when the text is no instant.
    """
    body, _dot, fraction = text.rstrip("Zz").partition(".")
    moment = datetime.fromisoformat(body + "+00:00" if len(body) == 19 else body)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return moment.timestamp() + (float("0." + fraction) if fraction.isdigit() else 0.0)
