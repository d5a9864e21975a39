# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""LDIF as the tools write it, and what is wrong with it in a sentence with a line."""

from __future__ import annotations

import base64
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memory import count_and_peak

from ansible_collections.hybrid.identity.plugins.module_utils._directory import ldif
from ansible_collections.hybrid.identity.plugins.module_utils._directory.ldif import LdifSource
from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowError

GUID = base64.b64decode("qdLIFLeQek2yZBzHeQEGmg==")
SID = bytes.fromhex("010500000000000515000000f112f278e7f195930d9bc63d14050000")


def read(tmp_path, content, encoding="utf-8", wanted=None):
    path = tmp_path / "export.ldf"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    source = LdifSource(str(path), wanted)
    return list(source), source


def lines(*text, end="\r\n"):
    return "".join(line + end for line in text)


# As the tools write it


LDIFDE = lines(
    "dn: CN=Anna,OU=test,DC=contoso,DC=com",
    "changetype: add",
    "objectClass: top",
    "objectClass: user",
    "objectGUID:: qdLIFLeQek2yZBzHeQEGmg==",
    "description: a:b: c",
    "",
    "dn:",
    " CN=A very long name that ldifde moves as a whole to the next line,OU=Somewhere",
    " ,DC=contoso,DC=com",
    "changetype: add",
    "objectGUID::",
    " qdLIFLeQek2yZBzHeQEGmg==",
    "mS-DS-ConsistencyGuid::",
    " qdLIFLeQek2y",
    " ZBzHeQEGmg==",
    "displayName: Jürgen Müller",
    "",
)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("line_end", ["\r\n", "\n"])
def test_ldifde_in_every_encoding(tmp_path, encoding, line_end):
    (anna, long_name), source = read(tmp_path, LDIFDE.replace("\r\n", line_end), encoding)
    assert source.problems == []
    assert anna.dn == "CN=Anna,OU=test,DC=contoso,DC=com"
    assert anna.attributes == {"objectclass": [b"top", b"user"], "objectguid": [GUID], "description": [b"a:b: c"]}
    assert anna.line == 1
    assert anna.source == source.description == str(tmp_path / "export.ldf")
    assert long_name.dn == (
        "CN=A very long name that ldifde moves as a whole to the next line,OU=Somewhere,DC=contoso,DC=com"
    )
    assert long_name.line == 8
    assert long_name.attributes == {
        "objectguid": [GUID],
        "ms-ds-consistencyguid": [GUID],
        "displayname": ["Jürgen Müller".encode()],
    }


def test_utf_16_with_the_big_endian_mark(tmp_path):
    entries, source = read(tmp_path, b"\xfe\xff" + LDIFDE.encode("utf-16-be"))
    assert len(entries) == 2
    assert source.problems == []


def test_the_classic_recipe_with_its_trailing_blanks(tmp_path):
    (anna, _bob), source = read(
        tmp_path,
        "dn: CN=Anna,DC=contoso,DC=com \r\nchangetype: add\r\nobjectGUID:: g8Pclm4vok+vFWtMERklmg==  \r\n"
        "userPrincipalName: anna@contoso.com \r\n \r\n"
        "dn: CN=Bob,DC=contoso,DC=com\r\nchangetype: add\r\nobjectGUID:: qdLIFLeQek2yZBzHeQEGmg==\r\n\r\n",
    )
    assert source.problems == []
    assert anna.dn == "CN=Anna,DC=contoso,DC=com"
    assert anna.attributes["objectguid"] == [base64.b64decode("g8Pclm4vok+vFWtMERklmg==")]
    assert anna.attributes["userprincipalname"] == [b"anna@contoso.com"]


def test_a_line_of_blanks_between_two_entries_parts_them(tmp_path):
    entries, source = read(tmp_path, lines("dn: CN=a", "mail: a@x", "  ", "dn: CN=b", "mail: b@x", " ", "DN: CN=c"))
    assert [(entry.dn, entry.line) for entry in entries] == [("CN=a", 1), ("CN=b", 4), ("CN=c", 7)]
    assert source.problems == []


LDAPSEARCH = textwrap.dedent("""\
    # extended LDIF
    #
    # LDAPv3
    # base <dc=contoso,dc=com> with scope subtree
    # requesting: objectGUID mail
    #

    # Anna, Users, contoso.com
    dn: CN=Anna,CN=Users,DC=contoso,DC=com
    objectGUID:: qdLIFLeQek2yZBzHeQEGmg==
    mail: anna.with.a.long.address.that.is.folded.at.seventy.eight.characters@cont
     oso.com

    # J\\C3\\BCrgen, Users, contoso.com
    dn:: Q049SsO8cmdlbixDTj1Vc2VycyxEQz1jb250b3NvLERDPWNvbQ==
    objectGUID: abcdefghijklmnop

    # search reference
    ref: ldap://other.contoso.com/DC=other,DC=contoso,DC=com
    ref: ldap://third.contoso.com/DC=third,DC=contoso,DC=com

    # search result
    search: 3
    result: 0 Success
    control: 1.2.840.113556.1.4.319 false MIQAAAAFAgEABAA=
    pagedresults: cookie=

    # numResponses: 4
    # numEntries: 2
    # numReferences: 1
    """)


