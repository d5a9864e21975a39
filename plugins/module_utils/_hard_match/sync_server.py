# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What the server of Entra Connect Sync said of itself and of the objects asked for: the role's ``connect.json``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, Optional


class RunResult(NamedTuple):
    """The newest run of one run profile of the connector to Entra ID: its name, and the server's word for its end."""

    profile: str
    result: str


class ConnectorObject(NamedTuple):
    """An object of the connector to Entra ID that has an error, or that is not there.

    ``found`` is ``None`` where that could not be read. The errors are the server's own words, empty without one.
    """

    found: Optional[bool]
    export_error: str = ""
    sync_error: str = ""


class ServerFacts(NamedTuple):
    """How the server stands; ``None`` is unknown."""

    name: str
    #: When it was asked (RFC 3339, UTC).
    asked: str
    #: Why it did not answer; empty when it did.
    error: str = ""
    enabled: Optional[bool] = None
    suspended: Optional[bool] = None
    staging: Optional[bool] = None
    version: Optional[str] = None
    #: The note of a run of this collection that has disabled the scheduler; empty without one.
    frozen: str = ""
    runs: tuple[RunResult, ...] = ()
    #: By anchor. Who is not in it has no error, or was not asked for.
    objects: Mapping[str, ConnectorObject] = MappingProxyType({})


def server_facts(content: Any) -> ServerFacts:
    """Read the content of a ``connect.json``.

    :raises ValueError: says what is wrong with it.
    """
    body = _typed(content, dict, "the file")
    server = _typed(body.get("server"), dict, "server")
    return ServerFacts(
        name=_typed(server.get("name"), str, "server.name"),
        asked=_typed(body.get("asked"), str, "asked"),
        error=_text(body.get("error"), "error"),
        enabled=_flag(server, "enabled"),
        suspended=_flag(server, "suspended"),
        staging=_flag(server, "staging"),
        version=_text(server.get("version"), "server.version") or None,
        frozen=_text(server.get("frozen"), "server.frozen"),
        runs=_newest(_rows(body, "runs")),
        objects={
            _typed(row.get("immutable_id"), str, "objects.immutable_id"): ConnectorObject(
                _flag(row, "found"),
                _text(row.get("export_error"), "objects.export_error"),
                _text(row.get("sync_error"), "objects.sync_error"),
            )
            for row in _rows(body, "objects")
        },
    )


def _newest(rows: Iterable[Mapping[str, Any]]) -> tuple[RunResult, ...]:
    """Return the newest run that has ended of each profile."""
    ended = [row for row in rows if row.get("complete") is True]
    newest = {str(row.get("profile")): row for row in sorted(ended, key=_number)}
    return tuple(RunResult(profile, str(row.get("result"))) for profile, row in newest.items())


def _number(row: Mapping[str, Any]) -> int:
    return int(_typed(row.get("number"), int, "runs.number"))


def _rows(body: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    return [_typed(row, dict, name) for row in _typed(body.get(name, []), list, name)]


def _flag(values: Mapping[str, Any], name: str) -> bool | None:
    value = values.get(name)
    return None if value is None else bool(_typed(value, bool, name))


def _text(value: Any, name: str) -> str:
    return "" if value is None else str(_typed(value, str, name))


_KINDS = {dict: "an object", list: "a list", str: "a text", int: "a number", bool: "true or false"}


def _typed(value: Any, kind: type, name: str) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"{name} is not {_KINDS[kind]}")
    return value
