# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom a row means: how each key finds users, and what is shown of that."""

from __future__ import annotations

import pytest
from hard_match_doubles import ad_row, anchor, guid, held, user, user_id
from matching_runs import (
    BY_MAIL,
    GUEST,
    MAIL,
    ROW,
    UPN,
    codes,
    decided,
    find,
    mapped_to,
    matched,
    reasons,
)

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.matching import object_values
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import from_object, from_pair


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
