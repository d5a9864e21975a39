# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The users of a tenant, as small as they can be, and an index of them by everything they are looked up by."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from sys import intern
from typing import Any, NamedTuple, Optional, Union

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.match_keys import IMMUTABLE_ID, SID
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import is_object_id

# Of creationType. EmailVerified is self-service sign-up by an internal user, and LocalAccount one of Azure AD B2C.
_CREATED_AS_EXTERNAL = frozenset({"Invitation", "SelfServiceSignUp"})
_MARK_OF_EXTERNALS = "#ext#"
_REWRITTEN = re.compile(r"\+?\d{4}")

#: What users are indexed by besides ``CLOUD_KEYS``: an address that a user has, as mail or in proxyAddresses.
ADDRESS = "address"
#: The name or address that a synced user would have, but for somebody else who has it.
CLAIMED = "claimed"

# What CloudUser calls it, where that differs.
_FIELDS = {SID: "sid", "proxy_address": "addresses"}


class CloudUser(NamedTuple):
    """A user of the tenant, as small as it can be: a tenant may have a million."""

    id: str
    user_principal_name: Optional[str]
    mail: Optional[str]
    display_name: Optional[str]
    #: SMTP addresses in lower case, without prefix.
    addresses: tuple[str, ...]
    immutable_id: Optional[str]
    #: True, False (left scope) and None (never synced, or no longer) are three answers.
    synced: Optional[bool]
    last_sync: Optional[str]
    sid: Optional[str]
    #: ``(property, value)`` of what the service parked for being taken.
    parked: tuple[tuple[str, str], ...]
    enabled: Optional[bool]
    mail_nickname: Optional[str]
    employee_id: Optional[str]
    #: ``onPremisesSamAccountName``: what AD had when the user was last synced.
    sam_account_name: Optional[str]
    #: ``onPremisesUserPrincipalName``: what AD had as the name, whatever became of it in the cloud.
    on_premises_name: Optional[str]
    #: A guest, or invited: perhaps not one of the company's own people.
    external: bool
    #: A resource account (a meeting room, a call queue).
    resource: bool
    #: Member of a restricted-management administrative unit.
    restricted: Optional[bool]
    deleted: bool

    @property
    def name(self) -> str:
        """How a person finds the user: UPN and id."""
        shown = f"{self.user_principal_name} ({self.id})" if self.user_principal_name else self.id
        return f"{shown}, deleted" if self.deleted else shown

    def evidence(self) -> dict[str, Any]:
        """What a row shows of a candidate: ``{"id", "user_principal_name", "deleted"}``, and what else it is."""
        shown = {"id": self.id, "user_principal_name": self.user_principal_name, "deleted": self.deleted}
        shown.update({kind: True for kind in ("external", "resource") if getattr(self, kind)})
        return shown


def from_graph(user: Mapping[str, Any], *, deleted: bool = False) -> CloudUser:
    """Read a user as Graph returns it."""
    upn = user.get("userPrincipalName")
    mail = user.get("mail")
    errors = user.get("onPremisesProvisioningErrors") or ()
    last_sync = user.get("onPremisesLastSyncDateTime")
    return CloudUser(
        id=user["id"],
        user_principal_name=upn,
        mail=_same(mail, upn),
        display_name=user.get("displayName"),
        addresses=tuple(_same(address, upn) for address in smtp_addresses(user.get("proxyAddresses") or ())),
        immutable_id=user.get("onPremisesImmutableId") or None,
        synced=user.get("onPremisesSyncEnabled"),
        # A cycle gives many users the same time.
        last_sync=intern(last_sync) if last_sync else None,
        sid=user.get("onPremisesSecurityIdentifier"),
        parked=tuple((str(item.get("propertyCausingError")), str(item.get("value"))) for item in errors),
        enabled=user.get("accountEnabled"),
        mail_nickname=user.get("mailNickname"),
        employee_id=user.get("employeeId"),
        sam_account_name=user.get("onPremisesSamAccountName"),
        on_premises_name=_same(user.get("onPremisesUserPrincipalName"), upn),
        external=is_external(user),
        resource=user.get("isResourceAccount") is True,
        restricted=user.get("isManagementRestricted"),
        deleted=deleted or bool(user.get("deletedDateTime")),
    )


