# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Lists of users written by hand: CSV or JSON Lines, in any usual spelling."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from typing import Any, Callable, Optional, TypeVar

from ansible_collections.hybrid.identity.plugins.module_utils._rows import (
    RowError,
    explained,
    open_for_reading,
    parse_object,
    shown,
)

# What a row can say of a user.
FIELDS = ("user", "immutable_id", "object_guid", "wave")


Problems = list[dict[str, Any]]
Fields = dict[str, Optional[str]]
T = TypeVar("T")


def read_pairs(path: str, problems: Problems | None = None) -> Iterator[tuple[int, Fields]]:
    """Read a list written by hand: CSV or JSON Lines with ``user`` and one or both of ``immutable_id, object_guid``.

    :returns: ``(line number, fields)`` with all of :data:`FIELDS`; what is empty or absent is ``None``. Values are as
        written: whether they are right is for the caller to say.
    :param problems: see :func:`read_list`.
    :raises RowError: see :func:`read_list`.
    """
    return read_list(path, _pair_columns, _pair, problems)


def read_list(
    path: str,
    objection: Callable[[set[str]], Optional[str]],
    read: Callable[[int, Fields], T],
    problems: Problems | None = None,
) -> Iterator[T]:
    """Read CSV or JSON Lines that people wrote.

    CSV has a header line; comma, semicolon or tab is told from it. UTF-8 and UTF-16 (with its mark) are read.

    :param objection: says what the column names of a CSV lack, in a sentence.
    :param read: reads one row from its line number and its texts, where ``None`` stands for an empty one; raises
        ``ValueError`` with a sentence for a bad row.
    :param problems: takes ``{"source", "line", "value", "message"}`` of each bad row, and the rest goes on; without it
        the first bad row ends the reading.
    :raises RowError: for a file without the right columns or without rows, or a bad row.
    """
    text = _read_text(path)
    rows = _json_rows(text) if text.lstrip().startswith("{") else _csv_rows(text, path, objection)
    found = False
    for line, fields in rows:
        found = True
        try:
            if isinstance(fields, str):
                raise ValueError(fields)
            row = read(line, {name: _text_or_none(value) for name, value in fields.items()})
        except ValueError as exc:
            if problems is None:
                raise RowError(str(exc), path, line) from None
            value = shown(text.split("\n")[line - 1].encode("utf-8", "replace"))
            problems.append({"source": path, "line": line, "value": value, "message": str(exc)})
        else:
            yield row
    if not found:
        raise RowError("the file has no rows.", path)


def is_pairs(path: str) -> bool:
    """Tell whether a file is such a list, by its first line.

    :raises RowError: when it cannot be read.
    """
    with open_for_reading(path) as file, explained(path, "read"):
        head = file.read(1 << 16)
    encoding = "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    first = next((line for line in head.decode(encoding, "replace").splitlines() if line.strip()), "")
    fields = parse_object(first.encode("utf-8", "surrogatepass"))
    names = set(fields) if fields else {cell.strip(' "').lower() for cell in re.split("[,;\t]", first)}
    return "user" in names and bool({"immutable_id", "object_guid"} & names) and "kind" not in names


def _json_rows(text: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Yield each line's fields, or what is wrong with it."""
    for line, content in enumerate(text.split("\n"), 1):
        if not content.strip():
            continue
        fields = parse_object(content.encode("utf-8", "surrogatepass"))
        yield line, "the line is no JSON object." if fields is None else fields


def _csv_rows(
    text: str, path: str, objection: Callable[[set[str]], Optional[str]]
) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Yield each row's fields, or what is wrong with it."""
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: list[str] | None = None
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if names is None:
                names = _column_names(cells, path, reader.line_num, objection)
                continue
            if len(cells) == len(names):
                yield reader.line_num, dict(zip(names, cells))
                continue
            counts = f"the row has {len(cells)} columns and the header {len(names)}"
            yield reader.line_num, f'{counts}. Quote values that contain "{delimiter}".'
    except csv.Error as exc:
        raise RowError(f"the line is no CSV: {exc}.", path, reader.line_num) from None


def _column_names(cells: list[str], path: str, line: int, objection: Callable[[set[str]], Optional[str]]) -> list[str]:
    names = [cell.strip().lower() for cell in cells]
    message = objection(set(names))
    if message:
        raise RowError(f"{message}; it names {', '.join(names)}.", path, line)
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise RowError(f"the header names {', '.join(twice)} twice.", path, line)
    return names


def _pair_columns(names: set[str]) -> str | None:
    if "user" in names and {"immutable_id", "object_guid"} & names:
        return None
    return 'the header must name "user" and "immutable_id" or "object_guid"'


def _pair(line: int, fields: Fields) -> tuple[int, Fields]:
    pair = {name: fields.get(name) for name in FIELDS}
    if pair["user"] is None:
        raise ValueError('the row names no "user" (an object id or a user principal name).')
    return line, pair


def _read_text(path: str) -> str:
    with open_for_reading(path) as file, explained(path, "read"):
        raw = file.read()
    encoding = "utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as exc:
        raise RowError(
            f"the file is no {encoding[:6].upper()} text. Save it as UTF-8.", path, raw.count(b"\n", 0, exc.start) + 1
        ) from None


def _text_or_none(value: object) -> str | None:
    text = "" if value is None else str(value).strip()
    return text or None
