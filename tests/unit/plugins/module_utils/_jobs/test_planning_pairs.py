# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs in a plan: the map, weak keys, several objects for one user, and what a reviewer can release."""

from __future__ import annotations

import pytest
from immutable_id_runs import actions, ad_object, edit, objects_file, rows_of, run
from tenant_double import ANCHOR, Tenant, anchor, guid, name, user_id

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure

MAIL = ["immutable_id", "user_principal_name", "mail"]


def plan(tenant, tmp_path, *rows, pairs=None, **params):
    """Plan for AD objects; ``pairs`` are lines of a map with the columns user and object_guid."""
    if pairs is not None:
        params["map"] = str(tmp_path / "map.csv")
        (tmp_path / "map.csv").write_text("user,object_guid\n" + "".join(f"{user},{value}\n" for user, value in pairs))
    source = objects_file(tmp_path / "objects.jsonl", *rows)
    return run(tenant, check_mode=True, src=[source], dest=str(tmp_path / "plan.jsonl"), **params)


def stranger(number, **fields):
    """Return an AD object whose names the tenant does not know."""
    return ad_object(number, login_name=f"ad{number}@contoso.com", mail=None, **fields)


def test_the_map_gives_a_user_to_another_object_than_its_name_does(tmp_path):
    result = plan(Tenant(1), tmp_path, ad_object(1), stranger(2), pairs=[(name(1), guid(2))])
    found = rows_of(result["dest"])
    assert [(row["action"], row["matched_by"], row["after"]) for row in found] == [
        ("conflict", "user_principal_name", anchor(1)),
        ("set", "map", anchor(2)),
    ]
    assert "map, line 2" in found[0]["reason"]["message"]
    assert found[1]["evidence"][0]["line"] == 2


def test_mistakes_in_the_map_are_named_by_line_and_nobody_is_guessed(tmp_path):
    lines = [("typo@contoso.com", guid(1)), (name(2), "x"), (name(2), guid(9)), (name(3), guid(3)), (name(3), guid(4))]
    result = plan(Tenant(4), tmp_path, *map(ad_object, (1, 2, 3, 4)), pairs=lines)
    assert [(item["line"], item["source"]) for item in result["problems"]] == [
        (line, str(tmp_path / "map.csv")) for line in (2, 3, 4, 6)
    ]
    assert actions(result) == {
        name(1): ("conflict", "match_contradicted"),
        name(2): ("conflict", "match_contradicted"),
        name(3): ("ambiguous", "claimed_twice"),
    }


def test_objects_that_claim_one_user_are_all_named_with_their_keys(tmp_path):
    tenant = Tenant(1)
    tenant.change(1, mail="shared@contoso.com")
    rows = [ad_object(1), stranger(2) | {"mail": "shared@contoso.com"}]
    result = plan(tenant, tmp_path, *rows, match_by=MAIL)
    for row in result["users"]:
        assert (row["action"], row["reason"]["code"]) == ("ambiguous", "claimed_twice")
        for part in ("CN=1,", "found by user_principal_name", "CN=2,", "found by mail"):
            assert part in row["reason"]["message"]


@pytest.mark.parametrize(("approved", "action"), [(None, "blocked"), (True, "set"), (False, "blocked")])
def test_a_weak_pair_is_written_only_if_somebody_approves_it(tmp_path, approved, action):
    tenant = Tenant(1)
    tenant.change(1, employeeId="e1")
    result = plan(tenant, tmp_path, stranger(1, employee_id="E1"), weak_match_by=["employee_id"])
    assert actions(result) == {name(1): ("blocked", "weak_match")}
    edit(result["dest"], user_id(1), approved=approved)
    applied = run(tenant, plan=result["dest"])
    assert [row["action"] for row in applied["users"]] == [action]
    assert tenant.patches == ([(user_id(1), anchor(1))] if approved else [])


