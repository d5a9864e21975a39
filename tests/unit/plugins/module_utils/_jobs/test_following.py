# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Following the users of a status: what counts as seen, and when it ends."""

from __future__ import annotations

import pytest
from status_runs import anchored, asked, at, journal_of, result_row, rows_file, run, stamp, states
from tenant_double import ANCHOR, NOON, Tenant, anchor, name, user_id

from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._rows import format_time


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
    # At the end it is read who else has the user's values.
    assert len(reads) == 13 + 6


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
    # What explains the user is read at the beginning and at the end.
    run(tenant, asked(1), wait=True, wait_timeout=10, wait_interval=0)
    assert tenant.requests - 3 * once < 20


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


MANY = range(1, 51)


def follow_many(tenant, numbers=MANY, **params):
    return run(tenant, *map(asked, numbers), wait=True, **params)


def by_id(tenant):
    """Return how many requests of the batches asked for users by id."""
    return sum(tenant.reads_by_id.values())


def test_of_many_only_what_changed_is_read_and_each_user_once_by_id():
    tenant = anchored(*MANY)
    at(tenant, 30, lambda: [stamp(tenant, number) for number in MANY[:25]])
    at(tenant, 80, lambda: [stamp(tenant, number) for number in MANY[25:]])
    result = follow_many(tenant)
    assert states(result) == [("synced", None)] * 50
    assert 80 <= tenant.now < 110
    assert set(tenant.reads_by_id.values()) == {1}
    looks = len(tenant.delta_asked)
    # The tenant twice, the recycle bin, one listing, and of each half two batches of 20 at most.
    assert tenant.requests == looks + 2 * 2 + 1 + 1 + 4


def test_what_changes_between_the_first_link_and_the_listing_is_told():
    tenant = anchored(*MANY)
    # The listing lags behind the change; the feed, asked before, tells it later.
    tenant.now, tenant.list_lag = 100.0, 60.0
    for number in MANY:
        stamp(tenant, number)
    result = follow_many(tenant)
    assert states(result) == [("synced", None)] * 50
    assert 160 <= tenant.now < 200


def test_what_neither_listing_nor_feed_has_told_is_found_when_nobody_moves(tmp_path):
    tenant = anchored(*MANY)
    journal = journal_of(tmp_path, *MANY, tenant=tenant)
    tenant.organization["onPremisesLastSyncDateTime"] = format_time(NOON + 5)
    delta = tenant.delta
    tenant.delta = lambda path, link, params, _take: delta(path, link, params, lambda _change: None)
    at(tenant, 10, lambda: [stamp(tenant, number) for number in MANY])
    assert states(run(tenant, src=[journal], wait=True, wait_timeout=7200)) == [("synced", None)] * 50
    assert tenant.now < 200


def test_a_read_by_id_that_does_not_show_it_yet_is_repeated():
    tenant = anchored(*MANY)
    tenant.id_lag = 20
    at(tenant, 30, lambda: [stamp(tenant, number) for number in MANY])
    assert states(follow_many(tenant)) == [("synced", None)] * 50
    assert 50 <= tenant.now < 90


@pytest.mark.parametrize("status", [400, 403, 501])
def test_without_the_feed_all_are_read_by_id(status):
    tenant = anchored(*MANY)
    tenant.delta_refused = status
    at(tenant, 30, lambda: [stamp(tenant, number) for number in MANY])
    assert states(follow_many(tenant)) == [("synced", None)] * 50
    assert tenant.now < 60


def test_a_feed_that_has_forgotten_goes_on_after_a_read_of_all_who_are_left():
    tenant = anchored(*MANY)

    def forget():
        for number in MANY[:25]:
            stamp(tenant, number)
        tenant.delta_refused, tenant.delta_opens = 410, True

    at(tenant, 30, forget)
    at(tenant, 90, lambda: [stamp(tenant, number) for number in MANY[25:]])
    assert states(follow_many(tenant)) == [("synced", None)] * 50
    assert tenant.delta_asked.count(None) == 2
    assert tenant.now < 130


def test_a_twin_that_the_sync_makes_meanwhile_is_a_conflict():
    tenant = anchored(*MANY)

    def sync():
        for number in MANY:
            stamp(tenant, number)
        parked = [{"propertyCausingError": "UserPrincipalName", "value": name(1)}]
        tenant.add(99, onPremisesSyncEnabled=True, onPremisesProvisioningErrors=parked, since=tenant.now)

    at(tenant, 30, sync)
    result = follow_many(tenant)
    assert states(result)[0] == ("conflict", "twin_claims")
    assert result["summary"]["synced"] == 49


@pytest.mark.parametrize(("noted", "ends"), [(100, 200), (0, 1200)])
def test_what_keeps_some_of_many_is_read_when_a_sync_has_run_that_nobody_moved_with(noted, ends):
    tenant = anchored(*MANY)
    for number in MANY[:30]:
        tenant.cloud_managed[user_id(number)] = True
    tenant.organization["onPremisesLastSyncDateTime"] = format_time(NOON)
    at(tenant, 30, lambda: [stamp(tenant, number) for number in MANY[30:]])
    # One that found nothing to do may not be noted.
    at(tenant, 100, lambda: tenant.organization.update(onPremisesLastSyncDateTime=format_time(NOON + noted)))
    result = follow_many(tenant, wait_timeout=7200)
    assert (result["summary"]["synced"], result["summary"]["blocked"]) == (20, 30)
    assert ends - 300 < tenant.now < ends
    # While everybody was waiting it was not asked what would keep them; and of the others it was asked once.
    assert sorted(tenant.looked_up) == sorted(user_id(number) for number in MANY[:30])


def test_nobody_is_explained_before_a_sync_has_run(tmp_path):
    tenant = anchored(*MANY)
    journal = journal_of(tmp_path, *MANY, tenant=tenant)
    tenant.organization["onPremisesLastSyncDateTime"] = format_time(NOON - 60)
    at(tenant, 1800, lambda: [stamp(tenant, number) for number in MANY])
    result = run(tenant, src=[journal], wait=True, wait_timeout=7200, wait_interval=30)
    assert result["summary"]["synced"] == 50
    assert tenant.looked_up == []


def test_who_was_set_right_meanwhile_is_followed_too():
    tenant = anchored(*MANY)
    tenant.change(1, **{ANCHOR: None})
    tenant.now = 1.0
    at(tenant, 30, lambda: tenant.change(1, **{ANCHOR: anchor(1)}))
    at(tenant, 60, lambda: [stamp(tenant, number) for number in MANY])
    assert states(follow_many(tenant)) == [("synced", None)] * 50


def test_who_is_found_synced_by_the_last_read_is_read_once_more():
    tenant = anchored(*MANY)
    tenant.now, tenant.list_lag = 2000, 1000
    at(tenant, 2100, lambda: stamp(tenant, 1))
    result = follow_many(tenant, wait_timeout=100)
    assert (result["summary"]["synced"], result["summary"]["pending"]) == (1, 49)
    assert tenant.reads_by_id[user_id(1)] == 2


def test_at_the_deadline_all_who_are_not_synced_are_read_once_more():
    tenant = anchored(*MANY)
    tenant.change(1, **{ANCHOR: None})
    at(tenant, 100, lambda: tenant.change(1, **{ANCHOR: anchor(77)}))
    result = follow_many(tenant, wait_timeout=100)
    assert {row["user"]: row["state"] for row in result["users"]}[name(1)] == "in_cloud"
    assert dict(states(result)) == {"in_cloud": "anchor_differs", "pending": "awaiting_sync"}
