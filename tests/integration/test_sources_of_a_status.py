"""What else a status takes its reasons from: AD as it is now, and the tenant's audit log."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import company
import harness
import pytest
from company import Person, Values

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.ad_codes import AD_CODES

CARRIED = ("mS-DS-ConsistencyGuid", "isCriticalSystemObject", "adminDescription", "msExchRecipientTypeDetails")
SCOPE = {"ous": [company.PEOPLE]}
ELSEWHERE = f"OU=Elsewhere,{company.BASE}"


class Change(NamedTuple):
    """What became of an AD object since the plan, and the codes of all reasons, the decisive one first."""

    name: str
    codes: tuple[str, ...]
    #: Changes of the object; None: it is gone.
    ad: Mapping[str, Values] | None = {}
    #: What a sentence must hold.
    says: str = ""

    @property
    def person(self) -> Person:
        return Person(self.name)


CHANGES = (
    Change("same", ("awaiting_sync",)),
    # The ids match, but only in terms of objectGUID.
    Change("rewritten", ("ad_anchor_changed",), {"mS-DS-ConsistencyGuid": b"another GUID AD "},
           "which is the objectGUID of the AD object"),
    Change("gone", ("ad_object_gone",), None, str(Person("gone").guid)),
    Change("moved", ("out_of_scope", "ad_values_changed"), {"dn": f"CN=moved,{ELSEWHERE}"}, ELSEWHERE),
    Change("renamed", ("awaiting_sync", "ad_values_changed"), {"userPrincipalName": "new.name@example.com"},
           "sign-in name (renamed@example.com -> new.name@example.com)"),
    Change("off", ("awaiting_sync", "ad_account_disabled"), {"userAccountControl": "514"}),
    Change("spoilt", ("consistency_guid_wrong_length",), {"mS-DS-ConsistencyGuid": b"8 bytes!"}),
)  # fmt: skip


def codes(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(why["code"] for why in row["reasons"])


def told(row: Mapping[str, Any]) -> str:
    return " ".join(why["message"] for why in row["reasons"])


def seed(*users: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a tenant in which these users have what they have, and nothing is done by itself."""
    return {
        "tenant": {"displayName": "Rehearsal", "onPremisesSyncEnabled": True},
        "domains": [
            {"id": "example.com", "isVerified": True, "authenticationType": "Managed", "isDefault": True},
            {"id": "rehearsal.onmicrosoft.com", "isVerified": True, "authenticationType": "Managed", "isInitial": True},
        ],
        "users": list(users), "deletedUsers": [], "groups": [], "contacts": [], "roles": [],
        "features": {"blockSoftMatchEnabled": True}, "settings": {"automaticCycles": False, "logQuota": 0},
        **more,
    }  # fmt: skip


def anchored(person: Person, **changes: Any) -> dict[str, Any]:
    return person.user({"onPremisesImmutableId": person.anchor, **changes})


def last_status(run: harness.Run) -> dict[str, Any]:
    return [result for result in run.results("entra_sync_status") if not result.get("skipped")][-1]


def status_of(playbooks: harness.Playbooks, tenant: harness.Tenant, name: str) -> list[dict[str, Any]]:
    """Return the rows of the playbook's status of everybody in a file."""
    variables = {
        "hard_match_plan": str(playbooks.folder / name),
        "hard_match_work_dir": str(playbooks.folder / "work"),
    }
    run = playbooks.run("hybrid.identity.status", tenant.environment, variables=variables).succeeded()
    rows: list[dict[str, Any]] = last_status(run)["users"]
    return rows


# AD as it is now


class Company(NamedTuple):
    """A tenant with everybody's anchors, the objects as they were, and the export of AD now."""

    tenant: harness.Tenant
    playbooks: harness.Playbooks
    then: Path
    now: Path

    def status(self, *users: str, **variables: Any) -> harness.Run:
        """Ask about people of the file by the playbook."""
        given = {
            "hard_match_users": [{"user": user} for user in users],
            "hard_match_source": {"src": [str(self.now)], "sync_scope": SCOPE},
            "hard_match_work_dir": str(self.playbooks.folder / "work"),
        }
        play = {
            **harness.local_play([]),
            "roles": [],
            "tasks": [{"ansible.builtin.include_role": {"name": "hybrid.identity.hard_match", "tasks_from": "status"}}],
        }
        return self.playbooks.run([play], self.tenant.environment, variables={**given, **variables}).succeeded()


