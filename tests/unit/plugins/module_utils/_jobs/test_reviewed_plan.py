# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applying a plan that somebody reviewed."""

from __future__ import annotations

import json
import re
import time
from types import SimpleNamespace

import pytest
import yaml
from immutable_id_runs import actions, ad_object, edit, make_plan, objects_file, pairs, run
from tenant_double import ANCHOR, SERVICE, TENANT, Tenant, anchor, guid, name, user_id

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowError
from ansible_collections.hybrid.identity.plugins.modules.entra_immutable_id import EXAMPLES


def test_a_plan_of_another_tenant_is_refused(tmp_path):
    plan = make_plan(Tenant(1), tmp_path, 1)
    other = Tenant(1)
    other.tenant_id = "00000000-7777-8888-9999-000000000000"
    with pytest.raises(RowError, match=f"for tenant {TENANT}"):
        run(other, plan=plan)
    assert other.patches == []


def at(service, count):
    """Return a tenant with the same id and users at another address."""
    tenant = Tenant(count)
    tenant.options = SimpleNamespace(graph_endpoint=service, max_workers=8, batch_size=20)
    return tenant


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("made_at", ["http://127.0.0.1:8080", "https://other.example"])
def test_the_plan_of_a_rehearsal_is_refused_for_the_real_tenant(tmp_path, made_at, check_mode):
    plan = make_plan(at(made_at, 1), tmp_path, 1)
    tenant = Tenant(1)
    with pytest.raises(RowError, match=f"made at {made_at}, and this run writes to {SERVICE}.* Nothing was written"):
        run(tenant, plan=plan, check_mode=check_mode)
    assert tenant.patches == []


@pytest.mark.parametrize("here", ["http://127.0.0.1:8080", "https://localhost:8443", "http://[::1]:8080"])
def test_a_plan_for_the_real_tenant_may_be_rehearsed_on_this_machine(tmp_path, here):
    plan = make_plan(Tenant(1), tmp_path, 1)
    rehearsal, warnings = at(here, 1), []
    assert run(rehearsal, plan=plan, warnings=warnings)["summary"]["set"] == 1
    assert f"made at {SERVICE}, and it is rehearsed at {here}" in warnings[0]


def test_a_plan_that_does_not_say_where_it_was_made_is_taken(tmp_path):
    tenant, warnings = Tenant(1), []
    plan = make_plan(tenant, tmp_path, 1)
    head, *rows = lines_of(plan)
    fields = json.loads(head)
    assert fields.pop("service") == SERVICE
    with open(plan, "w", encoding="utf-8") as file:
        file.writelines([json.dumps(fields) + "\n", *rows])
    assert run(tenant, plan=plan, warnings=warnings)["summary"]["set"] == 1
    assert warnings == []


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


@pytest.mark.parametrize("check_mode", [True, False])
def test_users_that_became_something_else_since_the_plan_are_left_alone(tmp_path, check_mode):
    tenant = Tenant(6)
    plan = make_plan(tenant, tmp_path, 1, 2, 3, 4, 5, 6)
    tenant.change(1, userType="Guest")
    tenant.change(2, isResourceAccount=True)
    tenant.change(3, isManagementRestricted=True)
    tenant.cloud_managed[user_id(4)] = True
    tenant.object_identifiers[user_id(5)] = guid(77)
    result = run(tenant, plan=plan, check_mode=check_mode)
    told = {row["user"]: row["reason"]["message"] for row in result["users"] if row["reason"]}
    assert actions(result) == {name(6): ("set", None)} | dict.fromkeys(told, ("blocked", "changed_since_plan"))
    for number, word in ((1, "external"), (2, "isResourceAccount"), (3, "isManagementRestricted")):
        assert word in told[name(number)]
    assert "isCloudManaged is now true" in told[name(4)]
    assert guid(77) in told[name(5)]
    assert [key for key, _value in tenant.patches] == ([] if check_mode else [user_id(6)])


def test_only_those_who_are_to_be_written_are_asked_about_again(tmp_path):
    tenant = Tenant(3)
    plan = make_plan(tenant, tmp_path, 1, 2, 3)
    edit(plan, user_id(1), approved=False)
    tenant.change(2, accountEnabled=False)
    tenant.looked_up.clear()
    run(tenant, plan=plan)
    assert tenant.looked_up == [user_id(3)]


