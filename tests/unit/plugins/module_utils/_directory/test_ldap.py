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

import ldap_double
import pytest
import trustme
from ldap_double import Controller

from ansible_collections.hybrid.identity.plugins.module_utils import _requirements
from ansible_collections.hybrid.identity.plugins.module_utils._directory import ldap_connection
from ansible_collections.hybrid.identity.plugins.module_utils._directory.arguments import DEFAULT_FILTER
from ansible_collections.hybrid.identity.plugins.module_utils._directory.ldap import LdapSource, open_directory
from ansible_collections.hybrid.identity.plugins.module_utils._directory.ldap_connection import Session, connect
from ansible_collections.hybrid.identity.plugins.module_utils._directory.ldap_errors import DirectoryError

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


def user(number, **attributes):
    raw = {"objectClass": [b"top", b"user"], "objectGUID": [b"x" * 16], "userAccountControl": [b"512"], **attributes}
    return ldap_double.entry(
        f"CN=Jörg {number},{BASE}", {name: values for name, values in raw.items() if values is not None}
    )


def users(count):
    return [user(number) for number in range(count)]


REFERENCE = ldap_double.reference("ldap://example.com/CN=Configuration")


def source(controller, **changes):
    arguments = {"bases": [BASE], "scope": "subtree", "filters": [DEFAULT_FILTER], **changes}
    return LdapSource(
        Session(controller, "ldaps://dc1:636"), attributes=["objectGUID", "userAccountControl", "mail"], **arguments
    )


def test_more_than_a_page_is_read_in_the_servers_order():
    controller = Controller(users(2500))
    found = list(source(controller))
    assert [each.dn for each in found] == [f"CN=Jörg {number},{BASE}" for number in range(2500)]
    assert [request["paged_size"] for request in controller.seen()] == [1000, 1000, 1000]
    assert [request["paged_cookie"] for request in controller.seen()] == [b"", b"1000", b"2000"]
    assert controller.requests[0]["attributes"] == ["objectGUID", "userAccountControl", "mail"]
    assert controller.closed


def test_a_server_that_clamps_pages_lower_is_read_whole():
    controller = Controller(users(7))
    controller.clamp = 3
    assert len(list(source(controller))) == 7


def test_the_next_page_is_asked_for_before_this_one_is_used_and_no_further_one():
    controller = Controller(users(9))
    controller.clamp = 2
    sent = [controller.sent for _found in source(controller)]
    assert sent == [2, 2, 3, 3, 4, 4, 5, 5, 5]


def test_who_stops_reading_leaves_the_server():
    controller = Controller(users(9))
    controller.clamp = 2
    reading = iter(source(controller))
    next(reading)
    reading.close()
    assert controller.closed
    assert len(controller.seen()) <= 2


def test_a_failure_on_a_later_page_comes_after_the_pages_before_it():
    controller = Controller(users(6), final={2: ldap_double.result(3)})
    controller.clamp = 2
    reading = iter(source(controller))
    assert [next(reading).dn, next(reading).dn] == [f"CN=Jörg 0,{BASE}", f"CN=Jörg 1,{BASE}"]
    with pytest.raises(DirectoryError, match="longer than the server allows"):
        next(reading)
    assert controller.closed


def test_names_of_attributes_are_lower_case_and_values_raw():
    shown = {"mS-DS-ConsistencyGuid": [b"\xff\0"], "userCertificate;binary": [b"x"], "memberOf;range=0-*": [b"y"]}
    [found] = source(Controller([user(1, **shown)]))
    assert found.attributes["ms-ds-consistencyguid"] == [b"\xff\0"]
    assert found.attributes["usercertificate"] == [b"x"]
    assert found.attributes["memberof"] == [b"y"]
    assert found.source == f"ldaps://dc1:636/{BASE}"
    assert found.line is None


def test_an_attribute_without_values_is_not_there():
    [found] = source(Controller([user(1, mail=[])]))
    assert "mail" not in found.attributes


