# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The sign-in name and the addresses that the service computes from what sync sends.

Sources: "UserPrincipalName population" and "How the proxyAddresses attribute is populated" (Microsoft Entra ID).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import TenantFacts

_NO_NAME = re.compile(r"\s|^@|@$|^[^@]*$|@.*@")


class Addresses(NamedTuple):
    """SMTP addresses without prefix; all but ``primary`` are in lower case."""

    primary: Optional[str]
    all: frozenset[str]


NONE_SENT = Addresses(None, frozenset())


def sign_in_name(login: str, nickname: str, tenant: TenantFacts) -> str | None:
    """Return the user principal name that a user gets; ``None`` where the tenant's first domain is not known.

    A name that is none, or whose suffix is not verified, gives way to one of the tenant's first domain.

    :param login: what sync sends.
    :param nickname: see :func:`nickname_after`.
    """
    domain = tenant.domain_of(login)
    unusable = _NO_NAME.search(login) or (domain is not None and not domain.get("isVerified"))
    if not unusable:
        return login
    initial = initial_domain(tenant)
    return f"{nickname}@{initial}" if initial else None


def initial_domain(tenant: TenantFacts) -> str | None:
    """Return the tenant's first domain, ``….onmicrosoft.com``; ``None``: unknown."""
    return next((name for name, domain in (tenant.domains or {}).items() if domain.get("isInitial")), None)


def nickname_after(nickname: str | None, sent: Addresses, login: str) -> str:
    """Return the alias that a user gets.

    :param nickname: AD's ``mailNickname``.
    :param sent: the addresses that AD has.
    """
    return nickname or (sent.primary or login).partition("@")[0]


def read_addresses(proxies: Iterable[str], mail: str | None) -> Addresses:
    """Read ``proxyAddresses`` and ``mail`` of either side.

    The primary address is that with ``SMTP`` in capitals, else ``mail``.
    """
    found, primary = [], None
    for value in proxies:
        kind, colon, address = value.strip().partition(":")
        if colon and kind.lower() == "smtp" and "@" in address:
            found.append(address.lower())
            if kind == "SMTP":
                primary = primary or address
    mail = (mail or "").strip()
    if not primary and "@" in mail:
        primary = mail
        found.append(mail.lower())
    return Addresses(primary, frozenset(found))


def verified(sent: Addresses, tenant: TenantFacts) -> Addresses:
    """Return the addresses that a mailbox keeps: those of domains that the tenant does not have are dropped."""
    if tenant.domains is None:
        return sent
    usable = frozenset(item for item in sent.all if (tenant.domain_of(item) or {}).get("isVerified"))
    return Addresses(sent.primary if (sent.primary or "").lower() in usable else None, usable)


def kept(address: str, sent: Addresses, name: str | None, prefixes: Iterable[str], tenant: TenantFacts) -> bool:
    """Tell whether an address of the cloud user outlives the takeover.

    :param address: in lower case.
    :param name: the sign-in name afterwards, which is always an address of a mailbox.
    :param prefixes: what stands before the ``@`` of the routing address, which the service gives and keeps.
    """
    if address in sent.all or address == (name or "").lower():
        return True
    prefix, _at, domain = address.partition("@")
    initial = initial_domain(tenant)
    is_first = domain == initial if initial else domain.endswith(".onmicrosoft.com") and domain.count(".") == 2
    return is_first and prefix in {item.lower() for item in prefixes}
