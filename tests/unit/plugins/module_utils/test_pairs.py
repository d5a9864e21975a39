# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of users written by hand."""

from __future__ import annotations

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._pairs import is_pairs, read_pairs
from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowError


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_list_in_any_of_the_usual_spellings(tmp_path):
    expected = [(2, "anna@contoso.com", "x==", None, None), (3, "bob@contoso.com", None, "{g}", None)]
    for delimiter in ",;\t":
        text = delimiter.join(["User", " immutable_id", "object_guid"]) + "\r\n"
        text += delimiter.join(["anna@contoso.com", "x==", ""]) + "\r\n"
        text += delimiter.join([" bob@contoso.com ", "", '"{g}"']) + "\r\n\r\n"
        for encoding in ("utf-8", "utf-8-sig", "utf-16"):
            (tmp_path / "list.csv").write_bytes(text.encode(encoding))
            found = list(read_pairs(str(tmp_path / "list.csv")))
            assert [(line, *pair.values()) for line, pair in found] == expected


def test_a_list_in_json_lines(tmp_path):
    path = write(tmp_path / "list.jsonl", '{"user": "a", "object_guid": "g"}\n\n{"user": "b", "immutable_id": null}\n')
    assert list(read_pairs(path)) == [
        (1, {"user": "a", "immutable_id": None, "object_guid": "g", "wave": None}),
        (3, {"user": "b", "immutable_id": None, "object_guid": None, "wave": None}),
    ]


def test_a_list_may_say_which_wave_a_user_belongs_to(tmp_path):
    path = write(tmp_path / "list.csv", "user,Wave,object_guid\na, pilot ,g\nb,,g\n")
    assert [pair["wave"] for _line, pair in read_pairs(path)] == ["pilot", None]


WRONG_LISTS = {
    "no user column": ("name,immutable_id\na,b\n", 1, '"user"'),
    "no anchor column": ("user,mail\na,b\n", 1, '"immutable_id" or "object_guid"'),
    "a column twice": ("user,immutable_id,User\na,b,c\n", 1, "twice"),
    "too many columns": ("user,immutable_id\na,b,c\n", 2, "3 columns and the header 2"),
    "too few columns": ("user,immutable_id\na\n", 2, "1 columns and the header 2"),
    "row without user": ("user,immutable_id\nx,y\n,b\n", 3, 'no "user"'),
    "broken quote": ('user,immutable_id\n"a,b\n', None, "no CSV"),
    "broken JSON": ('{"user": "a", "immutable_id": "b"}\n{"user"\n', 2, "no JSON object"),
    "nothing": ("", None, '"user"|no rows'),
    "header only": ("user,immutable_id\n", None, "no rows"),
    "no text": (b"user,immutable_id\n\xff\xfe,b\n", 2, "UTF-8"),
}


@pytest.mark.parametrize(("content", "line", "words"), WRONG_LISTS.values(), ids=WRONG_LISTS.keys())
def test_a_wrong_list_is_refused_with_its_line(tmp_path, content, line, words):
    path = tmp_path / "list"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(RowError, match=words) as caught:
        list(read_pairs(str(path)))
    if line is not None:
        assert caught.value.line == line


LISTS = {
    "comma": "user,immutable_id\n",
    "semicolon and capitals": "Object_GUID; User \r\n",
    "tab and quotes": '"user"\t"object_guid"\n',
    "blank lines first": "\n\nuser,immutable_id\na,b\n",
    "further columns": "name,user,remark,object_guid\n",
    "JSON Lines": '{"user": "a", "immutable_id": null}\n',
}


@pytest.mark.parametrize("text", LISTS.values(), ids=LISTS.keys())
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_list_is_known_by_its_first_line(tmp_path, text, encoding):
    (tmp_path / "list").write_bytes(text.encode(encoding))
    assert is_pairs(str(tmp_path / "list"))


NO_LISTS = {
    "nothing": "",
    "an export in LDIF": "dn: CN=user,DC=x\nobjectGUID:: AAAA\n",
    "an export in CSV": "DN,objectGUID,userPrincipalName\n",
    "a file of ours": '{"kind": "plan", "version": 1, "user": "x", "immutable_id": "y"}\n',
    "names in a later line": "DN,mail\nuser,immutable_id\n",
    "a user without a value": "user,mail\n",
    "JSON of another kind": '["user", "immutable_id"]\n',
}


@pytest.mark.parametrize("text", NO_LISTS.values(), ids=NO_LISTS.keys())
def test_what_is_no_list_is_not_taken_for_one(tmp_path, text):
    assert not is_pairs(write(tmp_path / "file", text))


def test_bytes_of_no_encoding_are_no_list(tmp_path):
    (tmp_path / "file").write_bytes(b"\xff\xfe\x00\xd8\xff")
    assert not is_pairs(str(tmp_path / "file"))


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(RowError, match="no such file"):
        is_pairs(str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("user,object_guid\na@x.example,1,2\nb@x.example,1\n", 2, "3 columns"),
        ("user,object_guid\n,1\nb@x.example,1\n", 2, "names no"),
        ('{"user": "a@x.example", "object_guid": "1"}\nno json\n', 2, "no JSON object"),
    ],
)
def test_a_bad_row_of_a_list_does_not_stop_the_rest(tmp_path, content, line, words):
    path = tmp_path / "list"
    path.write_text(content, encoding="utf-8")
    problems = []
    assert len(list(read_pairs(str(path), problems))) == 1
    assert [(problem["source"], problem["line"]) for problem in problems] == [(str(path), line)]
    assert words in problems[0]["message"]
    assert problems[0]["value"] == content.split("\n")[line - 1]
    with pytest.raises(RowError, match=f"line {line}"):
        list(read_pairs(str(path)))
