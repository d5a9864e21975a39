# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying out a plan: chunks, confirmation, answers that were lost, and a service that goes away."""

from __future__ import annotations

import os
import signal
import threading

import pytest
from immutable_id_runs import rows_of
from tenant_double import NOON, Tenant, anchor, name, user_id

from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._jobs import writer as writer_module
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.writer import Writer, seconds_needed
from ansible_collections.hybrid.identity.plugins.module_utils._journal import Journal, RecentWrite


def planned(number, action="set"):
    """Return the row of a plan."""
    return {
        "user": name(number), "id": user_id(number), "before": None, "after": anchor(number), "action": action,
        "reason": None, "approved": True, "changed": action == "set", "error": None,
    }  # fmt: skip


@pytest.fixture
def journal(tmp_path):
    with Journal(str(tmp_path / "journal.jsonl"), Tenant.tenant_id) as opened:
        yield opened


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(writer_module, "_CHUNK_WRITES", 2)
    monkeypatch.setattr(writer_module, "_BATCHES_FOR_EACH", 0)


def writer_of(tenant, journal, written=None, unsaved=None):
    return Writer(
        tenant,
        journal,
        frozenset(),
        written or {},
        unsaved=unsaved,
        clock=tenant.clock,
        sleep=tenant.sleep,
        wall_clock=lambda: NOON + tenant.now,
    )


def carry_out(tenant, journal, *rows, **more):
    return list(writer_of(tenant, journal, **more).run(rows))


def left_open(*numbers, seconds_ago=3):
    """Return what the journal of a run that was killed says of these users: announced, and no answer."""
    return {user_id(number): RecentWrite(None, anchor(number), NOON - seconds_ago, "unconfirmed") for number in numbers}


def said(rows):
    return [(row["action"], row["changed"], row["reason"] and row["reason"]["code"]) for row in rows]


def statuses(journal, number):
    """Return what the journal says of one user, in order."""
    return [entry.get("status", "intent") for entry in rows_of(journal.path) if entry["id"] == user_id(number)]


def test_rows_keep_their_order_and_those_without_a_write_pass_through(journal, small_chunks):
    rows = [planned(1), planned(2, "blocked"), planned(3), planned(4, "none"), planned(5), planned(6), planned(7)]
    done = carry_out(Tenant(7), journal, *rows)
    assert [row["id"] for row in done] == [row["id"] for row in rows]
    assert [row["action"] for row in done] == ["set", "blocked", "set", "none", "set", "set", "set"]


def test_a_struck_out_row_of_a_user_who_is_written_stays_struck_out(journal):
    struck_out = {**planned(1, "none"), "approved": False}
    assert [row["action"] for row in carry_out(Tenant(1), journal, struck_out, planned(1))] == ["none", "set"]


def test_no_chunk_waits_for_reads_that_lag_as_long_as_there_is_more_to_write(journal, small_chunks):
    """Confirmation trails behind, so that a lag costs its time once and not for each chunk."""
    tenant = Tenant(40)
    tenant.id_lag, tenant.seconds_per_batch = 8.0, 1.0
    rows = carry_out(tenant, journal, *(planned(number) for number in range(1, 41)))
    assert said(rows) == [("set", True, None)] * 40
    assert tenant.now < 100, "20 chunks, each of four batches and a pause, and no lag on top"


def test_the_next_rows_are_looked_at_while_these_are_written(journal, small_chunks):
    tenant = Tenant(4)
    looked_at = threading.Event()
    as_of = tenant._as_of

    def seen(key, lag):
        if key == user_id(4):
            looked_at.set()
        return as_of(key, lag)

    tenant._as_of = seen
    tenant.before_patch = lambda key: None if looked_at.wait(10) else pytest.fail("nobody looks ahead")
    rows = carry_out(tenant, journal, *(planned(number) for number in range(1, 5)))
    assert said(rows) == [("set", True, None)] * 4


def test_no_more_than_the_next_rows_are_looked_at(journal, small_chunks):
    """A second look ought to be fresh."""
    tenant = Tenant(10)
    ahead = []
    tenant.before_patch = lambda key: ahead.append(max(tenant.reads_by_id) > user_id(int(key[-2:], 16) + 4))
    carry_out(tenant, journal, *(planned(number) for number in range(1, 11)))
    assert not any(ahead)


def test_only_the_calling_thread_writes_the_journal(journal, small_chunks, monkeypatch):
    threads = set()
    write = journal._write
    monkeypatch.setattr(journal, "_write", lambda data: (threads.add(threading.current_thread()), write(data)))
    carry_out(Tenant(9), journal, *(planned(number) for number in range(1, 10)))
    assert threads == {threading.current_thread()}


