"""The device-code login: a person signs in once, later runs use the kept login."""

from __future__ import annotations

import stat
from collections.abc import Callable
from typing import Any

import harness
import pytest

SEED: dict[str, Any] = {
    "tenant": {"displayName": "Orchard"},
    "users": [{"userPrincipalName": "ada@orchard.example", "displayName": "Ada", "onPremisesImmutableId": None}],
    "settings": {"deviceLoginAs": "ada@orchard.example"},
}


@pytest.fixture
def tenant(start_tenant: Callable[..., harness.Tenant]) -> harness.Tenant:
    return start_tenant(SEED)


def test_a_person_signs_in_once(tenant: harness.Tenant, playbooks: harness.Playbooks) -> None:
    cache = playbooks.folder / "private" / "login.json"
    delegated = {name: value for name, value in tenant.environment.items() if name != "AZURE_CLIENT_SECRET"}

    def login(*options: str) -> harness.Run:
        return playbooks.run(
            "hybrid.identity.login", delegated, *options, variables={"token_cache": str(cache)}
        ).succeeded()

    assert login("--check").result("entra_device_login")["changed"]
    assert not cache.exists()

    first = login()
    assert first.result("entra_device_login")["username"] == "ada@orchard.example"
    assert first.result("entra_device_login")["changed"]
    assert "devicelogin" in first.output, "the prompt must be seen"
    assert stat.S_IMODE(cache.stat().st_mode) == 0o600
    content = cache.read_text(encoding="utf-8")
    assert "RefreshToken" in content
    assert not any(token in first.output for token in content.split('"') if len(token) > 60)

    assert not login().result("entra_device_login")["changed"]


def test_later_runs_use_the_login(tenant: harness.Tenant, playbooks: harness.Playbooks) -> None:
    cache = str(playbooks.folder / "login.json")
    delegated = {name: value for name, value in tenant.environment.items() if name != "AZURE_CLIENT_SECRET"}
    playbooks.run("hybrid.identity.login", delegated, variables={"token_cache": cache}).succeeded()
    result = playbooks.module(
        "entra_sync_status", delegated, token_cache=cache, users=[{"user": "ada@orchard.example"}]
    )
    assert result["users"][0]["state"] == "in_cloud"
    assert "token" in result["summary"]["sign_in_method"] or "device" in result["summary"]["sign_in_method"]
