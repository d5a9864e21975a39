# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The collection's files: JSON Lines in and out.

A file is one header line, one JSON object per row, and one end line with the number of rows, so that a truncated file
is never taken for a whole one. Files are UTF-8, mode 0600, and replace their predecessor only when they are complete.
"""

from __future__ import annotations

import codecs
import contextlib
import itertools
import json
import os
import re
import tempfile
import time
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any, BinaryIO, Callable

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._version import VERSION

FORMAT_VERSION = 1
JOURNAL = "journal"
PLAN = "plan"
_END = "end"
_BUFFER = 1 << 20
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:([Zz])|([+-])(\d\d):?(\d\d))")
# json.dumps would make a new encoder for each row.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class RowError(Failure):
    """A file that cannot be read or written as asked; ``path`` and ``line`` (or ``None``) say where."""

    def __init__(self, message: str, path: str, line: int | None = None) -> None:
        super().__init__(f"{path}, line {line}: {message}" if line else f"{path}: {message}")
        self.path = path
        self.line = line


def utc_now() -> str:
    """Return the time as in ``2026-11-23T12:00:00Z``."""
    return str(format_time(time.time()))


def format_time(seconds: float | None) -> str | None:
    """Return seconds since 1970 as RFC 3339 text in whole seconds; ``None`` for ``None``."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str) -> float:
    """Return RFC 3339 text as seconds since 1970.

    Any number of decimals is read, and ``0001-01-01T00:00:00Z``, which Graph uses for "never", is a large negative
    number.

    :raises ValueError: when the text is no such time.
    """
    match = _TIME.fullmatch(text)
    if not match:
        raise ValueError(f'"{text}" is no RFC 3339 time such as 2026-11-23T12:00:00Z')
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    fraction, _zulu, sign, offset_hours, offset_minutes = match.groups()[6:]
    moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=timezone.utc)
    seconds = (moment - _EPOCH).total_seconds() + max(second - 59, 0) + (float("0." + fraction) if fraction else 0.0)
    if sign:
        offset = timedelta(hours=int(offset_hours), minutes=int(offset_minutes)).total_seconds()
        seconds -= offset if sign == "+" else -offset
    return seconds


def header(
    kind: str,
    *,
    tenant_id: str | None = None,
    domain: str | None = None,
    attributes: Collection[str] | None = None,
    source: str | None = None,
    service: str | None = None,
    missing: Collection[str] | None = None,
) -> dict[str, Any]:
    """Return a file's first line.

    :param attributes: row field names that the source carried; a ``null`` of one of them means no value, an attribute
        not among them is unknown.
    :param service: the address of the service that has the tenant: a rehearsal may have a real tenant's id, never its
        address.
    :param missing: objects that were asked for by name, and that the source does not have.
    """
    fields = {
        "kind": kind,
        "version": FORMAT_VERSION,
        "tenant_id": tenant_id,
        "domain": domain,
        "created": utc_now(),
        "tool": f"hybrid.identity {VERSION}",
        "attributes": None if attributes is None else sorted(attributes),
        "source": source,
        "service": service,
        "missing": None if missing is None else list(missing),
    }
    return {name: value for name, value in fields.items() if value is not None}


def dump_line(row: dict[str, Any]) -> bytes:
    """Return a row as one line. A lone surrogate, which UTF-8 cannot hold, becomes a JSON escape."""
    return _encode(row).encode("utf-8", "backslashreplace") + b"\n"


