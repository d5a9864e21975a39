# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where groups, contacts and devices stand, and what kind of match is possible for them."""

from __future__ import annotations

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.other_objects import (
    KINDS,
    STATES,
    Subject,
    Surroundings,
    ambiguous,
    fits,
    judge,
    missing,
    row_of,
    unread,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import Holder

MAIL = {"mail": "sales@example.com", "proxyAddresses": ["smtp:old@example.com", "SMTP:sales@example.com"]}
NEVER = {"id": "1", "displayName": "Sales", "onPremisesSyncEnabled": None}
SYNCED = {**NEVER, "onPremisesSyncEnabled": True, "onPremisesLastSyncDateTime": "2026-11-23T12:00:00Z"}
LEFT = {**SYNCED, "onPremisesSyncEnabled": False}
GROUP = {**NEVER, **MAIL, "mailEnabled": True}
SECURITY_GROUP = {**NEVER, "mailEnabled": False, "securityEnabled": True}
HYBRID = {"trustType": "ServerAd", "deviceId": "d1", "alternativeSecurityIds": [{"type": 2}]}
PARKED = {
    "onPremisesProvisioningErrors": [
        {"category": "PropertyConflict", "propertyCausingError": "ProxyAddress", "value": "SMTP:Sales@example.com"}
    ]
}
OTHER = Holder("group", "2", "Sales too", synced=True)
OPEN = Surroundings(sync_on=True, soft_match_blocked=False)


def codes(kind, body, around=OPEN):
    verdict = judge(Subject(kind, body, around))
    assert verdict.state in STATES
    return verdict.state, tuple(why["code"] for why in verdict.reasons)


def said(kind, body, around=OPEN):
    return " ".join(why["message"] for why in judge(Subject(kind, body, around)).reasons)


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        ("group", GROUP, "group_matches_by_address"),
        # An app that may not see the flag of a group goes by its addresses.
        ("group", {**GROUP, "mailEnabled": None}, "group_matches_by_address"),
        ("group", {**GROUP, "proxyAddresses": []}, "group_matches_by_address"),
        ("group", SECURITY_GROUP, "group_matches_nothing"),
        # The address of a security group that takes no mail is no address to match by.
        ("group", {**SECURITY_GROUP, "mail": "s@example.com"}, "group_matches_nothing"),
        ("group", {**GROUP, "mail": None, "proxyAddresses": ["X500:/o=x"]}, "group_matches_nothing"),
        ("contact", {**NEVER, **MAIL}, "contact_matches_by_address"),
        ("contact", NEVER, "contact_matches_nothing"),
        ("device", {**NEVER, "trustType": "AzureAd"}, "device_needs_hybrid_join"),
        ("device", {**NEVER, "trustType": "Workplace"}, "device_needs_hybrid_join"),
        ("device", {**NEVER, "trustType": None}, "device_needs_hybrid_join"),
        ("device", {**NEVER, **HYBRID}, "device_not_synced"),
    ],
)
def test_each_kind_has_a_match_of_its_own(kind, body, code):
    assert codes(kind, body) == ("in_cloud", (code,))


def test_the_primary_address_is_what_to_give_the_ad_object():
    assert "brings its address sales@example.com" in said("group", GROUP)
    assert "old@example.com" not in said("group", GROUP)


@pytest.mark.parametrize(("trust", "word"), [("AzureAd", "joined"), ("Workplace", "registered"), ("New", "not known")])
def test_how_a_device_is_joined_is_said(trust, word):
    assert word in said("device", {**NEVER, "trustType": trust})


def test_a_hybrid_joined_device_names_the_computer_that_it_matches():
    assert "d1" in said("device", {**NEVER, **HYBRID})


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_is_synced_needs_no_match(kind):
    assert codes(kind, {**SYNCED, **MAIL, **HYBRID, "mailEnabled": True}) == ("synced", ())


@pytest.mark.parametrize("keys", [[], None])
def test_a_synced_computer_without_a_key_has_not_registered_itself(keys):
    device = {**SYNCED, **HYBRID, "alternativeSecurityIds": keys}
    assert codes("device", device) == (("synced", ()) if keys is None else ("pending", ("device_not_registered",)))


