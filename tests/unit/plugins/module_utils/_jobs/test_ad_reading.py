# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A status that takes AD as it is now."""

from __future__ import annotations

import pytest
from status_runs import anchored, asked, result_row, rows_file, run
from tenant_double import anchor, guid, name

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowSink, header


def objects(tmp_path, *rows, missing=None, kind="objects"):
    path = str(tmp_path / f"ad-{kind}.jsonl")
    fields = {"login_name", "object_guid", "immutable_id", "anchor_certain", "anchor_reason", "enabled"}
    with RowSink(header(kind, attributes=fields, missing=missing), path, 0) as sink:
        for row in rows:
            sink.write(row)
    return [path]


def ad_row(number, **fields):
    return {"login_name": name(number), "object_guid": guid(number), "immutable_id": anchor(number),
            "anchor_certain": True, "anchor_reason": None, "in_scope": True, "scope_reasons": [], "enabled": True,
            "mail": None, **fields}  # fmt: skip


def codes(result):
    """Return the codes, without the one that all rows of this tenant have."""
    return [[why["code"] for why in row["reasons"] if why["code"] != "flags_unreadable"] for row in result["users"]]


def test_one_person_is_asked_for_by_name_and_ad_says_what_is_expected(tmp_path):
    found = run(anchored(1), {"user": name(1)}, ad_objects=objects(tmp_path, ad_row(1, immutable_id=anchor(2))))
    assert codes(found) == [["anchor_differs"]]
    [row] = found["users"]
    assert row["expected_immutable_id"] == anchor(2)
    assert "mail" not in row["object"]  # it was not read


def test_what_a_result_knew_gives_way(tmp_path):
    known = {"login_name": name(1), "object_guid": guid(1), "in_scope": True}
    src = [rows_file(tmp_path, "result", result_row(1, on_premises=known))]
    assert codes(run(anchored(1), src=src, ad_objects=objects(tmp_path, ad_row(1, enabled=False)))) == [
        ["awaiting_sync", "ad_account_disabled"]
    ]
    assert codes(run(anchored(1), src=src, ad_objects=objects(tmp_path, missing=[guid(1)]))) == [["ad_object_gone"]]


def test_what_is_asked_for_beside_the_anchor_is_compared(tmp_path):
    found = run(anchored(1), asked(1), ad_objects=objects(tmp_path, ad_row(1, immutable_id=anchor(2))))
    assert codes(found) == [["ad_anchor_changed"]]


def test_ad_that_could_not_be_asked_is_named(tmp_path):
    [row] = run(anchored(1), asked(1), ad_error="No domain controller answers.")["users"]
    assert [item["what"] for item in row["unchecked"] if "AD" in item["what"]] == [
        "what AD says of the objects now: No domain controller answers."
    ]
    assert codes({"users": [row]}) == [["awaiting_sync"]]


def test_only_files_of_objects_will_do(tmp_path):
    with pytest.raises(Failure, match="plan"):
        run(anchored(1), asked(1), ad_objects=objects(tmp_path, kind="plan"))
