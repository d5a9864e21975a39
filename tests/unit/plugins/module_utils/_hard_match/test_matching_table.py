# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of the decision table of matching, those of weak keys, and those of the map."""

from __future__ import annotations

import pytest
from hard_match_doubles import ad_row, anchor, guid, held, user, user_id
from matching_runs import (
    BY_MAIL,
    BY_NAME,
    GUEST,
    MAIL,
    ROOM,
    ROW,
    SID,
    SIDS,
    UPN,
    codes,
    decided,
    find,
    mapped_to,
    reasons,
)

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import from_object

# The decision table. In each case u1 is the AD object's, if any user is.


@pytest.mark.parametrize(
    ("users", "match_by", "expected"),
    [
        # One member, and nobody else that counts.
        ([user(1), user(2)], [UPN], ([1], UPN, [])),
        ([user(1), user(1, deleted=True)._replace(id=user_id(2))], [UPN], ([1], UPN, [])),
        # Several.
        (
            [user(1, "a@x.com", **BY_MAIL), user(2, "b@x.com", **BY_MAIL)],
            [MAIL],
            ([1, 2], MAIL, [("ambiguous", "several_users")]),
        ),
        (
            [user(1, "a@x.com", **BY_MAIL), user(2, "b@x.com", **BY_MAIL), user(3, "c@x.com", **BY_MAIL, **GUEST)],
            [MAIL],
            ([1, 2, 3], MAIL, [("ambiguous", "several_users")]),
        ),
        (
            [user(1, "a@x.com", **BY_MAIL, **ROOM), user(2, "b@x.com", **BY_MAIL, **GUEST)],
            [MAIL],
            ([1, 2], MAIL, [("ambiguous", "several_users")]),
        ),
        # Not silently a member where a guest or a room fits as well.
        (
            [user(1, "a@x.com", **BY_MAIL), user(2, "b@x.com", **BY_MAIL, **GUEST)],
            [MAIL],
            ([1], MAIL, [("blocked", "external_also_fits")]),
        ),
        (
            [user(1, "a@x.com", **BY_MAIL), user(2, "b@x.com", **BY_MAIL, **ROOM)],
            [MAIL],
            ([1], MAIL, [("blocked", "external_also_fits")]),
        ),
        # Never a guest or a room.
        ([user(1, **GUEST)], [UPN], ([1], UPN, [("blocked", "external_user")])),
        ([user(1, **ROOM)], [UPN], ([1], UPN, [("blocked", "resource_account")])),
        (
            [user(1, **ROOM, **GUEST)],
            [UPN],
            ([1], UPN, [("blocked", "external_user"), ("blocked", "resource_account")]),
        ),
        # A weaker key that finds somebody else changes nothing.
        ([user(1), user(2, **BY_MAIL)], [UPN, MAIL], ([1], UPN, [])),
        ([user(1), user(2, **BY_MAIL, **GUEST)], [UPN, MAIL], ([1], UPN, [])),
        ([user(1), user(2, **BY_MAIL, deleted=True)], [UPN, MAIL], ([1], UPN, [])),
        # A stronger one that finds nobody either: that is what further keys are for.
        ([user(1, "x@x.com", **BY_MAIL)], [UPN, MAIL], ([1], MAIL, [])),
        # A stronger one that finds whom nobody may pick.
        (
            [user(2, "u1@example.com", deleted=True), user(1, "x@x.com", **BY_MAIL)],
            [UPN, MAIL],
            ([1], MAIL, [("conflict", "match_contradicted")]),
        ),
        (
            [user(2, "u1@example.com", **GUEST), user(1, "x@x.com", **BY_MAIL)],
            [UPN, MAIL],
            ([1], MAIL, [("conflict", "match_contradicted")]),
        ),
        (
            [user(2, "u1@example.com", deleted=True), user(1, "x@x.com", **BY_MAIL, **GUEST)],
            [UPN, MAIL],
            ([1], MAIL, [("conflict", "match_contradicted"), ("blocked", "external_user")]),
        ),
        # The SID is the AD object's own: it contradicts by being another one.
        (
            [user(1, onPremisesSecurityIdentifier="S-1-5-21-9")],
            [SID, UPN],
            ([1], UPN, [("conflict", "match_contradicted")]),
        ),
        ([user(1, onPremisesSecurityIdentifier="s-1-5-21-1-2-3-1001")], [SID, UPN], ([1], SID, [])),
        ([user(1, onPremisesSecurityIdentifier="S-1-5-21-9")], [UPN, SID], ([1], UPN, [])),
        ([user(1)], [SID, UPN], ([1], UPN, [])),
        (
            [user(1, onPremisesSecurityIdentifier=SIDS["object_sid"], deleted=True), user(2, "u1@example.com")],
            [SID, UPN],
            ([2], UPN, [("conflict", "match_contradicted")]),
        ),
        # Whoever has the anchor by now is a matter of obstacles (anchor_held), unless nobody else is found.
        ([held(2, "x@x.com", value=anchor(1)), user(1)], ["immutable_id", UPN], ([1], UPN, [])),
        ([held(2, "x@x.com", value=anchor(1), deleted=True), user(1)], ["immutable_id", UPN], ([1], UPN, [])),
        ([held(1, "x@x.com")], ["immutable_id", UPN], ([1], "immutable_id", [])),
        ([held(1, "x@x.com", **GUEST)], ["immutable_id", UPN], ([1], "immutable_id", [(None, "external_user")])),
        (
            [held(1, "x@x.com"), user(2, "u1@example.com", deleted=True)],
            [UPN, "immutable_id"],
            ([1], "immutable_id", [("conflict", "match_contradicted")]),
        ),
        (
            [held(1, **BY_MAIL, onPremisesSecurityIdentifier="S-1-5-21-9")],
            [MAIL, SID, "immutable_id"],
            ([1], "immutable_id", []),
        ),
        # The anchor chooses among several by name, also a guest that has it already.
        ([held(1, "a@x.com", **BY_MAIL), user(2, **BY_MAIL)], ["immutable_id", MAIL], ([1], "immutable_id", [])),
        (
            [held(1, "a@x.com", **BY_MAIL, **GUEST), user(2, "b@x.com", **BY_MAIL)],
            ["immutable_id", MAIL],
            ([1], "immutable_id", [(None, "external_user")]),
        ),
        # Only deleted users, or nobody.
        ([user(1, deleted=True)], [UPN], ([], None, [])),
        ([], [UPN], ([], None, [])),
    ],
)
def test_the_decision_table(users, match_by, expected):
    ids, matched_by, said = expected
    assert decided(ROW, users, match_by) == ([user_id(number) for number in ids], matched_by, said)


