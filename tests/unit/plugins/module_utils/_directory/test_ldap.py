# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a directory, as far as Samba cannot show it: AD's limits, broken connections, TLS that fails, sign-ins."""

from __future__ import annotations

import contextlib
import datetime
import socket
import ssl
import threading
import types

import ldap3
import pytest
import trustme

from ansible_collections.hybrid.identity.plugins.module_utils import _requirements
from ansible_collections.hybrid.identity.plugins.module_utils._directory import ldap_connection
from ansible_collections.hybrid.identity.plugins.module_utils._directory.arguments import DEFAULT_FILTER
from ansible_collections.hybrid.identity.plugins.module_utils._directory.ldap import LdapSource, open_directory
from ansible_collections.hybrid.identity.plugins.module_utils._directory.ldap_connection import Session, connect
from ansible_collections.hybrid.identity.plugins.module_utils._directory.ldap_errors import DirectoryError

PAGED = "1.2.840.113556.1.4.319"
BASE = "DC=example,DC=com"
PASSWORD = "the-password-itself"


def options(**changes):
    values = {
        "server": ["dc1.example.com"],
        "domain": None,
        "port": None,
        "tls_mode": "ldaps",
        "auth_protocol": None,
        "username": "reader@example.com",
        "password": PASSWORD,
        "ca_cert": None,
        "connection_timeout": 2,
        "read_timeout": 2,
        "search_base": BASE,
        "search_scope": "subtree",
        "filter": DEFAULT_FILTER,
    }
    return {**values, **changes}


def entry(number, **attributes):
    raw = {"objectClass": [b"top", b"user"], "objectGUID": [b"x" * 16], "userAccountControl": [b"512"], **attributes}
    return {
        "type": "searchResEntry",
        "raw_dn": f"CN=Jörg {number},{BASE}".encode(),
        "raw_attributes": {name: values for name, values in raw.items() if values is not None},
    }


REFERENCE = {"type": "searchResRef", "uri": ["ldap://example.com/CN=Configuration"]}


class FakeConnection:
    """A connection to a domain controller that clamps pages to 1000 entries, as AD does and Samba does not."""

    clamp = 1000

    def __init__(self, entries=(), *, result=0, message="", dn="", referrals=None, fail=None, ignore_paging=False):
        self.entries = list(entries)
        self.final = {"result": result, "description": f"code{result}", "message": message, "dn": dn}
        if referrals:
            self.final["referrals"] = referrals
        self.fail = fail
        self.ignore_paging = ignore_paging
        self.requests = []
        self.closed = False
        self.strategy = types.SimpleNamespace(close=lambda: setattr(self, "closed", True))

    def search(self, base, search_filter, scope, dereference, *, attributes, paged_criticality, **paging):
        self.requests.append({"base": base, "filter": search_filter, "attributes": attributes, **paging})
        if self.fail:
            raise self.fail
        if not paging or self.ignore_paging:
            self.result, self.response = dict(self.final), self.entries
            return
        assert paged_criticality is True
        start = int(paging["paged_cookie"] or 0)
        stop = start + min(paging["paged_size"], self.clamp)
        more = str(stop).encode() if stop < len(self.entries) else b""
        self.result = {**self.final, "controls": {PAGED: {"value": {"size": 0, "cookie": more}}}}
        self.response = self.entries[start:stop]


def source(connection, **changes):
    arguments = {"bases": [BASE], "scope": "subtree", "filters": [DEFAULT_FILTER], **changes}
    return LdapSource(
        Session(connection, "ldaps://dc1:636"), attributes=["objectGUID", "userAccountControl", "mail"], **arguments
    )


def test_more_than_a_page_is_read_in_the_servers_order():
    connection = FakeConnection([entry(number) for number in range(2500)])
    found = list(source(connection))
    assert [each.dn for each in found] == [f"CN=Jörg {number},{BASE}" for number in range(2500)]
    assert [request["paged_size"] for request in connection.requests] == [1000, 1000, 1000]
    assert [request["paged_cookie"] for request in connection.requests] == [None, b"1000", b"2000"]
    assert connection.closed


def test_a_server_that_clamps_pages_lower_is_read_whole():
    connection = FakeConnection([entry(number) for number in range(7)])
    connection.clamp = 3
    assert len(list(source(connection))) == 7


