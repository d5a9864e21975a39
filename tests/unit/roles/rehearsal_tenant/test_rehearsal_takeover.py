# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a takeover does to the user: what is overwritten or emptied, what becomes of names, addresses, passwords."""

from __future__ import annotations

import pytest
from rehearsal_support import ad_user, anchor, dn, user

G1 = "14c8d2a9-90b7-4d7a-b264-1cc77901069a"
G2 = "88666888-0101-1111-bbbb-1234567890ab"
PWD_LAST_SET = str((1795435200 - 86400 + 11644473600) * 10_000_000)
LICENCE = [{"skuId": G2, "disabledPlans": []}]
KEPT = {"synchronizeUpnForManagedUsersEnabled": False}
DOMAINS = [
    {"id": "contoso.com", "isDefault": True},
    {"id": "contoso.onmicrosoft.com", "isInitial": True},
    {"id": "pending.com", "isVerified": False},
    {"id": "fed-a.com", "authenticationType": "Federated"},
    {"id": "fed-b.com", "authenticationType": "Federated"},
]


@pytest.fixture
def takeover(start, domain):
    """Hard match Ann and run so many cycles; the tenant and what became of her."""

    def run(cycles=1, ad=None, others=(), directory=None, more=None, **cloud):
        domain.write(ad_user("ann", G1, **(ad or {})), *others)
        seed = {"users": [user("ann", **{"onPremisesImmutableId": anchor(G1), **cloud})], "domains": DOMAINS}
        more = dict(more or {})
        users = [*seed["users"], *more.pop("users", [])]
        rehearsal = start(**{**seed, **more, "users": users}, directories=domain.seed(**(directory or {})))
        rows = [rehearsal.cycle() for _number in range(cycles)]
        rehearsal.rows = rows
        return rehearsal, rehearsal.user(user("ann")["id"])

    return run


# Attributes of the flow


@pytest.mark.parametrize(
    ("ad", "name", "before", "after"),
    [
        ({"title": " Chief "}, "jobTitle", "Clerk", "Chief"),
        ({"co": "Germany"}, "country", "Austria", "Germany"),
        ({"msExchUsageLocation": "DE"}, "usageLocation", "AT", "DE"),
        ({"telephoneNumber": "1"}, "businessPhones", ["2"], ["1"]),
        ({"msExchHideFromAddressLists": "TRUE"}, "showInAddressList", None, False),
        ({"msExchHideFromAddressLists": "FALSE"}, "showInAddressList", None, None),
        ({"mailNickname": "a.ann"}, "mailNickname", "ann", "a.ann"),
        ({"displayName": None}, "displayName", "Ann", "ann"),  # the object's own name instead
        ({"userAccountControl": "514"}, "accountEnabled", True, False),
        ({"userAccountControl": "512"}, "accountEnabled", False, True),
        ({"accountExpires": "1"}, "accountEnabled", True, True),  # that it expired is nothing that sync knows
    ],
)
def test_the_first_cycle_overwrites(takeover, ad, name, before, after):
    _rehearsal, ann = takeover(ad=ad, **{name: before})
    assert ann[name] == after


def test_extension_attributes_are_overwritten_and_blanked_one_by_one(takeover):
    other = ad_user("bob", G2, extensionAttribute3="x")
    cloud = {"onPremisesExtensionAttributes": {f"extensionAttribute{n}": f"cloud {n}" for n in (1, 2, 3)}}
    ad = {"extensionAttribute1": "AD"}
    first = takeover(1, ad, [other], **cloud)[1]["onPremisesExtensionAttributes"]
    assert first == {"extensionAttribute1": "AD", "extensionAttribute2": "cloud 2", "extensionAttribute3": "cloud 3"}
    second = takeover(2, ad, [other], **cloud)[1]["onPremisesExtensionAttributes"]
    # No entry of the export has the second one: that is unknown.
    assert second == {"extensionAttribute1": "AD", "extensionAttribute2": "cloud 2", "extensionAttribute3": None}


