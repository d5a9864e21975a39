# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom a row means: the rows of the decision table of matching, and what is shown of each."""

from __future__ import annotations

import pytest
from hard_match_doubles import FACTS, ad_row, anchor, guid, held, user, user_id

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.case import Case, Surroundings
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.claims import Claims
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import CloudIndex
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.holders import HOLDER_KEYS
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.match_codes import MATCH_CODES
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.match_keys import cloud_keys, parse_match_by
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.match_map import MatchMap, Pair
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.matching import match, object_values
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.obstacles import findings, without_user
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import from_object, from_pair

OF_PAIRS = {row[0] for row in MATCH_CODES} | {"several_users"}
BY_NAME = ("immutable_id", "user_principal_name")


def look_up(wish, users, match_by=BY_NAME, weak_match_by=(), pairs=None):
    """Match a wish; ``pairs`` are the (user, field, value) of a map."""
    keys = parse_match_by(match_by, weak_match_by, mapped=pairs is not None)
    index = CloudIndex(users, {*cloud_keys(keys), *HOLDER_KEYS})
    lines = [Pair(line, *pair) for line, pair in enumerate(pairs or (), 2)]
    return match(wish, index, keys, MatchMap("map.csv", lines, index)), index


def find(*args, **options):
    return look_up(*args, **options)[0]


def reasons(wish, users, *args, **options):
    """Return what is said against the pair itself, as (action, reason)."""
    found, index = look_up(wish, users, *args, **options)
    if len(found.users) > 1:
        said = [without_user(wish, found, ())]
    else:
        around = Surroundings(FACTS, index, Claims())
        said = [item for user in found.users for item in findings(Case(0, wish, user, found, around))]
    return [(item.action, item.reason) for item in said if item.reason["code"] in OF_PAIRS]


def codes(*args, **options):
    return [(action, why["code"]) for action, why in reasons(*args, **options)]


def decided(row, users, *args, **options):
    """Return whom a row finds, by which key, and what is said against the pair."""
    wish = from_object(row)
    found = find(wish, users, *args, **options)
    return [each.id for each in found.users], found.matched_by, codes(wish, users, *args, **options)


def matched(row, users, match_by=BY_NAME):
    found = find(from_object(row), users, match_by)
    return [each.id for each in found.users], found.matched_by


@pytest.mark.parametrize(
    ("match_by", "row", "cloud"),
    [
        (["user_principal_name"], {"login_name": "U1@EXAMPLE.com"}, user(1, "u1@example.COM")),
        (["user_principal_name"], {"login_name": " u1@example.com "}, user(1)),
        (["mail"], {"mail": "Jane@Example.com"}, user(1, "x@example.com", mail="jane@example.com")),
        (["proxy_address"], {"proxy_addresses": ["smtp:J@x.com"]}, user(1, "x@x.com", proxyAddresses=["SMTP:j@x.com"])),
        (
            [{"ad": "proxy_addresses", "cloud": "proxy_address"}],
            {"proxy_addresses": ["SMTP:j@x.com"]},
            user(1, "x@x.com", proxyAddresses=["smtp:J@x.com"]),
        ),
        (["immutable_id"], {}, held(1, "x@example.com")),
        (["id"], {"id": user_id(1).upper()}, user(1, "x@example.com")),
        ([{"ad": "mail", "cloud": "user_principal_name"}], {"mail": "U1@example.com"}, user(1)),
        ([{"ad": "user_principal_name", "cloud": "mail"}], {}, user(1, "x@x.com", mail="u1@example.com")),
        ([{"ad": "target_address", "cloud": "mail"}], {"target_address": "SMTP:j@x.com"}, user(1, "x", mail="J@x.com")),
    ],
)
def test_names_and_addresses_are_compared_without_case(match_by, row, cloud):
    assert matched(ad_row(1, **row), [cloud, user(2)], match_by)[0] == [cloud.id]


