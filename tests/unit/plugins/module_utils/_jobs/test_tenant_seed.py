# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant written down as a seed: what is in it, what is left out, and under which names."""

from __future__ import annotations

import json
import stat

import pytest
from graph_double import TENANT, Graph, pim_for_groups

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.runner import Context
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.tenant_seed import write_seed
from ansible_collections.hybrid.identity.plugins.module_utils._pseudonyms import Pseudonyms

DELETED_USERS = "/directory/deletedItems/microsoft.graph.user"
DELETED_GROUPS = "/directory/deletedItems/microsoft.graph.group"
ROLES = "/roleManagement/directory"
LDIF = (
    "dn: CN=Jane Doe,OU=Staff,DC=corp,DC=local\nobjectClass: user\nsAMAccountName: jane\n"
    "userPrincipalName: jane@contoso.com\ninfo: secret\n"
)


def exported(graph, tmp_path, **params):
    """Return (the seed, the module's result, warnings)."""
    warnings = []
    given = {
        "dest": str(tmp_path / "seed.json"),
        "pseudonyms": False,
        "key_file": None,
        "exports": [],
        "members_of": [],
    }
    context = Context(check_mode=False, diff_mode=False, warn=warnings.append)
    result = write_seed({**given, **params}, context, client_of=lambda _params: graph, clock=lambda: 1.0)
    with open(result["dest"], encoding="utf-8") as file:
        return json.load(file), result, warnings


def jane(**properties):
    return {"id": "u1", "userPrincipalName": "jane@contoso.com", "displayName": "Jane Doe", **properties}


def company():
    graph = Graph(
        users=[jane(), {"id": "u2", "userPrincipalName": "bobby.tables@contoso.com", "onPremisesSyncEnabled": True}],
        groups=[
            {"id": "g1", "displayName": "Admins", "isAssignableToRole": True},
            {"id": "g2", "displayName": "Break Glass"},
        ],
        contacts=[{"id": "c1", "displayName": "Ann", "mail": "ann@fabrikam.com"}],
        domains=[{"id": "contoso.com", "isVerified": True}],
    )
    graph.collections[DELETED_USERS] = [{"id": "d1", "userPrincipalName": "old@contoso.com"}]
    graph.collections[DELETED_GROUPS] = [{"id": "d2", "displayName": "Old"}]
    graph.collections["/groups/g1/members"] = [{"id": "u1"}]
    graph.collections["/groups/g1/owners"] = [{"id": "u2"}]
    graph.collections["/groups/g2/transitiveMembers"] = [{"id": "u2"}]
    graph.collections[pim_for_groups("g1")] = [
        {"principalId": "u2", "accessId": "member"},
        {"principalId": "d1", "accessId": "owner"},
    ]
    graph.collections[f"{ROLES}/roleDefinitions"] = [
        {"id": "r1", "displayName": "Global Administrator", "isBuiltIn": True},
        {"id": "r2", "displayName": "Contoso Readers", "isBuiltIn": False},
    ]
    graph.collections[f"{ROLES}/roleAssignments"] = [
        {"principalId": "u1", "roleDefinitionId": "r1"},
        {"principalId": "g1", "roleDefinitionId": "r2"},
        {"principalId": "an-app", "roleDefinitionId": "r1"},
    ]
    graph.collections[f"{ROLES}/roleEligibilityScheduleInstances"] = [{"principalId": "u2", "roleDefinitionId": "r1"}]
    graph.objects["/organization"] = {
        "value": [{"id": TENANT, "displayName": "Contoso", "onPremisesSyncEnabled": True, "verifiedDomains": []}]
    }
    graph.objects["/users/u1/onPremisesSyncBehavior"] = {"isCloudManaged": False}
    graph.objects["beta:/users/u1"] = {"id": "u1", "onPremisesObjectIdentifier": None, "manager": {"id": "u2"}}
    graph.objects["/users/u2/onPremisesSyncBehavior"] = {"isCloudManaged": True}
    graph.objects["beta:/users/u2"] = {"id": "u2", "onPremisesObjectIdentifier": "a-guid"}
    return graph


