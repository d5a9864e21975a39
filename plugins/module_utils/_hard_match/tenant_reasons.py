# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What of the tenant as a whole stands in the way of matches. It blocks no row: a window may be opened later."""

from __future__ import annotations

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import reason
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import TenantFacts

_HARD_MATCH = "blockCloudObjectTakeoverThroughHardMatchEnabled"
_SOFT_MATCH = "blockSoftMatchEnabled"
_BYPASS = "allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled"


def tenant_reasons(tenant: TenantFacts) -> list[dict[str, str]]:
    """Return ``{"code", "message", "remedy"}`` of each, what stops all matches first."""
    sync_on = tenant.organization and tenant.organization.get("onPremisesSyncEnabled") is True
    unknown = unreadable_flags(tenant)
    found = [
        # Null is off as well: the tenant was never synced, or is no longer.
        (tenant.organization is not None and not sync_on) and reason("tenant_sync_off"),
        tenant.feature(_HARD_MATCH) is True and reason("hard_match_blocked"),
        tenant.feature(_SOFT_MATCH) is True and reason("soft_match_blocked"),
        tenant.feature(_BYPASS) is True and reason("identifier_bypass_on"),
        bool(unknown) and reason("flags_unreadable", flags=", ".join(unknown)),
    ]
    return [why for why in found if why]


def unreadable_flags(tenant: TenantFacts) -> list[str]:
    """Return the names of the flags that decide over matches and are unknown."""
    return [name for name in (_HARD_MATCH, _SOFT_MATCH, _BYPASS) if tenant.feature(name) is None]