def test_what_stays_although_ad_has_none(takeover):
    other = ad_user("bob", G2, mailNickname="bob", msExchUsageLocation="DE", employeeID="1", department="IT")
    cloud = {"mailNickname": "annie", "usageLocation": "AT", "employeeId": "7", "department": "Sales"}
    _rehearsal, ann = takeover(2, {}, [other], **cloud)
    assert (ann["mailNickname"], ann["usageLocation"]) == ("annie", "AT")
    assert (ann["employeeId"], ann["department"]) == (None, None)


@pytest.mark.parametrize(
    ("when", "after_one", "after_two"),
    [("second_cycle", "Sales", None), ("first_cycle", None, None), ("kept", "Sales", "Sales")],
)
def test_contested_when_empty_attributes_blank(takeover, when, after_one, after_two):
    other = ad_user("bob", G2, department="IT")
    seen = [
        takeover(cycles, {}, [other], more={"settings": {"emptyAttributes": when}}, department="Sales")[1]["department"]
        for cycles in (1, 2)
    ]
    assert seen == [after_one, after_two]


def test_the_manager_is_another_user(takeover):
    boss = ad_user("boss", G2)
    rehearsal, ann = takeover(ad={"manager": dn("boss")}, others=[boss])
    boss_id = rehearsal.rows[0][dn("boss")]["id"]
    assert ann["manager"] == boss_id
    path = "/users/ann@contoso.com"
    assert rehearsal.get(f"{path}/manager").json()["id"] == boss_id
    assert rehearsal.get(f"{path}?$select=id&$expand=manager($select=id)").json()["manager"]["id"] == boss_id
    listed = {item["id"]: item for item in rehearsal.get("/users?$select=id&$expand=manager").json()["value"]}
    assert listed[ann["id"]]["manager"]["id"] == boss_id
    assert "manager" not in listed[boss_id]
    assert rehearsal.get(f"/users/{boss_id}/manager").status_code == 404


@pytest.mark.parametrize(("cycles", "left"), [(1, True), (2, False)])
def test_the_manager_of_the_cloud_is_blanked_by_the_second_cycle(takeover, cycles, left):
    boss = user("boss")
    others = [ad_user("bob", G2, manager=dn("ann"))]
    _rehearsal, ann = takeover(cycles, {}, others, more={"users": [boss]}, manager=boss["id"])
    assert (ann["manager"] == boss["id"]) is left


# The sign-in name


@pytest.mark.parametrize(
    ("ad", "cloud", "features", "after"),
    [
        ("a.ann@contoso.com", {}, {}, "a.ann@contoso.com"),
        ("ann@pending.com", {}, {}, "ann@contoso.onmicrosoft.com"),
        ("ann@elsewhere.local", {}, {}, "ann@contoso.onmicrosoft.com"),
        (None, {}, {}, "ann@contoso.onmicrosoft.com"),  # sAMAccountName and the name of the AD domain
        ("new@contoso.com", {"assignedLicenses": LICENCE}, KEPT, None),
        (
            "new@contoso.com",
            {"assignedLicenses": []},
            KEPT,
            "new@contoso.com",
        ),
        (
            "new@contoso.com",
            {"assignedLicenses": LICENCE, "userPrincipalName": "ann@fed-a.com"},
            KEPT,
            "new@contoso.com",
        ),
    ],
)
def test_the_sign_in_name(takeover, ad, cloud, features, after):
    _rehearsal, ann = takeover(ad={"userPrincipalName": ad}, more={"features": features}, **cloud)
    assert ann["userPrincipalName"] == (after or "ann@contoso.com")


def test_an_unverified_suffix_gives_the_alias_in_the_initial_domain(takeover):
    ad = {"userPrincipalName": "ann@pending.com", "mailNickname": "annie"}
    assert takeover(ad=ad)[1]["userPrincipalName"] == "annie@contoso.onmicrosoft.com"


