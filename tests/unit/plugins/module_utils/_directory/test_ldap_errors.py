# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What refusals of a domain controller mean."""

from __future__ import annotations

import types

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._directory.ldap_errors import (
    explain_bind,
    explain_kerberos,
)


def bind(number, message="", description="invalidCredentials"):
    result = {"result": number, "description": description, "message": message, "dn": ""}
    return explain_bind(result, "ldaps://dc1:636", "reader@example.com")


@pytest.mark.parametrize(
    ("sub_code", "part"),
    [
        ("525", "no such user"),
        ("52e", "password is wrong"),
        ("52E", "password is wrong"),
        ("52f", "restriction"),
        ("530", "hour"),
        ("531", "workstations"),
        ("532", "password has expired"),
        ("533", "disabled"),
        ("701", "account has expired"),
        ("773", "must be changed"),
        ("775", "locked"),
        ("80090346", "channel binding"),
    ],
)
def test_each_sub_code_of_a_refused_sign_in_is_explained(sub_code, part):
    text = f"80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data {sub_code}, v1db1\0"
    error = bind(49, text)
    assert error.code == "sign_in"
    assert part in error.message
    assert f"data {sub_code.lower()}" in error.message
    assert "reader@example.com" in error.message


def test_a_sub_code_nobody_knows_is_passed_on():
    assert (
        "data 999" in bind(49, "80090308: LdapErr: DSID-0, comment: AcceptSecurityContext error, data 999, v1").message
    )


def test_a_server_that_demands_encryption_is_told_apart_from_a_wrong_password():
    error = bind(8, "00002028: LdapErr: DSID-0C090202, comment: The server requires binds to turn on integrity", "x")
    assert "encrypted or signed" in error.message
    assert "start_tls" in error.message


def gss(major, minor):
    return explain_kerberos(types.SimpleNamespace(maj_code=major, min_code=minor), "ldaps://dc1:636").message


UNSPECIFIED = 13 << 16


@pytest.mark.parametrize(
    ("krb5", "part"),
    [
        (-1765328377, "servicePrincipalName"),
        (-1765328352, "ticket has expired"),
        (-1765328347, "clock"),
        (-1765328243, "kinit"),
        (-1765328230, "realm"),
        (-1765328228, "no Kerberos server"),
        (-1765328189, "kinit"),
    ],
)
@pytest.mark.parametrize("offset", [0, 1 << 32])
def test_kerberos_errors_are_known_by_their_codes(krb5, part, offset):
    """MIT's codes are negative; Python's binding shows them as unsigned numbers."""
    assert part in gss(UNSPECIFIED, krb5 + offset)


def test_a_missing_credential_is_known_by_the_major_code_alone():
    assert "kinit" in gss(7 << 16, 0)
    assert "expired" in gss(11 << 16, 0)


def test_an_unknown_kerberos_error_keeps_its_codes():
    assert "minor 42" in gss(UNSPECIFIED, 42)
