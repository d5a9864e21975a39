# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Putting back what journals say was there before: reads them and the users they name, and lets ``rollback`` decide."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from typing import Any

from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._graph.users import get_deleted_users
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import from_graph
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import reason
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.rollback import (
    Chain,
    Entry,
    chain_of,
    restoring,
)
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.confirmation import Confirmation
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.tenant_users import read_by_id
from ansible_collections.hybrid.identity.plugins.module_utils._journal import RecentWrite, is_about
from ansible_collections.hybrid.identity.plugins.module_utils._rows import JOURNAL, RowError, RowReader, parse_time

Row = dict[str, Any]

_CHUNK = 400


class Restoration:
    """What journals wrote, ready to be undone.

    :param paths: journals of this tenant, in any order: the times of their entries say what followed what.
    :raises RowError: at once, for a file that is no journal, or the journal of another tenant or service.
    """

    def __init__(self, client: GraphClient, paths: Collection[str]) -> None:
        self._client = client
        #: Where it comes from.
        self.description = "; ".join(paths)
        self._chains = _chains(client, paths)

    def rows(
        self,
        protected: frozenset[str],
        written: dict[str, RecentWrite],
        confirmation: Confirmation | None,
    ) -> Iterator[Row]:
        """Yield the row of each user, as a plan has it, from reading the users now.

        :param protected: lower-case ids and UPNs that are left alone.
        :param written: what journals, these included, say was written lately.
        :param confirmation: settles writes of a killed run first; ``None`` in check mode, which does not wait.
        """
        ids = list(self._chains)
        for start in range(0, len(ids), _CHUNK):
            chunk = ids[start : start + _CHUNK]
            if confirmation is not None:
                confirmation.settle(chunk, written)
            yield from self._decided(chunk, protected, written)

    def _decided(self, ids: list[str], protected: frozenset[str], written: dict[str, RecentWrite]) -> Iterator[Row]:
        found = {user_id: (user, error) for user_id, user, error in read_by_id(self._client, ids, written)}
        gone = [user_id for user_id, (user, error) in found.items() if user is None and error is None]
        for user_id, body, error in get_deleted_users(self._client, gone):
            found[user_id] = (None if body is None else from_graph(body, deleted=True), error)
        for user_id, (user, error) in found.items():
            chain = self._chains[user_id]
            if error is None:
                yield restoring(user_id, chain, user, protected)
            else:
                yield _unread(restoring(user_id, chain, None, protected), error)


def _unread(row: Row, error: GraphError) -> Row:
    why = reason("read_failed", detail=error.message)
    return {**row, "action": "failed", "changed": False, "reason": why, "error": error.as_row_error()}


def _chains(client: GraphClient, paths: Collection[str]) -> dict[str, Chain]:
    entries: dict[str, list[Entry]] = {}
    for path in dict.fromkeys(map(os.path.realpath, paths)):
        for user_id, entry in _entries(path, client.tenant_id, client.options.graph_endpoint):
            entries.setdefault(user_id, []).append(entry)
    chains = ((user_id, chain_of(found)) for user_id, found in entries.items())
    return {user_id: chain for user_id, chain in chains if chain is not None}


def _entries(path: str, tenant_id: str, service: str) -> Iterator[tuple[str, Entry]]:
    reader = RowReader(path, {JOURNAL})
    if not is_about(reader.header, tenant_id, service):
        raise RowError(
            f"the journal belongs to tenant {reader.header.get('tenant_id')} of {reader.header.get('source')}, and "
            f"this run writes to {tenant_id} of {service}. Nothing was written. Sign in to the right tenant, or name "
            "its journals.",
            path,
            1,
        )
    newest = float("-inf")
    for line, fields in reader:
        if fields.get("entry") not in ("intent", "outcome"):
            continue
        try:
            # A clock that was set back changes nothing about what followed what.
            newest = max(newest, parse_time(fields["time"]))
            entry = Entry(
                newest,
                fields["entry"] == "outcome",
                str(fields["user"]),
                fields.get("before"),
                fields["after"],
                fields["time"],
                str(fields.get("status")),
            )
            yield str(fields["id"]), entry
        except (KeyError, TypeError, ValueError):
            raise RowError(
                "the entry lacks its id, user, time or value. Nothing was written. Keep the file as evidence, and "
                "restore by hand from it and its backup.",
                path,
                line,
            ) from None
