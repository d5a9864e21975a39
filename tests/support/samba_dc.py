"""A real Active Directory domain controller on loopback: Samba's, in a folder of its own.

    /usr/bin/python3 tests/support/samba_dc.py start --dir DIR [--people FILE] [--users N]
    /usr/bin/python3 tests/support/samba_dc.py stop --dir DIR

``start`` provisions a domain, loads it, starts the controller and, when it answers, writes ``DIR/samba.env`` (0600)
and prints its path. It needs root (the ports are below 1024) and the packages of ``install_samba.sh``. It has to run on
the system's Python, where Debian puts Samba's bindings; importing this file needs none of them.

LDAP 389, LDAPS 636, global catalogue 3268 and 3269 and Kerberos 88 listen on one loopback address: the first free one
of 127.0.0.1, 127.0.0.2, …, so that several controllers start and run side by side. The certificate comes from a CA made
on the spot and names that address, ``localhost`` and the controller's own name. Kerberos works by address: no name
resolution.

A loaded directory is kept as an archive (``--cache``), without usable passwords: those are drawn at each start.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

from samba_content import LARGE_UNIT, BadContent, Entry, domain_of, domain_sid_of, load, prepare_accounts, read_ldif

HERE = Path(__file__).resolve().parent
DEFAULT_CACHE = HERE.parent.parent / ".cache" / "samba"
DEFAULT_REALM = "company.example"
PORTS = (389, 636, 88, 3268)
HOST_NAME = "dc1"
START_SECONDS = 60
KEPT_ARCHIVES = 4

SMB_CONF = """\
[global]
netbios name = {host}
realm = {realm}
workgroup = {workgroup}
server role = active directory domain controller
server services = ldap, cldap, kdc
interfaces = {address}/8
bind interfaces only = yes
prefork children = 1
ldap server require strong auth = allow_sasl_over_tls
tls enabled = yes
tls keyfile = {folder}/tls/server.key
tls certfile = {folder}/tls/server.pem
tls cafile = {folder}/tls/ca.pem
vfs objects = dfs_samba4 acl_xattr xattr_tdb
xattr_tdb:file = {folder}/xattr.tdb
private dir = {folder}/private
lock directory = {folder}/lock
state directory = {folder}/state
cache directory = {folder}/cache
binddns dir = {folder}/bind-dns
pid directory = {folder}/run
ncalrpc dir = {folder}/ncalrpc
winbindd socket directory = {folder}/winbindd
usershare path =
"""

KRB5_CONF = """\
[libdefaults]
default_realm = {realm}
dns_lookup_kdc = false
dns_lookup_realm = false
dns_canonicalize_hostname = false
rdns = false
udp_preference_limit = 1
default_ccache_name = FILE:{folder}/ccache

