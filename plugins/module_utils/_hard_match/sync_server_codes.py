# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What the server of Entra Connect Sync says about a user whom the sync has not taken.

Part of the table in :mod:`codes`, which says what the columns are.
"""

from __future__ import annotations

_ERRORS = "Microsoft Entra Connect: troubleshooting errors during synchronization"
_EXISTING = "Microsoft Entra Connect: when you already have Microsoft Entra ID"
_SCHEDULER = "Microsoft Entra Connect Sync: scheduler"
_OBJECT = "Microsoft Entra Connect Sync: troubleshoot an object that is not synchronizing"
_ENDED = "Microsoft Entra Connect Sync: run profile results"

_REFUSED = "At {asked} the export of {server} had an error for the AD object ({kind}): {detail}"

SYNC_SERVER_CODES: tuple[tuple[str, str, str, str], ...] = (
    # Errors of the export
    (
        "export_hard_match_refused",
        _REFUSED,
        "The service refuses the hard match: the tenant blocks it, or the user holds a directory role or is eligible "
        "for one. Lift the block for the time of the match (hard_match_window), or take the role away until the user "
        "is synced; then let a cycle run.",
        _EXISTING,
    ),
    (
        "export_identifier_locked",
        _REFUSED,
        "The user is mapped to an AD object already (onPremisesObjectIdentifier). Make sure that this is the right "
        "one, clear the mapping or open the window for it (hard_match_window_remap), then let a cycle run.",
        _EXISTING,
    ),
    (
        "export_soft_match_refused",
        _REFUSED,
        "The service went by name or address, because nobody has the anchor that the export brought, and met somebody "
        "with another one. Compare the anchor of the AD object with the user's, or free the name or address.",
        _ERRORS,
    ),
    (
        "export_role_conflict",
        _REFUSED,
        "The sync went by name or address and met somebody with a directory role. Give the user the anchor, take the "
        "role away until the user is synced, delete the quarantined second user for good, then let a cycle run.",
        _ERRORS,
    ),
    (
        "export_object_type_mismatch",
        _REFUSED,
        "A group or contact has an address that the sync brings. Take it from that object, or from the AD object.",
        _ERRORS,
    ),
    (
        "export_value_taken",
        _REFUSED,
        "Another object of the tenant has the value, perhaps in the recycle bin. Take it from the wrong one; if it is "
        "the SID (OnPremiseSecurityIdentifier), another user is what is left of this AD object's first sync.",
        _ERRORS,
    ),
    (
        "export_value_refused",
        _REFUSED,
        "Correct the value in AD, which the error names: often characters or the form of the sign-in name. Then let a "
        "cycle run.",
        _ERRORS,
    ),
    (
        "export_federated_domain",
        _REFUSED,
        "A sign-in name cannot go from one federated domain to another at once. Set it in the tenant to a name of the "
        "onmicrosoft.com domain first, then let a cycle run.",
        _ERRORS,
    ),
    (
        "export_too_large",
        _REFUSED,
        "Trim what is too large in AD: more than 15 certificates, a large photo, or hundreds of addresses.",
        _ERRORS,
    ),
    (
        "export_deletion_refused",
        _REFUSED,
        "The server wants to delete a user whom the tenant no longer counts as synced. See whether the AD object is in "
        "scope; delete the user softly, let a cycle run, restore the user, and let another one run.",
        _ERRORS,
    ),
    (
        "export_failed",
        "At {asked} the export of {server} had an error for the AD object: {detail}",
        "It is of no type that is known here. Look at the object in Synchronization Service Manager, under the export.",
        _ERRORS,
    ),
    # Before the export
    (
        "sync_rule_failed",
        "At {asked} {server} could not synchronize the AD object: {detail}",
        "Look at the object in Synchronization Service Manager. If its anchor has changed since it was synced first, "
        "put the old one back in AD.",
        _OBJECT,
    ),
    (
        "not_in_connector_space",
        "At {asked} {server} had nothing with this anchor to export.",
        "The AD object is out of its scope (domain, OU, group or a filter rule), its domain controller did not know "
        "the change yet, or it takes the anchor from another attribute. Bring it into scope, or compare the anchors.",
        _OBJECT,
    ),
    (
        "connector_space_unread",
        "At {asked} {server} would not say whether it has the AD object.",
        "Give the account that asks the rights of the local group ADSyncAdmins there.",
        _OBJECT,
    ),
    # The server as a whole
    (
        "export_held",
        "At {asked} {server} held back its export, because it would delete too many objects "
        "(stopped-deletion-threshold-exceeded). Matches wait with it.",
        "Look at what would be deleted. Undo what took it out of scope, or lift the threshold for one export "
        "(Disable-ADSyncExportDeletionThreshold), and put it back.",
        "Microsoft Entra Connect Sync: prevent accidental deletes",
    ),
    (
        "connector_run_failed",
        "The last run {run} of the connector to Entra ID on {server} ended as {result} (asked at {asked}).",
        "Look at it in Synchronization Service Manager, under Operations, then run a cycle again.",
        _ENDED,
    ),
    (
        "staging_server",
        "{server} is in staging mode: it exports nothing.",
        "Ask the active server of Entra Connect Sync, or switch staging mode off if there is no other.",
        "Microsoft Entra Connect Sync: staging server",
    ),
    (
        "scheduler_suspended",
        "At {asked} the scheduler of {server} was suspended: a wizard of Entra Connect is open there.",
        "Close the wizard. It may be open in the session of somebody who is away.",
        _SCHEDULER,
    ),
    (
        "scheduler_off",
        "At {asked} the scheduler of {server} was off{by}, so no cycle begins by itself.",
        "If nobody keeps it off on purpose: Set-ADSyncScheduler -SyncCycleEnabled $true.",
        _SCHEDULER,
    ),
    (
        "connect_version_old",
        "{server} runs version {version} of Entra Connect Sync; versions below {least} are said to have stopped on "
        "2026-09-30.",
        "If nobody gets synced any more, upgrade it.",
        "Microsoft Entra Connect: hardening update of 2026",
    ),
)
