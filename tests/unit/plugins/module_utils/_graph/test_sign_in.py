# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each way to sign in, with the real MSAL against a login service in memory."""

from __future__ import annotations

import base64
import datetime
import json

import jwt as pyjwt
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from graph_doubles import CLIENT, GRAPH, LOGIN, TENANT, Login, jwt

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph import auth
from ansible_collections.hybrid.identity.plugins.module_utils._graph.arguments import read_options
from ansible_collections.hybrid.identity.plugins.module_utils._graph.auth import token_provider
from ansible_collections.hybrid.identity.plugins.module_utils._graph.sign_in_errors import SignInError, sign_in_error
from ansible_collections.hybrid.identity.plugins.module_utils._graph.tokens import read_claims
from ansible_collections.hybrid.identity.plugins.module_utils._graph.transport import Http, TransportError

APP = {"tenant_id": TENANT, "client_id": CLIENT}
SECRET = "s3cret-value-of-the-app"
PASSPHRASE = "passphrase-of-the-key"


def provider(params, environ=None):
    options = read_options({**params, "retry_time": 0}, environ or {})
    return token_provider(options, Http(options), environ or {})


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def certificate(key):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "app")])
    now = datetime.datetime.now(datetime.timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )


def encryption(passphrase):
    if passphrase is None:
        return serialization.NoEncryption()
    return serialization.BestAvailableEncryption(passphrase.encode())


def pem(key, certificate, passphrase=None):
    return certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption(passphrase)
    )


def pfx(key, certificate, passphrase=None):
    return pkcs12.serialize_key_and_certificates(b"app", key, certificate, None, encryption(passphrase))


def test_client_secret(login):
    tokens = provider({**APP, "client_secret": SECRET})
    assert tokens.method == "client_secret"
    assert read_claims(tokens.token())["tid"] == TENANT
    assert login.asked[0]["client_secret"] == SECRET
    assert login.asked[0]["scope"] == f"{GRAPH}/.default"
    assert login.asked[0]["grant_type"] == "client_credentials"


@pytest.mark.parametrize("form", [pem, pfx])
@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_certificate(login, key, certificate, tmp_path, form, passphrase):
    (tmp_path / "app").write_bytes(form(key, certificate, passphrase))
    tokens = provider({**APP, "certificate_path": str(tmp_path / "app"), "certificate_passphrase": passphrase})
    assert tokens.method == "certificate"
    tokens.token()
    assertion = login.asked[0]["client_assertion"]
    claims = pyjwt.decode(
        assertion, key.public_key(), algorithms=["PS256"], audience=f"{LOGIN}/{TENANT}/oauth2/v2.0/token"
    )
    assert claims["iss"] == CLIENT
    assert "x5c" in pyjwt.get_unverified_header(assertion)


@pytest.mark.parametrize("form", [pem, pfx])
def test_a_wrong_passphrase_is_a_sentence_without_it(login, key, certificate, tmp_path, form):
    (tmp_path / "app").write_bytes(form(key, certificate, PASSPHRASE))
    tokens = provider(
        {**APP, "certificate_path": str(tmp_path / "app"), "certificate_passphrase": "not-the-passphrase"}
    )
    with pytest.raises(SignInError, match=r"with a certificate.*failed") as caught:
        tokens.token()
    assert "not-the-passphrase" not in caught.value.message


def test_an_encrypted_key_without_a_passphrase(key, certificate, tmp_path):
    (tmp_path / "app").write_bytes(pem(key, certificate, PASSPHRASE))
    with pytest.raises(Failure, match="certificate_passphrase"):
        provider({**APP, "certificate_path": str(tmp_path / "app")}).token()


