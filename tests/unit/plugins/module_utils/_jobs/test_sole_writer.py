# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One writing run per app and tenant, and the quota that a run before it has used."""

from __future__ import annotations

import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from immutable_id_runs import actions, pairs, run
from tenant_double import TENANT, Tenant, name

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.limiter import QUOTA_WINDOW
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.sole_writer import sole_writer
from ansible_collections.hybrid.identity.plugins.module_utils._journal import Journal

HOLD = """
import sys
from types import SimpleNamespace
from ansible_collections.hybrid.identity.plugins.module_utils._graph.limiter import Limiter
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.sole_writer import sole_writer
client = SimpleNamespace(
    tenant_id=sys.argv[1], app_id=sys.argv[2], options=SimpleNamespace(graph_endpoint=sys.argv[3]), limiter=Limiter()
)
with sole_writer(client, "first.journal.jsonl"):
    print("writing", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other_run():
    """Another process that writes to the tenant; the test may kill it."""
    command = [sys.executable, "-c", HOLD, TENANT, Tenant.app_id, Tenant.options.graph_endpoint]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "writing\n"
        yield process
        process.kill()


def test_a_second_run_is_refused_and_writes_nothing(other_run):
    tenant = Tenant(1)
    with pytest.raises(Failure) as refused:
        run(tenant, users=pairs(1))
    message = refused.value.message
    assert str(other_run.pid) in message
    assert "first.journal.jsonl" in message
    assert tenant.app_id in message
    assert TENANT in message
    assert tenant.patches == []
    assert refused.value.result["changed"] is False


def test_a_killed_run_is_in_nobodys_way(other_run):
    other_run.kill()
    other_run.wait()
    assert actions(run(Tenant(1), users=pairs(1))) == {name(1): ("set", None)}


def test_check_mode_and_runs_with_nothing_to_write_are_not_refused(other_run):
    tenant = Tenant(2)
    run(tenant, users=pairs(1), check_mode=True)
    tenant.change(2, onPremisesImmutableId=run(tenant, users=pairs(2), check_mode=True)["users"][0]["after"])
    assert run(tenant, users=pairs(2))["changed"] is False


@pytest.mark.parametrize(
    "other",
    [
        {"app_id": "99999999-0000-0000-0000-000000000000"},
        {"tenant_id": "77777777-7777-8888-9999-000000000000"},
        {"options": SimpleNamespace(graph_endpoint="https://127.0.0.1:8443")},
    ],
    ids=["app", "tenant", "service"],
)
def test_other_apps_tenants_and_services_have_their_own_quota(other, tmp_path):
    client = Tenant()
    for field, value in other.items():
        setattr(client, field, value)
    with sole_writer(Tenant(), str(tmp_path / "one")), sole_writer(client, str(tmp_path / "two")):
        pass


def test_what_a_run_has_just_written_counts_for_the_next(tmp_path):
    first = Tenant(1)
    entries = [{"id": str(number), "user": "u", "before": None, "after": "x"} for number in range(2940)]
    with Journal(str(tmp_path / "first.journal.jsonl"), TENANT, first.options.graph_endpoint) as journal:
        journal.intents(entries)
    with sole_writer(first, str(tmp_path / "journal")), first.limiter.slot(1):
        assert QUOTA_WINDOW * 0.9 < first.now < QUOTA_WINDOW * 1.1


def test_what_was_written_long_ago_does_not(tmp_path):
    second = Tenant(1)
    with Journal(str(tmp_path / "first.journal.jsonl"), TENANT, second.options.graph_endpoint) as journal:
        journal.intents([{"id": str(number), "user": "u", "before": None, "after": "x"} for number in range(2940)])
    later = time.time() + 2 * QUOTA_WINDOW
    with sole_writer(second, str(tmp_path / "journal"), lambda: later), second.limiter.slot(1):
        assert second.now == 0.0
