# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""CSV as ``csvde`` writes it, and as ``Get-ADUser | Export-Csv`` does; values become what LDAP would give.

Which of the two wrote a file shows in its header: csvde's has ``DN``, PowerShell's only ``DistinguishedName``.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator
from typing import Any, Callable, NamedTuple, TextIO

from ansible_collections.hybrid.identity.plugins.module_utils._anchor import AnchorError, parse_guid
from ansible_collections.hybrid.identity.plugins.module_utils._directory.entry import Entry
from ansible_collections.hybrid.identity.plugins.module_utils._directory.text import (
    file_time,
    open_text,
    problem,
    sid_bytes,
)
from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowError, parse_time

# A picture or a list of certificates makes a cell longer than the 128 KiB that the csv module allows.
_CELL_LIMIT = 1 << 26
_CHUNK = 1 << 20
_DELIMITERS = ",;\t"
_HEX = re.compile(r"[Xx]'((?:[0-9A-Fa-f]{2})*)'")

# Attributes of which a cell may hold several values joined by ";". Elsewhere a ";" belongs to the value.
_MULTI_VALUED = frozenset(
    (
        "objectclass",
        "memberof",
        "member",
        "othermailbox",
        "serviceprincipalname",
        "showinaddressbook",
        "sidhistory",
        "usercertificate",
        "usersmimecertificate",
    )
)
_SEPARATOR = re.compile(r"(?<!\\);")
# Addresses are joined by ";", or by what somebody gave to -join. An X.400 address has ";" inside, so a new one begins
# only where a type such as "smtp:" follows.
_ADDRESS_SEPARATOR = re.compile(r"(?:\s*[;,|]\s*|\s+)(?=[A-Za-z][A-Za-z0-9]*:)")
# Names that PowerShell gives to attributes. A column with the attribute's own name wins where a file has both.
_POWERSHELL_NAMES = {
    "city": "l",
    "emailaddress": "mail",
    "enabled": "useraccountcontrol",
    "fax": "facsimiletelephonenumber",
    "mobilephone": "mobile",
    "office": "physicaldeliveryofficename",
    "officephone": "telephonenumber",
    "passwordlastset": "pwdlastset",
    "sid": "objectsid",
    "state": "st",
    "surname": "sn",
}
# What Export-Csv writes for several values that nobody joined: the name of their .NET type.
_TYPE_NAME = re.compile(r"System\.[A-Za-z.]+\[\]|Microsoft\.ActiveDirectory\.[A-Za-z.]+Collection")


class _Column(NamedTuple):
    """A column that is carried."""

    position: int
    title: str
    attribute: str  # lower-case LDAP name
    values: Callable[[str], list[bytes]]  # from a cell that is not empty; raises ValueError or AnchorError


class CsvSource:
    """A CSV file as an ``EntrySource``.

    A column in which some cell shows a .NET type instead of a value (``System.Byte[]``) is unknown as a whole: were
    such a cell taken as empty, its object would get the wrong anchor. So is ``PasswordLastSet`` where a cell is no
    RFC 3339 time, since local spellings cannot be told apart.

    :param wanted: lower-case names of the attributes to yield; None for all.
    :raises RowError: when the file cannot be opened or its header cannot be used.
    """

    def __init__(self, path: str, wanted: Collection[str] | None = None) -> None:
        self.description = path
        self.problems: list[dict[str, Any]] = []
        self._path = path
        with _Rows(path) as rows:
            self._titles = rows.titles
        titles = [title.lower() for title in self._titles]
        from_csvde = "dn" in titles
        self._dn_column = titles.index("dn" if from_csvde else "distinguishedname")
        unknown = self._unknown_columns(titles)
        self._columns = [
            _Column(position, self._titles[position], attribute, _reader(titles[position], attribute, from_csvde))
            for position, attribute in _attributes(titles).items()
            if position not in unknown | {self._dn_column} and (wanted is None or attribute in wanted)
        ]
        self.attributes: frozenset[str] | None = frozenset(column.attribute for column in self._columns)

    def __iter__(self) -> Iterator[Entry]:
        """Yield the entries in the file's order; those that cannot be read are added to :attr:`problems`."""
        with _Rows(self._path) as rows:
            for line, cells in rows:
                if isinstance(cells, str):
                    self._report(line, "", cells)
                    continue
                entry = self._entry(line, cells)
                if entry is not None:
                    yield entry

    def _entry(self, line: int, cells: list[str]) -> Entry | None:
        if len(cells) != len(self._titles):
            self._report(
                line,
                ",".join(cells),
                f"The row has {len(cells)} columns and the header has {len(self._titles)}. Is a quote missing?",
            )
            return None
        dn = _from_hex(cells[self._dn_column].strip()).decode("utf-8", "replace")
        if not dn:
            self._report(line, ",".join(cells), "The row has no distinguished name. Export the objects again.")
            return None
        values: dict[str, list[bytes]] = {}
        for column in self._columns:
            cell = cells[column.position]
            if cell:
                try:
                    values[column.attribute] = column.values(cell)
                except (AnchorError, ValueError) as exc:
                    self._report(line, cell, f"Column {column.title}: {exc}")
                    return None
        return Entry(dn, values, self._path, line)

    def _report(self, line: int, value: str, message: str) -> None:
        self.problems.append(problem(self._path, line, value, message))

    def _unknown_columns(self, titles: list[str]) -> set[int]:
        """Return the columns with a cell that does not show its value. Reads the whole file where there may be one."""
        dates = titles.index("passwordlastset") if "passwordlastset" in titles else -1
        unknown: set[int] = set()
        if dates < 0 and not _has_type_names(self._path):
            return unknown
        with _Rows(self._path) as rows:
            for _line, cells in rows:
                if isinstance(cells, list) and len(cells) == len(titles):
                    unknown.update(index for index, cell in enumerate(cells) if _TYPE_NAME.fullmatch(cell))
                    if dates >= 0 and cells[dates] and not _is_time(cells[dates]):
                        unknown.add(dates)
        return unknown


