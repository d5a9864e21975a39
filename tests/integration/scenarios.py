"""One scenario for each row of the decision table: what is wrong, what a plan says of it, what comes of ignoring it.

Everybody stands in one AD export and one tenant, so that one plan shows them all. A scenario changes one thing about
a person who would otherwise be tied without trouble.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Callable, NamedTuple, Optional

from company import PEOPLE, Person, Values, another

_OTHER_GUID = "0c0ffee0-1111-4222-8333-444455556666"
_OTHER_ANCHOR = "AQIDBAUGRweICQoLDA0ODw=="
_OTHER_SID = "S-1-5-21-1-2-3-1104"
_PLAN = "efb87545-963c-4e0d-99df-69c6916d9eb0"

Seed = dict[str, list[dict[str, Any]]]


class Scenario(NamedTuple):
    """One person's trouble."""

    name: str
    #: What the plan says: the row's action and the code of its reason.
    action: str
    code: Optional[str]
    #: Changes to the AD object and to the user; ``None``: there is none.
    ad: Optional[Mapping[str, Values]] = {}
    user: Optional[Mapping[str, Any]] = {}
    #: Further rows of the seed.
    more: Callable[[Person], Seed] = lambda person: {}
    #: Further AD objects: changes to a person of that name.
    beside: Mapping[str, Mapping[str, Values]] = {}
    #: Codes that the row shows besides its reason.
    also: frozenset[str] = frozenset()
    #: ``(code, property)`` of effects that the row must show.
    effects: frozenset[tuple[str, Optional[str]]] = frozenset()
    #: Status of a PATCH of the anchor that is sent all the same.
    patch: int = 204
    #: Outcome and code of the sync once the anchor is there all the same; ``None``: not looked at.
    sync: Optional[tuple[str, str]] = ("hard_match", "HardMatch")
    #: The user's properties after two cycles.
    after: Mapping[str, Any] = {}
    #: The pair comes from the map.
    mapped: bool = False
    #: Code of the filter that the reason names.
    filter: Optional[str] = None


def _role(role: str, **more: Any) -> Callable[[Person], Seed]:
    return lambda person: {"roles": [{"user": person.id, "role": role, **more}]}


def _role_group(person: Person, **more: Any) -> Seed:
    group = str(Person(f"group of {person.name}").guid)
    return {
        "groups": [
            {"id": group, "displayName": f"Admins {person.name}", "isAssignableToRole": True, "securityEnabled": True,
             "mailEnabled": False, "members": [], "owners": [], **more}
        ]
    }  # fmt: skip


def _by_group(person: Person) -> Seed:
    seed = _role_group(person, members=[person.id])
    seed["roles"] = [{"group": seed["groups"][0]["id"], "role": "User Administrator"}]
    return seed


def _address_of(kind: str, section: str, **more: Any) -> Callable[[Person], Seed]:
    def rows(person: Person) -> Seed:
        address = f"old.{person.upn}"
        row = {"displayName": f"{kind} {person.name}", "mail": address, "proxyAddresses": [f"SMTP:{address}"], **more}
        return {section: [{"id": str(Person(f"{kind} of {person.name}").guid), **row}]}

    return rows


def _with_old_address(name: str) -> dict[str, Values]:
    return {"proxyAddresses": [f"SMTP:{name}@example.com", f"smtp:old.{name}@example.com"]}


def _twin(name: str, section: str = "users", **changes: Any) -> Callable[[Person], Seed]:
    def rows(person: Person) -> Seed:
        filled = {key: value(person) if callable(value) else value for key, value in changes.items()}
        plain = {"mail": None, "proxyAddresses": []}
        return {section: [another(f"{name}.{person.name}", **{**plain, **filled})]}

    return rows


def _anchor_of(person: Person) -> str:
    return person.anchor


def _dynamic(person: Person) -> Seed:
    rule = f'user.department -eq "Dept {person.name}"'
    group = {
        "id": str(Person(f"group of {person.name}").guid), "displayName": f"Everybody {person.name}",
        "groupTypes": ["DynamicMembership"], "membershipRule": rule, "membershipRuleProcessingState": "On",
        "securityEnabled": True, "mailEnabled": False, "isAssignableToRole": None,
    }  # fmt: skip
    return {"groups": [group]}


def _refused(code: str) -> tuple[str, str]:
    return ("refuse", code)


def _filtered(name: str, rule: str, **changes: Values) -> Scenario:
    return Scenario(name, "blocked", "out_of_scope", ad=changes, filter=rule, sync=("skip", "NotInScope"))


