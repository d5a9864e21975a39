# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a takeover changes and destroys."""

from __future__ import annotations

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._directory.entry import Entry
from ansible_collections.hybrid.identity.plugins.module_utils._directory.record import (
    FURTHER,
    AnchorSettings,
    carried_fields,
    to_row,
)
from ansible_collections.hybrid.identity.plugins.module_utils._graph.users import BETA_PROPERTIES, PLAN_PROPERTIES
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import CODES, RELEASABLE
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.effects import (
    BLOCKING_DEFAULT,
    blocking,
    takeover,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.flow import FLOWS, GRAPH_PROPERTIES
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import TenantFacts

ALL = frozenset(carried_fields(None, "userPrincipalName"))
EXCHANGE = {
    "service": "exchange",
    "capabilityStatus": "Enabled",
    "servicePlanId": "efb87545-963c-4e0d-99df-69c6916d9eb0",
}
DOMAINS = {
    "example.com": {"isVerified": True, "authenticationType": "Managed"},
    "example.onmicrosoft.com": {"isVerified": True, "isInitial": True, "authenticationType": "Managed"},
}
#: A tenant that is known to change neither passwords nor anything else.
QUIET = TenantFacts("t", domains=DOMAINS, features={"passwordSyncEnabled": False})

ROW = {
    "distinguished_name": "CN=Jane Doe,OU=Sales,DC=example,DC=com",
    "object_class": "user",
    "sam_account_name": "jane",
    "user_principal_name": "jane@example.com",
    "login_name": "jane@example.com",
    "mail": "jane@example.com",
    "mail_nickname": "jane",
    "proxy_addresses": ["SMTP:jane@example.com"],
    "employee_id": None,
    "display_name": "Jane Doe",
    "enabled": True,
    "password_last_set": "2026-03-01T08:30:00Z",
    "msexch_recipient_type_details": None,
    "msexch_mailbox_guid": None,
    "synced_attributes": {"givenName": "Jane", "sn": "Doe", "title": "Clerk", "userAccountControl": 512},
    "carried": ALL,
}
USER = {
    **dict.fromkeys(GRAPH_PROPERTIES),
    "userPrincipalName": "jane@example.com",
    "accountEnabled": True,
    "displayName": "Jane Doe",
    "givenName": "Jane",
    "surname": "Doe",
    "jobTitle": "Clerk",
    "mail": "jane@example.com",
    "mailNickname": "jane",
    "proxyAddresses": ["SMTP:jane@example.com"],
    "businessPhones": [],
    "assignedLicenses": [{"skuId": "x"}],
    "assignedPlans": [EXCHANGE],
}


def effects(row=None, user=None, tenant=QUIET, *, synced=None, now="2026-11-23T12:00:00Z", **more):
    """Return (code, property, before, after) of what becomes of Jane, with these changes on either side."""
    whole = {**ROW, **(row or {})}
    if synced is not None:
        whole["synced_attributes"] = {**ROW["synced_attributes"], **synced}
    found = takeover(whole, {**USER, **(user or {})}, tenant, now=now, **more)
    return [(item["code"], item["property"], item["before"], item["after"]) for item in found]


def codes(*args, **kwargs):
    return [effect[0] for effect in effects(*args, **kwargs)]


def tenant(**changes):
    return QUIET._replace(**changes)


def with_features(**flags):
    return tenant(features={"passwordSyncEnabled": False, **flags})


def test_what_is_equal_on_both_sides_has_no_effect():
    assert effects() == []


def test_a_property_that_was_not_read_is_not_spoken_of():
    assert takeover({**ROW, "synced_attributes": {"title": "Boss"}}, {}, QUIET) == []


# Values


def test_another_value_in_ad_overwrites():
    assert effects(synced={"title": "Boss"}) == [("overwritten", "jobTitle", "Clerk", "Boss")]


def test_a_value_that_the_cloud_lacks_is_a_change_as_well():
    assert effects(synced={"department": "Sales"}) == [("overwritten", "department", None, "Sales")]


def test_a_value_that_ad_is_known_to_lack_is_blanked():
    assert effects(user={"department": "Sales"}) == [("blanked", "department", "Sales", None)]


def test_a_value_that_the_source_did_not_carry_is_unknown():
    known = ALL - {"synced_attributes.department"}
    assert effects({"carried": known}, {"department": "Sales"}) == [("not_carried", "department", "Sales", None)]


def test_a_source_that_says_nothing_of_what_it_carried_makes_empty_values_unknown():
    row = {name: value for name, value in ROW.items() if name != "carried"}
    found = takeover(row, {**USER, "department": "Sales"}, QUIET)
    assert [(item["code"], item["property"]) for item in found] == [
        ("expiry_unknown", None),
        ("mailbox_unknown", None),
        ("not_carried", "department"),
    ]


def test_a_value_that_was_read_is_known_whatever_the_source_says():
    found = effects({"carried": frozenset()}, synced={"title": "Boss"})
    assert [effect for effect in found if effect[1]] == [("overwritten", "jobTitle", "Clerk", "Boss")]


@pytest.mark.parametrize(
    ("synced", "user"),
    [
        ({"title": " Clerk "}, {}),
        ({"preferredLanguage": "EN-us"}, {"preferredLanguage": "en-US"}),
        ({"msExchUsageLocation": "de"}, {"usageLocation": "DE"}),
        ({"telephoneNumber": "+1 555 "}, {"businessPhones": ["+1 555"]}),
        ({"extensionAttribute3": "x"}, {"onPremisesExtensionAttributes": {"extensionAttribute3": "x"}}),
        ({"msExchHideFromAddressLists": "TRUE"}, {"showInAddressList": False}),
        ({"msExchHideFromAddressLists": "FALSE"}, {"showInAddressList": True}),
        ({}, {"usageLocation": "DE"}),
        ({}, {"department": ""}),
        ({}, {"showInAddressList": True}),
    ],
)
def test_values_are_compared_as_the_services_compare_them(synced, user):
    assert effects(user=user, synced=synced) == []


@pytest.mark.parametrize(
    ("synced", "user", "effect"),
    [
        ({"title": "CLERK"}, {}, ("overwritten", "jobTitle", "Clerk", "CLERK")),
        ({"telephoneNumber": "2"}, {"businessPhones": ["1"]}, ("overwritten", "businessPhones", ["1"], "2")),
        ({}, {"businessPhones": ["1"]}, ("blanked", "businessPhones", ["1"], None)),
        (
            {},
            {"onPremisesExtensionAttributes": {"extensionAttribute3": "x"}},
            ("blanked", "extensionAttribute3", "x", None),
        ),
        (
            {"msExchHideFromAddressLists": "TRUE"},
            {},
            ("overwritten", "showInAddressList", None, False),
        ),
        ({}, {"showInAddressList": False}, ("blanked", "showInAddressList", False, None)),
        ({}, {"manager": {"id": "1"}}, ("blanked", "manager", "1", None)),
        ({"manager": "CN=Boss,DC=x"}, {"manager": None}, ("overwritten", "manager", None, "CN=Boss,DC=x")),
    ],
)
def test_each_kind_of_value_shows_its_loss(synced, user, effect):
    assert effects(user=user, synced=synced) == [effect]


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ({"CN=Boss,DC=x": "1"}, []),
        ({"CN=Boss,DC=x": "2"}, [("overwritten", "manager", "1", "CN=Boss,DC=x")]),
        ({}, [("not_carried", "manager", "1", "CN=Boss,DC=x")]),
    ],
)
def test_another_manager_is_told_where_it_is_known_whose_object_ad_names(people, expected):
    boss = {"manager": "CN=Boss,DC=x"}
    assert effects(user={"manager": {"id": "1"}}, synced=boss, user_of=people.get) == expected


