# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What can be said of a user of the tenant: whose it is, what keeps it from being written, why it is not synced.

Part of the table in :mod:`codes`, which says what the four columns are.
"""

from __future__ import annotations

_GRAPH_USER = "Microsoft Graph: user resource"
_EXISTING = "Microsoft Entra Connect: when you already have Microsoft Entra ID"
_ERRORS = "Microsoft Entra Connect: troubleshooting errors during synchronization"
_FEATURES = "Microsoft Entra Connect Sync service features"
_OURS = "Rule of this collection"

USER_CODES: tuple[tuple[str, str, str, str], ...] = (
    # Whose it is
    (
        "not_found",
        "No user of the tenant fits: {tried}.",
        "Check the spelling, or match by a further key (match_by). If nobody is meant to exist, the sync will make the "
        "user.",
        _OURS,
    ),
    (
        "no_key",
        "The AD object has none of the values to match by ({keys}).",
        "Name the user by hand, or match by a key that the object has.",
        _OURS,
    ),
    (
        "user_deleted",
        "Only a deleted user fits: {holder}.",
        "If it is the right one, restore it from the recycle bin first; otherwise purge it.",
        "Microsoft Graph: directory deletedItems",
    ),
    (
        "several_users",
        "Several users of the tenant fit {key} {value}: {users}.",
        "Name the right one by its id, or match by a key that is unique.",
        _OURS,
    ),
    (
        "claimed_twice",
        "Several rows claim this user: {objects}.",
        "Name the right pair by hand, or leave the others out.",
        _OURS,
    ),
    ("listed_twice", "The same row stands in the input before.", "Nothing needs to be done.", _OURS),
    # Who must not be touched
    ("protected", "The user is one of protected_users.", "Take it off that list if it is meant.", _OURS),
    (
        "out_of_scope",
        "Directory sync leaves this AD object out ({rules}), so an anchor would have no effect.",
        "If it is to stay out, nothing needs to be done. Otherwise pause the sync, bring the object into its scope, "
        "gather and plan again, write, and resume the sync.",
        "Microsoft Entra Connect Sync: default configuration",
    ),
    (
        "already_synced",
        "The user is synced already, with the anchor {current}; the service refuses to change it.",
        "Find the AD object that the user is tied to. To tie it to another one, undo the sync of this user first.",
        _EXISTING,
    ),
    (
        "left_scope",
        "The user was synced before, and its AD object left the scope of sync{detail}.",
        "Bring the AD object back into scope. If the anchor cannot be changed, delete and restore the user first.",
        _ERRORS,
    ),
    (
        "left_scope_refused",
        "The service refused the change, because the user was synced before and its AD object left the scope of sync.",
        "Restore the AD object into scope, or delete and restore the user in the cloud, then run again.",
        _ERRORS,
    ),
    (
        "existing_value_kept",
        'The user has another anchor, "{current}"{hint}.',
        "If it is wrong, run with on_existing=replace. If it is right, find the AD object it belongs to.",
        _OURS,
    ),
    (
        "existing_value_misspelled",
        'The user has the right GUID in the wrong spelling, "{current}"{hint}; no sync will find it.',
        "Run with on_existing=replace to put it right.",
        _OURS,
    ),
    (
        "string_anchor_kept",
        'The user has the anchor "{current}", which is no GUID; it may belong to a sync with another source anchor.',
        "It is never replaced here. Find out which sync uses it; if none does, clear it by hand (state=absent with "
        "this immutable_id).",
        _EXISTING,
    ),
    # Who already holds the value
    (
        "anchor_held",
        "Another user holds this anchor: {holder}.",
        "Decide which user is the right one. If it is this one, clear the other's anchor (state=absent), unless it is "
        "synced: then remove that sync first.",
        _GRAPH_USER,
    ),
    (
        "anchor_held_deleted",
        "A deleted user holds this anchor: {holder}. The sync would revive it instead of taking this one.",
        "If this user is the right one, purge the deleted one (this cannot be undone); otherwise restore that one.",
        _ERRORS,
    ),
    (
        "anchor_held_unknown",
        "The service says that another object holds this anchor, but not which.",
        "Look for it among the users and in the recycle bin with an account that may read both.",
        _GRAPH_USER,
    ),
    # The reviewed plan
    (
        "changed_since_plan",
        "The user changed after it was read: {detail}.",
        "Make a new plan and look at this user again.",
        _OURS,
    ),
    # The write
    (
        "write_forbidden",
        "The service forbade the write.",
        "Either the app lacks User.ReadWrite.All with admin consent; or the user holds a directory role, or is a "
        "member or owner of a role-assignable group, and then the app itself needs a directory role such as "
        "Privileged Authentication Administrator; or the user is in a restricted-management administrative unit; or a "
        "delegated token also needs Directory.AccessAsUser.All. Other rows that were written rule the first one out.",
        "Microsoft Graph: working with users, sensitive actions",
    ),
    (
        "write_failed",
        "The service did not accept the write: {detail}",
        "See error; give its request_id to Microsoft support if the message does not help.",
        _GRAPH_USER,
    ),
    ("gone", "The user was gone when it was to be written.", "Make a new plan.", _GRAPH_USER),
    (
        "unconfirmed",
        "The service accepted the write, but reads do not show it yet.",
        "Run again later: what is seen by then is not written twice.",
        "Microsoft Entra developer blog: eventual consistency, 2026-03-24",
    ),
    (
        "not_written",
        "The run ended before this row was written: {detail}",
        "Remove the cause and run again; what was written is not written twice.",
        _OURS,
    ),
    # Why a user is not synced
    (
        "awaiting_sync",
        "The anchor is in place; the sync has not taken the user yet{detail}.",
        "Wait for a sync cycle, or start one. It takes the user only when the AD object is in scope and is not tied to "
        "another user already.",
        _EXISTING,
    ),
    (
        "sync_before_write",
        "The user's last sync ({last_sync}) is older than the write of its anchor ({written}).",
        "Wait for a further sync cycle.",
        _GRAPH_USER,
    ),
    (
        "anchor_not_set",
        "The user has no anchor.",
        "Settle what else is named here, if anything; then set the anchor with entra_immutable_id.",
        _EXISTING,
    ),
    (
        "anchor_differs",
        'The user has the anchor "{current}" instead of "{expected}"{hint}.',
        "If the user is not synced, plan and apply with on_existing=replace. If it is, the sync uses another attribute "
        "as anchor, or has tied the user to another AD object.",
        _EXISTING,
    ),
    (
        "sid_differs",
        "The user is synced with another AD object: its SID is {current}, the expected one is {expected}.",
        "Find the AD object with that SID. The user was tied to it, perhaps by its name or address (soft match).",
        _EXISTING,
    ),
    (
        "upn_differs",
        "The user is synced, but signs in as {current} and not as {expected}.",
        "If the sync sends another attribute as sign-in name, gather with login_attribute. Otherwise see whether the "
        "name is taken, and whether the tenant updates names of licensed users (synchronizeUpnForManagedUsersEnabled).",
        _FEATURES,
    ),
    (
        "upn_suffix_lost",
        "The user is synced, but signs in as {current} and not as {expected}: the tenant has not verified that suffix.",
        "Verify the domain and let the sync run again, change the name in AD, or gather with login_attribute if the "
        "sync sends another attribute. If it was meant so, nothing needs to be done.",
        _ERRORS,
    ),
    (
        "attribute_quarantined",
        'The service parked the value "{value}" of {property}, because it is taken {owner}.',
        "Remove the value from the other object or from the AD object, and let the sync run again.",
        "Microsoft Graph: onPremisesProvisioningError",
    ),
    (
        "tenant_sync_off",
        "Directory sync is switched off for the tenant.",
        "Set up Microsoft Entra Connect Sync or Cloud Sync, and wait for its first cycle.",
        "Microsoft Graph: organization resource",
    ),
    (
        "hard_match_blocked",
        "The tenant blocks every hard match (blockCloudObjectTakeoverThroughHardMatchEnabled).",
        "Switch the block off while users are matched, and on again afterwards.",
        _EXISTING,
    ),
    (
        "read_failed",
        "The user could not be read: {detail}",
        "See error, and run again.",
        _GRAPH_USER,
    ),
)
