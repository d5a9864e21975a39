# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of dynamic groups: the simple operators on single-valued properties of users.

``user.department -eq "Sales" -and (user.country -in ["DE","AT"] -or -not user.accountEnabled -eq false)``. Anything
else (``-any``, ``-all``, ``-match``, ``memberOf``, direct reports, device rules) is not rehearsed.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any, Callable

Rule = Callable[[Mapping[str, Any]], bool]

_TOKEN = re.compile(r"""\s*(?:"((?:[^"`]|`.)*)"|'((?:[^'`]|`.)*)'|([()\[\],])|([\w.$\-]+))""")
_EXTENSION = re.compile(r"extensionattribute(\d+)", re.IGNORECASE)


class RuleError(ValueError):
    """A rule that this tenant cannot evaluate."""


def _starts(value: str, wanted: str) -> bool:
    return value.startswith(wanted)


def _contains(value: str, wanted: str) -> bool:
    return wanted in value


_COMPARISONS: dict[str, tuple[Callable[[Any, Any], bool], bool]] = {
    # operator -> (test, what a negative one makes of it)
    "eq": (lambda value, wanted: value == wanted, False),
    "ne": (lambda value, wanted: value == wanted, True),
    "startswith": (lambda value, wanted: _starts(value or "", wanted), False),
    "notstartswith": (lambda value, wanted: _starts(value or "", wanted), True),
    "contains": (lambda value, wanted: _contains(value or "", wanted), False),
    "notcontains": (lambda value, wanted: _contains(value or "", wanted), True),
    "in": (lambda value, wanted: value in wanted, False),
    "notin": (lambda value, wanted: value in wanted, True),
}


@functools.lru_cache(maxsize=512)
def read_rule(text: str) -> Rule:
    """
    :raises RuleError: when the rule is none of the simple ones.
    """
    parser = _Parser(text)
    rule = parser.either()
    parser.end()
    return rule


class _Parser:
    """Recursive descent: -or binds weakest, then -and, then -not."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._tokens = list(self._split())

    def _split(self) -> Any:
        position = 0
        while self._text[position:].strip():
            hit = _TOKEN.match(self._text, position)
            if hit is None:
                raise RuleError(f"The rule cannot be read at: {self._text[position:]!r}.")
            position = hit.end()
            quoted = hit[1] if hit[1] is not None else hit[2]
            if quoted is not None:
                yield "text", re.sub(r"`(.)", r"\1", quoted)
            else:
                yield ("sign", hit[3]) if hit[3] else ("word", hit[4])

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        self._at += 1
        return token

    def _takes(self, *words: str) -> bool:
        kind, value = self._peek()
        if kind in ("word", "sign") and value.lower() in words:
            self._at += 1
            return True
        return False

    def end(self) -> None:
        if self._peek()[0] != "end":
            raise RuleError(f"The rule goes on where it should end: {self._text!r}.")

    def either(self) -> Rule:
        rules = [self._both()]
        while self._takes("-or", "or"):
            rules.append(self._both())
        return rules[0] if len(rules) == 1 else lambda user: any(rule(user) for rule in rules)

    def _both(self) -> Rule:
        rules = [self._single()]
        while self._takes("-and", "and"):
            rules.append(self._single())
        return rules[0] if len(rules) == 1 else lambda user: all(rule(user) for rule in rules)

    def _single(self) -> Rule:
        if self._takes("-not", "not"):
            inner = self._single()
            return lambda user: not inner(user)
        if self._takes("("):
            rule = self.either()
            if not self._takes(")"):
                raise RuleError(f"A bracket is not closed: {self._text!r}.")
            return rule
        return self._comparison()

    def _comparison(self) -> Rule:
        kind, name = self._next()
        if kind != "word" or not name.lower().startswith("user.") or name.count(".") != 1:
            raise RuleError(f"Only properties of users can be compared, not {name!r}.")
        read = _reader(name.partition(".")[2])
        operator = self._next()[1].lower().lstrip("-")
        if operator not in _COMPARISONS:
            raise RuleError(f"The operator {operator!r} is not rehearsed.")
        test, negative = _COMPARISONS[operator]
        wanted = self._list() if operator in ("in", "notin") else self._value()
        if wanted is None and operator not in ("eq", "ne"):
            raise RuleError("null can only be compared with -eq and -ne.")
        return lambda user: test(_folded(read(user)), wanted) != negative

    def _list(self) -> list[Any]:
        if not self._takes("["):
            raise RuleError("-in needs a list in square brackets.")
        values = [self._value()]
        while self._takes(","):
            values.append(self._value())
        if not self._takes("]"):
            raise RuleError("A list is not closed.")
        return values

    def _value(self) -> Any:
        kind, value = self._next()
        if kind == "text":
            return value.lower()
        constants = {"true": True, "false": False, "null": None, "$null": None}
        if kind == "word" and value.lower() in constants:
            return constants[value.lower()]
        raise RuleError(f"{value!r} is no text, true, false or null.")


def _reader(name: str) -> Callable[[Mapping[str, Any]], Any]:
    extension = _EXTENSION.fullmatch(name)
    if extension:
        key = f"extensionAttribute{extension[1]}"
        return lambda user: (user.get("onPremisesExtensionAttributes") or {}).get(key)
    wanted = _SINGLE_VALUED.get(name.lower())
    if wanted is None:
        raise RuleError(f"user.{name} is not rehearsed.")
    return lambda user: user.get(wanted)


def _folded(value: Any) -> Any:
    """Rules compare without case, and an empty text as null."""
    return (value.lower() or None) if isinstance(value, str) else value


# Properties as rules name them: Graph's names, and a few of their own.
_SINGLE_VALUED = {
    name.lower(): name
    for name in (
        "accountEnabled", "city", "companyName", "country", "creationType", "department", "displayName", "employeeId",
        "givenName", "jobTitle", "mail", "mailNickname", "mobilePhone", "onPremisesDistinguishedName",
        "onPremisesSecurityIdentifier", "passwordPolicies", "postalCode", "preferredLanguage", "state", "streetAddress",
        "surname", "usageLocation", "userPrincipalName", "userType",
    )
}  # fmt: skip
_SINGLE_VALUED.update(
    {
        "dirsyncenabled": "onPremisesSyncEnabled",
        "facsimiletelephonenumber": "faxNumber",
        "mobile": "mobilePhone",
        "objectid": "id",
        "physicaldeliveryofficename": "officeLocation",
    }
)