def test_a_held_sign_in_name_is_parked(takeover):
    ad = {"userPrincipalName": "bob@contoso.com"}
    _rehearsal, ann = takeover(ad=ad, more={"users": [user("bob")]})
    assert ann["onPremisesSyncEnabled"] is True
    assert ann["userPrincipalName"].startswith("bob+")
    assert [item["propertyCausingError"] for item in ann["onPremisesProvisioningErrors"]] == ["UserPrincipalName"]


def test_a_name_does_not_move_between_federated_domains(takeover):
    rehearsal, ann = takeover(ad={"userPrincipalName": "ann@fed-b.com"}, userPrincipalName="ann@fed-a.com")
    assert rehearsal.rows[0][dn("ann")]["code"] == "FederatedDomainChangeError"
    assert ann.get("onPremisesSyncEnabled") is None
    rehearsal, ann = takeover(ad={"userPrincipalName": "ann@fed-a.com"}, userPrincipalName="ann@fed-a.com")
    assert ann["onPremisesSyncEnabled"] is True


# Addresses


def proxies(ann):
    return sorted(ann["proxyAddresses"])


def test_addresses_of_the_cloud_are_lost(takeover):
    ad = {"proxyAddresses": ["SMTP:a.ann@contoso.com", "smtp:ann@contoso.com", "X500:/o=x"]}
    cloud = {"proxyAddresses": ["SMTP:ann@contoso.com", "smtp:alone@contoso.com"], "mail": "ann@contoso.com"}
    _rehearsal, ann = takeover(ad=ad, **cloud)
    assert proxies(ann) == ["SMTP:a.ann@contoso.com", "X500:/o=x", "smtp:ann@contoso.com"]
    assert ann["mail"] == "a.ann@contoso.com"


def test_a_licensed_user_keeps_what_exchange_online_gave(takeover):
    ad = {"proxyAddresses": ["SMTP:a.ann@contoso.com", "smtp:ann@pending.com"]}
    cloud = {
        "mailNickname": "ann",
        "proxyAddresses": ["SMTP:ann@contoso.com", "smtp:ann@contoso.onmicrosoft.com", "smtp:alone@contoso.com"],
    }
    _rehearsal, ann = takeover(ad=ad, assignedLicenses=LICENCE, **cloud)
    assert proxies(ann) == [
        "SMTP:a.ann@contoso.com", "smtp:ann@contoso.com", "smtp:ann@contoso.onmicrosoft.com",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "cloud", "kept"),
    [
        ({}, {"assignedLicenses": []}, False),
        ({"givenAddresses": "always"}, {"assignedLicenses": []}, True),
        ({}, {"assignedPlans": [{"service": "exchange", "capabilityStatus": "Enabled"}]}, True),
        ({}, {"assignedLicenses": LICENCE, "assignedPlans": [{"service": "SharePoint"}]}, False),
    ],
)
def test_contested_who_keeps_the_addresses_that_the_tenant_gave(takeover, settings, cloud, kept):
    ad = {"proxyAddresses": ["SMTP:a.ann@contoso.com"]}
    given = ["smtp:ann@contoso.com", "smtp:ann@contoso.onmicrosoft.com"]
    _rehearsal, ann = takeover(ad=ad, more={"settings": settings}, proxyAddresses=given, **cloud)
    assert proxies(ann) == ["SMTP:a.ann@contoso.com", *(given if kept else [])]


@pytest.mark.parametrize("ad", [{}, {"proxyAddresses": "SMTP:ann@pending.com", "mail": "ann@pending.com"}])
def test_a_mailbox_without_an_address_of_ad_goes_by_the_sign_in_name(takeover, ad):
    others = [ad_user("bob", G2, proxyAddresses="SMTP:bob@contoso.com", mail="bob@contoso.com")]
    cloud = {"proxyAddresses": ["SMTP:boss@contoso.com"], "mail": "boss@contoso.com", "assignedLicenses": LICENCE}
    _rehearsal, ann = takeover(2, ad, others, **cloud)
    assert (proxies(ann), ann["mail"]) == (["SMTP:ann@contoso.com"], "ann@contoso.com")


