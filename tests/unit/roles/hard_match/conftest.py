"""Ansible's way with templates, without its variables."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.plugins.filter import core, mathstuff
from ansible.plugins.test import core as tests_core
from jinja2 import Environment, FileSystemLoader

TEMPLATES = Path(__file__).parents[4] / "roles/hard_match/templates"


@pytest.fixture(scope="module")
def environment():
    # As Ansible's own: text, not HTML.
    # Plain text, as Ansible renders it: nothing is to be escaped.
    made = Environment(loader=FileSystemLoader(TEMPLATES), trim_blocks=True, keep_trailing_newline=True)  # noqa: S701
    # What Jinja itself has stays: Ansible's versions of these need its own templating around them.
    made.filters = {**core.FilterModule().filters(), **mathstuff.FilterModule().filters(), **made.filters}
    made.tests = {**tests_core.TestModule().tests(), **made.tests}
    return made
