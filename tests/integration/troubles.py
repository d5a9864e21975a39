"""Everybody who is not synced, or not as they should be: what keeps them there, and what a status says of it.

All stand in one AD export and one tenant, whose users have their anchors already. A status is read before the first
cycle of the sync and after it, and then under each of the circumstances that keep everybody waiting.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, Callable, NamedTuple, Optional

from company import BASE, Person, Values, another

OTHER_GUID = "0c0ffee0-1111-4222-8333-444455556666"
OTHER_ANCHOR = base64.b64encode(b"some other GUID!").decode()
# Whose AD object the sync has not read yet.
LATE = "late"
DELETED = {"deletedDateTime": "2026-11-01T00:00:00Z"}
INITIAL = "rehearsal.onmicrosoft.com"

Seed = dict[str, list[dict[str, Any]]]


class Trouble(NamedTuple):
    """One person's trouble: what differs from somebody whom the sync will tie, and what is said of it."""

    name: str
    #: Codes of all reasons, the decisive one first, before and after the first cycle; none is "synced".
    before: tuple[str, ...]
    after: tuple[str, ...]
    ad: Mapping[str, Values] = {}
    #: ``None``: there is no user.
    user: Optional[Mapping[str, Any]] = {}
    more: Callable[[Person], Seed] = lambda person: {}
    #: What a sentence of the reasons after the cycle must hold besides.
    says: str = ""

    @property
    def person(self) -> Person:
        """Who has this trouble."""
        return Person(self.name)

    @property
    def dn(self) -> str:
        """Distinguished name of the AD object."""
        return str(self.ad.get("dn") or self.person.dn)


def _anchor(change: Callable[[Person], Optional[str]]) -> dict[str, Any]:
    return {"onPremisesImmutableId": change}


def _role(role: str, **more: Any) -> Callable[[Person], Seed]:
    return lambda person: {"roles": [{"user": person.id, "role": role, **more}]}


def _by_group(person: Person) -> Seed:
    group = str(Person(f"group of {person.name}").guid)
    body = {"id": group, "displayName": f"Admins {person.name}", "isAssignableToRole": True, "securityEnabled": True,
            "mailEnabled": False, "members": [person.id], "owners": []}  # fmt: skip
    return {"groups": [body], "roles": [{"group": group, "role": "User Administrator"}]}


def _other(section: str = "users", **changes: Any) -> Callable[[Person], Seed]:
    def rows(person: Person) -> Seed:
        filled = {key: value(person) if callable(value) else value for key, value in changes.items()}
        return {section: [another(f"other.{person.name}", **{"mail": None, "proxyAddresses": [], **filled})]}

    return rows


def _address_of(section: str, **more: Any) -> Callable[[Person], Seed]:
    def rows(person: Person) -> Seed:
        address = f"old.{person.upn}"
        body = {"displayName": f"Owner {person.name}", "mail": address, "proxyAddresses": [f"SMTP:{address}"], **more}
        return {section: [{"id": str(Person(f"owner for {person.name}").guid), **body}]}

    return rows


def _old_address(name: str) -> dict[str, Values]:
    return {"proxyAddresses": [f"SMTP:{name}@example.com", f"smtp:old.{name}@example.com"]}


def _both(*rows: Callable[[Person], Seed]) -> Callable[[Person], Seed]:
    def together(person: Person) -> Seed:
        found: Seed = {}
        for one in rows:
            for section, items in one(person).items():
                found.setdefault(section, []).extend(items)
        return found

    return together


def _url_safe(person: Person) -> str:
    return person.anchor.translate(str.maketrans("+/", "-_"))


_TWIN = f"@{INITIAL}"
_MAIL_GROUP = {"mailEnabled": True, "securityEnabled": False, "isAssignableToRole": None}
LEFT = {"onPremisesSyncEnabled": False, "onPremisesLastSyncDateTime": "2026-01-01T00:00:00Z"}
SYNCED = {**LEFT, "onPremisesSyncEnabled": True}
# Consistency GUID whose base64 has both characters that the other alphabet spells differently.
SLASHED = b"\xfb\xff\xbe\xfb\xff\xbe\x41\x41\x81\x41\xfb\xff\xbe\xfb\xff\xbe"

