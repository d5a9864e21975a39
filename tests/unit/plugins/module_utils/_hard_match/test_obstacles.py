# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of obstacles: each one alone, every two of them together, and what is not known."""

from __future__ import annotations

import itertools

import pytest
from hard_match_doubles import (
    FACTS,
    ad_row,
    also,
    anchor,
    guid,
    held,
    plan,
    plan_objects,
    remarks,
    said,
    user,
    user_id,
)
from obstacle_scenes import (
    ALONE,
    OTHER_GUID,
    SALES,
    SCENES,
    Scene,
    codes_of,
)

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import CODES, RELEASABLE
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.obstacle_codes import OBSTACLE_CODES
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import (
    CONTACT,
    AddressBook,
    Holder,
    Lookup,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import from_pair

ORDER = list(dict.fromkeys(scene.codes[0] for scene in SCENES.values()))
# What cannot be true of one user at once.
APART = [
    {"no anchor", "anchor twice"},
    {"no anchor", "anchor held"},
    {"roles unknown", "sync account"},
    {"roles unknown", "emergency account"},
    {"roles unknown", "role"},
    {"roles unknown", "role through a group"},
    {"roles unknown", "role to be activated"},
    {"roles unknown", "in a role-assignable group"},
    {"synced", "emergency account"},
    # With the SID as the first key, its holder is the one that is meant.
    {"contradicted", "SID held"},
    {"contradicted", "claimed twice"},
]
PAIRS = [pair for pair in itertools.combinations(SCENES, 2) if set(pair) not in APART]


def test_nothing_in_the_way():
    row = Scene().decide()
    assert (said(row), also(row), remarks(row)) == (("set", None), [], [])


@pytest.mark.parametrize("name", SCENES)
def test_each_obstacle_alone(name):
    scene = SCENES[name]
    row = scene.decide()
    assert codes_of(row) == list(scene.codes)
    assert row["action"] in ("blocked", "conflict", "ambiguous")
    assert (row["approved"], row["changed"]) == (None, False)
    assert "{" not in row["reason"]["message"] + row["reason"]["remedy"]


@pytest.mark.parametrize("names", PAIRS, ids=" + ".join)
def test_of_two_obstacles_both_are_said_and_the_more_important_decides(names):
    both = SCENES[names[0]] | SCENES[names[1]]
    assert codes_of(both.decide()) == sorted(set(both.codes), key=ORDER.index)


def test_all_that_can_come_together_comes_in_order():
    names = [name for name in SCENES if name not in ("roles unknown", "no anchor", "synced", "contradicted")]
    together = Scene()
    for name in names:
        together |= SCENES[name]
    row = together.decide()
    assert codes_of(row) == sorted(set(together.codes), key=ORDER.index)
    told = [item for item in row["evidence"] if item["key"] == "also"]
    assert all(item["message"] and item["remedy"] for item in told)


def test_a_row_that_stands_twice_is_that_before_all_else():
    scene = SCENES["protected"]
    rows = plan_objects([ad_row(1), ad_row(1)], [user(1)], **scene.options)
    assert said(rows[1]) == ("none", "listed_twice")


def test_each_code_of_the_file_is_known_here():
    tenant_wide = {"soft_match_blocked", "identifier_bypass_on", "flags_unreadable"}
    here = {*ORDER, "identifier_same", "anchor_mode_mixed"}
    assert {row[0] for row in OBSTACLE_CODES} - tenant_wide - here == set()


# What was asked for the user alone


@pytest.mark.parametrize(
    ("looked", "expected", "unknown"),
    [
        (None, ("set", None), []),
        (ALONE, ("set", None), []),
        (Lookup(), ("set", None), ["onPremisesSyncBehavior.isCloudManaged", "onPremisesObjectIdentifier"]),
        (ALONE._replace(cloud_managed=None), ("set", None), ["onPremisesSyncBehavior.isCloudManaged"]),
        (ALONE._replace(identifier_known=False), ("set", None), ["onPremisesObjectIdentifier"]),
        (ALONE._replace(object_identifier=str(guid(1)).upper()), ("set", "identifier_same"), []),
        (ALONE._replace(object_identifier=OTHER_GUID), ("blocked", "identifier_differs"), []),
        (ALONE._replace(cloud_managed=True), ("blocked", "cloud_managed"), []),
    ],
)
def test_what_is_asked_for_one_user(looked, expected, unknown):
    (row,) = plan_objects([ad_row(1)], [user(1)], lookup=looked)
    assert said(row) == expected
    assert [item["value"] for item in row["evidence"] if item["key"] == "unchecked"] == unknown


def test_a_mapped_user_without_an_ad_object_to_compare_with_is_left_alone():
    wish = from_pair({"user": "u1@example.com", "object_guid": str(guid(1))})
    (row,) = plan([wish], [user(1)], lookup=ALONE._replace(object_identifier=OTHER_GUID))
    assert said(row) == ("blocked", "identifier_differs")


def test_objectguid_is_compared_and_not_the_anchor():
    row = ad_row(1, immutable_id=anchor(77), consistency_guid=anchor(77), anchor_source="consistency_guid")
    (decided,) = plan_objects([row], [user(1)], lookup=ALONE._replace(object_identifier=OTHER_GUID))
    assert said(decided) == ("blocked", "identifier_differs")


# Who has what must be unique


@pytest.mark.parametrize(
    ("others", "facts", "part"),
    [
        ([user(2, proxyAddresses=["smtp:A@example.com"])], {}, "user u2@example.com"),
        ([user(2, mail="a@example.com")], {}, "user u2@example.com"),
        ([user(2, proxyAddresses=["smtp:a@example.com"], deleted=True)], {}, "in the recycle bin"),
        ([], {"addresses": AddressBook([("a@example.com", SALES)])}, "group Sales (group-1)"),
        ([], {"addresses": AddressBook([("a@example.com", SALES._replace(deleted=True))])}, "in the recycle bin"),
        ([], {"addresses": AddressBook([("a@example.com", Holder(CONTACT, "c", "Ann"))])}, "contact Ann (c)"),
    ],
)
@pytest.mark.parametrize("fields", [{"proxy_addresses": ["smtp:A@Example.com"]}, {"mail": "A@example.com"}])
def test_an_address_may_be_held_by_any_kind_of_object(others, facts, part, fields):
    row = Scene(row=fields, users=others, facts=facts).decide()
    assert said(row) == ("conflict", "address_held")
    assert part in row["reason"]["message"]
    assert "a@example.com of" in row["reason"]["message"]


def test_all_holders_are_named():
    book = AddressBook([("a@example.com", SALES), ("b@example.com", Holder(CONTACT, "c", "Ann"))])
    fields = {"proxy_addresses": ["SMTP:a@example.com", "smtp:b@example.com", "x500:/o=x"]}
    row = Scene(row=fields, users=[user(2, mail="a@example.com")], facts={"addresses": book}).decide()
    for part in ("u2@example.com", "Sales", "Ann"):
        assert part in row["reason"]["message"]


def test_of_very_many_holders_the_first_are_named_and_the_others_counted():
    shared = {"mail": "all@example.com"}
    own = {**shared, "proxyAddresses": ["smtp:all@example.com"]}
    for target in (shared, own, {}):
        row = Scene(row=shared, user=target, users=[user(number, **shared) for number in range(2, 102)]).decide()
        assert said(row) == ("conflict", "address_held")
        assert "and 95 more" in row["reason"]["message"]
        assert user_id(1) not in row["reason"]["message"]


def test_a_user_is_no_rival_of_itself():
    fields = {"mail": "u1@example.com", "proxy_addresses": ["SMTP:u1@example.com"]}
    own = {
        "mail": "u1@example.com",
        "proxyAddresses": ["SMTP:u1@example.com"],
        "onPremisesSecurityIdentifier": "S-1-5-21-1-2-3-1001",
    }
    assert said(Scene(row=fields, user=own).decide()) == ("set", None)


def test_the_name_that_the_sync_brings_may_be_another_users():
    row = ad_row(1, mail="one@example.com", login_name="u2@example.com")
    (decided,) = plan_objects([row], [user(1, mail="one@example.com"), user(2)], ["mail"])
    assert said(decided) == ("conflict", "upn_held")
    assert user_id(2) in decided["reason"]["message"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Sales@example.com", ("conflict", "address_held")), ("u1@example.com", ("set", None))],
)
def test_a_new_sign_in_name_is_nobody_elses_address(name, expected):
    facts = {"addresses": AddressBook([(address, SALES) for address in ("sales@example.com", "u1@example.com")])}
    row = {"login_name": name, "mail": "jane@example.com", "proxy_addresses": []}
    scene = Scene(row=row, user={"mail": "jane@example.com"}, facts=facts, options={"match_by": ["mail"]})
    assert said(scene.decide()) == expected


# Domains


@pytest.mark.parametrize(
    ("now", "coming", "clear", "domains"),
    [
        ("fed.example", "man.example", False, "fed.example"),
        ("man.example", "fed.example", False, "fed.example"),
        ("fed.example", "FED.example", False, "fed.example"),
        ("fed.example", "fed2.example", False, "fed.example, fed2.example"),
        ("fed.example", "fed2.example", True, "fed.example"),
        ("man.example", "fed.example", True, None),
        ("man.example", "man.example", False, None),
    ],
)
def test_the_domain_now_and_the_one_to_come_may_be_federated(now, coming, clear, domains):
    known = {
        name: {"isVerified": True, "authenticationType": "Managed" if name == "man.example" else "Federated"}
        for name in ("fed.example", "fed2.example", "man.example")
    }
    target = held(1, f"x@{now}", mail="m@x.com") if clear else user(1, f"x@{now}", mail="m@x.com")
    (row,) = plan_objects(
        [ad_row(1, login_name=f"x@{coming}", mail="m@x.com")],
        [target],
        ["mail"],
        tenant=FACTS._replace(domains=known),
        clear=clear,
    )
    assert said(row) == (("blocked", "federated_domain") if domains else ("clear" if clear else "set", None))
    assert domains is None or f": {domains}." in row["reason"]["message"]


@pytest.mark.parametrize(
    ("name", "domains", "expected"),
    [
        ("u1@corp.local", {"example.com": {"isVerified": True}}, ("blocked", "suffix_not_verified")),
        ("u1@example.com", {"example.com": {"isVerified": False}}, ("blocked", "suffix_not_verified")),
        ("u1", {"example.com": {"isVerified": True}}, ("blocked", "suffix_not_verified")),
        ("u1@example.com", {"example.com": {"isVerified": True}}, ("set", None)),
        ("u1@corp.local", None, ("set", None)),
        (None, {"example.com": {"isVerified": True}}, ("set", None)),
    ],
)
def test_the_suffix_of_the_name_to_come(name, domains, expected):
    row = ad_row(1, login_name=name, mail="m@x.com")
    (decided,) = plan_objects([row], [user(1, mail="m@x.com")], ["mail"], tenant=FACTS._replace(domains=domains))
    assert said(decided) == expected


@pytest.mark.parametrize(
    ("name", "value", "clear", "unknown"),
    [
        ("u1@corp.local", None, False, ["domains"]),
        (None, None, False, ["domains"]),
        ("u1@corp.local", anchor(1), True, ["domains"]),
        ("u1@corp.local", anchor(1), False, ["domains"]),
        # Nothing is written, and the name that the sync brings is not known.
        (None, anchor(1), False, []),
    ],
)
def test_domains_that_cannot_be_read_are_said_in_the_row(name, value, clear, unknown):
    target = user(1, onPremisesImmutableId=value, mail="m@x.com")
    for domains in (None, {"corp.local": {"isVerified": True}, "example.com": {"isVerified": True}}):
        (row,) = plan_objects(
            [ad_row(1, login_name=name, mail="m@x.com")],
            [target],
            ["mail"],
            tenant=FACTS._replace(domains=domains),
            clear=clear,
        )
        shown = [item["value"] for item in row["evidence"] if item["key"] == "unchecked"]
        assert shown == ([] if domains else unknown)


def test_what_a_reviewer_may_release():
    assert {"federated_domain", "suffix_not_verified"} <= RELEASABLE
    assert not RELEASABLE & {code for code in ORDER if code not in ("federated_domain", "suffix_not_verified")}


# Users that the sync has already


def test_a_synced_user_with_another_anchor_is_tried_only_if_it_is_wished():
    scene = SCENES["synced"] | SCENES["other anchor"] | Scene(options={"replace": True})
    assert said(scene.decide()) == ("blocked", "already_synced")
    assert said((scene | Scene(options={"require_unsynced": False})).decide()) == ("set", "already_synced")


AS_WISHED = Scene(user={"onPremisesImmutableId": anchor(1)})


@pytest.mark.parametrize("name", [name for name in SCENES if name not in ("no anchor", "other anchor")])
@pytest.mark.parametrize("synced", [None, True])
def test_a_user_that_has_the_anchor_is_not_written_and_only_what_matters_is_said(name, synced):
    if name == "synced":
        return
    scene = SCENES[name] | AS_WISHED
    row = (scene | Scene(user={"onPremisesSyncEnabled": synced})).decide()
    decides = {"anchor_duplicate"} if synced else {"anchor_duplicate", "match_contradicted"}
    always = {"out_of_scope", "anchor_held", "match_contradicted"}
    until_taken = {
        "external_user",
        "resource_account",
        "anchor_mode_contradicted",
        "role_held",
        "role_by_group",
        "role_eligible",
        "role_group_member",
        "cloud_managed",
        "identifier_differs",
        "sid_held",
        "upn_held",
        "address_held",
        "suffix_not_verified",
    }
    told = decides | always | (set() if synced else until_taken)
    code = next((code for code in scene.codes if code in told), None)
    assert row["changed"] is False
    assert (row["action"] == "none") is (code not in decides)
    assert row["reason"] == (row["reason"] and {**row["reason"], "code": code})
    assert (row["reason"] is None) is (code is None)


# AD objects that are no users


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"object_class": "contact", "mail": "u1@example.com"}, "contact_by_address"),
        ({"object_class": "Group", "mail": "g@example.com"}, "group_by_address"),
        ({"object_class": "group", "proxy_addresses": ["smtp:g@example.com"]}, "group_by_address"),
        ({"object_class": "group", "proxy_addresses": ["x500:/o=x"]}, "group_without_address"),
        ({"object_class": "group"}, "group_without_address"),
    ],
)
def test_groups_and_contacts_say_what_they_can_do(fields, code):
    rows = plan_objects([ad_row(1, **fields), ad_row(2, login_name="u1@example.com")], [user(1)])
    assert said(rows[0]) == ("none", code)
    assert (rows[0]["id"], rows[0]["before"], rows[0]["approved"]) == (None, None, None)
    # They claim nobody.
    assert said(rows[1]) == ("set", None)


