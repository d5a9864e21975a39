# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which anchor the sync uses, as the users that are synced already tell it."""

from __future__ import annotations

import pytest
from hard_match_doubles import ad_row, also, anchor, held, plan_objects, said, user

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.anchor_mode import (
    CONTRADICTED,
    MIXED,
    PROVEN,
    SILENT,
    AnchorCensus,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import CloudIndex
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.match_keys import parse_match_by
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.matching import match
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import from_object, from_pair

# AD objects by what they have; the wanted anchor is that of the default mode, if not said otherwise.
CARRIED = ("consistency_guid",)
PREFERS = {"consistency_guid": anchor(91), "immutable_id": anchor(91), "anchor_source": "consistency_guid"}
STATES_GUID = {"consistency_guid": anchor(91), "anchor_source": "object_guid"}
SAME = {"consistency_guid": anchor(1), "anchor_source": "consistency_guid"}
EMPTY = {"consistency_guid": None, "carried": CARRIED}
UNREAD = {"consistency_guid": None, "anchor_certain": False}
STRING = {"consistency_guid": None, "carried": CARRIED, "immutable_id": "E4711", "anchor_source": "employeeID"}


def numbered(fields, number):
    """Return one of many AD objects that are alike: its own GUID, its own ConsistencyGuid."""
    own = {anchor(91): anchor(900 + number), anchor(1): anchor(number), "E4711": f"E{number}"}
    return ad_row(number, **{name: own.get(value, value) for name, value in fields.items()})


def census_of(rows, users, cloud_sync=None):
    census, index = AnchorCensus(cloud_sync), CloudIndex(users)
    keys = parse_match_by(["immutable_id", "user_principal_name"])
    for row in rows:
        wish = from_object(row)
        census.add(wish, match(wish, index, keys), index)
    return census


def synced(number, value, flag=True):
    return held(number, value=value, onPremisesSyncEnabled=flag)


@pytest.mark.parametrize(
    ("fields", "value", "counted", "verdict"),
    [
        (PREFERS, anchor(901), "consistency_guid", SILENT),
        (PREFERS, anchor(1), "object_guid", CONTRADICTED),
        (PREFERS, anchor(50), "neither", SILENT),
        (STATES_GUID, anchor(1), "object_guid", SILENT),
        (STATES_GUID, anchor(901), "consistency_guid", CONTRADICTED),
        (SAME, anchor(1), "both", SILENT),
        (EMPTY, anchor(1), "object_guid", SILENT),
        (EMPTY, anchor(50), "neither", SILENT),
        (UNREAD, anchor(1), "consistency_guid_unread", SILENT),
        (UNREAD, anchor(901), "neither", SILENT),
        (STRING, "E1", "neither", SILENT),
        (STRING, anchor(1), "object_guid", CONTRADICTED),
        ({**PREFERS, "object_guid": None}, anchor(901), "consistency_guid", SILENT),
        ({**PREFERS, "object_guid": "x"}, anchor(901), "consistency_guid", SILENT),
    ],
)
def test_one_synced_user(fields, value, counted, verdict):
    census = census_of([numbered(fields, 1)], [synced(1, value)])
    assert {name for name, count in census.as_dict().items() if count} == {counted}
    assert census.verdict == verdict


@pytest.mark.parametrize("flag", [None, False])
def test_a_user_that_is_not_synced_tells_nothing(flag):
    census = census_of([numbered(PREFERS, 1)], [synced(1, anchor(1), flag)])
    assert (sum(census.as_dict().values()), census.verdict) == (0, SILENT)


def test_a_deleted_user_and_one_without_anchor_tell_nothing():
    users = [held(1, deleted=True, onPremisesSyncEnabled=True), user(2, onPremisesSyncEnabled=True)]
    assert sum(census_of([ad_row(1), ad_row(2)], users).as_dict().values()) == 0


def test_a_synced_user_is_found_by_either_value_even_if_no_key_finds_it():
    row = numbered(PREFERS, 1) | {"login_name": "nobody@example.com"}
    assert census_of([row], [synced(1, anchor(1))]).verdict == CONTRADICTED
    assert census_of([row], [synced(1, anchor(901))]).as_dict()["consistency_guid"] == 1


def test_pairs_by_hand_tell_nothing():
    census, index = AnchorCensus(), CloudIndex([synced(1, anchor(1))])
    wish = from_pair({"user": "u1@example.com", "immutable_id": anchor(2)})
    census.add(wish, match(wish, index, []), index)
    assert sum(census.as_dict().values()) == 0


@pytest.mark.parametrize(
    ("fields", "cloud_sync", "users", "verdict"),
    [
        (EMPTY, False, 4, SILENT),
        (EMPTY, False, 5, PROVEN),
        # Cloud Sync takes objectGUID where ConsistencyGuid is empty, so that proves nothing of where it is not.
        (EMPTY, True, 9, SILENT),
        (EMPTY, None, 9, SILENT),
        (STATES_GUID, True, 4, SILENT),
        (STATES_GUID, True, 5, PROVEN),
        # A sync that uses ConsistencyGuid writes objectGUID there.
        (UNREAD, False, 9, SILENT),
        (SAME, False, 9, SILENT),
    ],
)
def test_enough_users_prove_that_the_sync_uses_objectguid(fields, cloud_sync, users, verdict):
    numbers = range(1, users + 1)
    rows = [numbered(fields, number) for number in numbers]
    assert census_of(rows, [synced(n, anchor(n)) for n in numbers], cloud_sync).verdict == verdict


@pytest.mark.parametrize("odd", [(UNREAD, anchor(50)), (PREFERS, anchor(909))])
def test_one_user_against_it_is_enough_to_prove_nothing(odd):
    numbers = range(1, 9)
    rows = [numbered(EMPTY, number) for number in numbers] + [numbered(odd[0], 9)]
    users = [*(synced(n, anchor(n)) for n in numbers), synced(9, odd[1])]
    assert census_of(rows[:-1], users[:-1], False).verdict == PROVEN
    assert census_of(rows, users, False).verdict == SILENT


def test_users_that_do_not_agree():
    rows = [numbered(PREFERS, 1), numbered(PREFERS, 2)]
    assert census_of(rows, [synced(1, anchor(1)), synced(2, anchor(902))]).verdict == MIXED


# What it means for a plan


def test_a_contradicted_mode_blocks_every_row_and_shows_the_numbers():
    rows = [numbered(PREFERS, 1), numbered(SAME, 2), numbered(EMPTY, 3)]
    decided = plan_objects(rows, [synced(1, anchor(1)), user(2), user(3)])
    assert [said(row)[1] for row in decided[1:]] == ["anchor_mode_contradicted"] * 2
    assert "1 fit objectGUID only, 0 mS-DS-ConsistencyGuid only, 0 both, 0 neither" in decided[1]["reason"]["message"]
    # The synced user itself has another anchor than wished.
    assert {said(decided[0])[1], *also(decided[0])} == {
        "anchor_mode_contradicted",
        "already_synced",
        "existing_value_kept",
    }


def test_a_contradicted_mode_is_nothing_to_values_by_hand_and_to_clearing():
    rows = [numbered(PREFERS, 1), numbered(PREFERS, 2)]
    users = [synced(1, anchor(1)), held(2, value=anchor(902))]
    assert said(plan_objects(rows, users, clear=True)[1]) == ("clear", None)


def test_where_users_disagree_only_objects_whose_values_differ_are_blocked():
    rows = [numbered(fields, n) for n, fields in enumerate((PREFERS, PREFERS, PREFERS, SAME, EMPTY), 1)]
    decided = plan_objects(rows, [synced(1, anchor(1)), synced(2, anchor(902)), user(3), user(4), user(5)])
    assert [said(row) for row in decided[2:]] == [("blocked", "anchor_mode_mixed"), ("set", None), ("set", None)]


def test_a_proven_mode_lets_uncertain_anchors_pass_and_shows_the_numbers():
    rows = [*(numbered(STATES_GUID, number) for number in range(1, 6)), numbered(UNREAD, 6)]
    *_others, last = plan_objects(rows, [*(synced(n, anchor(n)) for n in range(1, 6)), user(6)])
    assert said(last) == ("set", None)
    (shown,) = [item["value"] for item in last["evidence"] if item["key"] == "anchor_mode"]
    assert shown.startswith("5 fit objectGUID only")
    *_others, last = plan_objects(rows[1:], [*(synced(n, anchor(n)) for n in range(2, 6)), user(6)])
    assert said(last) == ("blocked", "anchor_unconfirmed")