@pytest.mark.parametrize("content", [b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n", b"-----BEGIN "])
def test_a_pem_file_without_a_key(tmp_path, content):
    (tmp_path / "app").write_bytes(content)
    with pytest.raises(Failure, match="0 private keys"):
        provider({**APP, "certificate_path": str(tmp_path / "app")}).token()


def test_a_certificate_file_that_is_not_there(tmp_path):
    with pytest.raises(Failure, match="cannot be read"):
        provider({**APP, "certificate_path": str(tmp_path / "none")}).token()


def test_a_federated_token_file_is_read_again_at_each_renewal(login, tmp_path):
    path = tmp_path / "token"
    path.write_text("first\n")
    tokens = provider({**APP, "federated_token_file": str(path)})
    assert tokens.method == "federated_token_file"
    refused = tokens.token()
    path.write_text("second")
    assert tokens.renew(refused) != refused
    assert [asked["client_assertion"] for asked in login.asked] == ["first", "second"]


@pytest.mark.parametrize("content", [None, "  \n"])
def test_a_federated_token_file_without_a_token(tmp_path, content):
    if content is not None:
        (tmp_path / "token").write_text(content)
    with pytest.raises(Failure, match="federated token file"):
        provider({**APP, "federated_token_file": str(tmp_path / "token")}).token()


GITHUB = {
    "ACTIONS_ID_TOKEN_REQUEST_URL": "https://token.actions.example/job?api-version=2.0",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "job-token-github",
}
DEVOPS = {"SYSTEM_OIDCREQUESTURI": "https://dev.azure.example/oidctoken", "SYSTEM_ACCESSTOKEN": "job-token-devops"}


def test_github_is_asked_at_each_renewal(mock, login):
    for number in ("one", "two"):
        mock.get("https://token.actions.example/job", json={"value": f"federated-{number}"})
    tokens = provider(APP, GITHUB)
    assert tokens.method == "github"
    tokens.renew(tokens.token())
    assert [asked["client_assertion"] for asked in login.asked] == ["federated-one", "federated-two"]
    request = mock.calls[0].request
    assert request.params == {"api-version": "2.0", "audience": "api://AzureADTokenExchange"}
    assert request.headers["Authorization"] == "Bearer job-token-github"


def test_github_in_another_cloud_asks_for_its_audience(mock):
    login = Login(mock, endpoint="https://login.microsoftonline.us")
    mock.get("https://token.actions.example/job", json={"value": "federated"})
    provider({**APP, "cloud": "us_gov"}, GITHUB).token()
    assert mock.calls[0].request.params["audience"] == "api://AzureADTokenExchangeUSGov"
    assert login.asked[0]["scope"] == "https://graph.microsoft.us/.default"


@pytest.mark.parametrize(
    "variable", [None, "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID"]
)
def test_azure_devops(mock, login, variable):
    mock.post("https://dev.azure.example/oidctoken", json={"oidcToken": "federated"})
    tokens = provider(APP, {**DEVOPS, **({variable: "connection-1"} if variable else {})})
    assert tokens.method == "azure_devops"
    tokens.token()
    assert login.asked[0]["client_assertion"] == "federated"
    request = mock.calls[0].request
    assert request.params.get("serviceConnectionId") == ("connection-1" if variable else None)
    assert request.headers["Authorization"] == "Bearer job-token-devops"


@pytest.mark.parametrize(
    ("environ", "method", "url", "words"),
    [
        (GITHUB, "get", "https://token.actions.example/job", "id-token"),
        (DEVOPS, "post", "https://dev.azure.example/oidctoken", "SYSTEM_ACC"),
    ],
)
@pytest.mark.parametrize("answer", [{"status": 403, "json": {}}, {"status": 200, "json": {}}, {"body": "<html>"}])
def test_a_job_that_gets_no_federated_token(mock, login, environ, method, url, words, answer):
    getattr(mock, method)(url, **answer)
    with pytest.raises(Failure, match=words) as caught:
        provider(APP, environ).token()
    assert "job-token" not in caught.value.message


def test_a_job_token_is_not_sent_in_the_clear(mock):
    environ = {**GITHUB, "ACTIONS_ID_TOKEN_REQUEST_URL": "http://token.actions.example/job"}
    with pytest.raises(Failure, match="not https"):
        provider(APP, environ).token()
    assert len(mock.calls) == 0


@pytest.mark.parametrize(
    ("wanted", "query"),
    [
        ("system", {}),
        (CLIENT, {"client_id": CLIENT}),
        ("/subscriptions/s/id", {"msi_res_id": "/subscriptions/s/id"}),
    ],
)
def test_managed_identity(mock, wanted, query):
    mock.get(
        "http://169.254.169.254/metadata/identity/oauth2/token",
        json={"access_token": "token-of-the-machine", "expires_in": "3600", "resource": GRAPH, "token_type": "Bearer"},
    )
    tokens = provider({"managed_identity": wanted})
    assert tokens.method == "managed_identity"
    assert tokens.token() == "token-of-the-machine"
    request = mock.calls[0].request
    assert request.params["resource"] == GRAPH
    assert {key: request.params[key] for key in query} == query
    assert request.req_kwargs["timeout"] == 60
    assert not request.req_kwargs["proxies"]


def test_a_machine_without_a_managed_identity(mock):
    mock.get("http://169.254.169.254/metadata/identity/oauth2/token", body=requests.ConnectionError("no route"))
    with pytest.raises(TransportError, match="managed identity"):
        provider({"managed_identity": "system"}).token()


def test_a_managed_identity_that_is_no_id():
    with pytest.raises(Failure, match="managed_identity"):
        provider({"managed_identity": "yes"})


def test_access_token(clock):
    token = jwt(exp=5000, tid=TENANT)
    tokens = provider({"access_token": token})
    assert (tokens.method, tokens.renewable) == ("access_token", False)
    tokens._now = clock
    assert tokens.token() == token
    assert tokens.expires_at == 5000


def cache_file(path, mode=0o600, can_renew=True):
    environment = "login.microsoftonline.com"
    account = {
        "home_account_id": f"u.{TENANT}",
        "environment": environment,
        "realm": TENANT,
        "username": "ada@contoso.com",
        "authority_type": "MSSTS",
        "local_account_id": "u",
    }
    content = {"Account": {"a": account}}
    if can_renew:
        content["RefreshToken"] = {
            "r": {
                "credential_type": "RefreshToken",
                "secret": "stored-refresh-token",
                "home_account_id": f"u.{TENANT}",
                "environment": environment,
                "client_id": CLIENT,
                "target": "",
            }
        }
    path.write_text(json.dumps(content))
    path.chmod(mode)
    return str(path)


@pytest.mark.parametrize("params", [{}, APP])
def test_token_cache_renews_the_login_in_its_file(login, tmp_path, params):
    path = cache_file(tmp_path / "cache")
    client_info = base64.urlsafe_b64encode(json.dumps({"uid": "u", "utid": TENANT}).encode()).decode()
    login.answers.append(
        (
            200,
            {
                "access_token": "token-of-ada",
                "refresh_token": "next-refresh-token",
                "expires_in": 3600,
                "token_type": "Bearer",
                "scope": f"{GRAPH}/.default",
                "client_info": client_info,
            },
        )
    )
    tokens = provider({**params, "token_cache": path})
    assert tokens.method == "token_cache"
    assert tokens.token() == "token-of-ada"
    assert login.asked[0]["refresh_token"] == "stored-refresh-token"
    assert login.asked[0]["client_id"] == CLIENT
    assert "next-refresh-token" in (tmp_path / "cache").read_text()
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["cache"]


def test_a_refused_token_of_the_cache_is_not_used_again(login, tmp_path):
    tokens = provider({"token_cache": cache_file(tmp_path / "cache")})
    refused = tokens.token()
    assert tokens.renew(refused) != refused
    assert len(login.asked) == 2


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda path: None, "cannot be read"),
        (lambda path: cache_file(path, mode=0o640), "mode 0640"),
        (lambda path: (path.write_text("no json, stored-refresh-token"), path.chmod(0o600)), "no MSAL token cache"),
        (lambda path: (path.write_text("[]"), path.chmod(0o600)), "no MSAL token cache"),
        (lambda path: cache_file(path, can_renew=False), "holds no login|no stored login"),
        (lambda path: (path.write_text("{}"), path.chmod(0o600)), "holds no login"),
    ],
)
def test_a_token_cache_that_does_not_do(login, tmp_path, prepare, words):
    prepare(tmp_path / "cache")
    with pytest.raises(Failure, match=words) as caught:
        provider({"token_cache": str(tmp_path / "cache")}).token()
    assert "stored-refresh-token" not in caught.value.message


