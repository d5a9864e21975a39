"""The summary of one person's status: all that is in the way, what to do, and what could not be looked at."""

from __future__ import annotations

import pytest
from test_summary_page import PLANNED

WHY = [
    {"code": "role_held", "message": "A role is held.", "remedy": "Take it away."},
    {"code": "cloud_managed", "message": "The cloud owns it.", "remedy": "Give it back."},
]
ROW = {
    "user": "jane@contoso.com", "state": "blocked", "label": "In cloud", "reasons": WHY,
    "unchecked": [{"what": "the log", "permission": "AuditLog.Read.All"}],
}  # fmt: skip
OTHER = {**ROW, "user": "john@contoso.com", "state": "synced", "reasons": [], "unchecked": []}


@pytest.fixture
def page(environment):
    """Return a function: the page after a status of these two, as one line."""

    def show(**changes):
        followed = {"users": [ROW, OTHER], "summary": {"blocked": 1, "synced": 1}}
        about = {
            "__hard_match_followed": followed, "__hard_match_planned": {}, "__hard_match_actions": {},
            "__hard_match_steps": ["follow"], "hard_match_users": [], "__hard_match_cycle": {},
            "__hard_match_server_notes": [], "__hard_match_window_notes": [],
        }  # fmt: skip
        return " ".join(environment.get_template("summary.txt.j2").render({**PLANNED, **about, **changes}).split())

    return show


@pytest.mark.parametrize("changes", [{}, {"__hard_match_followed_file": "f", "hard_match_users": [{"user": "jane"}]}])
def test_of_those_who_are_asked_for_all_is_said(page, changes):
    shown = page(**changes)
    assert "Asked for (2): - jane@contoso.com: blocked" in shown
    assert "role_held: A role is held. Take it away. cloud_managed: The cloud owns it. Give it back." in shown
    assert "Could not be checked: the log (can be read with AuditLog.Read.All)" in shown
    assert 'john@contoso.com: synced ("In cloud")' in shown


def test_of_many_only_who_is_not_synced_and_the_first_remedy(page):
    shown = page(__hard_match_followed_file="f")
    assert "Not synced" in shown
    assert "role_held: A role is held. Take it away. cloud_managed: The cloud owns it." in shown
    assert "Give it back" not in shown
    assert "john@contoso.com" not in shown


def test_what_ad_says_now_is_said(page):
    ad = {"distinguished_name": "CN=Jane", "anchor_source": "consistency_guid", "login_name": "jane@contoso.com",
          "enabled": False, "in_scope": None}  # fmt: skip
    row = {**ROW, "in_ad": True, "object": ad, "expected_immutable_id": "abc=="}
    others = [{**ROW, "in_ad": False, "object": ad}, {**ROW, "in_ad": None}]
    followed = {"users": [row, *others], "summary": {"blocked": 3}}
    shown = page(__hard_match_followed=followed, __hard_match_gathered={"summary": {"objects": 1}})
    assert shown.count("AD says") == 1
    assert (
        "AD says: CN=Jane; the anchor is abc== (from mS-DS-ConsistencyGuid); the sign-in name is jane@contoso.com; "
        "the account is disabled; whether sync selects it is not known."
    ) in shown
    assert "AD objects:" not in shown
