# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying out a plan: reading it, the second look, refused writes, and what the rows say then."""

from __future__ import annotations

import pytest
from hard_match_doubles import ad_row, anchor, guid, held, plan_objects, said, user, user_id

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.plan import (
    Outcome,
    Summary,
    carried_out,
    looked_up,
    refused,
    second_look,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import Lookup

ERROR = {"status": 400, "code": "Request_BadRequest", "message": "No.", "request_id": "r"}


def planned(number=1, **changes):
    (row,) = plan_objects([ad_row(number)], [user(number)])
    return {**row, **changes}


# The second look


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (user(1), None),
        (user(1, "U1@Example.com"), None),
        (None, ("not_found", "gone")),
        (user(1, deleted=True), ("not_found", "gone")),
        (held(1), ("none", None)),
        (held(1, onPremisesSyncEnabled=True), ("none", None)),
        (held(1, value=anchor(2)), ("blocked", "changed_since_plan")),
        (user(1, onPremisesSyncEnabled=True), ("blocked", "changed_since_plan")),
        (user(1, onPremisesSyncEnabled=False), ("blocked", "changed_since_plan")),
        (user(1, accountEnabled=False), ("blocked", "changed_since_plan")),
        (user(1, proxyAddresses=["SMTP:a@example.com"]), ("blocked", "changed_since_plan")),
        (user(1, mail="a@example.com"), ("blocked", "changed_since_plan")),
        (user(1, displayName="New", isManagementRestricted=False), None),
        (user(1, isManagementRestricted=True), ("blocked", "changed_since_plan")),
        (user(1, isResourceAccount=True), ("blocked", "changed_since_plan")),
        (user(1, userType="Guest"), ("blocked", "changed_since_plan")),
        (user(1, externalUserState="Accepted"), ("blocked", "changed_since_plan")),
        (user(1, creationType="Invitation"), ("blocked", "changed_since_plan")),
        (user(1, "other@example.com"), ("blocked", "changed_since_plan")),
    ],
)
def test_a_user_that_changed_since_the_plan_is_left_alone(now, expected):
    outcome = second_look(planned(), now, frozenset())
    assert (outcome and (outcome.action, outcome.reason and outcome.reason["code"])) == expected
    assert outcome is None or outcome.changed is False


@pytest.mark.parametrize(
    ("now", "part"),
    [
        (user(1, onPremisesSyncEnabled=False), "its sync flag is now false and was empty"),
        (user(1, accountEnabled=False), "its accountEnabled is now false and was true"),
        (user(1, userType="Guest"), "its mark as an external user is now true and was false"),
        (user(1, isManagementRestricted=True), "its isManagementRestricted is now true and was false"),
        (user(1, mail="new@example.com"), 'its primary address is now "new@example.com" and was "a@example.com"'),
    ],
)
def test_what_changed_is_said(now, part):
    before = user(1, accountEnabled=True, proxyAddresses=["smtp:b@example.com", "SMTP:A@example.com"])
    (row,) = plan_objects([ad_row(1)], [before])
    assert row["seen"] == {
        "synced": None, "enabled": True, "primary_address": "a@example.com",
        "external": False, "resource": False, "restricted": False,
    }  # fmt: skip
    assert part in second_look(row, now, frozenset()).reason["message"]
    assert second_look(row, before, frozenset()) is None


@pytest.mark.parametrize(
    ("flag", "expected"), [(None, None), (False, None), (True, "changed_since_plan")], ids=["null", "false", "true"]
)
def test_a_row_that_does_not_say_what_was_seen_is_compared_by_what_it_says(flag, expected):
    row = planned()
    del row["seen"]
    outcome = second_look(row, user(1, onPremisesSyncEnabled=flag, accountEnabled=False, mail="m@x.com"), frozenset())
    assert (outcome and outcome.reason["code"]) == expected


def test_a_row_is_compared_by_the_fields_that_its_release_wrote():
    row = planned(seen={"synced": None, "enabled": None, "primary_address": None})
    assert not looked_up(row)
    assert second_look(row, user(1, userType="Guest"), frozenset(), Lookup(cloud_managed=True)) is None
    assert second_look(row, user(1, accountEnabled=True), frozenset()).reason["code"] == "changed_since_plan"


KNOWN = Lookup(cloud_managed=False, object_identifier=None, identifier_known=True)