def test_a_stored_login_of_another_app(tmp_path):
    path = cache_file(tmp_path / "cache")
    with pytest.raises(SignInError, match="entra_device_login"):
        provider({"token_cache": path, "tenant_id": "00000000-1111-2222-3333-444444444444"}).token()


# Which way is used

ALL = {
    "access_token": ({"access_token": "ready-token"}, {}),
    "certificate": ({**APP, "certificate_path": "/x"}, {}),
    "client_secret": ({**APP, "client_secret": SECRET}, {}),
    "federated_token_file": ({**APP, "federated_token_file": "/x"}, {}),
    "github": (APP, GITHUB),
    "azure_devops": (APP, DEVOPS),
    "managed_identity": ({"managed_identity": "system"}, {}),
    "token_cache": ({"token_cache": "/x"}, {}),
}


@pytest.mark.parametrize("first", range(len(ALL)))
def test_precedence(first):
    """Of everything offered by the environment the first in the documented order is used."""
    params, environ = {}, {}
    for options, variables in list(ALL.values())[first:]:
        params.update(options)
        environ.update(variables)
    environ.update({auth.variable(name): value for name, value in params.items()})
    assert provider(params, environ).method == list(ALL)[first]


@pytest.mark.parametrize("method", [name for name in ALL if name not in ("github", "azure_devops")])
def test_an_option_of_the_task_beats_everything_in_the_environment(method):
    environ = {"AZURE_CLIENT_SECRET": SECRET, "HYBRID_IDENTITY_ACCESS_TOKEN": "token-of-the-environment", **GITHUB}
    params = {**APP, "client_secret": SECRET, "access_token": "token-of-the-environment", **ALL[method][0]}
    if method == "client_secret":
        params["client_secret"] = "another secret than in the environment"
    assert provider(params, environ).method == method


