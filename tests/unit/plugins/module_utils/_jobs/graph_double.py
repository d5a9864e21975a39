# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Graph as collections and objects by path, read only; it doubles as the client and counts what a client would send."""

from __future__ import annotations

import itertools
import re
from types import SimpleNamespace
from urllib.parse import unquote

from ansible_collections.hybrid.identity.plugins.module_utils._graph.batch import BatchResponse
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import error_from_response

TENANT = "66666666-7777-8888-9999-000000000000"
SERVICE = "https://graph.example"
NOON = 1_795_435_200.0  # 2026-11-23T12:00:00Z
BATCH, PAGE, ROLES_PAGE = 20, 999, 100
_PIM_FOR_GROUPS = "/identityGovernance/privilegedAccess/group/eligibilityScheduleInstances"


class Graph:
    """``collections`` holds lists by path, ``objects`` single bodies; ``refused`` statuses (or (status, code)).

    Keys of beta begin with ``beta:``. PIM for groups stands under its path and ``/<group id>``.
    """

    tenant_id = TENANT
    sign_in_method = "client_secret"
    options = SimpleNamespace(graph_endpoint=SERVICE, max_workers=8, batch_size=20)

    def __init__(self, **collections):
        self.collections = {
            "/users": [],
            "/directory/deletedItems/microsoft.graph.user": [],
            "/groups": [],
            "/directory/deletedItems/microsoft.graph.group": [],
            "/contacts": [],
            "/domains": [],
            "/servicePrincipals": [],
            "/roleManagement/directory/roleDefinitions": [],
            "/roleManagement/directory/roleAssignments": [],
            "/roleManagement/directory/roleEligibilityScheduleInstances": [],
            **{f"/{path}": items for path, items in collections.items()},
        }
        self.objects = {
            "/organization": {"value": [{"id": TENANT, "onPremisesSyncEnabled": True}]},
            "/directory/onPremisesSynchronization": {"value": [{"id": TENANT, "features": {}}]},
        }
        self.refused = {}
        #: (path or "$batch", selected properties or number of items) of each request, as it would leave.
        self.sent = []
        self.asked = []

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        return None

    @property
    def requests(self):
        return len(self.sent)

    def stats(self):
        return {"requests": self.requests, "writes": 0, "throttled_seconds": 0.0}

    def service_time(self):
        return NOON

    def permissions(self):
        return {"User.Read.All"}

    def get(self, path, _params=None, _headers=None, version="v1.0"):
        self.sent.append((path, None))
        error = self._error(path, version)
        if error:
            raise error
        return self.objects[path]

    def pages(self, path, params=None, _headers=None, version="v1.0"):
        items = self.collections.get(path, [])
        selected = (params or {}).get("$select")
        for start in range(0, max(len(items), 1), self._size(path)):
            self.sent.append((path, selected))
            error = self._error(path, version)
            if error:
                raise error
            for item in items[start : start + self._size(path)]:
                yield item if selected is None else {name: item.get(name) for name in selected.split(",")}

    def log_pages(self, path, params):
        return self.pages(path, params)

    def batch(self, requests, version="v1.0"):
        pending = iter(requests)
        while True:
            chunk = list(itertools.islice(pending, BATCH))
            if not chunk:
                return
            self.sent.append(("$batch", len(chunk)))
            yield from [self._answer(request, version) for request in chunk]

    def _answer(self, request, version):
        path, _mark, query = request.path.partition("?")
        query = unquote(query)
        self.asked.append(path)
        group = re.search(r"groupId eq '([^']+)'", query)
        key = f"{path}/{group.group(1)}" if group else path
        error = self._error(key, version)
        body = self.objects.get(f"beta:{key}" if version == "beta" else key)
        if error is None and body is None and key in self.collections:
            skip = int(query.partition("$skiptoken=")[2] or 0)
            following = skip + PAGE
            body = {"value": self.collections[key][skip:following]}
            if following < len(self.collections[key]):
                body["@odata.nextLink"] = f"{SERVICE}/v1.0{path}?$skiptoken={following}"
        elif error is None and body is None:
            error = _refusal(key, 404)
        return BatchResponse(request.key, error.status if error else 200, None if error else body, error)

    def _error(self, path, version):
        refusal = self.refused.get(f"beta:{path}" if version == "beta" else path)
        return None if refusal is None else _refusal(path, *(refusal if isinstance(refusal, tuple) else (refusal,)))

    @staticmethod
    def _size(path):
        return ROLES_PAGE if path.startswith("/roleManagement") else PAGE


def _refusal(path, status, code="Refused"):
    return error_from_response(f"GET {path}", status, {}, {"error": {"code": code, "message": "No."}})


def pim_for_groups(group_id):
    """Return the key of who may become a member or owner of a group."""
    return f"{_PIM_FOR_GROUPS}/{group_id}"