class RowReader:
    """One of the collection's files, read row by row.

    Iterating yields ``(line number, row)`` and may be done more than once. Of a journal it yields the entries, and a
    line that was cut off when a run was killed is passed over.

    ``deleted`` is the number of rows that somebody deleted from a plan by hand, as of the last iteration that came to
    its end; in files of other kinds no line may be missing.

    :param kinds: the kinds that the caller can use; ``None`` for any.
    :raises RowError: at once for a file that cannot be opened or has the wrong header; while iterating for a line that
        is no JSON object, and at the end for a file that is truncated.
    """

    def __init__(self, path: str, kinds: Collection[str] | None = None) -> None:
        self.path = path
        self.deleted = 0
        with open_for_reading(path) as file:
            self.header = self._read_header(file.readline(), kinds)

    def __iter__(self) -> Iterator[tuple[int, dict[str, Any]]]:
        rows = self._journal_entries() if self.header["kind"] == JOURNAL else self._rows()
        return iter(rows)

    def _read_header(self, line: bytes, kinds: Collection[str] | None) -> dict[str, Any]:
        fields = parse_object(line.removeprefix(codecs.BOM_UTF8))
        if not fields or "kind" not in fields or "version" not in fields:
            raise RowError(
                'the first line is no header such as {"kind": "objects", "version": 1}; this is no file that '
                f"hybrid.identity wrote. The line is {shown(line)}.",
                self.path,
                1,
            )
        if fields["version"] != FORMAT_VERSION:
            raise RowError(_other_version(fields), self.path, 1)
        if kinds is not None and fields["kind"] not in kinds:
            raise RowError(
                f'the file holds "{fields["kind"]}", and {_one_of(kinds)} is needed here. Name the right file.',
                self.path,
                1,
            )
        return fields

    def _rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        count = self.deleted = 0
        end: dict[str, Any] | None = None
        for number, line in self._lines():
            if end is not None:
                raise RowError("there is more after the end line; was something appended?", self.path, number)
            row = parse_object(line)
            if row is None:
                raise RowError(f"the line is no JSON object: {shown(line)}. Write the file again.", self.path, number)
            if row.get("kind") == _END:
                end = row
                continue
            count += 1
            yield number, row
        if end is None:
            raise RowError(
                f"the end line is missing after {count} rows: the file is truncated. Write it again, or copy it again.",
                self.path,
            )
        rows = end.get("rows")
        # A plan is for people to strike rows out.
        if self.header["kind"] == PLAN and isinstance(rows, int) and rows > count:
            self.deleted = rows - count
        elif rows != count:
            raise RowError(
                f"the end line counts {rows} rows and the file has {count}. Do not add or delete lines; "
                "write the file again.",
                self.path,
            )

    def _journal_entries(self) -> Iterator[tuple[int, dict[str, Any]]]:
        torn: tuple[int, bytes] | None = None
        for number, line in self._lines():
            entry = parse_object(line)
            # A killed run may leave half a line at the end; the run that goes on marks it with "recovered".
            if torn is not None and (entry is None or entry.get("entry") != "recovered"):
                raise RowError(f"the line is no JSON object: {shown(torn[1])}.", self.path, torn[0])
            torn = (number, line) if entry is None else None
            if entry is not None and entry.get("entry") != "recovered":
                yield number, entry

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        with open_for_reading(self.path) as file:
            for number, line in enumerate(file, 1):
                if number > 1 and not line.isspace():
                    yield number, line


class AtomicFile:
    """A file that appears under its name, private, complete and on disk, only when the block ends well.

    A context manager. When the block ends with an exception, what was written stays as ``<dest>.partial``.
    """

    def __init__(self, dest: str) -> None:
        self.dest = dest
        #: Where the content is in the end: ``dest``, or the partial file; ``None`` while there is neither.
        self.path: str | None = None
        self._target = os.path.realpath(dest)
        self._temporary = ""
        self._file: BinaryIO | None = None

    def __enter__(self) -> AtomicFile:
        with explained(self.dest, "written"):
            if os.path.isdir(self._target):
                raise IsADirectoryError(21, "it is a directory")
            folder, name = os.path.split(self._target)
            # mkstemp makes the file with mode 0600.
            handle, self._temporary = tempfile.mkstemp(prefix=f".{name}.", suffix=".partial", dir=folder)
            self._file = os.fdopen(handle, "wb", _BUFFER)
        return self

    def write(self, data: bytes) -> None:
        """Append bytes."""
        if self._file is not None:
            with explained(self.dest, "written"):
                self._file.write(data)

    def __exit__(self, exc_type: type[BaseException] | None, *_details: object) -> None:
        if self._file is None:
            return
        if exc_type is not None:
            with contextlib.suppress(OSError):  # the exception on its way says more than a second one
                self._file.close()
            with contextlib.suppress(OSError):
                os.replace(self._temporary, self._target + ".partial")
                self.path = self._target + ".partial"
            return
        with explained(self.dest, "written"):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            os.replace(self._temporary, self._target)
            self.path = self.dest
            _sync_folder(os.path.dirname(self._target))


