# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Which user of the tenant is meant: an index of the tenant's users, and the keys to look them up by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Optional, Union

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import Wish, is_object_id

DEFAULT_MATCH_BY = ("immutable_id", "user_principal_name")

# What a user can be looked up by. Services compare anchors by case, names and addresses without.
CLOUD_KEYS = ("immutable_id", "user_principal_name", "mail", "proxy_address", "id")

# What of an objects row can be compared with it.
AD_FIELDS = (
    "display_name",
    "employee_id",
    "id",
    "immutable_id",
    "login_name",
    "mail",
    "mail_nickname",
    "object_guid",
    "proxy_address",
    "sam_account_name",
    "target_address",
    "user_principal_name",
)

# A name alone compares like with like. The sign-in name in the cloud comes from login_name, which need not be AD's UPN.
_LIKE = {"user_principal_name": "login_name"}
_MARK_OF_EXTERNALS = "#ext#"
# Of creationType. EmailVerified is self-service sign-up by an internal user, and LocalAccount one of Azure AD B2C.
_CREATED_AS_EXTERNAL = frozenset({"Invitation", "SelfServiceSignUp"})


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
    #: Signs in elsewhere, or was invited: not one of the company's own people.
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
        """What a row shows of a candidate."""
        return {"id": self.id, "user_principal_name": self.user_principal_name, "deleted": self.deleted}


class Key(NamedTuple):
    """One key of ``match_by``."""

    name: str
    ad: str
    cloud: str


class Match(NamedTuple):
    """What was found for one wish."""

    #: Live users that fit by the deciding key. One is a match, several are ambiguous.
    users: list[CloudUser]
    matched_by: Optional[str]
    #: The deciding key's value.
    value: Optional[str]
    #: Every key tried: ``{"key", "value", "users": [{"id", "user_principal_name", "deleted"}]}``.
    evidence: list[dict[str, Any]]
    #: Deleted users that fit by any key.
    deleted: list[CloudUser]
    #: Users, live and deleted, that hold the wanted anchor.
    holders: list[CloudUser]


def from_graph(user: Mapping[str, Any], *, deleted: bool = False) -> CloudUser:
    """Read a user as Graph returns it."""
    upn = user.get("userPrincipalName")
    errors = user.get("onPremisesProvisioningErrors") or ()
    return CloudUser(
        id=user["id"],
        user_principal_name=upn,
        mail=user.get("mail"),
        display_name=user.get("displayName"),
        addresses=smtp_addresses(user.get("proxyAddresses") or ()),
        immutable_id=user.get("onPremisesImmutableId") or None,
        synced=user.get("onPremisesSyncEnabled"),
        last_sync=user.get("onPremisesLastSyncDateTime"),
        sid=user.get("onPremisesSecurityIdentifier"),
        parked=tuple((str(item.get("propertyCausingError")), str(item.get("value"))) for item in errors),
        enabled=user.get("accountEnabled"),
        mail_nickname=user.get("mailNickname"),
        employee_id=user.get("employeeId"),
        sam_account_name=user.get("onPremisesSamAccountName"),
        external=is_external(user),
        resource=user.get("isResourceAccount") is True,
        restricted=user.get("isManagementRestricted"),
        deleted=deleted or bool(user.get("deletedDateTime")),
    )


