# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What the tenant says of its sync, before anybody's user is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient
from ansible_collections.hybrid.identity.plugins.module_utils._graph.tenant import get_organization, get_sync_features
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.standing import SyncFacts
from ansible_collections.hybrid.identity.plugins.module_utils._rows import format_time, parse_time


class Tenant(NamedTuple):
    """What the tenant told of itself: for the diagnosis, for the result, and as it came (``None``: unknown)."""

    sync: SyncFacts
    shown: dict[str, Any]
    organization: Optional[dict[str, Any]]
    flags: Optional[dict[str, Any]]


def read_tenant(client: GraphClient, now: Callable[[], float]) -> Tenant:
    """Read the organization and its flags.

    :param now: this machine's clock, in seconds since 1970.
    """
    organization, features = get_organization(client), get_sync_features(client)
    # At once: the service's clock is that of its newest answer.
    service_time, here = client.service_time(), now()
    unchecked = tuple(reading.unchecked for reading in (organization, features) if reading.unchecked)
    about = organization.value or {}
    permissions = client.permissions()
    flags = (features.value or {}).get("features")
    verified = about.get("verifiedDomains")
    facts = SyncFacts(
        # Never switched on, and switched off, are the same here: nothing will come.
        sync_on=None if organization.value is None else bool(about.get("onPremisesSyncEnabled")),
        hard_match_blocked=(flags or {}).get("blockCloudObjectTakeoverThroughHardMatchEnabled"),
        verified_domains=None if verified is None else frozenset(str(domain["name"]).lower() for domain in verified),
        unchecked=unchecked,
        last_sync=_moment(about.get("onPremisesLastSyncDateTime")),
        now=service_time,
    )
    shown = {
        "id": client.tenant_id,
        "sync_enabled": facts.sync_on,
        "last_sync": about.get("onPremisesLastSyncDateTime"),
        "verified_domains": None if facts.verified_domains is None else sorted(facts.verified_domains),
        "features": flags,
        "permissions": None if permissions is None else sorted(permissions),
        "domains": None if verified is None else [_domain(domain) for domain in verified],
        "token_renewable": client.token_renewable,
        "token_seconds": None if client.lifetime() == float("inf") else max(0, int(client.lifetime())),
        "writes_per_second": round(client.writes_per_second, 2),
        "service_time": None if service_time is None else format_time(service_time),
        "clock_skew": None if service_time is None else round(here - service_time),
    }
    return Tenant(facts, shown, organization.value, flags)


def _moment(text: str | None) -> float | None:
    """Return a time of Graph in seconds since 1970; its word for never, the year 1, is none."""
    return None if not text or text.startswith("0001-") else parse_time(text)


def _domain(verified: Mapping[str, Any]) -> dict[str, Any]:
    """Return a verified domain as the result shows it."""
    return {
        "name": str(verified["name"]).lower(),
        "authentication": verified.get("type"),
        "is_default": verified.get("isDefault"),
        "is_initial": verified.get("isInitial"),
    }
