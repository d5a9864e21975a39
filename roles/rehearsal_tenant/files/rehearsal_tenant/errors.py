# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Graph's error answers, worded as the service words them."""

from __future__ import annotations

from typing import Any, Optional


class GraphError(Exception):
    """An answer that is an error; ``details`` and ``headers`` as Graph sends them."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: Optional[list[dict[str, Any]]] = None,
        headers: Optional[dict[str, str]] = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.headers = headers or {}

    def body(self, date: str, request_id: str, client_request_id: str) -> dict[str, Any]:
        """The error envelope; the inner names carry hyphens."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.details:
            error["details"] = self.details
        error["innerError"] = {"date": date, "request-id": request_id, "client-request-id": client_request_id}
        if self.status == 429:
            error["innerError"]["code"] = "429"
        return {"error": error}


def bad_request(
    message: str, code: str = "Request_BadRequest", details: Optional[list[dict[str, Any]]] = None
) -> GraphError:
    """400."""
    return GraphError(400, code, message, details)


def unsupported_query(message: str) -> GraphError:
    """400 for a query that needs the advanced mode or that this property does not support."""
    return GraphError(400, "Request_UnsupportedQuery", message)


def denied() -> GraphError:
    """403: the words do not tell a missing permission from a protected target."""
    return GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def not_found(object_id: str) -> GraphError:
    """404."""
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{object_id}' does not exist or one of its queried reference-property objects are not present.",
    )


def too_many_requests(retry_after: str) -> GraphError:
    """429 with the seconds after which it is worth trying again."""
    return GraphError(429, "TooManyRequests", "Too many requests.", headers={"Retry-After": retry_after})


def method_not_allowed() -> GraphError:
    """405, for example a beta call on v1.0."""
    return GraphError(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")


def on_premises_mastered() -> GraphError:
    """400: the user belongs to the synchronization."""
    return bad_request(
        "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently"
        " undergoing migration."
    )


def originated_elsewhere() -> GraphError:
    """400: the user once belonged to the synchronization."""
    return bad_request(
        "Unable to update the specified properties for objects that have originated within an external service."
    )


def duplicate(name: str, holder_kind: str, holder_id: str) -> GraphError:
    """400 for a value that another object holds; the second detail names the holder."""
    message = f"Another object with the same value for property {name} already exists."
    return bad_request(
        message,
        details=[
            {"code": "ObjectConflict", "message": message, "target": name},
            {
                "code": "ConflictingObjects",
                "message": "The conflicting objects are listed in target.",
                "target": f"{holder_kind.capitalize()}_{holder_id}",
            },
        ],
    )
