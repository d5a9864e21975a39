# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Carrying out a plan: read each target again, journal, write, and read until the values are seen.

Three things go on at once: some rows are written, the next ones are looked at, and earlier ones are looked for until
reads show them. So the quota is not idle while reads are waited for, and the requests of all three share the client's
workers. The background only reads: journal and rows are written by the calling thread, in order.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Callable, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError, conflicting_ids
from ansible_collections.hybrid.identity.plugins.module_utils._graph.limiter import QUOTA_WINDOW
from ansible_collections.hybrid.identity.plugins.module_utils._graph.users import (
    USER_PROPERTIES,
    get_deleted_users,
    get_users,
    set_immutable_ids,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import CloudUser, from_graph
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import reason
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.plan import (
    WRITES,
    Outcome,
    carried_out,
    looked_up,
    refused,
    second_look,
)
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.confirmation import (
    CONFIRM_SECONDS,
    Confirmation,
    out_of_reach,
)
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.interruption import Interruption
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.lookups import Lookups
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.tenant_users import read_by_id
from ansible_collections.hybrid.identity.plugins.module_utils._journal import Journal, RecentWrite
from ansible_collections.hybrid.identity.plugins.module_utils._progress import PROGRESS, Phase
from ansible_collections.hybrid.identity.plugins.module_utils._rows import format_time

Row = dict[str, Any]

# What the second look compares: besides the usual, what marks external users, resource accounts and restricted units.
_LOOK_SELECT = ",".join((*USER_PROPERTIES, "externalUserState", "isManagementRestricted", "isResourceAccount"))
# Rows that are looked at, written and confirmed together: batches for all workers, and as many that come after them.
_BATCHES_FOR_EACH = 3
_CHUNK_WRITES = 200
_CHUNK_ROWS = 1000
# A second look ought to be as fresh as possible: no more than the next chunk is looked at.
_CHUNKS_AHEAD = 1
# Reads may lag for a minute. A chunk is confirmed when so many later ones were written, so that nobody waits for it.
_CHUNKS_BEHIND = 3
# Each confirmation pauses between its reads.
_CONFIRMED_AT_ONCE = 4
# A killed run does not know what became of the writes whose answers were not on disk yet.
_OUTCOMES_AT_ONCE = 100
# As many as a batch takes: what was not about to leave is not announced.
_INTENTS_AT_ONCE = 20
# What reading a user for the backup takes, all in all: a second for a batch of 20, eight of them at once.
_SAVING_SECONDS = 1 / 20 / 8
# With these the service says that somebody has the value already.
_HELD = ("ObjectConflict", "ConflictingObjects")


def seconds_needed(writes: int, write_quota: int) -> float:
    """Return how long the writes take, for a token that must live as long: the backup before, all else goes beside."""
    return writes * (QUOTA_WINDOW / write_quota + _SAVING_SECONDS) + CONFIRM_SECONDS


class _Chunk(NamedTuple):
    """Rows that belong together, what became of those to be written, and the values still to be seen."""

    rows: list[Row]
    outcomes: dict[str, Outcome]
    #: id -> the user as the second look saw it; those that are to be written
    users: dict[str, CloudUser | None]
    #: entries for the journal: what an earlier run announced, and reads show now
    settled: list[dict[str, Any]]
    #: id -> (the value to be seen, the error of a write that got no clear answer)
    awaited: dict[str, tuple[Optional[str], Optional[GraphError]]]


class Writer:
    """Carries out the rows of a plan, in order.

    :param journal: ``None`` in check mode: targets are read again and nothing is written.
    :param protected: lower-case ids and UPNs that are left alone.
    :param written: what journals say was written lately.
    :param unsaved: targets that the backup lacks, see :class:`Backup`: they are not written.
    :param lookups: asked once more about those who are to be written; ``None`` for a plan of a moment ago.

    ``accepted`` counts the writes that the service accepted, or may have.
    """

    def __init__(
        self,
        client: GraphClient,
        journal: Journal | None,
        protected: frozenset[str],
        written: dict[str, RecentWrite],
        *,
        unsaved: Mapping[str, Optional[GraphError]] | None = None,
        lookups: Lookups | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._journal = journal
        self._protected = protected
        self._written = written
        self._unsaved = unsaved or {}
        self._lookups = lookups
        self._stopped = threading.Event()
        self._confirmation = Confirmation(
            client, clock=clock, sleep=sleep, wall_clock=wall_clock, stopped=self._stopped.is_set
        )
        self._outage: GraphError | None = None
        self._phase = Phase("writing", clock())
        self.accepted = 0

    def run(self, rows: Iterable[Row], changes: int | None = None) -> Iterator[Row]:
        """Yield each row with what became of it.

        :param changes: how many of the rows are to be written, for the progress.
        """
        self._phase = self._begin(changes)
        looked: deque[Future[_Chunk]] = deque()
        written: deque[_Chunk] = deque()
        confirming: deque[tuple[_Chunk, Future[set[str]]]] = deque()
        # Who looks ahead remembers what the service refuses, so that is one thread.
        with _Background(1) as looking, _Background(_CONFIRMED_AT_ONCE) as confirmation:
            try:
                for chunk in _chunks(rows, self._chunk_writes()):
                    looked.append(looking.submit(self._look, chunk))
                    if len(looked) > _CHUNKS_AHEAD:
                        written.append(self._write(looked.popleft().result()))
                    if len(written) > _CHUNKS_BEHIND:
                        confirming.append(self._confirming(confirmation, written.popleft()))
                    if len(confirming) > _CONFIRMED_AT_ONCE:
                        yield from self._confirmed(*confirming.popleft())
                while looked:
                    written.append(self._write(looked.popleft().result()))
                confirming.extend(self._confirming(confirmation, chunk) for chunk in written)
                left = PROGRESS.begin("confirming writes", sum(len(chunk.awaited) for chunk, _seen in confirming))
                while confirming:
                    chunk_written, seen = confirming.popleft()
                    yield from self._confirmed(chunk_written, seen)
                    left.done += len(chunk_written.awaited)
            finally:
                self._stopped.set()

    def _begin(self, changes: int | None) -> Phase:
        if self._journal is None:
            return PROGRESS.begin("looking at users", changes)
        # What fits into the quota goes as fast as it can.
        paced = changes is not None and changes > self._client.limiter.capacity
        return PROGRESS.begin("writing", changes, pace=self._client.writes_per_second if paced else None)

    def _chunk_writes(self) -> int:
        options = self._client.options
        return max(_CHUNK_WRITES, _BATCHES_FOR_EACH * options.max_workers * options.batch_size)

    def _look(self, rows: list[Row]) -> _Chunk:
        """Take the second look at rows; in the background."""
        targets = {row["id"]: row for row in rows if row["action"] in WRITES}
        chunk = _Chunk(rows, {}, {}, [], {})
        if self._outage is not None:
            # Each attempt would wait for retry_time again.
            chunk.outcomes.update(dict.fromkeys(targets, _not_written(self._outage)))
            return chunk
        doubtful = self._settled(targets)
        for user_id, user, error in read_by_id(self._client, targets, self._written, _LOOK_SELECT):
            if self._stopped.is_set():
                break
            row = targets[user_id]
            if user is not None and user_id in doubtful and user.immutable_id == doubtful[user_id].after:
                chunk.settled.append(_entry({**row, "after": doubtful[user_id].after}, "confirmed"))
            if error is not None:
                self._note(error)
                outcome: Outcome | None = _unread(error)
            else:
                outcome = second_look(row, user, self._protected)
            if outcome is None and user_id in self._unsaved:
                outcome = _unsaved(self._unsaved[user_id])
            if outcome is not None:
                chunk.outcomes[user_id] = outcome
            else:
                chunk.users[user_id] = user
        for user_id, outcome in self._moved(targets, chunk.users).items():
            chunk.outcomes[user_id] = outcome
            del chunk.users[user_id]
        return chunk

    def _write(self, chunk: _Chunk) -> _Chunk:
        self._phase.done += len(chunk.outcomes)
        if self._journal is None:
            self._phase.done += len(chunk.users)
            return chunk
        if chunk.settled:
            self._journal.outcomes(chunk.settled)
        if self._outage is not None:
            # It began after the look, or on the way.
            chunk.outcomes.update(dict.fromkeys(chunk.users, _not_written(self._outage)))
            self._phase.done += len(chunk.users)
        elif chunk.users:
            self._send(self._journal, chunk)
        return chunk

    def _moved(self, rows: Mapping[str, Row], users: Mapping[str, CloudUser | None]) -> dict[str, Outcome]:
        """Return those of the users whom what Graph tells of one user at a time keeps from being written."""
        if self._lookups is None:
            return {}
        asked = [user_id for user_id in users if looked_up(rows[user_id])]
        try:
            known = self._lookups.look_up(asked)
        except GraphError as error:
            self._note(error)
            return dict.fromkeys(asked, _unread(error))
        looks = {user: second_look(rows[user], users[user], self._protected, known[user]) for user in asked}
        return {user_id: outcome for user_id, outcome in looks.items() if outcome is not None}

    def _settled(self, targets: Iterable[str]) -> dict[str, RecentWrite]:
        """Return the writes that earlier runs announced and saw no answer to, once reads had the time to show them."""
        doubtful = {
            user_id: self._written[user_id]
            for user_id in targets
            if user_id in self._written and self._written[user_id].status == "unconfirmed"
        }
        if self._journal is not None:
            self._confirmation.settle(doubtful, self._written)
        return doubtful

    def _send(self, journal: Journal, chunk: _Chunk) -> None:
        """Write; what the journal says stays true wherever this is interrupted."""
        by_id = {row["id"]: row for row in chunk.rows if row["id"] in chunk.users and row["action"] in WRITES}
        rows = [by_id[user_id] for user_id in chunk.users]
        entries: list[dict[str, Any]] = []
        refusals: list[tuple[str, GraphError]] = []
        with Interruption(self._client.stop) as interruption:
            try:
                announced = self._announced(journal, rows, interruption)
                for user_id, error in set_immutable_ids(self._client, announced):
                    self._phase.done += 1
                    if error is None or error.uncertain:
                        chunk.awaited[user_id] = (by_id[user_id]["after"], error)
                    else:
                        self.accepted -= 1
                        refusals.append((user_id, error))
                    entries.append(_entry(by_id[user_id], _status(error), error))
                    if error is None:
                        entries[-1]["service_time"] = format_time(self._client.service_time())
                    self._note(error)
                    if len(entries) >= _OUTCOMES_AT_ONCE:
                        journal.outcomes(entries)
                        entries = []
            finally:
                journal.outcomes(entries)
        holders = self._read_holders(dict.fromkeys(key for _id, error in refusals for key in conflicting_ids(error)))
        for user_id, error in refusals:
            chunk.outcomes[user_id] = _refused(error, chunk.users[user_id], holders)

    def _announced(
        self, journal: Journal, rows: list[Row], interruption: Interruption
    ) -> Iterator[tuple[str, Optional[str]]]:
        """Yield ids and values, each when the journal has it: a batch is read before it leaves."""
        for start in range(0, len(rows), _INTENTS_AT_ONCE):
            if interruption.pending:
                return
            batch = rows[start : start + _INTENTS_AT_ONCE]
            journal.intents([{name: row[name] for name in ("id", "user", "before", "after")} for row in batch])
            # Until the service refuses one, each may have been carried out.
            self.accepted += len(batch)
            yield from ((row["id"], row["after"]) for row in batch)

    def _confirming(self, background: _Background, chunk: _Chunk) -> tuple[_Chunk, Future[set[str]]]:
        awaited = {user_id: after for user_id, (after, _error) in chunk.awaited.items()}
        return chunk, background.submit(self._confirmation.unseen, awaited)

    def _confirmed(self, chunk: _Chunk, looking: Future[set[str]]) -> Iterator[Row]:
        unseen = looking.result()
        by_id = {row["id"]: row for row in chunk.rows if row["id"] in chunk.awaited and row["action"] in WRITES}
        seen = [_entry(row, "confirmed") for user_id, row in by_id.items() if user_id not in unseen]
        if seen and self._journal is not None:
            self._journal.outcomes(seen)
        for user_id in unseen:
            error = chunk.awaited[user_id][1]
            if error is None:
                chunk.outcomes[user_id] = Outcome(by_id[user_id]["action"], True, reason("unconfirmed"))
            else:
                chunk.outcomes[user_id] = _refused(error, None, {})
        for row in chunk.rows:
            # A row that writes nothing may have the id of one that does.
            yield carried_out(row, chunk.outcomes.get(row["id"])) if row["action"] in WRITES else row

    def _read_holders(self, ids: Iterable[str]) -> dict[str, CloudUser]:
        """Return users by id, live or in the recycle bin; those who cannot be read are left out."""
        found: dict[str, CloudUser] = {}
        left = []
        for user_id, body, _error in get_users(self._client, ids):
            if body is None:
                left.append(user_id)
            else:
                found[user_id] = from_graph(body)
        for user_id, body, _error in get_deleted_users(self._client, left):
            if body is not None:
                found[user_id] = from_graph(body, deleted=True)
        return found

    def _note(self, error: GraphError | None) -> None:
        """Remember that the service is out of reach: no further write is tried."""
        if out_of_reach(error):
            self._outage = self._outage or error


class _Background(ThreadPoolExecutor):
    """Threads that read ahead or behind; when the block is left, what was not begun never is."""

    def __exit__(self, *details: object) -> None:
        self.shutdown(wait=True, cancel_futures=True)


def _chunks(rows: Iterable[Row], most_writes: int) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    writes = 0
    for row in rows:
        chunk.append(row)
        writes += row["action"] in WRITES
        if writes >= most_writes or len(chunk) >= _CHUNK_ROWS:
            yield chunk
            chunk, writes = [], 0
    if chunk:
        yield chunk


def _status(error: GraphError | None) -> str:
    """Return the journal's word for the answer to a write."""
    return "ok" if error is None else "unconfirmed" if error.uncertain else "failed"


def _refused(error: GraphError, user: CloudUser | None, known: Mapping[str, CloudUser]) -> Outcome:
    """Say what a refused write means.

    :param user: the user as it was read just before.
    :param known: users by id, those among them whom the service names as holders of the value.
    """
    if error.code == "not_sent":
        return _not_written(error)
    if not any(detail.get("code") in _HELD for detail in error.details):
        return refused(error.status, error.message, error.as_row_error(), user, None)
    ids = conflicting_ids(error)
    holders = [known[user_id] for user_id in ids if user_id in known]
    if ids and not holders:
        # They may not be read, or are no users; their ids say who they are all the same.
        return Outcome("conflict", False, reason("anchor_held", holder=", ".join(ids)), error.as_row_error())
    return refused(error.status, error.message, error.as_row_error(), user, holders)


def _not_written(error: GraphError) -> Outcome:
    return Outcome("failed", False, reason("not_written", detail=error.message), error.as_row_error())


def _unread(error: GraphError) -> Outcome:
    return Outcome("failed", False, reason("read_failed", detail=error.message), error.as_row_error())


def _unsaved(error: GraphError | None) -> Outcome:
    if error is None:
        return Outcome("not_found", False, reason("gone"))
    return Outcome("failed", False, reason("backup_failed", detail=error.message), error.as_row_error())


def _entry(row: Row, status: str, error: GraphError | None = None) -> dict[str, Any]:
    return {
        "id": row["id"],
        "user": row["user"],
        "after": row["after"],
        "status": status,
        "error": error and error.as_row_error(),
    }
