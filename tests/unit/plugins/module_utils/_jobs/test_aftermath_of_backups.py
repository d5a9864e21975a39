# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Comparing users with their backups: which row counts, what was not read, and whose files they are."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from tenant_double import SERVICE, TENANT, Tenant, user_id

from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.aftermath import Aftermath
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.backup import save_backup
from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowError, RowSink, header


def backup_of(tmp_path, *rows, file="a", tenant_id=TENANT, source=SERVICE, kind="backup"):
    """Write a backup of rows (number, time, properties)."""
    path = str(tmp_path / f"{file}.jsonl")
    with RowSink(header(kind, tenant_id=tenant_id, source=source), path, 0) as sink:
        for number, time, properties in rows:
            sink.write({"id": user_id(number), "time": time, "properties": {"id": user_id(number), **properties}})
    return path


def aftermath(tenant, paths, *numbers, src=()):
    found = Aftermath(tenant, paths)
    found.read([user_id(number) for number in numbers], src)
    return found


def told(found, number):
    changes = found.changes(user_id(number))
    return None if changes is None else {item["property"]: (item["before"], item["after"]) for item in changes}


def test_each_user_is_compared_with_its_own_row(tmp_path):
    tenant = Tenant(0)
    for number, department in ((1, "Sales"), (2, "Sales"), (3, "Sales")):
        tenant.add(number, department=department, city="Oslo")
    targets = [{"id": user_id(number), "after": "x", "action": "set"} for number in (1, 2)]
    path = save_backup(tenant, targets, str(tmp_path / "x.journal.jsonl")).path
    tenant.change(1, department=None, city="Bergen", onPremisesSyncEnabled=True)
    found = aftermath(tenant, [path], 1, 2, 3)
    assert told(found, 1) == {"department": ("Sales", None), "city": ("Oslo", "Bergen")}
    assert told(found, 2) == {}
    assert told(found, 3) is None, "nobody saved this one"
    assert [found.unchecked(user_id(number)) for number in (1, 2, 3)] == [[], [], []]


def test_a_manager_that_is_lost_is_told(tmp_path):
    tenant = Tenant(0)
    for number in (1, 2):
        tenant.add(number, manager={"id": user_id(9)})
    targets = [{"id": user_id(number), "after": "x", "action": "set"} for number in (1, 2)]
    path = save_backup(tenant, targets, str(tmp_path / "x.journal.jsonl")).path
    tenant.change(1, manager=None)
    found = aftermath(tenant, [path], 1, 2)
    assert (told(found, 1), told(found, 2)) == ({"manager": (user_id(9), None)}, {})


def test_only_who_is_asked_for_is_read(tmp_path):
    tenant = Tenant(3)
    path = backup_of(tmp_path, *((number, "2026-11-23T12:00:00Z", {"city": "Oslo"}) for number in (1, 2, 3)))
    tenant.unreadable = {user_id(number): GraphError("Not this one.", status=500) for number in (1, 3)}
    assert told(aftermath(tenant, [path], 2), 2) == {"city": ("Oslo", None)}


def test_the_newest_row_counts_in_whatever_file_it_is(tmp_path):
    tenant = Tenant(0)
    tenant.add(1, city="Bergen")
    tenant.add(2, city="Bergen")
    first = backup_of(tmp_path, (1, "2026-11-20T12:00:00Z", {"city": "A"}), (1, "2026-11-22T12:00:00Z", {"city": "C"}))
    second = backup_of(
        tmp_path, (1, "2026-11-21T12:00:00Z", {"city": "B"}), (2, "2026-11-21T12:00:00Z", {"city": "B"}), file="b"
    )
    for paths in ([first, second], [second, first], [first, second, first]):
        found = aftermath(tenant, paths, 1, 2)
        assert told(found, 1) == {"city": ("C", "Bergen")}
        assert told(found, 2) == {"city": ("B", "Bergen")}


def test_rows_with_different_properties_are_each_compared_by_what_they_have(tmp_path):
    tenant = Tenant(0)
    tenant.add(1, city="Bergen", state="X")
    tenant.add(2, city="Bergen", state="X")
    path = backup_of(tmp_path, (1, None, {"city": "Oslo"}), (2, None, {"state": "Y"}))
    found = aftermath(tenant, [path], 1, 2)
    assert (told(found, 1), told(found, 2)) == ({"city": ("Oslo", "Bergen")}, {"state": ("Y", "X")})


