# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waits between attempts."""

from __future__ import annotations

from email.utils import formatdate

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._graph.retry import (
    Backoff,
    is_repeatable,
    retry_after_seconds,
    used_share,
)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("10", 10.0),
        ("2.128", 2.128),
        (" 0 ", 0.0),
        ("Mon, 23 Nov 2026 12:00:30 GMT", 30.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("nan", None),
        ("inf", None),
    ],
)
def test_retry_after(value, seconds):
    now = 1795435200.0  # 2026-11-23T12:00:00Z
    assert retry_after_seconds({"Retry-After": value}, now) == seconds


def test_a_date_is_measured_against_the_services_clock():
    headers = {"retry-after": formatdate(5000, usegmt=True), "DATE": formatdate(4990, usegmt=True)}
    assert retry_after_seconds(headers, now=0.0) == 10.0


def test_no_header():
    assert retry_after_seconds({}, 0.0) is None
    assert used_share({"Date": "x"}) is None


@pytest.mark.parametrize(("value", "share"), [("0.8", 0.8), ("1.75", 1.75), ("", None), ("much", None), ("nan", None)])
def test_the_share_of_a_limit_that_is_used_up(value, share):
    assert used_share({"X-MS-Throttle-Limit-Percentage": value}) == share


def test_waits_grow_up_to_a_limit_and_are_spread(clock):
    full = Backoff(lambda: 10_000, clock, lambda: 1.0)
    assert [full.next_wait() for attempt in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    half = Backoff(lambda: 10_000, clock, lambda: 0.0)
    assert [half.next_wait() for attempt in range(3)] == [0.5, 1, 2]


def test_the_budget_runs_from_the_first_failure(clock):
    backoff = Backoff(lambda: 30, clock, lambda: 1.0)
    clock.now += 1000
    assert backoff.next_wait(20) == 20
    clock.now += 20
    assert backoff.next_wait(11) is None
    assert backoff.next_wait(10) == 10


def test_no_budget_no_second_attempt(clock):
    assert Backoff(lambda: 0, clock).next_wait() is None


@pytest.mark.parametrize(
    ("method", "stated", "repeatable"),
    [("get", None, True), ("PATCH", None, True), ("POST", None, False), ("POST", True, True), ("PATCH", False, False)],
)
def test_is_repeatable(method, stated, repeatable):
    assert is_repeatable(method, stated) is repeatable
