# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the whole tenant has in the way of matches."""

from __future__ import annotations

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import TenantFacts
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant_reasons import tenant_reasons

HARD, SOFT = "blockCloudObjectTakeoverThroughHardMatchEnabled", "blockSoftMatchEnabled"
BYPASS = "allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled"
OPEN = {HARD: False, SOFT: False, BYPASS: False}
ON = {"onPremisesSyncEnabled": True}


@pytest.mark.parametrize(
    ("organization", "features", "codes"),
    [
        (ON, OPEN, []),
        ({"onPremisesSyncEnabled": None}, OPEN, ["tenant_sync_off"]),
        ({"onPremisesSyncEnabled": False}, OPEN, ["tenant_sync_off"]),
        ({}, OPEN, ["tenant_sync_off"]),
        # What cannot be read is not said to be off.
        (None, OPEN, []),
        (ON, {**OPEN, HARD: True}, ["hard_match_blocked"]),
        (ON, {**OPEN, SOFT: True}, ["soft_match_blocked"]),
        (ON, {**OPEN, BYPASS: True}, ["identifier_bypass_on"]),
        (ON, None, ["flags_unreadable"]),
        (ON, {**OPEN, SOFT: None}, ["flags_unreadable"]),
        (
            {"onPremisesSyncEnabled": False},
            {HARD: True, SOFT: True, BYPASS: True},
            ["tenant_sync_off", "hard_match_blocked", "soft_match_blocked", "identifier_bypass_on"],
        ),
    ],
)
def test_what_is_said_of_the_tenant(organization, features, codes):
    reasons = tenant_reasons(TenantFacts("t", organization, features=features))
    assert [why["code"] for why in reasons] == codes
    assert all(why["message"] and why["remedy"] for why in reasons)


def test_only_the_flags_that_are_unknown_are_named():
    (why,) = tenant_reasons(TenantFacts("t", ON, features={**OPEN, SOFT: None}))
    assert SOFT in why["message"]
    assert HARD not in why["message"]