# What a change of a user tells, where it tells it. What makes a user external or a resource does not change.
_TOLD_BY = {
    "user_principal_name": "userPrincipalName",
    "mail": "mail",
    "display_name": "displayName",
    "addresses": "proxyAddresses",
    "immutable_id": "onPremisesImmutableId",
    "synced": "onPremisesSyncEnabled",
    "last_sync": "onPremisesLastSyncDateTime",
    "sid": "onPremisesSecurityIdentifier",
    "parked": "onPremisesProvisioningErrors",
    "enabled": "accountEnabled",
    "sam_account_name": "onPremisesSamAccountName",
    "on_premises_name": "onPremisesUserPrincipalName",
}


def changed_by(user: CloudUser, body: Mapping[str, Any]) -> CloudUser:
    """Return the user after a change of which Graph told: what it does not name is as it was."""
    if "@removed" in body:
        return user._replace(deleted=True)
    fresh = from_graph({"id": user.id, **body})
    told = {field: getattr(fresh, field) for field, name in _TOLD_BY.items() if name in body}
    return user._replace(**told, deleted=False)


def _same(value: Any, name: Any) -> Any:
    """Return one text in memory instead of two."""
    return name if value == name else value


def is_external(user: Mapping[str, Any]) -> bool:
    """Tell whether a user, as Graph returns it, is a guest or was invited; one sign of it is enough.

    Somebody who was invited and made a member since stays one. Source: Microsoft Graph, user resource
    (``creationType``, ``externalUserState``, ``userType``).
    """
    return (
        user.get("userType") == "Guest"
        or user.get("creationType") in _CREATED_AS_EXTERNAL
        or user.get("externalUserState") is not None
        or _MARK_OF_EXTERNALS in (user.get("userPrincipalName") or "").lower()
    )


def as_journalled(user: CloudUser, before: str | None, after: str | None) -> CloudUser:
    """Return a user whose read may lag behind a write that the service accepted: the journal knows better."""
    return user._replace(immutable_id=after) if user.immutable_id == before else user


def smtp_addresses(values: Iterable[str]) -> tuple[str, ...]:
    """Return the SMTP addresses of ``proxyAddresses`` in lower case, the primary one first, each once."""
    found: dict[str, None] = {}
    for value in sorted(values, key=lambda value: not value.startswith("SMTP:")):
        prefix, colon, address = value.partition(":")
        if colon and prefix.lower() == "smtp":
            found[address.lower()] = None
        elif not colon and "@" in value:
            found[value.lower()] = None
    return tuple(found)


def named_key(user: str) -> tuple[str, str]:
    """Return what to look a user up by whom a person named: ``("id" or "user_principal_name", the name)``."""
    return ("id" if is_object_id(user) else "user_principal_name"), user


def folded(key: str, value: str) -> str:
    """Return a value as services compare it: anchors with case, everything else without."""
    if key == IMMUTABLE_ID:
        return value
    lower = value.lower()
    return value if lower == value else lower


def values_of(user: CloudUser, key: str) -> tuple[str, ...]:
    """Return what a user can be looked up by, folded."""
    if key == "proxy_address":
        return user.addresses
    if key == ADDRESS:
        mail = folded("mail", user.mail or "")
        return (*user.addresses, mail) if mail and mail not in user.addresses else user.addresses
    if key == CLAIMED:
        return claimed_by(user)
    value = getattr(user, _FIELDS.get(key, key))
    if not value:
        return ()
    value = folded(key, value)
    if key == "user_principal_name" and user.deleted:
        # The recycle bin puts the object id, without dashes, before the name.
        return tuple({value, value.removeprefix(user.id.replace("-", "").lower())})
    return (value,)


def claimed_by(user: CloudUser) -> tuple[str, ...]:
    """Return what a synced user would have, but for others, in lower case and without prefix: what the service parked,
    and the name that it rewrote."""
    if user.synced is not True:
        return ()
    claimed = [value.lower().removeprefix("smtp:") for _property, value in user.parked]
    if user.on_premises_name and was_rewritten(user.user_principal_name, user.on_premises_name):
        claimed.append(user.on_premises_name.lower())
    return tuple(dict.fromkeys(claimed))


