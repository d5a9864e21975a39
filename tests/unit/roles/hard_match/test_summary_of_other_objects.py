# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The summary of groups, contacts and devices that somebody asked for."""

from __future__ import annotations

import pytest
from test_summary_of_a_status import WHY
from test_summary_page import PLANNED

GROUP = {
    "kind": "group", "name": "sales@contoso.com", "display_name": "Sales", "state": "in_cloud", "label": "In cloud",
    "reasons": WHY, "unchecked": [{"what": "its authority", "permission": "Group-Read"}],
}  # fmt: skip
DEVICE = {**GROUP, "kind": "device", "name": "PC", "display_name": "PC", "state": "synced", "label": None,
          "reasons": [], "unchecked": []}  # fmt: skip


@pytest.fixture
def page(environment):
    """Return a function: the page after a status of these two, as one line."""

    def show(**followed):
        about = {
            "__hard_match_followed": {"users": [], "summary": {"total": 0}, **followed}, "__hard_match_planned": {},
            "__hard_match_actions": {}, "__hard_match_steps": ["follow"], "hard_match_users": [],
            "__hard_match_cycle": {}, "__hard_match_server_notes": [], "__hard_match_window_notes": [],
        }  # fmt: skip
        return " ".join(environment.get_template("summary.txt.j2").render({**PLANNED, **about}).split())

    return show


def test_they_are_said_apart_from_users(page):
    summary = {"total": 0, "objects": {"in_cloud": 1, "synced": 1, "total": 2}}
    shown = page(objects=[GROUP, DEVICE], summary=summary)
    assert "In the tenant" not in shown
    assert "Other objects: 1 synced, 1 in cloud" in shown
    assert 'Groups, contacts and devices: - group sales@contoso.com (Sales): in cloud ("In cloud") role_held' in shown
    assert "cloud_managed: The cloud owns it. Give it back." in shown
    assert "Could not be checked: its authority (can be read with Group-Read) - device PC: synced" in shown


def test_a_page_without_them_does_not_speak_of_them(page):
    assert "In the tenant: nobody" in page()
    assert "Other objects" not in page()
    assert "Groups, contacts and devices" not in page()
