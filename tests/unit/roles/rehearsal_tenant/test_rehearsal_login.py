# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in: secrets, certificates, federated assertions, device codes, and the life of a token."""

from __future__ import annotations

import base64
import datetime
import hashlib

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from rehearsal_support import CLIENT_ID, GRAPH_SCOPE, SECRET, START, TENANT_ID, user

TOKEN = f"/{TENANT_ID}/oauth2/v2.0/token"
AUDIENCE = f"https://127.0.0.1:8443/{TENANT_ID}/oauth2/v2.0/token"
ISSUER, SUBJECT = "https://token.actions.example", "repo:org/name:environment:prod"


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def certificate(key):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "rehearsal")])
    day = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(day)
        .not_valid_after(day + datetime.timedelta(days=900))
        .sign(key, hashes.SHA256())
    )


def pem(thing):
    if isinstance(thing, x509.Certificate):
        return thing.public_bytes(serialization.Encoding.PEM).decode()
    public = thing.public_key()
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def ask(rehearsal, **form):
    standard = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "scope": GRAPH_SCOPE}
    given = {name: value for name, value in {**standard, **form}.items() if value is not None}
    return rehearsal.http("POST", TOKEN, data=given)


def with_assertion(rehearsal, assertion):
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    return ask(rehearsal, client_assertion_type=kind, client_assertion=assertion)


def refusal(answer):
    return answer.status_code, answer.json()["error"], answer.json()["error_codes"][0]


def test_discovery_is_what_msal_asks_for(start):
    rehearsal = start()
    for tenant in (TENANT_ID, "contoso.com", "organizations"):
        answer = rehearsal.http("GET", f"/{tenant}/v2.0/.well-known/openid-configuration").json()
        assert answer["issuer"] == f"https://127.0.0.1:8443/{TENANT_ID}/v2.0"
        assert answer["token_endpoint"] == f"https://127.0.0.1:8443{TOKEN}"
        assert {"authorization_endpoint", "device_authorization_endpoint", "jwks_uri"} <= set(answer)
    unknown = rehearsal.http("GET", "/nope.example/v2.0/.well-known/openid-configuration")
    assert refusal(unknown) == (400, "invalid_request", 90002)


def test_a_secret_gets_a_token_with_the_apps_roles(start):
    answer = ask(start(), client_secret=SECRET).json()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3599)
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert (claims["tid"], claims["appid"], claims["idtyp"]) == (TENANT_ID, CLIENT_ID, "app")
    assert "User.ReadWrite.All" in claims["roles"]
    assert claims["exp"] == START + 3599


def test_the_published_key_verifies_the_token(start):
    rehearsal = start()
    keys = jwt.PyJWKSet.from_dict(rehearsal.http("GET", f"/{TENANT_ID}/discovery/v2.0/keys").json())
    token = rehearsal.token()
    key = keys[jwt.get_unverified_header(token)["kid"]]
    options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
    assert jwt.decode(token, key, ["RS256"], audience="https://graph.microsoft.com", options=options)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"client_secret": "wrong-secret"}, (401, "invalid_client", 7000215)),
        ({}, (401, "invalid_client", 7000218)),
        ({"client_id": "nobody", "client_secret": SECRET}, (400, "unauthorized_client", 700016)),
        ({"client_secret": SECRET, "scope": "User.Read"}, (400, "invalid_scope", 1002012)),
        ({"grant_type": "password"}, (400, "unsupported_grant_type", 70003)),
    ],
)
def test_refusals_have_entras_numbers_and_no_secret(start, form, expected):
    answer = ask(start(), **form)
    assert refusal(answer) == expected
    assert f"AADSTS{expected[2]}" in answer.json()["error_description"]
    assert SECRET not in answer.text
    assert "wrong-secret" not in answer.text


def test_graph_takes_its_own_living_tokens_only(start):
    rehearsal = start()
    token = rehearsal.token()
    assert rehearsal.get("/users", token=token).status_code == 200
    for bad in ("", "x.y.z", token[:-4] + "AAAA"):
        answer = rehearsal.http("GET", "/v1.0/users", headers={"authorization": f"Bearer {bad}"})
        assert rehearsal.error(answer) == (401, "InvalidAuthenticationToken")
    rehearsal.advance(3599)
    assert rehearsal.get("/users", token=token).status_code == 401
    assert rehearsal.control("GET", "/requests")["requests"][-1]["status"] == 401


def client(**more):
    return {"clients": [{"clientId": CLIENT_ID, **more}]}


def certificate_assertion(key, certificate, header="x5t", **claims):
    der = certificate.public_bytes(serialization.Encoding.DER)
    digest = hashlib.sha1(der).digest() if header == "x5t" else hashlib.sha256(der).digest()  # noqa: S324 (x5t is SHA-1)
    standard = {"iss": CLIENT_ID, "sub": CLIENT_ID, "aud": AUDIENCE, "exp": START + 300}
    thumbprint = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return jwt.encode({**standard, **claims}, key, "RS256", headers={header: thumbprint})


@pytest.mark.parametrize("header", ["x5t", "x5t#S256"])
def test_a_registered_certificate_signs_in(start, key, certificate, header):
    rehearsal = start(settings=client(certificates=[pem(certificate)]))
    assert with_assertion(rehearsal, certificate_assertion(key, certificate, header)).status_code == 200


