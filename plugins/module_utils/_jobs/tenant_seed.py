# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The job of ``entra_tenant_seed``: write a tenant down as a seed of the rehearsal tenant.

Users go to the file as they come, so memory does not grow with them. What may not be read is left out: in a seed a
property or section that is missing is unknown.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Callable

from ansible_collections.hybrid.identity.plugins.module_utils._graph.arguments import ENTRA_ARGUMENTS
from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient, connect
from ansible_collections.hybrid.identity.plugins.module_utils._graph.groups import (
    list_contacts,
    list_deleted_groups,
    list_groups,
)
from ansible_collections.hybrid.identity.plugins.module_utils._graph.tenant import (
    Reading,
    get_organization,
    get_sync_features,
    list_domains,
    readable,
)
from ansible_collections.hybrid.identity.plugins.module_utils._graph.users import (
    PLAN_SELECT,
    list_deleted_users,
    list_users,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import NOT_LICENSED
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.lookups import Lookups
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.runner import Context
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.seed_exports import write_exports
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.seed_roles import add_members, read_seed_roles
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.user_details import UserDetails
from ansible_collections.hybrid.identity.plugins.module_utils._pseudonyms import Pseudonyms, key_from_file
from ansible_collections.hybrid.identity.plugins.module_utils._rows import AtomicFile

Row = dict[str, Any]

ARGUMENTS: dict[str, Any] = {
    **ENTRA_ARGUMENTS,
    "dest": {"type": "path", "required": True},
    "pseudonyms": {"type": "bool", "default": False},
    "key_file": {"type": "path", "no_log": False},
    "exports": {"type": "list", "elements": "path", "default": []},
    "members_of": {"type": "list", "elements": "str", "default": []},
}

# Users whose look-ups share batches.
_CHUNK = 1000
_TENANT = ("id", "displayName", "onPremisesSyncEnabled", "onPremisesLastSyncDateTime")


def write_seed(
    params: dict[str, Any],
    context: Context,
    *,
    client_of: Callable[[dict[str, Any]], GraphClient] = connect,
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, Any]:
    """Read the tenant and write it down; the same in check mode.

    :param params: the values of :data:`ARGUMENTS`.
    :return: the module's result, as its documentation describes it.
    """
    began = clock()
    key_file = (params["key_file"] or f"{params['dest']}.key") if params["pseudonyms"] else None
    pseudonyms = Pseudonyms(key_from_file(key_file)) if key_file else None
    with client_of(params) as client:
        seed = _Seed(client, pseudonyms)
        with AtomicFile(params["dest"]) as file:
            seed.write(file, params)
        for warning in seed.warnings:
            context.warn(warning)
        return {
            "changed": False,
            "dest": params["dest"],
            "exports": seed.exports,
            "key_file": key_file,
            "unchecked": seed.unchecked,
            "summary": {
                **seed.counts,
                **client.stats(),
                "seconds": round(clock() - began, 3),
                "sign_in_method": client.sign_in_method,
            },
        }


class _Seed:
    """One seed on its way to a file."""

    def __init__(self, client: GraphClient, pseudonyms: Pseudonyms | None) -> None:
        self._client = client
        self._pseudonyms = pseudonyms
        #: Of users and of groups, live and deleted.
        self._ids: dict[str, set[str]] = {"user": set(), "group": set()}
        self.unchecked: list[dict[str, str]] = []
        self.exports: list[str] = []
        self.warnings: list[str] = []
        self.counts = dict.fromkeys(("users", "deleted_users", "groups", "deleted_groups", "contacts", "roles"), 0)

    def write(self, file: AtomicFile, params: Mapping[str, Any]) -> None:
        """Write all sections, the small ones on one line each."""
        client = self._client
        # First, because a file that cannot be used is found out sooner than a tenant is read.
        directories = self._write_exports(params)
        organization, features = self._note(get_organization(client)), self._note(get_sync_features(client))
        domains = self._note(list_domains(client))
        tenant = {name: organization[name] for name in _TENANT if name in organization} if organization else {}
        file.write(b"{\n" + _field("tenant", self._renamed({"id": client.tenant_id, **tenant})))
        if features is not None:
            file.write(b",\n" + _field("features", features.get("features") or {}))
        if domains is not None:
            file.write(b",\n" + _field("domains", domains))
        select = f"{PLAN_SELECT},assignedPlans"
        self._write_rows(file, "users", self._with_look_ups(list_users(client, select)), "users", "user")
        deleted = self._closed(list_deleted_users(client, select), "users in the recycle bin", "User.Read.All")
        self._write_rows(file, "deletedUsers", deleted, "deleted_users", "user")
        groups = self._groups(params["members_of"])
        self._write_rows(file, "groups", groups, "groups", "group")
        deleted = self._closed(list_deleted_groups(client), "groups in the recycle bin", "Group.Read.All")
        self._write_rows(file, "deletedGroups", deleted, "deleted_groups", "group")
        contacts = self._closed(list_contacts(client), "contacts", "OrgContact.Read.All")
        self._write_rows(file, "contacts", contacts, "contacts")
        self._write_roles(file)
        if directories:
            file.write(b",\n" + _field("directories", directories))
        file.write(b"\n}\n")

    def _write_rows(
        self, file: AtomicFile, section: str, rows: Iterable[Row] | None, count: str, kind: str | None = None
    ) -> None:
        if rows is None:
            return
        file.write(b',\n"%s": [' % section.encode())
        separator = b"\n"
        for row in rows:
            if kind is not None:
                self._ids[kind].add(row["id"])
            self.counts[count] += 1
            file.write(separator + _json(self._renamed(row)))
            separator = b",\n"
        file.write(b"\n]")

    def _with_look_ups(self, users: Iterator[Row]) -> Iterator[Row]:
        details = UserDetails()
        lookups = Lookups(self._client, details)
        try:
            while True:
                chunk = list(itertools.islice(users, _CHUNK))
                if not chunk:
                    break
                # Of everybody: a user whose other traces of a sync were removed may still be mapped to an AD object.
                found = lookups.look_up(user["id"] for user in chunk)
                for user in chunk:
                    known = found[user["id"]]
                    if known.cloud_managed is not None:
                        user["onPremisesSyncBehavior"] = {"isCloudManaged": known.cloud_managed}
                    if known.identifier_known:
                        user["onPremisesObjectIdentifier"] = known.object_identifier
                    more = details.of(user["id"])
                    if "manager" in more:
                        user["manager"] = more["manager"]
                    yield user
        finally:
            details.close()
        self.unchecked += map(dict, lookups.unchecked)

    def _groups(self, members_of: Iterable[str]) -> list[Row] | None:
        groups = self._closed(list_groups(self._client), "groups", "Group.Read.All")
        if groups is None:
            return None
        rows = list(groups)
        unchecked, strangers = add_members(self._client, rows, members_of)
        self.unchecked += unchecked
        self.warnings += [f"members_of names {name}; the tenant has no such group." for name in strangers]
        return rows

    def _write_roles(self, file: AtomicFile) -> None:
        reading = read_seed_roles(self._client, self._ids)
        self.unchecked += reading.unchecked
        if reading.eligibility == NOT_LICENSED:
            file.write(b",\n" + _field("settings", {"pimLicensed": False}))
        if reading.roles is None:
            return
        self.counts["roles"] = len(reading.roles)
        roles = [role.shown(self._pseudonyms) for role in reading.roles]
        file.write(b",\n" + _field("roles", roles))

    def _write_exports(self, params: Mapping[str, Any]) -> list[Row]:
        """Write the exports; return the directories that they are of."""
        if not params["exports"]:
            return []
        written = write_exports(self._client, params["exports"], params["dest"], self._pseudonyms)
        self.exports = written.paths
        self.unchecked += written.unchecked
        self.warnings += written.warnings
        return written.directories

    def _note(self, reading: Reading) -> Any:
        if reading.unchecked:
            self.unchecked.append(reading.unchecked)
        return reading.value

    def _closed(self, rows: Iterator[Row], what: str, permission: str) -> Iterator[Row] | None:
        """Return the rows, or ``None`` where they may not be read: the first page says so."""
        return self._note(readable(lambda: _begun(rows), what, permission))

    def _renamed(self, row: Row) -> Row:
        if row.get("assignedPlans"):
            # All others take more room than the rest of a user, and nothing looks at them.
            row["assignedPlans"] = [
                one for one in row["assignedPlans"] if str(one.get("service")).lower() == "exchange"
            ]
        return self._pseudonyms.cloud_object(row) if self._pseudonyms else row


def _begun(rows: Iterator[Row]) -> Iterator[Row]:
    return itertools.chain(list(itertools.islice(rows, 1)), rows)


def _field(name: str, value: Any) -> bytes:
    return b'"%s": %s' % (name.encode(), _json(value))


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": ")).encode("utf-8", "backslashreplace")