def test_an_error_of_the_background_ends_the_run(journal, small_chunks):
    tenant = Tenant(6)
    as_of = tenant._as_of
    tenant._as_of = lambda key, lag: as_of(key, lag) if key != user_id(5) else 1 / 0
    with pytest.raises(ZeroDivisionError):
        carry_out(tenant, journal, *(planned(number) for number in range(1, 7)))
    assert statuses(journal, 1) == ["intent", "ok"]
    assert statuses(journal, 5) == []


def test_one_agreeing_read_is_not_enough(journal):
    """A replica that has the value may answer before one that does not."""
    tenant = Tenant(1)
    shown = iter([None, anchor(1), None, None, anchor(1), anchor(1)])
    as_of = tenant._as_of

    def flicker(key, lag):
        container, body = as_of(key, lag)
        return container, {**body, "onPremisesImmutableId": next(shown, anchor(1))}

    tenant._as_of = flicker
    assert said(carry_out(tenant, journal, planned(1))) == [("set", True, None)]
    assert next(shown, "all were read") == "all were read"


def test_a_lost_answer_of_a_write_that_took_effect_is_a_success(journal):
    tenant = Tenant(2)
    tenant.refuse(1, 503, carried_out=True)
    rows = carry_out(tenant, journal, planned(1), planned(2))
    assert said(rows) == [("set", True, None)] * 2
    assert statuses(journal, 1) == ["intent", "unconfirmed", "confirmed"]


def test_a_lost_answer_of_a_write_that_nobody_sees_is_a_failure_and_stays_open_in_the_journal(journal):
    tenant = Tenant(2)
    tenant.refuse(1, 503)
    rows = carry_out(tenant, journal, planned(1), planned(2))
    assert said(rows) == [("failed", False, "write_failed"), ("set", True, None)]
    assert rows[0]["error"]["status"] == 503
    assert statuses(journal, 1) == ["intent", "unconfirmed"]


def test_after_an_outage_nothing_more_is_tried(journal, small_chunks):
    """Each attempt would wait for retry_time once more: a thousand chunks would take weeks to fail."""
    tenant = Tenant(8)
    tenant.lose_answer(3, carried_out=False, sent=False)
    rows = carry_out(tenant, journal, *(planned(number) for number in range(1, 9)))
    assert said(rows)[:2] == [("set", True, None)] * 2, "what was written before is confirmed if it can be read"
    assert said(rows)[2][0] == "failed"
    assert said(rows)[3] == ("set", True, None)
    assert said(rows)[4:] == [("failed", False, "not_written")] * 4
    assert [key for key, _value in tenant.patches] == [user_id(number) for number in range(1, 5)]
    assert statuses(journal, 5) == []


def test_confirming_ends_when_the_service_is_out_of_reach(journal):
    tenant = Tenant(1)
    away = GraphError("no connection", code="transport")
    tenant.before_patch = lambda _key: tenant.unreadable.update({user_id(1): away})
    assert said(carry_out(tenant, journal, planned(1))) == [("set", True, "unconfirmed")]
    assert tenant.now == 0, "nobody waited for it"


def test_what_was_not_sent_is_a_row_of_its_own_kind(journal):
    tenant = Tenant(1)
    tenant.refusals[user_id(1)] = (GraphError("Not sent.", code="not_sent"), False)
    writer = writer_of(tenant, journal)
    assert said(writer.run([planned(1)])) == [("failed", False, "not_written")]
    assert statuses(journal, 1) == ["intent", "failed"]
    assert writer.accepted == 0


def test_accepted_counts_what_was_or_may_have_been_written(journal):
    tenant = Tenant(3)
    tenant.refuse(1, 403)
    tenant.refuse(2, 503)
    writer = writer_of(tenant, journal)
    list(writer.run([planned(1), planned(2), planned(3)]))
    assert writer.accepted == 2


@pytest.mark.parametrize("unreadable", [True, False])
def test_a_holder_who_cannot_be_read_is_named_by_id(journal, unreadable):
    holder = user_id(99)
    tenant = Tenant(1)
    if unreadable:
        tenant.unreadable[holder] = GraphError("No.", status=403)
    tenant.refuse(1, 400, details=[{"code": "ConflictingObjects", "target": f"User_{holder}"}])
    (row,) = carry_out(tenant, journal, planned(1))
    assert said([row]) == [("conflict", False, "anchor_held")]
    assert holder in row["reason"]["message"]


def test_a_holder_whom_the_service_does_not_name_is_unknown(journal):
    tenant = Tenant(1)
    tenant.refuse(1, 400, details=[{"code": "ObjectConflict", "target": "onPremisesImmutableId"}])
    assert said(carry_out(tenant, journal, planned(1))) == [("conflict", False, "anchor_held_unknown")]


