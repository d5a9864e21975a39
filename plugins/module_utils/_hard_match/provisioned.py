# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Reading what Cloud Sync answers when it is asked for a single AD object.

The answer is JSON inside the strings ``key`` and ``value``, and 200 whatever came of it. Steps carry the AD object's
attributes in their details; none of them is passed on. Source: Microsoft Graph, synchronizationJob provisionOnDemand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Optional

#: What came of it, by Graph's word for it in lower case.
STATUS_OF = {"success": "provisioned", "skipped": "skipped", "failure": "refused"}

_CODES = ("errorcode", "skipreason")
_MESSAGES = ("errormessage", "reason", "additionaldetails")
_NO_CODE = "no code is given"
_NO_MESSAGE = "no reason is given."


class Provisioned(NamedTuple):
    """What an answer says.

    :ivar status: a value of :data:`STATUS_OF`, or ``unknown``: the answer has no result that is known.
    :ivar action: what was done to the user, in lower case, such as ``update``; ``None``: not said.
    :ivar target: object id of the user in Entra.
    :ivar steps: ``{"name", "type", "status", "description", "error"}``; ``error`` is ``{"code", "message"}`` or None.
    :ivar code: the service's code, where the object was not provisioned.
    :ivar message: its words for that.
    """

    status: str
    action: Optional[str]
    target: Optional[str]
    steps: list[dict[str, Any]]
    code: str = _NO_CODE
    message: str = _NO_MESSAGE


def read_answer(body: Any) -> Provisioned:
    """Read the body of the answer. A shape that is not known makes the status unknown and never an error."""
    answer = _mapping(body)
    key, value = _mapping(_decoded(answer.get("key"))), _mapping(_decoded(answer.get("value")))
    steps = list(_steps(value.get("provisioningSteps")))
    told = [_error(key.get("details")), _error(value.get("statusInfo")), *(step["error"] for step in reversed(steps))]
    return Provisioned(
        STATUS_OF.get(_word(key.get("result")) or "", "unknown"),
        _word(value.get("action")),
        _text(_mapping(value.get("targetIdentity")).get("id")),
        steps,
        next((error["code"] for error in told if error and error["code"]), _NO_CODE),
        next((error["message"] for error in told if error and error["message"]), _NO_MESSAGE),
    )


def user_rule(schema: Mapping[str, Any]) -> str | None:
    """Return the id of the rule that carries users, of a job's ``synchronizationSchema``; None if there is none."""
    rules = [rule for rule in schema.get("synchronizationRules") or () if rule.get("id")]
    of_users = [rule for rule in rules if any(map(_carries_users, rule.get("objectMappings") or ()))]
    # A job has one rule as a rule, and a schema may come without its mappings.
    found = of_users or (rules if len(rules) == 1 and not rules[0].get("objectMappings") else [])
    return str(found[0]["id"]) if found else None


def _carries_users(mapping: Mapping[str, Any]) -> bool:
    return mapping.get("enabled") is not False and _word(mapping.get("sourceObjectName")) == "user"


def _steps(value: Any) -> Iterator[dict[str, Any]]:
    for step in value if isinstance(value, list) else ():
        if isinstance(step, Mapping):
            status = _word(step.get("status")) or "unknown"
            yield {
                "name": _text(step.get("name")),
                "type": _word(step.get("type")),
                "status": status,
                "description": _text(step.get("description")),
                # Of a step that went well the details are the object's attributes.
                "error": None if status == "success" else _error(step.get("details")),
            }


def _error(details: Any) -> dict[str, Any] | None:
    """Return code and message that details name, whichever of the names in use they stand under."""
    named = {str(name).lower(): _text(value) for name, value in _mapping(details).items()}
    code = next((named[name] for name in _CODES if named.get(name)), None)
    message = next((named[name] for name in _MESSAGES if named.get(name)), None)
    return {"code": code, "message": message} if code or message else None


def _decoded(value: Any) -> Any:
    """Return the JSON inside a string; None if it is none."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _word(value: Any) -> str | None:
    text = _text(value)
    return text.lower() if text else None
