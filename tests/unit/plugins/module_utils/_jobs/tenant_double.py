# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant in memory whose reads lag behind its writes; it doubles as the client."""

from __future__ import annotations

import base64
import itertools
import re
import uuid
from collections import Counter
from types import SimpleNamespace
from urllib.parse import parse_qs, unquote, urlsplit

from ansible_collections.hybrid.identity.plugins.module_utils._graph.batch import BatchResponse
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError, error_from_response
from ansible_collections.hybrid.identity.plugins.module_utils._graph.limiter import Limiter

TENANT = "66666666-7777-8888-9999-000000000000"
SERVICE = "https://graph.example"
NOON = 1_795_435_200.0  # 2026-11-23T12:00:00Z
ANCHOR = "onPremisesImmutableId"


def user_id(number):
    return str(uuid.UUID(int=number))


def guid(number):
    """Return the objectGUID of AD object ``number``."""
    return str(uuid.UUID(int=(4 << 76) | (8 << 60) | number))


def anchor(number):
    """Return the ImmutableId of AD object ``number``."""
    return base64.b64encode(uuid.UUID(guid(number)).bytes_le).decode()


def name(number):
    return f"user{number}@contoso.com"


class Killed(BaseException):
    """The end of a process that gets no chance to clean up."""


class Tenant:
    """Users ``1 .. count``. Time passes while somebody sleeps, and as ``seconds_per_batch``.

    ``refusals`` holds by user id what a write is answered with (see :meth:`refuse`); ``before_patch`` is called with
    the user id before a write is carried out. ``collections`` are other objects by path, ``refused`` paths that may not
    be read, ``cloud_managed`` and ``object_identifiers`` what is asked of single users.
    """

    tenant_id = TENANT
    options = SimpleNamespace(graph_endpoint=SERVICE, max_workers=8, batch_size=20)
    app_id = "11111111-2222-3333-4444-555555555555"
    sign_in_method = "client_secret"
    writes_per_second = 19.6

    def __init__(self, count=0):
        self.now = 0.0
        self.limiter = Limiter(3000, self.clock, self.sleep)
        self.list_lag = 0.0
        self.id_lag = 0.0
        self.seconds_per_batch = 0.0
        self.batch_size = 20
        self.patches = []
        self.requests = 0
        self.refusals = {}
        self.unreadable = {}
        self.before_patch = lambda _id: None
        self.stopped = False
        self.needed = None
        self.token_ends = float("inf")
        self.organization = {"onPremisesSyncEnabled": True, "verifiedDomains": [{"name": "contoso.com"}]}
        self.features = {"blockCloudObjectTakeoverThroughHardMatchEnabled": False}
        self.collections = {"/domains": [{"id": "contoso.com", "isVerified": True, "authenticationType": "Managed"}]}
        self.refused = set()
        self.delta_refused = None
        self.delta_opens = False
        self.delta_asked = []
        self.reads_by_id = Counter()
        self.cloud_managed = {}
        self.looked_up = []
        self.object_identifiers = {}
        self._versions = {}
        for number in range(1, count + 1):
            self.add(number)

    # The test's side

    def add(self, number, container="live", since=float("-inf"), **properties):
        body = {"id": user_id(number), "userPrincipalName": name(number), ANCHOR: None, "onPremisesSyncEnabled": None}
        self._versions[user_id(number)] = [(since, container, {**body, **properties})]

    def change(self, number, container=None, **properties):
        """Write past the client."""
        versions = self._versions[user_id(number)]
        _since, old, body = versions[-1]
        versions.append((self.now, container or old, {**body, **properties}))

    def value(self, number):
        return self._versions[user_id(number)][-1][2][ANCHOR]

    def refuse(self, number, status, code="Refused", details=(), carried_out=False):
        """Answer writes of this user with an error; ``carried_out``: they take effect all the same."""
        body = {"error": {"code": code, "message": "No.", "details": list(details)}}
        self.refusals[user_id(number)] = (error_from_response("PATCH /users", status, {}, body), carried_out)

    def lose_answer(self, number, *, carried_out, sent=True):
        error = GraphError("PATCH: no connection.", code="transport", uncertain=sent)
        self.refusals[user_id(number)] = (error, carried_out)

    def sleep(self, seconds):
        assert seconds > 0
        self.now += seconds

    def clock(self):
        return self.now

    # The client's side

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        return None

    def stop(self):
        self.stopped = True

    def stats(self):
        return {"requests": self.requests, "writes": len(self.patches), "throttled_seconds": 0.0}

    def service_time(self):
        return NOON + self.now

    def permissions(self):
        return {"User.ReadWrite.All", "Organization.Read.All"}

    def ensure_lifetime(self, seconds):
        self.needed = seconds

    @property
    def token_renewable(self):
        return self.token_ends == float("inf")

    def lifetime(self):
        return self.token_ends - self.now

    def get(self, path, _params=None):
        self.requests += 1
        if path == "/organization":
            return {"value": [self.organization]}
        if isinstance(self.features, Exception):
            raise self.features
        return {"value": [{"id": "1", "features": self.features}]}

    def pages(self, path, params=None, _headers=None, version="v1.0"):
        self.requests += 1
        if path in self.refused:
            raise error_from_response(f"GET {path}", 403, {}, {"error": {"code": "Refused", "message": "No."}})
        wanted = {"/users": "live", "/directory/deletedItems/microsoft.graph.user": "deleted"}.get(path)
        if wanted is None:
            yield from self.collections.get(path, ())
            return
        for key in sorted(self._versions):
            container, body = self._as_of(key, self.list_lag)
            if container == wanted:
                yield _selected(body, params["$select"])

    def log_pages(self, path, params):
        return self.pages(path, params)

    def delta(self, path, link, params, take):
        """Tell what changed since; of each change no more than what it changed."""
        assert path == "/users/delta"
        self.requests += 1
        if self.delta_refused is not None and (link is None or not self.delta_opens):
            raise GraphError("No.", status=self.delta_refused)
        if self.delta_refused is not None:
            self.delta_refused = None
            raise GraphError("Too old.", status=410)
        since, seen = float(link or "-inf"), self.now - self.list_lag
        self.delta_asked.append(link)
        if link is None:
            assert (params["$deltatoken"], "onPremisesSyncEnabled" in params["$select"]) == ("latest", True)
            return str(seen)
        for key, versions in sorted(self._versions.items()):
            news = [number for number, version in enumerate(versions) if since < version[0] <= seen]
            if news:
                _moment, container, body = versions[news[-1]]
                before = versions[news[0] - 1][2] if news[0] else {}
                changed = {name: value for name, value in body.items() if name not in before or before[name] != value}
                gone = {"@removed": {"reason": "changed"}} if container != "live" else {}
                take({"id": key, **changed, **gone})
        return str(seen)

    def batch(self, requests, version="v1.0"):
        pending = iter(requests)
        while True:
            chunk = list(itertools.islice(pending, self.batch_size))
            if not chunk:
                return
            self.requests += 1
            self.now += self.seconds_per_batch
            yield from [self._answer(request) if version == "v1.0" else self._beta(request) for request in chunk]

    def _beta(self, request):
        key = unquote(urlsplit(request.path).path.split("/")[2]).lower()
        found = {"id": key, "onPremisesObjectIdentifier": self.object_identifiers.get(key), "assignedPlans": []}
        return BatchResponse(request.key, 200, found, None)

    def _answer(self, request):
        parts = urlsplit(request.path)
        steps = [unquote(step) for step in parts.path.split("/")[1:]]
        if steps[0] not in ("users", "directory"):
            return self._collection(request, parts)
        if steps[-1] == "onPremisesSyncBehavior":
            self.looked_up.append(steps[1])
            managed = self.cloud_managed.get(steps[1].lower(), False)
            return BatchResponse(request.key, 200, {"id": steps[1], "isCloudManaged": managed}, None)
        if steps == ["users"]:
            return self._filtered(request, parts)
        key = (steps[2] if steps[0] == "directory" else steps[1]).lower()
        if "@" in key:
            key = next((other for other in self._versions if self._name(other) == key), key)
        if request.method == "PATCH":
            return self._patch(request, key)
        if key in self.unreadable:
            error = self.unreadable[key]
            return BatchResponse(request.key, error.status, None, error)
        self.reads_by_id[key] += 1
        container, body = self._as_of(key, self.id_lag)
        if container == ("deleted" if steps[0] == "directory" else "live"):
            asked = parse_qs(parts.query)
            found = _selected(body, asked["$select"][0])
            if "$expand" in asked and body.get("manager"):
                found["manager"] = body["manager"]
            return BatchResponse(request.key, 200, found, None)
        return _error(request, 404, "Request_ResourceNotFound")

    def _name(self, key):
        return self._versions[key][-1][2]["userPrincipalName"].lower()

    def _filtered(self, request, parts):
        """Answer a filter on a property, on an address, or for users with parked values."""
        wanted = re.search(r"(\w+)(?:/any\(\w+:\S+)? eq '([^']*)'", parse_qs(parts.query)["$filter"][0])
        name, value = wanted.group(1), wanted.group(2).lower()
        found = []
        for key in sorted(self._versions):
            container, body = self._as_of(key, self.list_lag)
            values = body.get(name) if body else None
            values = values if isinstance(values, list) else [values]
            if container == "live" and any(value in map(str.lower, map(str, _texts(item))) for item in values):
                found.append(_selected(body, parse_qs(parts.query)["$select"][0]))
        return BatchResponse(request.key, 200, {"value": found}, None)

    def _collection(self, request, parts):
        if parts.path in self.refused:
            return _error(request, 403, "Refused")
        found = self.collections.get(parts.path, [])
        wanted = re.search(r"\$filter=\w+ eq '([^']*)'", unquote(parts.query))
        if wanted:
            found = [item for item in found if wanted.group(1).lower() in map(str.lower, filter(None, item.values()))]
        return BatchResponse(request.key, 200, {"value": found}, None)

    def _patch(self, request, key):
        self.before_patch(key)
        value = request.body[ANCHOR]
        self.patches.append((key, value))
        error, carried_out = self.refusals.get(key, (None, True))
        if error is None and self._versions[key][-1][1] != "live":
            return _error(request, 404, "Request_ResourceNotFound")
        holder = next((other for other in self._versions if other != key and self._holds(other, value)), None)
        if error is None and holder:
            details = [
                {"code": "ObjectConflict", "target": ANCHOR},
                {"code": "ConflictingObjects", "target": f"User_{holder}"},
            ]
            return _error(request, 400, "Request_BadRequest", details)
        if carried_out:
            _since, container, body = self._versions[key][-1]
            self._versions[key].append((self.now, container, {**body, ANCHOR: value}))
        return BatchResponse(request.key, 204 if error is None else error.status, None, error)

    def _holds(self, key, value):
        return value is not None and self._versions[key][-1][2][ANCHOR] == value

    def _as_of(self, key, lag):
        seen = [version for version in self._versions.get(key, ()) if version[0] <= self.now - lag]
        return seen[-1][1:] if seen else (None, None)


def _texts(item):
    return item.values() if isinstance(item, dict) else [item]


def _selected(body, select):
    return {key: body.get(key) for key in select.split(",")}


def _error(request, status, code, details=()):
    body = {"error": {"code": code, "message": "Another object has it.", "details": list(details)}}
    return BatchResponse(request.key, status, None, error_from_response("PATCH /users", status, {}, body))
