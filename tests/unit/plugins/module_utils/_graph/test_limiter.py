# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pace of requests: quota over windows, pauses for everybody, slow recovery."""

from __future__ import annotations

import threading

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._graph.limiter import QUOTA_WINDOW, Limiter


def run(limiter, clock, count, writes=20, takes=0.0):
    """Send requests one after the other; return (time finished, writes)."""
    done = []
    for _request in range(count):
        with limiter.slot(writes):
            clock.now += takes
        done.append((clock.now, writes))
    return done


def most_in_any_window(done):
    return max(sum(n for t, n in done if start <= t < start + QUOTA_WINDOW) for start, writes in done)


def test_a_small_job_does_not_wait(clock):
    run(Limiter(3000, clock, clock.sleep), clock, 100)
    assert clock.sleeps == []


def test_no_window_sees_more_than_the_quota_and_most_of_it_is_used(clock):
    began = clock.now
    done = run(Limiter(3000, clock, clock.sleep), clock, 750, takes=0.05)  # 15 000 writes, five windows
    assert most_in_any_window(done) <= 3000
    # The last window is only as long as it has to be, so the share is measured between the first and the last burst.
    elapsed = done[-1][0] - began
    assert sum(n for t, n in done) / elapsed >= 0.95 * 3000 / QUOTA_WINDOW


def test_a_small_quota_is_kept(clock):
    done = run(Limiter(50, clock, clock.sleep), clock, 30, writes=10)
    assert most_in_any_window(done) <= 50


def test_writes_of_an_earlier_run_count_until_they_leave_the_window(clock):
    limiter = Limiter(100, clock, clock.sleep)
    limiter.count_earlier([10.0] * 90 + [140.0] * 8)
    began = clock.now
    run(limiter, clock, 1, writes=5)
    assert QUOTA_WINDOW - 140 <= clock.now - began < QUOTA_WINDOW - 130
    run(limiter, clock, 1, writes=5)
    assert QUOTA_WINDOW - 10 <= clock.now - began < QUOTA_WINDOW


def test_unfinished_writes_count(clock):
    limiter = Limiter(10, clock, clock.sleep)
    with limiter.slot(9):
        polls = []

        def sleep(seconds):
            polls.append(seconds)
            raise TimeoutError

        limiter.sleep = sleep
        with pytest.raises(TimeoutError), limiter.slot(1):
            pass
    assert polls
    assert polls[0] < 1


def test_reads_spend_no_quota(clock):
    limiter = Limiter(10, clock, clock.sleep)
    run(limiter, clock, 9, writes=1)
    run(limiter, clock, 100, writes=0)
    assert clock.sleeps == []


def test_a_request_larger_than_the_quota_is_refused(clock):
    with pytest.raises(ValueError, match="quota"), Limiter(10, clock, clock.sleep).slot(20):
        pass


def test_one_workers_429_pauses_all_for_the_longest_wait(clock):
    limiter = Limiter(3000, clock, clock.sleep)
    with limiter.slot(20) as one, limiter.slot(20) as two:
        limiter.throttled(2.5, one)
        limiter.throttled(10.25, two)
        limiter.throttled(1.0, two)
    before = clock.now
    with limiter.slot() as started:  # a read of somebody else
        assert started == pytest.approx(before + 10.25)


def spacing(limiter, clock):
    """Return the time between two batches of writes."""
    with limiter.slot(20) as first:
        pass
    with limiter.slot(20) as second:
        pass
    return second - first


def test_recovery_is_slow_and_complete(clock):
    limiter = Limiter(3000, clock, clock.sleep)
    assert spacing(limiter, clock) == 0
    with limiter.slot(20) as started:
        limiter.throttled(5, started)
    clock.now += 5
    paces = []
    for _step in range(12):
        paces.append(spacing(limiter, clock))
        clock.now += 10
    assert paces[0] == pytest.approx(1.0)  # 20 writes a second: the rate the quota sustains
    assert all(later <= earlier for earlier, later in zip(paces, paces[1:]))
    assert paces[3] > 0.2
    assert paces[-1] == 0


def test_a_second_429_slows_down_further_but_those_under_way_do_not(clock):
    limiter = Limiter(3000, clock, clock.sleep)
    with limiter.slot(20) as one, limiter.slot(20) as two:
        clock.now += 1
        limiter.throttled(1, one)
        limiter.throttled(1, two)
    clock.now += 1
    assert spacing(limiter, clock) == pytest.approx(1.0)
    with limiter.slot(20) as three:
        limiter.throttled(1, three)
    clock.now += 1
    assert spacing(limiter, clock) == pytest.approx(2.0)


@pytest.mark.parametrize(("share", "pace"), [(0.8, 1.0), (0.99, 1.0), (1.2, 2.0)])
def test_what_others_use_up_slows_down_early_and_for_a_while(clock, share, pace):
    limiter = Limiter(3000, clock, clock.sleep)
    limiter.told(share)
    assert spacing(limiter, clock) == pytest.approx(pace)
    clock.now += 200
    assert spacing(limiter, clock) == 0


def test_what_was_sent_here_explains_as_much_of_the_quota(clock):
    limiter = Limiter(3000, clock, clock.sleep)
    run(limiter, clock, 130)  # 2600 writes
    limiter.told(0.9)
    assert spacing(limiter, clock) == 0
    clock.now += 200
    limiter.told(0.9)
    assert spacing(limiter, clock) > 0


def test_who_waits_when_it_is_stopped_is_refused_at_once():
    limiter = Limiter(10)
    with limiter.slot(9):
        pass
    refused = []

    def wait():
        with pytest.raises(GraphError, match="told to stop") as error, limiter.slot(9):
            pass
        refused.append(error.value)

    thread = threading.Thread(target=wait)
    thread.start()
    limiter.stop()
    thread.join(20)
    assert [(error.code, error.uncertain) for error in refused] == [("not_sent", False)]


def test_throttled_seconds_counts_a_second_once_however_many_wait(clock):
    limiter = Limiter(3000, clock, clock.sleep)
    with limiter.slot() as started:
        limiter.throttled(10, started)

    def while_another_waits_too(seconds):
        limiter.sleep = clock.sleep
        with limiter.slot():
            pass

    limiter.sleep = while_another_waits_too
    with limiter.slot():
        pass
    assert limiter.throttled_seconds == pytest.approx(10, abs=0.2)
