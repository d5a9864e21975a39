# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""AD objects as rows, from a directory, an export or a file of objects; shared by all jobs that read objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._directory.arguments import string_list
from ansible_collections.hybrid.identity.plugins.module_utils._directory.entry import Entry, EntrySource
from ansible_collections.hybrid.identity.plugins.module_utils._directory.files import read_files
from ansible_collections.hybrid.identity.plugins.module_utils._directory.record import (
    AnchorSettings,
    carried_fields,
    to_row,
    wanted_attributes,
)
from ansible_collections.hybrid.identity.plugins.module_utils._directory.server_export import ServerExport
from ansible_collections.hybrid.identity.plugins.module_utils._dn import rdns
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.ldap_filter import parse_filter
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.scope import Facts, Selection, judge
from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowReader

Row = dict[str, Any]

DEFAULT_LOGIN_ATTRIBUTE = "userPrincipalName"
# Users hard match; groups and contacts are matched by address, which their rows say.
_MATCHED_CLASSES = frozenset((b"user", b"inetorgperson", b"group", b"contact"))
# For files of objects that someone shortened: every row has every field.
_EMPTY_ROW = {**to_row(Entry("", {}, ""), frozenset(), AnchorSettings()), "anchor_reason": None}


class Reading(NamedTuple):
    """How AD objects become rows."""

    anchor: AnchorSettings = AnchorSettings()
    login_attribute: str = DEFAULT_LOGIN_ATTRIBUTE
    selection: Optional[Selection] = None

    def attributes(self) -> list[str]:
        """Return the AD attributes to ask a server for."""
        more = sorted(self.selection.attributes) if self.selection else ()
        return wanted_attributes(self.anchor, self.login_attribute, more)

    def row(self, entry: Entry, carried: frozenset[str] | None) -> Row:
        """Return the row of an object, its scope judged."""
        row = to_row(entry, carried, self.anchor, self.login_attribute)
        row["in_scope"], row["scope_reasons"] = judge(Facts(entry.dn, entry.attributes, carried), self.selection)
        return row


class ObjectSource:
    """Rows of one source.

    ``fields`` are the row fields that it carried: a ``null`` of one of them means "has no value". ``skipped`` counts
    what was left out, being nothing that sync matches, once the rows were read; ``problems`` are what could not be
    read.
    """

    def __init__(self, description: str, fields: set[str]) -> None:
        self.description = description
        self.fields = fields
        self.skipped = 0
        self.problems: list[dict[str, Any]] = []

    def __iter__(self) -> Iterator[Row]:
        raise NotImplementedError


class _Entries(ObjectSource):
    """Entries of a directory or an export."""

    def __init__(self, entries: EntrySource, reading: Reading, *, matched_only: bool) -> None:
        super().__init__(entries.description, carried_fields(entries.attributes, reading.login_attribute))
        self._entries = entries
        self._reading = reading
        self._matched_only = matched_only
        self.problems = entries.problems

    def __iter__(self) -> Iterator[Row]:
        carried = self._entries.attributes
        for entry in self._entries:
            if self._matched_only and not _may_be_matched(entry):
                self.skipped += 1
            else:
                yield self._reading.row(entry, carried)


class _Rows(ObjectSource):
    """A file that this collection wrote: its rows are taken as they are."""

    def __init__(self, reader: RowReader) -> None:
        super().__init__(reader.path, set(reader.header.get("attributes") or ()))
        self._reader = reader

    def __iter__(self) -> Iterator[Row]:
        for _line, row in self._reader:
            yield {**_EMPTY_ROW, **row}


def from_directory(entries: EntrySource, reading: Reading) -> ObjectSource:
    """Return the rows of a directory; its filter has chosen the objects."""
    return _Entries(entries, reading, matched_only=False)


def from_files(paths: Sequence[str], src_format: str, reading: Reading) -> list[ObjectSource]:
    """Return the rows of files, each a source of its own.

    Of an export, users, groups and contacts are taken. A file of objects keeps the anchors and scopes that it was
    written with.

    :param src_format: ``auto, ldif, csv`` or ``jsonl``.
    """
    wanted = frozenset(name.lower() for name in reading.attributes())
    return [
        _Rows(source) if isinstance(source, RowReader) else _Entries(source, reading, matched_only=True)
        for source in read_files(list(paths), src_format, wanted)
    ]


def common_fields(sources: Iterable[ObjectSource]) -> set[str]:
    """Return the row fields that all sources carried."""
    return set.intersection(*(source.fields for source in sources))


def read_selection(sync_scope: dict[str, Any] | None, server: ServerExport | None = None) -> Selection | None:
    """Return the option ``sync_scope`` as a selection; None when nothing was given.

    :param server: the server's configuration, if ``server_export`` names one.
    """
    if not sync_scope:
        return None
    selection = Selection(
        ous=tuple(rdns(ou) for ou in string_list(sync_scope.get("ous"), "sync_scope.ous")),
        group=rdns(sync_scope["group"]) if sync_scope.get("group") else None,
        filter=parse_filter(sync_scope["filter"]) if sync_scope.get("filter") else None,
        partitions=server.partitions if server else (),
        own_rules=server.filtering_rules if server else (),
    )
    return selection if any(selection) else None


def _may_be_matched(entry: Entry) -> bool:
    """Tell whether sync can match the entry, or may because the export does not show its class."""
    classes = {value.lower() for value in entry.attributes.get("objectclass", ())}
    return not classes or (b"computer" not in classes and not _MATCHED_CLASSES.isdisjoint(classes))
