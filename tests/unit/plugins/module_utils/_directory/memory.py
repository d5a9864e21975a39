# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What reading an export takes."""

from __future__ import annotations

import tracemalloc


def count_and_peak(entries):
    """Return how many there are, and the bytes of Python's memory that going through them took at most."""
    tracemalloc.start()
    try:
        count = sum(1 for _entry in entries)
        return count, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
