"""The guide for those who are still "In cloud" shows what the commands print."""

from __future__ import annotations

import sys
from pathlib import Path

import harness
import pytest

sys.path.insert(0, str(harness.SUPPORT))

import still_in_cloud


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return still_in_cloud.run_all(tmp_path_factory.mktemp("guide"))


@pytest.mark.parametrize("name", still_in_cloud.RUNS)
def test_the_guide_shows_what_is_printed(printed: dict[str, str], name: str) -> None:
    shown = still_in_cloud.shown(still_in_cloud.GUIDE.read_text(encoding="utf-8"))
    assert still_in_cloud.masked(shown[name]) == still_in_cloud.masked(printed[name]), "run make guide, and read it"


def test_the_options_of_the_guide_are_those_of_the_runs() -> None:
    text = still_in_cloud.GUIDE.read_text(encoding="utf-8")
    assert still_in_cloud.OPTIONS in text


def test_only_what_differs_from_run_to_run_is_masked() -> None:
    text = "jane+4711@x at 2026-11-23T18:27:48Z\n    (21684ea4-2c90-5cf8-9789-bda4b18a7c1e) is blocked"
    assert still_in_cloud.masked(text) == "jane+0000@x at TIME (ID) is blocked"


def test_a_run_that_prints_something_else_is_written_into_the_guide(tmp_path: Path) -> None:
    page = "<!-- run: a -->\n\n```text\nold 2026-11-23T18:27:48Z\n```\n"
    assert still_in_cloud.guide(page, {"a": "old 2026-11-24T01:02:03Z"}) == page
    assert still_in_cloud.guide(page, {"a": "new"}) == "<!-- run: a -->\n\n```text\nnew\n```\n"