def test_a_plan_of_an_older_release_is_compared_by_what_it_says(tmp_path):
    tenant = Tenant(1)
    plan = make_plan(tenant, tmp_path, 1)
    edit(plan, user_id(1), seen={"synced": None, "enabled": None, "primary_address": None})
    tenant.cloud_managed[user_id(1)] = True
    tenant.looked_up.clear()
    assert run(tenant, plan=plan)["summary"]["set"] == 1
    assert tenant.looked_up == []


def test_whoever_cannot_be_asked_about_for_an_outage_is_not_written(tmp_path, monkeypatch):
    tenant = Tenant(2)
    plan = make_plan(tenant, tmp_path, 1, 2)
    answer = tenant._answer

    def outage(request):
        found = answer(request)
        if "onPremisesSyncBehavior" not in request.path:
            return found
        return found._replace(status=503, body=None, error=GraphError("Away.", status=503))

    monkeypatch.setattr(tenant, "_answer", outage)
    result = run(tenant, plan=plan)
    assert actions(result) == dict.fromkeys((name(1), name(2)), ("failed", "read_failed"))
    assert tenant.patches == []


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
    edit(path, user_id(2), forged=True, action="blocked", approved=None, changed=False, reason=reason, effects=disabled)
    edit(path, user_id(3), on_premises={"in_scope": False})
    result = run(tenant, check_mode=True, plan=path)
    assert result["summary"]["effects"] == {"overwritten": 1, "user_disabled": 1}
    assert result["summary"]["releasable"] == 1
    assert result["summary"]["in_scope"] == {"true": 0, "false": 1, "unknown": 1}
    assert result["at_risk"] == [name(1)]


def lines_of(path):
    with open(path, encoding="utf-8") as file:
        return file.readlines()


def keep(path, *numbers):
    """Leave only these lines, counted from 0."""
    lines = lines_of(path)
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(lines[number] for number in numbers)


def test_a_row_is_struck_out_by_deleting_its_line_as_well(tmp_path):
    tenant = Tenant(3)
    plan = make_plan(tenant, tmp_path, 1, 2, 3)
    edit(plan, user_id(1), approved=False)
    keep(plan, 0, 1, 3, 4)
    result = run(tenant, plan=plan)
    assert actions(result) == {name(1): ("none", "not_approved"), name(3): ("set", None)}
    assert result["summary"]["struck_out"] == 2
    assert [key for key, _value in tenant.patches] == [user_id(3)]


# Releasing


def blocked_plan(tenant, tmp_path, *numbers, **fields):
    rows = [ad_object(number, enabled=False, **fields) for number in numbers]
    plan = str(tmp_path / "plan.jsonl")
    run(tenant, check_mode=True, src=[objects_file(tmp_path / "objects.jsonl", *rows)], dest=plan)
    return plan


def test_a_row_is_released_by_an_approval(tmp_path):
    tenant = Tenant(2)
    plan = blocked_plan(tenant, tmp_path, 1, 2)
    edit(plan, user_id(1), approved=True)
    result = run(tenant, plan=plan)
    assert actions(result) == {name(1): ("set", "user_disabled"), name(2): ("blocked", "user_disabled")}
    assert [key for key, _value in tenant.patches] == [user_id(1)]


def test_what_no_approval_releases_stays_blocked_and_says_so(tmp_path):
    tenant = Tenant(1)
    tenant.cloud_managed[user_id(1)] = True
    plan = blocked_plan(tenant, tmp_path, 1)
    edit(plan, user_id(1), approved=True)
    result = run(tenant, plan=plan)
    assert actions(result) == {name(1): ("blocked", "not_releasable")}
    assert "cloud_managed" in result["users"][0]["reason"]["message"]
    assert tenant.patches == []


def test_the_example_of_the_documentation_releases_a_row(tmp_path):
    tenant = Tenant(2)
    plan = blocked_plan(tenant, tmp_path, 1, 2)
    (task,) = (task for task in yaml.safe_load(EXAMPLES) if "ansible.builtin.replace" in task)
    fields = task["ansible.builtin.replace"]
    pattern = fields["regexp"].replace(r"jane@example\.com", name(1).replace(".", r"\."))
    with open(plan, encoding="utf-8") as file:
        text, count = re.subn(pattern, fields["replace"], file.read(), flags=re.MULTILINE)
    assert count == 1
    with open(plan, "w", encoding="utf-8") as file:
        file.write(text)
    assert actions(run(tenant, plan=plan))[name(1)] == ("set", "user_disabled")


