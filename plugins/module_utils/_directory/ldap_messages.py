# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The LDAP messages of a search (RFC 4511 4.5, in BER), as far as reading a directory needs them.

A general decoder makes an object of every element, which takes longer than the server takes to find the entries; here
an entry becomes its raw values in one pass. Active Directory writes lengths in five bytes, others in as few as will do.
"""

from __future__ import annotations

from typing import NamedTuple

# Tags of operations, RFC 4511 4.2 ff.
SEARCH_ENTRY = 0x64
SEARCH_DONE = 0x65
SEARCH_REFERENCE = 0x73
EXTENDED_RESPONSE = 0x78
INTERMEDIATE_RESPONSE = 0x79

_BOOLEAN, _INTEGER, _OCTET_STRING, _SEQUENCE = 0x01, 0x02, 0x04, 0x30
_REFERRALS, _CONTROLS = 0xA3, 0xA0
#: RFC 2696.
_PAGED_RESULTS = b"1.2.840.113556.1.4.319"


class MalformedMessage(ValueError):
    """What the server sent is no LDAP message."""


class Message(NamedTuple):
    """An LDAP message whose operation is yet to be read."""

    number: int
    #: Tag of the operation.
    operation: int
    data: bytes
    #: Where the operation's content begins and ends in ``data``; controls may follow.
    start: int
    end: int


class Result(NamedTuple):
    """The result of an operation (LDAPResult)."""

    code: int
    matched_dn: str
    message: str
    referrals: tuple[str, ...] = ()
    #: Where the next page begins; empty: there is none.
    cookie: bytes = b""


class Range(NamedTuple):
    """Values of an attribute that the server gives in parts ([MS-ADTS] 3.1.1.3.1.3.3)."""

    #: In lower case.
    attribute: str
    #: The first value of the next part.
    next: int


class SearchEntry(NamedTuple):
    """What a search found: its name, its values by the lower-case names of attributes, and what is yet to be asked."""

    dn: str
    values: dict[str, list[bytes]]
    ranges: tuple[Range, ...]


def paged_request(number: int, operation: bytes, page_size: int, cookie: bytes) -> bytes:
    """Return a message that carries an encoded operation and asks for a page of its result, which may not be ignored.

    :param page_size: 0 asks for the whole result at once.
    """
    content = _element(_INTEGER, _integer(number)) + operation
    if page_size:
        page = _element(_INTEGER, _integer(page_size)) + _element(_OCTET_STRING, cookie)
        control = _element(_OCTET_STRING, _PAGED_RESULTS) + _element(_BOOLEAN, b"\xff")
        control += _element(_OCTET_STRING, _element(_SEQUENCE, page))
        content += _element(_CONTROLS, _element(_SEQUENCE, control))
    return _element(_SEQUENCE, content)


def message_end(data: bytearray, start: int) -> int | None:
    """Return where the message that begins at ``start`` ends; None while too little of it is there to tell."""
    if len(data) < start + 2:
        return None
    size = data[start + 1]
    content = start + 2
    if size & 0x80:
        content += size & 0x7F
        if len(data) < content:
            return None
        size, content = _long_size(data, start + 2, size)
    return content + size


def read_message(data: bytes) -> Message:
    """Read the envelope of a whole message."""
    try:
        at, end = _content(data, 0, len(data), _SEQUENCE)
        start, at = _content(data, at, end, _INTEGER)
        number = int.from_bytes(data[start:at], "big")
        return Message(number, data[at], data, *_content(data, at, end, data[at]))
    except IndexError:
        raise MalformedMessage("the message ends too early") from None


def read_entry(message: Message, names: dict[bytes, str]) -> SearchEntry:
    """Read a ``SEARCH_ENTRY``.

    :param names: the lower-case names of attributes by their spelling on the wire; grows.
    """
    _number, _operation, data, at, end = message
    values: dict[str, list[bytes]] = {}
    ranges: tuple[Range, ...] = ()
    try:
        start, at = _content(data, at, end, _OCTET_STRING)
        dn = data[start:at].decode("utf-8", "replace")
        at, end = _content(data, at, end, _SEQUENCE)
        while at < end:
            # PartialAttribute ::= SEQUENCE { type OCTET STRING, vals SET OF OCTET STRING }; the calls of _content()
            # that should stand here would take twice as long as all the rest.
            size = data[at + 1]
            at += 2
            if size > 0x7F:
                size, at = _long_size(data, at, size)
            attribute_end = at + size
            size = data[at + 1]
            at += 2
            if size > 0x7F:
                size, at = _long_size(data, at, size)
            name = data[at : at + size]
            at += size
            size = data[at + 1]
            at += 2
            if size > 0x7F:
                size, at = _long_size(data, at, size)
            if at + size != attribute_end:
                raise MalformedMessage("an attribute's length is wrong")
            found = []
            while at < attribute_end:
                size = data[at + 1]
                at += 2
                if size > 0x7F:
                    size, at = _long_size(data, at, size)
                found.append(data[at : at + size])
                at += size
            if at != attribute_end:
                raise MalformedMessage("a value's length is wrong")
            key = names.get(name)
            if key is None:
                key, part = _learn(name, names)
                ranges += part
            # With the first part of its values AD sends an attribute once more, with none.
            if found:
                values[key] = found
    except IndexError:
        raise MalformedMessage("an entry ends too early") from None
    if at != end:
        raise MalformedMessage("the length of an entry's attributes is wrong")
    return SearchEntry(dn, values, ranges)


def read_result(message: Message) -> Result:
    """Read the ``LDAPResult`` of an operation that is done, and its control for pages."""
    data = message.data
    try:
        at, end = message.start, message.end
        code_at, at = _content(data, at, end, data[at])
        code = int.from_bytes(data[code_at:at], "big")
        start, at = _content(data, at, end, _OCTET_STRING)
        matched_dn = data[start:at].decode("utf-8", "replace")
        start, at = _content(data, at, end, _OCTET_STRING)
        diagnostic = data[start:at].decode("utf-8", "replace")
        referrals = next((_texts(data, *span) for tag, *span in _elements(data, at, end) if tag == _REFERRALS), ())
        return Result(code, matched_dn, diagnostic, referrals, _cookie(data, end))
    except IndexError:
        raise MalformedMessage("a result ends too early") from None


def _cookie(data: bytes, at: int) -> bytes:
    """Return the cookie of the control for pages among those after an operation."""
    for tag, start, end in _elements(data, at, len(data)):
        for _tag, *control in _elements(data, start, end) if tag == _CONTROLS else ():
            kind, *others = _elements(data, *control)
            if data[kind[1] : kind[2]] == _PAGED_RESULTS and others:
                _tag, start, end = others[-1]
                [page] = _elements(data, start, end)
                _size, cookie = _elements(data, *page[1:])
                return data[cookie[1] : cookie[2]]
    return b""


def _learn(name: bytes, names: dict[bytes, str]) -> tuple[str, tuple[Range, ...]]:
    """Return an attribute's name without options, in lower case, and the part of its values that is yet to be asked."""
    key, _separator, options = name.decode("ascii", "replace").lower().partition(";")
    if options.startswith("range="):
        first, _dash, last = options[len("range=") :].partition("-")
        if not first.isdigit() or not (last.isdigit() or last == "*"):
            raise MalformedMessage(f"the range of {key} is {options}")
        return key, () if last == "*" else (Range(key, int(last) + 1),)
    names[name] = key
    return key, ()


