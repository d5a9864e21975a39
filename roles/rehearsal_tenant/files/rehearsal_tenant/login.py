# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sign-in door: OpenID discovery, the token endpoint and device codes, as MSAL uses them."""

from __future__ import annotations

import base64
import hashlib
import html
import secrets
from dataclasses import dataclass
from typing import Any, Optional

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from .store import Stored
from .tenant import Client, Tenant
from .tokens import TokenIssuer

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
DEVICE_CODE_SECONDS = 900
ANY_TENANT = frozenset({"common", "organizations"})


class LoginError(Exception):
    """A refusal of the token endpoint: OAuth's error and Entra's number with a sentence."""

    def __init__(self, error: str, number: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.error = error
        self.number = number
        self.message = message
        self.status = status


@dataclass
class DeviceCode:
    """A device login that waits for its person."""

    client: Client
    user_code: str
    expires: float
    user: Optional[Stored] = None


class LoginDoor:
    """Sign-in for one tenant."""

    def __init__(self, tenant: Tenant, tokens: TokenIssuer) -> None:
        self._tenant = tenant
        self._tokens = tokens
        self._devices: dict[str, DeviceCode] = {}
        self._refresh: dict[str, tuple[Client, str]] = {}

    async def discovery(self, request: Request) -> Response:
        """GET /{tenant}/v2.0/.well-known/openid-configuration."""
        name = request.path_params["tenant"]
        if not self._knows(name):
            return self._refuse(_unknown_tenant(name))
        root, tenant_id = _root(request), self._tenant.id
        return JSONResponse(
            {
                "issuer": f"{root}/{tenant_id}/v2.0",
                "authorization_endpoint": f"{root}/{tenant_id}/oauth2/v2.0/authorize",
                "token_endpoint": f"{root}/{tenant_id}/oauth2/v2.0/token",
                "device_authorization_endpoint": f"{root}/{tenant_id}/oauth2/v2.0/devicecode",
                "jwks_uri": f"{root}/{tenant_id}/discovery/v2.0/keys",
                "response_types_supported": ["code", "id_token"],
                "response_modes_supported": ["query", "fragment", "form_post"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": [
                    "client_secret_post",
                    "private_key_jwt",
                    "client_secret_basic",
                ],
                "scopes_supported": ["openid", "profile", "email", "offline_access"],
                "claims_supported": ["sub", "iss", "aud", "exp", "iat", "oid", "tid", "preferred_username"],
                "tenant_region_scope": None,
                "msgraph_host": request.url.netloc,
            }
        )

    async def keys(self, request: Request) -> Response:
        """GET /{tenant}/discovery/v2.0/keys."""
        return JSONResponse(self._tokens.keys())

    async def token(self, request: Request) -> Response:
        """POST /{tenant}/oauth2/v2.0/token: client credentials, device code, refresh token."""
        form = {name: str(value) for name, value in (await request.form()).items()}
        root = _root(request)
        name = request.path_params["tenant"]
        try:
            if not self._knows(name):
                raise _unknown_tenant(name)
            return JSONResponse(self._grant(form, root))
        except LoginError as error:
            return self._refuse(error)

    def _grant(self, form: dict[str, str], root: str) -> dict[str, Any]:
        issuer = f"{root}/{self._tenant.id}/v2.0"
        client = self._client(form)
        grant = form.get("grant_type")
        if grant == "client_credentials":
            self._prove(client, form, root)
            if not form.get("scope", "").endswith("/.default"):
                raise LoginError("invalid_scope", 1002012, "The scope of client credentials must end in /.default.")
            return self._answer(self._tokens.for_app(client, issuer))
        if grant == DEVICE_GRANT:
            return self._for_user(client, self._approved(client, form), issuer)
        if grant == "refresh_token":
            owner, user_id = self._refresh.get(form.get("refresh_token", ""), (None, ""))
            user = self._tenant.user(user_id) if owner is client else None
            if user is None:
                raise LoginError("invalid_grant", 700082, "The refresh token has expired or is not known.")
            return self._for_user(client, user, issuer)
        raise LoginError("unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{grant}'.")

    def _answer(self, token: str) -> dict[str, Any]:
        lifetime = int(self._tenant.settings.tokenLifetimeSeconds)
        return {"token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime, "access_token": token}

    def _for_user(self, client: Client, user: Stored, issuer: str) -> dict[str, Any]:
        refresh_token = secrets.token_urlsafe(32)
        self._refresh[refresh_token] = (client, user.id)
        return {
            **self._answer(self._tokens.for_user(client, user, issuer)),
            "scope": " ".join(client.delegated_permissions),
            "refresh_token": refresh_token,
            "id_token": self._tokens.identity(client, user, issuer),
            "client_info": self._tokens.client_info(user),
        }

    def _client(self, form: dict[str, str]) -> Client:
        wanted = form.get("client_id", "").lower()
        found = self._tenant.clients.get(wanted)
        if found is None:
            raise LoginError(
                "unauthorized_client",
                700016,
                f"Application with identifier '{wanted}' was not found in the directory '{self._tenant.display_name}'.",
            )
        return found

    def _prove(self, client: Client, form: dict[str, str], root: str) -> None:
        """
        :raises LoginError: when neither a secret nor a signed assertion proves who the client is.
        """
        if form.get("client_assertion_type") == ASSERTION_TYPE:
            _check_assertion(client, form.get("client_assertion", ""), f"{root}/{self._tenant.id}", self._tenant)
        elif "client_secret" not in form:
            raise LoginError(
                "invalid_client", 7000218, "The request must contain 'client_assertion' or 'client_secret'.", 401
            )
        elif client.secret is None or not secrets.compare_digest(client.secret, form["client_secret"]):
            raise LoginError("invalid_client", 7000215, "Invalid client secret provided.", 401)

    async def device_code(self, request: Request) -> Response:
        """POST /{tenant}/oauth2/v2.0/devicecode."""
        form = {name: str(value) for name, value in (await request.form()).items()}
        try:
            client = self._client(form)
        except LoginError as error:
            return self._refuse(error)
        code, user_code = secrets.token_urlsafe(32), secrets.token_hex(4).upper()
        entry = DeviceCode(client, user_code, self._tenant.clock.now() + DEVICE_CODE_SECONDS)
        if self._tenant.settings.deviceLoginAs:
            entry.user = self._tenant.user(self._tenant.settings.deviceLoginAs)
        self._devices[code] = entry
        page = f"{_root(request)}/devicelogin"
        return JSONResponse(
            {
                "device_code": code,
                "user_code": user_code,
                "verification_uri": page,
                "expires_in": DEVICE_CODE_SECONDS,
                "interval": 1,
                "message": f"To sign in, use a web browser to open the page {page} and enter the code {user_code} to"
                " authenticate.",
            }
        )

    def _approved(self, client: Client, form: dict[str, str]) -> Stored:
        code = form.get("device_code", "")
        entry = self._devices.get(code)
        if entry is None or entry.client is not client:
            raise LoginError("bad_verification_code", 70018, "The device code is not known.")
        if self._tenant.clock.now() > entry.expires:
            raise LoginError("expired_token", 70019, "The device code has expired.")
        if entry.user is None:
            raise LoginError("authorization_pending", 70016, "The person has not finished signing in yet.")
        del self._devices[code]
        return entry.user

    async def device_page(self, request: Request) -> Response:
        """GET and POST /devicelogin: the page where a person enters the code; any user of the tenant will do."""
        message = ""
        if request.method == "POST":
            form = await request.form()
            message = self._approve(str(form.get("user_code", "")), str(form.get("user", "")))
        return HTMLResponse(
            _DEVICE_PAGE.format(message=html.escape(message), tenant=html.escape(self._tenant.display_name))
        )

    def _approve(self, user_code: str, user: str) -> str:
        entry = next((item for item in self._devices.values() if item.user_code == user_code.strip().upper()), None)
        found = self._tenant.user(user.strip())
        if entry is None:
            return "This code is not known."
        if found is None:
            return "This user is not in the tenant."
        entry.user = found
        return f"Signed in as {found.body['userPrincipalName']}. You can close this page."

    def _knows(self, name: str) -> bool:
        return name.lower() == self._tenant.id or name in ANY_TENANT or self._tenant.verified("@" + name)

    def _refuse(self, error: LoginError) -> Response:
        trace = secrets.token_hex(16)
        return JSONResponse(
            {
                "error": error.error,
                "error_description": f"AADSTS{error.number}: {error.message} Trace ID: {trace}",
                "error_codes": [error.number],
                "timestamp": self._tenant.timestamp(),
                "trace_id": trace,
                "correlation_id": trace,
            },
            status_code=error.status,
        )


_DEVICE_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Device login</title>
<h1>{tenant}</h1><p>A rehearsal: any user of the tenant signs in without a password.</p>
<p><strong>{message}</strong></p>
<form method="post"><p><label>Code <input name="user_code" autofocus></label></p>
<p><label>User principal name <input name="user"></label></p><p><button>Sign in</button></p></form></html>"""


def _root(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _unknown_tenant(name: str) -> LoginError:
    return LoginError("invalid_request", 90002, f"Tenant '{name}' not found.")


def _check_assertion(client: Client, assertion: str, authority: str, tenant: Tenant) -> None:
    """A certificate's or a federated issuer's assertion: the signature must be of a registered key.

    :raises LoginError: in Entra's words and numbers.
    """
    try:
        header = jwt.get_unverified_header(assertion)
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise LoginError("invalid_client", 50027, "The client assertion is no valid JWT.", 401) from None
    now = tenant.clock.now()
    if not isinstance(claims.get("exp"), (int, float)) or claims["exp"] < now - 300:
        raise LoginError("invalid_client", 700024, "Client assertion is not within its valid time range.", 401)
    if claims.get("iss") == client.client_id:
        _check_certificate(client, assertion, header, claims, authority)
    else:
        _check_federated(client, assertion, claims)


def _check_certificate(
    client: Client, assertion: str, header: dict[str, Any], claims: dict[str, Any], authority: str
) -> None:
    if not str(claims.get("aud", "")).startswith(authority):
        raise LoginError("invalid_client", 700025, "The audience of the client assertion is not this tenant.", 401)
    for pem in client.certificates:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        if not _names(header, certificate):
            continue
        if _signed_by(assertion, certificate.public_key()):
            return
        raise LoginError("invalid_client", 700030, "The signature of the client assertion is wrong.", 401)
    raise LoginError("invalid_client", 700027, "The certificate is not registered for the application.", 401)


def _names(header: dict[str, Any], certificate: x509.Certificate) -> bool:
    der = certificate.public_bytes(Encoding.DER)
    prints = (hashlib.sha1(der).digest(), hashlib.sha256(der).digest())  # noqa: S324 (x5t is SHA-1 by definition)
    encoded = [base64.urlsafe_b64encode(item).decode().rstrip("=") for item in prints]
    return header.get("x5t", "").rstrip("=") == encoded[0] or header.get("x5t#S256", "").rstrip("=") == encoded[1]


def _check_federated(client: Client, assertion: str, claims: dict[str, Any]) -> None:
    for credential in client.federated_credentials:
        audiences = credential.get("audiences", ["api://AzureADTokenExchange"])
        same = claims.get("iss") == credential["issuer"] and claims.get("sub") == credential["subject"]
        if same and claims.get("aud") in audiences:
            if _signed_by(assertion, credential["publicKey"]):
                return
            raise LoginError("invalid_client", 700211, "The signature of the federated assertion is wrong.", 401)
    raise LoginError(
        "invalid_client", 70021, "No matching federated identity record found for presented assertion.", 401
    )


def _signed_by(assertion: str, key: Any) -> bool:
    options: Any = {"verify_exp": False, "verify_aud": False, "verify_nbf": False, "verify_iat": False}
    try:
        jwt.decode(assertion, key, ["RS256", "PS256", "ES256"], options=options)
    except (jwt.InvalidTokenError, jwt.InvalidKeyError, ValueError):
        return False
    return True
