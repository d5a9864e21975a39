# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan's decisions: every obstacle, their order, and what is left alone."""

from __future__ import annotations

import pytest
from hard_match_doubles import ad_row, also, anchor, guid, held, plan, plan_objects, remarks, said, user, user_id

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.plan import WRITES
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import from_pair

STRING = "E4711"
REASON = {"code": "critical_system_object", "message": "It is critical.", "remedy": ""}
OUT = {"in_scope": False, "scope_reasons": [REASON]}


def one(row, users, **options):
    (decided,) = plan_objects([row], users, **options)
    return decided


def test_a_user_by_name_without_anchor_is_set():
    row = one(ad_row(1), [user(1)])
    assert said(row) == ("set", None)
    assert (row["id"], row["before"], row["after"]) == (user_id(1), None, anchor(1))
    assert row["matched_by"] == "user_principal_name"
    assert row["approved"] is row["changed"] is True


@pytest.mark.parametrize("flag", [None, False, True])
def test_a_user_that_has_the_anchor_is_left_alone(flag):
    row = one(ad_row(1), [held(1, onPremisesSyncEnabled=flag)])
    assert said(row) == ("none", None)
    assert row["changed"] is False


@pytest.mark.parametrize(
    ("row", "users", "options", "expected"),
    [
        # who has what
        (ad_row(1), [held(2, "u1@example.com")], {}, ("blocked", "existing_value_kept")),
        (ad_row(1), [held(2, "u1@example.com")], {"replace": True}, ("set", None)),
        (ad_row(1), [held(1, value=str(guid(1)))], {}, ("blocked", "existing_value_misspelled")),
        (ad_row(1), [held(1, value=f"{anchor(1)} ")], {}, ("blocked", "existing_value_misspelled")),
        (ad_row(1), [held(1, value=str(guid(1)))], {"replace": True}, ("set", None)),
        (ad_row(1), [held(1, value=STRING)], {}, ("blocked", "string_anchor_kept")),
        (ad_row(1), [held(1, value=STRING)], {"replace": True}, ("blocked", "string_anchor_kept")),
        # the sync has taken the user before
        (ad_row(1), [user(1, onPremisesSyncEnabled=True)], {}, ("blocked", "already_synced")),
        (ad_row(1), [held(1, value=anchor(2), onPremisesSyncEnabled=True)], {}, ("blocked", "already_synced")),
        (
            ad_row(1),
            [held(1, value=anchor(2), onPremisesSyncEnabled=True)],
            {"replace": True},
            ("blocked", "already_synced"),
        ),
        (ad_row(1), [user(1, onPremisesSyncEnabled=False)], {}, ("set", "left_scope")),
        # somebody else has the value
        (ad_row(1), [user(1), held(2, value=anchor(1))], {}, ("conflict", "anchor_held")),
        (ad_row(1), [user(1), held(2, value=anchor(1), deleted=True)], {}, ("conflict", "anchor_held_deleted")),
        (ad_row(1), [user(1), held(2, value=anchor(1))], {"replace": True}, ("conflict", "anchor_held")),
        (ad_row(1), [held(1), held(2, value=anchor(1), deleted=True)], {}, ("none", "anchor_held_deleted")),
        (ad_row(1), [held(2, value=anchor(1))], {"match_by": ["user_principal_name"]}, ("conflict", "anchor_held")),
        # nobody, or too many
        (ad_row(1), [], {}, ("not_found", "not_found")),
        (ad_row(1), [user(1, deleted=True)], {}, ("not_found", "user_deleted")),
        (ad_row(1), [held(2, value=anchor(1), deleted=True)], {}, ("not_found", "user_deleted")),
        (ad_row(1), [user(1)], {"match_by": ["mail"]}, ("not_found", "no_key")),
        (
            ad_row(1, mail="m@x.com"),
            [user(1, mail="m@x.com"), user(2, mail="m@x.com")],
            {"match_by": ["mail"]},
            ("ambiguous", "several_users"),
        ),
        (
            ad_row(1),
            [held(2, value=anchor(1), deleted=True)],
            {"match_by": ["user_principal_name"]},
            ("not_found", "user_deleted"),
        ),
        # guests
        (ad_row(1), [user(1, userType="Guest")], {}, ("blocked", "external_user")),
        # who must not be touched
        (ad_row(1), [user(1)], {"protected": frozenset(["u1@example.com"])}, ("blocked", "protected")),
        (
            ad_row(1),
            [user(1, "U1@Example.com")],
            {"protected": frozenset(["u1@example.com"])},
            ("blocked", "protected"),
        ),
        (ad_row(1), [user(1)], {"protected": frozenset([user_id(1)])}, ("blocked", "protected")),
        # out of scope
        (ad_row(1, **OUT), [user(1)], {}, ("blocked", "out_of_scope")),
        (ad_row(1, **OUT), [held(1)], {}, ("none", "out_of_scope")),
        (ad_row(1, **OUT), [], {}, ("blocked", "out_of_scope")),
        (ad_row(1, in_scope=True), [user(1)], {}, ("set", None)),
        # the anchor itself
        (ad_row(1, anchor_certain=False), [user(1)], {}, ("blocked", "anchor_unconfirmed")),
        (ad_row(1, anchor_certain=None), [user(1)], {}, ("blocked", "anchor_unconfirmed")),
        (ad_row(1, anchor_certain=False), [held(1)], {}, ("none", None)),
        (ad_row(1, anchor_certain=False), [user(1)], {"anchor": "object_guid"}, ("set", None)),
        (ad_row(1, immutable_id=None), [user(1)], {}, ("blocked", "anchor_missing")),
        (ad_row(1, immutable_id=STRING), [user(1)], {}, ("blocked", "anchor_is_string")),
        (ad_row(1, immutable_id=STRING, anchor_source="employeeID"), [user(1)], {}, ("set", None)),
        (ad_row(1, immutable_id=STRING, anchor_source="employeeID"), [held(1, value=STRING)], {}, ("none", None)),
    ],
)
def test_one_object(row, users, options, expected):
    decided = one(row, users, **options)
    assert said(decided) == expected
    assert decided["changed"] is (expected[0] in WRITES)
    assert decided["approved"] is (True if expected[0] in WRITES else None)