def test_values_given_in_parts_are_put_together_while_the_next_page_is_under_way():
    first = user(1, **{"proxyAddresses": [], "proxyAddresses;range=0-1": [b"a", b"b"]})
    objects = {
        "proxyaddresses;range=2-*": [user(1, **{"proxyAddresses;range=2-3": [b"c", b"d"]})],
        "proxyaddresses;range=4-*": [user(1, **{"proxyAddresses;range=4-*": [b"e"]})],
    }
    controller = Controller([first, *users(4)], objects=objects)
    controller.clamp = 2
    found = list(source(controller))
    assert found[0].attributes["proxyaddresses"] == [b"a", b"b", b"c", b"d", b"e"]
    assert [each.dn for each in found[1:]] == [f"CN=Jörg {number},{BASE}" for number in range(4)]
    parts = [request for request in controller.seen() if "paged_size" not in request]
    assert [(request["base"], request["scope"]) for request in parts] == [(f"CN=Jörg 1,{BASE}", 0)] * 2


def test_values_that_vanish_between_two_parts_are_an_error():
    controller = Controller([user(1, **{"member;range=0-1": [b"a", b"b"]})])
    with pytest.raises(DirectoryError, match=f"the values of member of CN=Jörg 1,{BASE} changed meanwhile"):
        list(source(controller))


def test_references_to_other_directories_are_passed_over():
    assert len(list(source(Controller([user(1), REFERENCE, user(2)])))) == 2


def test_every_base_and_filter_is_searched():
    controller = Controller([user(1)])
    list(source(controller, bases=["OU=a", "OU=b"], filters=["(x=1)", "(x=2)"]))
    searched = [(request["base"], request["filter"]) for request in controller.seen()]
    assert searched == [("OU=a", "(x=1)"), ("OU=a", "(x=2)"), ("OU=b", "(x=1)"), ("OU=b", "(x=2)")]


@pytest.mark.parametrize(("scope", "number"), [("base", 0), ("one_level", 1), ("subtree", 2)])
def test_every_scope_has_its_number(scope, number):
    controller = Controller()
    list(source(controller, scope=scope))
    assert controller.seen()[0]["scope"] == number


@pytest.mark.parametrize(
    ("final", "code", "parts"),
    [
        ((32, "DC=example,DC=com"), "base", [BASE, "no such object", '"DC=example,DC=com"', "LDAP 32"]),
        ((32,), "base", ["no part of it exists"]),
        ((34,), "base", ["search_base is no distinguished name"]),
        ((10, "", "", ["ldap://other.example.com"]), "base", ["another domain", "ldap://other.example"]),
        ((3,), "interrupted", ["longer than the server allows", "search_base"]),
        ((12, "", "00000057: LdapErr: Error processing control"), "refused", ["paging", "00000057"]),
        ((50, "", "00002098"), "unreadable", ["may not read"]),
        ((1, "", "000004DC: a successful bind must be completed"), "refused", ["000004DC", "LDAP 1"]),
        ((113, "", "lcup"), "refused", ["LDAP 113"]),
    ],
)
def test_a_failed_search_is_an_error_and_never_no_users(final, code, parts):
    with pytest.raises(DirectoryError) as caught:
        list(source(Controller([user(1)], final=ldap_double.result(*final))))
    assert caught.value.code == code
    for part in parts:
        assert part in caught.value.message


def test_a_size_limit_that_ignores_paging_is_named():
    with pytest.raises(DirectoryError, match=r"size limit.*incomplete") as caught:
        list(source(Controller([user(1)], final=ldap_double.result(4), ignore_paging=True)))
    assert caught.value.code == "interrupted"


NOTICE = ldap_double.message(0, ldap_double.result(52, message="going down", tag=0x78))


