"""What the Samba domain controller of the tests holds: people of an export, made-up users, accounts of the tests.

For :mod:`samba_dc`, on the system's Python: Samba's bindings are imported where they are used, so that importing this
file needs none of them. The database is opened directly, with the controller stopped.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path

from large_directory import users as made_up_users

LARGE_UNIT = "OU=Large"

#: Accounts of the tests: reader sees all, blind may not read two attributes, dormant is disabled.
ACCOUNTS = ("reader", "blind", "dormant")
HIDDEN_FROM_BLIND = ("userAccountControl", "mS-DS-ConsistencyGuid")


class BadContent(Exception):
    """The people cannot be loaded; the text says which and why."""


Entry = tuple[str, dict[str, list[bytes]]]

#: What a domain controller sets itself and refuses, or what would not mean the same in another domain.
_OWN_ATTRIBUTES = """
changetype distinguishedname name cn ou instancetype whencreated whenchanged usncreated usnchanged memberof
objectcategory samaccounttype primarygroupid admincount lastlogon lastlogontimestamp lastlogoff badpwdcount
badpasswordtime logoncount dscorepropagationdata ntsecuritydescriptor codepage countrycode
"""
OWN_ATTRIBUTES = frozenset(_OWN_ATTRIBUTES.split())
#: For users of an export without pwdLastSet, which would otherwise have to change a password they do not have.
PASSWORD_LAST_SET = "132500000000000000"  # 2020-11-15, in 100 ns since 1601
LINKS = ("manager", "member")


def read_ldif(path: Path) -> list[Entry]:
    """Read an LDIF export, as ldifde or ldapsearch write it."""
    import ldb

    raw = path.read_bytes()
    text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith(" ") and lines:
            lines[-1] += line[1:]
        elif not line.startswith("#"):
            lines.append(line)
    parser = ldb.Ldb().parse_ldif("\n".join(lines).strip() + "\n")
    return [
        (str(message.dn), {name: [bytes(v) for v in message[name]] for name in message if name != "dn"})
        for _kind, message in parser
    ]


def domain_of(entries: list[Entry]) -> str:
    """Return the DNS name of the domain that holds all entries."""
    names = {
        ".".join(part.strip()[3:] for part in dn.split(",") if part.strip().upper().startswith("DC=")).lower()
        for dn, _attributes in entries
    }
    if len(names) != 1:
        raise BadContent(f"the people are not all of one domain: {', '.join(sorted(names))}")
    return names.pop()


class Loader:
    """Adds entries to the database of a stopped controller, many to a transaction."""

    BATCH = 500
    # Relaxed rules, so that objectGUID, objectSid and system-only attributes are taken as given; and no password
    # module, so that a user may be enabled, with a pwdLastSet of the past, and yet have no password.
    CONTROLS = ("relax:0", "local_oid:1.3.6.1.4.1.7165.4.3.12:0")

    def __init__(self, database) -> None:
        import ldb

        self.database = database

        schema = self.database.search(
            self.database.get_schema_basedn(), ldb.SCOPE_ONELEVEL, "(lDAPDisplayName=*)", attrs=["lDAPDisplayName"]
        )
        self.known = {str(entry["lDAPDisplayName"][0]).lower() for entry in schema}
        self.skipped: list[str] = []
        self.links: list[tuple[str, str, list[bytes]]] = []

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self.database.transaction_start()
        try:
            yield
        except BaseException:
            self.database.transaction_cancel()
            raise
        self.database.transaction_commit()

    def _ensure(self, dn: str) -> None:
        """Create the containers above an entry, which exports leave out."""
        import ldb

        name = ldb.Dn(self.database, dn).parent()
        if not self._exists(name):
            self._ensure(str(name))
            kind = {"OU": "organizationalUnit", "CN": "container"}[name.get_rdn_name().upper()]
            self.database.add({"dn": str(name), "objectClass": kind})

    def _exists(self, dn: object) -> bool:
        import ldb

        try:
            return bool(self.database.search(base=dn, scope=ldb.SCOPE_BASE, attrs=["objectClass"]))
        except ldb.LdbError as error:
            if error.args[0] == ldb.ERR_NO_SUCH_OBJECT:
                return False
            raise

    def _add(self, dn: str, attributes: dict[str, list[bytes]]) -> None:
        if self._exists(dn):
            self.skipped.append(dn)
            return
        # Exports often leave objectClass out, since their filter says what they hold.
        message: dict[str, object] = {"dn": dn, "objectClass": "user"}
        for name, values in attributes.items():
            lower = name.lower()
            if lower in LINKS:
                self.links.append((dn, name, values))
            elif lower == "objectclass":
                # The most special class is enough; the server adds those above it.
                message["objectClass"] = values[-1]
            elif lower in self.known and lower not in OWN_ATTRIBUTES:
                message[name] = values
        if message["objectClass"] in ("user", b"user", b"inetOrgPerson"):
            message.setdefault("pwdLastSet", PASSWORD_LAST_SET)
        self._ensure(dn)
        self.database.add(message, list(self.CONTROLS))

    def add(self, entries: list[Entry]) -> None:
        import ldb

        for start in range(0, len(entries), self.BATCH):
            with self._transaction():
                for dn, attributes in entries[start : start + self.BATCH]:
                    try:
                        self._add(dn, attributes)
                    except ldb.LdbError as error:
                        raise BadContent(f"{dn} could not be added: {error.args[1]}") from error
        with self._transaction():
            for dn, name, values in self.links:
                there = [value for value in values if self._exists(value.decode())]
                if there:
                    message = ldb.Message(ldb.Dn(self.database, dn))
                    message[name] = ldb.MessageElement(there, ldb.FLAG_MOD_ADD, name)
                    self.database.modify(message)
        self.links.clear()


def open_database(configuration: Path):
    """Open the directory's database directly, with all rights; returns a ``samba.samdb.SamDB``."""
    from samba.auth import system_session
    from samba.param import LoadParm
    from samba.samdb import SamDB

    parameters = LoadParm()
    parameters.load(str(configuration))
    parameters.set("dsdb:schema update allowed", "yes")
    return SamDB(
        url=str(configuration.parent / "private" / "sam.ldb"), session_info=system_session(parameters), lp=parameters
    )


