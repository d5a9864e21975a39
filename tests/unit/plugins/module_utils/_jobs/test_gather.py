# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ad_object_guid."""

from __future__ import annotations

import json
import os
import shutil
import stat
import uuid

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._directory.entry import Entry
from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._jobs import gather as job
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.runner import Context
from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowReader

BASE = "DC=emea,DC=example,DC=com"
SHARED = uuid.uuid4().bytes_le


class FakeDirectory:
    attributes = None
    description = f"ldaps://dc1:636/{BASE}"
    base = BASE

    def __init__(self, entries):
        self.entries = entries
        self.problems = []

    def __iter__(self):
        for entry in self.entries:
            if isinstance(entry, Exception):
                raise entry
            yield entry


def person(name, **values):
    attributes = {
        "objectclass": [b"top", b"user"],
        "samaccountname": [name.encode()],
        "userprincipalname": [f"{name}@example.com".encode()],
        "objectguid": [uuid.uuid4().bytes_le],
        "useraccountcontrol": [b"512"],
        **{key.replace("_", "-"): value for key, value in values.items()},
    }
    return Entry(f"CN={name},OU=People,{BASE}", attributes, FakeDirectory.description)


class Run:
    """Runs the job on a fake directory or on files; ``warnings`` and ``asked`` are what it said and asked for."""

    def __init__(self, monkeypatch):
        self.entries = []
        self.warnings = []
        self.asked = {}
        monkeypatch.setattr(job, "open_directory", self._open)

    def _open(self, params, attributes, warn, filters):
        self.asked = {"attributes": attributes, "filters": filters}
        return FakeDirectory(self.entries)

    def __call__(self, *entries, **changes):
        self.entries = entries
        params = {name: spec.get("default") for name, spec in job.ARGUMENTS.items()}
        return job.gather({**params, **changes}, Context(False, False, self.warnings.append))


@pytest.fixture
def run(monkeypatch):
    return Run(monkeypatch)


def test_objects_are_returned_with_their_anchors(run):
    jane = person("jane")
    result = run(jane)
    [row] = result["objects"]
    assert row["user_principal_name"] == "jane@example.com"
    assert row["object_guid"] == str(uuid.UUID(bytes_le=jane.attributes["objectguid"][0]))
    assert row["anchor_certain"] is True
    assert result["changed"] is False
    assert result["truncated"] is False
    assert result["dest"] is None
    assert result["summary"]["objects"] == result["summary"]["anchor_object_guid"] == 1
    assert "consistency_guid" in result["attributes"]
    assert run.warnings == []


