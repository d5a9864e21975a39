# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant's own resources: organization, domains, and the features of its directory synchronization."""

from __future__ import annotations

from functools import partial
from typing import Any

from .audit_log import Change, tenant_change
from .errors import bad_request, denied, not_found
from .graph_collections import answer_collection, listed
from .messages import GraphRequest, Reply
from .odata import project, read_select
from .shapes import DOMAIN, ORGANIZATION
from .tenant import FEATURES, Tenant

SYNC_ADMINISTRATORS = frozenset({"Global Administrator", "Hybrid Identity Administrator"})


def organization_body(tenant: Tenant) -> dict[str, Any]:
    """The organization with its verified domains."""
    domains = [
        {
            "capabilities": "Email, OfficeCommunicationsOnline",
            "isDefault": bool(item.get("isDefault")),
            "isInitial": bool(item.get("isInitial")),
            "name": item["id"],
            "type": item.get("authenticationType", "Managed"),
        }
        for item in tenant.domains
        if item.get("isVerified")
    ]
    return {"id": tenant.id, "displayName": tenant.display_name, "verifiedDomains": domains, **tenant.organization}


def list_organization(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET /organization: a collection of one."""
    return answer_collection(request, ORGANIZATION, listed([organization_body(tenant)]), "organization")


def get_organization(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET /organization/{id}."""
    if request.parameters["id"].lower() != tenant.id:
        raise not_found(request.parameters["id"])
    context = f"{request.root}/{request.version}/$metadata#organization/$entity"
    shown = project(organization_body(tenant), read_select(request, ORGANIZATION), ORGANIZATION)
    return Reply(200, {"@odata.context": context, **shown})


def patch_organization(tenant: Tenant, request: GraphRequest) -> Reply:
    """PATCH /organization/{id} in beta: switches directory synchronization on or off, and nothing else here.

    The conversion of all synced users, for which the service takes up to days after it is switched off, is left out.
    """
    if request.parameters["id"].lower() != tenant.id:
        raise not_found(request.parameters["id"])
    if request.caller.delegated and not request.caller.directory_roles & SYNC_ADMINISTRATORS:
        raise denied()
    wanted = request.body.get("onPremisesSyncEnabled") if isinstance(request.body, dict) else None
    if request.version != "beta" or not isinstance(wanted, bool) or len(request.body) > 1:
        raise bad_request("This rehearsal tenant changes 'onPremisesSyncEnabled' only, and in beta only.")
    change = ("onPremisesSyncEnabled", tenant.organization.get("onPremisesSyncEnabled"), wanted)
    tenant.organization["onPremisesSyncEnabled"] = wanted
    _tell(tenant, request, "Set DirSyncEnabled flag", [change])
    return Reply(204)


def _tell(tenant: Tenant, request: GraphRequest, activity: str, changes: list[Change]) -> None:
    changes = [item for item in changes if item[1] != item[2]]
    if not changes:
        return
    target = {"id": tenant.id, "displayName": tenant.display_name}
    by = tenant.initiator(request.caller)
    tenant.audit_log.write(
        tenant.clock.now(), partial(tenant_change, by=by, activity=activity, target=target, changes=tuple(changes))
    )


def list_domains(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET /domains."""
    return answer_collection(request, DOMAIN, listed(tenant.domains), "domains")


def get_domain(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET /domains/{name}."""
    found = tenant.domain(request.parameters["id"])
    if found is None:
        raise not_found(request.parameters["id"])
    context = f"{request.root}/{request.version}/$metadata#domains/$entity"
    return Reply(200, {"@odata.context": context, **project(found, read_select(request, DOMAIN), DOMAIN)})


def _may_see_features(tenant: Tenant, request: GraphRequest) -> None:
    """Delegated: Global Administrator only. An app alone: documented as unsupported, practised all the same."""
    if request.caller.delegated:
        if "Global Administrator" not in request.caller.directory_roles:
            raise denied()
    elif tenant.settings.appOnlySyncFeatures == "refuse":
        raise denied()


def _synchronization(tenant: Tenant) -> dict[str, Any]:
    threshold = tenant.settings.deleteThreshold
    prevention = {
        "alertThreshold": threshold,
        "synchronizationPreventionType": "enabledForCount" if threshold else "disabled",
    }
    return {
        "id": tenant.id,
        "configuration": {"accidentalDeletionPrevention": prevention},
        "features": dict(tenant.features),
    }


def list_synchronization(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET /directory/onPremisesSynchronization: a collection of one."""
    _may_see_features(tenant, request)
    context = f"{request.root}/{request.version}/$metadata#directory/onPremisesSynchronization"
    return Reply(200, {"@odata.context": context, "value": [_synchronization(tenant)]})


def get_synchronization(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET /directory/onPremisesSynchronization/{tenant id}."""
    _may_see_features(tenant, request)
    if request.parameters["id"].lower() != tenant.id:
        raise not_found(request.parameters["id"])
    context = f"{request.root}/{request.version}/$metadata#directory/onPremisesSynchronization/$entity"
    return Reply(200, {"@odata.context": context, **_synchronization(tenant)})


def patch_synchronization(tenant: Tenant, request: GraphRequest) -> Reply:
    """PATCH /directory/onPremisesSynchronization/{tenant id}: features, some of which cannot be switched off again."""
    _may_see_features(tenant, request)
    if request.parameters["id"].lower() != tenant.id:
        raise not_found(request.parameters["id"])
    features = request.body.get("features") if isinstance(request.body, dict) else None
    if not isinstance(features, dict) or set(request.body) - {"features"}:
        raise bad_request("This rehearsal tenant changes 'features' only.")
    for name, value in features.items():
        if name not in FEATURES or not isinstance(value, bool):
            raise bad_request(f"Property 'features/{name}' is unknown or no boolean.")
        permanent = name in ("softMatchOnUpnEnabled", "synchronizeUpnForManagedUsersEnabled")
        if permanent and tenant.features[name] and not value:
            raise bad_request(f"Property 'features/{name}' cannot be disabled once it is enabled.")
    changes = [(name, tenant.features[name], value) for name, value in features.items()]
    tenant.features.update(features)
    _tell(tenant, request, "Set DirSync feature", changes)
    return Reply(204)
