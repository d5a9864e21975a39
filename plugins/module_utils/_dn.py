# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Distinguished names, compared as AD compares them: without regard to case, blanks and spelling of escapes."""

from __future__ import annotations

import re

_SEPARATOR = re.compile(r"((?:\\.|[^\\,])*)(?:,|$)", re.DOTALL)
_ESCAPE = re.compile(r"((?:\\[0-9a-fA-F]{2})+)|\\(.)", re.DOTALL)

#: The relative names of a distinguished name, each "attribute=value" in one canonical spelling, the object's own first.
Rdns = tuple[str, ...]


def rdns(dn: str) -> Rdns:
    """Split a distinguished name into relative names that can be compared with ``==``."""
    parts = [match.group(1) for match in _SEPARATOR.finditer(dn)] if "\\" in dn else dn.split(",")
    return tuple(_canonical(part) for part in parts if part.strip())


def is_under(dn: Rdns, base: Rdns) -> bool:
    """Tell whether ``dn`` is ``base`` or lies below it."""
    return dn[-len(base) :] == base if base else True


def dns_domain(dn: str) -> str | None:
    """Return the DNS name that the ``DC=`` parts of a distinguished name spell, or None if it has none."""
    labels = [part[3:] for part in rdns(dn) if part.startswith("dc=")]
    return ".".join(labels) or None


def own_name(dn: str) -> str:
    """Return the value of an object's own relative name, as AD shows it: ``Doe, Jane`` of ``CN=Doe\\, Jane,OU=…``."""
    first = _SEPARATOR.match(dn)
    return _ESCAPE.sub(_unescape, first.group(1).partition("=")[2].strip()) if first else ""


def _canonical(part: str) -> str:
    name, _equals, value = part.partition("=")
    value = value.lstrip(" ")
    stripped = value.rstrip(" ")
    if stripped.endswith("\\"):  # an escaped blank belongs to the value
        stripped = value[: len(stripped) + 1]
    return f"{name.strip().casefold()}={_ESCAPE.sub(_unescape, stripped).casefold()}"


def _unescape(match: re.Match[str]) -> str:
    if match.group(1):
        return bytes.fromhex(match.group(1).replace("\\", "")).decode("utf-8", "replace")
    return match.group(2)
