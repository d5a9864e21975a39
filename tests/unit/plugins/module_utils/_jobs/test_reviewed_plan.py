# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applying a plan that somebody reviewed."""

from __future__ import annotations

import pytest
from immutable_id_runs import actions, edit, make_plan, pairs, run
from tenant_double import ANCHOR, TENANT, Tenant, anchor, name, user_id

from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowError


def test_a_plan_of_another_tenant_is_refused(tmp_path):
    plan = make_plan(Tenant(1), tmp_path, 1)
    other = Tenant(1)
    other.tenant_id = "00000000-7777-8888-9999-000000000000"
    with pytest.raises(RowError, match=f"for tenant {TENANT}"):
        run(other, plan=plan)
    assert other.patches == []


@pytest.mark.parametrize("keep", [-1, -2, 1])
def test_a_truncated_plan_is_refused_before_anything_is_written(tmp_path, state, keep):
    tenant = Tenant(3)
    plan = make_plan(tenant, tmp_path, 1, 2, 3)
    with open(plan, encoding="utf-8") as file:
        lines = file.readlines()
    with open(plan, "w", encoding="utf-8") as file:
        file.writelines(lines[:keep])
    with pytest.raises(RowError, match="truncated"):
        run(tenant, plan=plan)
    assert tenant.patches == []
    assert not state.exists()


def test_a_result_is_no_plan(tmp_path):
    tenant = Tenant(1)
    result = run(tenant, users=pairs(1), dest=str(tmp_path / "result.jsonl"))
    with pytest.raises(RowError, match='holds "result"'):
        run(tenant, plan=result["dest"])


def test_an_edited_value_is_refused_with_its_line_before_anything_is_written(tmp_path):
    tenant = Tenant(3)
    plan = make_plan(tenant, tmp_path, 1, 2, 3)
    edit(plan, user_id(3), approved="no")
    with pytest.raises(RowError, match="line 4"):
        run(tenant, plan=plan)
    assert tenant.patches == []


def test_struck_out_rows_are_left_out(tmp_path):
    tenant = Tenant(2)
    plan = make_plan(tenant, tmp_path, 1, 2)
    edit(plan, user_id(1), approved=False)
    assert actions(run(tenant, plan=plan)) == {name(1): ("none", "not_approved"), name(2): ("set", None)}
    assert [key for key, _value in tenant.patches] == [user_id(2)]


def test_users_that_changed_since_the_plan_are_left_alone(tmp_path):
    tenant = Tenant(5)
    plan = make_plan(tenant, tmp_path, 1, 2, 3, 4, 5)
    tenant.change(1, **{ANCHOR: anchor(77)})
    tenant.change(2, "deleted")
    tenant.change(3, onPremisesSyncEnabled=True)
    tenant.change(4, **{ANCHOR: anchor(4)})
    for check_mode in (True, False):
        result = run(tenant, plan=plan, check_mode=check_mode)
        assert actions(result) == {
            name(1): ("blocked", "changed_since_plan"),
            name(2): ("not_found", "gone"),
            name(3): ("blocked", "changed_since_plan"),
            name(4): ("none", None),
            name(5): ("set", None),
        }
    assert [key for key, _value in tenant.patches] == [user_id(5)]


def test_applying_a_plan_in_check_mode_writes_nothing(tmp_path, state):
    tenant = Tenant(1)
    result = run(tenant, plan=make_plan(tenant, tmp_path, 1), check_mode=True)
    assert result["changed"] is True
    assert result["journal"] is None
    assert tenant.patches == []
    assert not state.exists()


def test_what_the_takeover_does_and_who_is_at_risk_is_counted(tmp_path):
    tenant = Tenant(3)
    path = make_plan(tenant, tmp_path, 1, 2, 3)
    twice = [{"code": "overwritten", "property": item, "before": "a", "after": "b"} for item in ("city", "state")]
    edit(path, user_id(1), effects=twice)
    disabled = [{"code": "user_disabled", "property": "accountEnabled", "before": True, "after": False}]
    reason = {"code": "user_disabled", "message": "It is.", "remedy": "Approve it."}
    edit(path, user_id(2), action="blocked", approved=None, changed=False, reason=reason, effects=disabled)
    edit(path, user_id(3), on_premises={"in_scope": False})
    result = run(tenant, check_mode=True, plan=path)
    assert result["summary"]["effects"] == {"overwritten": 1, "user_disabled": 1}
    assert result["summary"]["releasable"] == 1
    assert result["summary"]["in_scope"] == {"true": 0, "false": 1, "unknown": 1}
    assert result["at_risk"] == [name(1)]
