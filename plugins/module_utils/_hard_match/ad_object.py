# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What an AD object's row says of its way to the cloud: its kind, whether sync takes it, and what sync will export."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.addresses import read_addresses
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import reason
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import Wish

_CONTACT, _GROUP = "contact", "group"


def is_out_of_scope(wish: Wish) -> bool:
    """Tell whether sync is known to leave the AD object out."""
    return wish.row is not None and wish.row.get("in_scope") is False


def out_of_scope(row: Mapping[str, Any]) -> dict[str, str]:
    """Say by which rules sync leaves an AD object out."""
    told = row.get("scope_reasons") or ()
    rules = "; ".join(str(item.get("message") if isinstance(item, Mapping) else item).rstrip(".") for item in told)
    return reason("out_of_scope", rules=rules or "no rule is named")


def no_match(wish: Wish) -> dict[str, str] | None:
    """Say what kind of match an AD object can have that is no user; ``None`` for a user, and for a kind not told."""
    row = wish.row or {}
    kind = str(row.get("object_class") or "").lower()
    if kind == _CONTACT:
        return reason("contact_by_address")
    if kind == _GROUP:
        return reason("group_by_address" if exported_addresses(row) else "group_without_address")
    return None


def exported_name(row: Mapping[str, Any] | None) -> Optional[str]:
    """Return the user principal name that sync will export; ``None`` when it is not known."""
    return (row or {}).get("login_name") or None


def exported_addresses(row: Mapping[str, Any] | None) -> list[str]:
    """Return the SMTP addresses that sync will export, in lower case."""
    fields = row or {}
    return sorted(read_addresses(fields.get("proxy_addresses") or (), fields.get("mail")).all)
