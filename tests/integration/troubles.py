"""Everybody who is not synced, or not as they should be: what keeps them there, and what a status says of it.

All stand in one AD export and one tenant, whose users have their anchors already. A status is read before the first
cycle of the sync and after it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, Callable, NamedTuple, Optional

from company import Person, Values, another

OTHER_GUID = "0c0ffee0-1111-4222-8333-444455556666"
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
    user: Mapping[str, Any] = {}
    more: Callable[[Person], Seed] = lambda person: {}
    #: What a sentence of the reasons after the cycle must hold besides.
    says: str = ""

    @property
    def person(self) -> Person:
        """Who has this trouble."""
        return Person(self.name)


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
# Consistency GUID whose base64 has both characters that the other alphabet spells differently.
SLASHED = b"\xfb\xff\xbe\xfb\xff\xbe\x41\x41\x81\x41\xfb\xff\xbe\xfb\xff\xbe"

TROUBLES = (
    Trouble("plain", ("awaiting_sync",), ()),
    Trouble(LATE, ("awaiting_sync",), ("awaiting_sync",)),
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
    Trouble("left", ("out_of_scope", "left_scope"), ("out_of_scope", "left_scope"),
            ad={"isCriticalSystemObject": "TRUE"},
            user={"onPremisesSyncEnabled": False, "onPremisesLastSyncDateTime": "2026-01-01T00:00:00Z"}),
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
    # --- synced, and yet no success
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
    Trouble("everything", ("role_held", "cloud_managed", "identifier_differs", "sid_held", "address_of_other_kind"),
            ("role_held", "cloud_managed", "identifier_differs", "sid_held", "address_of_other_kind"),
            ad=_old_address("everything"),
            user={"onPremisesSyncBehavior": {"isCloudManaged": True}, "onPremisesObjectIdentifier": OTHER_GUID,
                  "onPremisesLastSyncDateTime": "2026-01-01T00:00:00Z"},
            more=_both(_role("User Administrator"), _address_of("contacts"),
                       _other(onPremisesSecurityIdentifier=lambda p: p.sid))),
)  # fmt: skip

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
        "features": {"blockSoftMatchEnabled": True},
        "settings": {"automaticCycles": False},
    }  # fmt: skip
    for trouble in TROUBLES:
        person = trouble.person
        changes = {"onPremisesImmutableId": person.anchor, **trouble.user}
        filled = {name: value(person) if callable(value) else value for name, value in changes.items()}
        content["users"].append(person.user(filled))
        for section, rows in trouble.more(person).items():
            content[section] += rows
    return content
