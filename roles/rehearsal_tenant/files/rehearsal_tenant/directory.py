# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the synchronization reads Active Directory: over LDAP, or from an LDIF export."""

from __future__ import annotations

import io
import os
import re
import ssl
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Optional

import ldap3
from ldap3.core.exceptions import LDAPException, LDAPNoSuchObjectResult
from ldap3.protocol.formatters.formatters import format_sid
from ldif import LDIFParser  # type: ignore[import-untyped]

# What sync reads of a user; the flow and the scope rules use nothing else.
ATTRIBUTES = (
    "objectClass", "objectGUID", "mS-DS-ConsistencyGuid", "objectSid", "sAMAccountName", "userPrincipalName", "mail",
    "mailNickname", "proxyAddresses", "userAccountControl", "pwdLastSet", "isCriticalSystemObject", "adminDescription",
    "msExchRecipientTypeDetails", "cn", "displayName", "givenName", "sn", "title", "department", "company",
    "employeeID", "physicalDeliveryOfficeName", "telephoneNumber", "mobile", "facsimileTelephoneNumber",
    "streetAddress", "l", "st", "postalCode", "co", "preferredLanguage", "manager", "member", "msExchUsageLocation",
    "msExchHideFromAddressLists", *(f"extensionAttribute{number}" for number in range(1, 16)),
)  # fmt: skip
USERS_AND_GROUPS = "(|(&(objectCategory=person)(objectClass=user))(objectClass=group))"
ANCHORS = ("consistency_guid_or_object_guid", "object_guid", "consistency_guid", "attribute")
PAGE = 500
TIMEOUT_SECONDS = 30


class DirectoryError(ValueError):
    """A directory that is described wrongly or cannot be read."""


class NoSuchEntry(DirectoryError):
    """The DN to search from is not there."""


class AdObject:
    """One object of AD: its DN and raw values by lower-case attribute name."""

    def __init__(self, dn: str, values: dict[str, list[bytes]]) -> None:
        self.dn = dn
        self._values = values

    def raw(self, name: str) -> Optional[bytes]:
        """The first value as bytes; None when there is none."""
        values = self._values.get(name.lower())
        return values[0] if values and values[0] else None

    def all(self, name: str) -> list[str]:
        """All values as text."""
        return [value.decode("utf-8", "replace") for value in self._values.get(name.lower(), ()) if value]

    def text(self, name: str) -> Optional[str]:
        """The first value as text; None when there is none."""
        raw = self.raw(name)
        return raw.decode("utf-8", "replace") if raw is not None else None

    def number(self, name: str) -> Optional[int]:
        """The first value as a number; None when there is none."""
        text = self.text(name)
        try:
            return int(text) if text is not None else None
        except ValueError:
            return None

    @property
    def names(self) -> Iterable[str]:
        """The attributes that have a value."""
        return self._values

    @cached_property
    def object_guid(self) -> Optional[str]:
        """Dashed, lower case."""
        raw = self.raw("objectGUID")
        return str(uuid.UUID(bytes_le=raw)) if raw and len(raw) == 16 else None

    @cached_property
    def sid(self) -> Optional[str]:
        """S-1-5-21-…"""
        raw = self.raw("objectSid")
        return str(format_sid(raw)) if raw else None

    @property
    def common_name(self) -> Optional[str]:
        """The object's own name: cn, or what its DN begins with."""
        return self.text("cn") or re.split(r"(?<!\\),", self.dn, maxsplit=1)[0].partition("=")[2] or None

    @cached_property
    def is_user(self) -> bool:
        """Users and inetOrgPersons, not computers; an export without objectClass is one of users."""
        classes = {name.lower() for name in self.all("objectClass")}
        return not classes or ("user" in classes and "computer" not in classes)

    @property
    def is_group(self) -> bool:
        """Any group."""
        return "group" in {name.lower() for name in self.all("objectClass")}


STATES = ("active", "paused", "quarantined", "silent")
"""Of a synchronization: it may be held by Cloud Sync until a restart, or its agent may not answer any more."""


class Snapshot(NamedTuple):
    """AD as one cycle read it. An attribute that is not carried is unknown, not empty."""

    objects: list[AdObject]
    carried: frozenset[str]


