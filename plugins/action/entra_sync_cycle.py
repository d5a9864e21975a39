# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module of the same name and shows how far it is."""

from __future__ import annotations

from ansible_collections.hybrid.identity.plugins.plugin_utils._progress_action import ProgressAction


class ActionModule(ProgressAction):
    """Documented with the module of the same name."""
