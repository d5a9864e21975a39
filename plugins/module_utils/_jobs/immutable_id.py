# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The job of ``entra_immutable_id``: a plan, made or reviewed, guarded and carried out."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Collection, Mapping
from typing import Any, Callable, NamedTuple

from ansible_collections.hybrid.identity.plugins.module_utils._directory.files import FORMATS
from ansible_collections.hybrid.identity.plugins.module_utils._directory.record import (
    ANCHORS,
    CONSISTENCY_GUID_OR_OBJECT_GUID,
)
from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.arguments import ENTRA_ARGUMENTS
from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient, connect
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.effect_codes import EFFECT_CODES
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.effects import BLOCKING_DEFAULT
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.match_keys import DEFAULT_MATCH_BY
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.plan import WRITES
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.review import sealed, without_new_power
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.backup import save_backup
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.confirmation import Confirmation
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.guards import changes_allowed, check_paths
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.lookups import Lookups
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.plan_output import Output
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.planning import (
    lower_case,
    make_plan,
    strangers_named,
    wave_of,
)
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.protection import read_protection, read_role_book
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.restore import Restoration
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.reviewed_plan import (
    Planned,
    kept_in,
    open_reviewed,
    parse_age,
)
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.runner import Context, as_failure
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.sole_writer import sole_writer
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.tenant_users import lagging_writes
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.wishes import PAIR_OPTIONS, PAIRS
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.writer import Writer, seconds_needed
from ansible_collections.hybrid.identity.plugins.module_utils._journal import Journal, default_journal_path
from ansible_collections.hybrid.identity.plugins.module_utils._rows import PLAN, header, utc_now

Row = dict[str, Any]