def _elements(data: bytes, at: int, end: int) -> list[tuple[int, int, int]]:
    """Return tag, beginning and end of each element from ``at`` to ``end``."""
    found = []
    while at < end:
        tag = data[at]
        start, at = _content(data, at, end, tag)
        found.append((tag, start, at))
    return found


def _texts(data: bytes, start: int, end: int) -> tuple[str, ...]:
    return tuple(data[first:last].decode("utf-8", "replace") for _tag, first, last in _elements(data, start, end))


def _content(data: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    """Return where the content of the element at ``at`` begins and ends."""
    if data[at] != tag:
        raise MalformedMessage(f"an element is of kind 0x{data[at]:02x}, not 0x{tag:02x}")
    size = data[at + 1]
    at += 2
    if size > 0x7F:
        size, at = _long_size(data, at, size)
    if at + size > end:
        raise MalformedMessage("an element is longer than what it is in")
    return at, at + size


def _long_size(data: bytes | bytearray, at: int, first: int) -> tuple[int, int]:
    """Return a length in the long form, and where the content begins."""
    end = at + (first & 0x7F)
    if not at < end <= at + 4:
        raise MalformedMessage("a length is none that LDAP allows")
    return int.from_bytes(data[at:end], "big"), end


def _element(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(digits))) + digits + content


def _integer(value: int) -> bytes:
    """Return a number that is not negative."""
    return value.to_bytes(value.bit_length() // 8 + 1, "big")
