# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Exports of AD objects, whatever their format: one source per file, so that each keeps its own state of knowledge."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from typing import Union

from ansible_collections.hybrid.identity.plugins.module_utils._directory.csv import CsvSource
from ansible_collections.hybrid.identity.plugins.module_utils._directory.ldif import LdifSource
from ansible_collections.hybrid.identity.plugins.module_utils._directory.text import open_text
from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowError, RowReader

AUTO = "auto"
LDIF = "ldif"
CSV = "csv"
JSONL = "jsonl"
FORMATS = (AUTO, LDIF, CSV, JSONL)

#: A file of the collection's own comes as its reader: its rows are finished.
Source = Union[LdifSource, CsvSource, RowReader]

_HEAD = 1 << 16
_LDIF_LINE = re.compile(r"(?:dn|version|search|ref):|#(?!TYPE)", re.IGNORECASE)


def read_files(
    paths: list[str],
    src_format: str = AUTO,
    wanted: Collection[str] | None = None,
    kinds: Collection[str] = ("objects",),
) -> list[Source]:
    """Return a source for each file, in their order.

    :param src_format: one of :data:`FORMATS`; ``auto`` looks at each file's content.
    :param wanted: lower-case LDAP names of the attributes to yield; None for all.
    :param kinds: what files of the collection's own may hold.
    :raises RowError: for a file that cannot be opened, is empty, is named twice, or has no known format.
    """
    known: set[str] = set()
    for path in paths:
        real = os.path.realpath(path)
        if real in known:
            raise RowError("the file is named twice, and its objects would count twice. Name each file once.", path)
        known.add(real)
    return [_open(path, detect_format(path) if src_format == AUTO else src_format, wanted, kinds) for path in paths]


def detect_format(path: str) -> str:
    """Return ``ldif``, ``csv`` or ``jsonl`` by a file's content.

    :raises RowError: when it is none of them.
    """
    with open_text(path) as file:
        head = file.read(_HEAD)
    line = next((line for line in head.splitlines() if line.strip()), "")
    if not line:
        raise RowError("the file is empty. Nothing matched the export, or it failed; export again.", path)
    if line.startswith("{"):
        return JSONL
    if _LDIF_LINE.match(line):
        return LDIF
    if line.startswith("#TYPE") or any(delimiter in line for delimiter in ",;\t"):
        return CSV
    raise RowError(
        f'is neither LDIF, CSV nor a file of this collection; it begins with "{line[:80]}". Name an export of ldifde, '
        "csvde, ldapsearch or Get-ADUser, or state src_format.",
        path,
        1,
    )


def _open(path: str, src_format: str, wanted: Collection[str] | None, kinds: Collection[str]) -> Source:
    if src_format == LDIF:
        return LdifSource(path, wanted)
    if src_format == CSV:
        return CsvSource(path, wanted)
    return RowReader(path, kinds)
