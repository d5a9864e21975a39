# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What came of asking Cloud Sync for a single AD object.

Part of the table in :mod:`codes`, which says what the columns are.
"""

from __future__ import annotations

_ON_DEMAND = "Microsoft Entra Cloud Sync: on-demand provisioning"

PROVISION_CODES: tuple[tuple[str, str, str, str], ...] = (
    (
        "provision_no_dn",
        '"{value}" is no distinguished name of an AD object.',
        "Give the whole name, such as CN=Jane Doe,OU=People,DC=corp,DC=example,DC=com.",
        _ON_DEMAND,
    ),
    (
        "provision_no_job",
        "No Cloud Sync job serves the AD domain {domain}. There are jobs for {others}.",
        "Set up Cloud Sync for the domain. If Entra Connect Sync serves it, run a cycle on its server.",
        _ON_DEMAND,
    ),
    (
        "provision_no_rule",
        "The Cloud Sync job of {domain} has no rule for users.",
        "Look at the attribute mapping of the Cloud Sync configuration.",
        "Microsoft Graph: synchronizationRule resource",
    ),
    (
        "provision_refused",
        "Cloud Sync did not take the AD object ({word}): {detail}",
        "Remove the cause and provision again. The steps say how far it came.",
        _ON_DEMAND,
    ),
    (
        "provision_refused_while_paused",
        "The Cloud Sync job of {domain} is paused, and did not take the AD object ({word}): {detail}",
        "Resume the job (entra_sync_cycle with state=resumed), if nobody paused it on purpose, and provision again.",
        _ON_DEMAND,
    ),
    (
        "provision_skipped",
        "Cloud Sync left the AD object out ({word}): {detail}",
        "For RedundantExport nothing is to be done: both sides are the same already. Else the steps say what keeps "
        "the object out.",
        _ON_DEMAND,
    ),
    (
        "provision_failed",
        "The request to provision the AD object failed: {detail}",
        "Remove the cause, then run it again.",
        "Microsoft Graph: synchronizationJob provisionOnDemand",
    ),
    (
        "provision_unclear",
        "What came of provisioning the AD object is not known: {detail}",
        "Read the status of the user (entra_sync_status). Provisioning again does no harm.",
        "Microsoft Graph: synchronizationJob provisionOnDemand",
    ),
)
