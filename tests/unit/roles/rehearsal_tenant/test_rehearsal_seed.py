# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seeds: what is taken, what is refused and where, what is not known; and that settings are documented."""

from __future__ import annotations

import json
import re

import pytest
from rehearsal_support import ROLE, user
from rehearsal_tenant.clock import TenantClock, parse_rfc3339
from rehearsal_tenant.directory import DirectoryError, read_directories
from rehearsal_tenant.seed import GROUP_LISTS, SeedError, build_tenant, load_seed, overlaid
from rehearsal_tenant.settings import SETTINGS, as_markdown
from rehearsal_tenant.shapes import USER

ADDRESS = {"proxyAddresses": ["SMTP:A@x"]}
GROUP = {"displayName": "G", "id": "00000000-0000-4000-8000-00000000000a"}


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        ({"user": []}, "unknown key 'user'"),
        ({"users": "x"}, "users: must be a list"),
        ({"users": [1]}, "users[0]: must be an object"),
        ({"users": [{"displayName": "x"}]}, "users[0]: a user needs userPrincipalName"),
        ({"users": [user("a"), user("a", id=None)]}, "users[1].userPrincipalName: 'a@contoso.com' is already"),
        ({"users": [user("a"), user("b", id=user("a")["id"])]}, "users[1].id:"),
        (
            {"users": [user("a", onPremisesImmutableId="X"), user("b", onPremisesImmutableId="X")]},
            "users[1].onPremisesImmutableId: 'X' is already the onPremisesImmutableId of users[0].",
        ),
        ({"users": [user("a", **ADDRESS)], "groups": [{**GROUP, **ADDRESS}]}, "groups[0].proxyAddresses"),
        ({"users": [user("a", accountEnabled="yes")]}, "users[0].accountEnabled: 'yes' must be true, false or null."),
        ({"users": [user("a", proxyAddresses="x")]}, "users[0].proxyAddresses: 'x' must be a list."),
        ({"users": [user("a", id="no guid")]}, "users[0].id: 'no guid' is no GUID."),
        ({"users": {"value": [], "@odata.nextLink": "x"}}, "users: this is one page of several"),
        ({"domains": ["nodot"]}, "domains[0].id: 'nodot' is no domain name."),
        ({"domains": [{"id": "a.b", "authenticationType": "x"}]}, "domains[0].authenticationType"),
        ({"features": {"blockSoftMatchEnabled": 1}}, "features.blockSoftMatchEnabled: 1 must be true, false or null."),
        ({"settings": {"nope": 1}}, "settings: There is no setting 'nope'"),
        ({"settings": {"listLagSeconds": True}}, "settings: Setting listLagSeconds is True"),
        ({"settings": {"clients": []}}, "settings.clients: must be a list"),
        ({"settings": {"clients": [{"nope": 1}]}}, "settings.clients[0].nope"),
        ({"settings": {"clients": [{"permissions": "x"}]}}, "settings.clients[0].permissions: a list"),
        ({"settings": {"clients": [{"federatedCredentials": [{"issuer": "x"}]}]}}, "publicKey, subject is missing"),
        ({"roles": [{"user": "nobody@x", "role": "Global Administrator"}]}, "roles[0]: 'nobody@x' is no user"),
        ({"users": [user("a")], "roles": [{"user": "a@contoso.com"}]}, "roles[0].role"),
        ({"users": [user("a")], "roles": [{"user": "a@contoso.com", "nope": 1}]}, "roles[0]: unknown nope"),
        ({"tenant": {"id": "x"}}, "tenant.id: 'x' is no GUID."),
        ({"tenant": {"nope": 1}}, "tenant.nope"),
        ({"groups": [{}]}, "groups[0]: a group needs displayName"),
    ],
)  # fmt: skip
def test_a_wrong_seed_is_refused_at_the_place(seed, message):
    with pytest.raises(SeedError) as caught:
        build_tenant(seed, TenantClock())
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("x", "directories[0]: must be an object"),
        ({}, "directories[0].domain"),
        ({"domain": "a.b"}, "needs either ldif"),
        ({"domain": "a.b", "ldif": "x", "ldap": {}, "nope": 1}, "directories[0].nope"),
        ({"domain": "a.b", "ldif": 5}, "directories[0].ldif: 5 has the wrong type"),
        ({"domain": "a.b", "ldif": "x", "engine": "mim"}, "directories[0].engine"),
        ({"domain": "a.b", "ldif": "x", "anchor": "attribute"}, "directories[0].anchorAttribute"),
        ({"domain": "a.b", "ldif": "x", "scope": {"ou": []}}, "directories[0].scope"),
        (
            {"domain": "a.b", "ldap": {"servers": "ldaps://x"}},
            "directories[0].ldap: needs servers (URLs) and searchBase.",
        ),
        ({"domain": "a.b", "ldap": {"server": "x"}}, "not server"),
    ],
)
def test_a_wrong_directory_is_refused_at_the_place(row, message):
    with pytest.raises(DirectoryError) as caught:
        read_directories([row], ".")
    assert message in str(caught.value)


def test_a_domain_is_synchronized_once():
    row = {"domain": "a.b", "ldif": "x"}
    with pytest.raises(DirectoryError, match="twice"):
        read_directories([row, row], ".")


