# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of entra_sync_status: where users stand, and following those on their way."""

from __future__ import annotations

import time

import pytest
from tenant_double import ANCHOR, NOON, SERVICE, TENANT, Tenant, anchor, guid, name, user_id

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.runner import Context
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.sync_status import sync_status
from ansible_collections.hybrid.identity.plugins.module_utils._journal import Journal
from ansible_collections.hybrid.identity.plugins.module_utils._rows import (
    RowError,
    RowReader,
    RowSink,
    format_time,
    header,
)


def run(tenant, *users, check_mode=False, warn=print, now=time.time, **params):
    defaults = {
        "users": None if "src" in params else list(users), "src": None, "wait": False, "wait_timeout": 600,
        "wait_interval": 10, "dest": None, "return_limit": 1000,
    }  # fmt: skip
    return sync_status(
        {**defaults, **params},
        Context(check_mode, False, warn),
        client_of=lambda _params: tenant,
        clock=tenant.clock,
        sleep=tenant.sleep,
        now=now,
    )


def asked(number):
    return {"user": name(number), "immutable_id": None, "object_guid": guid(number)}


def states(result):
    return [(row["state"], row["reasons"][0]["code"] if row["reasons"] else None) for row in result["users"]]


def stamp(tenant, number, after=0.0):
    """Let the sync take a user."""
    time = format_time(NOON + tenant.now + after)
    tenant.change(number, onPremisesSyncEnabled=True, onPremisesLastSyncDateTime=time)


def anchored(*numbers):
    tenant = Tenant(max(numbers))
    for number in numbers:
        tenant.change(number, **{ANCHOR: anchor(number)})
    return tenant


def at(tenant, moment, action):
    """Do something when the clock has come so far."""
    sleep, pending = tenant.sleep, [action]

    def sleep_and_act(seconds):
        sleep(seconds)
        if pending and tenant.now >= moment:
            pending.pop()()

    tenant.sleep = sleep_and_act


def rows_file(tmp_path, kind, *rows, tenant_id=TENANT):
    path = str(tmp_path / f"{kind}.jsonl")
    with RowSink(header(kind, tenant_id=tenant_id), path, 0) as sink:
        for row in rows:
            sink.write(row)
    return path


def result_row(number, **fields):
    on_premises = {"login_name": name(number)}
    row = {"user": name(number), "id": user_id(number), "after": anchor(number), "on_premises": on_premises}
    return {**row, "action": "set", "reason": None, **fields}


def journal_of(tmp_path, *numbers, tenant, confirmed=True):
    """Return the journal of a run that wrote these users at the service's present time."""
    path = str(tmp_path / "journal.jsonl")
    rows = [{"id": user_id(number), "user": name(number), "after": anchor(number)} for number in numbers]
    written = format_time(tenant.service_time())
    with Journal(path, TENANT, SERVICE) as journal:
        journal.intents([{**row, "before": None} for row in rows])
        journal.outcomes([{**row, "status": "ok", "error": None, "service_time": written} for row in rows])
        if confirmed:
            journal.outcomes([{**row, "status": "confirmed", "error": None} for row in rows])
    return path


def test_the_three_answers_of_the_flag_and_nobody():
    tenant = anchored(1, 2, 3)
    stamp(tenant, 1)
    tenant.change(2, onPremisesSyncEnabled=False)
    result = run(tenant, asked(1), asked(2), asked(3), asked(4))
    assert [(row["user"], row["state"], row["label"]) for row in result["users"]] == [
        (name(2), "pending", "In cloud"),
        (name(3), "pending", "In cloud"),
        (name(4), "not_found", None),
        (name(1), "synced", "Synced with Active Directory"),
    ]
    assert result["summary"]["synced"] == 1
    assert result["summary"]["total"] == 4
    assert result["changed"] is False


def test_without_a_value_any_value_will_do():
    tenant = anchored(1)
    stamp(tenant, 1)
    assert states(run(tenant, {"user": name(1), "immutable_id": None, "object_guid": None})) == [("synced", None)]


def test_another_value_is_a_conflict_although_the_flag_is_set():
    tenant = anchored(1)
    stamp(tenant, 1)
    assert states(run(tenant, {**asked(1), "object_guid": guid(7)})) == [("conflict", "anchor_differs")]


def test_what_the_tenant_does_not_tell_is_unknown_and_not_false():
    tenant = anchored(1)
    tenant.features = GraphError("No.", status=403)
    result = run(tenant, asked(1))
    assert result["tenant"]["features"] is None
    assert result["tenant"]["sync_enabled"] is True
    (unchecked,) = result["tenant"]["unchecked"]
    assert "OnPremDirectorySynchronization" in unchecked["permission"]
    assert result["users"][0]["unchecked"] == [unchecked]


def test_what_a_long_job_needs_to_know_of_sign_in_and_service():
    tenant = anchored(1)
    tenant.organization["verifiedDomains"] = [
        {"name": "Contoso.com", "type": "Federated", "isDefault": True, "isInitial": False}
    ]
    shown = run(tenant, asked(1), now=lambda: NOON + 90)["tenant"]
    assert shown["domains"] == [
        {"name": "contoso.com", "authentication": "Federated", "is_default": True, "is_initial": False}
    ]
    assert (shown["token_renewable"], shown["token_seconds"]) == (True, None)
    assert (shown["service_time"], shown["clock_skew"]) == (format_time(NOON), 90)
    assert shown["writes_per_second"] == 19.6


