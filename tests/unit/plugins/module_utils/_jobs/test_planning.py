# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Making a plan: what it is made from, what it says, and that it says the same each time."""

from __future__ import annotations

import csv
import dataclasses
import math
import os
import pathlib
import subprocess
import sys

import pytest
from graph_double import Graph
from immutable_id_runs import actions, ad_object, make_plan, objects_file, pairs, rows_of, run
from tenant_double import ANCHOR, Tenant, anchor, guid, name, user_id

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._jobs import planning
from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowReader


def plan(tenant, tmp_path, *rows, **params):
    return run(tenant, check_mode=True, src=[objects_file(tmp_path / "objects.jsonl", *rows)], **params)


# One reading, two passes


def test_only_candidates_are_asked_for_one_by_one(tmp_path):
    tenant = Tenant(4)
    tenant.change(3, **{ANCHOR: anchor(3)})
    rows = [ad_object(1), ad_object(2), ad_object(3), ad_object(9)]
    plan(tenant, tmp_path, *rows, protected_users=[name(2)])
    assert tenant.looked_up == [user_id(1)]


def test_a_row_that_an_approval_could_release_is_looked_at_as_closely(tmp_path):
    tenant = Tenant(2)
    tenant.cloud_managed[user_id(1)] = True
    rows = [ad_object(number, login_name=f"user{number}@unverified.example") for number in (1, 2)]
    result = plan(tenant, tmp_path, *rows, match_by=[{"ad": "mail", "cloud": "user_principal_name"}])
    assert actions(result) == {name(1): ("blocked", "cloud_managed"), name(2): ("blocked", "suffix_not_verified")}


@pytest.mark.parametrize("chunk", [1, 2, 3, 1000])
def test_the_plan_does_not_depend_on_the_size_of_chunks(tmp_path, monkeypatch, chunk):
    tenant = Tenant(7)
    tenant.cloud_managed[user_id(4)] = True
    rows = [ad_object(number) for number in (*range(1, 8), 3, 9)]
    whole = plan(tenant, tmp_path, *rows)["users"]
    monkeypatch.setattr(planning, "_CHUNK", chunk)
    assert plan(tenant, tmp_path, *rows)["users"] == whole
    assert len(whole) == 9


def test_what_cloud_sync_selects_is_known_before_rows_are_decided(tmp_path, monkeypatch):
    class Selections:
        in_use = True

        def judge(self, row):
            return row["distinguished_name"].startswith("CN=1,"), [{"code": "x", "message": "It is elsewhere."}]

    def read_tenant(*args):
        return dataclasses.replace(real(*args), selections=Selections())

    real = planning.read_tenant
    monkeypatch.setattr(planning, "read_tenant", read_tenant)
    result = plan(Tenant(2), tmp_path, ad_object(1), ad_object(2))
    assert actions(result) == {name(1): ("set", None), name(2): ("blocked", "out_of_scope")}
    assert result["summary"]["in_scope"] == {"true": 1, "false": 0, "unknown": 0}


def test_the_anchors_of_synced_users_are_counted(tmp_path):
    tenant = Tenant(3)
    for number in (1, 2):
        tenant.change(number, **{ANCHOR: anchor(number), "onPremisesSyncEnabled": True})
    result = plan(tenant, tmp_path, *(ad_object(number, consistency_guid=anchor(number + 50)) for number in (1, 2, 3)))
    counts = {"object_guid": 2, "consistency_guid": 0, "both": 0, "neither": 0, "consistency_guid_unread": 0}
    assert result["summary"]["anchor_modes"] == counts


def test_what_the_tenant_says_blocks_nobody_and_is_told(tmp_path):
    tenant = Tenant(1)
    tenant.features["blockCloudObjectTakeoverThroughHardMatchEnabled"] = True
    tenant.refused.add("/contacts")
    result = plan(tenant, tmp_path, ad_object(1))
    assert actions(result) == {name(1): ("set", None)}
    assert "hard_match_blocked" in {reason["code"] for reason in result["tenant"]["reasons"]}
    assert {"what": "addresses of contacts", "permission": "OrgContact.Read.All"} in result["tenant"]["unchecked"]


