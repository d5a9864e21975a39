# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""AD objects written as LDIF (RFC 2849)."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping

#: The first line of a file, and the blank one after it.
HEAD = b"version: 1\n\n"

# SAFE-STRING of the RFC, less a blank at the end, which editors lose.
_SAFE = re.compile(rb"(?![ :<])[\x01-\x09\x0b\x0c\x0e-\x7f]*(?<! )")


def ldif_entry(dn: str, attributes: Mapping[str, Iterable[bytes]]) -> bytes:
    """Return one entry and the blank line after it.

    :param attributes: name -> values, byte for byte as LDAP has them.
    """
    lines = [_line("dn", dn.encode("utf-8"))]
    lines += [_line(name, value) for name, values in attributes.items() for value in values]
    return b"".join(lines) + b"\n"


def _line(name: str, value: bytes) -> bytes:
    if _SAFE.fullmatch(value):
        return b"%s: %s\n" % (name.encode("ascii"), value)
    return b"%s:: %s\n" % (name.encode("ascii"), b64encode(value))
