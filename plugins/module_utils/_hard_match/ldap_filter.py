# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""LDAP filters (RFC 4515) evaluated on an object at hand, with three answers: true, false, unknown."""

from __future__ import annotations

import re
from typing import Callable, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._dn import rdns
from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure

#: Attribute name in lower case -> its values; an empty list for "has none", None for "not known".
Lookup = Callable[[str], Optional[list[bytes]]]
Test = Callable[[Lookup], Optional[bool]]

_ITEM = re.compile(r"(?P<name>[A-Za-z][\w.-]*)?(?::(?P<rule>[\w.]+):)?(?P<operator>=|>=|<=|~=)(?P<value>.*)", re.DOTALL)
_BIT_AND = "1.2.840.113556.1.4.803"
_BIT_OR = "1.2.840.113556.1.4.804"


class FilterError(Failure):
    """A filter that cannot be read, or that cannot be evaluated away from the server."""


class LdapFilter(NamedTuple):
    """A filter that was read.

    ``attributes`` are the lower-case names it looks at. ``test`` takes a :data:`Lookup` and answers true, false, or
    None where the answer hangs on an attribute that is not known. An attribute without a value meets no comparison, and
    the negation of a comparison holds for it, as in Active Directory.
    """

    text: str
    attributes: frozenset[str]
    test: Test


def parse_filter(text: str) -> LdapFilter:
    """Read a filter; the outermost parentheses may be missing.

    :raises FilterError: with the place where reading stopped.
    """
    stripped = text.strip()
    parser = _Parser(stripped if stripped.startswith("(") else f"({stripped})", text)
    test = parser.parse()
    return LdapFilter(text, frozenset(parser.attributes), test)


class _Parser:
    """Recursive descent over the filter's text."""

    def __init__(self, text: str, shown: str) -> None:
        self.text = text
        self.shown = shown
        self.position = 0
        self.attributes: set[str] = set()

    def parse(self) -> Test:
        test = self._filter()
        self._skip_blanks()
        if self.position != len(self.text):
            raise self._error("text after the end of the filter")
        return test

    def _filter(self) -> Test:
        self._expect("(")
        self._skip_blanks()
        head = self.text[self.position : self.position + 1]
        if head in ("&", "|", "!"):
            self.position += 1
            tests = self._list()
            if head == "!" and len(tests) != 1:
                raise self._error("! takes exactly one filter")
            test = _not(tests[0]) if head == "!" else _junction(tests, all_of=head == "&")
        else:
            test = self._item()
        self._expect(")")
        return test

    def _list(self) -> list[Test]:
        tests = []
        self._skip_blanks()
        while self.text[self.position : self.position + 1] == "(":
            tests.append(self._filter())
            self._skip_blanks()
        return tests

    def _item(self) -> Test:
        end = self.text.find(")", self.position)
        match = _ITEM.fullmatch(self.text[self.position : end]) if end >= 0 else None
        if match is None or not match["name"]:
            raise self._error("attribute, operator and value expected")
        name = match["name"].lower()
        value = match["value"]
        self.attributes.add(name)
        if match["rule"]:
            test = self._bit_test(name, match["rule"], value)
        elif match["operator"] in ("=", "~="):
            test = self._equality(name, value)
        else:
            test = _ordering(name, self._bytes(value), at_least=match["operator"] == ">=")
        self.position = end
        return test

    def _bit_test(self, name: str, rule: str, value: str) -> Test:
        if rule not in (_BIT_AND, _BIT_OR):
            raise self._error(f"the matching rule {rule} can be evaluated by a domain controller only")
        mask = _integer(self._bytes(value))
        if mask is None:
            raise self._error("a bit test needs a number")
        wanted = mask

        def holds(raw: bytes) -> bool:
            number = _integer(raw)
            if number is None:
                return False
            return number & wanted == wanted if rule == _BIT_AND else number & wanted != 0

        return _any_value(name, holds)

    def _equality(self, name: str, value: str) -> Test:
        if value == "*":
            return _any_value(name, lambda raw: True)
        pieces = [self._bytes(piece) for piece in value.split("*")]
        if len(pieces) > 1:
            pattern = re.compile(".*".join(re.escape(_folded(piece)) for piece in pieces), re.DOTALL)
            return _any_value(name, lambda raw: pattern.fullmatch(_folded(raw)) is not None)
        wanted = pieces[0]
        if name == "objectcategory" and b"=" not in wanted:  # AD takes the class's short name here
            category = f"cn={_folded(wanted)}"
            return _any_value(name, lambda raw: rdns(_text(raw))[:1] == (category,))
        if b"=" in wanted and b"," in wanted:
            dn = rdns(_text(wanted))
            return _any_value(name, lambda raw: raw == wanted or rdns(_text(raw)) == dn)
        return _any_value(name, lambda raw: raw == wanted or _folded(raw) == _folded(wanted))

    def _bytes(self, value: str) -> bytes:
        """Undo the escapes of an assertion value: \\XX is one byte."""
        parts = re.split(r"\\([0-9a-fA-F]{2})", value)
        if any("\\" in part for part in parts[::2]):
            raise self._error("a backslash must be followed by two hex digits")
        return b"".join(bytes.fromhex(part) if index % 2 else part.encode("utf-8") for index, part in enumerate(parts))

    def _expect(self, character: str) -> None:
        self._skip_blanks()
        if self.text[self.position : self.position + 1] != character:
            raise self._error(f"{character} expected")
        self.position += 1

    def _skip_blanks(self) -> None:
        while self.text[self.position : self.position + 1].isspace():
            self.position += 1

    def _error(self, reason: str) -> FilterError:
        return FilterError(
            f'The LDAP filter "{self.shown}" cannot be read: {reason}, at "{self.text[self.position :][:40]}". '
            "Write it as RFC 4515 has it, for example (&(objectClass=user)(department=Sales)), with ( ) * and \\ in "
            "values escaped as \\28 \\29 \\2a \\5c."
        )


def _junction(tests: list[Test], *, all_of: bool) -> Test:
    def test(lookup: Lookup) -> bool | None:
        unknown = False
        for each in tests:
            answer = each(lookup)
            if answer is None:
                unknown = True
            elif answer is not all_of:
                return answer
        return None if unknown else all_of

    return test


def _not(inner: Test) -> Test:
    def test(lookup: Lookup) -> bool | None:
        answer = inner(lookup)
        return None if answer is None else not answer

    return test


def _any_value(name: str, holds: Callable[[bytes], bool]) -> Test:
    def test(lookup: Lookup) -> bool | None:
        values = lookup(name)
        return None if values is None else any(map(holds, values))

    return test


def _ordering(name: str, wanted: bytes, *, at_least: bool) -> Test:
    limit = _integer(wanted)

    def holds(raw: bytes) -> bool:
        number = _integer(raw)
        if number is not None and limit is not None:
            return number >= limit if at_least else number <= limit
        return _folded(raw) >= _folded(wanted) if at_least else _folded(raw) <= _folded(wanted)

    return _any_value(name, holds)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _folded(raw: bytes) -> str:
    return _text(raw).casefold()


def _integer(raw: bytes) -> int | None:
    try:
        return int(raw)
    except ValueError:
        return None
