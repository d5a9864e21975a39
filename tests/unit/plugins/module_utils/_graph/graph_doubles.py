# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A login service in memory, and a clock that only moves when somebody waits."""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qsl

import responses

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
