# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Putting old values back: journals are read and checked, users are read, and one bad user does not stop the rest."""

from __future__ import annotations

import itertools
import json
import time

import pytest
from tenant_double import NOON, SERVICE, Tenant, anchor, name, user_id

from ansible_collections.hybrid.identity.plugins.module_utils import _journal
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.confirmation import Confirmation
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.restore import Restoration
from ansible_collections.hybrid.identity.plugins.module_utils._journal import Journal, RecentWrite
from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowError, format_time

NOBODY = frozenset()


def intent(number, before=None, after=None):
    return {"id": user_id(number), "user": name(number), "before": before, "after": after or anchor(number)}


def outcome(number, status="ok", after=None):
    return {"id": user_id(number), "user": name(number), "after": after or anchor(number), "status": status}


def edit(path, change):
    """Change the lines of a file."""
    with open(path, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    change(lines)
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


@pytest.fixture
def write_journal(tmp_path, monkeypatch):
    """Write a journal of intents and outcomes and return its path; each entry is later than the one before."""
    began, ticks = time.time(), itertools.count()
    monkeypatch.setattr(_journal, "_now", lambda: f"{format_time(began)[:-1]}.{next(ticks):03}Z")

    def write(file_name, *entries, tenant=Tenant.tenant_id, service=SERVICE):
        path = str(tmp_path / file_name)
        with Journal(path, tenant, service) as journal:
            for entry in entries:
                (journal.outcomes if "status" in entry else journal.intents)([entry])
        return path

    return write


def decided(tenant, *paths, protected=NOBODY, written=None, confirmation=None):
    rows = Restoration(tenant, paths).rows(protected, written or {}, confirmation)
    return {row["user"]: (row["action"], row["reason"] and row["reason"]["code"], row["after"]) for row in rows}


def test_everybody_written_is_looked_at_once(write_journal):
    tenant = Tenant(3)
    for number in (1, 2):
        tenant.change(number, onPremisesImmutableId=anchor(number))
    path = write_journal("a.jsonl", *map(intent, (1, 2, 3)), outcome(1), outcome(2, "confirmed"), outcome(3, "failed"))
    assert decided(tenant, path) == {name(1): ("clear", None, None), name(2): ("clear", None, None)}


def test_several_journals_are_one_history_in_whichever_order_they_are_given(write_journal):
    tenant = Tenant(1)
    tenant.change(1, onPremisesImmutableId="B")
    older = write_journal("older.jsonl", intent(1, "X", "A"), outcome(1, after="A"))
    newer = write_journal("newer.jsonl", intent(1, "A", "B"), outcome(1, after="B"))
    restored = {name(1): ("set", None, "X")}
    assert decided(tenant, newer, older) == decided(tenant, older, newer) == restored
    assert decided(tenant, newer, older, newer) == restored, "a journal named twice counts once"
    assert decided(tenant, newer) == {name(1): ("set", None, "A")}
    assert decided(tenant, older) == {name(1): ("blocked", "changed_since_write", "X")}


@pytest.mark.parametrize("other", [{"tenant": "another"}, {"service": "https://rehearsal.example"}])
def test_the_journal_of_another_tenant_or_service_is_refused(write_journal, other):
    good, bad = write_journal("good.jsonl", intent(1)), write_journal("bad.jsonl", intent(1), **other)
    with pytest.raises(RowError, match=r"bad\.jsonl, line 1: the journal belongs to tenant .* Nothing was written"):
        Restoration(Tenant(1), [good, bad])


@pytest.mark.parametrize("lost", ["id", "user", "time", "after"])
def test_an_entry_that_lacks_something_is_refused(write_journal, lost):
    path = write_journal("a.jsonl", intent(1))

    def lose(lines):
        del lines[1][lost]

    edit(path, lose)
    with pytest.raises(RowError, match="line 2: the entry lacks"):
        Restoration(Tenant(1), [path])


def test_a_clock_that_was_set_back_does_not_turn_history_around(write_journal):
    path = write_journal("a.jsonl", intent(1, None, "A"), outcome(1, after="A"), intent(1, "A", "B"))
    edit(path, lambda lines: lines[3].update(time="2001-01-01T00:00:00Z"))
    tenant = Tenant(1)
    tenant.change(1, onPremisesImmutableId="B")
    assert decided(tenant, path) == {name(1): ("clear", None, None)}


def test_half_a_last_line_of_a_killed_run_is_passed_over(write_journal):
    path = write_journal("a.jsonl", intent(1))
    with open(path, "ab") as file:
        file.write(b'{"entry":"outc')
    tenant = Tenant(1)
    tenant.change(1, onPremisesImmutableId=anchor(1))
    assert decided(tenant, path) == {name(1): ("clear", None, None)}


def test_who_cannot_be_read_or_is_gone_does_not_stop_the_rest(write_journal):
    tenant = Tenant(4)
    for number in (1, 2, 3, 4):
        tenant.change(number, onPremisesImmutableId=anchor(number))
    tenant.change(2, container="deleted")
    tenant.change(3, container="purged")
    tenant.unreadable[user_id(1)] = GraphError("No.", status=403)
    rows = decided(tenant, write_journal("a.jsonl", *map(intent, (1, 2, 3, 4))))
    assert [(action, code) for action, code, _after in rows.values()] == [
        ("failed", "read_failed"),
        ("not_found", "restore_user_deleted"),
        ("not_found", "restore_user_gone"),
        ("clear", None),
    ]


def test_protected_users_are_left_alone(write_journal):
    tenant = Tenant(1)
    tenant.change(1, onPremisesImmutableId=anchor(1))
    rows = decided(tenant, write_journal("a.jsonl", intent(1)), protected=frozenset({name(1)}))
    assert rows == {name(1): ("blocked", "protected", None)}


def test_a_write_of_a_run_killed_a_moment_ago_is_waited_for(write_journal):
    """It may have been carried out although reads do not show it yet: it must not be taken for restored."""
    tenant = Tenant(2)
    tenant.id_lag = 8.0
    tenant.change(1, onPremisesImmutableId=anchor(1))
    path = write_journal("a.jsonl", intent(1), intent(2))
    assert decided(tenant, path)[name(1)] == ("none", None, None), "check mode shows what reads say"
    written = {user_id(number): RecentWrite(None, anchor(number), NOON - 3, "unconfirmed") for number in (1, 2)}
    confirmation = Confirmation(tenant, clock=tenant.clock, sleep=tenant.sleep, wall_clock=lambda: NOON + tenant.now)
    rows = decided(tenant, path, written=written, confirmation=confirmation)
    assert rows == {name(1): ("clear", None, None), name(2): ("none", None, None)}
    assert tenant.now == pytest.approx(117), "as long as a write is looked for, less the time that has passed"
