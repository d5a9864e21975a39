# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What Microsoft Graph answers when it does not do what was asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

# What to do, by HTTP status. The service's own English is shown but never interpreted.
_REMEDIES = {
    401: "The token was not accepted: check that tenant, cloud and endpoints belong together, and sign in again.",
    403: "Either the app lacks a permission (with admin consent) for this call, or the target is protected because it "
    "holds a directory role or is a member or owner of a role-assignable group.",
    429: "The service kept throttling for longer than retry_time: raise retry_time, or lower write_quota if other "
    "programs write with the same app.",
}


class GraphError(Failure):
    """One request that Microsoft Graph refused, or that got no answer.

    :ivar status: HTTP status; ``None`` when no answer came.
    :ivar code: Graph's ``error.code``, or one of ours: ``transport`` (no answer), ``not_sent`` (an earlier request
        showed that the service is out of reach), ``missing_response`` (a batch answered without this item).
    :ivar details: Graph's ``error.details``: dicts with ``code``, ``message``, ``target``.
    :ivar request_id: what Microsoft's support asks for.
    :ivar service_message: the service's own words, or the reason in ours.
    :ivar uncertain: true when the request may have been carried out all the same.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        service_message: str | None = None,
        details: Iterable[Mapping[str, Any]] = (),
        request_id: str | None = None,
        uncertain: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.service_message = service_message or message
        self.details = [dict(detail) for detail in details]
        self.request_id = request_id
        self.uncertain = uncertain

    @property
    def is_of_the_service(self) -> bool:
        """Whether it speaks of the service, the way to it or the sign-in, and not of the request."""
        return self.status is None or self.status in (401, 429) or self.status >= 500

    def as_row_error(self) -> dict[str, Any]:
        """Return the ``error`` field of a row: ``status, code, message, request_id``."""
        return {
            "status": self.status,
            "code": self.code,
            "message": self.service_message,
            "request_id": self.request_id,
        }


def error_from_response(what: str, status: int, headers: Mapping[str, str], body: Any, note: str = "") -> GraphError:
    """Read Graph's error envelope.

    :param what: the request as a person reads it: ``PATCH /users/<id>``.
    :param headers: the answer's headers, or those of a batch item.
    :param body: the decoded JSON body; anything else (a proxy's HTML page) is left out.
    :param note: a further sentence, for example how long it was tried.
    """
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        error = {}
    inner = error.get("innerError") or error.get("innererror")  # both spellings are in use
    if not isinstance(inner, Mapping):
        inner = {}
    code = _text(error.get("code"))
    service_message = _text(error.get("message"))
    request_id = _text(inner.get("request-id")) or _header(headers, "request-id")
    details = error.get("details")
    answer = " ".join(filter(None, [str(status), code]))
    sentences = [
        f"{what} was answered with {answer}{': ' + service_message if service_message else ''}".rstrip(". ") + ".",
        note,
        _exceeded(headers) if status == 429 else "",
        _REMEDIES.get(status, ""),
        f"Request id: {request_id}." if request_id else "",
    ]
    return GraphError(
        " ".join(filter(None, sentences)),
        status=status,
        code=code,
        service_message=service_message,
        details=[detail for detail in details if isinstance(detail, Mapping)] if isinstance(details, list) else (),
        request_id=request_id,
        uncertain=status >= 500,
    )


def conflicting_ids(error: GraphError) -> list[str]:
    """Return the ids of the objects that already hold the value, as the service names them.

    The source is ``error.details`` of a 400: ``ConflictingObjects`` has the target ``User_<object id>``. The object
    may live in the recycle bin. An empty list says that the service named nobody.
    """
    found: dict[str, None] = {}
    for detail in error.details:
        if detail.get("code") == "ConflictingObjects":
            for guid in _GUID.findall(str(detail.get("target") or "")):
                found[guid.lower()] = None
    return list(found)


def _exceeded(headers: Mapping[str, str]) -> str:
    """Say which limit it was, from Graph's ``x-ms-throttle-scope`` and ``x-ms-throttle-information``, if it tells."""
    told = filter(None, (_header(headers, f"x-ms-throttle-{name}") for name in ("information", "scope")))
    limit = ", ".join(told)
    return f"The limit: {limit}." if limit else ""


def _header(headers: Mapping[str, str], name: str) -> str | None:
    for key, value in headers.items():
        if key.lower() == name:
            return value
    return None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
