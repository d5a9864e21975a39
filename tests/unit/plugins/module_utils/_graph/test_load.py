# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much is under way at once: careful at first, more while all goes well, half in trouble."""

from __future__ import annotations

import contextlib
import threading

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._graph.load import Load


@pytest.fixture
def load(clock):
    return Load(8, 20, clock)


@contextlib.contextmanager
def somebody_waiting(load):
    """Fill all turns, and have one more wait for its own."""
    with contextlib.ExitStack() as turns:
        for _number in range(load.workers):
            turns.enter_context(load.turn())
        thread = threading.Thread(target=lambda: load.turn().__enter__())
        thread.start()
        while not load._waiting:
            pass
        yield
    thread.join(5)
    assert not thread.is_alive()


def test_no_more_are_under_way_than_may_be(load):
    most = []

    def work():
        with load.turn():
            most.append(load._under_way)

    with somebody_waiting(load):
        threads = [threading.Thread(target=work) for _number in range(10)]
        for thread in threads:
            thread.start()
        assert most == []
    for thread in threads:
        thread.join(5)
    assert len(most) == 10
    assert max(most) <= load.workers


def test_each_answer_while_others_wait_allows_one_more(load):
    with somebody_waiting(load):
        load.answered(20)
        assert load.workers == 5
        load.answered(20)
    assert load.workers == 6


def test_after_trouble_a_round_that_went_well_allows_one_more(load, clock):
    load.strained(clock.now)
    assert load.workers == 2
    with somebody_waiting(load):
        load.answered(20)
        assert load.workers == 2
        load.answered(20)
    assert load.workers == 3


def test_who_has_no_use_for_more_gets_no_more(load):
    for _answer in range(100):
        load.answered(20)
    assert load.workers == 4


def test_the_most_is_never_exceeded(clock):
    load = Load(2, 20, clock)
    with somebody_waiting(load):
        for _answer in range(100):
            load.answered(20)
    assert load.workers == 2


def test_trouble_halves_it_once_for_all_that_were_under_way(load, clock):
    started = clock.now
    clock.now += 1
    for _answer in range(4):
        load.strained(started)
    assert load.workers == 2
    load.strained(clock.now)
    load.strained(clock.now + 1)
    load.strained(clock.now + 2)
    assert load.workers == 1


def test_a_batch_that_took_too_long_is_halved_and_grows_again(load):
    assert load.too_slow(20)
    assert load.batch_size == 10
    assert load.too_slow(20)
    assert load.batch_size == 10, "it left before"
    assert load.too_slow(10)
    assert load.batch_size == 5
    load.answered(3)
    assert load.batch_size == 5, "a smaller one tells nothing"
    for size in range(5, 40):
        load.answered(size)
    assert load.batch_size == 20


def test_one_request_cannot_be_halved(load):
    assert not load.too_slow(1)
    assert load.batch_size == 1