def test_names_of_attributes_are_lower_case_and_values_raw():
    [found] = source(FakeConnection([entry(1, **{"mS-DS-ConsistencyGuid": [b"\xff\0"], "memberOf;range=0-1": [b"x"]})]))
    assert found.attributes["ms-ds-consistencyguid"] == [b"\xff\0"]
    assert found.attributes["memberof"] == [b"x"]
    assert found.source == f"ldaps://dc1:636/{BASE}"
    assert found.line is None


def test_references_to_other_directories_are_passed_over():
    assert len(list(source(FakeConnection([entry(1), REFERENCE, entry(2)])))) == 2


def test_every_base_and_filter_is_searched():
    connection = FakeConnection([entry(1)])
    list(source(connection, bases=["OU=a", "OU=b"], filters=["(x=1)", "(x=2)"]))
    searched = [(request["base"], request["filter"]) for request in connection.requests]
    assert searched == [("OU=a", "(x=1)"), ("OU=a", "(x=2)"), ("OU=b", "(x=1)"), ("OU=b", "(x=2)")]


@pytest.mark.parametrize(
    ("settings", "code", "parts"),
    [
        ({"result": 32, "dn": "DC=example,DC=com"}, "base", [BASE, "no such object", '"DC=example,DC=com"', "LDAP 32"]),
        ({"result": 32}, "base", ["no part of it exists"]),
        ({"result": 34}, "base", ["search_base is no distinguished name"]),
        ({"result": 10, "referrals": ["ldap://other.example.com"]}, "base", ["another domain", "ldap://other.example"]),
        ({"result": 4, "ignore_paging": True}, "interrupted", ["size limit", "incomplete"]),
        ({"result": 3}, "interrupted", ["longer than the server allows", "search_base"]),
        ({"result": 12, "message": "00000057: LdapErr: Error processing control"}, "refused", ["paging", "00000057"]),
        ({"result": 50, "message": "00002098"}, "unreadable", ["may not read"]),
        ({"result": 1, "message": "000004DC: a successful bind must be completed"}, "refused", ["000004DC", "LDAP 1"]),
    ],
)
def test_a_failed_search_is_an_error_and_never_no_users(settings, code, parts):
    with pytest.raises(DirectoryError) as caught:
        list(source(FakeConnection([entry(1)], **settings)))
    assert caught.value.code == code
    for part in parts:
        assert part in caught.value.message


def test_a_connection_that_breaks_discards_what_was_read():
    broken = ldap3.core.exceptions.LDAPSocketReceiveError("error receiving data: timed out")
    with pytest.raises(DirectoryError, match="read_timeout") as caught:
        list(source(FakeConnection(fail=broken)))
    assert caught.value.code == "interrupted"


def test_a_filter_that_is_none_is_named():
    with pytest.raises(DirectoryError, match=r"\(&\(x=1\)"):
        list(
            source(FakeConnection(fail=ldap3.core.exceptions.LDAPInvalidFilterError("malformed")), filters=["(&(x=1)"])
        )


def test_when_no_user_shows_its_account_state_that_is_a_matter_of_rights():
    connection = FakeConnection([entry(number, userAccountControl=None) for number in range(3)])
    with pytest.raises(DirectoryError, match="userAccountControl") as caught:
        list(source(connection))
    assert caught.value.code == "unreadable"


def test_an_account_that_reads_only_itself_reads_nothing():
    connection = FakeConnection([entry(1), *(entry(number, userAccountControl=None) for number in range(2, 9))])
    with pytest.raises(DirectoryError, match="None of the 8 users"):
        list(source(connection))


def test_some_unreadable_users_are_data():
    connection = FakeConnection([entry(1), entry(2), entry(3, userAccountControl=None)])
    assert len(list(source(connection))) == 3


def test_objects_that_are_no_users_need_no_account_state():
    contacts = [entry(number, objectClass=[b"top", b"contact"], userAccountControl=None) for number in range(3)]
    assert len(list(source(FakeConnection(contacts)))) == 3


def test_an_empty_directory_is_no_error():
    assert list(source(FakeConnection([]))) == []


@pytest.fixture
def fake_connect(monkeypatch):
    """Let open_directory() connect to a FakeConnection."""
    from ansible_collections.hybrid.identity.plugins.module_utils._directory import ldap as module

    def install(connection):
        monkeypatch.setattr(module, "connect", lambda options, warn: Session(connection, "ldaps://dc1:636"))
        return connection

    return install


