# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""AD objects read over LDAP: always in pages, in the server's order, raw values only; every failure is an error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Callable, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._directory.arguments import string_list
from ansible_collections.hybrid.identity.plugins.module_utils._directory.entry import Entry
from ansible_collections.hybrid.identity.plugins.module_utils._directory.ldap_connection import Session, connect
from ansible_collections.hybrid.identity.plugins.module_utils._directory.ldap_errors import DirectoryError
from ansible_collections.hybrid.identity.plugins.module_utils._directory.ldap_search import Searcher
from ansible_collections.hybrid.identity.plugins.module_utils._dn import is_under, rdns

# A user without these is a user whose attributes the account may not read: AD itself never leaves them empty.
_ALWAYS_PRESENT = ("objectGUID", "userAccountControl")


class LdapSource:
    """An ``EntrySource`` over one connection. Iterating reads the directory once and signs out."""

    attributes: Optional[frozenset[str]]

    def __init__(
        self,
        session: Session,
        bases: Sequence[str],
        scope: str,
        filters: Sequence[str],
        attributes: Sequence[str],
        *,
        must_be_readable: Sequence[str] = _ALWAYS_PRESENT,
    ) -> None:
        self._session = session
        self._bases = bases
        self._scope = scope
        self._filters = filters
        self._asked = list(attributes)
        self._must_be_readable = [name for name in must_be_readable if name in attributes]
        self.attributes = frozenset(name.lower() for name in attributes)
        self.description = " and ".join(f"{session.url}/{base}" for base in bases)
        self.base = bases[0]
        self.problems: list[dict[str, Any]] = []

    def __iter__(self) -> Iterator[Entry]:
        shown = dict.fromkeys(self._must_be_readable, 0)
        users = 0
        try:
            for entry in self._read():
                if b"user" in entry.attributes.get("objectclass", ()):
                    users += 1
                    for name in shown:
                        shown[name] += name.lower() in entry.attributes
                yield entry
        finally:
            self._session.connection.strategy.close()
        # An account may often read its own attributes though no one else's.
        unreadable = [name for name, count in shown.items() if count == 0 < users or count == 1 < users - 1]
        if unreadable:
            names = " and ".join(unreadable)
            raise DirectoryError(
                "unreadable",
                f"None of the {users} users found by {self.description} shows {names}, which every user has: the "
                "account that signed in may not read it, and what else it may not read would look empty. Let it read "
                "the attributes of users, mS-DS-ConsistencyGuid among them.",
            )

    def _read(self) -> Iterator[Entry]:
        searcher = Searcher(self._session)
        for base in self._bases:
            source = f"{self._session.url}/{base}"
            for search_filter in self._filters:
                for found in searcher.search(base, self._scope, search_filter, self._asked):
                    yield Entry(found.dn, found.values, source)


def open_directory(
    options: dict[str, Any],
    attributes: Sequence[str],
    warn: Callable[[str], None],
    filters: Sequence[str] | None = None,
) -> LdapSource:
    """Connect, sign in, and return the objects to read.

    :param options: the values of ``AD_ARGUMENTS``.
    :param attributes: the AD attributes to ask for.
    :param filters: searched one after the other below each base; by default the option ``filter``.
    :raises DirectoryError: with one sentence per cause: options, server, certificate, sign-in, base.
    """
    bases = _outermost(string_list(options["search_base"], "search_base"), options["search_scope"])
    session = connect(options, warn)
    try:
        return LdapSource(
            session,
            bases or [_default_base(session)],
            options["search_scope"],
            filters or [options["filter"]],
            attributes,
            # Of single users that were asked for by name, some may well be ones that the account may not read.
            must_be_readable=() if filters else _ALWAYS_PRESENT,
        )
    except BaseException:
        session.connection.strategy.close()
        raise


def _outermost(bases: list[str], scope: str) -> list[str]:
    """Drop bases that lie below another one, which would give their objects twice."""
    named = list({rdns(base): base for base in bases}.items())
    if scope != "subtree":
        return [base for _names, base in named]
    return [
        base for names, base in named if not any(names != other and is_under(names, other) for other, _base in named)
    ]


def _default_base(session: Session) -> str:
    root = Searcher(session).read("", ["defaultNamingContext"])
    contexts = root.values.get("defaultnamingcontext") if root else None
    if not contexts:
        raise DirectoryError(
            "base",
            f"{session.url} names no default naming context. Is it a domain controller? If so, give search_base.",
        )
    return contexts[0].decode("utf-8")
