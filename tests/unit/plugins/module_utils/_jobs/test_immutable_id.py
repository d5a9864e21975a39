# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of entra_immutable_id, on a tenant whose reads lag behind its writes."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from immutable_id_runs import actions, make_plan, pairs, rows_of, run
from tenant_double import ANCHOR, TENANT, Killed, Tenant, anchor, guid, name, user_id

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._journal import Journal
from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowError, RowReader

# Planning and writing


def test_check_mode_is_the_plan_and_writes_nothing(tmp_path, state):
    tenant = Tenant(3)
    dest = str(tmp_path / "plan.jsonl")
    result = run(tenant, check_mode=True, users=pairs(1, 2), dest=dest)
    assert result["changed"] is True
    assert result["summary"]["set"] == 2
    assert result["journal"] is None
    assert tenant.patches == []
    assert not state.exists(), "not even a folder is made"
    reader = RowReader(dest, {"plan"})
    assert reader.header["tenant_id"] == TENANT
    assert [(row["id"], row["before"], row["after"], row["approved"]) for _line, row in reader] == [
        (user_id(1), None, anchor(1), True),
        (user_id(2), None, anchor(2), True),
    ]


def test_values_are_set_confirmed_and_journalled(tmp_path):
    tenant = Tenant(2)
    result = run(tenant, users=pairs(1, 2), dest=str(tmp_path / "result.jsonl"))
    assert result["changed"] is True
    assert [tenant.value(1), tenant.value(2)] == [anchor(1), anchor(2)]
    assert result["journal"] == f"{tmp_path}/result.jsonl.journal.jsonl"
    entries = [(entry["entry"], entry.get("status")) for entry in rows_of(result["journal"])]
    assert entries == [("intent", None)] * 2 + [("outcome", "ok")] * 2 + [("outcome", "confirmed")] * 2
    assert RowReader(result["dest"]).header["kind"] == "result"
    assert tenant.needed > 0, "the token's lifetime was looked at"


@pytest.mark.parametrize(("list_lag", "id_lag"), [(0, 0), (600, 0), (600, 45), (0, 5000), (5000, 5000)])
def test_a_second_run_changes_nothing_while_reads_lag(list_lag, id_lag):
    tenant = Tenant(30)
    tenant.list_lag, tenant.id_lag = list_lag, id_lag
    first = run(tenant, users=pairs(*range(1, 31)), max_changes="100%")
    assert first["changed"] is True
    assert first["summary"]["set"] == 30
    second = run(tenant, users=pairs(*range(1, 31)))
    assert second["changed"] is False
    assert second["summary"]["none"] == 30
    assert second["journal"] is None
    assert len(tenant.patches) == 30


def test_a_plan_applied_twice_writes_once_while_reads_lag(tmp_path):
    tenant = Tenant(3)
    tenant.list_lag = tenant.id_lag = 5000
    plan = make_plan(tenant, tmp_path, 1, 2, 3)
    run(tenant, plan=plan)
    again = run(tenant, plan=plan)
    assert again["changed"] is False
    assert again["summary"]["none"] == 3
    assert len(tenant.patches) == 3


def test_what_no_read_shows_in_time_is_unconfirmed_and_counts_as_changed():
    tenant = Tenant(1)
    tenant.id_lag = 5000
    result = run(tenant, users=pairs(1))
    assert actions(result) == {name(1): ("set", "unconfirmed")}
    assert result["changed"] is True
    assert not result.get("failed")


def test_a_value_that_somebody_put_back_is_set_again():
    tenant = Tenant(1)
    run(tenant, users=pairs(1))
    tenant.change(1, **{ANCHOR: None})
    assert run(tenant, users=pairs(1))["changed"] is True
    assert tenant.value(1) == anchor(1)


def test_absent_clears_with_null_and_only_once():
    tenant = Tenant(1)
    tenant.change(1, **{ANCHOR: anchor(1)})
    result = run(tenant, users=[{"user": name(1)}], state="absent")
    assert result["summary"]["clear"] == 1
    assert tenant.patches == [(user_id(1), None)]
    assert run(tenant, users=[{"user": name(1)}], state="absent")["changed"] is False


def test_an_intent_is_on_disk_before_its_request_leaves(tmp_path):
    tenant = Tenant(3)
    journal = str(tmp_path / "journal.jsonl")
    seen = []
    tenant.before_patch = lambda key: seen.append((key, {entry["id"] for entry in rows_of(journal)}))
    run(tenant, users=pairs(1, 2, 3), journal=journal)
    assert len(seen) == 3
    assert all(key in intents for key, intents in seen)


