# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Who is asked for, and what is expected of them: as files have it, else as the caller named them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.expected import (
    expected_of,
    expected_of_pair,
    is_about_sync,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.standing import Expectation
from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowReader

Row = dict[str, Any]

_KINDS = ("objects", "plan", "result", "journal", "status")


def expectations_of(params: Mapping[str, Any], tenant_id: str) -> Iterator[Expectation]:
    """Yield who is asked for, in the order of the files; then those who are in none of them.

    :param params: ``users`` and ``src`` of the job.
    """
    asked = [(str(pair["user"]).strip().lower(), pair) for pair in params["users"] or ()]
    known: set[str] = set()
    for expected in _expectations_of_files(params["src"] or (), tenant_id):
        names = _names(expected) & {name for name, _pair in asked}
        known |= names
        if names or params["users"] is None:
            yield expected
    yield from (expected_of_pair(pair) for name, pair in asked if name not in known)


def journals_among(params: Mapping[str, Any]) -> list[str]:
    """Return the journals among the files."""
    return [path for path in params["src"] or () if RowReader(path, _KINDS).header["kind"] == "journal"]


def source_of(params: Mapping[str, Any]) -> str:
    """Return what a header says of where the users came from."""
    return "; ".join([*(params["src"] or ()), *(["users"] if params["users"] is not None else [])])


def _names(expected: Expectation) -> set[str]:
    """Return what a person may call the user by."""
    row = expected.row or {}
    names = (expected.id, expected.user, row.get("login_name"), row.get("user_principal_name"))
    return {name.lower() for name in names if name}


def _expectations_of_files(paths: Iterable[str], tenant_id: str) -> Iterator[Expectation]:
    for path in paths:
        reader = RowReader(path, _KINDS)
        owner = reader.header.get("tenant_id")
        if owner and str(owner).lower() != tenant_id.lower():
            raise Failure(f"{path} is about tenant {owner}, and this is {tenant_id}. Sign in to the right tenant.")
        rows: Iterable[Row] = (row for _line, row in reader)
        if reader.header["kind"] == "journal":
            # The newest entry of each user counts.
            rows = {row["id"]: row for row in rows if row.get("id")}.values()
        yield from (expected_of(reader.header["kind"], row) for row in rows if is_about_sync(row))
