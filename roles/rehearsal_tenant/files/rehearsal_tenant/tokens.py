# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access tokens: signed like Entra's, verified like Graph does."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from typing import Any, Optional

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from .messages import Caller
from .store import Stored
from .tenant import Client, Tenant

GRAPH_AUDIENCE = "https://graph.microsoft.com"


class TokenIssuer:
    """Signs and verifies; times are the tenant's."""

    def __init__(self, tenant: Tenant, key: rsa.RSAPrivateKey) -> None:
        self._tenant = tenant
        self._key = key
        self._key_id = hashlib.sha256(str(key.public_key().public_numbers().n).encode()).hexdigest()[:32]
        self._known: dict[str, tuple[Caller, float]] = {}

    def keys(self) -> dict[str, Any]:
        """The public key as JWKS."""
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        return {"keys": [{**key, "kid": self._key_id, "use": "sig"}]}

    def for_app(self, client: Client, issuer: str) -> str:
        """An access token of the app itself."""
        claims = {"idtyp": "app", "roles": sorted(client.permissions), "sub": client.client_id}
        return self._sign(client, issuer, {**claims, "wids": sorted(client.directory_roles)})

    def for_user(self, client: Client, user: Stored, issuer: str) -> str:
        """An access token of a person through the app."""
        active = [item.role for item in self._tenant.roles.roles_of(user.id, eligible=False)]
        return self._sign(
            client,
            issuer,
            {
                "idtyp": "user",
                "oid": user.id,
                "sub": user.id,
                "upn": user.body["userPrincipalName"],
                "scp": " ".join(sorted(client.delegated_permissions)),
                "wids": sorted(active),
            },
        )

    def identity(self, client: Client, user: Stored, issuer: str) -> str:
        """The id_token that goes with a person's sign-in."""
        claims = {"oid": user.id, "sub": user.id, "preferred_username": user.body["userPrincipalName"], "ver": "2.0"}
        return self._sign(client, issuer, claims, audience=client.client_id)

    def client_info(self, user: Stored) -> str:
        """Who signed in, as MSAL keeps it in its cache."""
        text = json.dumps({"uid": user.id, "utid": self._tenant.id})
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def _sign(self, client: Client, issuer: str, claims: dict[str, Any], audience: str = GRAPH_AUDIENCE) -> str:
        now = int(self._tenant.clock.now())
        standard = {
            "aud": audience,
            "iss": issuer,
            "iat": now,
            "nbf": now,
            "exp": now + int(self._tenant.settings.tokenLifetimeSeconds),
            "appid": client.client_id,
            "tid": self._tenant.id,
            "uti": uuid.uuid4().hex,
            "ver": "1.0",
        }
        return jwt.encode({**standard, **claims}, self._key, algorithm="RS256", headers={"kid": self._key_id})

    def caller(self, authorization: Optional[str]) -> Optional[Caller]:
        """Whom a bearer token speaks for; None when it is missing, foreign or expired."""
        scheme, _blank, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return None
        now = self._tenant.clock.now()
        if token not in self._known:
            known = self._read(token)
            if known is None:
                return None
            self._known[token] = known
        caller, expires = self._known[token]
        return caller if now < expires else None

    def _read(self, token: str) -> Optional[tuple[Caller, float]]:
        try:
            # Lifetimes are the tenant's business, whose clock may be elsewhere.
            options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
            claims = jwt.decode(token, self._key.public_key(), ["RS256"], options=options, audience=GRAPH_AUDIENCE)
        except jwt.InvalidTokenError:
            return None
        permissions = claims.get("roles") or str(claims.get("scp", "")).split()
        caller = Caller(
            client_id=claims["appid"],
            permissions=frozenset(permissions),
            directory_roles=frozenset(claims.get("wids", ())),
            user_id=claims.get("oid"),
        )
        return caller, float(claims["exp"])