TROUBLES = (
    Trouble("plain", ("awaiting_sync",), ()),
    Trouble(LATE, ("awaiting_sync",), ("awaiting_sync",)),
    # --- nobody is there, and the sync makes one
    Trouble("newcomer", ("not_found",), (), user=None),
    Trouble("binned", ("user_deleted",), (), user=None,
            more=lambda person: {"deletedUsers": [person.user(DELETED)]}),
    # --- the anchor. The sync knows the user by its name, may not take it, and makes another one.
    Trouble("no-anchor", ("anchor_not_set",), ("joined_to_twin",), user=_anchor(lambda p: None), says=_TWIN),
    Trouble("blank", ("anchor_differs",), ("joined_to_twin", "anchor_differs"),
            user=_anchor(lambda p: f"{p.anchor} "), says="with blanks around it"),
    Trouble("swapped", ("anchor_differs",), ("joined_to_twin", "anchor_differs"),
            user=_anchor(lambda p: base64.b64encode(p.guid.bytes).decode()), says="in the wrong byte order"),
    Trouble("guid-text", ("anchor_differs",), ("joined_to_twin", "anchor_differs"),
            user=_anchor(lambda p: str(p.guid)), says="not in base64"),
    Trouble("url-safe", ("anchor_differs",), ("joined_to_twin", "anchor_differs"), says="URL-safe",
            ad={"mS-DS-ConsistencyGuid": SLASHED},
            user=_anchor(lambda p: base64.urlsafe_b64encode(SLASHED).decode())),
    Trouble("other-attribute", ("anchor_differs",), ("joined_to_twin", "anchor_differs"),
            ad={"mS-DS-ConsistencyGuid": b"another GUID AD "}, user=_anchor(lambda p: p.anchor),
            says="objectGUID of the AD object"),
    # --- who has the anchor
    Trouble("held", ("anchor_held", "anchor_not_set"), ("joined_to_twin",), user=_anchor(lambda p: None),
            more=_other(onPremisesImmutableId=lambda p: p.anchor), says="claims held@example.com"),
    Trouble("held-deleted", ("anchor_held_deleted",), ("joined_to_twin",),
            more=_other("deletedUsers", onPremisesImmutableId=lambda p: p.anchor, **DELETED),
            says="claims held-deleted@example.com"),
    # --- the scope
    Trouble("critical", ("out_of_scope",), ("out_of_scope",), ad={"isCriticalSystemObject": "TRUE"},
            says="isCriticalSystemObject"),
    Trouble("elsewhere", ("out_of_scope",), ("out_of_scope",), ad={"dn": f"CN=elsewhere,OU=Elsewhere,{BASE}"},
            says="none of the organizational units"),
    Trouble("left", ("out_of_scope", "left_scope"), ("out_of_scope", "left_scope"),
            ad={"isCriticalSystemObject": "TRUE"}, user=LEFT),
    Trouble("came-back", ("left_scope",), (), user=LEFT),
    # --- what the service refuses
    Trouble("role", ("role_held",), ("role_held",), more=_role("User Administrator"), says="User Administrator"),
    Trouble("role-group", ("role_by_group", "role_group_member"), ("role_by_group", "role_group_member"),
            more=_by_group, says="Admins role-group"),
    Trouble("role-eligible", ("role_eligible",), ("role_eligible",), more=_role("User Administrator", eligible=True)),
    Trouble("cloud-managed", ("cloud_managed",), ("cloud_managed",),
            user={"onPremisesSyncBehavior": {"isCloudManaged": True},
                  "onPremisesLastSyncDateTime": "2026-01-01T00:00:00Z"}),
    Trouble("mapped-elsewhere", ("identifier_differs",), ("identifier_differs",),
            user={"onPremisesObjectIdentifier": OTHER_GUID}, says=OTHER_GUID),
    # Whether that is refused is contested: what Cloud Sync wrote down decides.
    Trouble("mapped-here", ("awaiting_sync", "identifier_same"), ("sync_refused", "identifier_same"),
            user={"onPremisesObjectIdentifier": lambda person: str(person.guid)}, says="AttributeUpdateNotAllowed"),
    # --- who else has what the sync brings
    Trouble("sid-taken", ("sid_held",), ("sid_held",), says="other.sid-taken@example.com",
            more=_other(onPremisesSecurityIdentifier=lambda p: p.sid)),
    Trouble("address-group", ("address_of_other_kind",), ("address_of_other_kind",), ad=_old_address("address-group"),
            more=_address_of("groups", **_MAIL_GROUP), says="group Owner address-group"),
    Trouble("address-contact", ("address_of_other_kind",), ("address_of_other_kind",),
            ad=_old_address("address-contact"), more=_address_of("contacts"), says="contact Owner address-contact"),
    # The name that the sync brings was somebody's who is deleted. The sync gives it all the same.
    Trouble("name-binned", ("upn_held",), (), ad={"userPrincipalName": "n.binned@example.com"},
            more=_other("deletedUsers", userPrincipalName="n.binned@example.com", **DELETED)),
    # --- synced, and yet no success
    Trouble("no-sid", ("sid_missing",), (), user={**SYNCED, "onPremisesSecurityIdentifier": None}),
    Trouble("other-sid", ("sid_differs",), (),
            user={**SYNCED, "onPremisesSecurityIdentifier": "S-1-5-21-1-2-3-1104"}),
    # Names of licensed users are not updated in this tenant.
    Trouble("kept-name", ("upn_differs",), ("upn_differs",), says="signs in as kept.name@example.com",
            user={**SYNCED, "userPrincipalName": "kept.name@example.com",
                  "onPremisesSecurityIdentifier": lambda p: p.sid,
                  "assignedLicenses": [{"skuId": OTHER_GUID, "disabledPlans": []}]}),
    Trouble("lost-suffix", ("upn_suffix_lost",), ("upn_suffix_lost",), says="not as lost-suffix@corp.local",
            ad={"userPrincipalName": "lost-suffix@corp.local"},
            user={**SYNCED, "userPrincipalName": f"lost-suffix@{INITIAL}",
                  "onPremisesSecurityIdentifier": lambda p: p.sid}),
    Trouble("other-anchor", ("anchor_differs",), ("anchor_differs", "twin_claims"), says=OTHER_ANCHOR,
            user={**SYNCED, "onPremisesImmutableId": OTHER_ANCHOR, "onPremisesSecurityIdentifier": lambda p: p.sid}),
    # The AD object's name leads to somebody else's user, and its anchor to this one.
    Trouble("name-taken", ("anchor_held", "anchor_not_set"), ("joined_to_twin",),
            ad={"userPrincipalName": "n.taken@example.com", "mail": None, "proxyAddresses": None},
            more=_other(userPrincipalName="n.taken@example.com"), says="which claims n.taken@example.com"),
    Trouble("address-user", ("address_held",), ("attribute_quarantined",), ad=_old_address("address-user"),
            more=_other(proxyAddresses=lambda p: [f"smtp:old.{p.upn}"]), says="by user other.address-user@example.com"),
    # Two AD objects with one address: the first keeps it.
    Trouble("double", ("awaiting_sync",), ("twin_claims",), says="which claims double@example.com"),
    Trouble("double-too", ("address_held",), ("attribute_quarantined",), says="by user double@example.com",
            ad={"proxyAddresses": ["SMTP:double-too@example.com", "smtp:double@example.com"]}),
    # --- several at once
    Trouble("blank-and-role", ("anchor_differs", "role_held", "identifier_differs"),
            ("joined_to_twin", "anchor_differs", "role_held", "identifier_differs"),
            user={"onPremisesImmutableId": lambda p: f"{p.anchor} ", "onPremisesObjectIdentifier": OTHER_GUID},
            more=_role("User Administrator")),
    Trouble("eligible-and-addresses", ("role_eligible", "address_of_other_kind", "address_held"),
            ("role_eligible", "address_of_other_kind", "address_held"),
            ad={"proxyAddresses": ["smtp:old.eligible-and-addresses@example.com", "smtp:older@example.com"]},
            more=_both(_role("User Administrator", eligible=True), _address_of("groups", **_MAIL_GROUP),
                       _other(proxyAddresses=["smtp:older@example.com"]))),
    Trouble("group-and-sid", ("role_by_group", "sid_held", "role_group_member"),
            ("role_by_group", "sid_held", "role_group_member"),
            more=_both(_by_group, _other(onPremisesSecurityIdentifier=lambda p: p.sid))),
    # Brought into scope now, the sync would revive the other one.
    Trouble("out-and-held", ("anchor_held_deleted", "out_of_scope", "anchor_not_set"),
            ("anchor_held_deleted", "out_of_scope", "anchor_not_set"),
            ad={"isCriticalSystemObject": "TRUE"}, user=_anchor(lambda p: None),
            more=_other("deletedUsers", onPremisesImmutableId=lambda p: p.anchor, **DELETED)),
    Trouble("everything", ("role_held", "cloud_managed", "identifier_differs", "sid_held", "address_of_other_kind"),
            ("role_held", "cloud_managed", "identifier_differs", "sid_held", "address_of_other_kind"),
            ad=_old_address("everything"),
            user={"onPremisesSyncBehavior": {"isCloudManaged": True}, "onPremisesObjectIdentifier": OTHER_GUID,
                  "onPremisesLastSyncDateTime": "2026-01-01T00:00:00Z"},
            more=_both(_role("User Administrator"), _address_of("contacts"),
                       _other(onPremisesSecurityIdentifier=lambda p: p.sid))),
)  # fmt: skip


