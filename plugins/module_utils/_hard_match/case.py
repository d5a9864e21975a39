# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What a decision looks at, and what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Callable, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.anchor_mode import AnchorCensus
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.claims import Claims
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import CloudIndex, CloudUser
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.matching import Match
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import Lookup, TenantFacts
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import Wish


class Rules(NamedTuple):
    """What the caller chose."""

    replace: bool = False
    #: Lower-case ids and UPNs.
    protected: frozenset[str] = frozenset()
    clear: bool = False
    protect_role_holders: bool = True
    #: Leave users alone that are synced with another anchor; else the write is tried, which the service may refuse.
    require_unsynced: bool = True
    #: Codes of effects that block a row until it is approved.
    block_effects: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Surroundings:
    """What is the same for all rows of a plan.

    ``claims`` and ``modes`` have seen all rows before the first decision.
    """

    tenant: TenantFacts
    index: CloudIndex
    claims: Claims
    rules: Rules = field(default_factory=Rules)
    #: Names of the keys that are tried, for a row that finds nobody.
    keys: tuple[str, ...] = ()
    modes: Optional[AnchorCensus] = None
    #: Id -> the user's properties by their Graph names, which the effects of a takeover are told from.
    details: Optional[Callable[[str], Mapping[str, Any]]] = None
    #: RFC 3339 UTC, for accounts that expire.
    now: Optional[str] = None


class Case(NamedTuple):
    """One wish with the one user that was found for it."""

    number: int
    wish: Wish
    user: CloudUser
    found: Match
    around: Surroundings
    #: ``None``: not looked up yet.
    lookup: Optional[Lookup] = None


class Finding(NamedTuple):
    """Something in the way, or worth knowing.

    :ivar action: what becomes of the row for it; ``None``: the row is carried out all the same.
    """

    action: Optional[str]
    reason: dict[str, str]
