# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of the guide "Large tenants" are those of the code."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._graph.limiter import Limiter

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "large-tenants.md"
# What tests/integration/test_request_budget.py holds plan and apply to.
PAGE, BATCH = 999, 20
LOOK_UPS, READS_AND_WRITE = 2, 7


def seconds_of_writing(users):
    """Let the limiter pass so many writes by a clock that moves only while it waits."""
    now = [0.0]

    def sleep(seconds):
        now[0] += seconds

    limiter = Limiter(clock=lambda: now[0], sleep=sleep)
    for _batch in range(users // BATCH):
        with limiter.slot(BATCH):
            pass
    return now[0]


def spelled(seconds):
    minutes = math.ceil(seconds / 60)
    hours = f"{minutes // 60} h {minutes % 60} min" if minutes > 120 else f"{minutes} min"
    return hours if minutes else "at once"


@pytest.mark.parametrize("users", [200, 5_000, 100_000, 1_000_000])
def test_the_table_of_durations(users):
    requests = (math.ceil(users / PAGE), LOOK_UPS * users // BATCH, READS_AND_WRITE * users // BATCH)
    cells = [f"{number:,}".replace(",", " ") for number in (users, *requests)]
    row = f"| {' | '.join(cells)} | {spelled(seconds_of_writing(users))} |"
    assert row in GUIDE.read_text(encoding="utf-8").splitlines()


def test_the_size_of_a_wave_for_a_minute():
    guide = GUIDE.read_text(encoding="utf-8")
    stated = int(re.search(r"times ([\d ]+), are", guide).group(1).replace(" ", ""))
    assert 0.98 < stated * seconds_of_writing(100_000) / 60 / 100_000 <= 1.01