def test_the_end_of_a_token_and_what_cannot_be_told():
    tenant = anchored(1)
    tenant.token_ends, tenant.organization = 160, {}
    tenant.service_time = lambda: None
    shown = run(tenant, asked(1))["tenant"]
    assert (shown["token_renewable"], shown["token_seconds"]) == (False, 160)
    assert (shown["service_time"], shown["clock_skew"], shown["domains"]) == (None, None, None)


def test_a_listing_that_lags_is_read_again_by_id():
    tenant = anchored(1)
    tenant.list_lag = 600
    stamp(tenant, 1)
    assert states(run(tenant, asked(1))) == [("synced", None)]


def test_the_journal_is_trusted_before_a_read_that_lags(tmp_path):
    tenant = anchored(1)
    tenant.list_lag = tenant.id_lag = 600
    journal_of(tmp_path, 1, tenant=tenant, confirmed=False)
    assert states(run(tenant, asked(1))) == [("pending", "awaiting_sync")]


def test_a_sync_from_before_the_write_proves_nothing(tmp_path):
    tenant = anchored(1)
    stamp(tenant, 1)
    tenant.now += 60
    journal = journal_of(tmp_path, 1, tenant=tenant)
    assert states(run(tenant, src=[journal])) == [("pending", "sync_before_write")]
    stamp(tenant, 1)
    assert states(run(tenant, src=[journal])) == [("synced", None)]


def test_waiting_ends_when_everybody_was_seen_synced_twice():
    tenant = anchored(1, 2)
    at(tenant, 30, lambda: [stamp(tenant, 1), stamp(tenant, 2)])
    result = run(tenant, asked(1), asked(2), wait=True)
    assert states(result) == [("synced", None)] * 2
    assert 30 <= tenant.now < 60


def test_one_read_that_runs_ahead_is_not_enough():
    tenant = anchored(1)
    reads = []
    as_of = tenant._as_of

    def flicker(key, lag):
        container, body = as_of(key, lag)
        reads.append(key)
        # After the reads by name, by five filters and of the recycle bin, and a first look by id: one that is ahead
        # of those that follow comes from another replica.
        ahead = len(reads) in (9, 12, 13)
        return container, {**body, "onPremisesSyncEnabled": True if ahead else None}

    tenant._as_of = flicker
    assert states(run(tenant, asked(1), wait=True)) == [("synced", None)]
    assert len(reads) == 13


def test_a_deadline_is_a_result():
    tenant = anchored(1)
    result = run(tenant, asked(1), wait=True, wait_timeout=100)
    assert states(result) == [("pending", "awaiting_sync")]
    assert "failed" not in result
    assert tenant.now == 100


def test_users_are_followed_no_longer_than_a_token_lasts_that_cannot_be_renewed():
    tenant, warnings = anchored(1), []
    tenant.token_ends = 160
    assert states(run(tenant, asked(1), wait=True, warn=warnings.append)) == [("pending", "awaiting_sync")]
    assert tenant.now == 100
    assert "followed for 100 seconds" in warnings[0]


def test_who_needs_somebody_comes_first():
    tenant = anchored(1, 2, 3)
    stamp(tenant, 1)
    tenant.change(2, **{ANCHOR: None})
    tenant.unreadable[user_id(3)] = GraphError("Throttled.", status=429)
    result = run(tenant, asked(1), asked(2), asked(3), return_limit=2)
    assert [row["state"] for row in result["users"]] == ["unknown", "in_cloud"]


def test_nobody_is_waited_for_who_is_not_on_the_way_and_never_in_check_mode():
    tenant = Tenant(1)
    assert states(run(tenant, asked(1), wait=True)) == [("in_cloud", "anchor_not_set")]
    assert states(run(anchored(1), asked(1), wait=True, check_mode=True)) == [("pending", "awaiting_sync")]
    assert tenant.now == 0


def test_an_interval_of_nothing_is_no_storm():
    tenant = anchored(1)
    run(tenant, asked(1))
    once = tenant.requests
    run(tenant, asked(1), wait=True, wait_timeout=10, wait_interval=0)
    assert tenant.requests - 2 * once < 20


def test_several_rows_about_one_user_keep_what_each_expects(tmp_path):
    """As in a plan in which two AD objects claim the same user."""
    tenant = anchored(1)
    path = rows_file(tmp_path, "result", result_row(1), result_row(1, after=anchor(7)))
    at(tenant, 5, lambda: stamp(tenant, 1))
    result = run(tenant, src=[path], wait=True)
    assert sorted((row["state"], row["expected_immutable_id"]) for row in result["users"]) == [
        ("in_cloud", anchor(7)),
        ("synced", anchor(1)),
    ]
    tenant.change(1, onPremisesSyncEnabled=None)
    assert [row["expected_immutable_id"] for row in run(tenant, src=[path])["users"]] == [anchor(1), anchor(7)]


