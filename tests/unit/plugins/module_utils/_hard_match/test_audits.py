# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory's audit log as evidence: who changed a user, and which attempts of the sync failed."""

from __future__ import annotations

import json

import pytest
from hard_match_doubles import ad_row, anchor, held, user, user_id

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.audits import by_user
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.diagnosis import diagnose
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.standing import (
    Expectation,
    LogEntry,
    SyncFacts,
)

NOON = 1795435200.0  # 2026-11-23T12:00:00Z
HELPDESK = {"user": {"userPrincipalName": "desk@example.com", "displayName": "Desk"}, "app": None}
SYNC = {"user": {"userPrincipalName": "Sync_SRV_0123456789ab@example.onmicrosoft.com"}, "app": None}
SYNC_ON = SyncFacts(sync_on=True)


def audit(number=1, at="12:30:00", by=..., activity="Update user", result="success", told="", **changes):
    return {
        "activityDateTime": f"2026-11-23T{at}Z",
        "activityDisplayName": activity,
        "operationType": activity.partition(" ")[0],
        "initiatedBy": HELPDESK if by is ... else by,
        "result": result,
        "resultReason": told,
        "targetResources": [
            {
                "id": user_id(number),
                "type": "User",
                "modifiedProperties": [
                    {"displayName": name, "oldValue": json.dumps(before), "newValue": json.dumps(after)}
                    for name, (before, after) in changes.items()
                ],
            }
        ],
    }


def stand(seen, *bodies, logged=None, **changes):
    expected = Expectation("u1@example.com", user_id(1), anchor(1), ad_row(1), written=NOON)._replace(**changes)
    audits = by_user(bodies, {user_id(1)}).get(user_id(1), [])
    found = diagnose(expected, seen, [], SYNC_ON, logged=logged, audits=audits)
    return [why["code"] for why in found.reasons], " ".join(why["message"] for why in found.reasons)


def test_lines_are_joined_to_users_by_id_else_by_name():
    unnamed = audit()
    unnamed["targetResources"] = [{"id": "", "userPrincipalName": "U2@example.com"}]
    found = by_user([audit(1), audit(3), unnamed], {user_id(1), "u2@example.com"})
    assert sorted(found) == sorted([user_id(1), "u2@example.com"])


@pytest.mark.parametrize(
    ("by", "actor", "by_sync"),
    [
        (HELPDESK, "desk@example.com", False),
        (SYNC, SYNC["user"]["userPrincipalName"], True),
        ({"user": {"userPrincipalName": "ADToAADSyncServiceAccount@example.onmicrosoft.com"}},
         "ADToAADSyncServiceAccount@example.onmicrosoft.com", True),
        ({"user": None, "app": {"displayName": "ConnectSyncProvisioning_SRV_01", "appId": "a"}},
         "ConnectSyncProvisioning_SRV_01", True),
        ({"user": None, "app": {"displayName": None, "appId": "a"}}, "a", False),
        ({}, "somebody who is not named", False),
    ],
)  # fmt: skip
def test_who_did_it(by, actor, by_sync):
    [line] = by_user([audit(by=by)], {user_id(1)})[user_id(1)]
    assert (line.actor, line.by_sync) == (actor, by_sync)


@pytest.mark.parametrize(
    ("text", "shown"),
    [('["a", "b"]', "a, b"), ("[]", ""), (None, ""), ('"a"', "a"), ("a", "a"), ("[true]", "true"), ("[null]", "")],
)
def test_values_are_lists_in_texts(text, shown):
    body = audit()
    body["targetResources"][0]["modifiedProperties"] = [{"displayName": "X", "oldValue": None, "newValue": text}]
    [line] = by_user([body], {user_id(1)})[user_id(1)]
    assert line.changes["X"] == ("", shown)


def test_who_changed_the_anchor_is_named_beside_the_difference():
    codes, told = stand(held(1, value="x"), audit(SourceAnchor=([anchor(1)], ["x"])))
    assert codes == ["anchor_differs", "anchor_changed_by"]
    assert f'desk@example.com at 2026-11-23T12:30:00Z, from "{anchor(1)}" to "x"' in told


def test_who_cleared_it_is_named_as_well():
    codes, told = stand(user(1), audit(SourceAnchor=([anchor(1)], [])))
    assert codes == ["anchor_not_set", "anchor_changed_by"]
    assert told.endswith("to nothing.")


