"""The PowerShell of the role, as far as it can be looked at without PowerShell."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROLE = Path(__file__).resolve().parents[4] / "roles" / "hard_match"
SCRIPTS = sorted((ROLE / "files" / "connect_sync").glob("*.ps1"))
PAIRS = {")": "(", "]": "[", "}": "{"}
# What is documented of these servers, or comes with Windows PowerShell 5.1.
CMDLETS = {
    "ConvertTo-Json", "ForEach-Object", "Get-Module", "Import-Module", "Out-Null", "Out-String", "Select-Object",
    "Set-StrictMode", "Where-Object",
    "Get-ADSyncConnector", "Get-ADSyncConnectorRunStatus", "Get-ADSyncCSObject", "Get-ADSyncGlobalSettings",
    "Get-ADSyncRunProfileResult", "Get-ADSyncScheduler", "Set-ADSyncScheduler", "Start-ADSyncSyncCycle",
}  # fmt: skip


def code_of(script: Path) -> str:
    """Return a script without comments and strings."""
    text = re.sub(r"(?m)^\s*#.*$", "", script.read_text(encoding="ascii"))
    return re.sub(r"'[^']*'|\"[^\"]*\"", "''", text)


def test_every_script_is_asked_for() -> None:
    asked = "".join(path.read_text(encoding="utf-8") for path in (ROLE / "tasks/connect_sync").glob("*.yml"))
    assert {script.stem for script in SCRIPTS} == set(re.findall(r"__hard_match_script: (\w+)", asked))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_script_is_well_formed(script: Path) -> None:
    code = code_of(script)
    open_ones = []
    for sign in re.findall(r"[()\[\]{}]", code):
        if sign in PAIRS:
            assert open_ones.pop() == PAIRS[sign]
        else:
            open_ones.append(sign)
    assert open_ones == []
    assert not re.search(r"['\"]", code.replace("''", ""))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_script_uses_known_cmdlets_and_no_newer_syntax(script: Path) -> None:
    code = code_of(script)
    assert set(re.findall(r"\b[A-Z][a-z]+-[A-Z]\w+", code)) <= CMDLETS
    # Aliases, and operators that came with PowerShell 7.
    assert not re.search(r"(?<![-.$\w])(?:where|select|foreach-object|ft|fl|gci|iex|ipmo|echo|%|\?)(?=\s)", code)
    assert not re.search(r"\?\?|\?\.|&&|\|\|", code)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_script_is_strict_and_answers_once_in_json(script: Path) -> None:
    text = script.read_text(encoding="ascii")
    assert "Set-StrictMode -Version Latest" in text
    assert "$ErrorActionPreference = 'Stop'" in text
    assert "Microsoft Azure AD Sync\\Bin\\ADSync" in text
    assert len(re.findall(r"ConvertTo-Json", text)) == 1
    assert re.search(r"\bdone = ", text)
    # The parameters come first: nothing but comments may stand before them.
    assert "param(" not in text or code_of(script).strip().startswith("[CmdletBinding()]\nparam(")
