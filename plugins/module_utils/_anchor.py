# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The anchor: one GUID in every spelling administrators have, and back.

AD stores a GUID as 16 bytes with its first three fields little-endian. The base64 of those bytes is the ImmutableId.
The dashed text shows the first three fields the other way round. "AD order" always means the bytes as stored.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from typing import NamedTuple

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure

GUID_LENGTH = 16

_DASHED = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]+", re.IGNORECASE)
_CSVDE = re.compile(r"x'([0-9a-f]*)'", re.IGNORECASE)
_ESCAPES = re.compile(r"(?:\\[0-9a-f]{2})+", re.IGNORECASE)
_CONNECTOR_SPACE = re.compile(r"cn=\{([0-9a-f]*)\}", re.IGNORECASE)
_HEX_PAIRS = re.compile(r"(?:0x)?[0-9a-f]{2}([-:]|, ?| )(?:(?:0x)?[0-9a-f]{2}\1)*(?:0x)?[0-9a-f]{2}", re.IGNORECASE)
_DECIMALS = re.compile(r"\[?\s*\d{1,3}(?:\s*[,;]\s*\d{1,3}|\s+\d{1,3})+\s*\]?")
_BASE64_TEXT = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_BASE64_URL_TEXT = re.compile(r"[A-Za-z0-9_+/-]*={0,2}")
# 16 bytes in base64: 22 characters, then two of padding.
_BASE64_GUID_DIGITS = 22


