# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""LDIF (RFC 2849) as ``ldifde``, ``ldapsearch`` and ``ldbsearch`` write it.

Read in blocks between blank lines, with flat memory. The common line, ``name: value``, takes one dictionary look-up;
all that is unusual goes through :func:`_parse_line`, and an entry that cannot be read is gone through a second time,
line by line, to say which line is to blame.
"""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64
from codecs import BOM_UTF8
from collections.abc import Collection, Iterator
from typing import Any, Callable

from ansible_collections.hybrid.identity.plugins.module_utils._anchor import AnchorError, parse_guid
from ansible_collections.hybrid.identity.plugins.module_utils._directory.entry import Entry
from ansible_collections.hybrid.identity.plugins.module_utils._directory.text import (
    ANSI,
    UTF_8,
    encoding_of,
    open_bytes,
    open_text,
    problem,
    sid_bytes,
)

_Reader = Callable[[bytes], bytes]

_CHUNK = 1 << 18
# A file that is no LDIF may have any number of "names".
_NAMES_IN_PATTERN = 100
_NEWLINE = 0x0A
_LINE = re.compile(rb"([A-Za-z0-9][A-Za-z0-9.-]*)(?:;[A-Za-z0-9=;-]+)?:([:<]?) *(.*)", re.DOTALL)
# Between two entries a line of blanks may stand where the blank line should, after a trip through an editor.
_BLANKS_BETWEEN = re.compile(rb"\n[ \t]+\n(?=dn:)", re.IGNORECASE)
# What the tools write around the entries, in blocks without a dn.
_TRAILER = frozenset(("version", "search", "result", "control", "pagedresults", "text", "matcheddn", "ref"))
# Names in an entry that are no attributes.
_CONTROL_NAMES = frozenset(("dn", "changetype", "version", "control"))


class _Unreadable(Exception):
    """A line that cannot be read; the message says why and what to do."""


class LdifSource:
    """An LDIF file as an ``EntrySource``.

    :param wanted: lower-case names of the attributes to yield; None for all. Fewer are read faster.
    :raises RowError: when the file cannot be opened.
    """

    def __init__(self, path: str, wanted: Collection[str] | None = None) -> None:
        self.description = path
        self.problems: list[dict[str, Any]] = []
        self._path = path
        self._wanted = None if wanted is None else frozenset(wanted) | _CONTROL_NAMES | _TRAILER
        # How to read a line by what stands before its ": ": the attribute in lower case, empty for one that nobody
        # wants, where the text is the value; all others with what makes the value of the text.
        self._plain: dict[bytes, str] = {}
        self._names: dict[bytes, tuple[str, _Reader]] = {}
        self.attributes: frozenset[str] | None = self._scan(None if wanted is None else frozenset(wanted))

    def __iter__(self) -> Iterator[Entry]:
        """Yield the entries in the file's order; those that cannot be read are added to :attr:`problems`."""
        path = self._path
        for line, block in _blocks(path):
            try:
                dn, values = self._entry(block)
            except (_Unreadable, ValueError):  # ValueError: base64, which is looked into below
                yield from self._second_look(line, block)
                continue
            if dn is not None:
                yield Entry(dn, values, path, line if block.startswith(b"dn:") else line + _offset_of_dn(block))

    def _scan(self, wanted: frozenset[str] | None) -> frozenset[str]:
        """Return the attributes that occur anywhere in the file; what no entry shows is unknown, not empty."""
        found: set[bytes] = set()
        names: frozenset[str] = frozenset()
        pattern = _new_name(found)
        for chunk in _line_chunks(self._path):
            new = set(pattern.findall(b"\n" + chunk)) - found
            if new:
                found |= new
                pattern = _new_name(found)
                names = frozenset(_text(name).lower() for name in found) - _CONTROL_NAMES - _TRAILER
                if wanted is not None and wanted <= names:
                    break
        return names

    def _entry(self, block: bytes) -> tuple[str | None, dict[str, list[bytes]]]:
        """Return the name and values of one block; no name for a block of what the tools write around entries."""
        if b"\n " in block:
            block = b"".join(block.split(b"\n "))  # in half the time of replace()
        if not block.isascii():
            block = block.decode("utf-8", ANSI).encode()
        plain, known_names = self._plain, self._names
        values: dict[str, list[bytes]] = {}
        for line in block.split(b"\n"):
            name, _separator, value = line.partition(b": ")
            key = plain.get(name)
            if key is not None:
                value = value.strip(b" ")
            elif name in known_names:
                key, read = known_names[name]
                value = read(value)
            else:
                parsed = self._learn(line, name)
                if parsed is None:
                    continue
                key, value = parsed
            if key in values:
                values[key].append(value)
            else:
                values[key] = [value]
        return _finish(values)

    def _learn(self, line: bytes, name: bytes) -> tuple[str, bytes] | None:
        """Read a line seen for the first time in this form; None for a comment or a line of blanks."""
        if line.startswith(b"#") or not line.strip():
            return None
        key, read, value = _parse_line(line)
        if self._wanted is not None and key not in self._wanted:
            key = ""
        if name.rstrip(b":").find(b":") < 0 and len(name) < len(line):
            if read is None:
                self._plain[name] = key
            else:
                self._names[name] = key, read
        return key, value

    def _second_look(self, line: int, block: bytes) -> Iterator[Entry]:
        """Go through a block that could not be read: split it where that helps, else say what is wrong with it."""
        parts = _BLANKS_BETWEEN.split(block)
        if len(parts) == 1:
            self.problems.append(_explain(self._path, line, block))
            return
        for part in parts:
            try:
                dn, values = self._entry(part)
                if dn is not None:
                    yield Entry(dn, values, self._path, line + _offset_of_dn(part))
            except (_Unreadable, ValueError):
                self.problems.append(_explain(self._path, line, part))
            line += part.count(b"\n") + 2