[realms]
{realm} = {{
  kdc = {address}:88
}}
"""


class CannotStart(Exception):
    """This machine cannot have the domain controller, or it did not come up; the text says why."""


def why_not() -> str | None:
    """Tell in one line why this machine cannot run the domain controller, or None."""
    if shutil.which("samba") is None or shutil.which("samba-tool") is None:
        return "Samba is not installed (tests/support/install_samba.sh does it)"
    if os.geteuid() != 0:
        return "a domain controller needs root, for the ports 88, 389 and 636"
    return None


# --- the folder ---------------------------------------------------------------------------------------------------


def _run(*command: str | Path, cwd: Path | None = None) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=cwd, check=False)
    if done.returncode:
        raise CannotStart(f"{Path(str(command[0])).name} failed: {(done.stderr or done.stdout).strip()[-2000:]}")


def _private_file(path: Path, text: str) -> None:
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)


def _workgroup(realm: str) -> str:
    return realm.split(".")[0].upper()[:15]


def _write_configuration(folder: Path, realm: str, address: str) -> Path:
    for name in ("tls", "private", "lock", "state", "cache", "bind-dns", "run", "ncalrpc", "winbindd"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    values = {
        "folder": folder,
        "realm": realm.upper(),
        "workgroup": _workgroup(realm),
        "address": address,
        "host": HOST_NAME.upper(),
    }
    (folder / "krb5.conf").write_text(KRB5_CONF.format(**values), encoding="utf-8")
    configuration = folder / "smb.conf"
    configuration.write_text(SMB_CONF.format(**values), encoding="utf-8")
    return configuration


def _write_certificates(folder: Path, realm: str, address: str) -> None:
    """Make a CA and a server certificate with names that clients check (Samba's own has none)."""
    tls = folder / "tls"
    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30")
    _run("openssl", "req", "-x509", *new_key, "-subj", "/CN=Samba test CA", "-keyout", tls / "ca.key",
         "-out", tls / "ca.pem", "-addext", "basicConstraints=critical,CA:TRUE",
         "-addext", "keyUsage=critical,keyCertSign,cRLSign")  # fmt: skip
    (tls / "names").write_text(
        f"subjectAltName=DNS:localhost,DNS:{HOST_NAME}.{realm},IP:{address}\n"
        "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n"
        "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
    )
    _run("openssl", "req", *new_key[:-2], "-subj", f"/CN={HOST_NAME}.{realm}", "-keyout", tls / "server.key",
         "-out", tls / "server.csr")  # fmt: skip
    _run("openssl", "x509", "-req", "-in", tls / "server.csr", "-CA", tls / "ca.pem", "-CAkey", tls / "ca.key",
         "-CAcreateserial", "-days", "30", "-extfile", tls / "names", "-out", tls / "server.pem")  # fmt: skip
    (tls / "ca.key").unlink()
    (tls / "server.key").chmod(0o600)  # Samba refuses a key that others can read


@contextlib.contextmanager
def _free_address() -> Iterator[str]:
    """Give the first free loopback address, and give it to nobody else until the controller listens there."""
    for last in range(1, 40):
        address = f"127.0.0.{last}"
        with socket.socket(socket.AF_UNIX) as claim:
            try:
                claim.bind(f"\0hybrid.identity samba {address}")  # Linux forgets such a name with its process
                for port in PORTS:
                    with socket.socket() as probe:
                        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                        probe.bind((address, port))
            except OSError:
                continue
            yield address
            return
    raise CannotStart("no loopback address has its ports 88, 389, 636 and 3268 free")


# --- the directory ------------------------------------------------------------------------------------------------


def build(folder: Path, realm: str, people: list[Entry], users: int) -> list[str]:
    """Provision and load a directory in an empty folder; return the DNs left out because the domain has its own."""
    sid = domain_sid_of(people)
    _run(
        "samba-tool",
        "domain",
        "provision",
        "--quiet",
        f"--targetdir={folder}",
        f"--realm={realm.upper()}",
        f"--domain={_workgroup(realm)}",
        f"--host-name={HOST_NAME}",
        "--host-ip=127.0.0.1",
        "--server-role=dc",
        "--dns-backend=NONE",
        # A container's file system often has no extended attributes for Samba to use.
        "--option=vfs objects=dfs_samba4 acl_xattr xattr_tdb",
        f"--option=xattr_tdb:file={folder}/xattr.tdb",
        f"--option=pid directory={folder}/run",
        f"--option=ncalrpc dir={folder}/ncalrpc",
        "--option=interfaces=lo",
        # The people bring their own SIDs; those of the domain's other accounts are drawn well above.
        "--next-rid=1000000",
        *([f"--domain-sid={sid}"] if sid else []),
    )
    return load(_write_configuration(folder, realm, "127.0.0.1"), realm, people, users)


def _cached(folder: Path, cache: Path, realm: str, people: Path | None, users: int) -> None:
    """Fill ``folder`` from the archive of the same content, or build it and keep it."""
    version = subprocess.run(["samba", "--version"], capture_output=True, text=True, check=True).stdout
    digest = hashlib.sha256("\n".join((version, realm, str(users), sys.version)).encode())
    for path in (*sorted(HERE.glob("samba_*.py")), HERE / "large_directory.py", *([people] if people else [])):
        digest.update(path.read_bytes())
    cache.mkdir(parents=True, exist_ok=True)
    cache.chmod(0o700)
    archive = cache / f"{digest.hexdigest()[:24]}.tar.gz"
    with open(cache / "lock", "w", encoding="utf-8") as lock:
        # Who comes second finds the archive of the first.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not archive.exists():
            _archive(archive, folder / "build", realm, people, users)
        with tarfile.open(archive) as file:
            file.extractall(folder)  # noqa: S202 - our own archive, in a folder that only we may write


def _archive(archive: Path, build_at: Path, realm: str, people: Path | None, users: int) -> None:
    """Build a directory and keep it; drop the oldest of the others."""
    build_at.mkdir()
    # In a process of its own, which closes the databases for good when it ends.
    command = [sys.executable, __file__, "build", "--dir", build_at, "--realm", realm, "--users", users]
    _run(*map(str, command), *(["--people", str(people)] if people else []))
    temporary = archive.with_name(f"{archive.name}.{os.getpid()}")
    with tarfile.open(temporary, "w:gz", compresslevel=1) as file:
        for name in ("private", "state", "xattr.tdb"):
            file.add(build_at / name, name)
    temporary.replace(archive)
    shutil.rmtree(build_at)
    for old in sorted(archive.parent.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)[:-KEPT_ARCHIVES]:
        old.unlink()


# --- start and stop -----------------------------------------------------------------------------------------------


def _started_at(pid: int) -> str | None:
    """Return when a process started, in clock ticks: with its id this names one process for good."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    except OSError:
        return None


def _running(folder: Path) -> int | None:
    """Return the process id of the controller in ``folder``, or None."""
    try:
        pid, started = (folder / "samba.pid").read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        return None
    return int(pid) if _started_at(int(pid)) == started else None


def _wait_until_it_answers(folder: Path, process: subprocess.Popen[bytes], address: str) -> None:
    import ldb

    deadline = time.monotonic() + START_SECONDS
    waiting_for = list(PORTS)
    while waiting_for:
        if process.poll() is not None or time.monotonic() > deadline:
            log = (folder / "samba.log").read_text(errors="replace")[-2000:]
            raise CannotStart(f"the controller did not open {address} port {waiting_for[0]}; its log ends:\n{log}")
        try:
            socket.create_connection((address, waiting_for[0]), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            waiting_for.pop(0)
    ldb.Ldb(f"ldap://{address}").search(base="", scope=ldb.SCOPE_BASE, attrs=["defaultNamingContext"])


def _listen(folder: Path, realm: str, address: str) -> dict[str, str]:
    """Start the controller of ``folder``, wait until it answers, and return its passwords by account."""
    configuration = _write_configuration(folder, realm, address)
    _write_certificates(folder, realm, address)
    passwords = prepare_accounts(configuration, HOST_NAME, address)
    with open(folder / "samba.log", "wb") as log:
        process = subprocess.Popen(
            ["samba", "--foreground", "--debug-stdout", "--no-process-group", "--configfile", str(configuration)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    (folder / "samba.pid").write_text(f"{process.pid} {_started_at(process.pid)}", encoding="utf-8")
    try:
        _wait_until_it_answers(folder, process, address)
    except BaseException:
        stop(folder)
        raise
    return passwords


def start(folder: Path, realm: str, people: Path | None, users: int, cache: Path, address: str | None) -> Path:
    """Start a controller and return the path of its environment file."""
    environment = folder / "samba.env"
    if _running(folder) and environment.exists():
        return environment
    reason = why_not()
    if reason:
        raise CannotStart(reason)
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, mode=0o700)
    _cached(folder, cache, realm, people, users)
    with contextlib.nullcontext(address) if address else _free_address() as address:
        passwords = _listen(folder, realm, address)
    base = ",".join(f"DC={part}" for part in realm.split("."))
    values = {
        "MICROSOFT_AD_LDAP_SERVER": address,
        "MICROSOFT_AD_LDAP_USERNAME": f"reader@{realm}",
        "MICROSOFT_AD_LDAP_PASSWORD": passwords["reader"],
        "MICROSOFT_AD_LDAP_CA_CERT": folder / "tls" / "ca.pem",
        "KRB5_CONFIG": folder / "krb5.conf",
        "SAMBA_DC_DIR": folder,
        "SAMBA_DC_REALM": realm,
        "SAMBA_DC_BASE": base,
        "SAMBA_DC_LARGE_BASE": f"{LARGE_UNIT},{base}",
        "SAMBA_DC_ADMIN_PASSWORD": passwords["Administrator"],
        "SAMBA_DC_BLIND_PASSWORD": passwords["blind"],
        "SAMBA_DC_DORMANT_PASSWORD": passwords["dormant"],
    }
    _private_file(environment, "".join(f"{name}={value}\n" for name, value in values.items()))
    return environment


def stop(folder: Path) -> None:
    """Stop the controller of ``folder``; nothing happens when there is none."""
    (folder / "samba.env").unlink(missing_ok=True)
    pid = _running(folder)
    if pid is None:
        return
    # The controller leads a session of its own, so its group holds its children and nobody else.
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, number)
        for _attempt in range(50):
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
            if _running(folder) is None:
                (folder / "samba.pid").unlink(missing_ok=True)
                return
            time.sleep(0.1)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="A Samba domain controller on loopback, for tests and rehearsals.")
    parser.add_argument("action", choices=("start", "stop", "build"))
    parser.add_argument("--dir", type=lambda text: Path(text).resolve(), required=True, help="folder of the controller")
    parser.add_argument("--realm", help=f"DNS name of the domain (default: the people's, else {DEFAULT_REALM})")
    parser.add_argument("--people", type=Path, help="LDIF export to load, objectGUIDs and SIDs included")
    parser.add_argument("--users", type=int, default=0, help=f"number of made-up users below {LARGE_UNIT}")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="where loaded directories are kept")
    parser.add_argument("--address", help="loopback address to listen on (default: the first free one)")
    options = parser.parse_args(arguments)
    try:
        if options.action == "stop":
            stop(options.dir)
            return 0
        people = read_ldif(options.people) if options.people else []
        realm = options.realm or (domain_of(people) if people else DEFAULT_REALM)
        if options.action == "build":
            for dn in build(options.dir, realm, people, options.users):
                print(f"left out, the domain has its own: {dn}", file=sys.stderr)
        else:
            print(start(options.dir, realm, options.people, options.users, options.cache, options.address))
    except (CannotStart, BadContent) as error:
        print(f"Samba domain controller: {error}", file=sys.stderr)
        return 1
    except ImportError as error:
        print(
            f"Samba domain controller: run this with /usr/bin/python3, where Samba's bindings are ({error})",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
