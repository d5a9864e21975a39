# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit log of those who are not synced: one query for all, and what it asks for."""

from __future__ import annotations

import pytest
from graph_double import NOON, Graph

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import from_graph
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.standing import Expectation
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.audit_reading import audits_of, read_audits

AUDITS = "/auditLogs/directoryAudits"


class Logged(Graph):
    """Keeps the filters that were asked for."""

    def __init__(self, *bodies):
        super().__init__()
        self.collections[AUDITS] = list(bodies)
        self.filters = []

    def pages(self, path, params=None, *more, **options):
        self.filters.append((params or {}).get("$filter"))
        return super().pages(path, params, *more, **options)


def person(number, written=None, **properties):
    body = {"id": f"id{number}", "userPrincipalName": f"u{number}@example.com", **properties}
    return Expectation(body["userPrincipalName"], written=written), from_graph(body)


def line(user_id):
    return {"targetResources": [{"id": user_id}], "activityDateTime": "2026-11-23T11:00:00Z"}


def test_one_user_is_asked_for_by_id_as_far_back_as_the_log_goes():
    graph = Logged(line("id1"))
    one = person(1, onPremisesImmutableId="a")
    audits = read_audits(graph, [one])
    assert graph.filters == ["activityDateTime ge 2026-11-16T12:00:00Z and targetResources/any(t:t/id eq 'id1')"]
    assert len(audits_of(one, audits.value)) == 1


def test_several_are_asked_for_together_since_the_oldest_write():
    graph = Logged(line("id1"), line("id2"), line("id3"), line("id2"))
    people = [person(1, NOON - 60), person(2, NOON - 3600)]
    audits = read_audits(graph, people).value
    assert graph.filters == ["activityDateTime ge 2026-11-23T11:00:00Z and category eq 'UserManagement'"]
    assert [len(audits_of(one, audits)) for one in people] == [1, 2]


def test_without_a_write_a_day_is_enough():
    graph = Logged()
    read_audits(graph, [person(1, onPremisesImmutableId="a"), person(2, NOON - 60)])
    assert graph.filters == ["activityDateTime ge 2026-11-22T12:00:00Z and category eq 'UserManagement'"]


@pytest.mark.parametrize("people", [[], [person(1), person(2)]])
def test_nothing_is_asked_for_those_who_never_had_an_anchor(people):
    graph = Logged()
    assert read_audits(graph, people) == ({}, None)
    assert graph.sent == []


def test_what_may_not_be_read_is_named():
    graph = Logged()
    graph.refused[AUDITS] = 403
    assert read_audits(graph, [person(1)]).unchecked["permission"].startswith("AuditLog.Read.All ")


def test_one_who_is_purged_is_asked_for_by_the_id_that_is_known():
    graph = Logged(line("id1"))
    purged = (Expectation("u1@example.com", "id1"), None)
    assert len(audits_of(purged, read_audits(graph, [purged]).value)) == 1
    nobody = (Expectation("u2@example.com"), None)
    graph.sent.clear()
    assert audits_of(nobody, read_audits(graph, [nobody]).value) == []
    assert graph.sent == []
