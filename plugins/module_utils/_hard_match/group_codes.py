# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What can be said of groups and contacts, which cannot be hard matched, and of the configuration of a sync server.

Part of the table in :mod:`codes`, which says what the columns are.
"""

from __future__ import annotations

_EXISTING = "Microsoft Entra Connect: when you already have Microsoft Entra ID"
_FILTERING = "Microsoft Entra Connect Sync: configure filtering"
_OBJECTS = "Microsoft Entra Connect Sync: understanding users, groups, and contacts"
_SCOPE = "Microsoft Entra Connect Sync: default configuration"

GROUP_CODES: tuple[tuple[str, str, str, str], ...] = (
    # What takes the place of a hard match
    (
        "group_by_address",
        "The object is a group: it has no anchor that could be written. Where it has mail, sync matches it with the "
        "group of the tenant that has one of its addresses.",
        "Give the AD group an address of the cloud group in proxyAddresses, and sync it.",
        _EXISTING,
    ),
    (
        "group_without_address",
        "The object is a group without mail: sync matches it with nothing and makes a new group.",
        "Let it be made, and move members and permissions; or give both groups the same address in proxyAddresses.",
        _EXISTING,
    ),
    (
        "contact_by_address",
        "The object is a contact: it has no anchor that could be written. Sync matches it with the contact of the "
        "tenant that has one of its addresses.",
        "Give the AD contact an address of the cloud contact in proxyAddresses, and sync it.",
        _EXISTING,
    ),
    # The filters built into sync
    (
        "admin_description_group",
        "adminDescription begins with Group_, which tells sync to leave the group out.",
        "Clear adminDescription if the group is to be synced.",
        _SCOPE,
    ),
    (
        "rich_coexistence_group",
        "The group is the sync's own.",
        "Leave it out.",
        _SCOPE,
    ),
    (
        "exchange_system_group",
        "msExchRecipientTypeDetails has the bit 0x40000000 set: a group of Exchange itself.",
        "Leave it out.",
        _SCOPE,
    ),
    (
        "distribution_group_without_mail",
        "The object is a distribution group without an SMTP address; sync leaves it out.",
        "Give it an address, or make it a security group.",
        _OBJECTS,
    ),
    (
        "contact_without_address",
        "The contact lacks mail or proxyAddresses; sync leaves it out.",
        "Give it both.",
        _SCOPE,
    ),
    (
        "service_contact",
        "The contact is hidden and has (MSOL) in its name, as those that the sync makes; sync leaves it out.",
        "Leave it out.",
        _SCOPE,
    ),
    # What the sync server is configured for
    (
        "outside_server_selection",
        "The object lies in no container that the sync server of the export takes.",
        "Move it into one, or tick its container in the domain and OU filtering of Entra Connect.",
        _FILTERING,
    ),
    (
        "filtered_by_own_rules",
        "Whether sync takes this object cannot be told: the server of the export has rules of its own that leave "
        "objects out ({rules}).",
        "Look at these rules, or at the object in the metaverse.",
        _FILTERING,
    ),
)
