"""The guide shows every code, as the one table of codes has it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

import make_docs

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import CODES


def test_the_page_is_what_the_generator_writes():
    text = make_docs.PAGE.read_text(encoding="utf-8")
    assert make_docs.page(text) == text, "run make docs and commit what it writes"


def test_each_code_stands_there_once():
    shown = re.findall(r"^\| `(\w+)`(?: \(may be released\))? \| .+ \| .+ \|$", make_docs.tables(), re.MULTILINE)
    assert sorted(shown) == sorted(CODES)


def test_every_code_that_the_text_names_exists():
    text = make_docs.PAGE.read_text(encoding="utf-8").partition(make_docs.BEGIN)[0]
    named = set(re.findall(r"\(`([a-z]+(?:_[a-z]+)+)`\)", text)) | set(re.findall(r'"code": "(\w+)"', text))
    assert named
    assert named <= CODES.keys()


def test_a_comment_between_rows_begins_a_section():
    source = 'X = (\n    ("a", "", "", ""),\n    # Two of them\n    ("b", "", "", ""),\n)\n'
    assert make_docs.sections(source) == [("", ["a"]), ("Two of them", ["b"])]


def test_every_chapter_has_a_title_for_readers():
    assert [title for title, _source in make_docs.chapters()] == list(make_docs.CHAPTERS.values())
