# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Searches over a signed-in connection, with requests under way while answers are decoded.

ldap3 opens the connection, signs in and encodes filters. It would ask for the next page only after it has decoded the
one before, so requests are sent and answers read here, on the connection's socket.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ansible_collections.hybrid.identity.plugins.module_utils import _requirements
from ansible_collections.hybrid.identity.plugins.module_utils._directory.ldap_connection import Session
from ansible_collections.hybrid.identity.plugins.module_utils._directory.ldap_errors import (
    SUCCESS,
    DirectoryError,
    explain_search,
)
from ansible_collections.hybrid.identity.plugins.module_utils._directory.ldap_messages import (
    EXTENDED_RESPONSE,
    INTERMEDIATE_RESPONSE,
    SEARCH_DONE,
    SEARCH_ENTRY,
    SEARCH_REFERENCE,
    MalformedMessage,
    Message,
    Result,
    SearchEntry,
    message_end,
    paged_request,
    read_entry,
    read_message,
    read_result,
)

# The most that AD gives at a time unless its policy was changed; asking for more gives as much.
_PAGE_SIZE = 1000
_RECEIVED = 1 << 18
_ANY = "(objectClass=*)"
_NO_LDAP = "what it sent is not LDAP: {}"


class Searcher:
    """Searches on one connection, which nothing else may use meanwhile."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._socket = session.connection.socket
        self._received = bytearray()
        # Messages of each request that is under way.
        self._messages: dict[int, list[Message]] = {}
        self._names: dict[bytes, str] = {}

    def search(self, base: str, scope: str, search_filter: str, attributes: Sequence[str]) -> Iterator[SearchEntry]:
        """Yield what is found, page by page, in the server's order; values given in parts are put together.

        The next page is asked for as soon as the last message of one is there, and the server finds and sends it while
        this one is decoded and used. No more than these two pages are held.

        :param scope: ``base, one_level`` or ``subtree``.
        :raises DirectoryError: for whatever is not a whole answer.
        """
        operation = self._operation(base, scope, search_filter, attributes)
        request: int | None = self._send(operation, _PAGE_SIZE)
        while request is not None:
            messages, result = self._answer(request, base)
            request = self._send(operation, _PAGE_SIZE, result.cookie) if result.cookie else None
            for message in messages:
                if message.operation == SEARCH_ENTRY:  # the others are references to further directories
                    entry = self._decoded(message)
                    yield self._whole(entry) if entry.ranges else entry

    def read(self, dn: str, attributes: Sequence[str]) -> SearchEntry | None:
        """Return one object, or None when it shows nothing."""
        request = self._send(self._operation(dn, "base", _ANY, attributes))
        messages, _result = self._answer(request, dn)
        entries = [message for message in messages if message.operation == SEARCH_ENTRY]
        return self._decoded(entries[0]) if entries else None

    def _whole(self, entry: SearchEntry) -> SearchEntry:
        """Add the rest of the values of which an entry shows a part only."""
        ranges = entry.ranges
        while ranges:
            further = self.read(entry.dn, [f"{part.attribute};range={part.next}-*" for part in ranges])
            for part in ranges:
                more = further.values.get(part.attribute) if further else None
                if not more:
                    raise self._interrupted(f"the values of {part.attribute} of {entry.dn} changed meanwhile")
                entry.values[part.attribute] += more
            ranges = further.ranges if further else ()
        return entry

    def _decoded(self, message: Message) -> SearchEntry:
        try:
            return read_entry(message, self._names)
        except MalformedMessage as exc:
            raise self._interrupted(_NO_LDAP.format(exc)) from None

    def _operation(self, base: str, scope: str, search_filter: str, attributes: Sequence[str]) -> bytes:
        """Encode a search request."""
        ldap3 = _requirements.ldap3
        exceptions = ldap3.core.exceptions
        try:
            request = ldap3.operation.search.search_operation(
                base,
                search_filter,
                {"base": ldap3.BASE, "one_level": ldap3.LEVEL, "subtree": ldap3.SUBTREE}[scope],
                ldap3.DEREF_NEVER,
                list(attributes),
                size_limit=0,
                time_limit=0,
                types_only=False,
                auto_escape=True,
                auto_encode=True,
            )
            return bytes(ldap3.utils.asn1.encode(request))
        except exceptions.LDAPInvalidFilterError as exc:
            raise DirectoryError(
                "options", f'The filter "{search_filter}" is no LDAP filter: {exc}. Correct it.'
            ) from None
        except exceptions.LDAPExceptionError as exc:
            raise DirectoryError(
                "refused", f'The search below "{base}" on {self._session.url} failed: {exc}.'
            ) from None

    def _send(self, operation: bytes, page_size: int = 0, cookie: bytes = b"") -> int:
        """Send a request and return its number."""
        number = int(self._session.connection.server.next_message_id())
        self._messages[number] = []
        try:
            self._socket.sendall(paged_request(number, operation, page_size, cookie))
        except OSError as exc:
            raise self._interrupted(str(exc)) from None
        return number

    def _answer(self, request: int, base: str) -> tuple[list[Message], Result]:
        """Wait for the end of a request, and return its messages and its result.

        Messages of other requests that arrive meanwhile are kept for them.
        """
        messages = self._messages[request]
        try:
            while not messages or messages[-1].operation != SEARCH_DONE:
                self._receive()
            result = read_result(messages.pop())
        except OSError as exc:
            raise self._interrupted(str(exc)) from None
        except MalformedMessage as exc:
            raise self._interrupted(_NO_LDAP.format(exc)) from None
        del self._messages[request]
        if result.code != SUCCESS:
            raise explain_search(_as_ldap3_has_it(result), self._session.url, base)
        return messages, result

    def _receive(self) -> None:
        """Wait for more from the server, and sort the messages that are whole."""
        received = self._received
        piece = self._socket.recv(_RECEIVED)
        if not piece:
            raise ConnectionError("it closed the connection")
        received += piece
        at = 0
        while True:
            end = message_end(received, at)
            if end is None or end > len(received):
                break
            message = read_message(bytes(received[at:end]))
            at = end
            if message.number == 0 and message.operation == EXTENDED_RESPONSE:  # notice of disconnection
                notice = read_result(message)
                raise ConnectionError(f"it ended the session: LDAP {notice.code} {notice.message}".strip())
            if message.operation == INTERMEDIATE_RESPONSE:
                continue
            if message.operation not in (SEARCH_ENTRY, SEARCH_REFERENCE, SEARCH_DONE):
                raise MalformedMessage(f"a message of kind 0x{message.operation:02x} answers no search")
            if message.number not in self._messages:
                raise MalformedMessage(f"message {message.number} answers no request")
            self._messages[message.number].append(message)
        del received[:at]

    def _interrupted(self, why: str) -> DirectoryError:
        return DirectoryError(
            "interrupted",
            f"{self._session.url} broke off while it was being read ({why}). What was read is incomplete and was "
            "discarded. Run it again; raise read_timeout if the server is slow.",
        )


def _as_ldap3_has_it(result: Result) -> dict[str, Any]:
    """Return a result in the form in which a sign-in has it."""
    return {
        "result": result.code,
        "description": _requirements.ldap3.core.results.RESULT_CODES.get(result.code, "unknown"),
        "dn": result.matched_dn,
        "message": result.message,
        "referrals": list(result.referrals),
    }
