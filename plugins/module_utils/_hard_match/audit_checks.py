# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What the audit log adds to a diagnosis: evidence for what other checks find, and refusals that no other log has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.audits import ANCHOR, Audit
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import reason
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.diagnosis_checks import (
    epoch,
    has_other_anchor,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.standing import Reasons, Subject

# What takes a user from the sync, whenever it was changed; and what matters if it was changed since the write.
_FLAG = "DirSyncEnabled"
_WATCHED = frozenset({_FLAG, "OnPremisesObjectIdentifier", "ProxyAddresses", "UserPrincipalName"})


def anchor_changed_by(subject: Subject) -> Reasons:
    """Who gave the user the anchor that is not the expected one, or took it away."""
    entry = _anchor_change(subject)
    if entry is not None:
        before, after = entry.changes[ANCHOR]
        yield reason(
            "anchor_changed_by",
            actor=entry.actor,
            time=entry.time,
            before=_quoted(before),
            after=_quoted(after),
        )


def user_changed_by(subject: Subject) -> Reasons:
    """Who else than the sync changed what the sync depends on."""
    anchor_change = _anchor_change(subject)
    watched = _WATCHED if subject.expected.written is not None else {_FLAG}
    for entry in _done(subject):
        is_change = entry.operation == "Restore" or (entry.operation == "Update" and watched & set(entry.changes))
        if is_change and not entry.by_sync:
            if entry != anchor_change:
                yield _changed_by(entry, sorted(watched & set(entry.changes)))
            return


def deleted_by(audits: Sequence[Audit]) -> Reasons:
    """Who deleted a user that is in the recycle bin."""
    for entry in audits:
        if entry.operation == "Delete" and not entry.failed:
            yield _changed_by(entry, [])
            return


def sync_attempt_failed(subject: Subject) -> Reasons:
    """The sync tried to write the user, with the anchor that is there now, and failed."""
    entry = next((entry for entry in subject.audits if entry.by_sync), None)
    if entry is not None and entry.failed and _since_write(subject, entry):
        detail = entry.detail or "The log does not say more."
        yield reason("sync_attempt_failed", activity=entry.activity, actor=entry.actor, time=entry.time, detail=detail)


def _anchor_change(subject: Subject) -> Audit | None:
    """Return the change that gave the user its anchor, if that is not the expected one."""
    current = subject.user.immutable_id or ""
    if current and not has_other_anchor(subject):
        return None
    entry = next((entry for entry in _done(subject) if ANCHOR in entry.changes), None)
    return entry if entry is not None and entry.changes[ANCHOR][1] == current else None


def _done(subject: Subject) -> Iterator[Audit]:
    """Return what was done to the user since its anchor was written, the newest first."""
    return (entry for entry in subject.audits if not entry.failed and _since_write(subject, entry))


def _since_write(subject: Subject, entry: Audit) -> bool:
    written = subject.expected.written
    return written is None or epoch(entry.time) >= written


def _changed_by(entry: Audit, names: Sequence[str]) -> dict[str, str]:
    told = "; ".join(f"{name} from {_quoted(entry.changes[name][0])} to {_quoted(entry.changes[name][1])}"
                     for name in names)  # fmt: skip
    return reason(
        "user_changed_by",
        activity=entry.activity,
        actor=entry.actor,
        time=entry.time,
        changes=f" ({told})" if told else "",
    )


def _quoted(value: str) -> str:
    return f'"{value}"' if value else "nothing"
