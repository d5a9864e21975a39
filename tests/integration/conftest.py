"""Fixtures of the integration tests: each test folder has its own playbook runner, each module its own tenants.

Files of tests run side by side in several processes (``make test-integration``); the tests of one file run in one
process, in their order. So nothing may be shared with other files but what is only read.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import harness
import pytest


@pytest.fixture(scope="session", autouse=True)
def _installed_collection() -> None:
    if not (harness.COLLECTION / "MANIFEST.json").exists() and not (harness.COLLECTION / "galaxy.yml").exists():
        pytest.exit(f"There is no collection in {harness.COLLECTIONS}: run make first.", returncode=2)


@pytest.fixture
def playbooks(tmp_path: Path) -> harness.Playbooks:
    return harness.Playbooks(tmp_path)


@pytest.fixture(scope="module")
def start_tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., harness.Tenant]]:
    """Start a rehearsal tenant from a seed; it ends with the test module."""
    started: list[harness.Tenant] = []

    def start(seed: Mapping[str, Any] | Path) -> harness.Tenant:
        started.append(harness.Tenant.start(tmp_path_factory.mktemp("tenant"), seed))
        return started[-1]

    yield start
    for tenant in started:
        tenant.stop()


_NO_SAMBA = "Not tested against a real domain controller: "


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    # The reports of all processes; a skip says where, on which line and why.
    reasons = {str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", [])}
    for reason in sorted(reasons):
        if _NO_SAMBA in reason:
            terminalreporter.write_line(reason.removeprefix("Skipped: "))


@pytest.fixture(scope="session")
def _samba_start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path | str]:
    """Start the domain controller once, and give its environment file, or why there is none."""
    folder = tmp_path_factory.mktemp("samba")
    script = harness.SUPPORT / "samba_dc.py"
    base = [harness.SYSTEM_PYTHON, str(script)]
    people = harness.SAMPLE_COMPANY / "export.ldf"
    if not Path(harness.SYSTEM_PYTHON).exists():
        yield f"there is no {harness.SYSTEM_PYTHON}"
        return
    done = subprocess.run(
        [*base, "start", "--dir", str(folder), "--people", str(people), "--users", "3000"],
        env=harness.clean_environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode:
        yield done.stderr.strip().rpartition("Samba domain controller: ")[2]
        return
    yield Path(done.stdout.strip())
    subprocess.run([*base, "stop", "--dir", str(folder)], check=True, timeout=60)


@pytest.fixture(scope="session")
def samba(_samba_start: Path | str) -> harness.DomainController:
    """Return the domain controller; where there can be none, skip, but fail in CI."""
    if isinstance(_samba_start, str):
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI must test against a real domain controller: {_samba_start}", pytrace=False)
        pytest.skip(f"{_NO_SAMBA}{_samba_start}")
    return harness.DomainController(_samba_start)
