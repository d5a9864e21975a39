# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CSV of csvde and Get-ADUser: the bytes that LDAP would give, or a sentence with a line."""

from __future__ import annotations

import base64
import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory import count_and_peak

from ansible_collections.hybrid.identity.plugins.module_utils._directory.csv import CsvSource
from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowError

GUID = base64.b64decode("qdLIFLeQek2yZBzHeQEGmg==")
GUID_TEXT = "14c8d2a9-90b7-4d7a-b264-1cc77901069a"
SID = bytes.fromhex("010500000000000515000000f112f278e7f195930d9bc63d14050000")
SID_TEXT = "S-1-5-21-2029130481-2476077543-1036425997-1300"


def read(tmp_path, content, encoding="utf-8", wanted=None):
    path = tmp_path / "export.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    source = CsvSource(str(path), wanted)
    return list(source), source


def read_cell(tmp_path, title, cell):
    """Return the values of one attribute, read from a Get-ADUser file of one row."""
    path = tmp_path / "cell.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["DistinguishedName", title], ["CN=a", cell]])
    source = CsvSource(str(path))
    (entry,) = source
    return entry.attributes


# csvde

CSVDE = (
    "DN,objectClass,objectGUID,objectSid,displayName,proxyAddresses,userAccountControl,mS-DS-ConsistencyGuid\r\n"
    f"\"CN=Anna,DC=contoso,DC=com\",top;person;user,X'{GUID.hex()}',X'{SID.hex()}',\"Doe; Anna\","
    f"SMTP:a@x;smtp:b@x,512,X'{GUID.hex().upper()}'\r\n"
    f"X'{'CN=Stéphane,DC=contoso,DC=com'.encode().hex()}',user,X'{GUID.hex()}',,X'5374c3a97068616e65',,514,\r\n"
)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8-sig", "utf-16"])
def test_csvde(tmp_path, encoding):
    (anna, stephane), source = read(tmp_path, CSVDE, encoding)
    assert source.problems == []
    assert anna.dn == "CN=Anna,DC=contoso,DC=com"
    assert anna.line == 2
    assert anna.source == source.description == str(tmp_path / "export.csv")
    assert anna.attributes == {
        "objectclass": [b"top", b"person", b"user"],
        "objectguid": [GUID],
        "objectsid": [SID],
        "displayname": [b"Doe; Anna"],
        "proxyaddresses": [b"SMTP:a@x", b"smtp:b@x"],
        "useraccountcontrol": [b"512"],
        "ms-ds-consistencyguid": [GUID],
    }
    assert stephane.dn == "CN=Stéphane,DC=contoso,DC=com"
    assert stephane.attributes["displayname"] == ["Stéphane".encode()]
    assert "ms-ds-consistencyguid" not in stephane.attributes
    assert source.attributes == set(anna.attributes)


def test_csvde_keeps_a_consistency_guid_of_any_length(tmp_path):
    (entry,), _source = read(tmp_path, "DN,mS-DS-ConsistencyGuid\nCN=a,X'0011223344556677'\n")
    assert entry.attributes == {"ms-ds-consistencyguid": [bytes.fromhex("0011223344556677")]}


# Get-ADUser | Export-Csv

GET_ADUSER = (
    "DistinguishedName|Enabled|GivenName|Name|ObjectClass|ObjectGUID|SamAccountName|SID|Surname|UserPrincipalName|"
    "EmailAddress",
    f"CN=Jürgen,DC=contoso,DC=com|True|Jürgen|Jürgen|user|{GUID_TEXT}|juergen|{SID_TEXT}|Müller|juergen@contoso.com|j@x",
    f"CN=Anna,DC=contoso,DC=com|False||Anna|user|{GUID_TEXT}|anna|{SID_TEXT}|||",
)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_ALL, csv.QUOTE_MINIMAL])
def test_get_aduser(tmp_path, delimiter, encoding, quoting):
    text = io.StringIO(newline="")
    text.write("#TYPE Microsoft.ActiveDirectory.Management.ADUser\r\n")
    csv.writer(text, delimiter=delimiter, quoting=quoting).writerows(line.split("|") for line in GET_ADUSER)
    (juergen, anna), source = read(tmp_path, text.getvalue(), encoding)
    assert source.problems == []
    assert juergen.dn == "CN=Jürgen,DC=contoso,DC=com"
    assert juergen.line == 3
    assert juergen.attributes["objectguid"] == [GUID]
    assert juergen.attributes["objectsid"] == [SID]
    assert juergen.attributes["useraccountcontrol"] == [b"512"]
    assert juergen.attributes["mail"] == [b"j@x"]
    assert juergen.attributes["sn"] == ["Müller".encode()]
    assert juergen.attributes["userprincipalname"] == [b"juergen@contoso.com"]
    assert anna.attributes["useraccountcontrol"] == [b"514"]
    assert "mail" not in anna.attributes
    assert {"mail", "useraccountcontrol", "objectsid"} <= source.attributes
    assert "ms-ds-consistencyguid" not in source.attributes


