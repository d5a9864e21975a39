# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The synchronization: who is matched, made, parked or refused, and what happens to the attributes."""

from __future__ import annotations

import pytest
from rehearsal_support import ad_user, anchor, dn, user

G1 = "14c8d2a9-90b7-4d7a-b264-1cc77901069a"
G2 = "88666888-0101-1111-bbbb-1234567890ab"
SID = bytes.fromhex("010500000000000515000000010000000200000003000000e8030000")
SID_TEXT = "S-1-5-21-1-2-3-1000"
BLOCK = "blockCloudObjectTakeoverThroughHardMatchEnabled"
BYPASS = "allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled"
QUARANTINE = {"quarantineUponUpnConflictEnabled": False, "quarantineUponProxyAddressesConflictEnabled": False}


@pytest.fixture
def synced(start, domain):
    """Seed a tenant and an AD, run one cycle; the tenant and the cycle's rows."""

    def run(*entries, directory=None, **seed):
        domain.write(*entries)
        rehearsal = start(directories=domain.seed(**(directory or {})), **seed)
        return rehearsal, rehearsal.cycle()

    return run


def outcome(rows, name="ann"):
    return rows[dn(name)]["outcome"], rows[dn(name)]["code"]


def ann(rehearsal):
    return rehearsal.user(user("ann")["id"])


# Hard match


def test_the_known_vector_of_the_anchor():
    assert anchor(G1) == "qdLIFLeQek2yZBzHeQEGmg=="


def test_hard_match_takes_the_user_over(synced):
    rehearsal, rows = synced(
        ad_user("ann", G1, objectSid=SID, title="Chief"),
        users=[user("ann", onPremisesImmutableId=anchor(G1), jobTitle="Clerk", department="Sales")],
    )
    assert outcome(rows) == ("hard_match", "HardMatch")
    body = ann(rehearsal)
    assert body["onPremisesSyncEnabled"] is True
    assert body["onPremisesLastSyncDateTime"] == "2026-11-23T12:00:00Z"
    assert body["onPremisesSamAccountName"] == "ann"
    assert body["onPremisesSecurityIdentifier"] == SID_TEXT
    assert body["onPremisesDistinguishedName"] == dn("ann")
    assert body["onPremisesObjectIdentifier"] == G1
    assert body["onPremisesDomainName"] == "corp.contoso.com"
    assert (body["jobTitle"], body["displayName"]) == ("Chief", "AD Ann")
    organization = rehearsal.get("/organization").json()["value"][0]
    assert organization["onPremisesLastSyncDateTime"] == "2026-11-23T12:00:00Z"


def test_the_second_cycle_blanks_what_is_empty_in_ad(synced, domain):
    rehearsal, _rows = synced(
        ad_user("ann", G1),
        ad_user("bob", G2, department="IT", mobile="1", proxyAddresses="SMTP:bob@contoso.com"),
        users=[
            user(
                "ann",
                onPremisesImmutableId=anchor(G1),
                department="Sales",
                mobilePhone="5",
                proxyAddresses=["SMTP:ann@contoso.com"],
                city="Bonn",
            )
        ],
    )
    first = ann(rehearsal)
    assert (first["department"], first["mobilePhone"], first["proxyAddresses"]) == (
        "Sales",
        "5",
        ["SMTP:ann@contoso.com"],
    )
    rehearsal.cycle()
    second = ann(rehearsal)
    assert (second["department"], second["mobilePhone"], second["proxyAddresses"]) == (None, None, [])
    # No entry of the export has a city: that is unknown, not empty.
    assert second["city"] == "Bonn"


