# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for matching, whoever is in the tenant and in whatever order Graph lists them."""

from __future__ import annotations

from hard_match_doubles import ad_row, anchor, guid, user_id
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import CloudIndex, from_graph
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.match_keys import cloud_keys, parse_match_by
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.match_map import MatchMap, Pair
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.matching import match
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import from_object

# Few values, so that people collide.
NAMES = st.sampled_from(["a@x.com", "A@X.com", "b@x.com", "c@x.com"])
MAYBE = st.none() | NAMES
SIDS = st.sampled_from([None, "S-1-5-21-1", "s-1-5-21-1", "S-1-5-21-2"])
NUMBERS = st.sampled_from([None, "E1", "e1", "E2"])

properties = st.fixed_dictionaries(
    {
        "userPrincipalName": MAYBE,
        "mail": MAYBE,
        "proxyAddresses": st.lists(NAMES.map("smtp:{}".format), max_size=2),
        "onPremisesImmutableId": st.sampled_from([None, None, anchor(1), anchor(2)]),
        "onPremisesSecurityIdentifier": SIDS,
        "employeeId": NUMBERS,
        "userType": st.sampled_from(["Member", "Member", "Guest"]),
        "isResourceAccount": st.sampled_from([None, False, True]),
        "deleted": st.sampled_from([False, False, True]),
    }
)
rows = st.builds(
    lambda login, mail, addresses, sid, number: ad_row(
        1, login_name=login, mail=mail, proxy_addresses=addresses, object_sid=sid, employee_id=number
    ),
    MAYBE,
    MAYBE,
    st.lists(NAMES.map("smtp:{}".format), max_size=2),
    SIDS,
    NUMBERS,
)
orders = st.permutations(
    ["immutable_id", "user_principal_name", "mail", "proxy_address", "on_premises_security_identifier"]
).flatmap(lambda names: st.integers(1, len(names)).map(lambda count: names[:count]))
weak = st.sampled_from([[], ["employee_id"]])
maps = st.none() | st.lists(
    st.builds(
        lambda user, number: (user, str(guid(number))), NAMES | st.integers(1, 6).map(user_id), st.integers(1, 2)
    ),
    max_size=3,
)


def people(everybody):
    return [
        from_graph({"id": user_id(number), **fields}, deleted=fields["deleted"])
        for number, fields in enumerate(everybody, 1)
    ]


def found_by(row, users, match_by, weak_match_by, pairs):
    keys = parse_match_by(match_by, weak_match_by, mapped=pairs is not None)
    index = CloudIndex(users, cloud_keys(keys))
    lines = [Pair(line, name, "object_guid", value) for line, (name, value) in enumerate(pairs or (), 2)]
    return keys, match(from_object(row), index, keys, MatchMap("map.csv", lines, index))


def shape(found):
    """Return all that a match says, without the order in which users came."""
    evidence = [{**item, "users": sorted(item["users"], key=lambda each: each["id"])} for item in found.evidence]
    ids = [sorted(each.id for each in users) for users in (found.users, found.deleted, found.holders, found.beside)]
    said = (found.weak, found.claims, found.explicit, len(found.contradictions))
    return ids, found.matched_by, found.value, evidence, said


@settings(max_examples=400, deadline=None)
@given(rows, st.lists(properties, max_size=6), orders, weak, maps, st.randoms(use_true_random=False))
def test_the_order_in_which_users_are_listed_does_not_count(row, everybody, match_by, weak_match_by, pairs, chance):
    users = people(everybody)
    shuffled = chance.sample(users, len(users))
    first, second = (found_by(row, given, match_by, weak_match_by, pairs)[1] for given in (users, shuffled))
    assert shape(first) == shape(second)


@settings(max_examples=400, deadline=None)
@given(rows, st.lists(properties, max_size=6), orders, weak, maps)
def test_whom_nothing_speaks_against_nobody_else_can_be(row, everybody, match_by, weak_match_by, pairs):
    keys, found = found_by(row, people(everybody), match_by, weak_match_by, pairs)
    assert not any(user.deleted for user in found.users)
    if len(found.users) != 1:
        return
    (user,) = found.users
    named_by_id = found.matched_by == "map" and (user.id, str(guid(1))) in pairs
    assert not found.explicit or named_by_id or found.matched_by == "immutable_id"
    key = next(key for key in keys if key.name == found.matched_by)
    assert found.weak is key.weak
    if found.contradictions or found.beside or found.weak or user.external or user.resource or key.is_anchor:
        return
    # Nothing speaks against the pair: then no other live user fits as well, by this key or by a stronger one.
    for item in found.evidence:
        others = [each for each in item["users"] if each["id"] != user.id]
        if item["key"] == key.name:
            assert all(each["deleted"] for each in others)
        elif next(place for place, each in enumerate(keys) if each.name == item["key"]) < keys.index(key):
            assert not others or item["key"] == "immutable_id"


@settings(max_examples=200, deadline=None)
@given(rows, st.lists(properties, max_size=6), orders, weak, maps)
def test_every_live_user_that_fits_is_shown_with_the_key_it_came_by(row, everybody, match_by, weak_match_by, pairs):
    _keys, found = found_by(row, people(everybody), match_by, weak_match_by, pairs)
    shown = {each["id"] for item in found.evidence for each in item["users"] if not each["deleted"]}
    assert {user.id for user in (*found.users, *found.beside)} <= shown
