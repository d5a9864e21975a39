# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Where the rows of a plan or a result go, and what is counted of them."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.plan import ACTIONS, WRITES, Summary
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.review import may_be_released
from ansible_collections.hybrid.identity.plugins.module_utils._plan_csv import PlanTable, table_path
from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowSink

Row = dict[str, Any]

# A diff is for eyes.
_DIFF_ROWS = 100


class Output:
    """Where the rows of a run go, and what is counted of them."""

    def __init__(self, first_line: Row, params: Mapping[str, Any], with_table: bool) -> None:
        """
        :param params: the module's ``dest, return_limit``.
        :param with_table: write the table for people beside ``dest``, as a plan has it.
        """
        dest = params["dest"]
        self.sink = RowSink(first_line, dest, params["return_limit"], _importance)
        self.table = PlanTable(table_path(dest)) if dest and with_table else None
        self.summary = Summary(ACTIONS)
        self.in_scope = Counter({"true": 0, "false": 0, "unknown": 0})
        self.effects: Counter[str] = Counter()
        self.releasable = 0
        self.at_risk: list[str] = []
        self.changed: list[Row] = []
        self._limit = params["return_limit"]

    def collect(self, rows: Iterable[Row]) -> None:
        """Take all rows."""
        with self.table or contextlib.nullcontext(), self.sink:
            for row in rows:
                self._add(row)

    def _add(self, row: Row) -> None:
        self.summary.add(row["action"], [row["reason"]] if row["reason"] else [])
        releasable = may_be_released(row)
        self.releasable += releasable
        if row["action"] in WRITES or releasable:
            self.effects.update({effect["code"] for effect in row.get("effects") or ()})
        if row["action"] in WRITES:
            scope = (row["on_premises"] or {}).get("in_scope")
            self.in_scope["unknown" if scope is None else str(bool(scope)).lower()] += 1
            if scope is not False and len(self.at_risk) < self._limit:
                self.at_risk.append(row["user"])
        self.sink.write(row)
        if self.table:
            self.table.add(row)
        if row["changed"] and len(self.changed) < _DIFF_ROWS:
            self.changed.append(row)

    def counts(self) -> dict[str, Any]:
        """Return what the summary says of the rows."""
        return {
            **self.summary.as_dict(),
            "in_scope": dict(self.in_scope),
            "effects": dict(sorted(self.effects.items(), key=lambda item: (-item[1], item[0]))),
            "releasable": self.releasable,
        }

    def diff(self) -> dict[str, str]:
        """Return before and after of changed rows, as text, and how many are not shown."""
        changes = self.summary["set"] + self.summary["clear"]
        more = f"... and {changes - len(self.changed)} more\n" if changes > len(self.changed) else ""
        return {
            side: "".join(f"{row['user']}: {row[side] or ''}\n" for row in self.changed) + more
            for side in ("before", "after")
        }

    def failure(self) -> str | None:
        """Say how many rows failed, and why the first one did; ``None`` when none did."""
        failed = self.summary["failed"]
        if not failed:
            return None
        first = next((row for row in self.sink.rows if row["action"] == "failed"), None)
        why = f" The first: {first['user']}: {first['reason']['message']}" if first and first["reason"] else ""
        return f"{failed} of {self.summary.total} rows failed.{why}"


def _importance(row: Row) -> int:
    """Return 0 for rows that nobody has to look at."""
    if row["action"] in (*WRITES, "none"):
        return int(row["action"] in WRITES and row["reason"] is not None)
    return {"failed": 3, "blocked": 2}.get(row["action"], 1)
