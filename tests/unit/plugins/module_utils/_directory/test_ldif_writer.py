# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""LDIF that is written, and rows of objects as entries again."""

from __future__ import annotations

import json

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._directory.entry import Entry
from ansible_collections.hybrid.identity.plugins.module_utils._directory.ldif import LdifSource
from ansible_collections.hybrid.identity.plugins.module_utils._directory.ldif_writer import HEAD, ldif_entry
from ansible_collections.hybrid.identity.plugins.module_utils._directory.record import (
    AnchorSettings,
    carried_fields,
    to_row,
)
from ansible_collections.hybrid.identity.plugins.module_utils._directory.rows_back import RowEntries
from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowReader

AWKWARD = [
    b"plain",
    b"two  words",
    b"",
    b" leading",
    b"trailing ",
    b":colon",
    b"<less",
    b"in:side <it",
    b"line\nbreak",
    b"\r",
    b"\x00",
    bytes(range(256)),
    "Köln".encode(),
    b"-",
    b"#no comment",
    b"x" * 5000,
]


@pytest.mark.parametrize("dn", ["CN=Jane,DC=corp", "CN=Jürgen,OU=Straße,DC=corp", "CN=Doe\\, Jane,DC=corp"])
def test_what_is_written_is_read_again(tmp_path, dn):
    path = tmp_path / "export.ldf"
    path.write_bytes(HEAD + ldif_entry(dn, {"description": AWKWARD, "cn": [b"x"]}) + ldif_entry("CN=b,DC=corp", {}))
    source = LdifSource(str(path))
    first, second = source
    assert (first.dn, second.dn) == (dn, "CN=b,DC=corp")
    assert first.attributes["description"] == AWKWARD
    assert first.attributes["cn"] == [b"x"]
    assert source.problems == []


@pytest.mark.parametrize("value", [b"plain", b"in:side <it", b"two  words", b"-"])
def test_what_a_person_can_read_is_written_so(value):
    assert ldif_entry("DC=x", {"a": [value]}) == b"dn: DC=x\na: " + value + b"\n\n"


USER = {
    "objectclass": [b"top", b"person", b"organizationalPerson", b"user"],
    "samaccountname": [b"jane"],
    "userprincipalname": [b"jane@contoso.com"],
    "mail": [b"jane@contoso.com"],
    "proxyaddresses": [b"SMTP:jane@contoso.com", b"smtp:j@contoso.com"],
    "employeeid": [b"007"],
    "displayname": ["Jané".encode()],
    "objectguid": [bytes(range(16))],
    "ms-ds-consistencyguid": [b"\x01" * 8],
    "objectsid": [bytes.fromhex("010500000000000515000000010000000200000003000000") + b"\x50\x04\x00\x00"],
    "useraccountcontrol": [b"66050"],
    "pwdlastset": [b"133444736000000000"],
    "accountexpires": [b"133444736000000000"],
    "msexchrecipienttypedetails": [b"1"],
    "msexchmailboxguid": [bytes(range(16, 32))],
    "msexchhidefromaddresslists": [b"TRUE"],
    "title": [b"Pilot"],
    "telephonenumber": [b"+49 1"],
}


def written(tmp_path, rows, attributes):
    path = tmp_path / "objects.jsonl"
    head = {"kind": "objects", "version": 1, "domain": "corp", "attributes": sorted(attributes)}
    lines = [head, *rows, {"kind": "end", "rows": len(rows)}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return RowEntries(RowReader(str(path), {"objects"}))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"objectclass": [b"top", b"group"], "useraccountcontrol": None},
        {"useraccountcontrol": [b"512"]},
        {"pwdlastset": [b"0"], "accountexpires": None, "objectsid": None, "proxyaddresses": None},
    ],
)
def test_a_row_becomes_the_object_that_it_came_from(tmp_path, changes):
    values = {name: value for name, value in {**USER, **changes}.items() if value}
    carried = frozenset(USER)
    row = to_row(Entry("CN=Jane,DC=corp", values, "s"), carried, AnchorSettings())
    entries = written(tmp_path, [row], carried_fields(carried, "userPrincipalName"))
    (entry,) = entries
    if row["synced_attributes"] is not None:
        assert entry.attributes == values
        assert entries.attributes == carried
    again = to_row(entry, entries.attributes, AnchorSettings())
    assert {**again, "source": None} == {**row, "source": None}


def test_a_row_that_cannot_be_read_is_named_and_the_rest_is_not_stopped(tmp_path):
    good = {"distinguished_name": "CN=b,DC=corp", "mail": "b@contoso.com"}
    bad = {"distinguished_name": "CN=a,DC=corp", "object_guid": "no guid"}
    entries = written(tmp_path, [bad, good], ["mail", "object_guid"])
    assert [entry.dn for entry in entries] == ["CN=b,DC=corp"]
    assert [(one["line"], one["value"]) for one in entries.problems] == [(2, "CN=a,DC=corp")]
