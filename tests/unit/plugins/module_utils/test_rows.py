# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Row files: whole or refused, private, and never half in place."""

from __future__ import annotations

import contextlib
import json
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hybrid.identity.plugins.module_utils._rows import (
    RowError,
    RowReader,
    RowSink,
    dump_line,
    format_time,
    header,
    parse_time,
    utc_now,
)

HEADER = '{"kind": "objects", "version": 1}\n'


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return str(path)


def write_rows(path, rows, kind="objects", limit=1000):
    with RowSink(header(kind, domain="corp.example"), str(path), limit) as sink:
        for row in rows:
            sink.write(row)
    return sink


# Reading


def test_rows_come_back_with_their_lines(tmp_path):
    write_rows(tmp_path / "o.jsonl", [{"user": "Jürgen"}, {"user": None}])
    reader = RowReader(str(tmp_path / "o.jsonl"), {"objects"})
    assert reader.header["domain"] == "corp.example"
    assert list(reader) == [(2, {"user": "Jürgen"}), (3, {"user": None})]
    assert list(reader) == list(reader), "a second pass reads the same"


def test_the_header_says_who_wrote_what_and_when():
    fields = header("plan", tenant_id="t", attributes={"mail", "enabled"}, source="x.ldf")
    assert fields["kind"] == "plan"
    assert fields["version"] == 1
    assert fields["tool"].startswith("hybrid.identity ")
    assert fields["attributes"] == ["enabled", "mail"]
    assert parse_time(fields["created"]) > 0
    assert "domain" not in fields


BROKEN = {
    "missing end": (HEADER + '{"a": 1}\n', None, "truncated"),
    "cut in a row": (HEADER + '{"a": 1}\n{"a"', 3, "no JSON object"),
    "wrong count": (HEADER + '{"a": 1}\n{"kind": "end", "rows": 2}\n', None, "counts 2 rows and the file has 1"),
    "after the end": (HEADER + '{"kind": "end", "rows": 0}\n{"a": 1}\n', 3, "after the end line"),
    "a list as a row": (HEADER + "[1]\n", 2, "no JSON object"),
    "not UTF-8": (HEADER.encode() + b'{"a": "\xff"}\n', 2, "no JSON object"),
}


@pytest.mark.parametrize(("content", "line", "words"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_is_refused_with_path_and_line(tmp_path, content, line, words):
    path = tmp_path / "broken.jsonl"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(RowError) as caught:
        list(RowReader(str(path)))
    assert caught.value.path == str(path)
    assert caught.value.line == line
    assert words in caught.value.message
    assert str(path) in caught.value.message


def edited(path, kind, keep):
    """Return the path of a file of three rows of which somebody kept these lines, counted from 0."""
    write_rows(path, [{"n": n} for n in range(3)], kind)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[number] for number in keep))
    return str(path)


@pytest.mark.parametrize(
    ("keep", "rows", "deleted"), [((0, 1, 2, 3, 4), 3, 0), ((0, 1, 3, 4), 2, 1), ((0, 4), 0, 3), ((0, 3, 1, 4), 2, 1)]
)
def test_rows_may_be_deleted_from_a_plan(tmp_path, keep, rows, deleted):
    reader = RowReader(edited(tmp_path / "plan.jsonl", "plan", keep))
    for _attempt in range(2):
        assert len(list(reader)) == rows
        assert reader.deleted == deleted


@pytest.mark.parametrize(
    ("kind", "keep", "words"),
    [
        ("plan", (0, 1, 2), "truncated"),
        ("plan", (0, 1, 2, 3, 3, 4), "counts 3 rows and the file has 4"),
        ("result", (0, 1, 2, 4), "counts 3 rows and the file has 2"),
        ("objects", (0, 1, 2, 4), "counts 3 rows and the file has 2"),
    ],
)
def test_nothing_else_may_be_missing_or_added(tmp_path, kind, keep, words):
    with pytest.raises(RowError, match=words):
        list(RowReader(edited(tmp_path / "file.jsonl", kind, keep)))


@pytest.mark.parametrize(
    ("version", "words"), [(0, "Make it again with this release"), (2, "Use the same release for both")]
)
def test_a_file_of_another_format_says_what_to_do(tmp_path, version, words):
    path = write(tmp_path / "x.jsonl", f'{{"kind": "plan", "version": {version}, "tool": "hybrid.identity 0.9.0"}}\n')
    with pytest.raises(RowError, match=f"format version {version}, and this release reads 1.*0.9.0. {words}"):
        RowReader(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "no header"),
        ("dn: CN=x\n", "no header"),
        ('{"user": "a"}\n', "no header"),
        ('{"kind": "objects", "version": 2, "tool": "hybrid.identity 9.0.0"}\n', "hybrid.identity 9.0.0"),
        ('{"kind": "journal", "version": 1}\n', '"journal", and "objects" or "plan" is needed'),
    ],
)
def test_a_wrong_header_is_refused_at_once(tmp_path, content, words):
    with pytest.raises(RowError) as caught:
        RowReader(write(tmp_path / "x.jsonl", content), {"plan", "objects"})
    assert words in caught.value.message


