# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the answer of provisionOnDemand: the documented shape, and whatever else may come."""

from __future__ import annotations

import json

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.provisioned import read_answer, user_rule


def answer(result="Success", details=None, **value):
    return {"key": json.dumps({"result": result, "details": details or {}}), "value": json.dumps(value)}


def step(name, status="Success", **more):
    return {"name": name, "type": "Export", "status": status, "description": "What was done", **more}


def test_success_as_documented():
    found = read_answer(
        answer(
            provisioningSteps=[step("EntryExportUpdate")],
            action="Update",
            statusInfo={"status": "Success"},
            targetIdentity={"id": "87cb2512", "type": "User"},
        )
    )
    assert (found.status, found.action, found.target) == ("provisioned", "update", "87cb2512")
    assert found.steps == [
        {
            "name": "EntryExportUpdate",
            "type": "export",
            "status": "success",
            "description": "What was done",
            "error": None,
        }
    ]


def test_a_refusal_has_code_words_and_the_step_that_failed():
    why = {"ErrorCode": "InvalidHardMatch", "ErrorMessage": "It exists already."}
    found = read_answer(
        answer(
            "Failure",
            {"errorCode": "InvalidHardMatch"},
            provisioningSteps=[step("EntryExport", "Failure", details=why)],
        )
    )
    assert (found.status, found.code, found.message) == ("refused", "InvalidHardMatch", "It exists already.")
    assert found.steps[0]["error"] == {"code": "InvalidHardMatch", "message": "It exists already."}


def test_the_reason_stands_under_different_names():
    info = {"status": "Failure", "errorCode": "DuplicateValue", "reason": "Somebody has it."}
    found = read_answer(answer("Failure", statusInfo=info))
    assert (found.code, found.message) == ("DuplicateValue", "Somebody has it.")
    found = read_answer(
        answer("Skipped", provisioningSteps=[step("Skip", "Skipped", details={"SkipReason": "RedundantExport"})])
    )
    assert (found.status, found.code) == ("skipped", "RedundantExport")


def test_attributes_of_the_object_are_not_passed_on():
    details = {"distinguishedName": "CN=A", "employeeID": "secret-17", "errors": "", "description": "secret-18"}
    found = read_answer(
        answer(
            provisioningSteps=[step("EntryImportAdd", details=details), step("EntryImport", "Failure", details=details)]
        )
    )
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        [],
        {"key": None, "value": None},
        {"key": "no JSON", "value": "[1, 2]"},
        {"key": "[]", "value": '{"provisioningSteps": {"a": 1}, "targetIdentity": "x", "statusInfo": []}'},
        {"key": '{"result": "Perhaps"}', "value": '{"provisioningSteps": [null, 3, "x"]}'},
        {"key": '{"result": {"a": 1}, "details": "x"}', "value": '{"action": 5, "targetIdentity": {"id": 5}}'},
    ],
)
def test_what_is_not_understood_is_unknown(body):
    found = read_answer(body)
    assert (found.status, found.action, found.target, found.steps) == ("unknown", None, None, [])


def test_a_step_that_is_not_understood_is_unknown_and_keeps_the_rest():
    found = read_answer(answer(provisioningSteps=[{}, step("EntryExportAdd")]))
    assert [one["status"] for one in found.steps] == ["unknown", "success"]
    assert found.status == "provisioned"


def test_objects_that_are_not_inside_strings_are_read_too():
    assert read_answer({"key": {"result": "success"}, "value": {"action": "Create"}}).action == "create"


def rule(id_, *sources, **more):
    return {"id": id_, "objectMappings": [{"sourceObjectName": name, **more} for name in sources]}


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ([rule("1", "group"), rule("2", "contact", "User")], "2"),
        ([{"id": "1"}], "1"),
        ([rule("1", "group")], None),
        ([rule("1", "user", enabled=False)], None),
        ([{"id": "1"}, {"id": "2"}], None),
        ([rule("", "user")], None),
        ([], None),
        (None, None),
    ],
)
def test_the_rule_that_carries_users(rules, found):
    assert user_rule({"synchronizationRules": rules}) == found