WEAK_FIELDS = {
    "employee_id": "employeeId",
    "sam_account_name": "onPremisesSamAccountName",
    "mail_nickname": "mailNickname",
}


@pytest.mark.parametrize(("field", "name"), WEAK_FIELDS.items())
def test_a_weak_key_finds_nobody_unless_it_is_allowed_to_and_then_waits_for_a_person(field, name):
    users = [user(1, "x@x.com", **{name: ROW[field].upper()})]
    assert decided(ROW, users, [UPN, field]) == ([], None, [])
    assert decided(ROW, users, [UPN], [field]) == ([user_id(1)], field, [("blocked", "weak_match")])
    found = find(from_object(ROW), users, [UPN], [field])
    assert found.weak
    ((_action, why),) = reasons(from_object(ROW), users, [UPN], [field])
    assert ROW[field] in why["message"]


def test_a_strong_key_made_weak_waits_as_well():
    assert decided(ROW, [user(1, "x@x.com", **BY_MAIL)], [UPN], [MAIL])[2] == [("blocked", "weak_match")]


def test_a_weak_key_is_asked_only_after_all_strong_ones():
    users = [user(1, "x@x.com", **BY_MAIL), user(2, employeeId="E1")]
    assert decided(ROW, users, [UPN, MAIL], ["employee_id"]) == ([user_id(1)], MAIL, [])


def test_a_weak_pair_is_contradicted_like_any_other():
    users = [user(2, "u1@example.com", deleted=True), user(1, "x@x.com", employeeId="E1")]
    said = [("conflict", "match_contradicted"), ("blocked", "weak_match")]
    assert decided(ROW, users, [UPN], ["employee_id"]) == ([user_id(1)], "employee_id", said)


@pytest.mark.parametrize(
    ("cloud", "agrees"), [("e1", True), ("E2", False), (None, None)], ids=["agrees", "differs", "unknown"]
)
@pytest.mark.parametrize("allowed", [[], ["employee_id"]])
def test_a_weak_key_confirms_what_another_found(cloud, agrees, allowed):
    asked = (from_object(ROW), [user(1, employeeId=cloud), user(2, employeeId="x")], [UPN, "employee_id"], allowed)
    assert codes(*asked) == []
    found = find(*asked)
    (item,) = [item for item in found.evidence if item["key"] == "employee_id"]
    assert (item["value"], item["cloud"], item["agrees"]) == ("E1", cloud, agrees)


def test_a_weak_key_of_which_ad_has_nothing_is_not_mentioned():
    found = find(from_object(ad_row(1)), [user(1, employeeId="E1")], [UPN, "employee_id"])
    assert [item["key"] for item in found.evidence] == [UPN]


def test_a_sid_that_differs_is_shown_even_where_it_decides_nothing():
    found = find(from_object(ROW), [user(1, onPremisesSecurityIdentifier="S-1-5-21-9")], [UPN, SID])
    (item,) = [item for item in found.evidence if item["key"] == SID]
    assert (item["value"], item["cloud"], item["agrees"]) == (ROW["object_sid"], "S-1-5-21-9", False)


# The map.


