# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What a domain controller's refusals mean, and what to do about them."""

from __future__ import annotations

import re
import ssl
from typing import Any

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure


class DirectoryError(Failure):
    """A whole-run error of the directory.

    ``code`` is one of ``unreachable, certificate, tls, sign_in, base, refused, unreadable, interrupted, options``.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


# LDAP result codes (RFC 4511) that get more than their name.
SUCCESS = 0
TIME_LIMIT_EXCEEDED = 3
SIZE_LIMIT_EXCEEDED = 4
STRONGER_AUTH_REQUIRED = 8
REFERRAL = 10
UNAVAILABLE_CRITICAL_EXTENSION = 12
CONFIDENTIALITY_REQUIRED = 13
NO_SUCH_OBJECT = 32
INVALID_DN_SYNTAX = 34
INVALID_CREDENTIALS = 49
INSUFFICIENT_ACCESS_RIGHTS = 50
BUSY = 51
UNAVAILABLE = 52

_SUB_CODE = re.compile(r"\bdata ([0-9a-fA-F]+)\b")
# The part "data NNN" of AD's diagnostic message to a refused bind: a Windows error number in hex.
_SUB_CODES = {
    "525": "there is no such user; check the name and the domain in it",
    "52e": "the user name or the password is wrong",
    "52f": "an account restriction forbids this sign-in; blank passwords and some account policies do that",
    "530": "the account may not sign in at this hour; its logon hours forbid it",
    "531": "the account may not sign in from this machine; its list of workstations forbids it",
    "532": "the password has expired; change it",
    "533": "the account is disabled; enable it",
    "701": "the account has expired; extend it",
    "773": "the password must be changed before the first sign-in; change it",
    "775": "the account is locked out; unlock it, and find out what keeps trying a wrong password",
    "80090346": "the channel binding was wrong or missing; the server demands one, which Kerberos over TLS sends",
}

# OpenSSL's X509_V_ERR_… numbers.
_CERTIFICATE_ERRORS = {
    9: "it is not valid yet; check this machine's clock",
    10: "it has expired; renew it on the server",
    18: "it is self-signed; give ca_cert the certificate of the authority that signs the domain controllers'",
    19: "its authority is not trusted here; give ca_cert the authority's certificate",
    20: "its authority is not trusted here; give ca_cert the authority's certificate",
    21: "its authority is not trusted here; give ca_cert the authority's certificate",
    23: "it has been revoked",
    62: "it is for another host name; name the server in the option server as its certificate does",
    64: "it does not carry this address; name the server in the option server as its certificate does",
}

# Kerberos errors: MIT's minor codes as unsigned 32-bit numbers.
_KERBEROS_BASE = -1765328384 + (1 << 32)
_NO_TICKET = (
    "the Kerberos credential cache is missing or holds no ticket of this user; run kinit as the user who runs the "
    "task, or set KRB5CCNAME"
)
_KERBEROS_ERRORS = {
    6: "the Kerberos server does not know this principal; check the name and the realm",
    7: (
        "the Kerberos server knows no service of this name; name the server by its full host name, not its address or "
        "an alias (its servicePrincipalName must hold ldap/<that name>)"
    ),
    23: "the password of the Kerberos principal has expired; change it",
    24: "Kerberos pre-authentication failed; run kinit again",
    32: "the Kerberos ticket has expired; run kinit again",
    37: "this machine's clock and the server's differ too much for Kerberos; set the clock (NTP)",
    141: _NO_TICKET,
    154: "the Kerberos realm has no known server; name it in krb5.conf or in DNS",
    156: "no Kerberos server of the realm can be reached; check the realm in krb5.conf and the network",
    195: _NO_TICKET,
}
_GSS_NO_CREDENTIALS = 7
_GSS_CREDENTIALS_EXPIRED = 11


def explain_bind(result: dict[str, Any], server: str, account: str) -> DirectoryError:
    """Return the error for a refused sign-in.

    :param result: ldap3's result of the bind.
    :param account: the user as shown to a person.
    """
    number, diagnostic = result["result"], _diagnostic(result)
    prefix = f"{server} refused to sign in {account}"
    if number == INVALID_CREDENTIALS:
        found = _SUB_CODE.search(diagnostic)
        sub_code = found.group(1).lower() if found else None
        if sub_code in _SUB_CODES:
            return DirectoryError("sign_in", f"{prefix}: {_SUB_CODES[sub_code]} (LDAP 49, data {sub_code}).")
        return DirectoryError("sign_in", f"{prefix}: the credentials are not valid ({_shown(result)}).")
    if number in (STRONGER_AUTH_REQUIRED, CONFIDENTIALITY_REQUIRED):
        return DirectoryError(
            "sign_in",
            f"{prefix}: the server demands an encrypted or signed connection ({_shown(result)}). "
            "Use tls_mode ldaps or start_tls.",
        )
    return DirectoryError("sign_in", f"{prefix} ({_shown(result)}).")


def explain_kerberos(error: Any, server: str) -> DirectoryError:
    """Return the error for a failed Kerberos exchange.

    :param error: ``gssapi.exceptions.GSSError``.
    """
    routine = (int(error.maj_code) >> 16) & 0xFF
    minor = int(error.min_code) & 0xFFFFFFFF
    text = _KERBEROS_ERRORS.get(minor - _KERBEROS_BASE)
    if text is None and routine == _GSS_NO_CREDENTIALS:
        text = _NO_TICKET
    elif text is None and routine == _GSS_CREDENTIALS_EXPIRED:
        text = _KERBEROS_ERRORS[32]
    codes = f"GSS major {int(error.maj_code)}, minor {minor}"
    if text is None:
        return DirectoryError("sign_in", f"Signing in to {server} with Kerberos failed: {error} ({codes}).")
    return DirectoryError("sign_in", f"Signing in to {server} with Kerberos failed: {text} ({codes}).")


def explain_tls(error: OSError) -> str:
    """Return why TLS could not be set up, as the end of a sentence; ``ssl.SSLError`` is an ``OSError``."""
    if isinstance(error, ssl.SSLCertVerificationError):
        text = _CERTIFICATE_ERRORS.get(error.verify_code, error.verify_message)
        return f"its certificate is not accepted: {text} (OpenSSL verify code {error.verify_code})"
    reason = getattr(error, "reason", None) or error.strerror or error
    return f"TLS could not be set up ({reason}); does the server speak TLS on this port, and has it a certificate?"


def explain_search(result: dict[str, Any], server: str, base: str) -> DirectoryError:
    """Return the error for a failed search."""
    number = result["result"]
    tried = f'The search below "{base}" on {server}'
    if number == NO_SUCH_OBJECT:
        matched = result.get("dn")
        where = f'the last part of it that exists is "{matched}"' if matched else "no part of it exists there"
        return DirectoryError(
            "base", f"{tried} failed: there is no such object, {where} (LDAP 32). Correct search_base."
        )
    if number == INVALID_DN_SYNTAX:
        return DirectoryError(
            "base",
            f"{tried} failed: search_base is no distinguished name like OU=Sales,DC=example,DC=com (LDAP 34).",
        )
    if number == REFERRAL:
        others = ", ".join(result.get("referrals") or ()) or "another server"
        return DirectoryError(
            "base",
            f"{tried} failed: it belongs to another domain, and the server refers to {others} (LDAP 10). "
            "Ask a domain controller of that domain.",
        )
    if number == INSUFFICIENT_ACCESS_RIGHTS:
        return DirectoryError("unreadable", f"{tried} failed: the account may not read there ({_shown(result)}).")
    if number == SIZE_LIMIT_EXCEEDED:
        return DirectoryError(
            "interrupted",
            f"{tried} was cut off by the server's size limit, although it was asked for pages (LDAP 4). The answer is "
            "incomplete and was discarded. Does a proxy between remove the paging control?",
        )
    if number == TIME_LIMIT_EXCEEDED:
        return DirectoryError(
            "interrupted",
            f"{tried} took longer than the server allows (LDAP 3). The answer is incomplete and was discarded. "
            "Use a narrower search_base or a filter on indexed attributes.",
        )
    if number == UNAVAILABLE_CRITICAL_EXTENSION:
        return DirectoryError(
            "refused", f"{tried} failed: the server cannot or will not go on paging ({_shown(result)}). Run it again."
        )
    return DirectoryError("refused", f"{tried} failed ({_shown(result)}).")


def _shown(result: dict[str, Any]) -> str:
    diagnostic = _diagnostic(result)
    return f"LDAP {result['result']} {result['description']}" + (f": {diagnostic}" if diagnostic else "")


def _diagnostic(result: dict[str, Any]) -> str:
    return (result.get("message") or "").strip("\0 \n")