class _Rows:
    """A CSV file: its ``titles``, then its rows as ``(number of the first line, cells)``.

    A sentence stands instead of the cells where a row is no CSV.

    :raises RowError: when a column is there twice, or none holds the distinguished name.
    """

    def __init__(self, path: str) -> None:
        self._file: TextIO = open_text(path)
        try:
            self._lines_before, header = self._find_header()
            delimiter = max(_DELIMITERS, key=header.count)
            titles = next(csv.reader([header], delimiter=delimiter), [])
            self.titles = [title.strip() for title in titles]
            _check_titles(self.titles, path, self._lines_before)
        except BaseException:
            self._file.close()
            raise
        csv.field_size_limit(_CELL_LIMIT)
        self._reader = csv.reader(self._file, delimiter=delimiter, strict=True)

    def __enter__(self) -> _Rows:
        return self

    def __exit__(self, *_details: object) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[tuple[int, list[str] | str]]:
        while True:
            line = self._lines_before + self._reader.line_num + 1
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as exc:
                yield line, f"The row is no CSV ({exc}). Is a quote missing?"
                continue
            if any(cells):
                yield line, cells

    def _find_header(self) -> tuple[int, str]:
        """Return the first line that is neither blank nor the ``#TYPE`` line of Export-Csv, and its number."""
        number, text = 0, ""
        for number, text in enumerate(self._file, 1):
            if text.strip() and not text.startswith("#TYPE"):
                return number, text
        return number, ""


def _check_titles(titles: list[str], path: str, line: int) -> None:
    names = [title.lower() for title in titles]
    twice = sorted({title for title in titles if title and names.count(title.lower()) > 1})
    if twice:
        raise RowError(f"the header has {', '.join(twice)} more than once. Delete the surplus column.", path, line)
    if "dn" not in names and "distinguishedname" not in names:
        raise RowError(
            "the header has no column DN (csvde) or DistinguishedName (Get-ADUser). Export it as well; it has "
            f"{', '.join(titles) or 'no columns'}.",
            path,
            line,
        )


def _attributes(titles: list[str]) -> dict[int, str]:
    """Return the columns that show an attribute, with its name."""
    attributes = {}
    for index, title in enumerate(titles):
        own = _POWERSHELL_NAMES.get(title)
        if title and not (own and own in titles):
            attributes[index] = own or title.partition(";")[0]
    return attributes


def _reader(title: str, attribute: str, from_csvde: bool) -> Callable[[str], list[bytes]]:
    """Return what makes values of the cells of a column."""
    if attribute == "proxyaddresses":
        return lambda cell: [_from_hex(part) for part in _ADDRESS_SEPARATOR.split(cell.strip()) if part]
    if attribute in _MULTI_VALUED:
        return lambda cell: [_from_hex(part.replace("\\;", ";")) for part in _SEPARATOR.split(cell) if part]
    if attribute == "objectsid":
        return lambda cell: [_from_hex(cell) if _HEX.fullmatch(cell) else sid_bytes(cell)]
    if attribute == "objectguid" or (attribute in ("ms-ds-consistencyguid", "msexchmailboxguid") and not from_csvde):
        return lambda cell: [parse_guid(cell)]
    if title == "enabled":
        return _account_control
    if title == "passwordlastset":
        return lambda cell: [file_time(cell.strip())]
    return lambda cell: [_from_hex(cell)]


def _from_hex(cell: str) -> bytes:
    """Return the bytes of a cell, which csvde writes as ``X'…'`` where they are no plain text."""
    match = _HEX.fullmatch(cell)
    return bytes.fromhex(match.group(1)) if match else cell.encode("utf-8", "replace")


def _account_control(cell: str) -> list[bytes]:
    """Return a userAccountControl of a normal account that says of ``Enabled`` what the cell says."""
    values = {"true": b"512", "false": b"514"}
    if cell.strip().lower() not in values:
        raise ValueError(f'"{cell}" is neither True nor False. Export userAccountControl as well.')
    return [values[cell.strip().lower()]]


def _is_time(cell: str) -> bool:
    try:
        parse_time(cell.strip())
    except ValueError:
        return False
    return True


def _has_type_names(path: str) -> bool:
    """Tell, without reading rows, whether some cell may show a .NET type."""
    overlap = ""
    with open_text(path) as file:
        for text in iter(lambda: file.read(_CHUNK), ""):
            window = overlap + text
            if "System." in window or "Microsoft.ActiveDirectory." in window:
                return True
            overlap = window[-32:]
    return False
