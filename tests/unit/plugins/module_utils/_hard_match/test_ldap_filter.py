# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""LDAP filters evaluated on an object at hand."""

from __future__ import annotations

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.ldap_filter import FilterError, parse_filter

OBJECT = {
    "cn": ["Jörg (Extern)"],
    "department": ["Sales"],
    "employeenumber": ["9", "100"],
    "useraccountcontrol": ["514"],
    "memberof": ["CN=Staff,OU=Groups,DC=x"],
    "objectcategory": ["CN=Person,CN=Schema,CN=Configuration,DC=x"],
    "manager": [],
    "mail": None,
}


def answer(text):
    def lookup(name):
        values = OBJECT.get(name, [])
        return None if values is None else [value.encode() for value in values]

    return parse_filter(text).test(lookup)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(department=SALES)", True),
        ("department=sales", True),
        ("(department=Sale)", False),
        (r"(cn=J\c3\b6rg \28Extern\29)", True),
        ("(cn=j*ext*)", True),
        ("(cn=*extern)", False),
        ("(cn=*)", True),
        ("(manager=*)", False),
        ("(department~=sales)", True),
        ("(employeeNumber>=50)", True),  # numbers by value, not as text
        ("(employeeNumber<=8)", False),
        ("(userAccountControl:1.2.840.113556.1.4.803:=2)", True),
        ("(userAccountControl:1.2.840.113556.1.4.803:=3)", False),
        ("(userAccountControl:1.2.840.113556.1.4.804:=3)", True),
        ("(!(userAccountControl:1.2.840.113556.1.4.803:=2))", False),
        ("(memberOf=cn=staff, ou=groups,dc=x)", True),
        ("(objectCategory=person)", True),
        ("(objectCategory=computer)", False),
        ("(&(department=Sales)(cn=j*))", True),
        ("(|(department=IT)(cn=j*))", True),
        (" ( & (department=Sales) (!(manager=*)) ) ", True),
        ("(!(manager=CN=Boss,DC=x))", True),  # no value: not that one
        ("(&)", True),
        ("(|)", False),
    ],
)
def test_true_and_false(text, expected):
    assert answer(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(mail=*)", None),
        ("(!(mail=*))", None),
        ("(&(department=Sales)(mail=*))", None),
        ("(&(department=IT)(mail=*))", False),
        ("(|(department=Sales)(mail=*))", True),
        ("(|(department=IT)(mail=*))", None),
    ],
)
def test_what_hangs_on_an_unknown_attribute_is_unknown(text, expected):
    assert answer(text) is expected


def test_a_filter_names_the_attributes_it_needs():
    assert parse_filter("(&(department=x)(!(memberOf=y)))").attributes == {"department", "memberof"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "(",
        "(department)",
        "(department=x",
        "(department=x))",
        "(&(department=x)",
        "(!(a=1)(b=2))",
        r"(cn=\zz)",
        "(memberOf:1.2.840.113556.1.4.1941:=CN=x)",
        "(userAccountControl:1.2.840.113556.1.4.803:=two)",
        "(=x)",
    ],
)
def test_what_cannot_be_evaluated_is_refused_with_the_filter_named(text):
    with pytest.raises(FilterError, match="RFC 4515") as caught:
        parse_filter(text)
    assert f'"{text}"' in caught.value.message