def test_without_a_display_name_the_common_name_is_sent():
    row = {"display_name": None, "distinguished_name": r"CN=Doe\, Jane,OU=Sales,DC=example,DC=com"}
    assert effects(row) == [("overwritten", "displayName", "Jane Doe", "Doe, Jane")]
    assert effects({"display_name": None}) == []


def test_an_alias_stays_where_ad_has_none():
    assert effects({"mail_nickname": None}) == []


# State of the account


def test_a_disabled_account_disables_the_user():
    assert effects({"enabled": False}) == [("user_disabled", "accountEnabled", True, False)]
    assert effects({"enabled": False}, {"accountEnabled": False}) == []


def test_a_state_that_the_cloud_does_not_show_may_be_enabled():
    assert effects({"enabled": False}, {"accountEnabled": None}) == [("user_disabled", "accountEnabled", None, False)]


def test_a_state_that_ad_does_not_show_is_unknown():
    assert effects({"enabled": None}) == [("enabled_unknown", "accountEnabled", True, None)]
    assert effects({"enabled": None}, {"accountEnabled": False}) == [("not_carried", "accountEnabled", False, None)]


def test_an_enabled_account_enables_the_user():
    assert effects(user={"accountEnabled": False}) == [("user_enabled", "accountEnabled", False, True)]


