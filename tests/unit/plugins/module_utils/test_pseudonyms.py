# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other names for people: equal values stay equal, and what decides a match stays."""

from __future__ import annotations

import re
import stat

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._directory.record import (
    AnchorSettings,
    wanted_attributes,
)
from ansible_collections.hybrid.identity.plugins.module_utils._dn import is_under, rdns
from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._pseudonyms import (
    AD_ATTRIBUTES,
    Pseudonyms,
    key_from_file,
)

OTHER = Pseudonyms(b"0123456789abcdef")


def test_equal_values_stay_equal_and_no_others_become_so():
    names = [f"user{number}" for number in range(2000)]
    assert len({OTHER.word(name) for name in names}) == 2000
    assert OTHER.word("jane") == OTHER.word(" jane ") == OTHER.word("JANE").lower() == OTHER.word("Jane").lower()
    assert OTHER.word("jane") != Pseudonyms(b"fedcba9876543210").word("jane")
    assert "jane" not in OTHER.word("jane")


@pytest.mark.parametrize("text", ["jane", "JANE", "Jane"])
def test_how_a_word_is_written_stays(text):
    assert OTHER.word(text).islower() == text.islower()
    assert OTHER.word(text).isupper() == text.isupper()
    assert OTHER.word(text)[0].isupper() == text[0].isupper()


@pytest.mark.parametrize(
    "text", ["", "  ", "SUPPORT_388945a0", "krbtgt", "ADToAADSyncServiceAccount", "MSOL_AD_Sync_RichCoexistence"]
)
def test_accounts_that_are_called_so_everywhere_keep_their_name(text):
    assert OTHER.word(text) == text


@pytest.mark.parametrize(
    ("mark", "rest", "end"),
    [
        ("AAD_", "Merger with Fabrikam", ""),
        ("MSOL_", "1234", ""),
        ("Sync_", "SERVER1_0123", ""),
        ("CAS_{", "server 1", "}"),
        ("SystemMailbox{", "1f05a927", "}"),
        ("HealthMailbox", "1f05a927", ""),
    ],
)
def test_what_filters_look_for_stays_and_what_follows_does_not(mark, rest, end):
    text = f"{mark}{rest}{end}"
    other = OTHER.word(text)
    assert re.fullmatch(f"{re.escape(mark)}[pP]\\w{{13}}{end}", other)
    assert OTHER.word(text.lower()).lower() == other.lower()
    assert OTHER.address(f"{text}@contoso.com") == f"{other}@contoso.com"


def test_addresses_keep_prefix_and_domain():
    jane = OTHER.word("jane")
    assert OTHER.address("jane@contoso.com") == f"{jane}@contoso.com"
    assert OTHER.address("SMTP:jane@contoso.com") == f"SMTP:{jane}@contoso.com"
    assert OTHER.address("sip:JANE@contoso.com") == f"sip:{jane.upper()}@contoso.com"
    assert OTHER.address("x500:/o=Contoso/cn=Jane Doe") == f"x500:{OTHER.word('/o=Contoso/cn=Jane Doe')}"
    assert OTHER.address("jane") == jane
    assert OTHER.address("jane+1234@contoso.com") == f"{jane}+1234@contoso.com"
    assert OTHER.address("jane+news@contoso.com") == f"{jane}+{OTHER.word('news')}@contoso.com"
    assert OTHER.address("") == ""


def test_marks_in_user_names_stay():
    external = OTHER.address("jane_doe.org#EXT#@contoso.onmicrosoft.com")
    assert external == f"{OTHER.word('jane_doe.org')}#EXT#@contoso.onmicrosoft.com"
    deleted = "0123456789abcdef0123456789abcdef"
    assert OTHER.address(f"{deleted}jane@contoso.com") == f"{deleted}{OTHER.word('jane')}@contoso.com"
    sync = "Sync_SERVER1_0123@contoso.onmicrosoft.com"
    assert re.fullmatch(r"Sync_P\w{13}@contoso\.onmicrosoft\.com", OTHER.address(sync))


def test_names_in_a_directory_keep_domain_and_order():
    ou = OTHER.dn("OU=Sales,DC=corp,DC=local")
    name = OTHER.dn("CN=Doe\\, Jane,OU=sales,DC=corp,DC=local")
    assert ou == f"OU={OTHER.word('sales')},DC=corp,DC=local"
    assert is_under(rdns(name), rdns(ou))
    assert "jane" not in name.lower()
    assert OTHER.dn("CN=Jane,CN=Users,DC=corp").endswith(",CN=Users,DC=corp")
    assert OTHER.dn("") == ""
    assert "jane" not in OTHER.dn('CN="Doe, Jane",DC=corp').lower()


