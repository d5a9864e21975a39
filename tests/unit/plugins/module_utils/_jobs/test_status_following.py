# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Following the users of a status: what counts as seen, and when it ends."""

from __future__ import annotations

from status_runs import anchored, asked, at, journal_of, result_row, rows_file, run, stamp, states
from tenant_double import Tenant, user_id

from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError


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
