# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What stands in the way of a hard match besides the AD object and the user's own anchor.

Part of the table in :mod:`codes`, which says what the columns are.
"""

from __future__ import annotations

from typing import Union

_ADMINS = "Microsoft Entra ID: manage emergency access accounts"
_AUTHORITY = "Microsoft Entra: configure user source of authority"
_CONCEPTS = "Microsoft Entra Connect: design concepts, sourceAnchor"
_ERRORS = "Microsoft Entra Connect: troubleshooting errors during synchronization"
_EXISTING = "Microsoft Entra Connect: when you already have Microsoft Entra ID"
_FEATURES = "Microsoft Entra Connect Sync service features"
_GRAPH_USER = "Microsoft Graph: user resource"
_OURS = "Rule of this collection"
_SENSITIVE = "Microsoft Graph: working with users, sensitive actions"

_CLOUD_ONLY = (
    "Keep this administrator cloud-only: leave the user out, and give the person another account for everyday work. "
)
_FREE_VALUE = (
    "Decide which object is to have it, and take it from the other one; purge a deleted one only if nobody needs it "
    "(this cannot be undone)."
)

OBSTACLE_CODES: tuple[Union[tuple[str, str, str, str], tuple[str, str, str, str, bool]], ...] = (
    # Accounts that are never touched
    (
        "sync_account",
        "The user is an account of the directory synchronization itself.",
        "Leave it out; without it the sync stops. If it is a person's account, rename it first.",
        _OURS,
    ),
    (
        "emergency_account",
        "The user is a cloud-only account with an active Global Administrator role of its own, as accounts for "
        "emergencies have.",
        "Keep it cloud-only. If it is a person's everyday account, take the role from it first.",
        _ADMINS,
    ),
    (
        "protected_by_group",
        "The user is a member of a group that protected_users names.",
        "Take it out of the group, or the group off that list, if it is meant.",
        _OURS,
    ),
    # Who may not be taken over, or not be written
    (
        "role_held",
        "The user holds a directory role: {roles}. The service refuses hard matches of such users, and often the write "
        "itself. Whether a role counts as privileged cannot be read.",
        _CLOUD_ONLY + "Otherwise remove the role until the sync has taken the user.",
        _EXISTING,
    ),
    (
        "role_by_group",
        "The user has a directory role through a group: {roles}. The service refuses hard matches of such users, and "
        "often the write itself. Whether a role counts as privileged cannot be read.",
        _CLOUD_ONLY + "Otherwise take the user out of the group until the sync has taken it.",
        _EXISTING,
    ),
    (
        "role_eligible",
        "The user may activate a directory role: {roles}. The service refuses hard matches of such users as well. "
        "Whether a role counts as privileged cannot be read.",
        _CLOUD_ONLY + "Otherwise remove the eligibility until the sync has taken the user.",
        _EXISTING,
    ),
    (
        "role_group_member",
        "The user is, or may become, a member or owner of a group that can hold directory roles: {groups}. Writing it "
        "takes a Privileged Authentication Administrator.",
        _CLOUD_ONLY + "Otherwise take the user out of the group until the sync has taken it.",
        _SENSITIVE,
    ),
    (
        "roles_unknown",
        "Whether the user holds a directory role cannot be read, and the service refuses hard matches of those who do.",
        "Grant RoleManagement.Read.Directory, or state protect_role_holders=false.",
        _EXISTING,
    ),
    (
        "management_restricted",
        "The user is in a restricted-management administrative unit: the write is refused even to a Global "
        "Administrator.",
        "Take the user out of the unit, or write with an account that administers the unit.",
        _GRAPH_USER,
    ),
    (
        "cloud_managed",
        "The source of authority of this user was moved to the cloud (isCloudManaged): the sync skips it, whatever its "
        "anchor is.",
        "If AD is to own it again, set isCloudManaged to false first.",
        _AUTHORITY,
    ),
    (
        "identifier_differs",
        "The user is mapped to the AD object {current} (onPremisesObjectIdentifier), and {expected}. The service then "
        "refuses the hard match.",
        "Make sure that the pair is right. If it is, clear onPremisesObjectIdentifier of the user first, as a step of "
        "its own.",
        _EXISTING,
    ),
    (
        "identifier_same",
        "The user is mapped to this very AD object already (onPremisesObjectIdentifier). Sources disagree whether the "
        "service then accepts the hard match.",
        "If the sync refuses it (AttributeUpdateNotAllowed), clear onPremisesObjectIdentifier of the user.",
        _EXISTING,
    ),
    # Who already has a value that must be unique
    (
        "upn_held",
        "The sign-in name {name} that the sync brings belongs to somebody else: {holders}.",
        _FREE_VALUE,
        _ERRORS,
    ),
    (
        "sid_held",
        "Somebody else has the SID {sid} of the AD object: {holders}.",
        "That user was tied to this AD object before. Find out which one is right; clear the other's "
        "onPremisesSecurityIdentifier, or purge it if it is deleted (this cannot be undone).",
        _EXISTING,
    ),
    (
        "address_held",
        "Addresses that the sync brings belong to others: {holders}.",
        _FREE_VALUE,
        _ERRORS,
    ),
    # Which attribute is the anchor
    (
        "anchor_mode_contradicted",
        "The sync uses another attribute as anchor: of the users that are synced already, {numbers}.",
        "Gather the objects with the anchor that the sync uses (anchor=object_guid, or the one that prefers "
        "mS-DS-ConsistencyGuid), and plan again.",
        _CONCEPTS,
    ),
    (
        "anchor_mode_mixed",
        "objectGUID and mS-DS-ConsistencyGuid of this AD object differ, and the users that are synced already do not "
        "agree which one is the anchor: {numbers}.",
        "Ask the sync server for its source anchor attribute, and settle this object by hand.",
        _CONCEPTS,
    ),
    # What a reviewer may release
    (
        "federated_domain",
        "The sign-in name lies in a federated domain: {domains}. The service may refuse the change, and the sign-in of "
        "a federated user depends on its anchor.",
        "Make sure that the federation service issues the same anchor, then approve the row. If the service refuses, "
        "move the user to a managed name (@tenant.onmicrosoft.com) first, and back afterwards.",
        "Microsoft Graph: update user",
        True,
    ),
    (
        "suffix_not_verified",
        "The tenant has not verified the domain of the sign-in name {name}: the user would sign in with "
        "@tenant.onmicrosoft.com after the sync.",
        "Verify the domain, or change the name in AD (or gather with login_attribute); approve the row if it is meant.",
        _ERRORS,
        True,
    ),
    # The tenant
    (
        "soft_match_blocked",
        "The tenant blocks every soft match (blockSoftMatchEnabled): whoever is not hard matched gets a second user.",
        "Nothing needs to be done for users with the right anchor. Keep all others out of the scope of sync until they "
        "have one.",
        _FEATURES,
    ),
    (
        "identifier_bypass_on",
        "The tenant lets the sync take over users that are mapped to other AD objects "
        "(allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled).",
        "It is meant for a short time: switch it off as soon as the users are matched.",
        _EXISTING,
    ),
    (
        "flags_unreadable",
        "Flags of the tenant that decide over matches cannot be read: {flags}.",
        "Sign in as a Global Administrator with OnPremDirectorySynchronization.Read.All, or look in the admin centre.",
        "Microsoft Graph: onPremisesDirectorySynchronization",
    ),
)
