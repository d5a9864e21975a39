# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a row of input asks for, and which values are refused."""

from __future__ import annotations

import pytest
from hard_match_doubles import ad_row, anchor, guid

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import (
    IDENTIFYING,
    canonical,
    from_object,
    from_pair,
    spelling_hint,
)

SWAPPED = "FMjSqZC3TXqyZBzHeQEGmg=="  # the bytes of 14c8d2a9-90b7-4d7a-b264-1cc77901069a, never reordered
ZERO = "AAAAAAAAAAAAAAAAAAAAAA=="
DASHED = "96dcc383-2f6e-4fa2-af15-6b4c1119259a"
PROPER = "g8Pclm4vok+vFWtMERklmg=="


def code(wish):
    return wish.problem and wish.problem["code"]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({}, None),
        ({"immutable_id": None}, "anchor_missing"),
        ({"immutable_id": ZERO}, "anchor_zero"),
        ({"immutable_id": "E4711"}, "anchor_is_string"),
        ({"immutable_id": "E4711", "anchor_source": None}, "anchor_is_string"),
        ({"immutable_id": "E4711", "anchor_source": "employeeID"}, None),
        ({"immutable_id": "E$4711", "anchor_source": "employeeID"}, "anchor_forbidden_characters"),
        ({"immutable_id": "E_4711", "anchor_source": "employeeID"}, "anchor_forbidden_characters"),
        ({"immutable_id": "E4711 ", "anchor_source": "employeeID"}, "anchor_invalid"),
        ({"immutable_id": anchor(1) + " "}, "anchor_invalid"),
    ],
)
def test_an_anchor_of_an_ad_object_is_taken_as_it_is_or_refused(fields, problem):
    wish = from_object(ad_row(1, **fields))
    assert code(wish) == problem
    assert wish.value == (None if problem else {**ad_row(1), **fields}["immutable_id"])


def test_what_the_reader_said_of_a_missing_anchor_is_passed_on():
    told = {"code": "consistency_guid_wrong_length", "message": "8 bytes.", "remedy": "Correct it."}
    assert from_object(ad_row(1, immutable_id=None, anchor_reason=told)).problem == told


def test_the_statement_object_guid_takes_the_object_guid_and_makes_it_certain():
    wish = from_object(ad_row(1, immutable_id=anchor(9), anchor_certain=False), anchor="object_guid")
    assert (wish.value, wish.certain) == (anchor(1), True)


@pytest.mark.parametrize(("given", "problem"), [(None, "anchor_missing"), ("no guid", "anchor_invalid")])
def test_the_statement_object_guid_needs_an_object_guid(given, problem):
    assert code(from_object(ad_row(1, object_guid=given), anchor="object_guid")) == problem


@pytest.mark.parametrize(("certain", "expected"), [(True, True), (False, False), (None, False)])
def test_an_anchor_is_certain_only_if_the_source_says_so(certain, expected):
    assert from_object(ad_row(1, anchor_certain=certain)).certain is expected


@pytest.mark.parametrize(
    ("pair", "value", "problem"),
    [
        ({"immutable_id": PROPER}, PROPER, None),
        ({"object_guid": DASHED}, PROPER, None),
        ({"object_guid": DASHED, "immutable_id": PROPER}, PROPER, None),
        ({"object_guid": DASHED, "immutable_id": " "}, PROPER, None),
        ({"object_guid": DASHED, "immutable_id": anchor(1)}, None, "anchor_invalid"),
        ({"object_guid": "no guid"}, None, "anchor_invalid"),
        ({"object_guid": ZERO}, None, "anchor_zero"),
        ({}, None, "anchor_missing"),
        ({"immutable_id": "  "}, None, "anchor_missing"),
        ({"immutable_id": ZERO}, None, "anchor_zero"),
        ({"immutable_id": DASHED}, None, "anchor_misspelled"),
        ({"immutable_id": PROPER[:-1]}, None, "anchor_invalid"),
        ({"immutable_id": PROPER[:-2]}, None, "anchor_invalid"),
        ({"immutable_id": PROPER.replace("+", "-")}, None, "anchor_invalid"),
        ({"immutable_id": "E4711"}, None, "anchor_is_string"),
        ({"immutable_id": "jane@example.com"}, None, "anchor_is_string"),
        ({"immutable_id": "E$4711"}, None, "anchor_forbidden_characters"),
    ],
)
def test_a_pair_gives_a_guid_in_the_tenants_spelling_or_is_refused(pair, value, problem):
    wish = from_pair({"user": "jane@example.com", **pair})
    assert (wish.value, code(wish)) == (value, problem)
    assert wish.certain


