# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What can be said of an AD object: its anchor, its name, and whether sync takes it.

Part of the table in :mod:`codes`, which says what the four columns are.
"""

from __future__ import annotations

_CONCEPTS = "Microsoft Entra Connect: design concepts, sourceAnchor"
_EXISTING = "Microsoft Entra Connect: when you already have Microsoft Entra ID"
_FILTERING = "Microsoft Entra Connect Sync: configure filtering"
_GRAPH_USER = "Microsoft Graph: user resource"
_OURS = "Rule of this collection"
_SCOPE = "Microsoft Entra Connect Sync: default configuration"

_BUILT_IN = "A filter built into Entra Connect; it cannot be hard matched. Leave it out."

OBJECT_CODES: tuple[tuple[str, str, str, str], ...] = (
    # The anchor that AD gives
    (
        "anchor_missing",
        "The AD object has no anchor: {detail}.",
        "Read the object again with an account that may read objectGUID and mS-DS-ConsistencyGuid.",
        _EXISTING,
    ),
    (
        "anchor_invalid",
        "The anchor cannot be used: {detail}",
        "Correct the value where it comes from; nothing is guessed here.",
        _OURS,
    ),
    (
        "anchor_zero",
        "The anchor is all zero bytes, which is no object's GUID.",
        "Find out what wrote it, and read the object's real GUID.",
        _OURS,
    ),
    (
        "anchor_misspelled",
        'The immutable_id "{given}" is a GUID, but not in the base64 spelling that a tenant holds.',
        'Give it as object_guid, or as immutable_id "{proper}".',
        _OURS,
    ),
    (
        "anchor_is_string",
        'The anchor "{given}" is no GUID.',
        "If the sync of this tenant uses a string attribute as source anchor, gather the objects with "
        "anchor=attribute; otherwise give the object_guid.",
        _EXISTING,
    ),
    (
        "anchor_forbidden_characters",
        'The anchor "{given}" holds a character that Microsoft Graph refuses there ($ and _).',
        "Choose a source anchor attribute without these characters.",
        _GRAPH_USER,
    ),
    (
        "anchor_duplicate",
        "An anchor belongs to one AD object, and this one is also that of {others}.",
        "Find out which object is right (mS-DS-ConsistencyGuid may have been copied), and clear or correct the others.",
        _EXISTING,
    ),
    (
        "anchor_unconfirmed",
        "The source did not carry mS-DS-ConsistencyGuid, so it is not known whether the sync uses this objectGUID.",
        "Read mS-DS-ConsistencyGuid as well, or state anchor=object_guid if the sync of this tenant uses objectGUID.",
        _EXISTING,
    ),
    (
        "anchor_looks_byte_swapped",
        "{attribute} ({guid}) is a version-4 GUID only with its first fields the other way round ({swapped}); it looks "
        "byte-swapped.",
        "Find out which tool wrote it. The value is used as it is.",
        _OURS,
    ),
    (
        "consistency_guid_wrong_length",
        "mS-DS-ConsistencyGuid holds {length} bytes, and a GUID has 16.",
        "Correct it in AD (as base64 it is {base64}); was text written instead of the bytes?",
        _EXISTING,
    ),
    (
        "consistency_guid_all_zero",
        "All bytes of mS-DS-ConsistencyGuid are zero.",
        "Clear or correct the value in AD.",
        _OURS,
    ),
    (
        "consistency_guid_empty",
        "mS-DS-ConsistencyGuid has no value.",
        "Write it first, or use the anchor that falls back to objectGUID.",
        _CONCEPTS,
    ),
    (
        "consistency_guid_unread",
        "The source does not carry mS-DS-ConsistencyGuid.",
        "Read the objects over LDAP, or export the attribute as well.",
        _CONCEPTS,
    ),
    (
        "object_guid_wrong_length",
        "objectGUID holds {length} bytes, and a GUID has 16.",
        "Export it again (what was read is {base64} in base64): AD always has 16 bytes there.",
        _OURS,
    ),
    (
        "object_guid_all_zero",
        "All bytes of objectGUID are zero.",
        "Export it again: AD never has such a value.",
        _OURS,
    ),
    (
        "no_object_guid",
        "The source shows no objectGUID for this object.",
        "Export objectGUID as well (ldifde: without -m and -n), or let the account read it.",
        _CONCEPTS,
    ),
    (
        "anchor_attribute_unread",
        "The source does not carry {attribute}.",
        "Read or export {attribute} as well.",
        _CONCEPTS,
    ),
    (
        "anchor_attribute_empty",
        "{attribute} has no value, so sync gives the object no anchor.",
        "Fill {attribute} before the object is synced.",
        _CONCEPTS,
    ),
    (
        "anchor_attribute_many_values",
        "{attribute} has {count} values, and an anchor is one.",
        "Use an attribute with a single value.",
        _CONCEPTS,
    ),
    (
        "anchor_attribute_no_text",
        "{attribute} holds bytes that are no text.",
        "Only objectGUID, mS-DS-ConsistencyGuid, objectSid and the Exchange GUIDs are known to be binary.",
        _OURS,
    ),
    (
        "object_read_twice",
        "The object {guid} was read more than once, with different anchors.",
        "Read each domain from one source only, one that carries mS-DS-ConsistencyGuid.",
        _OURS,
    ),
    # Objects asked for by name
    (
        "identity_ambiguous",
        '"{identity}" means {count} objects; none was taken.',
        "Name the right one by its distinguished name or objectGUID.",
        _OURS,
    ),
    (
        "identity_not_found",
        'No object is called "{identity}".',
        "Check the spelling; with LDAP also search_base, filter, and whether the account may read it.",
        _OURS,
    ),
    # The filters built into sync
    (
        "not_a_user",
        "The object is no user; only users can be hard matched.",
        "Leave it out. Contacts and mail-enabled groups can only be matched by their address.",
        _SCOPE,
    ),
    (
        "critical_system_object",
        "isCriticalSystemObject is TRUE, as for Administrator, Guest and krbtgt; sync never takes such an account.",
        _BUILT_IN,
        _SCOPE,
    ),
    (
        "admin_description_user",
        "adminDescription begins with User_, which tells sync to leave the user out.",
        "Clear adminDescription if the user is to be synced.",
        _SCOPE,
    ),
    (
        "no_sam_account_name",
        "The object has no sAMAccountName, without which sync leaves it out.",
        "Give it one.",
        _SCOPE,
    ),
    (
        "support_account",
        "The account is Windows' own support account.",
        _BUILT_IN,
        _SCOPE,
    ),
    (
        "sync_service_account",
        "sAMAccountName begins with AAD_ or MSOL_, as the accounts of the sync itself do; sync leaves it out.",
        "Rename the account if it belongs to a person.",
        _SCOPE,
    ),
    (
        "exchange_system_mailbox",
        "mailNickname begins with SystemMailbox{{: a mailbox of Exchange itself.",
        _BUILT_IN,
        _SCOPE,
    ),
    (
        "exchange_cas_mailbox",
        "The name begins with CAS_ and holds a }}: an account of Exchange itself.",
        _BUILT_IN,
        _SCOPE,
    ),
    (
        "exchange_system_type",
        "msExchRecipientTypeDetails has a bit of 0x21C07000 set: a mailbox of Exchange itself.",
        _BUILT_IN,
        _SCOPE,
    ),
    (
        "replication_conflict",
        "The object is the losing side of a replication conflict (CNF in its name); sync leaves it out.",
        "Find out which of the two objects is right, and delete or rename the other.",
        _SCOPE,
    ),
    (
        "linked_mailbox",
        "The object is a linked mailbox (msExchRecipientTypeDetails 2): sync gives it no anchor and waits for the user "
        "of the account forest.",
        "Match the user of the account forest instead.",
        _SCOPE,
    ),
    (
        "account_state_unread",
        "userAccountControl shows no value. Where sync's own account cannot read it either, sync leaves the user out.",
        "Let the accounts read userAccountControl.",
        _SCOPE,
    ),
    (
        "deleted_object",
        "The object is deleted (a tombstone).",
        "Restore it from AD's recycle bin, or leave it out.",
        _SCOPE,
    ),
    # What sync was told to take
    (
        "selection_unknown",
        "No built-in filter is known to keep the object out; what the sync was told to take is not known.",
        "Give sync_scope (OUs, group, filter) as the sync has it.",
        _FILTERING,
    ),
    (
        "scope_unchecked",
        "Whether sync takes this object cannot be told: the source does not carry {attributes}.",
        "Read the objects over LDAP, or export these attributes as well.",
        _OURS,
    ),
    (
        "outside_selected_ous",
        "The object lies in none of the organizational units of sync_scope.",
        "Move it into one of them, or select its OU in the sync.",
        _FILTERING,
    ),
    (
        "outside_cloud_sync_containers",
        "The object lies in none of the organizational units that the Cloud Sync job of its domain takes.",
        "Move it there, or select its OU in Cloud Sync. If Entra Connect takes this domain, give sync_scope.",
        "Microsoft Graph: containerFilter resource",
    ),
    (
        "outside_selected_group",
        "The object is no direct member of the group of sync_scope; sync does not follow nested groups.",
        "Add it to the group itself.",
        _FILTERING,
    ),
    (
        "outside_selected_filter",
        "The object does not meet the filter of sync_scope.",
        "Change its attributes, or the filter in the sync.",
        _FILTERING,
    ),
)
