# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Cloud Sync's jobs. Connect Sync has no such interface: it cannot be triggered or read through Graph."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import quote

from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient, odata_text

# "Active Directory to Microsoft Entra ID" in the application gallery. Source: Microsoft, "Inbound synchronization for
# Cloud Sync using Microsoft Graph".
AD_TO_ENTRA_APPLICATION = "1a4721b3-e57f-4451-ae87-ef078703ec94"

# The job that carries objects; AD2AADPasswordHash is another.
_OBJECTS = "AD2AADProvisioning"


class SyncJob(NamedTuple):
    """One job.

    :ivar domain: the AD domain: Cloud Sync names the service principal after it.
    :ivar data: Graph's ``synchronizationJob``: ``status``, ``schedule``, ….
    """

    service_principal: str
    domain: str
    id: str
    data: dict[str, Any]

    @property
    def path(self) -> str:
        """The job's path in Graph."""
        return f"/servicePrincipals/{quote(self.service_principal)}/synchronization/jobs/{quote(self.id)}"


def find_jobs(client: GraphClient, domain: str | None = None) -> list[SyncJob]:
    """Return the Cloud Sync jobs that carry objects from AD.

    :param domain: only this AD domain's, compared without case.
    :raises GraphError: 403 needs Application.Read.All and Synchronization.Read.All.
    """
    principals = _principals(client, f"applicationTemplateId eq {odata_text(AD_TO_ENTRA_APPLICATION)}")
    if domain is not None:
        principals = [one for one in principals if str(one.get("displayName")).lower() == domain.lower()]
        # A cloud may know the application under another template.
        principals = principals or _principals(client, f"displayName eq {odata_text(domain)}")
    jobs = []
    for principal in principals:
        for data in client.pages(f"/servicePrincipals/{quote(principal['id'])}/synchronization/jobs"):
            # The template's name varies (ADDCInPassthrough was seen); the job's id keeps its prefix.
            if data.get("templateId") == _OBJECTS or str(data.get("id")).startswith(f"{_OBJECTS}."):
                jobs.append(SyncJob(principal["id"], str(principal.get("displayName")), data["id"], data))
    return jobs


def get_job(client: GraphClient, job: SyncJob) -> SyncJob:
    """Read a job again."""
    return job._replace(data=client.get(job.path))


def get_schema(client: GraphClient, job: SyncJob) -> dict[str, Any]:
    """Return the job's schema: ``synchronizationRules`` with their ids and mappings."""
    return client.get(f"{job.path}/schema")


def start(client: GraphClient, job: SyncJob) -> None:
    """Start or resume a job; harmless when it runs."""
    client.request("POST", f"{job.path}/start", repeatable=True)


def pause(client: GraphClient, job: SyncJob) -> None:
    """Pause a job; a cycle under way may still end."""
    client.request("POST", f"{job.path}/pause", repeatable=True)


def restart(client: GraphClient, job: SyncJob, reset: Iterable[str] = ()) -> None:
    """Restart a job, which reads the whole domain again.

    :param reset: ``Escrows, Watermark, QuarantineState, Full, ForceDeletes``; none is what the portal's button does.
    """
    criteria = {"criteria": {"resetScope": ",".join(reset)}}
    client.request("POST", f"{job.path}/restart", criteria, repeatable=True)


def _principals(client: GraphClient, condition: str) -> list[dict[str, Any]]:
    return list(client.pages("/servicePrincipals", {"$filter": condition, "$select": "id,displayName"}))
