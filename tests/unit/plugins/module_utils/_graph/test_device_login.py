# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The device login, with the real MSAL against a login service in memory."""

from __future__ import annotations

import base64
import json
import os
import time

import pytest
import requests
from graph_doubles import CLIENT, GRAPH, LOGIN, TENANT, jwt

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import connect
from ansible_collections.hybrid.identity.plugins.module_utils._graph.device_login import device_login

DEVICE_CODE = "device-code-that-is-a-secret"


def segment(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def granted(**more):
    claims = {
        "aud": CLIENT,
        "iss": f"{LOGIN}/{TENANT}/v2.0",
        "tid": TENANT,
        "oid": "u",
        "sub": "s",
        "preferred_username": "ada@contoso.com",
        "iat": int(time.time()),
        "exp": int(time.time()) + 3600,
    }
    return 200, {
        "token_type": "Bearer",
        "access_token": jwt(tid=TENANT, scp="User.Read.All"),
        "refresh_token": "refresh-token-of-ada",
        "expires_in": 3600,
        "scope": f"{GRAPH}/User.Read.All",
        "id_token": jwt(**claims),
        "client_info": segment({"uid": "u", "utid": TENANT}),
        **more,
    }


PENDING = (400, {"error": "authorization_pending", "error_description": "AADSTS70016: …", "error_codes": [70016]})
DECLINED = (400, {"error": "authorization_declined", "error_description": "…"})
EXPIRED = (400, {"error": "expired_token", "error_description": "AADSTS70020: …", "error_codes": [70020]})


class World:
    """The person, the screen and the disk around one login."""

    def __init__(self, mock, login, tmp_path):
        self.mock = mock
        self.login = login
        self.path = tmp_path / "cache.json"
        self.shown = []
        self.offer()

    def offer(self, **more):
        self.mock.upsert(
            "POST",
            f"{LOGIN}/{TENANT}/oauth2/v2.0/devicecode",
            json={
                "device_code": DEVICE_CODE,
                "user_code": "ABC123",
                "verification_uri": "https://microsoft.com/devicelogin",
                "expires_in": 900,
                "interval": 1,
                "message": "…",
                **more,
            },
        )

    def sign_in(self, check_mode=False, **params):
        everything = {
            "tenant_id": TENANT,
            "client_id": CLIENT,
            "token_cache": str(self.path),
            "scopes": [],
            "login_timeout": 900,
            "force": False,
            **params,
        }
        return device_login(everything, check_mode, self.shown.append, sleep=lambda _seconds: None)

    @property
    def asked(self):
        return [call.request for call in self.mock.calls if call.request.url.endswith("/devicecode")]


@pytest.fixture
def world(mock, login, tmp_path, monkeypatch):
    monkeypatch.setattr("msal.oauth2cli.oauth2.time.sleep", lambda _seconds: None)
    return World(mock, login, tmp_path)


def test_a_login(world):
    world.login.answers += [PENDING, PENDING, granted()]
    result = world.sign_in()
    assert result["changed"] is True
    assert result["username"] == "ada@contoso.com"
    assert result["tenant_id"] == TENANT
    assert result["token_cache"] == str(world.path)
    assert result["expires"].endswith("Z")
    (prompt,) = world.shown
    assert "https://microsoft.com/devicelogin" in prompt
    assert "ABC123" in prompt
    everything_shown = prompt + json.dumps(result)
    for secret in (DEVICE_CODE, "refresh-token-of-ada", granted()[1]["access_token"]):
        assert secret not in everything_shown
    assert world.path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(world.path.parent) == ["cache.json"]


def test_the_login_serves_the_other_modules(world):
    world.login.answers.append(granted())
    world.sign_in()
    world.login.answers.append(granted(refresh_token="refresh-token-number-two"))
    with connect({"token_cache": str(world.path)}) as client:
        assert client.sign_in_method == "token_cache"
        assert client.permissions() == {"User.Read.All"}
    assert world.login.asked[-1]["refresh_token"] == "refresh-token-of-ada"
    assert "refresh-token-number-two" in world.path.read_text()


@pytest.mark.parametrize(
    ("scopes", "asked"),
    [
        ([], [f"{GRAPH}/.default"]),
        (["User.Read.All", "https://other.example/x"], [f"{GRAPH}/User.Read.All", "https://other.example/x"]),
    ],
)
def test_scopes(world, scopes, asked):
    world.login.answers.append(granted())
    world.sign_in(scopes=scopes)
    from urllib.parse import parse_qs

    sent = parse_qs(world.asked[0].body)["scope"][0].split()
    assert set(asked) <= set(sent)
    assert "offline_access" in sent


def test_a_login_that_works_is_not_asked_for_again(world):
    world.login.answers.append(granted())
    world.sign_in()
    world.login.answers.append(granted())
    result = world.sign_in()
    assert result["changed"] is False
    assert result["username"] == "ada@contoso.com"
    assert len(world.asked) == 1


def test_force_asks_again(world):
    world.login.answers += [granted(), granted(), granted()]
    world.sign_in()
    assert world.sign_in(force=True)["changed"] is True
    assert len(world.asked) == 2


def test_a_login_that_works_no_more_is_asked_for_again(world):
    world.login.answers.append(granted())
    world.sign_in()
    world.login.refuse(700082, error="invalid_grant", status=400)
    world.login.answers.append(granted())
    assert world.sign_in()["changed"] is True


def test_check_mode_says_what_it_would_do_and_does_nothing(world):
    result = world.sign_in(check_mode=True)
    assert result["changed"] is True
    assert result["msg"].startswith("Would ask")
    assert result["username"] is None
    assert not world.path.exists()
    assert len(world.mock.calls) == 0
    assert world.shown == []


def test_check_mode_with_a_login(world):
    world.login.answers.append(granted())
    world.sign_in()
    before, calls = world.path.read_text(), len(world.mock.calls)
    result = world.sign_in(check_mode=True)
    assert (result["changed"], result["username"]) == (False, "ada@contoso.com")
    assert world.sign_in(check_mode=True, force=True)["changed"] is True
    assert world.path.read_text() == before
    assert len(world.mock.calls) == calls


@pytest.mark.parametrize(
    ("answers", "words"),
    [([PENDING, DECLINED], "declined"), ([EXPIRED], "not entered in time"), ([(400, {"error": "x"})], "failed with x")],
)
def test_a_login_that_comes_to_nothing(world, answers, words):
    world.login.answers += answers
    with pytest.raises(Failure, match=words) as caught:
        world.sign_in()
    assert DEVICE_CODE not in caught.value.message
    assert not world.path.exists()


def test_login_timeout(world):
    world.login.answers += [PENDING] * 50
    with pytest.raises(Failure, match="in time"):
        world.sign_in(login_timeout=0)
    assert len(world.login.asked) == 1


def test_an_app_that_allows_no_public_flow(world):
    world.mock.upsert(
        "POST",
        f"{LOGIN}/{TENANT}/oauth2/v2.0/devicecode",
        status=401,
        json={"error": "invalid_client", "error_description": "AADSTS7000218: …", "error_codes": [7000218]},
    )
    with pytest.raises(Failure, match="public client flows"):
        world.sign_in()


def test_a_lost_poll_does_not_end_the_login(world):
    world.login.answers += [(503, {}), PENDING, granted()]
    assert world.sign_in()["changed"] is True


def test_a_login_that_could_not_be_renewed_is_refused(world):
    world.login.answers.append(granted(refresh_token=""))
    with pytest.raises(Failure, match="refresh token"):
        world.sign_in()
    assert not world.path.exists()


@pytest.mark.parametrize("missing", ["tenant_id", "client_id", "token_cache"])
def test_what_is_needed(world, missing):
    with pytest.raises(Failure, match=rf"option {missing} \(environment: "):
        world.sign_in(**{missing: None})


def test_a_missing_folder_is_made_for_its_owner_only(world):
    world.login.answers.append(granted())
    world.path = world.path.parent / "new" / "cache.json"
    world.sign_in()
    assert world.path.exists()
    assert world.path.parent.stat().st_mode & 0o777 == 0o700


def test_nobody_signs_in_for_a_file_that_cannot_be_written(world):
    (world.path.parent / "file").touch()
    with pytest.raises(Failure, match="cannot be made"):
        world.sign_in(token_cache=str(world.path.parent / "file" / "cache.json"))
    assert world.asked == []


def test_another_file_is_not_overwritten(world):
    world.path.write_text("something of somebody's")
    world.path.chmod(0o600)
    with pytest.raises(Failure, match="no MSAL token cache"):
        world.sign_in(force=True)
    assert world.path.read_text() == "something of somebody's"


def test_the_service_out_of_reach(world):
    world.mock.upsert(
        "GET",
        f"{LOGIN}/{TENANT}/v2.0/.well-known/openid-configuration",
        body=requests.ConnectionError("no route"),
    )
    with pytest.raises(Failure, match="no connection"):
        world.sign_in()