# Guards


def test_effects_block_until_they_are_allowed(tmp_path):
    tenant = Tenant(1)
    tenant.change(1, accountEnabled=True)
    disabled = ad_object(1, enabled=False)
    result = plan(tenant, tmp_path, disabled)
    assert actions(result) == {name(1): ("blocked", "user_disabled")}
    assert result["users"][0]["approved"] is None
    assert "user_disabled" in {effect["code"] for effect in result["users"][0]["effects"]}
    allowed = plan(tenant, tmp_path, disabled, block_effects=[])
    assert actions(allowed) == {name(1): ("set", None)}
    assert allowed["users"][0]["effects"] == result["users"][0]["effects"]


def test_members_of_a_group_are_protected(tmp_path):
    tenant = Tenant(2)
    tenant.collections["/groups"] = [{"id": guid(77), "displayName": "Emergency"}]
    tenant.collections[f"/groups/{guid(77)}/transitiveMembers"] = [{"id": user_id(2)}]
    result = plan(tenant, tmp_path, ad_object(1), ad_object(2), protected_users=["emergency"])
    assert actions(result) == {name(1): ("set", None), name(2): ("blocked", "protected_by_group")}


def test_unreadable_roles_block_everybody_until_that_is_accepted(tmp_path):
    tenant = Tenant(1)
    tenant.refused.add("/roleManagement/directory/roleAssignments")
    assert actions(plan(tenant, tmp_path, ad_object(1))) == {name(1): ("blocked", "roles_unknown")}
    accepted = plan(tenant, tmp_path, ad_object(1), protect_role_holders=False)
    assert actions(accepted) == {name(1): ("set", None)}


# Users whom nobody claims


def test_unclaimed_users_come_last_in_the_order_of_their_names(tmp_path):
    tenant = Tenant(4)
    tenant.add(5, userPrincipalName="a@contoso.com")
    tenant.add(6, "deleted")
    tenant.add(7, userType="Guest")
    tenant.add(8, isResourceAccount=True)
    tenant.change(4, onPremisesSyncEnabled=True)
    rows = [ad_object(3), ad_object(9)]
    assert plan(tenant, tmp_path, *rows)["summary"]["total"] == 2
    result = plan(tenant, tmp_path, *rows, unclaimed=True, dest=str(tmp_path / "plan.jsonl"))
    found = rows_of(result["dest"])
    assert [row["user"] for row in found] == [name(3), name(9), "a@contoso.com", name(1), name(2), name(4)]
    assert {(row["action"], row["reason"]["code"]) for row in found[2:]} == {("none", "unclaimed")}
    assert "synced" in found[-1]["reason"]["message"]
    assert set(found[0]) >= set(found[-1])


@pytest.mark.parametrize(("limit", "allowed"), [("50%", True), ("49%", False)])
@pytest.mark.parametrize("reviewed", [False, True])
def test_a_percentage_is_not_of_users_whom_nobody_claims(tmp_path, limit, allowed, reviewed):
    tenant = Tenant(10)
    tenant.change(2, **{ANCHOR: anchor(2)})
    how = {"users": pairs(1, 2), "unclaimed": True}
    if reviewed:
        how = {"plan": make_plan(tenant, tmp_path, 1, 2, unclaimed=True)}
    assert run(tenant, check_mode=True, max_changes=limit, **how)["too_many_changes"] is not allowed


# Waves


def test_the_first_rows_that_write_are_a_wave(tmp_path):
    tenant = Tenant(4)
    tenant.change(1, **{ANCHOR: anchor(1)})
    result = run(tenant, users=pairs(1, 2, 3, 4), limit=2)
    assert actions(result) == {
        name(1): ("none", None),
        name(2): ("set", None),
        name(3): ("set", None),
        name(4): ("none", "outside_wave"),
    }
    assert [key for key, _value in tenant.patches] == [user_id(2), user_id(3)]
    assert run(tenant, users=pairs(1, 2, 3, 4), limit=2)["summary"]["set"] == 1, "the rest"