def _new_name(known: set[bytes]) -> re.Pattern[bytes]:
    """Return a pattern for names at the beginning of a line, without known ones.

    It goes over every line of the file. To pass over a name within the pattern takes a third of the time that it takes
    to make an object of it and look that up; with the names by their first letters, few are tried on a line.
    """
    by_letter: dict[bytes, list[bytes]] = {}
    for name in sorted(known)[:_NAMES_IN_PATTERN]:
        by_letter.setdefault(name[:1], []).append(re.escape(name[1:]))
    passed_over = b"|".join(b"%s(?:%s)" % (re.escape(letter), b"|".join(rest)) for letter, rest in by_letter.items())
    return re.compile(rb"\n(?!(?:%s)[:;])([^:;\n #]+)[:;]" % passed_over)


def _finish(values: dict[str, list[bytes]]) -> tuple[str | None, dict[str, list[bytes]]]:
    """Take what is no attribute out of a block's values, and return its name."""
    values.pop("", None)
    names = values.pop("dn", None)
    if names is None:
        _check_trailer(values)
        return None, values
    if len(names) > 1:
        raise _Unreadable("a second dn in one entry: the blank line between two entries is missing. Insert it.")
    change = values.pop("changetype", None)
    if change is not None and change[0].lower() != b"add":
        raise _Unreadable(
            f"changetype is {_text(change[0])}: this is a change to an object, not the object. Export the objects."
        )
    values.pop("version", None)
    values.pop("control", None)
    if not names[0]:
        raise _Unreadable("the dn is empty. Export the objects again.")
    return names[0].decode("utf-8", ANSI), values


def _check_trailer(values: dict[str, list[bytes]]) -> None:
    """Refuse a block without dn that is not what a tool writes around the entries."""
    if not values.keys() <= _TRAILER:
        raise _Unreadable('the entry does not begin with "dn:". Was a blank line inserted, or the file cut?')
    for version in values.get("version", ()):
        if version != b"1":
            raise _Unreadable(f"LDIF version {_text(version)} is not known; version 1 is.")
    for result in values.get("result", ()):
        if not re.match(rb"0\b", result):
            raise _Unreadable(
                f"the search that wrote this file ended with result {_text(result)}: entries are missing. Export "
                "again, with paging (ldapsearch -E pr=1000/noprompt)."
            )


def _parse_line(line: bytes) -> tuple[str, _Reader | None, bytes]:
    """Return attribute (lower case, without options), what makes values of such a line's text, and the value.

    Nothing makes the value where the text is the value.
    """
    match = _LINE.fullmatch(line)
    if match is None:
        raise _Unreadable('the line is no "attribute: value". Was the line above it broken in two?')
    name, kind, text = match.groups()
    if kind == b"<":
        raise _Unreadable("the value is in another file (:<), and other files are not read. Export the value itself.")
    key = _base_name(name)
    read: _Reader | None = _decode_base64 if kind else None
    if key in _READABLE:
        read = _restoring(*_READABLE[key], read or _stripped)
    return key, read, read(text) if read else _stripped(text)


def _stripped(text: bytes) -> bytes:
    return text.strip(b" ")


def _decode_base64(text: bytes) -> bytes:
    raw = a2b_base64(text)
    # The decoder passes over what is no base64, and stops at padding; then the text is too long for what came out.
    size = (len(raw) + 2) // 3 * 4
    if len(text) != size and len(text.strip()) != size:
        raise Base64Error
    return raw