@pytest.mark.parametrize(
    ("row", "user"),
    [
        ({"msexch_recipient_type_details": 0x4}, {}),
        ({"msexch_recipient_type_details": 0x800000000}, {}),
        ({}, {"assignedLicenses": [], "assignedPlans": []}),
    ],
)
def test_a_shared_mailbox_is_opened_for_sign_in(row, user):
    assert codes(row, {"accountEnabled": False, **user}) == ["user_enabled", "shared_mailbox_enabled"]


def test_an_expired_account_is_named():
    assert effects(synced={"accountExpires": "2026-01-01T00:00:00Z"}) == [
        ("account_expired", None, None, "2026-01-01T00:00:00Z")
    ]
    assert effects(synced={"accountExpires": "2027-01-01T00:00:00Z"}) == []
    assert effects(synced={"accountExpires": "2026-01-01T00:00:00Z"}, now=None) == []


def test_whether_an_account_expired_is_not_known_without_its_date():
    assert effects({"carried": ALL - {"synced_attributes.accountExpires"}}) == [("expiry_unknown", None, None, None)]


# Sign-in name


def test_another_name_in_ad_becomes_the_sign_in_name():
    expected = [("sign_in_name_changed", "userPrincipalName", "jane@example.com", "j.doe@example.com")]
    assert effects({"login_name": "j.doe@example.com"}) == expected
    assert effects({"login_name": "j.doe@example.com"}, tenant=tenant(domains=None)) == expected


def test_capitals_make_no_other_name():
    assert effects({"login_name": "Jane@Example.com"}) == []


def test_alternate_login_is_compared_by_what_sync_sends():
    assert effects({"user_principal_name": "jane@corp.local"}) == []


def test_a_suffix_that_is_not_verified_gives_way_to_the_first_domain():
    assert effects({"login_name": "jane@corp.local"}) == [
        ("sign_in_name_changed", "userPrincipalName", "jane@example.com", "jane@example.onmicrosoft.com")
    ]
    assert effects({"login_name": "jane doe@example.com", "mail_nickname": "jd"})[0][3] == "jd@example.onmicrosoft.com"


def test_a_user_who_has_the_name_of_the_first_domain_already_keeps_it():
    assert effects({"login_name": "jane@corp.local"}, {"userPrincipalName": "jane@example.onmicrosoft.com"}) == []


def test_sync_makes_a_name_for_an_account_without_one():
    row = {"login_name": None, "user_principal_name": None, "sam_account_name": "jdoe"}
    assert effects(row)[0] == (
        "sign_in_name_changed",
        "userPrincipalName",
        "jane@example.com",
        "jdoe@example.com",
    )


def test_a_name_that_was_not_carried_is_unknown():
    row = {"login_name": None, "user_principal_name": None, "carried": ALL - {"login_name"}}
    assert effects(row) == [("not_carried", "userPrincipalName", "jane@example.com", None)]


def test_a_tenant_may_keep_the_names_of_licensed_users():
    off = with_features(synchronizeUpnForManagedUsersEnabled=False)
    row = {"login_name": "j.doe@example.com", "proxy_addresses": ["SMTP:jane@example.com"]}
    assert effects(row, tenant=off) == [
        ("sign_in_name_kept", "userPrincipalName", "jane@example.com", "j.doe@example.com")
    ]
    assert codes(row, {"assignedLicenses": []}, tenant=off) == ["sign_in_name_changed"]
    assert codes(row, tenant=with_features(synchronizeUpnForManagedUsersEnabled=None)) == ["sign_in_name_changed"]
    federated = {**DOMAINS, "example.com": {"isVerified": True, "authenticationType": "Federated"}}
    assert codes(row, tenant=off._replace(domains=federated)) == ["sign_in_name_changed"]