@pytest.fixture(scope="module")
def company_then_and_now(
    tmp_path_factory: pytest.TempPathFactory, start_tenant: Callable[..., harness.Tenant]
) -> Company:
    folder = tmp_path_factory.mktemp("sources")
    export, now, objects = folder / "then.ldf", folder / "now.ldf", folder / "objects.jsonl"
    export.write_text(company.ldif([change.person.entry({}) for change in CHANGES], CARRIED), encoding="utf-8")
    present = [change.person.entry(change.ad) for change in CHANGES if change.ad is not None]
    now.write_text(company.ldif(present, CARRIED), encoding="utf-8")
    tenant = start_tenant(seed(*(anchored(change.person) for change in CHANGES), company.another("nobody")))
    playbooks = harness.Playbooks(folder)
    playbooks.module("ad_object_guid", src=[str(export)], dest=str(objects), sync_scope=SCOPE, return_limit=0)
    return Company(tenant, playbooks, objects, now)


def test_what_became_of_the_objects_since_is_said(company_then_and_now: Company) -> None:
    world = company_then_and_now
    run = world.status(*(change.person.upn for change in CHANGES), hard_match_plan=str(world.then))
    rows = {row["id"]: row for row in last_status(run)["users"]}
    for change in CHANGES:
        row = rows[change.person.id]
        assert codes(row) == change.codes, row["reasons"]
        assert change.says in told(row)
        assert row["in_ad"] is (change.ad is not None)
    page = " ".join((world.playbooks.folder / "work" / "summary.txt").read_text(encoding="utf-8").split())
    assert f"AD says: CN=off,{company.PEOPLE}; the anchor is" in page
    assert "the account is disabled; sync selects it." in page
    assert run.changed == []


def test_one_person_by_name_alone(company_then_and_now: Company) -> None:
    """Nobody expected anything; AD says which anchor the user must have."""
    world = company_then_and_now
    rows = last_status(world.status("rewritten@example.com", "nobody@example.com", "renamed@example.com"))["users"]
    found = {row["user"]: row for row in rows}
    assert codes(found["rewritten@example.com"]) == ("anchor_differs",)
    assert "which is the objectGUID of the AD object" in told(found["rewritten@example.com"])
    assert codes(found["nobody@example.com"]) == ("anchor_not_set", "ad_object_not_found")
    # Found by its anchor, which is a spelling of its objectGUID.
    assert found["renamed@example.com"]["object"]["login_name"] == "new.name@example.com"


def test_all_of_a_plan_only_if_that_is_asked_for(company_then_and_now: Company) -> None:
    world = company_then_and_now
    plan = {"hard_match_plan": str(world.then)}
    rows = last_status(world.status(**plan))["users"]
    assert {row["in_ad"] for row in rows} == {None}
    rows = last_status(world.status(**plan, hard_match_read_ad=True))["users"]
    assert {row["user"]: row["in_ad"] for row in rows}["off@example.com"] is True
    # All objects were read, and none was asked for: what is not there may lie elsewhere.
    [row] = [row for row in rows if row["user"] == "gone@example.com"]
    assert codes(row) == ("awaiting_sync", "ad_object_not_found")


def test_ad_that_cannot_be_read_is_named_and_the_status_is_answered(company_then_and_now: Company) -> None:
    world = company_then_and_now
    [row] = last_status(world.status("same@example.com", hard_match_source={"src": ["no-such.ldf"]}))["users"]
    assert codes(row)[0] == "anchor_unchecked"
    assert ["no-such.ldf" in item["what"] for item in row["unchecked"]] == [True]


def test_one_person_is_read_from_ad_over_ldap(
    samba: harness.DomainController, start_tenant: Callable[..., harness.Tenant], playbooks: harness.Playbooks
) -> None:
    """It is said by the environment alone how AD is reached."""
    printed = samba.ldapsearch(
        f"OU=Offices,{samba.base}", "(userPrincipalName=*)", ["userPrincipalName", "objectGUID"], "-o", "ldif-wrap=no"
    )
    found = re.findall(r"^(userPrincipalName|objectGUID)::? (.*)$", printed.split("\n\n")[0], re.MULTILINE)
    upn = dict(found)["userPrincipalName"]
    tenant = start_tenant(seed(Person("ann").user({"userPrincipalName": upn, "onPremisesImmutableId": "b3RoZXI="})))
    folder = playbooks.folder / "work"
    variables = {"user": upn, "hard_match_work_dir": str(folder)}
    run = playbooks.run("hybrid.identity.status", tenant.environment | samba.environment, variables=variables)
    [row] = last_status(run.succeeded())["users"]
    assert row["in_ad"] is True
    assert row["object"]["user_principal_name"] == upn
    assert "anchor_differs" in codes(row)
    assert f"AD says: {row['object']['distinguished_name']}; the anchor is" in " ".join(
        (folder / "summary.txt").read_text(encoding="utf-8").split()
    )
    closed = samba.environment | {"MICROSOFT_AD_LDAP_PORT": "1"}
    run = playbooks.run("hybrid.identity.status", tenant.environment | closed, variables=variables)
    [row] = last_status(run.succeeded())["users"]
    assert row["in_ad"] is None
    assert "what AD says of the objects now" in " ".join(item["what"] for item in row["unchecked"])


