# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What AD says of an object while its user is followed, and what the directory's audit log says of the user.

Part of the table in :mod:`codes`, which says what the columns are.
"""

from __future__ import annotations

_AUDITS = "Microsoft Graph: directoryAudit resource"
_CONCEPTS = "Microsoft Entra Connect: design concepts, sourceAnchor"
_OURS = "Rule of this collection"
_SCOPE = "Microsoft Entra Connect Sync: default configuration"

AD_CODES: tuple[tuple[str, str, str, str], ...] = (
    # What AD says now
    (
        "ad_object_gone",
        "AD has no object {guid} any more where it was looked for: it was deleted, moved out of search_base or filter, "
        "or is hidden from the account that asked.",
        "If it was deleted, restore it from AD's recycle bin: an object that is made anew has another objectGUID and "
        "another SID. A synced user whose object was deleted goes to the tenant's recycle bin with the next cycle.",
        _OURS,
    ),
    (
        "ad_object_not_found",
        "Among what was read of AD just now is no object of this user, so what AD says is not known. It was looked for "
        "by {tried}.",
        "Find the object in AD: it may have another name, or lie outside of search_base and filter. Then give its "
        "object_guid.",
        _OURS,
    ),
    (
        "ad_anchor_changed",
        'AD gives the object the anchor "{anchor}" now (from {attribute}), and "{expected}" was expected; the user has '
        "{current}{hint}.",
        "If the attribute was changed by mistake, put the former value back. Otherwise plan again with the objects as "
        "they are now, or read AD with the anchor that the sync uses.",
        _CONCEPTS,
    ),
    (
        "ad_account_disabled",
        "The account is disabled in AD. The sync takes it all the same, and then nobody can sign in as the user.",
        "Enable the account in AD first if the person works with it.",
        _SCOPE,
    ),
    (
        "ad_values_changed",
        "AD has other values now than when the input was made: {changes}.",
        "What is said here takes the new ones as they are. Plan again if the old ones were reviewed.",
        _OURS,
    ),
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
