# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A reviewed plan: rows as they stand, struck out and released, and waves of them."""

from __future__ import annotations

import pytest
from hard_match_doubles import ad_row, also, anchor, plan_objects, said, user, user_id

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match import review
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.plan import ACTIONS
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.review import PlanReader, Wave


def planned(number=1, **changes):
    (row,) = plan_objects([ad_row(number)], [user(number)])
    return {**row, **changes}


def blocked(code="releasable", *behind, **changes):
    why = {"code": code, "message": "It is in the way.", "remedy": "Go round."}
    evidence = [{"key": "also", "value": name, "users": []} for name in behind]
    fields = {"action": "blocked", "reason": why, "evidence": evidence, "approved": True, "changed": False}
    return planned(**{**fields, **changes})


@pytest.fixture(autouse=True)
def releasable(monkeypatch):
    monkeypatch.setattr(review, "RELEASABLE", frozenset({"releasable", "another"}))


def read(*rows):
    plan = PlanReader()
    return [plan.read(row) for row in rows]


def test_a_row_is_carried_out_as_it_stands():
    assert read(planned()) == [planned()]


@pytest.mark.parametrize("action", [name for name in ACTIONS if name not in ("set", "clear")])
def test_a_row_that_writes_nothing_is_left_as_it_is(action):
    row = planned(action=action, approved=None, changed=False)
    assert read(row, row) == [row, row]


def test_a_row_that_was_struck_out_writes_nothing():
    (row,) = read(planned(approved=False))
    assert said(row) == ("none", "not_approved")
    assert row["changed"] is False


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"action": "delete"}, "does not exist"),
        ({"action": None}, "does not exist"),
        ({"id": None}, "needs the id"),
        ({"id": ""}, "needs the id"),
        ({"id": 7}, "needs the id"),
        ({"after": None}, "no value"),
        ({"after": ""}, "no value"),
        ({"after": f"{anchor(1)} "}, "no value"),
        ({"after": 4711}, "no value"),
        ({"action": "clear"}, "no value"),
        # Nothing but true is an approval.
        ({"approved": None}, "approved"),
        ({"approved": "false"}, "approved"),
        ({"approved": "yes"}, "approved"),
        ({"approved": 1}, "approved"),
    ],
)
def test_a_row_that_no_plan_has_is_refused(changes, part):
    with pytest.raises(ValueError, match=part):
        read(planned(**changes))


@pytest.mark.parametrize("name", ["user", "id", "before", "after", "action", "reason", "approved"])
def test_a_row_that_lacks_a_field_is_refused(name):
    row = planned()
    del row[name]
    with pytest.raises(ValueError, match=name):
        read(row)


@pytest.mark.parametrize(
    "second", [{"id": user_id(1).upper()}, {"after": anchor(1)}, {"id": user_id(1), "after": anchor(1)}]
)
def test_a_second_row_for_one_user_or_value_is_refused(second):
    with pytest.raises(ValueError, match="earlier row"):
        read(planned(), planned(2, **second))


def test_a_second_row_may_stand_where_one_of_the_two_was_struck_out():
    rows = read(planned(approved=False), planned(2, id=user_id(1), after=anchor(1)))
    assert [row["action"] for row in rows] == ["none", "set"]


def test_several_users_may_be_cleared():
    rows = [planned(number, action="clear", before=anchor(number), after=None) for number in (1, 2)]
    assert read(*rows) == rows


# Rows that are released


@pytest.mark.parametrize("behind", [(), ("another",)])
def test_a_blocked_row_is_released_by_an_approval(behind):
    (row,) = read(blocked("releasable", *behind))
    assert (row["action"], row["changed"]) == ("set", True)
    assert row["reason"]["code"] == "releasable", "the result still says what was released"


def test_what_was_to_be_cleared_is_cleared_when_it_is_released():
    (row,) = read(blocked(before=anchor(1), after=None))
    assert row["action"] == "clear"


@pytest.mark.parametrize("approved", [None, False])
def test_without_an_approval_a_blocked_row_stays_blocked(approved):
    row = blocked(approved=approved)
    assert read(row) == [row]


@pytest.mark.parametrize(
    ("row", "named"),
    [
        (blocked("role_holder"), "role_holder"),
        (blocked("releasable", "role_holder"), "role_holder"),
        (blocked("role_holder", "releasable", "protected"), "role_holder; protected"),
    ],
)
def test_an_approval_that_cannot_release_a_row_is_told_so(row, named):
    (kept,) = read(row)
    assert (said(kept), kept["changed"]) == (("blocked", "not_releasable"), False)
    assert f"release it from {named}:" in kept["reason"]["message"]
    assert "It is in the way." in kept["reason"]["message"]
    assert row["reason"]["code"] in also(kept)


@pytest.mark.parametrize("action", ["conflict", "ambiguous", "not_found", "failed"])
def test_only_blocked_rows_can_be_released(action):
    (kept,) = read(blocked(action=action))
    assert said(kept) == (action, "not_releasable")


def test_an_approval_of_a_row_that_needs_nothing_changes_nothing():
    row = planned(action="none", approved=True, changed=False)
    assert read(row) == [row]


@pytest.mark.parametrize(("changes", "part"), [({"id": None}, "needs the id"), ({"after": ""}, "no value")])
def test_a_released_row_must_be_one_that_can_be_written(changes, part):
    with pytest.raises(ValueError, match=part):
        read(blocked(**changes))


def test_a_released_row_and_another_one_for_the_same_user_are_refused():
    with pytest.raises(ValueError, match="earlier row"):
        read(planned(), blocked())


def test_what_is_no_answer_is_refused_on_a_blocked_row_too():
    with pytest.raises(ValueError, match="must be true or false"):
        read(blocked(approved="yes"))


# Waves


def inside(rows, **wave):
    return [row["id"] for row in Wave(**wave).of(rows) if row["action"] in ("set", "clear")]


ROWS = [
    planned(1, wave="pilot"),
    planned(2, action="blocked", approved=None, changed=False, wave="pilot"),
    planned(3, wave=None),
    planned(4, wave=" pilot "),
    planned(5, wave=2),
    planned(6),
]


@pytest.mark.parametrize(
    ("wave", "numbers"),
    [
        ({}, [1, 3, 4, 5, 6]),
        ({"limit": 2}, [1, 3]),
        ({"offset": 2}, [4, 5, 6]),
        ({"offset": 1, "limit": 2}, [3, 4]),
        ({"limit": 0}, []),
        ({"offset": 9}, []),
        ({"name": "pilot"}, [1, 4]),
        ({"name": "2"}, [5]),
        ({"name": "other"}, []),
        ({"name": "pilot", "offset": 1}, [4]),
        ({"name": "pilot", "limit": 1}, [1]),
    ],
)
def test_a_wave_is_counted_over_the_rows_that_write(wave, numbers):
    assert inside(ROWS, **wave) == [user_id(number) for number in numbers]


def test_waves_that_follow_each_other_are_the_whole_plan():
    waves = [inside(ROWS, offset=offset, limit=2) for offset in (0, 2, 4)]
    assert [key for wave in waves for key in wave] == inside(ROWS)


def test_rows_outside_say_so_and_all_others_are_untouched():
    rows = list(Wave(limit=1).of(ROWS))
    assert [said(row) for row in rows[2:]] == [("none", "outside_wave")] * 4
    assert not any(row["changed"] for row in rows[1:])
    assert rows[:2] == ROWS[:2]


def test_a_wave_can_be_counted_more_than_once():
    wave = Wave(limit=1)
    assert list(wave.of(ROWS)) == list(wave.of(ROWS))
