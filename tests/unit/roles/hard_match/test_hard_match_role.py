"""What the role promises in one place, it keeps in the others."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[4]
ROLE = ROOT / "roles/hard_match"


def _load(path: str) -> dict:
    return yaml.safe_load((ROLE / path).read_text(encoding="utf-8"))


SPECS = _load("meta/argument_specs.yml")["argument_specs"]
DEFAULTS = _load("defaults/main.yml")


@pytest.mark.parametrize("entry_point", SPECS)
def test_each_entry_point_has_its_tasks(entry_point):
    assert (ROLE / f"tasks/{entry_point}.yml").is_file()


@pytest.mark.parametrize("entry_point", SPECS)
def test_defaults_are_those_that_the_specification_documents(entry_point):
    for name, option in SPECS[entry_point]["options"].items():
        if name in ("hard_match_work_dir", "hard_match_overview_dir"):  # computed: its documentation is a sentence
            assert "default" not in option
        else:
            assert option.get("default") == DEFAULTS.get(name), name


def test_every_default_is_a_documented_variable():
    assert DEFAULTS.keys() <= SPECS["main"]["options"].keys()


def test_the_other_entry_points_use_variables_of_the_main_one():
    for name, spec in SPECS.items():
        # A run that goes forward has no journals to undo.
        own = {"hard_match_journals"} if name == "rollback" else set()
        assert spec["options"].keys() - own <= SPECS["main"]["options"].keys(), name


def test_readme_names_every_variable_and_entry_point():
    text = (ROLE / "README.md").read_text(encoding="utf-8")
    assert [name for name in SPECS["main"]["options"] if f"`{name}`" not in text] == []
    assert [name for name in SPECS if f"`{name}`" not in text] == []


def test_no_task_loops_over_users():
    loops = [
        path.name for path in sorted((ROLE / "tasks").rglob("*.yml")) if "loop:" in path.read_text(encoding="utf-8")
    ]
    assert loops == ["follow.yml"]  # over attempts to sync


@pytest.mark.parametrize("playbook", sorted((ROOT / "playbooks").glob("*.yml")), ids=lambda path: path.stem)
def test_playbooks_are_local_and_gather_no_facts(playbook):
    for play in yaml.safe_load(playbook.read_text(encoding="utf-8")):
        assert play["connection"] == "local"
        assert play["gather_facts"] is False
        if playbook.stem != "login":  # runs on the controller itself
            assert play["vars"]["ansible_python_interpreter"] == "{{ ansible_playbook_python }}"
