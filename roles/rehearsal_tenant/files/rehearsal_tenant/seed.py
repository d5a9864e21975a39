# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Building a tenant from a seed: JSON in Graph's own property names, checked row by row."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Iterator
from typing import Any, Optional

from .blind_spots import blind_spots
from .clock import TenantClock, rfc3339
from .roles import BUILT_IN, Assignment, RoleBook
from .settings import SettingError, Settings
from .shapes import KINDS, ORGANIZATION, Shape
from .store import DELETED, LIVE, LONG_AGO, Store, Stored
from .tenant import FEATURES, Client, Tenant

SECTIONS = (
    "tenant", "users", "deletedUsers", "groups", "deletedGroups", "contacts", "devices", "domains", "roles", "features",
    "settings", "directories",
)  # fmt: skip
# Ids of other objects that a group of a seed lists; the eligible ones by PIM for groups.
GROUP_LISTS = ("members", "owners", "eligibleMembers", "eligibleOwners")
_NAMESPACE = uuid.UUID("7d0e4a5c-2f4f-4c39-9f0b-1f7f6f0f3a51")


class SeedError(ValueError):
    """A seed that cannot be used; the message names the place."""


def load_seed(path: str) -> dict[str, Any]:
    """
    :raises SeedError: when the file is no JSON object.
    """
    try:
        with open(path, encoding="utf-8-sig") as file:
            seed = json.load(file)
    except (OSError, UnicodeDecodeError) as error:
        raise SeedError(f"The seed {path} cannot be read: {error}.") from None
    except json.JSONDecodeError as error:
        raise SeedError(
            f"The seed {path} is no JSON: line {error.lineno}, column {error.colno}: {error.msg}."
        ) from None
    if not isinstance(seed, dict):
        raise SeedError(f"The seed {path} must be a JSON object with the keys {', '.join(SECTIONS)}.")
    return seed


def overlaid(seed: dict[str, Any], overlay: dict[str, Any]) -> dict[str, Any]:
    """The seed with the overlay's settings over its own, and the overlay's other sections instead of its own."""
    settings = {**_object(seed.get("settings", {}), "settings"), **_object(overlay.get("settings", {}), "settings")}
    return {**seed, **overlay, "settings": settings}


def build_tenant(seed: dict[str, Any], clock: TenantClock) -> Tenant:
    """
    :raises SeedError: at the first thing that is wrong, with its key and index.
    """
    for key in seed:
        if key not in SECTIONS:
            raise SeedError(f"The seed has an unknown key {key!r}; it may have {', '.join(SECTIONS)}.")
    about = _object(seed.get("tenant", {}), "tenant")
    for name in about:
        if name not in ORGANIZATION.properties and not name.startswith("@odata."):
            raise SeedError(f"tenant.{name}: organization has no such property.")
    settings, clients = _settings(_object(seed.get("settings", {}), "settings"))
    display_name = about.get("displayName", "Rehearsal")
    store = Store()
    users = _rows(seed, "users")
    tenant = Tenant(
        clock=clock,
        settings=settings,
        id=_guid(about.get("id"), "tenant.id") or str(uuid.uuid5(_NAMESPACE, display_name)),
        display_name=display_name,
        organization={
            key: value for key, value in about.items() if key not in ("id", "displayName", "verifiedDomains")
        },
        domains=_domains(seed, users, display_name),
        features=_features(_object(seed.get("features", {}), "features")),
        store=store,
        clients=clients,
    )
    loader = _Loader(tenant)
    loader.load(users, "users", "user", LIVE)
    loader.load(_rows(seed, "deletedUsers"), "deletedUsers", "user", DELETED)
    loader.load(_rows(seed, "groups"), "groups", "group", LIVE)
    loader.load(_rows(seed, "deletedGroups"), "deletedGroups", "group", DELETED)
    loader.load(_rows(seed, "contacts"), "contacts", "contact", LIVE)
    loader.load(_rows(seed, "devices"), "devices", "device", LIVE)
    tenant.organization.setdefault("onPremisesSyncEnabled", bool(seed.get("directories")) or loader.any_synced or None)
    tenant.organization.setdefault("onPremisesLastSyncDateTime", loader.last_sync)
    tenant.roles = with_roles(tenant, _rows(seed, "roles"))
    # Graph gets new ones.
    tenant.notes.extend(
        f"features.{name} is not known here: it is shown, and decides nothing."
        for name in sorted(tenant.features.keys() - FEATURES.keys())
    )
    tenant.notes.extend(loader.notes + blind_spots(seed, users, _rows(seed, "groups")))
    return tenant


