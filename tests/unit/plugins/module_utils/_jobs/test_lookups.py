# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Graph tells of single users only, and when it is not asked again."""

from __future__ import annotations

import pytest
from graph_double import Graph
from tenant_readings import (
    lookups_of,
    user,
)

from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import Lookup
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.tenant_reading import read_tenant


def test_plans_are_told_of_those_looked_up_only():
    graph = Graph(users=[user(1, city="Bonn"), user(2)])
    for one in ("u1", "u2"):
        graph.objects[f"/users/{one}/onPremisesSyncBehavior"] = {"isCloudManaged": False}
        graph.objects[f"beta:/users/{one}"] = {"id": one, "assignedPlans": [{"service": "exchange"}]}
    reading = read_tenant(graph, (), {})
    assert reading.lookups.look_up(["u1"])["u1"] == Lookup(False, None, False)
    assert reading.details.of("u1")["assignedPlans"] == [{"service": "exchange"}]
    assert reading.details.of("u1")["city"] == "Bonn"
    assert "assignedPlans" not in reading.details.of("u2")
    reading.lookups.look_up(["u2"])
    assert "assignedPlans" in reading.details.of("u2")
    reading.details.close()


def test_a_manager_is_told_of_those_looked_up_and_nobody_is_an_answer():
    graph = Graph(users=[user(1), user(2), user(3)])
    for one, more in (("u1", {"manager": {"id": "u2"}}), ("u2", {})):
        graph.objects[f"/users/{one}/onPremisesSyncBehavior"] = {"isCloudManaged": False}
        graph.objects[f"beta:/users/{one}"] = {"id": one, **more}
    reading = read_tenant(graph, (), {})
    reading.lookups.look_up(["u1", "u2"])
    assert reading.details.of("u1")["manager"] == {"id": "u2"}
    assert reading.details.of("u2")["manager"] is None
    assert "manager" not in reading.details.of("u3")
    reading.details.close()


def test_what_is_told_of_single_users():
    graph = Graph()
    graph.objects["/users/u1/onPremisesSyncBehavior"] = {"isCloudManaged": True}
    graph.objects["/users/u2/onPremisesSyncBehavior"] = {"isCloudManaged": False}
    graph.objects["beta:/users/u1"] = {"id": "u1", "onPremisesObjectIdentifier": "a-guid"}
    graph.objects["beta:/users/u2"] = {"id": "u2", "onPremisesObjectIdentifier": None}
    lookups = lookups_of(graph)
    assert lookups.look_up(["u1", "u2", "u1"]) == {
        "u1": Lookup(True, "a-guid", True),
        "u2": Lookup(False, None, True),
    }
    assert lookups.unchecked == ()


def test_what_is_refused_for_everybody_is_asked_once():
    graph = Graph()
    for one in ("u1", "u2", "u3"):
        graph.refused[f"/users/{one}/onPremisesSyncBehavior"] = 403
        graph.objects[f"beta:/users/{one}"] = {"id": one, "onPremisesObjectIdentifier": None}
    lookups = lookups_of(graph)
    assert lookups.look_up(["u1", "u2"])["u2"] == Lookup(None, None, True)
    assert lookups.look_up(["u3"])["u3"] == Lookup(None, None, True)
    assert graph.asked.count("/users/u3/onPremisesSyncBehavior") == 0
    assert [one["permission"] for one in lookups.unchecked] == ["User-OnPremisesSyncBehavior.ReadWrite.All"]


@pytest.mark.parametrize("status", [400, 404])
def test_what_is_not_offered_or_gone_is_unknown_and_asked_again(status):
    graph = Graph()
    for one in ("u1", "u2"):
        graph.objects[f"/users/{one}/onPremisesSyncBehavior"] = {"isCloudManaged": False}
        graph.refused[f"beta:/users/{one}"] = status
    lookups = lookups_of(graph)
    assert lookups.look_up(["u1"])["u1"] == Lookup(False, None, False)
    lookups.look_up(["u2"])
    assert graph.asked.count("/users/u2") == 1


def test_a_fault_of_a_look_up_is_no_unknown():
    graph = Graph()
    graph.refused["/users/u1/onPremisesSyncBehavior"] = 500
    with pytest.raises(GraphError):
        lookups_of(graph).look_up(["u1"])


def test_nobody_to_look_up_costs_nothing():
    graph = Graph()
    assert lookups_of(graph).look_up([]) == {}
    assert graph.requests == 0