# What only an account has.
_NO_USER = dict.fromkeys(("userPrincipalName", "userAccountControl", "pwdLastSet", "accountExpires"))
_DELETED = {"deletedDateTime": "2026-11-01T00:00:00Z"}

SCENARIOS = (
    # --- nothing is wrong
    Scenario("plain", "set", None, effects=frozenset({("password_will_change", None)}),
             after={"onPremisesSyncEnabled": True, "passwordSource": "active_directory"}),
    Scenario("tied", "none", None, user={"onPremisesImmutableId": _anchor_of}),
    # --- whose it is
    Scenario("newcomer", "not_found", "not_found", user=None, sync=("create", "Created")),
    Scenario("nobody-in-ad", "none", "unclaimed", ad=None, sync=None),
    Scenario("binned", "not_found", "user_deleted", user=None, sync=None,
             more=lambda person: {"deletedUsers": [person.user(_DELETED)]}),
    Scenario("binned-weak", "not_found", "user_deleted", user=None, sync=None,
             ad={"userPrincipalName": "binned-weak@corp.local", "mail": None, "proxyAddresses": None,
                 "employeeID": "E-78"},
             more=_twin("gone", "deletedUsers", employeeId="E-78", **_DELETED)),
    Scenario("two-fit", "ambiguous", "several_users", ad={"userPrincipalName": "nobody-two@corp.local"}, sync=None,
             more=_twin("second", mail=lambda p: p.upn)),
    Scenario("claimed", "ambiguous", "claimed_twice", beside={"claimant": {
        "userPrincipalName": "claimant@corp.local", "mail": "claimed@example.com", "proxyAddresses": None}}, sync=None),
    Scenario("by-map", "set", None, ad={"userPrincipalName": "by-map@example.com", "mail": None,
             "proxyAddresses": None}, mapped=True),
    Scenario("contradicted", "conflict", "match_contradicted", ad={"userPrincipalName": "contra.old@example.com"},
             more=_twin("old", "deletedUsers", userPrincipalName="contra.old@example.com", **_DELETED), sync=None,
             also=frozenset({"upn_held"})),
    Scenario("guest", "blocked", "external_user", user={"userType": "Guest", "creationType": "Invitation",
             "externalUserState": "Accepted"}),
    Scenario("room-panel", "blocked", "resource_account", user={"isResourceAccount": True}),
    Scenario("two-kinds", "conflict", "address_held", ad={"userPrincipalName": "nobody-here@example.com"},
             more=_twin("guest", mail=lambda p: p.upn, userType="Guest", creationType="Invitation"),
             also=frozenset({"external_also_fits"}), sync=None),
    Scenario("weak", "blocked", "weak_match", sync=("hard_match", "HardMatch"),
             ad={"userPrincipalName": "w@corp.local", "mail": None, "proxyAddresses": None, "employeeID": "E-77"},
             user={"employeeId": "E-77"}, also=frozenset({"suffix_not_verified"})),
    # --- who must not be touched
    Scenario("protected", "blocked", "protected"),
    Scenario("protected-member", "blocked", "protected_by_group", more=lambda person: {"groups": [
        {"id": str(Person("protected group").guid), "displayName": "Keep Out", "securityEnabled": True,
         "mailEnabled": False, "isAssignableToRole": None, "members": [person.id]}]}),
    Scenario("emergency", "blocked", "emergency_account", more=_role("Global Administrator"), patch=403,
             sync=_refused("InvalidHardMatch"), also=frozenset({"role_held"})),
    Scenario("sync-account", "blocked", "sync_account", more=_role("Directory Synchronization Accounts"), patch=403,
             sync=_refused("InvalidHardMatch"), also=frozenset({"role_held"})),
    Scenario("role-direct", "blocked", "role_held", more=_role("User Administrator"), patch=403,
             sync=_refused("InvalidHardMatch")),
    Scenario("role-group", "blocked", "role_by_group", more=_by_group, patch=403, sync=_refused("InvalidHardMatch"),
             also=frozenset({"role_group_member"})),
    Scenario("role-eligible", "blocked", "role_eligible", more=_role("User Administrator", eligible=True),
             sync=_refused("InvalidHardMatch")),
    Scenario("role-owner", "blocked", "role_group_member", patch=403,
             more=lambda person: _role_group(person, owners=[person.id])),
    Scenario("role-pim-group", "blocked", "role_group_member",
             more=lambda person: _role_group(person, eligibleMembers=[person.id])),
    Scenario("restricted", "blocked", "management_restricted", user={"isManagementRestricted": True}, patch=403),
    # --- what the service refuses
    Scenario("synced", "blocked", "already_synced", patch=400, sync=None, user={
        "onPremisesSyncEnabled": True, "onPremisesImmutableId": _OTHER_ANCHOR,
        "onPremisesLastSyncDateTime": "2026-11-01T00:00:00Z"}),
    Scenario("left", "set", "left_scope", user={"onPremisesSyncEnabled": False,
             "onPremisesLastSyncDateTime": "2026-01-01T00:00:00Z"}),
    Scenario("cloud-managed", "blocked", "cloud_managed", user={"onPremisesSyncBehavior": {"isCloudManaged": True},
             "onPremisesLastSyncDateTime": "2026-01-01T00:00:00Z"}, sync=("skip", "SourceOfAuthorityCloud")),
    Scenario("mapped-elsewhere", "blocked", "identifier_differs", user={"onPremisesObjectIdentifier": _OTHER_GUID},
             sync=_refused("AttributeUpdateNotAllowed")),
    Scenario("mapped-here", "set", "identifier_same",
             user={"onPremisesObjectIdentifier": lambda person: str(person.guid)},
             sync=_refused("AttributeUpdateNotAllowed")),
    Scenario("federated", "blocked", "federated_domain", ad={"userPrincipalName": "federated@fed.example.com"},
             user={"userPrincipalName": "federated@fed.example.com"}),
    Scenario("suffix", "blocked", "suffix_not_verified", ad={"userPrincipalName": "suffix@corp.local"},
             also=frozenset({"sign_in_name_changed"}),
             effects=frozenset({("sign_in_name_changed", "userPrincipalName")}),
             after={"userPrincipalName": "suffix@rehearsal.onmicrosoft.com"}),
    # --- the anchor
    Scenario("anchor-live", "conflict", "anchor_held", patch=400, sync=None,
             more=_twin("holder", onPremisesImmutableId=_anchor_of)),
    Scenario("anchor-binned", "conflict", "anchor_held_deleted", patch=400, sync=("revive", "Revived"),
             more=_twin("holder", "deletedUsers", onPremisesImmutableId=_anchor_of, **_DELETED)),
    Scenario("other-value", "blocked", "existing_value_kept",
             user={"onPremisesImmutableId": "BQIDBAUGRweICQoLDA0ODw=="}),
    Scenario("swapped", "blocked", "existing_value_kept", sync=None,
             user={"onPremisesImmutableId": lambda p: base64.b64encode(p.guid.bytes).decode()}),
    Scenario("misspelled", "blocked", "existing_value_misspelled", sync=None,
             user={"onPremisesImmutableId": lambda p: f"{p.anchor} "}),
    Scenario("string-anchor", "blocked", "string_anchor_kept", user={"onPremisesImmutableId": "E-4711"}),
    Scenario("short-guid", "blocked", "consistency_guid_wrong_length", ad={"mS-DS-ConsistencyGuid": b"12345678"},
             sync=None),
    Scenario("zero-guid", "blocked", "consistency_guid_all_zero", ad={"mS-DS-ConsistencyGuid": bytes(16)}, sync=None),
    Scenario("copied", "conflict", "anchor_duplicate", ad={"mS-DS-ConsistencyGuid": b"copied copied co"}, sync=None,
             beside={"copied-too": {"mS-DS-ConsistencyGuid": b"copied copied co"}}),
    # --- others that have what the sync will bring
    Scenario("sid-taken", "conflict", "sid_held", sync=_refused("AttributeValueMustBeUnique"),
             more=_twin("sid", onPremisesSecurityIdentifier=lambda p: p.sid)),
    Scenario("name-taken", "conflict", "upn_held", ad={"userPrincipalName": "n.taken@example.com", "mail": None,
             "proxyAddresses": None}, mapped=True, more=_twin("name", userPrincipalName="n.taken@example.com")),
    Scenario("address-user", "conflict", "address_held", ad=_with_old_address("address-user"),
             more=_twin("address", proxyAddresses=lambda p: [f"smtp:old.{p.upn}"])),
    Scenario("address-group", "conflict", "address_held", ad=_with_old_address("address-group"),
             more=_address_of("group", "groups", mailEnabled=True, securityEnabled=False, isAssignableToRole=None),
             sync=_refused("ObjectTypeMismatch")),
    Scenario("address-contact", "conflict", "address_held", ad=_with_old_address("address-contact"),
             more=_address_of("contact", "contacts"), sync=_refused("ObjectTypeMismatch")),
    Scenario("address-binned", "conflict", "address_held", ad=_with_old_address("address-binned"), sync=None,
             more=_twin("address", "deletedUsers", proxyAddresses=lambda p: [f"smtp:old.{p.upn}"], **_DELETED)),
    Scenario("address-binned-group", "conflict", "address_held", ad=_with_old_address("address-binned-group"),
             more=_address_of("group", "deletedGroups", mailEnabled=True, groupTypes=["Unified"], **_DELETED),
             sync=_refused("ObjectTypeMismatch")),
    # --- what sync leaves out, or does not match
    _filtered("critical", "critical_system_object", isCriticalSystemObject="TRUE"),
    _filtered("described", "admin_description_user", adminDescription="User_kiosk"),
    _filtered("nameless", "no_sam_account_name", sAMAccountName=None),
    _filtered("support", "support_account", sAMAccountName="SUPPORT_388945a0"),
    _filtered("old-service", "sync_service_account", sAMAccountName="AAD_1a2b3c4d"),
    _filtered("service", "sync_service_account", sAMAccountName="MSOL_1a2b3c4d"),
    _filtered("mail-system", "exchange_system_mailbox", mailNickname="SystemMailbox{1f05a927}"),
    _filtered("mail-access", "exchange_cas_mailbox", mailNickname="CAS_{1f05a927}"),
    _filtered("discovery", "exchange_system_type", msExchRecipientTypeDetails=str(0x20000000)),
    _filtered("linked", "linked_mailbox", msExchRecipientTypeDetails="2"),
    _filtered("collided", "replication_conflict", dn=f"CN=collided\\0ACNF:{_OTHER_GUID},{PEOPLE}"),
    _filtered("tombstone", "deleted_object", isDeleted="TRUE"),
    Scenario("team", "none", "group_by_address", user=None, sync=None, ad={
        **_NO_USER, "objectClass": ["top", "group"]}),
    Scenario("team-without", "none", "group_without_address", user=None, sync=None, ad={
        **_NO_USER, "objectClass": ["top", "group"], "mail": None, "proxyAddresses": None, "mailNickname": None}),
    Scenario("partner", "none", "contact_by_address", user=None, sync=None, ad={
        **_NO_USER, "objectClass": ["top", "person", "organizationalPerson", "contact"], "sAMAccountName": None,
        "objectSid": None}),
    # --- what the takeover does
    Scenario("renamed", "set", None, ad={"displayName": "New Name"}, user={"displayName": "Old Name"},
             effects=frozenset({("overwritten", "displayName")}), after={"displayName": "New Name"}),
    Scenario("emptied", "set", None, user={"jobTitle": "Captain", "mobilePhone": "+1 555 0100"},
             effects=frozenset({("blanked", "jobTitle"), ("blanked", "mobilePhone")}),
             after={"jobTitle": None, "mobilePhone": None}),
    Scenario("uncarried", "set", None, user={"companyName": "Kept Ltd"},
             effects=frozenset({("not_carried", "companyName")}), after={"companyName": "Kept Ltd"}),
    Scenario("led", "set", None, ad={"manager": Person("plain").dn}, user={"manager": Person("plain").id},
             after={"manager": Person("plain").id}),
    Scenario("led-by-another", "set", None, ad={"manager": Person("plain").dn}, user={"manager": Person("tied").id},
             effects=frozenset({("overwritten", "manager")}), after={"manager": Person("plain").id}),
    Scenario("led-by-a-stranger", "set", None, ad={"manager": f"CN=Stranger,{PEOPLE}"},
             user={"manager": Person("tied").id}, effects=frozenset({("not_carried", "manager")})),
    Scenario("led-in-the-cloud", "set", None, user={"manager": Person("tied").id},
             effects=frozenset({("blanked", "manager")}), after={"manager": None}),
    Scenario("disabled", "blocked", "user_disabled", ad={"userAccountControl": "514"},
             effects=frozenset({("user_disabled", "accountEnabled")}), after={"accountEnabled": False}),
    Scenario("enabled", "set", None, user={"accountEnabled": False, "mail": None, "proxyAddresses": []},
             effects=frozenset({("user_enabled", "accountEnabled")}), after={"accountEnabled": True}),
    Scenario("shared", "set", None, user={"accountEnabled": False},
             effects=frozenset({("shared_mailbox_enabled", "accountEnabled")}), after={"accountEnabled": True}),
    Scenario("new-name", "blocked", "sign_in_name_changed", ad={"userPrincipalName": "brand.new@example.com"},
             effects=frozenset({("sign_in_name_changed", "userPrincipalName")}),
             after={"userPrincipalName": "brand.new@example.com"}),
    Scenario("primary", "blocked", "primary_address_lost", ad={"mail": "prim@example.com",
             "proxyAddresses": ["SMTP:prim@example.com"]},
             user={"mail": "boss@example.com", "proxyAddresses": ["SMTP:boss@example.com"]},
             effects=frozenset({("primary_address_lost", "mail")})),
    Scenario("primary-moves", "set", None,
             ad={"mail": "pm@example.com", "proxyAddresses": ["SMTP:pm@example.com", "smtp:primary-moves@example.com"]},
             effects=frozenset({("primary_address_changed", "mail")})),
    Scenario("aliases", "set", None,
             user={"proxyAddresses": ["SMTP:aliases@example.com", "smtp:cloud.only@example.com"]},
             effects=frozenset({("address_lost", "proxyAddresses")})),
    Scenario("must-change", "blocked", "password_must_change", ad={"pwdLastSet": "0"},
             effects=frozenset({("password_must_change", None)})),
    Scenario("smart-card", "set", None, ad={"userAccountControl": str(512 | 0x40000)},
             effects=frozenset({("password_random", None)})),
    Scenario("inet-org", "set", None, ad={
        "objectClass": ["top", "person", "organizationalPerson", "user", "inetOrgPerson"]},
        effects=frozenset({("password_not_synced", None)}), after={"passwordSource": "cloud"}),
    Scenario("expired", "set", None, ad={"accountExpires": "133000000000000000"},
             effects=frozenset({("account_expired", None)}), after={"accountEnabled": True}),
    Scenario("mailbox", "set", None, ad={"msExchMailboxGuid": b"mailbox mailbox!", "msExchRecipientTypeDetails": "1"},
             user={"assignedPlans": [{"service": "exchange", "capabilityStatus": "Enabled", "servicePlanId": _PLAN}]},
             effects=frozenset({("mailbox_in_danger", None)})),
    Scenario("dynamic", "set", None, user={"department": "Dept dynamic"}, more=_dynamic,
             effects=frozenset({("dynamic_group_attribute", "department"), ("blanked", "department")}),
             after={"department": None}),
)  # fmt: skip

