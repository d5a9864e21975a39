# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The file a device-code login leaves behind: MSAL's token cache, readable by its owner only."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from typing import Any, NamedTuple

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._requirements import msal, require


class CachedLogin(NamedTuple):
    """Who signed in, as the cache file tells. ``None`` is unknown."""

    username: str | None
    tenant_id: str | None
    client_id: str | None
    can_renew: bool


def load_cache(path: str) -> Any:
    """Return MSAL's ``SerializableTokenCache`` from a file.

    :raises Failure: if the file is missing, readable by others, or no token cache.
    """
    require("msal", feature="signing in to Microsoft Entra")
    try:
        with open(path, encoding="utf-8") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            text = file.read()
    except (OSError, UnicodeDecodeError) as exc:
        raise Failure(
            f"The token cache {path} cannot be read ({_reason(exc)}). Sign in with entra_device_login to make it."
        ) from None
    if os.name == "posix" and mode & 0o077:
        raise Failure(
            f"The token cache {path} has mode {mode:04o}, so that others than its owner can use the login. "
            "Set mode 0600, and sign in again if others may have read it."
        )
    cache = msal.SerializableTokenCache()
    try:
        if not isinstance(json.loads(text), dict):
            raise ValueError
        cache.deserialize(text)
    except ValueError:
        # The text holds tokens: nothing of it is shown.
        raise Failure(
            f"The token cache {path} is no MSAL token cache. Delete it and sign in with entra_device_login."
        ) from None
    return cache


def save_cache(path: str, cache: Any) -> None:
    """Write the cache: mode 0600 from its first byte on, and in one step, so that no reader sees half of it."""
    directory = os.path.dirname(os.path.abspath(path))
    temporary = None
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{os.path.basename(path)}.", dir=directory)  # 0600
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(cache.serialize())
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as exc:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)
        raise Failure(f"The token cache {path} cannot be written ({_reason(exc)}).") from None


def describe_cache(cache: Any, client_id: str | None = None, tenant_id: str | None = None) -> CachedLogin:
    """Tell whose login a cache holds; narrowed to a client and tenant where they are given."""
    types = msal.TokenCache.CredentialType
    refresh = [
        entry
        for entry in cache.search(types.REFRESH_TOKEN)
        if client_id is None or _same(entry, "client_id", client_id)
    ]
    accounts = [
        entry for entry in cache.search(types.ACCOUNT) if not _is_guid(tenant_id) or _same(entry, "realm", tenant_id)
    ]
    account = accounts[-1] if accounts else {}
    owned = [entry for entry in refresh if entry.get("home_account_id") == account.get("home_account_id")]
    return CachedLogin(
        username=account.get("username"),
        tenant_id=account.get("realm"),
        client_id=owned[-1].get("client_id") if owned else client_id,
        can_renew=bool(account and owned),
    )


def _same(entry: dict[str, Any], key: str, value: str | None) -> bool:
    return str(entry.get(key) or "").lower() == str(value or "").lower()


def _is_guid(text: str | None) -> bool:
    return text is not None and len(text) == 36 and text.count("-") == 4


def _reason(exc: Exception) -> str:
    return getattr(exc, "strerror", None) or type(exc).__name__