class RowSink:
    """Where rows go: the file ``dest``, if there is one, and a bounded list for the module's result.

    A context manager, as :class:`AtomicFile` is.

    :param return_limit: the most rows kept in :attr:`rows`; 0 keeps none.
    :param importance: rows for which this is greater are kept before all others and stand first.
    """

    def __init__(
        self,
        header_fields: dict[str, Any],
        dest: str | None,
        return_limit: int,
        importance: Callable[[dict[str, Any]], int] = lambda row: 0,
    ) -> None:
        self.dest = dest
        self.total = 0
        self._header = header_fields
        self._limit = return_limit
        self._importance = importance
        self._kept: dict[int, list[dict[str, Any]]] = {}
        self._file = None if dest is None else AtomicFile(dest)

    @property
    def path(self) -> str | None:
        """Where the rows of this run are in the end: ``dest``, or the partial file; ``None`` while there is neither."""
        return None if self._file is None else self._file.path

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows kept, the most important ones first, otherwise in the order they came."""
        ordered = (row for importance in sorted(self._kept, reverse=True) for row in self._kept[importance])
        return list(itertools.islice(ordered, self._limit))

    @property
    def truncated(self) -> bool:
        """Whether :attr:`rows` lacks some of the rows written."""
        return self.total > self._limit

    def __enter__(self) -> RowSink:
        if self._file is not None:
            self._file.__enter__()
            self._file.write(dump_line(self._header))
        return self

    def write(self, row: dict[str, Any]) -> None:
        """Take one row."""
        self.total += 1
        kept = self._kept.setdefault(self._importance(row), [])
        if len(kept) < self._limit:
            kept.append(row)
        if self._file is not None:
            self._file.write(dump_line(row))

    def __exit__(self, exc_type: type[BaseException] | None, *details: object) -> None:
        if self._file is not None:
            if exc_type is None:
                self._file.write(dump_line({"kind": _END, "rows": self.total}))
            self._file.__exit__(exc_type, *details)


def _other_version(fields: dict[str, Any]) -> str:
    version = fields["version"]
    older = isinstance(version, int) and version < FORMAT_VERSION
    what_to_do = "Make it again with this release" if older else "Use the same release for both"
    return (
        f"the file has format version {version}, and this release reads {FORMAT_VERSION}; it was written by "
        f"{fields.get('tool', 'another release')}. {what_to_do}."
    )


def parse_object(line: bytes) -> dict[str, Any] | None:
    """Return the JSON object of a line, or ``None`` when it is none."""
    try:
        value = json.loads(line)
    except ValueError:  # JSON or UTF-8
        return None
    return value if isinstance(value, dict) else None


def open_for_reading(path: str) -> BinaryIO:
    """Open a file.

    :raises RowError: when it cannot be opened.
    """
    with explained(path, "read"):
        return open(path, "rb", _BUFFER)


def _sync_folder(path: str) -> None:
    """Make a rename durable. Some file systems cannot, and then there is nothing better to do."""
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def explained(path: str, verb: str) -> Iterator[None]:
    """Turn an OSError into a sentence."""
    try:
        yield
    except FileNotFoundError:
        what = "there is no such file" if verb == "read" else "its folder does not exist; make it first"
        raise RowError(f"cannot be {verb}: {what}.", path) from None
    except OSError as exc:
        raise RowError(f"cannot be {verb}: {exc.strerror or exc}.", path) from None


def _one_of(kinds: Collection[str]) -> str:
    return " or ".join(f'"{kind}"' for kind in sorted(kinds))


def shown(line: bytes) -> str:
    """Return a line for a message, cut off if it is long."""
    text = line.decode("utf-8", "replace").strip()
    return text if len(text) <= 80 else text[:77] + "…"
