# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""A signed-in LDAP connection to one of the domain controllers, with ldap3's unsafe defaults replaced.

ldap3 2.9.1 by itself verifies no certificate, waits for ever, follows referrals and downloads the schema.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator
from typing import Any, Callable, NamedTuple

from ansible_collections.hybrid.identity.plugins.module_utils import _requirements
from ansible_collections.hybrid.identity.plugins.module_utils._directory.ldap_errors import (
    BUSY,
    SUCCESS,
    UNAVAILABLE,
    DirectoryError,
    explain_bind,
    explain_kerberos,
    explain_tls,
)

# Unlike the secret of an app, it is not ours to refuse: AD allows seven characters and less.
_SHORT_PASSWORD = 8
_DEFAULT_PORTS = {"ldaps": 636, "start_tls": 389, "none": 389}
_GLOBAL_CATALOG_PORTS = (3268, 3269)


class Session(NamedTuple):
    """A signed-in connection; ``url`` names the server."""

    connection: Any
    url: str


class _Unusable(Exception):
    """This server cannot be used, another one may be: the text says why."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def connect(options: dict[str, Any], warn: Callable[[str], None]) -> Session:
    """Open a connection to the first usable server and sign in.

    :param options: the values of ``AD_ARGUMENTS``.
    :raises DirectoryError: when the options contradict each other, no server can be used (with the reason of each),
        or the sign-in is refused, which is tried once only.
    """
    _check_options(options)
    _requirements.require("ldap3", feature="reading Active Directory over LDAP")
    protocol = options["auth_protocol"] or ("simple" if options["username"] else "kerberos")
    if protocol == "kerberos":
        _requirements.require("gssapi", feature="auth_protocol kerberos")
    if options["tls_mode"] == "none":
        what = "the password and all that is read cross" if protocol == "simple" else "all that is read crosses"
        warn(f"tls_mode is none: {what} the network in clear text.")
    if protocol == "simple" and 0 < len(options["password"] or "") < _SHORT_PASSWORD:
        warn(
            f"The password has fewer than {_SHORT_PASSWORD} characters. Ansible masks secrets wherever their text "
            "stands, so values that contain it are damaged in the result; those in dest are not."
        )
    reasons: list[tuple[str, _Unusable]] = []
    for host in _hosts(options):
        port = options["port"] or _DEFAULT_PORTS[options["tls_mode"]]
        name = f"[{host}]" if ":" in host else host
        url = f"{'ldaps' if options['tls_mode'] == 'ldaps' else 'ldap'}://{name}:{port}"
        try:
            connection = _open(host, port, url, protocol, options)
        except _Unusable as exc:
            reasons.append((url, exc))
            continue
        for failed_url, reason in reasons:
            warn(f"{failed_url} was passed over: {reason}.")
        return Session(connection, url)
    raise DirectoryError(
        reasons[0][1].code,
        "No domain controller can be used. " + " ".join(f"{url}: {reason}." for url, reason in reasons),
    )


def _check_options(options: dict[str, Any]) -> None:
    protocol = options["auth_protocol"] or ("simple" if options["username"] else "kerberos")
    if options["port"] in _GLOBAL_CATALOG_PORTS:
        raise DirectoryError(
            "options",
            f"Port {options['port']} is the Global Catalog, which holds no mS-DS-ConsistencyGuid: every object would "
            "look as if it had none and get the wrong anchor. Read each domain on its own port 636 or 389.",
        )
    if not options["server"] and not options["domain"]:
        raise DirectoryError(
            "options",
            "There is nothing to read: give server (or domain, to find one in DNS) for LDAP, or src for an export.",
        )
    if protocol == "simple" and not (options["username"] and options["password"]):
        # With an empty password AD answers "success" and treats the session as anonymous.
        raise DirectoryError(
            "options",
            "auth_protocol simple needs username and password. To use a Kerberos ticket, leave out username or set "
            "auth_protocol to kerberos.",
        )


def _hosts(options: dict[str, Any]) -> Iterator[str]:
    if options["server"]:
        return iter([host.strip() for host in options["server"] if host.strip()])
    return iter(_discover(options["domain"], options["connection_timeout"]))


def _discover(domain: str, timeout: int) -> list[str]:
    """Return the domain's controllers from DNS, best first (RFC 2782, with the heavier weight first)."""
    _requirements.require("dnspython", feature=f"finding the domain controllers of {domain}")
    resolver = _requirements.dns_resolver
    name = f"_ldap._tcp.dc._msdcs.{domain.strip('.')}"
    hint = "Check the domain's name and this machine's DNS server, or name the servers in the option server."
    try:
        answer = resolver.resolve(name, "SRV", lifetime=timeout)
    except (resolver.NXDOMAIN, resolver.NoAnswer):
        raise DirectoryError(
            "unreachable", f"DNS knows no domain controllers of {domain} (SRV {name}). {hint}"
        ) from None
    except (resolver.NoNameservers, resolver.LifetimeTimeout, resolver.NoResolverConfiguration, ValueError) as exc:
        raise DirectoryError("unreachable", f"DNS could not be asked for SRV {name}: {exc}. {hint}") from None
    records = sorted(answer, key=lambda record: (record.priority, -record.weight))
    return [str(record.target).rstrip(".") for record in records]


