# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Distinguished names compared as AD compares them."""

from __future__ import annotations

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._dn import dns_domain, is_under, own_name, rdns


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("CN=Jane,OU=Sales,DC=example,DC=com", "cn=JANE, ou = sales ,dc=Example,DC=com"),
        (r"CN=Doe\, Jane,DC=x", r"CN=Doe\2c Jane,DC=x"),
        (r"CN=J\C3\B6rg,DC=x", "CN=Jörg,DC=x"),
        (r"CN=a\ ,DC=x", r"CN=a\20,DC=x"),
        ("CN=STRASSE,DC=x", "CN=straße,DC=x"),
    ],
)
def test_spellings_of_one_name_are_equal(left, right):
    assert rdns(left) == rdns(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (r"CN=Doe\, Jane,DC=x", "CN=Doe,CN=Jane,DC=x"),
        (r"CN=a\ ,DC=x", "CN=a,DC=x"),
        ("CN=Jane,DC=x", "OU=Jane,DC=x"),
        (r"CN=a\\,DC=x", r"CN=a\,DC=x"),
    ],
)
def test_different_names_differ(left, right):
    assert rdns(left) != rdns(right)


def test_the_object_itself_comes_first():
    assert rdns(r"CN=Doe\, Jane,OU=Sales,DC=example") == ("cn=doe, jane", "ou=sales", "dc=example")


@pytest.mark.parametrize(
    ("dn", "base", "expected"),
    [
        ("CN=Jane,OU=Sales,DC=x", "OU=sales,DC=x", True),
        ("OU=Sales,DC=x", "OU=Sales,DC=x", True),
        ("CN=Jane,OU=Presales,DC=x", "OU=Sales,DC=x", False),
        (r"CN=Jane\,OU=Sales,DC=x", "OU=Sales,DC=x", False),
        ("DC=x", "OU=Sales,DC=x", False),
        ("CN=Jane,DC=x", "", True),
    ],
)
def test_below_is_by_whole_names(dn, base, expected):
    assert is_under(rdns(dn), rdns(base)) is expected


def test_the_dns_name_of_a_domain_is_read_from_its_parts():
    assert dns_domain("OU=Sales,DC=emea,DC=Example,DC=com") == "emea.example.com"
    assert dns_domain("O=company") is None


@pytest.mark.parametrize(
    ("dn", "name"),
    [
        (r"CN=Doe\, Jane,OU=Sales,DC=x", "Doe, Jane"),
        (r"CN=J\C3\B6rg+x,DC=x", "Jörg+x"),
        ("CN= Jane ,DC=x", "Jane"),
        ("", ""),
    ],
)
def test_an_objects_own_name_is_shown_as_ad_shows_it(dn, name):
    assert own_name(dn) == name