def test_mail_alone_becomes_the_primary_address(takeover):
    others = [ad_user("bob", G2, proxyAddresses="SMTP:bob@contoso.com")]
    _rehearsal, ann = takeover(1, {"mail": "new@contoso.com"}, others, proxyAddresses=["SMTP:ann@contoso.com"])
    assert (proxies(ann), ann["mail"]) == (["SMTP:new@contoso.com"], "new@contoso.com")


def test_a_source_without_addresses_leaves_them_alone(takeover):
    _rehearsal, ann = takeover(2, {}, proxyAddresses=["SMTP:ann@contoso.com"], mail="ann@contoso.com")
    assert (proxies(ann), ann["mail"]) == (["SMTP:ann@contoso.com"], "ann@contoso.com")


def test_an_address_of_another_user_is_parked(takeover):
    ad = {"proxyAddresses": ["SMTP:ann@contoso.com", "smtp:bob@contoso.com"]}
    more = {"users": [user("bob", proxyAddresses=["SMTP:bob@contoso.com"])]}
    _rehearsal, ann = takeover(ad=ad, more=more)
    assert proxies(ann) == ["SMTP:ann@contoso.com"]
    assert ann["onPremisesProvisioningErrors"][0]["value"] == "smtp:bob@contoso.com"


@pytest.mark.parametrize("section", ["groups", "contacts"])
def test_an_address_of_another_kind_of_object_refuses_the_match(takeover, section):
    holder = {"displayName": "Holder", "id": G2, "proxyAddresses": ["smtp:held@contoso.com"]}
    ad = {"proxyAddresses": ["SMTP:ann@contoso.com", "smtp:held@contoso.com"]}
    rehearsal, _ann = takeover(ad=ad, more={section: [holder]})
    assert rehearsal.rows[0][dn("ann")]["code"] == "ObjectTypeMismatch"


@pytest.mark.parametrize(
    ("held", "section", "hit"),
    [
        ("groups", "deletedGroups", "ObjectTypeMismatch"),
        ("none", "deletedGroups", "HardMatch"),
        ("groups", "deletedUsers", "HardMatch"),
        ("all", "deletedUsers", "parked"),
    ],
)
def test_contested_whether_deleted_objects_hold_their_addresses(takeover, held, section, hit):
    holder = {"displayName": "H", "userPrincipalName": "h@contoso.com", "proxyAddresses": ["smtp:held@contoso.com"]}
    if section == "deletedGroups":
        del holder["userPrincipalName"]
    ad = {"proxyAddresses": ["SMTP:ann@contoso.com", "smtp:held@contoso.com"]}
    rehearsal, ann = takeover(ad=ad, more={section: [holder], "settings": {"deletedAddressesHeld": held}})
    assert rehearsal.rows[0][dn("ann")]["code"] == ("HardMatch" if hit == "parked" else hit)
    if hit == "parked":
        assert proxies(ann) == ["SMTP:ann@contoso.com"]


@pytest.mark.parametrize(
    ("takes", "section", "ad_name", "expected"),
    [
        (False, "groups", "sales", "sales@contoso.com"),
        (True, "groups", "sales", "parked"),
        (True, "users", "sales", "parked"),
        # A name that the user has already is not asked about.
        (True, "groups", "ann", "ann@contoso.com"),
    ],
)
def test_contested_whether_a_name_may_be_an_address_of_somebody_else(takeover, takes, section, ad_name, expected):
    addresses = ["SMTP:sales@contoso.com", "smtp:ann@contoso.com"]
    holder = {"displayName": "Sales", "userPrincipalName": "other@contoso.com", "proxyAddresses": addresses}
    if section == "groups":
        del holder["userPrincipalName"]
    more = {section: [holder], "settings": {"addressTakesName": takes}}
    rehearsal, ann = takeover(cycles=2, ad={"userPrincipalName": f"{ad_name}@contoso.com"}, more=more)
    assert rehearsal.rows[0][dn("ann")]["code"] == "HardMatch"
    errors = [(item["propertyCausingError"], item["value"]) for item in ann["onPremisesProvisioningErrors"]]
    if expected == "parked":
        assert errors == [("UserPrincipalName", "sales@contoso.com")]
        assert ann["userPrincipalName"].endswith(".onmicrosoft.com")
    else:
        assert (ann["userPrincipalName"], errors) == (expected, [])