def test_all_rows_go_to_dest_privately_whatever_is_returned(run, tmp_path):
    dest = tmp_path / "objects.jsonl"
    result = run(*(person(f"user{number}") for number in range(30)), dest=str(dest), return_limit=2)
    assert len(result["objects"]) == 2
    assert result["truncated"] is True
    reader = RowReader(str(dest), ["objects"])
    assert [row["sam_account_name"] for _line, row in reader] == [f"user{number}" for number in range(30)]
    assert reader.header["domain"] == "emea.example.com"
    assert reader.header["attributes"] == result["attributes"]
    assert reader.header["source"] == FakeDirectory.description
    assert stat.S_IMODE(dest.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["objects.jsonl"]


def test_a_failure_on_the_way_leaves_the_former_file(run, tmp_path):
    dest = tmp_path / "objects.jsonl"
    dest.write_text("former")
    with pytest.raises(Failure, match="broke off"):
        run(person("jane"), Failure("the server broke off"), dest=str(dest))
    assert dest.read_text() == "former"
    assert os.listdir(tmp_path) == ["objects.jsonl"]


def test_a_dest_that_cannot_be_written_is_named(run, tmp_path):
    with pytest.raises(Failure, match="its folder does not exist"):
        run(person("jane"), dest=str(tmp_path / "missing" / "objects.jsonl"))


@pytest.mark.parametrize("with_dest", [True, False])
def test_an_anchor_used_twice_is_taken_from_all_its_holders(run, tmp_path, with_dest):
    dest = str(tmp_path / "objects.jsonl") if with_dest else None
    result = run(
        person("first", ms_ds_consistencyguid=[SHARED]),
        person("between"),
        person("second", ms_ds_consistencyguid=[SHARED]),
        dest=dest,
    )
    by_name = {row["sam_account_name"]: row for row in result["objects"]}
    assert by_name["first"]["immutable_id"] is by_name["second"]["immutable_id"] is None
    assert "CN=second" in by_name["first"]["anchor_reason"]["message"]
    assert by_name["between"]["immutable_id"]
    assert result["summary"]["anchor_missing"] == 2
    assert result["summary"]["reasons"]["anchor_duplicate"] == 2
    assert [row["sam_account_name"] for row in result["objects"]] == ["first", "second", "between"]
    if dest:
        assert [row["sam_account_name"] for _line, row in RowReader(dest)] == ["first", "between", "second"]


def test_a_consistency_guid_that_is_anothers_object_guid_is_a_duplicate(run):
    result = run(person("first", objectguid=[SHARED]), person("second", ms_ds_consistencyguid=[SHARED]))
    assert result["summary"]["reasons"]["anchor_duplicate"] == 2


def test_bad_anchors_do_not_stop_the_rest_and_are_warned_of(run):
    result = run(person("bad", ms_ds_consistencyguid=[b"8 bytes."]), person("good"))
    assert result["summary"]["anchor_missing"] == 1
    assert result["summary"]["objects"] == 2
    assert result["objects"][0]["sam_account_name"] == "bad"
    assert any("no usable anchor" in warning for warning in run.warnings)


def test_objects_on_which_the_modes_disagree_are_counted(run):
    assert run(person("a", ms_ds_consistencyguid=[SHARED]), person("b"))["summary"]["anchors_differ"] == 1


def test_an_empty_result_is_warned_of(run):
    assert run()["objects"] == []
    assert any("No object was found" in warning for warning in run.warnings)


def test_names_are_looked_up_with_filters_and_the_rest_is_reported(run):
    result = run(person("jane"), person("john"), identities=["jane@example.com", "nobody"])
    assert [row["sam_account_name"] for row in result["objects"]] == ["jane"]
    assert [each["identity"] for each in result["missing"]] == ["nobody"]
    assert result["summary"]["missing"] == 1
    assert len(run.asked["filters"]) == 1


def test_the_file_says_what_is_not_there(run, tmp_path):
    twice = [person("jane", mail=[b"both@example.com"]), person("john", mail=[b"both@example.com"])]
    dest = str(tmp_path / "objects.jsonl")
    run(*twice, identities=["jane@example.com", "nobody", "both@example.com"], dest=dest)
    assert RowReader(dest).header["missing"] == ["nobody"]
    run(*twice, dest=dest)
    assert "missing" not in RowReader(dest).header


def test_a_name_with_a_comma_is_one_name(run):
    result = run(person("jane"), identities=f"CN=jane,OU=People,{BASE}")
    assert len(result["objects"]) == 1
    assert result["missing"] == []


@pytest.mark.parametrize("names", [42, [1], {"a": "b"}])
def test_names_that_are_no_text_are_refused(run, names):
    with pytest.raises(Failure, match="identities"):
        run(identities=names)


def test_no_name_at_all_finds_nothing_rather_than_everything(run):
    assert run(person("jane"), identities=[])["objects"] == []


def test_the_selection_is_asked_for_and_judged(run):
    scope = {"ous": f"OU=People,{BASE}", "group": f"CN=Pilot,{BASE}", "filter": "(department=Sales)"}
    inside = person("inside", memberof=[f"CN=Pilot,{BASE}".encode()], department=[b"Sales"])
    result = run(inside, person("outside"), sync_scope=scope)
    assert {"memberof", "department"} <= {name.lower() for name in run.asked["attributes"]}
    by_name = {row["sam_account_name"]: row for row in result["objects"]}
    assert by_name["inside"]["in_scope"] is True
    assert by_name["outside"]["in_scope"] is False
    assert (result["summary"]["in_scope"], result["summary"]["out_of_scope"]) == (1, 1)


def test_an_empty_scope_is_no_selection(run):
    scope = {"ous": None, "group": None, "filter": None}
    assert run(person("jane"), sync_scope=scope)["objects"][0]["in_scope"] is None


def test_a_scope_filter_that_is_none_is_refused(run):
    with pytest.raises(Failure, match="RFC 4515"):
        run(person("jane"), sync_scope={"ous": None, "group": None, "filter": "(department"})


def test_an_alternate_login_is_read_and_shown(run):
    result = run(person("jane", mail=[b"jane.doe@example.com"]), login_attribute="mail")
    assert result["objects"][0]["login_name"] == "jane.doe@example.com"


def test_an_own_file_is_read_back_as_it_is(run, tmp_path):
    first, second = str(tmp_path / "first.jsonl"), str(tmp_path / "second.jsonl")
    written = run(person("jane"), person("bad", ms_ds_consistencyguid=[bytes(16)]), dest=first)
    read = run(src=[first], dest=second)
    assert read["objects"] == written["objects"]
    assert read["attributes"] == written["attributes"]
    assert run.asked["filters"] is None


def test_a_truncated_own_file_is_refused(run, tmp_path):
    path = tmp_path / "objects.jsonl"
    run(person("jane"), person("john"), dest=str(path))
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(Failure, match="truncated"):
        run(src=[str(path)])


def test_a_file_of_another_kind_is_refused(run, tmp_path):
    path = tmp_path / "plan.jsonl"
    path.write_text('{"kind":"plan","version":1}\n{"kind":"end","rows":0}\n')
    with pytest.raises(Failure, match='"plan"'):
        run(src=[str(path)])


def test_the_same_domain_read_twice_is_read_once(run, tmp_path):
    path, copy = str(tmp_path / "objects.jsonl"), str(tmp_path / "copy.jsonl")
    run(person("jane"), person("john"), dest=path)
    shutil.copy(path, copy)
    result = run(src=[path, copy])
    assert result["summary"]["objects"] == 2
    assert result["summary"]["repeated"] == 2
    assert result["summary"]["anchor_missing"] == 0


def test_only_what_every_file_carried_counts_as_known(run, tmp_path):
    paths = []
    for name, attributes in (("a", ["mail", "object_guid"]), ("b", ["object_guid"])):
        path = tmp_path / f"{name}.jsonl"
        lines = [{"kind": "objects", "version": 1, "attributes": attributes}, {"kind": "end", "rows": 0}]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        paths.append(str(path))
    assert run(src=paths)["attributes"] == ["object_guid"]


def test_a_shortened_own_file_gets_all_fields(run, tmp_path):
    path = tmp_path / "objects.jsonl"
    lines = [
        {"kind": "objects", "version": 1, "attributes": ["object_guid"]},
        {"distinguished_name": "CN=jane", "object_guid": str(uuid.uuid4()), "immutable_id": "x"},
        {"kind": "end", "rows": 1},
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    [row] = run(src=[str(path)])["objects"]
    assert row["mail"] is None
    assert row["proxy_addresses"] == []


def test_an_ldap_filter_for_files_is_said_to_be_ignored(run, tmp_path):
    path = str(tmp_path / "objects.jsonl")
    run(person("jane"), dest=path)
    run(src=[path], filter="(department=Sales)")
    assert any("filter" in warning for warning in run.warnings)


def ldif_of(path, *names):
    guids = iter(range(1, 1000))
    path.write_text(
        "".join(
            f"dn: {name}\nobjectClass: user\nobjectGUID: 11111111-2222-4333-8444-{next(guids):012d}\n\n"
            for name in names
        ),
        encoding="utf-8",
    )
    return str(path)


@pytest.mark.parametrize(
    ("names", "domain"),
    [
        ((f"CN=a,{BASE}", f"CN=b,OU=x,{BASE.lower()}"), "emea.example.com"),
        ((f"CN=a,{BASE}", "CN=b,DC=example,DC=com"), None),
        ((r"CN=a\,dc=b," + BASE, f"CN=c,{BASE}"), "emea.example.com"),
        (("CN=a,O=Novell",), None),
    ],
)
def test_the_file_names_the_domain_that_all_objects_of_an_export_share(run, tmp_path, names, domain):
    dest = str(tmp_path / "objects.jsonl")
    result = run(src=[ldif_of(tmp_path / "export.ldf", *names)], dest=dest)
    reader = RowReader(dest, {"objects"})
    assert reader.header.get("domain") == domain
    assert [row for _line, row in reader] == result["objects"]
    assert stat.S_IMODE(os.stat(dest).st_mode) == 0o600
    assert set(os.listdir(tmp_path)) == {"export.ldf", "objects.jsonl"}


def test_suffixes_of_names_that_sync_may_send_and_unread_accounts_are_counted(run):
    critical = person("krbtgt", iscriticalsystemobject=[b"TRUE"])
    local = person("lea", userprincipalname=[b"lea@Corp.Local"])
    unread = person("max", useraccountcontrol=[])
    summary = run(person("jane"), critical, local, unread, person("svc", userprincipalname=[b"svc"]))["summary"]
    assert summary["login_suffixes"] == {"example.com": 2, "corp.local": 1}
    assert summary["account_state_unread"] == 1


# What is no user


def test_groups_and_contacts_of_an_export_are_rows_and_computers_are_not(run, tmp_path):
    classes = {"jane": "user", "staff": "group", "supplier": "contact", "pc": "computer", "sales": "organizationalUnit"}
    export = tmp_path / "export.ldf"
    export.write_text(
        "\n".join(
            f"dn: CN={name},{BASE}\nobjectClass: top\nobjectClass: {'user' if kind == 'computer' else kind}\n"
            f"objectClass: {kind}\nmail: {name}@example.com\n"
            for name, kind in classes.items()
        )
    )
    result = run(src=[str(export)])
    assert {row["object_class"]: (row["anchor_reason"] or {}).get("code") for row in result["objects"]} == {
        "user": "no_object_guid",
        "group": "group_by_address",
        "contact": "contact_by_address",
    }
    assert result["summary"]["skipped"] == 2


# A sync server


@pytest.fixture
def server(tmp_path):
    """Write an export of a server and return ``sync_scope`` with it."""

    def _server(anchor="mS-DS-ConsistencyGuid", login="userPrincipalName", included=f"OU=People,{BASE}"):
        for folder, text in {
            "Connectors": "<ma-data><category>AD</category><ma-partition-data><partition>"
            f"<name>{BASE}</name><selected>1</selected><filter><containers><inclusions><inclusion>{included}"
            "</inclusion></inclusions></containers></filter></partition></ma-partition-data></ma-data>",
            "GlobalSettings": "<parameter-values>"
            f'<parameter name="Microsoft.SynchronizationOption.AnchorAttribute">{anchor}</parameter>'
            f'<parameter name="Microsoft.SynchronizationOption.UPNAttribute">{login}</parameter></parameter-values>',
        }.items():
            (tmp_path / folder).mkdir()
            (tmp_path / folder / "x.xml").write_text(text)
        return {"ous": None, "group": None, "filter": None, "server_export": str(tmp_path)}

    return _server


@pytest.mark.parametrize(("included", "in_scope"), [(f"OU=People,{BASE}", True), (f"OU=Other,{BASE}", False)])
def test_the_servers_containers_decide_who_is_in_scope(run, server, included, in_scope):
    result = run(person("jane"), sync_scope=server(included=included))
    assert result["objects"][0]["in_scope"] is in_scope
    assert run.warnings == []


@pytest.mark.parametrize(
    ("configured", "anchor", "fits"),
    [
        ("mS-DS-ConsistencyGuid", {}, True),
        ("MS-DS-CONSISTENCYGUID", {"anchor": "consistency_guid"}, True),
        ("objectGUID", {"anchor": "object_guid"}, True),
        ("employeeID", {"anchor": "attribute", "anchor_attribute": "employeeid"}, True),
        ("objectGUID", {}, False),
        ("mS-DS-ConsistencyGuid", {"anchor": "object_guid"}, False),
        ("employeeID", {"anchor": "attribute", "anchor_attribute": "employeeNumber"}, False),
        ("", {"anchor": "object_guid"}, True),
    ],
)
def test_an_anchor_that_is_not_the_servers_is_warned_of(run, server, configured, anchor, fits):
    run(person("jane", employeeid=[b"1"], employeenumber=[b"1"]), sync_scope=server(anchor=configured), **anchor)
    assert any("source anchor" in text for text in run.warnings) is not fits


def test_a_login_attribute_that_is_not_the_servers_is_warned_of(run, server):
    run(person("jane", mail=[b"j@x"]), sync_scope=server(login="mail"))
    assert "Give login_attribute: mail" in run.warnings[0]
