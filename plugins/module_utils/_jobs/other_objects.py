# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What a status reads of groups, contacts and devices.

Of ``n`` of them: batches of 20 for each by id, or by the one to four properties that a name may be a value of. Besides,
only where it explains something: source of authority, who has a parked address (batches), who claims the address of an
object that is not synced (one filter for each of these kinds), groups in the recycle bin.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Optional, TypeVar

from ansible_collections.hybrid.identity.plugins.module_utils._graph.batch import BatchRequest
from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient
from ansible_collections.hybrid.identity.plugins.module_utils._graph.collections import (
    Items,
    is_refused,
    read_collections,
)
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._graph.groups import (
    contacts_with_address_path,
    groups_with_address_path,
    list_deleted_groups,
)
from ansible_collections.hybrid.identity.plugins.module_utils._graph.other_objects import (
    ADVANCED,
    account_paths,
    behavior_path,
    id_paths,
    name_paths,
    object_path,
    parked_path,
)
from ansible_collections.hybrid.identity.plugins.module_utils._graph.tenant import readable
from ansible_collections.hybrid.identity.plugins.module_utils._graph.users import has_address, users_path
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.other_objects import (
    DEVICE,
    KINDS,
    Subject,
    Surroundings,
    addresses_of,
    ambiguous,
    fits,
    holder_of,
    is_synced,
    judge,
    missing,
    parked_address,
    parked_values,
    row_of,
    unread,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.standing import SyncFacts
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import CONTACT, GROUP, USER, Holder
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import is_object_id

Body = Mapping[str, Any]
Row = dict[str, Any]
Unchecked = dict[str, str]
_Key = TypeVar("_Key")

_PERMISSIONS = {GROUP: "Group.Read.All", CONTACT: "OrgContact.Read.All", DEVICE: "Device.Read.All"}
_AUTHORITY = {
    GROUP: "Group-OnPremisesSyncBehavior.ReadWrite.All",
    CONTACT: "Contacts-OnPremisesSyncBehavior.ReadWrite.All",
}
_OWNER_PATHS = {
    USER: (lambda address: users_path(has_address(address)), "User.Read.All"),
    GROUP: (groups_with_address_path, _PERMISSIONS[GROUP]),
    CONTACT: (contacts_with_address_path, _PERMISSIONS[CONTACT]),
}
# Refused; gone meanwhile; not offered by this cloud or version.
_UNKNOWN = (400, 403, 404, 405, 501)


class Asked(NamedTuple):
    """What somebody asked for: the kind of object, and its id or a name."""

    kind: str
    name: str


class _Found(NamedTuple):
    """What Graph has under a name: nothing, one object or several; or what it answered instead."""

    bodies: Sequence[Body]
    error: Optional[GraphError] = None

    @property
    def only(self) -> Optional[Body]:
        """The object, where there is no doubt which one is meant."""
        return self.bodies[0] if self.error is None and len(self.bodies) == 1 else None


def asked_for(params: Mapping[str, Any]) -> list[Asked]:
    """Return what the options ``groups``, ``contacts`` and ``devices`` name, each once."""
    named = (Asked(kind, str(name).strip()) for kind in KINDS for name in params[f"{kind}s"] or ())
    return list(dict.fromkeys(named))


def read_other_objects(
    client: GraphClient, asked: Sequence[Asked], sync: SyncFacts, features: Mapping[str, Any] | None
) -> list[Row]:
    """Read groups, contacts and devices, and say where each stands.

    :param features: the flags of the tenant by their Graph names; ``None``: unknown.
    :return: a row for each, as :func:`row_of` makes them.
    """
    if not asked:
        return []
    found = _find(client, asked)
    clear = ((one.kind, found[one].only) for one in asked)
    subjects = [(kind, body) for kind, body in clear if body is not None]
    owners, owners_unchecked = _owners(client, [body for _kind, body in subjects if is_synced(body)])
    claimants, claimants_unchecked = _claimants(client, subjects)
    managed, authority_unchecked = _cloud_managed(client, subjects)
    deleted, bin_unchecked = _deleted(client, found)
    around = Surroundings(
        sync.sync_on, (features or {}).get("blockSoftMatchEnabled"), frozenset(managed), owners, claimants
    )

    def row(one: Asked) -> Row:
        kind, name = one
        bodies, error = found[one]
        body = found[one].only
        if error is not None:
            closed = [{"what": f"{kind}s", "permission": _PERMISSIONS[kind]}] if error.status == 403 else []
            return row_of(kind, name, None, unread(kind, error.message), closed, error=error.as_row_error())
        if body is not None:
            verdict = judge(Subject(kind, body, around))
            if is_synced(body):
                return row_of(kind, name, body, verdict, owners_unchecked if parked_values(body) else ())
            of_mail = claimants_unchecked.get(kind) if addresses_of(body) else None
            closed = [item for item in (authority_unchecked.get(body["id"]), of_mail) if item]
            return row_of(kind, name, body, verdict, [*sync.unchecked, *closed])
        if bodies:
            return row_of(kind, name, None, ambiguous(kind, name, bodies), candidates=bodies)
        if kind != GROUP:
            return row_of(kind, name, None, missing(kind, name))
        gone = [item for item in deleted if fits(item, name)]
        return row_of(kind, name, None, missing(kind, name, gone), bin_unchecked)

    return [row(one) for one in asked]


def _find(client: GraphClient, asked: Sequence[Asked]) -> dict[Asked, _Found]:
    """Look for each by its id, or by every property that its name may be a value of: a name may mean several."""
    bodies: dict[Asked, dict[str, Body]] = {one: {} for one in asked}
    errors: dict[Asked, GraphError] = {}
    by_id = [one for one in asked if is_object_id(one.name)]
    by_name = [one for one in asked if not is_object_id(one.name)]
    requests = (BatchRequest("GET", object_path(*one)) for one in by_id)
    for one, response in zip(by_id, client.batch(requests)):
        if response.error is None:
            bodies[one][response.body["id"]] = response.body
        elif response.status != 404:
            errors[one] = response.error
    plain = [
        *((one, path) for one in by_id for path in id_paths(*one)),
        *((one, path) for one in by_name for path in name_paths(*one)),
    ]
    advanced = [(one, path) for one in by_name for path in account_paths(*one)]
    for one, items in (*_collected(client, plain), *_collected(client, advanced, ADVANCED)):
        if items.error is not None:
            errors.setdefault(one, items.error)
        # A read by id lags less than one by filter.
        for body in items.values:
            bodies[one].setdefault(body["id"], body)
    return {one: _Found(list(bodies[one].values()), errors.get(one)) for one in asked}


def _cloud_managed(client: GraphClient, subjects: Iterable[tuple[str, Body]]) -> tuple[set[str], dict[str, Unchecked]]:
    """Ask of each group and contact without the flag whether its source of authority was moved to the cloud.

    :return: the ids of those of which it was, and for each id what could not be read.
    """
    open_ones = [
        (kind, body["id"]) for kind, body in subjects if kind != DEVICE and body.get("onPremisesSyncEnabled") is None
    ]
    managed = set()
    unchecked: dict[str, Unchecked] = {}
    requests = (BatchRequest("GET", behavior_path(*one)) for one in open_ones)
    for (kind, object_id), response in zip(open_ones, client.batch(requests)):
        if response.error is None:
            if response.body.get("isCloudManaged") is True:
                managed.add(object_id)
        elif response.status in _UNKNOWN:
            what = f"whether the source of authority of the {kind} was moved to the cloud"
            unchecked[object_id] = {"what": what, "permission": _AUTHORITY[kind]}
        else:
            raise response.error
    return managed, unchecked


def _owners(client: GraphClient, synced: Iterable[Body]) -> tuple[dict[str, list[Holder]], list[Unchecked]]:
    """Return who has the addresses that the service could not give to these objects."""
    parked = {parked_address(value) for body in synced for _name, value in parked_values(body)}
    addresses = sorted(address for address in parked if "@" in address)
    paths = [
        ((kind, address), path(address)) for kind, (path, _permission) in _OWNER_PATHS.items() for address in addresses
    ]
    owners: dict[str, list[Holder]] = {}
    closed = set()
    for (kind, address), items in _collected(client, paths):
        if is_refused(items):
            closed.add(kind)
        owners.setdefault(address, []).extend(holder_of(kind, body) for body in items.values)
    unchecked = [
        {"what": f"whether a {kind} has an address that was parked", "permission": permission}
        for kind, (_path, permission) in _OWNER_PATHS.items()
        if kind in closed
    ]
    return owners, unchecked


def _claimants(
    client: GraphClient, subjects: Iterable[tuple[str, Body]]
) -> tuple[dict[str, list[Holder]], dict[str, Unchecked]]:
    """Return the synced groups and contacts that would have somebody's address, where one here could be meant.

    :return: them by address, and for each kind what could not be read.
    """
    kinds = {kind for kind, body in subjects if kind != DEVICE and not is_synced(body) and addresses_of(body)}
    claimants: dict[str, list[Holder]] = {}
    unchecked = {}
    for kind, items in _collected(client, [(kind, parked_path(kind)) for kind in sorted(kinds)]):
        if is_refused(items, _UNKNOWN):
            what = f"whether the sync made another {kind} with the same address"
            unchecked[kind] = {"what": what, "permission": _PERMISSIONS[kind]}
        for body in filter(is_synced, items.values):
            for _name, value in parked_values(body):
                claimants.setdefault(parked_address(value), []).append(holder_of(kind, body))
    return claimants, unchecked


def _deleted(client: GraphClient, found: Mapping[Asked, _Found]) -> tuple[list[Body], list[Unchecked]]:
    """Return the groups in the recycle bin, where a group was not found."""
    if not any(one.kind == GROUP and not item.bodies and item.error is None for one, item in found.items()):
        return [], []
    reading = readable(lambda: list(list_deleted_groups(client)), "groups in the recycle bin", _PERMISSIONS[GROUP])
    return reading.value or [], [reading.unchecked] if reading.unchecked else []


def _collected(
    client: GraphClient, paths: Sequence[tuple[_Key, str]], headers: Mapping[str, str] | None = None
) -> Iterator[tuple[_Key, Items]]:
    """Read collections whole; yield each with its key, which several may share."""
    answers = read_collections(client, enumerate(path for _key, path in paths), headers)
    return ((key, answers[number]) for number, (key, _path) in enumerate(paths))