def test_a_held_anchor_names_its_holder_and_the_container():
    live = one(ad_row(1), [user(1), held(2, value=anchor(1), onPremisesSyncEnabled=True)])
    assert user_id(2) in live["reason"]["message"]
    assert "(live, synced)" in live["reason"]["message"]
    gone = one(ad_row(1), [user(1), held(2, value=anchor(1), deleted=True)])
    assert user_id(2) in gone["reason"]["message"]
    assert "recycle bin" in gone["reason"]["message"]
    both = one(ad_row(1), [user(1), held(2, value=anchor(1)), held(3, value=anchor(1), deleted=True)])
    assert said(both) == ("conflict", "anchor_held")
    assert "(live)" in both["reason"]["message"]
    assert user_id(3) in both["reason"]["message"]


def test_a_swapped_value_is_recognized():
    swapped = "FMjSqZC3TXqyZBzHeQEGmg=="
    row = ad_row(1, immutable_id="qdLIFLeQek2yZBzHeQEGmg==")
    decided = one(row, [held(1, value=swapped)])
    assert said(decided) == ("blocked", "existing_value_kept")
    assert "wrong byte order" in decided["reason"]["message"]


def test_an_out_of_scope_object_says_by_which_rules():
    assert "It is critical" in one(ad_row(1, **OUT), [user(1)])["reason"]["message"]


def test_the_decisive_obstacle_comes_first_and_the_others_are_evidence():
    users = [held(2, "u1@example.com", onPremisesSyncEnabled=True, userType="Guest"), held(3, value=anchor(1))]
    row = one(ad_row(1, anchor_certain=False, **OUT), users, protected=frozenset(["u1@example.com"]))
    assert said(row) == ("blocked", "protected")
    assert also(row) == [
        "out_of_scope",
        "external_user",
        "anchor_unconfirmed",
        "already_synced",
        "anchor_held",
        "existing_value_kept",
    ]


def test_an_anchor_that_cannot_be_used_is_said_also_where_nobody_fits():
    assert also(one(ad_row(1, immutable_id=None), [])) == ["anchor_missing"]


# Several rows


def test_two_objects_that_claim_one_user_are_ambiguous_and_name_each_other():
    rows = plan_objects([ad_row(1, login_name="j@x.com"), ad_row(2, login_name="j@x.com")], [user(9, "j@x.com")])
    assert [said(row) for row in rows] == [("ambiguous", "claimed_twice")] * 2
    assert "CN=u2" in rows[0]["reason"]["message"]
    assert "CN=u1" in rows[1]["reason"]["message"]


def test_who_holds_the_users_anchor_already_is_not_disturbed_by_a_second_claim():
    rows = plan_objects(
        [ad_row(1, login_name="j@example.com"), ad_row(2, login_name="j@example.com")], [held(1, "j@example.com")]
    )
    assert [said(row) for row in rows] == [("none", None), ("ambiguous", "claimed_twice")]
    replacing = plan_objects(
        [ad_row(1, login_name="j@example.com"), ad_row(2, login_name="j@example.com")],
        [held(1, "j@example.com")],
        replace=True,
    )
    assert [row["changed"] for row in replacing] == [False, False]


