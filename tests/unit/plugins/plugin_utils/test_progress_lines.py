# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress as text, and when it is shown."""

from __future__ import annotations

import json
import time

import pytest

from ansible_collections.hybrid.identity.plugins.plugin_utils._progress_lines import Lines, text_of

RECORD = {
    "module": "entra_immutable_id",
    "time": "2026-11-23T12:00:00Z",
    "phase": "writing",
    "done": 1200,
    "total": 5000,
    "rate": 19.84,
    "throttled_seconds": 75.2,
    "expected_end": "2026-11-23T12:03:12Z",
    "seconds": 61.0,
}


@pytest.fixture(autouse=True)
def _zone(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({}, "writing, 1200/5000, 20/s, 3:12 min left, until 13:03:12, throttled 1:15 min"),
        ({"rate": 2.04, "throttled_seconds": 0.4}, "writing, 1200/5000, 2.0/s, 3:12 min left, until 13:03:12"),
        ({"total": None, "expected_end": None}, "writing, 1200, 20/s, 1:01 min so far, throttled 1:15 min"),
        (
            {"done": 0, "total": None, "rate": None, "throttled_seconds": 0.0, "expected_end": None, "seconds": 4.9},
            "writing, 4 s so far",
        ),
        (
            {"done": 0, "rate": None, "expected_end": None, "throttled_seconds": 0.0, "seconds": 7500.0},
            "writing, 0/5000, 2:05 h so far",
        ),
    ],
)
def test_text(change, text):
    assert text_of({**RECORD, **change}) == text


class Screen:
    """What was shown."""

    def __init__(self):
        self.lines = []
        self.raw = []

    def __call__(self, text, ends):
        (self.lines if ends else self.raw).append(text)


@pytest.fixture
def feed(tmp_path):
    path = tmp_path / "feed"
    path.touch()

    def add(*records, end="\n"):
        with open(path, "a", encoding="utf-8") as file:
            file.write("\n".join(json.dumps({**RECORD, **record}) for record in records) + end)

    add.path = str(path)
    return add


def test_a_log_gets_few_lines(feed):
    screen = Screen()
    lines = Lines(feed.path, "progress: [host]", screen, None)
    shown_at = []
    for second in range(1, 601):
        feed({"done": second})
        before = len(screen.lines)
        lines.look(float(second))
        shown_at += [second] * (len(screen.lines) - before)
    lines.end()
    assert shown_at == [10, 30, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600]
    assert screen.lines[0].startswith("progress: [host] writing, 10/5000, ")
    assert screen.raw == []


def test_a_log_that_was_missed_gets_one_line_at_once(feed):
    screen = Screen()
    lines = Lines(feed.path, "task", screen, None)
    lines.look(95.0)
    assert screen.lines == []
    feed({})
    lines.look(130.0)
    lines.look(131.0)
    assert len(screen.lines) == 1
    lines.look(180.0)
    assert len(screen.lines) == 2


def test_a_terminal_has_one_line_which_is_gone_at_the_end(feed):
    screen = Screen()
    lines = Lines(feed.path, "t", screen, 40)
    lines.look(1.0)
    assert screen.raw == []
    feed({"done": 1}, {"done": 2})
    lines.look(2.0)
    lines.look(3.0)
    assert screen.raw == ["\rt writing, 2/5000, 20/s, 3:12 min left"]
    feed({"phase": "x", "total": None, "done": 0, "rate": None, "throttled_seconds": 0.0, "expected_end": None})
    lines.look(4.0)
    assert screen.raw[1] == "\r" + "t x, 1:01 min so far".ljust(len("t writing, 2/5000, 20/s, 3:12 min left"))
    lines.end()
    assert screen.raw[2:] == ["\r" + " " * len("t x, 1:01 min so far"), "\r"]
    assert screen.lines == []


def test_a_terminal_on_which_nothing_was_shown_stays_as_it_is(feed):
    screen = Screen()
    lines = Lines(feed.path, "t", screen, 40)
    lines.look(1.0)
    lines.end()
    assert screen.raw == []


def test_half_a_line_waits_for_the_rest(feed):
    screen = Screen()
    lines = Lines(feed.path, "t", screen, 80)
    feed({}, end="")
    lines.look(1.0)
    assert screen.raw == []
    feed(end="\n")
    lines.look(2.0)
    assert len(screen.raw) == 1


def test_the_end_is_not_shown(feed):
    screen = Screen()
    lines = Lines(feed.path, "t", screen, None)
    feed({"phase": "ended", "done": None, "rate": None, "total": None, "expected_end": None})
    lines.look(60.0)
    assert screen.lines == []