@pytest.mark.parametrize(("takes", "code"), [(False, "HardMatch"), (True, "AttributeValueMustBeUnique")])
def test_a_taken_name_is_refused_where_nothing_is_parked(takeover, takes, code):
    holder = {"displayName": "Sales", "proxyAddresses": ["SMTP:sales@contoso.com"]}
    features = {"quarantineUponUpnConflictEnabled": False}
    more = {"groups": [holder], "settings": {"addressTakesName": takes}, "features": features}
    rehearsal, _ann = takeover(ad={"userPrincipalName": "sales@contoso.com"}, more=more)
    assert rehearsal.rows[0][dn("ann")]["code"] == code


# The password


@pytest.mark.parametrize(
    ("ad", "features", "source"),
    [
        ({"pwdLastSet": PWD_LAST_SET}, {}, "active_directory"),
        ({}, {}, "active_directory"),
        ({"pwdLastSet": PWD_LAST_SET}, {"passwordSyncEnabled": False}, "cloud"),
        ({"pwdLastSet": "0"}, {}, "cloud"),
        ({"pwdLastSet": "0", "userAccountControl": "66048"}, {}, "active_directory"),  # it never expires
        ({"pwdLastSet": "0"}, {"userForcePasswordChangeOnLogonEnabled": True}, "active_directory"),
        ({"objectClass": ["top", "person", "user", "inetOrgPerson"], "pwdLastSet": PWD_LAST_SET}, {}, "cloud"),
        ({"pwdLastSet": PWD_LAST_SET, "userAccountControl": "262656"}, {}, "active_directory"),  # smart card
    ],
)
def test_whose_password_it_is_afterwards(takeover, ad, features, source):
    more = {"features": {"passwordSyncEnabled": True, **features}}
    _rehearsal, ann = takeover(ad=ad, more=more, lastPasswordChangeDateTime="2020-01-01T00:00:00Z")
    assert ann["passwordSource"] == source
    assert (ann["lastPasswordChangeDateTime"] == "2020-01-01T00:00:00Z") is (source == "cloud")


def test_a_synced_password_has_its_own_time_and_policy(takeover):
    more = {"features": {"passwordSyncEnabled": True}}
    rehearsal, ann = takeover(ad={"pwdLastSet": PWD_LAST_SET}, more=more)
    assert ann["lastPasswordChangeDateTime"] == "2026-11-22T12:00:00Z"
    assert ann["passwordPolicies"] == "DisablePasswordExpiration"
    shown = rehearsal.get("/users/ann@contoso.com?$select=passwordProfile,lastPasswordChangeDateTime").json()
    assert shown["passwordProfile"] == {"forceChangePasswordNextSignIn": False, "password": None}
    assert "passwordSource" not in shown


def test_a_password_that_must_be_changed_is_demanded_in_the_cloud_too(takeover):
    more = {"features": {"passwordSyncEnabled": True, "userForcePasswordChangeOnLogonEnabled": True}}
    _rehearsal, ann = takeover(ad={"pwdLastSet": "0"}, more=more)
    assert ann["passwordProfile"]["forceChangePasswordNextSignIn"] is True


# Groups, and the tenant


