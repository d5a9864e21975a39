"""What is true of a whole tenant: flags, permissions, licences and anchors; what is contested, with both answers."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import company
import harness
import pytest
import scenarios
from company import Person

# What a plan needs at least.
MINIMAL = ["User.Read.All", "Organization.Read.All"]
SYNCED = {"onPremisesSyncEnabled": True, "onPremisesLastSyncDateTime": "2026-11-01T00:00:00Z"}


class Planned(NamedTuple):
    tenant: harness.Tenant
    result: dict[str, Any]

    def row(self, name: str) -> dict[str, Any]:
        return next(row for row in self.result["users"] if row["user"] == f"{name}@example.com")

    def outcome(self, name: str) -> tuple[str, str | None]:
        row = self.row(name)
        return row["action"], row["reason"] and row["reason"]["code"]

    @property
    def reasons(self) -> set[str]:
        return {item["code"] for item in self.result["tenant"]["reasons"]}

    @property
    def unchecked(self) -> str:
        return " ".join(item["permission"] for item in self.result["tenant"]["unchecked"])


@pytest.fixture
def plan(tmp_path: Path, start_tenant: Callable[..., harness.Tenant]) -> Callable[..., Planned]:
    """Plan for a tenant that is a little different."""

    def run(
        people: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
        carried: Iterable[str] = scenarios.CARRIED,
        options: Mapping[str, Any] | None = None,
        **sections: Any,
    ) -> Planned:
        chosen = people if people is not None else {"jane": ({}, {})}
        export = tmp_path / "export.ldf"
        entries = [Person(name).entry(ad) for name, (ad, _user) in chosen.items()]
        export.write_text(company.ldif(entries, carried), encoding="utf-8")
        seed = scenarios.seed(())
        seed["users"] = [Person(name).user(user) for name, (_ad, user) in chosen.items()]
        seed.update(sections)
        seed["settings"] = {**scenarios.seed(())["settings"], **(settings or {})}
        seed["directories"] = [{"domain": company.DOMAIN, "ldif": str(export)}]
        tenant = start_tenant(seed)
        result = harness.Playbooks(tmp_path).module(
            "entra_immutable_id", tenant.environment, check=True, src=[str(export)], **(options or {})
        )
        return Planned(tenant, result)

    return run


def with_permissions(*permissions: str) -> dict[str, Any]:
    client = {"clientId": "11111111-2222-4333-8444-555555555555", "secret": "not a real secret"}
    return {"clients": [{**client, "permissions": [*MINIMAL, *permissions]}]}


# --- flags ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sections", "code"),
    [
        ({"tenant": {"displayName": "Rehearsal", "onPremisesSyncEnabled": None}}, "tenant_sync_off"),
        ({"features": {"blockCloudObjectTakeoverThroughHardMatchEnabled": True}}, "hard_match_blocked"),
        ({"features": {"blockSoftMatchEnabled": True}}, "soft_match_blocked"),
        ({"features": {"allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled": True}}, "identifier_bypass_on"),
    ],
)
def test_flags_are_named_and_block_nobody(plan: Callable[..., Planned], sections: dict[str, Any], code: str) -> None:
    planned = plan(**sections)
    assert planned.reasons == {code}
    # Values may be written before the window is opened.
    assert planned.outcome("jane") == ("set", None)


def test_the_block_stops_the_match(plan: Callable[..., Planned]) -> None:
    planned = plan(features={"blockCloudObjectTakeoverThroughHardMatchEnabled": True, "blockSoftMatchEnabled": True})
    planned.tenant.control("PATCH", f"users/{Person('jane').id}", {"onPremisesImmutableId": Person("jane").anchor})
    cycle = planned.tenant.control("POST", "sync")["directories"][0]["cycles"][-1]
    outcome = next(row for row in cycle["objects"] if row["distinguishedName"] == Person("jane").dn)
    assert (outcome["outcome"], outcome["code"]) == ("refuse", "InvalidHardMatch")


@pytest.mark.parametrize("readable", [True, False])
def test_flags_that_may_not_be_read_are_unknown(plan: Callable[..., Planned], readable: bool) -> None:
    planned = plan(settings={"appOnlySyncFeatures": "accept" if readable else "refuse"})
    assert ("flags_unreadable" in planned.reasons) is not readable
    assert ("OnPremDirectorySynchronization.Read.All" in planned.unchecked) is not readable
    effects = {effect["code"] for effect in planned.row("jane")["effects"]}
    assert ("password_will_change" if readable else "password_may_change") in effects


def test_a_bypass_lets_a_mapped_user_pass(plan: Callable[..., Planned]) -> None:
    jane = Person("jane")
    planned = plan(
        {"jane": ({}, {"onPremisesObjectIdentifier": str(Person("nobody").guid)})},
        features={"allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled": True},
    )
    assert planned.outcome("jane") == ("set", "identifier_differs")
    planned.tenant.control("PATCH", f"users/{jane.id}", {"onPremisesImmutableId": jane.anchor})
    cycle = planned.tenant.control("POST", "sync")["directories"][0]["cycles"][-1]
    assert next(row for row in cycle["objects"] if row["distinguishedName"] == jane.dn)["outcome"] == "hard_match"


@pytest.mark.parametrize(("updates", "code"), [(True, "sign_in_name_changed"), (False, "sign_in_name_kept")])
def test_a_tenant_may_keep_the_names_of_licensed_users(plan: Callable[..., Planned], updates: bool, code: str) -> None:
    licensed = {"assignedLicenses": [{"skuId": str(Person("licence").guid), "disabledPlans": []}]}
    planned = plan(
        {"jane": ({"userPrincipalName": "new.jane@example.com"}, licensed)},
        features={"synchronizeUpnForManagedUsersEnabled": updates},
        options={"match_by": ["mail"], "block_effects": []},
    )
    assert code in {effect["code"] for effect in planned.row("jane")["effects"]}
    planned.tenant.control("PATCH", f"users/{Person('jane').id}", {"onPremisesImmutableId": Person("jane").anchor})
    planned.tenant.control("POST", "sync")
    name = next(user["userPrincipalName"] for user in planned.tenant.users().values())
    assert name == ("new.jane@example.com" if updates else "jane@example.com")


@pytest.mark.parametrize("takes", [True, False])
def test_a_new_name_that_is_an_address_of_somebody_else_is_found_either_way(
    plan: Callable[..., Planned], takes: bool
) -> None:
    """Whether the service takes that name is contested: the plan stops at it, and the cycle shows what it would do."""
    jane = Person("jane")
    planned = plan(
        {"jane": ({"userPrincipalName": "sales@example.com"}, {})},
        settings={"addressTakesName": takes},
        groups=[{"displayName": "Sales", "mail": "sales@example.com", "proxyAddresses": ["SMTP:sales@example.com"]}],
        options={"match_by": ["mail"], "block_effects": []},
    )
    assert planned.outcome("jane") == ("conflict", "address_held")
    planned.tenant.control("PATCH", f"users/{jane.id}", {"onPremisesImmutableId": jane.anchor})
    planned.tenant.control("POST", "sync")
    user = planned.tenant.control("GET", f"users/{jane.id}")
    assert (user["userPrincipalName"] == "sales@example.com") is not takes
    assert [error["propertyCausingError"] for error in user["onPremisesProvisioningErrors"]] == (
        ["UserPrincipalName"] if takes else []
    )


# --- permissions and licences ---------------------------------------------------------------------------------------


def test_roles_that_may_not_be_read_block(plan: Callable[..., Planned]) -> None:
    planned = plan(settings=with_permissions())
    assert planned.outcome("jane") == ("blocked", "roles_unknown")
    for permission in (
        "RoleManagement.Read.Directory",
        "Group.Read.All",
        "OrgContact.Read.All",
        "OnPremDirectorySynchronization.Read.All",
    ):
        assert permission in planned.unchecked


def test_roles_that_may_not_be_read_are_released_by_a_word(plan: Callable[..., Planned]) -> None:
    planned = plan(settings=with_permissions(), options={"protect_role_holders": False})
    assert planned.outcome("jane") == ("set", None)
    unchecked = {item["value"] for item in planned.row("jane")["evidence"] if item["key"] == "unchecked"}
    assert unchecked == {"onPremisesSyncBehavior.isCloudManaged"}
    assert "User-OnPremisesSyncBehavior.ReadWrite.All" in planned.unchecked


def test_domains_that_may_not_be_read_are_said_in_the_row(plan: Callable[..., Planned]) -> None:
    only_users = with_permissions()
    only_users["clients"][0]["permissions"] = ["User.Read.All"]
    planned = plan(settings=only_users, options={"protect_role_holders": False})
    assert planned.outcome("jane") == ("set", None)
    assert "domains" in {item["value"] for item in planned.row("jane")["evidence"] if item["key"] == "unchecked"}
    assert "Domain.Read.All" in planned.unchecked


def test_a_tenant_without_the_licence_has_nobody_eligible(plan: Callable[..., Planned]) -> None:
    planned = plan(settings={"pimLicensed": False})
    assert planned.outcome("jane") == ("set", None)
    assert "igib" not in " ".join(item["what"] for item in planned.result["tenant"]["unchecked"])


@pytest.mark.parametrize("answer", ["shown", "with_permission", "hidden"])
def test_an_identifier_that_may_not_be_read_is_unknown(plan: Callable[..., Planned], answer: str) -> None:
    planned = plan(
        {"jane": ({}, {"onPremisesObjectIdentifier": str(Person("nobody").guid)})},
        settings={"objectIdentifierRead": answer, **with_permissions()},
        options={"protect_role_holders": False},
    )
    unchecked = {item["value"] for item in planned.row("jane")["evidence"] if item["key"] == "unchecked"}
    if answer == "shown":
        assert planned.outcome("jane") == ("blocked", "identifier_differs")
    else:
        assert planned.outcome("jane") == ("set", None)
        assert "onPremisesObjectIdentifier" in unchecked


@pytest.mark.parametrize("check", ["privileged", "any"])
def test_any_role_protects_whatever_the_service_minds(plan: Callable[..., Planned], check: str) -> None:
    planned = plan(settings={"roleCheck": check}, roles=[{"user": Person("jane").id, "role": "Reports Reader"}])
    assert planned.outcome("jane") == ("blocked", "role_held")


@pytest.mark.parametrize(("check", "outcome"), [("set", "refuse"), ("differs", "hard_match")])
def test_an_identifier_of_the_same_object_is_tried_and_said(
    plan: Callable[..., Planned], check: str, outcome: str
) -> None:
    jane = Person("jane")
    planned = plan(
        {"jane": ({}, {"onPremisesObjectIdentifier": str(jane.guid)})}, settings={"objectIdentifierCheck": check}
    )
    assert planned.outcome("jane") == ("set", "identifier_same")
    planned.tenant.control("PATCH", f"users/{jane.id}", {"onPremisesImmutableId": jane.anchor})
    cycle = planned.tenant.control("POST", "sync")["directories"][0]["cycles"][-1]
    assert next(row for row in cycle["objects"] if row["distinguishedName"] == jane.dn)["outcome"] == outcome


@pytest.mark.parametrize("answer", ["accept", "refuse"])
def test_users_who_left_the_scope_are_tried_and_explained(
    plan: Callable[..., Planned], tmp_path: Path, answer: str
) -> None:
    planned = plan({"jane": ({}, {**SYNCED, "onPremisesSyncEnabled": False})}, settings={"patchFormerlySynced": answer})
    assert planned.outcome("jane") == ("set", "left_scope")
    result = harness.Playbooks(tmp_path).module(
        "entra_immutable_id", planned.tenant.environment, src=[str(tmp_path / "export.ldf")]
    )
    row = result["users"][0]
    if answer == "accept":
        assert (row["action"], row["changed"]) == ("set", True)
    else:
        assert (row["action"], row["reason"]["code"]) == ("blocked", "left_scope_refused")


# --- the anchor mode ------------------------------------------------------------------------------------------------


def staff(count: int, changes: Callable[[Person], tuple[dict[str, Any], dict[str, Any]]]) -> dict[str, Any]:
    return {f"staff{number}": changes(Person(f"staff{number}")) for number in range(count)}


def other_guid(person: Person) -> bytes:
    return person.guid.bytes


def base64_of(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def synced_by_object_guid(person: Person) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"mS-DS-ConsistencyGuid": other_guid(person)}, {**SYNCED, "onPremisesImmutableId": person.anchor}


def synced_by_consistency_guid(person: Person) -> tuple[dict[str, Any], dict[str, Any]]:
    raw = other_guid(person)
    return {"mS-DS-ConsistencyGuid": raw}, {**SYNCED, "onPremisesImmutableId": base64_of(raw)}


def test_a_contradicted_mode_blocks_the_plan(plan: Callable[..., Planned]) -> None:
    planned = plan({**staff(3, synced_by_object_guid), "jane": ({}, {})})
    assert planned.outcome("jane") == ("blocked", "anchor_mode_contradicted")
    assert planned.result["summary"]["anchor_modes"] == {
        "object_guid": 3,
        "consistency_guid": 0,
        "both": 0,
        "neither": 0,
        "consistency_guid_unread": 0,
    }


def test_a_stated_mode_agrees_with_the_same_users(plan: Callable[..., Planned]) -> None:
    planned = plan({**staff(3, synced_by_object_guid), "jane": ({}, {})}, options={"anchor": "object_guid"})
    assert planned.outcome("jane") == ("set", None)


def test_mixed_evidence_blocks_those_whose_values_differ(plan: Callable[..., Planned]) -> None:
    people = {**staff(2, synced_by_consistency_guid), "odd": synced_by_object_guid(Person("odd"))}
    people["jane"] = ({}, {})
    people["two-values"] = ({"mS-DS-ConsistencyGuid": other_guid(Person("two-values"))}, {})
    planned = plan(people)
    assert planned.outcome("jane") == ("set", None)
    assert planned.outcome("two-values") == ("blocked", "anchor_mode_mixed")


@pytest.mark.parametrize(
    ("synced", "engine", "outcome"),
    [
        (4, "connect_sync", ("blocked", "anchor_unconfirmed")),
        (5, "connect_sync", ("set", None)),
        (5, "cloud_sync", ("blocked", "anchor_unconfirmed")),
    ],
)
def test_synced_users_prove_an_uncertain_mode(
    tmp_path: Path,
    start_tenant: Callable[..., harness.Tenant],
    synced: int,
    engine: str,
    outcome: tuple[str, str | None],
) -> None:
    """A bare export does not show ConsistencyGuid. A full one of synced users shows that their sync does not use it."""
    jane, others = Person("jane"), [Person(f"staff{number}") for number in range(synced)]
    full, bare = tmp_path / "full.ldf", tmp_path / "bare.ldf"
    full.write_text(company.ldif([person.entry({}) for person in others], scenarios.CARRIED), encoding="utf-8")
    bare.write_text(company.ldif([jane.entry({})]), encoding="utf-8")
    seed = scenarios.seed(())
    seed["users"] = [jane.user({}), *(one.user({**SYNCED, "onPremisesImmutableId": one.anchor}) for one in others)]
    seed["directories"] = [{"domain": company.DOMAIN, "ldif": [str(full), str(bare)], "engine": engine}]
    result = harness.Playbooks(tmp_path).module(
        "entra_immutable_id", start_tenant(seed).environment, check=True, src=[str(full), str(bare)]
    )
    row = next(row for row in result["users"] if row["user"] == jane.upn)
    assert (row["action"], row["reason"] and row["reason"]["code"]) == outcome
    proof = [item["value"] for item in row["evidence"] if item["key"] == "anchor_mode"]
    assert bool(proof) is (outcome[0] == "set")


# --- alternate login ------------------------------------------------------------------------------------------------


def test_an_alternate_login_is_what_is_compared(plan: Callable[..., Planned], tmp_path: Path) -> None:
    planned = plan({"jane": ({"userPrincipalName": "jane@corp.local"}, {})})
    assert [row["action"] for row in planned.result["users"]] == ["not_found"]
    playbooks = harness.Playbooks(tmp_path)
    objects = str(tmp_path / "objects.jsonl")
    playbooks.module("ad_object_guid", src=[str(tmp_path / "export.ldf")], login_attribute="mail", dest=objects)
    result = playbooks.module("entra_immutable_id", planned.tenant.environment, check=True, src=[objects])
    assert [(row["action"], row["matched_by"]) for row in result["users"]] == [("set", "user_principal_name")]


# --- what the sync selects ------------------------------------------------------------------------------------------

ELSEWHERE = f"OU=Elsewhere,{company.BASE}"
SERVER_EXPORT = f"""<ma-data><category>AD</category><ma-partition-data><partition><name>{company.BASE}</name>
<selected>1</selected><filter><containers><inclusions><inclusion>{ELSEWHERE}</inclusion></inclusions>
<exclusions><exclusion>{company.BASE}</exclusion></exclusions></containers></filter></partition></ma-partition-data>
</ma-data>"""


@pytest.mark.parametrize(
    ("sync_scope", "code"),
    [
        ({"ous": [ELSEWHERE]}, "outside_selected_ous"),
        ({"group": f"CN=Pilot,{company.BASE}"}, "outside_selected_group"),
        ({"filter": "(department=Pilot)"}, "outside_selected_filter"),
        ({"server_export": "server"}, "outside_server_selection"),
    ],
)
def test_who_is_not_selected_is_blocked(
    plan: Callable[..., Planned], tmp_path: Path, sync_scope: dict[str, Any], code: str
) -> None:
    planned = plan(carried=[*scenarios.CARRIED, "memberOf"])
    (tmp_path / "server" / "Connectors").mkdir(parents=True)
    (tmp_path / "server" / "Connectors" / "ad.xml").write_text(SERVER_EXPORT, encoding="utf-8")
    if "server_export" in sync_scope:
        sync_scope = {"server_export": str(tmp_path / "server")}
    playbooks, objects = harness.Playbooks(tmp_path), str(tmp_path / "objects.jsonl")
    playbooks.module("ad_object_guid", src=[str(tmp_path / "export.ldf")], sync_scope=sync_scope, dest=objects)
    result = playbooks.module("entra_immutable_id", planned.tenant.environment, check=True, src=[objects])
    (row,) = result["users"]
    assert (row["action"], row["reason"]["code"]) == ("blocked", "out_of_scope")
    gathered = (tmp_path / "objects.jsonl").read_text(encoding="utf-8")
    assert code in gathered


@pytest.mark.parametrize(("ou", "action"), [(ELSEWHERE, "blocked"), (company.PEOPLE, "set")])
def test_what_cloud_sync_selects_is_read_from_its_job(
    tmp_path: Path, start_tenant: Callable[..., harness.Tenant], ou: str, action: str
) -> None:
    jane, export = Person("jane"), tmp_path / "export.ldf"
    export.write_text(company.ldif([jane.entry({})], scenarios.CARRIED), encoding="utf-8")
    seed = scenarios.seed(())
    seed["users"] = [jane.user({})]
    seed["directories"] = [{"domain": company.DOMAIN, "ldif": str(export), "scope": {"ous": [ou]}}]
    tenant = start_tenant(seed)
    result = harness.Playbooks(tmp_path).module("entra_immutable_id", tenant.environment, check=True, src=[str(export)])
    (row,) = result["users"]
    assert (row["action"], row["on_premises"]["in_scope"]) == (action, action == "set")
    tenant.control("PATCH", f"users/{jane.id}", {"onPremisesImmutableId": jane.anchor})
    tenant.control("POST", "sync")
    synced = next(iter(tenant.users().values()))["onPremisesSyncEnabled"]
    assert synced is (True if action == "set" else None)
