# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The logs as Graph shows them: newest first, late when the rehearsal wants it, with a quota of their own."""

from __future__ import annotations

from itertools import islice

from .errors import bad_request, denied, too_many_requests, unsupported_query
from .logs import Entry, Log
from .messages import GraphRequest, Reply
from .odata import decode_position, encode_token, link, projection, read_filter, read_select, read_top
from .shapes import Shape
from .shapes_logs import AUDIT, PROVISIONING
from .tenant import Tenant

# Who may read logs when a person signed in.
_READERS = frozenset(
    {
        "Application Administrator", "Cloud Application Administrator", "Global Administrator", "Global Reader",
        "Hybrid Identity Administrator", "Reports Reader", "Security Administrator", "Security Operator",
        "Security Reader",
    }
)  # fmt: skip
_OPTIONS = frozenset({"$filter", "$orderby", "$select", "$skiptoken", "$top"})


def list_provisioning(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET /auditLogs/provisioning: what Cloud Sync decided; Connect Sync leaves nothing there."""
    return _answer(tenant, request, tenant.provisioning_log, PROVISIONING, "auditLogs/provisioning")


def list_audits(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET /auditLogs/directoryAudits: who changed what in the directory."""
    return _answer(tenant, request, tenant.audit_log, AUDIT, "auditLogs/directoryAudits")


def _answer(tenant: Tenant, request: GraphRequest, log: Log, shape: Shape, path: str) -> Reply:
    if request.caller.delegated and not request.caller.directory_roles & _READERS:
        raise denied()
    settings = tenant.settings
    client = request.caller.client_id
    wait = tenant.log_quota.spend(client, int(settings.logQuota), float(settings.logQuotaWindowSeconds))
    if wait is not None:
        raise too_many_requests(wait)
    for name in request.query:
        if name.startswith("$") and name not in _OPTIONS:
            raise unsupported_query(f"Query option '{name}' is not supported for the logs.")
    names = read_select(request, shape)
    test = read_filter(request, shape)
    newest_first = _newest_first(request.query.get("$orderby"))
    until = tenant.clock.now() - float(settings.logDelaySeconds)
    entries = log.newest_first(until) if newest_first else log.oldest_first(until)
    after = decode_position(request, "number")
    top = read_top(request, shape)

    def comes(entry: Entry) -> bool:
        return after is None or (entry.number < after if newest_first else entry.number > after)

    shown = ((entry.number, entry.body()) for entry in entries if comes(entry))
    page = list(islice(((number, body) for number, body in shown if test is None or test(body)), top + 1))
    reply = {
        "@odata.context": f"{request.root}/{request.version}/$metadata#{path}",
        "value": list(map(projection(names, shape), (body for _number, body in page[:top]))),
    }
    if len(page) > top:
        reply["@odata.nextLink"] = link(request, path, skiptoken=encode_token({"number": page[top - 1][0]}))
    return Reply(200, reply)


def _newest_first(orderby: object) -> bool:
    words = str(orderby or "activityDateTime desc").split()
    if words[0] != "activityDateTime" or words[1:] not in ([], ["asc"], ["desc"]):
        raise bad_request(f"Invalid orderby clause '{orderby}'.", "BadRequest")
    return words[1:] == ["desc"]
