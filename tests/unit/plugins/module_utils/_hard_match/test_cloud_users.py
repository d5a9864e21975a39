# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users of a tenant as they are kept, and the index of them."""

from __future__ import annotations

import pytest
from hard_match_doubles import anchor, graph_user, user, user_id

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import (
    CloudIndex,
    as_journalled,
    changed_by,
    from_graph,
    shown_of,
    smtp_addresses,
    values_of,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.match_keys import CLOUD_KEYS

EVERYTHING = {
    "onPremisesImmutableId": "Ab==",
    "onPremisesSecurityIdentifier": "S-1-5-21-1",
    "mail": "Jane@Example.com",
    "proxyAddresses": ["smtp:b@x.com", "SMTP:A@x.com"],
    "employeeId": "E1",
    "onPremisesSamAccountName": "JANE",
    "mailNickname": "Jane",
    "displayName": "Jane Doe",
    "accountEnabled": False,
    "isManagementRestricted": True,
}


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


def test_a_deleted_user_is_found_without_the_id_before_its_name_and_once():
    others = [user(2, "u1@example.com", deleted=True), user(3, "u1@example.com", deleted=True)]
    index = CloudIndex([user(1, "u1@example.com", deleted=True), *others])
    assert [each.id for each in index.find("user_principal_name", "U1@example.com")] == [user_id(n) for n in (1, 2, 3)]
    # Seeds and tests may give a deleted user its plain name.
    plain = [each._replace(user_principal_name="u1@example.com") for each in others]
    index = CloudIndex([*plain, plain[0]._replace(id=user_id(4))])
    assert len(index.find("user_principal_name", "u1@example.com")) == 3


@pytest.mark.parametrize(
    ("key", "values", "shown"),
    [
        ("immutable_id", ("Ab==",), "Ab=="),
        ("user_principal_name", ("u1@example.com",), "U1@example.com"),
        ("on_premises_security_identifier", ("s-1-5-21-1",), "S-1-5-21-1"),
        ("mail", ("jane@example.com",), "Jane@Example.com"),
        ("proxy_address", ("a@x.com", "b@x.com"), ["a@x.com", "b@x.com"]),
        ("id", (user_id(1),), user_id(1)),
        ("employee_id", ("e1",), "E1"),
        ("sam_account_name", ("jane",), "JANE"),
        ("mail_nickname", ("jane",), "Jane"),
        ("display_name", ("jane doe",), "Jane Doe"),
    ],
)
def test_a_user_is_looked_up_without_case_except_for_the_anchor(key, values, shown):
    someone = user(1, "U1@example.com", **EVERYTHING)
    assert values_of(someone, key) == values
    assert shown_of(someone, key) == shown
    assert key in CLOUD_KEYS


def test_every_key_can_be_indexed_and_empty_values_find_nobody():
    index = CloudIndex([user(1, "U1@example.com", **EVERYTHING), user(2, mail="", employeeId=None)], CLOUD_KEYS)
    for key in CLOUD_KEYS:
        for value in values_of(index.user(user_id(1)), key):
            assert [each.id for each in index.find(key, value)] == [user_id(1)]
        assert index.find(key, "") == []


def test_what_is_not_told_stays_unknown():
    someone = from_graph(graph_user(1))
    assert (someone.enabled, someone.restricted, someone.synced) == (None, None, None)
    known = user(1, **EVERYTHING)
    assert (known.enabled, known.restricted) == (False, True)


def test_users_of_one_value_come_by_what_may_be_done_with_them():
    everybody = [
        user(1, "a@x.com", mail="m@x.com"),
        user(2, "b@x.com", mail="M@x.com", userType="Guest"),
        user(3, "c@x.com", mail="m@x.com", deleted=True),
        user(4, "d@x.com", mail="m@x.com", isResourceAccount=True),
        user(5, "e@x.com", mail="m@x.com", userType="Guest", deleted=True),
    ]
    index = CloudIndex(everybody, ["mail"])
    found = index.look_up("mail", "m@X.com")
    ids = [[each.id for each in users] for users in found]
    assert ids == [[user_id(1)], [user_id(2), user_id(4)], [user_id(3), user_id(5)]]
    assert [each.id for each in index] == [each.id for each in everybody]


def test_the_evidence_says_what_a_candidate_is():
    assert user(1, userType="Guest", isResourceAccount=True).evidence() == {
        "id": user_id(1),
        "user_principal_name": "u1@example.com",
        "deleted": False,
        "external": True,
        "resource": True,
    }


def test_a_user_that_two_pages_of_a_listing_show_is_one_user():
    index = CloudIndex([user(1, mail="m@x.com"), user(1, mail="m@x.com"), user(1, deleted=True)], ["mail"])
    assert len(index.find("mail", "m@x.com")) == 1
    assert (index.count, [each.deleted for each in index.find("id", user_id(1))]) == (2, [False, True])


def test_what_a_change_does_not_name_is_as_it_was():
    jane = from_graph({**graph_user(1), **EVERYTHING})
    changed = changed_by(jane, {"id": user_id(1), "onPremisesSyncEnabled": True, "mail": None})
    assert changed == jane._replace(synced=True, mail=None)
    assert changed_by(jane, {"id": user_id(1), "@removed": {"reason": "changed"}}) == jane._replace(deleted=True)
    assert changed_by(jane._replace(deleted=True), {"id": user_id(1), "accountEnabled": False}) == jane


def test_a_user_who_is_replaced_is_found_by_what_is_true_now():
    jane, other = user(1, onPremisesImmutableId=anchor(1)), user(2, onPremisesImmutableId=anchor(1))
    index = CloudIndex([jane, other], CLOUD_KEYS)
    now = jane._replace(immutable_id=anchor(3), user_principal_name="new@example.com")
    index.replace(now)
    assert index.find("immutable_id", anchor(1)) == [other]
    assert index.find("immutable_id", anchor(3)) == index.find("user_principal_name", "NEW@example.com") == [now]
    assert index.find("user_principal_name", jane.user_principal_name) == []
    index.replace(now._replace(deleted=True))
    assert (index.user(user_id(1)).deleted, index.count) == (True, 2)
    index.replace(user(3))
    assert (len(list(index)), index.count) == (3, 3)