@pytest.mark.parametrize(("key", "name_in_graph"), [("employee_id", "employeeId"), ("mail_nickname", "mailNickname")])
def test_a_weak_key_finds_users_in_the_recycle_bin(tmp_path, key, name_in_graph):
    tenant = Tenant(0)
    tenant.add(1, "deleted", **{name_in_graph: "E1"})
    result = plan(tenant, tmp_path, stranger(1, **{key: "e1"}), weak_match_by=[key])
    assert [(row["action"], row["reason"]["code"]) for row in result["users"]] == [("not_found", "user_deleted")]


def test_a_weak_pair_is_no_rival_of_a_strong_one(tmp_path):
    tenant = Tenant(1)
    tenant.change(1, employeeId="E1")
    rows = [ad_object(1), stranger(2, employee_id="E1")]
    result = plan(tenant, tmp_path, *rows, weak_match_by=["employee_id"])
    assert [(row["action"], row["matched_by"]) for row in rows_of(result["dest"])] == [
        ("set", "user_principal_name"),
        ("ambiguous", "employee_id"),
    ]


@pytest.mark.parametrize("approved", [None, True])
def test_a_member_beside_a_guest_waits_for_a_person(tmp_path, approved):
    tenant = Tenant(2)
    for number, kind in ((1, "Member"), (2, "Guest")):
        tenant.change(number, mail="shared@contoso.com", userType=kind)
    row = stranger(7, user_principal_name="shared@contoso.com")
    result = plan(tenant, tmp_path, row, match_by=[{"ad": "user_principal_name", "cloud": "mail"}])
    assert actions(result) == {name(1): ("blocked", "external_also_fits")}
    edit(result["dest"], user_id(1), approved=approved)
    assert run(tenant, plan=result["dest"])["summary"]["set"] == bool(approved)


def test_a_contradicted_pair_cannot_be_released(tmp_path):
    tenant = Tenant(1)
    tenant.change(1, mail="m@contoso.com")
    tenant.add(2, "deleted", userPrincipalName="gone@contoso.com")
    row = ad_object(7, login_name="gone@contoso.com", mail="m@contoso.com")
    result = plan(tenant, tmp_path, row, match_by=MAIL)
    assert actions(result) == {name(1): ("conflict", "match_contradicted")}
    edit(result["dest"], user_id(1), approved=True)
    run(tenant, plan=result["dest"])
    assert tenant.patches == []


def test_domains_are_rewritten_before_names_are_compared(tmp_path):
    key = {"key": "user_principal_name", "rewrite": {"corp.local": "contoso.com"}}
    row = ad_object(1, login_name=name(1).replace("contoso.com", "corp.local"))
    (found,) = plan(Tenant(1), tmp_path, row, match_by=["immutable_id", key])["users"]
    assert (found["matched_by"], found["id"]) == ("user_principal_name", user_id(1))
    (item,) = [item for item in found["evidence"] if item["key"] == "user_principal_name"]
    assert (item["value"], item["original"]) == (name(1), row["login_name"])


def test_a_user_who_is_tied_already_keeps_a_doubt_that_the_map_has(tmp_path):
    tenant = Tenant(1)
    tenant.change(1, **{ANCHOR: anchor(1)})
    result = plan(tenant, tmp_path, ad_object(1), stranger(2), pairs=[(name(1), guid(2))])
    assert "match_contradicted" in str(result["users"])
    assert result["summary"]["set"] == 0


@pytest.mark.parametrize(
    "wrong",
    [{"match_by": ["nonsense"]}, {"match_by": ["map"]}, {"weak_match_by": ["map"]}, {"match_by": ["employee_id"]}],
)
def test_keys_that_cannot_be_used_end_the_run_before_anything_is_read(tmp_path, wrong):
    tenant = Tenant(1)
    with pytest.raises(Failure, match="match_by"):
        plan(tenant, tmp_path, ad_object(1), **wrong)
    assert tenant.requests == 0
