# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What a status says of the groups, contacts and devices of a tenant, and what kind of match is possible for each.

Part of the table in :mod:`codes`, which says what the columns are.
"""

from __future__ import annotations

_EXISTING = "Microsoft Entra Connect: when you already have Microsoft Entra ID"
_FEATURES = "Microsoft Entra Connect Sync: service features"
_GRAPH = "Microsoft Graph: group, orgContact and device resources"
_OURS = "Rule of this collection"
_REGISTRATION = "Microsoft Entra: how device registration works"

OTHER_CODES: tuple[tuple[str, str, str, str], ...] = (
    # Which object is meant
    (
        "object_ambiguous",
        '"{name}" means {count} objects of the kind {kind}: {candidates}. None was taken.',
        "Ask for the right one by its id.",
        _OURS,
    ),
    (
        "object_not_found",
        "The tenant has no {kind} that fits: {name}.",
        "Check the spelling, or ask by id. If nothing is meant to exist yet, it comes with a sync cycle.",
        _OURS,
    ),
    (
        "object_deleted",
        "The {kind} is in the recycle bin: {candidates}.",
        "If it is wanted, restore it; else delete it for good, so that it holds nothing that the sync brings.",
        "Microsoft Graph: directory deleted items",
    ),
    (
        "object_unread",
        "The {kind} could not be read: {detail}",
        "Give the app the permission that is named as missing, or see error, and run again.",
        _GRAPH,
    ),
    # What keeps it from being synced
    (
        "object_twin",
        "Another {kind}, which the sync writes, would have an address of this one: {twins}. If both are meant to be "
        "one, the sync has made it instead of matching, and it matches an AD object only once.",
        "If they are one: take the AD object out of the scope of sync and let a cycle run, so that the other one goes; "
        "see that the primary address is the same on both sides, then bring the AD object back into scope. Else take "
        "the address from the AD object of the other one.",
        "Microsoft Entra Connect: duplicate attribute resiliency",
    ),
    (
        "object_cloud_managed",
        "The source of authority of the {kind} was moved to the cloud (isCloudManaged): the sync skips it.",
        "If AD is to own it again, set isCloudManaged to false first.",
        "Microsoft Graph: onPremisesSyncBehavior resource",
    ),
    (
        "object_left_scope",
        "The {kind} was synced before, and is not any more (last at {last_sync}).",
        "Bring its AD object back into the scope of sync, if AD is to own it.",
        _GRAPH,
    ),
    (
        "object_match_blocked",
        "The tenant blocks every soft match (blockSoftMatchEnabled), and the {kind} knows no other: the sync makes a "
        "second object, or reports InvalidSoftMatch.",
        "Switch the block off while objects are matched, and on again afterwards.",
        _FEATURES,
    ),
    (
        "group_role_assignable",
        "The group can be given directory roles, which is not supported for groups of AD. What becomes of it when the "
        "sync matches it is not documented.",
        "Leave it in the cloud, and keep its addresses out of AD.",
        "Microsoft Entra: use groups to manage role assignments",
    ),
    # What kind of match is possible
    (
        "group_matches_by_address",
        "A group cannot be hard matched. The sync matches this one softly, with the AD group that brings its address "
        "{address}.",
        "Make {address} the primary address (SMTP:, in upper case) in proxyAddresses of the AD group before the group "
        "is first synced; then bring it into scope.",
        _EXISTING,
    ),
    (
        "group_matches_nothing",
        "A group without mail cannot be matched, neither hard nor softly: the sync makes a new group.",
        "Let the sync make the new group, and move members and permissions to it.",
        _EXISTING,
    ),
    (
        "contact_matches_by_address",
        "A contact cannot be hard matched. The sync matches this one softly, with the AD contact that brings its "
        "address {address}.",
        "Make {address} the primary address (SMTP:, in upper case) in proxyAddresses of the AD contact before the "
        "contact is first synced; then bring it into scope.",
        _EXISTING,
    ),
    (
        "contact_matches_nothing",
        "The contact has no address, and contacts match by addresses only.",
        "Let the sync make a new contact, and delete this one.",
        _EXISTING,
    ),
    (
        "device_needs_hybrid_join",
        "The device is {joined}. The sync takes computers of AD only. No value that could be written matches a device "
        "with a computer: the computer itself does it, by hybrid join.",
        "If it is a computer of AD, set up hybrid join in Entra Connect Sync and bring the computer into its scope. "
        "The computer then writes userCertificate, is synced, and registers itself.",
        _REGISTRATION,
    ),
    (
        "device_not_synced",
        "The device is hybrid joined, but the sync does not write it. It matches the computer of AD whose objectGUID "
        "is its deviceId: {device_id}.",
        "See that this computer exists, has a userCertificate, and is in the scope of Entra Connect Sync.",
        _REGISTRATION,
    ),
    (
        "device_not_registered",
        "The sync has taken the computer, but the computer has not registered itself yet; until then it cannot "
        "authenticate.",
        "On the computer look at dsregcmd /status, and whether it reaches the registration service. If it was "
        "registered before: dsregcmd /leave, and restart it.",
        "Microsoft Entra: pending devices",
    ),
    # Errors
    (
        "service_error",
        "The service {service} reports an error of the {kind}: {detail}",
        "Correct what it names where the object is mastered, then let the service try again "
        "(retryServiceProvisioning).",
        "Microsoft Graph: serviceProvisioningError resource",
    ),
)
