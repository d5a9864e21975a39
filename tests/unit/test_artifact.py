# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ships is what tests/artifact.txt lists: no more (a secret, a cache) and no less (a file galaxy.yml forgot)."""

from __future__ import annotations

import difflib
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIST = ROOT / "tests" / "artifact.txt"


@pytest.fixture(scope="module")
def artifact():
    artifacts = list((ROOT / ".build" / "artifact").glob("*.tar.gz"))
    if not artifacts:
        pytest.fail("there is no artifact below .build/artifact: run `make` first, or `make test`, which does")
    assert len(artifacts) == 1
    with tarfile.open(artifacts[0]) as tar:
        yield tar


def test_artifact_holds_exactly_the_listed_files(artifact):
    shipped = sorted(member.name for member in artifact.getmembers() if member.isfile())
    listed = LIST.read_text(encoding="utf-8").split()
    difference = [line for line in difflib.ndiff(listed, shipped) if line[0] in "+-"]
    assert not difference, "\n".join(
        ["- is listed, not shipped; + is shipped, not listed (`make artifact-list` writes the list anew):", *difference]
    )


def test_artifact_holds_no_links_and_no_private_files(artifact):
    for member in artifact.getmembers():
        assert member.isfile() or member.isdir(), f"{member.name} is neither file nor directory"
        assert not member.name.endswith((".pem", ".key", ".env", ".pyc")), f"{member.name} must not be shipped"