def test_anchors_are_compared_with_case():
    assert anchor(1) != anchor(1).lower()
    assert matched(ad_row(1), [held(1, "x@example.com", value=anchor(1).lower())]) == ([], None)


def test_the_name_in_the_cloud_is_compared_with_the_sign_in_name_not_with_ads_upn():
    row = ad_row(1, login_name="jane@example.com", user_principal_name="u2@example.com")
    assert matched(row, [user(1, "jane@example.com"), user(2)]) == ([user_id(1)], "user_principal_name")


def test_the_first_key_that_finds_somebody_decides():
    row = ad_row(1, mail="u2@example.com")
    users = [user(1), user(2, mail="u2@example.com")]
    assert matched(row, users, ["user_principal_name", "mail"]) == ([user_id(1)], "user_principal_name")
    assert matched(row, users, ["mail", "user_principal_name"]) == ([user_id(2)], "mail")


def test_a_key_that_finds_nobody_passes_to_the_next():
    row = ad_row(1, mail="u2@example.com")
    assert matched(row, [user(2, mail="u2@example.com")], ["user_principal_name", "mail"]) == ([user_id(2)], "mail")


def test_several_users_by_one_key_are_all_named_and_none_is_chosen():
    row = ad_row(1, mail="shared@example.com")
    users = [user(1, mail="shared@example.com"), user(2, mail="Shared@example.com")]
    assert matched(row, users, ["mail"]) == ([user_id(1), user_id(2)], "mail")


def test_addresses_of_one_object_that_belong_to_different_users_are_ambiguous():
    row = ad_row(1, proxy_addresses=["SMTP:a@x.com", "smtp:b@x.com"])
    users = [user(1, "a@x.com", proxyAddresses=["SMTP:a@x.com"]), user(2, "b@x.com", proxyAddresses=["SMTP:b@x.com"])]
    assert matched(row, users, ["proxy_address"])[0] == [user_id(1), user_id(2)]


def test_a_user_by_name_is_not_given_up_for_another_who_holds_the_anchor():
    found = find(from_object(ad_row(1)), [user(1), held(1, "x@example.com")._replace(id=user_id(2))])
    assert [each.id for each in found.users] == [user_id(1)]
    assert [each.id for each in found.holders] == [user_id(2)]


def test_the_anchor_decides_among_several_by_name():
    users = [held(1, "a@x.com", mail="m@x.com"), user(2, "b@x.com", mail="m@x.com")]
    assert matched(ad_row(1, mail="m@x.com"), users, ["immutable_id", "mail"]) == ([user_id(1)], "immutable_id")


def test_an_anchor_of_the_other_kind_finds_the_user_who_has_it():
    """A tenant that held objectGUIDs, while the sync now sends mS-DS-ConsistencyGuid."""
    match_by = ["immutable_id", {"ad": "object_guid", "cloud": "immutable_id"}]
    row = ad_row(1, immutable_id=anchor(9))
    assert decided(row, [held(1, "x@x.com")], match_by) == ([user_id(1)], "object_guid=immutable_id", [])
    assert decided({**row, "object_guid": "x"}, [held(1, "x@x.com")], match_by) == ([], None, [])


def test_deleted_users_are_no_match_and_are_named():
    found = find(from_object(ad_row(1)), [user(1, deleted=True)])
    assert found.users == []
    assert [each.id for each in found.deleted] == [user_id(1)]


def test_the_evidence_shows_every_key_tried_and_whom_it_found():
    found = find(from_object(ad_row(1)), [user(1)])
    assert [(item["key"], item["value"], len(item["users"])) for item in found.evidence] == [
        ("immutable_id", anchor(1), 0),
        ("user_principal_name", "u1@example.com", 1),
    ]


def test_the_anchor_that_is_wanted_counts_not_the_rows():
    wish = from_object(ad_row(1, immutable_id=anchor(2)), anchor="object_guid")
    found = find(wish, [held(1, "x@x.com"), held(2, "y@x.com")])
    assert [each.id for each in found.users] == [user_id(1)]


