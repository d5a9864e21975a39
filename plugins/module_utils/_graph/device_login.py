# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""A person signs in once, in a browser of their own, and leaves a token cache for later runs."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, Callable

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.arguments import (
    ENTRA_ARGUMENTS,
    Options,
    read_options,
    variable,
)
from ansible_collections.hybrid.identity.plugins.module_utils._graph.auth import (
    LoginHttp,
    authority,
    call_msal,
    to_token,
    token_from_cache,
)
from ansible_collections.hybrid.identity.plugins.module_utils._graph.sign_in_errors import SignInError, sign_in_error
from ansible_collections.hybrid.identity.plugins.module_utils._graph.token_cache import (
    CachedLogin,
    describe_cache,
    load_cache,
    save_cache,
)
from ansible_collections.hybrid.identity.plugins.module_utils._graph.transport import Http, TransportError
from ansible_collections.hybrid.identity.plugins.module_utils._requirements import msal, require

DEVICE_LOGIN_ARGUMENTS: dict[str, Any] = {
    **ENTRA_ARGUMENTS,
    "scopes": {"type": "list", "elements": "str", "default": []},
    "login_timeout": {"type": "int", "default": 900},
    "force": {"type": "bool", "default": False},
}

_POLL_AFTER_FAULT = 5.0


def device_login(
    params: Mapping[str, Any],
    check_mode: bool,
    show: Callable[[str], None],
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Sign a person in, unless the token cache holds a login that still works.

    :param params: as declared by :data:`DEVICE_LOGIN_ARGUMENTS`.
    :param show: brings a text before the person's eyes at once.
    :returns: ``changed, msg, username, tenant_id, token_cache, expires``; nothing of it is secret.
    :raises Failure: when the sign-in was declined, took too long or was refused.
    """
    require("msal", "requests", feature="the device login")
    options = read_options(params)
    path = _ready_path(options, check_mode)
    http = Http(options)
    try:
        login, expires = _existing_login(options, http, check_mode) if os.path.exists(path) else (None, None)
        if login is not None and not params["force"]:
            return _result(False, f"{login.username} is signed in already.", login, path, expires)
        if check_mode:
            return _result(
                True,
                f"Would ask a person to sign in to {options.login_endpoint} with a device code, through app "
                f"{options.client_id} of tenant {options.tenant_id}, and write the token cache {path}.",
                CachedLogin(None, options.tenant_id, options.client_id, False),
                path,
                None,
            )
        login, expires = _sign_in(options, http, params, show, now, sleep)
        return _result(True, f"{login.username} has signed in.", login, path, expires)
    finally:
        http.close()


def _ready_path(options: Options, check_mode: bool) -> str:
    """Return where the cache goes; nobody shall sign in and then lose the login for want of a folder."""
    for name in ("tenant_id", "client_id", "token_cache"):
        if not getattr(options, name):
            raise Failure(f"A device login needs the option {name} (environment: {variable(name)}).")
    path = str(options.token_cache)
    folder = os.path.dirname(os.path.abspath(path))
    if check_mode:
        return path
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except OSError as exc:
        raise Failure(f"The folder {folder} of the token cache cannot be made ({exc.strerror}).") from None
    if not os.access(folder, os.W_OK):
        raise Failure(f"The token cache {path} cannot be written: its folder may not be written to.")
    return path


def _existing_login(options: Options, http: Http, check_mode: bool) -> tuple[CachedLogin | None, float | None]:
    """Return the login in the cache, and when its token ends, if it works; in check mode if it looks as if it did.

    :raises Failure: when the file is something else: it is not ours to overwrite.
    """
    login = describe_cache(load_cache(str(options.token_cache)), options.client_id, options.tenant_id)
    if not login.can_renew or check_mode:
        return (login if login.can_renew else None), None
    try:
        return login, to_token(token_from_cache(options, http)).expires_at
    except SignInError:
        return None, None


def _sign_in(
    options: Options,
    http: Http,
    params: Mapping[str, Any],
    show: Callable[[str], None],
    now: Callable[[], float],
    sleep: Callable[[float], None],
) -> tuple[CachedLogin, float | None]:
    what = f"The device login to {options.login_endpoint} through app {options.client_id} of tenant {options.tenant_id}"
    cache = msal.SerializableTokenCache()
    login_http = LoginHttp(http)
    deadline = now() + params["login_timeout"]

    def call() -> dict[str, Any]:
        app = msal.PublicClientApplication(
            options.client_id,
            authority=authority(options, options.tenant_id),
            token_cache=cache,
            http_client=login_http,
            instance_discovery=False,
        )
        flow = app.initiate_device_flow(_scopes(options, params["scopes"]))
        if "user_code" not in flow:
            raise sign_in_error(what, flow)
        flow["expires_at"] = min(flow["expires_at"], deadline)
        show(
            f"To sign in, open {flow['verification_uri']} in a browser and enter the code {flow['user_code']} "
            f"(before {_time(flow['expires_at'])})."
        )
        while True:
            try:
                return app.acquire_token_by_device_flow(flow)
            except TransportError as exc:
                # The person is still at it: one lost poll does not end the login.
                if not exc.retryable or now() >= flow["expires_at"]:
                    raise
                sleep(exc.retry_after or _POLL_AFTER_FAULT)

    answer = call_msal(what, login_http, [], call)
    login = describe_cache(cache, options.client_id)
    if not login.can_renew:
        raise SignInError(
            f"{what} brought no refresh token, so no later run could use it. Let the app use offline_access."
        )
    save_cache(str(options.token_cache), cache)
    return login, to_token(answer, now).expires_at


def _scopes(options: Options, names: list[str]) -> list[str]:
    """Return full scope names; without any, everything that was consented to."""
    return [name if "://" in name else f"{options.graph_endpoint}/{name}" for name in names] or [options.scope]


def _result(changed: bool, message: str, login: CachedLogin, path: str, expires: float | None) -> dict[str, Any]:
    return {
        "changed": changed,
        "msg": message,
        "username": login.username,
        "tenant_id": login.tenant_id,
        "token_cache": path,
        "expires": None if expires is None else _time(expires),
    }


def _time(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
