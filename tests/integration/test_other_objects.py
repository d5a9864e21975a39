# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where do groups, contacts and devices stand? One of each case in a tenant, asked about by their names."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import harness
import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.other_codes import OTHER_CODES

KINDS = ("group", "contact", "device")
# Of an app registration that may look at everything.
PERMISSIONS = (
    "Contacts-OnPremisesSyncBehavior.ReadWrite.All", "Device.Read.All", "Group-OnPremisesSyncBehavior.ReadWrite.All",
    "Group.Read.All", "OnPremDirectorySynchronization.Read.All", "OrgContact.Read.All", "Organization.Read.All",
    "User.Read.All",
)  # fmt: skip
BLIND = ("User.Read.All", "Organization.Read.All", "OnPremDirectorySynchronization.Read.All")
CLIENT = "aaaaaaaa-0000-4000-8000-00000000000{}"
SECRET = "a-rehearsal-secret"
MOMENT = "2026-11-23T08:00:00Z"
SYNCED = {"onPremisesSyncEnabled": True, "onPremisesLastSyncDateTime": MOMENT}
LEFT = {**SYNCED, "onPremisesSyncEnabled": False}
MOVED = {"onPremisesSyncBehavior": {"isCloudManaged": True}}
HYBRID = {"trustType": "ServerAd", "alternativeSecurityIds": [{"type": 2, "identityProvider": None, "key": "AAAA"}]}
MAIL_GROUP = {"mailEnabled": True, "securityEnabled": False}
SECURITY_GROUP = {"mailEnabled": False, "securityEnabled": True}
EXCHANGE = {
    "@odata.type": "#microsoft.graph.serviceProvisioningXmlError", "createdDateTime": MOMENT, "isResolved": False,
    "serviceInstance": "exchange/contoso",
    "errorDetail": "<ErrorRecord><ErrorDescription>The alias is in use.</ErrorDescription></ErrorRecord>",
}  # fmt: skip