def test_ldapsearch_with_its_comments_references_and_trailer(tmp_path):
    (anna, juergen), source = read(tmp_path, LDAPSEARCH)
    assert source.problems == []
    assert source.attributes == {"objectguid", "mail"}
    address = b"anna.with.a.long.address.that.is.folded.at.seventy.eight.characters@contoso.com"
    assert anna.attributes == {"objectguid": [GUID], "mail": [address]}
    assert anna.line == 9
    assert juergen.dn == "CN=Jürgen,CN=Users,DC=contoso,DC=com"
    assert juergen.attributes["objectguid"] == [b"abcdefghijklmnop"], "16 printable bytes are bytes"


def test_a_search_that_was_cut_short_is_a_problem(tmp_path):
    entries, source = read(tmp_path, LDAPSEARCH.replace("result: 0 Success", "result: 4 Size limit exceeded"))
    assert len(entries) == 2
    (problem,) = source.problems
    assert problem["line"] == LDAPSEARCH.splitlines().index("result: 0 Success") + 1
    assert "4 Size limit exceeded" in problem["message"]
    assert "paging" in problem["message"]


LDBSEARCH = textwrap.dedent("""\
    # record 1
    dn: CN=u194,CN=Users,DC=company,DC=example
    objectGUID: 14c8d2a9-90b7-4d7a-b264-1cc77901069a
    objectSid: S-1-5-21-2029130481-2476077543-1036425997-1300
    mS-DS-ConsistencyGuid: 12345678
    pwdLastSet: 0

    # Referral
    ref: ldap:///CN=Configuration,DC=company,DC=example

    # returned 2 records
    # 1 entries
    # 1 referrals
    """)


def test_ldbsearch_with_its_readable_guid_and_sid(tmp_path):
    (entry,), source = read(tmp_path, LDBSEARCH)
    assert source.problems == []
    assert entry.line == 2
    assert entry.attributes == {
        "objectguid": [GUID],
        "objectsid": [SID],
        "ms-ds-consistencyguid": [b"12345678"],
        "pwdlastset": [b"0"],
    }


@pytest.mark.parametrize("between", ["", "\n"])
def test_a_version_line(tmp_path, between):
    (entry,), source = read(tmp_path, f"version: 1\n{between}dn: CN=a\nmail: a@x\n")
    assert entry.attributes == {"mail": [b"a@x"]}
    assert source.attributes == {"mail"}
    assert source.problems == []


def test_options_of_an_attribute_are_no_part_of_its_name(tmp_path):
    (entry,), source = read(
        tmp_path, "dn: CN=a\nuserCertificate;binary:: AQI=\nmember;range=0-1499: CN=b\nmember;range=0-1499: CN=c\n"
    )
    assert entry.attributes == {"usercertificate": [b"\1\2"], "member": [b"CN=b", b"CN=c"]}
    assert source.attributes == {"usercertificate", "member"}


def test_names_are_one_whatever_their_case(tmp_path):
    (a, b), source = read(tmp_path, "dn: CN=a\nMail: a@x\nmAiL: b@x\n\nDN: CN=b\nMAIL: c@x\n")
    assert a.attributes == {"mail": [b"a@x", b"b@x"]}
    assert b.attributes == {"mail": [b"c@x"]}
    assert source.attributes == {"mail"}


def test_values_without_a_blank_or_with_several_or_empty(tmp_path):
    (entry,), source = read(tmp_path, "dn:CN=a\nmail:a@x\nsn:  b\ntitle:\nobjectGUID::qdLIFLeQek2yZBzHeQEGmg==\ncn: \n")
    assert entry.attributes == {"mail": [b"a@x"], "sn": [b"b"], "title": [b""], "objectguid": [GUID], "cn": [b""]}
    assert source.problems == []


def test_blank_lines_anywhere_do_not_shift_the_line_numbers(tmp_path):
    entries, _source = read(tmp_path, "\n\n\ndn: CN=a\n\n\n\n\ndn: CN=b\n\n\ndn: CN=c\n\n\n")
    assert [(entry.dn, entry.line) for entry in entries] == [("CN=a", 4), ("CN=b", 9), ("CN=c", 12)]