@pytest.mark.parametrize("kind", ["group", "contact"])
def test_a_parked_value_is_no_success_and_its_owner_is_named(kind):
    owner = Holder("user", "9", "jane@example.com")
    around = OPEN._replace(owners={"sales@example.com": [owner, Holder("group", "1", "itself")]})
    assert codes(kind, {**SYNCED, **PARKED}, around) == ("conflict", ("attribute_quarantined",))
    assert "taken by user jane@example.com (9)." in said(kind, {**SYNCED, **PARKED}, around)
    assert "an object that was not found" in said(kind, {**SYNCED, **PARKED})


@pytest.mark.parametrize("kind", ["group", "contact"])
def test_the_object_that_the_sync_made_instead_is_named(kind):
    other = OTHER._replace(kind=kind)
    around = OPEN._replace(claimants={"old@example.com": [other], "sales@example.com": [other]})
    state, found = codes(kind, {**GROUP}, around)
    assert (state, found) == ("conflict", ("object_twin", f"{kind}_matches_by_address"))
    assert said(kind, GROUP, around).count("Sales too (2)") == 1
    # One of another kind was never meant to be the same object.
    of_other_kind = OPEN._replace(claimants={"sales@example.com": [OTHER._replace(kind="user")]})
    assert codes(kind, GROUP, of_other_kind) == ("in_cloud", (f"{kind}_matches_by_address",))


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_synced_before_is_not_matched_anew(kind):
    assert codes(kind, {**LEFT, **MAIL, **HYBRID}) == ("in_cloud", ("object_left_scope",))
    assert "2026-11-23T12:00:00Z" in said(kind, {**LEFT, **MAIL})
    assert "an unknown time" in said(kind, {**LEFT, "onPremisesLastSyncDateTime": None})


@pytest.mark.parametrize("kind", ["group", "contact"])
def test_a_source_of_authority_in_the_cloud(kind):
    around = OPEN._replace(cloud_managed=frozenset({"1"}))
    assert codes(kind, GROUP, around) == ("in_cloud", ("object_cloud_managed",))
    assert codes(kind, {**GROUP, "id": "2"}, around) == ("in_cloud", (f"{kind}_matches_by_address",))


@pytest.mark.parametrize(
    ("kind", "body", "blocked"),
    [
        ("group", GROUP, True),
        ("contact", {**NEVER, **MAIL}, True),
        ("device", {**NEVER, **HYBRID}, True),
        ("group", SECURITY_GROUP, False),
        ("group", LEFT, False),
    ],
)
def test_a_block_of_soft_matches_concerns_those_who_match_softly(kind, body, blocked):
    around = OPEN._replace(soft_match_blocked=True)
    assert ("object_match_blocked" in codes(kind, body, around)[1]) is blocked
    unknown = OPEN._replace(soft_match_blocked=None)
    assert "object_match_blocked" not in codes(kind, body, unknown)[1]


@pytest.mark.parametrize("kind", KINDS)
def test_directory_sync_is_off(kind):
    assert codes(kind, NEVER, Surroundings(sync_on=False))[1][0] == "tenant_sync_off"
    assert "tenant_sync_off" not in codes(kind, NEVER, Surroundings())[1]


def test_a_group_that_can_have_roles_is_better_left_alone():
    found = codes("group", {**GROUP, "isAssignableToRole": True})
    assert found == ("in_cloud", ("group_role_assignable", "group_matches_by_address"))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            {
                "serviceInstance": "exchange/contoso",
                "errorDetail": "<ServiceInstance><Name>exchange</Name><ErrorRecord><ErrorCode>ExB1</ErrorCode>"
                "<ErrorDescription>The address &amp; the\n alias clash</ErrorDescription></ErrorRecord>"
                "</ServiceInstance>",
            },
            "The service exchange reports an error of the group: The address & the alias clash.",
        ),
        (
            {"serviceInstance": "MicrosoftCommunicationsOnline/x", "errorDetail": "Taken <b>twice</b>?"},
            "The service MicrosoftCommunicationsOnline reports an error of the group: Taken twice ?",
        ),
        ({}, "The service of an unknown name reports an error of the group: it does not say which."),
    ],
)
def test_what_a_service_reports_is_said_in_words(error, words):
    body = {**SYNCED, "serviceProvisioningErrors": [error, {**error, "isResolved": True}]}
    assert codes("group", body) == ("synced", ("service_error",))
    assert said("group", body) == words