def is_external(user: Mapping[str, Any]) -> bool:
    """Tell whether a user, as Graph returns it, is a guest or was invited; one sign of it is enough.

    Somebody who was invited and made a member since stays one. Source: Microsoft Graph, user resource (``creationType``,
    ``externalUserState``, ``userType``).
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


def parse_match_by(keys: Iterable[Union[str, Mapping[str, Any]]]) -> list[Key]:
    """Read the option ``match_by``.

    :raises Failure: for a key that does not exist.
    """
    parsed = []
    for key in keys:
        if isinstance(key, Mapping):
            if set(key) != {"ad", "cloud"}:
                raise Failure(f"match_by: a pair has the two fields ad and cloud, not {', '.join(map(str, key))}.")
            ad, cloud = str(key["ad"]), str(key["cloud"])
            name = f"{ad}={cloud}"
        else:
            name = cloud = str(key)
            ad = _LIKE.get(name, name)
        ad = "proxy_address" if ad == "proxy_addresses" else ad
        if cloud not in CLOUD_KEYS:
            raise Failure(f"match_by: users cannot be looked up by {cloud}; there are {', '.join(CLOUD_KEYS)}.")
        if ad not in AD_FIELDS:
            raise Failure(f"match_by: AD objects have no {ad} to match by; there are {', '.join(AD_FIELDS)}.")
        parsed.append(Key(name, ad, cloud))
    if not parsed:
        raise Failure("match_by is empty; name at least one key, for example user_principal_name.")
    return parsed


class CloudIndex:
    """The users of a tenant, live and deleted, by everything they can be looked up by.

    :param cloud_keys: those of :data:`CLOUD_KEYS` to index; ids, names and anchors are always indexed.
    """

    def __init__(self, users: Iterable[CloudUser], cloud_keys: Iterable[str] = ()) -> None:
        wanted = {"immutable_id", "user_principal_name", "id", *cloud_keys}
        self._by: dict[str, dict[str, Union[CloudUser, list[CloudUser]]]] = {key: {} for key in wanted}
        self.count = 0
        for user in users:
            self.count += 1
            for key, entries in self._by.items():
                for value in _values_of(user, key):
                    _add(entries, value, user)

    def find(self, key: str, value: str) -> list[CloudUser]:
        """Return the users, live and deleted, that fit."""
        found = self._by[key].get(value if key == "immutable_id" else value.lower())
        if found is None:
            return []
        return found if isinstance(found, list) else [found]

    def user(self, user_id: str) -> CloudUser | None:
        """Return the user, live or deleted, with this id."""
        found = self.find("id", user_id)
        return found[0] if found else None


def match(wish: Wish, index: CloudIndex, match_by: list[Key]) -> Match:
    """Find the user that a wish is about.

    The first key that finds a live user decides. The anchor is different: whoever has it by now is looked at first, but
    a user found by a name is not given up for it, because then somebody else holds the value.
    """
    tried = _look_up_named(wish, index) if wish.user else _look_up_object(wish, index, match_by)
    held = wish.held
    holders = index.find("immutable_id", held) if held else []
    anchored: list[CloudUser] = []
    named: tuple[str, str, list[CloudUser]] | None = None
    deleted: dict[str, CloudUser] = {}
    evidence = []
    for key, value, users in tried:
        evidence.append({"key": key.name, "value": value, "users": [user.evidence() for user in users]})
        deleted.update((user.id, user) for user in users if user.deleted)
        live = [user for user in users if not user.deleted]
        if key.ad == key.cloud == "immutable_id":
            anchored = live
        elif live and (named is None or named[0] == key.name):
            found = {user.id: user for user in (*(named[2] if named else ()), *live)}
            named = (key.name, value if named is None else f"{named[1]}, {value}", list(found.values()))
    both = [user for user in anchored if named is None or user in named[2]]
    gone = list(deleted.values())
    if both:
        return Match(both, "immutable_id", held, evidence, gone, holders)
    if named:
        return Match(named[2], named[0], named[1], evidence, gone, holders)
    return Match([], None, None, evidence, gone, holders)


def object_values(row: Mapping[str, Any], field: str) -> tuple[str, ...]:
    """Return the values of an objects row to look up by."""
    if field == "proxy_address":
        return smtp_addresses(row.get("proxy_addresses") or ())
    value = row.get(field)
    if field == "immutable_id":
        return (value,) if value else ()
    if field == "target_address" and value:
        return smtp_addresses([value])
    return (str(value).strip(),) if value and str(value).strip() else ()


def _look_up_named(wish: Wish, index: CloudIndex) -> list[tuple[Key, str, list[CloudUser]]]:
    user = str(wish.user)
    cloud = "id" if is_object_id(user) else "user_principal_name"
    return [(Key(cloud, "user", cloud), user, index.find(cloud, user))]


def _look_up_object(wish: Wish, index: CloudIndex, match_by: list[Key]) -> list[tuple[Key, str, list[CloudUser]]]:
    row = dict(wish.row or {})
    # The wanted value counts, not the row's: the caller may have stated another anchor.
    row["immutable_id"] = wish.held
    return [(key, value, index.find(key.cloud, value)) for key in match_by for value in object_values(row, key.ad)]


def _values_of(user: CloudUser, key: str) -> tuple[str, ...]:
    if key == "proxy_address":
        return user.addresses
    value = getattr(user, key)
    if not value:
        return ()
    if key == "immutable_id":
        return (value,)
    value = value.lower()
    if key == "user_principal_name" and user.deleted:
        # The recycle bin puts the object id, without dashes, before the name.
        return tuple({value, value.removeprefix(user.id.replace("-", "").lower())})
    return (value,)


def _add(entries: dict[str, Union[CloudUser, list[CloudUser]]], value: str, user: CloudUser) -> None:
    found = entries.get(value)
    if found is None:
        entries[value] = user
    elif isinstance(found, list):
        found.append(user)
    elif found is not user:
        entries[value] = [found, user]