@pytest.mark.parametrize("name", ["u1@example.com", "U1@Example.com", user_id(1), user_id(1).upper()])
def test_a_user_that_is_named_is_found_by_name_or_id_only(name):
    users = [user(1), held(1, "x@example.com")._replace(id=user_id(2))]
    found = find(from_pair({"user": name, "immutable_id": anchor(1)}), users)
    assert [each.id for each in found.users] == [user_id(1)]
    assert [each.id for each in found.holders] == [user_id(2)]


def test_a_user_that_is_named_wrongly_is_not_looked_up_otherwise():
    assert find(from_pair({"user": "typo@x.com", "immutable_id": anchor(1)}), [held(1)]).users == []


@pytest.mark.parametrize(
    ("field", "value", "values"),
    [
        ("mail", None, ()),
        ("mail", "  ", ()),
        ("mail", " a@x.com ", ("a@x.com",)),
        ("immutable_id", "E1 ", ("E1 ",)),  # a tenant holds what it holds
        ("immutable_id", None, ()),
        ("target_address", "SMTP:A@x.com", ("a@x.com",)),
        ("proxy_address", None, ()),
    ],
)
def test_empty_values_of_an_object_match_nobody(field, value, values):
    assert object_values({field: value, "proxy_addresses": None}, field) == values


def test_an_object_guid_is_no_anchor_in_text():
    assert matched(ad_row(1), [held(1, "x@x.com", value=str(guid(1)))]) == ([], None)


# The decision table. In each case u1 is the AD object's, if any user is.

GUEST, ROOM = {"userType": "Guest"}, {"isResourceAccount": True}
UPN, MAIL, SID = "user_principal_name", "mail", "on_premises_security_identifier"
ROW = ad_row(1, mail="m@x.com", employee_id="E1", sam_account_name="jane", mail_nickname="jane")
SIDS = {"object_sid": "S-1-5-21-1-2-3-1001"}
BY_MAIL = {"mail": "m@x.com"}


