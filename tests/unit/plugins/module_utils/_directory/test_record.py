# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AD objects as rows."""

from __future__ import annotations

import base64
import uuid

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._directory.entry import Entry
from ansible_collections.hybrid.identity.plugins.module_utils._directory.record import (
    AnchorSettings,
    anchors_differ,
    carried_fields,
    decide_anchor,
    to_row,
    wanted_attributes,
)

GUID = uuid.UUID("96dcc383-2f6e-4fa2-af15-6b4c1119259a")
GUID_ID = "g8Pclm4vok+vFWtMERklmg=="
OTHER = uuid.UUID("14c8d2a9-90b7-4d7a-b264-1cc77901069a")
OTHER_ID = "qdLIFLeQek2yZBzHeQEGmg=="
SEEN = frozenset(["objectguid", "ms-ds-consistencyguid"])
UNSEEN = frozenset(["objectguid"])


def anchor(mode, consistency=None, carried=SEEN, attribute=None, **values):
    values = {"objectguid": [GUID.bytes_le], **values}
    if consistency is not None:
        values["ms-ds-consistencyguid"] = [consistency]
    return decide_anchor(values, carried, AnchorSettings(mode, attribute))


def test_the_default_prefers_the_consistency_guid():
    assert anchor("consistency_guid_or_object_guid", OTHER.bytes_le) == (OTHER_ID, "consistency_guid", True, None)


def test_the_default_falls_back_when_the_consistency_guid_is_known_to_be_empty():
    assert anchor("consistency_guid_or_object_guid") == (GUID_ID, "object_guid", True, None)
    assert anchor("consistency_guid_or_object_guid", b"") == (GUID_ID, "object_guid", True, None)
    assert anchor("consistency_guid_or_object_guid", carried=None).certain is True


def test_the_default_is_uncertain_when_the_consistency_guid_was_not_read():
    assert anchor("consistency_guid_or_object_guid", carried=UNSEEN) == (GUID_ID, "object_guid", False, None)


def test_object_guid_stated_is_certain_and_ignores_the_consistency_guid():
    assert anchor("object_guid", carried=UNSEEN) == (GUID_ID, "object_guid", True, None)
    assert anchor("object_guid", OTHER.bytes_le) == (GUID_ID, "object_guid", True, None)
    assert anchor("object_guid", b"8 bytes.") == (GUID_ID, "object_guid", True, None)


def test_consistency_guid_alone_never_falls_back():
    assert anchor("consistency_guid", OTHER.bytes_le).immutable_id == OTHER_ID
    assert anchor("consistency_guid").reason["code"] == "consistency_guid_empty"
    assert anchor("consistency_guid", carried=UNSEEN).reason["code"] == "consistency_guid_unread"
    assert anchor("consistency_guid").certain is None


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (b"8 bytes.", "consistency_guid_wrong_length"),
        (str(OTHER).encode(), "consistency_guid_wrong_length"),
        (OTHER_ID.encode(), "consistency_guid_wrong_length"),
        (bytes(16), "consistency_guid_all_zero"),
    ],
)
def test_a_bad_consistency_guid_is_no_anchor_and_not_passed_over(value, code):
    found = anchor("consistency_guid_or_object_guid", value)
    assert found.immutable_id is None
    assert found.certain is None
    assert found.reason["code"] == code


def test_a_swapped_consistency_guid_is_used_with_a_warning():
    found = anchor("consistency_guid_or_object_guid", OTHER.bytes)
    assert found.immutable_id == base64.b64encode(OTHER.bytes).decode()
    assert found.reason["code"] == "anchor_looks_byte_swapped"
    assert str(OTHER) in found.reason["message"]


def test_an_object_without_object_guid_has_no_anchor():
    found = decide_anchor({}, frozenset(), AnchorSettings("object_guid"))
    assert found.immutable_id is None
    assert found.reason["code"] == "no_object_guid"


def test_a_string_attribute_is_the_anchor_as_it_is():
    found = anchor("attribute", attribute="employeeID", carried=None, employeeid=[b"0042"])
    assert found == ("0042", "employeeID", True, None)


def test_sixteen_letters_are_text_and_not_a_guid():
    """The trap of libraries that let the bytes decide the type."""
    assert anchor("attribute", attribute="employeeID", carried=None, employeeid=[b"x" * 16]).immutable_id == "x" * 16