def test_rows_from_a_file_and_what_could_not_be_read(tmp_path):
    export = tmp_path / "export.ldf"
    export.write_text(
        f"dn: CN=1,DC=contoso,DC=com\nobjectClass: user\nuserPrincipalName: {name(1)}\n"
        f"objectGUID:: {anchor(1)}\n\n"
        "dn: CN=2,DC=contoso,DC=com\nobjectClass: user\nobjectGUID:: ???\n\n"
        "dn: CN=PC,DC=contoso,DC=com\nobjectClass: user\nobjectClass: computer\n\n"
    )
    warnings = []
    result = run(Tenant(2), check_mode=True, src=[str(export)], anchor="object_guid", warnings=warnings)
    assert actions(result) == {name(1): ("set", None)}
    assert result["summary"]["unreadable"] == 1
    assert result["summary"]["skipped"] == 1
    assert [problem["line"] for problem in result["problems"]] == [8]
    assert any("line 8" in text for text in warnings)


def test_a_list_written_by_hand_is_told_from_an_export(tmp_path):
    (tmp_path / "list.csv").write_text(f"user;object_guid\n{name(1)};{guid(1)}\n{name(9)};{guid(9)}\n")
    result = run(Tenant(2), check_mode=True, src=[str(tmp_path / "list.csv")])
    assert actions(result) == {name(1): ("set", None), name(9): ("not_found", "not_found")}


def test_nobody_is_a_problem_and_not_whoever_holds_the_value():
    tenant = Tenant(1)
    tenant.change(1, **{ANCHOR: anchor(1)})
    result = run(tenant, users=[{"user": " ", "immutable_id": anchor(1), "object_guid": None}], state="absent")
    assert result["summary"]["total"] == 0
    assert [problem["line"] for problem in result["problems"]] == [1]
    assert tenant.patches == []


# Protection


def test_protected_users_are_left_alone_and_strangers_among_them_named():
    tenant = Tenant(3)
    warnings = []
    result = run(
        tenant, users=pairs(1, 2, 3), protected_users=[name(1).upper(), user_id(2), "tpyo@x"], warnings=warnings
    )
    assert actions(result)[name(1)] == ("blocked", "protected")
    assert actions(result)[name(2)] == ("blocked", "protected")
    assert [key for key, _value in tenant.patches] == [user_id(3)]
    assert [text for text in warnings if "tpyo@x" in text and name(1) not in text]


def test_protection_holds_against_a_reviewed_plan(tmp_path):
    tenant = Tenant(1)
    result = run(tenant, plan=make_plan(tenant, tmp_path, 1), protected_users=[user_id(1)])
    assert actions(result) == {name(1): ("blocked", "protected")}
    assert tenant.patches == []


# How much may change


def test_more_than_25_changes_without_a_plan_are_refused_with_a_whole_result(tmp_path):
    tenant = Tenant(26)
    with pytest.raises(Failure, match="26 changes, and max_changes allows 25") as caught:
        run(tenant, users=pairs(*range(1, 27)), dest=str(tmp_path / "result.jsonl"))
    assert tenant.patches == []
    assert caught.value.result["changed"] is False
    assert caught.value.result["journal"] is None
    assert caught.value.result["dest"] is None
    assert caught.value.result["too_many_changes"] is True
    assert "summary" in caught.value.result
    assert not (tmp_path / "result.jsonl").exists()


def test_check_mode_warns_of_too_many_changes():
    warnings = []
    result = run(Tenant(26), check_mode=True, users=pairs(*range(1, 27)), warnings=warnings)
    assert result["summary"]["set"] == 26
    assert any("max_changes" in text for text in warnings)


@pytest.mark.parametrize(
    ("limit", "allowed"), [("2", True), ("1", False), ("50%", True), ("49.9 %", False), ("0", False)]
)
def test_a_limit_is_a_number_or_a_percentage_of_the_rows(limit, allowed):
    tenant = Tenant(4)
    tenant.change(3, **{ANCHOR: anchor(3)})
    tenant.change(4, **{ANCHOR: anchor(4)})
    if allowed:
        assert run(tenant, users=pairs(1, 2, 3, 4), max_changes=limit)["summary"]["set"] == 2
    else:
        with pytest.raises(Failure, match="max_changes"):
            run(tenant, users=pairs(1, 2, 3, 4), max_changes=limit)
        assert tenant.patches == []