def test_all_rows_about_one_user_are_followed_to_the_end(tmp_path):
    tenant = anchored(1)
    path = rows_file(tmp_path, "result", result_row(1))
    at(tenant, 5, lambda: stamp(tenant, 1))
    assert states(run(tenant, src=[path, path], wait=True)) == [("synced", None)] * 2
    assert tenant.now < 30


def test_a_user_who_goes_while_we_wait_is_not_waited_for():
    tenant = anchored(1)
    at(tenant, 5, lambda: tenant.change(1, "deleted"))
    assert states(run(tenant, asked(1), wait=True)) == [("not_found", "user_deleted")]
    assert tenant.now < 60


def test_a_read_that_fails_is_unknown_and_tried_again():
    tenant = anchored(1)
    tenant.unreadable[user_id(1)] = GraphError("Throttled.", status=429)
    result = run(tenant, asked(1))
    assert states(result) == [("unknown", "read_failed")]
    assert result["users"][0]["error"]["status"] == 429
    stamp(tenant, 1)
    at(tenant, 5, tenant.unreadable.clear)
    assert states(run(tenant, asked(1), wait=True)) == [("synced", None)]


def test_files_of_every_kind(tmp_path):
    tenant = anchored(1)
    stamp(tenant, 1)
    row = {"login_name": name(1), "object_guid": guid(1), "immutable_id": anchor(1), "in_scope": None, "password": "x"}
    files = [
        rows_file(tmp_path, "objects", row, tenant_id=None),
        rows_file(tmp_path, "plan", result_row(1)),
        rows_file(tmp_path, "result", result_row(1)),
        journal_of(tmp_path, 1, tenant=tenant),
    ]
    result = run(tenant, src=files, dest=str(tmp_path / "status.jsonl"))
    assert states(result) == [("synced", None)] * 4
    again = run(tenant, src=[result["dest"]])
    assert again["users"] == result["users"]
    assert RowReader(result["dest"]).header["kind"] == "status"


def test_a_file_of_another_tenant_or_kind_is_refused(tmp_path):
    with pytest.raises(Failure, match=r"about tenant other\.example"):
        run(Tenant(1), src=[rows_file(tmp_path, "plan", result_row(1), tenant_id="other.example")])
    with pytest.raises(RowError, match="is needed here"):
        run(Tenant(1), src=[rows_file(tmp_path, "report", {})])


def test_a_row_that_the_plan_blocked_says_why(tmp_path):
    reason = {"code": "protected", "message": "The user is protected.", "remedy": "Take it off."}
    path = rows_file(tmp_path, "result", result_row(1, action="blocked", reason=reason))
    assert states(run(Tenant(1), src=[path])) == [("blocked", "protected")]


def test_reading_makes_no_state_directory(state):
    run(anchored(1), asked(1))
    assert not state.exists()


def test_nobody_is_followed_whom_no_object_claims_or_who_is_of_another_wave(tmp_path):
    tenant = anchored(1, 2, 3)
    left_out = [
        result_row(number, action="none", reason={"code": code, "message": "So.", "remedy": "None."})
        for number, code in ((2, "unclaimed"), (3, "outside_wave"))
    ]
    result = run(tenant, src=[rows_file(tmp_path, "result", result_row(1), *left_out)])
    assert [row["user"] for row in result["users"]] == [name(1)]
    assert result["summary"]["total"] == 1


def test_of_the_files_only_the_users_named_are_looked_at(tmp_path):
    tenant = anchored(1, 2, 3)
    path = rows_file(tmp_path, "result", result_row(1), result_row(2, after=anchor(7)))
    named = [{"user": text, "immutable_id": None, "object_guid": None} for text in (name(2).upper(), user_id(3))]
    result = run(tenant, src=[path], users=named)
    assert [(row["user"], row["expected_immutable_id"]) for row in result["users"]] == [
        (name(2), anchor(7)),
        (name(3), None),
    ]


def test_nothing_more_is_read_when_all_are_synced():
    tenant = anchored(1)
    stamp(tenant, 1)
    result = run(tenant, asked(1))
    assert states(result) == [("synced", None)]
    # The tenant 2, the user 1, who has the same values 1, the recycle bin 1.
    assert result["summary"]["requests"] == 5
    assert tenant.looked_up == []


def test_what_explains_a_user_is_read():
    tenant = anchored(1)
    tenant.cloud_managed[user_id(1)] = True
    tenant.organization["onPremisesLastSyncDateTime"] = format_time(NOON - 5 * 3600)
    (row,) = run(tenant, asked(1))["users"]
    codes = [why["code"] for why in row["reasons"]]
    # Of its flags the tenant tells but one.
    assert (row["state"], codes) == ("blocked", ["cloud_managed", "sync_stale", "flags_unreadable"])


def test_a_sync_that_never_ran_is_not_stale():
    tenant = anchored(1)
    tenant.organization["onPremisesLastSyncDateTime"] = "0001-01-01T00:00:00Z"
    assert states(run(tenant, asked(1))) == [("pending", "awaiting_sync")]
