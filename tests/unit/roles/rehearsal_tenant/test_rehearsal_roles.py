# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles, eligibility, groups and their members as Graph shows them, and who may see them."""

from __future__ import annotations

import uuid

import pytest
from rehearsal_support import CLIENT_ID, SECRET, ad_user, anchor, as_person, dn, user
from rehearsal_tenant.dynamic_rules import RuleError, read_rule
from rehearsal_tenant.roles import Assignment, RoleBook
from rehearsal_tenant.store import Stored

G1 = "14c8d2a9-90b7-4d7a-b264-1cc77901069a"
DENIED = (403, "Authorization_RequestDenied")
ROLES = "/roleManagement/directory"
PIM_GROUPS = "/identityGovernance/privilegedAccess/group/eligibilityScheduleInstances"
GLOBAL = "62e90394-69f5-4237-9190-012177145e10"
ADVANCED = {"ConsistencyLevel": "eventual"}


def group(name, **more):
    return {"id": str(uuid.uuid5(uuid.NAMESPACE_DNS, name)), "displayName": name, "groupTypes": [], **more}


def ids(*names):
    return [user(name)["id"] for name in names]


ADMINS = group("Admins", isAssignableToRole=True, members=ids("mia"), owners=ids("olaf"), eligibleMembers=ids("eli"))
OUTER = group("Outer", members=[*ids("ann"), group("Inner")["id"]], owners=ids("olaf"))
INNER = group("Inner", members=ids("mia", "gone"))
SALES = group("Sales", groupTypes=["DynamicMembership"], membershipRule='user.department -eq "Sales"')


@pytest.fixture
def rehearsal(start):
    return start(
        users=[user(name, department="sales") for name in ("ann", "mia")]
        + [user(name) for name in ("olaf", "eli", "root")],
        deletedUsers=[user("gone")],
        groups=[ADMINS, OUTER, INNER, SALES],
        roles=[
            {"user": "root@contoso.com", "role": "Global Administrator"},
            {"user": "ann@contoso.com", "role": "User Administrator", "eligible": True},
            {"group": ADMINS["id"], "role": "Helpdesk Administrator"},
            {"user": "ann@contoso.com", "role": "Badge Printer", "privileged": False},
        ],
    )


