# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Carrying out a plan: read each target again, journal, write, and read until the values are seen."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Callable, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError, conflicting_ids
from ansible_collections.hybrid.identity.plugins.module_utils._graph.users import (
    get_deleted_users,
    get_users,
    set_immutable_ids,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import reason
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.matching import CloudUser, from_graph
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.plan import (
    WRITES,
    Outcome,
    carried_out,
    refused,
    second_look,
)
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.tenant_users import read_by_id
from ansible_collections.hybrid.identity.plugins.module_utils._journal import Journal, RecentWrite
from ansible_collections.hybrid.identity.plugins.module_utils._rows import format_time

Row = dict[str, Any]

# Rows that are looked at, written and confirmed together: some batches, so that all workers have something to do.
_CHUNK_WRITES = 400
_CHUNK_ROWS = 4000
# A replica that lags may answer after one that does not, so one agreeing read proves little.
_AGREEING_READS = 2
_CONFIRM_SECONDS = 120.0
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 10.0
# Windows of the write quota are this long; see write_quota.
_QUOTA_WINDOW = 150
_ANCHOR_SELECT = "id,onPremisesImmutableId"


def seconds_needed(writes: int, write_quota: int) -> float:
    """Return how long the writes take at least, for a token that must live as long."""
    return writes / write_quota * _QUOTA_WINDOW + _CONFIRM_SECONDS


class _Chunk(NamedTuple):
    """Rows that belong together, what became of those to be written, and the values still to be seen."""

    rows: list[Row]
    outcomes: dict[str, Outcome]
    #: id -> (the value to be seen, the error of a write that got no clear answer)
    awaited: dict[str, tuple[Optional[str], Optional[GraphError]]]


class Writer:
    """Carries out the rows of a plan, in order.

    :param journal: ``None`` in check mode: targets are read again and nothing is written.
    :param protected: lower-case ids and UPNs that are left alone.
    :param written: what journals say was written lately.
    """

    def __init__(
        self,
        client: GraphClient,
        journal: Journal | None,
        protected: frozenset[str],
        written: dict[str, RecentWrite],
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._journal = journal
        self._protected = protected
        self._written = written
        self._clock = clock
        self._sleep = sleep

    def run(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield each row with what became of it."""
        # A chunk is confirmed when the next one is written: by then most reads have caught up.
        waiting: deque[_Chunk] = deque()
        for chunk in _chunks(rows):
            waiting.append(self._write(chunk))
            if len(waiting) > 1:
                yield from self._confirmed(waiting.popleft())
        while waiting:
            yield from self._confirmed(waiting.popleft())

    def _write(self, rows: list[Row]) -> _Chunk:
        targets = {row["id"]: row for row in rows if row["action"] in WRITES}
        outcomes: dict[str, Outcome] = {}
        users: dict[str, CloudUser | None] = {}
        for user_id, user, error in read_by_id(self._client, targets, self._written):
            users[user_id] = user
            row = targets[user_id]
            if error is not None:
                outcomes[user_id] = _unread(error)
                continue
            outcome = second_look(row, user, self._protected)
            if outcome is not None:
                outcomes[user_id] = outcome
        chunk = _Chunk(rows, outcomes, {})
        left = [row for row in targets.values() if row["id"] not in outcomes]
        if self._journal is not None and left:
            self._send(self._journal, chunk, left, users)
        return chunk

    def _send(self, journal: Journal, chunk: _Chunk, rows: list[Row], users: dict[str, CloudUser | None]) -> None:
        journal.intents([{name: row[name] for name in ("id", "user", "before", "after")} for row in rows])
        answers = set_immutable_ids(self._client, [(row["id"], row["after"]) for row in rows])
        entries = []
        for row, (user_id, error) in zip(rows, answers):
            entries.append(
                _entry(row, "ok" if error is None else "unconfirmed" if error.uncertain else "failed", error)
            )
            if error is None:
                entries[-1]["service_time"] = format_time(self._client.service_time())
            if error is None or error.uncertain:
                chunk.awaited[user_id] = (row["after"], error)
            else:
                chunk.outcomes[user_id] = self._refused(error, users[user_id])
        journal.outcomes(entries)

    def _confirmed(self, chunk: _Chunk) -> Iterator[Row]:
        unseen = self._unseen(chunk) if chunk.awaited else {}
        by_id = {row["id"]: row for row in chunk.rows if row["id"] in chunk.awaited}
        seen = [_entry(row, "confirmed") for user_id, row in by_id.items() if user_id not in unseen]
        if seen and self._journal is not None:
            self._journal.outcomes(seen)
        for user_id, (_after, error) in unseen.items():
            if error is None:
                chunk.outcomes[user_id] = Outcome(by_id[user_id]["action"], True, reason("unconfirmed"))
            else:
                chunk.outcomes[user_id] = self._refused(error, None)
        for row in chunk.rows:
            # A row that writes nothing may have the id of one that does.
            yield carried_out(row, chunk.outcomes.get(row["id"])) if row["action"] in WRITES else row

    def _unseen(self, chunk: _Chunk) -> dict[str, tuple[str | None, GraphError | None]]:
        """Read by id until several reads in a row show the values, and return those never seen."""
        awaited = dict(chunk.awaited)
        agreeing = dict.fromkeys(awaited, 0)
        deadline = self._clock() + _CONFIRM_SECONDS
        pause = _FIRST_PAUSE
        while True:
            for user_id, body, _error in get_users(self._client, list(awaited), _ANCHOR_SELECT):
                seen = body is not None and (body.get("onPremisesImmutableId") or None) == awaited[user_id][0]
                agreeing[user_id] = agreeing[user_id] + 1 if seen else 0
                if agreeing[user_id] >= _AGREEING_READS:
                    del awaited[user_id]
            left = deadline - self._clock()
            if not awaited or left <= 0:
                return awaited
            self._sleep(min(pause, left))
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _refused(self, error: GraphError, user: CloudUser | None) -> Outcome:
        if error.code == "not_sent":
            return Outcome("failed", False, reason("not_written", detail=error.message), error.as_row_error())
        return refused(error.status, error.message, error.as_row_error(), user, self._holders(error))

    def _holders(self, error: GraphError) -> list[CloudUser] | None:
        """Return who holds the value, if the service says that somebody does; wherever they are."""
        if not any(detail.get("code") in ("ObjectConflict", "ConflictingObjects") for detail in error.details):
            return None
        ids = conflicting_ids(error)
        live = [from_graph(body) for _id, body, _error in get_users(self._client, ids) if body is not None]
        found = {user.id for user in live}
        gone = get_deleted_users(self._client, [user_id for user_id in ids if user_id not in found])
        return live + [from_graph(body, deleted=True) for _id, body, _error in gone if body is not None]


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    writes = 0
    for row in rows:
        chunk.append(row)
        writes += row["action"] in WRITES
        if writes >= _CHUNK_WRITES or len(chunk) >= _CHUNK_ROWS:
            yield chunk
            chunk, writes = [], 0
    if chunk:
        yield chunk


def _unread(error: GraphError) -> Outcome:
    return Outcome("failed", False, reason("read_failed", detail=error.message), error.as_row_error())


def _entry(row: Row, status: str, error: GraphError | None = None) -> dict[str, Any]:
    return {
        "id": row["id"],
        "user": row["user"],
        "after": row["after"],
        "status": status,
        "error": error and error.as_row_error(),
    }