#: Some attributes of Exchange's schema that directory sync looks at: name, object identifier, syntax, OM syntax.
#: Others stay unknown to the server, as in a domain that never saw Exchange.
EXCHANGE_ATTRIBUTES = (
    ("mailNickname", "1.2.840.113556.1.2.447", "2.5.5.12", 64),
    ("msExchRecipientTypeDetails", "1.2.840.113556.1.4.7000.102.50855", "2.5.5.16", 65),
    ("msExchMailboxGuid", "1.2.840.113556.1.4.7000.102.11060", "2.5.5.10", 4),
)


def _extend_schema(database) -> None:
    """Add EXCHANGE_ATTRIBUTES to users, as Exchange's setup does."""
    import ldb

    schema = database.get_schema_basedn()
    database.set_schema_update_now()
    for name, oid, syntax, om_syntax in EXCHANGE_ATTRIBUTES:
        database.add(
            {
                "dn": f"CN={name},{schema}",
                "objectClass": "attributeSchema",
                "lDAPDisplayName": name,
                "attributeID": oid,
                "attributeSyntax": syntax,
                "oMSyntax": str(om_syntax),
                "isSingleValued": "TRUE",
            }
        )
        database.set_schema_update_now()
        user = ldb.Message(ldb.Dn(database, f"CN=User,{schema}"))
        user["mayContain"] = ldb.MessageElement(name, ldb.FLAG_MOD_ADD, "mayContain")
        database.modify(user)
        database.set_schema_update_now()


def _hide_attributes(database) -> None:
    """Forbid the account ``blind`` to read HIDDEN_FROM_BLIND of users, anywhere in the domain."""
    import uuid

    import ldb
    from samba.sd_utils import SDUtils

    schema = database.get_schema_basedn()
    helper = SDUtils(database)
    sid = helper.get_object_sid(f"CN=blind,CN=Users,{database.get_default_basedn()}")
    classes = ("user", "inetOrgPerson")

    def guid(name: str) -> str:
        [found] = database.search(schema, ldb.SCOPE_ONELEVEL, f"(lDAPDisplayName={name})", attrs=["schemaIDGUID"])
        return str(uuid.UUID(bytes_le=bytes(found["schemaIDGUID"][0])))

    for attribute in HIDDEN_FROM_BLIND:
        for kind in classes:
            entry = f"(OD;CIIO;RP;{guid(attribute)};{guid(kind)};{sid})"
            helper.dacl_prepend_aces(str(database.get_default_basedn()), entry)


def domain_sid_of(entries: list[Entry]) -> str | None:
    """Return the SID of the domain that the entries' objectSids belong to, or None when they have none."""
    from samba.dcerpc import security
    from samba.ndr import ndr_unpack

    for _dn, attributes in entries:
        for raw in attributes.get("objectSid", []):
            return str(ndr_unpack(security.dom_sid, raw)).rpartition("-")[0]
    return None


def load(configuration: Path, realm: str, people: list[Entry], users: int) -> list[str]:
    """Fill a newly provisioned directory; return the DNs left out because the domain has its own."""
    import ldb

    database = open_database(configuration)
    base = str(database.get_default_basedn())
    if any(name.lower().startswith("msexch") for _dn, attributes in people for name in attributes):
        _extend_schema(database)
        database = open_database(configuration)
    for name in ACCOUNTS:
        database.newuser(name, _password(), description="An account of the tests")
        account = ldb.Message(ldb.Dn(database, f"CN={name},CN=Users,{base}"))
        # So directory sync leaves it alone, as administrators do with service accounts.
        account["adminDescription"] = ldb.MessageElement("User_NotSynced", ldb.FLAG_MOD_ADD, "adminDescription")
        database.modify(account)
    _hide_attributes(database)
    loader = Loader(database)
    loader.add(people)
    if users:
        loader.add(list(made_up_users(users, f"{LARGE_UNIT},{base}", realm)))
    return loader.skipped


def _password() -> str:
    return secrets.token_urlsafe(24) + "aA1!"


def prepare_accounts(configuration: Path, controller_name: str, address: str) -> dict[str, str]:
    """Draw new passwords and let Kerberos know the controller by its address; return account -> password."""
    import ldb

    database = open_database(configuration)
    passwords = {name: _password() for name in (*ACCOUNTS, "Administrator")}
    for name, password in passwords.items():
        database.setpassword(f"(sAMAccountName={name})", password)
    database.disable_account("(sAMAccountName=dormant)")
    [controller] = database.search(
        expression=f"(sAMAccountName={controller_name.upper()}$)", attrs=["servicePrincipalName"]
    )
    names = {str(name) for name in controller["servicePrincipalName"]}
    message = ldb.Message(controller.dn)
    wanted = sorted({f"ldap/{address}", "ldap/localhost"} - names)
    message["servicePrincipalName"] = ldb.MessageElement(wanted, ldb.FLAG_MOD_ADD, "servicePrincipalName")
    if wanted:
        database.modify(message)
    return passwords