@pytest.mark.parametrize(
    ("users", "match_by", "expected"),
    [
        # One member, and nobody else that counts.
        ([user(1), user(2)], [UPN], ([1], UPN, [])),
        ([user(1), user(1, deleted=True)._replace(id=user_id(2))], [UPN], ([1], UPN, [])),
        # Several.
        (
            [user(1, "a@x.com", **BY_MAIL), user(2, "b@x.com", **BY_MAIL)],
            [MAIL],
            ([1, 2], MAIL, [("ambiguous", "several_users")]),
        ),
        (
            [user(1, "a@x.com", **BY_MAIL), user(2, "b@x.com", **BY_MAIL), user(3, "c@x.com", **BY_MAIL, **GUEST)],
            [MAIL],
            ([1, 2, 3], MAIL, [("ambiguous", "several_users")]),
        ),
        (
            [user(1, "a@x.com", **BY_MAIL, **ROOM), user(2, "b@x.com", **BY_MAIL, **GUEST)],
            [MAIL],
            ([1, 2], MAIL, [("ambiguous", "several_users")]),
        ),
        # Not silently a member where a guest or a room fits as well.
        (
            [user(1, "a@x.com", **BY_MAIL), user(2, "b@x.com", **BY_MAIL, **GUEST)],
            [MAIL],
            ([1], MAIL, [("blocked", "external_also_fits")]),
        ),
        (
            [user(1, "a@x.com", **BY_MAIL), user(2, "b@x.com", **BY_MAIL, **ROOM)],
            [MAIL],
            ([1], MAIL, [("blocked", "external_also_fits")]),
        ),
        # Never a guest or a room.
        ([user(1, **GUEST)], [UPN], ([1], UPN, [("blocked", "external_user")])),
        ([user(1, **ROOM)], [UPN], ([1], UPN, [("blocked", "resource_account")])),
        (
            [user(1, **ROOM, **GUEST)],
            [UPN],
            ([1], UPN, [("blocked", "external_user"), ("blocked", "resource_account")]),
        ),
        # A weaker key that finds somebody else changes nothing.
        ([user(1), user(2, **BY_MAIL)], [UPN, MAIL], ([1], UPN, [])),
        ([user(1), user(2, **BY_MAIL, **GUEST)], [UPN, MAIL], ([1], UPN, [])),
        ([user(1), user(2, **BY_MAIL, deleted=True)], [UPN, MAIL], ([1], UPN, [])),
        # A stronger one that finds nobody either: that is what further keys are for.
        ([user(1, "x@x.com", **BY_MAIL)], [UPN, MAIL], ([1], MAIL, [])),
        # A stronger one that finds whom nobody may pick.
        (
            [user(2, "u1@example.com", deleted=True), user(1, "x@x.com", **BY_MAIL)],
            [UPN, MAIL],
            ([1], MAIL, [("conflict", "match_contradicted")]),
        ),
        (
            [user(2, "u1@example.com", **GUEST), user(1, "x@x.com", **BY_MAIL)],
            [UPN, MAIL],
            ([1], MAIL, [("conflict", "match_contradicted")]),
        ),
        (
            [user(2, "u1@example.com", deleted=True), user(1, "x@x.com", **BY_MAIL, **GUEST)],
            [UPN, MAIL],
            ([1], MAIL, [("conflict", "match_contradicted"), ("blocked", "external_user")]),
        ),
        # The SID is the AD object's own: it contradicts by being another one.
        (
            [user(1, onPremisesSecurityIdentifier="S-1-5-21-9")],
            [SID, UPN],
            ([1], UPN, [("conflict", "match_contradicted")]),
        ),
        ([user(1, onPremisesSecurityIdentifier="s-1-5-21-1-2-3-1001")], [SID, UPN], ([1], SID, [])),
        ([user(1, onPremisesSecurityIdentifier="S-1-5-21-9")], [UPN, SID], ([1], UPN, [])),
        ([user(1)], [SID, UPN], ([1], UPN, [])),
        (
            [user(1, onPremisesSecurityIdentifier=SIDS["object_sid"], deleted=True), user(2, "u1@example.com")],
            [SID, UPN],
            ([2], UPN, [("conflict", "match_contradicted")]),
        ),
        # Whoever has the anchor by now is a matter of obstacles (anchor_held), unless nobody else is found.
        ([held(2, "x@x.com", value=anchor(1)), user(1)], ["immutable_id", UPN], ([1], UPN, [])),
        ([held(2, "x@x.com", value=anchor(1), deleted=True), user(1)], ["immutable_id", UPN], ([1], UPN, [])),
        ([held(1, "x@x.com")], ["immutable_id", UPN], ([1], "immutable_id", [])),
        ([held(1, "x@x.com", **GUEST)], ["immutable_id", UPN], ([1], "immutable_id", [(None, "external_user")])),
        (
            [held(1, "x@x.com"), user(2, "u1@example.com", deleted=True)],
            [UPN, "immutable_id"],
            ([1], "immutable_id", [("conflict", "match_contradicted")]),
        ),
        (
            [held(1, **BY_MAIL, onPremisesSecurityIdentifier="S-1-5-21-9")],
            [MAIL, SID, "immutable_id"],
            ([1], "immutable_id", []),
        ),
        # The anchor chooses among several by name, also a guest that has it already.
        ([held(1, "a@x.com", **BY_MAIL), user(2, **BY_MAIL)], ["immutable_id", MAIL], ([1], "immutable_id", [])),
        (
            [held(1, "a@x.com", **BY_MAIL, **GUEST), user(2, "b@x.com", **BY_MAIL)],
            ["immutable_id", MAIL],
            ([1], "immutable_id", [(None, "external_user")]),
        ),
        # Only deleted users, or nobody.
        ([user(1, deleted=True)], [UPN], ([], None, [])),
        ([], [UPN], ([], None, [])),
    ],
)
def test_the_decision_table(users, match_by, expected):
    ids, matched_by, said = expected
    assert decided(ROW, users, match_by) == ([user_id(number) for number in ids], matched_by, said)