# The audit log


@pytest.fixture
def written(start_tenant: Callable[..., harness.Tenant], playbooks: harness.Playbooks) -> harness.Tenant:
    """People who have just been given their anchors, with a journal."""
    people = [Person(name) for name in ("anna", "bert", "carl", "emil")]
    tenant = start_tenant(seed(*(person.user({}) for person in people)))
    playbooks.module(
        "entra_immutable_id",
        tenant.environment,
        users=[{"user": person.upn, "immutable_id": person.anchor} for person in people],
        journal=str(playbooks.folder / "journal.jsonl"),
        protect_role_holders=False,
    )
    return tenant


def test_who_changed_people_after_the_write(written: harness.Tenant, playbooks: harness.Playbooks) -> None:
    written.control("PATCH", "users/anna@example.com", {"onPremisesImmutableId": "c29tZWJvZHkgZWxzZSE="})
    written.control("PATCH", "users/bert@example.com", {"userPrincipalName": "bertie@example.com"})
    written.control("PATCH", "users/carl@example.com", {"deleted": True})
    written.control("DELETE", "users/emil@example.com")
    rows = {row["id"]: row for row in status_of(playbooks, written, "journal.jsonl")}
    anna, bert, carl = (rows[Person(name).id] for name in ("anna", "bert", "carl"))
    assert codes(anna) == ("anchor_differs", "anchor_changed_by")
    assert "Somebody else at 20" in told(anna)
    assert f'from "{Person("anna").anchor}" to "c29tZWJvZHkgZWxzZSE="' in told(anna)
    assert codes(bert)[-1] == "user_changed_by"
    assert 'UserPrincipalName from "bert@example.com" to "bertie@example.com"' in told(bert)
    assert codes(carl) == ("user_deleted", "user_changed_by")
    assert '"Delete user" by Somebody else' in told(carl)
    emil = rows[Person("emil").id]
    assert codes(emil) == ("not_found", "user_changed_by")
    assert '"Hard Delete user" by Somebody else' in told(emil)
    # One query for all of them.
    paths = [request["path"] for request in written.requests() if "directoryAudits" in request["path"]]
    assert len(paths) == 1


@pytest.mark.parametrize("audits", [True, False])
def test_what_was_refused_to_a_sync_that_leaves_nothing_else(
    start_tenant: Callable[..., harness.Tenant], playbooks: harness.Playbooks, audits: bool
) -> None:
    """Whether the audit log has refusals is contested; where it has none, nothing is made up."""
    person = Person("dora")
    export = playbooks.folder / "export.ldf"
    export.write_text(company.ldif([person.entry({})], CARRIED), encoding="utf-8")
    directory = {"domain": company.DOMAIN, "ldif": str(export), "engine": "connect_sync"}
    settings = {"automaticCycles": False, "refusalsAudited": audits, "objectIdentifierCheck": "set"}
    user = anchored(person, onPremisesObjectIdentifier=str(person.guid))
    tenant = start_tenant(seed(user, directories=[directory], settings=settings))
    tenant.control("POST", "sync", {})
    objects = str(playbooks.folder / "objects.jsonl")
    playbooks.module("ad_object_guid", src=[str(export)], dest=objects, sync_scope=SCOPE)
    [row] = status_of(playbooks, tenant, "objects.jsonl")
    if audits:
        assert (row["state"], codes(row)[0]) == ("in_cloud", "sync_attempt_failed")
        assert "AttributeUpdateNotAllowed" in told(row)
    else:
        assert codes(row)[0] == "awaiting_sync"


def test_an_audit_log_that_may_not_be_read_is_named(written: harness.Tenant, playbooks: harness.Playbooks) -> None:
    written.control("POST", "faults", {"method": "GET", "path": "directoryAudits", "status": 403, "times": 9})
    for row in status_of(playbooks, written, "journal.jsonl"):
        assert ["AuditLog" in item["permission"] for item in row["unchecked"] if "audit" in item["what"]] == [True]


def test_each_code_has_its_scenario() -> None:
    shown = {code for change in CHANGES for code in change.codes}
    source = Path(__file__).read_text(encoding="utf-8")
    assert [row[0] for row in AD_CODES if row[0] not in shown and f'"{row[0]}"' not in source] == []
