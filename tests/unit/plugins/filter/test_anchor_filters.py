# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters: values, errors and the warning, as a playbook sees them."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible.utils.display import Display

from ansible_collections.hybrid.identity.plugins.filter.anchor import FilterModule

FILTERS = FilterModule().filters()
TEXT = "96dcc383-2f6e-4fa2-af15-6b4c1119259a"
BASE64 = "g8Pclm4vok+vFWtMERklmg=="


@pytest.fixture
def warnings(monkeypatch):
    heard = []
    monkeypatch.setattr(Display, "warning", lambda self, message, *args, **kwargs: heard.append(message))
    return heard


@pytest.mark.parametrize(
    "value", [TEXT, BASE64, "{" + TEXT.upper() + "}", list(bytes.fromhex("83c3dc966e2fa24faf156b4c1119259a"))]
)
def test_both_ways_from_any_spelling(value, warnings):
    assert FILTERS["guid_to_immutable_id"](value) == BASE64
    assert FILTERS["immutable_id_to_guid"](value) == TEXT
    assert warnings == []


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_an_error_names_the_filter_and_the_value(name):
    with pytest.raises(AnsibleFilterError) as caught:
        FILTERS[name]("g8Pclm4vok+vFWtMERklmg")
    assert f"hybrid.identity.{name}" in str(caught.value)
    assert "padding" in str(caught.value)


def test_a_byte_swapped_value_is_kept_with_a_warning(warnings):
    assert FILTERS["guid_to_immutable_id"]("83c3dc96-6e2f-a24f-af15-6b4c1119259a") == "ltzDgy9uT6KvFWtMERklmg=="
    assert len(warnings) == 1
    assert "looks byte-swapped" in warnings[0]
