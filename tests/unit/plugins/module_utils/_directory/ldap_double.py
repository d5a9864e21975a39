# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A domain controller on the other end of a socket: it speaks LDAP as Active Directory does, and breaks on demand."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
import types

PAGED = "1.2.840.113556.1.4.319"


def tlv(tag, *parts):
    """Encode an element with a length in five bytes, which is how Active Directory writes them all."""
    content = b"".join(parts)
    return bytes((tag, 0x84)) + len(content).to_bytes(4, "big") + content


def short_tlv(tag, *parts):
    """Encode an element with the shortest length, as other servers do."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(digits))) + digits + content


def entry(dn, attributes, element=tlv):
    """Encode the operation of a message that shows an entry."""
    shown = [
        element(0x30, element(4, name.encode()), element(0x31, *(element(4, value) for value in values)))
        for name, values in attributes.items()
    ]
    return element(0x64, element(4, dn.encode()), element(0x30, *shown))


def reference(*urls):
    return tlv(0x73, *(tlv(4, url.encode()) for url in urls))


def result(code=0, dn="", message="", referrals=(), tag=0x65):
    """Encode the operation of a message that ends an answer."""
    others = tlv(0xA3, *(tlv(4, url.encode()) for url in referrals)) if referrals else b""
    return tlv(tag, tlv(0x0A, bytes((code,))), tlv(4, dn.encode()), tlv(4, message.encode()), others)


def paged(cookie):
    """Encode the controls of a result: an unrelated one, and where the next page begins."""
    other = tlv(0x30, tlv(4, b"1.2.3"))
    page = tlv(0x30, tlv(2, b"\0"), tlv(4, cookie))
    return tlv(0xA0, other, tlv(0x30, tlv(4, PAGED.encode()), tlv(1, b"\0"), tlv(4, page)))


def message(number, operation, controls=b""):
    return tlv(0x30, tlv(2, number.to_bytes(4, "big")), operation, controls)


def elements(data):
    """Decode elements into (tag, content); what lies in a constructed one is decoded as well."""
    found = []
    while data:
        tag, end = data[0], whole(data)
        content = data[end - size_of(data)[0] : end]
        found.append((tag, elements(content) if tag & 0x20 else content))
        data = data[end:]
    return found


def size_of(data):
    """Return the size of an element's content, and where that begins."""
    size, at = data[1], 2
    if size & 0x80:
        at += size & 0x7F
        size = int.from_bytes(data[2:at], "big")
    return size, at


def whole(data):
    return sum(size_of(data))


def filter_text(element):
    tag, content = element
    if tag in (0xA0, 0xA1):
        return f"({'&' if tag == 0xA0 else '|'}{''.join(map(filter_text, content))})"
    if tag == 0xA3:
        return f"({'='.join(part.decode() for _tag, part in content)})"
    assert tag == 0x87, f"filter of kind 0x{tag:02x}"
    return f"({content.decode()}=*)"


class Controller:
    """Answers searches with encoded operations, in pages of at most ``clamp``.

    :param entries: what every paged search finds.
    :param final: the operation that ends every page, or a dictionary of them by page.
    :param objects: what a read of a single object finds, by its first attribute asked for or its name.
    :param raw: bytes sent instead of the page of this number, after which the connection ends.
    :param ignore_paging: answer without the control.
    """

    clamp = 1000

    def __init__(self, entries=(), *, final=None, objects=None, raw=None, ignore_paging=False):
        self.entries = list(entries)
        self.objects = objects or {}
        self.requests = []
        self.closed = False
        self._final = final if isinstance(final, dict) else {}
        self._every_final = final if isinstance(final, bytes) else result()
        self._raw = raw or {}
        self._ignore_paging = ignore_paging
        self._pages = itertools.count(1)
        numbers = itertools.count(7)
        here, self._there = socket.socketpair()
        here.settimeout(5)
        self.sent = 0
        self.socket = types.SimpleNamespace(
            sendall=lambda data: (setattr(self, "sent", self.sent + 1), here.sendall(data)), recv=here.recv
        )
        self._here = here
        self.server = types.SimpleNamespace(next_message_id=lambda: next(numbers))
        self.strategy = types.SimpleNamespace(close=self._close)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _close(self):
        self.closed = True
        for end in (self._here, self._there):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def seen(self):
        """Return the requests once the controller has read them all; the connection is at its end."""
        self._thread.join(5)
        return self.requests

    def _serve(self):
        received = b""
        with contextlib.suppress(OSError):
            while True:
                piece = self._there.recv(1 << 16)
                if not piece:
                    return
                received += piece
                while received and len(received) >= whole(received):
                    end = whole(received)
                    [(_tag, request)] = elements(received[:end])
                    received = received[end:]
                    if not self._handle(*request):
                        self._there.shutdown(socket.SHUT_RDWR)
                        return

    def _handle(self, number, search, *controls):
        number = int.from_bytes(number[1], "big")
        tag, (base, scope, _aliases, _size, _time, _types, search_filter, attributes) = search
        assert tag == 0x63
        seen = {
            "base": base[1].decode(),
            "scope": scope[1][0],
            "filter": filter_text(search_filter),
            "attributes": [name.decode() for _tag, name in attributes[1]],
        }
        for _tag, [(_sequence, [oid, critical, value])] in controls:
            assert (oid, critical) == ((4, PAGED.encode()), (1, b"\xff"))
            [(_tag, [size, cookie])] = elements(value[1])
            seen |= {"paged_size": int.from_bytes(size[1], "big"), "paged_cookie": cookie[1]}
        self.requests.append(seen)
        if "paged_size" not in seen:
            found = self.objects.get(seen["attributes"][0], self.objects.get(seen["base"], ()))
            self._send(*(message(number, operation) for operation in found), message(number, result()))
            return True
        page = next(self._pages)
        if page in self._raw:
            self._send(self._raw[page])
            return False
        start = int(seen["paged_cookie"] or 0)
        stop = start + min(seen["paged_size"], self.clamp)
        more = str(stop).encode() if stop < len(self.entries) else b""
        controls = b"" if self._ignore_paging else paged(more)
        final = self._final.get(page, self._every_final)
        self._send(*(message(number, each) for each in self.entries[start:stop]), message(number, final, controls))
        return True

    def _send(self, *messages):
        self._there.sendall(b"".join(messages))
