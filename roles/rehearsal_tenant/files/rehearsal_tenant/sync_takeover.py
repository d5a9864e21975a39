# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a user of the tenant when an AD object is written over it, and which values are parked."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from .directory import AdObject, Directory
from .store import LIVE, Stored
from .sync_addresses import Names, addresses_after, alias, cloud_name
from .sync_flow import account, blanked, identity, overwritten, password
from .tenant import Tenant


def name_of(tenant: Tenant, directory: Directory, user: AdObject) -> str:
    """The sign-in name that an AD object gets."""
    return cloud_name(user, directory, _names(tenant))


def _names(tenant: Tenant) -> Names:
    return Names(tenant.initial_domain, tenant.verified, tenant.settings.givenAddresses == "always")


def keeps_name(tenant: Tenant, before: Mapping[str, Any]) -> bool:
    """A licensed user of a managed domain keeps its sign-in name unless the feature is on."""
    name = str(before.get("userPrincipalName") or "")
    changes = tenant.features["synchronizeUpnForManagedUsersEnabled"]
    return bool(name and not changes and before.get("assignedLicenses") and not tenant.federated(name))


def taken_over(
    tenant: Tenant,
    directory: Directory,
    user: AdObject,
    before: Mapping[str, Any],
    anchor: str,
    carried: frozenset[str],
    empties: bool,
) -> dict[str, Any]:
    """The user after an export.

    :param before: the user of the tenant; empty for one that is made now.
    :param carried: attributes that the source knows; what it does not know changes nothing.
    :param empties: whether an attribute that is empty in AD empties the property.
    """
    body = dict(before) or _new_user(tenant, directory, user)
    if empties:
        body.update(blanked(user, body, carried))
    body.update(overwritten(user, body))
    for changes in (
        account(user),
        password(user, tenant.features, tenant.clock.now()),
        identity(user, directory, anchor),
        {"onPremisesLastSyncDateTime": tenant.timestamp(), "deletedDateTime": None},
    ):
        body.update(changes)
    if not keeps_name(tenant, before):
        body["userPrincipalName"] = name_of(tenant, directory, user)
    proxies, mail = addresses_after(user, before, body["userPrincipalName"], _names(tenant))
    if "proxyaddresses" in carried and (empties or user.all("proxyAddresses") or user.text("mail")):
        body["proxyAddresses"] = proxies
    if mail or (empties and "mail" in carried):
        body["mail"] = mail
    _park_conflicts(tenant, body, before)
    return body


def _new_user(tenant: Tenant, directory: Directory, user: AdObject) -> dict[str, Any]:
    return {
        "id": str(uuid.UUID(int=tenant.random.getrandbits(128), version=4)),
        "accountEnabled": True,
        "createdDateTime": tenant.timestamp(),
        "mailNickname": alias(user, directory),
        "userType": "Member",
    }


def _park_conflicts(tenant: Tenant, body: dict[str, Any], before: Mapping[str, Any]) -> None:
    """Duplicate attribute resiliency: a value that someone else holds is parked, and noted on the user."""
    errors = []
    name = body["userPrincipalName"]
    if _taken(tenant, body["id"], "userPrincipalName", name) or name_is_address(tenant, name, before):
        errors.append(_error(tenant, "UserPrincipalName", body["userPrincipalName"]))
        prefix = body["userPrincipalName"].partition("@")[0]
        plus = "+" if tenant.settings.quarantinedUpn == "plus" else ""
        number = tenant.random.randrange(1000, 10000)
        body["userPrincipalName"] = f"{prefix}{plus}{number}@{tenant.initial_domain}"
    kept = []
    for address in body.get("proxyAddresses") or []:
        if _taken(tenant, body["id"], "proxyAddresses", address):
            errors.append(_error(tenant, "ProxyAddress", address))
        else:
            kept.append(address)
    if body.get("proxyAddresses"):
        body["proxyAddresses"] = kept
    if body.get("mail") and _taken(tenant, body["id"], "proxyAddresses", "smtp:" + body["mail"]):
        body["mail"] = None
    body["onPremisesProvisioningErrors"] = errors


def _taken(tenant: Tenant, own_id: str, name: str, value: str) -> bool:
    return any(counts(tenant, item, name) for item in tenant.store.claimants(name, value, besides=own_id))


def name_is_address(tenant: Tenant, name: str, before: Mapping[str, Any]) -> bool:
    """Whether a new sign-in name is taken because another object has it as an address (contested).

    :param before: the user whose name it is to be; empty for one that is made now.
    """
    is_new = name.lower() != str(before.get("userPrincipalName") or "").lower()
    counted = is_new and tenant.settings.addressTakesName
    return bool(counted and _taken(tenant, str(before.get("id")), "proxyAddresses", f"smtp:{name}"))


def counts(tenant: Tenant, holder: Stored, name: str) -> bool:
    """Whether a holder stands in the way: a live one does; a deleted one may, with an address (contested)."""
    if holder.container == LIVE:
        return True
    kinds = {"none": (), "groups": ("group",), "all": ("group", "user")}[tenant.settings.deletedAddressesHeld]
    return name == "proxyAddresses" and holder.kind in kinds


def _error(tenant: Tenant, name: str, value: str) -> dict[str, Any]:
    return {
        "category": "PropertyConflict",
        "occurredDateTime": tenant.timestamp(),
        "propertyCausingError": name,
        "value": value,
    }