def test_losing_an_attribute_loses_the_dynamic_group(takeover):
    sales = {
        "id": G2, "displayName": "Sales", "groupTypes": ["DynamicMembership"],
        "membershipRule": '(user.department -eq "Sales")', "membershipRuleProcessingState": "On",
    }  # fmt: skip
    others = [ad_user("bob", G2, department="IT")]
    for cycles, members in ((1, 1), (2, 0)):
        rehearsal, _ann = takeover(cycles, {}, others, more={"groups": [sales]}, department="Sales")
        assert len(rehearsal.get(f"/groups/{G2}/members").json()["value"]) == members


def test_a_dynamic_group_whose_rule_is_not_rehearsed_keeps_its_members(start):
    odd = {
        "id": G2, "displayName": "Odd", "groupTypes": ["DynamicMembership"], "members": [user("ann")["id"]],
        "membershipRule": 'user.department -match "S.*"',
    }  # fmt: skip
    rehearsal = start(users=[user("ann")], groups=[odd])
    assert len(rehearsal.get(f"/groups/{G2}/members").json()["value"]) == 1
    assert any("'Odd'" in note and "match" in note for note in rehearsal.tenant.notes)


def test_with_the_tenants_sync_off_no_cycle_does_anything(start, domain):
    domain.write(ad_user("ann", G1))
    rehearsal = start(
        tenant={"displayName": "Contoso", "id": "11111111-2222-4333-8444-555555555555", "onPremisesSyncEnabled": False},
        users=[user("ann", onPremisesImmutableId=anchor(G1))],
        directories=domain.seed(),
    )
    cycle = rehearsal.control("POST", "/sync")["directories"][0]["cycles"][-1]
    assert "not enabled" in cycle["error"]
    assert rehearsal.user("ann@contoso.com").get("onPremisesSyncEnabled") is None


@pytest.mark.parametrize(
    ("scope", "container", "group"),
    [
        ({}, None, None),
        ({"ous": ["OU=A,DC=x"]}, {"includedContainers": ["OU=A,DC=x"]}, None),
        ({"groups": ["CN=G,DC=x"]}, None, {"includedGroups": ["CN=G,DC=x"]}),
    ],
)
def test_the_selection_stands_in_the_schema_of_the_job(start, domain, scope, container, group):
    domain.write()
    rehearsal = start(directories=domain.seed(scope=scope))
    principal = rehearsal.get("/servicePrincipals?$filter=displayName eq 'corp.contoso.com'").json()["value"][0]["id"]
    jobs = f"/servicePrincipals/{principal}/synchronization/jobs"
    job = rehearsal.get(jobs).json()["value"][0]["id"]
    rule = rehearsal.get(f"{jobs}/{job}/schema").json()["synchronizationRules"][0]
    assert (rule["containerFilter"], rule["groupFilter"]) == (container, group)


# What an administrator does


def test_users_are_made_and_deleted(start):
    rehearsal = start(users=[user("ann", onPremisesImmutableId="x")])
    new = {
        "accountEnabled": True, "displayName": "New", "mailNickname": "new", "userPrincipalName": "new@contoso.com",
        "passwordProfile": {"password": "not kept"},
    }  # fmt: skip
    answer = rehearsal.graph("POST", "/users", json=new)
    assert answer.status_code == 201
    assert "not kept" not in str(rehearsal.control("GET", "/users"))
    for wrong in ({**new, "mailNickname": None}, {**new, "userPrincipalName": "n@elsewhere.com"}, new, [], {"x": 1}):
        assert rehearsal.graph("POST", "/users", json=wrong).status_code == 400
    held = {**new, "userPrincipalName": "other@contoso.com", "onPremisesImmutableId": "x"}
    assert rehearsal.graph("POST", "/users", json=held).status_code == 400
    assert rehearsal.graph("DELETE", "/users/new@contoso.com").status_code == 204
    assert rehearsal.get(f"/directory/deletedItems/{answer.json()['id']}").status_code == 200
    assert rehearsal.graph("DELETE", "/users/new@contoso.com").status_code == 404
