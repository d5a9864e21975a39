# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant's own resources: organization, domains, and the features of its directory synchronization."""

from __future__ import annotations

from typing import Any

from .errors import bad_request, denied, not_found
from .graph_collections import answer_collection, listed
from .messages import GraphRequest, Reply
from .odata import project, read_select
from .shapes import DOMAIN, ORGANIZATION
from .tenant import FEATURES, Tenant


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
    tenant.features.update(features)
    return Reply(204)
