# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Graph client: single requests, retries, paging, what it reports."""

from __future__ import annotations

import pytest
import requests
from graph_doubles import CLIENT, GRAPH, TENANT, Login, jwt

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import (
    connect,
    odata_text,
    with_query,
)
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._graph.sign_in_errors import SignInError
from ansible_collections.hybrid.identity.plugins.module_utils._graph.tokens import Token, TokenProvider

USERS = f"{GRAPH}/v1.0/users"


def renewable(*texts):
    rest = iter(texts)
    return TokenProvider("client_secret", lambda _force: Token(next(rest), None))


def test_a_get(mock, make_client):
    mock.get(f"{USERS}/1", json={"id": "1"})
    assert make_client().get("/users/1", {"$select": "id,mail"}) == {"id": "1"}
    request = mock.calls[0].request
    assert request.url == f"{USERS}/1?$select=id,mail"
    assert request.headers["Authorization"] == "Bearer a ready token"


def test_base64_survives_a_filter(mock, make_client):
    mock.get(USERS, json={"value": []})
    value = "g8P+/m4vok+vFWtMERklmg=="
    condition = f"onPremisesImmutableId eq {odata_text(value)}"
    list(make_client().pages("/users", {"$filter": condition}))
    assert mock.calls[0].request.params["$filter"] == condition
    assert "+" not in mock.calls[0].request.url
    assert with_query("/x", {"$filter": "a eq b"}) == "/x?$filter=a%20eq%20b"


def test_a_quote_in_a_filter_is_doubled():
    assert odata_text("O'Neil") == "'O''Neil'"


def test_the_beta_version_and_a_body(mock, make_client):
    mock.patch(f"{GRAPH}/beta/users/1", status=204)
    client = make_client()
    assert client.request("PATCH", "/users/1", {"onPremisesObjectIdentifier": None}, version="beta") is None
    assert mock.calls[0].request.body == b'{"onPremisesObjectIdentifier": null}'
    assert client.stats() == {"requests": 1, "writes": 1, "throttled_seconds": 0}