def test_a_certificate_must_be_registered_its_key_right_and_the_time_good(start, key, certificate):
    rehearsal = start(settings=client(certificates=[pem(certificate)]))
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    forged = with_assertion(rehearsal, certificate_assertion(other, certificate))
    assert refusal(forged) == (401, "invalid_client", 700030)
    late = with_assertion(rehearsal, certificate_assertion(key, certificate, exp=START - 1000))
    assert refusal(late) == (401, "invalid_client", 700024)
    elsewhere = with_assertion(rehearsal, certificate_assertion(key, certificate, aud="https://login.example/"))
    assert refusal(elsewhere) == (401, "invalid_client", 700025)
    unknown = with_assertion(start(settings=client(secret=SECRET)), certificate_assertion(key, certificate))
    assert refusal(unknown) == (401, "invalid_client", 700027)
    assert refusal(with_assertion(rehearsal, "nonsense")) == (401, "invalid_client", 50027)


def federated(key, **claims):
    standard = {"iss": ISSUER, "sub": SUBJECT, "aud": "api://AzureADTokenExchange", "exp": START + 300}
    return jwt.encode({**standard, **claims}, key, "RS256")


def test_a_federated_assertion_must_fit_the_credential(start, key):
    credential = {"issuer": ISSUER, "subject": SUBJECT, "publicKey": pem(key)}
    rehearsal = start(settings=client(federatedCredentials=[credential]))
    assert with_assertion(rehearsal, federated(key)).status_code == 200
    for wrong in ({"sub": "repo:org/other"}, {"iss": "https://other"}, {"aud": "other"}):
        assert refusal(with_assertion(rehearsal, federated(key, **wrong))) == (401, "invalid_client", 70021)
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert refusal(with_assertion(rehearsal, federated(other))) == (401, "invalid_client", 700211)


def device_code(rehearsal):
    form = {"client_id": CLIENT_ID, "scope": "openid profile offline_access"}
    return rehearsal.http("POST", f"/{TENANT_ID}/oauth2/v2.0/devicecode", data=form).json()


def redeem(rehearsal, code):
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    return ask(rehearsal, grant_type=grant, device_code=code["device_code"], scope=None)


@pytest.fixture
def with_admin(start):
    return start(
        users=[user("boss"), user("ann")], roles=[{"user": "boss@contoso.com", "role": "Global Administrator"}]
    )


def test_a_device_code_waits_for_its_person(with_admin):
    code = device_code(with_admin)
    assert code["user_code"] in code["message"]
    assert refusal(redeem(with_admin, code)) == (400, "authorization_pending", 70016)
    page = with_admin.http("GET", "/devicelogin")
    assert "<form" in page.text
    for form in ({"user_code": "x", "user": "boss@contoso.com"}, {"user_code": code["user_code"], "user": "<b>"}):
        assert "not" in with_admin.http("POST", "/devicelogin", data=form).text
    done = {"user_code": code["user_code"].lower(), "user": "boss@contoso.com"}
    assert "Signed in" in with_admin.http("POST", "/devicelogin", data=done).text
    answer = redeem(with_admin, code).json()
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert (claims["oid"], claims["wids"]) == (user("boss")["id"], ["Global Administrator"])
    assert "User.ReadWrite.All" in claims["scp"].split()
    assert {"refresh_token", "id_token", "client_info"} <= set(answer)
    assert refusal(redeem(with_admin, code)) == (400, "bad_verification_code", 70018)


def test_a_device_code_expires(with_admin):
    code = device_code(with_admin)
    with_admin.advance(901)
    assert refusal(redeem(with_admin, code)) == (400, "expired_token", 70019)


def test_device_codes_can_approve_themselves_and_be_refreshed(with_admin):
    with_admin.set(deviceLoginAs="boss@contoso.com")
    first = redeem(with_admin, device_code(with_admin)).json()
    again = ask(with_admin, grant_type="refresh_token", refresh_token=first["refresh_token"], scope=None)
    assert with_admin.get("/users", token=again.json()["access_token"]).status_code == 200
    bad = ask(with_admin, grant_type="refresh_token", refresh_token="nope", scope=None)
    assert refusal(bad) == (400, "invalid_grant", 700082)


def person(rehearsal, name):
    rehearsal.set(deviceLoginAs=f"{name}@contoso.com")
    return redeem(rehearsal, device_code(rehearsal)).json()["access_token"]


def test_a_person_needs_a_role_besides_the_permission(with_admin):
    boss, ann = person(with_admin, "boss"), person(with_admin, "ann")
    change = {"onPremisesImmutableId": "x"}
    assert with_admin.patch("ann@contoso.com", change, token=ann).status_code == 403
    assert with_admin.patch("ann@contoso.com", change, token=boss).status_code == 204
    path = "/directory/onPremisesSynchronization"
    assert with_admin.get(path, token=ann).status_code == 403
    with_admin.set(appOnlySyncFeatures="refuse")
    assert with_admin.get(path, token=boss).status_code == 200


def test_contested_whether_a_person_needs_access_as_user(with_admin):
    boss = person(with_admin, "boss")
    with_admin.set(delegatedAnchorNeeds="Directory.AccessAsUser.All")
    assert with_admin.patch("ann@contoso.com", {"onPremisesImmutableId": "x"}, token=boss).status_code == 403
    assert with_admin.patch("ann@contoso.com", {"onPremisesImmutableId": "x"}).status_code == 204
