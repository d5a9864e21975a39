# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Making a plan: one reading of the tenant, two passes over the input, and a decision for each row."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Callable

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.anchor_mode import AnchorCensus
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.case import Rules, Surroundings
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.claims import Claims
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.holders import HOLDER_KEYS
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.match_keys import (
    Key,
    cloud_keys,
    parse_match_by,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.matching import Match, match
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.plan import WRITES, decide
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.review import Wave, may_be_released
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant_reasons import tenant_reasons
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.unclaimed import unclaimed_rows
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import Wish
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.match_map import read_map
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.reviewed_plan import Planned, kept_in
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.tenant_reading import TenantReading, read_tenant
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.wishes import Wishes
from ansible_collections.hybrid.identity.plugins.module_utils._journal import RecentWrite
from ansible_collections.hybrid.identity.plugins.module_utils._progress import PROGRESS
from ansible_collections.hybrid.identity.plugins.module_utils._rows import PLAN, format_time, header

Row = dict[str, Any]

# Rows that are decided together, so that what must be asked for each user shares batches.
_CHUNK = 1000


def make_plan(
    client: GraphClient,
    params: Mapping[str, Any],
    path: str,
    written: Mapping[str, RecentWrite],
    warn: Callable[[str], None],
    now: float,
) -> Planned:
    """Decide for each row of input. The plan goes to a private file, so that memory does not grow with it.

    :param params: the module's options that say how to plan.
    :param path: the file, which must stay until the plan was carried out.
    :param now: seconds since 1970.
    """
    keys = parse_match_by(params["match_by"], params["weak_match_by"], mapped=bool(params["map"]))
    wishes = Wishes(params)
    reading = read_tenant(client, {*cloud_keys(keys), *HOLDER_KEYS}, written, params["protected_users"])
    with contextlib.closing(reading.details):
        if reading.strangers:
            warn(strangers_named(reading.strangers))
        return _Planner(params, keys, wishes, reading, now).plan(path)


class _Planner:
    """What one plan is made from."""

    def __init__(
        self,
        params: Mapping[str, Any],
        keys: list[Key],
        wishes: Wishes,
        reading: TenantReading,
        now: float,
    ) -> None:
        self._wave = wave_of(params)
        self._keys = keys
        self._wishes = wishes
        self._reading = reading
        self._with_unclaimed = params["unclaimed"]
        self._map = read_map(params["map"], reading.index) if params["map"] else None
        self._census = AnchorCensus(reading.selections.in_use)
        # Who else wants the same user is known only after all wishes were read once.
        self._around = Surroundings(
            tenant=reading.facts,
            index=reading.index,
            claims=Claims(),
            rules=_rules(params),
            keys=tuple(key.name for key in keys if key.finds),
            modes=self._census,
            details=reading.details.of,
            now=format_time(now),
        )
        self._claimed: set[str] = set()
        self._several: set[tuple[str | None, str | None, int]] = set()
        self._unclaimed = 0
        self._total = 0

    def plan(self, path: str) -> Planned:
        """Write the plan to ``path``."""
        for number, wish, found in PROGRESS.each("matching", self._matched()):
            self._look(number, wish, found)
            self._total += 1
        planned = kept_in(path, self._rows(), header(PLAN, source=self._wishes.description))
        # Settled by now: what could not be read is the same in each pass.
        problems = (*self._wishes.problems, *(self._map.settle() if self._map else ()))
        facts, lookups = self._reading.facts, self._reading.lookups
        return planned._replace(
            total=planned.total - self._unclaimed,
            attributes=self._wishes.fields,
            problems=problems,
            skipped=self._wishes.skipped,
            anchor_modes=self._census.as_dict(),
            tenant={
                "id": facts.id,
                "reasons": tenant_reasons(facts),
                "unchecked": [*facts.unchecked, *lookups.unchecked],
            },
        )

    def _rows(self) -> Iterator[Row]:
        yield from self._wave.of(PROGRESS.each("deciding", self._decided(), self._total))
        if self._with_unclaimed:
            for row in unclaimed_rows(self._reading.index, self._claimed):
                self._unclaimed += 1
                yield row

    def _matched(self) -> Iterator[tuple[int, Wish, Match]]:
        """Yield every wish with what was found for it; each pass is the same."""
        for number, wish in enumerate(self._wishes):
            wish = self._placed(wish)
            yield number, wish, match(wish, self._reading.index, self._keys, self._map)

    def _placed(self, wish: Wish) -> Wish:
        """Return a wish with its wave, and with what Cloud Sync's own selection says of its scope."""
        wave = wish.wave or (self._map.wave_of(wish) if self._map else None)
        row = wish.row
        if row is not None:
            in_scope, reasons = self._reading.selections.judge(row)
            row = {**row, "in_scope": in_scope, "scope_reasons": reasons}
        return wish._replace(row=row, wave=wave)

    def _look(self, number: int, wish: Wish, found: Match) -> None:
        """Take note of what decisions on other rows depend on."""
        self._around.claims.add(number, wish, found)
        self._census.add(wish, found, self._reading.index)
        if self._map:
            self._map.see(wish)
        if self._with_unclaimed:
            self._claimed.update(user.id for user in found.holders)
            # Thousands of rows may find the same thousands of users by a placeholder: they are gone through once.
            several = (found.matched_by, found.value, len(found.users))
            if several not in self._several:
                self._claimed.update(user.id for user in found.users)
            if len(found.users) > 1:
                self._several.add(several)

    def _decided(self) -> Iterator[Row]:
        matched = self._matched()
        while chunk := list(itertools.islice(matched, _CHUNK)):
            rows = [decide(*item, self._around) for item in chunk]
            known = self._reading.lookups.look_up([row["id"] for row in rows if _may_be_written(row)])
            for item, row in zip(chunk, rows):
                # Asked for candidates only, because Graph tells it of one user at a time.
                yield decide(*item, self._around, known[row["id"]]) if _may_be_written(row) else row


def strangers_named(names: Iterable[str]) -> str:
    """Return a warning: a misspelled name protects nobody."""
    return f"protected_users names {', '.join(names)}; the tenant has no such users or groups."


def wave_of(params: Mapping[str, Any]) -> Wave:
    """Return the options ``wave, offset, limit``.

    :raises Failure: for a negative number.
    """
    for name in ("offset", "limit"):
        if (params[name] or 0) < 0:
            raise Failure(f"{name} is {params[name]}; it must not be negative.")
    name = (params["wave"] or "").strip()
    return Wave(name or None, params["offset"], params["limit"])


def lower_case(names: Iterable[str]) -> frozenset[str]:
    """Return ids and UPNs as they are compared."""
    return frozenset(name.strip().lower() for name in names)


def _rules(params: Mapping[str, Any]) -> Rules:
    return Rules(
        replace=params["on_existing"] == "replace",
        protected=lower_case(params["protected_users"]),
        clear=params["state"] == "absent",
        protect_role_holders=params["protect_role_holders"],
        require_unsynced=params["require_unsynced"],
        block_effects=frozenset(params["block_effects"]),
    )


def _may_be_written(row: Row) -> bool:
    """Tell whether a row writes, or would if somebody approved it."""
    return row["action"] in WRITES or (row["id"] is not None and may_be_released(row))
