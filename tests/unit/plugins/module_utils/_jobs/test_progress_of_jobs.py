# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the jobs tell of how far they are."""

from __future__ import annotations

import pytest
from tenant_double import NOON, Tenant, anchor, name, user_id

from ansible_collections.hybrid.identity.plugins.module_utils import _progress
from ansible_collections.hybrid.identity.plugins.module_utils._jobs import writer as writer_module
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.tenant_users import read_index
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.writer import Writer
from ansible_collections.hybrid.identity.plugins.module_utils._journal import Journal


@pytest.fixture
def phases(monkeypatch):
    """Return the phases of the run as they begin."""
    begun = []

    class Noted(_progress.Phase):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            begun.append(self)

    monkeypatch.setattr(_progress, "Phase", Noted)
    return begun


def told(phases):
    return [(phase.name, phase.done, phase.total) for phase in phases]


def planned(number, action="set"):
    return {
        "user": name(number), "id": user_id(number), "before": None, "after": anchor(number), "action": action,
        "reason": None, "approved": True, "changed": action == "set", "error": None,
    }  # fmt: skip


def carry_out(tenant, journal, rows):
    def clock():
        return NOON + tenant.now

    options = {"clock": tenant.clock, "sleep": tenant.sleep, "wall_clock": clock}
    return list(Writer(tenant, journal, frozenset(), {}, **options).run(rows, len(rows)))


def test_users_count_as_they_are_listed(phases):
    read_index(Tenant(5), ["id"], {})
    assert told(phases) == [("listing users", 5, None), ("listing deleted users", 0, None)]


def test_writes_count_until_all_are_written_and_then_those_that_are_seen(phases, tmp_path, monkeypatch):
    monkeypatch.setattr(writer_module, "_CHUNK_WRITES", 2)
    monkeypatch.setattr(writer_module, "_BATCHES_FOR_EACH", 0)
    tenant = Tenant(5)
    with Journal(str(tmp_path / "journal.jsonl"), Tenant.tenant_id) as journal:
        # One of them is gone: there is nothing to write, and nothing to wait for.
        rows = [planned(number) for number in range(1, 7)]
        carry_out(tenant, journal, rows)
    assert told(phases) == [("writing", 6, 6), ("confirming writes", 5, 5)]


def test_a_second_look_alone_counts_those_who_were_looked_at(phases):
    carry_out(Tenant(3), None, [planned(number) for number in range(1, 5)])
    assert told(phases)[0] == ("looking at users", 4, 4)
