# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What Cloud Sync wrote down of each object, and who changed which user. The quota of the logs is 5 requests in 10
seconds: ask once for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient, odata_text
from ansible_collections.hybrid.identity.plugins.module_utils._graph.users import PAGE_SIZE


def list_provisioning(client: GraphClient, job_id: str, since: str) -> Iterator[dict[str, Any]]:
    """Yield Graph's ``provisioningObjectSummary`` of one job, in no certain order; 403 needs AuditLog.Read.All.

    :param since: RFC 3339, UTC.
    """
    condition = f"jobId eq {odata_text(job_id)} and activityDateTime gt {since}"
    return client.log_pages("/auditLogs/provisioning", {"$filter": condition, "$top": PAGE_SIZE})


def list_audits(client: GraphClient, since: str, user_id: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield Graph's ``directoryAudit`` about users, the newest first; 403 needs AuditLog.Read.All.

    :param since: RFC 3339, UTC.
    :param user_id: only about this one.
    """
    about = "category eq 'UserManagement'"
    if user_id is not None:
        about = f"targetResources/any(t:t/id eq {odata_text(user_id)})"
    return client.log_pages(
        "/auditLogs/directoryAudits",
        {"$filter": f"activityDateTime ge {since} and {about}", "$orderby": "activityDateTime desc", "$top": PAGE_SIZE},
    )
