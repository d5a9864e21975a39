# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rehearsal tenant in this process, on a clock that only the test moves."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from rehearsal_support import CLIENT_ID, GRAPH_SCOPE, ROLE, SECRET, START, TENANT_ID

sys.path.insert(0, str(ROLE / "files"))

from rehearsal_tenant.app import Simulation
from rehearsal_tenant.clock import TenantClock

# Making one takes longer than most tests.
SIGNING_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Rehearsal:
    """The doors of a tenant, and short words for what tests do with them."""

    def __init__(self, seed: dict[str, Any], base: str) -> None:
        self.simulation = Simulation(seed, base, clock=lambda: TenantClock(real=lambda: START), key=SIGNING_KEY)
        transport = httpx.ASGITransport(self.simulation.asgi)
        self._client = httpx.AsyncClient(transport=transport, base_url="https://127.0.0.1:8443")
        self._loop = asyncio.new_event_loop()
        self._token: dict[str, str] = {}

    @property
    def tenant(self) -> Any:
        return self.simulation.tenant

    def http(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self._loop.run_until_complete(self._client.request(method, path, **more))

    def close(self) -> None:
        self._loop.run_until_complete(self._client.aclose())
        self._loop.close()

    def token(self, client_id: str = CLIENT_ID, secret: str = SECRET) -> str:
        if client_id not in self._token:
            form = {
                "grant_type": "client_credentials",
                "client_id": client_id,
                "client_secret": secret,
                "scope": GRAPH_SCOPE,
            }
            answer = self.http("POST", f"/{TENANT_ID}/oauth2/v2.0/token", data=form)
            assert answer.status_code == 200, answer.text
            self._token[client_id] = answer.json()["access_token"]
        return self._token[client_id]

    def forget_tokens(self) -> None:
        self._token.clear()

    def graph(self, method: str, path: str, *, version: str = "v1.0", token: str = "", **more: Any) -> Any:
        headers = {"authorization": f"Bearer {token or self.token()}", **more.pop("headers", {})}
        return self.http(method, path if path.startswith("http") else f"/{version}{path}", headers=headers, **more)

    def get(self, path: str, **more: Any) -> Any:
        return self.graph("GET", path, **more)

    def patch(self, user: str, changes: Any, **more: Any) -> Any:
        return self.graph("PATCH", f"/users/{user}", json=changes, **more)

    def error(self, answer: Any) -> tuple[int, str]:
        return answer.status_code, answer.json()["error"]["code"]

    def control(self, method: str, path: str, **more: Any) -> Any:
        answer = self.http(method, "/_control" + path, **more)
        assert answer.status_code < 400, answer.text
        return answer.json() if answer.content else None

    def set(self, **settings: Any) -> None:
        self.control("PATCH", "/settings", json=settings)

    def advance(self, seconds: float) -> None:
        self.control("POST", "/clock", json={"advanceSeconds": seconds})

    def user(self, wanted: str) -> dict[str, Any]:
        """The whole user, past all permissions and lags."""
        return dict(self.control("GET", f"/users/{wanted}"))

    def cycle(self, domain: str = "") -> dict[str, dict[str, Any]]:
        """Run a sync cycle at once; the rows of its report by DN."""
        report = self.control("POST", "/sync", json={"directory": domain} if domain else {})
        cycle = report["directories"][0]["cycles"][-1]
        assert cycle["error"] is None, cycle["error"]
        return {row["distinguishedName"] or row["objectGuid"]: row for row in cycle["objects"]}


Start = Callable[..., Rehearsal]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a tenant: keyword arguments are sections of the seed."""
    started: list[Rehearsal] = []

    def make(**seed: Any) -> Rehearsal:
        seed.setdefault("tenant", {"id": TENANT_ID, "displayName": "Contoso"})
        seed.setdefault(
            "domains", [{"id": "contoso.com", "isDefault": True}, {"id": "contoso.onmicrosoft.com", "isInitial": True}]
        )
        settings = {"clients": [{"clientId": CLIENT_ID, "secret": SECRET}], **seed.pop("settings", {})}
        started.append(Rehearsal({**seed, "settings": settings}, str(tmp_path)))
        return started[-1]

    yield make
    for rehearsal in started:
        rehearsal.close()


class Domain:
    """An AD domain as an export that a test can write anew before each cycle."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, *entries: str) -> None:
        self._path.write_bytes("".join(entries).encode())

    def seed(self, **more: Any) -> list[dict[str, Any]]:
        return [{"domain": "corp.contoso.com", "ldif": self._path.name, **more}]


@pytest.fixture
def domain(tmp_path: Path) -> Domain:
    return Domain(tmp_path / "export.ldf")
