# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a status tells of the tenant."""

from __future__ import annotations

from status_runs import anchored, asked, run
from tenant_double import NOON

from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._rows import format_time


def test_what_the_tenant_does_not_tell_is_unknown_and_not_false():
    tenant = anchored(1)
    tenant.features = GraphError("No.", status=403)
    result = run(tenant, asked(1))
    assert result["tenant"]["features"] is None
    assert result["tenant"]["sync_enabled"] is True
    (unchecked,) = result["tenant"]["unchecked"]
    assert "OnPremDirectorySynchronization" in unchecked["permission"]
    assert result["users"][0]["unchecked"] == [unchecked]


def test_what_a_long_job_needs_to_know_of_sign_in_and_service():
    tenant = anchored(1)
    tenant.organization["verifiedDomains"] = [
        {"name": "Contoso.com", "type": "Federated", "isDefault": True, "isInitial": False}
    ]
    shown = run(tenant, asked(1), now=lambda: NOON + 90)["tenant"]
    assert shown["domains"] == [
        {"name": "contoso.com", "authentication": "Federated", "is_default": True, "is_initial": False}
    ]
    assert (shown["token_renewable"], shown["token_seconds"]) == (True, None)
    assert (shown["service_time"], shown["clock_skew"]) == (format_time(NOON), 90)
    assert shown["writes_per_second"] == 19.6


def test_the_end_of_a_token_and_what_cannot_be_told():
    tenant = anchored(1)
    tenant.token_ends, tenant.organization = 160, {}
    tenant.service_time = lambda: None
    shown = run(tenant, asked(1))["tenant"]
    assert (shown["token_renewable"], shown["token_seconds"]) == (False, 160)
    assert (shown["service_time"], shown["clock_skew"], shown["domains"]) == (None, None, None)