def test_a_steady_user_is_not_exported_again(synced, domain):
    rehearsal, _rows = synced(ad_user("ann", G1), users=[user("ann", onPremisesImmutableId=anchor(G1))])
    rehearsal.advance(100)
    assert dn("ann") in rehearsal.cycle()
    rehearsal.advance(100)
    assert rehearsal.cycle() == {}
    assert ann(rehearsal)["onPremisesLastSyncDateTime"] == "2026-11-23T12:01:40Z"
    domain.write(ad_user("ann", G1, title="New"))
    rehearsal.advance(100)
    assert outcome(rehearsal.cycle()) == ("update", "Connected")
    assert ann(rehearsal)["jobTitle"] == "New"


def test_writing_an_anchor_later_does_not_move_a_connected_object(synced):
    rehearsal, rows = synced(ad_user("new", G1), users=[user("ann")])
    assert outcome(rows, "new") == ("create", "Created")
    twin = rows[dn("new")]["id"]
    rehearsal.control("PATCH", f"/users/{twin}", json={"onPremisesImmutableId": None})
    assert rehearsal.patch("ann@contoso.com", {"onPremisesImmutableId": anchor(G1)}).status_code == 204
    rows = rehearsal.cycle()
    assert rows[dn("new")]["id"] == twin
    assert ann(rehearsal).get("onPremisesSyncEnabled") is None


def test_without_resiliency_a_secondary_address_stops_a_new_user(synced):
    _rehearsal, rows = synced(
        ad_user("ann", G1, proxyAddresses=["SMTP:new@contoso.com", "smtp:x@contoso.com"]),
        users=[user("bob", proxyAddresses=["smtp:x@contoso.com"])],
        features=QUARANTINE,
    )
    assert outcome(rows) == ("refuse", "AttributeValueMustBeUnique")


def test_an_edited_consistency_guid_does_not_take(synced, domain):
    rehearsal, _rows = synced(ad_user("ann", G1), users=[user("ann", onPremisesImmutableId=anchor(G1))])
    domain.write(ad_user("ann", G1, **{"mS-DS-ConsistencyGuid": bytes(range(16))}))
    assert outcome(rehearsal.cycle()) == ("refuse", "SourceAnchorChanged")


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ({}, bytes(range(16))),
        ({"anchor": "object_guid"}, None),
        ({"anchor": "consistency_guid"}, bytes(range(16))),
        ({"anchor": "attribute", "anchorAttribute": "employeeID"}, "4711"),
    ],
)
def test_the_anchor_follows_the_mode_of_the_directory(synced, mode, expected):
    attributes = {"mS-DS-ConsistencyGuid": bytes(range(16)), "employeeID": "4711"}
    rehearsal, rows = synced(ad_user("ann", G1, **attributes), directory=mode)
    found = rehearsal.user(rows[dn("ann")]["id"])["onPremisesImmutableId"]
    if isinstance(expected, bytes):
        assert found == "AAECAwQFBgcICQoLDA0ODw=="
    else:
        assert found == (expected or anchor(G1))


def test_without_an_anchor_nothing_happens(synced):
    _rehearsal, rows = synced(ad_user("ann", G1), directory={"anchor": "consistency_guid"})
    assert outcome(rows) == ("skip", "NoSourceAnchor")


def test_a_synced_user_is_found_again_by_its_anchor_whatever_is_blocked(synced):
    _rehearsal, rows = synced(
        ad_user("ann", G1),
        users=[user("ann", onPremisesImmutableId=anchor(G1), onPremisesSyncEnabled=True)],
        features={BLOCK: True},
    )
    assert outcome(rows) == ("update", "Connected")


@pytest.mark.parametrize("before", [False, None])
def test_a_user_that_left_scope_or_never_was_in_it_is_matched(synced, before):
    _rehearsal, rows = synced(
        ad_user("ann", G1), users=[user("ann", onPremisesImmutableId=anchor(G1), onPremisesSyncEnabled=before)]
    )
    assert outcome(rows) == ("hard_match", "HardMatch")


# What stands in the way of a hard match