# Waves


def test_a_plan_is_applied_wave_by_wave(tmp_path):
    tenant = Tenant(5)
    plan = make_plan(tenant, tmp_path, 1, 2, 3, 4, 5)
    for offset, written in ((0, [1, 2]), (2, [3, 4]), (4, [5])):
        tenant.patches.clear()
        result = run(tenant, plan=plan, offset=offset, limit=2)
        assert [key for key, _value in tenant.patches] == [user_id(number) for number in written]
        assert result["summary"]["reasons"]["outside_wave"] == 5 - len(written)


def test_a_reviewer_names_waves_in_the_plan(tmp_path):
    tenant = Tenant(3)
    plan = make_plan(tenant, tmp_path, 1, 2, 3)
    edit(plan, user_id(2), wave="pilot")
    run(tenant, plan=plan, wave="pilot")
    assert [key for key, _value in tenant.patches] == [user_id(2)]
    assert run(tenant, plan=plan)["summary"]["set"] == 2, "the rest; the pilot needs nothing any more"


def test_the_rows_of_a_wave_are_what_max_changes_counts(tmp_path):
    tenant = Tenant(4)
    plan = make_plan(tenant, tmp_path, 1, 2, 3, 4)
    with pytest.raises(Failure, match="has 3 changes, and max_changes allows 2"):
        run(tenant, plan=plan, limit=3, max_changes="50%")
    assert run(tenant, plan=plan, limit=2, max_changes="50%")["summary"]["set"] == 2


# Protection


def test_who_joined_a_protected_group_since_the_plan_is_left_alone(tmp_path):
    tenant = Tenant(2)
    plan = make_plan(tenant, tmp_path, 1, 2)
    tenant.collections["/groups"] = [{"id": guid(77), "displayName": "Emergency"}]
    tenant.collections[f"/groups/{guid(77)}/transitiveMembers"] = [{"id": user_id(2)}]
    warnings = []
    protected = ["Emergency", user_id(1).upper(), "nobody@contoso.com"]
    result = run(tenant, plan=plan, protected_users=protected, warnings=warnings)
    assert actions(result) == {name(1): ("blocked", "protected"), name(2): ("blocked", "protected")}
    assert [text for text in warnings if "nobody@contoso.com" in text and "Emergency" not in text]


@pytest.mark.parametrize("path", ["/groups", f"/groups/{guid(77)}/transitiveMembers"])
def test_a_group_that_cannot_be_read_protects_by_stopping_the_run(tmp_path, path):
    tenant = Tenant(1)
    plan = make_plan(tenant, tmp_path, 1)
    tenant.collections["/groups"] = [{"id": guid(77), "displayName": "Emergency"}]
    tenant.refused.add(path)
    with pytest.raises(Failure, match="protected_users names Emergency"):
        run(tenant, plan=plan, protected_users=["Emergency"])
    assert tenant.patches == []


def test_a_user_that_cannot_be_read_protects_by_stopping_the_run(tmp_path):
    tenant = Tenant(2)
    plan = make_plan(tenant, tmp_path, 1)
    tenant.unreadable[user_id(2)] = GraphError("No.", status=403, code="Denied")
    with pytest.raises(Failure, match="protected_users names"):
        run(tenant, plan=plan, protected_users=[user_id(2)])


def test_a_plan_tells_nothing_of_the_tenant(tmp_path):
    tenant = Tenant(1)
    result = run(tenant, plan=make_plan(tenant, tmp_path, 1))
    assert result["tenant"] is None
    assert result["summary"]["anchor_modes"] is None


# Age and format


@pytest.mark.parametrize(
    ("max_age", "age", "accepted"),
    [
        ("7d", 7 * 86400 - 60, True),
        ("7d", 7 * 86400 + 60, False),
        ("12h", 12 * 3600 + 60, False),
        ("90m", 80 * 60, True),
        ("60", 120, False),
        ("60", -3600, True),
        ("60.5s", 50, True),
    ],
)
def test_an_old_plan_is_refused(tmp_path, max_age, age, accepted):
    tenant = Tenant(1)
    plan = make_plan(tenant, tmp_path, 1)
    made = time.time()
    if accepted:
        assert run(tenant, plan=plan, max_age=max_age, now=lambda: made + age)["summary"]["set"] == 1
    else:
        with pytest.raises(RowError, match="Make a new plan, or allow more with max_age"):
            run(tenant, plan=plan, max_age=max_age, now=lambda: made + age)
        assert tenant.patches == []