def value(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()["value"]


# Definitions and assignments


def test_role_definitions_say_only_in_beta_which_are_privileged(rehearsal):
    by_name = {item["displayName"]: item for item in value(rehearsal.get(f"{ROLES}/roleDefinitions?$top=999"))}
    assert by_name["Global Administrator"]["id"] == by_name["Global Administrator"]["templateId"] == GLOBAL
    assert (by_name["Badge Printer"]["isBuiltIn"], by_name["Global Administrator"]["isBuiltIn"]) == (False, True)
    assert "isPrivileged" not in by_name["Global Administrator"]
    select = f"{ROLES}/roleDefinitions?$select=displayName,isPrivileged"
    assert rehearsal.get(select).status_code == 400
    beta = {item["displayName"]: item["isPrivileged"] for item in value(rehearsal.get(select, version="beta"))}
    assert (beta["Global Administrator"], beta["Reports Reader"], beta["Badge Printer"]) == (True, False, False)
    one = rehearsal.get(f"{ROLES}/roleDefinitions/{GLOBAL}").json()
    assert one["displayName"] == "Global Administrator"


def test_assignments_name_the_group_and_not_who_stands_behind_it(rehearsal):
    found = value(rehearsal.get(f"{ROLES}/roleAssignments"))
    principals = {item["principalId"] for item in found}
    assert principals == {*ids("root", "ann"), ADMINS["id"]}
    assert {item["directoryScopeId"] for item in found} == {"/"}
    mine = value(rehearsal.get(f"{ROLES}/roleAssignments?$filter=roleDefinitionId eq '{GLOBAL}'&$expand=principal"))
    assert [item["principal"]["userPrincipalName"] for item in mine] == ["root@contoso.com"]
    assert "roleDefinition" not in mine[0]


def test_eligibility_and_active_schedules_are_two_lists(rehearsal):
    eligible = value(rehearsal.get(f"{ROLES}/roleEligibilityScheduleInstances"))
    assert [(item["principalId"], item["memberType"]) for item in eligible] == [(*ids("ann"), "Direct")]
    active = value(rehearsal.get(f"{ROLES}/roleAssignmentScheduleInstances?$expand=roleDefinition"))
    assert {item["roleDefinition"]["displayName"] for item in active} == {
        "Global Administrator", "Helpdesk Administrator", "Badge Printer",
    }  # fmt: skip


def test_a_tenant_without_the_licence_says_so(rehearsal):
    rehearsal.set(pimLicensed=False)
    for path in (
        f"{ROLES}/roleEligibilityScheduleInstances",
        f"{ROLES}/roleAssignmentScheduleInstances",
        f"{PIM_GROUPS}?$filter=groupId eq '{ADMINS['id']}'",
    ):
        assert rehearsal.error(rehearsal.get(path)) == (400, "AadPremiumLicenseRequired")
    assert len(value(rehearsal.get(f"{ROLES}/roleAssignments"))) == 3


def test_pim_for_groups_is_asked_per_group_or_principal(rehearsal):
    assert rehearsal.get(PIM_GROUPS).status_code == 400
    by_group = value(rehearsal.get(f"{PIM_GROUPS}?$filter=groupId eq '{ADMINS['id']}'"))
    assert [(item["principalId"], item["accessId"]) for item in by_group] == [(*ids("eli"), "member")]
    assert value(rehearsal.get(f"{PIM_GROUPS}?$filter=principalId eq '{ids('ann')[0]}'")) == []


def test_activated_roles_and_their_members(rehearsal):
    roles = {item["displayName"]: item for item in value(rehearsal.get("/directoryRoles"))}
    assert set(roles) == {"Global Administrator", "Helpdesk Administrator"}
    members = value(rehearsal.get(f"/directoryRoles/{roles['Helpdesk Administrator']['id']}/members"))
    assert [(item["@odata.type"], item["id"]) for item in members] == [("#microsoft.graph.group", ADMINS["id"])]
    assert rehearsal.get(f"/directoryRoles/{GLOBAL}/members").status_code == 404


# Members


def test_members_owners_and_nested_groups(rehearsal):
    outer = f"/groups/{OUTER['id']}"
    members = value(rehearsal.get(f"{outer}/members?$select=id,userPrincipalName,displayName"))
    assert {item["@odata.type"] for item in members} == {"#microsoft.graph.user", "#microsoft.graph.group"}
    inner = next(item for item in members if item["id"] == INNER["id"])
    assert inner == {"@odata.type": "#microsoft.graph.group", "id": INNER["id"], "displayName": "Inner"}
    assert [item["id"] for item in value(rehearsal.get(f"{outer}/owners"))] == ids("olaf")
    everyone = {item["id"] for item in value(rehearsal.get(f"{outer}/transitiveMembers"))}
    assert everyone == {*ids("ann", "mia"), INNER["id"]}  # the deleted one is none


def test_a_cast_narrows_members_and_is_advanced_where_they_are_transitive(rehearsal):
    outer = f"/groups/{OUTER['id']}"
    assert [item["id"] for item in value(rehearsal.get(f"{outer}/members/microsoft.graph.user"))] == ids("ann")
    cast = f"{outer}/transitiveMembers/microsoft.graph.user?$select=id"
    assert rehearsal.error(rehearsal.get(cast)) == (400, "Request_UnsupportedQuery")
    answer = rehearsal.get(f"{cast}&$count=true", headers=ADVANCED)
    assert {item["id"] for item in value(answer)} == set(ids("ann", "mia"))
    assert answer.json()["@odata.count"] == 2


def test_members_come_in_pages(rehearsal):
    first = rehearsal.get(f"/groups/{OUTER['id']}/members?$top=1&$select=id").json()
    second = rehearsal.get(first["@odata.nextLink"]).json()
    assert "@odata.nextLink" not in second
    assert {first["value"][0]["id"], second["value"][0]["id"]} == {*ids("ann"), INNER["id"]}


def test_member_of_shows_groups_and_roles(rehearsal):
    def names(path):
        return {item["displayName"] for item in value(rehearsal.get(path))}

    mia = f"/users/{ids('mia')[0]}"
    assert names(f"{mia}/memberOf") == {"Admins", "Inner", "Sales"}
    assert names(f"{mia}/transitiveMemberOf") == {"Admins", "Inner", "Outer", "Sales", "Helpdesk Administrator"}
    assert names("/users/root@contoso.com/memberOf/microsoft.graph.directoryRole") == {"Global Administrator"}


def test_an_app_sees_only_the_id_of_what_it_may_not_read(start):
    client = {"clientId": CLIENT_ID, "secret": SECRET, "permissions": ["GroupMember.Read.All"]}
    rehearsal = start(users=[user("ann")], groups=[group("Plain", members=ids("ann"))], settings={"clients": [client]})
    shown = value(rehearsal.get(f"/groups/{group('Plain')['id']}/members?$select=id,displayName"))
    assert shown == [{"@odata.type": "#microsoft.graph.user", "id": ids("ann")[0], "displayName": None}]


@pytest.mark.parametrize(
    ("path", "permission"),
    [
        (f"{ROLES}/roleDefinitions", "RoleManagement.Read.Directory"),
        (f"{ROLES}/roleAssignments", "RoleManagement.Read.Directory"),
        (f"{ROLES}/roleAssignmentScheduleInstances", "RoleAssignmentSchedule.Read.Directory"),
        (f"{ROLES}/roleEligibilityScheduleInstances", "RoleEligibilitySchedule.Read.Directory"),
        ("/directoryRoles", "RoleManagement.Read.Directory"),
        (f"{PIM_GROUPS}?$filter=groupId eq 'x'", "PrivilegedEligibilitySchedule.Read.AzureADGroup"),
        (f"/groups/{OUTER['id']}/members", "GroupMember.Read.All"),
        ("/users/ann@contoso.com/memberOf", "User.Read.All"),
        ("/directory/deletedItems/microsoft.graph.user", "User.Read.All"),
        ("/directory/deletedItems/microsoft.graph.group", "Group.Read.All"),
        ("/users/ann@contoso.com/onPremisesSyncBehavior", "User-OnPremisesSyncBehavior.ReadWrite.All"),
        (f"/groups/{OUTER['id']}/onPremisesSyncBehavior", "Group-OnPremisesSyncBehavior.ReadWrite.All"),
    ],
)
def test_each_needs_its_own_permission(start, path, permission):
    def client(number, *permissions):
        return {"clientId": number, "secret": SECRET, "permissions": list(permissions)}

    other = "bbbbbbbb-0000-4000-8000-000000000002"
    unrelated = ("Organization.Read.All", "Domain.Read.All", "User-OnPremisesSyncBehavior.ReadWrite.All")
    if permission in unrelated:
        unrelated = unrelated[:2]
    rehearsal = start(
        users=[user("ann")],
        groups=[OUTER],
        settings={"clients": [client(CLIENT_ID, permission), client(other, *unrelated)]},
    )
    assert rehearsal.get(path).status_code == 200
    assert rehearsal.error(rehearsal.get(path, token=rehearsal.token(other))) == DENIED


def test_deleted_groups(start):
    rehearsal = start(deletedGroups=[group("Old", mail="old@contoso.com", proxyAddresses=["SMTP:old@contoso.com"])])
    found = value(rehearsal.get("/directory/deletedItems/microsoft.graph.group"))
    assert [(item["displayName"], item["proxyAddresses"]) for item in found] == [("Old", ["SMTP:old@contoso.com"])]
    assert rehearsal.get("/groups").json()["value"] == []
    assert found[0]["deletedDateTime"]


# Who is protected


def book(*assignments, **groups):
    stored = [Stored("group", name, "live", {"isAssignableToRole": True, **body}, 0) for name, body in groups.items()]
    return RoleBook(
        [Assignment(holder, "Global Administrator", eligible, True) for holder, eligible in assignments], stored
    )


@pytest.mark.parametrize(
    ("roles", "blocks", "protects"),
    [
        (book(("u", False)), True, True),
        (book(("u", True)), True, False),
        (book(("other", False)), False, False),
        (book(("g", False), g={"members": ["u"]}), True, True),
        (book(("g", True), g={"members": ["u"]}), True, True),  # in the group for good, with the role on demand
        (book(("g", False), g={"eligibleMembers": ["u"]}), True, False),
        (book(("g", False), g={"eligibleMembers": ["h"]}, h={"members": ["u"]}), True, True),
        (book(g={"members": ["u"]}), False, True),
        (book(("g", False), g={"owners": ["u"]}), False, True),
        (book(("g", False), g={"eligibleOwners": ["u"]}), False, False),
        (book(("g", False), g={"members": ["g"]}), False, False),
    ],
)  # fmt: skip
def test_whom_roles_protect(roles, blocks, protects):
    assert (roles.blocks_match("u", any_role=False), roles.protects("u", any_role=False)) == (blocks, protects)


def test_eligibility_does_not_count_without_the_licence():
    assert not book(("u", True)).blocks_match("u", any_role=False, with_eligible=False)


def test_a_role_assignable_group_alone_may_block():
    roles = book(g={"owners": ["u"]})
    assert roles.blocks_match("u", any_role=False, guarded=True)


@pytest.mark.parametrize(("settings", "outcome"), [({}, "hard_match"), ({"roleGroupsBlockMatch": True}, "refuse")])
def test_the_owner_of_a_role_assignable_group_at_the_sync(start, domain, settings, outcome):
    domain.write(ad_user("olaf", G1))
    rehearsal = start(
        users=[user("olaf", onPremisesImmutableId=anchor(G1))],
        groups=[ADMINS],
        directories=domain.seed(),
        settings=settings,
    )
    assert rehearsal.cycle()[dn("olaf")]["outcome"] == outcome
    refused = rehearsal.patch("olaf@contoso.com", {"onPremisesImmutableId": "x"})
    assert rehearsal.error(refused) in (DENIED, (400, "Request_BadRequest"))


@pytest.mark.parametrize(("licensed", "outcome"), [(True, "refuse"), (False, "hard_match")])
def test_who_may_become_a_member_of_a_group_with_a_role(start, domain, licensed, outcome):
    domain.write(ad_user("eli", G1))
    rehearsal = start(
        users=[user("eli", onPremisesImmutableId=anchor(G1))],
        groups=[ADMINS],
        roles=[{"group": ADMINS["id"], "role": "Helpdesk Administrator"}],
        directories=domain.seed(),
        settings={"pimLicensed": licensed},
    )
    assert rehearsal.cycle()[dn("eli")]["outcome"] == outcome


def test_a_group_of_the_seed_that_has_a_role_is_role_assignable(start):
    plain = {**ADMINS, "isAssignableToRole": None}
    rehearsal = start(users=[user("mia")], groups=[plain], roles=[{"group": plain["id"], "role": "Global Reader"}])
    assert rehearsal.get(f"/groups/{plain['id']}?$select=isAssignableToRole").json()["isAssignableToRole"] is True


# Source of authority


def behavior(rehearsal, kind="users", name="ann@contoso.com"):
    return rehearsal.get(f"/{kind}/{name}/onPremisesSyncBehavior").json()


def test_source_of_authority_goes_to_the_cloud_and_comes_back(start, domain):
    domain.write(ad_user("ann", G1))
    rehearsal = start(users=[user("ann", onPremisesImmutableId=anchor(G1))], directories=domain.seed())
    path = "/users/ann@contoso.com/onPremisesSyncBehavior"
    assert rehearsal.graph("PATCH", path, json={"isCloudManaged": True}).status_code == 400  # not synced yet
    rehearsal.cycle()
    assert behavior(rehearsal)["isCloudManaged"] is False
    assert behavior(rehearsal)["id"] == ids("ann")[0]
    assert rehearsal.graph("PATCH", path, json={"isCloudManaged": True}).status_code == 204
    assert behavior(rehearsal)["isCloudManaged"] is True
    assert rehearsal.user("ann@contoso.com")["onPremisesSyncEnabled"] is None
    assert rehearsal.cycle()[dn("ann")]["code"] == "SourceOfAuthorityCloud"
    assert rehearsal.graph("PATCH", path, json={"isCloudManaged": False}).status_code == 204
    assert rehearsal.user("ann@contoso.com")["onPremisesSyncEnabled"] is None
    block = "blockCloudObjectTakeoverThroughHardMatchEnabled"
    rehearsal.set(features={block: True})
    assert rehearsal.cycle()[dn("ann")]["code"] == "InvalidHardMatch"
    rehearsal.set(features={block: False})
    rehearsal.cycle()
    assert rehearsal.user("ann@contoso.com")["onPremisesSyncEnabled"] is True


@pytest.mark.parametrize(("role", "status"), [(None, 403), ("Global Reader", 200), ("User Administrator", 403)])
def test_people_need_a_role_to_read_roles(start, role, status):
    roles = [{"user": "ann@contoso.com", "role": role}] if role else []
    rehearsal = start(users=[user("ann")], roles=roles)
    for path in (f"{ROLES}/roleAssignments", "/directoryRoles", f"{PIM_GROUPS}?$filter=groupId eq 'x'"):
        assert rehearsal.get(path, token=as_person(rehearsal, "ann")).status_code == status


def test_people_need_a_role_for_it(start):
    rehearsal = start(
        users=[user("ann"), user("hybrid")],
        contacts=[{"displayName": "C", "id": G1}],
        roles=[{"user": "hybrid@contoso.com", "role": "Hybrid Identity Administrator"}],
    )
    for name, status in (("ann", 403), ("hybrid", 200)):
        answer = rehearsal.get("/users/ann@contoso.com/onPremisesSyncBehavior", token=as_person(rehearsal, name))
        assert answer.status_code == status
    assert rehearsal.error(rehearsal.get(f"/contacts/{G1}/onPremisesSyncBehavior")) == DENIED


# The object identifier


def test_who_reads_the_object_identifier_is_contested(start):
    other = "bbbbbbbb-0000-4000-8000-000000000002"
    rehearsal = start(
        users=[user("ann", onPremisesObjectIdentifier=G1)],
        settings={
            "clients": [
                {"clientId": CLIENT_ID, "secret": SECRET},
                {"clientId": other, "secret": SECRET, "permissions": ["User.ReadWrite.All"]},
            ]
        },
    )
    path = "/users/ann@contoso.com?$select=onPremisesObjectIdentifier"
    assert rehearsal.get(path).status_code == 400  # not in v1.0
    assert rehearsal.get(path, version="beta").json()["onPremisesObjectIdentifier"] == G1
    rehearsal.set(objectIdentifierRead="with_permission")
    assert rehearsal.get(path, version="beta").status_code == 200
    assert rehearsal.error(rehearsal.get(path, version="beta", token=rehearsal.token(other))) == DENIED
    rehearsal.set(objectIdentifierRead="hidden")
    assert rehearsal.get(path, version="beta").status_code == 400


def test_clearing_the_object_identifier_may_need_one_permission_or_two(start):
    client = {"clientId": CLIENT_ID, "secret": SECRET, "permissions": ["User-OnPremisesSyncBehavior.ReadWrite.All"]}
    rehearsal = start(users=[user("ann", onPremisesObjectIdentifier=G1)], settings={"clients": [client]})
    clear = {"onPremisesObjectIdentifier": None}
    rehearsal.set(objectIdentifierClearNeeds="User.ReadWrite.All")
    assert rehearsal.error(rehearsal.patch("ann@contoso.com", clear, version="beta")) == DENIED
    rehearsal.set(objectIdentifierClearNeeds="User-OnPremisesSyncBehavior.ReadWrite.All")
    assert rehearsal.error(rehearsal.patch("ann@contoso.com", {"jobTitle": "x"}, version="beta")) == DENIED
    assert rehearsal.patch("ann@contoso.com", clear, version="beta").status_code == 204


# Rules of dynamic groups


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        ('user.department -eq "sales"', True),
        ('(user.department -eq "Sales") and (user.country -ne "DE")', False),
        ('user.department -eq "IT" -or user.country -in ["DE", "AT"]', True),
        ('not (user.country -notIn ["DE"])', True),
        ('user.displayName -startsWith "ann"', True),
        ('user.displayName -notContains "n"', False),
        ("user.accountEnabled -eq true", True),
        ("user.jobTitle -eq null", True),
        ("user.jobTitle -ne $null", False),
        ('user.extensionAttribute3 -contains "wave"', True),
        ('user.department -eq "Sales" -and user.jobTitle -eq "x" -or user.city -eq null', True),
        ("user.mail -eq 'it`s'", False),
    ],
)
def test_rules(rule, matches):
    ann = {
        "department": "Sales", "country": "DE", "displayName": "Ann", "accountEnabled": True, "jobTitle": "",
        "onPremisesExtensionAttributes": {"extensionAttribute3": "Wave 1"},
    }  # fmt: skip
    assert read_rule(rule)(ann) is matches


@pytest.mark.parametrize(
    "rule",
    [
        "", "user.department", 'user.department -match "S.*"', 'device.displayName -eq "x"', "(user.city -eq null",
        'user.proxyAddresses -any (_ -contains "x")', 'user.city -in "x"', 'user.city -in ["x"', "user.city -eq 5",
        "user.city -startsWith null", 'user.city -eq "x" "y"', "user.memberof -any (group.objectId -in ['x'])", "~",
    ],
)  # fmt: skip
def test_rules_that_are_not_rehearsed(rule):
    with pytest.raises(RuleError):
        read_rule(rule)


def test_who_loses_the_attribute_loses_the_group(rehearsal):
    members = f"/groups/{SALES['id']}/members?$select=id"
    assert {item["id"] for item in value(rehearsal.get(members))} == set(ids("ann", "mia"))
    rehearsal.patch("mia@contoso.com", {"department": None})
    assert {item["id"] for item in value(rehearsal.get(members))} == set(ids("ann"))