def test_what_get_users_returned_is_taken_as_it_is(start):
    answer = start(users=[user("ann"), user("bob")]).get("/users").json()
    again = start(users=answer)
    assert again.get("/users").json()["value"] == answer["value"]


def test_a_property_that_no_user_carries_is_named_as_not_rehearsable():
    notes = " ".join(build_tenant({"users": [{"userPrincipalName": "a@b.c"}]}, TenantClock()).notes)
    assert "'onPremisesImmutableId'" in notes
    assert "'deletedUsers'" in notes
    full = build_tenant({"users": [user("a", onPremisesImmutableId=None)], "deletedUsers": []}, TenantClock())
    assert "'onPremisesImmutableId'" not in " ".join(full.notes)
    assert "'deletedUsers'" not in " ".join(full.notes)


def test_what_a_full_seed_of_an_export_carries_is_rehearsable():
    everything = dict.fromkeys([*USER.properties, "onPremisesSyncBehavior"])
    row = {**everything, "userPrincipalName": "a@b.c", "onPremisesSyncBehavior": {"isCloudManaged": False}}
    group = {"displayName": "G", "isAssignableToRole": False, "membershipRule": None, **dict.fromkeys(GROUP_LISTS)}
    sections = {name: [] for name in ("deletedUsers", "deletedGroups", "contacts", "domains", "roles")}
    seed = {"users": [row], "groups": [group], **sections, "features": {}}
    assert build_tenant(seed, TenantClock()).notes == []
    assert any("department" in note for note in build_tenant({"users": [user("a")]}, TenantClock()).notes)


def test_an_unknown_property_is_left_out_and_said():
    tenant = build_tenant({"users": [user("a", infoCatalogs=[])]}, TenantClock())
    assert any("'infoCatalogs'" in note for note in tenant.notes)


def test_domains_follow_from_the_users_when_they_are_not_given():
    tenant = build_tenant({"users": [user("a"), user("b", userPrincipalName="b@x.onmicrosoft.com")]}, TenantClock())
    assert tenant.initial_domain == "x.onmicrosoft.com"
    assert tenant.verified("someone@contoso.com")
    assert not tenant.verified("someone@elsewhere.com")
    made_up = build_tenant({"tenant": {"displayName": "Fabrikam, Inc."}}, TenantClock())
    assert made_up.initial_domain == "fabrikaminc.onmicrosoft.com"


def test_ids_that_are_missing_are_the_same_every_time():
    seed = {"users": [{"userPrincipalName": "a@b.c"}]}
    first, second = (build_tenant(seed, TenantClock()).user("a@b.c") for _number in range(2))
    assert first.id == second.id


def test_files(tmp_path):
    path = tmp_path / "seed.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps({"users": []}).encode())
    assert load_seed(str(path)) == {"users": []}
    path.write_text('{"users": [\n}')
    with pytest.raises(SeedError, match="line 2"):
        load_seed(str(path))
    path.write_text("[]")
    with pytest.raises(SeedError, match="must be a JSON object"):
        load_seed(str(path))
    with pytest.raises(SeedError, match="cannot be read"):
        load_seed(str(tmp_path / "nope.json"))


def test_an_overlay_merges_settings_and_replaces_the_rest():
    seed = {"users": [1], "directories": [1], "settings": {"listLagSeconds": 1, "idLagSeconds": 1}}
    merged = overlaid(seed, {"directories": [2], "settings": {"idLagSeconds": 2}})
    assert merged == {"users": [1], "directories": [2], "settings": {"listLagSeconds": 1, "idLagSeconds": 2}}


def test_the_readme_lists_all_settings():
    readme = (ROLE / "README.md").read_text()
    table = re.search(r"<!-- settings: [^\n]*-->\n(.*?)\n<!-- end of settings -->", readme, re.DOTALL)[1]
    assert table == as_markdown(), "Run: python -m rehearsal_tenant.settings, and paste it into the README."


def test_every_setting_is_used():
    package = ROLE / "files" / "rehearsal_tenant"
    code = "".join(path.read_text() for path in package.glob("*.py") if path.name != "settings.py")
    unused = [name for name in SETTINGS if f"settings.{name}" not in code]
    assert unused == []


def test_open_questions_have_more_than_one_answer():
    for name, setting in SETTINGS.items():
        if setting.question:
            assert len(setting.allowed) > 1, name


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:10Z", 10.0),
        ("1970-01-01T00:00:10.1234567Z", 10.1234567),
        ("1970-01-01T01:00:00+01:00", 0.0),
    ],
)
def test_instants(text, seconds):
    assert parse_rfc3339(text) == pytest.approx(seconds)


def test_a_feature_that_graph_has_got_since_is_shown_and_noted():
    tenant = build_tenant({"features": {"newFeatureEnabled": True}}, TenantClock())
    assert tenant.features["newFeatureEnabled"] is True
    assert any("features.newFeatureEnabled" in note for note in tenant.notes)


def test_a_recycle_bin_may_hold_a_person_twice():
    twins = [user("a", id=None, onPremisesImmutableId="X"), user("b", id=None, onPremisesImmutableId="X")]
    tenant = build_tenant({"deletedUsers": twins}, TenantClock())
    assert len(list(tenant.store.claimants("onPremisesImmutableId", "X"))) == 2
