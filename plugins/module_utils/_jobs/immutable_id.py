# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The job of ``entra_immutable_id``: read once, decide purely, and carry out what was decided."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Iterable, Iterator
from typing import Any, Callable, NamedTuple

from ansible_collections.hybrid.identity.plugins.module_utils._directory.files import FORMATS
from ansible_collections.hybrid.identity.plugins.module_utils._directory.record import (
    ANCHORS,
    CONSISTENCY_GUID_OR_OBJECT_GUID,
)
from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.arguments import ENTRA_ARGUMENTS
from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient, connect
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.matching import (
    DEFAULT_MATCH_BY,
    CloudIndex,
    match,
    parse_match_by,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.obstacles import Claims, Rules
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.plan import (
    ACTIONS,
    WRITES,
    Summary,
    decide,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.review import PlanReader
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.runner import Context, as_failure
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.tenant_users import lagging_writes, read_index
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.wishes import PAIRS, Wishes
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.writer import Writer, seconds_needed
from ansible_collections.hybrid.identity.plugins.module_utils._journal import Journal, default_journal_path
from ansible_collections.hybrid.identity.plugins.module_utils._rows import (
    RowError,
    RowReader,
    RowSink,
    header,
    utc_now,
)

Row = dict[str, Any]

ARGUMENTS: dict[str, Any] = {
    **ENTRA_ARGUMENTS,
    "users": {
        "type": "list",
        "elements": "dict",
        "options": {
            "user": {"type": "str", "required": True},
            "immutable_id": {"type": "str"},
            "object_guid": {"type": "str"},
        },
    },
    "src": {"type": "list", "elements": "path"},
    "src_format": {"type": "str", "choices": [*FORMATS, PAIRS], "default": "auto"},
    "anchor": {"type": "str", "choices": list(ANCHORS), "default": CONSISTENCY_GUID_OR_OBJECT_GUID},
    "anchor_attribute": {"type": "str"},
    "plan": {"type": "path"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "match_by": {"type": "list", "elements": "raw", "default": list(DEFAULT_MATCH_BY)},
    "on_existing": {"type": "str", "choices": ["keep", "replace"], "default": "keep"},
    "protected_users": {"type": "list", "elements": "str", "default": []},
    "max_changes": {"type": "str"},
    "journal": {"type": "path"},
    "dest": {"type": "path"},
    "return_limit": {"type": "int", "default": 1000},
}

ONE_OF = [("users", "src", "plan")]
REQUIRED_IF = [("anchor", "attribute", ["anchor_attribute"])]

# Without a plan that somebody has read, a mistake in the input shall not reach the whole company.
_UNREVIEWED_CHANGES = 25
# A diff is for eyes.
_DIFF_ROWS = 100


class _Planned(NamedTuple):
    """A plan that is ready to be carried out, row by row, once."""

    rows: Iterable[Row]
    total: int
    changes: int
    source: str
    #: Entries of the input that could not be read, and how many were no users.
    problems: list[dict[str, Any]]
    skipped: int
    reviewed: bool


def set_immutable_ids(
    params: dict[str, Any],
    context: Context,
    *,
    client_of: Callable[[dict[str, Any]], GraphClient] = connect,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Plan and, outside check mode, write.

    :param params: the values of :data:`ARGUMENTS`.
    :return: the module's result, as its documentation describes it.
    """
    if params["dest"] and params["journal"] and os.path.realpath(params["dest"]) == os.path.realpath(params["journal"]):
        raise Failure("dest and journal name the same file. Nothing was written. Name two files.")
    with client_of(params) as client, tempfile.TemporaryDirectory(prefix="hybrid-identity-") as folder:
        run = _Run(client, params, context, clock, sleep)
        if params["plan"]:
            planned = _reviewed(params["plan"], client.tenant_id)
        else:
            planned = run.plan(os.path.join(folder, "plan.jsonl"))
        return run.carry_out(planned)


class _Run:
    """One run on one tenant."""

    def __init__(
        self,
        client: GraphClient,
        params: dict[str, Any],
        context: Context,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._client = client
        self._params = params
        self._context = context
        self._clock = clock
        self._sleep = sleep
        self._began = clock()
        self._protected = frozenset(name.strip().lower() for name in params["protected_users"])
        journal = params["journal"]
        dest = params["dest"]
        self._journals = [path for path in (journal, dest and default_journal_path(dest, client.tenant_id, "")) if path]
        self._written = lagging_writes(client, self._journals)
        self._too_many_changes = False
        self._changed: list[Row] = []

    def plan(self, path: str) -> _Planned:
        """Decide for each wish. The plan goes to a private file, so that memory does not grow with it."""
        params = self._params
        keys = parse_match_by(params["match_by"])
        rules = Rules(
            replace=params["on_existing"] == "replace", protected=self._protected, clear=params["state"] == "absent"
        )
        wishes = Wishes(params)
        index = read_index(self._client, {key.cloud for key in keys}, self._written)
        self._warn_of_strangers(index)
        # Who else wants the same user is known only after all wishes were read once.
        claims = Claims()
        for number, wish in enumerate(wishes):
            claims.add(number, wish, match(wish, index, keys))
        names = [key.name for key in keys]
        changes = 0
        with RowSink(self._header("plan", wishes.description), path, 0) as sink:
            for number, wish in enumerate(wishes):
                row = decide(number, wish, match(wish, index, keys), claims, rules, names)
                changes += row["action"] in WRITES
                sink.write(row)
        rows = (row for _line, row in RowReader(path))
        return _Planned(rows, sink.total, changes, wishes.description, wishes.problems, wishes.skipped, reviewed=False)

    def carry_out(self, planned: _Planned) -> dict[str, Any]:
        """Write what the plan says, or in check mode show it."""
        params, client = self._params, self._client
        if planned.problems:
            first = planned.problems[0]
            self._context.warn(
                f"{len(planned.problems)} entries could not be read; problems names them. The first: "
                f"{first['source']}, line {first['line']}: {first['message']}"
            )
        rehearsing = self._context.check_mode
        summary = Summary(ACTIONS)
        journal: str | None = None
        writer: Writer | None = None
        kind = "plan" if rehearsing else "result"
        sink = RowSink(self._header(kind, planned.source), params["dest"], params["return_limit"], _importance)
        try:
            self._guard(planned)
            if rehearsing:
                # What was planned a moment ago needs no second look; a reviewed plan does.
                rows = self._writer(None).run(planned.rows) if planned.reviewed else planned.rows
                self._collect(rows, sink, summary)
            elif planned.changes:
                client.ensure_lifetime(seconds_needed(planned.changes, params["write_quota"]))
                path = params["journal"] or default_journal_path(params["dest"], client.tenant_id, utc_now())
                with Journal(path, client.tenant_id, client.options.graph_endpoint) as opened:
                    journal = path
                    writer = self._writer(opened)
                    self._collect(writer.run(planned.rows), sink, summary)
            else:
                self._collect(planned.rows, sink, summary)
        except (Exception, KeyboardInterrupt) as exc:  # pylint: disable=broad-except
            # What was written before stays written; the journal has it.
            failure = as_failure(exc)
            failure.result.update(self._result(planned, sink, summary, journal))
            failure.result["changed"] = writer is not None and writer.accepted > 0
            failure.result.pop("msg", None)
            raise failure from None
        return self._result(planned, sink, summary, journal)

    def _writer(self, journal: Journal | None) -> Writer:
        return Writer(self._client, journal, self._protected, self._written, clock=self._clock, sleep=self._sleep)

    def _collect(self, rows: Iterable[Row], sink: RowSink, summary: Summary) -> None:
        with sink:
            for row in rows:
                summary.add(row["action"], [row["reason"]] if row["reason"] else [])
                sink.write(row)
                if row["changed"] and len(self._changed) < _DIFF_ROWS:
                    self._changed.append(row)

    def _result(self, planned: _Planned, sink: RowSink, summary: Summary, journal: str | None) -> dict[str, Any]:
        counts = summary.as_dict()
        result: dict[str, Any] = {
            "changed": bool(counts["set"] or counts["clear"]),
            "users": sink.rows,
            "problems": planned.problems[: self._params["return_limit"]],
            "summary": {
                **counts,
                "skipped": planned.skipped,
                "unreadable": len(planned.problems),
                **self._client.stats(),
                "seconds": round(self._clock() - self._began, 3),
                "sign_in_method": self._client.sign_in_method,
            },
            "dest": sink.path,
            "journal": journal,
            "too_many_changes": self._too_many_changes,
            "truncated": sink.truncated,
        }
        if self._context.diff_mode:
            result["diff"] = _diff(self._changed, counts["set"] + counts["clear"])
        if counts["failed"]:
            result["failed"] = True
            first = next((row for row in sink.rows if row["action"] == "failed"), None)
            why = f" The first: {first['user']}: {first['reason']['message']}" if first and first["reason"] else ""
            result["msg"] = f"{counts['failed']} of {summary.total} rows failed.{why}"
        return result

    def _header(self, kind: str, source: str) -> Row:
        return header(kind, tenant_id=self._client.tenant_id, source=source)

    def _warn_of_strangers(self, index: CloudIndex) -> None:
        """A misspelled name protects nobody."""
        strangers = [
            name
            for name in sorted(self._protected)
            if not index.find("id", name) and not index.find("user_principal_name", name)
        ]
        if strangers:
            self._context.warn(f"protected_users names {', '.join(strangers)}; the tenant has no such users.")

    def _guard(self, planned: _Planned) -> None:
        """Refuse more changes than allowed, before the first one.

        :raises Failure: outside check mode, which only warns.
        """
        limit = _limit(self._params["max_changes"], planned)
        self._too_many_changes = limit is not None and planned.changes > limit
        if not self._too_many_changes:
            return
        sentence = (
            f"The plan has {planned.changes} changes, and max_changes allows {limit}. Nothing was written. Look at the "
            "plan (check mode with dest), then apply it with plan=FILE, or raise max_changes."
        )
        if not self._context.check_mode:
            raise Failure(sentence)
        self._context.warn(sentence)


def _reviewed(path: str, tenant_id: str) -> _Planned:
    """Open a plan that somebody has reviewed, and check all of it before anything is written.

    :raises RowError: for a truncated file, another tenant's, or one that is no plan.
    """
    reader = RowReader(path, {"plan"})
    if str(reader.header.get("tenant_id")).lower() != tenant_id.lower():
        raise RowError(
            f"the plan is for tenant {reader.header.get('tenant_id')}, and this is {tenant_id}. Nothing was written. "
            "Sign in to the right tenant, or make a plan for this one.",
            path,
            1,
        )
    changes = total = 0
    for row in _approved(reader):
        total += 1
        changes += row["action"] in WRITES
    return _Planned(_approved(reader), total, changes, path, [], 0, reviewed=True)


def _approved(reader: RowReader) -> Iterator[Row]:
    plan = PlanReader()
    for line, row in reader:
        try:
            yield plan.read(row)
        except ValueError as exc:
            raise RowError(
                f"{exc}. Plans are edited by striking out rows (approved: false) only; make a new one.",
                reader.path,
                line,
            ) from None


def _limit(max_changes: str | None, planned: _Planned) -> int | None:
    """Return how many changes are allowed; ``None`` for as many as the plan has.

    :raises Failure: when ``max_changes`` is neither a number nor a percentage.
    """
    if max_changes is None:
        return None if planned.reviewed else _UNREVIEWED_CHANGES
    number = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(%?)", max_changes.strip())
    if not number or (not number.group(2) and "." in number.group(1)):
        raise Failure(
            f'max_changes is "{max_changes}"; it must be a number, such as 100, or a percentage, such as 10%.'
        )
    if number.group(2):
        return int(planned.total * float(number.group(1)) / 100)
    return int(number.group(1))


def _importance(row: Row) -> int:
    if row["action"] in (*WRITES, "none"):
        return int(row["action"] in WRITES and row["reason"] is not None)
    return {"failed": 3, "blocked": 2}.get(row["action"], 1)


def _diff(shown: list[Row], changes: int) -> dict[str, str]:
    """Return before and after of changed rows, as text, and how many are not shown."""
    more = f"... and {changes - len(shown)} more\n" if changes > len(shown) else ""
    return {
        "before": "".join(f"{row['user']}: {row['before'] or ''}\n" for row in shown) + more,
        "after": "".join(f"{row['user']}: {row['after'] or ''}\n" for row in shown) + more,
    }
