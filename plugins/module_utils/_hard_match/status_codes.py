# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What only a diagnosis says: why the sync has not taken a user whose anchor may well be right.

Part of the table in :mod:`codes`, which says what the columns are.
"""

from __future__ import annotations

_ERRORS = "Microsoft Entra Connect: troubleshooting errors during synchronization"
_EXISTING = "Microsoft Entra Connect: when you already have Microsoft Entra ID"
_ORGANIZATION = "Microsoft Graph: organization resource"
_QUARANTINE = "Microsoft Entra: application provisioning in quarantine status"
_RESILIENCY = "Microsoft Entra Connect: duplicate attribute resiliency"

STATUS_CODES: tuple[tuple[str, str, str, str], ...] = (
    # The user that the sync took instead
    (
        "joined_to_twin",
        "The sync has tied the AD object to another user already: {twins}. It matches only once, whatever anchor this "
        "user has.",
        "Take the AD object out of the scope of sync and let a cycle run; delete the other user for good, or clear its "
        "anchor; set the anchor of this one; then bring the object back into scope.",
        _EXISTING,
    ),
    (
        "twin_claims",
        "Another synced user would have the name or an address of this one: {twins}.",
        "Find out whether one person has two AD objects. Take the value from the one that is wrong, or leave that one "
        "out of the scope of sync.",
        _RESILIENCY,
    ),
    (
        "sid_missing",
        "The user is synced, but shows no security identifier (SID). Only the same one as in AD, {expected}, proves "
        "that the sync took the right object.",
        "Wait for a further cycle, or start one. If it stays so, see why the sync does not bring objectSid.",
        "Microsoft Graph: user resource",
    ),
    (
        "upn_rewritten",
        "The user is synced, but the service gave it the name {current}, because {expected} was taken {owner}.",
        "Take the name from the other object, or change it in AD. The service gives it back within the hour, or with "
        "the next change in AD.",
        _RESILIENCY,
    ),
    (
        "address_of_other_kind",
        "Addresses that the sync brings belong to objects that are no users: {holders}. The service may refuse the "
        "match for that (ObjectTypeMismatch).",
        "Take the addresses from those objects, or from the AD object.",
        _ERRORS,
    ),
    # What the tenant alone does not show
    (
        "anchor_unchecked",
        'The user has the anchor "{current}". Whether that is the one of its AD object is not known: nobody said '
        "what is expected.",
        "Say how AD is reached (hard_match_source, hybrid_identity_ad), or name the plan or result (hard_match_plan), "
        "and ask again. If the anchor is right, wait for a sync cycle, or start one.",
        _EXISTING,
    ),
    # What Cloud Sync wrote down
    (
        "sync_refused",
        "Cloud Sync did not take the AD object at {time} ({word}): {detail}",
        "If the cause is removed by now, let a further cycle run. Else see what the provisioning log of Cloud Sync "
        "recommends for this code.",
        "Microsoft Graph: provisioningObjectSummary resource",
    ),
    # The sync as a whole
    (
        "no_cycle_since_write",
        "No sync cycle has ended since the anchor was written ({written}); the last one of the tenant was at "
        "{last_sync}.",
        "Wait for a sync cycle, or start one.",
        _ORGANIZATION,
    ),
    (
        "sync_stale",
        "The last sync of the tenant was at {last_sync}, {hours} hours ago: the sync seems to stand still.",
        "See whether the sync server or the Cloud Sync agent runs, whether its scheduler is on, and whether it is in "
        "staging mode.",
        _ORGANIZATION,
    ),
    (
        "delete_brake",
        "The Cloud Sync job of {domain} holds back all exports, because they would delete too many objects "
        "(TooManyDeletes).",
        "Look at what would be deleted. Undo what took it out of scope, or allow the deletions; then restart the job "
        "(entra_sync_cycle with state=restarted).",
        "Microsoft Entra Cloud Sync: accidental delete prevention",
    ),
    (
        "job_quarantined",
        "The Cloud Sync job of {domain} is in quarantine ({why}).",
        "Remove the cause, then restart the job (entra_sync_cycle with state=restarted).",
        _QUARANTINE,
    ),
    (
        "job_paused",
        "The Cloud Sync job of {domain} is paused.",
        "Resume it (entra_sync_cycle with state=resumed), if nobody paused it on purpose.",
        "Microsoft Graph: synchronizationJob resource",
    ),
)
