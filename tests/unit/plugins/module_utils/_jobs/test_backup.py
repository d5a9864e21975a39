# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backup of targets: whole, private, the oldest entry kept, and nobody written who is not in it."""

from __future__ import annotations

import os
import stat

import pytest
from tenant_double import SERVICE, TENANT, Tenant, anchor, name, user_id

from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._graph.users import USER_PROPERTIES
from ansible_collections.hybrid.identity.plugins.module_utils._jobs import backup as backup_module
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.backup import (
    BACKUP_PROPERTIES,
    backup_path,
    save_backup,
)
from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowError, RowReader, RowSink, header


@pytest.fixture
def journal(tmp_path):
    return str(tmp_path / "x.journal.jsonl")


def targets(*numbers, action="set"):
    return [{"id": user_id(number), "after": anchor(number), "action": action} for number in numbers]


def rows_for(path, number):
    return [row for _line, row in RowReader(path, {"backup"}) if row["id"] == user_id(number)]


def saved(path):
    return {row["id"]: row for _line, row in RowReader(path, {"backup"})}


def test_every_target_is_saved_with_all_that_was_read_of_it(journal):
    tenant = Tenant(0)
    tenant.add(1, jobTitle="Boss", onPremisesImmutableId=anchor(1))
    tenant.add(2)
    backup = save_backup(tenant, targets(1, 2), journal)
    rows = saved(backup.path)
    assert set(rows) == {user_id(1), user_id(2)}
    assert set(rows[user_id(1)]["properties"]) == set(BACKUP_PROPERTIES)
    assert rows[user_id(1)]["properties"]["jobTitle"] == "Boss"
    assert rows[user_id(1)]["properties"]["onPremisesImmutableId"] == anchor(1)
    assert rows[user_id(1)]["user"] == name(1)
    assert (backup.unsaved, backup.missing) == ({}, ())


def test_the_file_is_private_beside_the_journal_and_says_whose_it_is(journal):
    backup = save_backup(Tenant(1), targets(1), journal)
    assert backup.path == backup_path(journal) == journal.replace(".jsonl", ".backup.jsonl")
    assert stat.S_IMODE(os.stat(backup.path).st_mode) == 0o600
    fields = RowReader(backup.path).header
    assert (fields["kind"], fields["tenant_id"], fields["source"]) == ("backup", TENANT, SERVICE)
    assert fields["service"] == SERVICE
    assert fields["attributes"] == sorted(BACKUP_PROPERTIES)


def test_rows_that_write_nothing_are_not_saved(journal):
    backup = save_backup(Tenant(2), [*targets(1, action="blocked"), *targets(2, action="none")], journal)
    assert backup == (None, {}, ())
    assert not os.path.exists(backup_path(journal))


def test_a_second_run_adds_to_the_backup_and_keeps_what_it_has(journal):
    tenant = Tenant(3)
    save_backup(tenant, targets(1, 2), journal)
    # What an earlier run wrote, as one that was killed and is continued.
    tenant.change(1, onPremisesImmutableId=anchor(1))
    assert save_backup(tenant, targets(1, 2), journal).path == backup_path(journal)
    backup = save_backup(tenant, targets(1, 2, 3), journal)
    assert [row["id"] for _line, row in RowReader(backup.path)] == [user_id(1), user_id(2), user_id(3)]
    assert saved(backup.path)[user_id(1)]["properties"]["onPremisesImmutableId"] is None


def test_a_user_who_changed_since_is_saved_once_more_before_a_later_write(journal, monkeypatch):
    tenant = Tenant(2)
    times = iter(f"2026-11-{day}T12:00:00Z" for day in range(10, 20))
    monkeypatch.setattr(backup_module, "utc_now", lambda: next(times))
    save_backup(tenant, targets(1, 2), journal)
    tenant.change(1, jobTitle="Boss", onPremisesImmutableId=anchor(51))
    for _run in range(3):
        backup = save_backup(tenant, targets(1, 2), journal)
    first, second = rows_for(backup.path, 1)
    assert (first["properties"]["jobTitle"], second["properties"]["jobTitle"]) == (None, "Boss")
    assert second["properties"]["onPremisesImmutableId"] == anchor(51)
    assert first["time"] < second["time"]
    assert len(rows_for(backup.path, 2)) == 1, "nothing changed"
    tenant.change(2, proxyAddresses=["smtp:a@example.com", "SMTP:b@example.com"], assignedPlans=[{"a": [1, 2]}])
    save_backup(tenant, targets(2), journal)
    tenant.change(2, proxyAddresses=["SMTP:b@example.com", "smtp:a@example.com"], assignedPlans=[{"a": [2, 1]}])
    save_backup(tenant, targets(2), journal)
    assert len(rows_for(backup.path, 2)) == 2, "the order of a list is no change"
    tenant.change(1, jobTitle=None, onPremisesImmutableId=None)
    save_backup(tenant, targets(1, 2), journal)
    assert len(rows_for(backup.path, 1)) == 3, "as it was long ago, and not as it was of late"