# Addresses


def test_addresses_that_exist_only_in_the_cloud_are_lost():
    mine = ["SMTP:jane@example.com", "smtp:J2@example.com", "smtp:j1@example.com"]
    assert effects(user={"proxyAddresses": mine}) == [
        ("address_lost", "proxyAddresses", ["j1@example.com", "j2@example.com"], None)
    ]


def test_the_routing_address_and_other_protocols_are_not_lost():
    mine = ["SMTP:jane@example.com", "smtp:jane@example.onmicrosoft.com", "SIP:jane@example.com", "X500:/o=x"]
    assert effects(user={"proxyAddresses": mine}) == []
    assert effects(user={"proxyAddresses": mine}, tenant=tenant(domains=None)) == []


def test_a_primary_address_that_ad_lacks_is_lost():
    mine = ["SMTP:boss@example.com", "smtp:jane@example.com"]
    assert effects(user={"proxyAddresses": mine, "mail": "boss@example.com"}) == [
        ("primary_address_lost", "mail", "boss@example.com", "jane@example.com")
    ]


def test_a_primary_address_that_ad_has_as_another_one_is_changed_only():
    row = {"proxy_addresses": ["SMTP:jane@example.com", "smtp:boss@example.com"]}
    mine = ["SMTP:boss@example.com", "smtp:jane@example.com"]
    assert effects(row, {"proxyAddresses": mine}) == [
        ("primary_address_changed", "mail", "boss@example.com", "jane@example.com")
    ]


def test_mail_is_the_primary_address_where_no_proxy_address_is():
    assert effects({"proxy_addresses": [], "mail": "JANE@example.com"}) == []
    assert codes({"proxy_addresses": ["smtp:x@example.com"], "mail": "other@example.com"}) == [
        "primary_address_changed"
    ]


def test_without_any_address_in_ad_the_sign_in_name_is_the_address_of_a_mailbox():
    bare = {"proxy_addresses": [], "mail": None}
    assert effects(bare) == []
    assert effects(bare, {"proxyAddresses": ["SMTP:boss@example.com"]}) == [
        ("primary_address_lost", "mail", "boss@example.com", "jane@example.com")
    ]


def test_an_address_of_a_foreign_domain_does_not_reach_a_mailbox():
    row = {"proxy_addresses": ["SMTP:jane@corp.local"], "mail": "jane@corp.local"}
    assert effects(row) == []
    assert codes(row, {"proxyAddresses": ["SMTP:boss@example.com"]}) == ["primary_address_lost"]


def test_a_user_without_an_address_gets_one():
    assert effects(user={"proxyAddresses": [], "mail": None}) == [("overwritten", "mail", None, "jane@example.com")]


def test_addresses_that_were_not_carried_are_unknown():
    row = {"proxy_addresses": [], "carried": ALL - {"proxy_addresses"}}
    mine = {"proxyAddresses": ["SMTP:jane@example.com", "smtp:j1@example.com"]}
    assert effects(row, mine) == [("not_carried", "proxyAddresses", ["j1@example.com"], None)]
    row = {"proxy_addresses": [], "mail": None, "carried": ALL - {"mail"}}
    assert codes(row, mine) == ["not_carried"]


# Mailbox


def test_a_mailbox_in_ad_endangers_that_in_the_cloud():
    assert effects({"msexch_mailbox_guid": "5f1b"}) == [("mailbox_in_danger", None, None, "5f1b")]


@pytest.mark.parametrize(
    ("row", "user"),
    [
        ({"msexch_recipient_type_details": 0x80000000}, {}),
        ({}, {"assignedPlans": []}),
        ({}, {"assignedPlans": [{**EXCHANGE, "capabilityStatus": "Deleted"}]}),
        ({}, {"assignedPlans": [{**EXCHANGE, "servicePlanId": "113FEB6C-3fe4-4440-bddc-54d774bf0318"}]}),
    ],
)
def test_a_remote_mailbox_or_a_user_without_one_is_not_in_danger(row, user):
    assert effects({"msexch_mailbox_guid": "5f1b", **row}, user) == []


