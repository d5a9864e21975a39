# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTPS: certificates, proxies, errors as sentences. Where it matters against a real server."""

from __future__ import annotations

import http.server
import ssl
import threading

import pytest
import trustme

from ansible_collections.hybrid.identity.plugins.module_utils._graph.arguments import read_options
from ansible_collections.hybrid.identity.plugins.module_utils._graph.transport import Http, TransportError


class Echo(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.seen.append(dict(self.headers))
        self.send_response(200)
        self.send_header("Set-Cookie", "session=1")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_arguments):
        pass


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def server(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.seen = []
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.url = f"https://127.0.0.1:{server.server_port}/path?code=hidden-in-the-query"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def make(**params):
    return Http(read_options(params, {}))


@pytest.fixture
def ca_cert(authority, tmp_path):
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return str(tmp_path / "ca.pem")


def test_ca_cert_beats_the_bundle_of_the_environment(server, ca_cert, tmp_path, monkeypatch):
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "other.pem"))
    assert make(ca_cert=ca_cert).request("GET", server.url).status_code == 200


def test_an_untrusted_certificate_is_refused_for_good(server):
    with pytest.raises(TransportError, match="ca_cert") as caught:
        make().request("GET", server.url)
    assert not caught.value.retryable
    assert not caught.value.sent
    assert "hidden-in-the-query" not in caught.value.message
    assert server.seen == []


def test_a_name_that_the_certificate_does_not_carry(server, ca_cert):
    with pytest.raises(TransportError, match="certificate was not accepted"):
        make(ca_cert=ca_cert).request("GET", server.url.replace("127.0.0.1", "localhost"))


def test_no_cookie_is_kept_and_no_header_made_up(server, ca_cert):
    client = make(ca_cert=ca_cert)
    client.request("GET", server.url, token="the-token")
    client.request("GET", server.url)
    assert server.seen[0]["Authorization"] == "Bearer the-token"
    assert "Authorization" not in server.seen[1]
    assert "Cookie" not in server.seen[1]


def test_loopback_is_not_reached_through_the_environments_proxy(server, ca_cert, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert make(ca_cert=ca_cert).request("GET", server.url).status_code == 200


def test_other_hosts_are_reached_through_the_environments_proxy(monkeypatch):
    monkeypatch.setenv("https_proxy", "http://somebody:proxy-password@127.0.0.1:1")
    with pytest.raises(TransportError, match="proxy") as caught:
        make().request("GET", "https://graph.example/x")
    assert "proxy-password" not in caught.value.message
    assert caught.value.retryable


def test_the_option_proxy_is_used_and_its_password_not_shown(server, ca_cert):
    client = make(ca_cert=ca_cert, proxy="http://somebody:proxy-password@127.0.0.1:1")
    with pytest.raises(TransportError, match="proxy") as caught:
        client.request("GET", server.url)
    assert "proxy-password" not in caught.value.message
    assert server.seen == []


def test_nobody_listens():
    with pytest.raises(TransportError, match=r"GET 127\.0\.0\.1:1/x: no connection.*refused") as caught:
        make().request("GET", "https://127.0.0.1:1/x")
    assert caught.value.retryable
    assert not caught.value.sent


def test_an_address_that_cannot_be_used():
    with pytest.raises(TransportError, match="could not be sent") as caught:
        make().request("GET", "https:///x")
    assert not caught.value.retryable


def test_verify_and_timeout_go_with_each_request(mock, ca_cert):
    mock.get("https://graph.example/x")
    make(ca_cert=ca_cert, timeout=7).request("GET", "https://graph.example/x")
    arguments = mock.calls[0].request.req_kwargs
    assert (arguments["verify"], arguments["timeout"]) == (ca_cert, 7)


def test_patience_with_a_host_that_has_answered(server, ca_cert):
    client = make(ca_cert=ca_cert)
    assert client.patience(server.url, 600) == 10
    assert client.patience(server.url, 3) == 3
    client.request("GET", server.url)
    assert client.patience(server.url, 600) == 600
