# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of a plan's table."""

from __future__ import annotations

import contextlib
import csv
import stat

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._plan_csv import PlanTable, table_path

ROW = {
    "user": "jürgen@example.com", "id": "1", "on_premises": None, "matched_by": "id", "evidence": [], "before": None,
    "after": "+A==", "action": "set", "reason": None, "effects": None, "approved": True, "wave": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("plan", "table"), [("plan.jsonl", "plan.csv"), ("a.b/plan", "a.b/plan.csv"), ("a/plan.2.jsonl", "a/plan.2.csv")]
)
def test_it_stands_beside_the_plan(plan, table):
    assert table_path(plan) == table


def test_it_opens_in_excel_and_is_private(tmp_path):
    path = tmp_path / "plan.csv"
    with PlanTable(str(path)) as table:
        table.add(ROW)
        assert not path.exists()
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfuser,")
    assert raw.count(b"\r\n") == raw.count(b"\n") == 2
    with open(path, encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["user"], row["after"]) == ("jürgen@example.com", "'+A==")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert table.path == str(path)


def test_a_name_that_utf_8_cannot_hold_does_not_stop_it(tmp_path):
    with PlanTable(str(tmp_path / "plan.csv")) as table:
        table.add({**ROW, "user": "\udc80x"})
    assert "\\udc80x" in (tmp_path / "plan.csv").read_text(encoding="utf-8")


def test_a_run_that_ends_early_leaves_no_table_under_its_name(tmp_path):
    with contextlib.suppress(KeyError), PlanTable(str(tmp_path / "plan.csv")) as table:
        raise KeyError
    assert [path.name for path in tmp_path.iterdir()] == ["plan.csv.partial"]
    assert table.path == f"{tmp_path}/plan.csv.partial"
