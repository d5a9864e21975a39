"""Plans, and applying them, send as many requests as ``_jobs/tenant_reading.py`` says, to a tenant that counts them."""

from __future__ import annotations

import base64
import math
import uuid
from collections.abc import Callable
from typing import Any

import harness
import pytest

OBJECTS = 1000
CHUNK = 1000
_NAMESPACE = uuid.UUID("6f0f3a51-4a5c-4c39-9f0b-7d0e1f7f2f4f")


def seed_of(users: int, groups: int, assignable: int) -> dict[str, Any]:
    return {
        "users": [
            {
                "id": str(uuid.uuid5(_NAMESPACE, f"user {number}")),
                "userPrincipalName": f"user{number}@example.com",
                "onPremisesImmutableId": None,
                "onPremisesSyncEnabled": None,
            }
            for number in range(users)
        ],
        "deletedUsers": [],
        "groups": [{"displayName": f"Group {n}", "isAssignableToRole": n < assignable} for n in range(groups)],
        "contacts": [],
        "domains": ["example.com"],
        "features": {},
        "roles": [],
    }


def export(objects: int = OBJECTS) -> str:
    return "\n".join(
        f"dn: CN=user{number},OU=Staff,DC=corp,DC=example,DC=com\nobjectClass: user\nsAMAccountName: user{number}\n"
        f"userPrincipalName: user{number}@example.com\nuserAccountControl: 512\n"
        f"objectGUID:: {base64.b64encode(uuid.uuid5(_NAMESPACE, str(number)).bytes_le).decode()}\n"
        for number in range(objects)
    )


def pages(count: int) -> int:
    return max(1, math.ceil(count / 999))


def batches(count: int) -> int:
    return math.ceil(count / 20)


@pytest.mark.parametrize(("users", "groups", "assignable"), [(1000, 10, 0), (20_000, 1200, 7)])
def test_a_plan_keeps_to_its_budget_of_requests(
    users: int,
    groups: int,
    assignable: int,
    start_tenant: Callable[..., harness.Tenant],
    playbooks: harness.Playbooks,
) -> None:
    tenant = start_tenant(seed_of(users, groups, assignable))
    (playbooks.folder / "export.ldf").write_text(export(), encoding="utf-8")
    tenant.forget_requests()
    planned = playbooks.module(
        "entra_immutable_id",
        tenant.environment,
        check=True,
        src=["export.ldf"],
        anchor="object_guid",
        max_changes="100%",
        return_limit=0,
    )
    assert planned["summary"]["set"] == OBJECTS
    listings = pages(users) + pages(0) + pages(groups) + pages(0) + pages(0)
    tenant_wide, roles, cloud_sync = 3, 3, 1
    around_groups = batches(3 * assignable)
    look_ups = math.ceil(OBJECTS / CHUNK) * 2 * batches(CHUNK)
    assert planned["summary"]["requests"] == listings + tenant_wide + roles + cloud_sync + around_groups + look_ups
    whole = [request for request in tenant.requests() if not request.get("batch")]
    assert len(whole) == planned["summary"]["requests"]


def test_applying_a_plan_keeps_to_its_budget_of_requests(
    start_tenant: Callable[..., harness.Tenant], playbooks: harness.Playbooks
) -> None:
    # More than one chunk of writes.
    writes, groups, assignable = 430, 30, 7
    tenant = start_tenant(seed_of(writes, groups, assignable))
    (playbooks.folder / "export.ldf").write_text(export(writes), encoding="utf-8")
    options = {"src": ["export.ldf"], "anchor": "object_guid", "dest": "plan.jsonl", "return_limit": 0}
    playbooks.module("entra_immutable_id", tenant.environment, check=True, max_changes="100%", **options)
    tenant.forget_requests()
    applied = playbooks.module("entra_immutable_id", tenant.environment, plan="plan.jsonl", return_limit=0)
    assert applied["summary"]["set"] == writes
    roles = pages(assignable) + 3 + batches(3 * assignable)
    backup = batches(20) + batches(writes)
    second_look = 3 * batches(writes)
    written = batches(writes) + 2 * batches(writes)
    assert applied["summary"]["requests"] == roles + backup + second_look + written
    whole = [request for request in tenant.requests() if not request.get("batch")]
    assert len(whole) == applied["summary"]["requests"]
