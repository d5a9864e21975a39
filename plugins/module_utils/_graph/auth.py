# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The ways to sign in to Microsoft Entra, and which of them is used."""

from __future__ import annotations

import functools
import os
import re
import time
from collections.abc import Mapping
from typing import Any, Callable, NamedTuple

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph import federation
from ansible_collections.hybrid.identity.plugins.module_utils._graph.arguments import Options, variable
from ansible_collections.hybrid.identity.plugins.module_utils._graph.retry import retry_after_seconds
from ansible_collections.hybrid.identity.plugins.module_utils._graph.sign_in_errors import (
    SignInError,
    redact,
    sign_in_error,
)
from ansible_collections.hybrid.identity.plugins.module_utils._graph.token_cache import (
    describe_cache,
    load_cache,
    save_cache,
)
from ansible_collections.hybrid.identity.plugins.module_utils._graph.tokens import Token, TokenProvider, read_claims
from ansible_collections.hybrid.identity.plugins.module_utils._graph.transport import Http, TransportError
from ansible_collections.hybrid.identity.plugins.module_utils._requirements import msal, requests, require

_PEM_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----", re.DOTALL)
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

Acquire = Callable[[bool], Token]


class _Method(NamedTuple):
    name: str
    prepare: Callable[[Options, Http, Mapping[str, str]], Acquire]
    offered: Callable[[Options, Mapping[str, str]], bool]
    option: str | None = None  # the option that chooses it; None: only what the machine offers


def token_provider(options: Options, http: Http, environ: Mapping[str, str] | None = None) -> TokenProvider:
    """Choose the way to sign in; nothing is sent yet.

    An option of the task beats the environment. Then the order is that of the methods below.

    :raises Failure: when there is no way, or when what it needs is missing.
    """
    environ = os.environ if environ is None else environ
    offered = [method for method in _METHODS if method.offered(options, environ)]
    given = [method for method in offered if method.option in options.given]
    if not offered:
        raise Failure(
            "There is no way to sign in to Microsoft Entra. Give one of the options access_token, certificate_path, "
            "client_secret, federated_token_file, managed_identity or token_cache, or set its environment variable "
            "(for example AZURE_CLIENT_SECRET together with AZURE_CLIENT_ID and AZURE_TENANT_ID)."
        )
    method = (given or offered)[0]
    return TokenProvider(
        method.name,
        method.prepare(options, http, environ),
        renewable=method.name != "access_token",
        patience=lambda: http.patience(options.login_endpoint, options.retry_time),
    )


class LoginHttp:
    """The HTTP client MSAL is given: our session, and a memory of the last refusal.

    MSAL turns a refused tenant discovery into a ``ValueError`` without its code, and remembers passing faults for
    seconds; both are taken out of its hands here.
    """

    def __init__(self, http: Http) -> None:
        self._http = http
        self.refusal: dict[str, Any] | None = None

    def get(self, url: str, params: Any = None, headers: Any = None, **_ignored: Any) -> Any:
        """As ``requests.get``."""
        return self._send("GET", url, params=params, headers=headers)

    def post(self, url: str, params: Any = None, data: Any = None, headers: Any = None, **_ignored: Any) -> Any:
        """As ``requests.post``."""
        return self._send("POST", url, params=params, data=data, headers=headers)

    def close(self) -> None:
        """The session belongs to the client, which closes it."""

    def _send(self, method: str, url: str, **arguments: Any) -> Any:
        response = self._http.request(method, url, **arguments)
        if response.status_code == 429 or response.status_code >= 500:
            raise TransportError(
                f"The login service answered {method} {url.split('?')[0]} with {response.status_code}. Try later.",
                retryable=True,
                retry_after=retry_after_seconds(response.headers, time.time()),
            )
        if response.status_code >= 400:
            try:
                body = response.json()
            except ValueError:
                body = None
            self.refusal = body if isinstance(body, dict) else {}
        return response


def call_msal(what: str, login: LoginHttp, secrets: list[str | None], call: Callable[[], Any]) -> dict[str, Any]:
    """Run MSAL calls that end in a token.

    :param what: how it is tried, the beginning of an error's sentence.
    :returns: MSAL's answer with ``access_token`` in it.
    :raises SignInError: for everything else: MSAL answers with dicts, ``None`` and exceptions.
    :raises TransportError: when the service did not answer.
    """
    try:
        answer = call()
    except Failure:
        raise
    except requests.exceptions.RequestException as exc:
        raise TransportError(f"{what} got no answer ({type(exc).__name__}).", retryable=False) from None
    except Exception as exc:  # pylint: disable=broad-except
        if login.refusal:
            raise sign_in_error(what, login.refusal, secrets) from None
        # MSAL, PyJWT and cryptography raise many types here, for example for a key they cannot use.
        reason = redact(str(exc).strip().splitlines()[0] if str(exc).strip() else type(exc).__name__, secrets)
        raise SignInError(f"{what} failed: {reason.rstrip('. ')}.") from None
    if not isinstance(answer, dict):
        raise SignInError(f"{what} failed: there is no stored login for it. Sign in with entra_device_login.")
    if "access_token" not in answer:
        raise sign_in_error(what, answer, secrets)
    return answer


