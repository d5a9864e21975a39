# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is expected of a user, by any of the collection's files, and which user that is."""

from __future__ import annotations

import json

import pytest
from hard_match_doubles import ad_row, anchor, guid, held, plan_objects, user, user_id

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import CloudIndex
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.diagnosis import Expectation
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.expected import (
    expected_of,
    expected_of_pair,
    find_expected,
    sharing,
)

NAME = "u1@example.com"


@pytest.mark.parametrize(
    ("pair", "value", "code"),
    [
        ({}, None, None),
        ({"immutable_id": ""}, None, None),
        ({"immutable_id": anchor(1)}, anchor(1), None),
        ({"object_guid": str(guid(1))}, anchor(1), None),
        ({"immutable_id": " E4711 "}, "E4711", None),  # a sync with another anchor is looked at, not judged
        ({"immutable_id": str(guid(1))}, None, "anchor_misspelled"),
        ({"object_guid": "x"}, None, "anchor_invalid"),
    ],
)
def test_a_person_names_a_user_and_perhaps_a_value(pair, value, code):
    expected = expected_of_pair({"user": NAME, **pair})
    assert (expected.user, expected.id, expected.immutable_id) == (NAME, None, value)
    assert (expected.reason and expected.reason["code"]) == code
    assert expected.action == ("blocked" if code else None)


def test_a_person_may_name_an_id():
    assert expected_of_pair({"user": user_id(1)}).id == user_id(1)


def test_an_object_is_expected_with_its_sign_in_name_and_anchor():
    expected = expected_of("objects", ad_row(1, login_name="login@example.com"))
    assert (expected.user, expected.immutable_id, expected.reason) == ("login@example.com", anchor(1), None)


def test_an_object_without_an_anchor_says_why():
    why = {"code": "no_object_guid", "message": "m", "remedy": "r"}
    expected = expected_of("objects", ad_row(1, immutable_id=None, anchor_reason=why))
    assert (expected.action, expected.reason) == ("blocked", why)
    warned = expected_of("objects", ad_row(1, anchor_reason={**why, "code": "anchor_looks_byte_swapped"}))
    assert (warned.action, warned.reason) == (None, None)


@pytest.mark.parametrize("kind", ["plan", "result"])
def test_a_plan_keeps_what_verification_needs(kind):
    (row,) = plan_objects([ad_row(1, anchor_certain=False)], [user(1)])
    expected = expected_of(kind, row)
    assert (expected.id, expected.immutable_id) == (user_id(1), anchor(1))
    assert expected.row["object_sid"] == ad_row(1)["object_sid"]
    assert expected.row["anchor_certain"] is False
    assert (expected.action, expected.reason["code"]) == ("blocked", "anchor_unconfirmed")


def test_a_journal_and_a_status_are_followed_by_id():
    assert expected_of("journal", {"id": user_id(1), "user": NAME, "after": anchor(1)}) == Expectation(
        NAME, user_id(1), anchor(1)
    )
    status = {"id": user_id(1), "user": NAME, "expected_immutable_id": anchor(1), "object": {"object_sid": "S"}}
    assert expected_of("status", status) == Expectation(NAME, user_id(1), anchor(1), {"object_sid": "S"})


OBJECT = Expectation(NAME, None, anchor(1), ad_row(1))


@pytest.mark.parametrize(
    ("expected", "users", "found"),
    [
        (Expectation(NAME), [user(1)], 1),
        (Expectation("U1@Example.com"), [user(1)], 1),
        (Expectation(NAME), [user(1, deleted=True)], 1),
        (Expectation(NAME), [user(2, NAME, deleted=True), user(1)], 1),
        (Expectation(NAME), [user(2, NAME, deleted=True), user(3, NAME, deleted=True)], None),
        (Expectation(NAME), [], None),
        (Expectation("old@example.com", user_id(1)), [user(1), user(2, "old@example.com")], 1),
        (Expectation("old@example.com", user_id(9)), [user(2, "old@example.com")], None),
        # An AD object is also known by its anchor: the sync may have changed the name.
        (OBJECT, [held(1, "u1@example.onmicrosoft.com")], 1),
        (OBJECT, [user(1), held(2, "x@x.com", value=anchor(1))], 1),
        (OBJECT, [user(2, NAME, deleted=True), held(1, "u1@example.onmicrosoft.com")], 1),
        (OBJECT, [user(1, deleted=True), held(2, "x@x.com", value=anchor(1), deleted=True)], 1),
        (OBJECT, [held(1, "x@x.com", deleted=True)], 1),
        # A person named this user and no other.
        (Expectation("typo@example.com", None, anchor(1)), [held(1)], None),
    ],
)
def test_the_user_that_is_meant(expected, users, found):
    meant = find_expected(expected, CloudIndex(users))
    assert (meant and meant.id) == (found and user_id(found))


def test_an_object_without_a_sign_in_name_is_not_looked_for_by_ads_own_upn():
    """Alternate login ID: AD's UPN may be somebody else's name in the cloud."""
    row = ad_row(1, login_name=None)
    (planned,) = plan_objects([row], [])
    for kind, given in (("objects", row), ("plan", planned)):
        assert find_expected(expected_of(kind, given), CloudIndex([user(7, "u1@example.com")])) is None


# A hundred thousand at once


def test_the_fields_of_an_object_are_those_of_the_file():
    row = json.loads(json.dumps(ad_row(1, in_scope=None)))
    kept = expected_of("objects", row).row
    assert kept == row
    assert (list(kept), len(kept)) == (list(row), len(row))
    assert "nothing" not in kept
    assert kept.get("nothing") is None


def test_what_ad_and_the_tenant_both_say_is_in_memory_once():
    (row,) = plan_objects([ad_row(1)], [user(1)])
    expected = expected_of("plan", json.loads(json.dumps(row)))
    body = {
        "id": expected.id,
        "userPrincipalName": expected.user,
        "onPremisesImmutableId": expected.immutable_id,
        "onPremisesSecurityIdentifier": expected.row["object_sid"],
        "displayName": "Somebody else",
        "onPremisesSyncEnabled": None,
        "proxyAddresses": [f"SMTP:{expected.user}"],
    }
    read = json.loads(json.dumps(body))
    shared = sharing(read, expected)
    assert shared == read == body
    for name in ("id", "userPrincipalName", "onPremisesImmutableId", "onPremisesSecurityIdentifier"):
        assert shared[name] is body[name]
        assert shared[name] is not read[name]