def _restoring(is_readable: Callable[[bytes], bool], parse: Callable[[str], bytes], read: _Reader) -> _Reader:
    """Return a reader that undoes ldbsearch's readable spelling of a GUID or security identifier."""

    def restored(text: bytes) -> bytes:
        value = read(text)
        if not is_readable(value):
            return value
        try:
            return parse(_text(value))
        except (AnchorError, ValueError) as exc:
            raise _Unreadable(str(exc)) from None

    return restored


#: What tells the readable spelling of a value from its bytes, and what turns it into these. AD allows no objectGUID of
#: 36 bytes.
_READABLE: dict[str, tuple[Callable[[bytes], bool], Callable[[str], bytes]]] = {
    "objectguid": (lambda value: len(value) == 36, parse_guid),
    "objectsid": (lambda value: value.startswith(b"S-1-"), sid_bytes),
}


def _explain(path: str, line: int, block: bytes) -> dict[str, Any]:
    """Return the problem of a block that cannot be read, with the line that is to blame."""
    at, shown = line + _offset_of_dn(block), b""
    values: dict[str, list[bytes]] = {}
    try:
        for number, unfolded in _logical_lines(line, block):
            at, shown = number, unfolded
            key, _read, value = _parse_line(shown)
            values.setdefault(key, []).append(value)
            if key in ("dn", "changetype", "version", "result"):
                _finish(dict(values))
        at, shown = next(_logical_lines(line, block), (at, b""))
        _finish(values)
    except _Unreadable as exc:
        message = str(exc)
    except Base64Error:
        message = "the value is no whole base64: it is cut off or has foreign characters in it. Export it again."
    except ValueError as exc:
        message = str(exc)
    else:
        message = "the entry cannot be read."
    return problem(path, at, shown.decode("utf-8", ANSI), message[0].upper() + message[1:])


def _logical_lines(line: int, block: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the unfolded lines of a block that are no comments, with the number of their first physical line."""
    begin, parts = line, b""
    for number, physical in enumerate(block.split(b"\n"), line):
        if physical.startswith(b" "):
            parts += physical[1:]
            continue
        if parts and not parts.startswith(b"#"):
            yield begin, parts
        begin, parts = number, physical
    if parts and not parts.startswith(b"#"):
        yield begin, parts


def _offset_of_dn(block: bytes) -> int:
    """Return how many lines of a block stand before its dn."""
    if block.startswith(b"dn:"):
        return 0
    match = re.search(rb"(?:^|\n)dn:", block, re.IGNORECASE)
    return block.count(b"\n", 0, match.start() + 1) if match else 0


def _base_name(name: bytes) -> str:
    """Return an attribute's name without options such as ``;binary`` or ``;range=0-1499``."""
    return name.partition(b";")[0].decode("ascii").lower()


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _blocks(path: str) -> Iterator[tuple[int, bytes]]:
    """Yield what stands between blank lines, with the number of its first line."""
    line, rest = 1, b""
    for chunk in _line_chunks(path):
        *whole, rest = (rest + chunk).split(b"\n\n")
        for block in whole:
            if block and block[0] != _NEWLINE:
                yield line, block
            else:
                yield from _trimmed(line, block)
            line += block.count(b"\n") + 2
    yield from _trimmed(line, rest)


def _trimmed(line: int, block: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield a block without newlines around it, or nothing when nothing is left."""
    stripped = block.lstrip(b"\n")
    if stripped.strip():
        yield line + len(block) - len(stripped), stripped.rstrip(b"\n")


def _line_chunks(path: str) -> Iterator[bytes]:
    """Yield a file in pieces of whole lines, as UTF-8 (or ANSI) bytes without carriage returns."""
    rest = b""
    for piece in _pieces(path):
        if b"\r" in piece:  # never inside a value
            piece = piece.translate(None, b"\r")
        head, newline, tail = piece.rpartition(b"\n")
        if newline:
            yield rest + head + newline
            rest = tail
        else:
            rest += tail
    if rest:
        yield rest


def _pieces(path: str) -> Iterator[bytes]:
    """Yield a file as UTF-8 (or ANSI) bytes, without the byte order mark."""
    if encoding_of(path) != UTF_8:
        with open_text(path) as text:
            yield from (piece.encode() for piece in iter(lambda: text.read(_CHUNK), ""))
        return
    with open_bytes(path) as file:
        yield file.read(_CHUNK).removeprefix(BOM_UTF8)
        yield from iter(lambda: file.read(_CHUNK), b"")
