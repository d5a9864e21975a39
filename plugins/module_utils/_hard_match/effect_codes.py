# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What a takeover does to a user.

Part of the table in :mod:`codes`, which says what the columns are. The sentences may name ``property``, ``before``
(the cloud's value), ``after`` (AD's) and ``groups``. Any of them can be made to block a row (``block_effects``), and
such a row can be released.
"""

from __future__ import annotations

_ADDRESSES = "Microsoft Entra ID: how the proxyAddresses attribute is populated"
_ATTRIBUTES = "Microsoft Entra Connect Sync: attributes synchronized to Microsoft Entra ID"
_DYNAMIC = "Microsoft Entra ID: rules for dynamic membership groups"
_EXCHANGE = "Exchange Online: this user's on-premises mailbox hasn't been migrated"
_EXISTING = "Microsoft Entra Connect: when you already have Microsoft Entra ID"
_FEATURES = "Microsoft Entra Connect Sync: service features"
_OBJECTS = "Microsoft Entra Connect Sync: understanding users, groups, and contacts"
_PASSWORDS = "Microsoft Entra Connect Sync: password hash synchronization"
_SECOND_CYCLE = "Microsoft support, as cited by azure-docs pull request 64785"
_SIGN_IN_NAME = "Microsoft Entra ID: UserPrincipalName population"

EFFECT_CODES: tuple[tuple[str, str, str, str, bool], ...] = (
    # Account
    (
        "user_disabled",
        "The AD account is disabled, and the takeover disables the cloud user.",
        "Enable the AD account before the sync, or leave this user out.",
        _OBJECTS,
        True,
    ),
    (
        "user_enabled",
        "The cloud user is disabled, the AD account is enabled, and the takeover enables the cloud user.",
        "Disable the AD account if nobody shall sign in.",
        _OBJECTS,
        True,
    ),
    (
        "shared_mailbox_enabled",
        "The user looks like a shared or resource mailbox, into which nobody signs in, and the AD account is enabled: "
        "the takeover opens it for sign-in with the AD password.",
        "Disable the AD account, as for every shared mailbox.",
        _OBJECTS,
        True,
    ),
    (
        "account_expired",
        "The AD account expired at {after}. Sync does not know of it: the cloud user can still sign in.",
        "Disable the AD account, or move the date on.",
        _PASSWORDS,
        True,
    ),
    (
        "enabled_unknown",
        "Whether the AD account is enabled is not known, because the source did not carry userAccountControl. If it is "
        "disabled, the takeover disables the cloud user.",
        "Read the objects over LDAP, or export userAccountControl as well.",
        _OBJECTS,
        True,
    ),
    (
        "expiry_unknown",
        "Whether the AD account expired is not known, because the source did not carry accountExpires. If it did, the "
        "cloud user can still sign in.",
        "Read the objects over LDAP, or export accountExpires as well.",
        _PASSWORDS,
        True,
    ),
    # Sign-in name
    (
        "sign_in_name_changed",
        "The sign-in name changes from {before} to {after}.",
        "Make userPrincipalName in AD (or the login attribute) what the user signs in with, its suffix verified in the "
        "tenant; or tell the user.",
        _SIGN_IN_NAME,
        True,
    ),
    (
        "sign_in_name_kept",
        "AD says {after}, and the sign-in name stays {before}: the tenant does not change the names of licensed users "
        "(synchronizeUpnForManagedUsersEnabled is off).",
        "Make both names equal, or turn the feature on (it cannot be turned off again).",
        _FEATURES,
        True,
    ),
    # Addresses
    (
        "primary_address_lost",
        "The primary address {before} is not in AD and is lost (new: {after}); mail to it no longer arrives.",
        "Add it to proxyAddresses in AD, with SMTP in capitals.",
        _EXISTING,
        True,
    ),
    (
        "primary_address_changed",
        "The primary address changes from {before}, which the user keeps, to {after}.",
        "Write the right one with SMTP in capitals in proxyAddresses in AD, the others in small letters.",
        _ADDRESSES,
        True,
    ),
    (
        "address_lost",
        "The addresses {before} exist only in the cloud and are lost; mail to them no longer arrives.",
        "Add them to proxyAddresses in AD.",
        _EXISTING,
        True,
    ),
    # Mailbox
    (
        "mailbox_in_danger",
        "AD has msExchMailboxGuid {after}, which tells Exchange Online that the mailbox is on-premises, and the cloud "
        "user has a mailbox of its own.",
        "Before the sync, clear the Exchange attributes in AD if its mailbox is gone, or make it a remote mailbox "
        "(Enable-RemoteMailbox).",
        _EXCHANGE,
        True,
    ),
    (
        "mailbox_unknown",
        "Whether AD has an msExchMailboxGuid, which would tell Exchange Online that the mailbox is on-premises, is not "
        "known, because the source did not carry it.",
        "Read the objects over LDAP, or export msExchMailboxGuid as well.",
        _EXCHANGE,
        True,
    ),
    # Sign-in
    (
        "password_will_change",
        "Password hash sync replaces the cloud password by the one in AD. Nothing brings the old one back.",
        "Tell the user which password to use.",
        _PASSWORDS,
        True,
    ),
    (
        "password_may_change",
        "Whether password hash sync is on cannot be read. If it is, the cloud password is replaced by the one in AD.",
        "Sign in as a Global Administrator with OnPremDirectorySynchronization.Read.All, or ask who runs the sync.",
        _PASSWORDS,
        True,
    ),
    (
        "password_must_change",
        "The AD password must be changed at the next sign-in (pwdLastSet is 0). After the takeover the user is asked "
        "for a new one; or, where userForcePasswordChangeOnLogonEnabled is off, keeps the cloud password, or cannot "
        "sign in.",
        "Let the user set a password in AD first.",
        _PASSWORDS,
        True,
    ),
    (
        "password_change_unknown",
        "Whether the AD password must be changed at the next sign-in is not known, because the source did not carry "
        "pwdLastSet. If it must, the user is asked for a new one or cannot sign in.",
        "Read the objects over LDAP, or export pwdLastSet as well.",
        _PASSWORDS,
        True,
    ),
    (
        "password_random",
        "The AD account demands a smart card, so its password is one that nobody knows; password hash sync puts it in "
        "the place of the cloud password.",
        "See that the user can sign in to the cloud without a password, by certificate or passkey.",
        _PASSWORDS,
        True,
    ),
    (
        "password_not_synced",
        "The AD object is an inetOrgPerson, whose password is never synced. The cloud password stays and is from then "
        "on independent of AD's.",
        "Use an object of class user if one password is wanted.",
        _PASSWORDS,
        True,
    ),
    # Groups
    (
        "dynamic_group_attribute",
        "Dynamic groups use {property}, which changes: {groups}. The user may leave or join them, with the licences "
        "and access that they give.",
        "Correct the attribute in AD, or look at the rules.",
        _DYNAMIC,
        True,
    ),
    # All other attributes
    (
        "overwritten",
        "{property} is {before} and becomes {after}.",
        "Correct the attribute in AD if the cloud is right.",
        _ATTRIBUTES,
        True,
    ),
    (
        "blanked",
        "{property} is {before}, and AD has no value: the second cycle after the match empties it.",
        "Fill the attribute in AD.",
        _SECOND_CYCLE,
        True,
    ),
    (
        "not_carried",
        "{property} is {before}; what it becomes is not known, because the source did not carry the attribute, or no "
        "user is known for the object that it names.",
        "Read the objects over LDAP, or export the attribute, and all people, as well.",
        _ATTRIBUTES,
        True,
    ),
)
