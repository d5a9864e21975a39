# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two doors of input, through one engine."""

from __future__ import annotations

import pytest
from tenant_double import anchor, guid, name

from ansible_collections.hybrid.identity.plugins.module_utils._jobs.wishes import Wishes
from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowError, RowSink, header

EXPORT = f"""\
dn: CN=One,DC=contoso,DC=com
changetype: add
objectClass: user
userPrincipalName: {name(1)}
objectGUID:: {anchor(1)}

dn: CN=Broken,DC=contoso,DC=com
changetype: add
objectClass: user
objectGUID:: ???

dn: CN=PC,DC=contoso,DC=com
changetype: add
objectClass: user
objectClass: computer
objectGUID:: {anchor(3)}

"""


def wishes(**params):
    defaults = {
        "users": None, "src": None, "src_format": "auto", "anchor": "consistency_guid_or_object_guid",
        "anchor_attribute": None, "state": "present",
    }  # fmt: skip
    return Wishes({**defaults, **params})


@pytest.fixture
def export(tmp_path):
    path = tmp_path / "export.ldf"
    path.write_text(EXPORT)
    return str(path)


@pytest.fixture
def hand_written(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(f"user,object_guid\n{name(2)},{guid(2)}\n")
    return str(path)


@pytest.fixture
def objects(tmp_path):
    path = str(tmp_path / "objects.jsonl")
    with RowSink(header("objects", attributes=["object_guid"]), path, 0) as sink:
        sink.write({"login_name": name(4), "object_guid": guid(4), "immutable_id": anchor(4), "anchor_certain": True})
    return path


def test_a_list_and_a_file_written_by_hand_say_the_same(hand_written):
    from_list = list(wishes(users=[{"user": name(2), "immutable_id": None, "object_guid": guid(2)}]))
    assert from_list == list(wishes(src=[hand_written]))
    assert [(wish.user, wish.value) for wish in from_list] == [(name(2), anchor(2))]


def test_files_of_all_kinds_are_told_apart_by_their_content(export, hand_written, objects):
    found = wishes(src=[export, hand_written, objects])
    assert [wish.value for wish in found] == [anchor(1), anchor(2), anchor(4)]
    assert found.description == f"{export}; {hand_written}; {objects}"


def test_what_could_not_be_read_or_is_no_user_is_counted_once_however_often_one_looks(export):
    found = wishes(src=[export])
    for _attempt in range(2):
        assert len(list(found)) == 1
        assert [(problem["source"], problem["line"]) for problem in found.problems] == [(export, 10)]
        assert found.skipped == 1


def test_anchors_of_an_export_without_consistency_guid_are_uncertain_until_stated(export):
    assert [wish.certain for wish in wishes(src=[export])] == [False]
    assert [wish.certain for wish in wishes(src=[export], anchor="object_guid")] == [True]


def test_to_clear_the_value_of_an_object_is_what_is_expected(objects):
    assert [(wish.value, wish.expected) for wish in wishes(src=[objects], state="absent")] == [(None, anchor(4))]


def test_a_stated_format_beats_the_content(hand_written, export):
    assert len(list(wishes(src=[hand_written], src_format="pairs"))) == 1
    with pytest.raises(RowError):
        list(wishes(src=[export], src_format="pairs"))


def test_an_empty_list_asks_for_nothing():
    assert list(wishes(users=[])) == []


@pytest.mark.parametrize("user", ["", "  "])
def test_an_entry_without_a_name_is_a_problem_and_the_rest_goes_on(user):
    nameless = {"user": user, "immutable_id": anchor(1), "object_guid": None}
    found = wishes(users=[nameless, {**nameless, "user": "a@contoso.com"}])
    assert [wish.user for wish in found] == ["a@contoso.com"]
    assert [(problem["source"], problem["line"]) for problem in found.problems] == [("users", 1)]


def test_each_row_knows_what_its_own_source_carried(export, objects):
    of_export, of_objects = (wish.row["carried"] for wish in wishes(src=[export, objects]))
    assert "object_guid" in of_export & of_objects
    assert "login_name" in of_export - of_objects
