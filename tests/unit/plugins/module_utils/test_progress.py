# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run says of how far it is, and the files that say it."""

from __future__ import annotations

import json
import os
import stat
import threading

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils import _progress
from ansible_collections.hybrid.identity.plugins.module_utils._progress import (
    FEED_VARIABLE,
    Progress,
    Report,
    reporting,
)

NOON = 1_795_435_200.0


class Clock:
    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def progress(clock):
    return Progress(clock, lambda: NOON + clock())


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("HYBRID_IDENTITY_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv(FEED_VARIABLE, raising=False)
    return tmp_path / "state"


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_run_begins_without_figures(progress):
    assert progress.snapshot() == {
        "time": "2026-11-23T12:00:00Z",
        "phase": "starting",
        "done": 0,
        "total": None,
        "rate": None,
        "throttled_seconds": 0.0,
        "expected_end": None,
        "seconds": 0.0,
    }


def test_rate_and_expected_end_follow_from_what_is_done(progress, clock):
    clock.seconds = 5.0
    phase = progress.begin("writing", 100)
    clock.seconds = 15.0
    phase.done = 20
    shown = progress.snapshot()
    assert (shown["done"], shown["total"], shown["rate"]) == (20, 100, 2.0)
    assert shown["expected_end"] == "2026-11-23T12:00:55Z"
    assert shown["seconds"] == 15.0


def test_a_quota_is_not_outrun(progress, clock):
    phase = progress.begin("writing", 10_000, pace=20.0)
    clock.seconds = 10.0
    phase.done = 1000
    assert progress.snapshot()["expected_end"] == "2026-11-23T12:07:40Z"


def test_the_rate_forgets_what_was_long_ago(progress, clock):
    phase = progress.begin("writing")
    for _second in range(300):
        clock.seconds += 2
        phase.done += 200
        progress.snapshot()
    for _second in range(300):
        clock.seconds += 2
        phase.done += 2
        shown = progress.snapshot()
    assert shown["rate"] == 1.0
    assert shown["expected_end"] is None


def test_who_waits_for_others_tells_no_rate(progress, clock):
    progress.begin("waiting", 10, waiting=True).done = 4
    clock.seconds = 60.0
    shown = progress.snapshot()
    assert (shown["done"], shown["total"], shown["rate"], shown["expected_end"]) == (4, 10, None, None)


def test_nothing_is_expected_of_what_is_done(progress, clock):
    assert list(progress.each("reading", "abc", 3)) == ["a", "b", "c"]
    clock.seconds = 1.0
    shown = progress.snapshot()
    assert (shown["phase"], shown["done"], shown["rate"], shown["expected_end"]) == ("reading", 3, 3.0, None)


def test_items_count_when_they_have_been_dealt_with(progress):
    counts = [progress.snapshot()["done"] for _item in progress.each("reading", "abc")]
    assert counts == [0, 1, 2]


def test_throttled_time_is_asked_for(progress):
    progress.throttled = lambda: 12.34
    assert progress.snapshot()["throttled_seconds"] == 12.3


def test_the_file_lies_beside_dest_while_the_run_lasts(progress, tmp_path):
    path = tmp_path / "plan.jsonl.progress"
    report = Report(progress, "entra_immutable_id", str(tmp_path / "plan.jsonl"), None)
    report.write()
    progress.begin("matching", 5).done = 2
    report.write()
    assert [(line["module"], line["phase"], line["done"]) for line in lines(path)] == [
        ("entra_immutable_id", "starting", 0),
        ("entra_immutable_id", "matching", 2),
    ]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    report.end()
    assert list(tmp_path.iterdir()) == []


def test_who_tails_the_file_learns_of_the_end(progress, tmp_path):
    report = Report(progress, "module", str(tmp_path / "x"), None)
    report.write()
    with open(tmp_path / "x.progress", encoding="utf-8") as tail:
        tail.readline()
        report.end()
        assert json.loads(tail.readline())["phase"] == "ended"


def test_what_is_over_at_once_leaves_no_trace(progress, tmp_path):
    Report(progress, "module", str(tmp_path / "x"), None).end()
    Report(progress, "module", None, None).end()
    assert list(tmp_path.iterdir()) == []


def test_without_dest_the_file_is_in_the_state_directory(progress, state):
    report = Report(progress, "entra_sync_cycle", None, None)
    report.write()
    assert [path.name for path in (state / "progress").iterdir()] == [f"entra_sync_cycle-{os.getpid()}.jsonl"]
    assert stat.S_IMODE((state / "progress").stat().st_mode) == 0o700
    report.end()
    assert list((state / "progress").iterdir()) == []


def test_what_killed_runs_have_left_is_removed_after_a_day(progress, state):
    folder = state / "progress"
    folder.mkdir(parents=True)
    for name, age in (("old", 25), ("young", 1)):
        (folder / name).touch()
        moment = (folder / name).stat().st_mtime - age * 3600
        os.utime(folder / name, (moment, moment))
    report = Report(progress, "module", None, None)
    report.write()
    report.end()
    assert [path.name for path in folder.iterdir()] == ["young"]


def test_a_link_in_the_place_of_the_file_is_not_followed(progress, tmp_path):
    (tmp_path / "precious").write_text("kept", encoding="utf-8")
    (tmp_path / "x.progress").symlink_to(tmp_path / "precious")
    report = Report(progress, "module", str(tmp_path / "x"), None)
    report.write()
    assert not (tmp_path / "x.progress").is_symlink()
    report.end()
    assert (tmp_path / "precious").read_text(encoding="utf-8") == "kept"


def test_where_nothing_can_be_written_nothing_is(progress, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("HYBRID_IDENTITY_STATE_DIR", str(tmp_path / "file"))
    for dest in (str(tmp_path / "missing" / "x"), None):
        report = Report(progress, "module", dest, str(tmp_path / "no-feed"))
        report.write()
        report.end()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_the_feed_gets_the_same_lines_and_stays(progress, tmp_path):
    feed = tmp_path / "feed"
    feed.touch()
    report = Report(progress, "module", str(tmp_path / "x"), str(feed))
    report.write()
    report.end()
    assert [line["phase"] for line in lines(feed)] == ["starting", "ended"]


@pytest.mark.parametrize("fails", [False, True])
def test_lines_are_written_while_the_block_lasts(progress, tmp_path, monkeypatch, fails):
    monkeypatch.setattr(_progress, "INTERVAL", 0.001)
    feed = tmp_path / "feed"
    feed.touch()
    monkeypatch.setenv(FEED_VARIABLE, str(feed))
    asked = threading.Event()
    progress.throttled = lambda: asked.set() or 1.0
    try:
        with reporting(progress, "module", {"dest": str(tmp_path / "x")}):
            assert asked.wait(30)
            if fails:
                raise KeyboardInterrupt
    except KeyboardInterrupt:
        assert fails
    assert lines(feed)[-1]["phase"] == "ended"
    assert lines(feed)[0]["throttled_seconds"] == 1.0
    assert not (tmp_path / "x.progress").exists()
