# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The file of the option ``map``: pairs of users and AD objects that somebody wrote down."""

from __future__ import annotations

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import CloudIndex
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.match_map import (
    AD_NAMES,
    MatchMap,
    Pair,
    Problem,
    read_pair,
)
from ansible_collections.hybrid.identity.plugins.module_utils._pairs import read_list


def read_map(path: str, index: CloudIndex) -> MatchMap:
    """Read a CSV or JSON Lines with ``user``, one of :data:`AD_NAMES`, and perhaps ``wave``; other columns are ignored.

    Bad lines are in the map's ``problems``.

    :raises RowError: for a file that cannot be read, has the wrong columns, or no rows.
    """
    problems: list[Problem] = []
    pairs: list[Pair] = list(read_list(path, _objection, read_pair, problems))
    return MatchMap(path, pairs, index, problems)


def _objection(names: set[str]) -> str | None:
    if "user" in names and names & set(AD_NAMES):
        return None
    return f'the header must name "user" and one or more of {", ".join(AD_NAMES)}'
