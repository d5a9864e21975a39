# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""POST /$batch: up to twenty requests in one, answered in any order, each with its own status."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Callable
from urllib.parse import parse_qsl, unquote, urlsplit

from .errors import bad_request
from .messages import GraphRequest, Reply
from .tenant import Tenant

MAX_ITEMS = 20
Serve = Callable[[GraphRequest], Awaitable[Reply]]


def read_items(body: Any) -> list[dict[str, Any]]:
    """
    :raises GraphError: 400 for the whole batch.
    """
    items = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(items, list) or not items:
        raise bad_request("Invalid batch payload format.", "BadRequest")
    if len(items) > MAX_ITEMS:
        raise bad_request(f"Number of batch request steps exceeds the maximum value of {MAX_ITEMS}.", "BadRequest")
    seen: set[str] = set()
    for item in items:
        if not isinstance(item, dict) or not all(isinstance(item.get(name), str) for name in ("id", "method", "url")):
            raise bad_request("Each batch request needs 'id', 'method' and 'url'.", "BadRequest")
        if item["id"].lower() in seen:
            raise bad_request(f"The request id '{item['id']}' is used twice in the batch.", "BadRequest")
        if set(map(str.lower, item.get("dependsOn") or ())) - seen:
            raise bad_request(
                f"Request '{item['id']}' depends on a request that does not stand before it.", "BadRequest"
            )
        seen.add(item["id"].lower())
    return items


async def answer_batch(tenant: Tenant, request: GraphRequest, serve: Serve) -> Reply:
    """Serve each item like a request of its own; dependants of a failure get 424."""
    answers: dict[str, dict[str, Any]] = {}
    for item in read_items(request.body):
        needed = [answers[name.lower()] for name in item.get("dependsOn") or ()]
        if any(answer["status"] >= 400 for answer in needed):
            error = {"code": "FailedDependency", "message": "A request that this one depends on failed."}
            answers[item["id"].lower()] = {"id": item["id"], "status": 424, "body": {"error": error}}
            continue
        answers[item["id"].lower()] = await _answer_item(request, item, serve)
    shuffled = list(answers.values())
    tenant.random.shuffle(shuffled)
    return Reply(200, {"responses": shuffled})


async def _answer_item(request: GraphRequest, item: dict[str, Any], serve: Serve) -> dict[str, Any]:
    headers = {str(name).lower(): str(value) for name, value in (item.get("headers") or {}).items()}
    # An item whose body has no Content-Type is not understood; the gate answers for it.
    typed = item.get("body") is None or "application/json" in headers.get("content-type", "")
    url = urlsplit(item["url"])
    inner = GraphRequest(
        method=item["method"].upper(),
        version=request.version,
        path=unquote(url.path).strip("/"),
        query=dict(parse_qsl(url.query, keep_blank_values=True)),
        headers=headers,
        body=item.get("body"),
        caller=request.caller,
        root=request.root,
        typed=typed,
    )
    reply = await serve(inner)
    answer: dict[str, Any] = {"id": item["id"], "status": reply.status}
    answer["headers"] = {"Content-Type": "application/json", **reply.headers}
    if reply.body is not None:
        answer["body"] = reply.body
    return answer
