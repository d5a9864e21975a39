"""The file of the classic recipe, read as ldifde wrote it: ANSI, CRLF, no ConsistencyGuid, blanks at line ends."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import harness
import pytest

sys.path.insert(0, str(harness.SUPPORT))

import make_sample_company
from sample_company import company


@pytest.fixture(scope="module")
def tenant(start_tenant: Callable[..., harness.Tenant]) -> harness.Tenant:
    return start_tenant(harness.SAMPLE_COMPANY / "tenant.json")


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "export.txt"
    path.write_bytes(make_sample_company.classic_recipe(company()))
    return path


def test_anchors_are_shown_and_marked_uncertain(playbooks: harness.Playbooks, export: Path) -> None:
    result = playbooks.module("ad_object_guid", src=[str(export)])
    guids = {person.guid for person in company()}
    assert result["objects"]
    assert {row["object_guid"] for row in result["objects"]} <= guids
    assert {row["anchor_certain"] for row in result["objects"]} == {False}
    assert all(row["immutable_id"] for row in result["objects"])


def test_nothing_is_planned_until_the_anchor_is_stated(
    playbooks: harness.Playbooks, export: Path, tenant: harness.Tenant
) -> None:
    source = {"src": [str(export)], "match_by": ["user_principal_name"]}
    asked = playbooks.module("entra_immutable_id", tenant.environment, check=True, **source)
    assert asked["summary"]["set"] == 0
    assert asked["summary"]["reasons"]["anchor_unconfirmed"] > 100

    stated = playbooks.module("entra_immutable_id", tenant.environment, check=True, anchor="object_guid", **source)
    assert stated["summary"]["set"] > 100
    assert "anchor_unconfirmed" not in stated["summary"]["reasons"]


def test_what_the_file_leaves_open_is_said_once_each_and_blocks_only_if_it_is_asked_to(
    playbooks: harness.Playbooks, export: Path, tenant: harness.Tenant
) -> None:
    options = {"src": [str(export)], "anchor": "object_guid", "match_by": ["user_principal_name"]}
    result = playbooks.module("entra_immutable_id", tenant.environment, check=True, **options)
    told = [
        sorted(effect["code"] for effect in row["effects"] if effect["code"].endswith("_unknown"))
        for row in result["users"]
        if row["action"] == "set"
    ]
    # Those without a licence have no mailbox to lose.
    sign_in = ["enabled_unknown", "expiry_unknown", "password_change_unknown"]
    assert sign_in in told
    assert sorted([*sign_in, "mailbox_unknown"]) in told
    assert {len(codes) - len(set(codes)) for codes in told} == {0}
    strict = playbooks.module(
        "entra_immutable_id", tenant.environment, check=True, block_effects=["enabled_unknown"], **options
    )
    assert strict["summary"]["reasons"]["enabled_unknown"] > 100
