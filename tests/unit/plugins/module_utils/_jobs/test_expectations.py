# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is asked for in a status, and what files expect of them."""

from __future__ import annotations

import pytest
from status_runs import anchored, at, journal_of, result_row, rows_file, run, stamp, states
from tenant_double import Tenant, anchor, guid, name, user_id

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowError, RowReader


def test_several_rows_about_one_user_keep_what_each_expects(tmp_path):
    """As in a plan in which two AD objects claim the same user."""
    tenant = anchored(1)
    path = rows_file(tmp_path, "result", result_row(1), result_row(1, after=anchor(7)))
    at(tenant, 5, lambda: stamp(tenant, 1))
    result = run(tenant, src=[path], wait=True)
    assert sorted((row["state"], row["expected_immutable_id"]) for row in result["users"]) == [
        ("conflict", anchor(7)),
        ("synced", anchor(1)),
    ]
    tenant.change(1, onPremisesSyncEnabled=None)
    assert [row["expected_immutable_id"] for row in run(tenant, src=[path])["users"]] == [anchor(1), anchor(7)]


def test_files_of_every_kind(tmp_path):
    tenant = anchored(1)
    stamp(tenant, 1)
    row = {"login_name": name(1), "object_guid": guid(1), "immutable_id": anchor(1), "in_scope": None, "password": "x"}
    files = [
        rows_file(tmp_path, "objects", row, tenant_id=None),
        rows_file(tmp_path, "plan", result_row(1)),
        rows_file(tmp_path, "result", result_row(1)),
        journal_of(tmp_path, 1, tenant=tenant),
    ]
    result = run(tenant, src=files, dest=str(tmp_path / "status.jsonl"))
    assert states(result) == [("synced", None)] * 4
    again = run(tenant, src=[result["dest"]])
    assert again["users"] == result["users"]
    assert RowReader(result["dest"]).header["kind"] == "status"


def test_a_file_of_another_tenant_or_kind_is_refused(tmp_path):
    with pytest.raises(Failure, match=r"about tenant other\.example"):
        run(Tenant(1), src=[rows_file(tmp_path, "plan", result_row(1), tenant_id="other.example")])
    with pytest.raises(RowError, match="is needed here"):
        run(Tenant(1), src=[rows_file(tmp_path, "report", {})])


def test_nobody_is_followed_whom_no_object_claims_or_who_is_of_another_wave(tmp_path):
    tenant = anchored(1, 2, 3)
    left_out = [
        result_row(number, action="none", reason={"code": code, "message": "So.", "remedy": "None."})
        for number, code in ((2, "unclaimed"), (3, "outside_wave"))
    ]
    result = run(tenant, src=[rows_file(tmp_path, "result", result_row(1), *left_out)])
    assert [row["user"] for row in result["users"]] == [name(1)]
    assert result["summary"]["total"] == 1


def test_of_the_files_only_the_users_named_are_looked_at(tmp_path):
    tenant = anchored(1, 2, 3)
    path = rows_file(tmp_path, "result", result_row(1), result_row(2, after=anchor(7)))
    named = [{"user": text, "immutable_id": None, "object_guid": None} for text in (name(2).upper(), user_id(3))]
    result = run(tenant, src=[path], users=named)
    assert [(row["user"], row["expected_immutable_id"]) for row in result["users"]] == [
        (name(2), anchor(7)),
        (name(3), None),
    ]
