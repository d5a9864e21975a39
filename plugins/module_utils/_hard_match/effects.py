# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What the takeover of a cloud user by an AD object changes and destroys, told before it happens."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import TenantFacts

#: ``{"code", "property", "before", "after"}``; ``before`` is the cloud's value and ``after`` AD's.
Effect = dict[str, Any]

#: Default of ``block_effects``.
BLOCKING_DEFAULT = ("user_disabled", "sign_in_name_changed", "primary_address_lost", "password_must_change")


def takeover(
    row: Mapping[str, Any], details: Mapping[str, Any], tenant: TenantFacts, *, now: Optional[str] = None
) -> list[Effect]:
    """Return what becomes of a user when sync ties the AD object to it, the gravest first.

    :param row: a row of ``objects``.
    :param details: Graph properties of the user, those of ``flow.GRAPH_PROPERTIES``; of one that is absent nothing is
        said.
    :param now: RFC 3339 UTC, for accounts that expire.
    """
    raise NotImplementedError


def blocking(effects: Collection[Effect], block_effects: Collection[str]) -> list[dict[str, str]]:
    """Return the reasons (``{"code", "message", "remedy"}``) of those effects that block a row."""
    raise NotImplementedError
