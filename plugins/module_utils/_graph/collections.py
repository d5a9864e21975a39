# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Many collections at once: the first pages of all in batches, then the second pages of those that have one, and on."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import Any, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.batch import BatchRequest
from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError


class Items(NamedTuple):
    """One collection: what came before ``error``, if there was one."""

    values: list[dict[str, Any]]
    error: Optional[GraphError] = None


def read_collections(
    client: GraphClient, paths: Iterable[tuple[Hashable, str]], headers: Mapping[str, str] | None = None
) -> dict[Hashable, Items]:
    """Read collections whole.

    :param paths: (key, path below the version with its query) of each.
    :param headers: go with each page.
    :raises Failure: when a next page lies elsewhere.
    """
    found: dict[Hashable, Items] = {}
    pending = list(paths)
    while pending:
        following = []
        for response in client.batch(BatchRequest("GET", path, headers=headers, key=key) for key, path in pending):
            known = found.setdefault(response.key, Items([]))
            if response.error is not None:
                found[response.key] = Items(known.values, response.error)
                continue
            known.values.extend(response.body["value"])
            if response.body.get("@odata.nextLink"):
                following.append((response.key, _path_of(client, response.body["@odata.nextLink"])))
        pending = following
    return found


def is_refused(items: Items, refusals: Collection[int] = (403,)) -> bool:
    """Tell whether a collection may not be read. Nobody in it, and gone meanwhile (404), are answers.

    :raises GraphError: for anything else that went wrong.
    """
    if items.error is None or items.error.status == 404:
        return False
    if items.error.status not in refusals:
        raise items.error
    return True


def _path_of(client: GraphClient, url: str) -> str:
    """Return what a batch can carry of the address of a next page."""
    root = f"{client.options.graph_endpoint}/v1.0"
    if not url.startswith(f"{root}/"):
        raise Failure(
            f"The next page of a collection lies elsewhere than below {root}: {url.split('?')[0]} Check graph_endpoint "
            "and cloud."
        )
    return url[len(root) :]
