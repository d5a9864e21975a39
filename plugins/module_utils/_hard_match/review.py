# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""A plan that somebody reviewed: rows struck out, rows released one by one, and the wave that goes first."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import RELEASABLE, listed, reason
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.plan import ACTIONS, WRITES
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import RoleBook

# What carrying out a row of a plan looks at.
_NEEDED = ("user", "id", "before", "after", "action", "reason", "approved")
# What a reviewer reads and does not write.
_SEALED = ("user", "id", "before", "after", "action")

# The codes of users with power over the tenant.
_POWER = frozenset(("role_held", "role_by_group", "role_eligible", "role_group_member"))


class PlanReader:
    """Reads the rows of a reviewed plan, in order, for carrying them out."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._values: set[str] = set()

    def read(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the row as it is to be carried out.

        A row that is struck out writes nothing. A blocked row that is approved is written, if an approval can release
        it from everything that blocks it; otherwise it stays blocked and says so.

        :raises ValueError: with a sentence, for a row that no plan has, such as a second one for the same user.
        """
        row = dict(row)
        absent = [name for name in _NEEDED if name not in row]
        if absent:
            raise ValueError(f"the row lacks {', '.join(absent)}")
        try:
            seal = _seal_of(row)
        except (AttributeError, KeyError, TypeError):
            raise ValueError("its reason or evidence is none that a plan has") from None
        if row.pop("seal", seal) != seal:
            raise ValueError(f"{', '.join(_SEALED)} or the codes of the row are no longer as they were planned")
        action, approved = row["action"], row["approved"]
        if action not in ACTIONS:
            raise ValueError(f"the action {action!r} does not exist")
        if not isinstance(approved, bool) and (approved is not None or action in WRITES):
            raise ValueError(f"approved is {approved!r}, and must be true or false")
        if action not in WRITES:
            if not approved or action == "none":
                return row
            kept = _not_releasable(row)
            if kept:
                return _kept(row, kept)
            action = "clear" if row["after"] is None else "set"
        elif not approved:
            return {**row, "action": "none", "changed": False, "reason": reason("not_approved")}
        self._check(action, row["id"], row["after"])
        return {**row, "action": action, "changed": True}

    def _check(self, action: str, user_id: Any, after: Any) -> None:
        if not user_id or not isinstance(user_id, str):
            raise ValueError("a row that writes needs the id of its user")
        usable = after is None if action == "clear" else isinstance(after, str) and after and after == after.strip()
        if not usable:
            raise ValueError(f"{after!r} is no value to {action}")
        # No plan says so; which of the two is meant nobody knows.
        for name, value, seen in (("user", user_id.lower(), self._ids), ("value", after, self._values)):
            if value in seen:
                raise ValueError(f"an earlier row writes the same {name}, {value}")
            if value is not None:
                seen.add(value)


def sealed(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as it stands in the file of a plan, with a checksum by which a slip of an editor is noticed."""
    return {**row, "seal": _seal_of(row)}


def _seal_of(row: Mapping[str, Any]) -> str:
    told = json.dumps([*(row[name] for name in _SEALED), *codes_of(row)])
    return hashlib.sha256(told.encode("ascii")).hexdigest()[:16]


def codes_of(row: Mapping[str, Any]) -> list[str]:
    """Return the codes of all that stands in a row's way, the decisive one first."""
    decisive = [row["reason"]["code"]] if row["reason"] else []
    return decisive + further_codes(row)


def further_codes(row: Mapping[str, Any]) -> list[str]:
    """Return the codes of what stands in a row's way besides the decisive one."""
    return [item["value"] for item in row.get("evidence") or () if item.get("key") == "also"]


def without_new_power(row: dict[str, Any], book: RoleBook) -> dict[str, Any]:
    """Return a row as it is to be carried out: not at all, if its user got power that the plan does not show.

    :param book: who has which role, and stands around which role-assignable group, by now.
    """
    roles, groups = (book.roles or {}).get(row["id"], ()), book.guarded.get(row["id"], ())
    if row["action"] not in WRITES or not (roles or groups) or not _POWER.isdisjoint(_told(row)):
        return row
    names = [*dict.fromkeys(role.name for role in roles), *(f"the group {name}" for name in groups)]
    why = reason(
        "changed_since_plan", detail=f"it has power over the tenant that the plan does not show: {listed(names)}"
    )
    return {**row, "action": "blocked", "changed": False, "reason": why}


def _told(row: Mapping[str, Any]) -> list[str]:
    """Return all codes that a row shows, whether they stand in its way or not."""
    return codes_of(row) + [item["value"] for item in row.get("evidence") or () if item.get("key") == "remark"]


def may_be_released(row: Mapping[str, Any]) -> bool:
    """Tell whether a row that is not written would be, if somebody approved it."""
    return row["action"] == "blocked" and not _not_releasable(row)


def _not_releasable(row: Mapping[str, Any]) -> list[str]:
    """Return the codes that an approval does not release the row from."""
    codes = codes_of(row) or [str(row["action"])]
    return codes if row["action"] != "blocked" else [code for code in codes if code not in RELEASABLE]


def _kept(row: dict[str, Any], codes: list[str]) -> dict[str, Any]:
    why = row["reason"]["message"] if row["reason"] else "Nobody knows what it waits for."
    said = reason("not_releasable", codes=listed(codes), why=why)
    evidence = list(row.get("evidence") or ())
    if row["reason"]:
        evidence.append({"key": "also", "value": row["reason"]["code"], "users": []})
    return {**row, "reason": said, "evidence": evidence}


class Wave(NamedTuple):
    """Which of the rows that write go this time.

    ``name`` is compared with the rows' field ``wave``; ``offset`` and ``limit`` count the rows of that wave, else all
    that write, in the order of the plan.
    """

    name: Optional[str] = None
    offset: int = 0
    limit: Optional[int] = None

    def of(self, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield all rows; those that this wave leaves out write nothing and say so."""
        position = 0
        for row in rows:
            if row["action"] not in WRITES:
                yield row
            elif self.name is not None and _wave_name(row.get("wave")) != self.name:
                yield _outside(row)
            else:
                inside = self.offset <= position and (self.limit is None or position < self.offset + self.limit)
                position += 1
                yield row if inside else _outside(row)


def _wave_name(value: Any) -> str | None:
    """Return the name that a person wrote, perhaps as a number."""
    return None if value is None else str(value).strip()


def _outside(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "action": "none", "changed": False, "reason": reason("outside_wave")}