def test_netrc_does_not_replace_the_token(mock, make_client, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("default login somebody password something\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    mock.get(f"{USERS}/1", json={})
    make_client().get("/users/1")
    assert mock.calls[0].request.headers["Authorization"] == "Bearer a ready token"


def test_a_redirect_is_not_followed(mock, make_client):
    mock.get(f"{USERS}/1", status=302, headers={"Location": "https://elsewhere.example/"})
    with pytest.raises(GraphError) as caught:
        make_client().get("/users/1")
    assert caught.value.status == 302
    assert len(mock.calls) == 1


# Retries


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_a_passing_fault_is_retried(mock, make_client, clock, status, method):
    mock.add(method, f"{USERS}/1", status=status)
    mock.add(method, f"{USERS}/1", json={"ok": True})
    assert make_client().request(method, "/users/1") == {"ok": True}
    assert clock.sleeps == [1.0]


def test_retry_after_of_a_429_is_obeyed_with_its_decimals(mock, make_client, clock):
    mock.get(f"{USERS}/1", status=429, headers={"Retry-After": "2.128"})
    mock.get(f"{USERS}/1", json={})
    client = make_client()
    client.get("/users/1")
    assert clock.now == pytest.approx(1002.128)
    assert client.stats()["throttled_seconds"] == 2.1


def test_a_post_is_sent_again_only_when_it_was_certainly_not_carried_out(mock, make_client):
    mock.post(f"{USERS}/1/x", status=503)
    with pytest.raises(GraphError) as caught:
        make_client().request("POST", "/users/1/x")
    assert caught.value.uncertain
    assert len(mock.calls) == 1
    mock.post(f"{USERS}/2/x", status=429)
    mock.post(f"{USERS}/2/x", status=204)
    make_client().request("POST", "/users/2/x")
    assert len(mock.calls) == 3


def test_a_post_that_may_be_repeated(mock, make_client):
    mock.post(f"{USERS}/1/x", status=503)
    mock.post(f"{USERS}/1/x", status=204)
    make_client().request("POST", "/users/1/x", repeatable=True)
    assert len(mock.calls) == 2


@pytest.mark.parametrize("status", [400, 403, 404, 409, 501])
def test_a_refusal_is_not_retried(mock, make_client, clock, status):
    mock.get(f"{USERS}/1", status=status, json={"error": {"code": "x", "message": "y"}})
    with pytest.raises(GraphError, match=f"GET /users/1 was answered with {status} x: y"):
        make_client().get("/users/1", {"$select": "id"})
    assert clock.sleeps == []


def test_retry_time_is_the_budget_of_all_attempts(mock, make_client, clock):
    mock.get(USERS, json={"value": []})
    mock.get(f"{USERS}/1", status=429, headers={"Retry-After": "40"})
    client = make_client(retry_time=100)
    client.get("/users")
    with pytest.raises(GraphError, match="retry_time") as caught:
        client.get("/users/1")
    assert caught.value.status == 429
    assert clock.now - 1000 == pytest.approx(80, abs=1)


def test_a_wrong_address_is_reported_soon(mock, make_client, clock):
    mock.get(f"{USERS}/1", body=requests.ConnectionError("no such host"))
    with pytest.raises(GraphError, match="no connection") as caught:
        make_client(retry_time=3600).get("/users/1")
    assert caught.value.code == "transport"
    assert clock.now - 1000 <= 10


@pytest.mark.parametrize(
    ("fault", "uncertain"), [(requests.ReadTimeout("slow"), True), (requests.ConnectTimeout("slow"), False)]
)
def test_a_lost_answer_leaves_a_post_uncertain(mock, make_client, fault, uncertain):
    mock.post(f"{USERS}/1/x", body=fault)
    with pytest.raises(GraphError) as caught:
        make_client(retry_time=0).request("POST", "/users/1/x")
    assert caught.value.uncertain is uncertain
    assert caught.value.status is None


# Tokens


def test_a_refused_token_is_renewed_once(mock, make_client):
    mock.get(f"{USERS}/1", status=401)
    mock.get(f"{USERS}/1", json={"id": "1"})
    assert make_client(renewable("old", "new")).get("/users/1") == {"id": "1"}
    assert [call.request.headers["Authorization"] for call in mock.calls] == ["Bearer old", "Bearer new"]


def test_a_new_token_that_is_refused_too_ends_it(mock, make_client):
    mock.get(f"{USERS}/1", status=401)
    with pytest.raises(GraphError, match="tenant, cloud"):
        make_client(renewable("old", "new", "never")).get("/users/1")
    assert len(mock.calls) == 2


def test_a_refused_ready_token(mock, make_client):
    mock.get(f"{USERS}/1", status=401)
    with pytest.raises(SignInError, match="cannot be renewed"):
        make_client().get("/users/1")


def test_a_token_that_ends_during_a_long_pause_is_renewed_before_the_request(mock, make_client, clock):
    mock.get(f"{USERS}/1", status=429, headers={"Retry-After": "400"})
    mock.get(f"{USERS}/1", json={})
    rest = iter(["old", "new"])
    tokens = TokenProvider("client_secret", lambda _force: Token(next(rest), clock() + 350), now=clock)
    make_client(tokens).get("/users/1")
    assert [call.request.headers["Authorization"] for call in mock.calls] == ["Bearer old", "Bearer new"]


def test_permissions_of_an_app_and_of_a_person(make_client):
    app = make_client(renewable(jwt(roles=["User.Read.All", "Domain.Read.All"])))
    assert app.permissions() == {"User.Read.All", "Domain.Read.All"}
    assert make_client(renewable(jwt(scp="User.Read openid"))).permissions() == {"User.Read", "openid"}
    assert make_client(renewable(jwt())).permissions() == set()
    assert make_client(renewable("opaque")).permissions() is None


def test_the_tenant_is_that_of_the_token(make_client):
    assert make_client(renewable(jwt(tid=TENANT.upper())), tenant_id="contoso.com").tenant_id == TENANT


def test_the_tenant_is_the_given_one_where_the_token_does_not_say(make_client):
    assert make_client(tenant_id=TENANT.upper()).tenant_id == TENANT


def test_the_app_is_that_of_the_token(make_client):
    assert make_client(renewable(jwt(appid="AAAA")), client_id="bbbb").app_id == "aaaa"
    assert make_client(renewable(jwt(azp="cccc")), client_id="bbbb").app_id == "cccc"
    assert make_client(client_id="BBBB").app_id == "bbbb"


def test_the_tenant_says_who_it_is_where_nobody_else_does(mock, make_client):
    mock.get(f"{GRAPH}/v1.0/organization", json={"value": [{"id": TENANT}]})
    client = make_client(tenant_id="contoso.com")
    assert client.tenant_id == TENANT
    assert client.tenant_id == TENANT
    assert len(mock.calls) == 1


# Paging


def page(items, following=None):
    return {"value": items, **({"@odata.nextLink": following} if following else {})}


def test_pages_follow_the_link_as_it_is_and_resend_the_headers(mock, make_client):
    following = f"{USERS}?$skiptoken=a%2Bb&x=1"
    mock.get(USERS, json=page([1, 2], following))
    mock.get(following, json=page([]))
    mock.replace("GET", following, json=page([3]))
    client = make_client()
    items = list(client.pages("/users", {"$top": 999}, headers={"ConsistencyLevel": "eventual"}))
    assert items == [1, 2, 3]
    assert [call.request.headers["ConsistencyLevel"] for call in mock.calls] == ["eventual", "eventual"]
    assert mock.calls[1].request.url == following
    assert client.stats()["requests"] == 2


@pytest.mark.parametrize(
    "url",
    [
        "https://graph.microsoft.com.evil.example/v1.0/users?x",
        "https://graph.microsoft.com:8443/v1.0/users?x",
        "http://graph.microsoft.com/v1.0/users?x",
        "https://graph.microsoft.com@evil.example/users?x",
        "https://graph.microsoft.com:x/users",
        "https://[graph.microsoft.com/users",
        "/v1.0/users?x",
    ],
)
def test_the_token_goes_to_no_other_host(mock, make_client, url):
    mock.get(USERS, json=page([1], url))
    pages = make_client().pages("/users")
    assert next(pages) == 1
    with pytest.raises(Failure, match=r"sent to https://graph\.microsoft\.com only"):
        next(pages)
    assert len(mock.calls) == 1


def test_a_host_in_another_spelling_is_the_same_host(mock, make_client):
    mock.get(USERS, json=page([1], "https://Graph.Microsoft.com:443/v1.0/more"))
    mock.get("https://graph.microsoft.com/v1.0/more", json=page([2]))
    mock.get("https://graph.microsoft.com:443/v1.0/more", json=page([2]))
    assert list(make_client().pages("/users")) == [1, 2]


def test_a_page_that_comes_again_ends_it(mock, make_client):
    mock.get(f"{USERS}?a=1", json=page([1], f"{USERS}?a=2"))
    mock.get(f"{USERS}?a=2", json=page([2], f"{USERS}?a=1"))
    with pytest.raises(Failure, match="already sent"):
        list(make_client().pages("/users", {"a": 1}))


def test_a_log_is_read_no_faster_than_its_quota(mock, make_client, clock):
    log = f"{GRAPH}/v1.0/auditLogs/directoryAudits"
    for number in range(7):
        mock.get(f"{log}?page={number}", json={"value": [number], "@odata.nextLink": f"{log}?page={number + 1}"})
    mock.get(f"{log}?page=7", json={"value": [7]})
    client = make_client()
    assert list(client.log_pages("/auditLogs/directoryAudits", {"page": 0})) == list(range(8))
    # Another log, the same quota.
    mock.get(f"{GRAPH}/v1.0/auditLogs/provisioning", json={"value": []})
    began = clock.now
    for _more in range(3):
        assert list(client.log_pages("/auditLogs/provisioning", {})) == []
    assert clock.now - began >= 10
    assert sum(clock.sleeps) >= 20


def test_changes_are_told_since_the_last_link(mock, make_client):
    delta = f"{USERS}/delta"
    mock.get(f"{delta}?$select=id", json={"value": [], "@odata.deltaLink": f"{delta}?$deltatoken=1"})
    mock.get(f"{delta}?$deltatoken=1", json={"value": [{"id": "1"}], "@odata.nextLink": f"{delta}?$skiptoken=2"})
    mock.get(f"{delta}?$skiptoken=2", json={"value": [{"id": "2"}], "@odata.deltaLink": f"{delta}?$deltatoken=3"})
    client, told = make_client(), []
    link = client.delta("/users/delta", None, {"$select": "id"}, told.append)
    assert told == []
    assert client.delta("/users/delta", link, {}, told.append) == f"{delta}?$deltatoken=3"
    assert told == [{"id": "1"}, {"id": "2"}]
    assert {call.request.headers["Prefer"] for call in mock.calls} == {"return=minimal"}


@pytest.mark.parametrize("link", [None, "https://graph.example.com/v1.0/users/delta?$deltatoken=1"])
def test_a_link_to_later_changes_is_needed_and_leads_nowhere_else(mock, make_client, link):
    mock.get(f"{USERS}/delta", json={"value": [], "@odata.deltaLink": link})
    with pytest.raises(Failure, match="another host" if link else "link to later changes"):
        make_client().delta("/users/delta", None, {}, print)


@pytest.mark.parametrize("body", ["[]", "{}", "<html>", '{"value": {}}'])
def test_an_answer_without_a_list(mock, make_client, body):
    mock.get(USERS, body=body)
    with pytest.raises(Failure, match="without a list"):
        list(make_client().pages("/users"))


# Time


def test_service_time_is_the_newest(mock, make_client):
    client = make_client()
    assert client.service_time() is None
    for second in (10, 5):
        mock.get(f"{USERS}/1", json={}, headers={"Date": f"Mon, 23 Nov 2026 12:00:{second:02} GMT"})
    client.get("/users/1")
    client.get("/users/1")
    assert client.service_time() == 1795435210.0


# connect


def test_connect_signs_in_at_once(mock):
    login = Login(mock)
    with connect({"tenant_id": TENANT, "client_id": CLIENT, "client_secret": "the-secret"}) as client:
        assert client.sign_in_method == "client_secret"
        assert client.tenant_id == TENANT
        assert client.permissions() == {"User.ReadWrite.All"}
        client.ensure_lifetime(1e6)
        assert client.token_renewable
        assert 19 < client.writes_per_second < 20  # 3000 in 150 seconds, and a little less
    assert len(login.asked) == 1
    assert client.stats()["requests"] == 0


def test_a_token_of_another_tenant_is_refused():
    other = "00000000-1111-2222-3333-444444444444"
    with pytest.raises(Failure, match=f"for tenant {TENANT}, but tenant_id is {other}"):
        connect({"access_token": jwt(tid=TENANT), "tenant_id": other})


def test_missing_libraries_are_named(monkeypatch):
    from ansible_collections.hybrid.identity.plugins.module_utils import _requirements

    monkeypatch.setattr(_requirements, "requests", None)
    with pytest.raises(Failure, match="requests"):
        connect({"access_token": "a ready token"})