ARGUMENTS: dict[str, Any] = {
    **ENTRA_ARGUMENTS,
    "users": {
        "type": "list",
        "elements": "dict",
        "options": {**PAIR_OPTIONS, "wave": {"type": "str"}},
    },
    "src": {"type": "list", "elements": "path"},
    "src_format": {"type": "str", "choices": [*FORMATS, PAIRS], "default": "auto"},
    "anchor": {"type": "str", "choices": list(ANCHORS), "default": CONSISTENCY_GUID_OR_OBJECT_GUID},
    "anchor_attribute": {"type": "str"},
    "plan": {"type": "path"},
    "max_age": {"type": "str", "default": "7d"},
    "restore": {"type": "list", "elements": "path"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "match_by": {"type": "list", "elements": "raw", "default": list(DEFAULT_MATCH_BY)},
    "weak_match_by": {"type": "list", "elements": "raw", "default": []},
    "map": {"type": "path"},
    "unclaimed": {"type": "bool", "default": False},
    "on_existing": {"type": "str", "choices": ["keep", "replace"], "default": "keep"},
    "protected_users": {"type": "list", "elements": "str", "default": []},
    "protect_role_holders": {"type": "bool", "default": True},
    "require_unsynced": {"type": "bool", "default": True},
    "block_effects": {
        "type": "list",
        "elements": "str",
        "choices": [code for code, *_rest in EFFECT_CODES],
        "default": list(BLOCKING_DEFAULT),
    },
    "max_changes": {"type": "str"},
    "wave": {"type": "str"},
    "offset": {"type": "int", "default": 0},
    "limit": {"type": "int"},
    "journal": {"type": "path"},
    "dest": {"type": "path"},
    "return_limit": {"type": "int", "default": 1000},
}

ONE_OF = [("users", "src", "plan", "restore")]
REQUIRED_IF = [("anchor", "attribute", ["anchor_attribute"])]


class _Clocks(NamedTuple):
    """How time passes; ``now`` in seconds since 1970."""

    clock: Callable[[], float]
    sleep: Callable[[float], None]
    now: Callable[[], float]


def set_immutable_ids(
    params: dict[str, Any],
    context: Context,
    *,
    client_of: Callable[[dict[str, Any]], GraphClient] = connect,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.time,
) -> dict[str, Any]:
    """Plan and, outside check mode, write.

    :param params: the values of :data:`ARGUMENTS`.
    :return: the module's result, as its documentation describes it.
    """
    check_paths(params, context.check_mode)
    wave_of(params)
    parse_age(params["max_age"])
    with client_of(params) as client, tempfile.TemporaryDirectory(prefix="hybrid-identity-") as folder:
        run = _Run(client, params, context, _Clocks(clock, sleep, now))
        return run.carry_out(run.planned(os.path.join(folder, "plan.jsonl")))


class _Run:
    """One run on one tenant."""

    def __init__(self, client: GraphClient, params: dict[str, Any], context: Context, clocks: _Clocks) -> None:
        self._client = client
        self._params = params
        self._context = context
        self._clocks = clocks
        self._began = clocks.clock()
        self._protected = lower_case(params["protected_users"])
        journal, dest = params["journal"], params["dest"]
        beside = default_journal_path(dest, client.tenant_id, "") if dest else None
        journals = [path for path in (journal, beside, *(params["restore"] or ())) if path]
        self._written = lagging_writes(client, journals)
        self._too_many_changes = False
        self._journal: str | None = None
        self._backup: str | None = None
        self._writer: Writer | None = None

    def planned(self, path: str) -> Planned:
        """Return what is to be carried out; where it is made now, ``path`` holds it."""
        params, client = self._params, self._client
        if params["plan"] is None and params["restore"] is None:
            return make_plan(client, params, path, self._written, self._context.warn, self._clocks.now())
        # A group may have got new members since the plan was made.
        protection = read_protection(client, params["protected_users"])
        if protection.strangers:
            self._context.warn(strangers_named(protection.strangers))
        self._protected |= protection.members
        if params["restore"] is not None:
            return self._undoing(path)
        age = parse_age(params["max_age"])
        planned = open_reviewed(params["plan"], client, wave_of(params), age, self._clocks.now())
        if planned.foreign_service:
            self._context.warn(
                f"The plan was made at {planned.foreign_service}, and it is rehearsed at "
                f"{client.options.graph_endpoint}: what becomes of it there is no word about the real tenant."
            )
        return self._without_new_power(planned) if params["protect_role_holders"] and planned.changes else planned

    def _without_new_power(self, planned: Planned) -> Planned:
        """Leave out whoever got a role since the plan was made, as far as that can be read."""
        book = read_role_book(self._client, (row["id"] for row in planned.rows() if row["action"] in WRITES))
        if book.roles is None or not book.complete:
            self._context.warn(
                "Who has a directory role by now cannot be read, so whoever got one since the plan was made is written "
                "like everybody else. Grant RoleManagement.Read.Directory and Group.Read.All."
            )
        return planned._replace(rows=lambda: (without_new_power(row, book) for row in planned.rows()))

    def _undoing(self, path: str) -> Planned:
        """Return what puts old values back. What there is to do is known from the users as they are now."""
        clock, sleep, now = self._clocks
        client = self._client
        restoration = Restoration(client, self._params["restore"])
        confirmation = None
        if not self._context.check_mode:
            confirmation = Confirmation(client, clock=clock, sleep=sleep, wall_clock=now)
        rows = wave_of(self._params).of(restoration.rows(self._protected, self._written, confirmation))
        return kept_in(path, rows, self._header(PLAN, restoration.description, None), reviewed=True)

    def carry_out(self, planned: Planned) -> dict[str, Any]:
        """Write what the plan says, or in check mode show it."""
        if planned.problems:
            first = planned.problems[0]
            self._context.warn(
                f"{len(planned.problems)} entries could not be read; problems names them. The first: "
                f"{first['source']}, line {first['line']}: {first['message']}"
            )
        rehearsing = self._context.check_mode
        fields = self._header(PLAN if rehearsing else "result", planned.source, planned.attributes)
        output = Output(fields, self._params, with_table=rehearsing)
        try:
            self._guard(planned)
            if rehearsing:
                # What was planned a moment ago needs no second look; a reviewed plan does.
                rows = (
                    self._new_writer(None, planned).run(planned.rows(), planned.changes)
                    if planned.reviewed
                    else planned.rows()
                )
                output.collect(map(sealed, rows))
            elif planned.changes:
                self._write(planned, output)
            else:
                output.collect(planned.rows())
        except (Exception, KeyboardInterrupt) as exc:  # pylint: disable=broad-except
            # What was written before stays written; the journal has it.
            failure = as_failure(exc)
            failure.result.update(self._result(planned, output))
            failure.result["changed"] = self._writer is not None and self._writer.accepted > 0
            failure.result.pop("msg", None)
            raise failure from None
        return self._result(planned, output)

    def _write(self, planned: Planned, output: Output) -> None:
        params, client = self._params, self._client
        client.ensure_lifetime(seconds_needed(planned.changes, params["write_quota"]))
        path = params["journal"] or default_journal_path(params["dest"], client.tenant_id, utc_now())
        with sole_writer(client, path), Journal(path, client.tenant_id, client.options.graph_endpoint) as journal:
            self._journal = path
            backup = save_backup(client, planned.rows(), path)
            self._backup = backup.path
            if backup.missing:
                self._context.warn(
                    f"The service does not return all properties of users together, so {backup.path} lacks "
                    f"{', '.join(backup.missing)}."
                )
            self._writer = self._new_writer(journal, planned, backup.unsaved)
            output.collect(self._writer.run(planned.rows(), planned.changes))

    def _new_writer(
        self, journal: Journal | None, planned: Planned, unsaved: Mapping[str, GraphError | None] | None = None
    ) -> Writer:
        clock, sleep, now = self._clocks
        return Writer(
            self._client,
            journal,
            self._protected,
            self._written,
            unsaved=unsaved,
            lookups=Lookups(self._client) if planned.reviewed else None,
            clock=clock,
            sleep=sleep,
            wall_clock=now,
        )

    def _result(self, planned: Planned, output: Output) -> dict[str, Any]:
        failure = output.failure()
        result: dict[str, Any] = {
            "changed": bool(output.summary["set"] or output.summary["clear"]),
            "users": output.sink.rows,
            "problems": list(planned.problems[: self._params["return_limit"]]),
            "summary": {
                **output.counts(),
                "struck_out": planned.struck_out,
                "anchor_modes": planned.anchor_modes,
                "skipped": planned.skipped,
                "unreadable": len(planned.problems),
                **self._client.stats(),
                "seconds": round(self._clocks.clock() - self._began, 3),
                "sign_in_method": self._client.sign_in_method,
            },
            "at_risk": output.at_risk,
            "tenant": planned.tenant,
            "dest": output.sink.path,
            "csv": output.table and output.table.path,
            "journal": self._journal,
            "backup": self._backup,
            "too_many_changes": self._too_many_changes,
            "truncated": output.sink.truncated,
        }
        if self._context.diff_mode:
            result["diff"] = output.diff()
        if failure:
            result.update(failed=True, msg=failure)
        return result

    def _header(self, kind: str, source: str, attributes: Collection[str] | None) -> Row:
        client = self._client
        service = client.options.graph_endpoint
        return header(kind, tenant_id=client.tenant_id, source=source, attributes=attributes, service=service)

    def _guard(self, planned: Planned) -> None:
        """Refuse more changes than allowed, before the first one.

        :raises Failure: outside check mode, which only warns.
        """
        limit = changes_allowed(self._params["max_changes"], planned)
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
