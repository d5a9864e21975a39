# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""How the long modules show their progress."""

from __future__ import annotations


class ModuleDocFragment:
    """The lines on standard error, and the file to be tailed."""

    DOCUMENTATION = r"""
options: {}
attributes:
  action:
    description: Indicates this has a corresponding action plugin so some parts of the options can be executed on the
      controller.
    support: partial
    details:
      - The action plugin shows how far the module is, and runs it as any other module. The result is the module's.
notes:
  - A task on the controller (connection C(local)) shows on standard error how far it is, with done and total, rate,
    throttled time and expected end, on a terminal as one line that is written anew, else as a plain line after 10 and
    30 seconds and then each minute. Standard output and results stay as they are. Nothing is shown with C(async), with
    C(no_log), on remote hosts, with E(ANSIBLE_VERBOSITY) below zero, and with E(HYBRID_IDENTITY_PROGRESS) set to V(0).
  - Wherever it runs, a line of JSON is added every two seconds to a file that can be tailed. It is C(dest) with
    C(.progress) appended, or without C(dest) a file in the folder C(progress) of the private state directory
    (E(HYBRID_IDENTITY_STATE_DIR), else C(hybrid.identity) below E(XDG_STATE_HOME) or C(~/.local/state)). It holds
    counts only, is readable by its owner alone, and is removed when the task ends.
"""
