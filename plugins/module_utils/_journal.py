# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The write-ahead journal: what a run means to write is on disk before the request leaves.

A journal is a file of :mod:`_rows` without an end line. It is only ever appended to. Its entries:

``{"entry": "intent", "time", "id", "user", "before", "after"}``
    is on disk before the request leaves;
``{"entry": "outcome", "time", "service_time", "id", "user", "after", "status", "error"}``
    follows. ``status`` is ``ok`` (the service accepted the write), ``confirmed`` (reads show it as well, a second
    outcome), ``failed``, or ``unconfirmed`` (no answer: it may have taken effect, as an intent without outcome may).
    ``time`` is this machine's clock, ``service_time`` the service's, in whole seconds. An outcome may also speak of an
    intent in an earlier journal, whose run was killed.

Every journal that is opened for writing is registered in the private state directory, so that later runs find what was
written minutes ago while the service's reads still show the old value.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import time
from collections.abc import Collection, Iterator
from datetime import datetime, timezone
from sys import intern
from typing import Any, NamedTuple

from ansible_collections.hybrid.identity.plugins.module_utils._rows import (
    JOURNAL,
    RowError,
    RowReader,
    dump_line,
    explained,
    header,
    parse_time,
    utc_now,
)

# Registered journals are forgotten after this many seconds: no service lags that long.
_REGISTERED_FOR = 30 * 24 * 3600
_TAIL = 4096


class RecentWrite(NamedTuple):
    """The newest that journals say of one user."""

    before: str | None
    after: str | None
    time: float  # seconds since 1970
    status: str  # ok, confirmed, failed, unconfirmed
    service_time: float | None = None  # when the service accepted it, by its own clock, in seconds since 1970


class Journal:
    """A journal opened for appending; a context manager.

    :param path: a new file, or the journal of an earlier run on the same tenant, which is continued.
    :param service: the address that is written to. A rehearsal may have the real tenant's id, never its address.
    :raises RowError: for the journal of another tenant or service, one that another run has open, or a file that is no
        journal.
    """

    def __init__(self, path: str, tenant_id: str, service: str | None = None) -> None:
        self.path = os.path.abspath(path)
        self._handle = _open_locked(self.path)
        try:
            self._continue_or_begin(tenant_id, service)
            _register(self.path, tenant_id)
        except BaseException:
            self.close()
            raise

    def intents(self, entries: list[dict[str, Any]]) -> None:
        """Put intents on disk: ``id, user, before, after`` each. Returns when they would survive a crash."""
        self._append("intent", entries)

    def outcomes(self, entries: list[dict[str, Any]]) -> None:
        """Put outcomes on disk: ``id, user, after, status, error, service_time`` each."""
        self._append("outcome", entries)

    def close(self) -> None:
        """Close the file and let go of its lock."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_details: object) -> None:
        self.close()

    def _append(self, entry: str, entries: list[dict[str, Any]]) -> None:
        now = _now()
        self._write(b"".join(dump_line({"entry": entry, "time": now, **fields}) for fields in entries))

    def _continue_or_begin(self, tenant_id: str, service: str | None) -> None:
        size = os.fstat(self._handle).st_size
        if not size:
            self._write(dump_line(header(JOURNAL, tenant_id=tenant_id, source=service)))
            return
        owner = RowReader(self.path, {JOURNAL}).header
        if not is_about(owner, tenant_id, service):
            raise RowError(
                f"the journal belongs to tenant {owner.get('tenant_id')} of {owner.get('source')}, and this run writes "
                f"to {tenant_id} of {service}. Name another file.",
                self.path,
                1,
            )
        tail = os.pread(self._handle, _TAIL, max(size - _TAIL, 0))
        if not tail.endswith(b"\n"):
            # A killed run left half a line. Nothing is ever cut from a journal: the line is ended and marked instead.
            self._write(b"\n" + dump_line({"entry": "recovered", "time": utc_now()}))

    def _write(self, data: bytes) -> None:
        with explained(self.path, "written"):
            while data:
                data = data[os.write(self._handle, data) :]
            os.fsync(self._handle)


def default_journal_path(dest: str | None, tenant_id: str, now: str) -> str:
    """Return where the journal goes when nobody says: beside ``dest``, else a new file in the state directory.

    :param now: the time as :func:`utc_now` gives it.
    """
    if dest is not None:
        return f"{dest}.journal.jsonl"
    stamp = re.sub(r"[^0-9TZ]", "", now)
    return os.path.join(state_directory(tenant_id), f"{stamp}-{os.getpid()}.journal.jsonl")


def recent_writes(
    tenant_id: str, extra_paths: Collection[str], newer_than: float, service: str | None = None
) -> dict[str, RecentWrite]:
    """Return by user id what journals of this tenant say was written lately.

    :param extra_paths: journals to read besides the registered ones; those that do not exist are passed over.
    :param newer_than: seconds since 1970; older entries are not looked at.
    :returns: the newest entry of each id. An intent without outcome counts as ``unconfirmed``.
    """
    writes: dict[str, RecentWrite] = {}
    for path in sorted({os.path.abspath(path) for path in (*_registered(tenant_id), *extra_paths)}):
        if not _modified_since(path, newer_than):
            continue
        reader = RowReader(path, {JOURNAL})
        if not is_about(reader.header, tenant_id, service):
            continue
        own: dict[str, RecentWrite] = {}
        for line, entry in reader:
            if entry.get("entry") not in ("intent", "outcome"):
                continue
            if not isinstance(entry.get("id"), str) or not isinstance(entry.get("time"), str):
                raise RowError(
                    "the entry lacks its id or time. Keep the file as evidence and move it away.", path, line
                )
            own[entry["id"]] = _recent_write(entry, own.get(entry["id"]))
        for user_id, write in own.items():
            known = writes.get(user_id)
            if write.time >= newer_than and (known is None or write.time >= known.time):
                writes[user_id] = write
    return writes


def is_about(fields: dict[str, Any], tenant_id: str, service: str | None) -> bool:
    """Tell whether a journal's header names this tenant at this service."""
    return str(fields.get("tenant_id")).lower() == tenant_id.lower() and fields.get("source") == service


