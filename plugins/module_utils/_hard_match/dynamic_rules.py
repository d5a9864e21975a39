# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Which properties of users the rules of dynamic groups look at."""

from __future__ import annotations

import re

_TEXT = re.compile(r'"(?:""|`.|[^"])*"' + r"|'(?:''|[^'])*'", re.DOTALL)
_PROPERTY = re.compile(r"\buser\.(\w+)", re.IGNORECASE)


def properties_used(rule: str) -> frozenset[str]:
    """Return the user properties in a membership rule, in lower case, as rules call them.

    Some are called as AD does (``physicaldeliveryofficename``). What is inside quotes is a value, not a property.
    """
    return frozenset(name.lower() for name in _PROPERTY.findall(_TEXT.sub('""', rule)))
