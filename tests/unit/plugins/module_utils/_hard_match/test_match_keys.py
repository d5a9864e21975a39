# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options match_by and weak_match_by: keys, pairs, rewriting of domains, and what is refused."""

from __future__ import annotations

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.match_keys import (
    AD_FIELDS,
    CLOUD_KEYS,
    DEFAULT_MATCH_BY,
    WEAK,
    Key,
    cloud_keys,
    parse_match_by,
    rewritten,
)

CORP = {"corp.local": "example.com"}


def rules(**domains):
    (key,) = parse_match_by([{"key": "mail", "rewrite": {name.replace("_", "."): to for name, to in domains.items()}}])
    return key.rewrite


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ("immutable_id", ("immutable_id", "immutable_id", "immutable_id")),
        # Alternate login ID: what sync sends as the name need not be AD's UPN.
        ("user_principal_name", ("user_principal_name", "login_name", "user_principal_name")),
        (
            "on_premises_security_identifier",
            ("on_premises_security_identifier", "object_sid", "on_premises_security_identifier"),
        ),
        ("proxy_addresses", ("proxy_address", "proxy_address", "proxy_address")),
        ({"key": "user_principal_name"}, ("user_principal_name", "login_name", "user_principal_name")),
        ({"ad": "user_principal_name", "cloud": "mail"}, ("user_principal_name=mail", "user_principal_name", "mail")),
        ({"ad": "proxy_addresses", "cloud": "mail"}, ("proxy_addresses=mail", "proxy_address", "mail")),
    ],
)
def test_a_name_compares_like_with_like_and_a_pair_what_it_says(given, key):
    assert parse_match_by([given]) == [Key(*key)]


def test_the_order_is_the_strength():
    names = [key.name for key in parse_match_by(["mail", "immutable_id", "proxy_address"])]
    assert names == ["mail", "immutable_id", "proxy_address"]


@pytest.mark.parametrize("name", sorted(WEAK))
def test_weak_keys_only_confirm(name):
    strong, weak = parse_match_by([name, "mail"])
    assert (strong.name, strong.weak, strong.finds) == ("mail", False, True)
    assert (weak.name, weak.weak, weak.finds) == (name, True, False)


@pytest.mark.parametrize("pair", [("employee_id", "immutable_id"), ("mail", "mail_nickname"), ("display_name", "mail")])
def test_a_pair_is_as_weak_as_its_weaker_side(pair):
    _strong, weak = parse_match_by(["mail", dict(zip(("ad", "cloud"), pair))])
    assert (weak.weak, weak.finds) == (True, False)


def test_weak_keys_that_are_allowed_to_find_come_last_of_those_that_find():
    keys = parse_match_by(["employee_id", "mail_nickname", "mail"], ["sam_account_name", "employee_id"])
    assert [(key.name, key.weak, key.finds) for key in keys] == [
        ("mail", False, True),
        ("sam_account_name", True, True),
        ("employee_id", True, True),
        ("mail_nickname", True, False),
    ]


def test_any_key_can_be_made_a_weak_one():
    (_first, mail) = parse_match_by(["user_principal_name"], ["mail"])
    assert (mail.name, mail.weak, mail.finds) == ("mail", True, True)


def test_only_keys_that_find_need_an_index():
    keys = parse_match_by(["map", "mail", "employee_id"], ["sam_account_name"], mapped=True)
    assert cloud_keys(keys) == {"mail", "sam_account_name"}


@pytest.mark.parametrize(
    ("match_by", "names"),
    [(["mail"], ["map", "mail"]), (["mail", "map"], ["mail", "map"]), ([], ["map"])],
)
def test_the_map_goes_first_unless_it_is_put_elsewhere(match_by, names):
    assert [key.name for key in parse_match_by(match_by, mapped=True)] == names


@pytest.mark.parametrize(
    ("address", "becomes"),
    [
        ("jane@corp.local", "jane@example.com"),
        ("Jane@CORP.Local", "Jane@example.com"),
        ("jane@x@corp.local", "jane@x@example.com"),
        ("jane@eu.corp.local", "jane@eu.corp.local"),
        ("jane@xcorp.local", "jane@xcorp.local"),
        ("jane@other.local", "jane@other.local"),
        ("jane", "jane"),
        ("corp.local", "corp.local"),
    ],
)
def test_a_domain_is_rewritten_as_a_whole(address, becomes):
    assert rewritten(address, rules(corp_local="Example.com")) == becomes