def test_the_block_flag(synced):
    rehearsal, rows = synced(
        ad_user("ann", G1), users=[user("ann", onPremisesImmutableId=anchor(G1))], features={BLOCK: True}
    )
    assert outcome(rows) == ("refuse", "InvalidHardMatch")
    assert ann(rehearsal).get("onPremisesSyncEnabled") is None
    rehearsal.control("PATCH", "/settings", json={"features": {BLOCK: False}})
    assert outcome(rehearsal.cycle()) == ("hard_match", "HardMatch")


@pytest.mark.parametrize("eligible", [True, False])
def test_a_privileged_role_held_or_eligible(synced, eligible):
    _rehearsal, rows = synced(
        ad_user("ann", G1),
        users=[user("ann", onPremisesImmutableId=anchor(G1))],
        roles=[{"user": "ann@contoso.com", "role": "Global Administrator", "eligible": eligible}],
    )
    assert outcome(rows) == ("refuse", "InvalidHardMatch")


@pytest.mark.parametrize(("check", "expected"), [("any", "refuse"), ("privileged", "hard_match")])
def test_contested_whether_any_role_blocks(synced, check, expected):
    _rehearsal, rows = synced(
        ad_user("ann", G1),
        users=[user("ann", onPremisesImmutableId=anchor(G1))],
        roles=[{"user": "ann@contoso.com", "role": "Directory Readers"}],
        settings={"roleCheck": check},
    )
    assert rows[dn("ann")]["outcome"] == expected


@pytest.mark.parametrize(("lifts", "expected"), [(True, "hard_match"), (False, "refuse")])
def test_contested_whether_the_bypass_lifts_the_role_check(synced, lifts, expected):
    _rehearsal, rows = synced(
        ad_user("ann", G1),
        users=[user("ann", onPremisesImmutableId=anchor(G1))],
        roles=[{"user": "ann@contoso.com", "role": "Global Administrator"}],
        features={BYPASS: True},
        settings={"bypassLiftsRoleCheck": lifts},
    )
    assert rows[dn("ann")]["outcome"] == expected


@pytest.mark.parametrize(
    ("identifier", "check", "bypass", "expected"),
    [
        (G2, "set", False, ("refuse", "AttributeUpdateNotAllowed")),
        (G2, "differs", False, ("refuse", "AttributeUpdateNotAllowed")),
        (G1, "set", False, ("refuse", "AttributeUpdateNotAllowed")),
        (G1, "differs", False, ("hard_match", "HardMatch")),
        (G2, "set", True, ("hard_match", "HardMatch")),
    ],
)
def test_a_mapped_object_identifier(synced, identifier, check, bypass, expected):
    _rehearsal, rows = synced(
        ad_user("ann", G1),
        users=[user("ann", onPremisesImmutableId=anchor(G1), onPremisesObjectIdentifier=identifier)],
        settings={"objectIdentifierCheck": check},
        features={BYPASS: bypass},
    )
    assert outcome(rows) == expected


def test_a_source_of_authority_in_the_cloud(synced):
    behavior = {"isCloudManaged": True}
    rehearsal, rows = synced(
        ad_user("ann", G1), users=[user("ann", onPremisesImmutableId=anchor(G1), onPremisesSyncBehavior=behavior)]
    )
    assert outcome(rows) == ("skip", "SourceOfAuthorityCloud")
    assert ann(rehearsal).get("onPremisesSyncEnabled") is None


def test_a_sid_that_someone_else_holds(synced):
    _rehearsal, rows = synced(
        ad_user("ann", G1, objectSid=SID),
        users=[user("ann", onPremisesImmutableId=anchor(G1)), user("bob", onPremisesSecurityIdentifier=SID_TEXT)],
    )
    assert outcome(rows) == ("refuse", "AttributeValueMustBeUnique")
    assert rows[dn("ann")]["id"] == user("bob")["id"]


def test_an_address_that_a_group_holds(synced):
    _rehearsal, rows = synced(
        ad_user("ann", G1, proxyAddresses="SMTP:sales@contoso.com"),
        users=[user("ann", onPremisesImmutableId=anchor(G1))],
        groups=[{"displayName": "Sales", "proxyAddresses": ["smtp:sales@contoso.com"]}],
    )
    assert outcome(rows) == ("refuse", "ObjectTypeMismatch")