CELLS = {
    "GUID with braces": ("ObjectGUID", "{" + GUID_TEXT.upper() + "}", "objectguid", [GUID]),
    "decimal bytes": ("mS-DS-ConsistencyGuid", " ".join(map(str, GUID)), "ms-ds-consistencyguid", [GUID]),
    "GUID text": ("mS-DS-ConsistencyGuid", GUID_TEXT, "ms-ds-consistencyguid", [GUID]),
    "base64": ("mS-DS-ConsistencyGuid", "qdLIFLeQek2yZBzHeQEGmg==", "ms-ds-consistencyguid", [GUID]),
    "mailbox GUID": ("msExchMailboxGuid", " ".join(map(str, GUID)), "msexchmailboxguid", [GUID]),
    "joined by ;": ("proxyAddresses", "SMTP:a@x;smtp:b@x", "proxyaddresses", [b"SMTP:a@x", b"smtp:b@x"]),
    "joined by a blank": (
        "proxyAddresses",
        "SMTP:a@x smtp:b@x",
        "proxyaddresses",
        [b"SMTP:a@x", b"smtp:b@x"],
    ),
    "joined by ,": ("proxyAddresses", "SMTP:a@x, smtp:b@x", "proxyaddresses", [b"SMTP:a@x", b"smtp:b@x"]),
    "an X.400 address": (
        "proxyAddresses",
        "SMTP:a@x;X400:C=US;A= ;P=Contoso;O=Exchange;S=Anna;;smtp:b@x",
        "proxyaddresses",
        [b"SMTP:a@x", b"X400:C=US;A= ;P=Contoso;O=Exchange;S=Anna;", b"smtp:b@x"],
    ),
    "an X.500 address": (
        "proxyAddresses",
        "SMTP:a@x;x500:/o=Org/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=a",
        "proxyaddresses",
        [b"SMTP:a@x", b"x500:/o=Org/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=a"],
    ),
    "time with a zone": ("PasswordLastSet", "2026-11-23T12:00:00Z", "pwdlastset", [b"134399088000000000"]),
    "raw time": ("pwdLastSet", "134399088000000000", "pwdlastset", [b"134399088000000000"]),
    "semicolon in a name": ("DisplayName", "Doe; Anna", "displayname", [b"Doe; Anna"]),
    "Excel's TRUE": ("Enabled", "TRUE", "useraccountcontrol", [b"512"]),
    "line break": ("Description", "one\ntwo", "description", [b"one\ntwo"]),
}


@pytest.mark.parametrize(("title", "cell", "attribute", "values"), CELLS.values(), ids=CELLS.keys())
def test_a_cell_becomes_what_ldap_would_give(tmp_path, title, cell, attribute, values):
    assert read_cell(tmp_path, title, cell) == {attribute: values}


@pytest.mark.parametrize(
    ("title", "cell"),
    [
        ("mS-DS-ConsistencyGuid", "System.Byte[]"),
        ("proxyAddresses", "Microsoft.ActiveDirectory.Management.ADPropertyValueCollection"),
        ("PasswordLastSet", "11/23/2026 12:00:00 PM"),
        ("PasswordLastSet", "23.11.2026 12:00:00"),
        ("PasswordLastSet", "2026-11-23T12:00:00"),
    ],
)
def test_a_cell_that_shows_no_value_makes_its_column_unknown_in_every_row(tmp_path, title, cell):
    entries, source = read(tmp_path, f"DistinguishedName,{title},mail\nCN=a,,a@x\nCN=b,{cell},b@x\n")
    assert source.problems == []
    assert source.attributes == {"mail"}
    assert [entry.attributes for entry in entries] == [{"mail": [b"a@x"]}, {"mail": [b"b@x"]}]


def test_an_attributes_own_column_wins_over_powershells_name(tmp_path):
    (entry,), source = read(
        tmp_path,
        "DistinguishedName,Enabled,userAccountControl,EmailAddress,mail,PasswordLastSet,pwdLastSet\n"
        "CN=a,True,66050,e@x,m@x,11/23/2026,0\n",
    )
    assert entry.attributes == {"useraccountcontrol": [b"66050"], "mail": [b"m@x"], "pwdlastset": [b"0"]}
    assert "pwdlastset" in source.attributes


def test_only_what_is_wanted_is_yielded_and_carried(tmp_path):
    entries, source = read(tmp_path, CSVDE, wanted={"objectguid", "mail"})
    assert [entry.attributes for entry in entries] == [{"objectguid": [GUID]}] * 2
    assert source.attributes == {"objectguid"}


