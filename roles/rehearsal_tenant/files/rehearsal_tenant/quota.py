# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The write quota: one token bucket per client."""

from __future__ import annotations

import math
from email.utils import formatdate
from typing import Optional

from .clock import TenantClock
from .settings import Settings


class WriteQuota:
    """Counts writes as Graph does; a batch spends one per item."""

    def __init__(self, settings: Settings, clock: TenantClock) -> None:
        self._settings = settings
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def spend(self, client_id: str) -> Optional[str]:
        """Take one write. Returns None, or the Retry-After text when the quota is used up."""
        limit = self._settings.writeQuota
        if not limit:
            return None
        rate = limit / max(self._settings.writeQuotaWindowSeconds, 0.001)
        now = self._clock.now()
        left, seen = self._buckets.get(client_id, (float(limit), now))
        left = min(float(limit), left + (now - seen) * rate)
        if left >= 1:
            self._buckets[client_id] = (left - 1, now)
            return None
        self._buckets[client_id] = (left, now)
        return self._retry_after((1 - left) / rate)

    def _retry_after(self, seconds: float) -> str:
        if self._settings.retryAfter == "decimal":
            return f"{math.ceil(seconds * 1000) / 1000:.3f}"
        if self._settings.retryAfter == "date":
            return formatdate(math.ceil(self._clock.now() + seconds), usegmt=True)
        return str(max(1, math.ceil(seconds)))