def test_two_ad_objects_with_one_anchor(synced):
    same = {"mS-DS-ConsistencyGuid": bytes(range(16))}
    _rehearsal, rows = synced(ad_user("ann", G1, **same), ad_user("bob", G2, **same))
    assert outcome(rows, "ann") == ("create", "Created")
    assert outcome(rows, "bob") == ("refuse", "AttributeValueMustBeUnique")


# The recycle bin


def test_a_soft_deleted_twin_wins(synced):
    rehearsal, rows = synced(
        ad_user("ann", G1),
        users=[user("ann")],
        deletedUsers=[user("twin", onPremisesImmutableId=anchor(G1), onPremisesSyncEnabled=False)],
    )
    assert outcome(rows) == ("revive", "Revived")
    twin = rehearsal.user(user("twin")["id"])
    assert (twin["deleted"], twin["onPremisesSyncEnabled"]) == (False, True)
    # The live user keeps its name; the twin's is parked.
    assert twin["onPremisesProvisioningErrors"][0]["propertyCausingError"] == "UserPrincipalName"
    assert ann(rehearsal).get("onPremisesSyncEnabled") is None


def test_with_the_block_flag_an_object_conflicts_with_its_own_deleted_self(synced):
    _rehearsal, rows = synced(
        ad_user("ann", G1), deletedUsers=[user("ann", onPremisesImmutableId=anchor(G1))], features={BLOCK: True}
    )
    assert outcome(rows) == ("refuse", "InvalidHardMatch")


def test_a_soft_deleted_role_holder(synced):
    _rehearsal, rows = synced(
        ad_user("ann", G1),
        deletedUsers=[user("ann", onPremisesImmutableId=anchor(G1))],
        roles=[{"user": user("ann")["id"], "role": "Global Administrator"}],
    )
    assert outcome(rows) == ("refuse", "InvalidHardMatch")


# Soft match and conflicts


def test_soft_match_by_name_stamps_the_anchor(synced):
    rehearsal, rows = synced(ad_user("ann", G1), users=[user("ann")])
    assert outcome(rows) == ("soft_match", "SoftMatch")
    assert ann(rehearsal)["onPremisesImmutableId"] == anchor(G1)


def test_soft_match_by_primary_address(synced):
    _rehearsal, rows = synced(
        ad_user(
            "ann",
            G1,
            userPrincipalName="a.new@contoso.com",
            proxyAddresses=["smtp:x@contoso.com", "SMTP:ann@contoso.com"],
        ),
        users=[user("ann", proxyAddresses=["smtp:ann@contoso.com"])],
    )
    assert outcome(rows) == ("soft_match", "SoftMatch")


@pytest.mark.parametrize(("setting", "expected"), [("primary", "create"), ("all", "soft_match")])
def test_contested_whether_secondary_addresses_match(synced, setting, expected):
    rehearsal, rows = synced(
        ad_user(
            "ann",
            G1,
            userPrincipalName="a.new@contoso.com",
            proxyAddresses=["smtp:ann@contoso.com", "SMTP:new@contoso.com"],
        ),
        users=[user("ann", proxyAddresses=["smtp:ann@contoso.com"])],
        settings={"softMatchAddresses": setting},
    )
    assert rows[dn("ann")]["outcome"] == expected
    if expected == "create":
        errors = rehearsal.user(rows[dn("ann")]["id"])["onPremisesProvisioningErrors"]
        assert [(item["propertyCausingError"], item["value"]) for item in errors] == [
            ("ProxyAddress", "smtp:ann@contoso.com")
        ]


