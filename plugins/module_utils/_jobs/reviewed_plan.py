# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""A plan that is ready to be carried out; one that somebody reviewed is checked as a whole first."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Callable, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient
from ansible_collections.hybrid.identity.plugins.module_utils._graph.transport import is_loopback
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.plan import WRITES
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.plan_table import COLUMNS
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.review import PlanReader, Wave
from ansible_collections.hybrid.identity.plugins.module_utils._rows import (
    PLAN,
    RowError,
    RowReader,
    RowSink,
    open_for_reading,
    parse_time,
)

Row = dict[str, Any]

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
# How far two machines' clocks may be apart. A plan of next year would never be too old.
_AHEAD = 3600


class Planned(NamedTuple):
    """A plan that is ready to be carried out."""

    #: Starts from the first row each time that it is called.
    rows: Callable[[], Iterable[Row]]
    #: How many rows a percentage is of: users that merely nobody claims are not among them.
    total: int
    changes: int
    source: str
    reviewed: bool = False
    #: Row fields that the source carried; ``None``: it does not say.
    attributes: Optional[Collection[str]] = None
    #: Entries of the input that could not be read, and how many were no users.
    problems: tuple[dict[str, Any], ...] = ()
    skipped: int = 0
    #: Rows that a reviewer struck out or deleted.
    struck_out: int = 0
    #: What the tenant says of its anchors, and of matching at all; ``None``: it was not asked.
    anchor_modes: Optional[Mapping[str, int]] = None
    tenant: Optional[Mapping[str, Any]] = None
    #: Where the plan was made, if it is now rehearsed on this machine.
    foreign_service: Optional[str] = None


def kept_in(path: str, rows: Iterable[Row], first_line: Row, *, reviewed: bool = False) -> Planned:
    """Keep rows in a private file, so that memory does not grow with them, and return them as a plan."""
    changes = 0
    with RowSink(first_line, path, 0) as sink:
        for row in rows:
            changes += row["action"] in WRITES
            sink.write(row)
    source = str(first_line.get("source"))
    return Planned(lambda: (row for _line, row in RowReader(path)), sink.total, changes, source, reviewed)


def open_reviewed(path: str, client: GraphClient, wave: Wave, max_age: float, now: float) -> Planned:
    """Open a plan, and check all of it.

    :param client: of the tenant that is to be written.
    :param max_age: in seconds.
    :param now: seconds since 1970.
    :raises RowError: for a truncated or edited file, an old one, another tenant's or service's, or one that is no plan.
    """
    _refuse_table(path)
    reader = RowReader(path, {PLAN})
    if str(reader.header.get("tenant_id")).lower() != client.tenant_id.lower():
        raise RowError(
            f"the plan is for tenant {reader.header.get('tenant_id')}, and this is {client.tenant_id}. Nothing was "
            "written. Sign in to the right tenant, or make a plan for this one.",
            path,
            1,
        )
    foreign = _foreign_service(reader, client.options.graph_endpoint)
    _refuse_old(reader, max_age, now)
    total = changes = unclaimed = struck_out = 0
    for row in wave.of(_read(reader)):
        total += 1
        changes += row["action"] in WRITES
        code = row["reason"] and row["reason"]["code"]
        struck_out += code == "not_approved"
        unclaimed += code == "unclaimed"
    return Planned(
        lambda: wave.of(_read(reader)),
        total - unclaimed,
        changes,
        path,
        reviewed=True,
        attributes=reader.header.get("attributes"),
        struck_out=struck_out + reader.deleted,
        foreign_service=foreign,
    )


def parse_age(text: str) -> float:
    """Return an age such as ``90``, ``12h`` or ``7d`` in seconds.

    :raises Failure: for anything else.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", text.strip().lower())
    if not found:
        raise Failure(f'max_age is "{text}"; it must be a number of seconds, or such as 12h or 7d.')
    return float(found.group(1)) * _UNITS[found.group(2)]


def _refuse_table(path: str) -> None:
    with open_for_reading(path) as file:
        start = file.readline().decode("utf-8-sig", "replace")
    # A spreadsheet may have saved it in its own way.
    if {name.strip(' "\r\n') for name in re.split("[,;\t]", start)} >= set(COLUMNS):
        raise RowError(
            "this is the table of a plan, which is for reading. Edit the JSON Lines beside it (approved true or false "
            "in a row, or delete the row), and give that file as plan.",
            path,
        )


def _foreign_service(reader: RowReader, service: str) -> str | None:
    """Return where a plan was made, if that is not where it is to be applied.

    A rehearsal may have the real tenant's id and the ids of its users: only its address tells the two apart. A plan of
    an older release does not say where it was made.

    :raises RowError: unless ``service`` is a rehearsal on this machine: a plan for the real tenant may be tried there.
    """
    made_at = reader.header.get("service", service)
    if made_at == service:
        return None
    if not is_loopback(service):
        raise RowError(
            f"the plan was made at {made_at}, and this run writes to {service}. Nothing was written. A plan of a "
            "rehearsal is not for the real tenant: make one there.",
            reader.path,
            1,
        )
    return str(made_at)


def _refuse_old(reader: RowReader, max_age: float, now: float) -> None:
    created = str(reader.header.get("created"))
    try:
        age = now - parse_time(created)
    except ValueError:
        raise RowError("the plan does not say when it was made. Make a new one.", reader.path, 1) from None
    if age < -_AHEAD:
        raise RowError(
            f"the plan says that it was made {created}, which is {_shown(-age)} ahead of the clock of this machine, so "
            "its age is not known. Nothing was written. Set the clock that is wrong, and make a new plan.",
            reader.path,
            1,
        )
    if age > max_age:
        raise RowError(
            f"the plan was made {created}, {_shown(age)} ago, and max_age allows {_shown(max_age)}. Nothing was "
            "written. Make a new plan, or allow more with max_age.",
            reader.path,
            1,
        )


def _shown(seconds: float) -> str:
    """Return a time span as a person says it."""
    name, unit = next(
        (pair for pair in (("days", 86400), ("hours", 3600), ("minutes", 60)) if seconds >= 2 * pair[1]), ("seconds", 1)
    )
    return f"{int(seconds // unit)} {name}"


def _read(reader: RowReader) -> Iterator[Row]:
    plan = PlanReader()
    for line, row in reader:
        try:
            yield plan.read(row)
        except ValueError as exc:
            raise RowError(
                f"{exc}. Plans are edited by approving rows or striking them out (approved true or false, or the line "
                "deleted) only; make a new one.",
                reader.path,
                line,
            ) from None
