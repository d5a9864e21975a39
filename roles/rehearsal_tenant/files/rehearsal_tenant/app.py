# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole simulation as one ASGI application: sign-in, Graph and control on one host."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable
from email.utils import formatdate
from typing import Any, Callable, Optional

from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .clock import TenantClock
from .control import ControlDoor
from .directory import read_directories
from .errors import GraphError, bad_request
from .graph import ConnectionDropped, GraphDoor
from .login import LoginDoor
from .messages import GraphRequest
from .seed import build_tenant
from .sync_engine import SyncEngine
from .tenant import Tenant
from .tokens import TokenIssuer

TICK_SECONDS = 0.2
_HOSTS = frozenset({"127.0.0.1", "localhost"})


class Simulation:
    """A tenant built from a seed, with its doors.

    :param base: the folder that relative paths of the seed start from.
    :param key: signs tokens; a new one when it is not given.
    :raises SeedError, DirectoryError: when the seed is wrong.
    """

    def __init__(
        self,
        seed: dict[str, Any],
        base: str = ".",
        clock: Callable[[], TenantClock] = TenantClock,
        key: Optional[rsa.RSAPrivateKey] = None,
    ) -> None:
        self._seed = seed
        self._directories = read_directories(seed.get("directories", []), base)
        self._new_clock = clock
        self._key = key or rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._build(build_tenant(seed, clock()))
        self.asgi = _Dated(self._application(), lambda: self.tenant)

    def _build(self, tenant: Tenant) -> None:
        self.tenant = tenant
        tenant.sync = SyncEngine(tenant, self._directories)
        self._tokens = TokenIssuer(tenant, self._key)
        self._login = LoginDoor(tenant, self._tokens)
        self._graph = GraphDoor(tenant)

    def reset(self) -> None:
        """Start over from the seed; the clients and their tokens stay good."""
        fresh = build_tenant(self._seed, self._new_clock())
        fresh.clients = self.tenant.clients
        self._build(fresh)

    def _application(self) -> Starlette:
        return Starlette(
            routes=[
                *ControlDoor(self).routes(),
                Route("/devicelogin", self._at("device_page"), methods=["GET", "POST"]),
                Route("/{tenant}/v2.0/.well-known/openid-configuration", self._at("discovery")),
                Route("/{tenant}/discovery/v2.0/keys", self._at("keys")),
                Route("/{tenant}/oauth2/v2.0/token", self._at("token"), methods=["POST"]),
                Route("/{tenant}/oauth2/v2.0/devicecode", self._at("device_code"), methods=["POST"]),
                Route("/{version}/{path:path}", self._serve_graph, methods=["GET", "POST", "PATCH", "PUT", "DELETE"]),
            ],
            lifespan=self._lifespan,
        )

    def _at(self, name: str) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            answer: Response = await getattr(self._login, name)(request)
            return answer

        return endpoint

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        ticker = asyncio.create_task(self._tick())
        yield
        ticker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await ticker

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            await self.tick()

    async def tick(self) -> None:
        """What time does by itself: sync cycles, and the end of the recycle bin's patience."""
        await self.tenant.sync.tick()
        self.tenant.empty_old_bin()

    async def _serve_graph(self, request: Request) -> Response:
        version, path = request.path_params["version"], request.path_params["path"].strip("/")
        request_id = request.headers.get("client-request-id", "")
        if version not in ("v1.0", "beta"):
            return self._refusal(bad_request(f"Invalid version: {version}.", "BadRequest"), request_id)
        caller = self._tokens.caller(request.headers.get("authorization"))
        if caller is None:
            self._graph.log(request.method, version, path, 401, None)
            return self._refusal(
                GraphError(401, "InvalidAuthenticationToken", "Access token is empty, invalid or has expired."),
                request_id,
            )
        if self.tenant.settings.latencySeconds:
            await asyncio.sleep(self.tenant.settings.latencySeconds)
        try:
            content = await _content(request)
        except ValueError:
            return self._refusal(bad_request("Unable to read JSON request payload.", "BadRequest"), request_id)
        try:
            reply = await self._graph.serve(
                GraphRequest(
                    method=request.method,
                    version=version,
                    path=path,
                    query=dict(request.query_params),
                    headers=dict(request.headers),
                    body=content,
                    caller=caller,
                    root=f"{request.url.scheme}://{request.url.netloc}",
                    typed=content is None or "application/json" in request.headers.get("content-type", ""),
                ),
                client_request_id=request_id,
            )
        except ConnectionDropped:
            return _Broken()
        headers = {"client-request-id": request_id, **reply.headers} if request_id else reply.headers
        if isinstance(reply.body, str):
            return Response(reply.body, reply.status, headers)
        if reply.body is None:
            return Response(status_code=reply.status, headers=headers)
        return JSONResponse(reply.body, reply.status, headers)

    def _refusal(self, error: GraphError, request_id: str) -> Response:
        return JSONResponse(error.body(self.tenant.timestamp(), request_id, request_id), error.status, error.headers)


async def _content(request: Request) -> Any:
    raw = await request.body()
    return json.loads(raw) if raw else None


class _Broken(Response):
    """Promises a body and never sends it: the server then cuts the connection."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
        await send({"type": "http.response.body", "body": b""})


class _Dated:
    """Adds the tenant's Date to every answer, and refuses names that are not this machine's."""

    def __init__(self, app: Starlette, tenant: Callable[[], Tenant]) -> None:
        self._app = app
        self._tenant = tenant

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_dated(message: Any) -> None:
            if message["type"] == "http.response.start":
                date = formatdate(self._tenant().clock.now(), usegmt=True)
                message["headers"] = [*message["headers"], (b"date", date.encode())]
            await send(message)

        if Request(scope).url.hostname not in _HOSTS:
            await JSONResponse({"error": "This simulation answers on loopback only."}, 421)(scope, receive, send_dated)
            return
        await self._app(scope, receive, send_dated)
