# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server of Entra Connect Sync says about users: what it means for them, and what is not guessed from it."""

from __future__ import annotations

import pytest
from hard_match_doubles import TENANT, ad_row, anchor, graph_user, user_id

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import from_graph
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import CODES
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.diagnosis import diagnose
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.standing import Expectation, SyncFacts
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.sync_server import (
    ConnectorObject,
    RunResult,
    ServerFacts,
    server_facts,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.sync_server_checks import EXPORT_ERRORS

ASKED = "2026-11-23T12:00:00Z"
NOON = 1795435200.0
SERVER = ServerFacts("sync1", ASKED, enabled=True, suspended=False, staging=False, version="2.5.79.0")
EXPECTED = Expectation("u1@example.com", user_id(1), anchor(1), ad_row(1))
FILE = {
    "server": {"name": "sync1", "enabled": False, "suspended": None, "staging": False, "version": "2.5.79.0"},
    "asked": ASKED,
    "runs": [],
    "objects": [],
}


def stand(server, expected=EXPECTED, sync=None, **changes):
    seen = from_graph(graph_user(1, **{"onPremisesImmutableId": anchor(1), **changes}))
    facts = sync or SyncFacts(sync_on=True, verified_domains=frozenset(["example.com", TENANT]))
    found = diagnose(expected, seen, [], facts._replace(server=server))
    return found.state, [why["code"] for why in found.reasons], " ".join(why["message"] for why in found.reasons)


def with_object(**facts):
    return SERVER._replace(objects={anchor(1): ConnectorObject(**{"found": True, **facts})})


def ended(result, profile="Export"):
    return SERVER._replace(runs=(RunResult(profile, result),))


def test_a_server_that_is_well_explains_nothing():
    assert stand(SERVER) == stand(None)
    assert stand(SERVER)[:2] == ("pending", ["awaiting_sync"])


@pytest.mark.parametrize(("kind", "code"), EXPORT_ERRORS.items())
def test_each_type_of_export_error_has_its_code_and_shows_what_was_said(kind, code):
    state, codes, says = stand(with_object(export_error=f"cd-error: {kind}\n  Unable to\n update this object"))
    assert (state, codes) == ("in_cloud", [code])
    assert f"({kind}): cd-error: {kind} Unable to update this object" in says


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Existing Admin Role Conflict", "export_role_conflict"),
        ("ERRORCODE=invalidsoftmatch;", "export_soft_match_refused"),
        ("NotALargeObjectAtAll", "export_failed"),
        ("Something new: Gremlins", "export_failed"),
    ],
)
def test_a_type_is_found_in_any_spelling_and_another_one_is_said_as_it_is(text, code):
    state, codes, says = stand(with_object(export_error=text))
    assert (state, codes) == ("in_cloud", [code])
    assert says.endswith(text)


def test_all_export_errors_take_the_same_evidence():
    assert len({CODES[code].message for code in EXPORT_ERRORS.values()}) == 1


def test_long_evidence_is_cut():
    _state, _codes, says = stand(with_object(export_error="x" * 2000))
    assert len(says) < 700
    assert says.endswith("x ...")


def test_what_the_tenant_shows_comes_before_what_the_export_said():
    blocked = SyncFacts(sync_on=True, hard_match_blocked=True)
    state, codes, _says = stand(with_object(export_error="InvalidHardMatch"), sync=blocked)
    assert (state, codes) == ("blocked", ["hard_match_blocked", "export_hard_match_refused"])


@pytest.mark.parametrize(
    ("server", "state", "codes"),
    [
        (with_object(sync_error="sync-rule-error-function-triggered"), "in_cloud", ["sync_rule_failed"]),
        (with_object(found=False), "in_cloud", ["not_in_connector_space"]),
        (with_object(found=None), "pending", ["awaiting_sync", "connector_space_unread"]),
        (SERVER._replace(staging=True), "pending", ["staging_server"]),
        (SERVER._replace(suspended=True), "pending", ["scheduler_suspended"]),
        (SERVER._replace(enabled=False), "pending", ["scheduler_off"]),
        (SERVER._replace(version="2.4.131.0"), "pending", ["awaiting_sync", "connect_version_old"]),
        (SERVER._replace(version="2.10.0.0"), "pending", ["awaiting_sync"]),
        (SERVER._replace(version=None), "pending", ["awaiting_sync"]),
        (ended("stopped-deletion-threshold-exceeded"), "pending", ["export_held"]),
        (ended("stopped-server-down"), "pending", ["connector_run_failed"]),
        (ended("completed-export-errors"), "pending", ["awaiting_sync"]),
        (SERVER._replace(enabled=None, suspended=None, staging=None), "pending", ["awaiting_sync"]),
    ],
)
def test_what_the_server_says_is_a_reason(server, state, codes):
    assert stand(server)[:2] == (state, codes)


