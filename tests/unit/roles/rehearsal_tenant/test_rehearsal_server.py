# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant as a process: TLS, MSAL as a client, a clean stop, the service that starts and stops it."""

from __future__ import annotations

import base64
import json
import os
import signal
import stat
import subprocess
import sys
import time

import msal
import pytest
import requests
from rehearsal_support import ROLE, SECRET, ad_user, user

SECONDS = 30


def run(directory, *arguments, **more):
    environment = {**os.environ, "PYTHONPATH": str(ROLE / "files"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", *arguments, "--dir", str(directory)]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=SECONDS * 2, check=False, **more
    )


def service(directory, order, *arguments):
    done = run(directory, "rehearsal_tenant.service", order, *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def read_env(directory):
    lines = (directory / "tenant.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def alive(pid):
    """A process that nobody has reaped yet is dead all the same."""
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


class Session(requests.Session):
    """REQUESTS_CA_BUNDLE of the surroundings must not win over the tenant's own authority."""

    def __init__(self, ca):
        super().__init__()
        self.trust_env = False
        self.verify = ca


@pytest.fixture
def seed(tmp_path):
    path = tmp_path / "seed.json"
    path.write_text(json.dumps({"users": [user("ann")], "settings": {"clients": [{"secret": SECRET}]}}))
    return path


@pytest.fixture
def running(tmp_path, seed):
    directory = tmp_path / "tenant"
    yield directory, service(directory, "start", "--seed", str(seed))
    service(directory, "stop")


def test_msal_signs_in_over_tls_and_graph_answers(running):
    directory, _answer = running
    env = read_env(directory)
    session = Session(env["HYBRID_IDENTITY_CA_CERT"])
    app = msal.ConfidentialClientApplication(
        env["AZURE_CLIENT_ID"],
        client_credential=env["AZURE_CLIENT_SECRET"],
        authority=f"{env['HYBRID_IDENTITY_LOGIN_ENDPOINT']}/{env['AZURE_TENANT_ID']}",
        instance_discovery=False,
        http_client=session,
    )
    token = app.acquire_token_for_client(["https://graph.microsoft.com/.default"])
    assert "access_token" in token, token
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    graph = env["HYBRID_IDENTITY_GRAPH_ENDPOINT"]
    found = session.get(f"{graph}/v1.0/users", headers=headers, timeout=SECONDS).json()["value"]
    assert [item["displayName"] for item in found] == ["Ann"]
    with pytest.raises(requests.exceptions.SSLError):
        Session(True).get(f"{graph}/v1.0/users", timeout=SECONDS)

    control = f"{env['HYBRID_IDENTITY_CONTROL_ENDPOINT']}/_control"
    session.post(f"{control}/faults", json={"path": "^users", "drop": True}, timeout=SECONDS)
    with pytest.raises((requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        session.get(f"{graph}/v1.0/users", headers=headers, timeout=SECONDS)


def test_msal_signs_in_with_a_device_code(running):
    directory, _answer = running
    env = read_env(directory)
    session = Session(env["HYBRID_IDENTITY_CA_CERT"])
    session.patch(
        f"{env['HYBRID_IDENTITY_CONTROL_ENDPOINT']}/_control/settings",
        json={"deviceLoginAs": "ann@contoso.com"},
        timeout=SECONDS,
    )
    app = msal.PublicClientApplication(
        env["AZURE_CLIENT_ID"],
        authority=f"{env['HYBRID_IDENTITY_LOGIN_ENDPOINT']}/{env['AZURE_TENANT_ID']}",
        instance_discovery=False,
        http_client=session,
    )
    flow = app.initiate_device_flow(["https://graph.microsoft.com/User.Read.All"])
    token = app.acquire_token_by_device_flow(flow)
    assert "access_token" in token, token
    account = app.get_accounts()[0]
    assert account["username"] == "ann@contoso.com"
    again = app.acquire_token_silent(["https://graph.microsoft.com/User.Read.All"], account, force_refresh=True)
    assert "access_token" in again


def test_private_files_are_private(running):
    directory, _answer = running
    for name in ("tenant.env", "server.pem", "tenant.log", "tenant.pid"):
        assert stat.S_IMODE((directory / name).stat().st_mode) == 0o600
    assert set(read_env(directory)) == {
        "AZURE_TENANT_ID",
        "AZURE_CLIENT_ID",
        "AZURE_CLIENT_SECRET",
        "HYBRID_IDENTITY_LOGIN_ENDPOINT",
        "HYBRID_IDENTITY_GRAPH_ENDPOINT",
        "HYBRID_IDENTITY_CA_CERT",
        "HYBRID_IDENTITY_CONTROL_ENDPOINT",
        "HYBRID_IDENTITY_STATE_DIR",
    }
    assert SECRET not in (directory / "tenant.log").read_text()


def test_starting_again_changes_nothing_unless_the_seed_did(running, seed):
    directory, answer = running
    assert (answer["changed"], answer["running"]) == (True, True)
    pid = (directory / "tenant.pid").read_text()
    assert service(directory, "start", "--seed", str(seed))["changed"] is False
    assert (directory / "tenant.pid").read_text() == pid
    seed.write_text(json.dumps({"users": [user("bob")]}))
    assert service(directory, "start", "--seed", str(seed), "--check")["changed"] is True
    assert (directory / "tenant.pid").read_text() == pid
    assert service(directory, "start", "--seed", str(seed))["changed"] is True
    assert (directory / "tenant.pid").read_text() != pid


def test_stopping_leaves_no_process_and_no_settings(tmp_path, seed):
    directory = tmp_path / "tenant"
    service(directory, "start", "--seed", str(seed))
    pid = int((directory / "tenant.pid").read_text())
    assert service(directory, "stop", "--check")["changed"] is True
    assert service(directory, "stop") == {"changed": True, "running": False, "dir": str(directory)}
    deadline = time.monotonic() + SECONDS
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not alive(pid)
    assert not {"tenant.env", "server.pem", "ca.pem"} & {path.name for path in directory.iterdir()}
    assert service(directory, "stop")["changed"] is False


def test_a_pid_file_of_a_dead_process_deceives_nobody(tmp_path, seed):
    directory = tmp_path / "tenant"
    service(directory, "start", "--seed", str(seed))
    os.kill(int((directory / "tenant.pid").read_text()), signal.SIGKILL)
    deadline = time.monotonic() + SECONDS
    while service(directory, "stop", "--check")["changed"] and time.monotonic() < deadline:
        time.sleep(0.05)
    (directory / "tenant.pid").write_text(str(os.getpid()))
    assert service(directory, "stop")["changed"] is False
    started = service(directory, "start", "--seed", str(seed))
    assert (started["changed"], started["running"]) == (True, True)
    assert service(directory, "stop")["changed"] is True


def test_a_seed_that_is_wrong_is_said_and_leaves_nothing_running(tmp_path, seed):
    directory = tmp_path / "tenant"
    seed.write_text('{"users": [{}]}')
    done = run(directory, "rehearsal_tenant.service", "start", "--seed", str(seed))
    assert done.returncode == 1
    assert "users[0]" in done.stderr
    assert service(directory, "stop")["changed"] is False


def test_one_directory_serves_one_tenant(running, seed):
    directory, _answer = running
    done = run(directory, "rehearsal_tenant", "--seed", str(seed))
    assert done.returncode == 2
    assert "already runs" in done.stderr


def test_relative_exports_start_from_the_folder_of_the_seed(tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "export.ldf").write_text(ad_user("ann", "14c8d2a9-90b7-4d7a-b264-1cc77901069a"))
    (folder / "seed.json").write_text(
        json.dumps({"directories": [{"domain": "corp.contoso.com", "ldif": "export.ldf"}]})
    )
    directory = tmp_path / "tenant"
    service(directory, "start", "--seed", str(folder / "seed.json"))
    try:
        env = read_env(directory)
        session = Session(env["HYBRID_IDENTITY_CA_CERT"])
        control = f"{env['HYBRID_IDENTITY_CONTROL_ENDPOINT']}/_control"
        report = session.post(f"{control}/sync", json={}, timeout=SECONDS).json()
        assert report["directories"][0]["cycles"][-1]["counts"] == {"create": 1}
    finally:
        service(directory, "stop")


def test_the_token_of_the_tenant_is_a_readable_jwt(running):
    directory, _answer = running
    env = read_env(directory)
    form = {
        "grant_type": "client_credentials",
        "client_id": env["AZURE_CLIENT_ID"],
        "client_secret": env["AZURE_CLIENT_SECRET"],
        "scope": "https://graph.microsoft.com/.default",
    }
    url = f"{env['HYBRID_IDENTITY_LOGIN_ENDPOINT']}/{env['AZURE_TENANT_ID']}/oauth2/v2.0/token"
    token = Session(env["HYBRID_IDENTITY_CA_CERT"]).post(url, data=form, timeout=SECONDS).json()["access_token"]
    body = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    assert "User.ReadWrite.All" in claims["roles"]