def authority(options: Options, tenant_id: str | None) -> str:
    """Return the authority MSAL signs in to."""
    return f"{options.login_endpoint}/{tenant_id}"


def to_token(answer: Mapping[str, Any], now: Callable[[], float] = time.time) -> Token:
    """Return the token in MSAL's answer."""
    lifetime = answer.get("expires_in")
    return Token(str(answer["access_token"]), now() + float(lifetime) if lifetime else None)


def _what(options: Options, words: str) -> str:
    return (
        f"Signing in to {options.login_endpoint} with {words} as app {options.client_id} of tenant {options.tenant_id}"
    )


def _need(options: Options, words: str, *names: str) -> None:
    missing = [f"{name} (environment: {variable(name)})" for name in names if not getattr(options, name)]
    if missing:
        raise Failure(f"Signing in with {words} also needs {' and '.join(missing)}.")


def _as_app(words: str, credential: Callable[[Options, Http, Mapping[str, str]], Any], *secrets: str) -> Any:
    """Build ``prepare`` of the methods in which the app signs in as itself."""

    def prepare(options: Options, http: Http, environ: Mapping[str, str]) -> Acquire:
        require("msal", "requests", feature="signing in to Microsoft Entra")
        _need(options, words, "tenant_id", "client_id")

        def acquire(_force: bool) -> Token:
            login = LoginHttp(http)
            client_credential = credential(options, http, environ)
            # A new application each time: MSAL would replay a refusal from its memory; the provider keeps the token.
            answer = call_msal(
                _what(options, words),
                login,
                [getattr(options, name) for name in secrets],
                lambda: msal.ConfidentialClientApplication(
                    options.client_id,
                    authority=authority(options, options.tenant_id),
                    client_credential=client_credential,
                    http_client=login,
                    # Our endpoints are configured, not learnt: nobody else has to confirm them.
                    instance_discovery=False,
                ).acquire_token_for_client([options.scope]),
            )
            return to_token(answer)

        return acquire

    return prepare


def _certificate(options: Options, _http: Http, _environ: Mapping[str, str]) -> dict[str, Any]:
    """Return MSAL's credential for a PEM file (key and certificates in any order) or a PFX file."""
    path = str(options.certificate_path)
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as exc:
        raise Failure(f"The certificate file {path} cannot be read ({exc.strerror}).") from None
    if b"-----BEGIN " not in content:
        # The certificate goes along, so that an app may trust a subject name and issuer as well as one certificate.
        return {
            "private_key_pfx_path": path,
            "passphrase": options.certificate_passphrase,
            "public_certificate": True,
        }
    blocks = [(match.group(1), match.group()) for match in _PEM_BLOCK.finditer(content.decode("ascii", "replace"))]
    keys = [text for kind, text in blocks if kind.endswith("PRIVATE KEY")]
    certificates = [text for kind, text in blocks if kind == "CERTIFICATE"]
    if len(keys) != 1 or not certificates:
        raise Failure(
            f"The certificate file {path} holds {len(keys)} private keys and {len(certificates)} certificates. A PEM "
            "file must hold one private key and its certificate; join the two files if they are separate."
        )
    credential = {"private_key": keys[0], "public_certificate": "\n".join(certificates)}
    if "ENCRYPTED" in keys[0]:
        if not options.certificate_passphrase:
            raise Failure(
                f"The private key in {path} is encrypted. Give the option certificate_passphrase (environment: "
                f"{variable('certificate_passphrase')})."
            )
        credential["passphrase"] = options.certificate_passphrase
    return credential


def _prepare_access_token(options: Options, _http: Http, _environ: Mapping[str, str]) -> Acquire:
    text = str(options.access_token)
    expires = (read_claims(text) or {}).get("exp")
    return lambda _force: Token(text, float(expires) if isinstance(expires, (int, float)) else None)


