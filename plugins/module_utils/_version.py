# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The version of this collection, for file headers and the user agent. A unit test holds it equal to galaxy.yml."""

from __future__ import annotations

VERSION = "1.0.0"