@pytest.mark.parametrize(
    ("row", "user", "expected"),
    [
        ({}, {}, ["mailbox_unknown"]),
        ({"msexch_mailbox_guid": "5f1b"}, {}, ["mailbox_in_danger"]),
        ({"msexch_recipient_type_details": 0x80000000}, {}, []),
        ({}, {"assignedPlans": []}, []),
    ],
)
def test_a_mailbox_may_be_in_danger_where_the_source_did_not_say(row, user, expected):
    assert codes({"carried": ALL - {"msexch_mailbox_guid"}, **row}, user) == expected


def test_a_mailbox_may_be_in_danger_where_nobody_knows_of_a_licence():
    user = {name: value for name, value in USER.items() if name != "assignedPlans"}
    found = takeover({**ROW, "carried": ALL - {"msexch_mailbox_guid"}}, user, QUIET)
    assert [item["code"] for item in found] == ["mailbox_unknown"]


# Sign-in


def test_the_password_follows_the_tenants_flag():
    assert codes(tenant=with_features(passwordSyncEnabled=True)) == ["password_will_change"]
    assert codes(tenant=with_features(passwordSyncEnabled=None)) == ["password_may_change"]
    assert codes(tenant=tenant(features=None)) == ["password_may_change"]
    assert codes(tenant=with_features(passwordSyncEnabled=False)) == []


SYNCED = with_features(passwordSyncEnabled=True)
MUST_CHANGE = {"password_last_set": "1601-01-01T00:00:00Z"}


@pytest.mark.parametrize("flag", [True, None])
def test_a_password_to_be_changed_is_named_unless_none_is_synced(flag):
    assert codes(MUST_CHANGE, tenant=with_features(passwordSyncEnabled=flag))[-1] == "password_must_change"
    assert codes(MUST_CHANGE) == []


def test_a_password_to_be_changed_stays_in_ad_where_the_tenant_cannot_demand_the_change():
    off = with_features(passwordSyncEnabled=True, userForcePasswordChangeOnLogonEnabled=False)
    assert codes(MUST_CHANGE, tenant=off) == ["password_must_change"]
    assert codes(tenant=off) == ["password_will_change"]
    on = with_features(passwordSyncEnabled=True, userForcePasswordChangeOnLogonEnabled=True)
    assert codes(MUST_CHANGE, tenant=on) == ["password_will_change", "password_must_change"]


def test_a_password_that_never_expires_need_not_be_changed():
    assert codes(MUST_CHANGE, tenant=SYNCED, synced={"userAccountControl": 0x10200}) == ["password_will_change"]


@pytest.mark.parametrize("flag", [True, None])
def test_whether_a_password_is_to_be_changed_is_not_known_without_its_date(flag):
    bare = {"password_last_set": None, "carried": ALL - {"password_last_set"}}
    tenant = with_features(passwordSyncEnabled=flag)
    assert codes(bare, tenant=tenant)[1:] == ["password_change_unknown"]
    assert codes(bare) == []
    for control in (0x10200, 0x40200):
        assert "password_change_unknown" not in codes(bare, tenant=tenant, synced={"userAccountControl": control})
    assert "password_change_unknown" not in codes({**bare, "object_class": "inetOrgPerson"}, tenant=tenant)
    assert "password_change_unknown" not in codes({"password_last_set": None}, tenant=tenant)


def test_a_smart_card_account_has_a_password_that_nobody_knows():
    found = codes(MUST_CHANGE, tenant=SYNCED, synced={"userAccountControl": 0x40200})
    assert found == ["password_will_change", "password_random"]


def test_the_password_of_an_inet_org_person_is_not_synced():
    assert codes({"object_class": "inetOrgPerson"}, tenant=SYNCED) == ["password_not_synced"]
    assert codes({"object_class": "inetOrgPerson"}, tenant=tenant(features=None)) == []


# Dynamic groups


def test_dynamic_groups_whose_rule_uses_what_changes_are_named():
    rules = tenant(rule_properties={"department": ("Sales staff",), "telephonenumber": ("Reachable",)})
    row = {**ROW, "synced_attributes": {**ROW["synced_attributes"], "department": "Sales"}}
    found = takeover(row, {**USER, "department": "Ops", "businessPhones": ["1"]}, rules)
    assert [(item["code"], item["property"], item.get("groups")) for item in found] == [
        ("dynamic_group_attribute", "department", ["Sales staff"]),
        ("dynamic_group_attribute", "businessPhones", ["Reachable"]),
        ("overwritten", "department", None),
        ("blanked", "businessPhones", None),
    ]