@pytest.mark.parametrize(
    ("then", "now", "part"),
    [
        (KNOWN, KNOWN, None),
        (KNOWN, Lookup(), None),
        (Lookup(), KNOWN._replace(cloud_managed=True, object_identifier="a"), None),
        (KNOWN, KNOWN._replace(object_identifier=""), None),
        (KNOWN, KNOWN._replace(cloud_managed=True), "its isCloudManaged is now true and was false"),
        (KNOWN, KNOWN._replace(object_identifier="a"), 'its onPremisesObjectIdentifier is now "a" and was empty'),
        (KNOWN._replace(object_identifier=str(guid(1))), KNOWN._replace(object_identifier=str(guid(1)).upper()), None),
        (
            KNOWN._replace(object_identifier=str(guid(1))),
            KNOWN._replace(object_identifier="b"),
            f'its onPremisesObjectIdentifier is now "b" and was "{guid(1)}"',
        ),
    ],
)
def test_what_is_asked_of_single_users_is_compared_where_it_was_known_then_and_is_now(then, now, part):
    (row,) = plan_objects([ad_row(1)], [user(1)], lookup=then)
    assert row["action"] == "set"
    assert looked_up(row) == (then != Lookup())
    assert second_look(row, user(1), frozenset()) is None
    outcome = second_look(row, user(1), frozenset(), now)
    assert (outcome and outcome.reason["code"]) == (part and "changed_since_plan")
    assert part is None or part in outcome.reason["message"]


def test_a_synced_user_that_was_planned_to_be_tried_is_tried():
    before = held(1, value=anchor(2), onPremisesSyncEnabled=True)
    (row,) = plan_objects([ad_row(1)], [before], replace=True, require_unsynced=False)
    assert said(row) == ("set", "already_synced")
    assert second_look(row, before, frozenset()) is None


@pytest.mark.parametrize("name", ["u1@example.com", user_id(1)])
def test_a_user_that_is_protected_by_now_is_left_alone(name):
    outcome = second_look(planned(), user(1), frozenset([name]))
    assert (outcome.action, outcome.reason["code"]) == ("blocked", "protected")


def test_before_and_now_are_both_named():
    outcome = second_look(planned(before="E4711"), user(1), frozenset())
    assert '"E4711"' in outcome.reason["message"]
    assert "empty" in outcome.reason["message"]


def test_a_user_without_a_name_is_known_by_its_id():
    nameless = user(1)._replace(user_principal_name=None)
    assert second_look(planned(user=user_id(1)), nameless, frozenset()) is None


def test_a_value_to_be_cleared_must_still_be_there():
    row = planned(action="clear", before=anchor(1), after=None)
    assert second_look(row, held(1), frozenset()) is None
    assert second_look(row, user(1), frozenset()).action == "none"
    assert second_look(row, held(1, value=anchor(2)), frozenset()).reason["code"] == "changed_since_plan"


# Refused writes


@pytest.mark.parametrize(
    ("status", "now", "holders", "expected"),
    [
        (400, user(1), [held(2)], ("conflict", "anchor_held")),
        (400, user(1), [held(2, deleted=True)], ("conflict", "anchor_held_deleted")),
        (400, user(1), [held(2), held(3, deleted=True)], ("conflict", "anchor_held")),
        (400, user(1), [], ("conflict", "anchor_held_unknown")),
        (403, user(1), None, ("failed", "write_forbidden")),
        (404, user(1), None, ("not_found", "gone")),
        (400, user(1, onPremisesSyncEnabled=False), None, ("blocked", "left_scope_refused")),
        (400, user(1, onPremisesSyncEnabled=True), None, ("blocked", "already_synced")),
        (400, user(1), None, ("failed", "write_failed")),
        (400, None, None, ("failed", "write_failed")),
        (500, user(1, onPremisesSyncEnabled=False), None, ("failed", "write_failed")),
        (None, None, None, ("failed", "write_failed")),
    ],
)
def test_a_refused_write_says_what_it_means(status, now, holders, expected):
    outcome = refused(status, "No.", ERROR, now, holders)
    assert (outcome.action, outcome.reason["code"]) == expected
    assert outcome.changed is False
    assert outcome.error == ERROR


# The rows of the result


def test_a_row_that_was_written_keeps_what_the_plan_said():
    row = planned(reason={"code": "left_scope"})
    assert carried_out(row, None) == row
    assert carried_out(row, Outcome("set", True))["reason"] == {"code": "left_scope"}


def test_a_row_that_was_not_written_says_why_and_is_not_changed():
    row = carried_out(planned(), Outcome("failed", False, {"code": "write_failed"}, ERROR))
    assert (said(row), row["changed"], row["error"]) == (("failed", "write_failed"), False, ERROR)


def test_a_row_that_needed_no_write_any_more_has_no_reason():
    row = carried_out(planned(reason={"code": "left_scope"}), Outcome("none", False))
    assert (said(row), row["changed"]) == (("none", None), False)


def test_the_summary_counts_rows_and_reasons():
    summary = Summary(("set", "none"))
    summary.add("set", [])
    summary.add("none", [{"code": "b"}, {"code": "a"}])
    assert summary.as_dict() == {"set": 1, "none": 1, "total": 2, "reasons": {"a": 1, "b": 1}}
    assert summary["set"] == 1