def test_of_a_synced_user_too():
    seen = held(
        1,
        value="x",
        onPremisesSyncEnabled=True,
        onPremisesLastSyncDateTime="2026-11-23T13:00:00Z",
        onPremisesSecurityIdentifier=ad_row(1)["object_sid"],
    )
    codes, _told = stand(seen, audit(SourceAnchor=([anchor(1)], ["x"])))
    assert codes == ["anchor_differs", "anchor_changed_by"]


@pytest.mark.parametrize(
    "body",
    [
        audit(SourceAnchor=(["x"], [anchor(1)])),  # somebody has put something else there since, late in the log
        audit(at="11:59:59", SourceAnchor=([anchor(1)], ["x"])),  # before the write
        audit(result="failure", SourceAnchor=([anchor(1)], ["x"])),
        audit(2, SourceAnchor=([anchor(1)], ["x"])),
        audit(Department=(["a"], ["b"])),
    ],
)
def test_only_the_change_that_gave_the_user_its_anchor_counts(body):
    assert stand(held(1, value="x"), body)[0] == ["anchor_differs"]


def test_a_right_anchor_needs_no_evidence():
    assert stand(held(1), audit(SourceAnchor=([], [anchor(1)])))[0] == ["awaiting_sync"]


def test_what_else_was_changed_since_the_write_is_named():
    codes, told = stand(held(1), audit(UserPrincipalName=(["u1@example.com"], ["x@example.com"])))
    assert codes == ["awaiting_sync", "user_changed_by"]
    assert '"Update user" by desk@example.com' in told
    assert '(UserPrincipalName from "u1@example.com" to "x@example.com")' in told


def test_without_a_write_only_what_takes_the_user_from_the_sync_matters():
    renamed = audit(UserPrincipalName=(["a@example.com"], ["u1@example.com"]))
    moved = audit(activity="Change Source of Authority from AD to cloud", DirSyncEnabled=([True], []))
    moved["operationType"] = "Update"
    assert stand(held(1), renamed, written=None)[0] == ["awaiting_sync"]
    assert stand(held(1), moved, written=None)[0] == ["awaiting_sync", "user_changed_by"]


def test_the_sync_itself_and_making_a_user_are_nothing_to_tell():
    name = {"UserPrincipalName": ([], ["u1@example.com"])}
    assert stand(held(1), audit(by=SYNC, **name), audit(activity="Add user", **name))[0] == ["awaiting_sync"]


def test_one_change_is_told_once():
    both = audit(SourceAnchor=([anchor(1)], ["x"]), UserPrincipalName=(["a"], ["b"]))
    assert stand(held(1, value="x"), both)[0] == ["anchor_differs", "anchor_changed_by"]


def test_who_deleted_the_user_is_named():
    codes, told = stand(user(1, deleted=True), audit(activity="Delete user"), audit(Department=(["a"], ["b"])))
    assert codes == ["user_deleted", "user_changed_by"]
    assert '"Delete user" by desk@example.com at 2026-11-23T12:30:00Z.' in told


def test_who_purged_the_user_is_named():
    codes, told = stand(None, audit(activity="Delete user"))
    assert codes == ["not_found", "user_changed_by"]
    assert '"Delete user" by desk@example.com' in told


def test_an_attempt_of_the_sync_that_failed_is_a_reason():
    failed = audit(by=SYNC, result="failure", told="InvalidHardMatch.")
    codes, told = stand(held(1), failed)
    assert codes == ["sync_attempt_failed"]
    assert "at 2026-11-23T12:30:00Z: InvalidHardMatch." in told
    assert stand(held(1), audit(by=SYNC), failed)[0] == ["awaiting_sync"]
    assert stand(held(1), audit(result="failure"))[0] == ["awaiting_sync"]
    assert stand(held(1), audit(by=SYNC, at="11:59:59", result="failure"))[0] == ["awaiting_sync"]


def test_what_tells_more_of_a_refusal_is_enough():
    failed = audit(by=SYNC, result="failure", told="No.")
    refused = LogEntry("2026-11-23T12:31:00Z", False, "InvalidHardMatch", "No.")
    assert stand(held(1), failed, logged=refused)[0] == ["sync_refused"]
    blocked = diagnose(
        Expectation("u1@example.com", user_id(1), anchor(1), ad_row(1)),
        held(1),
        [],
        SyncFacts(sync_on=True, hard_match_blocked=True),
        audits=by_user([failed], {user_id(1)})[user_id(1)],
    )
    assert [why["code"] for why in blocked.reasons] == ["hard_match_blocked"]