def test_who_cannot_be_read_is_unknown_and_not_unchanged(tmp_path):
    tenant = Tenant(2)
    path = backup_of(tmp_path, (1, None, {"city": None}), (2, None, {"city": None}), (3, None, {"city": None}))
    tenant.unreadable[user_id(1)] = GraphError("The service is busy.", status=503)
    found = aftermath(tenant, [path], 1, 2, 3)
    assert [told(found, number) for number in (1, 2, 3)] == [None, {}, None]
    (unchecked,) = found.unchecked(user_id(1))
    assert "The service is busy." in unchecked["what"]
    assert unchecked["permission"] == "User.Read.All"
    assert "not there" in found.unchecked(user_id(3))[0]["what"]


def test_a_property_that_does_not_come_is_named(tmp_path):
    tenant = Tenant(0)
    tenant.add(1, city="Bergen")
    path = backup_of(tmp_path, (1, None, {"city": "Oslo", "state": "X"}))
    answer = tenant._answer

    def forgetful(request):
        response = answer(request)
        del response.body["state"]
        return response

    tenant._answer = forgetful
    found = aftermath(tenant, [path], 1)
    assert told(found, 1) == {"city": ("Oslo", "Bergen")}
    assert "state" in found.unchecked(user_id(1))[0]["what"]


def test_what_is_not_compared_is_not_read(tmp_path):
    tenant = Tenant(1)
    path = backup_of(tmp_path, (1, None, {"city": None, "assignedPlans": [], "signInActivity": {}}))
    asked, answer = [], tenant._answer
    tenant._answer = lambda request: asked.append(request.path) or answer(request)
    aftermath(tenant, [path], 1)
    assert [parse_qs(urlsplit(path).query)["$select"] for path in asked] == [["id,city"]]


def test_plans_say_what_was_to_be_expected(tmp_path):
    tenant = Tenant(0)
    for number in (1, 2, 3):
        tenant.add(number, city="Bergen", state="X")
    path = backup_of(tmp_path, *((number, None, {"city": "Oslo", "state": "Y"}) for number in (1, 2, 3)))
    plan = str(tmp_path / "plan.jsonl")
    with RowSink(header("plan", tenant_id=TENANT), plan, 0) as sink:
        sink.write({"id": user_id(1), "effects": [{"code": "overwritten", "property": "city"}]})
        sink.write({"id": user_id(2), "effects": None})
        sink.write({"id": None, "effects": None})
    found = aftermath(tenant, [path], 1, 2, 3, src=[plan, path])

    def predicted(number):
        return {item["property"]: item["predicted"] for item in found.changes(user_id(number))}

    assert predicted(1) == {"city": True, "state": False}
    assert predicted(2) == predicted(3) == {"city": None, "state": None}


def test_backups_of_another_tenant_or_service_and_other_files_are_refused_at_once(tmp_path):
    tenant = Tenant(1)
    for options, words in (
        ({"tenant_id": "11111111-0000-0000-0000-000000000000"}, "belongs to tenant 11111111"),
        ({"source": "https://graph.other"}, "of https://graph.other"),
        ({"kind": "plan"}, '"backup" is needed'),
    ):
        with pytest.raises(RowError, match=words):
            Aftermath(tenant, [backup_of(tmp_path, **options)])
    with pytest.raises(RowError, match="no such file"):
        Aftermath(tenant, [str(tmp_path / "nowhere.jsonl")])
    assert tenant.requests == 0


def test_a_damaged_row_is_named_by_its_line(tmp_path):
    path = str(tmp_path / "a.jsonl")
    with RowSink(header("backup", tenant_id=TENANT, source=SERVICE), path, 0) as sink:
        sink.write({"id": user_id(1)})
    with pytest.raises(RowError, match=r"line 2: the row lacks its id or its properties"):
        aftermath(Tenant(1), [path], 1)


def test_text_that_is_no_unicode_survives(tmp_path):
    tenant = Tenant(0)
    tenant.add(1, city="a\ud800b")
    found = aftermath(tenant, [backup_of(tmp_path, (1, None, {"city": "å"}))], 1)
    assert told(found, 1) == {"city": ("å", "a\ud800b")}
