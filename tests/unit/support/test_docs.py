"""The guides show every code, as the one table of codes has it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

import make_docs
import status_reasons

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import CODES


@pytest.mark.parametrize("path", make_docs.PAGES, ids=lambda path: path.name)
def test_the_page_is_what_the_generator_writes(path):
    assert make_docs.page(path) == path.read_text(encoding="utf-8"), "run make docs and commit what it writes"


def shown_in(tables):
    return re.findall(r"^\| `(\w+)`(?: \(may be released\))? \| .+ \|$", tables, re.MULTILINE)


def test_each_code_stands_in_one_guide_at_least_and_once_in_that_of_plans():
    plan, status = shown_in(make_docs.plan_tables()), shown_in(make_docs.status_tables())
    assert len(set(plan)) == len(plan)
    assert {*plan, *status} == CODES.keys()


def test_every_reason_of_a_status_stands_in_its_guide_with_its_source():
    lines = make_docs.status_tables().splitlines()
    reasons = status_reasons.reasons_of_a_status()
    assert {"joined_to_twin", "role_held", "tenant_sync_off", "upn_rewritten", "not_found", "read_failed"} <= {*reasons}
    for code in reasons:
        assert any(line.startswith(f"| `{code}` |") and line.endswith(f"| {CODES[code].source} |") for line in lines)


def test_the_reasons_stand_in_the_order_in_which_a_diagnosis_lists_them():
    codes = [listed.code for listed in status_reasons.in_the_way()]
    wanted = ["joined_to_twin", "out_of_scope", "anchor_not_set", "role_held", "job_paused", "awaiting_sync",
              "flags_unreadable"]  # fmt: skip
    assert [code for code in codes if code in wanted] == wanted
    states = {listed.code: listed.state for listed in status_reasons.proof()}
    assert (states["sid_differs"], states["sync_before_write"]) == ("conflict", "pending")


@pytest.mark.parametrize("path", make_docs.PAGES, ids=lambda path: path.name)
def test_every_code_that_the_text_names_exists(path):
    text = path.read_text(encoding="utf-8").partition(make_docs.BEGIN)[0]
    named = set(re.findall(r"\(`([a-z]+(?:_[a-z]+)+)`\)", text)) | set(re.findall(r'"code": "(\w+)"', text))
    for cell in re.findall(r"\| ((?:`\w+`(?:, )?)+) \|$", text, re.MULTILINE):
        named |= set(re.findall(r"`(\w+)`", cell))
    assert named
    assert named <= CODES.keys()


def test_a_comment_between_rows_begins_a_section():
    source = 'X = (\n    ("a", "", "", ""),\n    # Two of them\n    ("b", "", "", ""),\n)\n'
    assert make_docs.sections(source) == [("", ["a"]), ("Two of them", ["b"])]


def test_every_chapter_has_a_title_for_readers():
    titles = [title for title, _source in make_docs.chapters(make_docs.PLAN_CHAPTERS, make_docs.STATUS_CHAPTERS)]
    assert titles == list(make_docs.PLAN_CHAPTERS.values())