@pytest.mark.parametrize(
    ("setting", "engine", "matched"),
    [(True, "cloud_sync", True), (False, "cloud_sync", False), (False, "connect_sync", True)],
)
def test_contested_whether_cloud_sync_matches_on_the_name(synced, setting, engine, matched):
    _rehearsal, rows = synced(
        ad_user("ann", G1),
        users=[user("ann")],
        settings={"cloudSyncSoftMatchOnUpn": setting},
        directory={"engine": engine},
    )
    assert (rows[dn("ann")]["outcome"] == "soft_match") is matched


def test_names_do_not_match_when_the_feature_is_off(synced):
    _rehearsal, rows = synced(ad_user("ann", G1), users=[user("ann")], features={"softMatchOnUpnEnabled": False})
    assert outcome(rows) == ("quarantine", "AttributeValueMustBeUnique")


def test_a_target_with_another_anchor_gets_a_quarantined_twin(synced):
    rehearsal, rows = synced(ad_user("ann", G1), users=[user("ann", onPremisesImmutableId="other")])
    assert outcome(rows) == ("quarantine", "InvalidSoftMatch")
    twin = rehearsal.user(rows[dn("ann")]["id"])
    assert twin["id"] != user("ann")["id"]
    assert twin["userPrincipalName"].startswith("ann+")
    assert twin["userPrincipalName"].endswith("@contoso.onmicrosoft.com")
    assert twin["onPremisesProvisioningErrors"][0]["value"] == "ann@contoso.com"
    assert ann(rehearsal)["onPremisesImmutableId"] == "other"


def test_contested_the_plus_sign_of_a_quarantined_name(synced):
    rehearsal, rows = synced(
        ad_user("ann", G1), users=[user("ann", onPremisesImmutableId="other")], settings={"quarantinedUpn": "bare"}
    )
    assert "+" not in rehearsal.user(rows[dn("ann")]["id"])["userPrincipalName"]


def test_without_resiliency_conflicts_are_errors(synced):
    other = user("ann", onPremisesImmutableId="other")
    _rehearsal, rows = synced(ad_user("ann", G1), users=[other], features=QUARANTINE)
    assert outcome(rows) == ("refuse", "InvalidSoftMatch")
    taken = {"proxyAddresses": ["smtp:x@contoso.com"]}
    _rehearsal, rows = synced(
        ad_user("ann", G1, **taken),
        users=[user("ann", onPremisesImmutableId=anchor(G1)), user("bob", **taken)],
        features=QUARANTINE,
    )
    assert outcome(rows) == ("refuse", "AttributeValueMustBeUnique")


def test_a_hard_match_parks_addresses_that_another_user_holds(synced):
    taken = {"proxyAddresses": ["SMTP:ann@contoso.com", "smtp:x@contoso.com"]}
    rehearsal, rows = synced(
        ad_user("ann", G1, **taken),
        users=[user("ann", onPremisesImmutableId=anchor(G1)), user("bob", proxyAddresses=["smtp:x@contoso.com"])],
    )
    assert outcome(rows) == ("hard_match", "HardMatch")
    assert ann(rehearsal)["proxyAddresses"] == ["SMTP:ann@contoso.com"]
    assert ann(rehearsal)["onPremisesProvisioningErrors"][0]["category"] == "PropertyConflict"


def test_soft_match_never_takes_a_role_holder(synced):
    _rehearsal, rows = synced(
        ad_user("ann", G1), users=[user("ann")], roles=[{"user": "ann@contoso.com", "role": "Global Administrator"}]
    )
    assert outcome(rows) == ("quarantine", "ExistingAdminRoleConflict")


def test_blocked_soft_match_makes_a_twin(synced):
    _rehearsal, rows = synced(ad_user("ann", G1), users=[user("ann")], features={"blockSoftMatchEnabled": True})
    assert outcome(rows) == ("quarantine", "InvalidSoftMatch")
    assert rows[dn("ann")]["id"] != user("ann")["id"]


# Names, scope, deletions


