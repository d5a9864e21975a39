"""Runs every target below targets/, as ansible-test would, with the servers that it needs.

A target is a role. ``files/seed.json`` in it is the rehearsal tenant that it wants; those of NEEDS_SAMBA want AD.
"""

from __future__ import annotations

from collections.abc import Callable

import harness
import pytest

TARGETS = harness.ROOT / "tests" / "integration" / "targets"
NEEDS_SAMBA = {"ad_object_guid"}


@pytest.mark.parametrize("target", sorted(path.name for path in TARGETS.iterdir()))
def test_target(
    target: str,
    playbooks: harness.Playbooks,
    start_tenant: Callable[..., harness.Tenant],
    request: pytest.FixtureRequest,
) -> None:
    environment = {"ANSIBLE_ROLES_PATH": str(TARGETS)}
    if target in NEEDS_SAMBA:
        environment |= request.getfixturevalue("samba").environment
    seed = TARGETS / target / "files" / "seed.json"
    if seed.exists():
        environment |= start_tenant(seed).environment

    play = harness.local_play([{"name": f"Run {target}", "ansible.builtin.include_role": {"name": target}}])
    playbooks.run([play], environment).succeeded()
