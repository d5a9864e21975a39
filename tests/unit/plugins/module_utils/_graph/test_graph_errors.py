# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Graph's error bodies, as documented."""

from __future__ import annotations

from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import (
    conflicting_ids,
    error_from_response,
)

HOLDER = "AAAAAAAA-bbbb-cccc-dddd-eeeeeeeeeeee"


def conflict(*details):
    return {
        "error": {
            "code": "Request_BadRequest",
            "message": "Another object with the same value for property onPremisesImmutableId already exists.",
            "details": list(details),
            "innerError": {"date": "2026-11-23T12:00:00", "request-id": "req-1", "client-request-id": "c-1"},
        }
    }


def test_a_conflict_names_the_holder():
    body = conflict(
        {"code": "ObjectConflict", "message": "…", "target": "onPremisesImmutableId"},
        {"code": "ConflictingObjects", "message": "…", "target": f"User_{HOLDER}"},
    )
    error = error_from_response("PATCH /users/x", 400, {}, body)
    assert conflicting_ids(error) == [HOLDER.lower()]
    assert error.as_row_error() == {
        "status": 400,
        "code": "Request_BadRequest",
        "message": "Another object with the same value for property onPremisesImmutableId already exists.",
        "request_id": "req-1",
    }
    assert error.message.startswith("PATCH /users/x was answered with 400 Request_BadRequest: Another object")
    assert "req-1" in error.message
    assert not error.uncertain


def test_a_conflict_without_details_names_nobody():
    body = conflict()
    del body["error"]["details"]
    assert conflicting_ids(error_from_response("PATCH /users/x", 400, {}, body)) == []
    assert conflicting_ids(error_from_response("PATCH /users/x", 400, {}, conflict({"code": "ObjectConflict"}))) == []


def test_several_holders_are_named_once_each():
    detail = {
        "code": "ConflictingObjects",
        "target": f"User_{HOLDER},User_{HOLDER.lower()},User_{'1' * 8}-{HOLDER[9:]}",
    }
    error = error_from_response("PATCH /users/x", 400, {}, conflict(detail))
    assert conflicting_ids(error) == [HOLDER.lower(), f"{'1' * 8}-{HOLDER[9:].lower()}"]


def test_the_older_spelling_of_inner_error():
    body = {"error": {"code": "x", "message": "y", "innererror": {"request-id": "old"}}}
    assert error_from_response("GET /x", 404, {}, body).request_id == "old"


def test_a_403_says_both_causes():
    body = {"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges."}}
    message = error_from_response("PATCH /users/x", 403, {"Request-Id": "h-1"}, body).message
    assert "permission" in message
    assert "role" in message
    assert "h-1" in message


def test_bodies_that_are_no_error_envelope():
    for body in (None, "<html>", [], {}, {"error": "invalid_request"}, {"error": {"code": 5, "details": "x"}}):
        error = error_from_response("GET /x", 502, {}, body)
        assert error.status == 502
        assert error.code is None
        assert error.message.startswith("GET /x was answered with 502.")
        assert error.as_row_error()["message"] == error.message
        assert error.uncertain


def test_a_limit_that_was_exceeded_is_named():
    headers = {"X-Ms-Throttle-Scope": "Tenant_Application/Write", "x-ms-throttle-information": "WriteLimitExceeded"}
    assert "The limit: WriteLimitExceeded, Tenant_Application/Write. " in (
        error_from_response("PATCH /users/x", 429, headers, None).message
    )
    assert "The limit" not in error_from_response("PATCH /users/x", 429, {}, None).message