def object_id(kind: str, title: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{kind} {title}"))


def mail(address: str) -> dict[str, Any]:
    return {"mail": address, "proxyAddresses": [f"SMTP:{address}"]}


def parked(address: str) -> dict[str, Any]:
    error = {"category": "PropertyConflict", "propertyCausingError": "ProxyAddress", "value": f"SMTP:{address}",
             "occurredDateTime": MOMENT}  # fmt: skip
    return {"onPremisesProvisioningErrors": [error]}


class Case(NamedTuple):
    """One object of the tenant, and what is said of it."""

    kind: str
    title: str
    state: str
    codes: tuple[str, ...]
    body: Mapping[str, Any] = {}
    #: What its sentences must hold besides.
    says: str = ""
    #: What is asked for, where that is not its name.
    asked: str = ""

    @property
    def name(self) -> str:
        return self.asked or self.title

    @property
    def seeded(self) -> dict[str, Any]:
        return {"id": object_id(self.kind, self.title), "displayName": self.title, **self.body}


CASES = (
    # --- groups
    Case("group", "Synced", "synced", (), {**SYNCED, **SECURITY_GROUP, "onPremisesSecurityIdentifier": "S-1-5-21-1-1"}),
    Case("group", "Board", "in_cloud", ("group_matches_by_address",), {**MAIL_GROUP, **mail("board@example.com")},
         "board@example.com", asked="board@example.com"),
    Case("group", "Guards", "in_cloud", ("group_matches_nothing",), SECURITY_GROUP),
    Case("group", "Account name", "synced", (), {**SYNCED, **SECURITY_GROUP, "onPremisesSamAccountName": "acc-name"},
         asked="acc-name"),
    Case("group", "Admins", "in_cloud", ("group_role_assignable", "group_matches_nothing"),
         {**SECURITY_GROUP, "isAssignableToRole": True}),
    Case("group", "Parked", "conflict", ("attribute_quarantined",),
         {**SYNCED, **MAIL_GROUP, **parked("jane@example.com")}, "user jane@example.com"),
    Case("group", "Twin of cloud", "conflict", ("object_twin", "group_matches_by_address"),
         {**MAIL_GROUP, **mail("twin@example.com")}, "group Twin of sync"),
    Case("group", "Twin of sync", "conflict", ("attribute_quarantined",),
         {**SYNCED, **MAIL_GROUP, **parked("twin@example.com")}, "group Twin of cloud"),
    Case("group", "Left", "in_cloud", ("object_left_scope",), {**LEFT, **MAIL_GROUP, **mail("left@example.com")},
         MOMENT),
    Case("group", "Moved", "in_cloud", ("object_cloud_managed",), {**MOVED, **MAIL_GROUP, **mail("moved@example.com")}),
    Case("group", "Exchange", "synced", ("service_error",), {**SYNCED, "serviceProvisioningErrors": [EXCHANGE]},
         "The alias is in use."),
    # --- contacts
    Case("contact", "Synced", "synced", (), {**SYNCED, **mail("synced@fabrikam.com")}),
    Case("contact", "Partner", "in_cloud", ("contact_matches_by_address",), mail("partner@fabrikam.com"),
         asked="PARTNER@fabrikam.com"),
    Case("contact", "Mute", "in_cloud", ("contact_matches_nothing",)),
    Case("contact", "Parked", "conflict", ("attribute_quarantined",), {**SYNCED, **parked("board@example.com")},
         "group Board"),
    Case("contact", "Moved", "in_cloud", ("object_cloud_managed",), {**MOVED, **mail("moved@fabrikam.com")}),
    # --- devices
    Case("device", "PC-SYNCED", "synced", (), {**SYNCED, **HYBRID, "onPremisesSecurityIdentifier": "S-1-5-21-1-2"}),
    Case("device", "PC-PENDING", "pending", ("device_not_registered",),
         {**SYNCED, "trustType": "ServerAd", "alternativeSecurityIds": []}),
    Case("device", "PC-ALONE", "in_cloud", ("device_not_synced",),
         {**HYBRID, "deviceId": object_id("computer", "PC-ALONE")}, object_id("computer", "PC-ALONE"),
         asked=object_id("computer", "PC-ALONE")),
    Case("device", "PC-CLOUD", "in_cloud", ("device_needs_hybrid_join",), {"trustType": "AzureAd"},
         "Microsoft Entra joined"),
    Case("device", "PHONE", "in_cloud", ("device_needs_hybrid_join",), {"trustType": "Workplace"}, "registered"),
    Case("device", "PC-LEFT", "in_cloud", ("object_left_scope",), {**LEFT, **HYBRID}),
)  # fmt: skip
# Names that nobody, somebody in the recycle bin, or more than one have.
DOUBLES = [{"id": object_id("device", f"double {number}"), "displayName": "DOUBLE", "trustType": trust}
           for number, trust in enumerate(("AzureAd", "Workplace"))]  # fmt: skip
UNCLEAR = (
    Case("device", "DOUBLE", "unknown", ("object_ambiguous",), says="registered"),
    Case("group", "Purged", "not_found", ("object_deleted",), says="recycle bin"),
    Case("group", "Nobody", "not_found", ("object_not_found",)),
    Case("contact", "nobody@example.com", "not_found", ("object_not_found",)),
    Case("device", "NOBODY", "not_found", ("object_not_found",)),
)


def seed() -> dict[str, Any]:
    clients = [
        {"clientId": CLIENT.format(number), "secret": SECRET, "permissions": list(permissions)}
        for number, permissions in enumerate((PERMISSIONS, BLIND))
    ]
    return {
        "tenant": {"displayName": "Rehearsal", "onPremisesSyncEnabled": True, "onPremisesLastSyncDateTime": MOMENT},
        "users": [{"userPrincipalName": "jane@example.com", **mail("jane@example.com")}],
        **{f"{kind}s": [case.seeded for case in CASES if case.kind == kind] for kind in KINDS[:2]},
        "devices": [*(case.seeded for case in CASES if case.kind == "device"), *DOUBLES],
        "deletedGroups": [{"displayName": "Purged", "groupTypes": ["Unified"], **mail("purged@example.com")}],
        "settings": {"clients": clients, "automaticCycles": False},
    }


class World(NamedTuple):
    """The tenant, and what is said of all of them."""

    tenant: harness.Tenant
    playbooks: harness.Playbooks
    result: Mapping[str, Any]

    def ask(self, **options: Any) -> dict[str, Any]:
        """Run the module."""
        return self.playbooks.module("entra_sync_status", self.tenant.environment, **options)

    def row(self, case: Case) -> Mapping[str, Any]:
        """Return the row of one case."""
        [row] = [row for row in self.result["objects"] if (row["kind"], row["name"]) == (case.kind, case.name)]
        return row


def names(kind: str) -> list[str]:
    return [case.name for case in (*CASES, *UNCLEAR) if case.kind == kind]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, start_tenant: Callable[..., harness.Tenant]) -> World:
    world = World(start_tenant(seed()), harness.Playbooks(tmp_path_factory.mktemp("others")), {})
    result = world.ask(groups=names("group"), contacts=names("contact"), devices=names("device"))
    return world._replace(result=result)


