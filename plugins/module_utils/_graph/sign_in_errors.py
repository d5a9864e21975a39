# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Why Entra did not issue a token, looked up by its numeric code (AADSTS…), never by its English."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure

_CODE = re.compile(r"AADSTS(\d+)")

_UNKNOWN_TENANT = "No such tenant in this cloud. Check tenant_id and cloud."
_NO_TRUST = (
    "The app has no federated credential for this token. Compare issuer, subject and audience of the federated "
    "credential (app registration, Certificates & secrets) with those of the token."
)
_WRONG_VALUE = "The client secret is wrong. Give the secret's value, not its id, and check that it belongs to this app."
_BAD_CERTIFICATE = (
    "The certificate is not registered with this app, or its key does not belong to it. Upload the certificate to the "
    "app registration."
)
_LOGIN_EXPIRED = "The stored login is no longer valid. Sign in again with entra_device_login."
_TOO_LATE = "The code was not entered in time. Start the login again."
_MFA = "The account must pass multi-factor authentication or another interactive step. Sign in with entra_device_login."
_NO_CONSENT = "Nobody has consented to the app's permissions. Let an administrator grant consent in this tenant."
_POLICY = "A Conditional Access policy of the tenant forbids this sign-in. Ask who runs the policies."

# Source: Microsoft, "Microsoft Entra authentication and authorization error codes".
_AADSTS = {
    50020: "The account belongs to another tenant and is no guest of this one. Check tenant_id and the account.",
    50034: "The account does not exist in this tenant. Check tenant_id and the account.",
    50053: "The account is locked after too many attempts. Wait, or unlock it.",
    50055: "The account's password has expired. Change it, then sign in again.",
    50057: "The account is disabled. Enable it or use another.",
    50076: _MFA,
    50078: _MFA,
    50079: _MFA,
    50105: "The account is not assigned to the app, and the app demands an assignment. Assign it in Enterprise apps.",
    50126: "User name or password is wrong.",
    50173: _LOGIN_EXPIRED,
    53000: _POLICY,
    53001: _POLICY,
    53003: _POLICY,
    65001: _NO_CONSENT,
    65004: "The consent was declined. Sign in again and accept it, or let an administrator grant it.",
    70008: _LOGIN_EXPIRED,
    70011: "The scope is not valid. Check cloud and graph_endpoint, or the option scopes.",
    70016: _TOO_LATE,
    70019: _TOO_LATE,
    70020: _TOO_LATE,
    70021: _NO_TRUST,
    90002: _UNKNOWN_TENANT,
    500011: "The tenant does not know this Graph endpoint. Check that cloud and graph_endpoint fit the tenant.",
    530003: _POLICY,
    700003: _POLICY,
    700016: "The tenant does not know this app. Check client_id and tenant_id, or have consent granted to it here.",
    700024: "The federated token or the certificate's assertion is not valid now. Check this machine's clock, and "
    "that the token is renewed.",
    700027: _BAD_CERTIFICATE,
    700082: _LOGIN_EXPIRED,
    700084: _LOGIN_EXPIRED,
    700211: _NO_TRUST,
    700212: _NO_TRUST,
    700213: _NO_TRUST,
    700223: _NO_TRUST,
    900021: _UNKNOWN_TENANT,
    900023: "tenant_id is neither a GUID nor a domain name.",
    7000112: "The app is disabled in this tenant. Enable it in Enterprise apps.",
    7000215: _WRONG_VALUE,
    7000218: "The app does not allow this way of signing in. For a device login turn on 'Allow public client flows' in "
    "the app registration.",
    7000222: "The client secret has expired. Make a new one for the app.",
}

# RFC 6749 and RFC 8628, where no AADSTS code came along.
_OAUTH = {
    "authorization_declined": "The sign-in was declined.",
    "access_denied": "The sign-in was declined.",
    "expired_token": _TOO_LATE,
    "code_expired": _TOO_LATE,
    "authorization_pending": _TOO_LATE,
    "invalid_client": "The app's credential was not accepted.",
    "invalid_grant": _LOGIN_EXPIRED,
    "unauthorized_client": "The app is not allowed to sign in this way, or the tenant does not know it.",
    "invalid_tenant": _UNKNOWN_TENANT,
}


class SignInError(Failure):
    """Entra did not issue a token.

    :ivar code: ``AADSTS<number>``, else the OAuth error name, else ``None``.
    """

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code


def sign_in_error(what: str, answer: Mapping[str, Any], secrets: Iterable[str | None] = ()) -> SignInError:
    """Turn the dict of a failed MSAL call (or the login endpoint's error body) into a sentence.

    :param what: how it was tried, as in "Signing in with a client secret as app … to tenant …".
    :param secrets: texts that must not be shown, should the service ever echo them.
    """
    name = str(answer.get("error") or "")
    description = str(answer.get("error_description") or "")
    number = _number(answer, description)
    code = f"AADSTS{number}" if number else name or None
    remedy = _AADSTS.get(number or 0) or ("" if number else _OAUTH.get(name, ""))
    if not remedy and description:
        # Nothing of ours to say about it: the service's first line, without its trailing ids.
        remedy = f"The service said: {redact(description.splitlines()[0].strip(), secrets).rstrip('.')}."
    correlation = answer.get("correlation_id")
    sentences = [
        f"{what} failed{f' with {code}' if code else ''}.",
        remedy,
        f"Correlation id: {correlation}." if isinstance(correlation, str) else "",
    ]
    return SignInError(" ".join(filter(None, sentences)), code)


def redact(text: str, secrets: Iterable[str | None]) -> str:
    """Replace every secret in a text."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "…")
    return text


def _number(answer: Mapping[str, Any], description: str) -> int | None:
    numbers = answer.get("error_codes")
    if isinstance(numbers, list) and numbers and isinstance(numbers[0], int):
        return numbers[0]
    match = _CODE.search(description)
    return int(match.group(1)) if match else None