@pytest.mark.parametrize("limit", ["many", "-1", "1.5", "%", ""])
def test_a_senseless_limit_is_refused(limit):
    tenant = Tenant(1)
    with pytest.raises(Failure, match="must be a number"):
        run(tenant, users=pairs(1), max_changes=limit)
    assert tenant.patches == []


def test_a_reviewed_plan_may_be_large_unless_told_otherwise(tmp_path):
    tenant = Tenant(30)
    plan = make_plan(tenant, tmp_path, *range(1, 31))
    with pytest.raises(Failure, match="max_changes allows 29"):
        run(tenant, plan=plan, max_changes="29")
    assert run(tenant, plan=plan)["summary"]["set"] == 30


# What the service says


@pytest.mark.parametrize(("container", "code"), [("live", "anchor_held"), ("deleted", "anchor_held_deleted")])
def test_a_conflict_at_the_write_names_the_holder(tmp_path, container, code):
    tenant = Tenant(2)
    plan = make_plan(tenant, tmp_path, 1, 2)
    tenant.add(9, container, **{ANCHOR: anchor(1)})
    result = run(tenant, plan=plan)
    assert actions(result) == {name(1): ("conflict", code), name(2): ("set", None)}
    assert name(9) in result["users"][0]["reason"]["message"]
    assert result["users"][0]["error"]["status"] == 400
    assert not result.get("failed")


def test_a_forbidden_user_fails_alone_and_the_result_is_whole(tmp_path):
    tenant = Tenant(3)
    tenant.refuse(2, 403, "Authorization_RequestDenied")
    result = run(tenant, users=pairs(1, 2, 3), dest=str(tmp_path / "result.jsonl"))
    assert actions(result) == {name(1): ("set", None), name(2): ("failed", "write_forbidden"), name(3): ("set", None)}
    assert result["users"][0]["user"] == name(2), "what needs attention comes first"
    assert result["failed"] is True
    assert result["changed"] is True
    assert name(2) in result["msg"]
    assert len(rows_of(result["dest"])) == 3
    assert result["journal"]


def test_only_failed_rows_are_no_change():
    tenant = Tenant(1)
    tenant.refuse(1, 403)
    result = run(tenant, users=pairs(1))
    assert result["failed"] is True
    assert result["changed"] is False


def test_a_user_who_vanishes_between_look_and_write(tmp_path):
    tenant = Tenant(1)
    tenant.before_patch = lambda _key: tenant.change(1, "deleted")
    assert actions(run(tenant, users=pairs(1))) == {name(1): ("not_found", "gone")}


def test_a_user_who_cannot_be_read_fails_alone():
    tenant = Tenant(2)
    tenant.unreadable[user_id(1)] = GraphError("No.", status=403, code="Denied")
    assert actions(run(tenant, users=pairs(1, 2))) == {name(1): ("failed", "read_failed"), name(2): ("set", None)}
    assert [key for key, _value in tenant.patches] == [user_id(2)]


def test_failed_rows_come_first_then_blocked_ones():
    tenant = Tenant(2)
    tenant.unreadable[user_id(1)] = GraphError("No.", status=403, code="Denied")
    asked = [{"user": "nobody@contoso.com", "immutable_id": anchor(9), "object_guid": None}, *pairs(2, 1)]
    result = run(tenant, users=asked, protected_users=[name(2)])
    assert [row["action"] for row in result["users"]] == ["failed", "blocked", "not_found"]


def test_a_token_that_will_not_last_is_refused_first(tmp_path, state):
    tenant = Tenant(1)

    def refuse(_seconds):
        raise Failure("The token ends too soon.")

    tenant.ensure_lifetime = refuse
    with pytest.raises(Failure, match="too soon"):
        run(tenant, users=pairs(1))
    assert tenant.patches == []
    assert not state.exists()


# Files


def test_a_dest_that_cannot_be_written_is_refused_before_anything_is_written(tmp_path):
    tenant = Tenant(1)
    journal = str(tmp_path / "journal.jsonl")
    with pytest.raises(RowError, match="folder does not exist") as caught:
        run(tenant, users=pairs(1), dest=str(tmp_path / "no" / "result.jsonl"), journal=journal)
    assert tenant.patches == []
    assert caught.value.result["changed"] is False


