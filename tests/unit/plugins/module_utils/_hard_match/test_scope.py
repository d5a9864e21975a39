# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters built into sync, at their edges, and the selection."""

from __future__ import annotations

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._dn import rdns
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.ldap_filter import parse_filter
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.scope import (
    CONTACT_RULES,
    GROUP_RULES,
    RULES,
    Facts,
    Partition,
    Selection,
    judge,
)

DN = "CN=Jane,OU=Sales,DC=example,DC=com"
EVERYWHERE = Selection(ous=(rdns("DC=com"),))
JANE = {"objectclass": ["top", "user"], "samaccountname": ["jane"], "useraccountcontrol": ["512"]}


def verdict(changes=None, *, dn=DN, carried=None, selection=EVERYWHERE):
    attributes = {name: values for name, values in {**JANE, **(changes or {})}.items() if values is not None}
    raw = {name: [value.encode() for value in values] for name, values in attributes.items()}
    found = judge(Facts(dn, raw, carried), selection)
    return found.in_scope, [reason["code"] for reason in found.reasons]


def test_an_ordinary_user_inside_the_selection_is_in_scope():
    assert verdict() == (True, [])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"iscriticalsystemobject": ["TRUE"]}, "critical_system_object"),
        ({"admindescription": ["User_x"]}, "admin_description_user"),
        ({"admindescription": ["user_"]}, "admin_description_user"),
        ({"samaccountname": None}, "no_sam_account_name"),
        ({"samaccountname": ["SUPPORT_388945a0"]}, "support_account"),
        ({"samaccountname": ["AAD_1234"]}, "sync_service_account"),
        ({"samaccountname": ["msol_1234"]}, "sync_service_account"),
        ({"mailnickname": ["SystemMailbox{1f05a927}"]}, "exchange_system_mailbox"),
        ({"mailnickname": ["CAS_{0123}"]}, "exchange_cas_mailbox"),
        ({"samaccountname": ["cas_0123}"]}, "exchange_cas_mailbox"),
        ({"msexchrecipienttypedetails": [str(0x1000)]}, "exchange_system_type"),
        ({"msexchrecipienttypedetails": [str(0x20000000)]}, "exchange_system_type"),
        ({"msexchrecipienttypedetails": [str(0x400000 | 1)]}, "exchange_system_type"),
        ({"msexchrecipienttypedetails": ["2"]}, "linked_mailbox"),
        ({"objectclass": ["top", "organizationalUnit"]}, "not_a_user"),
        ({"objectclass": ["top", "person", "user", "computer"]}, "not_a_user"),
        ({"isdeleted": ["TRUE"]}, "deleted_object"),
    ],
)
def test_each_built_in_filter_keeps_its_objects_out(changes, code):
    in_scope, codes = verdict(changes)
    assert in_scope is False
    assert code in codes


@pytest.mark.parametrize(
    "changes",
    [
        {"iscriticalsystemobject": ["FALSE"]},
        {"admindescription": ["Group_x"]},
        {"admindescription": ["my User_x"]},
        {"admindescription": ["User_x"], "objectclass": ["top", "user", "inetOrgPerson"]},  # no such clause there
        {"samaccountname": ["SUPPORT_388945a0x"]},
        {"samaccountname": ["AAD1"]},
        {"samaccountname": ["MSOLx"]},
        {"mailnickname": ["SystemMailbox"]},
        {"mailnickname": ["CAS_0123"]},  # no brace
        {"mailnickname": ["x_CAS_}"]},
        {"msexchrecipienttypedetails": ["1"]},
        {"msexchrecipienttypedetails": ["3"]},  # linked mailbox is an equality test, not a bit test
        {"msexchrecipienttypedetails": ["128"]},  # mail user
        {"msexchrecipienttypedetails": [str(0x80000000)]},  # remote mailbox
        {"useraccountcontrol": ["514"]},  # disabled users do sync
        {"samaccountname": ["Administrator"]},  # it is the flag that counts, not the name
    ],
)
def test_what_is_just_beside_a_filter_stays_in_scope(changes):
    assert verdict(changes) == (True, [])


def test_the_hexadecimal_spelling_of_the_mask_is_that_of_the_service():
    mask = 0x1000 | 0x2000 | 0x4000 | 0x400000 | 0x800000 | 0x1000000 | 0x20000000
    assert mask == 566259712 == 0x21C07000
    for bit in range(64):
        in_scope, _codes = verdict({"msexchrecipienttypedetails": [str(1 << bit)]})
        assert in_scope is (not (mask >> bit & 1) and 1 << bit != 2), bit


@pytest.mark.parametrize(
    ("dn", "code"),
    [
        (r"CN=Jane\0ACNF:1f05a927-0000-4000-8000-000000000000,OU=Sales,DC=example,DC=com", "replication_conflict"),
        (r"CN=Jane\0ADEL:1f05a927-0000-4000-8000-000000000000,CN=Deleted Objects,DC=example,DC=com", "deleted_object"),
    ],
)
def test_conflict_objects_and_tombstones_are_known_by_their_name(dn, code):
    assert verdict(dn=dn) == (False, [code])


