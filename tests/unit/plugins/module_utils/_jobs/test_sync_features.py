# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holding flags and putting them back, against a tenant whose reads lag as the test wants."""

from __future__ import annotations

import json
import stat
from types import SimpleNamespace

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import error_from_response
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.runner import Context
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.sync_features import (
    ARGUMENTS,
    FEATURES,
    option_of,
    sync_features,
)

TENANT = "66666666-7777-8888-9999-000000000000"
BLOCK = "blockCloudObjectTakeoverThroughHardMatchEnabled"
BYPASS = "allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled"
SOFT_UPN = "softMatchOnUpnEnabled"
PATH = "/directory/onPremisesSynchronization"


class Service:
    """The flags of one tenant; it doubles as the client. ``lag``: so many reads still show the old values."""

    tenant_id = TENANT
    sign_in_method = "token_cache"
    options = SimpleNamespace(graph_endpoint="https://graph.microsoft.com")

    def __init__(self, **flags):
        self.flags = {**dict.fromkeys(FEATURES, False), **flags}
        self.old = dict(self.flags)
        self.lag = 0
        self.left = 0
        self.now = 0.0
        self.reads = 0
        self.sent = []
        self.refuses = {}
        self.scopes = {"OnPremDirectorySynchronization.ReadWrite.All"}
        #: Called when a change arrives.
        self.on_change = lambda: None

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        return None

    def stats(self):
        return {"requests": self.reads, "writes": len(self.sent), "throttled_seconds": 0.0}

    def permissions(self):
        return self.scopes

    def get(self, path):
        self.reads += 1
        if "GET" in self.refuses:
            raise error_from_response(f"GET {path}", self.refuses["GET"], {}, None)
        shown = self.old if self.left else self.flags
        self.left = max(self.left - 1, 0)
        return {"value": [{"id": TENANT, "features": dict(shown)}]}

    def request(self, method, path, json):
        assert (method, path) == ("PATCH", f"{PATH}/{TENANT}")
        if "PATCH" in self.refuses:
            raise error_from_response(f"PATCH {path}", self.refuses["PATCH"], {}, None)
        self.on_change()
        self.sent.append(json["features"])
        self.old, self.left = dict(self.flags), self.lag
        self.flags.update(json["features"])

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("HYBRID_IDENTITY_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state" / TENANT / "sync-features.json"


def run(service, *, check_mode=False, diff_mode=False, cloud="public", **params):
    values = {name: option.get("default") for name, option in ARGUMENTS.items()}
    return sync_features(
        {**values, "cloud": cloud, **{option_of(name): value for name, value in params.items()}},
        Context(check_mode, diff_mode, lambda _text: None),
        client_of=lambda _params: service,
        clock=lambda: service.now,
        sleep=service.sleep,
    )


def test_options_are_graph_names_in_snake_case():
    assert option_of(BYPASS) == "allow_on_prem_update_of_on_premises_object_identifier_enabled"
    assert option_of("quarantineUponUpnConflictEnabled") == "quarantine_upon_upn_conflict_enabled"


def test_only_what_differs_is_sent():
    service = Service(blockSoftMatchEnabled=True)
    result = run(service, **{BLOCK: True, "blockSoftMatchEnabled": True})
    assert service.sent == [{BLOCK: True}]
    assert result["changed"] is True
    assert (result["before"][option_of(BLOCK)], result["after"][option_of(BLOCK)]) == (False, True)
    assert result["summary"]["features_changed"] == 1
    assert run(service, **{BLOCK: True})["changed"] is False
    assert len(service.sent) == 1


def test_without_flags_it_only_reads():
    service = Service()
    result = run(service)
    assert (result["changed"], service.sent, result["summary"]["features"]) == (False, [], 20)


def test_flags_unknown_to_this_module_are_shown():
    assert run(Service(brandNewEnabled=True))["before"]["brand_new_enabled"] is True


def test_a_flag_without_a_value_is_not_off():
    service = Service(**{BYPASS: None})
    result = run(service, **{BYPASS: False})
    assert service.sent == [{BYPASS: False}]
    assert result["before"][option_of(BYPASS)] is None


def test_check_mode_tells_and_keeps_nothing(state):
    service = Service(**{BLOCK: True})
    result = run(service, check_mode=True, diff_mode=True, remember=True, **{BLOCK: False})
    assert (result["changed"], service.sent, state.exists()) == (True, [], False)
    assert result["after"][option_of(BLOCK)] is False
    assert result["diff"] == {
        "before": "block_cloud_object_takeover_through_hard_match_enabled: true\n",
        "after": "block_cloud_object_takeover_through_hard_match_enabled: false\n",
    }


def test_it_reads_until_reads_agree():
    service = Service()
    service.lag = 3
    assert run(service, **{BLOCK: True})["after"][option_of(BLOCK)] is True
    assert service.reads == 1 + 3 + 2


def test_a_change_that_is_never_seen_fails_as_changed():
    service = Service()
    service.lag = 10_000
    with pytest.raises(Failure, match="reads still show the old value") as caught:
        run(service, **{BLOCK: True})
    assert caught.value.result["changed"] is True
    assert service.now == pytest.approx(120, abs=1)


# --- permanent flags ------------------------------------------------------------------------------------------------


def test_a_permanent_flag_needs_its_name_twice():
    service = Service()
    with pytest.raises(Failure, match=r"soft_match_on_upn_enabled: once on, .* confirm_permanent"):
        run(service, **{SOFT_UPN: True, BLOCK: True})
    assert service.sent == []
    run(service, confirm_permanent=["soft_match_on_upn_enabled"], **{SOFT_UPN: True})
    assert service.sent == [{SOFT_UPN: True}]


@pytest.mark.parametrize("name", ["quarantineUponUpnConflictEnabled", "synchronizeUpnForManagedUsersEnabled"])
def test_a_permanent_flag_is_never_switched_off(name):
    service = Service(**{name: True})
    with pytest.raises(Failure, match="cannot be switched off"):
        run(service, confirm_permanent=[option_of(name)], **{name: False})
    assert service.sent == []


def test_a_permanent_flag_that_is_on_needs_no_word():
    assert run(Service(**{SOFT_UPN: True}), **{SOFT_UPN: True})["changed"] is False


# --- refused --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("refused", ["GET", "PATCH"])
@pytest.mark.parametrize("status", [403, 405])
def test_a_refusal_says_how_else(refused, status, state):
    service = Service()
    service.refuses[refused] = status
    with pytest.raises(Failure, match=r"Global Administrator.*device code.*hybrid.identity.login") as caught:
        run(service, remember=True, **{BLOCK: True})
    result = caught.value.result
    assert result["by_hand"] is True
    assert result.get("changed", False) is False
    assert result["commands"][0].startswith(f"Connect-MgGraph -TenantId {TENANT} -Scopes OnPremDirectory")
    assert f"-Body '{json.dumps({'features': {BLOCK: True}})}'" in result["commands"][-1]
    assert f"{PATH}/{TENANT}" in result["commands"][-1]


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_permission_that_the_token_lacks_is_seen_before_the_write(check_mode, state):
    service = Service()
    service.scopes = {"OnPremDirectorySynchronization.Read.All"}
    with pytest.raises(Failure, match=r"lacks OnPremDirectorySynchronization.ReadWrite.All") as caught:
        run(service, check_mode=check_mode, remember=True, **{BLOCK: True})
    assert caught.value.result["by_hand"] is True
    assert (service.sent, state.exists()) == ([], False)
    # Nothing to change needs no permission to change.
    assert run(service, **{BLOCK: False})["changed"] is False


def test_commands_name_the_cloud_and_read_only_what_is_read():
    service = Service()
    service.refuses["GET"] = 403
    with pytest.raises(Failure) as caught:
        run(service, cloud="us_gov")
    connect, read = caught.value.result["commands"]
    assert "-Environment USGov" in connect
    assert "Read.All" in connect
    assert "GET" in read


# --- remember and restore -------------------------------------------------------------------------------------------


def test_what_was_before_is_on_disk_before_the_change(state):
    service = Service(**{BLOCK: True})

    def arrived():
        assert json.loads(state.read_text())["features"] == {BLOCK: True}
        assert stat.S_IMODE(state.stat().st_mode) == 0o600

    service.on_change = arrived
    result = run(service, remember=True, **{BLOCK: False})
    assert result["remembered"]["features"] == {option_of(BLOCK): True}
    assert result["remembered"]["path"] == str(state)

    service.on_change = lambda: None
    result = run(service, state="restored")
    assert result["changed"] is True
    assert result["restored"]["features"] == {option_of(BLOCK): True}
    assert result["remembered"] is None
    assert service.flags[BLOCK] is True
    assert not state.exists()


def test_opening_twice_keeps_what_was_there_first(state):
    service = Service(**{BLOCK: True})
    run(service, remember=True, **{BLOCK: False})
    service.flags[BLOCK] = None  # somebody's doing, in between
    run(service, remember=True, **{BLOCK: False, BYPASS: True})
    run(service, state="restored")
    assert (service.flags[BLOCK], service.flags[BYPASS]) == (True, False)


def test_nothing_to_change_keeps_nothing(state):
    assert run(Service(), remember=True, **{BLOCK: False})["remembered"] is None
    assert not state.exists()


def test_nothing_kept_is_not_even_read():
    service = Service()
    result = run(service, state="restored")
    assert (result["changed"], result["restored"], service.reads) == (False, None, 0)


def test_check_mode_shows_a_window_and_leaves_it(state):
    service = Service(**{BLOCK: True})
    run(service, remember=True, **{BLOCK: False})
    result = run(service, state="restored", check_mode=True)
    assert result["changed"] is True
    assert result["restored"] == result["remembered"]
    assert result["restored"]["features"] == {option_of(BLOCK): True}
    assert (state.exists(), service.flags[BLOCK]) == (True, False)


def test_a_window_that_somebody_closed_is_forgotten_without_a_change(state):
    service = Service(**{BLOCK: True})
    run(service, remember=True, **{BLOCK: False})
    service.flags[BLOCK] = True
    result = run(service, state="restored")
    assert (result["changed"], len(service.sent), state.exists()) == (False, 1, False)
    assert result["restored"] is not None


def test_a_refused_restore_keeps_the_values(state):
    service = Service(**{BLOCK: True})
    run(service, remember=True, **{BLOCK: False})
    service.refuses["PATCH"] = 403
    with pytest.raises(Failure) as caught:
        run(service, state="restored")
    assert json.dumps({"features": {BLOCK: True}}) in caught.value.result["commands"][-1]
    assert state.exists()


def test_a_flag_without_a_value_is_put_back_to_off():
    service = Service(**{BYPASS: None})
    run(service, remember=True, **{BYPASS: True})
    run(service, state="restored")
    assert service.flags[BYPASS] is False


def test_a_damaged_file_is_named(state):
    state.parent.mkdir(parents=True)
    state.write_text('{"kind": "sync_features"')
    with pytest.raises(Failure, match=r"sync-features\.json should hold flags"):
        run(Service(), state="restored")


def test_flags_and_restored_exclude_each_other():
    with pytest.raises(Failure, match="no flag can be given"):
        run(Service(), state="restored", **{BLOCK: False})