def test_a_missing_file_and_a_directory_are_refused(tmp_path):
    for path in (tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(RowError) as caught:
            RowReader(str(path))
        assert "cannot be read" in caught.value.message


def test_an_editors_mark_line_ends_and_blank_lines_are_tolerated(tmp_path):
    path = tmp_path / "o.jsonl"
    path.write_bytes(
        b'\xef\xbb\xbf{"kind": "objects", "version": 1}\r\n{"a": 1}\r\n\r\n{"kind": "end", "rows": 1}\r\n\r\n'
    )
    assert list(RowReader(str(path))) == [(2, {"a": 1})]


# Writing


def test_a_file_is_private_and_ends_with_its_count(tmp_path):
    path = tmp_path / "o.jsonl"
    write_rows(path, [{"n": n} for n in range(3)])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text().splitlines()[-1]) == {"kind": "end", "rows": 3}
    assert os.listdir(tmp_path) == ["o.jsonl"]


def test_the_file_before_stays_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "o.jsonl"
    write_rows(path, [{"old": 1}])
    with RowSink(header("objects"), str(path), 10) as sink:
        sink.write({"new": 1})
        assert list(RowReader(str(path))) == [(2, {"old": 1})]
        assert sink.path is None
    assert list(RowReader(str(path))) == [(2, {"new": 1})]
    assert sink.path == str(path)


def test_an_exception_keeps_the_old_file_and_leaves_the_new_rows_as_partial(tmp_path):
    path = tmp_path / "o.jsonl"
    write_rows(path, [{"old": 1}])
    with contextlib.suppress(KeyError), RowSink(header("objects"), str(path), 10) as sink:
        sink.write({"new": 1})
        raise KeyError
    assert list(RowReader(str(path))) == [(2, {"old": 1})]
    assert sink.path == f"{path}.partial"
    assert '{"new":1}' in (tmp_path / "o.jsonl.partial").read_text()
    with pytest.raises(RowError, match="truncated"):
        list(RowReader(str(tmp_path / "o.jsonl.partial")))
    assert sorted(os.listdir(tmp_path)) == ["o.jsonl", "o.jsonl.partial"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "o.jsonl").symlink_to(tmp_path / "real" / "o.jsonl")
    write_rows(tmp_path / "o.jsonl", [{"a": 1}])
    assert (tmp_path / "o.jsonl").is_symlink()
    assert list(RowReader(str(tmp_path / "real" / "o.jsonl"))) == [(2, {"a": 1})]


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path):
    for dest in (tmp_path / "none" / "o.jsonl", tmp_path):
        with pytest.raises(RowError) as caught, RowSink(header("objects"), str(dest), 10):
            pass
        assert "cannot be written" in caught.value.message


def test_important_rows_are_returned_first_and_all_are_in_the_file(tmp_path):
    path = tmp_path / "o.jsonl"
    with RowSink(header("result"), str(path), 4, lambda row: {7: 1, 9: 2, 8: 2}.get(row["n"], 0)) as sink:
        for n in range(10):
            sink.write({"n": n})
    assert [row["n"] for row in sink.rows] == [8, 9, 7, 0]
    assert sink.truncated
    assert sink.total == 10
    assert len(list(RowReader(str(path)))) == 10


@pytest.mark.parametrize(("limit", "kept", "truncated"), [(0, 0, True), (1, 1, True), (2, 2, False), (5, 2, False)])
def test_the_limit_without_a_file(limit, kept, truncated):
    with RowSink(header("result"), None, limit) as sink:
        sink.write({"n": 1})
        sink.write({"n": 2})
    assert len(sink.rows) == kept
    assert sink.truncated is truncated
    assert sink.dest is None


def test_no_rows_are_not_truncated():
    with RowSink(header("result"), None, 0) as sink:
        pass
    assert not sink.truncated


# Lone surrogates as well: they come out of broken UTF-16.
any_text = st.text(st.characters(exclude_categories=[]), max_size=20)


@given(st.dictionaries(any_text, any_text | st.none() | st.integers() | st.lists(any_text, max_size=3), max_size=4))
def test_any_row_is_one_line_and_comes_back(row):
    line = dump_line(row)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert json.loads(line) == row


# Times


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-11-23T12:00:00Z", 1795435200),
        ("2026-11-23T12:00:00.1234567Z", 1795435200.1234567),
        ("2026-11-23T13:30:00+01:30", 1795435200),
        ("2026-11-23T07:00:00-05:00", 1795435200),
        ("0001-01-01T00:00:00Z", -62135596800),
        ("0001-01-01T00:00:00+14:00", -62135596800 - 14 * 3600),
        ("2016-12-31T23:59:60Z", 1483228800),
    ],
)
def test_times_are_read_as_services_write_them(text, seconds):
    assert parse_time(text) == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize(
    "text", ["", "2026-11-23", "23.11.2026 12:00:00", "2026-11-23T12:00:00", "2026-13-01T00:00:00Z"]
)
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match=r"time|month"):
        parse_time(text)


def test_now_is_read_back():
    assert parse_time(utc_now()) > 1.7e9


@pytest.mark.parametrize("seconds", [0, 1795435200, 1795435200.0])
def test_a_time_is_written_as_it_is_read(seconds):
    text = format_time(seconds)
    assert text.endswith("Z")
    assert parse_time(text) == seconds


def test_a_time_is_written_in_whole_seconds_that_have_passed():
    assert format_time(1795435200.9) == "2026-11-23T12:00:00Z"


def test_no_time_stays_none():
    assert format_time(None) is None