def test_rules_do_not_see_capitals_and_unknown_changes():
    rules = tenant(rule_properties={"jobtitle": ("Clerks",), "department": ("Sales staff",)})
    assert codes(tenant=rules, synced={"title": "CLERK"}) == ["overwritten"]
    assert codes({"carried": ALL - {"synced_attributes.department"}}, {"department": "x"}, rules) == ["not_carried"]


def test_rules_that_ask_for_synced_users_are_named():
    found = takeover(ROW, USER, tenant(rule_properties={"dirsyncenabled": ("Cloud only",)}))
    assert found == [
        {
            "code": "dynamic_group_attribute",
            "property": "onPremisesSyncEnabled",
            "before": None,
            "after": True,
            "groups": ["Cloud only"],
        }
    ]


def test_of_thousands_of_dynamic_groups_the_first_are_named():
    rules = tenant(rule_properties={"department": [f"G{number}" for number in range(3000)]})
    (effect,) = takeover(ROW, {**USER, "department": "Ops"}, rules)[:1]
    assert (effect["groups"][:2], len(effect["groups"]), effect["more"]) == (["G0", "G1"], 25, 2975)
    (why,) = blocking([effect], ["dynamic_group_attribute"])
    assert "G4 and 2995 more" in why["message"]


# Blocking


def test_the_default_blocks_are_codes_that_can_be_released():
    assert set(BLOCKING_DEFAULT) <= RELEASABLE


def test_a_bare_export_says_once_each_what_it_leaves_open_and_blocks_nothing():
    row = {name: ROW[name] for name in ("distinguished_name", "user_principal_name", "login_name")}
    bare = {**row, "carried": frozenset(("object_guid", "user_principal_name", "login_name"))}
    found = takeover(bare, USER, SYNCED, now="2026-11-23T12:00:00Z")
    unknown = ["enabled_unknown", "expiry_unknown", "mailbox_unknown", "password_change_unknown"]
    assert [item["code"] for item in found if item["code"].endswith("_unknown")] == unknown
    assert blocking(found, BLOCKING_DEFAULT) == []
    assert [why["code"] for why in blocking(found, unknown)] == unknown
    assert set(unknown) <= RELEASABLE


def test_only_the_chosen_effects_block_and_say_what_they_change():
    found = takeover({**ROW, "enabled": False, "login_name": "j.doe@example.com"}, USER, QUIET)
    assert [why["code"] for why in blocking(found, {"sign_in_name_changed"})] == ["sign_in_name_changed"]
    assert [why["code"] for why in blocking(found, BLOCKING_DEFAULT)] == ["user_disabled", "sign_in_name_changed"]
    (why,) = blocking(found, {"sign_in_name_changed"})
    assert why["message"] == "The sign-in name changes from jane@example.com to j.doe@example.com."
    assert blocking(found, ()) == []


def test_a_reason_names_groups_and_what_is_empty():
    found = takeover({**ROW}, {**USER, "department": "Ops"}, tenant(rule_properties={"department": ("A", "B")}))
    messages = [why["message"] for why in blocking(found, set(CODES))]
    assert "A; B" in messages[0]
    assert "department is Ops" in messages[1]


# Table


def test_the_tenant_is_asked_for_everything_that_effects_are_told_from():
    assert set(GRAPH_PROPERTIES) <= {*PLAN_PROPERTIES, *BETA_PROPERTIES, "manager"}


def test_every_attribute_of_the_flow_is_read_from_ad_and_from_the_tenant():
    for flow in FLOWS:
        assert flow.graph.startswith("extension") or flow.graph in GRAPH_PROPERTIES
    entry = Entry("CN=x", {flow.ad.lower(): [b"x"] for flow in FLOWS}, "s")
    row = to_row(entry, None, AnchorSettings())
    assert set(row["synced_attributes"]) == set(FURTHER) - {"accountExpires", "userAccountControl"}