def test_without_a_base_the_whole_domain_is_read(fake_connect):
    root = {"type": "searchResEntry", "raw_dn": b"", "raw_attributes": {"defaultNamingContext": [BASE.encode()]}}
    connection = fake_connect(FakeConnection([root]))
    found = open_directory(options(search_base=None), ["mail"], print)
    assert found.base == BASE
    assert connection.requests == [
        {"base": "", "filter": "(objectClass=*)", "attributes": ["defaultNamingContext"]},
    ]


def test_a_server_without_a_domain_says_so_and_is_left(fake_connect):
    connection = fake_connect(FakeConnection([{"type": "searchResEntry", "raw_dn": b"", "raw_attributes": {}}]))
    with pytest.raises(DirectoryError, match="domain controller"):
        open_directory(options(search_base=None), ["mail"], print)
    assert connection.closed


@pytest.mark.parametrize(
    ("bases", "scope", "searched"),
    [
        (["OU=a,DC=x", "DC=x"], "subtree", ["DC=x"]),
        (["OU=a,DC=x", "OU=b,DC=x"], "subtree", ["OU=a,DC=x", "OU=b,DC=x"]),
        (["OU=a,DC=x", "ou=A, dc=x"], "subtree", ["ou=A, dc=x"]),
        (["OU=a,DC=x", "DC=x"], "one_level", ["OU=a,DC=x", "DC=x"]),
        ("OU=a,DC=x", "subtree", ["OU=a,DC=x"]),
    ],
)
def test_a_base_below_another_is_not_read_twice(fake_connect, bases, scope, searched):
    connection = fake_connect(FakeConnection([]))
    list(open_directory(options(search_base=bases, search_scope=scope), ["mail"], print))
    assert [request["base"] for request in connection.requests] == searched


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"port": 3268}, "Global Catalog"),
        ({"port": 3269}, "mS-DS-ConsistencyGuid"),
        ({"server": None}, "src"),
        ({"password": ""}, "needs username and password"),
        ({"password": None}, "needs username and password"),
        ({"username": None, "auth_protocol": "simple"}, "needs username and password"),
        ({"ca_cert": "/nonexistent/ca.pem", "server": ["127.0.0.1"]}, "ca_cert"),
    ],
)
def test_options_that_cannot_work_are_refused_before_anything_is_sent(changes, part):
    with pytest.raises(DirectoryError, match=part) as caught:
        connect(options(**changes), print)
    assert caught.value.code == "options"


def test_every_server_is_named_with_its_own_reason():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(DirectoryError) as caught:
            connect(options(server=["dc1.invalid", "127.0.0.1"], port=port), print)
    assert caught.value.code == "unreachable"
    assert f"ldaps://dc1.invalid:{port}: its name cannot be resolved" in caught.value.message
    assert f"ldaps://127.0.0.1:{port}:" in caught.value.message
    assert PASSWORD not in caught.value.message