def test_no_way_at_all():
    with pytest.raises(Failure, match=r"client_secret.*AZURE_CLIENT_SECRET"):
        provider({"tenant_id": TENANT})


def test_federation_of_a_job_that_was_not_meant():
    """A pipeline's variables alone, without an app to sign in as, are no way to sign in."""
    with pytest.raises(Failure, match="no way to sign in"):
        provider({}, GITHUB)


@pytest.mark.parametrize("missing", ["tenant_id", "client_id"])
def test_what_else_is_needed(missing):
    with pytest.raises(Failure, match=rf"client secret also needs {missing} \(environment: AZURE_"):
        provider({**APP, "client_secret": SECRET, missing: None})


# Refusals


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (7000215, "secret is wrong"),
        (7000222, "secret has expired"),
        (700016, "does not know this app"),
        (90002, "No such tenant"),
        (50034, "account does not exist"),
        (700027, "certificate is not registered"),
        (65001, "consent"),
        (53003, "Conditional Access"),
        (50076, "multi-factor"),
        (700082, "Sign in again"),
        (7000218, "public client flows"),
        (500011, "Graph endpoint"),
    ],
)
def test_a_refusal_is_explained_by_its_code(login, number, words):
    login.refuse(number, text=f"irgendein Text mit {SECRET}")
    with pytest.raises(SignInError, match=words) as caught:
        provider({**APP, "client_secret": SECRET}).token()
    assert caught.value.code == f"AADSTS{number}"
    assert f"AADSTS{number}" in caught.value.message
    assert "corr-1" in caught.value.message
    assert CLIENT in caught.value.message
    assert SECRET not in caught.value.message


def test_an_unknown_refusal_shows_what_the_service_said_without_the_secret(login):
    login.refuse(99999999, text=f"Something new about {SECRET}.")
    with pytest.raises(SignInError, match="Something new about …") as caught:
        provider({**APP, "client_secret": SECRET}).token()
    assert SECRET not in caught.value.message


def test_the_code_is_found_in_the_text_where_it_stands_nowhere_else():
    error = sign_in_error("Trying", {"error": "invalid_client", "error_description": "AADSTS7000215: …"})
    assert error.code == "AADSTS7000215"