def test_only_what_is_wanted_is_yielded_and_carried(tmp_path):
    (anna, _long_name), source = read(tmp_path, LDIFDE, wanted={"objectguid", "mail", "ms-ds-consistencyguid"})
    assert anna.attributes == {"objectguid": [GUID]}
    assert {"objectguid", "ms-ds-consistencyguid"} <= source.attributes
    assert "mail" not in source.attributes


def test_what_no_entry_shows_is_not_carried(tmp_path):
    _entries, source = read(tmp_path, LDIFDE)
    assert source.attributes == {"objectclass", "objectguid", "description", "ms-ds-consistencyguid", "displayname"}


def test_an_export_without_entries(tmp_path):
    entries, source = read(tmp_path, "# returned 0 records\n# 0 entries\n# 0 referrals\n")
    assert entries == []
    assert source.problems == []


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(RowError, match="no such file"):
        LdifSource(str(tmp_path / "none.ldf"))


# What cannot be read

GOOD = "dn: CN=good\nmail: good@x\n"
BAD = {
    "truncated base64": ("dn: CN=a\nmail: a@x\nobjectGUID:: qdLIFLeQek2yZBzHe\n", 3, "qdLIFLeQek2yZBzHe", "cut off"),
    "lost padding": ("dn: CN=a\nobjectGUID:: qdLIFLeQek2yZBzHeQEGmg\n", 2, "qdLI", "cut off"),
    "foreign characters": ("dn: CN=a\nobjectGUID:: qdLIFLe*ek2yZBzHeQEGmg==\n", 2, "qdLI", "foreign characters"),
    "base64 after its padding": ("dn: CN=a\nobjectGUID:: YQ==YQ==\n", 2, "YQ==YQ==", "foreign characters"),
    "base64 cut after a fold": ("dn: CN=a\nobjectGUID::\n qdLIFLeQek2y\n ZBzHeQEGmg=\n", 2, "qdLI", "cut off"),
    "a file as value": ("dn: CN=a\njpegPhoto:< file:///tmp/a.jpg\n", 2, "file:///tmp", ":<"),
    "no colon": ("dn: CN=a\nmail: a@x\nsecond half of a line\n", 3, "second half", "attribute: value"),
    "blank in a name": ("dn: CN=a\ngiven name: a\n", 2, "given name", "attribute: value"),
    "a modification": ("dn: CN=a\nchangetype: modify\nreplace: mail\nmail: a@x\n-\n", 2, "modify", "is modify"),
    "a deletion": ("dn: CN=a\nchangetype: delete\n", 2, "delete", "changetype is delete"),
    "a rename": ("dn: CN=a\nchangetype: modrdn\nnewrdn: CN=b\n", 2, "modrdn", "changetype is modrdn"),
    "no dn": ("mail: a@x\nsn: a\n", 1, "mail: a@x", "does not begin"),
    "an empty dn": ("dn:\nmail: a@x\n", 1, "dn:", "dn is empty"),
    "two dns": ("dn: CN=a\nmail: a@x\ndn: CN=b\nmail: b@x\n", 3, "dn: CN=b", "blank line"),
    "another version": ("version: 2\n", 1, "version: 2", "version 2"),
    "a GUID as wrong text": ("dn: CN=a\nobjectGUID: zzc8d2a9-90b7-4d7a-b264-1cc77901069a\n", 2, "", "zzc8d2a9"),
    "a SID as wrong text": ("dn: CN=a\nobjectSid: S-1-5-x\n", 2, "", "S-1-5-x"),
}


