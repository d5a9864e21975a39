# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of the option map: columns, lines, encodings."""

from __future__ import annotations

import json

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import CloudIndex, from_graph
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.match_map import read_map
from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowError

JANE = {"id": "00000001-aaaa-4aaa-8aaa-aaaaaaaaaaaa", "userPrincipalName": "jane@example.com"}
INDEX = CloudIndex([from_graph(JANE)])


def read(tmp_path, content):
    path = tmp_path / "map.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_map(str(path), INDEX)


@pytest.mark.parametrize(
    "content",
    [
        "user,sam_account_name,wave\njane@example.com,jane,pilot\n",
        "User;Sam_Account_Name;Wave\r\njane@example.com; jane ;pilot\r\n",
        "user\tremark\tsam_account_name\twave\njane@example.com\tx\tjane\tpilot\n",
        '"user","sam_account_name","wave"\n"jane@example.com","jane","pilot"\n'.encode("utf-16"),
        "\ufeffuser,sam_account_name,object_guid,wave\njane@example.com,jane,,pilot\n",
        json.dumps({"user": "jane@example.com", "sam_account_name": "jane", "wave": "pilot"}) + "\n",
    ],
)
def test_lists_are_read_as_spreadsheets_and_scripts_write_them(tmp_path, content):
    match_map = read(tmp_path, content)
    (pair,) = match_map.pairs_of({"sam_account_name": "JANE"})
    assert (pair.user, pair.wave) == ("jane@example.com", "pilot")
    assert match_map.problems == []


def test_bad_lines_are_named_and_the_others_are_read(tmp_path):
    content = "user,sam_account_name,object_guid\n,a,\njane@example.com,jane,\njane@example.com,,xyz\none,two\n"
    match_map = read(tmp_path, content)
    assert len(match_map.pairs_of({"sam_account_name": "jane"})) == 1
    said = [(item["line"], item["value"]) for item in match_map.problems]
    assert said == [(2, ",a,"), (4, "jane@example.com,,xyz"), (5, "one,two")]
    assert {item["source"] for item in match_map.problems} == {str(tmp_path / "map.csv")}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("user,mail\njane@example.com,j@x.com\n", 'must name "user" and one or more of object_guid'),
        ("sam_account_name\njane\n", "it names sam_account_name"),
        ("user,user,object_guid\n", "twice"),
        ("user,sam_account_name\n", "no rows"),
        ("", "no rows"),
    ],
)
def test_a_file_that_is_no_map_is_refused(tmp_path, content, says):
    with pytest.raises(RowError, match=says):
        read(tmp_path, content)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(RowError, match="nothing"):
        read_map(str(tmp_path / "nothing.csv"), INDEX)