WEAK_FIELDS = {
    "employee_id": "employeeId",
    "sam_account_name": "onPremisesSamAccountName",
    "mail_nickname": "mailNickname",
}


@pytest.mark.parametrize(("field", "name"), WEAK_FIELDS.items())
def test_a_weak_key_finds_nobody_unless_it_is_allowed_to_and_then_waits_for_a_person(field, name):
    users = [user(1, "x@x.com", **{name: ROW[field].upper()})]
    assert decided(ROW, users, [UPN, field]) == ([], None, [])
    assert decided(ROW, users, [UPN], [field]) == ([user_id(1)], field, [("blocked", "weak_match")])
    found = find(from_object(ROW), users, [UPN], [field])
    assert found.weak
    ((_action, why),) = reasons(from_object(ROW), users, [UPN], [field])
    assert ROW[field] in why["message"]


def test_a_strong_key_made_weak_waits_as_well():
    assert decided(ROW, [user(1, "x@x.com", **BY_MAIL)], [UPN], [MAIL])[2] == [("blocked", "weak_match")]


def test_a_weak_key_is_asked_only_after_all_strong_ones():
    users = [user(1, "x@x.com", **BY_MAIL), user(2, employeeId="E1")]
    assert decided(ROW, users, [UPN, MAIL], ["employee_id"]) == ([user_id(1)], MAIL, [])


def test_a_weak_pair_is_contradicted_like_any_other():
    users = [user(2, "u1@example.com", deleted=True), user(1, "x@x.com", employeeId="E1")]
    said = [("conflict", "match_contradicted"), ("blocked", "weak_match")]
    assert decided(ROW, users, [UPN], ["employee_id"]) == ([user_id(1)], "employee_id", said)


@pytest.mark.parametrize(
    ("cloud", "agrees"), [("e1", True), ("E2", False), (None, None)], ids=["agrees", "differs", "unknown"]
)
@pytest.mark.parametrize("allowed", [[], ["employee_id"]])
def test_a_weak_key_confirms_what_another_found(cloud, agrees, allowed):
    asked = (from_object(ROW), [user(1, employeeId=cloud), user(2, employeeId="x")], [UPN, "employee_id"], allowed)
    assert codes(*asked) == []
    found = find(*asked)
    (item,) = [item for item in found.evidence if item["key"] == "employee_id"]
    assert (item["value"], item["cloud"], item["agrees"]) == ("E1", cloud, agrees)


def test_a_weak_key_of_which_ad_has_nothing_is_not_mentioned():
    found = find(from_object(ad_row(1)), [user(1, employeeId="E1")], [UPN, "employee_id"])
    assert [item["key"] for item in found.evidence] == [UPN]


def test_a_sid_that_differs_is_shown_even_where_it_decides_nothing():
    found = find(from_object(ROW), [user(1, onPremisesSecurityIdentifier="S-1-5-21-9")], [UPN, SID])
    (item,) = [item for item in found.evidence if item["key"] == SID]
    assert (item["value"], item["cloud"], item["agrees"]) == (ROW["object_sid"], "S-1-5-21-9", False)


# The map.


def mapped_to(name, number=1):
    return (name, "object_guid", str(guid(number)))