def test_a_result_never_takes_the_place_of_its_journal(tmp_path):
    tenant = Tenant(1)
    (tmp_path / "link").symlink_to(tmp_path / "file.jsonl")
    with pytest.raises(Failure, match="same file"):
        run(tenant, users=pairs(1), dest=str(tmp_path / "file.jsonl"), journal=str(tmp_path / "link"))
    assert tenant.patches == []


def test_another_tenants_journal_is_refused_before_anything_is_written(tmp_path):
    tenant = Tenant(1)
    journal = str(tmp_path / "journal.jsonl")
    with Journal(journal, "another.example"):
        pass
    with pytest.raises(RowError, match="another") as caught:
        run(tenant, users=pairs(1), journal=journal)
    assert caught.value.result["journal"] is None
    assert tenant.patches == []


def test_the_diff_is_capped_and_does_not_depend_on_return_limit():
    tenant = Tenant(120)
    result = run(tenant, check_mode=True, diff_mode=True, users=pairs(*range(1, 121)), return_limit=0)
    assert result["users"] == []
    assert result["diff"]["after"].count("\n") == 101
    assert f"{name(1)}: {anchor(1)}\n" in result["diff"]["after"]
    assert "... and 20 more" in result["diff"]["after"]


# Runs that are stopped


def kill_at(tenant, count, end):
    """End the run at the write number ``count + 1``, in the middle of a batch."""

    def before_patch(_key):
        if len(tenant.patches) == count:
            tenant.before_patch = lambda _key: None
            raise end

    tenant.before_patch = before_patch


@pytest.mark.parametrize("count", [0, 1, 20, 150, 399, 400, 450])
@pytest.mark.parametrize("torn", [0, 7])
def test_a_killed_run_is_resumed_without_a_second_write(tmp_path, count, torn):
    """Nothing is cleaned up: the journal is what was on disk when the process died, perhaps with half a line."""
    tenant = Tenant(460)
    plan = make_plan(tenant, tmp_path, *range(1, 461))
    journal = tmp_path / "journal.jsonl"
    on_disk = []

    class Snapshot(Killed):
        def __init__(self):
            super().__init__()
            on_disk.append(journal.read_bytes())

    def before_patch(_key):
        if len(tenant.patches) == count:
            tenant.before_patch = lambda _key: None
            raise Snapshot

    tenant.before_patch = before_patch
    with pytest.raises(Killed):
        run(tenant, plan=plan, journal=str(journal))
    journal.write_bytes(on_disk[0][: len(on_disk[0]) - torn])
    result = run(tenant, plan=plan, journal=str(journal))
    assert result["summary"]["set"] == 460 - count
    assert result["summary"]["none"] == count
    assert max(Counter(key for key, _value in tenant.patches).values()) == 1
    assert all(tenant.value(number) == anchor(number) for number in range(1, 461))
    intents = {entry["id"]: entry["before"] for entry in rows_of(str(journal)) if entry["entry"] == "intent"}
    assert intents == {user_id(number): None for number in range(1, 461)}, "each write's before-value is on disk"


@pytest.mark.parametrize("end", [KeyboardInterrupt(), ZeroDivisionError("secret"), Failure("The disk is full.")])
def test_a_run_that_is_stopped_says_what_it_did(tmp_path, end):
    tenant = Tenant(60)
    plan = make_plan(tenant, tmp_path, *range(1, 61))
    kill_at(tenant, 50, end)
    dest = str(tmp_path / "result.jsonl")
    with pytest.raises(Failure) as caught:
        run(tenant, plan=plan, dest=dest)
    result = caught.value.result
    assert result["changed"] is True
    assert result["journal"] == f"{dest}.journal.jsonl"
    assert result["summary"]["writes"] == 50
    assert "msg" not in result
    assert "secret" not in caught.value.message + str(result.get("exception"))
    outcomes = [entry["id"] for entry in rows_of(result["journal"]) if entry.get("status") == "ok"]
    assert outcomes == [user_id(number) for number in range(1, 41)], "two batches of 20 were answered"
    assert not os.path.exists(dest)
    assert result["dest"] == f"{dest}.partial"
    assert RowReader(result["dest"]).header["kind"] == "result"
    # Whatever was answered is trusted, lag or no lag.
    tenant.id_lag = tenant.now + 5000
    tenant.patches.clear()
    run(tenant, plan=plan, dest=dest)
    assert not {user_id(number) for number in range(1, 41)} & {key for key, _value in tenant.patches}
