# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal: intent before the act, never cut, and what it says of recent writes."""

from __future__ import annotations

import json
import os
import stat

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils import _journal
from ansible_collections.hybrid.identity.plugins.module_utils._journal import (
    Journal,
    default_journal_path,
    recent_writes,
)
from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowError, RowReader, parse_time

TENANT = "11111111-2222-4333-8444-555555555555"
NOW = "2026-11-23T12:00:00Z"


def entries_of(path):
    return [entry for _line, entry in RowReader(str(path), {"journal"})]


def intent(user_id, after="new"):
    return {"id": user_id, "user": f"{user_id}@contoso.com", "before": None, "after": after}


def outcome(user_id, after="new", status="ok"):
    return {"id": user_id, "user": f"{user_id}@contoso.com", "after": after, "status": status, "error": None}


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("HYBRID_IDENTITY_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def clock(monkeypatch):
    """Set the time that entries get."""

    def set_time(text):
        monkeypatch.setattr(_journal, "utc_now", lambda: text)
        monkeypatch.setattr(_journal, "_now", lambda: text)

    set_time(NOW)
    return set_time


def test_entries_come_back_in_order(tmp_path, clock):
    path = str(tmp_path / "j.jsonl")
    with Journal(path, TENANT) as journal:
        journal.intents([intent("a"), intent("b")])
        journal.outcomes([outcome("a")])
    assert [(entry["entry"], entry["time"], entry["id"]) for entry in entries_of(path)] == [
        ("intent", NOW, "a"),
        ("intent", NOW, "b"),
        ("outcome", NOW, "a"),
    ]
    assert RowReader(path, {"journal"}).header["tenant_id"] == TENANT
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_an_intent_is_on_disk_when_the_call_returns(tmp_path, monkeypatch):
    path = str(tmp_path / "j.jsonl")
    synced = []
    with Journal(path, TENANT) as journal:
        monkeypatch.setattr(_journal.os, "fsync", lambda handle: synced.append(os.fstat(handle).st_size))
        journal.intents([intent("a")])
        assert synced == [os.stat(path).st_size]
        assert [entry["id"] for entry in entries_of(path)] == ["a"]


def test_a_journal_is_continued_and_made_private(tmp_path):
    path = tmp_path / "j.jsonl"
    with Journal(str(path), TENANT) as journal:
        journal.intents([intent("a")])
    path.chmod(0o644)
    with Journal(str(path), TENANT.upper()) as journal:
        journal.outcomes([outcome("a")])
    assert [entry["entry"] for entry in entries_of(path)] == ["intent", "outcome"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_another_tenants_journal_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "j.jsonl"
    with Journal(str(path), TENANT):
        pass
    before = path.read_bytes()
    with pytest.raises(RowError, match=f"belongs to tenant {TENANT}"):
        Journal(str(path), "other.example")
    assert path.read_bytes() == before


def test_a_file_that_is_no_journal_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("my notes\n")
    with pytest.raises(RowError, match="no header"):
        Journal(str(path), TENANT)
    assert path.read_text() == "my notes\n"


def test_two_runs_cannot_write_one_journal(tmp_path):
    path = str(tmp_path / "j.jsonl")
    with Journal(path, TENANT), pytest.raises(RowError, match="another run"):
        Journal(path, TENANT)
    with Journal(path, TENANT):
        pass


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_half_a_last_line_is_passed_over_and_survives_a_resumed_run(tmp_path, cut):
    path = tmp_path / "j.jsonl"
    with Journal(str(path), TENANT) as journal:
        journal.intents([intent("a")])
        journal.intents([intent("b")])
    path.write_bytes(path.read_bytes()[:-cut])
    torn = path.read_bytes()
    seen = [entry["id"] for entry in entries_of(path)]
    assert seen in (["a"], ["a", "b"])  # losing only the newline loses nothing
    with Journal(str(path), TENANT) as journal:
        journal.outcomes([outcome("a")])
    assert path.read_bytes().startswith(torn), "nothing is ever cut from a journal"
    assert [entry["id"] for entry in entries_of(path)] == [*seen, "a"]


def test_a_broken_line_in_the_middle_is_an_error(tmp_path):
    path = tmp_path / "j.jsonl"
    with Journal(str(path), TENANT) as journal:
        journal.intents([intent("a")])
    with path.open("a") as file:
        file.write("rubbish\n" + json.dumps({"entry": "intent", "time": NOW, **intent("b")}) + "\n")
    with pytest.raises(RowError) as caught:
        entries_of(path)
    assert caught.value.line == 3


def test_the_default_place(state):
    assert default_journal_path("/x/result.jsonl", TENANT, NOW) == "/x/result.jsonl.journal.jsonl"
    path = default_journal_path(None, TENANT, NOW)
    assert path.startswith(f"{state}/{TENANT}/20261123T120000Z-")
    assert stat.S_IMODE((state / TENANT).stat().st_mode) == 0o700


def test_the_state_directory_follows_the_desktop_convention(tmp_path, monkeypatch):
    monkeypatch.delenv("HYBRID_IDENTITY_STATE_DIR")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    assert default_journal_path(None, "t", NOW).startswith(f"{tmp_path}/xdg/hybrid.identity/t/")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert default_journal_path(None, "t", NOW).startswith(f"{tmp_path}/home/.local/state/hybrid.identity/t/")


@pytest.mark.parametrize("tenant", ["", "..", "../x", "a/b", "."])
def test_a_tenant_that_is_no_name_makes_no_directory(tenant):
    with pytest.raises(RowError, match="no tenant id"):
        default_journal_path(None, tenant, NOW)


def test_a_state_directory_that_cannot_be_made_says_what_to_set(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HYBRID_IDENTITY_STATE_DIR", str(tmp_path / "file"))
    with pytest.raises(RowError, match="HYBRID_IDENTITY_STATE_DIR"):
        default_journal_path(None, TENANT, NOW)


def test_recent_writes_of_registered_journals_are_found(tmp_path, clock):
    with Journal(str(tmp_path / "one.jsonl"), TENANT) as journal:
        journal.intents([intent("a"), intent("b"), intent("c")])
        journal.outcomes([outcome("a"), outcome("b", status="failed")])
    clock("2026-11-23T12:05:00Z")
    with Journal(str(tmp_path / "two.jsonl"), TENANT) as journal:
        journal.intents([intent("a", after="newer")])
        journal.outcomes([outcome("a", after="newer")])
    with Journal(str(tmp_path / "else.jsonl"), "other.example") as journal:
        journal.intents([intent("z")])
    five_past = parse_time("2026-11-23T12:05:00Z")
    assert recent_writes(TENANT.upper(), [], 0) == {
        "a": (None, "newer", five_past, "ok", None),
        "b": (None, "new", parse_time(NOW), "failed", None),
        "c": (None, "new", parse_time(NOW), "unconfirmed", None),
    }
    assert recent_writes(TENANT, [], five_past) == {"a": (None, "newer", five_past, "ok", None)}


def test_recent_writes_reads_journals_it_is_told_of_and_passes_over_those_that_are_gone(tmp_path, clock, monkeypatch):
    path = tmp_path / "j.jsonl"
    with Journal(str(path), TENANT) as journal:
        journal.outcomes([outcome("a")])
    monkeypatch.setenv("HYBRID_IDENTITY_STATE_DIR", str(tmp_path / "another"))
    assert recent_writes(TENANT, [], 0) == {}
    assert set(recent_writes(TENANT, [str(path), str(tmp_path / "gone.jsonl")], 0)) == {"a"}
    assert recent_writes("other.example", [str(path)], 0) == {}


def test_an_outcome_keeps_the_before_value_of_its_intent(tmp_path, clock):
    """Without it nobody could tell a read that lags from a value that somebody else wrote."""
    with Journal(str(tmp_path / "j.jsonl"), TENANT) as journal:
        journal.intents([{**intent("a"), "before": "old"}])
        journal.outcomes([outcome("a")])
        journal.outcomes([outcome("a", status="confirmed")])
    write = recent_writes(TENANT, [], 0)["a"]
    assert (write.before, write.after, write.status) == ("old", "new", "confirmed")


def test_an_outcome_without_its_intent_knows_no_before_value(tmp_path, clock):
    with Journal(str(tmp_path / "j.jsonl"), TENANT) as journal:
        journal.intents([{**intent("a", after="else"), "before": "old"}])
        journal.outcomes([outcome("a")])
    assert recent_writes(TENANT, [], 0)["a"].before is None


def test_the_services_own_time_outlives_the_confirmation_and_ends_with_the_next_write(tmp_path, clock):
    with Journal(str(tmp_path / "j.jsonl"), TENANT) as journal:
        journal.intents([intent("a")])
        journal.outcomes([{**outcome("a"), "service_time": "2026-11-23T12:30:00Z"}])
        assert recent_writes(TENANT, [], 0)["a"].service_time == parse_time("2026-11-23T12:30:00Z")
        journal.outcomes([outcome("a", status="confirmed")])
        assert recent_writes(TENANT, [], 0)["a"].service_time == parse_time("2026-11-23T12:30:00Z")
        journal.intents([intent("a", after="newer")])
        assert recent_writes(TENANT, [], 0)["a"].service_time is None
        journal.outcomes([outcome("a", after="newer")])
        assert recent_writes(TENANT, [], 0)["a"].service_time is None


def test_who_only_reads_makes_no_directory(state):
    assert recent_writes(TENANT, [], 0) == {}
    assert not state.exists()


def test_old_journals_are_not_even_opened(tmp_path):
    path = tmp_path / "j.jsonl"
    with Journal(str(path), TENANT) as journal:
        journal.outcomes([outcome("a")])
    path.write_text("rubbish")
    os.utime(path, (1000, 1000))
    assert recent_writes(TENANT, [], 2000) == {}


def test_stale_registrations_are_forgotten(tmp_path, state):
    with Journal(str(tmp_path / "old.jsonl"), TENANT):
        pass
    (registration,) = (state / TENANT / "journals").iterdir()
    os.utime(registration, (1000, 1000))
    with Journal(str(tmp_path / "new.jsonl"), TENANT):
        pass
    assert [entry.read_text() for entry in (state / TENANT / "journals").iterdir()] == [str(tmp_path / "new.jsonl")]


def test_a_journal_of_another_service_is_left_alone_and_not_continued(tmp_path):
    """A rehearsal may have the tenant id of the real tenant; its writes say nothing about that one."""
    path = str(tmp_path / "journal.jsonl")
    with Journal(path, TENANT, "https://127.0.0.1:8443") as journal:
        journal.intents([intent("a")])
        journal.outcomes([outcome("a")])
    assert set(recent_writes(TENANT, [path], 0, "https://127.0.0.1:8443")) == {"a"}
    assert recent_writes(TENANT, [path], 0, "https://graph.microsoft.com") == {}
    with pytest.raises(RowError, match=r"127\.0\.0\.1"):
        Journal(path, TENANT, "https://graph.microsoft.com")
