"""The table of the preflight: what is found is said in words, and every line that fails says what to do."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
import yaml

ROLE = Path(__file__).parents[4] / "roles/hard_match"
LIBRARIES = {"ldap3": "2.9.1", "msal": "1.39.0", "requests": "2.32.0", "gssapi": None, "dnspython": "2.7.0"}
PERMISSIONS = [
    "User.ReadWrite.All", "Organization.Read.All", "RoleManagement.Read.Directory", "Group.Read.All", "Domain.Read.All",
    "OrgContact.Read.All", "PrivilegedEligibilitySchedule.Read.AzureADGroup", "Application.Read.All",
    "User-OnPremisesSyncBehavior.ReadWrite.All", "OnPremDirectorySynchronization.Read.All",
    "Synchronization.ReadWrite.All", "AuditLog.Read.All",
]  # fmt: skip
GOOD = {
    "inventory_hostname": "contoso",
    "ansible_version": {"full": "2.19.0"},
    "hard_match_source": {},
    "hard_match_sync": "cloud_sync",
    "hard_match_protect_role_holders": True,
    "hard_match_window": False,
    "hard_match_flags_confirmed": False,
    "hard_match_connect_server": "sync1",
    "__hard_match_server": {"staging": False, "suspended": False, "enabled": True, "version": "2.5.79.0"},
    "__hard_match_server_error": "",
    "__hard_match_server_problems": [],
    "__hard_match_left_disabled": {"stat": {"exists": False}},
    "__hard_match_left_disabled_says": "A killed run disabled it.",
    "__hard_match_connect_version": "2.5.79.0",
    "__hard_match_versions_note": "Look at its version.",
    "__hard_match_left_open": {"changed": False, "restored": None},
    "__hard_match_window_state": {},
    "__hard_match_exports": [],
    "__hard_match_ad_error": "",
    "__hard_match_error": "",
    "__hard_match_python": {
        "ansible_facts": {
            "ansible_python": {"executable": "/venv/bin/python", "version": {"major": 3, "minor": 11, "micro": 2}}
        }
    },
    "__hard_match_versions": {"stdout": json.dumps(LIBRARIES)},
    "__hard_match_gathered": {
        "attributes": ["enabled", "consistency_guid"],
        "dest": "/srv/run/objects.jsonl",
        "summary": {
            "objects": 2010, "out_of_scope": 20, "anchor_missing": 0, "anchor_uncertain": 0, "scope_unknown": 0,
            "anchor_consistency_guid": 100, "anchor_object_guid": 1900, "anchor_attribute": 0,
            "account_state_unread": 0, "login_suffixes": {"contoso.com": 1980},
        },
    },
    "__hard_match_followed": {
        "summary": {"sign_in_method": "certificate"},
        "tenant": {
            "id": "66666666-7777-8888-9999-000000000000", "sync_enabled": True, "last_sync": "2026-11-23T12:01:10Z",
            "features": {
                "blockCloudObjectTakeoverThroughHardMatchEnabled": False, "blockSoftMatchEnabled": True,
                "allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled": False, "passwordSyncEnabled": False,
            },
            "permissions": PERMISSIONS, "token_renewable": True, "token_seconds": None, "writes_per_second": 19.6,
            "clock_skew": 0, "domains": [{"name": "contoso.com", "authentication": "Managed"}],
        },
    },
    "__hard_match_jobs": {
        "jobs": [
            {"domain": "corp.contoso.com", "id": "1", "quarantine": None, "paused": False, "code": "Active",
             "agent_silent": False, "agent_code": None, "last_execution": {"ended": "2026-11-23T12:01:10Z"}},
        ]
    },
}  # fmt: skip


def job(**changes):
    """Return how the one Cloud Sync job differs."""
    return {"role_jobs": {"jobs": [{**GOOD["__hard_match_jobs"]["jobs"][0], **changes}]}}


@pytest.fixture
def findings(environment):
    """Return a function: the findings when some things are not good, ``where__the__value__stands=value``."""

    def look(**changes):
        variables = copy.deepcopy(GOOD)
        for path, value in changes.items():
            *parents, name = path.split("__") if not path.startswith("role_") else [f"__hard_match_{path[5:]}"]
            place = variables
            for parent in parents:
                place = place[{"ad": "__hard_match_gathered", "cloud": "__hard_match_followed"}.get(parent, parent)]
            place[name] = value
        for name, value in yaml.safe_load((ROLE / "vars/main/preflight.yml").read_text(encoding="utf-8")).items():
            if name in ("__hard_match_libraries", "__hard_match_permission_sets", "__hard_match_permissions",
                        "__hard_match_confirm_seconds", "__hard_match_flags"):  # fmt: skip
                text = environment.from_string(json.dumps(value, ensure_ascii=False)).render(variables)
                variables[name] = json.loads(text)
        lines = environment.get_template("preflight.tsv.j2").render(variables).splitlines()
        return [line.split("\t") for line in lines]

    return look


def bad(found):
    return [(verdict, about) for verdict, about, _says in found if verdict != "OK"]


def test_all_is_well(findings):
    found = findings()
    assert bad(found) == [("NOTE", "Library")]
    assert ["OK", "AD", "2000 users read, and 10 groups or contacts, 20 of them out of the scope of sync"] in found
    assert ["NOTE", "Library", "gssapi is not installed; it is only for Kerberos"] in found
    assert next(says for _v, about, says in found if about == "Time").startswith("writing 2000 users takes 4 minutes")


@pytest.mark.parametrize(
    ("changes", "verdict", "about", "words"),
    [
        ({"role_versions": {"stdout": json.dumps({**LIBRARIES, "msal": None})}}, "PROBLEM", "Library",
         "msal is missing, for signing in. Run: /venv/bin/python -m pip install 'msal'"),
        ({"role_versions": {"stdout": json.dumps({**LIBRARIES, "ldap3": "2.10.2rc2"})}}, "PROBLEM", "Library",
         "ldap3 2.10.2rc2 cannot be used"),
        ({"role_ad_error": "The server cannot be\nreached."}, "PROBLEM", "AD", "The server cannot be reached."),
        ({"ad__summary__anchor_consistency_guid": 0, "ad__summary__anchor_object_guid": 0}, "PROBLEM", "AD",
         "shows no user. Look at search_base"),
        ({"ad__summary__account_state_unread": 2000}, "PROBLEM", "AD account state", "may not read it"),
        ({"ad__summary__account_state_unread": 3}, "UNKNOWN", "AD account state", "3 users show no userAccountControl"),
        ({"ad__attributes": ["consistency_guid"]}, "UNKNOWN", "AD account state", "Export it again"),
        ({"ad__summary__anchor_uncertain": 5}, "UNKNOWN", "AD anchor", "global catalog"),
        ({"ad__summary__anchor_consistency_guid": 0}, "NOTE", "AD anchor", "looks the same where this account may not"),
        ({"ad__summary__login_suffixes": {"contoso.com": 1, "corp.local": 7}}, "NOTE", "Sign-in names",
         "7 users of AD sign in with @corp.local, which this tenant has not verified"),
        ({"cloud__tenant__domains": [{"name": "contoso.com", "authentication": "Federated"}]}, "NOTE", "Sign-in names",
         "a federated domain"),
        ({"role_error": "The secret is wrong."}, "PROBLEM", "Sign-in", "The secret is wrong."),
        ({"cloud__tenant__clock_skew": -90}, "NOTE", "Clock", "90 seconds behind the service"),
        ({"cloud__tenant__clock_skew": 400}, "PROBLEM", "Clock", "400 seconds ahead of the service. Set it by"),
        ({"cloud__tenant__permissions": None}, "UNKNOWN", "May apply", "does not show what it may do"),
        ({"cloud__tenant__sync_enabled": None}, "UNKNOWN", "Tenant", "Organization.Read.All"),
        ({"cloud__tenant__sync_enabled": False}, "NOTE", "Tenant", "nobody is synced before"),
        ({"cloud__tenant__features": None}, "UNKNOWN", "Tenant flag", "blockSoftMatchEnabled cannot be read"),
        ({"cloud__tenant__features": {"blockCloudObjectTakeoverThroughHardMatchEnabled": True}}, "PROBLEM",
         "Tenant flag", "every hard match is refused. Give hard_match_window=true, which switches it off while"),
        ({"cloud__tenant__features": {"blockCloudObjectTakeoverThroughHardMatchEnabled": True},
          "hard_match_window": True, "role_window_state": {"summary": {"features_changed": 1}}}, "NOTE",
         "Tenant flag", "every hard match is refused."),
        ({"hard_match_window": True, "role_window_state": {"summary": {"features_changed": 1}}}, "OK", "Window",
         "is opened for the sync of a run"),
        ({"hard_match_window": True, "role_window_state": {"summary": {"features_changed": 0}}}, "OK", "Window",
         "stands open"),
        ({"hard_match_window": True, "role_window_state": {"msg": "It may not be read. Run: Connect-MgGraph"}},
         "PROBLEM", "Window", "Run: Connect-MgGraph Then give hard_match_flags_confirmed=true."),
        ({"hard_match_window": True, "hard_match_flags_confirmed": True, "role_window_state": {"msg": "No."}}, "NOTE",
         "Window", "No."),
        ({"role_left_open": {"restored": {"since": "2026-11-23T12:00:00Z", "features": {"x": True}}}}, "NOTE", "Window",
         'changed since 2026-11-23T12:00:00Z. They were {"x": true}; the next run that writes'),
        ({"role_jobs": {"msg": "The tenant has no Cloud Sync job."}}, "PROBLEM", "Cloud Sync", "no Cloud Sync job"),
        ({"role_jobs": {"msg": "The tenant has no Cloud Sync job."}, "hard_match_sync": "none"}, "NOTE", "Cloud Sync",
         "no Cloud Sync job"),
        (job(paused=True), "NOTE", "Cloud Sync", "is paused already, and stays so"),
        ({**job(paused=True), "role_left_says": "Killed since noon."}, "PROBLEM", "Cloud Sync",
         "Killed since noon. If that run is over, give hard_match_take_over=true."),
        ({**job(paused=True), "role_left_says": "Killed.", "hard_match_take_over": True}, "NOTE", "Cloud Sync",
         "Killed."),
        (job(agent_silent=True, agent_code="TimeOut"), "PROBLEM", "Cloud Sync", "does not answer (TimeOut)"),
        (job(agent_silent=None), "NOTE", "Cloud Sync", "has ended since 2026-11-23T12:01:10Z, although"),
        (job(agent_silent=None, last_execution=None), "OK", "Cloud Sync", "is Active"),
        ({"hard_match_sync": "none"}, "NOTE", "Freeze", "Give hard_match_sync=cloud_sync"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(findings, changes, verdict, about, words):
    found = [says for what, where, says in findings(**changes) if (what, where) == (verdict, about)]
    assert any(words in says for says in found), found


def test_an_export_needs_no_ldap(findings):
    found = findings(role_exports=["/export.ldf"], role_versions={"stdout": json.dumps({**LIBRARIES, "ldap3": None})})
    assert bad(found) == []


def test_a_token_that_ends_too_early(findings):
    def token(seconds):
        found = findings(cloud__tenant__token_renewable=False, cloud__tenant__token_seconds=seconds)
        return next((verdict, says) for verdict, about, says in found if about == "Token")

    # 2000 users at 19.6 a second, and two minutes to see the values.
    assert token(223)[0] == "OK"
    verdict, says = token(222)
    assert verdict == "PROBLEM"
    assert "hard_match_limit" in says
    assert token(None)[0] == "UNKNOWN"


def test_each_permission_that_is_missing_says_what_stays_unknown(findings):
    for name in ("Group.Read.All", "OrgContact.Read.All", "OnPremDirectorySynchronization.Read.All"):
        found = findings(cloud__tenant__permissions=[other for other in PERMISSIONS if other != name])
        [(verdict, says)] = [(verdict, says) for verdict, about, says in found if f"{name} is missing" in says]
        assert verdict == "UNKNOWN"
        assert "stays unknown" in says


def test_roles_must_be_readable_only_if_they_are_protected(findings):
    rest = [name for name in PERMISSIONS if name != "RoleManagement.Read.Directory"]
    assert ("PROBLEM", "May plan") in bad(findings(cloud__tenant__permissions=rest))
    relaxed = findings(cloud__tenant__permissions=rest, hard_match_protect_role_holders=False)
    assert ("UNKNOWN", "May plan") in bad(relaxed)


def test_a_plan_needs_no_permission_to_write(findings):
    names = ["User.Read.All", *PERMISSIONS[1:]]
    assert ("NOTE", "May apply") in bad(findings(cloud__tenant__permissions=names))


def test_the_table_fits_a_screen(findings, environment):
    found = findings(role_jobs={"msg": "The tenant has no Cloud Sync job. " * 9})
    table = environment.get_template("preflight.txt.j2").render(GOOD | {"__hard_match_findings": found})
    assert max(map(len, table.splitlines())) < 120
    assert table.splitlines()[-1] == "1 problem, 0 unknown, 1 note. Solve the problems first."


ON = {"staging": False, "suspended": False, "enabled": True, "version": "2.5.79.0"}


@pytest.mark.parametrize(
    ("changes", "verdict", "words"),
    [
        ({}, "OK", "sync1 answers, and is the one that exports"),
        ({"role_server_error": "sync1: connection\ntimed out"}, "PROBLEM", "sync1: connection timed out"),
        ({"role_server_problems": ["sync1 is in staging mode."]}, "PROBLEM", "sync1 is in staging mode."),
        ({"role_server": {**ON, "enabled": False}}, "NOTE", "its scheduler is off, and a run leaves it so"),
        ({"role_server": {**ON, "enabled": False}, "role_left_disabled": {"stat": {"exists": True}}}, "NOTE",
         "A killed run disabled it. Once that run is over"),
        ({"role_server": {**ON, "version": None}}, "UNKNOWN", "Look at its version."),
        ({"role_server": {**ON, "version": "2.4.0.0"}}, "NOTE", "Look at its version."),
    ],
)  # fmt: skip
def test_the_sync_server_has_its_lines(findings, changes, verdict, words):
    found = [line for line in findings(hard_match_sync="connect_sync", **changes) if line[1] == "Sync server"]
    assert any(line[0] == verdict and words in line[2] for line in found)
    assert [line[0] for line in found if line[0] != "OK"] == ([] if verdict == "OK" else [verdict])