def test_a_whole_seed(tmp_path):
    seed, result, warnings = exported(company(), tmp_path, members_of=["break glass"])
    assert seed["tenant"] == {"id": TENANT, "displayName": "Contoso", "onPremisesSyncEnabled": True}
    assert seed["domains"] == [{"id": "contoso.com", "isVerified": True}]
    assert [user["id"] for user in seed["users"]] == ["u1", "u2"]
    assert seed["users"][1]["onPremisesSyncBehavior"] == {"isCloudManaged": True}
    assert seed["users"][1]["onPremisesObjectIdentifier"] == "a-guid"
    assert seed["users"][0]["onPremisesObjectIdentifier"] is None
    assert [one["manager"] for one in seed["users"]] == [{"id": "u2"}, None]
    assert [user["id"] for user in seed["deletedUsers"]] == ["d1"]
    admins, glass = seed["groups"]
    assert (admins["members"], admins["owners"]) == (["u1"], ["u2"])
    assert (admins["eligibleMembers"], admins["eligibleOwners"]) == (["u2"], ["d1"])
    assert (glass["members"], "owners" in glass) == (["u2"], False)
    assert [group["id"] for group in seed["deletedGroups"]] == ["d2"]
    assert seed["contacts"][0]["mail"] == "ann@fabrikam.com"
    assert seed["roles"] == [
        {"user": "u1", "role": "Global Administrator", "eligible": False},
        {"group": "g1", "role": "Contoso Readers", "eligible": False},
        {"user": "u2", "role": "Global Administrator", "eligible": True},
    ]
    counted = {name: result["summary"][name] for name in ("users", "deleted_users", "groups", "contacts", "roles")}
    assert counted == {"users": 2, "deleted_users": 1, "groups": 2, "contacts": 1, "roles": 3}
    assert (result["changed"], result["unchecked"], warnings) == (False, [], [])


def test_the_file_is_private(tmp_path):
    _seed, result, _warnings = exported(Graph(), tmp_path)
    assert stat.S_IMODE((tmp_path / "seed.json").stat().st_mode) == 0o600
    assert result["key_file"] is None


def test_of_the_plans_only_those_of_exchange_are_kept(tmp_path):
    graph = Graph(users=[jane(assignedPlans=[{"service": "Exchange"}, {"service": "teams"}])])
    seed, _result, _warnings = exported(graph, tmp_path)
    assert seed["users"][0]["assignedPlans"] == [{"service": "Exchange"}]


@pytest.mark.parametrize(
    ("path", "sections"),
    [
        (DELETED_USERS, {"deletedUsers"}),
        ("/groups", {"groups"}),
        (DELETED_GROUPS, {"deletedGroups"}),
        ("/contacts", {"contacts"}),
        ("/domains", {"domains"}),
        ("/directory/onPremisesSynchronization", {"features"}),
        (f"{ROLES}/roleAssignments", {"roles"}),
        ("/organization", set()),
    ],
)
def test_what_may_not_be_read_is_left_out_and_named(tmp_path, path, sections):
    whole, _result, _warnings = exported(company(), tmp_path)
    graph = company()
    graph.refused[path] = 403
    seed, result, _warnings = exported(graph, tmp_path)
    assert set(whole) - set(seed) == sections
    assert len(result["unchecked"]) == 1
    assert seed["tenant"]["id"] == TENANT


@pytest.mark.parametrize(
    ("path", "missing"),
    [("/groups/g1/members", {"members"}), (pim_for_groups("g1"), {"eligibleMembers", "eligibleOwners"})],
)
def test_memberships_that_may_not_be_read_are_left_out(tmp_path, path, missing):
    graph = company()
    graph.refused[path] = 403
    seed, result, _warnings = exported(graph, tmp_path)
    assert {"members", "owners", "eligibleMembers", "eligibleOwners"} - set(seed["groups"][0]) == missing
    assert len(result["unchecked"]) == 1


def test_a_source_of_authority_that_may_not_be_read_is_left_out(tmp_path):
    graph = company()
    graph.refused["/users/u2/onPremisesSyncBehavior"] = graph.refused["beta:/users/u2"] = 403
    seed, result, _warnings = exported(graph, tmp_path)
    assert not {"onPremisesSyncBehavior", "onPremisesObjectIdentifier"} & set(seed["users"][1])
    assert len(result["unchecked"]) == 2


def test_a_tenant_without_pim_is_rehearsed_without(tmp_path):
    graph = company()
    graph.refused[f"{ROLES}/roleEligibilityScheduleInstances"] = (400, "AadPremiumLicenseRequired")
    graph.refused[pim_for_groups("g1")] = (400, "AadPremiumLicenseRequired")
    seed, result, _warnings = exported(graph, tmp_path)
    assert seed["settings"] == {"pimLicensed": False}
    assert [role["eligible"] for role in seed["roles"]] == [False, False]
    assert result["unchecked"] == []


def test_users_must_be_readable(tmp_path):
    graph = Graph()
    graph.refused["/users"] = 403
    with pytest.raises(GraphError):
        exported(graph, tmp_path)
    assert not (tmp_path / "seed.json").exists()


def test_a_misspelt_group_is_named(tmp_path):
    _seed, _result, warnings = exported(company(), tmp_path, members_of=["Nobody"])
    assert warnings == ["members_of names Nobody; the tenant has no such group."]


# Pseudonyms and exports