def test_a_suffix_that_is_not_verified_becomes_onmicrosoft(synced):
    rehearsal, rows = synced(ad_user("ann", G1, userPrincipalName="ann@corp.local"))
    body = rehearsal.user(rows[dn("ann")]["id"])
    assert body["userPrincipalName"] == "ann@contoso.onmicrosoft.com"
    assert body["onPremisesUserPrincipalName"] == "ann@corp.local"


def test_the_login_attribute_becomes_the_name(synced):
    _rehearsal, rows = synced(
        ad_user("ann", G1, userPrincipalName="ann@corp.local", mail="ann@contoso.com"),
        users=[user("ann")],
        directory={"loginAttribute": "mail"},
    )
    assert outcome(rows) == ("soft_match", "SoftMatch")


def test_a_licensed_user_keeps_its_name_when_the_feature_is_off(synced):
    rehearsal, _rows = synced(
        ad_user("ann", G1, userPrincipalName="new@contoso.com"),
        users=[user("ann", onPremisesImmutableId=anchor(G1), assignedLicenses=[{"skuId": "x"}])],
        features={"synchronizeUpnForManagedUsersEnabled": False},
    )
    assert ann(rehearsal)["userPrincipalName"] == "ann@contoso.com"


def test_a_disabled_account_is_synced_and_disables_the_user(synced):
    rehearsal, rows = synced(
        ad_user("ann", G1, userAccountControl="514"), users=[user("ann", onPremisesImmutableId=anchor(G1))]
    )
    assert outcome(rows) == ("hard_match", "HardMatch")
    assert ann(rehearsal)["accountEnabled"] is False


@pytest.mark.parametrize(
    "attributes",
    [
        {"isCriticalSystemObject": "TRUE"},
        {"adminDescription": "User_x"},
        {"sAMAccountName": None},
        {"sAMAccountName": "MSOL_abc"},
        {"sAMAccountName": "AAD_abc"},
        {"sAMAccountName": "SUPPORT_388945a0"},
        {"mailNickname": "SystemMailbox{1}"},
        {"mailNickname": "CAS_{1}"},
        {"msExchRecipientTypeDetails": "536870912"},
        {"msExchRecipientTypeDetails": "2"},
        {"userAccountControl": None},
    ],
)
def test_built_in_filters(synced, attributes):
    _rehearsal, rows = synced(ad_user("ann", G1, **attributes), ad_user("bob", G2), users=[user("ann")])
    assert outcome(rows) == ("skip", "NotInScope")
    assert outcome(rows, "bob") == ("create", "Created")


@pytest.mark.parametrize("value", ["1", "128", "34359738368"])
def test_ordinary_mailboxes_pass(synced, value):
    _rehearsal, rows = synced(ad_user("ann", G1, msExchRecipientTypeDetails=value))
    assert outcome(rows) == ("create", "Created")


def test_an_attribute_that_the_export_lacks_excludes_nobody(synced):
    _rehearsal, rows = synced(ad_user("ann", G1, sAMAccountName=None, userAccountControl=None, objectClass=None))
    assert outcome(rows) == ("create", "Created")


def test_a_replication_conflict_is_left_out(synced):
    entry = ad_user("ann", G1).replace("dn: CN=ann,", "dn: CN=ann\\0ACNF:123,")
    _rehearsal, rows = synced(entry)
    assert [row["outcome"] for row in rows.values()] == ["skip"]


def test_the_selection_of_ous_and_groups(synced):
    members = [dn("ann"), dn("eve", "Elsewhere")]
    group = (
        "dn: CN=Pilot,OU=Groups,DC=corp,DC=contoso,DC=com\r\nchangetype: add\r\nobjectClass: group\r\n"
        + "".join(f"member: {item}\r\n" for item in members)
        + "\r\n"
    )
    scope = {
        "ous": ["OU=People, DC=corp,DC=contoso,DC=com"],
        "groups": ["CN=Pilot,OU=Groups,DC=corp,DC=contoso,DC=com"],
    }
    _rehearsal, rows = synced(
        ad_user("ann", G1),
        ad_user("bob", G2),
        ad_user("eve", "00000000-0000-4000-8000-000000000001", ou="Elsewhere"),
        group,
        directory={"scope": scope},
    )
    assert outcome(rows, "ann") == ("create", "Created")
    assert outcome(rows, "bob") == ("skip", "NotInScope")
    assert rows[dn("eve", "Elsewhere")]["outcome"] == "skip"