def _now() -> str:
    """Return the time in milliseconds: two runs may follow each other within a second, and the newest entry counts."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _recent_write(entry: dict[str, Any], known: RecentWrite | None) -> RecentWrite:
    """Read one entry. An outcome does not repeat the before-value of its intent, which ``known`` has."""
    after, moment = entry.get("after"), parse_time(entry["time"])
    if entry.get("entry") == "intent":
        return RecentWrite(entry.get("before"), after, moment, "unconfirmed")
    same = known is not None and known.after == after
    accepted = entry.get("service_time")
    if accepted:
        service_time: float | None = parse_time(accepted)
    else:
        service_time = known.service_time if known is not None and same else None
    before = known.before if known is not None and same else None
    return RecentWrite(before, after, moment, intern(str(entry.get("status", "unconfirmed"))), service_time)


def _open_locked(path: str) -> int:
    with explained(path, "written"):
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.fchmod(handle, 0o600)
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise RowError("another run writes to this journal. Wait for it, or name another file.", path) from None
        except OSError:
            os.close(handle)
            raise
    return handle


def state_directory(tenant_id: str) -> str:
    """Return this tenant's private directory, made if need be."""
    path = state_path(tenant_id)
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
    except OSError as exc:
        raise RowError(
            f"the state directory cannot be made: {exc.strerror}. Set HYBRID_IDENTITY_STATE_DIR to a private one.",
            path,
        ) from None
    return path


def state_path(tenant_id: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", tenant_id):
        raise RowError("is no tenant id: a GUID or a domain name is expected.", tenant_id)
    return os.path.join(state_root(), tenant_id.lower())


def state_root() -> str:
    """Return the private state directory, which need not exist."""
    root = os.environ.get("HYBRID_IDENTITY_STATE_DIR")
    if not root:
        base = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
        root = os.path.join(base, "hybrid.identity")
    return os.path.abspath(root)


def _registry(tenant_id: str) -> str:
    path = os.path.join(state_directory(tenant_id), "journals")
    with explained(path, "written"):
        os.makedirs(path, mode=0o700, exist_ok=True)
    return path


def _register(journal: str, tenant_id: str) -> None:
    """Note a journal's path, one small file each, so that runs side by side need no lock."""
    registry = _registry(tenant_id)
    with explained(registry, "written"):
        for name in os.listdir(registry):
            if not _modified_since(os.path.join(registry, name), time.time() - _REGISTERED_FOR):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(os.path.join(registry, name))
        name = hashlib.sha256(os.fsencode(journal)).hexdigest()[:32]
        temporary = os.path.join(registry, f".{name}.{os.getpid()}")
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(os.fsencode(journal))
        os.replace(temporary, os.path.join(registry, name))


def _registered(tenant_id: str) -> Iterator[str]:
    """Yield the journals noted. Who only reads makes no directory for that."""
    registry = os.path.join(state_path(tenant_id), "journals")
    try:
        names = sorted(os.listdir(registry))
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in names:
        if not name.startswith("."):
            with contextlib.suppress(FileNotFoundError), open(os.path.join(registry, name), "rb") as file:
                yield os.fsdecode(file.read())


def _modified_since(path: str, moment: float) -> bool:
    try:
        return os.stat(path).st_mtime >= moment
    except OSError:
        return False
