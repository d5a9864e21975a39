# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What can be said of a row because of what its reviewer did with the plan, and of rows that are there to be read.

Part of the table in :mod:`codes`, which says what the four columns are.
"""

from __future__ import annotations

_OURS = "Rule of this collection"

REVIEW_CODES: tuple[tuple[str, str, str, str], ...] = (
    ("not_approved", "The row was struck out of the plan (approved: false).", "Nothing needs to be done.", _OURS),
    (
        "not_releasable",
        "The row was approved, but an approval cannot release it from {codes}: {why}",
        "Remove what stands in the way, then make a new plan.",
        _OURS,
    ),
    (
        "outside_wave",
        "The row is not part of this wave.",
        "It is written by a run whose limit, offset and wave include it.",
        _OURS,
    ),
    (
        "unclaimed",
        "No AD object of the input claims this user{detail}.",
        "If somebody in AD is this person, gather that object too, or name the pair (map). Otherwise the user stays as "
        "it is.",
        _OURS,
    ),
)