@pytest.mark.parametrize("kind", ["user", "inetOrgPerson", None])
def test_users_of_every_class_are_users(kind):
    assert said(Scene(row={"object_class": kind}).decide()) == ("set", None)


# What the takeover does

DISABLED = {"enabled": False, "login_name": "new@example.com", "mail": "u1@example.com"}
CLOUD = {"accountEnabled": True, "userPrincipalName": "u1@example.com", "proxyAddresses": [], "mail": None}
BLOCKS = frozenset(["user_disabled", "sign_in_name_changed"])


def taken_over(fields=None, target=None, lookup=ALONE, details=lambda _id: CLOUD, **options):
    options = {"block_effects": BLOCKS, "match_by": ["mail"], **options}
    target = target or user(1, mail="u1@example.com")
    (row,) = plan_objects(
        [ad_row(1, **(DISABLED if fields is None else fields))], [target], lookup=lookup, details=details, **options
    )
    return row


def test_effects_that_block_come_after_all_obstacles_and_can_be_released():
    row = taken_over()
    assert codes_of(row) == ["user_disabled", "sign_in_name_changed"]
    assert set(codes_of(row)) <= RELEASABLE
    assert {"user_disabled", "sign_in_name_changed"} <= {effect["code"] for effect in row["effects"]}
    assert codes_of(taken_over(lookup=ALONE._replace(cloud_managed=True))) == ["cloud_managed", *codes_of(row)]


def test_other_effects_are_shown_only():
    row = taken_over(block_effects=frozenset())
    assert (said(row), row["effects"][0]["code"]) == (("set", None), "user_disabled")


def test_effects_are_told_of_users_that_were_asked_for_and_that_wait_for_the_sync():
    assert taken_over(lookup=None)["effects"] is None
    assert taken_over(details=None)["effects"] is None
    waiting = taken_over(target=held(1, mail="u1@example.com"), lookup=None)
    assert (said(waiting), waiting["effects"][0]["code"]) == (("none", None), "user_disabled")
    taken = taken_over(target=held(1, mail="u1@example.com", onPremisesSyncEnabled=True))
    assert (said(taken), taken["effects"]) == (("none", None), None)
    cleared = taken_over(target=held(1, mail="u1@example.com"), clear=True)
    assert (said(cleared), cleared["effects"]) == (("clear", None), None)


def test_all_messages_of_obstacles_are_in_the_one_table():
    assert {row[0] for row in OBSTACLE_CODES} <= set(CODES)