@pytest.mark.parametrize(("bad", "line", "value", "words"), BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_bad_entry_is_named_and_the_rest_goes_on(tmp_path, bad, line, value, words, line_end):
    text = f"{GOOD}\n{bad}\n{GOOD.replace('good', 'after')}".replace("\n", line_end)
    entries, source = read(tmp_path, text)
    assert [(entry.dn, entry.line) for entry in entries] == [("CN=good", 1), ("CN=after", bad.count("\n") + 5)]
    (problem,) = source.problems
    assert problem["source"] == str(tmp_path / "export.ldf")
    assert problem["line"] == line + 3
    assert value in problem["value"]
    assert words.lower() in problem["message"].lower()


def test_a_bad_entry_beside_a_line_of_blanks_costs_only_itself(tmp_path):
    entries, source = read(tmp_path, "dn: CN=a\nmail:: A\n  \ndn: CN=b\nmail: b@x\n")
    assert [entry.dn for entry in entries] == ["CN=b"]
    assert [problem["line"] for problem in source.problems] == [2]


def test_a_long_value_is_cut_in_the_problem(tmp_path):
    _entries, source = read(tmp_path, f"dn: CN=a\nthumbnailPhoto:: {'A' * 100_001}\n")
    assert len(source.problems[0]["value"]) <= 200


# Any entry, any folding, any encoding

names = st.sampled_from(["mail", "msExchMailboxGuid", "mS-DS-ConsistencyGuid", "description", "x-1", "ref", "text"])
printable = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufeff"))
written = st.one_of(st.binary(max_size=120), printable.map(str.encode))
entry_values = st.dictionaries(names, st.lists(written, min_size=1, max_size=3), max_size=4)
distinguished_names = printable.filter(str.strip)


def is_plain(value, ascii_only):
    """Tell whether a value may stand behind one colon."""
    if not value or value[:1] in b" :<" or value != value.strip():
        return not value
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return text.isprintable() and (text.isascii() or not ascii_only)


def fold(line, width, on_next_line):
    """Fold as the RFC says, or as ldifde does: the value as a whole below its name."""
    if len(line) <= width:
        return [line]
    if on_next_line:
        name, value = line.split(": ", 1)
        return [name + ":", *(" " + value[at : at + width - 1] for at in range(0, len(value), width - 1))]
    return [line[:width], *(" " + line[at : at + width - 1] for at in range(width, len(line), width - 1))]


def write_ldif(entries, *, width, on_next_line, ascii_only, changetype):
    out = []
    for dn, values in entries:
        pairs = [("dn", dn.encode())]
        if changetype:
            pairs.append(("changetype", b"add"))
        pairs += [(name, value) for name, many in values.items() for value in many]
        for name, value in pairs:
            if is_plain(value, ascii_only):
                line = f"{name}: {value.decode()}"
            else:
                line = f"{name}:: {base64.b64encode(value).decode()}"
            out += fold(line, width, on_next_line)
        out.append("")
    return out


@settings(max_examples=300)
@given(
    entries=st.lists(st.tuples(distinguished_names, entry_values), max_size=5),
    width=st.integers(min_value=24, max_value=80),
    on_next_line=st.booleans(),
    changetype=st.booleans(),
    line_end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["ascii", "utf-8", "utf-8-sig", "utf-16", "utf-16-le"]),
    chunk=st.integers(min_value=3, max_value=200),
)
def test_what_was_written_is_read(
    tmp_path_factory, entries, width, on_next_line, changetype, line_end, encoding, chunk
):
    text = write_ldif(
        entries, width=width, on_next_line=on_next_line, ascii_only=encoding == "ascii", changetype=changetype
    )
    path = tmp_path_factory.mktemp("ldif") / "export.ldf"
    path.write_bytes("".join(line + line_end for line in text).encode(encoding))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ldif, "_CHUNK", chunk)
        source = LdifSource(str(path))
        found = list(source)
    assert source.problems == []
    assert [(entry.dn, entry.attributes) for entry in found] == [
        (dn, {name.lower(): values for name, values in many.items()}) for dn, many in entries
    ]
    assert all(text[entry.line - 1].startswith("dn:") for entry in found)


@given(st.binary(max_size=400))
def test_rubbish_never_raises(tmp_path_factory, rubbish):
    path = tmp_path_factory.mktemp("ldif") / "export.ldf"
    path.write_bytes(b"dn: CN=a\nmail: a@x\n\n" + rubbish)
    source = LdifSource(str(path))
    assert all(entry.dn for entry in source)
    assert all(problem["message"] for problem in source.problems)


LINES = (
    *("dn: CN=a", "dn:: Q049YQ==", "", " ", " more", "#", "changetype: add", "changetype: modify", "-", "mail: a", ":"),
    *("mail:: AQI=", "mail:: AQ", "mail:< x", "version: 1", "result: 4", "objectGUID: " + "0" * 36, "a b"),
)


@given(st.lists(st.sampled_from(LINES), max_size=12))
def test_any_order_of_lines_is_entries_or_problems_with_a_line(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("ldif") / "export.ldf"
    path.write_text("\n".join(text))
    source = LdifSource(str(path))
    assert all(1 <= entry.line <= len(text) for entry in source)
    for problem in source.problems:
        assert 1 <= problem["line"] <= len(text)
        assert problem["message"]


def test_memory_stays_flat(tmp_path):
    path = tmp_path / "big.ldf"
    one = "".join(f"dn: CN=u{{n}},DC=x\ndescription: {'x' * 500}\nmail: u{{n}}@x\n\n")
    with path.open("w") as file:
        for n in range(20_000):
            file.write(one.format(n=n))
    count, peak = count_and_peak(LdifSource(str(path)))
    assert count == 20_000
    assert peak < path.stat().st_size
    assert peak < 8 << 20
