# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which format a file has, told from its content."""

from __future__ import annotations

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._directory.csv import CsvSource
from ansible_collections.hybrid.identity.plugins.module_utils._directory.files import detect_format, read_files
from ansible_collections.hybrid.identity.plugins.module_utils._directory.ldif import LdifSource
from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowError, RowReader

CONTENT = {
    "ldifde": ("dn: CN=a,DC=x\r\nchangetype: add\r\n", "ldif"),
    "ldifde, long name": ("dn:\r\n CN=a,DC=x\r\n", "ldif"),
    "ldifde, encoded name": ("dn:: Q049YQ==\r\n", "ldif"),
    "version": ("version: 1\n\ndn: CN=a\n", "ldif"),
    "name without a blank": ("dn:CN=a,DC=x\n", "ldif"),
    "ldapsearch": ("# extended LDIF\n#\n", "ldif"),
    "ldbsearch": ("\n# record 1\ndn: CN=a\n", "ldif"),
    "csvde": ("DN,objectGUID\nCN=a,X'00'\n", "csv"),
    "Export-Csv": ('#TYPE Selected\r\n"DistinguishedName","mail"\r\n', "csv"),
    "semicolons": ("DistinguishedName;mail\n", "csv"),
    "own rows": ('{"kind": "objects", "version": 1}\n{"kind": "end", "rows": 0}\n', "jsonl"),
}


@pytest.mark.parametrize(("content", "expected"), CONTENT.values(), ids=CONTENT.keys())
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_the_format_is_told_from_the_content(tmp_path, content, expected, encoding):
    (tmp_path / "file").write_bytes(content.encode(encoding))
    assert detect_format(str(tmp_path / "file")) == expected


@pytest.mark.parametrize("content", ["", "\r\n \r\n"])
def test_an_empty_file_is_an_error_and_not_an_empty_directory(tmp_path, content):
    (tmp_path / "file").write_text(content)
    with pytest.raises(RowError, match="empty"):
        detect_format(str(tmp_path / "file"))


def test_anything_else_is_refused_with_its_first_line(tmp_path):
    (tmp_path / "file").write_text("Dear colleague\nsee below\n")
    with pytest.raises(RowError, match=r"line 1: .*Dear colleague") as caught:
        detect_format(str(tmp_path / "file"))
    assert "src_format" in caught.value.message


def test_each_file_is_a_source_of_its_own(tmp_path):
    for name, content in (("a", "dn: CN=a\n"), ("b", "DN,mail\nCN=b,b@x\n"), ("c", CONTENT["own rows"][0])):
        (tmp_path / name).write_text(content)
    sources = read_files([str(tmp_path / name) for name in "abc"], "auto")
    assert [type(source) for source in sources] == [LdifSource, CsvSource, RowReader]


def test_a_stated_format_is_obeyed(tmp_path):
    (tmp_path / "file").write_text("objectGUID:: AA==\ndn: CN=a\n")
    (source,) = read_files([str(tmp_path / "file")], "ldif")
    assert isinstance(source, LdifSource)


def test_a_file_named_twice_is_refused(tmp_path):
    (tmp_path / "file").write_text("dn: CN=a\n")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with pytest.raises(RowError, match="named twice"):
        read_files([str(tmp_path / "file"), str(tmp_path / "link")])


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(RowError, match=r"none\.ldf.*no such file"):
        read_files([str(tmp_path / "none.ldf")])