def test_an_object_that_sync_leaves_out_claims_nobody():
    rows = plan_objects([ad_row(1), ad_row(2, login_name="u1@example.com", **OUT)], [user(1)])
    assert [said(row) for row in rows] == [("set", None), ("blocked", "out_of_scope")]


def test_an_object_out_of_scope_that_has_tied_the_user_already_counts():
    rows = plan_objects([ad_row(1, **OUT), ad_row(2, login_name="u1@example.com")], [held(1)], replace=True)
    assert [said(row) for row in rows] == [("none", "out_of_scope"), ("ambiguous", "claimed_twice")]


def test_two_objects_that_share_user_and_anchor_are_no_repetition():
    rows = plan_objects([ad_row(1), ad_row(2, login_name="u1@example.com", immutable_id=anchor(1))], [user(1)])
    assert [said(row) for row in rows] == [("conflict", "anchor_duplicate")] * 2


def test_an_object_without_a_usable_anchor_still_claims():
    rows = plan_objects([ad_row(1), ad_row(2, login_name="u1@example.com", immutable_id=None)], [user(1)])
    assert [row["action"] for row in rows] == ["ambiguous", "ambiguous"]


def test_two_objects_with_one_anchor_are_a_conflict_whomever_they_match():
    rows = plan_objects([ad_row(1), ad_row(2, immutable_id=anchor(1))], [user(1), user(2)])
    assert [said(row) for row in rows] == [("conflict", "anchor_duplicate")] * 2
    assert "CN=u2" in rows[0]["reason"]["message"]
    assert "CN=u1" in rows[1]["reason"]["message"]


def test_a_shared_anchor_is_a_conflict_even_for_the_user_that_has_it():
    rows = plan_objects([ad_row(1, **OUT), ad_row(2, immutable_id=anchor(1))], [held(1), user(2)])
    assert [said(row) for row in rows] == [("conflict", "anchor_duplicate")] * 2
    assert (also(rows[0]), remarks(rows[0])) == ([], ["out_of_scope"])


def test_the_same_object_twice_is_written_once():
    rows = plan_objects([ad_row(1), ad_row(1)], [user(1)])
    assert [said(row) for row in rows] == [("set", None), ("none", "listed_twice")]


def test_reasons_of_many_rivals_stay_short():
    rows = plan_objects([ad_row(number, login_name="j@x.com") for number in range(1, 60)], [user(99, "j@x.com")])
    assert "and 54 more" in rows[0]["reason"]["message"]


def test_a_row_about_nobody_names_the_sign_in_name_and_no_id():
    row = one(ad_row(1), [])
    assert (row["user"], row["id"], row["matched_by"], row["before"]) == ("u1@example.com", None, None, None)


def test_a_user_without_a_name_is_shown_by_its_id():
    assert one(ad_row(1), [held(1)._replace(user_principal_name=None)])["user"] == user_id(1)


def test_a_note_is_evidence():
    (row,) = plan([from_pair({"user": "u1@example.com", "immutable_id": f"{anchor(1)} "})], [user(1)])
    assert said(row) == ("set", None)
    assert [item["key"] for item in row["evidence"]] == ["user_principal_name", "note"]
    assert [item["key"] for item in one(ad_row(1), [user(1)])["evidence"]] == ["immutable_id", "user_principal_name"]


# Users named by hand


def pairs(*given, users, clear=False, **rules):
    return [said(row) for row in plan([from_pair(pair, clear=clear) for pair in given], users, clear=clear, **rules)]


@pytest.mark.parametrize(
    ("given", "users", "expected"),
    [
        ({"user": "u1@example.com"}, [user(1)], ("blocked", "anchor_missing")),
        ({"user": "u1@example.com", "object_guid": str(guid(1))}, [user(1)], ("set", None)),
        ({"user": "u1@example.com", "object_guid": "x"}, [user(1)], ("blocked", "anchor_invalid")),
        ({"user": "u1@example.com", "immutable_id": str(guid(1))}, [user(1)], ("blocked", "anchor_misspelled")),
        ({"user": "nobody", "object_guid": str(guid(1))}, [user(1)], ("not_found", "not_found")),
        (
            {"user": "u1@example.com", "object_guid": str(guid(1))},
            [user(1, deleted=True)],
            ("not_found", "user_deleted"),
        ),
        (
            {"user": "u1@example.com", "object_guid": str(guid(1))},
            [user(1, userType="Guest")],
            ("blocked", "external_user"),
        ),
        ({"user": user_id(1), "object_guid": str(guid(1))}, [user(1, userType="Guest")], ("set", None)),
        (
            {"user": "u1@example.com", "object_guid": str(guid(1))},
            [user(1), held(2, value=anchor(1))],
            ("conflict", "anchor_held"),
        ),
    ],
)
def test_one_user_named_by_hand(given, users, expected):
    assert pairs(given, users=users) == [expected]


