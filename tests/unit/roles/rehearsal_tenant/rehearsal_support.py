# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words shared by the tests of the rehearsal tenant."""

from __future__ import annotations

import base64
import uuid
from pathlib import Path
from typing import Any

ROLE = Path(__file__).resolve().parents[4] / "roles" / "rehearsal_tenant"
START = 1795435200.0  # 2026-11-23T12:00:00Z
TENANT_ID = "11111111-2222-4333-8444-555555555555"
CLIENT_ID = "aaaaaaaa-0000-4000-8000-000000000001"
SECRET = "a-rehearsal-secret"
GRAPH_SCOPE = "https://graph.microsoft.com/.default"


def user(name: str, **more: Any) -> dict[str, Any]:
    """A user of a seed; its id follows from its name."""
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_DNS, name)),
        "userPrincipalName": f"{name}@contoso.com",
        "displayName": name.title(),
        "accountEnabled": True,
        **more,
    }


def anchor(guid: str) -> str:
    """The anchor of a GUID, spelled by the definition and not by the code under test."""
    fields = guid.split("-")
    raw = b"".join(bytes.fromhex(field)[::-1] for field in fields[:3]) + bytes.fromhex("".join(fields[3:]))
    return base64.b64encode(raw).decode()


def ad_user(name: str, guid: str, ou: str = "People", **attributes: Any) -> str:
    """An entry of an ldifde export."""
    values: dict[str, Any] = {
        "objectClass": ["top", "person", "organizationalPerson", "user"],
        "objectGUID": base64.b64decode(anchor(guid)),
        "sAMAccountName": name,
        "userPrincipalName": f"{name}@contoso.com",
        "displayName": f"AD {name.title()}",
        "userAccountControl": "512",
        **attributes,
    }
    lines = [f"dn: CN={name},OU={ou},DC=corp,DC=contoso,DC=com", "changetype: add"]
    for key, value in values.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, bytes):
                lines.append(f"{key}:: {base64.b64encode(item).decode()}")
            elif item is not None:
                lines.append(f"{key}: {item}")
    return "\r\n".join(lines) + "\r\n\r\n"


def dn(name: str, ou: str = "People") -> str:
    return f"CN={name},OU={ou},DC=corp,DC=contoso,DC=com"


def as_person(rehearsal: Any, name: str) -> str:
    """A token of somebody who signed in through the first client."""
    tenant = rehearsal.tenant
    issuer = f"https://127.0.0.1:8443/{TENANT_ID}"
    client = next(iter(tenant.clients.values()))
    return str(rehearsal.simulation._tokens.for_user(client, tenant.user(f"{name}@contoso.com"), issuer))