@pytest.mark.parametrize(
    ("users", "pairs", "match_by", "expected"),
    [
        # A person's word beats every key.
        ([user(1), user(2)], [mapped_to("u2@example.com")], [UPN], ([2], "map", [])),
        ([user(1), user(2)], [mapped_to(user_id(2))], [UPN], ([2], "map", [])),
        # Unless it was put behind one.
        ([user(1), user(2)], [mapped_to("u2@example.com")], [UPN, "map"], ([1], UPN, [])),
        # Whom the map does not name is matched by the other keys.
        ([user(1), user(2)], [mapped_to("u2@example.com", 2)], [UPN], ([1], UPN, [])),
        # A mistake in the map never falls back to a guess.
        ([user(1)], [mapped_to("typo@x.com")], [UPN], ([1], UPN, [("conflict", "match_contradicted")])),
        (
            [user(1), user(2, deleted=True)],
            [mapped_to("u2@example.com")],
            [UPN],
            ([1], UPN, [("conflict", "match_contradicted")]),
        ),
        ([], [mapped_to("typo@x.com")], [UPN], ([], None, [])),
        (
            [user(1), user(2)],
            [mapped_to("u1@example.com"), mapped_to("u2@example.com")],
            [UPN],
            ([1, 2], "map", [("ambiguous", "several_users")]),
        ),
        (
            [user(1), user(2, **GUEST)],
            [mapped_to("u1@example.com"), mapped_to("u2@example.com")],
            [UPN],
            ([1, 2], "map", [("ambiguous", "several_users")]),
        ),
        (
            [user(1)],
            [mapped_to("u1@example.com"), mapped_to("typo@x.com")],
            [UPN],
            ([1], "map", [("conflict", "match_contradicted")]),
        ),
        (
            [user(1), user(2, deleted=True)],
            [mapped_to("u1@example.com"), mapped_to("u2@example.com")],
            [UPN],
            ([1], "map", [("conflict", "match_contradicted")]),
        ),
        (
            [held(1), user(2)],
            [mapped_to("u1@example.com"), mapped_to("u2@example.com")],
            BY_NAME,
            ([1], "immutable_id", [("conflict", "match_contradicted")]),
        ),
        # The user is somebody else's.
        ([user(1)], [mapped_to("u1@example.com", 7)], [UPN], ([1], UPN, [("conflict", "match_contradicted")])),
        (
            [held(1)],
            [mapped_to("u1@example.com", 7)],
            BY_NAME,
            ([1], "immutable_id", [("conflict", "match_contradicted")]),
        ),
        # An external user only by its id, so that nobody is meant by accident.
        ([user(2, **GUEST)], [mapped_to("u2@example.com")], [UPN], ([2], "map", [("blocked", "external_user")])),
        ([user(2, **GUEST)], [mapped_to(user_id(2))], [UPN], ([2], "map", [])),
        ([user(1), user(2, **GUEST)], [mapped_to(user_id(2))], [UPN], ([2], "map", [])),
        (
            [user(1), user(2, **GUEST)],
            [mapped_to("u2@example.com")],
            [UPN],
            ([1], UPN, [("conflict", "match_contradicted")]),
        ),
        ([user(2, **ROOM)], [mapped_to(user_id(2))], [UPN], ([2], "map", [])),
    ],
)
def test_the_map(users, pairs, match_by, expected):
    ids, matched_by, said = expected
    assert decided(ROW, users, match_by, pairs=pairs) == ([user_id(number) for number in ids], matched_by, said)


@pytest.mark.parametrize(
    ("wish", "users", "pairs", "claims"),
    [
        (ROW, [user(1)], None, True),
        (ROW, [user(1)], [mapped_to("u1@example.com")], True),
        # Whose the user is instead, a stronger key knows: this row takes nobody's place.
        (ROW, [user(1)], [mapped_to("u1@example.com", 7)], False),
        (ROW, [user(1, onPremisesSecurityIdentifier="S-1-5-21-9")], None, False),
        (ROW, [user(1)], [mapped_to("typo@x.com"), mapped_to("u1@example.com", 7)], False),
        # Whose it is instead, nobody knows.
        (ROW, [user(1)], [mapped_to("typo@x.com")], True),
        (ROW, [user(1, "x@x.com", **BY_MAIL), user(2, "u1@example.com", deleted=True)], None, True),
    ],
)
def test_a_row_that_a_stronger_key_takes_its_user_from_claims_nobody(wish, users, pairs, claims):
    assert find(from_object(wish), users, [SID, UPN, MAIL], pairs=pairs).claims is claims