def test_a_misspelled_anchor_is_told_in_the_right_spelling():
    assert PROPER in from_pair({"user": "x", "immutable_id": DASHED}).problem["remedy"]


def test_blanks_around_what_a_person_wrote_are_left_out_and_noted():
    wish = from_pair({"user": " jane@example.com ", "immutable_id": f" {PROPER}\t"})
    assert (wish.user, wish.value) == ("jane@example.com", PROPER)
    assert "blanks" in wish.note


@pytest.mark.parametrize(
    "wish",
    [
        from_pair({"user": "x", "immutable_id": SWAPPED}),
        from_pair({"user": "x", "object_guid": SWAPPED}),
        from_object(ad_row(1, immutable_id=SWAPPED)),
    ],
)
def test_a_guid_that_looks_byte_swapped_is_noted_and_used_as_it_is(wish):
    assert wish.value == SWAPPED
    assert "byte-swapped" in wish.note


def test_an_ordinary_anchor_is_without_note():
    assert from_pair({"user": "x", "object_guid": DASHED}).note is None
    assert from_object(ad_row(1)).note is None


@pytest.mark.parametrize(
    ("pair", "expected", "problem"),
    [
        ({}, None, None),  # whatever GUID it is
        ({"immutable_id": PROPER}, PROPER, None),
        ({"object_guid": DASHED}, PROPER, None),
        ({"immutable_id": " E4711 "}, "E4711", None),  # a string is cleared by naming it
        ({"immutable_id": DASHED}, DASHED, None),  # a tenant may hold the wrong spelling
        ({"object_guid": "no guid"}, None, "anchor_invalid"),
        ({"object_guid": DASHED, "immutable_id": anchor(1)}, None, "anchor_invalid"),
    ],
)
def test_to_clear_names_the_value_that_is_expected(pair, expected, problem):
    wish = from_pair({"user": "x", **pair}, clear=True)
    assert (wish.value, wish.expected, code(wish)) == (None, expected, problem)


def test_to_clear_by_an_ad_object_expects_its_anchor():
    assert from_object(ad_row(1), clear=True).expected == anchor(1)
    assert code(from_object(ad_row(1, immutable_id=None), clear=True)) == "anchor_missing"


def test_a_row_says_which_ad_object_it_is_about():
    assert set(from_object(ad_row(1)).on_premises) == set(IDENTIFYING)
    assert from_pair({"user": "x"}).on_premises is None
    # A status of the plan says by which rule.
    left_out = from_object(ad_row(1, in_scope=False, scope_reasons=[{"code": "support_account"}]))
    assert left_out.on_premises["scope_reasons"] == [{"code": "support_account"}]


@pytest.mark.parametrize(
    ("fields", "label"),
    [
        ({"login_name": "login@x.com"}, "login@x.com"),
        ({"login_name": None}, "u1@example.com"),
        ({"login_name": None, "user_principal_name": None}, "CN=u1,DC=example,DC=com"),
    ],
)
def test_a_row_is_labelled_by_the_best_name_it_has(fields, label):
    assert from_object(ad_row(1, **fields)).label == label


@pytest.mark.parametrize("text", [DASHED, DASHED.upper(), f"{{{DASHED}}}", PROPER, f" {PROPER} "])
def test_every_spelling_of_a_guid_has_one_canonical_form(text):
    assert canonical(text) == PROPER


@pytest.mark.parametrize("text", ["E4711", "jane@example.com", ZERO, ""])
def test_what_is_no_guid_has_none(text):
    assert canonical(text) is None


@pytest.mark.parametrize(
    ("current", "wanted", "part"),
    [
        (anchor(2), anchor(1), ""),
        ("E4711", anchor(1), ""),
        (f"{anchor(1)} ", anchor(1), "blanks"),
        (str(guid(1)), anchor(1), "not in base64"),
        (SWAPPED, "qdLIFLeQek2yZBzHeQEGmg==", "wrong byte order"),
    ],
)
def test_what_is_odd_about_a_value_is_hinted_at(current, wanted, part):
    hint = spelling_hint(current, wanted)
    assert part in hint
    assert bool(hint) is bool(part)


@pytest.mark.parametrize("clear", [False, True])
@pytest.mark.parametrize(("given", "wave"), [(" pilot ", "pilot"), ("", None), (None, None), (2, "2")])
def test_a_pair_may_belong_to_a_wave(given, wave, clear):
    assert from_pair({"user": "x", "object_guid": DASHED, "wave": given}, clear=clear).wave == wave
    assert from_pair({"user": "x", "object_guid": DASHED}, clear=clear).wave is None
