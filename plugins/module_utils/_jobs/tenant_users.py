# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The users of the tenant, as well as they can be known while reads lag behind writes."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator

from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._graph.users import (
    get_users,
    list_deleted_users,
    list_users,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.matching import (
    CloudIndex,
    CloudUser,
    as_journalled,
    from_graph,
)
from ansible_collections.hybrid.identity.plugins.module_utils._journal import RecentWrite, recent_writes

# How long a read may show a value from before a write that the service accepted. Lags of minutes have been reported.
LAG_SECONDS = 15 * 60


def lagging_writes(client: GraphClient, journals: Collection[str]) -> dict[str, RecentWrite]:
    """Return what journals of this tenant say was written so lately that reads may not show it."""
    return recent_writes(client.tenant_id, journals, time.time() - LAG_SECONDS, client.options.graph_endpoint)


def read_index(client: GraphClient, cloud_keys: Iterable[str], written: dict[str, RecentWrite]) -> CloudIndex:
    """List the tenant's users, live and deleted. Those just written are read by id, which lags less than a listing."""
    return CloudIndex(_users(client, written), cloud_keys)


def read_by_id(
    client: GraphClient, ids: Iterable[str], written: dict[str, RecentWrite]
) -> Iterator[tuple[str, CloudUser | None, GraphError | None]]:
    """Yield (id, live user or ``None``, error) in the order given."""
    for user_id, body, error in get_users(client, ids):
        yield user_id, None if body is None else settled(from_graph(body), written), error


def settled(user: CloudUser, written: dict[str, RecentWrite]) -> CloudUser:
    """Return the user with what the service accepted lately and this read does not show yet."""
    write = written.get(user.id)
    # A write that reads have confirmed needs no trust: if the old value is back, somebody put it there.
    if write is None or write.status != "ok":
        return user
    return as_journalled(user, write.before, write.after)


def _users(client: GraphClient, written: dict[str, RecentWrite]) -> Iterator[CloudUser]:
    fresh = {user_id: user for user_id, user, _error in read_by_id(client, written, written) if user is not None}
    for body in list_users(client):
        user = from_graph(body)
        yield fresh.pop(user.id, settled(user, written))
    yield from fresh.values()
    for body in list_deleted_users(client):
        yield from_graph(body, deleted=True)
