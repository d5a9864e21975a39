# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The table beside a plan, for people: CSV that opens in Excel, written as the rows come."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.plan_table import first_line, table_line
from ansible_collections.hybrid.identity.plugins.module_utils._rows import AtomicFile


def table_path(plan: str) -> str:
    """Return the path of a plan's table: beside the plan, with the same stem."""
    return os.path.splitext(plan)[0] + ".csv"


class PlanTable(AtomicFile):
    """A plan's table; a context manager. It is never read again: the JSON Lines are the plan."""

    def __enter__(self) -> PlanTable:
        super().__enter__()
        self._put(first_line())
        return self

    def add(self, row: Mapping[str, Any]) -> None:
        """Append a row of the plan."""
        self._put(table_line(row))

    def _put(self, text: str) -> None:
        # A lone surrogate, which UTF-8 cannot hold, is shown as an escape.
        self.write(text.encode("utf-8", "backslashreplace"))