# What the export carries even where no entry has a value, so that "empty in AD" is known.
CARRIED = (
    "mS-DS-ConsistencyGuid", "title", "mobile", "department", "givenName", "sn", "telephoneNumber",
    "isCriticalSystemObject", "adminDescription", "msExchRecipientTypeDetails", "msExchMailboxGuid", "employeeID",
    "targetAddress",
)  # fmt: skip


def person_of(scenario: Scenario) -> Person:
    """Return who has this trouble."""
    return Person(scenario.name)


def dn_of(scenario: Scenario) -> str:
    """Return the distinguished name of the AD object."""
    return str((scenario.ad or {}).get("dn") or person_of(scenario).dn)


def entries(scenarios: tuple[Scenario, ...] = SCENARIOS) -> list[dict[str, Values]]:
    """Return the AD objects."""
    found = []
    for scenario in scenarios:
        if scenario.ad is not None:
            found.append(person_of(scenario).entry(scenario.ad))
        found += [Person(name).entry(changes) for name, changes in scenario.beside.items()]
    return found


def seed(scenarios: tuple[Scenario, ...] = SCENARIOS) -> dict[str, Any]:
    """Return the tenant, without its directories."""
    content: dict[str, Any] = {
        "tenant": {"displayName": "Rehearsal", "onPremisesSyncEnabled": True},
        "domains": [
            {"id": "example.com", "isVerified": True, "authenticationType": "Managed", "isDefault": True},
            {"id": "fed.example.com", "isVerified": True, "authenticationType": "Federated"},
            {"id": "rehearsal.onmicrosoft.com", "isVerified": True, "authenticationType": "Managed", "isInitial": True},
        ],
        "users": [],
        "deletedUsers": [],
        "groups": [],
        "deletedGroups": [],
        "contacts": [],
        "roles": [],
        "features": {"passwordSyncEnabled": True, "userForcePasswordChangeOnLogonEnabled": True},
        "settings": {"automaticCycles": False, "listLagSeconds": 0, "idLagSeconds": 0},
    }
    for scenario in scenarios:
        person = person_of(scenario)
        if scenario.user is not None:
            changes = {name: value(person) if callable(value) else value for name, value in scenario.user.items()}
            content["users"].append(person.user(changes))
        for section, rows in scenario.more(person).items():
            content[section] += rows
    return content


def map_file(scenarios: tuple[Scenario, ...] = SCENARIOS) -> str:
    """Return the CSV of explicit pairs."""
    lines = [f"{person_of(one).id},{person_of(one).guid}" for one in scenarios if one.mapped]
    return "\n".join(["user,object_guid", *lines]) + "\n"
