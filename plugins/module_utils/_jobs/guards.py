# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What a run may not do, told before the first write: replace its own input, or change more than was allowed."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.backup import BACKUP
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.reviewed_plan import Planned
from ansible_collections.hybrid.identity.plugins.module_utils._plan_csv import table_path
from ansible_collections.hybrid.identity.plugins.module_utils._rows import JOURNAL, RowError, RowReader

# Without a plan that somebody has read, a mistake in the input shall not reach the whole company.
_UNREVIEWED_CHANGES = 25
# What an earlier run can be undone from is never replaced.
_KEPT = (JOURNAL, BACKUP)


def check_paths(params: Mapping[str, Any], check_mode: bool) -> None:
    """See that no file is written over another one.

    :raises Failure: otherwise.
    """
    dest = params["dest"]
    written = [("dest", dest), ("the table beside dest", table_path(dest) if dest and check_mode else None)]
    written.append(("journal", params["journal"]))
    inputs = [("plan", params["plan"]), ("map", params["map"])]
    inputs += [("src", path) for path in params["src"] or ()]
    inputs += [("restore", path) for path in (params["restore"] or ()) if path != params["journal"]]
    seen: dict[str, str] = {}
    for name, path in (*inputs, *written):
        if not path:
            continue
        real = os.path.realpath(path)
        if real in seen and (name, path) in written:
            raise Failure(f"{seen[real]} and {name} name the same file, {path}. Nothing was written. Name two files.")
        seen.setdefault(real, name)
    kind = _kind_of(dest) if dest else None
    if kind in _KEPT:
        raise Failure(
            f"dest names {dest}, which is the {kind} of an earlier run. Nothing was written. Name another file."
        )


def _kind_of(path: str) -> str | None:
    """Return what a file of the collection holds; ``None`` for any other file, and for none."""
    try:
        return str(RowReader(path).header["kind"])
    except RowError:
        return None


def changes_allowed(max_changes: str | None, planned: Planned) -> int | None:
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