def test_a_user_who_left_scope_and_is_refused_says_so(journal):
    tenant = Tenant(0)
    tenant.add(1, onPremisesSyncEnabled=False)
    tenant.refuse(1, 400)
    assert said(carry_out(tenant, journal, planned(1))) == [("blocked", False, "left_scope_refused")]


def test_without_a_journal_targets_are_read_and_nothing_is_written():
    tenant = Tenant(2)
    tenant.change(2, onPremisesImmutableId=anchor(2))
    assert said(carry_out(tenant, None, planned(1), planned(2))) == [("set", True, None), ("none", False, None)]
    assert tenant.patches == []


def test_the_service_time_of_an_accepted_write_is_noted(journal):
    carry_out(Tenant(1), journal, planned(1))
    (accepted,) = [entry for entry in rows_of(journal.path) if entry.get("status") == "ok"]
    assert accepted["service_time"] == "2026-11-23T12:00:00Z"


def test_the_time_needed_follows_the_quota():
    assert 150 < seconds_needed(6000, 3000) - seconds_needed(3000, 3000) < 200, "the writes, and the backup before"
    assert seconds_needed(3000, 1000) - seconds_needed(3000, 3000) == pytest.approx(300)
    assert seconds_needed(1, 3000) > 0


# A run that was killed, and its rerun


def test_what_a_killed_run_wrote_is_not_written_again_while_reads_lag(journal):
    tenant = Tenant(2)
    tenant.id_lag = 8.0
    tenant.change(1, onPremisesImmutableId=anchor(1))
    rows = carry_out(tenant, journal, planned(1), planned(2), written=left_open(1, 2))
    assert said(rows) == [("none", False, None), ("set", True, None)]
    assert tenant.patches == [(user_id(2), anchor(2))]
    assert statuses(journal, 1) == ["confirmed"], "the write is accounted for"


def test_what_lags_behind_again_after_it_was_seen_is_not_written_again(journal):
    """Another replica may answer the read after those that showed the value."""
    tenant = Tenant(1)
    shown = iter([anchor(1), anchor(1), None])
    as_of = tenant._as_of
    tenant._as_of = lambda key, lag: (as_of(key, lag)[0], {**as_of(key, lag)[1], "onPremisesImmutableId": next(shown)})
    assert said(carry_out(tenant, journal, planned(1), written=left_open(1))) == [("none", False, None)]


def test_nobody_waits_for_a_write_of_long_ago(journal):
    tenant = Tenant(2)
    tenant.change(1, onPremisesImmutableId=anchor(1))
    writer = writer_of(tenant, journal, left_open(1, 2, seconds_ago=600))
    assert said(writer.run([planned(1), planned(2)])) == [("none", False, None), ("set", True, None)]
    assert tenant.now < 1
    assert statuses(journal, 1) == ["confirmed"]


def test_the_wait_for_a_killed_run_ends_when_its_writes_are_as_old_as_a_write_is_looked_for(journal):
    tenant = Tenant(1)
    assert said(carry_out(tenant, journal, planned(1), written=left_open(1, seconds_ago=100))) == [("set", True, None)]
    assert 20 <= tenant.now < 25


def test_check_mode_does_not_wait_for_a_killed_run():
    tenant = Tenant(1)
    assert said(carry_out(tenant, None, planned(1), written=left_open(1))) == [("set", True, None)]
    assert tenant.now == 0


def test_a_stopped_run_notes_every_answer_and_announces_nothing_more(journal):
    tenant = Tenant(60)
    tenant.before_patch = lambda key: os.kill(os.getpid(), signal.SIGINT) if key == user_id(5) else None
    with pytest.raises(KeyboardInterrupt):
        carry_out(tenant, journal, *(planned(number) for number in range(1, 61)))
    written = {key for key, _value in tenant.patches}
    assert tenant.stopped, "what waits for the quota is not waited for"
    assert user_id(5) in written
    assert len(written) < 60
    for number in range(1, 61):
        said_of = statuses(journal, number)
        assert said_of == (["intent", "ok"] if user_id(number) in written else [])


# The backup


def test_who_is_in_no_backup_is_not_written(journal):
    tenant = Tenant(3)
    unsaved = {user_id(1): GraphError("No.", status=503, code="busy"), user_id(2): None}
    rows = carry_out(tenant, journal, planned(1), planned(2), planned(3), unsaved=unsaved)
    assert said(rows) == [("failed", False, "backup_failed"), ("not_found", False, "gone"), ("set", True, None)]
    assert rows[0]["error"]["code"] == "busy"
    assert tenant.patches == [(user_id(3), anchor(3))]


def test_who_needs_no_write_needs_no_backup(journal):
    tenant = Tenant(1)
    tenant.change(1, onPremisesImmutableId=anchor(1))
    unsaved = {user_id(1): GraphError("No.", status=503)}
    assert said(carry_out(tenant, journal, planned(1), unsaved=unsaved)) == [("none", False, None)]
