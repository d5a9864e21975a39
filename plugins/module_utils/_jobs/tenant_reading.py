# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The one reading of a tenant that a plan is made from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_scope import CloudSelections
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.matching import CloudIndex
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import Lookup, TenantFacts
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.user_details import UserDetails
from ansible_collections.hybrid.identity.plugins.module_utils._journal import RecentWrite


class TenantReading(NamedTuple):
    """What was read. Close ``details`` at the end of the run."""

    facts: TenantFacts
    index: CloudIndex
    #: ``details.of(user_id)``: all properties of ``PLAN_PROPERTIES`` of a live user, by their Graph names.
    details: UserDetails
    #: ``selections.judge(row)`` -> (in_scope, scope_reasons) of an objects row; other than the row's own only where
    #: nothing but the selection was unknown.
    selections: CloudSelections
    #: Entries of ``protected_users`` that are neither a user nor a group: the job warns of them.
    strangers: tuple[str, ...]
    #: What Graph tells only by id: ``lookups.look_up(ids)``, ``lookups.unchecked``.
    lookups: Lookups


def read_tenant(
    client: GraphClient,
    cloud_keys: Iterable[str],
    written: Mapping[str, RecentWrite],
    protected_users: Collection[str] = (),
) -> TenantReading:
    """Read the tenant once."""
    raise NotImplementedError


class Lookups:
    """Reads what Graph tells of a user only when asked for that user."""

    def __init__(self, client: GraphClient) -> None:
        self._client = client

    def look_up(self, ids: Iterable[str]) -> dict[str, Lookup]:
        """Return what is known of each of these users."""
        raise NotImplementedError

    @property
    def unchecked(self) -> tuple[Mapping[str, str], ...]:
        """What stays unknown as of the last look: ``{"what", "permission"}``."""
        raise NotImplementedError
