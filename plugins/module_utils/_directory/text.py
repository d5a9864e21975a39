# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What LDIF and CSV have in common: text of whatever encoding, and readable spellings of binary values."""

from __future__ import annotations

import codecs
import re
from typing import Any, BinaryIO, TextIO

from ansible_collections.hybrid.identity.plugins.module_utils._rows import explained, parse_time

#: Error handler for decoding: what is no UTF-8 is ANSI, code page 1252, as Windows tools write without -u.
ANSI = "hybrid_identity_ansi"
#: UTF-8 with or without a mark; what is none is decoded by :data:`ANSI`.
UTF_8 = "utf-8-sig"

_SECONDS_FROM_1601_TO_1970 = 11_644_473_600
_SID = re.compile(r"S-(\d{1,3})-(\d{1,15})((?:-\d{1,10}){1,15})", re.IGNORECASE)


def _decode_ansi(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(ANSI, _decode_ansi)


def open_bytes(path: str) -> BinaryIO:
    """Open a file for reading.

    :raises RowError: with a sentence when it cannot be opened.
    """
    with explained(path, "read"):
        return open(path, "rb")


def open_text(path: str) -> TextIO:
    """Open a file for reading as text in whatever encoding it has; line ends stay as they are.

    :raises RowError: with a sentence when it cannot be opened.
    """
    encoding = encoding_of(path)
    with explained(path, "read"):
        return open(path, encoding=encoding, errors=ANSI if encoding == UTF_8 else "replace", newline="")


def encoding_of(path: str) -> str:
    """Return the codec of a file by its first bytes: a kind of UTF-16, or :data:`UTF_8` for all others."""
    with open_bytes(path) as file:
        start = file.read(2)
    if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    if start[1:] == b"\0":  # UTF-16 that lost its mark
        return "utf-16-le"
    if start[:1] == b"\0":
        return "utf-16-be"
    return UTF_8


def file_time(text: str) -> bytes:
    """Return RFC 3339 text as a FILETIME in whole seconds, in digits as LDAP has it ([MS-DTYP] 2.3.3).

    :raises ValueError: when the text is no such time.
    """
    return b"%d" % ((int(parse_time(text)) + _SECONDS_FROM_1601_TO_1970) * 10_000_000)


def sid_bytes(text: str) -> bytes:
    """Return the bytes of a security identifier such as ``S-1-5-21-…`` ([MS-DTYP] 2.4.2).

    :raises ValueError: with a sentence.
    """
    match = _SID.fullmatch(text.strip())
    if match:
        revision, authority = int(match.group(1)), int(match.group(2))
        parts = [int(part) for part in match.group(3)[1:].split("-")]
        if revision < 1 << 8 and authority < 1 << 48 and max(parts) < 1 << 32:
            head = bytes((revision, len(parts))) + authority.to_bytes(6, "big")
            return head + b"".join(part.to_bytes(4, "little") for part in parts)
    raise ValueError(f'"{text}" is no security identifier such as S-1-5-21-1-2-3-1104.')


def problem(source: str, line: int | None, value: str, message: str) -> dict[str, Any]:
    """Return an item of ``EntrySource.problems``; a long value is cut."""
    return {
        "source": source,
        "line": line,
        "value": value if len(value) <= 200 else value[:199] + "…",
        "message": message,
    }
