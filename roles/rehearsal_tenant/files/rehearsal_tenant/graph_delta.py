# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The change feed of users: everything once, then what changed since the last deltaLink."""

from __future__ import annotations

import re
from typing import Any

from .errors import GraphError, bad_request
from .messages import GraphRequest, Reply
from .odata import decode_token, encode_token, link, project, read_query
from .shapes import USER
from .store import GONE, LIVE, Stored
from .tenant import Tenant

PAGE = 200
_NOT_BY_ID = re.compile(r"\b(?!id\b)\w+ (?:eq|ne|ge|le)\b")


def user_delta(tenant: Tenant, request: GraphRequest) -> Reply:
    """GET /users/delta.

    A position is ``seq`` (the last write that was seen) and, while the first round goes through all users, ``after``
    (the last id that was given). The token ``latest`` is the position of now: nothing is told of what was before.
    """
    if "$orderby" in request.query:
        raise bad_request("'$orderby' is not supported with delta.", "BadRequest")
    if _NOT_BY_ID.search(request.query.get("$filter", "")):
        raise bad_request("Only 'id eq' joined by 'or' may filter a delta query.", "BadRequest")
    position = _position(tenant, request)
    query = read_query(request, USER)
    as_of = tenant.list_time()
    first_round = "after" in position
    if first_round:
        objects = tenant.store.page("user", LIVE, as_of, position["after"])
    else:
        objects = tenant.store.changes("user", position["seq"], as_of)
    value: list[dict[str, Any]] = []
    body: dict[str, Any] = {"@odata.context": f"{request.root}/{request.version}/$metadata#users(delta)"}
    for stored in objects:
        if query.test and not query.test(stored.body):
            continue
        if len(value) == PAGE:
            body["@odata.nextLink"] = link(request, request.path, skiptoken=encode_token(position))
            return Reply(200, {**body, "value": value})
        value.append(_shown(stored, query.select))
        position["after" if first_round else "seq"] = stored.id if first_round else stored.seq
    seen = position["seq"] if first_round else tenant.store.newest(as_of)
    token = encode_token({"seq": seen, "issued": tenant.clock.now()})
    body["@odata.deltaLink"] = link(request, request.path, deltatoken=token)
    return Reply(200, {**body, "value": value})


def _position(tenant: Tenant, request: GraphRequest) -> dict[str, Any]:
    """Where this page begins; takes the token out of the query."""
    now = tenant.clock.now()
    token = request.query.pop("$deltatoken", None) or request.query.pop("$skiptoken", None)
    if token in (None, "latest"):
        newest = {"seq": tenant.store.newest(tenant.list_time()), "issued": now}
        return newest if token else {**newest, "after": ""}
    try:
        position = decode_token(token)
        age = now - float(position["issued"])
    except (ValueError, KeyError):
        raise bad_request("Badly formed token.", "Directory_BadDeltaToken") from None
    if age > tenant.settings.deltaTokenLifetimeSeconds:
        status = int(tenant.settings.deltaExpired)
        raise GraphError(status, "syncStateNotFound", "The sync state generation is not found; start a new round.")
    return position


def _shown(stored: Stored, names: tuple[str, ...]) -> dict[str, Any]:
    if stored.container == LIVE:
        return project(stored.body, names, USER)
    reason = "deleted" if stored.container == GONE else "changed"
    return {"id": stored.id, "@removed": {"reason": reason}}
