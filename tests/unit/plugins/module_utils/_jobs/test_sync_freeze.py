# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pausing with a note of it, and resuming what the note names: by the same run, or by one that comes after it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sync_service import Service, run

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError


@pytest.fixture
def note(state: Path) -> Path:
    return state / Service.tenant_id / "sync-freeze.json"


@pytest.fixture
def service():
    return Service("one.example", "two.example")


def freeze(service: Service, **more):
    return run(service, "paused", remember=True, purpose="files in /work", **more)


def ids(*domains: str) -> list[str]:
    return [f"AD2AADProvisioning.tenant.sp-{domain}" for domain in domains]


def test_what_was_paused_is_resumed_and_the_note_is_gone(service, note: Path):
    assert freeze(service)["remembered"]["jobs"] == ids("one.example", "two.example")
    assert note.stat().st_mode & 0o077 == 0
    result = run(service, "restored", wait=True)
    assert result["changed"] is True
    assert result["restored"]["purpose"] == "files in /work"
    assert result["remembered"] is None
    assert [job["reached"] for job in result["jobs"]] == [True, True]
    assert service.posts == ["pause", "pause", "start", "start"]
    assert not note.exists()


def test_without_a_note_nothing_is_resumed_or_even_read(service):
    service.paused = True

    def refuse(*_args, **_kwargs):
        raise GraphError("Nothing is to be read.", status=500)

    service.pages = service.get = refuse
    result = run(service, "restored")
    assert (result["changed"], result["jobs"], result["restored"]) == (False, [], None)


def test_the_note_is_there_before_the_first_job_is_paused(service, note: Path):
    seen = []
    answer = service.request

    def look(method, path, json=None, repeatable=None):
        seen.append(note.exists())
        return answer(method, path, json, repeatable)

    service.request = look
    freeze(service)
    assert seen == [True, True]


def test_a_job_that_somebody_else_paused_stays_paused(service):
    service.paused_of = {"sp-one.example": True}
    assert freeze(service)["remembered"]["jobs"] == ids("two.example")
    run(service, "restored")
    assert service.paused_of == {"sp-one.example": True, "sp-two.example": False}


def test_where_somebody_else_paused_all_there_is_nothing_to_note(service, note: Path):
    service.paused = True
    assert freeze(service)["remembered"] is None
    assert not note.exists()


def test_a_freeze_of_another_run_is_refused(service, note: Path):
    freeze(service)
    before = note.read_text()
    for check_mode in (True, False):
        with pytest.raises(Failure, match=r"one\.example, two\.example .*killed .*files in /work.*take_over") as caught:
            freeze(service, check_mode=check_mode)
        # Nothing that would make the caller resume them.
        assert not caught.value.result.get("remembered")
    assert note.read_text() == before
    assert service.posts == ["pause", "pause"]


def test_a_freeze_that_is_taken_over_is_resumed_in_the_end(service, note: Path):
    first = freeze(service)["remembered"]
    service.paused_of["sp-two.example"] = False
    again = run(service, "paused", remember=True, take_over=True, purpose="another")
    assert again["remembered"] == {"since": first["since"], "purpose": "another", "jobs": first["jobs"]}
    assert service.paused_of == {"sp-one.example": True, "sp-two.example": True}
    run(service, "restored")
    assert service.paused_of == {"sp-one.example": False, "sp-two.example": False}
    assert not note.exists()


def test_a_note_whose_jobs_run_again_is_of_yesterday(service, note: Path):
    freeze(service)
    run(service, "resumed")
    content = json.loads(note.read_text())
    note.write_text(json.dumps({**content, "created": "2026-01-01T00:00:00Z"}))
    assert run(service, "restored", check_mode=True)["changed"] is False
    assert freeze(service)["remembered"]["since"] > "2026-01-01T00:00:00Z"


def test_jobs_of_other_domains_stay_in_the_note(service):
    freeze(service, domain="one.example")
    assert freeze(service, domain="two.example")["remembered"]["jobs"] == ids("two.example", "one.example")


def test_check_mode_writes_and_deletes_no_note(service, note: Path):
    freeze(service, check_mode=True)
    assert not note.exists()
    freeze(service)
    result = run(service, "restored", check_mode=True)
    assert (result["changed"], result["remembered"]["purpose"]) == (True, "files in /work")
    assert note.exists()