def export(tmp_path, text=LDIF):
    path = tmp_path / "ad.ldf"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_everybody_has_another_name_and_the_same_one_in_the_export(tmp_path):
    seed, result, _warnings = exported(company(), tmp_path, pseudonyms=True, exports=[export(tmp_path)])
    text = (tmp_path / "seed.json").read_text(encoding="utf-8")
    key = bytes.fromhex((tmp_path / "seed.json.key").read_text(encoding="ascii"))
    other = Pseudonyms(key)
    assert result["key_file"] == str(tmp_path / "seed.json.key")
    assert not [word for word in ("jane", "bobby", "Doe", "Admins", "ann@", "Readers", '"Contoso') if word in text]
    assert seed["users"][0]["userPrincipalName"] == f"{other.word('jane')}@contoso.com"
    assert seed["roles"][1]["role"] == other.word("Contoso Readers")
    assert seed["roles"][0]["role"] == "Global Administrator"
    assert result["exports"] == [str(tmp_path / "seed.1.ldf")]
    written = (tmp_path / "seed.1.ldf").read_text(encoding="utf-8")
    assert f"userprincipalname: {other.word('jane')}@contoso.com" in written
    assert "jane" not in written.lower()
    assert "secret" not in written
    assert stat.S_IMODE((tmp_path / "seed.1.ldf").stat().st_mode) == 0o600
    assert seed["directories"] == [{"domain": "corp.local", "ldif": ["seed.1.ldf"]}]


def test_the_same_key_gives_the_same_names(tmp_path):
    key = str(tmp_path / "kept.key")
    first, *_rest = exported(company(), tmp_path, pseudonyms=True, key_file=key)
    second, *_rest = exported(company(), tmp_path, pseudonyms=True, key_file=key)
    assert first == second
    (tmp_path / "kept.key").unlink()
    third, *_rest = exported(company(), tmp_path, pseudonyms=True, key_file=key)
    assert third != first


def test_without_pseudonyms_an_export_keeps_all(tmp_path):
    exported(company(), tmp_path, exports=[export(tmp_path)])
    written = (tmp_path / "seed.1.ldf").read_text(encoding="utf-8")
    assert written.startswith("version: 1\n\ndn: CN=Jane Doe,OU=Staff,DC=corp,DC=local\n")
    assert "info: secret" in written


def test_a_directory_has_the_scope_that_cloud_sync_has(tmp_path):
    graph = company()
    graph.collections["/servicePrincipals"] = [{"id": "sp1", "displayName": "corp.local"}]
    jobs = "/servicePrincipals/sp1/synchronization/jobs"
    graph.collections[jobs] = [{"id": "AD2AADProvisioning.1", "templateId": "AD2AADProvisioning"}]
    graph.objects[f"{jobs}/AD2AADProvisioning.1/schema"] = {
        "synchronizationRules": [{"containerFilter": {"includedContainers": ["OU=Staff,DC=corp,DC=local"]}}]
    }
    seed, result, _warnings = exported(graph, tmp_path, pseudonyms=True, exports=[export(tmp_path)])
    (ou,) = seed["directories"][0]["scope"]["ous"]
    assert ou.endswith(",DC=corp,DC=local")
    assert ou.lower() in (tmp_path / "seed.1.ldf").read_text(encoding="utf-8").lower()
    assert "Staff" not in ou
    assert seed["directories"][0]["scope"]["groups"] == []
    assert result["unchecked"] == []


def test_a_scope_that_may_not_be_read_is_left_out(tmp_path):
    graph = company()
    graph.refused["/servicePrincipals"] = 403
    seed, result, _warnings = exported(graph, tmp_path, exports=[export(tmp_path)])
    assert "scope" not in seed["directories"][0]
    assert len(result["unchecked"]) == 1


def test_entries_that_cannot_be_read_are_warned_of(tmp_path):
    path = export(tmp_path, LDIF + "\ndn: CN=Bob,DC=corp,DC=local\nobjectGUID:: %%%\n")
    _seed, _result, warnings = exported(company(), tmp_path, exports=[path])
    assert len(warnings) == 1
    assert "1 entries of" in warnings[0]


@pytest.mark.parametrize("text", ["dn: CN=Jane\nsAMAccountName: jane\n"])
def test_an_export_of_no_domain_is_refused(tmp_path, text):
    with pytest.raises(Failure, match="no entry that lies in a domain"):
        exported(company(), tmp_path, exports=[export(tmp_path, text)])


def test_an_export_is_not_overwritten(tmp_path):
    path, graph = tmp_path / "seed.1.ldf", company()
    path.write_text(LDIF, encoding="utf-8")
    with pytest.raises(Failure, match="would be overwritten"):
        exported(graph, tmp_path, exports=[str(path)])
    assert path.read_text(encoding="utf-8") == LDIF
    assert graph.requests == 0