def was_rewritten(name: str | None, sent: str) -> bool:
    """Tell whether a name is what the service makes of a taken one: ``jane1234@tenant.onmicrosoft.com``.

    The documentation writes it with a plus sign before the digits as well.
    """
    local, _at, domain = (name or "").lower().partition("@")
    digits = local.removeprefix(sent.lower().partition("@")[0])
    return digits != local and bool(_REWRITTEN.fullmatch(digits)) and ".onmicrosoft." in domain


def shown_of(user: CloudUser, key: str) -> Any:
    """Return what a user can be looked up by, as the tenant has it: a text, ``None``, or a list of addresses."""
    value = getattr(user, _FIELDS.get(key, key))
    return list(value) if isinstance(value, tuple) else value


class Found(NamedTuple):
    """The users that one value fits, by what may be done with them."""

    #: Live people of the company.
    members: list[CloudUser]
    #: Live external users and resource accounts, which are never picked silently.
    others: list[CloudUser]
    #: Users in the recycle bin.
    deleted: list[CloudUser]

    @property
    def live(self) -> list[CloudUser]:
        """Return all that are not deleted."""
        return [*self.members, *self.others] if self.others else self.members

    def add(self, user: CloudUser) -> None:
        """Take one more user, each once."""
        kind = self.deleted if user.deleted else self.others if user.external or user.resource else self.members
        # A user's values come one after the other, so only the last one can be the same.
        if not kind or kind[-1] is not user:
            kind.append(user)

    def all(self) -> list[CloudUser]:
        """Return all of them."""
        return [*self.members, *self.others, *self.deleted]


NOBODY = Found([], [], [])


class CloudIndex:
    """The users of a tenant, live and deleted, by everything they can be looked up by.

    :param cloud_keys: those of :data:`CLOUD_KEYS`, and :data:`ADDRESS`, to index; ids, names and anchors always are.
    """

    def __init__(self, users: Iterable[CloudUser], cloud_keys: Iterable[str] = ()) -> None:
        wanted = {IMMUTABLE_ID, "user_principal_name", "id", *cloud_keys}
        # A value that one user has, as almost all have, costs no list.
        self._by: dict[str, dict[str, Union[CloudUser, Found]]] = {key: {} for key in wanted}
        self.count = 0
        for user in users:
            known = self._by["id"].get(folded("id", user.id))
            if isinstance(known, CloudUser) and known.deleted is user.deleted:
                # Pages of a listing may overlap when users come and go meanwhile.
                continue
            self.count += 1
            for key, entries in self._by.items():
                for value in values_of(user, key):
                    _add(entries, value, user)

    def __iter__(self) -> Iterator[CloudUser]:
        """Yield every user, live and deleted."""
        for entry in self._by["id"].values():
            yield from entry.all() if isinstance(entry, Found) else (entry,)

    def look_up(self, key: str, value: str) -> Found:
        """Return the users that fit, by what they are. The lists are the index's own: do not change them."""
        entry = self._by[key].get(folded(key, value))
        if entry is None:
            return NOBODY
        if isinstance(entry, Found):
            return entry
        found = Found([], [], [])
        found.add(entry)
        return found

    def find(self, key: str, value: str) -> list[CloudUser]:
        """Return the users, live and deleted, that fit."""
        return self.look_up(key, value).all()

    def replace(self, user: CloudUser) -> None:
        """Put in a user as it is now, in place of what was known of it."""
        for old in self.find("id", user.id):
            self.count -= 1
            for key, entries in self._by.items():
                for value in values_of(old, key):
                    _remove(entries, value, old)
        self.count += 1
        for key, entries in self._by.items():
            for value in values_of(user, key):
                _add(entries, value, user)

    def user(self, user_id: str) -> CloudUser | None:
        """Return the user, live or deleted, with this id."""
        found = self.find("id", user_id)
        return found[0] if found else None


def _add(entries: dict[str, Union[CloudUser, Found]], value: str, user: CloudUser) -> None:
    entry = entries.get(value)
    if entry is None:
        entries[value] = user
    elif isinstance(entry, Found):
        entry.add(user)
    elif entry is not user:
        entries[value] = both = Found([], [], [])
        both.add(entry)
        both.add(user)


def _remove(entries: dict[str, Union[CloudUser, Found]], value: str, user: CloudUser) -> None:
    entry = entries.get(value)
    if isinstance(entry, Found):
        for kind in entry:
            if user in kind:
                kind.remove(user)
    elif entry is user:
        del entries[value]