def test_how_old_a_plan_is_is_said_in_words(tmp_path):
    tenant = Tenant(1)
    plan = make_plan(tenant, tmp_path, 1)
    with pytest.raises(RowError, match="9 days ago, and max_age allows 7 days"):
        run(tenant, plan=plan, now=lambda: time.time() + 9.5 * 86400)


def test_a_plan_of_the_future_is_refused(tmp_path):
    tenant = Tenant(1)
    plan = make_plan(tenant, tmp_path, 1)
    with pytest.raises(RowError, match="which is 9 days ahead of the clock of this machine"):
        run(tenant, plan=plan, max_age="3650d", now=lambda: time.time() - 9.5 * 86400)
    assert tenant.patches == []


@pytest.mark.parametrize("max_age", ["", "soon", "-1", "7w", "1d 2h"])
def test_a_senseless_age_is_refused_before_anything_is_read(max_age):
    tenant = Tenant(1)
    with pytest.raises(Failure, match="max_age"):
        run(tenant, users=pairs(1), max_age=max_age)
    assert tenant.requests == 0


@pytest.mark.parametrize(
    ("found", "put", "words"),
    [
        ('"version":1', '"version":0', "older|format version 0"),
        ('"created"', '"made"', "does not say when"),
    ],
)
def test_a_plan_of_another_format_is_refused(tmp_path, found, put, words):
    tenant = Tenant(1)
    plan = make_plan(tenant, tmp_path, 1)
    head, *rows = lines_of(plan)
    with open(plan, "w", encoding="utf-8") as file:
        file.writelines([head.replace(found, put), *rows])
    with pytest.raises(RowError, match=words):
        run(tenant, plan=plan)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_table_of_a_plan_is_no_plan(tmp_path, delimiter):
    tenant = Tenant(1)
    make_plan(tenant, tmp_path, 1)
    table = tmp_path / "plan.csv"
    head, *rows = table.read_text(encoding="utf-8-sig").splitlines()
    table.write_text("\n".join([head.replace(",", delimiter), *rows]), encoding="utf-8-sig")
    with pytest.raises(RowError, match="Edit the JSON Lines beside it"):
        run(tenant, plan=str(table))


@pytest.mark.parametrize(
    "changes",
    [
        {"action": "set", "approved": True},
        {"after": anchor(7)},
        {"id": user_id(2)},
        {"reason": None},
        {"reason": "none"},
    ],
)
def test_a_plan_whose_decisions_were_edited_is_refused(tmp_path, changes):
    tenant = Tenant(2)
    tenant.change(1, **{ANCHOR: anchor(51)})
    plan = make_plan(tenant, tmp_path, 1)
    head, row, end = lines_of(plan)
    assert json.loads(row)["reason"]["code"] == "existing_value_kept"
    with open(plan, "w", encoding="utf-8") as file:
        file.writelines([head, json.dumps({**json.loads(row), **changes}) + "\n", end])
    with pytest.raises(RowError, match=r"no longer as they were planned|none that a plan has"):
        run(tenant, plan=plan)
    assert tenant.patches == []


def test_a_plan_is_never_replaced_by_its_result(tmp_path):
    tenant = Tenant(1)
    plan = make_plan(tenant, tmp_path, 1)
    with pytest.raises(Failure, match="plan and dest name the same file"):
        run(tenant, plan=plan, dest=plan)
    assert tenant.patches == []


ROLES = "/roleManagement/directory"


def with_role(tenant, number, role="Helpdesk Administrator"):
    tenant.collections[f"{ROLES}/roleDefinitions"] = [{"id": "r", "templateId": "r", "displayName": role}]
    tenant.collections[f"{ROLES}/roleAssignments"] = [{"principalId": user_id(number), "roleDefinitionId": "r"}]


