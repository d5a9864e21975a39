# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Cloud Sync's jobs. Connect Sync has no such interface: it cannot be triggered or read through Graph."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from ansible_collections.hybrid.identity.plugins.module_utils._graph.batch import BatchRequest
from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient, odata_text
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._graph.users import PAGE_SIZE

# "Active Directory to Microsoft Entra ID" in the application gallery. Source: Microsoft, "Inbound synchronization for
# Cloud Sync using Microsoft Graph".
AD_TO_ENTRA_APPLICATION = "1a4721b3-e57f-4451-ae87-ef078703ec94"

#: provisionOnDemand is let through so many times within so many seconds. Source: Microsoft Graph, synchronizationJob
#: provisionOnDemand.
ON_DEMAND_LIMIT, ON_DEMAND_WINDOW = 5, 10.0

# The job that carries objects; AD2AADPasswordHash is another.
_OBJECTS = "AD2AADProvisioning"

# What an application answers that has no synchronization.
_NO_SYNCHRONIZATION = frozenset({400, 404})

_DNS_NAME = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.IGNORECASE)


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
    return [job for principal in principals for job in _jobs_of(principal, client.pages(_jobs_path(principal["id"])))]


def search_jobs(client: GraphClient) -> list[SyncJob]:
    """Return the Cloud Sync jobs of a tenant by their ids: a cloud may know the application under another template.

    This asks every application that is named as an AD domain could be, so it is for when :func:`find_jobs` found none.

    :raises GraphError: 403 needs Application.Read.All and Synchronization.Read.All.
    """
    query = {"$select": "id,displayName", "$top": PAGE_SIZE}
    principals = {
        one["id"]: one
        for one in client.pages("/servicePrincipals", query)
        if _DNS_NAME.fullmatch(str(one.get("displayName")))
    }
    answers = client.batch(BatchRequest("GET", _jobs_path(key), key=key) for key in principals)
    jobs: list[SyncJob] = []
    refusal: GraphError | None = None
    for answer in answers:
        if answer.error is None:
            jobs += _jobs_of(principals[answer.key], (answer.body or {}).get("value") or ())
        elif answer.status not in _NO_SYNCHRONIZATION:
            refusal = refusal or answer.error
    if refusal is not None and not jobs:
        raise refusal
    return jobs


def all_jobs(client: GraphClient, organization: Mapping[str, Any] | None = None) -> list[SyncJob]:
    """Return the Cloud Sync jobs of a tenant, by whatever name its cloud knows the application.

    :param organization: as the tenant told it; where directory sync is not on, nothing is searched for.
    :raises GraphError: as in :func:`find_jobs`.
    """
    found = find_jobs(client)
    if found or (organization is not None and not organization.get("onPremisesSyncEnabled")):
        return found
    return search_jobs(client)


def _jobs_of(principal: Mapping[str, Any], bodies: Iterable[dict[str, Any]]) -> Iterator[SyncJob]:
    for body in bodies:
        # The template's name varies (ADDCInPassthrough was seen); the job's id keeps its prefix.
        if body.get("templateId") == _OBJECTS or str(body.get("id")).startswith(f"{_OBJECTS}."):
            yield SyncJob(principal["id"], str(principal.get("displayName")), body["id"], body)


def _jobs_path(principal_id: str) -> str:
    return f"/servicePrincipals/{quote(principal_id)}/synchronization/jobs"


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


def provision_on_demand(client: GraphClient, job: SyncJob, rule: str, distinguished_name: str) -> Any:
    """Have one AD user provisioned at once; return the answer as it came.

    It is not sent twice: the second answer would hide what the first has done.

    :param rule: id of the rule of the job's schema that carries users.
    """
    subject = {"objectId": distinguished_name, "objectTypeName": "user"}
    body = {"parameters": [{"ruleId": rule, "subjects": [subject]}]}
    return client.request("POST", f"{job.path}/provisionOnDemand", body)


def _principals(client: GraphClient, condition: str) -> list[dict[str, Any]]:
    return list(client.pages("/servicePrincipals", {"$filter": condition, "$select": "id,displayName"}))