def _open(host: str, port: int, url: str, protocol: str, options: dict[str, Any]) -> Any:
    ldap3 = _requirements.ldap3
    exceptions = ldap3.core.exceptions
    _resolve(host, port)
    tls_errors: list[OSError] = []
    server = ldap3.Server(
        host,
        port=port,
        use_ssl=options["tls_mode"] == "ldaps",
        tls=_tls(host, options["ca_cert"], tls_errors),
        get_info=ldap3.NONE,
        connect_timeout=options["connection_timeout"],
    )
    connection = ldap3.Connection(
        server,
        receive_timeout=options["read_timeout"],
        auto_referrals=False,
        **_credentials(protocol, options),
    )
    try:
        connection.open(read_server_info=False)
        if options["tls_mode"] == "start_tls" and not connection.start_tls(read_server_info=False):
            raise _Unusable("tls", f"it refused StartTLS ({connection.last_error})")
        _sign_in(connection, url, protocol, options["username"])
    except exceptions.LDAPExceptionError as exc:
        connection.strategy.close()
        if tls_errors:
            verification = isinstance(tls_errors[-1], ssl.SSLCertVerificationError)
            code = "certificate" if verification else "tls"
            raise _Unusable(code, explain_tls(tls_errors[-1])) from None
        if isinstance(exc, exceptions.LDAPStartTLSError):
            raise _Unusable("tls", f"it refused StartTLS ({exc})") from None
        if isinstance(exc, exceptions.LDAPCommunicationError):
            raise _Unusable("unreachable", _socket_reason(exc)) from None
        raise DirectoryError("sign_in", f"Signing in to {url} failed: {exc}.") from None
    except BaseException:
        connection.strategy.close()
        raise
    return connection


def _resolve(host: str, port: int) -> None:
    """Look the name up first: ldap3 calls an unknown name an "invalid server address"."""
    try:
        socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        raise _Unusable(
            "unreachable", f"its name cannot be resolved ({getattr(exc, 'strerror', None) or exc})"
        ) from None


def _socket_reason(exc: Exception) -> str:
    """Return the reason of a failed connection; ldap3 lists one per address of a host with several."""
    if len(exc.args) > 1 and isinstance(exc.args[1], list):
        return "; ".join(f"{address[0]}: {error}" for error, address in exc.args[1])
    return str(exc)


def _tls(host: str, ca_cert: str | None, errors: list[OSError]) -> Any:
    """Return ldap3's TLS settings, verifying chain and name with OpenSSL.

    ldap3 compares names with code of its own that knows no addresses, and swallows the reason of a failure: the
    handshake is ours, and its errors are kept in ``errors``.
    """
    context = _tls_context(ca_cert)

    def handshake(connection: Any, do_handshake: bool = False) -> None:
        try:
            connection.socket = context.wrap_socket(connection.socket, server_hostname=host)
        except OSError as exc:  # SSLError is one
            errors.append(exc)
            raise
        errors.clear()  # of another address of the same host

    tls = _requirements.ldap3.Tls(validate=ssl.CERT_REQUIRED)
    tls.wrap_socket = handshake
    return tls


def _tls_context(ca_cert: str | None) -> ssl.SSLContext:
    try:
        if ca_cert is None:
            return ssl.create_default_context()
        if "-----BEGIN" in ca_cert:
            return ssl.create_default_context(cadata=ca_cert)
        if os.path.isdir(ca_cert):
            return ssl.create_default_context(capath=ca_cert)
        return ssl.create_default_context(cafile=ca_cert)
    except (OSError, ValueError) as exc:  # SSLError is an OSError
        raise DirectoryError(
            "options",
            f"ca_cert cannot be read: {exc.strerror or exc if isinstance(exc, OSError) else exc}. Name a PEM file.",
        ) from None


def _credentials(protocol: str, options: dict[str, Any]) -> dict[str, Any]:
    ldap3 = _requirements.ldap3
    if protocol == "kerberos":
        return {"user": options["username"], "authentication": ldap3.SASL, "sasl_mechanism": ldap3.KERBEROS}
    return {"user": options["username"], "password": options["password"], "authentication": ldap3.SIMPLE}


def _sign_in(connection: Any, url: str, protocol: str, username: str | None) -> None:
    gssapi = _requirements.gssapi if protocol == "kerberos" else None
    try:
        connection.bind(read_server_info=False)
    except Exception as exc:
        if gssapi is not None and isinstance(exc, gssapi.exceptions.GSSError):
            raise explain_kerberos(exc, url) from None
        raise
    result = connection.result
    if result["result"] == SUCCESS:
        return
    if result["result"] in (BUSY, UNAVAILABLE):
        raise _Unusable("unreachable", f"it is {result['description']}")
    raise explain_bind(result, url, username or "the holder of the Kerberos ticket")
