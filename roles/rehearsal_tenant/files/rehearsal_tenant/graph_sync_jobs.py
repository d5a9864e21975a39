# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cloud Sync as Graph shows it: service principals named after AD domains, each with its synchronization jobs."""

from __future__ import annotations

import uuid
from typing import Any, NamedTuple, Optional

from .clock import rfc3339
from .directory import DirectoryError
from .errors import GraphError, bad_request, not_found, too_many_requests
from .graph_collections import answer_collection, listed
from .messages import GraphRequest, Reply
from .odata import project, read_select
from .on_demand import Outcome, answer
from .shapes import SERVICE_PRINCIPAL
from .sync_engine import Connector
from .sync_flow import FLOWS
from .tenant import Tenant

CLOUD_SYNC_TEMPLATE = "1a4721b3-e57f-4451-ae87-ef078703ec94"
NEVER = "0001-01-01T00:00:00Z"
PASSWORD_JOB = "AD2AADPasswordHash"  # noqa: S105 (the name of a job template)
# 5 calls in 10 seconds.
ON_DEMAND_LIMIT, ON_DEMAND_WINDOW = 5, 10
_SCOPES = frozenset({"Escrows", "QuarantineState", "Watermark", "Full", "ForceDeletes"})
_NOT_FOR_USE = frozenset({"None", "ConnectorDataStore"})


class Job(NamedTuple):
    """A job of a connector: the objects, or the password hashes (which has no cycles of its own to see)."""

    connector: Connector
    template: str

    @property
    def id(self) -> str:
        """<template>.<tenant>.<guid>."""
        return self.connector.job_id.replace("AD2AADProvisioning", self.template, 1)


