# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The synchronization of the tenant."""

from __future__ import annotations

from typing import Any, Optional

from .tenant import Tenant


class SyncEngine:
    """Reads the directories and exports to the tenant."""

    def __init__(self, tenant: Tenant, directories: list[Any]) -> None:
        self._tenant = tenant

    async def tick(self) -> None:
        """Start what is due, finish what has run its time."""

    async def run_now(self, directory: Optional[str], initial: bool) -> None:
        """One whole cycle."""

    def report(self) -> dict[str, Any]:
        """What the last cycles did."""
        return {"directories": []}
