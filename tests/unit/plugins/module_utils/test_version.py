# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The version that files and requests carry."""

from __future__ import annotations

from pathlib import Path

import yaml

from ansible_collections.hybrid.identity.plugins.module_utils import _version


def test_the_version_is_the_one_of_the_artifact():
    root = Path(_version.__file__).resolve().parents[2]
    if (root / "galaxy.yml").exists():
        expected = yaml.safe_load((root / "galaxy.yml").read_text())["version"]
    else:  # the installed collection
        expected = yaml.safe_load((root / "MANIFEST.json").read_text())["collection_info"]["version"]
    assert expected == _version.VERSION
