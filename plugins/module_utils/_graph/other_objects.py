# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Groups, organizational contacts and devices one by one: by id, or by the names that a person may know."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import odata_text, with_query
from ansible_collections.hybrid.identity.plugins.module_utils._graph.users import PAGE_SIZE, has_address

# Goes with the paths of advanced queries.
ADVANCED = {"ConsistencyLevel": "eventual"}
PARKED = "onPremisesProvisioningErrors/any(o:o/category eq 'PropertyConflict')"

_SYNC = "id,displayName,onPremisesSyncEnabled,onPremisesLastSyncDateTime"
_MAIL = f"{_SYNC},mail,proxyAddresses,onPremisesProvisioningErrors,serviceProvisioningErrors"


class _Kind(NamedTuple):
    """Where objects of a kind are, and what of them is read."""

    collection: str
    select: str


_KINDS = {
    "group": _Kind(
        "/groups",
        f"{_MAIL},mailEnabled,securityEnabled,groupTypes,isAssignableToRole,onPremisesSamAccountName,"
        "onPremisesSecurityIdentifier",
    ),
    "contact": _Kind("/contacts", _MAIL),
    "device": _Kind(
        "/devices",
        f"{_SYNC},deviceId,trustType,alternativeSecurityIds,accountEnabled,isManaged,operatingSystem,"
        "approximateLastSignInDateTime,onPremisesSecurityIdentifier",
    ),
}


def object_path(kind: str, object_id: str) -> str:
    """Return the path of an object.

    :param kind: ``group``, ``contact`` or ``device``, here and below.
    """
    return with_query(f"{_KINDS[kind].collection}/{quote(object_id)}", {"$select": _KINDS[kind].select})


def id_paths(kind: str, name: str) -> list[str]:
    """Return the paths of the objects that another id than Graph's own may mean."""
    return [_path(kind, f"deviceId eq {odata_text(name)}")] if kind == "device" else []


def name_paths(kind: str, name: str) -> list[str]:
    """Return the paths of the objects that a name may mean: one for each property that it may be a value of."""
    conditions = [f"displayName eq {odata_text(name)}"]
    if kind != "device" and "@" in name:
        conditions += [f"mail eq {odata_text(name)}", has_address(name)]
    return [_path(kind, condition) for condition in conditions]


def account_paths(kind: str, name: str) -> list[str]:
    """Return the paths of the groups that had this sAMAccountName when last synced; they need :data:`ADVANCED`."""
    if kind != "group" or "@" in name:
        return []
    return [f"{_path(kind, f'onPremisesSamAccountName eq {odata_text(name)}')}&$count=true"]


def parked_path(kind: str) -> str:
    """Return the path of the groups or contacts for which the service parked a value."""
    return _path(kind, PARKED)


def behavior_path(kind: str, object_id: str) -> str:
    """Return the path of ``isCloudManaged`` of a group or contact."""
    return f"{_KINDS[kind].collection}/{quote(object_id)}/onPremisesSyncBehavior"


def _path(kind: str, condition: str) -> str:
    query = {"$filter": condition, "$select": _KINDS[kind].select, "$top": PAGE_SIZE}
    return with_query(_KINDS[kind].collection, query)
