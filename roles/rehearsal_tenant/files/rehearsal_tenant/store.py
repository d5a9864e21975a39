# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory objects of the tenant, with their recent past.

Real reads lag writes. Instead of faking that per request, every write makes a new version of the object, and a read
asks for the versions of some seconds ago. The change feed (delta) falls out of the same table.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Optional

LIVE, DELETED, GONE = "live", "deleted", "gone"
FOREVER = 1e18
LONG_AGO = -1.0
KEEP_PAST_SECONDS = 3600.0

_TABLES = """
CREATE TABLE version (
  seq INTEGER PRIMARY KEY,  -- order of the writes: delta tokens are positions in it
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  container TEXT NOT NULL,  -- live, deleted (recycle bin) or gone
  body TEXT NOT NULL,
  since REAL NOT NULL,
  until REAL NOT NULL
);
CREATE INDEX version_page ON version (kind, container, id, until);
CREATE INDEX version_id ON version (id, until);
CREATE INDEX version_past ON version (until) WHERE until < 1e18;  -- only for forgetting the past
CREATE INDEX version_since ON version (since, seq);
CREATE TABLE claim (property TEXT NOT NULL, value TEXT NOT NULL, id TEXT NOT NULL);
CREATE INDEX claim_value ON claim (property, value);
CREATE INDEX claim_id ON claim (id);
"""


class Stored(NamedTuple):
    """One version of an object: Graph's own property names in ``body``."""

    kind: str
    id: str
    container: str
    body: dict[str, Any]
    seq: int


class Store:
    """Objects of all kinds (``user``, ``group``, ``contact``, ``device``), live and in the recycle bin."""

    def __init__(self) -> None:
        self._db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._db.executescript(_TABLES)
        # For good: one connection reads and writes, and to commit takes longer than to write once there is much.
        self._db.execute("BEGIN")
        self._writes = 0

    def put(self, kind: str, object_id: str, body: dict[str, Any], container: str, now: float) -> None:
        """Write an object; its former version stays readable as the past."""
        self._db.execute("UPDATE version SET until = ? WHERE id = ? AND until = ?", (now, object_id, FOREVER))
        self._db.execute("DELETE FROM claim WHERE id = ?", (object_id,))
        self._insert(kind, object_id, body, container, now)
        self._writes += 1
        if self._writes % 1000 == 0:
            self._db.execute("DELETE FROM version WHERE until < ? AND until < 1e18", (now - KEEP_PAST_SECONDS,))

    def fill(self, kind: str, bodies: Iterable[dict[str, Any]], container: str) -> None:
        """Objects that were there before anything happened; their ids are new."""
        for body in bodies:
            self._insert(kind, body["id"], body, container, LONG_AGO)

    def _insert(self, kind: str, object_id: str, body: dict[str, Any], container: str, now: float) -> None:
        self._db.execute(
            "INSERT INTO version (kind, id, container, body, since, until) VALUES (?, ?, ?, ?, ?, ?)",
            (kind, object_id, container, json.dumps(body), now, FOREVER),
        )
        if container != GONE:
            self._db.executemany(
                "INSERT INTO claim (property, value, id) VALUES (?, ?, ?)",
                [(name, value, object_id) for name, value in claims_of(body)],
            )

    def get(self, object_id: str, as_of: float = FOREVER) -> Optional[Stored]:
        """The object as it was at that time (default: as it is); None when it was not there or is gone."""
        row = self._db.execute(
            "SELECT kind, id, container, body, seq FROM version WHERE id = ? AND until > ? AND since <= ?",
            (object_id, min(as_of, FOREVER - 1e9), as_of),
        ).fetchone()
        return _stored(row) if row and row[2] != GONE else None

    def page(self, kind: str, container: str, as_of: float, after: str = "") -> Iterator[Stored]:
        """Objects in order of their ids, as they were at that time."""
        rows = self._db.execute(
            "SELECT kind, id, container, body, seq FROM version"
            " WHERE kind = ? AND container = ? AND id > ? AND until > ? AND since <= ? ORDER BY id",
            (kind, container, after, as_of, as_of),
        )
        return map(_stored, rows)

    def count(self, kind: str, container: str, as_of: float) -> int:
        """How many objects there were at that time."""
        query = "SELECT count(*) FROM version WHERE kind = ? AND container = ? AND until > ? AND since <= ?"
        return int(self._db.execute(query, (kind, container, as_of, as_of)).fetchone()[0])

    def changes(self, kind: str, after_seq: int, as_of: float) -> Iterator[Stored]:
        """The newest version of each object written after that position, oldest write first (gone ones included)."""
        rows = self._db.execute(
            "SELECT kind, id, container, body, seq FROM version"
            # The sign keeps SQLite from sorting everything of that kind by an index for each page of changes.
            " WHERE +kind = ? AND seq > ? AND until > ? AND since <= ? ORDER BY seq",
            (kind, after_seq, as_of, as_of),
        )
        return map(_stored, rows)

    def newest(self, as_of: float) -> int:
        """Position of the newest write at that time."""
        return int(
            self._db.execute("SELECT coalesce(max(seq), 0) FROM version WHERE since <= ?", (as_of,)).fetchone()[0]
        )

    def claimants(self, name: str, value: str, besides: str = "") -> list[Stored]:
        """Every object, live or deleted, that holds this value of a unique property now, but for one by its id."""
        rows = self._db.execute(
            "SELECT DISTINCT v.kind, v.id, v.container, v.body, v.seq FROM claim c"
            " JOIN version v ON v.id = c.id AND v.until = ? WHERE c.property = ? AND c.value = ? AND c.id <> ?"
            " ORDER BY v.seq",
            (FOREVER, name, claim_value(name, value), besides),
        )
        return [_stored(row) for row in rows]


def _stored(row: tuple[str, str, str, str, int]) -> Stored:
    return Stored(row[0], row[1], row[2], json.loads(row[3]), row[4])


# Anchors and SIDs compare by case, names and addresses do not.
_BY_CASE = frozenset({"onPremisesImmutableId", "onPremisesSecurityIdentifier"})


def claim_value(name: str, value: str) -> str:
    """How a value of a unique property is compared."""
    return value if name in _BY_CASE else value.lower()


def claims_of(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What an object holds that no other may hold, as (property, comparable value)."""
    for name in ("onPremisesImmutableId", "onPremisesSecurityIdentifier", "userPrincipalName"):
        if body.get(name):
            yield name, claim_value(name, body[name])
    addresses = {str(address).lower() for address in body.get("proxyAddresses") or ()}
    if body.get("mail"):
        addresses.add("smtp:" + str(body["mail"]).lower())
    for address in sorted(addresses):
        yield "proxyAddresses", address