def test_a_wave_counts_for_max_changes(tmp_path):
    assert run(Tenant(30), users=pairs(*range(1, 31)), limit=25)["summary"]["set"] == 25


def test_a_wave_has_a_name_in_each_kind_of_input(tmp_path):
    (tmp_path / "list.csv").write_text(f"user,object_guid,wave\n{name(1)},{guid(1)},pilot\n{name(2)},{guid(2)},\n")
    (tmp_path / "map.csv").write_text(f"user,object_guid,wave\n{name(1)},{guid(1)},pilot\n{name(2)},{guid(2)},rest\n")
    waved = [{**pair, "wave": wave} for pair, wave in zip(pairs(1, 2), ("pilot", None))]
    for how in (
        {"src": [str(tmp_path / "list.csv")]},
        {"users": waved},
        {"src": [objects_file(tmp_path / "o.jsonl", ad_object(1), ad_object(2))], "map": str(tmp_path / "map.csv")},
    ):
        result = run(Tenant(2), check_mode=True, wave="pilot", **how)
        assert actions(result) == {name(1): ("set", None), name(2): ("none", "outside_wave")}
        assert next(row for row in result["users"] if row["user"] == name(1))["wave"] == "pilot"


@pytest.mark.parametrize("wrong", [{"limit": -1}, {"offset": -1}])
def test_a_negative_number_of_rows_is_refused_before_anything_is_read(wrong):
    tenant = Tenant(1)
    with pytest.raises(Failure, match="must not be negative"):
        run(tenant, users=pairs(1), **wrong)
    assert tenant.requests == 0


# Files


def test_the_header_names_what_the_source_carried(tmp_path):
    tenant = Tenant(1)
    dest = str(tmp_path / "plan.jsonl")
    source = objects_file(tmp_path / "objects.jsonl", ad_object(1), attributes=["login_name", "enabled"])
    run(tenant, check_mode=True, src=[source], dest=dest)
    assert RowReader(dest).header["attributes"] == ["enabled", "login_name"]
    assert RowReader(dest).header["source"] == source
    run(tenant, plan=dest, dest=str(tmp_path / "result.jsonl"))
    assert RowReader(str(tmp_path / "result.jsonl")).header["attributes"] == ["enabled", "login_name"]


def test_a_list_by_hand_carries_no_attribute(tmp_path):
    assert RowReader(make_plan(Tenant(1), tmp_path, 1)).header["attributes"] == []


def test_a_plan_has_a_table_and_a_result_has_none(tmp_path):
    tenant = Tenant(2)
    result = run(tenant, check_mode=True, users=pairs(1, 2), dest=str(tmp_path / "plan.jsonl"))
    assert result["csv"] == str(tmp_path / "plan.csv")
    with open(result["csv"], encoding="utf-8-sig", newline="") as file:
        assert [row["user"] for row in csv.DictReader(file)] == [name(1), name(2)]
    assert run(tenant, check_mode=True, users=pairs(1))["csv"] is None
    assert run(tenant, users=pairs(1), dest=str(tmp_path / "result.jsonl"))["csv"] is None
    assert not (tmp_path / "result.csv").exists()


@pytest.mark.parametrize(
    ("option", "path", "dest"),
    [("src", "users.csv", "users.jsonl"), ("src", "users.csv", "users.csv"), ("map", "plan.csv", "plan.jsonl")],
)
def test_a_plan_never_takes_the_place_of_its_input(tmp_path, option, path, dest):
    (tmp_path / path).write_text(f"user,object_guid\n{name(1)},{guid(1)}\n")
    how = {"src": [str(tmp_path / path)]} if option == "src" else {"users": pairs(1), "map": str(tmp_path / path)}
    with pytest.raises(Failure, match=f"^{option} and .*dest.* name the same file"):
        run(Tenant(1), check_mode=True, dest=str(tmp_path / dest), **how)
    assert (tmp_path / path).read_text().startswith("user,object_guid")


