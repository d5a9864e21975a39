# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a takeover did to a user, told from its backup."""

from __future__ import annotations

import json

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._graph.users import PLAN_PROPERTIES
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.aftermath import (
    NOT_COMPARED,
    Tally,
    compare,
    compared,
    has_losses,
    has_unpredicted,
    told_by,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.effects import CHANGES
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.backup import BACKUP_PROPERTIES

BEFORE = {
    **dict.fromkeys(BACKUP_PROPERTIES),
    "id": "87d349ed-44d7-43e1-9a83-5f2406dee5bd",
    "userPrincipalName": "jane@example.com",
    "displayName": "Jane Doe",
    "department": "Sales",
    "mobilePhone": "+1 555 1",
    "accountEnabled": True,
    "businessPhones": ["+1 555 2"],
    "proxyAddresses": ["SMTP:jane@example.com", "smtp:j.doe@example.com"],
    "assignedLicenses": [{"skuId": "e3", "disabledPlans": ["a", "b"]}],
    "onPremisesExtensionAttributes": {"extensionAttribute1": "one", "extensionAttribute2": None},
    "identities": [
        {"signInType": "userPrincipalName", "issuer": "example.com", "issuerAssignedId": "jane@example.com"},
        {"signInType": "emailAddress", "issuer": "example.com", "issuerAssignedId": "jane@gmail.com"},
    ],
}


def changes(*, told=None, before=None, **now):
    """Return (property, kind, before, after) of what became of Jane."""
    found = compare({**BEFORE, **(before or {})}, {**BEFORE, **(before or {}), **now}, told)
    assert found.unread == []
    return [(item["property"], item["kind"], item["before"], item["after"]) for item in found.changes]


def test_nothing_happened():
    assert changes() == []


def test_what_ad_has_replaces_and_fills_and_what_it_lacks_is_emptied():
    assert changes(department="Marketing", mobilePhone=None, city="Oslo", accountEnabled=False) == [
        ("accountEnabled", "changed", True, False),
        ("city", "added", None, "Oslo"),
        ("department", "changed", "Sales", "Marketing"),
        ("mobilePhone", "blanked", "+1 555 1", None),
    ]


@pytest.mark.parametrize("nothing", [None, ""])
def test_none_and_an_empty_text_are_one(nothing):
    assert changes(before={"faxNumber": ""}, faxNumber=nothing) == []
    assert changes(mobilePhone=nothing) == [("mobilePhone", "blanked", "+1 555 1", None)]


def test_false_is_a_value():
    assert changes(before={"accountEnabled": None}, accountEnabled=False) == [("accountEnabled", "added", None, False)]


def test_extension_attributes_are_told_one_by_one():
    now = {"extensionAttribute1": None, "extensionAttribute2": "two", "extensionAttribute3": None}
    assert changes(onPremisesExtensionAttributes=now) == [
        ("extensionAttribute1", "blanked", "one", None),
        ("extensionAttribute2", "added", None, "two"),
    ]
    assert changes(onPremisesExtensionAttributes=None) == [("extensionAttribute1", "blanked", "one", None)]
    assert changes(employeeOrgData={"division": "North", "costCenter": None}) == [
        ("employeeOrgData.division", "added", None, "North")
    ]


def test_a_manager_is_compared_by_id():
    ann, bob = {"@odata.type": "#microsoft.graph.user", "id": "ann"}, {"id": "bob"}
    assert changes(before={"manager": ann}, manager={"id": "ann"}) == []
    assert changes(before={"manager": ann}, manager=bob) == [("manager", "changed", "ann", "bob")]
    assert changes(before={"manager": ann}, manager=None) == [("manager", "blanked", "ann", None)]
    assert changes(before={"manager": None}, manager=bob) == [("manager", "added", None, "bob")]


class TestLists:
    def test_only_what_left_and_what_joined_is_shown(self):
        now = ["SMTP:jane@example.com", "smtp:new@example.com"]
        assert changes(proxyAddresses=now) == [
            ("proxyAddresses", "changed", ["smtp:j.doe@example.com"], ["smtp:new@example.com"])
        ]

    def test_an_address_that_is_lost_is_a_change_and_one_that_is_gained_is_none_to_fear(self):
        lost, gained = ["SMTP:jane@example.com"], [*BEFORE["proxyAddresses"], "smtp:new@example.com"]
        assert changes(proxyAddresses=lost) == [("proxyAddresses", "changed", ["smtp:j.doe@example.com"], [])]
        assert changes(proxyAddresses=gained) == [("proxyAddresses", "added", [], ["smtp:new@example.com"])]

    def test_another_primary_address_is_a_change(self):
        now = ["smtp:jane@example.com", "SMTP:j.doe@example.com"]
        ((_name, kind, before, after),) = changes(proxyAddresses=now)
        assert kind == "changed"
        assert before == ["SMTP:jane@example.com", "smtp:j.doe@example.com"]
        assert sorted(after) == ["SMTP:j.doe@example.com", "smtp:jane@example.com"]

    def test_neither_order_nor_case_of_an_address_nor_repetition_is_a_change(self):
        assert (
            changes(proxyAddresses=["smtp:J.Doe@example.com", "SMTP:Jane@Example.com", "SMTP:jane@example.com"]) == []
        )
        assert changes(assignedLicenses=[{"disabledPlans": ["b", "a"], "skuId": "e3"}]) == []

    @pytest.mark.parametrize("nothing", [None, []])
    def test_an_empty_list_is_emptied(self, nothing):
        assert changes(businessPhones=nothing) == [("businessPhones", "blanked", ["+1 555 2"], [])]
        assert changes(before={"businessPhones": nothing}, businessPhones=[]) == []

    def test_a_licence_is_told_by_all_it_says(self):
        now = {"skuId": "e3", "disabledPlans": ["a"]}
        assert changes(assignedLicenses=[now]) == [
            ("assignedLicenses", "changed", BEFORE["assignedLicenses"], [now]),
        ]

    def test_an_identity_that_repeats_the_name_is_not_told_twice(self):
        renamed = {"signInType": "userPrincipalName", "issuer": "example.com", "issuerAssignedId": "j@example.com"}
        both = {"userPrincipalName": "j@example.com", "identities": [renamed, BEFORE["identities"][1]]}
        assert [name for name, *_rest in changes(**both)] == ["userPrincipalName"]
        assert [name for name, *_rest in changes(identities=BEFORE["identities"][:1])] == ["identities"]


@pytest.mark.parametrize(
    ("name", "before", "now"),
    [
        ("userPrincipalName", "jane@example.com", "Jane@Example.com"),
        ("usageLocation", "no", "NO"),
        ("showInAddressList", True, None),
        ("isManagementRestricted", False, None),
        ("isResourceAccount", None, False),
    ],
)
def test_two_spellings_of_one_value(name, before, now):
    assert changes(before={name: before}, **{name: now}) == []


def test_the_word_none_is_a_value_where_case_does_not_count():
    assert changes(before={"mailNickname": None}, mailNickname="none") == [("mailNickname", "added", None, "none")]


def test_capitals_of_a_name_are_a_change():
    assert changes(displayName="JANE DOE") == [("displayName", "changed", "Jane Doe", "JANE DOE")]


@pytest.mark.parametrize("name", sorted(NOT_COMPARED))
def test_what_changes_by_itself_is_left_out(name):
    assert compare({name: "before"}, {name: "now"}) == ([], [])


def test_a_password_is_never_shown_whatever_a_file_holds():
    found = compare({"passwordProfile": {"password": "hunter2"}}, {"passwordProfile": {"password": "hunter3"}})
    assert "hunter" not in json.dumps(found)
    assert compared(["passwordProfile", "city"]) == ["city"]


def test_what_was_not_read_again_is_unknown_and_not_unchanged():
    now = {name: value for name, value in BEFORE.items() if name not in ("department", "id")}
    assert compare(BEFORE, now) == ([], ["department"])


def test_everything_that_a_plan_speaks_of_is_compared():
    in_backup = {*compared(BACKUP_PROPERTIES)}
    assert in_backup >= {name for name in PLAN_PROPERTIES if not name.startswith("onPremises") and name != "id"}


class TestPrediction:
    def predicted(self, effects, **now):
        found = compare(BEFORE, {**BEFORE, **now}, told_by(effects))
        return {item["property"]: item["predicted"] for item in found.changes}

    def test_the_plan_said_so_or_not_or_says_nothing(self):
        effects = [{"code": "blanked", "property": "department", "before": "Sales", "after": None}]
        assert self.predicted(effects, department=None, city="Oslo") == {"department": True, "city": False}
        assert self.predicted([], department=None) == {"department": False}
        assert self.predicted(None, department=None) == {"department": None}

    def test_what_was_left_open_is_no_prediction(self):
        effects = [
            {"code": "not_carried", "property": "department", "before": "Sales", "after": None},
            {"code": "sign_in_name_kept", "property": "userPrincipalName", "before": "a", "after": "b"},
        ]
        now = {"department": None, "userPrincipalName": "j@example.com"}
        assert self.predicted(effects, **now) == {"department": False, "userPrincipalName": False}

    def test_what_goes_along_with_an_effect(self):
        effects = [
            {"code": "password_will_change", "property": None, "before": None, "after": None},
            {"code": "sign_in_name_changed", "property": "userPrincipalName", "before": "a", "after": "b"},
            {"code": "dynamic_group_attribute", "property": "department", "before": "a", "after": "b"},
        ]
        now = {
            "lastPasswordChangeDateTime": "2026-11-23T12:00:00Z",
            "passwordPolicies": "DisablePasswordExpiration",
            "proxyAddresses": ["SMTP:j@example.com"],
            "assignedLicenses": [],
            "department": None,
        }
        expected = {**dict.fromkeys(now, True), "department": False}
        assert self.predicted(effects, **now) == expected

    @pytest.mark.parametrize("code", sorted(CHANGES))
    def test_every_effect_that_changes_a_property_names_it(self, code):
        assert told_by([{"code": code, "property": "city"}]) == ("city",)


def change(kind, name="city", predicted=True):
    return {"property": name, "kind": kind, "before": "a", "after": "b", "predicted": predicted}


def test_counts_of_many():
    tally = Tally()
    for row in (
        [],
        [change("added", predicted=False)],
        [change("changed"), change("blanked", "state", predicted=False)],
        [change("changed", predicted=None)],
        None,
    ):
        tally.add(row)
    assert tally.as_dict() == {
        "compared": 4,
        "changed": 2,
        "blanked": 1,
        "unpredicted": 1,
        "not_compared": 1,
        "properties": {
            "city": {"blanked": 0, "changed": 2, "added": 1},
            "state": {"blanked": 1, "changed": 0, "added": 0},
        },
    }


def test_what_is_only_filled_is_no_loss():
    assert not has_losses([change("added", predicted=False)])
    assert not has_unpredicted([change("added", predicted=False), change("changed", predicted=None)])
    assert has_losses([change("blanked")])
    assert has_unpredicted([change("blanked", predicted=False)])