@pytest.mark.parametrize(
    ("sent", "part"),
    [
        (b"", "closed the connection"),
        (ldap_double.message(8, user(1))[:40], "closed the connection"),
        (NOTICE, "ended the session: LDAP 52 going down"),
        (ldap_double.message(99, user(1)), "message 99 answers no request"),
        (ldap_double.message(8, ldap_double.result(tag=0x61)), "kind 0x61 answers no search"),
        (b"HTTP/1.1 400 Bad Request\r\n" * 9, "not LDAP"),
        (b"\x30\x85\1\0\0\0\0\0", "not LDAP"),
    ],
)
def test_a_connection_that_breaks_discards_what_was_read(sent, part):
    controller = Controller(users(4), raw={2: sent})
    controller.clamp = 2
    with pytest.raises(DirectoryError, match=part) as caught:
        list(source(controller))
    assert caught.value.code == "interrupted"
    assert "read_timeout" in caught.value.message
    assert controller.closed


def silent(_size):
    raise TimeoutError("timed out")


def test_a_server_that_falls_silent_is_not_waited_for_without_end():
    controller = Controller(users(4))
    controller.socket.recv = silent
    with pytest.raises(DirectoryError, match=r"timed out.*read_timeout"):
        list(source(controller))


def test_intermediate_responses_are_passed_over():
    notes = ldap_double.message(7, ldap_double.tlv(0x79)) + ldap_double.message(7, ldap_double.result())
    assert list(source(Controller([], raw={1: notes}))) == []


def test_a_filter_that_is_none_is_named():
    with pytest.raises(DirectoryError, match=r"\(&\(x=1\)"):
        list(source(Controller(), filters=["(&(x=1)"]))


def test_when_no_user_shows_its_account_state_that_is_a_matter_of_rights():
    controller = Controller([user(number, userAccountControl=None) for number in range(3)])
    with pytest.raises(DirectoryError, match="userAccountControl") as caught:
        list(source(controller))
    assert caught.value.code == "unreadable"


def test_an_account_that_reads_only_itself_reads_nothing():
    controller = Controller([user(1), *(user(number, userAccountControl=None) for number in range(2, 9))])
    with pytest.raises(DirectoryError, match="None of the 8 users"):
        list(source(controller))


def test_some_unreadable_users_are_data():
    controller = Controller([user(1), user(2), user(3, userAccountControl=None)])
    assert len(list(source(controller))) == 3


def test_objects_that_are_no_users_need_no_account_state():
    contacts = [user(number, objectClass=[b"top", b"contact"], userAccountControl=None) for number in range(3)]
    assert len(list(source(Controller(contacts)))) == 3


def test_an_empty_directory_is_no_error():
    assert list(source(Controller([]))) == []


@pytest.fixture
def fake_connect(monkeypatch):
    """Let open_directory() connect to a Controller."""
    from ansible_collections.hybrid.identity.plugins.module_utils._directory import ldap as module

    def install(connection):
        monkeypatch.setattr(module, "connect", lambda options, warn: Session(connection, "ldaps://dc1:636"))
        return connection

    return install


def test_without_a_base_the_whole_domain_is_read(fake_connect):
    root = ldap_double.entry("", {"defaultNamingContext": [BASE.encode()]})
    controller = fake_connect(Controller(objects={"": [root]}))
    found = open_directory(options(search_base=None), ["mail"], print)
    assert found.base == BASE
    assert controller.requests == [
        {"base": "", "scope": 0, "filter": "(objectClass=*)", "attributes": ["defaultNamingContext"]},
    ]


@pytest.mark.parametrize("shown", [[], [ldap_double.entry("", {})]])
def test_a_server_without_a_domain_says_so_and_is_left(fake_connect, shown):
    controller = fake_connect(Controller(objects={"": shown}))
    with pytest.raises(DirectoryError, match="domain controller"):
        open_directory(options(search_base=None), ["mail"], print)
    assert controller.closed


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
    controller = fake_connect(Controller([]))
    list(open_directory(options(search_base=bases, search_scope=scope), ["mail"], print))
    assert [request["base"] for request in controller.seen()] == searched


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