@dataclass(frozen=True)
class Directory:
    """One AD domain and the engine that synchronizes it: an entry of ``directories`` in the seed."""

    domain: str
    engine: str
    ldif: tuple[str, ...]
    ldap: Optional[dict[str, Any]]
    ous: tuple[str, ...]
    groups: tuple[str, ...]
    anchor: str
    anchor_attribute: str
    login_attribute: str
    state: str
    staging: bool

    @property
    def cloud_sync(self) -> bool:
        """Whether Cloud Sync serves the domain; else Connect Sync does, which Graph does not show."""
        return self.engine == "cloud_sync"

    def read(self) -> Snapshot:
        """All users and groups. Blocks: run it in a thread.

        :raises DirectoryError: with what was tried and what answered.
        """
        return _read_ldap(self) if self.ldap else _read_ldif(self.ldif)

    def read_one(self, dn: str) -> Optional[AdObject]:
        """The object of that DN; None when there is none."""
        wanted = dn.lower()
        if not self.ldap:
            return next((item for item in self.read().objects if item.dn.lower() == wanted), None)
        with _connected(self) as connection:
            try:
                found = list(_search(connection, dn, "(objectClass=*)", ldap3.BASE))
            except NoSuchEntry:
                return None
        return found[0] if found else None


_FIELDS: dict[str, tuple[Any, Any]] = {
    "domain": (str, None),
    "engine": (str, "cloud_sync"),
    "ldif": ((str, list), []),
    "ldap": (dict, None),
    "scope": (dict, {}),
    "anchor": (str, ANCHORS[0]),
    "anchorAttribute": (str, ""),
    "loginAttribute": (str, "userPrincipalName"),
    "state": (str, "active"),
    "staging": (bool, False),
}
_LDAP_FIELDS = frozenset(
    {"servers", "startTls", "username", "password", "passwordFile", "passwordEnvironment", "caCert", "searchBase"}
)


def read_directories(rows: Any, base: str) -> list[Directory]:
    """
    :param base: the folder that relative paths start from.
    :raises DirectoryError: at the first entry that is wrong, with its index and key.
    """
    if not isinstance(rows, list):
        raise DirectoryError("directories: must be a list.")
    found = [_directory(row, f"directories[{index}]", base) for index, row in enumerate(rows)]
    domains = [item.domain for item in found]
    if len(set(domains)) != len(domains):
        raise DirectoryError("directories: a domain stands there twice.")
    return found


def _directory(row: Any, place: str, base: str) -> Directory:
    if not isinstance(row, dict):
        raise DirectoryError(f"{place}: must be an object.")
    for name, value in row.items():
        if name not in _FIELDS:
            raise DirectoryError(f"{place}.{name}: a directory has {', '.join(_FIELDS)}.")
        if not isinstance(value, _FIELDS[name][0]):
            raise DirectoryError(f"{place}.{name}: {value!r} has the wrong type.")
    given = {name: row.get(name, default) for name, (_type, default) in _FIELDS.items()}
    if not given["domain"]:
        raise DirectoryError(f"{place}.domain: the DNS name of the AD domain is needed.")
    _choice(place, "engine", given["engine"], ("cloud_sync", "connect_sync"))
    _choice(place, "anchor", given["anchor"], ANCHORS)
    _choice(place, "state", given["state"], STATES)
    if given["anchor"] == "attribute" and not given["anchorAttribute"]:
        raise DirectoryError(f"{place}.anchorAttribute: is needed with anchor 'attribute'.")
    paths = [given["ldif"]] if isinstance(given["ldif"], str) else given["ldif"]
    if bool(paths) == bool(given["ldap"]):
        raise DirectoryError(f"{place}: needs either ldif (a path or several) or ldap.")
    unknown = set(given["scope"]) - {"ous", "groups"}
    if unknown:
        raise DirectoryError(f"{place}.scope: has ous and groups, not {', '.join(sorted(unknown))}.")
    return Directory(
        domain=given["domain"].lower(),
        engine=given["engine"],
        ldif=tuple(os.path.join(base, path) for path in paths),
        ldap=_ldap(given["ldap"], place, base),
        ous=tuple(given["scope"].get("ous", ())),
        groups=tuple(given["scope"].get("groups", ())),
        anchor=given["anchor"],
        anchor_attribute=given["anchorAttribute"],
        login_attribute=given["loginAttribute"],
        state=given["state"],
        staging=given["staging"],
    )