def test_one_user_named_twice():
    by_name = {"user": "u1@example.com", "immutable_id": anchor(1)}
    by_id = {"user": user_id(1), "immutable_id": anchor(1)}
    assert pairs(by_name, by_id, users=[user(1)]) == [("set", None), ("none", "listed_twice")]
    other = {"user": user_id(1), "immutable_id": anchor(2)}
    assert pairs(by_name, other, users=[user(1)]) == [("ambiguous", "claimed_twice")] * 2


def test_one_value_for_two_users():
    given = [{"user": f"u{number}@example.com", "immutable_id": anchor(7)} for number in (1, 2)]
    assert pairs(*given, users=[user(1), user(2)]) == [("conflict", "anchor_duplicate")] * 2


# Clearing


@pytest.mark.parametrize(
    ("given", "users", "rules", "expected"),
    [
        ({}, [held(1)], {}, ("clear", None)),
        ({}, [user(1)], {}, ("none", None)),
        ({}, [held(1, value=STRING)], {}, ("blocked", "string_anchor_kept")),
        ({}, [held(1, onPremisesSyncEnabled=True)], {}, ("blocked", "already_synced")),
        ({}, [held(1, onPremisesSyncEnabled=False)], {}, ("clear", "left_scope")),
        ({}, [held(1)], {"protected": frozenset(["u1@example.com"])}, ("blocked", "protected")),
        ({"immutable_id": anchor(1)}, [held(1)], {}, ("clear", None)),
        ({"object_guid": str(guid(1))}, [held(1)], {}, ("clear", None)),
        ({"immutable_id": anchor(2)}, [held(1)], {}, ("blocked", "existing_value_kept")),
        ({"immutable_id": anchor(2)}, [held(1)], {"replace": True}, ("blocked", "existing_value_kept")),
        ({"immutable_id": anchor(1)}, [held(1, value=str(guid(1)))], {}, ("blocked", "existing_value_misspelled")),
        ({"immutable_id": str(guid(1))}, [held(1, value=str(guid(1)))], {}, ("clear", None)),
        ({"immutable_id": STRING}, [held(1, value=STRING)], {}, ("clear", None)),
        ({"immutable_id": STRING}, [held(1, value="E4712")], {}, ("blocked", "string_anchor_kept")),
        ({"object_guid": "x"}, [held(1)], {}, ("blocked", "anchor_invalid")),
        ({"object_guid": str(guid(1)), "immutable_id": anchor(2)}, [held(1)], {}, ("blocked", "anchor_invalid")),
    ],
)
def test_to_clear_one_user(given, users, rules, expected):
    assert pairs({"user": "u1@example.com", **given}, users=users, clear=True, **rules) == [expected]


@pytest.mark.parametrize(
    ("row", "users", "expected"),
    [
        (ad_row(1), [held(1)], ("clear", None)),
        (ad_row(1, anchor_certain=False), [held(1)], ("clear", None)),
        (ad_row(1, **OUT), [held(1)], ("clear", None)),
        (ad_row(1), [held(2, "u1@example.com")], ("blocked", "existing_value_kept")),
        (ad_row(1, immutable_id=None), [held(1)], ("blocked", "anchor_missing")),
        (ad_row(1), [user(1)], ("none", None)),
        (ad_row(1), [], ("not_found", "not_found")),
        (ad_row(1), [held(1), held(2, value=anchor(1), deleted=True)], ("clear", None)),
    ],
)
def test_to_clear_by_ad_objects(row, users, expected):
    assert said(one(row, users, clear=True)) == expected


def test_to_clear_takes_no_offence_at_a_shared_anchor():
    users = [held(1), held(2, value=anchor(1))]
    rows = plan_objects([ad_row(1), ad_row(2, immutable_id=anchor(1))], users, ["user_principal_name"], clear=True)
    assert [said(row) for row in rows] == [("clear", None)] * 2


def test_to_clear_a_user_that_is_not_found_names_no_other_holder():
    row = one(ad_row(1), [held(2, value=anchor(1))], match_by=["user_principal_name"], clear=True)
    assert said(row) == ("not_found", "not_found")