def test_a_picture_makes_a_long_cell(tmp_path):
    cell = "1 " * 200_000
    assert read_cell(tmp_path, "thumbnailPhoto", cell) == {"thumbnailphoto": [cell.encode()]}


# What cannot be read

HEADERS = {
    "no name of the object": ("UserPrincipalName,ObjectGUID\na,b\n", 1, "DistinguishedName"),
    "a column twice": ("DN,mail,Mail\na,b,c\n", 1, "mail"),
    "a column twice, below a type line": ("#TYPE X\nDN,mail,mail\n", 2, "more than once"),
    "empty": ("", None, "no columns"),
}


@pytest.mark.parametrize(("content", "line", "words"), HEADERS.values(), ids=HEADERS.keys())
def test_a_header_that_cannot_be_used_is_refused(tmp_path, content, line, words):
    with pytest.raises(RowError, match=words) as caught:
        read(tmp_path, content)
    assert caught.value.line == line or line is None


GOOD = f"CN=good,{GUID_TEXT},{SID_TEXT},True\n"
BAD = {
    "too few columns": ("CN=a,x\n", "CN=a,x", "2 columns and the header has 4"),
    "too many columns": (f"CN=a,{GUID_TEXT},{SID_TEXT},True,\n", "CN=a", "5 columns and the header has 4"),
    "no name": (f",{GUID_TEXT},{SID_TEXT},True\n", GUID_TEXT, "no distinguished name"),
    "a short GUID": ("CN=a,14c8d2a9-90b7,,True\n", "14c8d2a9-90b7", "Column ObjectGUID"),
    "a zero GUID": ("CN=a,00000000-0000-0000-0000-000000000000,,True\n", "0000", "zero"),
    "no SID": (f"CN=a,{GUID_TEXT},S-1-x,True\n", "S-1-x", "Column SID"),
    "neither true nor false": (f"CN=a,{GUID_TEXT},{SID_TEXT},Ja\n", "Ja", "True nor False"),
    "text behind a quote": (f'"CN=a"x,{GUID_TEXT},{SID_TEXT},True\n', "", "no CSV"),
}


@pytest.mark.parametrize(("bad", "value", "words"), BAD.values(), ids=BAD.keys())
def test_a_bad_row_is_named_and_the_rest_goes_on(tmp_path, bad, value, words):
    text = f"DistinguishedName,ObjectGUID,SID,Enabled\n{GOOD}\n{bad}{GOOD.replace('good', 'after')}"
    entries, source = read(tmp_path, text)
    assert [(entry.dn, entry.line) for entry in entries] == [("CN=good", 2), ("CN=after", 5)]
    (problem,) = source.problems
    assert problem["source"] == str(tmp_path / "export.csv")
    assert problem["line"] == 4
    assert value in problem["value"]
    assert words in problem["message"]


def test_an_open_quote_is_a_problem_where_it_begins(tmp_path):
    entries, source = read(tmp_path, 'DN,mail\nCN=a,a@x\nCN=b,"b@x\nCN=c,c@x\n')
    assert [entry.dn for entry in entries] == ["CN=a"]
    assert [problem["line"] for problem in source.problems] == [3]


def test_rows_of_several_lines_are_counted_by_their_first(tmp_path):
    entries, _source = read(tmp_path, 'DN,description\nCN=a,"one\ntwo\nthree"\nCN=b,x\n')
    assert [(entry.dn, entry.line) for entry in entries] == [("CN=a", 2), ("CN=b", 5)]


text_cells = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=30)


@given(
    st.lists(st.tuples(text_cells.filter(str.strip), text_cells, st.binary(min_size=1, max_size=20)), max_size=5),
    st.sampled_from(",;\t"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_was_written_is_read(tmp_path_factory, rows, delimiter, encoding, line_end):
    path = tmp_path_factory.mktemp("csv") / "export.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator=line_end)
        writer.writerow(["DN", "description", "mS-DS-ConsistencyGuid"])
        writer.writerows([name, text, f"X'{raw.hex()}'"] for name, text, raw in rows)
    source = CsvSource(str(path))
    found = [
        (entry.dn, entry.attributes.get("description", [b""])[0].decode(), entry.attributes["ms-ds-consistencyguid"][0])
        for entry in source
    ]
    assert source.problems == []
    assert found == [(name.strip(), text, raw) for name, text, raw in rows]


def test_memory_stays_flat(tmp_path):
    path = tmp_path / "big.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["DN", "description", "mail"])
        writer.writerows([f"CN=u{n},DC=x", "x" * 500, f"u{n}@x"] for n in range(20_000))
    count, peak = count_and_peak(CsvSource(str(path)))
    assert count == 20_000
    assert peak < path.stat().st_size
    assert peak < 8 << 20