class AnchorError(Failure):
    """A value that is no anchor.

    ``code`` is one of ``wrong_length, bad_base64, url_safe_base64, missing_padding, all_zero, not_a_guid,
    ambiguous_hex, empty``.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ImmutableId(NamedTuple):
    """What a tenant holds in ``onPremisesImmutableId``.

    ``text`` is the value as it is; ``raw`` the 16 bytes in AD order, or ``None`` for a string anchor that is no GUID
    (an employee number, a mail address), which is legal.
    """

    text: str
    raw: bytes | None


def parse_guid(value: str | bytes | Sequence[int]) -> bytes:
    """Return the 16 bytes in AD order of a GUID in any spelling.

    Text: dashed GUID (any case, with braces or parentheses or not), 32 hex digits, base64, hex pairs with ``-``, ``:``,
    blank or comma between, ``0x…``, LDAP filter escapes ``\\83\\c3…``, decimal bytes, csvde's ``X'…'``, and the
    connector space name ``CN={hex of the base64 text}``. Bytes and lists of numbers are taken as stored.

    32 bare hex digits may be GUID text without dashes or the stored bytes. The reading that is a version-4 GUID, as AD
    makes them, is taken; where both or neither are, nothing is guessed.

    :raises AnchorError: with a code and a sentence.
    """
    if isinstance(value, (bytes, bytearray)):
        return _checked(bytes(value), f"{len(value)} bytes")
    if isinstance(value, str):
        return _checked(_parse_text(value.strip()), _shown(value))
    if isinstance(value, (list, tuple)) and all(isinstance(item, int) and 0 <= item <= 255 for item in value):
        return _checked(bytes(value), f"The list of {len(value)} bytes")
    raise AnchorError("not_a_guid", f"A GUID must be text or bytes, not {type(value).__name__}.")


def guid_text(raw: bytes) -> str:
    """Return the dashed, lower-case text of 16 bytes in AD order."""
    digits = byte_swapped(raw).hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def immutable_id(raw: bytes) -> str:
    """Return the ImmutableId of the stored bytes: their base64, whatever their number."""
    return base64.b64encode(raw).decode("ascii")


def byte_swapped(raw: bytes) -> bytes:
    """Return 16 bytes with the first three fields of the GUID the other way round: AD order or that of text."""
    return raw[3::-1] + raw[5:3:-1] + raw[7:5:-1] + raw[8:]


def looks_byte_swapped(raw: bytes) -> bool:
    """Tell whether 16 bytes are a version-4 GUID only with the first three fields the other way round.

    AD makes version-4 GUIDs, so such a value most likely went through a tool that mistook the byte order.
    """
    return len(raw) == GUID_LENGTH and not _is_version_4(raw) and _is_version_4(byte_swapped(raw))


def read_immutable_id(text: str) -> ImmutableId:
    """Read what a tenant holds, without judging it: never raises for text."""
    if len(text) == _BASE64_GUID_DIGITS + 2 and _BASE64_TEXT.fullmatch(text):
        try:
            raw = base64.b64decode(text, validate=True)
        except binascii.Error:
            return ImmutableId(text, None)
        if len(raw) == GUID_LENGTH and immutable_id(raw) == text:
            return ImmutableId(text, raw)
    return ImmutableId(text, None)


def _checked(raw: bytes, shown: str) -> bytes:
    if not raw:
        raise AnchorError("empty", "The value is empty; a GUID has 16 bytes.")
    if len(raw) != GUID_LENGTH:
        raise AnchorError(
            "wrong_length", f"{shown}: a GUID has 16 bytes, not {len(raw)}. Check that nothing is cut off."
        )
    if not any(raw):
        raise AnchorError("all_zero", f"{shown}: all 16 bytes are zero, so this is no object's GUID.")
    return raw


def _parse_text(text: str) -> bytes:
    """Return the bytes that ``text`` spells, of any length."""
    if not text:
        return b""
    if _DASHED.fullmatch(text):
        return _read_digits(text)
    for opening, closing in ("{}", "()"):
        if text[0] == opening and text[-1] == closing:
            return _parse_guid_text(text[1:-1].strip(), text)
    for pattern in (_CSVDE, _CONNECTOR_SPACE):
        match = pattern.fullmatch(text)
        if match:
            raw = _unhex(match.group(1), text)
            return raw if pattern is _CSVDE else _parse_connector_space(raw, text)
    if _ESCAPES.fullmatch(text):
        return bytes.fromhex(text.replace("\\", ""))
    if _HEX_PAIRS.fullmatch(text):
        return _parse_hex_pairs(text)
    if _DECIMALS.fullmatch(text):
        return _parse_decimals(text)
    if text[:2].lower() == "0x" and _HEX.fullmatch(text[2:]):
        return _unhex(text[2:], text)
    if len(text) == 2 * GUID_LENGTH and _HEX.fullmatch(text):
        return _parse_bare_hex(text)
    if len(text) > _BASE64_GUID_DIGITS + 2 and _HEX.fullmatch(text):
        return _unhex(text, text)
    return _parse_base64(text)


def _parse_guid_text(digits: str, text: str) -> bytes:
    if _DASHED.fullmatch(digits) or (len(digits) == 2 * GUID_LENGTH and _HEX.fullmatch(digits)):
        return _read_digits(digits)
    raise AnchorError(
        "not_a_guid", f"{_shown(text)} is no GUID: 8-4-4-4-12 hex digits are expected between the brackets."
    )


def _read_digits(digits: str) -> bytes:
    """Return the bytes of the 32 hex digits of GUID text, with dashes or without."""
    return byte_swapped(bytes.fromhex(digits.replace("-", "")))


def _parse_bare_hex(text: str) -> bytes:
    as_stored = bytes.fromhex(text)
    as_text = _read_digits(text)
    if as_stored == as_text:
        return as_stored
    if _is_version_4(as_stored) != _is_version_4(as_text):
        return as_stored if _is_version_4(as_stored) else as_text
    raise AnchorError(
        "ambiguous_hex",
        f"{_shown(text)} can be read in two ways: as text it is {guid_text(as_text)}, as stored bytes it is "
        f"{guid_text(as_stored)}. Write it with dashes, or as X'…' for stored bytes.",
    )


def _parse_hex_pairs(text: str) -> bytes:
    pairs = re.sub(r"0x", "", text, flags=re.IGNORECASE)
    if "0x" not in text.lower() and not re.search(r"[-:a-f]", text, re.IGNORECASE):
        raise AnchorError(
            "ambiguous_hex",
            f"{_shown(text)} can be read as decimal or as hex bytes. Write the bytes as X'…' or with colons for hex, "
            "as base64, or as a dashed GUID.",
        )
    return bytes.fromhex(re.sub(r"[-:, ]", "", pairs))


def _parse_decimals(text: str) -> bytes:
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    if max(numbers) > 255:
        raise AnchorError("not_a_guid", f"{_shown(text)}: {max(numbers)} is no byte; decimal bytes go from 0 to 255.")
    return bytes(numbers)


def _parse_connector_space(inner: bytes, text: str) -> bytes:
    try:
        return _parse_base64(inner.decode("ascii"))
    except UnicodeDecodeError:
        raise AnchorError(
            "not_a_guid", f"{_shown(text)}: the hex in a connector space name must be that of base64 text."
        ) from None


def _unhex(digits: str, text: str) -> bytes:
    if len(digits) % 2:
        raise AnchorError(
            "wrong_length", f"{_shown(text)}: an odd number of hex digits. Check that nothing is cut off."
        )
    return bytes.fromhex(digits)


def _parse_base64(text: str) -> bytes:
    digits = text.rstrip("=")
    if not _BASE64_TEXT.fullmatch(text):
        if re.search("[-_]", text) and _BASE64_URL_TEXT.fullmatch(text) and len(digits) == _BASE64_GUID_DIGITS:
            raise AnchorError(
                "url_safe_base64",
                f"{_shown(text)} is in the URL-safe alphabet; an ImmutableId has + and / where this has - and _. "
                "Export the value again as plain base64.",
            )
        if text.endswith("=") or len(digits) == _BASE64_GUID_DIGITS:
            raise AnchorError(
                "bad_base64",
                f"{_shown(text)} is no base64: only letters, digits, + and / stand before the padding. Copy it again.",
            )
        raise AnchorError("not_a_guid", f"{_shown(text)} is a GUID in no known spelling, nor base64.")
    if len(digits) == _BASE64_GUID_DIGITS and len(text) < _BASE64_GUID_DIGITS + 2:
        raise AnchorError("missing_padding", f"{_shown(text)} lacks padding: an ImmutableId of a GUID ends in ==.")
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise AnchorError(
            "bad_base64",
            f"{_shown(text)} is a GUID in no known spelling; as base64, {len(text)} characters are no whole bytes.",
        ) from None
    if immutable_id(raw) != text:
        raise AnchorError(
            "bad_base64", f"{_shown(text)} ends in a character that no base64 encoder writes there. Copy it again."
        )
    return raw


def _is_version_4(raw: bytes) -> bool:
    return raw[7] >> 4 == 4 and raw[8] >> 6 == 0b10


def _shown(value: str) -> str:
    """Return a value short enough for a message."""
    return f'"{value}"' if len(value) <= 80 else f'"{value[:77]}…"'
