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
    return [{"id": user_id(number), "action": action} for number in numbers]


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
    assert fields["attributes"] == sorted(BACKUP_PROPERTIES)


def test_rows_that_write_nothing_are_not_saved(journal):
    backup = save_backup(Tenant(2), [*targets(1, action="blocked"), *targets(2, action="none")], journal)
    assert backup == (None, {}, ())
    assert not os.path.exists(backup_path(journal))


def test_a_second_run_adds_to_the_backup_and_keeps_what_it_has(journal):
    tenant = Tenant(3)
    save_backup(tenant, targets(1, 2), journal)
    tenant.change(1, onPremisesImmutableId=anchor(1))
    before = tenant.requests
    backup = save_backup(tenant, targets(1, 2), journal)
    assert backup.path == backup_path(journal)
    assert tenant.requests == before, "nobody is read again"
    backup = save_backup(tenant, targets(1, 2, 3), journal)
    rows = saved(backup.path)
    assert set(rows) == {user_id(1), user_id(2), user_id(3)}
    assert rows[user_id(1)]["properties"]["onPremisesImmutableId"] is None


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


def test_the_backup_of_another_tenant_and_a_truncated_one_are_refused(journal):
    with RowSink(header("backup", tenant_id="another"), backup_path(journal), 0):
        pass
    with pytest.raises(RowError, match="belongs to tenant another"):
        save_backup(Tenant(1), targets(1), journal)
    with open(backup_path(journal), "r+b") as file:
        file.truncate(os.path.getsize(backup_path(journal)) - 5)
    with pytest.raises(RowError):
        save_backup(Tenant(1), targets(1), journal)


def test_nothing_is_selected_that_cannot_be_combined():
    refused = {"aboutMe", "mySite", "skills", "birthday", "signInActivity", "mailboxSettings", "passwordProfile"}
    assert not refused & set(BACKUP_PROPERTIES)
    assert len(set(BACKUP_PROPERTIES)) == len(BACKUP_PROPERTIES)
