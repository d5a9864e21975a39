"""The summary: what a person reads after a run."""

from __future__ import annotations

import copy

import pytest

PLAN = {
    "set": 3, "clear": 0, "none": 9, "blocked": 2, "conflict": 0, "ambiguous": 0, "not_found": 0, "failed": 0,
    "total": 14, "reasons": {"unclaimed": 4}, "in_scope": {"true": 2, "false": 0, "unknown": 1}, "releasable": 1,
    "struck_out": 0, "effects": {"password_will_change": 3, "user_disabled": 1}, "anchor_modes": None,
    "sign_in_method": "certificate",
}  # fmt: skip
BLOCKED = {
    "user": "jane@contoso.com",
    "action": "blocked",
    "reason": {"code": "user_disabled", "message": "The AD account is disabled.", "remedy": "Enable it."},
    "effects": [
        {"code": "user_disabled", "property": "accountEnabled", "before": True, "after": False},
        {"code": "blanked", "property": "businessPhones", "before": ["+1 555 0100", "+1 555 0101"], "after": None},
    ],
}
PLANNED = {
    "inventory_hostname": "contoso",
    "ansible_check_mode": False,
    "hard_match_sync": "none",
    "__hard_match_gathered": {},
    "__hard_match_planned": {
        "summary": PLAN,
        "at_risk": ["ann@contoso.com", "bob@contoso.com", "eve@contoso.com"],
        "tenant": {
            "reasons": [{"code": "x", "message": "The tenant is odd.", "remedy": "Look at it."}],
            "unchecked": [{"what": "addresses of contacts", "permission": "OrgContact.Read.All"}],
        },
        "csv": "/srv/run/plan.csv",
        "dest": "/srv/run/plan.jsonl",
    },
    "__hard_match_remaining": {},
    "__hard_match_applied": {},
    "__hard_match_followed": {},
    "__hard_match_cycle": {},
    "__hard_match_followed_file": "",
    "__hard_match_actions": PLAN,
    "__hard_match_conditions": {
        "blocked": 2,
        "conflict": 0,
        "ambiguous": 0,
        "not_found": 0,
        "failed": 0,
        "not_synced": 0,
    },
    "__hard_match_shown_rows": [BLOCKED],
    "__hard_match_error": "",
    "__hard_match_write_error": "",
    "__hard_match_writes": False,
    "__hard_match_is_wave": False,
    "__hard_match_named": 2,
    "__hard_match_named_effects": 6,
    "__hard_match_dir": "/work",
}


@pytest.fixture
def summary(environment):
    """Return a function: the page as one line, with some variables changed."""

    def show(**changes):
        variables = {**copy.deepcopy(PLANNED), **changes}
        page = environment.get_template("summary.txt.j2").render(variables)
        assert max(map(len, page.splitlines())) <= 121
        return " ".join(page.split())

    return show


def written(**reasons):
    """Return what has changed once the plan was written."""
    counts = {**PLAN, "reasons": {**PLAN["reasons"], **reasons}}
    return {
        "__hard_match_applied": {"summary": counts, "at_risk": ["ann@contoso.com"], "backup": "/srv/run/b.jsonl"},
        "__hard_match_writes": True,
    }


def test_users_whom_nobody_claims_are_no_rows_without_work(summary):
    page = summary()
    assert "Planned: 3 set, 5 none, 2 blocked " in page
    assert "Nobody claims: 4 users of the tenant" in page


def test_rows_that_wait_for_a_release_say_how(summary):
    assert '1 of the blocked. Whoever is meant: set "approved": true in their rows of plan.jsonl' in summary()
    assert "1 of the blocked waited for it and were not written" in summary(**written())


def test_effects_are_told_in_words_for_all_and_for_each(summary):
    page = summary()
    assert "by number of users: password will change (3), user disabled (1). A password that is replaced" in page
    assert "Not known" not in page
    assert "- user disabled (accountEnabled): true -> false" in page
    assert "- blanked (businessPhones): +1 555 0100, +1 555 0101 -> empty" in page


def test_the_window_is_told(summary):
    page = summary(__hard_match_window_notes=["an earlier run had left flags changed.", "was open."])
    assert "Window: an earlier run had left flags changed. was open." in page
    assert "Window" not in summary(__hard_match_window_notes=[])


def test_effects_that_the_source_left_open_are_no_changes(summary):
    unknown = {"enabled_unknown": 3, "password_change_unknown": 3, "not_carried": 2}
    plan = {**PLAN, "effects": {**unknown, "blanked": 1}}
    page = summary(__hard_match_planned={**PLANNED["__hard_match_planned"], "summary": plan})
    assert "Takeover: changes, by number of users: blanked (1)." in page
    known = "enabled unknown (3), password change unknown (3), not carried (2)."
    assert f"Not known: of the takeover, by number of users: {known}" in page
    plan = {**PLAN, "effects": unknown}
    assert "Takeover" not in summary(__hard_match_planned={**PLANNED["__hard_match_planned"], "summary": plan})


def test_nothing_freezes_the_sync(summary):
    page = summary()
    assert "At risk: nothing freezes the sync (hard_match_sync is none). 2 of the users to be written" in page
    assert "of 1 that is not known" in page
    assert "They are ann@contoso.com, bob@contoso.com and 1 more; see the column in_scope" in page
    after = summary(**written())
    assert "nothing froze the sync" in after
    assert "Backup: /srv/run/b.jsonl" in after


def test_cloud_sync_is_frozen(summary):
    page = summary(hard_match_sync="cloud_sync")
    assert "In scope: 2 of the users to be written are selected by the sync already, of 1 that is not known." in page
    assert "At risk" not in page


def test_a_wave_says_what_it_leaves_out(summary):
    changes = written(outside_wave=5)
    changes["__hard_match_remaining"] = {"summary": changes["__hard_match_applied"]["summary"]}
    page = summary(**changes, __hard_match_is_wave=True)
    assert "This wave: leaves out 5. The sync knows nothing of waves" in page
    assert "Applied: 3 set, 2 blocked " in page


def test_the_tenant_and_what_could_not_be_read(summary):
    page = summary()
    assert "Tenant: The tenant is odd. Look at it." in page
    assert "Unchecked: addresses of contacts (can be read with OrgContact.Read.All)" in page
    assert "Plan: /srv/run/plan.csv to read, /srv/run/plan.jsonl to edit and apply" in page


def test_entries_that_cannot_be_used_are_named(summary):
    problems = [{"source": "pairs.csv", "line": 2, "value": "karl", "message": "the tenant has no such user."}]
    planned = {**PLANNED["__hard_match_planned"], "summary": {**PLAN, "unreadable": 1}, "problems": problems}
    page = summary(__hard_match_planned=planned)
    assert "Unreadable: 1 entries of the input or the map, and nothing is done for them pairs.csv:2: the tenant" in page