@pytest.mark.parametrize(
    ("address", "becomes"),
    [
        ("jane@corp.local", "jane@example.com"),
        ("jane@eu.corp.local", "jane@eu.example.com"),
        ("jane@a.b.corp.local", "jane@a.b.example.com"),
        ("jane@us.corp.local", "jane@example.us"),
        ("jane@ny.us.corp.local", "jane@example.us"),
    ],
)
def test_a_dot_in_front_stands_for_the_domains_below_and_the_longest_suffix_wins(address, becomes):
    given = {
        ".corp.local": ".example.com",
        "corp.local": "example.com",
        ".us.corp.local": "example.us",
        "us.corp.local": "example.us",
    }
    (key,) = parse_match_by([{"ad": "mail", "cloud": "user_principal_name", "rewrite": given}])
    assert rewritten(address, key.rewrite) == becomes


def test_without_rules_nothing_is_rewritten():
    assert rewritten("Jane@Corp.Local", ()) == "Jane@Corp.Local"


@pytest.mark.parametrize(
    ("match_by", "weak_match_by", "mapped", "says"),
    [
        ([], [], False, "is empty"),
        (["nonsense"], [], False, "cannot be looked up by nonsense"),
        (["login_name"], [], False, "cannot be looked up by login_name"),
        ([7], [], False, "7 is no key"),
        ([None], [], False, "None is no key"),
        ([{"ad": "mail"}], [], False, "this one has ad"),
        ([{}], [], False, "no fields"),
        ([{"key": "mail", "ad": "mail"}], [], False, "this one has ad, key"),
        ([{"key": "mail", "rewriting": {}}], [], False, "key, rewriting"),
        ([{"key": ["mail"]}], [], False, "no text"),
        ([{"ad": "nonsense", "cloud": "mail"}], [], False, "AD objects have no nonsense"),
        ([{"ad": "mail", "cloud": "map"}], [], True, "cannot be looked up by map"),
        (["map"], [], False, "the option map is not given"),
        ([{"key": "map", "rewrite": CORP}], [], True, "taken as they are written"),
        (["mail", "mail"], [], False, "mail is named twice"),
        (["mail"], ["mail"], False, "mail is named twice"),
        (["mail"], ["employee_id", "employee_id"], False, "employee_id is named twice"),
        (["employee_id", "employee_id", "mail"], [], False, "employee_id is named twice"),
        (["mail_nickname", "employee_id"], [], False, "mail_nickname, employee_id can only confirm"),
        (["mail"], ["immutable_id"], False, "immutable_id is no weak key"),
        (["mail"], ["map"], True, "map is no weak key"),
        (["mail"], ["nonsense"], False, "weak_match_by: users cannot"),
        ([{"key": "immutable_id", "rewrite": CORP}], [], False, "immutable_id has no domain"),
        ([{"ad": "sam_account_name", "cloud": "mail", "rewrite": CORP}], [], False, "no domain to rewrite"),
        ([{"key": "mail", "rewrite": {}}], [], False, "rewrite is a dictionary"),
        ([{"key": "mail", "rewrite": "corp.local"}], [], False, "rewrite is a dictionary"),
        ([{"key": "mail", "rewrite": {"@corp.local": "example.com"}}], [], False, "no domain such as"),
        ([{"key": "mail", "rewrite": {"corp.local": ""}}], [], False, 'names ""'),
        ([{"key": "mail", "rewrite": {"corp..local": "example.com"}}], [], False, "no domain"),
        ([{"key": "mail", "rewrite": {"*.corp.local": "a.b"}}], [], False, "no domain"),
        ([{"key": "mail", "rewrite": {"corp.local": "a b"}}], [], False, "no domain"),
        ([{"key": "mail", "rewrite": {"corp.local": "a.b", "CORP.local": "a.c"}}], [], False, "corp.local twice"),
        ([{"key": "mail", "rewrite": {"corp.local": ".example.com"}}], [], False, "Only domains below"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_sentence(match_by, weak_match_by, mapped, says):
    with pytest.raises(Failure, match="match_by: ") as caught:
        parse_match_by(match_by, weak_match_by, mapped=mapped)
    assert says in caught.value.message
    assert caught.value.message.endswith(".")


def test_the_same_key_with_and_without_rewriting_are_two_keys():
    assert len(parse_match_by(["mail", {"key": "mail", "rewrite": CORP}])) == 2


def test_the_default_needs_no_map_and_every_side_of_a_pair_is_accepted():
    assert [key.name for key in parse_match_by(DEFAULT_MATCH_BY)] == list(DEFAULT_MATCH_BY)
    for ad in AD_FIELDS:
        for cloud in CLOUD_KEYS:
            keys = parse_match_by(["id", {"ad": ad, "cloud": cloud}])
            assert {key.ad for key in keys} == {"id", ad}
