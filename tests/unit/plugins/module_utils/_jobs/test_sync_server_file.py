# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of the sync server: read with clear errors, and named when the server did not answer."""

from __future__ import annotations

import json

import pytest
from status_runs import anchored, asked, run, states
from tenant_double import anchor

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure

SERVER = {"server": {"name": "sync1"}, "asked": "2026-11-23T12:00:00Z", "error": None, "runs": [], "objects": []}


@pytest.fixture
def connect(tmp_path):
    """Return a function: the path of a file with this content."""

    def write(content):
        path = tmp_path / "connect.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return str(path)

    return write


def test_what_the_server_said_joins_the_reasons(connect):
    refused = {"immutable_id": anchor(1), "found": True, "export_error": "LargeObject", "sync_error": None}
    result = run(anchored(1, 2), asked(1), asked(2), sync_server=connect({**SERVER, "objects": [refused]}))
    assert sorted(states(result)) == [("in_cloud", "export_too_large"), ("pending", "awaiting_sync")]
    assert result["summary"]["in_cloud"] == 1


def test_nobody_waits_for_a_user_whose_export_failed(connect):
    tenant = anchored(1)
    refused = {"immutable_id": anchor(1), "found": True, "export_error": "LargeObject", "sync_error": None}
    run(tenant, asked(1), wait=True, sync_server=connect({**SERVER, "objects": [refused]}))
    assert tenant.now == 0


def test_a_server_that_did_not_answer_is_unchecked(connect):
    result = run(anchored(1), asked(1), sync_server=connect({**SERVER, "error": "It cannot be reached."}))
    [row] = result["users"]
    [item] = [item for item in row["unchecked"] if "sync1" in item["what"]]
    assert "It cannot be reached." in item["what"]
    assert "ADSyncAdmins" in item["permission"]
    assert item in result["tenant"]["unchecked"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"server":\n{"name": "sync1",}}', "connect.json, line 2: this is no JSON"),
        (b"\xff\xfe", "no text in UTF-8"),
        ([], "does not say how a sync server stands: the file is not an object"),
    ],
)
def test_a_file_that_is_something_else_is_refused(connect, content, says):
    with pytest.raises(Failure, match=says) as caught:
        run(anchored(1), asked(1), sync_server=connect(content))
    assert "hard_match_sync=connect_sync" in caught.value.message


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(Failure, match=r"none\.json: what the sync server said cannot be read: No such file"):
        run(anchored(1), asked(1), sync_server=str(tmp_path / "none.json"))
