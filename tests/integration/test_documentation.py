"""ansible-doc shows complete pages: every option, every returned value, examples."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import harness
import pytest

MODULES = sorted(path.stem for path in (harness.COLLECTION / "plugins" / "modules").glob("*.py"))
FILTERS = ("guid_to_immutable_id", "immutable_id_to_guid")
ROLES = ("hard_match", "rehearsal_tenant")


def ansible_doc(kind: str, name: str, folder: Path) -> dict[str, Any]:
    full_name = f"hybrid.identity.{name}"
    done = subprocess.run(
        ["ansible-doc", "--json", "-t", kind, full_name],
        env=harness.Playbooks(folder).environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "[WARNING]" not in done.stderr, done.stderr
    page: dict[str, Any] = json.loads(done.stdout)[full_name]
    return page


def undescribed(options: dict[str, Any], where: str) -> list[str]:
    """Return the options and suboptions, or returned values, without a description or a type."""
    found = []
    for name, option in options.items():
        if not option.get("description") or not option.get("type"):
            found.append(f"{where}.{name}")
        for inner in ("suboptions", "options", "contains"):
            found += undescribed(option.get(inner) or {}, f"{where}.{name}")
    return found


@pytest.mark.parametrize("name", MODULES)
def test_module_page(name: str, tmp_path: Path) -> None:
    page = ansible_doc("module", name, tmp_path)
    doc = page["doc"]
    assert doc["short_description"]
    assert doc["description"]
    assert doc["version_added"]
    assert doc["author"]
    assert undescribed(doc["options"], name) == []
    assert undescribed(page["return"], name) == []
    assert page["return"]
    assert {"check_mode", "diff_mode", "platform"} <= set(doc["attributes"])
    assert f"hybrid.identity.{name}:" in page["examples"]


@pytest.mark.parametrize("name", FILTERS)
def test_filter_page(name: str, tmp_path: Path) -> None:
    page = ansible_doc("filter", name, tmp_path)
    assert page["doc"]["description"]
    assert undescribed(page["doc"]["options"], name) == []
    assert undescribed(page["return"], name) == []
    assert f"hybrid.identity.{name}" in page["examples"]


@pytest.mark.parametrize("name", ROLES)
def test_role_page(name: str, tmp_path: Path) -> None:
    page = ansible_doc("role", name, tmp_path)
    for entry_point, spec in page["entry_points"].items():
        assert spec["short_description"], entry_point
        assert spec["description"], entry_point
        assert undescribed(spec.get("options") or {}, f"{name}.{entry_point}") == []


def test_role_describes_every_variable_it_has_a_default_for(tmp_path: Path) -> None:
    import yaml

    for name in ROLES:
        described = ansible_doc("role", name, tmp_path)["entry_points"]["main"]["options"]
        path = harness.COLLECTION / "roles" / name / "defaults" / "main.yml"
        defaults = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert set(defaults) <= set(described)
