# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects asked for by name."""

from __future__ import annotations

import base64
import uuid

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._directory.identities import Identities
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.ldap_filter import parse_filter

GUID = uuid.UUID("96dcc383-2f6e-4fa2-af15-6b4c1119259a")
SID = "S-1-5-21-1-2-3-1104"


def row(name, **changes):
    fields = {
        "distinguished_name": f"CN={name},DC=x",
        "object_guid": str(uuid.uuid5(GUID, name)),
        "object_sid": None,
        "user_principal_name": f"{name}@example.com",
        "mail": None,
        "sam_account_name": name,
    }
    return {**fields, **changes}


JANE = row("jane", object_guid=str(GUID), object_sid=SID, mail="Jane.Doe@example.com")
ROWS = [JANE, row("john"), row("Doe, Jim", distinguished_name=r"CN=Doe\, Jim,DC=x")]


def settle(names, rows=None):
    identities = Identities(names)
    for each in rows or ROWS:
        identities.take(each)
    return identities.settle()


@pytest.mark.parametrize(
    "name",
    [
        "CN=Jane, DC=X",
        str(GUID),
        "{96DCC383-2F6E-4FA2-AF15-6B4C1119259A}",
        base64.b64encode(GUID.bytes_le).decode(),
        SID,
        SID.lower(),
        "JANE@example.com",
        "jane.doe@example.com",
        "JANE",
    ],
)
def test_every_kind_of_name_finds_its_object(name):
    assert settle([name]) == ([JANE], [])


def test_an_escaped_name_finds_its_object():
    assert settle([r"cn=doe\2c jim,dc=x"]) == ([ROWS[2]], [])


def test_a_name_that_nobody_has_is_missing_with_a_reason():
    rows, [missing] = settle(["nobody", "john"])
    assert rows == [ROWS[1]]
    assert missing["identity"] == "nobody"
    assert missing["reason"]["code"] == "identity_not_found"
    assert missing["candidates"] == []


def test_a_name_that_means_two_objects_is_never_guessed():
    rows, [missing] = settle(["jane@example.com"], [JANE, row("jack", mail="jane@example.com")])
    assert rows == []
    assert missing["reason"]["code"] == "identity_ambiguous"
    assert [each["sam_account_name"] for each in missing["candidates"]] == ["jane", "jack"]


def test_an_object_named_twice_or_found_twice_is_returned_once():
    assert settle(["jane", SID, "jane"], [JANE, dict(JANE)]) == ([JANE], [])


def test_rows_come_in_the_order_of_the_names():
    assert settle(["john", "jane"])[0] == [ROWS[1], JANE]


def test_the_filter_finds_every_named_object_and_no_other():
    names = ["CN=Jane,DC=x", str(GUID), "john@example.com", "sam)(cn*"]
    [text] = Identities(names).filters("(objectClass=user)")
    found = parse_filter(text)

    def matches(**values):
        lookup = {"objectclass": [b"user"], **values}
        return found.test(lambda name: lookup.get(name, []))

    assert matches(objectguid=[GUID.bytes_le])
    assert matches(distinguishedname=[b"cn=jane,dc=x"])
    assert matches(mail=[b"john@example.com"])
    assert matches(userprincipalname=[b"John@example.com"])
    assert matches(samaccountname=[b"sam)(cn*"])
    assert not matches(samaccountname=[b"sam"])
    assert not matches(cn=[b"anything"])
    assert not matches(objectguid=[GUID.bytes])


def test_bytes_are_escaped_one_by_one():
    [text] = Identities([str(GUID)]).filters("(objectClass=user)")
    assert r"(objectGUID=\83\c3\dc\96\6e\2f\a2\4f\af\15\6b\4c\11\19\25\9a)" in text


def test_many_names_make_several_filters():
    filters = list(Identities([f"user{number}" for number in range(120)]).filters("objectClass=user"))
    assert len(filters) == 3
    assert all(text.startswith("(&(objectClass=user)(|(") for text in filters)