def test_what_contradicts_is_said_with_names_and_lines():
    users = [user(1, onPremisesSecurityIdentifier="S-1-5-21-9"), user(2, **BY_MAIL, deleted=True)]
    ((_action, why),) = reasons(from_object(ROW), users, [MAIL, SID, UPN], pairs=[mapped_to("u1@example.com", 7)])
    for part in (MAIL, "m@x.com", user_id(2), "S-1-5-21-9", ROW["object_sid"], str(guid(7)), "line 2"):
        assert part in why["message"]


# What is shown.


def test_a_rewritten_value_is_shown_with_the_original():
    key = {"key": UPN, "rewrite": {"corp.local": "example.com"}}
    row = ad_row(1, login_name="u1@corp.local")
    found = find(from_object(row), [user(1)], [key])
    assert [each.id for each in found.users] == [user_id(1)]
    assert found.evidence == [
        {"key": UPN, "value": "u1@example.com", "users": [user(1).evidence()], "original": "u1@corp.local"}
    ]


def test_addresses_that_become_one_by_rewriting_are_looked_up_once():
    key = {"key": "proxy_address", "rewrite": {"corp.local": "example.com"}}
    row = ad_row(1, proxy_addresses=["SMTP:u1@example.com", "smtp:u1@corp.local", "smtp:u1@corp.other"])
    found = find(from_object(row), [user(1, "x", proxyAddresses=["SMTP:u1@example.com"])], [key])
    assert [(item["value"], "original" in item) for item in found.evidence] == [
        ("u1@example.com", False),
        ("u1@corp.other", False),
    ]


def test_the_primary_address_is_tried_first():
    row = ad_row(1, proxy_addresses=["smtp:b@x.com", "SMTP:a@x.com"])
    assert [item["value"] for item in find(from_object(row), [], ["proxy_address"]).evidence] == ["a@x.com", "b@x.com"]


def test_every_candidate_is_shown_with_its_key_and_what_it_is():
    users = [user(1), user(2, "g@x.com", **BY_MAIL, **GUEST), user(3, "d@x.com", **BY_MAIL, deleted=True)]
    found = find(from_object(ROW), users, [UPN, MAIL])
    shown = {
        item["key"]: [(each["id"], each["deleted"], each.get("external")) for each in item["users"]]
        for item in found.evidence
    }
    assert shown == {
        UPN: [(user_id(1), False, None)],
        MAIL: [(user_id(2), False, True), (user_id(3), True, None)],
    }


def test_of_very_many_candidates_the_first_are_shown_and_the_others_counted():
    users = [user(number, **BY_MAIL) for number in range(1, 101)]
    found = find(from_object(ROW), users, [MAIL])
    assert len(found.users) == 100
    assert (len(found.evidence[0]["users"]), found.evidence[0]["more"]) == (25, 75)
    ((_action, why),) = reasons(from_object(ROW), users, [MAIL])
    assert "and 95 more" in why["message"]


def test_the_line_of_the_map_is_shown():
    found = find(from_object(ROW), [user(2)], [UPN], pairs=[mapped_to("u2@example.com")])
    assert [(item["key"], item.get("line")) for item in found.evidence] == [("map", 2), (UPN, None)]


@pytest.mark.parametrize(
    ("name", "said"),
    [(user_id(1), []), ("u1@example.com", [("blocked", "external_user")])],
)
def test_a_guest_that_is_named_by_id_is_meant(name, said):
    assert codes(from_pair({"user": name, "object_guid": str(guid(1))}), [user(1, **GUEST)]) == said


def test_an_anchor_that_cannot_be_used_finds_nobody():
    wish = from_object(ad_row(1, immutable_id="E4711"))
    assert (wish.problem["code"], find(wish, [held(1, "x@x.com", value="E4711")]).users) == ("anchor_is_string", [])


def test_the_map_has_no_say_about_users_named_by_hand():
    wish = from_pair({"user": "u1@example.com", "object_guid": str(guid(1))})
    assert codes(wish, [user(1)], pairs=[mapped_to("u1@example.com", 7)]) == []
