# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What every source of AD objects yields, whether it is a server, an LDIF or a CSV file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Optional, Protocol


class Entry(NamedTuple):
    """One AD object as the directory stores it."""

    dn: str
    #: Attribute name in lower case -> raw values, byte for byte what LDAP returns. An absent key means that the source
    #: showed no value; whether that is "empty" or "unknown" is the source's ``attributes`` to say.
    attributes: dict[str, list[bytes]]
    #: Where it came from, as a person would name it: an LDAP URL with its base, or a file's path.
    source: str
    #: Line of a file at which the entry begins (1 is the first); None over LDAP.
    line: Optional[int] = None


class EntrySource(Protocol):
    """A stream of entries that share one state of knowledge."""

    #: Lower-case LDAP names of the attributes that this source carries. An attribute not in it is unknown; one in it
    #: that an entry lacks has no value. None: all that was asked for.
    attributes: Optional[frozenset[str]]
    #: Where the entries come from, as a person would name it.
    description: str
    #: Rows that could not be read: ``{"source": str, "line": int | None, "value": str, "message": str}``. Grows while
    #: iterating and is whole after the last entry.
    problems: list[dict[str, Any]]

    def __iter__(self) -> Iterator[Entry]:
        """Yield the entries in the source's own order. May be called once."""
