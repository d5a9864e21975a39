# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The users of a tenant while reads lag."""

from __future__ import annotations

import time
from types import SimpleNamespace

from tenant_double import ANCHOR, SERVICE, Tenant, anchor, name, user_id

from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.tenant_users import (
    LAG_SECONDS,
    lagging_writes,
    read_by_id,
    read_index,
)
from ansible_collections.hybrid.identity.plugins.module_utils._journal import Journal, RecentWrite


def write(status="ok", before=None, number=1):
    return {user_id(number): RecentWrite(before, anchor(number), time.time(), status)}


def value_in_index(tenant, written, number=1):
    return read_index(tenant, (), written).user(user_id(number)).immutable_id


def lagging_tenant(*, list_lag=600.0, id_lag=0.0):
    """Return a tenant whose user 1 was written just now."""
    tenant = Tenant(1)
    tenant.change(1, **{ANCHOR: anchor(1)})
    tenant.list_lag, tenant.id_lag = list_lag, id_lag
    return tenant


def test_whom_no_journal_names_is_as_the_listing_says():
    assert value_in_index(lagging_tenant(), {}) is None


def test_a_listing_that_lags_is_corrected_by_reads_by_id():
    for status in ("ok", "confirmed", "unconfirmed", "failed"):
        assert value_in_index(lagging_tenant(), write(status)) == anchor(1)


def test_an_accepted_write_is_trusted_before_a_read_that_shows_the_old_value():
    assert value_in_index(lagging_tenant(id_lag=600), write("ok")) == anchor(1)


def test_a_write_that_was_confirmed_or_got_no_answer_is_not_trusted_before_a_read():
    for status in ("confirmed", "unconfirmed", "failed"):
        assert value_in_index(lagging_tenant(id_lag=600), write(status)) is None


def test_a_third_value_is_nobodys_lag():
    tenant = Tenant(0)
    tenant.add(1, **{ANCHOR: anchor(7)})
    assert value_in_index(tenant, write("ok")) == anchor(7)


def test_an_accepted_write_is_trusted_where_the_user_cannot_be_read_by_id():
    tenant = lagging_tenant()
    tenant.unreadable[user_id(1)] = GraphError("No.", status=403)
    assert value_in_index(tenant, write("ok")) == anchor(1)


def test_a_user_whom_the_listing_does_not_have_yet_is_there():
    tenant = Tenant(1)
    read = tenant.pages
    tenant.pages = lambda path, params: (body for body in read(path, params) if body["id"] != user_id(1))
    index = read_index(tenant, (), write("confirmed"))
    assert index.count == 1
    assert index.find("user_principal_name", name(1))


def test_the_recycle_bin_is_part_of_the_index():
    tenant = Tenant(1)
    tenant.add(2, "deleted", **{ANCHOR: anchor(2)})
    index = read_index(tenant, (), {})
    assert [user.deleted for user in index.find("immutable_id", anchor(2))] == [True]
    assert index.user(user_id(1)).deleted is False


def test_reads_by_id_say_gone_and_unreadable_apart():
    tenant = Tenant(2)
    tenant.unreadable[user_id(2)] = GraphError("No.", status=403)
    rows = list(read_by_id(tenant, [user_id(1), user_id(2), user_id(3)], {}))
    assert [(user is not None, error is not None) for _id, user, error in rows] == [
        (True, False),
        (False, True),
        (False, False),
    ]


def test_only_young_writes_of_this_tenant_count(tmp_path, monkeypatch):
    path = str(tmp_path / "journal.jsonl")
    with Journal(path, Tenant.tenant_id, SERVICE) as journal:
        journal.intents([{"id": user_id(1), "user": name(1), "before": None, "after": anchor(1)}])
    assert set(lagging_writes(Tenant(), [])) == {user_id(1)}
    other = Tenant()
    other.tenant_id = "00000000-0000-0000-0000-000000000000"
    assert lagging_writes(other, [path]) == {}
    # A rehearsal with the seed of a real tenant has its id and its users' ids.
    rehearsal = Tenant()
    rehearsal.options = SimpleNamespace(graph_endpoint="https://127.0.0.1:8443")
    assert lagging_writes(rehearsal, [path]) == {}
    later = time.time() + LAG_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert lagging_writes(Tenant(), [path]) == {}
