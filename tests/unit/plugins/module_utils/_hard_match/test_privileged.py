# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts with power: of the sync, the last way in, holders of roles, and who may become one."""

from __future__ import annotations

import pytest
from hard_match_doubles import (
    ad_row,
    also,
    plan_objects,
    remarks,
    said,
    user,
    user_id,
)
from obstacle_scenes import (
    GLOBAL_ADMINISTRATOR,
    HELPDESK,
    SCENES,
    SYNC_ROLE,
    Scene,
    codes_of,
)

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import (
    KNOWN,
    NOT_LICENSED,
    UNKNOWN,
    RoleBook,
)


@pytest.mark.parametrize(
    "name", ["Sync_DC1_0123456789ab@example.onmicrosoft.com", "adtoaadsyncserviceaccount@example.onmicrosoft.com"]
)
def test_accounts_of_the_sync_are_known_by_their_names(name):
    (row,) = plan_objects([ad_row(1, login_name=name)], [user(1, name)], protect_role_holders=False)
    assert said(row) == ("blocked", "sync_account")


def test_a_name_that_only_reminds_of_the_sync_is_none():
    name = "j.sync_@example.com"
    assert said(plan_objects([ad_row(1, login_name=name)], [user(1, name)])[0]) == ("set", None)


@pytest.mark.parametrize("name", ["sync account", "emergency account"])
def test_some_accounts_are_protected_whatever_the_caller_chose(name):
    row = (SCENES[name] | Scene(options={"protect_role_holders": False})).decide()
    assert (said(row), also(row), remarks(row)) == (("blocked", SCENES[name].codes[0]), [], ["role_held"])


@pytest.mark.parametrize(
    ("role", "code"),
    [
        (GLOBAL_ADMINISTRATOR._replace(eligible=True), "role_eligible"),
        (GLOBAL_ADMINISTRATOR._replace(group="Admins"), "role_by_group"),
        (GLOBAL_ADMINISTRATOR._replace(group="Admins", eligible=True), "role_eligible"),
    ],
)
def test_who_must_activate_a_role_or_share_it_is_no_emergency_account(role, code):
    row = Scene(roles=[role]).decide()
    assert codes_of(row) == [code]
    assert ("through the group Admins" in row["reason"]["message"]) is bool(role.group)


@pytest.mark.parametrize("name", ["role", "role through a group", "role to be activated", "in a role-assignable group"])
def test_role_holders_that_are_not_to_be_protected_are_tried_and_it_is_said(name):
    scene = SCENES[name] | Scene(options={"protect_role_holders": False})
    assert said(scene.decide()) == ("set", scene.codes[0])


def test_every_role_is_named_and_how_it_is_had():
    roles = [HELPDESK, HELPDESK._replace(name="Reader", group="Staff"), HELPDESK._replace(name="Auditor")]
    row = Scene(roles=roles, guarded=["Staff"]).decide()
    assert "Helpdesk Administrator; Auditor." in row["reason"]["message"]
    assert also(row) == ["role_by_group", "role_group_member"]
    assert (
        "Reader through the group Staff" in next(item for item in row["evidence"] if item["key"] == "also")["message"]
    )


@pytest.mark.parametrize("eligibility", [KNOWN, UNKNOWN, NOT_LICENSED])
def test_eligibility_that_is_not_known_does_not_block(eligibility):
    assert said(Scene(facts={"roles": RoleBook({}, eligibility)}).decide()) == ("set", None)


def test_unknown_roles_do_not_block_whoever_does_not_protect_role_holders():
    scene = SCENES["roles unknown"] | Scene(options={"protect_role_holders": False})
    assert said(scene.decide()) == ("set", None)


def test_groups_protect_also_where_assignments_cannot_be_read():
    facts = {"roles": RoleBook(None, UNKNOWN, {user_id(1): ("Admins",)})}
    assert codes_of(Scene(facts=facts).decide()) == ["role_group_member", "roles_unknown"]


@pytest.mark.parametrize(
    ("roles", "code"),
    [((), "roles_unknown"), ((HELPDESK,), "role_held"), ((GLOBAL_ADMINISTRATOR,), "emergency_account")],
)
def test_a_role_of_a_closed_group_may_be_anybodys_and_known_roles_stay_known(roles, code):
    facts = {"roles": RoleBook({user_id(1): roles}, complete=False)}
    assert said(Scene(facts=facts).decide()) == ("blocked", code)


@pytest.mark.parametrize("role", [GLOBAL_ADMINISTRATOR, SYNC_ROLE])
def test_the_last_way_in_is_protected_whatever_else_is_unknown_or_allowed(role):
    facts = {"roles": RoleBook({user_id(1): (role,)}, complete=False)}
    row = Scene(facts=facts, options={"protect_role_holders": False}).decide()
    assert said(row) == ("blocked", "emergency_account" if role is GLOBAL_ADMINISTRATOR else "sync_account")


@pytest.mark.parametrize("flag", [None, False])
def test_a_user_that_is_not_restricted(flag):
    assert said(Scene(user={"isManagementRestricted": flag}).decide()) == ("set", None)
