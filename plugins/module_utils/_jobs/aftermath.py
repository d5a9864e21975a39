# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What became of users since their backup: reads backups and users, and lets ``_hard_match.aftermath`` compare."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient
from ansible_collections.hybrid.identity.plugins.module_utils._graph.users import get_users
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.aftermath import (
    Change,
    compare,
    compared,
    told_by,
)
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.backup import BACKUP
from ansible_collections.hybrid.identity.plugins.module_utils._journal import is_about
from ansible_collections.hybrid.identity.plugins.module_utils._progress import PROGRESS
from ansible_collections.hybrid.identity.plugins.module_utils._rows import (
    PLAN,
    RowError,
    RowReader,
    dump_line,
    parse_object,
)

_PREDICTING = (PLAN, "result")
_PERMISSION = "User.Read.All"


class Aftermath:
    """Backups, and after :meth:`read` what became of users in them.

    :param paths: backups of this tenant, in any order; of a user who is in them more than once the newest row counts.
    :raises RowError: at once, for a file that is no backup, or one of another tenant or service.
    """

    def __init__(self, client: GraphClient, paths: Iterable[str]) -> None:
        self._client = client
        self._backups = [_open(client, path) for path in dict.fromkeys(map(os.path.realpath, paths))]
        # As JSON: the changes of many users take several times the room as dicts.
        self._changes: dict[str, bytes] = {}
        self._unread: dict[str, list[str]] = {}

    def read(self, users: Collection[str], src: Iterable[str] = ()) -> None:
        """Read those of these users who are in a backup, and compare.

        :param users: ids.
        :param src: files of the collection; plans and results among them say what was to change.
        :raises RowError: for a file that is damaged.
        """
        newest, names = self._look_through(users)
        # By these every user is called, so that an id is in memory once.
        same_ids = {user_id: user_id for user_id in newest}
        told = _told(src, same_ids) if newest else {}
        before: dict[str, Mapping[str, Any]] = {}

        def ids() -> Iterator[str]:
            for user_id, properties in self._rows(newest, same_ids):
                before[user_id] = properties
                yield user_id

        bodies = get_users(self._client, ids(), ",".join(("id", *sorted(names))))
        for user_id, now, error in PROGRESS.each("comparing with the backup", bodies, len(newest)):
            saved = before.pop(user_id)
            if now is None:
                self._unread[user_id] = [error.message if error is not None else "the user is not there"]
                continue
            changes, unread = compare(saved, now, told.get(user_id))
            self._changes[user_id] = dump_line({"changes": changes}) if changes else b""
            if unread:
                self._unread[user_id] = unread

    def changes(self, user_id: str) -> list[Change] | None:
        """Return what became of a user; ``None``: not compared."""
        found = self._changes.get(user_id)
        if found is None:
            return None
        return (parse_object(found) or {"changes": []})["changes"]

    def unchecked(self, user_id: str) -> list[dict[str, str]]:
        """Return what could not be compared, ``{"what", "permission"}``."""
        unread = self._unread.get(user_id)
        if not unread:
            return []
        return [{"what": f"what the takeover changed ({', '.join(unread)})", "permission": _PERMISSION}]

    def _look_through(self, users: Iterable[str]) -> tuple[dict[str, tuple[str, int, int]], set[str]]:
        """Return where the newest row of each of these users is (time, backup, line), and all properties to be read."""
        newest: dict[str, tuple[str, int, int]] = {}
        names: set[str] = set()
        # Ids as the caller has them, and the few times.
        ids = {user_id: user_id for user_id in users}
        times: dict[str, str] = {}
        for number, backup in enumerate(self._backups):
            for line, row in backup:
                user_id, properties = row.get("id"), row.get("properties")
                if not isinstance(user_id, str) or not isinstance(properties, dict):
                    raise RowError(
                        "the row lacks its id or its properties. Users are not compared with a file that is damaged: "
                        "leave it out.",
                        backup.path,
                        line,
                    )
                if user_id in ids:
                    names.update(compared(properties))
                    time = str(row.get("time") or "")
                    found = (times.setdefault(time, time), number, line)
                    newest[ids[user_id]] = max(newest.get(user_id, found), found)
        return newest, names

    def _rows(
        self, newest: Mapping[str, tuple[str, int, int]], ids: Mapping[str, str]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        for number, backup in enumerate(self._backups):
            for line, row in backup:
                user_id = ids.get(row["id"])
                if user_id is not None and newest[user_id][1:] == (number, line):
                    yield user_id, row["properties"]


def _told(paths: Iterable[str], ids: Mapping[str, str]) -> dict[str, tuple[str, ...] | None]:
    """Return id -> what a plan says will change of the user."""
    found: dict[str, tuple[str, ...] | None] = {}
    # Many users have the same effects.
    same: dict[tuple[str, ...] | None, tuple[str, ...] | None] = {}
    for path in paths:
        reader = RowReader(path)
        if reader.header["kind"] in _PREDICTING:
            for _line, row in reader:
                user_id = ids.get(row.get("id") or "")
                if user_id is not None:
                    told = told_by(row.get("effects"))
                    found[user_id] = same.setdefault(told, told)
    return found


def _open(client: GraphClient, path: str) -> RowReader:
    reader = RowReader(path, {BACKUP})
    if not is_about(reader.header, client.tenant_id, client.options.graph_endpoint):
        raise RowError(
            f"the backup belongs to tenant {reader.header.get('tenant_id')} of {reader.header.get('source')}, and this "
            f"is {client.tenant_id} of {client.options.graph_endpoint}. Sign in to the right tenant, or name its "
            "backups.",
            path,
            1,
        )
    return reader
