# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A quota of calls, against a clock that only sleeping and the calls themselves move."""

from __future__ import annotations

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._graph.pace import Pace


class Time:
    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def starts_and_ends(calls: int, each: float) -> tuple[list[float], list[float], Time]:
    time = Time()
    pace = Pace(5, 10, clock=lambda: time.now, sleep=time.sleep)
    starts, ends = [], []
    for _number in range(calls):
        with pace.turn():
            starts.append(time.now)
            time.now += each
        ends.append(time.now)
    return starts, ends, time


@pytest.mark.parametrize("each", [0.0, 0.3, 1.9, 4.0])
def test_no_window_holds_more_than_the_limit_whenever_a_call_is_counted(each):
    starts, ends, _time = starts_and_ends(23, each)
    # The sixth starts after the first was over for the length of the window.
    assert all(start - end > 10 for start, end in zip(starts[5:], ends))


def test_a_few_calls_do_not_wait():
    assert starts_and_ends(5, 0.1)[2].slept == []


def test_slow_calls_do_not_wait_longer_than_they_must():
    starts, _ends, time = starts_and_ends(12, 30.0)
    assert time.slept == []
    assert starts[-1] == 11 * 30.0


def test_a_call_that_fails_counts():
    time = Time()
    pace = Pace(1, 10, clock=lambda: time.now, sleep=time.sleep)
    with pytest.raises(ValueError, match="no"), pace.turn():
        raise ValueError("no")
    with pace.turn():
        assert time.now > 10


@pytest.mark.parametrize(("calls", "least"), [(0, 0), (1, 0), (5, 0), (6, 10), (11, 20)])
def test_how_long_many_calls_are_held_back(calls, least):
    assert least <= Pace(5, 10).seconds(calls) <= least * 1.02
