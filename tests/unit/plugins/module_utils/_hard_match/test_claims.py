# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who claims which user: rivals with their keys, and no more work than there are rows."""

from __future__ import annotations

import time

import pytest
from hard_match_doubles import ad_row, anchor, held, plan_objects, said, user, user_id

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.claims import Claims
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.matching import Match
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import from_object

JANE = user(9, "j@x.com", mail="jane@x.com")


def found_by(key, target=JANE, **rest):
    return Match([target], key, "value", [], [], [], **rest)


def both_named(text):
    return "CN=u1," in text and "CN=u2," in text


def claims_of(*given):
    """Return claims of rows, each (AD object, how it was found), and their wishes."""
    claims = Claims()
    wishes = [from_object(row) for row, _found in given]
    for number, (_row, found) in enumerate(given):
        claims.add(number, wishes[number], found)
    return claims, wishes


def test_an_object_has_a_user_where_its_source_knows_of_managers():
    carried = {"carried": frozenset(["synced_attributes.manager"])}
    boss = user(8, "b@x.com")
    claims, _wishes = claims_of(
        (ad_row(1, **carried), found_by("mail")),
        (ad_row(2, **carried), found_by("employee_id", boss, weak=True)),
        (ad_row(3, **carried, in_scope=False), found_by("mail", boss)),
        (ad_row(4), found_by("mail", boss)),
    )
    assert claims.user_of("cn=U1,DC=Example,DC=com") == JANE.id
    assert [claims.user_of(f"CN=u{number},DC=example,DC=com") for number in (2, 3, 4, 5)] == [None] * 4


def test_rivals_are_named_with_their_anchors_and_keys():
    rows = plan_objects(
        [ad_row(1, login_name="j@x.com"), ad_row(2, mail="jane@x.com")], [JANE], ["user_principal_name", "mail"]
    )
    assert [said(row) for row in rows] == [("ambiguous", "claimed_twice")] * 2
    for row in rows:
        assert f"CN=u1,DC=example,DC=com ({anchor(1)}, found by user_principal_name)" in row["reason"]["message"]
        assert f"CN=u2,DC=example,DC=com ({anchor(2)}, found by mail)" in row["reason"]["message"]


def test_a_pair_that_a_weak_key_found_is_no_rival_of_a_strong_one():
    claims, (strong, weak) = claims_of((ad_row(1), found_by("mail")), (ad_row(2), found_by("employee_id", weak=True)))
    assert claims.rivals(strong, JANE) == ""
    assert both_named(claims.rivals(weak, JANE))


def test_weak_pairs_are_rivals_of_each_other():
    claims, wishes = claims_of(*((ad_row(n), found_by("employee_id", weak=True)) for n in (1, 2)))
    assert all(both_named(claims.rivals(wish, JANE)) for wish in wishes)


def test_an_object_to_which_the_user_does_not_belong_takes_nobodys_place():
    claims, (right, wrong) = claims_of((ad_row(1), found_by("mail")), (ad_row(2), found_by("mail", claims=False)))
    assert claims.rivals(right, JANE) == ""
    assert claims.rivals(wrong, JANE) == f"CN=u1,DC=example,DC=com ({anchor(1)}, found by mail)"


def test_nobody_claims_a_user_that_no_row_found():
    claims, (wish,) = claims_of((ad_row(1), Match([], None, None, [], [], [])))
    assert (claims.rivals(wish, JANE), claims.listed_before(0, wish, JANE)) == ("", False)


def test_the_same_row_again_is_no_rival():
    claims, (first, second) = claims_of((ad_row(1), found_by("mail")), (ad_row(1), found_by("mail")))
    assert claims.rivals(first, JANE) == ""
    assert [claims.listed_before(0, first, JANE), claims.listed_before(1, second, JANE)] == [False, True]


def test_an_object_without_an_anchor_says_so():
    row = ad_row(2, immutable_id=None)
    claims, (first, _second) = claims_of((ad_row(1), found_by("mail")), (row, found_by("mail")))
    assert "(no anchor, found by mail)" in claims.rivals(first, JANE)


@pytest.mark.parametrize("same_anchor", [False, True])
def test_many_rows_on_one_user_take_time_in_proportion(same_anchor):
    def seconds(count):
        target = user(0, "all@x.com")
        values = [{"immutable_id": anchor(7)} if same_anchor else {} for _number in range(count)]
        rows = [ad_row(number, **fields) for number, fields in enumerate(values)]
        began = time.process_time()
        claims, wishes = claims_of(*((row, found_by("mail", target)) for row in rows))
        assert f"and {count - 5} more" in claims.rivals(wishes[0], target)
        for number, wish in enumerate(wishes):
            assert claims.rivals(wish, target)
            claims.same_anchor(wish, target)
            claims.listed_before(number, wish, target)
        return time.process_time() - began

    seconds(500)
    few, many = (min(seconds(count) for _attempt in range(3)) for count in (500, 4000))
    assert many < few * 8 * 4


def test_who_has_the_anchor_keeps_it_against_any_rival():
    target = held(1, "j@x.com")
    claims, (holding, other) = claims_of((ad_row(1), found_by("mail", target)), (ad_row(2), found_by("mail", target)))
    assert claims.rivals(holding, target) == ""
    assert both_named(claims.rivals(other, target))
    assert target.id == user_id(1)
