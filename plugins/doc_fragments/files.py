# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The options with which every module of the collection writes and returns its rows."""

from __future__ import annotations


class ModuleDocFragment:
    """``dest`` and ``return_limit``."""

    DOCUMENTATION = r"""
options:
  dest:
    description:
      - File to write all rows to, as JSON Lines. The first line says what the file is, the last line how many rows it
        has.
      - The file appears under its name only when it is whole, readable by its owner alone. If the run ends early, the
        rows so far are kept with C(.partial) appended to the name.
      - Writing it does not count as a change, and it is written in check mode as well.
    type: path
  return_limit:
    description:
      - The most rows to return in the result; V(0) returns none. Rows that need attention come first.
      - It never limits what is written to O(dest). RV(truncated) says whether rows were left out.
      - Large results are slow in Ansible; give O(dest) for more than about a thousand rows.
    type: int
    default: 1000
"""