def test_a_binary_attribute_is_the_anchor_in_base64():
    found = anchor("attribute", attribute="msExchMailboxGuid", carried=None, msexchmailboxguid=[b"x" * 16])
    assert found.immutable_id == base64.b64encode(b"x" * 16).decode()


@pytest.mark.parametrize(
    ("values", "carried", "code"),
    [
        ([], None, "anchor_attribute_empty"),
        ([], UNSEEN, "anchor_attribute_unread"),
        ([b"1", b"2"], None, "anchor_attribute_many_values"),
        ([b"\xff\xfe"], None, "anchor_attribute_no_text"),
    ],
)
def test_an_attribute_that_is_no_anchor_is_named(values, carried, code):
    found = anchor("attribute", attribute="employeeID", carried=carried, employeeid=values)
    assert found.immutable_id is None
    assert found.reason["code"] == code
    assert "employeeID" in found.reason["message"]


FULL = Entry(
    "CN=Jörg,DC=x",
    {
        "objectclass": [b"top", b"person", b"organizationalPerson", b"user"],
        "samaccountname": [b"joerg"],
        "userprincipalname": [b"joerg@corp.local"],
        "mail": ["jörg@example.com".encode()],
        "proxyaddresses": [b"SMTP:a@x", b"smtp:b@x"],
        "objectguid": [GUID.bytes_le],
        "ms-ds-consistencyguid": [b"8 bytes."],
        "objectsid": [bytes.fromhex("010500000000000515000000A065CF7E784B9B5FE77C8770091C0100")],
        "useraccountcontrol": [b"66050"],
        "pwdlastset": [b"133485408000000000"],
        "msexchrecipienttypedetails": [b"2147483648"],
        "msexchmailboxguid": [OTHER.bytes_le],
    },
    "ldaps://dc1/DC=x",
)


def test_values_become_readable():
    row = to_row(FULL, None, AnchorSettings("object_guid"), "mail")
    assert row["object_class"] == "user"
    assert row["login_name"] == row["mail"] == "jörg@example.com"
    assert row["proxy_addresses"] == ["SMTP:a@x", "smtp:b@x"]
    assert row["object_guid"] == str(GUID)
    assert row["consistency_guid"] == base64.b64encode(b"8 bytes.").decode()
    assert row["immutable_id"] == GUID_ID
    assert row["object_sid"] == "S-1-5-21-2127521184-1604012920-1887927527-72713"
    assert row["enabled"] is False
    assert row["password_last_set"] == "2024-01-01T00:00:00Z"
    assert row["msexch_recipient_type_details"] == 2147483648
    assert row["msexch_mailbox_guid"] == str(OTHER)
    assert row["in_scope"] is None
    assert row["source"] == "ldaps://dc1/DC=x"


def test_nothing_known_is_null_in_every_field():
    row = to_row(Entry("CN=x", {}, "export.ldf", 7), frozenset(), AnchorSettings())
    assert row["enabled"] is None
    assert row["proxy_addresses"] == []
    assert row["source"] == "export.ldf:7"
    assert set(row) == set(to_row(FULL, None, AnchorSettings()))
    assert all(row[field] is None for field in ("mail", "object_sid", "password_last_set", "object_guid", "login_name"))


@pytest.mark.parametrize(
    ("values", "field", "expected"),
    [
        ({"useraccountcontrol": [b"512"]}, "enabled", True),
        ({"useraccountcontrol": [b"514"]}, "enabled", False),
        ({"useraccountcontrol": [b"x"]}, "enabled", None),
        ({"pwdlastset": [b"0"]}, "password_last_set", "1601-01-01T00:00:00Z"),
        ({"pwdlastset": [b"-1"]}, "password_last_set", None),
        ({"pwdlastset": [b"9223372036854775807"]}, "password_last_set", None),
        ({"objectsid": [b"\x01\x05\0\0\0\0\0\x05\x15\0\0\0"]}, "object_sid", None),  # cut off
        ({"objectguid": [b"short"]}, "object_guid", None),
        ({"mail": [b""]}, "mail", None),
        ({"displayname": [b"\xff"]}, "display_name", "\ufffd"),
    ],
)
def test_odd_values_do_no_harm(values, field, expected):
    assert to_row(Entry("CN=x", values, "s"), None, AnchorSettings())[field] == expected


