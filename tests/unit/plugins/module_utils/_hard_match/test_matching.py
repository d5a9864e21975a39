# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom a row means: keys, case, several people, deleted people, guests."""

from __future__ import annotations

import pytest
from hard_match_doubles import ad_row, anchor, graph_user, guid, held, user, user_id

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.matching import (
    CloudIndex,
    as_journalled,
    from_graph,
    match,
    object_values,
    parse_match_by,
    smtp_addresses,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import from_object, from_pair

BY_NAME = ("immutable_id", "user_principal_name")


def find(wish, users, match_by=BY_NAME):
    keys = parse_match_by(match_by)
    return match(wish, CloudIndex(users, {key.cloud for key in keys}), keys)


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


def test_another_value_looked_up_among_the_anchors_is_a_key_like_others():
    """A tenant that held employee numbers as anchors: they name the user, and do not hold the new anchor."""
    match_by = ["immutable_id", {"ad": "employee_id", "cloud": "immutable_id"}]
    row = ad_row(1, employee_id="E1")
    assert matched(row, [held(1, "x@x.com", value="E1")], match_by) == ([user_id(1)], "employee_id=immutable_id")
    both = [held(1, "x@x.com"), held(2, "y@x.com")]
    assert matched(ad_row(1, employee_id="E1"), both, match_by) == ([user_id(1)], "immutable_id")


def test_deleted_users_are_no_match_and_are_named():
    found = find(from_object(ad_row(1)), [user(1, deleted=True)])
    assert found.users == []
    assert [each.id for each in found.deleted] == [user_id(1)]


def test_a_deleted_user_is_found_without_the_id_before_its_name_and_once():
    others = [user(2, "u1@example.com", deleted=True), user(3, "u1@example.com", deleted=True)]
    index = CloudIndex([user(1, "u1@example.com", deleted=True), *others])
    assert [each.id for each in index.find("user_principal_name", "U1@example.com")] == [user_id(n) for n in (1, 2, 3)]
    # Seeds and tests may give a deleted user its plain name.
    plain = [each._replace(user_principal_name="u1@example.com") for each in others]
    index = CloudIndex([*plain, plain[0]._replace(id=user_id(4))])
    assert len(index.find("user_principal_name", "u1@example.com")) == 3


def test_a_live_user_by_a_later_key_comes_before_a_deleted_one():
    users = [user(1, deleted=True), user(2, mail="m@x.com")]
    found = find(from_object(ad_row(1, mail="m@x.com")), users, ["user_principal_name", "mail"])
    assert [each.id for each in found.users] == [user_id(2)]
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
    ("properties", "external"),
    [
        ({}, False),
        ({"userType": "Member", "creationType": None, "externalUserState": None}, False),
        ({"userType": "Guest"}, True),
        ({"userPrincipalName": "jane_x.com#EXT#@example.onmicrosoft.com"}, True),
        ({"userPrincipalName": "jane_x.com#ext#@example.onmicrosoft.com"}, True),
        ({"creationType": "Invitation"}, True),
        ({"creationType": "SelfServiceSignUp"}, True),
        # An internal user who signed up with an e-mail address of the company's own domain.
        ({"creationType": "EmailVerified"}, False),
        ({"externalUserState": "PendingAcceptance"}, True),
        ({"externalUserState": "Accepted"}, True),
    ],
)
def test_one_sign_of_an_external_user_is_enough_even_for_a_member(properties, external):
    assert from_graph({**graph_user(1), "userType": "Member", **properties}).external is external


@pytest.mark.parametrize(("flag", "resource"), [(True, True), (False, False), (None, False)])
def test_resource_accounts_are_known(flag, resource):
    assert from_graph(graph_user(1, isResourceAccount=flag)).resource is resource


@pytest.mark.parametrize("flag", [True, False, None])
def test_the_sync_flag_has_three_answers(flag):
    assert from_graph(graph_user(1, onPremisesSyncEnabled=flag)).synced is flag


def test_an_empty_anchor_is_none():
    assert from_graph(graph_user(1, onPremisesImmutableId="")).immutable_id is None


@pytest.mark.parametrize(("seen", "shown"), [(None, anchor(1)), (anchor(1), anchor(1)), (anchor(2), anchor(2))])
def test_the_journal_is_trusted_before_a_read_that_shows_the_value_from_before(seen, shown):
    assert as_journalled(user(1)._replace(immutable_id=seen), None, anchor(1)).immutable_id == shown


def test_smtp_addresses_come_primary_first_in_lower_case_and_once():
    values = ["smtp:B@x.com", "X400:c=us;a= ;", "SMTP:A@x.com", "SIP:a@x.com", "smtp:a@X.com", "plain@x.com"]
    assert smtp_addresses(values) == ("a@x.com", "b@x.com", "plain@x.com")


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


@pytest.mark.parametrize(
    "keys", [[], ["sam_account_name"], ["nonsense"], [{"ad": "mail"}], [{"ad": "nonsense", "cloud": "mail"}]]
)
def test_unknown_keys_are_refused(keys):
    with pytest.raises(Failure, match="match_by"):
        parse_match_by(keys)


def test_an_object_guid_is_no_anchor_in_text():
    assert matched(ad_row(1), [held(1, "x@x.com", value=str(guid(1)))]) == ([], None)
