# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the job tests."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    """Keep journals out of the home directory."""
    folder = tmp_path / "state"
    monkeypatch.setenv("HYBRID_IDENTITY_STATE_DIR", str(folder))
    return folder
