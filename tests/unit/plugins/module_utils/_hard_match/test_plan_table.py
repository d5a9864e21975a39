# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of a plan: what it says, and that no spreadsheet takes a cell for a formula."""

from __future__ import annotations

import csv
import io

import pytest
from hard_match_doubles import ad_row, anchor, plan_objects, user, user_id
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.plan_table import (
    COLUMNS,
    effect_in_words,
    first_line,
    guarded,
    table_line,
)


def planned(**changes):
    (row,) = plan_objects([ad_row(1)], [user(1)])
    return {**row, **changes}


def cells(row):
    (values,) = csv.reader(io.StringIO(table_line(row), newline=""))
    return dict(zip(COLUMNS, values))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('x;=HYPERLINK("http://evil")', 'x;\'=HYPERLINK("http://evil")'),
        ("a; +1", "a; '+1"),
        ("a\t@x", "a\t'@x"),
        ("a\n-1", "a\n'-1"),
        ("a; b-c = d", "a; b-c = d"),
    ],
)
def test_a_cell_holds_no_formula_where_semicolons_part_cells(text, expected):
    assert guarded(text) == expected


def test_a_row_is_told_in_words():
    shown = cells(planned(wave="pilot"))
    assert shown["user"] == "u1@example.com"
    assert (shown["action"], shown["approved"], shown["wave"]) == ("set", "true", "pilot")
    assert (shown["before"], shown["after"]) == ("", anchor(1))
    assert shown["distinguished_name"] == "CN=u1,DC=example,DC=com"
    assert (shown["code"], shown["message"], shown["remedy"], shown["also"]) == ("", "", "", "")


def test_a_reason_and_what_stands_behind_it():
    evidence = [{"key": "also", "value": code, "users": []} for code in ("guest", "protected")]
    why = {"code": "weak", "message": "It is weak.", "remedy": "Look."}
    shown = cells(planned(action="blocked", approved=None, reason=why, evidence=evidence))
    assert [shown[name] for name in ("code", "message", "remedy", "also")] == [
        "weak",
        *list(why.values())[1:],
        "guest; protected",
    ]
    assert (shown["approved"], shown["releasable"]) == ("", "false")


@pytest.mark.parametrize(
    ("action", "code", "releasable"),
    [("blocked", "weak_match", "true"), ("blocked", "role_held", "false"), ("set", "weak_match", "false")],
)
def test_a_person_sees_which_rows_an_approval_releases(action, code, releasable):
    row = planned(action=action, reason={"code": code, "message": "m", "remedy": "r"}, evidence=[])
    assert cells(row)["releasable"] == releasable


def test_other_candidates_are_named_once_and_the_user_of_the_row_is_not_one():
    own, other, gone = (
        {"id": user_id(number), "user_principal_name": f"u{number}@example.com", "deleted": number == 3}
        for number in (1, 2, 3)
    )
    evidence = [{"key": "a", "value": "x", "users": [own, other]}, {"key": "b", "value": "y", "users": [other, gone]}]
    assert cells(planned(evidence=evidence))["other_candidates"] == (
        f"u2@example.com ({user_id(2)}); u3@example.com ({user_id(3)}, in the recycle bin)"
    )


@pytest.mark.parametrize(
    ("effect", "words"),
    [
        (("overwritten", "department", "A", "B"), "department is A and becomes B."),
        (("blanked", "city", "Bonn", None), "city is Bonn, and AD has no value"),
        (("user_disabled", "accountEnabled", True, False), "the takeover disables the cloud user."),
        (("address_lost", "proxyAddresses", ["a", "b"], None), "The addresses a; b exist only in the cloud"),
        (("password_will_change",), "Password hash sync replaces the cloud password"),
        (("of_another_release", "x", 1, 2), "of_another_release"),
    ],
)
def test_an_effect_in_words(effect, words):
    effect = dict(zip(("code", "property", "before", "after"), effect))
    assert words in effect_in_words(effect)
    assert cells(planned(effects=[effect, effect]))["effects"] == f"{effect_in_words(effect)} {effect_in_words(effect)}"


@pytest.mark.parametrize(
    ("on_premises", "shown"),
    [(None, ""), ({"in_scope": True}, "true"), ({"in_scope": False}, "false"), ({"in_scope": None}, "unknown")],
)
def test_scope_is_true_false_or_unknown(on_premises, shown):
    assert cells(planned(on_premises=on_premises))["in_scope"] == shown


@pytest.mark.parametrize("start", list("=+-@\t\r\n＝＋－＠"))
def test_a_formula_is_defused(start):
    assert guarded(f"{start}cmd|' /C calc'!A0").startswith(f"'{start}")
    assert cells(planned(user=f"{start}1+1"))["user"] == f"'{start}1+1"


@pytest.mark.parametrize("text", ["", "a=b", "'x", "jane@example.com", "/9j+"])
def test_what_is_no_formula_is_left_alone(text):
    assert guarded(text) == text


def test_a_cell_that_no_spreadsheet_holds_is_cut_off():
    assert len(guarded("x" * 100_000)) == 32_000


def test_a_sign_that_no_reader_takes_is_replaced():
    assert guarded("a\0b") == "a\ufffdb"


def test_the_columns_have_names():
    assert first_line() == "\ufeff" + ",".join(COLUMNS) + "\r\n"


@given(st.text(max_size=30), st.text(max_size=30))
def test_whatever_a_name_is_a_row_stays_one_row(name, message):
    row = planned(user=name, reason={"code": "c", "message": message, "remedy": "r"})
    line = table_line(row)
    assert line.endswith("\r\n")
    assert cells(row)["user"] == guarded(name)
    assert cells(row)["wave"] == ""