class _Loader:
    """Puts rows into the store and remembers what must be unique."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._places: dict[tuple[str, str], str] = {}
        self.notes: list[str] = []
        self.any_synced = False
        self.last_sync: Optional[str] = None

    def load(self, rows: list[Any], section: str, kind: str, container: str) -> None:
        self._tenant.store.fill(kind, self._checked(rows, section, kind, container), container)

    def _checked(self, rows: list[Any], section: str, kind: str, container: str) -> Iterator[dict[str, Any]]:
        for index, row in enumerate(rows):
            place = f"{section}[{index}]"
            body = self._body(_object(row, place), place, kind)
            if container == DELETED:
                body["deletedDateTime"] = body.get("deletedDateTime") or rfc3339(self._tenant.clock.now())
            self._claim(body, place, container)
            self.any_synced = self.any_synced or body.get("onPremisesSyncEnabled") is True
            self.last_sync = max(filter(None, (self.last_sync, body.get("onPremisesLastSyncDateTime"))), default=None)
            yield body

    def _body(self, row: dict[str, Any], place: str, kind: str) -> dict[str, Any]:
        shape = KINDS[kind]
        body: dict[str, Any] = {}
        for name, value in row.items():
            if name.startswith("@odata.") or "@odata." in name:
                continue
            if name in shape.properties:
                _check_type(value, shape, name, place)
                body[name] = value
            elif name in GROUP_LISTS and kind == "group":
                body[name] = [str(_object_id(item)).lower() for item in value or ()]
            elif name == "manager" and kind == "user":
                body[name] = str(_object_id(value)).lower() if value else None
            elif name == "onPremisesSyncBehavior":
                body[name] = _object(value, f"{place}.{name}")
            else:
                note = f"{section_of(place)}: property {name!r} is not known for a {kind} and was left out."
                if note not in self.notes:
                    self.notes.append(note)
        key = body.get("userPrincipalName") or body.get("mail") or body.get("displayName")
        if not key:
            wanted = "userPrincipalName" if kind == "user" else "displayName"
            raise SeedError(f"{place}: a {kind} needs {wanted}.")
        if kind == "user" and not body.get("userPrincipalName"):
            raise SeedError(f"{place}: a user needs userPrincipalName.")
        if kind == "device":
            # Names of devices are not unique.
            given = _guid(body.get("deviceId"), f"{place}.deviceId")
            key = body["deviceId"] = given or str(uuid.uuid5(_NAMESPACE, f"deviceId:{place}"))
        body["id"] = _guid(row.get("id"), f"{place}.id") or str(uuid.uuid5(_NAMESPACE, f"{place.split('[')[0]}:{key}"))
        return body

    def _claim(self, body: dict[str, Any], place: str, container: str) -> None:
        """Ids are unique everywhere, names and anchors among live objects. A recycle bin may hold a person twice."""
        claims = [("id", body["id"])]
        if container == LIVE:
            for name in ("userPrincipalName", "onPremisesImmutableId", "onPremisesSecurityIdentifier", "deviceId"):
                if body.get(name):
                    value = body[name] if name == "onPremisesImmutableId" else body[name].lower()
                    claims.append((name, value))
            claims += [("proxyAddresses", str(item).lower()) for item in body.get("proxyAddresses") or ()]
        for claim in claims:
            if claim in self._places and self._places[claim] != place:
                name = claim[0]
                raise SeedError(f"{place}.{name}: {claim[1]!r} is already the {name} of {self._places[claim]}.")
            self._places[claim] = place


def section_of(place: str) -> str:
    """users[3] -> users."""
    return place.partition("[")[0]


def _check_type(value: Any, shape: Shape, name: str, place: str) -> None:
    if value is None:
        return
    wanted = shape.properties[name].type
    types: dict[str, tuple[Any, str]] = {
        "boolean": (bool, "true, false or null"),
        "collection": (list, "a list"),
        "object": (dict, "an object"),
    }
    python_type, words = types.get(wanted, (str, "text"))
    if not isinstance(value, python_type):
        raise SeedError(f"{place}.{name}: {value!r} must be {words}.")


def _object(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SeedError(f"{place}: must be an object, not {type(value).__name__}.")
    return value


def _rows(seed: dict[str, Any], section: str) -> list[Any]:
    """A list, or the whole answer of Graph with its ``value``."""
    rows = seed.get(section, [])
    if isinstance(rows, dict) and isinstance(rows.get("value"), list):
        if "@odata.nextLink" in rows:
            raise SeedError(
                f"{section}: this is one page of several (@odata.nextLink); paste all of them into one list."
            )
        rows = rows["value"]
    if not isinstance(rows, list):
        raise SeedError(f"{section}: must be a list of objects, or what Graph answered ({{'value': [...]}}).")
    return rows


def _guid(value: Any, place: str) -> Optional[str]:
    if value is None:
        return None
    try:
        return str(uuid.UUID(str(value)))
    except ValueError:
        raise SeedError(f"{place}: {value!r} is no GUID.") from None


def _object_id(item: Any) -> Any:
    return item.get("id") if isinstance(item, dict) else item


def _domains(seed: dict[str, Any], users: list[Any], display_name: str) -> list[dict[str, Any]]:
    domains = [_domain(row, f"domains[{index}]") for index, row in enumerate(_rows(seed, "domains"))]
    if not domains:
        names = {
            str(row.get("userPrincipalName", "")).rpartition("@")[2].lower() for row in users if isinstance(row, dict)
        }
        domains = [_domain(name, "domains") for name in sorted(names) if name]
    if not any(item["isInitial"] for item in domains):
        candidates = [
            item for item in domains if item["id"].endswith(".onmicrosoft.com") and item["id"].count(".") == 2
        ]
        if not candidates:
            letters = "".join(letter for letter in display_name.lower() if letter.isascii() and letter.isalnum())
            candidates = [_domain((letters or "rehearsal") + ".onmicrosoft.com", "domains")]
            domains.append(candidates[0])
        candidates[0]["isInitial"] = True
    if not any(item["isDefault"] for item in domains):
        domains[0]["isDefault"] = True
    return domains


def _domain(row: Any, place: str) -> dict[str, Any]:
    given = {"id": row} if isinstance(row, str) else _object(row, place)
    name = given.get("id") or given.get("name")
    if not isinstance(name, str) or "." not in name:
        raise SeedError(f"{place}.id: {name!r} is no domain name.")
    kind = given.get("authenticationType", "Managed")
    if kind not in ("Managed", "Federated"):
        raise SeedError(f"{place}.authenticationType: {kind!r} must be Managed or Federated.")
    standard = {
        "authenticationType": kind,
        "availabilityStatus": None,
        "isAdminManaged": True,
        "isDefault": False,
        "isInitial": False,
        "isRoot": True,
        "isVerified": True,
        "passwordNotificationWindowInDays": None,
        "passwordValidityPeriodInDays": None,
        "supportedServices": ["Email", "OfficeCommunicationsOnline"],
    }
    return {**standard, **{key: value for key, value in given.items() if key in standard}, "id": name.lower()}


def _features(given: dict[str, Any]) -> dict[str, Optional[bool]]:
    for name, value in given.items():
        if value is not None and not isinstance(value, bool):
            raise SeedError(f"features.{name}: {value!r} must be true, false or null.")
    return {**FEATURES, **given}


def _settings(given: dict[str, Any]) -> tuple[Settings, dict[str, Client]]:
    settings = Settings()
    try:
        settings.update({name: value for name, value in given.items() if name != "clients"})
    except SettingError as error:
        raise SeedError(f"settings: {error}") from None
    return settings, read_clients(given.get("clients"))


def read_clients(given: Any) -> dict[str, Client]:
    """The app registrations; without any, one that may do all of the main job.

    :raises SeedError: with the index of the client.
    """
    if given is None:
        return _by_id([Client(client_id=str(uuid.uuid4()), secret=secrets.token_urlsafe(24))])
    if not isinstance(given, list) or not given:
        raise SeedError("settings.clients: must be a list of clients.")
    return _by_id(
        [_client(_object(row, f"settings.clients[{i}]"), f"settings.clients[{i}]") for i, row in enumerate(given)]
    )


def _by_id(clients: list[Client]) -> dict[str, Client]:
    return {client.client_id: client for client in clients}


_CLIENT_FIELDS = {
    "clientId": "client_id",
    "displayName": "display_name",
    "secret": "secret",
    "certificates": "certificates",
    "federatedCredentials": "federated_credentials",
    "permissions": "permissions",
    "delegatedPermissions": "delegated_permissions",
    "directoryRoles": "directory_roles",
}


def _client(row: dict[str, Any], place: str) -> Client:
    fields: dict[str, Any] = {}
    for name, value in row.items():
        if name not in _CLIENT_FIELDS:
            raise SeedError(f"{place}.{name}: a client has {', '.join(_CLIENT_FIELDS)}.")
        if name in ("clientId", "displayName", "secret"):
            good = isinstance(value, str)
        else:
            good = isinstance(value, list)
            value = tuple(value) if good else value
        if not good:
            raise SeedError(
                f"{place}.{name}: {'text' if name in ('clientId', 'displayName', 'secret') else 'a list'} is needed."
            )
        fields[_CLIENT_FIELDS[name]] = value
    for index, credential in enumerate(fields.get("federated_credentials", ())):
        missing = {"issuer", "subject", "publicKey"} - set(
            _object(credential, f"{place}.federatedCredentials[{index}]")
        )
        if missing:
            raise SeedError(f"{place}.federatedCredentials[{index}]: {', '.join(sorted(missing))} is missing.")
    fields["client_id"] = (_guid(fields.get("client_id"), f"{place}.clientId") or str(uuid.uuid4())).lower()
    return Client(**fields)


def with_roles(tenant: Tenant, rows: list[Any]) -> RoleBook:
    """The tenant's roles and further ones, given as in a seed."""
    assignments = list(tenant.roles.assignments)
    for index, row in enumerate(rows):
        place = f"roles[{index}]"
        given = _object(row, place)
        unknown = set(given) - {"user", "group", "role", "eligible", "privileged"}
        if unknown:
            raise SeedError(
                f"{place}: unknown {', '.join(sorted(unknown))}; a role has user or group, role, eligible, privileged."
            )
        assignments.append(_assignment(given, place, tenant))
    _make_role_assignable({item.principal_id for item in assignments}, tenant)
    return RoleBook(assignments, tenant.store.page("group", LIVE, tenant.clock.now()))


