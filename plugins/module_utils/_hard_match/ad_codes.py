# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What the directory's audit log says of a user.

Part of the table in :mod:`codes`, which says what the columns are.
"""

from __future__ import annotations

_AUDITS = "Microsoft Graph: directoryAudit resource"

AD_CODES: tuple[tuple[str, str, str, str], ...] = (
    # What the audit log says
    (
        "anchor_changed_by",
        "The audit log tells who changed the anchor: {actor} at {time}, from {before} to {after}.",
        "Find out why, so that it does not happen again; then set the anchor with entra_immutable_id.",
        _AUDITS,
    ),
    (
        "user_changed_by",
        'The audit log has "{activity}" by {actor} at {time}{changes}.',
        "Find out whether that was meant.",
        _AUDITS,
    ),
    (
        "sync_attempt_failed",
        'The audit log has a failed "{activity}" by the sync ({actor}) at {time}: {detail}',
        "If the cause is removed by now, let a further cycle run. Else see the export errors of the sync.",
        _AUDITS,
    ),
)
