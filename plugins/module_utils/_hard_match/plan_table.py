# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""A plan as a table for people: one line of text for each row, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from typing import Any, Callable

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import CODES
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.effects import blocking
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.review import further_codes, may_be_released

Row = Mapping[str, Any]

# A spreadsheet takes a cell that begins with one of these for a formula, some of them in their wide form as well.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# Where lists are written with semicolons, a spreadsheet begins a new cell after each one, whatever the quotes say; the
# same goes for tabs and new lines.
_INNER_FORMULA = re.compile("([;\\t\\r\\n] *)(?=[=+@\uff1d\uff0b\uff0d\uff20-])")
# Excel holds 32 767 characters in a cell and spreads longer ones over the next lines.
_LONGEST = 32_000
_BYTE_ORDER_MARK = "\ufeff"


def first_line() -> str:
    """Return the line with the names of the columns, after the mark by which Excel knows UTF-8."""
    return _BYTE_ORDER_MARK + _line(COLUMNS)


def table_line(row: Row) -> str:
    """Return the line of a row of a plan, as CSV of RFC 4180."""
    return _line(guarded(_text(cell(row))) for cell in COLUMNS.values())


def guarded(text: str) -> str:
    """Return a cell no part of which a spreadsheet takes for a formula: an apostrophe stands before it."""
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    # Most cells are harmless, and that is quickly told.
    if ";" not in text and text.isprintable() and not text.startswith(_FORMULA):
        return text
    # No spreadsheet holds it, and csv of Python before 3.11 does not read it.
    text = text.replace("\0", "\ufffd")
    text = _INNER_FORMULA.sub(r"\1'", text)
    return f"'{text}" if text.startswith(_FORMULA) else text


def effect_in_words(effect: Row) -> str:
    """Return what an effect does as a sentence; of one that is not known, its code."""
    code = str(effect.get("code"))
    if code not in CODES:
        return code
    whole = {"property": None, "before": None, "after": None, **effect}
    return blocking([whole], {code})[0]["message"]


def _line(cells: Iterable[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue()


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_text, value))
    return str(value)


def _reason(name: str) -> Callable[[Row], Any]:
    return lambda row: (row["reason"] or {}).get(name)


def _object(name: str) -> Callable[[Row], Any]:
    return lambda row: (row.get("on_premises") or {}).get(name)


def _field(name: str) -> Callable[[Row], Any]:
    return lambda row: row.get(name)


def _in_scope(row: Row) -> str:
    if not row.get("on_premises"):
        return ""
    return {True: "true", False: "false"}.get(_object("in_scope")(row), "unknown")


def _others(row: Row) -> str:
    """Name everybody that any key found besides the user of the row, each once."""
    found: dict[str, str] = {}
    for item in row.get("evidence") or ():
        for user in item.get("users") or ():
            bin_ = ", in the recycle bin" if user.get("deleted") else ""
            found[user["id"]] = f"{user.get('user_principal_name') or 'no name'} ({user['id']}{bin_})"
    found.pop(str(row["id"]), None)
    return "; ".join(found.values())


def _effects(row: Row) -> str:
    return " ".join(effect_in_words(effect) for effect in row.get("effects") or ())


#: Column -> how it is read from a row.
COLUMNS: dict[str, Callable[[Row], Any]] = {
    "user": _field("user"),
    "action": _field("action"),
    "code": _reason("code"),
    "message": _reason("message"),
    "remedy": _reason("remedy"),
    "also": lambda row: "; ".join(map(str, further_codes(row))),
    "releasable": may_be_released,
    "approved": _field("approved"),
    "before": _field("before"),
    "after": _field("after"),
    "distinguished_name": _object("distinguished_name"),
    "id": _field("id"),
    "matched_by": _field("matched_by"),
    "other_candidates": _others,
    "effects": _effects,
    "in_scope": _in_scope,
    "wave": _field("wave"),
}