def test_leaving_scope_deletes_softly_and_keeps_the_anchor(synced, domain):
    rehearsal, _rows = synced(ad_user("ann", G1), ad_user("bob", G2), users=[user("ann")])
    domain.write(ad_user("bob", G2))
    rows = rehearsal.cycle()
    assert rows[G1]["outcome"] == "delete"
    body = ann(rehearsal)
    assert (body["deleted"], body["onPremisesSyncEnabled"], body["onPremisesImmutableId"]) == (True, False, anchor(G1))
    domain.write(ad_user("ann", G1), ad_user("bob", G2))
    assert outcome(rehearsal.cycle()) == ("revive", "Revived")


def test_too_many_deletions_stop_the_whole_export(synced, domain):
    rehearsal, _rows = synced(ad_user("ann", G1), ad_user("bob", G2), settings={"deleteThreshold": 1})
    domain.write(ad_user("new", "00000000-0000-4000-8000-000000000002"))
    report = rehearsal.control("POST", "/sync", json={})["directories"][0]["cycles"][-1]
    assert "threshold" in report["error"]
    assert report["objects"] == []
    assert len(rehearsal.control("GET", "/users")["users"]) == 2


def test_staging_exports_nothing(synced):
    rehearsal, rows = synced(ad_user("ann", G1), directory={"staging": True})
    assert rows == {}
    assert rehearsal.control("GET", "/users")["users"] == []


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: b"\xff\xfe" + text.encode("utf-16-le"),
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.encode("cp1252"),
    ],
)
def test_exports_in_the_encodings_of_ldifde(synced, domain, start, tmp_path, encode):
    entry = ad_user("ann", G1, displayName="Zoë").replace("displayName: ", "displayName:\r\n ")
    (tmp_path / "export.ldf").write_bytes(encode(entry))
    rehearsal = start(directories=domain.seed())
    rows = rehearsal.cycle()
    assert rehearsal.user(rows[dn("ann")]["id"])["displayName"] == "Zoë"


def test_an_export_that_cannot_be_read_fails_the_cycle_and_says_why(start, domain):
    rehearsal = start(directories=domain.seed())
    cycle = rehearsal.control("POST", "/sync", json={})["directories"][0]["cycles"][-1]
    assert "export.ldf cannot be read" in cycle["error"]


def test_an_ad_that_does_not_answer_fails_the_cycle_without_its_password(start):
    ldap = {"servers": "ldap://127.0.0.1:1", "searchBase": "DC=corp", "username": "u", "password": "a-password"}
    rehearsal = start(directories=[{"domain": "corp.contoso.com", "ldap": ldap}])
    answer = rehearsal.http("POST", "/_control/sync", json={})
    assert "AD at ldap://127.0.0.1:1 cannot be read" in answer.text
    assert "a-password" not in answer.text


def test_two_domains_do_not_share_an_anchor(start, tmp_path):
    same = {"mS-DS-ConsistencyGuid": bytes(range(16))}
    (tmp_path / "a.ldf").write_text(ad_user("ann", G1, **same))
    (tmp_path / "b.ldf").write_text(ad_user("bob", G2, **same))
    rehearsal = start(directories=[{"domain": "a.com", "ldif": "a.ldf"}, {"domain": "b.com", "ldif": "b.ldf"}])
    report = rehearsal.control("POST", "/sync", json={})["directories"]
    assert [item["cycles"][-1]["objects"][0]["code"] for item in report] == ["Created", "AttributeValueMustBeUnique"]