def test_a_job_that_refuses_keeps_the_note(service, note: Path):
    freeze(service)
    answer = service.request

    def refuse_one(method, path, json=None, repeatable=None):
        if "sp-one.example" in path:
            raise GraphError("Graph refused.", status=500, code="Denied")
        return answer(method, path, json, repeatable)

    service.request = refuse_one
    with pytest.raises(GraphError):
        run(service, "restored")
    assert note.exists()
    service.request = answer
    assert run(service, "restored")["changed"] is True
    assert not note.exists()


def test_a_job_that_is_not_seen_to_run_keeps_the_note(service, note: Path):
    freeze(service)
    start = service.request
    service.request = lambda *_args, **_kwargs: None  # accepted, and not shown yet
    result = run(service, "restored")
    assert [job["reached"] for job in result["jobs"]] == [False, False]
    assert result["remembered"] == result["restored"]
    service.request = start
    assert run(service, "restored")["remembered"] is None
    assert not note.exists()


def test_a_job_that_is_gone_keeps_no_other_from_being_resumed(service, note: Path):
    freeze(service)
    service.gone = {"sp-one.example"}
    warnings: list[str] = []
    run(service, "restored", warnings=warnings)
    assert service.paused_of["sp-two.example"] is False
    assert any("one.example" in text and "gone" in text for text in warnings)
    assert not note.exists()


def test_a_damaged_note_is_no_reason_to_guess(service, note: Path):
    freeze(service)
    for content in ("{", "[]", '{"kind": "other"}', '{"kind": "sync_freeze", "jobs": [{}]}'):
        note.write_text(content)
        with pytest.raises(Failure, match="damaged"):
            run(service, "restored")


@pytest.mark.parametrize(
    ("state", "more", "says"),
    [
        ("resumed", {"remember": True}, "state=paused only"),
        ("restored", {"domain": "one.example"}, "no domain"),
        ("restored", {"provision": "CN=Ann,DC=one,DC=example"}, "user"),
    ],
)
def test_options_that_do_not_go_together(service, state, more, says):
    with pytest.raises(Failure, match=says):
        run(service, state, **more)
    assert service.posts == []


def test_a_change_that_cannot_be_followed_names_what_is_to_be_resumed(service):
    def refuse(_path):
        raise GraphError("Graph is away.", code="transport")

    service.get = refuse
    with pytest.raises(GraphError, match="away") as caught:
        freeze(service)
    assert caught.value.result["changed"] is True
    assert caught.value.result["remembered"]["jobs"] == ids("one.example", "two.example")


@pytest.mark.parametrize(
    ("error", "changed"),
    [
        (GraphError("Graph was away.", status=504, uncertain=True), True),
        (GraphError("Graph refused.", status=403), False),
        (KeyboardInterrupt(), True),
    ],
)
def test_a_pause_that_may_have_come_through_is_one_to_be_resumed(service, note: Path, error, changed):
    def refuse(*_args, **_kwargs):
        raise error

    service.request = refuse
    with pytest.raises(Failure) as caught:
        freeze(service)
    assert caught.value.result["changed"] is changed
    assert caught.value.result["remembered"]["jobs"] == ids("one.example", "two.example")
    assert note.exists()


def test_nothing_is_kept_where_the_token_ends_before_anything_is_asked(service, note: Path):
    def refuse(_seconds):
        raise Failure("The token ends.")

    service.ensure_lifetime = refuse
    with pytest.raises(Failure, match="ends"):
        freeze(service)
    assert not note.exists()


@pytest.mark.parametrize("state", ["started", "restarted"])
def test_paused_jobs_can_be_left_alone(service, state):
    service.paused_of = {"sp-one.example": True}
    result = run(service, state, resume=False, wait=True)
    assert len(service.posts) == 1
    assert service.paused_of["sp-one.example"] is True
    assert [(job["changed"], job["reached"]) for job in result["jobs"]] == [(False, None), (True, True)]


def test_nobody_waits_for_jobs_that_are_all_left_alone(service):
    service.paused = True
    assert run(service, "started", resume=False, wait=True)["changed"] is False
    assert service.now == 0