# Always the same

SCENE = """
import sys
from immutable_id_runs import ad_object, objects_file, run
from tenant_double import ANCHOR, Tenant, anchor, guid, name, user_id
folder = sys.argv[1]
tenant = Tenant(12)
tenant.change(1, accountEnabled=True, department="Sales", proxyAddresses=["SMTP:a@contoso.com", "smtp:b@contoso.com"])
tenant.change(2, **{ANCHOR: anchor(50)})
tenant.change(3, **{ANCHOR: anchor(4)})
tenant.add(30, "deleted", **{ANCHOR: anchor(5)})
tenant.change(6, mail="shared@contoso.com")
tenant.change(7, mail="shared@contoso.com")
tenant.change(8, onPremisesSyncEnabled=True, **{ANCHOR: anchor(8)})
roles = "/roleManagement/directory/role"
tenant.collections[roles + "Definitions"] = [
    {"id": str(number), "displayName": f"Role {number}", "templateId": str(number)} for number in range(5)]
tenant.collections[roles + "Assignments"] = [
    {"id": str(number), "principalId": user_id(9), "roleDefinitionId": str(number)} for number in range(5)]
tenant.collections["/groups"] = [{"id": guid(number), "displayName": f"Group {number}", "mail": "c@contoso.com",
    "proxyAddresses": ["SMTP:c@contoso.com", "smtp:d@contoso.com"], "membershipRule": "(user.department -ne null)"}
    for number in range(70, 74)]
rows = [ad_object(number, enabled=False) for number in (1, 2, 4, 5, 8, 9, 10, 10, 20)]
rows.append(ad_object(6, login_name="nobody@contoso.com", mail="shared@contoso.com"))
rows.append(ad_object(11, proxy_addresses=["smtp:d@contoso.com", "SMTP:c@contoso.com"], mail="c@contoso.com"))
run(tenant, check_mode=True, src=[objects_file(folder + "/objects.jsonl", *rows)], unclaimed=True, block_effects=[],
    match_by=["immutable_id", "user_principal_name", "mail"], dest=folder + "/plan.jsonl")
"""


def test_two_plans_of_an_unchanged_world_are_the_same_bytes(tmp_path):
    here = pathlib.Path(__file__).parent
    plans = set()
    for seed in ("1", "2", "3"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join([str(here), *sys.path])}
        subprocess.run([sys.executable, "-c", SCENE, str(tmp_path)], check=True, env=environment)
        head, *rows = (tmp_path / "plan.jsonl").read_bytes().splitlines()
        assert b'"created"' in head
        plans.add((b"\n".join(rows), (tmp_path / "plan.csv").read_bytes()))
    assert len(plans) == 1
    assert len(rows) > 12


# The budget of requests


@pytest.mark.parametrize(("users", "candidates"), [(1_000, 1_000), (20_000, 1_500)])
def test_a_plan_keeps_to_the_written_budget(tmp_path, users, candidates):
    graph = Graph(domains=[{"id": "contoso.com", "isVerified": True, "authenticationType": "Managed"}])
    graph.collections["/users"] = [
        {"id": user_id(number), "userPrincipalName": name(number)} for number in range(users)
    ]
    for number in range(candidates):
        graph.objects[f"/users/{user_id(number)}/onPremisesSyncBehavior"] = {"isCloudManaged": False}
        graph.objects[f"beta:/users/{user_id(number)}"] = {"id": user_id(number), "onPremisesObjectIdentifier": None}
    result = plan(graph, tmp_path, *(ad_object(number) for number in range(candidates)), return_limit=0)
    assert result["summary"]["set"] == candidates
    listings = math.ceil(users / 999) + len(("deleted users", "groups", "deleted groups", "contacts"))
    tenant = len(("organization", "domains", "features"))
    roles = len(("definitions", "assignments", "eligibilities"))
    cloud_sync = len(("by template", "by id"))
    look_ups = 2 * candidates // 20
    assert result["summary"]["requests"] == listings + tenant + roles + cloud_sync + look_ups
