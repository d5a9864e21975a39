# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The LDAP options that every module speaking to Active Directory takes."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import env_fallback

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure

#: What the documentation fragment ``ldap`` describes.
DEFAULT_FILTER = "(&(objectCategory=person)(objectClass=user))"


def _environment(name: str) -> tuple[Any, list[str]]:
    return (env_fallback, [f"MICROSOFT_AD_LDAP_{name}"])


# No mutual exclusion here: a value from the environment must not collide with a given one.
AD_ARGUMENTS: dict[str, Any] = {
    "server": {"type": "list", "elements": "str", "fallback": _environment("SERVER")},
    "domain": {"type": "str", "fallback": _environment("DOMAIN")},
    "port": {"type": "int", "fallback": _environment("PORT")},
    "tls_mode": {
        "type": "str",
        "choices": ["ldaps", "start_tls", "none"],
        "default": "ldaps",
        "fallback": _environment("TLS_MODE"),
    },
    "auth_protocol": {"type": "str", "choices": ["simple", "kerberos"], "fallback": _environment("AUTH_PROTOCOL")},
    "username": {"type": "str", "fallback": _environment("USERNAME")},
    "password": {"type": "str", "no_log": True, "fallback": _environment("PASSWORD")},
    "ca_cert": {"type": "path", "fallback": _environment("CA_CERT")},
    "connection_timeout": {"type": "int", "default": 10, "fallback": _environment("CONNECTION_TIMEOUT")},
    "read_timeout": {"type": "int", "default": 150},
    "search_base": {"type": "raw"},
    "search_scope": {"type": "str", "choices": ["base", "one_level", "subtree"], "default": "subtree"},
    "filter": {"type": "str", "default": DEFAULT_FILTER},
}


def string_list(value: Any, option: str) -> list[str]:
    """Return an option of type raw as a list: a string is one value, commas and all; None is none.

    :raises Failure: when it is neither a string nor a list of strings.
    """
    if value is None:
        return []
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str) for item in values):
        raise Failure(f"{option} must be a string, or a list of strings.")
    return [str(item).strip() for item in values if item.strip()]
