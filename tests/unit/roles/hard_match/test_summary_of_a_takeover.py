# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The summary of what the takeover changed and emptied."""

from __future__ import annotations

import pytest
from test_summary_page import PLANNED, written

COMPARISON = {
    "compared": 211, "changed": 3, "blanked": 2, "unpredicted": 1, "not_compared": 0,
    "properties": {
        "department": {"blanked": 0, "changed": 1, "added": 4},
        "mobilePhone": {"blanked": 2, "changed": 0, "added": 0},
        "proxyAddresses": {"blanked": 0, "changed": 2, "added": 0},
        "city": {"blanked": 0, "changed": 0, "added": 9},
    },
}  # fmt: skip


def change(name, kind, before, after, *, predicted=True):
    return {"property": name, "kind": kind, "before": before, "after": after, "predicted": predicted}


def row(name, *changes, state="synced", compared=True):
    return {
        "user": f"{name}@contoso.com", "state": state, "label": None, "unchecked": [], "reasons": [],
        "changes": list(changes) if compared else None,
    }  # fmt: skip


ROWS = [
    row("pat", state="not_found", compared=False),
    row(
        "jane",
        change("mobilePhone", "blanked", "+1 555 1", None, predicted=False),
        change("department", "changed", "Sales", "Marketing"),
        change("city", "added", None, "Oslo", predicted=False),
    ),
    row("john", change("proxyAddresses", "changed", ["smtp:old@contoso.com"], ["smtp:new@contoso.com"])),
    row("ann", change("mobilePhone", "blanked", "+1 555 2", None)),
    row("bob", change("city", "added", None, "Oslo")),
    row("eve"),
]


@pytest.fixture
def page(environment):
    def show(rows=None, comparison=..., *, cycle=True, **changes):
        summary = {"synced": 211, "comparison": COMPARISON if comparison is ... else comparison}
        followed = {"users": rows or ROWS, "summary": summary}
        about = {
            **PLANNED, **written(), "__hard_match_steps": ["plan", "write", "follow"], "hard_match_users": [],
            "__hard_match_followed_file": "f", "__hard_match_server_notes": [], "__hard_match_window_notes": [],
            "__hard_match_followed": followed, "__hard_match_further_cycle": cycle, **changes,
        }  # fmt: skip
        shown = environment.get_template("summary.txt.j2").render(about)
        assert max(map(len, shown.splitlines())) <= 121
        return " ".join(shown.split())

    return show


def asked(**changes):
    return {"__hard_match_steps": ["follow"], "hard_match_users": [{"user": "jane"}], "__hard_match_actions": {},
            "__hard_match_applied": {}, "__hard_match_planned": {}, "cycle": False, **changes}  # fmt: skip


def test_numbers_of_users_and_what_they_lost(page):
    shown = page()
    assert (
        "Taken over: 211 compared with the backup after a further cycle: 3 had values replaced or emptied, 1 of them "
        "in a way that the plan did not say." in shown
    )
    assert "Emptied, by number of users: mobilePhone (2) Replaced, by number of users: department (1), " in shown
    assert "proxyAddresses (2)" in shown
    assert "city (9)" not in shown, "nothing is lost where something is added"


def test_a_few_users_are_shown_with_what_they_lost_and_where_the_rest_is(page):
    shown = page()
    assert (
        "Changed by the takeover (3, the first 2; all are in status.jsonl): - jane@contoso.com - mobilePhone: +1 555 1 "
        "-> empty (the plan did not say so) - department: Sales -> Marketing - john@contoso.com - proxyAddresses: lost "
        "smtp:old@contoso.com, gained smtp:new@contoso.com" in shown
    )
    _rest, _said, people = shown.partition("Changed by the takeover")
    assert [name for name in ("ann", "bob", "eve") if f"- {name}@contoso.com" in people] == []
    assert "Oslo" not in people


def test_many_changes_of_one_user_are_cut(page):
    changes = [change(f"extensionAttribute{number}", "blanked", "x", None) for number in range(1, 10)]
    shown = page([row("jane", *changes)])
    assert "extensionAttribute6: x -> empty and 3 more" in shown


def test_nothing_was_lost(page):
    comparison = {**COMPARISON, "changed": 0, "blanked": 0, "unpredicted": 0, "not_compared": 2, "properties": {}}
    shown = page([row("eve")], comparison)
    assert (
        "211 compared with the backup after a further cycle: no value was replaced or emptied; not compared, for want "
        "of a backup of this run or of an answer: 2." in shown
    )
    assert "Changed by the takeover" not in shown


def test_without_a_backup_nothing_is_said(page):
    shown = page(comparison=None)
    assert "Taken over" not in shown
    assert "Changed by the takeover" not in shown


def test_those_who_are_asked_for_are_told_what_became_of_them(page):
    shown = page([ROWS[1], ROWS[5], ROWS[0]], **asked())
    assert "What is empty in AD is emptied by the second cycle after the match, not by the first." in shown
    assert "jane@contoso.com: synced - mobilePhone: +1 555 1 -> empty (the plan did not say so)" in shown
    assert "- city: empty -> Oslo - eve@contoso.com: synced Nothing has changed since the backup." in shown
    assert "Changed by the takeover" not in shown
    assert "pat@contoso.com: not found" in shown
    assert shown.count("Nothing has changed") == 1


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (change("accountEnabled", "changed", True, False), "accountEnabled: true -> false"),
        (change("proxyAddresses", "changed", ["smtp:a@x"], []), "proxyAddresses: lost smtp:a@x "),
        (change("proxyAddresses", "added", [], ["smtp:a@x"], predicted=False), "proxyAddresses: gained smtp:a@x "),
        (
            change("assignedLicenses", "changed", [{"skuId": "e3", "disabledPlans": []}, {"skuId": "e5"}], []),
            "assignedLicenses: lost e3, e5",
        ),
        (change("identities", "changed", [{"issuerAssignedId": "j@x"}], []), "identities: lost j@x"),
    ],
)
def test_values_in_words(page, item, words):
    shown = page([row("jane", item)], **asked()) + " "
    assert words in shown
    assert "did not say so" not in shown
