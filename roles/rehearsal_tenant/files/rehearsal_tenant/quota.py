# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quotas: writes fill a token bucket per client, some other requests are counted over the last seconds."""

from __future__ import annotations

import math
from email.utils import formatdate
from typing import Optional

from .clock import TenantClock
from .settings import Settings


class RecentRequests:
    """Counts the requests of the last seconds, per client or whatever else the key says."""

    def __init__(self, clock: TenantClock) -> None:
        self._clock = clock
        self._moments: dict[str, list[float]] = {}

    def spend(self, key: str, limit: int, window: float) -> Optional[str]:
        """Take one of ``limit`` requests in ``window`` seconds (0: no limit). None, or the Retry-After text."""
        now = self._clock.now()
        moments = [moment for moment in self._moments.get(key, ()) if moment > now - window]
        self._moments[key] = moments
        if limit and len(moments) >= limit:
            return str(max(1, math.ceil(moments[0] + window - now)))
        moments.append(now)
        return None


# From this share on, answers tell how much of the limit is used up.
_TOLD_FROM = 0.8


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

    def share(self, client_id: str) -> Optional[str]:
        """The share of the quota that a client has used up, as a header has it; None where Graph does not tell."""
        limit = self._settings.writeQuota
        if not limit or client_id not in self._buckets:
            return None
        used = 1 - self._buckets[client_id][0] / limit
        return f"{used:.2f}" if used >= _TOLD_FROM else None

    def _retry_after(self, seconds: float) -> str:
        if self._settings.retryAfter == "decimal":
            return f"{math.ceil(seconds * 1000) / 1000:.3f}"
        if self._settings.retryAfter == "date":
            return formatdate(math.ceil(self._clock.now() + seconds), usegmt=True)
        return str(max(1, math.ceil(seconds)))
