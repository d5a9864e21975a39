# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Cloud Sync was told to take, and what that says of a row."""

from __future__ import annotations

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_scope import (
    CloudSelections,
    read_selections,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.scope import Facts
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.scope import judge as judge_scope

USERS = {"sourceObjectName": "user", "enabled": True, "scope": None}
GROUPS = {"sourceObjectName": "group", "enabled": True}
UNKNOWN = [{"code": "selection_unknown", "message": "m", "remedy": "r"}]
FILTER = {"groups": [{"name": "g", "clauses": []}], "inputFilterGroups": [], "categoryFilterGroups": []}


def rule(containers=(), groups=(), mappings=(USERS, GROUPS)):
    return {
        "containerFilter": {"includedContainers": list(containers)},
        "groupFilter": {"includedGroups": list(groups)},
        "objectMappings": list(mappings),
    }


def judge(*rules, name="CN=Ada,OU=Staff,DC=corp,DC=local", in_scope=None, reasons=None, domain="corp.local"):
    selections = CloudSelections({domain: read_selections({"synchronizationRules": list(rules)})})
    verdict, why = selections.judge(
        {"distinguished_name": name, "in_scope": in_scope, "scope_reasons": UNKNOWN if reasons is None else reasons}
    )
    return verdict, [one["code"] for one in why]


IN, OUT, STILL_UNKNOWN = (True, []), (False, ["outside_cloud_sync_containers"]), (None, ["selection_unknown"])


@pytest.mark.parametrize(
    ("containers", "expected"),
    [
        ([], IN),
        (["OU=Staff,DC=corp,DC=local"], IN),
        (["ou=staff, dc=CORP,dc=local"], IN),
        (["DC=corp,DC=local"], IN),
        (["OU=Other,DC=corp,DC=local", "OU=Staff,DC=corp,DC=local"], IN),
        (["OU=Other,DC=corp,DC=local"], OUT),
        (["OU=aff,DC=corp,DC=local"], OUT),
    ],
)
def test_containers_are_taken_with_all_below(containers, expected):
    assert judge(rule(containers)) == expected


def test_members_of_a_group_cannot_be_told_from_a_name():
    assert judge(rule(groups=["CN=Pilot,DC=corp,DC=local"])) == STILL_UNKNOWN


@pytest.mark.parametrize("kind", ["groups", "inputFilterGroups", "categoryFilterGroups"])
def test_an_attribute_filter_cannot_be_told_from_a_name(kind):
    scope = {**{key: [] for key in FILTER}, kind: FILTER["groups"]}
    assert judge(rule(mappings=[{**USERS, "scope": scope}])) == STILL_UNKNOWN


def test_an_empty_filter_filters_nothing():
    assert judge(rule(mappings=[{**USERS, "scope": {key: [] for key in FILTER}}])) == IN


def test_whoever_lies_outside_is_out_whatever_else_is_filtered():
    assert judge(rule(["OU=Other,DC=corp,DC=local"], mappings=[{**USERS, "scope": FILTER}])) == OUT


def test_one_rule_that_takes_the_object_is_enough():
    assert judge(rule(["OU=Other,DC=corp,DC=local"]), rule(["OU=Staff,DC=corp,DC=local"])) == IN
    assert judge(rule(["OU=Other,DC=corp,DC=local"]), rule(groups=["CN=x"])) == STILL_UNKNOWN


@pytest.mark.parametrize("mappings", [[GROUPS], [{**USERS, "enabled": False}], []])
def test_a_rule_that_carries_no_users_says_nothing(mappings):
    assert judge(rule(mappings=mappings)) == STILL_UNKNOWN


def test_inet_org_persons_are_users():
    assert judge(rule(mappings=[{"sourceObjectName": "inetOrgPerson"}])) == IN


def test_another_domain_is_not_spoken_of():
    assert judge(rule(), domain="other.local") == STILL_UNKNOWN
    assert judge(rule(), name="") == STILL_UNKNOWN
    assert CloudSelections().judge({}) == (None, [])


@pytest.mark.parametrize(
    ("in_scope", "codes"),
    [(True, []), (False, ["critical_system_object"]), (None, ["scope_unchecked"]), (None, [])],
)
def test_what_the_row_knows_better_stands(in_scope, codes):
    reasons = [{"code": code} for code in codes]
    assert judge(rule(["OU=Other,DC=corp,DC=local"]), in_scope=in_scope, reasons=reasons) == (in_scope, codes)


def test_what_else_is_unknown_stays_so():
    both = [*UNKNOWN, {"code": "scope_unchecked"}]
    assert judge(rule(), reasons=both) == (None, ["scope_unchecked"])
    assert judge(rule(["OU=Other,DC=corp,DC=local"]), reasons=both) == OUT


def test_a_schema_without_filters_takes_all():
    assert len(read_selections({"synchronizationRules": [{"objectMappings": [USERS]}]})) == 1
    assert read_selections({}) == ()


def test_of_a_filter_that_could_not_be_judged_the_row_tells_besides():
    facts = Facts("CN=Ada,OU=Staff,DC=corp,DC=local", {"objectclass": [b"user"]}, frozenset({"objectclass"}))
    unknown = judge_scope(facts, None).reasons
    assert [one["code"] for one in unknown] == ["selection_unknown", "scope_unchecked"]
    assert judge(rule(), reasons=unknown) == (None, ["scope_unchecked"])
