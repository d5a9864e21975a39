# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Anchors that occur more than once."""

from __future__ import annotations

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.duplicates import Census, Duplicates


def row(number, anchor, guid=None):
    return {
        "distinguished_name": f"CN={number}",
        "object_guid": guid or f"guid-{number}",
        "immutable_id": anchor,
        "anchor_source": "consistency_guid",
        "anchor_certain": True,
        "anchor_reason": None,
    }


def settle(rows):
    census = Census()
    for each in rows:
        census.add(each)
    duplicates = Duplicates(census.suspects())
    for each in rows:
        duplicates.collect(each)
    return [duplicates.settle(each) for each in rows]


def test_different_anchors_are_left_alone():
    rows = [row(1, "a"), row(2, "b"), row(3, None)]
    census = Census()
    for each in rows:
        census.add(each)
    assert not census.suspects()
    assert settle(rows) == rows


def test_two_objects_with_one_anchor_both_lose_it_and_name_each_other():
    first, second, third = settle([row(1, "same"), row(2, "same"), row(3, "own")])
    assert first["immutable_id"] is second["immutable_id"] is None
    assert first["anchor_certain"] is None
    assert first["anchor_reason"]["code"] == "anchor_duplicate"
    assert "CN=2" in first["anchor_reason"]["message"]
    assert "CN=1" in second["anchor_reason"]["message"]
    assert third["immutable_id"] == "own"


def test_several_objects_without_an_anchor_are_no_duplicates():
    rows = [row(1, None), row(2, None)]
    assert settle(rows) == rows


def test_an_object_read_twice_is_kept_once():
    first, second = settle([row(1, "a", "guid"), row(1, "a", "guid")])
    assert first == row(1, "a", "guid")
    assert second is None


def test_an_object_read_twice_with_different_anchors_loses_both():
    first, second = settle([row(1, "a", "guid"), row(1, "b", "guid")])
    assert first["anchor_reason"]["code"] == second["anchor_reason"]["code"] == "object_read_twice"


def test_many_holders_are_not_all_listed():
    settled = settle([row(number, "same") for number in range(20)])
    assert "and 14 more" in settled[0]["anchor_reason"]["message"]
