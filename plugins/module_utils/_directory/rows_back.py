# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Rows of ``objects`` back into AD objects, for an export of what was gathered once."""

from __future__ import annotations

import uuid
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator, Mapping
from typing import Any, Callable, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._directory.entry import Entry
from ansible_collections.hybrid.identity.plugins.module_utils._directory.record import FIELDS, FURTHER
from ansible_collections.hybrid.identity.plugins.module_utils._directory.text import file_time, problem, sid_bytes
from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowReader

_NORMAL, _NORMAL_DISABLED = b"512", b"514"
# A row shows the most specific class only.
_CLASSES = {
    "user": ("top", "person", "organizationalPerson", "user"),
    "inetorgperson": ("top", "person", "organizationalPerson", "user", "inetOrgPerson"),
    "contact": ("top", "person", "organizationalPerson", "contact"),
    "group": ("top", "group"),
}


class RowEntries:
    """A file of objects as an ``EntrySource``. It shows less than AD has, so fewer of sync's filters can judge it."""

    def __init__(self, reader: RowReader) -> None:
        self.description = reader.path
        self.problems: list[dict[str, Any]] = []
        self._reader = reader
        carried = set(reader.header.get("attributes") or ())
        names = {name for field, name in FIELDS.items() if field in carried}
        names |= {name for name in FURTHER if f"synced_attributes.{name}" in carried}
        self.attributes: Optional[frozenset[str]] = frozenset(name.lower() for name in names)

    def __iter__(self) -> Iterator[Entry]:
        """Yield the entries; rows that cannot be read are added to :attr:`problems`."""
        for line, row in self._reader:
            name = str(row.get("distinguished_name") or "")
            try:
                values = entry_values(row)
            except (ValueError, Base64Error) as exc:
                self.problems.append(problem(self.description, line, name, str(exc)))
                continue
            yield Entry(name, values, self.description, line)


def entry_values(row: Mapping[str, Any]) -> dict[str, list[bytes]]:
    """Return the raw values of an objects row, by LDAP names in lower case.

    :raises ValueError: for a value that is none of its kind.
    """
    found: dict[str, list[bytes]] = {}
    for field, name in FIELDS.items():
        if row.get(field) not in (None, "", []):
            found[name.lower()] = _WRITERS.get(field, _texts)(row[field])
    for name, value in (row.get("synced_attributes") or {}).items():
        found[name.lower()] = [file_time(value)] if name == "accountExpires" else _texts(value)
    return found


def _texts(value: Any) -> list[bytes]:
    values = value if isinstance(value, list) else [value]
    return [str(one).upper().encode() if isinstance(one, bool) else str(one).encode("utf-8") for one in values]


def _guid(value: Any) -> list[bytes]:
    return [uuid.UUID(value).bytes_le]


_WRITERS: dict[str, Callable[[Any], list[bytes]]] = {
    "object_class": lambda value: _texts(list(_CLASSES.get(str(value).lower(), (value,)))),
    "object_guid": _guid,
    "consistency_guid": lambda value: [b64decode(value, validate=True)],
    "object_sid": lambda value: [sid_bytes(value)],
    # The whole of it, where the row has that, comes after this.
    "enabled": lambda value: [_NORMAL if value else _NORMAL_DISABLED],
    "password_last_set": lambda value: [file_time(value)],
    "msexch_mailbox_guid": _guid,
}