@contextlib.contextmanager
def tls_server(certificate):
    """Accept TLS connections on a port of loopback and say nothing on them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    client, _address = listener.accept()
                    with contextlib.suppress(OSError), context.wrap_socket(client, server_side=True):
                        pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@pytest.fixture
def authority(tmp_path):
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "ca.pem")
    return made


def expired(authority):
    past = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
    return authority.issue_cert("127.0.0.1", not_before=past, not_after=past + datetime.timedelta(days=1))


@pytest.mark.parametrize(
    ("issue", "trusted", "part"),
    [
        (lambda authority: authority.issue_cert("127.0.0.1"), False, "authority is not trusted"),
        (lambda authority: authority.issue_cert("127.0.0.2"), True, "does not carry this address"),
        (lambda authority: authority.issue_cert("dc1.example.com"), True, "name the server"),
        (expired, True, "has expired"),
    ],
)
def test_a_certificate_that_does_not_do_is_an_error_of_its_own(authority, tmp_path, issue, trusted, part):
    with tls_server(issue(authority)) as port, pytest.raises(DirectoryError, match=part) as caught:
        connect(options(server=["127.0.0.1"], port=port, ca_cert=str(tmp_path / "ca.pem") if trusted else None), print)
    assert caught.value.code == "certificate"


@pytest.mark.parametrize("form", ["file", "text"])
def test_a_good_certificate_passes_in_every_form_of_ca_cert(authority, tmp_path, form):
    """The server hangs up after the handshake, so a connection error shows that the certificate was accepted."""
    given = str(tmp_path / "ca.pem") if form == "file" else authority.cert_pem.bytes().decode()
    with tls_server(authority.issue_cert("127.0.0.1")) as port, pytest.raises(DirectoryError) as caught:
        connect(options(server=["127.0.0.1"], port=port, ca_cert=given), print)
    assert caught.value.code == "unreachable"


class Failing:
    """Stands in for _open(): raises what the given servers answer."""

    def __init__(self, **answers):
        self.answers = answers
        self.asked = []

    def __call__(self, host, port, url, protocol, options):
        self.asked.append((host, port, protocol))
        answer = self.answers[host]
        if isinstance(answer, Exception):
            raise answer
        return answer


def unusable(reason):
    return ldap_connection._Unusable("unreachable", reason)


def test_the_next_server_is_tried_and_the_first_is_mentioned(monkeypatch):
    opened = Failing(a=unusable("it is down"), b="connection")
    monkeypatch.setattr(ldap_connection, "_open", opened)
    warnings = []
    assert connect(options(server=["a", "b"]), warnings.append) == ("connection", "ldaps://b:636")
    assert warnings == ["ldaps://a:636 was passed over: it is down."]


def test_refused_credentials_are_not_tried_on_another_server(monkeypatch):
    opened = Failing(a=DirectoryError("sign_in", "no"), b="connection")
    monkeypatch.setattr(ldap_connection, "_open", opened)
    with pytest.raises(DirectoryError, match="no"):
        connect(options(server=["a", "b"]), print)
    assert [host for host, _port, _protocol in opened.asked] == ["a"]


@pytest.mark.parametrize(
    ("changes", "port", "protocol"),
    [
        ({}, 636, "simple"),
        ({"tls_mode": "start_tls"}, 389, "simple"),
        ({"port": 10636}, 10636, "simple"),
        ({"username": None}, 636, "kerberos"),
        ({"auth_protocol": "kerberos"}, 636, "kerberos"),
    ],
)
def test_port_and_sign_in_have_sensible_defaults(monkeypatch, changes, port, protocol):
    opened = Failing(a="connection")
    monkeypatch.setattr(ldap_connection, "_open", opened)
    monkeypatch.setattr(_requirements, "require", lambda *names, feature: None)
    connect(options(server=["a"], **changes), print)
    assert opened.asked == [("a", port, protocol)]


def test_clear_text_is_warned_of(monkeypatch):
    monkeypatch.setattr(ldap_connection, "_open", Failing(a="connection"))
    warnings = []
    assert connect(options(server=["a"], tls_mode="none"), warnings.append).url == "ldap://a:389"
    assert any("clear text" in warning and "password" in warning for warning in warnings)


def test_a_password_that_masking_would_turn_against_the_results_is_warned_of(monkeypatch):
    monkeypatch.setattr(ldap_connection, "_open", Failing(a="connection"))
    warnings = []
    connect(options(server=["a"], password="seven77"), warnings.append)
    assert any("masks" in warning and "seven77" not in warning for warning in warnings)


def test_controllers_found_in_dns_are_tried_by_priority_and_weight(monkeypatch):
    import dns.resolver

    def record(priority, weight, target):
        return types.SimpleNamespace(priority=priority, weight=weight, target=f"{target}.")

    asked = []

    def resolve(name, kind, lifetime):
        asked.append((name, kind))
        return [record(10, 0, "c"), record(0, 10, "b"), record(0, 100, "a")]

    monkeypatch.setattr(dns.resolver, "resolve", resolve)
    opened = Failing(a=unusable("down"), b=unusable("down"), c="connection")
    monkeypatch.setattr(ldap_connection, "_open", opened)
    assert connect(options(server=None, domain="example.com"), lambda text: None).url == "ldaps://c:636"
    assert [host for host, _port, _protocol in opened.asked] == ["a", "b", "c"]
    assert asked == [("_ldap._tcp.dc._msdcs.example.com", "SRV")]


@pytest.mark.parametrize("name", ["NXDOMAIN", "NoAnswer", "NoNameservers", "LifetimeTimeout"])
def test_dns_that_does_not_answer_is_an_error_with_a_way_out(monkeypatch, name):
    import dns.resolver

    def resolve(*_arguments, **_keywords):
        raise getattr(dns.resolver, name)()

    monkeypatch.setattr(dns.resolver, "resolve", resolve)
    with pytest.raises(DirectoryError, match="option server") as caught:
        connect(options(server=None, domain="example.com"), print)
    assert "_ldap._tcp.dc._msdcs.example.com" in caught.value.message