def test_a_conflict_mark_counts_in_the_objects_own_name_only():
    assert verdict(dn=r"CN=Jane,OU=x\0ACNF:1f05,DC=example,DC=com") == (True, [])
    assert verdict(dn="CN=CNF:Jane,DC=example,DC=com") == (True, [])


def test_all_filters_that_apply_are_named():
    in_scope, codes = verdict({"samaccountname": ["MSOL_1"], "iscriticalsystemobject": ["TRUE"]})
    assert in_scope is False
    assert codes == ["critical_system_object", "sync_service_account"]


def test_without_a_selection_nothing_is_known_to_be_in_scope():
    assert verdict(selection=None) == (None, ["selection_unknown"])


def test_without_a_selection_a_filter_still_proves_out():
    assert verdict({"samaccountname": ["MSOL_1"]}, selection=None) == (False, ["sync_service_account"])


def test_an_attribute_that_was_not_carried_makes_the_answer_unknown_and_is_named():
    carried = frozenset(["objectclass", "samaccountname", "useraccountcontrol", "admindescription"])
    raw = {name: [value.encode() for value in values] for name, values in JANE.items()}
    found = judge(Facts(DN, raw, carried), EVERYWHERE)
    assert found.in_scope is None
    assert [reason["code"] for reason in found.reasons] == ["scope_unchecked"]
    for name in ("isCriticalSystemObject", "mailNickname", "msExchRecipientTypeDetails"):
        assert name in found.reasons[0]["message"]
    assert "adminDescription" not in found.reasons[0]["message"]


def test_an_account_state_that_is_not_shown_is_unknown_not_out():
    assert verdict({"useraccountcontrol": None}) == (None, ["account_state_unread"])


@pytest.mark.parametrize(
    ("ous", "expected"),
    [
        (["OU=Sales,DC=example,DC=com"], True),
        (["ou=sales, dc=EXAMPLE,dc=com"], True),
        (["OU=IT,DC=example,DC=com", "OU=Sales,DC=example,DC=com"], True),
        (["OU=ales,DC=example,DC=com"], False),
        (["OU=Inner,OU=Sales,DC=example,DC=com"], False),
    ],
)
def test_the_selected_ous_count_with_what_is_below_them(ous, expected):
    in_scope, codes = verdict(selection=Selection(ous=tuple(map(rdns, ous))))
    assert (in_scope, codes) == (expected, [] if expected else ["outside_selected_ous"])


def test_group_and_filter_of_the_selection_must_both_hold():
    selection = Selection(group=rdns("CN=Pilot,DC=x"), filter=parse_filter("(department=Sales)"))
    assert selection.attributes == {"memberof", "department"}
    assert verdict({"memberof": ["cn=pilot, dc=x"], "department": ["Sales"]}, selection=selection) == (True, [])
    assert verdict({"memberof": ["CN=Pilot2,DC=x"], "department": ["IT"]}, selection=selection) == (
        False,
        ["outside_selected_group", "outside_selected_filter"],
    )


def test_a_selection_by_an_attribute_that_was_not_carried_is_unknown():
    everything = frozenset(name.lower() for rule in RULES for name in rule.reads)
    selection = Selection(group=rdns("CN=Pilot,DC=x"))
    raw = {name: [value.encode() for value in values] for name, values in JANE.items()}
    found = judge(Facts(DN, raw, everything), selection)
    assert found.in_scope is None
    assert "memberOf" in found.reasons[0]["message"]


def test_each_filter_has_a_code_of_its_own():
    assert len({rule.code for rule in RULES}) == len(RULES)


GROUP = {
    "objectclass": ["top", "group"],
    "useraccountcontrol": None,
    "samaccountname": ["staff"],
    "grouptype": [str(-2147483646)],
}
DISTRIBUTION = {**GROUP, "grouptype": ["2"]}
CONTACT = {
    "objectclass": ["top", "person", "contact"],
    "useraccountcontrol": None,
    "samaccountname": None,
    "mail": ["c@example.com"],
    "proxyaddresses": ["SMTP:c@example.com"],
}