def test_several_causes_are_all_listed_in_order():
    around = Surroundings(False, True, frozenset(), {}, {"sales@example.com": [OTHER]})
    body = {**GROUP, "isAssignableToRole": True, "serviceProvisioningErrors": [{"serviceInstance": "exchange"}]}
    assert codes("group", body, around) == (
        "conflict",
        (
            "object_twin", "tenant_sync_off", "object_match_blocked", "group_role_assignable",
            "group_matches_by_address", "service_error",
        ),
    )  # fmt: skip


def test_nobody_guesses_between_several_of_one_name():
    bodies = [{"id": str(number), "displayName": "Sales", "mail": f"s{number}@example.com"} for number in range(7)]
    verdict = ambiguous("group", "Sales", bodies)
    assert (verdict.state, verdict.reasons[0]["code"]) == ("unknown", "object_ambiguous")
    assert "means 7 objects" in verdict.reasons[0]["message"]
    assert "Sales (0, s0@example.com); " in verdict.reasons[0]["message"]
    assert "and 2 more" in verdict.reasons[0]["message"]
    row = row_of("group", "Sales", None, verdict, candidates=bodies)
    assert (row["id"], row["label"], row["details"]) == (None, None, None)
    assert row["candidates"][6] == {"id": "6", "display_name": "Sales", "mail": "s6@example.com"}


def test_devices_of_one_name_are_told_apart_by_how_they_are_joined():
    bodies = [{"id": "1", "displayName": "PC", **HYBRID}, {"id": "2", "displayName": "PC", "trustType": "Workplace"}]
    verdict = ambiguous("device", "PC", bodies)
    assert "PC (1, Microsoft Entra hybrid joined); PC (2, Microsoft Entra registered)" in verdict.reasons[0]["message"]
    [first, _second] = row_of("device", "PC", None, verdict, candidates=bodies)["candidates"]
    assert (first["device_id"], first["trust_type"]) == ("d1", "ServerAd")


def test_nothing_there_and_something_in_the_recycle_bin_are_two_answers():
    assert missing("contact", "p@example.com").reasons[0]["code"] == "object_not_found"
    found = missing("group", "Sales", [{"id": "1", "displayName": "Sales"}])
    assert (found.state, found.reasons[0]["code"]) == ("not_found", "object_deleted")
    assert "group Sales (1)" in found.reasons[0]["message"]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("SALES", True),
        ("old@example.com", True),
        ("Sales@Example.com", True),
        ("1", True),
        ("sale", False),
        ("", False),
    ],
)
def test_what_a_deleted_group_may_be_called(name, found):
    assert fits(GROUP, name) is found


def test_what_could_not_be_read_is_unknown_and_not_absent():
    verdict = unread("device", "GET /devices: refused.")
    assert (verdict.state, verdict.reasons[0]["code"]) == ("unknown", "object_unread")
    row = row_of(
        "device", "PC", None, verdict, [{"what": "devices", "permission": "Device.Read.All"}], error={"status": 403}
    )
    assert (row["unchecked"][0]["permission"], row["error"]) == ("Device.Read.All", {"status": 403})


@pytest.mark.parametrize(
    ("kind", "body", "label", "detail"),
    [
        ("group", SYNCED, "Synced with Active Directory", ("mail_enabled", None)),
        ("contact", {**NEVER, **MAIL}, "In cloud", ("mail", "sales@example.com")),
        ("device", {**SYNCED, **HYBRID}, "Microsoft Entra hybrid joined", ("device_id", "d1")),
        ("device", NEVER, None, ("trust_type", None)),
    ],
)
def test_a_row_shows_what_the_admin_centres_show(kind, body, label, detail):
    sid = {**body, "onPremisesSecurityIdentifier": "S-1-5-21-1"}
    row = row_of(kind, "asked", sid, judge(Subject(kind, sid, OPEN)))
    assert (row["kind"], row["name"], row["id"], row["display_name"]) == (kind, "asked", "1", "Sales")
    assert (row["label"], row["details"][detail[0]]) == (label, detail[1])
    assert (row["security_identifier"], row["last_sync"]) == ("S-1-5-21-1", body.get("onPremisesLastSyncDateTime"))
    assert row["candidates"] == []
