# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of entra_sync_status: where users stand."""

from __future__ import annotations

from status_runs import anchored, asked, journal_of, result_row, rows_file, run, stamp, states
from tenant_double import ANCHOR, NOON, Tenant, guid, name, user_id

from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._rows import format_time


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


def test_a_sync_from_before_the_write_proves_nothing(tmp_path):
    tenant = anchored(1)
    stamp(tenant, 1)
    tenant.now += 60
    journal = journal_of(tmp_path, 1, tenant=tenant)
    assert states(run(tenant, src=[journal])) == [("pending", "sync_before_write")]
    stamp(tenant, 1)
    assert states(run(tenant, src=[journal])) == [("synced", None)]


def test_a_write_counts_for_somebody_of_whom_nothing_is_expected(tmp_path):
    tenant = anchored(1)
    stamp(tenant, 1)
    tenant.now += 60
    by_name = {"user": name(1), "immutable_id": None, "object_guid": None}
    journal_of(tmp_path, 1, tenant=tenant)
    assert states(run(tenant, by_name)) == [("pending", "sync_before_write")]


def test_who_needs_somebody_comes_first():
    tenant = anchored(1, 2, 3)
    stamp(tenant, 1)
    tenant.change(2, **{ANCHOR: None})
    tenant.unreadable[user_id(3)] = GraphError("Throttled.", status=429)
    result = run(tenant, asked(1), asked(2), asked(3), return_limit=2)
    assert [row["state"] for row in result["users"]] == ["unknown", "in_cloud"]


def test_a_row_that_the_plan_blocked_says_why(tmp_path):
    reason = {"code": "protected", "message": "The user is protected.", "remedy": "Take it off."}
    path = rows_file(tmp_path, "result", result_row(1, action="blocked", reason=reason))
    assert states(run(Tenant(1), src=[path])) == [("blocked", "protected")]


def test_reading_makes_no_state_directory(state):
    run(anchored(1), asked(1))
    assert not state.exists()


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
