# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pairs that a person wrote down, and what is wrong with them."""

from __future__ import annotations

import pytest
from hard_match_doubles import ad_row, guid, user, user_id

from ansible_collections.hybrid.identity.plugins.module_utils._anchor import immutable_id
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import CloudIndex
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.match_map import MatchMap, Pair, read_pair
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import from_object, from_pair

U1, U2 = "u1@example.com", "u2@example.com"
PEOPLE = (user(1), user(2))


def mapped(*pairs, users=PEOPLE):
    """Return the map of (user, field, value) or (user, field, value, wave), one a line, after a header line."""
    read = [Pair(line, *pair) for line, pair in enumerate(pairs, 2)]
    return MatchMap("pairs.csv", read, CloudIndex(users))


def problems(match_map, *rows):
    for row in rows:
        match_map.see(from_object(row))
    return [(item["line"], item["value"], item["message"]) for item in match_map.settle()]


ROW = {
    **ad_row(1),
    "distinguished_name": "CN=Doe\\, Jane,OU=Staff,DC=example,DC=com",
    "sam_account_name": "Jane",
    "user_principal_name": "jane@corp.local",
}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("object_guid", str(guid(1)).upper()),
        ("object_guid", "{" + str(guid(1)) + "}"),
        ("object_guid", immutable_id(guid(1).bytes_le)),
        ("distinguished_name", "cn=Doe\\2C Jane, ou=staff,dc=EXAMPLE,dc=com"),
        ("object_sid", "s-1-5-21-1-2-3-1001"),
        ("user_principal_name", "JANE@corp.local"),
        ("sam_account_name", "jane"),
    ],
)
def test_an_ad_object_is_named_in_any_way_that_ad_itself_compares(field, value):
    match_map = mapped((U1, field, value))
    assert [pair.user for pair in match_map.pairs_of(ROW)] == [U1]
    assert match_map.pairs_of(ad_row(2)) == []
    assert problems(match_map, ROW) == []


def test_a_sign_in_name_in_the_map_is_ads_own():
    match_map = mapped((U1, "user_principal_name", "jane@corp.local"))
    assert match_map.pairs_of(ad_row(2, login_name="jane@corp.local")) == []


def test_others_of_a_user_are_the_objects_that_the_map_gives_it_to():
    match_map = mapped((U1, "sam_account_name", "jane"))
    assert match_map.others_of(user_id(1), ROW) == []
    assert [pair.object for pair in match_map.others_of(user_id(1), ad_row(2))] == [
        "sam_account_name jane (map, line 2)"
    ]
    assert match_map.others_of(user_id(2), ad_row(2)) == []


@pytest.mark.parametrize("name", [user_id(1), user_id(1).upper(), U1.upper()])
def test_a_user_is_named_by_id_or_name_in_any_case(name):
    assert mapped((name, "sam_account_name", "jane")).others_of(user_id(1), ad_row(2))


def test_the_wave_of_a_row_is_the_one_of_its_line():
    match_map = mapped((U1, "sam_account_name", "jane", "pilot"), (U2, "object_guid", str(guid(2))))
    assert match_map.wave_of(from_object(ROW)) == "pilot"
    assert match_map.wave_of(from_object(ad_row(2))) is None
    assert match_map.wave_of(from_pair({"user": U1, "object_guid": str(guid(1))})) is None


def test_users_and_objects_that_are_not_there_are_named_by_their_line():
    match_map = mapped(("typo@example.com", "sam_account_name", "jane"), (U2, "sam_account_name", "nobody"))
    assert problems(match_map, ROW) == [
        (2, "typo@example.com", "the tenant has no such user, live or deleted."),
        (3, "nobody", "the input has no such AD object."),
    ]


def test_a_deleted_user_is_there():
    assert problems(mapped((U1, "sam_account_name", "jane"), users=[user(1, deleted=True)]), ROW) == []


def test_of_a_live_and_a_deleted_user_of_one_name_the_live_one_is_named():
    match_map = mapped((U1, "sam_account_name", "jane"), users=[user(3, U1, deleted=True), user(1)])
    assert match_map.others_of(user_id(1), ad_row(2))
    assert not match_map.others_of(user_id(3), ad_row(2))


def test_one_user_for_two_objects_is_a_problem_and_both_lines_stay():
    match_map = mapped((U1, "object_guid", str(guid(1))), (user_id(1), "object_guid", str(guid(2))))
    assert problems(match_map, ad_row(1), ad_row(2)) == [
        (3, user_id(1), "line 2 gives this user to another AD object.")
    ]
    assert [len(match_map.pairs_of(row)) for row in (ad_row(1), ad_row(2))] == [1, 1]


def test_one_object_for_two_users_is_a_problem_and_both_lines_stay():
    match_map = mapped((U1, "object_guid", str(guid(1))), (U2, "object_guid", str(guid(1))))
    assert problems(match_map, ad_row(1)) == [
        (3, str(guid(1)), "line 2 gives this AD object to another user, u1@example.com.")
    ]
    assert [pair.user for pair in match_map.pairs_of(ad_row(1))] == [U1, U2]


def test_a_line_that_stands_twice_is_said_and_counts_once():
    match_map = mapped((U1, "object_guid", str(guid(1))), (user_id(1), "object_guid", str(guid(1)).upper()))
    assert problems(match_map, ad_row(1)) == [(3, str(guid(1)).upper(), "line 2 says the same.")]
    assert len(match_map.pairs_of(ad_row(1))) == 1


def test_one_object_by_two_of_its_names_for_two_users_has_both():
    match_map = mapped((U1, "object_guid", str(guid(1))), (U2, "sam_account_name", "jane"))
    assert [pair.user for pair in match_map.pairs_of(ROW)] == [U1, U2]


def test_a_name_that_two_objects_have_is_a_problem():
    other = {**ad_row(2), "sam_account_name": "jane", "distinguished_name": "CN=Jane,DC=eu"}
    match_map = mapped((U1, "sam_account_name", "jane"))
    ((line, value, message),) = problems(match_map, ROW, ROW, other)
    assert (line, value) == (2, "jane")
    assert "CN=Jane,DC=eu" in message


def test_the_same_row_twice_is_one_object():
    assert problems(mapped((U1, "sam_account_name", "jane")), ROW, ROW) == []


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"sam_account_name": "jane"}, 'names no "user"'),
        ({"user": U1}, "it has nothing"),
        ({"user": U1, "mail": "j@x.com"}, "it has nothing"),
        (
            {"user": U1, "sam_account_name": "jane", "object_sid": "S-1-5-21-1"},
            "it has object_sid, sam_account_name",
        ),
        ({"user": U1, "object_guid": "jane"}, "the object_guid cannot be read"),
    ],
)
def test_a_line_that_cannot_be_used_says_why(fields, says):
    with pytest.raises(ValueError, match=says):
        read_pair(2, fields)


def test_columns_that_are_empty_or_unknown_do_not_count():
    fields = {"user": U1, "sam_account_name": "jane", "object_sid": None, "wave": "1", "remark": "x"}
    assert read_pair(2, fields) == Pair(2, U1, "sam_account_name", "jane", "1")
