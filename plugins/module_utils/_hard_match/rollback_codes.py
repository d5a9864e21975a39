# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What can be said of putting old values back, and of the backup before a write. Part of the table in :mod:`codes`."""

from __future__ import annotations

_GRAPH_USER = "Microsoft Graph: user resource"
_DELETED = "Microsoft Graph: directory deletedItems"
_EXISTING = "Microsoft Entra Connect: when you already have Microsoft Entra ID"
_OURS = "Rule of this collection"

ROLLBACK_CODES: tuple[tuple[str, str, str, str], ...] = (
    (
        "changed_since_write",
        "The user's anchor is now {current}, which no write of these journals left there ({left}).",
        "Somebody else changed it since. Find out who, and set the right value by hand.",
        _OURS,
    ),
    (
        "chain_broken",
        "Between two writes of these journals somebody else changed the user's anchor from {expected} to {found}.",
        "Give the journals of the runs in between as well. If there are none, restore from the newer journals alone, "
        "or set the right value by hand.",
        _OURS,
    ),
    (
        "restore_needs_undo",
        "The sync has taken the user, and the service refuses to change a synced user's anchor.",
        "Undo the sync first: take the AD object out of the scope of sync, let a cycle run, restore the user from the "
        "recycle bin, and restore again. A password that the sync has replaced does not come back.",
        _EXISTING,
    ),
    (
        "restore_user_deleted",
        "The user is in the recycle bin, with the anchor {current}.",
        "Restore the user from the recycle bin first, then restore again.",
        _DELETED,
    ),
    (
        "restore_user_gone",
        "The user is neither in the tenant nor in its recycle bin.",
        "Nothing can be put back.",
        _GRAPH_USER,
    ),
    (
        "backup_failed",
        "The user could not be read for the backup, so nothing was written: {detail}",
        "See error, remove the cause and run again.",
        _OURS,
    ),
)
