# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the Graph tests."""

from __future__ import annotations

import os

import pytest
import responses
from graph_doubles import Clock, Login

from ansible_collections.hybrid.identity.plugins.module_utils._graph.arguments import ENTRA_ARGUMENTS, read_options
from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient
from ansible_collections.hybrid.identity.plugins.module_utils._graph.limiter import Limiter
from ansible_collections.hybrid.identity.plugins.module_utils._graph.tokens import Token, TokenProvider
from ansible_collections.hybrid.identity.plugins.module_utils._graph.transport import Http


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    """The machine's own settings decide nothing here."""
    for option in ENTRA_ARGUMENTS.values():
        monkeypatch.delenv(option["fallback"][1][0], raising=False)
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith(("ACTIONS_ID_", "SYSTEM_", "IDENTITY_", "MSI_")):
            monkeypatch.delenv(name)


@pytest.fixture
def mock():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as active:
        yield active


@pytest.fixture
def login(mock):
    return Login(mock)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make_client(clock):
    """Return a function that makes a signed-in client whose waits take no time."""
    made = []

    def make(tokens=None, limiter=None, **params):
        options = read_options({"access_token": "a ready token", "max_workers": 1, **params}, {})
        http = Http(options)
        client = GraphClient(
            options,
            http,
            tokens or TokenProvider("access_token", lambda _force: Token("a ready token", None), renewable=False),
            limiter or Limiter(options.write_quota, clock, clock.sleep),
            clock=clock,
            sleep=clock.sleep,
            jitter=lambda: 1.0,
        )
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()