@pytest.mark.parametrize(
    "changes",
    [
        GROUP,
        {**GROUP, "samaccountname": ["AAD_1"]},
        {**DISTRIBUTION, "mail": ["d@example.com"]},
        {**DISTRIBUTION, "proxyaddresses": ["X500:/o=x", "smtp:d@example.com"]},
        CONTACT,
        {**CONTACT, "proxyaddresses": ["smtp:x", "SMTP:c@example.com"], "mail": ["c"]},
        {**CONTACT, "displayname": ["Service (MSOL)"]},
    ],
)
def test_groups_and_contacts_have_filters_of_their_own(changes):
    assert verdict(changes) == (True, [])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({**GROUP, "iscriticalsystemobject": ["TRUE"]}, "critical_system_object"),
        ({**GROUP, "admindescription": ["group_1"]}, "admin_description_group"),
        ({**GROUP, "samaccountname": ["MSOL_AD_Sync_RichCoexistence"]}, "rich_coexistence_group"),
        ({**GROUP, "msexchrecipienttypedetails": [str(0x40000000)]}, "exchange_system_group"),
        (DISTRIBUTION, "distribution_group_without_mail"),
        # Without an SMTP address among them, the others make mail of no use.
        ({**DISTRIBUTION, "mail": ["d@x"], "proxyaddresses": ["X500:/o=x"]}, "distribution_group_without_mail"),
        ({**CONTACT, "mail": None}, "contact_without_address"),
        ({**CONTACT, "proxyaddresses": None}, "contact_without_address"),
        ({**CONTACT, "proxyaddresses": ["smtp:c@x"], "mail": ["c"]}, "contact_without_address"),
        ({**CONTACT, "displayname": ["x (MSOL)"], "msexchhidefromaddresslists": ["TRUE"]}, "service_contact"),
        ({**CONTACT, "mailnickname": ["CAS_{1}"]}, "exchange_cas_mailbox"),
        ({**CONTACT, "isdeleted": ["TRUE"]}, "deleted_object"),
    ],
)
def test_filters_of_groups_and_contacts_keep_their_objects_out(changes, code):
    assert verdict(changes) == (False, [code])


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        (DISTRIBUTION, {"mail"}),
        ({**DISTRIBUTION, "grouptype": None}, {"grouptype"}),
        ({**CONTACT, "mail": None}, {"mail"}),
        ({**CONTACT, "displayname": ["x (MSOL)"]}, {"msexchhidefromaddresslists"}),
        (CONTACT, {"displayname"}),
    ],
)
def test_what_a_filter_of_groups_or_contacts_looks_at_may_be_unknown(changes, missing):
    everything = frozenset(
        name.lower() for table in (GROUP_RULES, CONTACT_RULES) for rule in table for name in rule.reads
    )
    assert verdict(changes, carried=everything - missing) == (None, ["scope_unchecked"])


# A sync server


def server(*partitions, rules=()):
    made = tuple(
        Partition(rdns(base), tuple(map(rdns, included)), tuple(map(rdns, excluded)), rdns(group) if group else None)
        for base, included, excluded, group in partitions
    )
    return Selection(partitions=made, own_rules=rules)


ROOT = "DC=example,DC=com"


@pytest.mark.parametrize(
    ("dn", "taken"),
    [
        (f"CN=a,{ROOT}", False),
        (f"CN=a,OU=Sales,{ROOT}", True),
        (f"CN=a,OU=Old,OU=Sales,{ROOT}", False),
        (f"CN=a,OU=But,OU=Old,OU=Sales,{ROOT}", True),
        ("CN=a,DC=other,DC=org", False),
    ],
)
def test_the_nearest_container_ticked_or_unticked_decides(dn, taken):
    selection = server(
        (
            ROOT,
            [f"OU=Sales,{ROOT}", f"OU=But,OU=Old,OU=Sales,{ROOT}"],
            [ROOT, f"OU=Old,OU=Sales,{ROOT}"],
            None,
        )
    )
    assert verdict(dn=dn, selection=selection) == ((True, []) if taken else (False, ["outside_server_selection"]))


def test_a_child_domain_that_is_not_taken_whole_is_judged_by_its_own_containers():
    child = f"DC=emea,{ROOT}"
    selection = server((ROOT, [ROOT], [], None), (child, [f"OU=In,{child}"], [child], None))
    assert verdict(dn=f"CN=a,OU=Out,{child}", selection=selection)[0] is False
    assert verdict(dn=f"CN=a,OU=In,{child}", selection=selection)[0] is True
    assert verdict(dn=f"CN=a,{ROOT}", selection=selection)[0] is True


def test_the_pilot_group_of_a_domain_is_asked_of_its_objects_only():
    pilot = f"CN=Pilot,{ROOT}"
    selection = server((ROOT, [ROOT], [], pilot), ("DC=other", ["DC=other"], [], None))
    assert selection.attributes == {"memberof"}
    assert verdict(selection=selection) == (False, ["outside_selected_group"])
    assert verdict({"memberof": [pilot]}, selection=selection) == (True, [])
    assert verdict(dn="CN=a,DC=other", selection=selection) == (True, [])


def test_rules_of_the_sites_own_leave_it_open_whether_an_object_is_taken():
    selection = server((ROOT, [ROOT], [], None), rules=("No contractors",))
    assert verdict(selection=selection) == (None, ["filtered_by_own_rules"])
    assert verdict({"iscriticalsystemobject": ["TRUE"]}, selection=selection) == (False, ["critical_system_object"])
