# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What the tenant says about itself. What may not be read is unknown, not false."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Callable, NamedTuple

from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError


class Reading(NamedTuple):
    """Something that may not be readable.

    :ivar value: what was read; ``None``: unknown, and ``unchecked`` says why.
    :ivar unchecked: ``{"what", "permission"}``: what stays unknown, and the permission that would help.
    """

    value: Any
    unchecked: dict[str, str] | None = None


def get_organization(client: GraphClient) -> Reading:
    """Read the tenant: ``id, displayName, onPremisesSyncEnabled, onPremisesLastSyncDateTime, verifiedDomains``."""
    select = "id,displayName,onPremisesSyncEnabled,onPremisesLastSyncDateTime,verifiedDomains"

    def read() -> dict[str, Any]:
        organizations = client.get("/organization", {"$select": select}).get("value")
        return organizations[0] if organizations else {}  # a collection even of one

    return readable(read, "the tenant's own settings", "Organization.Read.All")


def list_domains(client: GraphClient) -> Reading:
    """Read the domains as a list: ``id`` (the name), ``isVerified, isDefault, isInitial, authenticationType``."""
    return readable(lambda: list(client.pages("/domains")), "the tenant's domains", "Domain.Read.All")


def get_sync_features(client: GraphClient) -> Reading:
    """Read ``directory/onPremisesSynchronization``: ``id``, ``features`` (flags by their Graph names),
    ``configuration``.

    Documented for Global Administrators only, while an application permission exists: tried, and unknown on refusal.
    """

    def read() -> dict[str, Any] | None:
        settings = client.get("/directory/onPremisesSynchronization").get("value")
        return settings[0] if settings else None

    return readable(
        read,
        "the tenant's synchronization features",
        "OnPremDirectorySynchronization.Read.All (with a person's sign-in also Global Administrator)",
        # Where apps are not served at all, it is not settled how that is said.
        refusals=(400, 403, 404, 405),
    )


def set_sync_features(client: GraphClient, settings_id: str, features: Mapping[str, bool]) -> None:
    """Change flags of ``directory/onPremisesSynchronization``; those that are not named stay as they are.

    :param settings_id: its ``id``, which is the tenant's.
    :param features: flags by their Graph names.
    :raises GraphError: when the service refuses.
    """
    client.request("PATCH", f"/directory/onPremisesSynchronization/{settings_id}", {"features": dict(features)})


def readable(read: Callable[[], Any], what: str, permission: str, refusals: Collection[int] = (403,)) -> Reading:
    """Read something that may be refused.

    :param read: returns the value; ``None`` is "not there to be read" and unknown as well.
    :param refusals: HTTP statuses that are a refusal; any other error is raised.
    """
    try:
        value = read()
    except GraphError as exc:
        if exc.status not in refusals:
            raise
        value = None
    return Reading(value, None if value is not None else {"what": what, "permission": permission})
