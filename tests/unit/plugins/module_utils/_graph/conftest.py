# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A login service and a Graph in memory, and clocks that only move when somebody waits."""

from __future__ import annotations

import base64
import json
import os

import pytest
import responses

from ansible_collections.hybrid.identity.plugins.module_utils._graph.arguments import ENTRA_ARGUMENTS, read_options
from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient
from ansible_collections.hybrid.identity.plugins.module_utils._graph.limiter import Limiter
from ansible_collections.hybrid.identity.plugins.module_utils._graph.tokens import Token, TokenProvider
from ansible_collections.hybrid.identity.plugins.module_utils._graph.transport import Http

TENANT = "66666666-7777-8888-9999-000000000000"
CLIENT = "11111111-2222-3333-4444-555555555555"
LOGIN = "https://login.microsoftonline.com"
GRAPH = "https://graph.microsoft.com"


def jwt(**claims):
    """Return a token that reads as a JWT."""

    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part(claims)}.c2ln"


class Clock:
    """Seconds that pass only while somebody sleeps."""

    def __init__(self, now=1000.0):
        self.now = now
        self.sleeps = []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        assert seconds >= 0
        self.sleeps.append(seconds)
        self.now += seconds


class Login:
    """The login service: what it was asked, and what it answers next."""

    def __init__(self, mock, endpoint=LOGIN, tenant=TENANT):
        self.asked = []
        self.answers = []
        self.lifetime = 3600
        base = f"{endpoint}/{tenant}"
        mock.get(
            f"{base}/v2.0/.well-known/openid-configuration",
            json={
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
                "issuer": f"{base}/v2.0",
            },
        )
        mock.add_callback(responses.POST, f"{base}/oauth2/v2.0/token", self._token)

    def refuse(self, number, error="invalid_client", status=401, text="in some language"):
        self.answers.append(
            (
                status,
                {
                    "error": error,
                    "error_description": f"AADSTS{number}: {text}\r\nTrace ID: t",
                    "error_codes": [number],
                    "correlation_id": "corr-1",
                },
            )
        )

    def _token(self, request):
        from urllib.parse import parse_qsl

        self.asked.append(dict(parse_qsl(request.body if isinstance(request.body, str) else request.body.decode())))
        if self.answers:
            status, body = self.answers.pop(0)
            return status, {}, json.dumps(body)
        body = {
            "token_type": "Bearer",
            "expires_in": self.lifetime,
            "access_token": jwt(tid=TENANT, n=len(self.asked), roles=["User.ReadWrite.All"]),
        }
        return 200, {}, json.dumps(body)


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