def test_of_several_causes_the_decisive_one_comes_first():
    server = with_object(found=False, export_error="LargeObject", sync_error="a rule")._replace(
        enabled=False, staging=True, suspended=True, runs=(RunResult("Export", "stopped-deletion-threshold-exceeded"),)
    )
    assert stand(server)[:2] == (
        "in_cloud",
        ["export_too_large", "sync_rule_failed", "export_held", "staging_server", "scheduler_suspended",
         "scheduler_off", "not_in_connector_space"],
    )  # fmt: skip


def test_a_freeze_of_this_collection_is_named():
    frozen = SERVER._replace(enabled=False, frozen="since noon, for the files in /srv/run")
    assert (
        "was off, disabled by a run of this collection (since noon, for the files in /srv/run), so no"
        in stand(frozen)[2]
    )


def test_without_an_expectation_the_anchor_of_the_user_is_looked_for():
    assert stand(with_object(found=False), EXPECTED._replace(immutable_id=None))[1] == [
        "not_in_connector_space",
        "anchor_unchecked",
    ]
    assert stand(with_object(found=False), EXPECTED._replace(immutable_id=None), onPremisesImmutableId=None)[1] == [
        "anchor_not_set"
    ]


def test_a_synced_user_is_judged_by_an_error_only_while_its_last_sync_is_too_old():
    server = with_object(export_error="LargeObject")
    synced = {
        "onPremisesSyncEnabled": True,
        "onPremisesLastSyncDateTime": ASKED,
        "onPremisesSecurityIdentifier": ad_row(1)["object_sid"],
    }
    assert stand(server, **synced)[:2] == ("synced", [])
    assert stand(server, EXPECTED._replace(written=NOON + 1), **synced)[:2] == (
        "conflict",
        ["export_too_large", "sync_before_write"],
    )
    assert stand(SERVER, EXPECTED._replace(written=NOON + 1), **synced)[:2] == ("pending", ["sync_before_write"])


# The file


def test_the_newest_run_of_each_profile_counts_and_one_that_still_runs_does_not():
    runs = [
        {"number": 9, "profile": "Export", "result": "in-progress", "complete": False},
        {"number": 7, "profile": "Export", "result": "success", "complete": True},
        {"number": 8, "profile": "Delta Import", "result": "success", "complete": True},
        {"number": 4, "profile": "Export", "result": "stopped-deletion-threshold-exceeded", "complete": True},
    ]
    facts = server_facts({**FILE, "runs": runs})
    assert sorted(facts.runs) == [RunResult("Delta Import", "success"), RunResult("Export", "success")]
    assert (facts.enabled, facts.suspended, facts.frozen) == (False, None, "")


def test_objects_are_found_by_their_anchor():
    row = {"immutable_id": anchor(1), "found": None, "export_error": None, "sync_error": "a rule"}
    assert server_facts({**FILE, "objects": [row]}).objects == {anchor(1): ConnectorObject(None, "", "a rule")}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([], "the file is not an object"),
        ({}, "server is not an object"),
        ({**FILE, "server": {}}, "server.name is not a text"),
        ({**FILE, "asked": None}, "asked is not a text"),
        ({**FILE, "server": {"name": "sync1", "enabled": "yes"}}, "enabled is not true or false"),
        ({**FILE, "runs": {}}, "runs is not a list"),
        ({**FILE, "runs": ["Export"]}, "runs is not an object"),
        ({**FILE, "runs": [{"complete": True}]}, "runs.number is not a number"),
        ({**FILE, "objects": [{"found": True}]}, "objects.immutable_id is not a text"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(content, says):
    with pytest.raises(ValueError, match=says):
        server_facts(content)