def _choice(place: str, name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise DirectoryError(f"{place}.{name}: {value!r} must be one of {', '.join(allowed)}.")


def _ldap(given: Optional[dict[str, Any]], place: str, base: str) -> Optional[dict[str, Any]]:
    if given is None:
        return None
    unknown = set(given) - _LDAP_FIELDS
    if unknown:
        raise DirectoryError(f"{place}.ldap: has {', '.join(sorted(_LDAP_FIELDS))}, not {', '.join(sorted(unknown))}.")
    if not given.get("servers") or not given.get("searchBase"):
        raise DirectoryError(f"{place}.ldap: needs servers (URLs) and searchBase.")
    servers = given["servers"] if isinstance(given["servers"], list) else [given["servers"]]
    ca_cert = given.get("caCert")
    return {**given, "servers": servers, "caCert": os.path.join(base, ca_cert) if ca_cert else None}


def _read_ldif(paths: Iterable[str]) -> Snapshot:
    objects: list[AdObject] = []
    carried: set[str] = set()
    for path in paths:
        for item in _ldif_objects(path):
            carried.update(item.names)
            if item.is_user or item.is_group:
                objects.append(item)
    return Snapshot(objects, frozenset(carried))


def _ldif_objects(path: str) -> Iterator[AdObject]:
    try:
        with open(path, "rb") as file:
            content = _utf8(file.read())
        # Not strict: the library's idea of a DN is narrower than AD's (replication conflicts hold ``\\0ACNF:``).
        for dn, entry in LDIFParser(io.BytesIO(content), encoding=None, strict=False).parse():
            values: dict[str, list[bytes]] = {}
            for name, raw in entry.items():
                values.setdefault(name.lower(), []).extend(raw)
            values.pop("changetype", None)
            if dn:
                yield AdObject(dn, values)
    except (OSError, ValueError) as error:
        raise DirectoryError(f"The export {path} cannot be read: {error}.") from None


def _utf8(content: bytes) -> bytes:
    """ldifde writes UTF-16 with -u, and its ANSI mode may hold code page 1252."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16").encode()
    content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        content.decode()
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace").encode()
    return content


def _connected(directory: Directory) -> ldap3.Connection:
    options = directory.ldap or {}
    tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=options["caCert"])
    servers = [
        ldap3.Server(url, tls=tls, get_info=ldap3.SCHEMA, connect_timeout=TIMEOUT_SECONDS) for url in options["servers"]
    ]
    # The pool tries each server once, and then waits: of use only where there are several.
    pool = ldap3.ServerPool(servers, ldap3.FIRST, active=1, exhaust=True) if len(servers) > 1 else servers[0]
    connection = ldap3.Connection(
        pool,
        user=options.get("username"),
        password=_password(options),
        authentication=ldap3.SIMPLE if options.get("username") else ldap3.ANONYMOUS,
        auto_bind=ldap3.AUTO_BIND_NONE,
        auto_referrals=False,
        check_names=False,
        raise_exceptions=True,
        receive_timeout=TIMEOUT_SECONDS,
    )
    try:
        connection.open()
        if options.get("startTls"):
            connection.start_tls(read_server_info=False)
        connection.bind()
    except LDAPException as error:
        raise DirectoryError(f"AD at {', '.join(options['servers'])} cannot be read: {error}.") from None
    return connection


def _password(options: dict[str, Any]) -> Optional[str]:
    if options.get("passwordFile"):
        try:
            with open(options["passwordFile"], encoding="utf-8") as file:
                return file.read().rstrip("\r\n")
        except OSError as error:
            raise DirectoryError(f"The password file {options['passwordFile']} cannot be read: {error}.") from None
    if options.get("passwordEnvironment"):
        return os.environ.get(options["passwordEnvironment"])
    password: Optional[str] = options.get("password")
    return password


def _read_ldap(directory: Directory) -> Snapshot:
    base = (directory.ldap or {})["searchBase"]
    with _connected(directory) as connection:
        objects = list(_search(connection, base, USERS_AND_GROUPS, ldap3.SUBTREE))
        return Snapshot(objects, frozenset(name.lower() for name in _readable(connection)))


def _readable(connection: ldap3.Connection) -> list[str]:
    """What the schema has; the others (Exchange's, often) are unknown to sync, and ldap3 refuses to ask for them."""
    known = {name.lower() for name in connection.server.schema.attribute_types}
    return [name for name in ATTRIBUTES if name.lower() in known]


def _search(connection: ldap3.Connection, base: str, text: str, scope: str) -> Iterator[AdObject]:
    wanted = _readable(connection)
    try:
        for entry in connection.extend.standard.paged_search(base, text, scope, attributes=wanted, paged_size=PAGE):
            if entry["type"] == "searchResEntry":
                values = {name.lower(): list(raw) for name, raw in entry["raw_attributes"].items()}
                yield AdObject(entry["dn"], values)
    except LDAPNoSuchObjectResult:
        raise NoSuchEntry(f"AD has no object {base}.") from None
    except LDAPException as error:
        raise DirectoryError(f"Searching {base} failed: {error}.") from None