def test_fewer_properties_than_before_are_no_change_and_more_are(journal):
    tenant = Tenant(1)
    with RowSink(header("backup", tenant_id=TENANT, source=SERVICE), backup_path(journal), 0) as sink:
        sink.write({"id": user_id(1), "properties": {"id": user_id(1)}})
    for _run in range(2):
        save_backup(tenant, targets(1), journal)
    assert [len(row["properties"]) for row in rows_for(backup_path(journal), 1)] == [1, len(BACKUP_PROPERTIES)]
    answer = tenant._answer

    def strict(request):
        refused = GraphError("No.", status=400) if "preferredDataLocation" in request.path else None
        return answer(request)._replace(status=400, body=None, error=refused) if refused else answer(request)

    tenant._answer = strict
    save_backup(tenant, targets(1), journal)
    assert len(rows_for(backup_path(journal), 1)) == 2


def test_who_cannot_be_read_or_is_gone_is_named(journal):
    tenant = Tenant(2)
    error = GraphError("No.", status=500)
    tenant.unreadable[user_id(1)] = error
    backup = save_backup(tenant, targets(1, 2, 9), journal)
    assert backup.unsaved == {user_id(1): error, user_id(9): None}
    assert set(saved(backup.path)) == {user_id(2)}


@pytest.mark.parametrize("status", [400, 403])
def test_a_cloud_that_refuses_one_of_the_properties_is_asked_for_fewer(journal, status):
    tenant = Tenant(2)
    answer = tenant._answer

    def strict(request):
        if "preferredDataLocation" in request.path:
            error = GraphError("Could not find a property.", status=status)
            return answer(request)._replace(status=status, body=None, error=error)
        return answer(request)

    tenant._answer = strict
    backup = save_backup(tenant, targets(1, 2), journal)
    rows = saved(backup.path)
    assert set(rows) == {user_id(1), user_id(2)}
    assert set(rows[user_id(1)]["properties"]) == set(USER_PROPERTIES)
    assert set(backup.missing) == set(BACKUP_PROPERTIES) - set(USER_PROPERTIES)
    assert RowReader(backup.path).header["attributes"] == sorted(USER_PROPERTIES)


def test_who_is_refused_in_any_case_does_not_cost_the_others_their_properties(journal):
    tenant = Tenant(2)
    tenant.unreadable[user_id(1)] = GraphError("No.", status=403)
    backup = save_backup(tenant, targets(1, 2), journal)
    assert backup.missing == ()
    assert set(saved(backup.path)[user_id(2)]["properties"]) == set(BACKUP_PROPERTIES)


def test_the_backup_of_another_tenant_or_service_and_a_truncated_one_are_refused(journal):
    for fields in ({"tenant_id": "another", "source": SERVICE}, {"tenant_id": TENANT, "source": "http://127.0.0.1:1"}):
        with RowSink(header("backup", **fields), backup_path(journal), 0):
            pass
        with pytest.raises(RowError, match=f"belongs to tenant {fields['tenant_id']} of {fields['source']}"):
            save_backup(Tenant(1), targets(1), journal)
    with open(backup_path(journal), "r+b") as file:
        file.truncate(os.path.getsize(backup_path(journal)) - 5)
    with pytest.raises(RowError):
        save_backup(Tenant(1), targets(1), journal)


def test_nothing_is_selected_that_cannot_be_combined():
    refused = {"aboutMe", "mySite", "skills", "birthday", "signInActivity", "mailboxSettings", "passwordProfile"}
    assert not refused & set(BACKUP_PROPERTIES)
    assert len(set(BACKUP_PROPERTIES)) == len(BACKUP_PROPERTIES)