def test_a_refusal_without_a_number():
    error = sign_in_error("Trying", {"error": "access_denied"})
    assert error.message == "Trying failed with access_denied. The sign-in was declined."
    assert sign_in_error("Trying", {}).message == "Trying failed."


def test_an_unknown_tenant_keeps_its_code_although_msal_drops_it(mock):
    mock.get(
        f"{LOGIN}/{TENANT}/v2.0/.well-known/openid-configuration",
        status=400,
        json={"error": "invalid_tenant", "error_description": "AADSTS90002: …", "error_codes": [90002]},
    )
    with pytest.raises(SignInError, match="No such tenant"):
        provider({**APP, "client_secret": SECRET}).token()


def test_a_refusal_is_not_replayed(login):
    """MSAL remembers a refusal for a minute; whoever corrects the app in the meantime must not be told the old one."""
    tokens = provider({**APP, "client_secret": SECRET})
    login.refuse(7000215, status=400)
    with pytest.raises(SignInError):
        tokens.token()
    assert tokens.token()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_fault_of_the_login_service_is_waited_out(mock, login, clock, status):
    options = read_options({**APP, "client_secret": SECRET, "retry_time": 60}, {})
    tokens = token_provider(options, Http(options), {})
    tokens._clock, tokens._sleep = clock, clock.sleep
    login.answers.append((status, {}))
    assert tokens.token()
    assert len(clock.sleeps) == 1


def test_a_custom_endpoint_is_asked_and_nobody_else(mock):
    login = Login(mock, endpoint="https://127.0.0.1:8443")
    provider(
        {
            **APP,
            "client_secret": SECRET,
            "login_endpoint": "https://127.0.0.1:8443",
            "graph_endpoint": "https://127.0.0.1:8444",
        }
    ).token()
    assert login.asked[0]["scope"] == "https://127.0.0.1:8444/.default"
    assert {call.request.url.split("/")[2] for call in mock.calls} == {"127.0.0.1:8443"}


# How long a token lasts


def test_a_token_is_kept_and_renewed_before_its_end(login, clock):
    tokens = provider({**APP, "client_secret": SECRET})
    first = tokens.token()
    end = tokens.expires_at
    tokens._now = lambda: end - 301
    assert tokens.token() == first
    tokens._now = lambda: end - 299
    assert tokens.token() != first


def test_short_lived_tokens_are_not_renewed_all_the_time(login):
    login.lifetime = 60
    tokens = provider({**APP, "client_secret": SECRET})
    assert tokens.token() == tokens.token()


def test_workers_share_one_renewal(login):
    tokens = provider({**APP, "client_secret": SECRET})
    refused = tokens.token()
    assert tokens.renew(refused) == tokens.renew(refused)
    assert len(login.asked) == 2


def test_a_job_longer_than_its_token_is_refused_at_the_start(clock):
    tokens = provider({"access_token": jwt(exp=2000)})
    tokens._now = clock  # 1000
    tokens.ensure_lifetime(999)
    assert tokens.lifetime() == 1000
    with pytest.raises(Failure, match="in 1000 seconds; this job may take 1001 seconds"):
        tokens.ensure_lifetime(1001)


def test_what_can_be_renewed_or_is_not_known_is_not_refused(login):
    provider({"access_token": "opaque token"}).ensure_lifetime(1e9)
    provider({**APP, "client_secret": SECRET}).ensure_lifetime(1e9)


def test_a_ready_token_cannot_be_renewed(clock):
    tokens = provider({"access_token": jwt(exp=2000)})
    tokens._now = clock
    text = tokens.token()
    with pytest.raises(SignInError, match="cannot be renewed"):
        tokens.renew(text)
    clock.now = 2000
    with pytest.raises(SignInError, match="expired"):
        tokens.token()


@pytest.mark.parametrize("text", ["opaque", "a.b", "a.b.c", "a.!!!.c", f"a.{base64.b64encode(b'[1]').decode()}.c"])
def test_a_token_that_cannot_be_read(text):
    assert read_claims(text) is None
