"""What the module reads from a real domain controller is what other tools read from it."""

from __future__ import annotations

import base64
import json
import re
import sys
import uuid
from pathlib import Path
from typing import Any

import harness
import pytest

sys.path.insert(0, str(harness.SUPPORT))

import make_sample_company

ATTRIBUTES = make_sample_company.EXPORTED
USERS = "(&(objectCategory=person)(objectClass=user))"


def unfolded_values(ldif: str, attribute: str) -> dict[str, list[str]]:
    """Return objectGUID (base64) -> values of ``attribute`` (base64), one per entry; an oracle of its own."""
    found: dict[str, list[str]] = {}
    for block in re.sub(r"\n ", "", ldif).split("\n\n"):
        guid = re.search(r"^objectGUID:: (.*)$", block, re.MULTILINE)
        if guid:
            values = re.findall(rf"^{attribute}(::?) (.*)$", block, re.MULTILINE)
            found[guid.group(1)] = [
                value if mark == "::" else base64.b64encode(value.encode()).decode() for mark, value in values
            ]
    return found


def read_rows(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return header and rows of one of the collection's files, whole."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert lines[-1] == {"kind": "end", "rows": len(lines) - 2}
    return lines[0], lines[1:-1]


def comparable(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the rows by GUID, without what says where they came from and with values in one order."""
    result = {}
    for row in rows:
        row = {name: value for name, value in row.items() if name != "source"}
        row["proxy_addresses"] = sorted(row["proxy_addresses"] or [])
        result[row["object_guid"]] = row
    assert len(result) == len(rows)
    return result


@pytest.fixture(scope="module")
def over_ldap(samba: harness.DomainController, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    playbooks = harness.Playbooks(tmp_path_factory.mktemp("over_ldap"))
    dest = playbooks.folder / "ldap.jsonl"
    result = playbooks.module("ad_object_guid", samba.environment, search_base=samba.base, dest=str(dest))
    assert not result.get("failed"), result
    header, rows = read_rows(dest)
    assert header["kind"] == "objects"
    assert header["domain"] == samba.realm
    assert set(header["attributes"]) >= {"object_guid", "consistency_guid", "enabled", "proxy_addresses"}
    return rows


def test_every_guid_is_the_one_that_ldapsearch_prints(
    samba: harness.DomainController, over_ldap: list[dict[str, Any]]
) -> None:
    printed = samba.ldapsearch(samba.base, USERS, ["objectGUID", "mS-DS-ConsistencyGuid"])
    consistency = unfolded_values(printed, "mS-DS-ConsistencyGuid")
    assert len(consistency) > 3200

    assert {row["object_guid"] for row in over_ldap} == {
        str(uuid.UUID(bytes_le=base64.b64decode(text))) for text in consistency
    }
    anchored_by_guid = 0
    for row in over_ldap:
        guid = base64.b64encode(uuid.UUID(row["object_guid"]).bytes_le).decode()
        assert [row["consistency_guid"]] == (consistency[guid] or [None])
        if not consistency[guid]:
            assert (row["immutable_id"], row["anchor_source"]) == (guid, "object_guid")
            anchored_by_guid += 1
        elif row["immutable_id"] is not None:
            assert [row["immutable_id"]] == consistency[guid]
    assert 2000 < anchored_by_guid < len(over_ldap)


@pytest.mark.parametrize("wrap", ["no", "76"])
def test_output_of_ldapsearch_gives_the_same_rows(
    samba: harness.DomainController, playbooks: harness.Playbooks, over_ldap: list[dict[str, Any]], wrap: str
) -> None:
    export = playbooks.folder / "ldapsearch.ldif"
    export.write_text(samba.ldapsearch(samba.base, USERS, ATTRIBUTES, "-o", f"ldif-wrap={wrap}"), encoding="utf-8")
    dest = playbooks.folder / "file.jsonl"
    result = playbooks.module("ad_object_guid", src=[str(export)], dest=str(dest))
    assert not result.get("failed"), result
    _header, rows = read_rows(dest)
    assert comparable(rows) == comparable(over_ldap)


def test_output_of_ldbsearch_gives_the_same_rows(
    samba: harness.DomainController, playbooks: harness.Playbooks, over_ldap: list[dict[str, Any]]
) -> None:
    export = playbooks.folder / "ldbsearch.ldif"
    printed = samba.ldbsearch(samba.base, USERS, ATTRIBUTES)
    export.write_text(printed, encoding="utf-8")
    dest = playbooks.folder / "file.jsonl"
    result = playbooks.module("ad_object_guid", src=[str(export)], dest=str(dest))
    assert not result.get("failed"), result
    _header, rows = read_rows(dest)
    assert comparable(rows) == comparable(over_ldap)


def test_a_file_of_fewer_attributes_knows_less(samba: harness.DomainController, playbooks: harness.Playbooks) -> None:
    """The classic recipe's two attributes: the same GUIDs, shown as uncertain."""
    export = playbooks.folder / "two.ldif"
    export.write_text(
        samba.ldapsearch(samba.large_base, "(userPrincipalName=*)", ["objectGUID", "userPrincipalName"]), "utf-8"
    )
    result = playbooks.module("ad_object_guid", src=[str(export)], return_limit=5000)
    assert not result.get("failed"), result
    assert len(result["objects"]) == 2850
    assert {row["anchor_certain"] for row in result["objects"]} == {False}
    assert {row["consistency_guid"] for row in result["objects"]} == {None}
    assert "consistency_guid" not in result["attributes"]
    stated = playbooks.module("ad_object_guid", src=[str(export)], anchor="object_guid", return_limit=5000)
    assert {row["anchor_certain"] for row in stated["objects"]} == {True}
    assert {row["object_guid"]: row["immutable_id"] for row in stated["objects"]} == {
        row["object_guid"]: row["immutable_id"] for row in result["objects"]
    }


def test_the_sample_company_has_the_same_guids_in_samba_as_in_its_export(
    playbooks: harness.Playbooks, over_ldap: list[dict[str, Any]]
) -> None:
    export = harness.SAMPLE_COMPANY / "export.ldf"
    result = playbooks.module("ad_object_guid", src=[str(export)], return_limit=1000)
    fields = ("object_guid", "object_sid", "consistency_guid", "login_name", "mail", "proxy_addresses", "enabled")
    there = {row["sam_account_name"]: row for row in over_ldap}
    # A domain makes these itself; they keep their SIDs, but not their GUIDs.
    compared = [row for row in result["objects"] if row["sam_account_name"] not in ("Administrator", "Guest", "krbtgt")]
    assert len(compared) > 200
    for row in compared:
        other = there[row["sam_account_name"]]
        for field in fields:
            ours, theirs = (sorted(r[field]) if field == "proxy_addresses" else r[field] for r in (row, other))
            assert ours == theirs, (row["sam_account_name"], field)