class Order(NamedTuple):
    """A request to the control door of the rehearsal tenant."""

    method: str
    path: str
    body: Mapping[str, Any]


class Circumstance(NamedTuple):
    """What keeps everybody waiting, and what is said of some."""

    name: str
    #: Login name -> state, and codes of all reasons.
    asked: Mapping[str, tuple[str, tuple[str, ...]]]
    orders: tuple[Order, ...] = ()
    #: How to end it.
    end: tuple[Order, ...] = ()
    #: Words of what is said to be unchecked.
    unchecked: tuple[str, ...] = ()
    #: Which file says what is expected.
    source: str = "objects"


def _late(state: str, *codes: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {LATE: (state, codes)}


def _features(**features: bool) -> Order:
    return Order("PATCH", "settings", {"features": features})


def _sync(state: str) -> Order:
    return Order("PATCH", "sync", {"state": state})


def _refuse(path: str, times: int = 1000) -> Order:
    refused = {"status": 403, "code": "Authorization_RequestDenied", "message": "Insufficient privileges."}
    return Order("POST", "faults", {"method": "GET", "path": path, "times": times, **refused})


_BLOCK = "blockCloudObjectTakeoverThroughHardMatchEnabled"
_NO_FAULTS = Order("DELETE", "faults", {})
_FIVE_HOURS = Order("POST", "clock", {"advanceSeconds": 5 * 3600})

# In this order: the last ones leave the sync standing still.
CIRCUMSTANCES = (
    Circumstance("hard matches blocked", _late("blocked", "hard_match_blocked"),
                 (_features(**{_BLOCK: True}),), (_features(**{_BLOCK: False}),)),
    Circumstance("flags unreadable", _late("pending", "awaiting_sync", "flags_unreadable"),
                 (Order("PATCH", "settings", {"appOnlySyncFeatures": "refuse"}),),
                 (Order("PATCH", "settings", {"appOnlySyncFeatures": "accept"}),),
                 unchecked=("OnPremDirectorySynchronization",)),
    # Nobody said what the sync was told to take, and its job may not be read.
    Circumstance("selection unknown", _late("pending", "awaiting_sync", "selection_unknown"),
                 (_refuse("servicePrincipals"),), (_NO_FAULTS,),
                 unchecked=("Synchronization.Read.All",), source="bare"),
    # The export has no mS-DS-ConsistencyGuid.
    Circumstance("anchor a guess", {"other-attribute": ("conflict", ("joined_to_twin",)),
                                    "swapped": ("conflict", ("joined_to_twin", "anchor_unconfirmed"))},
                 source="classic"),
    Circumstance("user unreadable", {LATE: ("unknown", ("read_failed",))},
                 (Order("POST", "faults", {"method": "GET", "path": f"users/{Person(LATE).id}", "times": 1000,
                                           "status": 400, "code": "Request_BadRequest", "message": "No."}),),
                 (_NO_FAULTS,)),
    Circumstance("job paused", _late("pending", "job_paused"), (_sync("paused"),), (_sync("active"),)),
    Circumstance("job quarantined", _late("pending", "job_quarantined"), (_sync("quarantined"),), (_sync("active"),)),
    Circumstance("deletions held", _late("pending", "delete_brake"),
                 (Order("PATCH", "settings", {"deleteThreshold": 2}), Order("POST", "sync", {}))),
    Circumstance("deletions held, and for hours, behind flags",
                 _late("blocked", "hard_match_blocked", "delete_brake", "sync_stale"),
                 (_features(**{_BLOCK: True}), _FIVE_HOURS), (_features(**{_BLOCK: False}),)),
    Circumstance("stale", _late("pending", "sync_stale"), (_sync("active"),)),
    Circumstance("job paused for hours, and more unknown",
                 _late("pending", "job_paused", "sync_stale", "selection_unknown", "flags_unreadable"),
                 (_sync("paused"), Order("PATCH", "settings", {"appOnlySyncFeatures": "refuse"}),
                  _refuse("jobs/[^/]+/schema")),
                 unchecked=("OnPremDirectorySynchronization", "Synchronization.Read.All"), source="bare"),
)  # fmt: skip

# In a tenant whose directory sync is off.
SYNC_OFF = Circumstance("sync off", {
    "plain": ("blocked", ("tenant_sync_off",)),
    "role": ("blocked", ("tenant_sync_off", "role_held")),
    "no-anchor": ("in_cloud", ("anchor_not_set", "tenant_sync_off")),
})  # fmt: skip

# What a server of Entra Connect Sync says that has all troubles at once, and which codes come of it.
SERVER = {"name": "sync1", "enabled": False, "suspended": True, "staging": True, "version": "2.4.18.0"}
SERVER_RUNS = [
    {"number": 1, "profile": "Delta Import", "complete": True, "result": "stopped-server-down"},
    {"number": 2, "profile": "Export", "complete": True, "result": "stopped-deletion-threshold-exceeded"},
]
OF_THE_SERVER = (
    "export_held", "connector_run_failed", "staging_server", "scheduler_suspended", "scheduler_off",
    "connect_version_old",
)  # fmt: skip
# What it says of some people's AD objects, and the code that comes of it.
SERVER_OBJECTS: dict[str, tuple[dict[str, Any], str]] = {
    LATE: ({"found": None}, "connector_space_unread"),
    "blank-and-role": ({"found": False}, "not_in_connector_space"),
    "eligible-and-addresses": ({"found": True, "sync_error": "A rule failed."}, "sync_rule_failed"),
    "mapped-here": ({"found": True, "export_error": "SomethingNew: no."}, "export_failed"),
    **{
        name: ({"found": True, "export_error": f"{word}: no."}, code)
        for name, word, code in (
            ("role", "InvalidHardMatch", "export_hard_match_refused"),
            ("mapped-elsewhere", "AttributeUpdateNotAllowed", "export_identifier_locked"),
            ("sid-taken", "InvalidSoftMatch", "export_soft_match_refused"),
            ("role-group", "Existing Admin Role Conflict", "export_role_conflict"),
            ("address-group", "ObjectTypeMismatch", "export_object_type_mismatch"),
            ("group-and-sid", "AttributeValueMustBeUnique", "export_value_taken"),
            ("address-contact", "DataValidationFailed", "export_value_refused"),
            ("role-eligible", "FederatedDomainChangeError", "export_federated_domain"),
            ("cloud-managed", "LargeObject", "export_too_large"),
            ("everything", "DeletingCloudOnlyObjectNotAllowed", "export_deletion_refused"),
        )
    },
}


def server_answer() -> dict[str, Any]:
    """Return the content of a connect.json."""
    return {
        "asked": "2026-11-23T12:00:00Z",
        "server": SERVER,
        "runs": SERVER_RUNS,
        "objects": [{"immutable_id": Person(name).anchor, **said} for name, (said, _code) in SERVER_OBJECTS.items()],
    }


# Carried even where no entry has a value, so that "empty in AD" is known.
CARRIED = ("mS-DS-ConsistencyGuid", "isCriticalSystemObject", "adminDescription", "msExchRecipientTypeDetails")


def entries(leave_out: frozenset[str] = frozenset()) -> list[dict[str, Values]]:
    """Return the AD objects."""
    return [trouble.person.entry(trouble.ad) for trouble in TROUBLES if trouble.name not in leave_out]


def seed(**tenant: Any) -> dict[str, Any]:
    """Return the tenant, without its directories."""
    content: dict[str, Any] = {
        "tenant": {
            "displayName": "Rehearsal", "onPremisesSyncEnabled": True,
            "onPremisesLastSyncDateTime": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"), **tenant,
        },
        "domains": [
            {"id": "example.com", "isVerified": True, "authenticationType": "Managed", "isDefault": True},
            {"id": INITIAL, "isVerified": True, "authenticationType": "Managed", "isInitial": True},
        ],
        "users": [], "deletedUsers": [], "groups": [], "contacts": [], "roles": [],
        # Nobody is taken by name.
        "features": {"blockSoftMatchEnabled": True, "synchronizeUpnForManagedUsersEnabled": False},
        "settings": {"automaticCycles": False},
    }  # fmt: skip
    for trouble in TROUBLES:
        person = trouble.person
        if trouble.user is not None:
            changes = {"onPremisesImmutableId": person.anchor, **trouble.user}
            filled = {name: value(person) if callable(value) else value for name, value in changes.items()}
            content["users"].append(person.user(filled))
        for section, rows in trouble.more(person).items():
            content[section] += rows
    return content