@pytest.mark.parametrize("check_mode", [True, False])
def test_whoever_got_a_role_since_the_plan_is_left_alone(tmp_path, check_mode):
    tenant = Tenant(3)
    plan = make_plan(tenant, tmp_path, 1, 2, 3)
    with_role(tenant, 2)
    group = {"id": "g", "displayName": "Admins", "isAssignableToRole": True}
    tenant.collections.update({"/groups": [group], "/groups/g/owners": [{"id": user_id(3)}]})
    result = run(tenant, plan=plan, check_mode=check_mode)
    assert actions(result) == {
        name(1): ("set", None),
        name(2): ("blocked", "changed_since_plan"),
        name(3): ("blocked", "changed_since_plan"),
    }
    told = {row["user"]: row["reason"]["message"] for row in result["users"] if row["reason"]}
    assert "Helpdesk Administrator" in told[name(2)]
    assert "the group Admins" in told[name(3)]
    assert tenant.patches == ([] if check_mode else [(user_id(1), anchor(1))])


def test_a_role_that_the_plan_shows_was_decided_on(tmp_path):
    tenant = Tenant(2)
    with_role(tenant, 2)
    plan = str(tmp_path / "plan.jsonl")
    run(tenant, check_mode=True, users=pairs(1, 2), protect_role_holders=False, dest=plan)
    assert run(tenant, plan=plan)["summary"]["set"] == 2


def test_role_holders_that_nobody_protects_are_written(tmp_path):
    tenant = Tenant(1)
    plan = make_plan(tenant, tmp_path, 1)
    with_role(tenant, 1)
    assert run(tenant, plan=plan, protect_role_holders=False)["summary"]["set"] == 1


def test_roles_that_cannot_be_read_again_are_warned_of(tmp_path):
    tenant, warnings = Tenant(1), []
    plan = make_plan(tenant, tmp_path, 1)
    tenant.refused.add(f"{ROLES}/roleAssignments")
    assert run(tenant, plan=plan, warnings=warnings)["summary"]["set"] == 1
    assert "Who has a directory role by now cannot be read" in warnings[0]


@pytest.mark.parametrize("kept", ["journal", "backup"])
@pytest.mark.parametrize("check_mode", [True, False])
def test_a_result_never_takes_the_place_of_what_an_earlier_run_is_undone_from(tmp_path, kept, check_mode):
    tenant = Tenant(2)
    done = run(tenant, users=pairs(1), dest=str(tmp_path / "result.jsonl"))
    before = lines_of(done[kept])
    with pytest.raises(Failure, match=f"is the {kept} of an earlier run"):
        run(tenant, users=pairs(2), dest=done[kept], check_mode=check_mode)
    assert lines_of(done[kept]) == before
    assert len(tenant.patches) == 1


# Undoing


def test_journals_are_undone_with_a_journal_and_a_backup_of_their_own(tmp_path):
    tenant = Tenant(3)
    tenant.change(2, **{ANCHOR: anchor(52)})
    done = run(tenant, users=pairs(1, 2, 3), on_existing="replace", dest=str(tmp_path / "result.jsonl"))
    assert done["summary"]["set"] == 3
    assert done["backup"]
    tenant.change(3, **{ANCHOR: anchor(99)})
    dest = str(tmp_path / "restored.jsonl")
    shown = run(tenant, check_mode=True, restore=[done["journal"]], dest=dest)
    undone = run(tenant, restore=[done["journal"]], dest=dest)
    for result in (shown, undone):
        assert actions(result) == {
            name(1): ("clear", None),
            name(2): ("set", None),
            name(3): ("blocked", "changed_since_write"),
        }
    assert [tenant.value(number) for number in (1, 2, 3)] == [None, anchor(52), anchor(99)]
    assert undone["journal"] == f"{dest}.journal.jsonl"
    assert undone["backup"] != done["backup"]
    assert shown["journal"] is shown["backup"] is None
    assert run(tenant, restore=[done["journal"]])["changed"] is False


def test_restoring_many_needs_no_word_and_waves_apply(tmp_path):
    tenant = Tenant(30)
    done = run(tenant, users=pairs(*range(1, 31)), max_changes="30")
    assert run(tenant, restore=[done["journal"]], limit=28)["summary"]["clear"] == 28
    with pytest.raises(Failure, match="max_changes allows 1"):
        run(tenant, restore=[done["journal"]], max_changes="1")
    protected = run(tenant, restore=[done["journal"]], protected_users=[name(30)])
    assert (protected["summary"]["clear"], protected["summary"]["blocked"]) == (1, 1)