def list_service_principals(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET /servicePrincipals."""
    return answer_collection(request, SERVICE_PRINCIPAL, listed(_principals(tenant)), "servicePrincipals")


def get_service_principal(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET /servicePrincipals/{id}."""
    wanted = request.parameters["principal"]
    found = next((item for item in _principals(tenant) if item["id"] == wanted.lower()), None)
    if found is None:
        raise not_found(wanted)
    context = _context(request, "servicePrincipals/$entity")
    shown = project(found, read_select(request, SERVICE_PRINCIPAL), SERVICE_PRINCIPAL)
    return Reply(200, {"@odata.context": context, **shown})


def _principals(tenant: Tenant) -> list[dict[str, Any]]:
    """One per Cloud Sync domain, and one per client."""
    standard = {"accountEnabled": True, "servicePrincipalType": "Application"}
    clouds = [
        {
            "id": item.id,
            "appId": str(uuid.uuid5(uuid.UUID(item.id), "app")),
            "appDisplayName": item.directory.domain,
            "displayName": item.directory.domain,
            "applicationTemplateId": CLOUD_SYNC_TEMPLATE,
            "tags": ["WindowsAzureActiveDirectoryIntegratedApp"],
            **standard,
        }
        for item in _connectors(tenant)
    ]
    clients = [
        {
            "id": str(uuid.uuid5(uuid.UUID(client.client_id), "servicePrincipal")),
            "appId": client.client_id,
            "appDisplayName": client.display_name,
            "displayName": client.display_name,
            **standard,
        }
        for client in tenant.clients.values()
    ]
    return clouds + clients


def _connectors(tenant: Tenant) -> list[Connector]:
    """Connect Sync has no face in Graph."""
    return [item for item in tenant.sync.connectors if item.directory.cloud_sync]


def _jobs(tenant: Tenant, request: GraphRequest) -> list[Job]:
    principal = request.parameters["principal"].lower()
    if principal not in {item["id"] for item in _principals(tenant)}:
        raise not_found(principal)
    connector = next((item for item in _connectors(tenant) if item.id == principal), None)
    return [Job(connector, "AD2AADProvisioning"), Job(connector, PASSWORD_JOB)] if connector else []


def _job(tenant: Tenant, request: GraphRequest) -> Job:
    wanted = request.parameters["job"]
    found = next((item for item in _jobs(tenant, request) if item.id == wanted), None)
    if found is None:
        raise GraphError(404, "ResourceNotFound", f"The synchronization job '{wanted}' does not exist.")
    return found


def list_jobs(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET …/synchronization/jobs."""
    value = [_job_body(tenant, job) for job in _jobs(tenant, request)]
    return Reply(200, {"@odata.context": _context(request, request.path), "value": value})


def get_job(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET …/synchronization/jobs/{id}."""
    return Reply(200, {"@odata.context": _context(request, request.path), **_job_body(tenant, _job(tenant, request))})


def _job_body(tenant: Tenant, job: Job) -> dict[str, Any]:
    provisioning = job.template != PASSWORD_JOB
    connector = job.connector
    interval = int(connector.interval)
    return {
        "id": job.id,
        "templateId": tenant.settings.jobTemplate if provisioning else PASSWORD_JOB,
        "schedule": {
            "expiration": None,
            "interval": f"PT{interval // 60}M" if interval and interval % 60 == 0 else f"PT{interval}S",
            "state": "Disabled" if _paused(connector) else "Active",
        },
        "status": _status(tenant, connector) if provisioning else _quiet_status(connector),
        "synchronizationJobSettings": [],
    }


def _paused(connector: Connector) -> bool:
    """A job counts as paused when the cycle it was in is over."""
    return connector.paused and not connector.running


def _code(connector: Connector) -> str:
    if connector.quarantine:
        return "Quarantine"
    if _paused(connector):
        return "Paused"
    return "Active" if connector.cycles or connector.running else "NotRun"


def _status(tenant: Tenant, connector: Connector) -> dict[str, Any]:
    good = [cycle for cycle in connector.cycles if not cycle["error"]]
    with_exports = [
        cycle for cycle in good if any(row["outcome"] not in ("skip", "refuse") for row in cycle["objects"])
    ]
    steady = [cycle["ended"] for cycle in good]
    progress = {
        "completedUnits": 0,
        "progressObservationDateTime": tenant.timestamp(),
        "totalUnits": 0,
        "units": "users",
    }
    return {
        "code": _code(connector),
        "countSuccessiveCompleteFailures": connector.failures,
        "escrowsPruned": False,
        "lastExecution": _execution(connector, connector.cycles),
        "lastSuccessfulExecution": _execution(connector, good),
        "lastSuccessfulExecutionWithExports": _execution(connector, with_exports),
        "progress": [progress] if connector.running else [],
        "quarantine": _quarantine(tenant, connector),
        "steadyStateFirstAchievedTime": steady[0] if steady else NEVER,
        "steadyStateLastAchievedTime": steady[-1] if steady else NEVER,
        "synchronizedEntryCountByType": [{"key": "user to User", "value": connector.exporter.connected}]
        if good
        else [],
        "troubleshootingUrl": None,
    }


def _quiet_status(connector: Connector) -> dict[str, Any]:
    return {
        "code": "Paused" if _paused(connector) else "Active",
        "countSuccessiveCompleteFailures": 0,
        "escrowsPruned": False,
        "progress": [],
        "steadyStateFirstAchievedTime": NEVER,
        "steadyStateLastAchievedTime": NEVER,
        "synchronizedEntryCountByType": [],
        "troubleshootingUrl": None,
    }


def _execution(connector: Connector, cycles: list[dict[str, Any]]) -> Optional[dict[str, Any]]:
    if not cycles:
        return None
    cycle = cycles[-1]
    counts = cycle["counts"]
    refused = counts.get("refuse", 0)
    exported = sum(number for outcome, number in counts.items() if outcome not in ("skip", "refuse"))
    state = "Failed" if cycle["error"] else ("EntryLevelErrors" if refused else "Succeeded")
    error = {"code": "SynchronizationFailed", "message": cycle["error"], "tenantActionable": True}
    return {
        "activityIdentifier": cycle["id"],
        "countEntitled": len(cycle["objects"]) - counts.get("skip", 0),
        "countEntitledForProvisioning": len(cycle["objects"]) - counts.get("skip", 0),
        "countEscrowed": refused,
        "countEscrowedRaw": refused,
        "countExported": exported,
        "countExports": exported,
        "countImported": len(cycle["objects"]),
        "countImportedDeltas": 0,
        "countImportedReferenceDeltas": 0,
        "error": error if cycle["error"] else None,
        "state": state,
        "timeBegan": cycle["began"],
        "timeEnded": cycle["ended"],
    }


def _quarantine(tenant: Tenant, connector: Connector) -> Optional[dict[str, Any]]:
    if connector.quarantine is None:
        return None
    error = {"code": connector.quarantine["reason"], "message": "The job is in quarantine.", "tenantActionable": True}
    return {**connector.quarantine, "error": error, "nextAttempt": rfc3339(connector.next_due)}


def get_schema(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET …/jobs/{id}/schema: the rule with its selection and its attribute mappings."""
    connector = _job(tenant, request).connector
    directory = connector.directory
    rule = {
        "id": _rule_id(connector),
        "name": "AD2AADProvisioning",
        "editable": True,
        "priority": 1,
        "sourceDirectoryName": "Active Directory",
        "targetDirectoryName": "Azure Active Directory",
        "containerFilter": {"includedContainers": list(directory.ous)} if directory.ous else None,
        "groupFilter": {"includedGroups": list(directory.groups)} if directory.groups else None,
        "metadata": [],
        "objectMappings": [_object_mapping()],
    }
    body = {"id": _job(tenant, request).id, "version": "v1", "directories": [], "synchronizationRules": [rule]}
    return Reply(200, {"@odata.context": _context(request, request.path), **body})


def _rule_id(connector: Connector) -> str:
    return str(uuid.uuid5(uuid.UUID(connector.id), "rule"))


def _object_mapping() -> dict[str, Any]:
    return {
        "name": "Provision Active Directory users",
        "enabled": True,
        "flowTypes": "Add, Update, Delete",
        "sourceObjectName": "user",
        "targetObjectName": "User",
        "metadata": [],
        "scope": None,
        "attributeMappings": [
            {
                "targetAttributeName": flow.property,
                "flowBehavior": "FlowWhenChanged",
                "flowType": "Always",
                "matchingPriority": 0,
                "exportMissingReferences": False,
                "defaultValue": None,
                "source": {
                    "expression": f"[{flow.attribute}]",
                    "name": flow.attribute,
                    "type": "Attribute",
                    "parameters": [],
                },
            }
            for flow in FLOWS
        ],
    }


def start_job(tenant: Tenant, request: GraphRequest) -> Reply:
    """POST …/start: 204; the next cycle begins at once."""
    job = _job(tenant, request)
    if job.template != PASSWORD_JOB:
        job.connector.paused = False
        job.connector.requested = True
    return Reply(204)


def pause_job(tenant: Tenant, request: GraphRequest) -> Reply:
    """POST …/pause: 204; a cycle that is under way still ends."""
    job = _job(tenant, request)
    if job.template != PASSWORD_JOB:
        job.connector.paused = True
        job.connector.requested = False
    return Reply(204)


def restart_job(tenant: Tenant, request: GraphRequest) -> Reply:
    """POST …/restart: 204; the next cycle reads everything anew."""
    job = _job(tenant, request)
    criteria = (request.body or {}).get("criteria") if isinstance(request.body, dict) else None
    text = str((criteria or {}).get("resetScope") or "QuarantineState,Watermark,Escrows")
    scopes = {part.strip() for part in text.split(",")}
    if scopes & _NOT_FOR_USE or scopes - _SCOPES:
        raise bad_request(f"The resetScope '{text}' is not supported.", "BadRequest")
    if job.template != PASSWORD_JOB:
        connector = job.connector
        connector.paused = False
        connector.requested = True
        connector.initial = connector.initial or bool(scopes & {"Full", "Watermark"})
        connector.force_deletes = "ForceDeletes" in scopes
        if scopes & {"Full", "QuarantineState"}:
            connector.lift_quarantine()
    return Reply(204)


async def provision_on_demand(tenant: Tenant, request: GraphRequest) -> Reply:
    """POST …/provisionOnDemand: 200 whatever came of it, with JSON inside the strings key and value."""
    connector = _job(tenant, request).connector
    dn = _subject(connector, request.body)
    wait = connector.on_demand.spend(connector.id, ON_DEMAND_LIMIT, ON_DEMAND_WINDOW)
    if wait is not None:
        raise too_many_requests(wait)
    if connector.paused and tenant.settings.onDemandWhilePaused == "refuse":
        raise bad_request("The synchronization job is paused.", "BadRequest")
    body = answer(await _provisioned(tenant, connector, dn), tenant.timestamp())
    context = _context(request, "microsoft.graph.stringKeyStringValuePair")
    return Reply(200, {"@odata.context": context, **body})


async def _provisioned(tenant: Tenant, connector: Connector, dn: str) -> Outcome:
    if connector.silent:
        return Outcome(dn, "HybridIdentityServiceNoActiveAgents", "No agent is active.")
    try:
        row = await tenant.sync.provision(connector, dn)
    except DirectoryError as error:
        return Outcome(dn, "HybridSynchronizationActiveDirectoryInternalServerError", str(error))
    if row is None:
        return Outcome(dn, "HybridIdentityServiceObjectNotFound", "AD has no such user.")
    return Outcome(dn, str(row["code"]), str(row["message"]), row)


def _subject(connector: Connector, body: Any) -> str:
    """The one subject's DN."""
    try:
        parameters = body["parameters"][0]
        subject = parameters["subjects"][0]
        rule, dn = parameters["ruleId"], subject["objectId"]
    except (TypeError, KeyError, IndexError):
        raise bad_request(
            "parameters with ruleId and subjects (objectId, objectTypeName) are needed.", "BadRequest"
        ) from None
    if rule != _rule_id(connector):
        raise bad_request(f"There is no synchronization rule '{rule}'.", "BadRequest")
    return str(dn)


def _context(request: GraphRequest, tail: str) -> str:
    return f"{request.root}/{request.version}/$metadata#{tail}"
