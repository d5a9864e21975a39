# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Putting old values back: what journals add up to, and who is left alone."""

from __future__ import annotations

import itertools

import pytest
from hard_match_doubles import user, user_id

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.rollback import Entry, chain_of, restoring

ID = user_id(1)
NOBODY = frozenset()


def history(*writes):
    """Return the entries of ``(before, after, status, ...)``, one second each; ``open`` writes have no outcome."""
    moments = itertools.count(1_000.0)
    for before, after, *statuses in writes:
        yield Entry(next(moments), False, "u1@example.com", before, after, "2026-11-23T12:00:00Z", "")
        for status in statuses:
            if status != "open":
                yield Entry(next(moments), True, "u1@example.com", None, after, "2026-11-23T12:00:00Z", status)


def restored(*writes, now, protected=NOBODY, **properties):
    """Return (action, code, value to be written) when the user has the anchor ``now``."""
    found = user(1, onPremisesImmutableId=now, **properties)
    row = restoring(ID, chain_of(history(*writes)), found, protected)
    return row["action"], row["reason"] and row["reason"]["code"], row["after"]


@pytest.mark.parametrize("status", ["ok", "confirmed", "unconfirmed", "open"])
def test_the_value_before_the_write_is_put_back(status):
    assert restored((None, "A", status), now="A") == ("clear", None, None)
    assert restored(("X", "A", status), now="A") == ("set", None, "X")


@pytest.mark.parametrize("status", ["ok", "unconfirmed", "open"])
def test_who_has_the_old_value_needs_nothing(status):
    assert restored((None, "A", status), now=None) == ("none", None, None)


def test_a_write_that_was_refused_is_no_write():
    assert chain_of(history((None, "A", "failed"))) is None
    assert restored((None, "A", "ok"), ("A", "B", "failed"), now="A") == ("clear", None, None)


def test_a_write_that_took_effect_after_all_is_one():
    assert restored((None, "A", "unconfirmed", "confirmed"), now="A") == ("clear", None, None)


def test_of_several_writes_the_oldest_value_is_put_back():
    assert restored(("X", "A", "ok"), ("A", "B", "ok", "confirmed"), now="B") == ("set", None, "X")


def test_a_value_that_the_chain_had_left_behind_counts_only_where_a_later_write_may_have_failed():
    assert restored((None, "A", "ok"), ("A", "B", "unconfirmed"), now="A") == ("clear", None, None)
    assert restored((None, "A", "ok"), ("A", "B", "open"), now="B") == ("clear", None, None)
    assert restored((None, "A", "ok"), ("A", "B", "ok"), now="A")[:2] == ("blocked", "changed_since_write")


@pytest.mark.parametrize("now", ["Z", None])
def test_who_was_changed_by_somebody_else_since_is_left_alone(now):
    assert restored(("X", "A", "confirmed"), now=now)[:2] == ("blocked", "changed_since_write")


def test_a_chain_with_somebody_elses_write_in_it_is_not_undone():
    writes = [(None, "A", "ok"), ("Z", "B", "ok")]
    found = user(1, onPremisesImmutableId="B")
    row = restoring(ID, chain_of(history(*writes)), found, NOBODY)
    assert (row["action"], row["reason"]["code"]) == ("blocked", "chain_broken")
    assert 'from "A" to "Z"' in row["reason"]["message"]


def test_a_rerun_after_an_answer_was_lost_breaks_no_chain():
    """Whether the first write took effect or not, the second one may have found either value."""
    assert restored((None, "A", "open"), (None, "A", "ok"), now="A") == ("clear", None, None)
    assert restored((None, "A", "open"), ("A", "B", "ok"), now="B") == ("clear", None, None)


def test_what_was_restored_before_and_written_again_is_restored_to_the_first_value():
    writes = [("X", "A", "confirmed"), ("A", "X", "confirmed"), ("X", "A", "confirmed")]
    assert restored(*writes, now="A") == ("set", None, "X")


def test_whom_the_sync_has_taken_needs_the_undo_procedure():
    assert restored((None, "A", "ok"), now="A", onPremisesSyncEnabled=True)[:2] == ("blocked", "restore_needs_undo")
    assert restored((None, "A", "ok"), now=None, onPremisesSyncEnabled=True)[:2] == ("none", None)


def test_who_left_the_scope_is_tried_with_a_warning():
    assert restored((None, "A", "ok"), now="A", onPremisesSyncEnabled=False) == ("clear", "left_scope", None)


@pytest.mark.parametrize("protected", [ID, "u1@example.com"])
def test_protected_users_are_left_alone(protected):
    assert restored((None, "A", "ok"), now="A", protected=frozenset({protected}))[:2] == ("blocked", "protected")


def test_who_is_gone_or_in_the_recycle_bin_is_not_found():
    chain = chain_of(history((None, "A", "ok")))
    gone = restoring(ID, chain, None, NOBODY)
    assert (gone["action"], gone["reason"]["code"], gone["user"]) == (
        "not_found",
        "restore_user_gone",
        "u1@example.com",
    )
    binned = restoring(ID, chain, user(1, onPremisesImmutableId="A", deleted=True), NOBODY)
    assert (binned["action"], binned["reason"]["code"]) == ("not_found", "restore_user_deleted")


def test_times_say_what_followed_what_in_whichever_order_journals_are_given():
    older, newer = list(history((None, "A", "ok"))), list(history((None, "A", "ok"), ("A", "B", "ok")))[2:]
    assert chain_of([*newer, *older]) == chain_of([*older, *newer])
    assert chain_of([*newer, *older]).old is None


def test_a_later_run_may_confirm_what_an_earlier_one_announced():
    entries = [*history((None, "A", "open")), Entry(2_000.0, True, "u1@example.com", None, "A", "", "confirmed")]
    chain = chain_of(entries)
    assert chain.left == {"A"}
    assert [write.status for write in chain.writes] == ["confirmed"]


def test_a_row_shows_what_the_journals_say():
    row = restoring(ID, chain_of(history(("X", "A", "ok"))), user(1, onPremisesImmutableId="A"), NOBODY)
    assert row["evidence"] == [{"key": "journal", "value": '2026-11-23T12:00:00Z: "X" to "A" (ok)', "users": []}]
    assert (row["before"], row["after"], row["changed"], row["approved"]) == ("A", "X", True, True)
