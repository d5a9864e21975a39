# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to signals while writes are under way."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._jobs.interruption import Interruption


@pytest.fixture(autouse=True)
def as_a_module_has_them():
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_waits_for_the_end_of_the_block(number):
    done = []

    def work():
        with Interruption() as interruption:
            os.kill(os.getpid(), number)
            assert interruption.pending
            done.append("the rest")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["the rest"]


def test_a_second_signal_does_not_wait():
    done = []

    def work():
        with Interruption():
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            done.append("never")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == []


def test_an_error_in_the_block_says_more_than_the_signal():
    def work():
        with Interruption():
            os.kill(os.getpid(), signal.SIGINT)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()


def test_without_a_signal_nothing_happens_and_the_handlers_are_back():
    handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with Interruption() as interruption:
        assert not interruption.pending
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == handlers


def test_outside_the_main_thread_it_does_nothing():
    ended = []

    def work():
        with Interruption() as interruption:
            ended.append(interruption.pending)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ended == [False]
