# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of entra_sync_status with backups: what became of those whom the sync has taken."""

from __future__ import annotations

import pytest
from status_runs import anchored, asked, result_row, rows_file, run, stamp
from tenant_double import SERVICE, TENANT, user_id

from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.backup import save_backup
from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowError, RowReader, RowSink, header


def backed_up(tenant, tmp_path, *numbers):
    targets = [{"id": user_id(number), "after": "x", "action": "set"} for number in numbers]
    return save_backup(tenant, targets, str(tmp_path / "journal.jsonl")).path


def taken_over(tenant, number, **changes):
    tenant.change(number, **changes)
    stamp(tenant, number)


def by_number(result):
    return {int(row["id"].replace("-", ""), 16): row for row in result["users"]}


@pytest.fixture
def office(tmp_path):
    """Return a tenant of five, four of them saved, and the backup."""
    tenant = anchored(1, 2, 3, 4, 5)
    for number in range(1, 6):
        tenant.change(number, department="Sales", mobilePhone="+1 555 1")
    return tenant, backed_up(tenant, tmp_path, 1, 2, 3, 4)


def test_those_whom_the_sync_has_taken_are_compared(office):
    tenant, backup = office
    taken_over(tenant, 1)
    taken_over(tenant, 2, department="Marketing", mobilePhone=None)
    taken_over(tenant, 5, department="Marketing")
    tenant.change(3, department="Marketing")
    result = run(tenant, *(asked(number) for number in range(1, 6)), backup=[backup])
    rows = by_number(result)
    assert rows[1]["changes"] == []
    assert rows[2]["changes"] == [
        {"property": "department", "kind": "changed", "before": "Sales", "after": "Marketing", "predicted": None},
        {"property": "mobilePhone", "kind": "blanked", "before": "+1 555 1", "after": None, "predicted": None},
    ]
    assert rows[3]["changes"] is None, "it is not taken over yet"
    assert rows[5]["changes"] is None, "it is in no backup"
    comparison = result["summary"]["comparison"]
    assert {name: comparison[name] for name in ("compared", "changed", "blanked", "unpredicted", "not_compared")} == {
        "compared": 2, "changed": 1, "blanked": 1, "unpredicted": 0, "not_compared": 1,
    }  # fmt: skip
    assert comparison["properties"] == {
        "department": {"blanked": 0, "changed": 1, "added": 0},
        "mobilePhone": {"blanked": 1, "changed": 0, "added": 0},
    }


def test_without_a_backup_nothing_is_compared(office):
    tenant, _backup = office
    taken_over(tenant, 1, department=None)
    result = run(tenant, asked(1))
    assert result["users"][0]["changes"] is None
    assert result["summary"]["comparison"] is None


def test_who_was_taken_by_the_wrong_object_is_compared_as_well(office):
    tenant, backup = office
    taken_over(tenant, 1, department=None, onPremisesImmutableId="AAAA")
    (row,) = run(tenant, asked(1), backup=[backup])["users"]
    assert row["state"] == "conflict"
    assert [change["property"] for change in row["changes"]] == ["department"]


def test_the_plan_says_what_was_to_be_expected(office, tmp_path):
    tenant, backup = office
    effects = [{"code": "blanked", "property": "mobilePhone", "before": "+1 555 1", "after": None}]
    src = [rows_file(tmp_path, "result", result_row(1, effects=effects), result_row(2, effects=effects))]
    taken_over(tenant, 1, mobilePhone=None)
    taken_over(tenant, 2, mobilePhone=None, department=None)
    result = run(tenant, src=src, backup=[backup])
    assert {
        number: {change["property"]: change["predicted"] for change in row["changes"]}
        for number, row in by_number(result).items()
    } == {1: {"mobilePhone": True}, 2: {"mobilePhone": True, "department": False}}
    assert result["summary"]["comparison"]["unpredicted"] == 1


def test_rows_that_lost_something_come_before_those_that_did_not(office, tmp_path):
    tenant, backup = office
    src = [rows_file(tmp_path, "result", *(result_row(number, effects=[]) for number in (1, 2, 3, 4)))]
    taken_over(tenant, 1)
    taken_over(tenant, 2, city="Oslo")
    taken_over(tenant, 3, department=None)
    result = run(tenant, src=src, backup=[backup], return_limit=2, dest=str(tmp_path / "status.jsonl"))
    assert [row["id"] for row in result["users"]] == [user_id(4), user_id(3)]
    kept = [row for _line, row in RowReader(str(tmp_path / "status.jsonl"))]
    assert [None if row["changes"] is None else len(row["changes"]) for row in kept] == [0, 1, 1, None]


def test_who_cannot_be_read_again_is_unknown(office):
    tenant, backup = office
    taken_over(tenant, 1, department=None)
    answer = tenant._answer

    def refuse(request):
        response = answer(request)
        error = GraphError("Insufficient privileges.", status=403)
        return response._replace(status=403, body=None, error=error) if "department" in request.path else response

    tenant._answer = refuse
    (row,) = run(tenant, asked(1), backup=[backup])["users"]
    assert (row["state"], row["changes"]) == ("synced", None)
    (unchecked,) = row["unchecked"]
    assert "Insufficient privileges." in unchecked["what"]


def test_a_file_that_is_no_backup_of_this_tenant_ends_the_run_before_anything_is_read(tmp_path):
    tenant = anchored(1)
    path = str(tmp_path / "other.jsonl")
    with RowSink(header("backup", tenant_id=TENANT[:-1] + "9", source=SERVICE), path, 0):
        pass
    with pytest.raises(RowError, match="Sign in to the right tenant"):
        run(tenant, asked(1), backup=[path])
    assert tenant.requests == 0
