# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which properties membership rules look at."""

from __future__ import annotations

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.dynamic_rules import properties_used


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        ('user.department -eq "Sales"', {"department"}),
        ('(user.Department -eq "Sales") and (USER.country -in ["DE", "user.city"])', {"department", "country"}),
        ("user.physicalDeliveryOfficeName -ne null", {"physicaldeliveryofficename"}),
        ('user.extensionAttribute7 -startsWith "its user.state"', {"extensionattribute7"}),
        ('user.displayName -contains "say ""user.city"" aloud"', {"displayname"}),
        ("user.jobTitle -match 'user.city'", {"jobtitle"}),
        ('user.companyName -contains "Bob`"s user.city" or user.state -eq "x"', {"companyname", "state"}),
        ('user.assignedPlans -any (assignedPlan.service -eq "exchange")', {"assignedplans"}),
        ('device.deviceOwnership -eq "Company"', set()),
        ('Direct Reports for "user.id"', set()),
    ],
)
def test_properties_of_rules(rule, names):
    assert properties_used(rule) == names