def test_conflicts_and_tombstones_keep_their_mark():
    name = OTHER.dn("CN=Jane\\0ACNF:14c8d2a9-90b7-4d7a-b264-1cc77901069a,DC=corp")
    assert rdns(name)[0].endswith("\ncnf:14c8d2a9-90b7-4d7a-b264-1cc77901069a")
    assert "jane" not in name.lower()


def test_other_values():
    assert OTHER.phone("+49 30 1") == OTHER.phone("+49 30 1 ")
    assert OTHER.phone("+49 30 1") != OTHER.phone("+49 30 2")
    assert OTHER.phone("+49 30 1")[1:].isdigit()
    assert OTHER.marked("User_x").startswith("User_p")
    assert OTHER.marked("plain") == OTHER.word("plain")
    assert OTHER.anchor("qdLIFLeQek2yZBzHeQEGmg==") == "qdLIFLeQek2yZBzHeQEGmg=="
    assert OTHER.anchor("E1234") == OTHER.word("E1234")
    rule = OTHER.rule("(user.department -eq \"Sales\") or user.city -eq 'Bonn'")
    assert rule == f'(user.department -eq "{OTHER.word("Sales")}") or user.city -eq "{OTHER.word("Bonn")}"'


def test_a_cloud_user():
    user = {
        "id": "87d349ed-44d7-43e1-9a83-5f2406dee5bd",
        "userPrincipalName": "jane@contoso.com",
        "mail": None,
        "displayName": "Jane Doe",
        "accountEnabled": True,
        "country": "Germany",
        "city": "Bonn",
        "businessPhones": ["+49 1"],
        "proxyAddresses": ["SMTP:jane@contoso.com"],
        "onPremisesExtensionAttributes": {"extensionAttribute1": "secret", "extensionAttribute2": None},
        "onPremisesProvisioningErrors": [
            {"category": "PropertyConflict", "propertyCausingError": "ProxyAddress", "value": "SMTP:jane@contoso.com"}
        ],
        "somethingNew": "Jane's nickname",
        "assignedLicenses": [{"skuId": "1", "disabledPlans": []}],
    }
    jane = OTHER.word("jane")
    assert OTHER.cloud_object(user) == {
        **user,
        "userPrincipalName": f"{jane}@contoso.com",
        "displayName": OTHER.word("Jane Doe"),
        "city": OTHER.word("Bonn"),
        "businessPhones": [OTHER.phone("+49 1")],
        "proxyAddresses": [f"SMTP:{jane}@contoso.com"],
        "onPremisesExtensionAttributes": {"extensionAttribute1": OTHER.word("secret"), "extensionAttribute2": None},
        "onPremisesProvisioningErrors": [
            {
                "category": "PropertyConflict",
                "propertyCausingError": "ProxyAddress",
                "value": f"SMTP:{jane}@contoso.com",
            }
        ],
        "somethingNew": OTHER.word("Jane's nickname"),
    }


def test_an_ad_object_keeps_what_decides_and_loses_what_is_not_known():
    found = OTHER.ad_attributes(
        {
            "samaccountname": [b"jane"],
            "mail": [b"jane@contoso.com"],
            "objectguid": [bytes(range(16))],
            "useraccountcontrol": [b"512"],
            "thumbnailphoto": [b"\xff\xd8"],
            "info": [b"Jane is ill"],
        }
    )
    jane = OTHER.word("jane").encode()
    assert found == {
        "samaccountname": [jane],
        "mail": [jane + b"@contoso.com"],
        "objectguid": [bytes(range(16))],
        "useraccountcontrol": [b"512"],
    }


def test_both_sides_still_have_the_same_values():
    cloud = OTHER.cloud_object({"city": "Bonn", "state": "NRW", "surname": "Doe", "mobilePhone": "+49 1"})
    ad = OTHER.ad_attributes({"l": [b"Bonn"], "st": [b"NRW"], "sn": [b"Doe"], "mobile": [b"+49 1"]})
    assert list(cloud.values()) == [value[0].decode() for value in ad.values()]


def test_every_attribute_that_is_gathered_is_known():
    assert {name.lower() for name in wanted_attributes(AnchorSettings(), "userPrincipalName")} <= AD_ATTRIBUTES


def test_a_key_is_made_once_and_is_private(tmp_path):
    path = tmp_path / "names.key"
    key = key_from_file(str(path))
    assert len(key) == 32
    assert key_from_file(str(path)) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "not hexadecimal", "abcd", "\u00e9"])
def test_a_file_without_a_key_is_refused_and_kept(tmp_path, content):
    path = tmp_path / "names.key"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(Failure, match="holds no key"):
        key_from_file(str(path))
    assert path.read_text(encoding="utf-8") == content


def test_a_short_key_is_refused():
    with pytest.raises(ValueError, match="too short"):
        Pseudonyms(b"short")