def _prepare_managed_identity(options: Options, _http: Http, _environ: Mapping[str, str]) -> Acquire:
    require("msal", "requests", feature="signing in to Microsoft Entra")
    wanted = str(options.managed_identity)
    if wanted.lower() == "system":
        identity, words = msal.SystemAssignedManagedIdentity(), "the system-assigned managed identity"
    elif wanted.startswith("/"):
        identity, words = msal.UserAssignedManagedIdentity(resource_id=wanted), f"the managed identity {wanted}"
    elif _GUID.fullmatch(wanted):
        identity, words = msal.UserAssignedManagedIdentity(client_id=wanted), f"the managed identity {wanted}"
    else:
        raise Failure(
            "The option managed_identity must be 'system', the client id of a user-assigned identity, or its resource "
            "id (/subscriptions/…)."
        )

    def acquire(_force: bool) -> Token:
        # The identity endpoint is on this machine: no proxy, no settings of the user's. MSAL copies this session's
        # attributes for some hosts, so it must be a true one.
        session = requests.Session()
        session.trust_env = False
        session.request = functools.partial(session.request, timeout=options.timeout)
        with session:
            answer = call_msal(
                f"Signing in with {words} of this machine",
                LoginHttp(_http),
                [],
                lambda: msal.ManagedIdentityClient(identity, http_client=session).acquire_token_for_client(
                    resource=options.graph_endpoint
                ),
            )
        return to_token(answer)

    return acquire


def _prepare_token_cache(options: Options, http: Http, _environ: Mapping[str, str]) -> Acquire:
    require("msal", "requests", feature="signing in to Microsoft Entra")

    def acquire(force: bool) -> Token:
        return to_token(token_from_cache(options, http, force))

    return acquire


def token_from_cache(options: Options, http: Http, force: bool = False) -> dict[str, Any]:
    """Use, and renew in its file, the login of a person.

    :param force: no cached access token will do.
    :returns: MSAL's answer.
    """
    path = str(options.token_cache)
    cache = load_cache(path)
    person = describe_cache(cache, options.client_id, options.tenant_id)
    tenant_id = options.tenant_id or person.tenant_id
    client_id = options.client_id or person.client_id
    if not (person.username and tenant_id and client_id):
        raise SignInError(
            f"The token cache {path} holds no login for app {options.client_id or '(any)'} of tenant "
            f"{options.tenant_id or '(any)'}. Sign in with entra_device_login."
        )
    login = LoginHttp(http)

    def call() -> Any:
        app = msal.PublicClientApplication(
            client_id,
            authority=authority(options, tenant_id),
            token_cache=cache,
            http_client=login,
            instance_discovery=False,
        )
        accounts = app.get_accounts(username=person.username)
        return app.acquire_token_silent_with_error(
            [options.scope], account=accounts[0] if accounts else None, force_refresh=force
        )

    words = f"the stored login of {person.username} ({path})"
    answer = call_msal(
        f"Signing in to {options.login_endpoint} with {words} through app {client_id} of tenant {tenant_id}",
        login,
        [],
        call,
    )
    if cache.has_state_changed:
        save_cache(path, cache)
    return answer


def _assertion(read: Callable[..., str], *arguments: Any) -> dict[str, Any]:
    """Return MSAL's credential for a federated token. What hinders reading it shows before anything is sent."""
    token = read(*arguments)
    return {"client_assertion": lambda: token}  # MSAL discourages a plain text


def _by_option(name: str, option: str, prepare: Callable[[Options, Http, Mapping[str, str]], Acquire]) -> _Method:
    return _Method(name, prepare, lambda options, _environ: bool(getattr(options, option)), option)


_METHODS = (
    _by_option("access_token", "access_token", _prepare_access_token),
    _by_option("certificate", "certificate_path", _as_app("a certificate", _certificate, "certificate_passphrase")),
    _by_option(
        "client_secret",
        "client_secret",
        _as_app("a client secret", lambda options, _http, _environ: options.client_secret, "client_secret"),
    ),
    _by_option(
        "federated_token_file",
        "federated_token_file",
        _as_app(
            "a federated token file",
            lambda options, _http, _environ: _assertion(federation.read_file, options),
        ),
    ),
    _Method(
        "github",
        _as_app(
            "GitHub's federated token",
            lambda options, http, environ: _assertion(federation.from_github, options, http, environ),
        ),
        lambda options, environ: bool(options.client_id) and federation.on_github(environ),
    ),
    _Method(
        "azure_devops",
        _as_app(
            "Azure DevOps' federated token",
            lambda options, http, environ: _assertion(federation.from_azure_devops, options, http, environ),
        ),
        lambda options, environ: bool(options.client_id) and federation.on_azure_devops(environ),
    ),
    _by_option("managed_identity", "managed_identity", _prepare_managed_identity),
    _by_option("token_cache", "token_cache", _prepare_token_cache),
)
