# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The users of the tenant, as well as they can be known while reads lag behind writes."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Callable

from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._graph.users import (
    USER_SELECT,
    get_users,
    list_deleted_users,
    list_users,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import (
    CloudIndex,
    CloudUser,
    as_journalled,
    from_graph,
)
from ansible_collections.hybrid.identity.plugins.module_utils._journal import RecentWrite, recent_writes
from ansible_collections.hybrid.identity.plugins.module_utils._progress import PROGRESS

# How long a read may show a value from before a write that the service accepted. Lags of minutes have been reported.
LAG_SECONDS = 15 * 60


def lagging_writes(client: GraphClient, journals: Collection[str]) -> dict[str, RecentWrite]:
    """Return what journals of this tenant say was written so lately that reads may not show it."""
    return recent_writes(client.tenant_id, journals, time.time() - LAG_SECONDS, client.options.graph_endpoint)


def read_index(
    client: GraphClient,
    cloud_keys: Iterable[str],
    written: Mapping[str, RecentWrite],
    *,
    select: str = USER_SELECT,
    select_deleted: str = USER_SELECT,
    keep: Callable[[Mapping[str, Any]], None] | None = None,
    share: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda body: body,
) -> CloudIndex:
    """List the tenant's users, live and deleted. Those just written are read by id, which lags less than a listing.

    :param select: what to read of the live ones.
    :param select_deleted: what to read of the others.
    :param keep: is given each live user as Graph returned it.
    :param share: returns the same user, with texts that are in memory already.
    """
    users = _users(client, written, select, select_deleted, keep or (lambda _body: None), share)
    return CloudIndex(users, cloud_keys)


def read_by_id(
    client: GraphClient, ids: Iterable[str], written: Mapping[str, RecentWrite], select: str = USER_SELECT
) -> Iterator[tuple[str, CloudUser | None, GraphError | None]]:
    """Yield (id, live user or ``None``, error) in the order given."""
    for user_id, body, error in get_users(client, ids, select):
        yield user_id, None if body is None else settled(from_graph(body), written), error


def settled(user: CloudUser, written: Mapping[str, RecentWrite]) -> CloudUser:
    """Return the user with what the service accepted lately and this read does not show yet."""
    write = written.get(user.id)
    # A write that reads have confirmed needs no trust: if the old value is back, somebody put it there.
    if write is None or write.status != "ok":
        return user
    return as_journalled(user, write.before, write.after)


def _users(
    client: GraphClient,
    written: Mapping[str, RecentWrite],
    select: str,
    select_deleted: str,
    keep: Callable[[Mapping[str, Any]], None],
    share: Callable[[Mapping[str, Any]], Mapping[str, Any]],
) -> Iterator[CloudUser]:
    for body in PROGRESS.each("listing users", _live_users(client, written, select)):
        keep(body)
        yield settled(from_graph(share(body)), written)
    for body in PROGRESS.each("listing deleted users", list_deleted_users(client, select_deleted)):
        yield from_graph(body, deleted=True)


def _live_users(client: GraphClient, ids: Iterable[str], select: str) -> Iterator[Mapping[str, Any]]:
    fresh = {user_id: body for user_id, body, _error in get_users(client, ids, select) if body is not None}
    for body in list_users(client, select):
        yield fresh.pop(body["id"], body)
    yield from fresh.values()
