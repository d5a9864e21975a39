# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answering for a collection: filter, sort, page, count, project."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Callable, Optional

from .messages import GraphRequest, Reply
from .odata import Body, Query, encode_token, link, projection, read_query
from .shapes import Shape

Source = Callable[[str], Iterable[Body]]
"""The objects whose id comes after the given one, in order of their ids."""


Show = Callable[[Body, tuple[str, ...]], Body]
"""How an object looks when these properties are asked for."""


def answer_collection(
    request: GraphRequest,
    shape: Shape,
    source: Source,
    context: str,
    filter_modes: Optional[Mapping[str, str]] = None,
    show: Optional[Show] = None,
) -> Reply:
    """One page of a collection, as the query options ask.

    :param context: the tail of @odata.context, for example ``users``.
    :param filter_modes: see ``read_query``.
    :param show: for collections of several kinds; else the object is projected as its shape says.
    """
    query = read_query(request, shape, filter_modes)
    page, next_token = _sorted_page(query, source) if query.orderby else _page(query, source)
    body: dict[str, Any] = {"@odata.context": f"{request.root}/{request.version}/$metadata#{context}"}
    if query.counted and query.skiptoken is None:
        body["@odata.count"] = sum(1 for _item in _matching(query, source("")))
    if next_token is not None:
        body["@odata.nextLink"] = link(request, request.path, skiptoken=encode_token(next_token))
    if show is None:
        body["value"] = list(map(projection(query.select, shape, query.expand), page))
    else:
        body["value"] = [show(item, query.select) for item in page]
    return Reply(200, body)


def count_only(request: GraphRequest, shape: Shape, source: Source) -> Reply:
    """The bare number that ``/$count`` answers."""
    query = read_query(request, shape)
    return Reply(200, str(sum(1 for _item in _matching(query, source("")))), {"content-type": "text/plain"})


def listed(objects: Iterable[Body]) -> Source:
    """A source of a few objects that are not in the store."""
    ordered = sorted(objects, key=lambda body: str(body["id"]))
    return lambda after: (body for body in ordered if body["id"] > after)


def _matching(query: Query, objects: Iterable[Body]) -> Iterator[Body]:
    return (body for body in objects if query.test is None or query.test(body))


def _page(query: Query, source: Source) -> tuple[list[Body], Any]:
    after = (query.skiptoken or {}).get("after", "")
    page: list[Body] = []
    for body in _matching(query, source(after)):
        if len(page) == query.top:
            return page, {"after": page[-1]["id"]}
        page.append(body)
    return page, None


def _sorted_page(query: Query, source: Source) -> tuple[list[Body], Any]:
    name, descending = query.orderby or ("id", False)
    ordered = sorted(
        _matching(query, source("")),
        key=lambda body: (str(body.get(name) or "").lower(), body["id"]),
        reverse=descending,
    )
    start = int((query.skiptoken or {}).get("offset", 0))
    end = start + query.top
    return ordered[start:end], ({"offset": end} if end < len(ordered) else None)