def test_the_attributes_to_read_hold_what_the_rows_and_rules_need_once():
    names = wanted_attributes(AnchorSettings("attribute", "employeeNumber"), "mail", ["memberOf", "MAIL"])
    lower = [name.lower() for name in names]
    assert len(set(lower)) == len(lower)
    assert {
        "objectGUID",
        "mS-DS-ConsistencyGuid",
        "isCriticalSystemObject",
        "adminDescription",
        "employeeNumber",
    } <= set(names)
    assert "memberOf" in names


def test_carried_fields_follow_the_source():
    assert "mail" in carried_fields(None, "userPrincipalName")
    some = carried_fields(frozenset(["objectguid", "userprincipalname"]), "userPrincipalName")
    assert {"object_guid", "user_principal_name", "login_name", "distinguished_name"} <= some
    assert not some & {"mail", "consistency_guid", "in_scope"}
    assert "login_name" not in carried_fields(frozenset(["userprincipalname"]), "mail")


def test_the_modes_differ_only_where_both_values_are_known():
    row = to_row(FULL, None, AnchorSettings())
    assert anchors_differ(row)
    assert not anchors_differ({**row, "consistency_guid": None})
    assert not anchors_differ({**row, "consistency_guid": GUID_ID})


def test_what_sync_sends_besides_stands_in_one_field():
    further = {
        "givenname": ["Jörg".encode()],
        "telephonenumber": [b""],
        "extensionattribute2": [b"a", b"b"],
        "accountexpires": [b"133485408000000000"],
        "useraccountcontrol": [b"512"],
        "whencreated": [b"20200101000000.0Z"],
    }
    row = to_row(FULL._replace(attributes={**FULL.attributes, **further}), None, AnchorSettings())
    assert row["synced_attributes"] == {
        "givenName": "Jörg",
        "extensionAttribute2": ["a", "b"],
        "accountExpires": "2024-01-01T00:00:00Z",
        "userAccountControl": 512,
    }


@pytest.mark.parametrize("never", [b"0", b"9223372036854775807"])
def test_an_account_that_never_expires_has_no_date(never):
    row = to_row(Entry("CN=x", {"accountexpires": [never]}, "s"), None, AnchorSettings())
    assert row["synced_attributes"] == {}


def test_what_was_carried_is_named_down_to_the_attribute():
    fields = carried_fields(frozenset(("title", "mail", "objectguid")), "mail")
    assert {"synced_attributes.title", "mail", "login_name", "object_guid"} <= fields
    assert "synced_attributes.department" not in fields
    assert "synced_attributes.department" in carried_fields(None, "mail")


def test_what_is_asked_for_includes_what_sync_sends():
    asked = wanted_attributes(AnchorSettings(), "userPrincipalName")
    assert {"department", "extensionAttribute15", "accountExpires", "manager", "isDeleted"} <= set(asked)
    assert len(asked) == len({name.lower() for name in asked})


@pytest.mark.parametrize(
    ("values", "carried", "code"),
    [
        ({"objectclass": [b"top", b"group"], "mail": [b"g@x"]}, None, "group_by_address"),
        ({"objectclass": [b"top", b"group"], "proxyaddresses": [b"SMTP:g@x"]}, None, "group_by_address"),
        ({"objectclass": [b"top", b"group"]}, None, "group_without_address"),
        ({"objectclass": [b"top", b"group"]}, frozenset(("objectclass", "mail")), "group_by_address"),
        ({"objectclass": [b"top", b"person", b"contact"]}, None, "contact_by_address"),
    ],
)
def test_groups_and_contacts_have_no_anchor_and_say_what_takes_its_place(values, carried, code):
    row = to_row(Entry("CN=x", {**values, "objectguid": [GUID.bytes_le]}, "s"), carried, AnchorSettings())
    assert row["object_guid"] == str(GUID)
    assert (row["immutable_id"], row["anchor_source"], row["anchor_certain"]) == (None, None, None)
    assert row["anchor_reason"]["code"] == code
    assert row["synced_attributes"] is None
