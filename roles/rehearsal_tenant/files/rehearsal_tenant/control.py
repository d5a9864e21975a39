# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control door: what only a rehearsal has. Plain JSON on loopback, no token."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .audit_log import Initiator
from .clock import rfc3339
from .faults import FaultError
from .seed import SeedError, read_clients, with_roles
from .settings import SettingError
from .store import DELETED, GONE, LIVE, Stored
from .tenant import FEATURES, Tenant

if TYPE_CHECKING:
    from .app import Simulation

# Whoever moves the tenant from outside stands for other people and tools of a real one.
_SOMEBODY = Initiator(app={"displayName": "Somebody else"})
Handler = Callable[[Request], Awaitable[Response]]


class ControlError(ValueError):
    """An order that cannot be carried out."""


class ControlDoor:
    """Reads and moves the tenant from outside."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    @property
    def _tenant(self) -> Tenant:
        return self._simulation.tenant

    def routes(self) -> list[Route]:
        """All paths under /_control."""
        table: dict[str, tuple[Handler, list[str]]] = {
            "/_control/users": (self._users, ["GET", "POST"]),
            "/_control/users/{id}": (self._user, ["GET", "PATCH", "DELETE"]),
            "/_control/roles": (self._roles, ["POST"]),
            "/_control/requests": (self._requests, ["GET", "DELETE"]),
            "/_control/faults": (self._faults, ["GET", "POST", "DELETE"]),
            "/_control/settings": (self._settings, ["GET", "PATCH"]),
            "/_control/clock": (self._clock, ["GET", "POST"]),
            "/_control/sync": (self._sync, ["GET", "PATCH", "POST"]),
            "/_control/reset": (self._reset_all, ["POST"]),
        }
        return [Route(path, _guarded(handler), methods=methods) for path, (handler, methods) in table.items()]

    async def _users(self, request: Request) -> Response:
        if request.method == "POST":
            body = await _json(request)
            if not isinstance(body.get("userPrincipalName"), str):
                raise ControlError("A user needs userPrincipalName.")
            body["id"] = str(uuid.UUID(body["id"])) if "id" in body else str(uuid.uuid4())
            self._tenant.write("user", body, by=_SOMEBODY)
            return JSONResponse(body, 201)
        now = self._tenant.clock.now()
        live = [_shown(item) for item in self._tenant.store.page("user", LIVE, now)]
        deleted = [_shown(item) for item in self._tenant.store.page("user", DELETED, now)]
        return JSONResponse({"users": live, "deletedUsers": deleted})

    async def _user(self, request: Request) -> Response:
        """Acts as someone else in the tenant would: no permission, no check of what Graph would refuse."""
        wanted = request.path_params["id"]
        found = self._tenant.user(wanted) or self._tenant.store.get(wanted.lower())
        if found is None or found.kind != "user":
            return JSONResponse({"error": f"There is no user {wanted!r}."}, 404)
        if request.method == "DELETE":
            self._tenant.write("user", found.body, GONE, by=_SOMEBODY)
            return Response(status_code=204)
        if request.method == "PATCH":
            changes = await _json(request)
            container = found.container
            if "deleted" in changes:
                container = DELETED if changes.pop("deleted") else LIVE
                changes["deletedDateTime"] = self._tenant.timestamp() if container == DELETED else None
            self._tenant.write("user", {**found.body, **changes, "id": found.id}, container, by=_SOMEBODY)
            found = self._tenant.store.get(found.id) or found
        return JSONResponse(_shown(found))

    async def _roles(self, request: Request) -> Response:
        """Gives one more role, as a row of the seed does."""
        self._tenant.roles = with_roles(self._tenant, [await _json(request)])
        return JSONResponse(self._tenant.roles.assignments[-1]._asdict(), 201)

    async def _requests(self, request: Request) -> Response:
        log = self._tenant.log
        if request.method == "DELETE":
            log.clear()
            return Response(status_code=204)
        wanted = request.query_params
        rows = [
            row
            for row in log
            if row["method"] == wanted.get("method", row["method"]) and wanted.get("path", "") in row["path"]
        ]
        return JSONResponse({"requests": rows, "count": len(rows)})

    async def _faults(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._tenant.faults.clear()
        elif request.method == "POST":
            self._tenant.faults.add(await _json(request))
        return JSONResponse({"faults": self._tenant.faults.as_list()})

    async def _settings(self, request: Request) -> Response:
        tenant = self._tenant
        if request.method == "PATCH":
            changes = await _json(request)
            features = changes.pop("features", {})
            unknown = set(features) - set(FEATURES)
            if unknown:
                raise ControlError(f"There is no feature {', '.join(sorted(unknown))}.")
            clients = read_clients(changes.pop("clients")) if "clients" in changes else {}
            tenant.settings.update(changes)
            tenant.clients.update(clients)
            tenant.features.update(features)
        return JSONResponse(
            {
                "settings": tenant.settings.as_dict(),
                "features": tenant.features,
                "clients": [
                    {
                        "clientId": item.client_id,
                        "displayName": item.display_name,
                        "permissions": sorted(item.permissions),
                    }
                    for item in tenant.clients.values()
                ],
                "assumptions": tenant.settings.assumptions(),
                "notes": tenant.notes,
            }
        )

    async def _clock(self, request: Request) -> Response:
        clock = self._tenant.clock
        if request.method == "POST":
            order = await _json(request)
            if set(order) - {"advanceSeconds", "frozen"}:
                raise ControlError("The clock takes 'advanceSeconds' and 'frozen'.")
            if "frozen" in order:
                clock.freeze() if order["frozen"] else clock.run()
            clock.advance(float(order.get("advanceSeconds", 0)))
            await self._simulation.tick()
        return JSONResponse({"now": rfc3339(clock.now()), "frozen": clock.frozen})

    async def _sync(self, request: Request) -> Response:
        if request.method == "POST":
            order = await _json(request)
            await self._tenant.sync.run_now(order.get("directory"), bool(order.get("initial", False)))
        elif request.method == "PATCH":
            order = await _json(request)
            self._tenant.sync.put(order.get("directory"), order.get("state"), order.get("staging"))
        return JSONResponse(self._tenant.sync.report())

    async def _reset_all(self, request: Request) -> Response:
        self._simulation.reset()
        return Response(status_code=204)


def _shown(stored: Stored) -> dict[str, Any]:
    """All properties; and whose password it is, which Graph does not tell."""
    return {"passwordSource": "cloud", **stored.body, "deleted": stored.container == DELETED}


async def _json(request: Request) -> dict[str, Any]:
    """The body; none at all is an empty one."""
    try:
        body = await request.json() if await request.body() else {}
    except ValueError:
        raise ControlError("The body is no JSON.") from None
    if not isinstance(body, dict):
        raise ControlError("The body must be a JSON object.")
    return body


def _guarded(handler: Handler) -> Handler:
    async def serve(request: Request) -> Response:
        # A web page in the same person's browser must not reach this door.
        if "origin" in request.headers:
            return JSONResponse({"error": "Requests from web pages are refused."}, 403)
        try:
            return await handler(request)
        except (ControlError, FaultError, SettingError, SeedError, ValueError, LookupError) as error:
            return JSONResponse({"error": str(error)}, 400)

    return serve