def codes(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(why["code"] for why in row["reasons"])


def titled(cases: tuple[Case, ...]) -> list[Any]:
    return [pytest.param(case, id=f"{case.kind} {case.title}") for case in cases]


@pytest.mark.parametrize("case", titled((*CASES, *UNCLEAR)))
def test_each_is_told_its_state_and_what_match_is_possible(world: World, case: Case) -> None:
    row = world.row(case)
    assert (row["state"], codes(row)) == (case.state, case.codes), row["reasons"]
    assert case.says in " ".join(why["message"] for why in row["reasons"])
    assert all(why["remedy"] for why in row["reasons"])
    assert (row["unchecked"], row["error"]) == ([], None)


@pytest.mark.parametrize("case", titled(CASES))
def test_a_row_names_the_object_that_was_meant(world: World, case: Case) -> None:
    row = world.row(case)
    assert (row["id"], row["display_name"]) == (object_id(case.kind, case.title), case.title)
    assert row["last_sync"] == case.body.get("onPremisesLastSyncDateTime")
    assert row["security_identifier"] == case.body.get("onPremisesSecurityIdentifier")


def test_several_of_one_name_are_all_shown(world: World) -> None:
    row = world.row(UNCLEAR[0])
    assert row["id"] is None
    assert {one["id"]: one["trust_type"] for one in row["candidates"]} == {
        item["id"]: item["trustType"] for item in DOUBLES
    }


def test_the_summary_counts_them_apart_from_users(world: World) -> None:
    summary = world.result["summary"]
    assert (summary["total"], summary["reasons"]) == (0, {})
    others = summary["objects"]
    assert others["total"] == len(CASES) + len(UNCLEAR)
    assert others["synced"] == sum(case.state == "synced" for case in CASES)
    assert others["reasons"]["object_not_found"] == 3


def test_they_are_read_in_few_requests(world: World) -> None:
    """By names 2, by account names and device ids 1 each, what explains them 4, the tenant 2, and the recycle bin."""
    assert world.result["summary"]["requests"] <= 12


def test_the_result_changes_nothing_and_users_may_be_asked_for_besides(world: World) -> None:
    result = world.ask(users=[{"user": "jane@example.com"}], groups=["Guards"])
    assert not result["changed"]
    assert [row["user"] for row in result["users"]] == ["jane@example.com"]
    assert [row["name"] for row in result["objects"]] == ["Guards"]
    assert (result["summary"]["total"], result["summary"]["objects"]["total"]) == (1, 1)


def test_nobody_waits_for_them(world: World) -> None:
    result = world.ask(groups=["Guards"], devices=["PC-PENDING"], wait=True, wait_timeout=600)
    assert [row["state"] for row in result["objects"]] == ["in_cloud", "pending"]
    assert result["summary"]["seconds"] < 300


def test_what_may_not_be_read_is_unknown_and_named_with_its_permission(world: World) -> None:
    environment = {**world.tenant.environment, "AZURE_CLIENT_ID": CLIENT.format(1)}
    result = world.playbooks.module(
        "entra_sync_status",
        environment,
        groups=["Guards"],
        contacts=["Partner"],
        devices=[object_id("device", "PHONE")],
    )
    assert [(row["state"], codes(row)) for row in result["objects"]] == [("unknown", ("object_unread",))] * 3
    assert [row["unchecked"][0]["permission"] for row in result["objects"]] == [
        "Group.Read.All", "OrgContact.Read.All", "Device.Read.All",
    ]  # fmt: skip


def test_the_tenant_blocks_soft_matches(world: World) -> None:
    world.tenant.settings(features={"blockSoftMatchEnabled": True})
    try:
        result = world.ask(groups=["Board", "Guards"], devices=["PHONE"])
    finally:
        world.tenant.settings(features={"blockSoftMatchEnabled": False})
    assert [codes(row) for row in result["objects"]] == [
        ("object_match_blocked", "group_matches_by_address"),
        ("group_matches_nothing",),
        ("object_match_blocked", "device_needs_hybrid_join"),
    ]


def test_directory_sync_is_off(start_tenant: Callable[..., harness.Tenant], playbooks: harness.Playbooks) -> None:
    tenant = start_tenant({"contacts": [{"displayName": "Partner", **mail("partner@fabrikam.com")}]})
    [row] = playbooks.module("entra_sync_status", tenant.environment, contacts=["Partner"])["objects"]
    assert (row["state"], codes(row)) == ("in_cloud", ("tenant_sync_off", "contact_matches_by_address"))
    # The rehearsal's own app has no permission to ask for that.
    assert [item["permission"] for item in row["unchecked"]] == ["Contacts-OnPremisesSyncBehavior.ReadWrite.All"]


def test_somebody_or_something_must_be_asked_for(world: World) -> None:
    result = world.ask()
    assert result["failed"]
    assert "groups" in result["msg"]


@pytest.mark.parametrize(
    ("kind", "name", "says"),
    [
        (
            "group",
            "board@example.com",
            'group board@example.com (Board): in cloud ("In cloud") group_matches_by_address: A',
        ),
        ("contact", "Mute", 'contact Mute: in cloud ("In cloud") contact_matches_nothing: The contact has no address'),
        ("device", "PC-PENDING", 'device PC-PENDING: pending ("Microsoft Entra hybrid joined") device_not_registered:'),
        ("device", "DOUBLE", 'device DOUBLE: unknown object_ambiguous: "DOUBLE" means 2 objects of the kind device:'),
    ],
)
def test_one_in_plain_words(world: World, playbooks: harness.Playbooks, kind: str, name: str, says: str) -> None:
    work = playbooks.folder / "work"
    variables = {kind: name, "hard_match_work_dir": str(work)}
    run = playbooks.run("hybrid.identity.status", world.tenant.environment, variables=variables).succeeded()
    assert run.changed == []
    summary = " ".join((work / "summary.txt").read_text(encoding="utf-8").split())
    assert f"Groups, contacts and devices: - {says}" in summary
    assert "In the tenant" not in summary


def test_a_user_and_a_group_in_plain_words(world: World, playbooks: harness.Playbooks) -> None:
    work = playbooks.folder / "work"
    variables = {"user": "jane@example.com", "group": "Guards", "hard_match_work_dir": str(work)}
    playbooks.run("hybrid.identity.status", world.tenant.environment, variables=variables).succeeded()
    summary = (work / "summary.txt").read_text(encoding="utf-8")
    assert summary.index("- jane@example.com: ") < summary.index("- group Guards: ")
    assert "In the tenant:" in summary


def test_nobody_is_named(world: World, playbooks: harness.Playbooks) -> None:
    run = playbooks.run("hybrid.identity.status", world.tenant.environment)
    assert run.returncode != 0
    assert "group, contact, device" in " ".join(run.output.split())


def test_each_code_has_its_scenario() -> None:
    shown = {code for case in (*CASES, *UNCLEAR) for code in case.codes}
    source = Path(__file__).read_text(encoding="utf-8")
    assert [row[0] for row in OTHER_CODES if row[0] not in shown and f'"{row[0]}"' not in source] == []