def _make_role_assignable(principals: set[str], tenant: Tenant) -> None:
    """Only a role-assignable group can have a role, even where the seed does not carry the property."""
    for group in list(tenant.store.page("group", LIVE, tenant.clock.now())):
        if group.id in principals and not group.body.get("isAssignableToRole"):
            tenant.store.put("group", group.id, {**group.body, "isAssignableToRole": True}, LIVE, LONG_AGO)


def _assignment(given: dict[str, Any], place: str, tenant: Tenant) -> Assignment:
    principal = _principal(tenant, given)
    if principal is None:
        raise SeedError(
            f"{place}: {given.get('user') or given.get('group')!r} is no user (id or UPN) or group (id) of the seed."
        )
    role = str(given.get("role", ""))
    by_id = {template: name for name, (template, _privileged) in BUILT_IN.items()}
    role = by_id.get(role.lower(), role)
    if not role:
        raise SeedError(f"{place}.role: the display name or template id of a role is needed.")
    # A role that is not built in is a custom role, and those count as privileged.
    privileged = given.get("privileged", BUILT_IN.get(role, ("", True))[1])
    return Assignment(principal.id, role, bool(given.get("eligible", False)), bool(privileged))


def _principal(tenant: Tenant, given: dict[str, Any]) -> Optional[Stored]:
    wanted = str(given.get("user") or given.get("group") or "").lower()
    found = tenant.store.get(wanted)
    return found or next(iter(tenant.store.claimants("userPrincipalName", wanted)), None)