@pytest.mark.parametrize(
    ("users", "pairs", "match_by", "expected"),
    [
        # A person's word beats every key.
        ([user(1), user(2)], [mapped_to("u2@example.com")], [UPN], ([2], "map", [])),
        ([user(1), user(2)], [mapped_to(user_id(2))], [UPN], ([2], "map", [])),
        # Unless it was put behind one.
        ([user(1), user(2)], [mapped_to("u2@example.com")], [UPN, "map"], ([1], UPN, [])),
        # Whom the map does not name is matched by the other keys.
        ([user(1), user(2)], [mapped_to("u2@example.com", 2)], [UPN], ([1], UPN, [])),
        # A mistake in the map never falls back to a guess.
        ([user(1)], [mapped_to("typo@x.com")], [UPN], ([1], UPN, [("conflict", "match_contradicted")])),
        (
            [user(1), user(2, deleted=True)],
            [mapped_to("u2@example.com")],
            [UPN],
            ([1], UPN, [("conflict", "match_contradicted")]),
        ),
        ([], [mapped_to("typo@x.com")], [UPN], ([], None, [])),
        (
            [user(1), user(2)],
            [mapped_to("u1@example.com"), mapped_to("u2@example.com")],
            [UPN],
            ([1, 2], "map", [("ambiguous", "several_users")]),
        ),
        (
            [user(1), user(2, **GUEST)],
            [mapped_to("u1@example.com"), mapped_to("u2@example.com")],
            [UPN],
            ([1, 2], "map", [("ambiguous", "several_users")]),
        ),
        (
            [user(1)],
            [mapped_to("u1@example.com"), mapped_to("typo@x.com")],
            [UPN],
            ([1], "map", [("conflict", "match_contradicted")]),
        ),
        (
            [user(1), user(2, deleted=True)],
            [mapped_to("u1@example.com"), mapped_to("u2@example.com")],
            [UPN],
            ([1], "map", [("conflict", "match_contradicted")]),
        ),
        (
            [held(1), user(2)],
            [mapped_to("u1@example.com"), mapped_to("u2@example.com")],
            BY_NAME,
            ([1], "immutable_id", [("conflict", "match_contradicted")]),
        ),
        # The user is somebody else's.
        ([user(1)], [mapped_to("u1@example.com", 7)], [UPN], ([1], UPN, [("conflict", "match_contradicted")])),
        (
            [held(1)],
            [mapped_to("u1@example.com", 7)],
            BY_NAME,
            ([1], "immutable_id", [("conflict", "match_contradicted")]),
        ),
        # An external user only by its id, so that nobody is meant by accident.
        ([user(2, **GUEST)], [mapped_to("u2@example.com")], [UPN], ([2], "map", [("blocked", "external_user")])),
        ([user(2, **GUEST)], [mapped_to(user_id(2))], [UPN], ([2], "map", [])),
        ([user(1), user(2, **GUEST)], [mapped_to(user_id(2))], [UPN], ([2], "map", [])),
        (
            [user(1), user(2, **GUEST)],
            [mapped_to("u2@example.com")],
            [UPN],
            ([1], UPN, [("conflict", "match_contradicted")]),
        ),
        ([user(2, **ROOM)], [mapped_to(user_id(2))], [UPN], ([2], "map", [])),
    ],
)
def test_the_map(users, pairs, match_by, expected):
    ids, matched_by, said = expected
    assert decided(ROW, users, match_by, pairs=pairs) == ([user_id(number) for number in ids], matched_by, said)


@pytest.mark.parametrize(
    ("wish", "users", "pairs", "claims"),
    [
        (ROW, [user(1)], None, True),
        (ROW, [user(1)], [mapped_to("u1@example.com")], True),
        # Whose the user is instead, a stronger key knows: this row takes nobody's place.
        (ROW, [user(1)], [mapped_to("u1@example.com", 7)], False),
        (ROW, [user(1, onPremisesSecurityIdentifier="S-1-5-21-9")], None, False),
        (ROW, [user(1)], [mapped_to("typo@x.com"), mapped_to("u1@example.com", 7)], False),
        # Whose it is instead, nobody knows.
        (ROW, [user(1)], [mapped_to("typo@x.com")], True),
        (ROW, [user(1, "x@x.com", **BY_MAIL), user(2, "u1@example.com", deleted=True)], None, True),
    ],
)
def test_a_row_that_a_stronger_key_takes_its_user_from_claims_nobody(wish, users, pairs, claims):
    assert find(from_object(wish), users, [SID, UPN, MAIL], pairs=pairs).claims is claims


def test_what_contradicts_is_said_with_names_and_lines():
    users = [user(1, onPremisesSecurityIdentifier="S-1-5-21-9"), user(2, **BY_MAIL, deleted=True)]
    ((_action, why),) = reasons(from_object(ROW), users, [MAIL, SID, UPN], pairs=[mapped_to("u1@example.com", 7)])
    for part in (MAIL, "m@x.com", user_id(2), "S-1-5-21-9", ROW["object_sid"], str(guid(7)), "line 2"):
        assert part in why["message"]
