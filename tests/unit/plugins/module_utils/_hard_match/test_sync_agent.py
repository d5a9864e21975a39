# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a Cloud Sync agent answers: yes, no, and not known."""

from __future__ import annotations

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.sync_agent import QUIET_SECONDS, agent_state

NOW = 1_000_000.0


def failed(code):
    return {"error": {"code": code, "message": "…"}}


@pytest.mark.parametrize("place", ["lastExecution", "quarantine"])
@pytest.mark.parametrize(
    "code", ["HybridIdentityServiceNoActiveAgents", "HybridIdentityServiceNoAgentsAssigned", "TimeOut"]
)
def test_the_service_says_so(place, code):
    assert agent_state({place: failed(code)}, NOW - 60, NOW) == (True, code, 60)


@pytest.mark.parametrize(
    ("status", "ended", "silent", "quiet_for"),
    [
        ({}, NOW - 60, False, 60),
        ({"lastExecution": failed("AzureDirectoryServiceServerBusy")}, NOW - 60, False, 60),
        ({"lastExecution": {"error": None}, "quarantine": None}, NOW - QUIET_SECONDS - 1, None, QUIET_SECONDS + 1),
        ({}, None, None, None),
        ({"lastExecution": None, "quarantine": {"error": None}}, None, None, None),
        # A clock of whole seconds may be behind a time with decimals.
        ({}, NOW + 0.4, False, 0),
    ],
)
def test_else_a_cycle_of_late_proves_that_it_answers(status, ended, silent, quiet_for):
    assert agent_state(status, ended, NOW) == (silent, None, quiet_for)


def test_without_a_clock_nothing_is_known():
    assert agent_state({}, NOW, None) == (None, None, None)
