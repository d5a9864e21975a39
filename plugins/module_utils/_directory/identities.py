# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Single objects asked for by name: the filters that find them, and which name found what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from ansible_collections.hybrid.identity.plugins.module_utils._anchor import AnchorError, guid_text, parse_guid
from ansible_collections.hybrid.identity.plugins.module_utils._dn import rdns
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import reason

# How many names one filter holds; a domain controller plans a short OR of indexed attributes well.
_NAMES_PER_FILTER = 50
_SID = re.compile(r"S-1-\d+(-\d+)+", re.IGNORECASE)
_SPECIAL = re.compile(r"[\\*()\0]")

#: A row field and the value it must have, folded.
Key = tuple[str, Any]


class _Name(NamedTuple):
    text: str
    keys: tuple[Key, ...]
    clause: str


class Identities:
    """The names asked for.

    Each may be a distinguished name, an objectGUID in any spelling, a SID, a user principal name, a mail address or a
    sAMAccountName. Show it every row with :meth:`take`; :meth:`settle` then tells what each name stands for.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._names = [_read(text) for text in dict.fromkeys(texts)]
        self._index: dict[Key, list[int]] = {}
        for number, name in enumerate(self._names):
            for key in name.keys:
                self._index.setdefault(key, []).append(number)
        self._found: list[dict[Key, dict[str, Any]]] = [{} for _name in self._names]

    def filters(self, search_filter: str) -> Iterator[str]:
        """Return LDAP filters that find the objects among those that ``search_filter`` selects."""
        if not search_filter.startswith("("):
            search_filter = f"({search_filter})"
        for start in range(0, len(self._names), _NAMES_PER_FILTER):
            clauses = "".join(name.clause for name in self._names[start : start + _NAMES_PER_FILTER])
            yield f"(&{search_filter}(|{clauses}))"

    def take(self, row: dict[str, Any]) -> None:
        """Keep the row if one of the names means it."""
        for key in _row_keys(row):
            for number in self._index.get(key, ()):
                self._found[number].setdefault(_same(row), row)

    def settle(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Return the rows found, and the names that found none or more than one.

        :return: rows in the order of the names, each once; and ``{"identity", "reason", "candidates"}``.
        """
        rows: dict[Key, dict[str, Any]] = {}
        missing = []
        for name, found in zip(self._names, self._found):
            if len(found) == 1:
                rows.update(found)
            else:
                missing.append(_unsettled(name.text, list(found.values())))
        return list(rows.values()), missing


def _read(text: str) -> _Name:
    try:
        raw = parse_guid(text)
    except AnchorError:
        pass
    else:
        return _Name(text, (("object_guid", guid_text(raw)),), f"(objectGUID={_bytes(raw)})")
    folded = text.casefold()
    if _SID.fullmatch(text):
        return _Name(text, (("object_sid", folded),), f"(objectSid={text})")
    if "=" in text:
        return _Name(text, (("distinguished_name", rdns(text)),), f"(distinguishedName={_text(text)})")
    if "@" in text:
        keys = (("user_principal_name", folded), ("mail", folded))
        return _Name(text, keys, f"(userPrincipalName={_text(text)})(mail={_text(text)})")
    return _Name(text, (("sam_account_name", folded),), f"(sAMAccountName={_text(text)})")


def _row_keys(row: dict[str, Any]) -> Iterator[Key]:
    yield ("distinguished_name", rdns(row["distinguished_name"] or ""))
    for field in ("object_guid", "object_sid", "user_principal_name", "mail", "sam_account_name"):
        if row[field]:
            yield (field, row[field].casefold())


def _same(row: dict[str, Any]) -> Key:
    """Return what makes a row the same object as another, whichever name found it."""
    if row["object_guid"]:
        return ("object_guid", row["object_guid"])
    return ("distinguished_name", rdns(row["distinguished_name"] or ""))


def _unsettled(text: str, candidates: list[dict[str, Any]]) -> dict[str, Any]:
    if candidates:
        why = reason("identity_ambiguous", identity=text, count=len(candidates))
    else:
        why = reason("identity_not_found", identity=text)
    fields = ("distinguished_name", "user_principal_name", "sam_account_name", "object_guid")
    return {
        "identity": text,
        "reason": why,
        "candidates": [{field: row[field] for field in fields} for row in candidates],
    }


def _text(value: str) -> str:
    """Escape text for an LDAP filter (RFC 4515)."""
    return _SPECIAL.sub(lambda match: f"\\{ord(match.group()):02x}", value)


def _bytes(value: bytes) -> str:
    return "".join(f"\\{byte:02x}" for byte in value)
