"""How fast a plan is carried out: under the write quota, and with the quota lifted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

import harness
import population
from bench import Bench
from measure import AT_LEAST, AT_MOST, Aim, Command, Section, Skip
from measure import run as measure

TITLE = "Apply: writing what a plan says"
WHAT = (
    "A reviewed plan, carried out by the module as a process of its own against a rehearsal tenant, which simulates "
    "Graph's quota and takes 100 ms for each HTTP request. Under the quota, clock and quota are scaled down on both "
    "sides: Graph documents 3000 writes in 150 seconds, here it is as the row says. The share is counted in the log of "
    "the tenant, over five windows from the first write. With the quota lifted, the module saves each user before "
    "it writes, reads it with what only a single user's read tells, and reads it twice more until the value is seen: "
    "seven requests for each. The peers write fewer users, one after the other, and do nothing else: a playbook with a "
    "loop of `ansible.builtin.uri`, and a script with Microsoft's `msgraph-sdk`. The rows about the tenant itself ask "
    "it as fast as it answers, without its 100 ms. Each is measured once: windows of the quota, batches and users "
    "repeat themselves within a run."
)

_LATENCY = 0.1
_WORKERS, _BATCH = 16, 20
_WINDOWS = 5
# For each user: one to save it, three of the second look, one to write, and two until the value is seen.
_REQUESTS = 7


def run(bench: Bench, section: Section) -> None:
    """Measure both."""
    section.columns = ["", "users", "seconds", "CPU seconds", "peak MiB", "users a second", "ms for each user"]
    _under_the_quota(bench, section)
    _with_the_quota_lifted(bench, section)


def _under_the_quota(bench: Bench, section: Section) -> None:
    window, quota = (5, 250) if bench.quick else (12, 600)
    count = quota * _WINDOWS + quota // 10
    with _tenant(bench, count, writeQuota=quota, writeQuotaWindowSeconds=window) as tenant:
        plan = _plan(bench, tenant, count)
        options = {
            "plan": str(plan),
            "write_quota": quota,
            "dest": str(bench.folder / "quota.jsonl"),
            "return_limit": 1,
        }
        usage, result = bench.module("entra_immutable_id", options, tenant.environment, window)
        writes = tenant.writes()
    section.rows.append(_row(f"the module, {quota} writes in {window} s", count, usage.wall, usage.cpu, usage.memory))
    first = _seconds(writes[0]["time"])
    accepted = [row for row in writes if row["status"] == 204 and _seconds(row["time"]) < first + window * _WINDOWS]
    refused = sum(row["status"] == 429 for row in writes)
    done = result["summary"]["set"]
    if done != count:
        raise RuntimeError(f"{done} of {count} users were written")
    section.aims += [
        Aim(
            "Apply: share of the write quota used, over five windows",
            len(accepted) / quota / _WINDOWS,
            0.95,
            AT_LEAST,
            "",
        ),
        Aim("Apply: share of writes that were answered 429", refused / len(writes), 0.01, AT_MOST, ""),
    ]
    section.notes.append(
        f"Within five windows of the quota {len(accepted)} of {quota * _WINDOWS} writes were accepted, and "
        f"{refused} of all {len(writes)} were answered 429."
    )


def _with_the_quota_lifted(bench: Bench, section: Section) -> None:
    count, peers_write = (400, 5) if bench.quick else (12_000, 40)
    with _tenant(bench, count, writeQuota=0, latencySeconds=0) as tenant:
        ceilings = {kind: _ceiling(bench, tenant, kind, count) for kind in ("writes", "rows")}
    with _tenant(bench, count, writeQuota=0) as tenant:
        plan = _plan(bench, tenant, count)
        options = {
            "plan": str(plan),
            "write_quota": 1_000_000,
            "max_workers": _WORKERS,
            "batch_size": _BATCH,
            "dest": str(bench.folder / "lifted.jsonl"),
            "return_limit": 1,
        }
        usage, result = bench.module("entra_immutable_id", options, tenant.environment)
        if result["summary"]["set"] != count:
            raise RuntimeError(f"{result['summary']['set']} of {count} users were written")
        seconds = result["summary"]["seconds"]
        times = [_seconds(row["time"]) for row in tenant.writes() if row["status"] == 204]
    section.rows.append(_row("the module, quota lifted", count, seconds, usage.cpu, usage.memory))
    with _tenant(bench, peers_write, writeQuota=0) as tenant:
        token = harness.access_token(tenant)
        users = list(population.users(peers_write))
        for name, command_of in _PEERS.items():
            try:
                section.rows.append(_peer(bench, tenant, token, users, name, command_of))
            except Skip as reason:
                section.notes.append(f"Not measured: {reason}.")
    for kind, what in (("writes", "the tenant itself, writes only"), ("rows", "the tenant itself, all seven requests")):
        section.rows.append([what, "", "", "", "", round(ceilings[kind], 1), round(1000 / ceilings[kind], 1)])
    sent = _WORKERS * _BATCH / _LATENCY
    bound = min(ceilings["rows"], sent / _REQUESTS)
    section.aims.append(
        Aim(
            "Apply, quota lifted: users a second, of what the tenant or the workers allow",
            count / seconds / bound,
            0.7,
            AT_LEAST,
            "",
        )
    )
    # In a quick run all are written in one tick of the tenant's clock.
    span = max(times) - min(times)
    between = f"Between the first write and the last, {count / span:.0f} users a second were written. " if span else ""
    section.notes.append(
        f"With {_WORKERS} workers, {_BATCH} requests in a batch and {_LATENCY * 1000:.0f} ms for each batch, "
        f"{sent:.0f} requests a second could be sent: {sent / _REQUESTS:.0f} users, with {_REQUESTS} requests for "
        f"each. The tenant gets through {ceilings['rows']:.0f} users a second with everything that is asked for each. "
        "The lower of both is the bound. (Of all requests that could be sent, the writes alone were "
        f"{count / seconds / sent:.2f}: six of seven save, look and confirm.) "
        f"{between}Seconds of the module are its own, from its start to its last "
        "confirmation; those of the peers are the process less one that writes nobody. What is missing to the bound is "
        "the sign-in and the reading of roles before the first batch, and rounds that are not full where looking, "
        "writing and confirming meet. Tried, and kept: both look-ups side by side, three rounds of batches at a time, "
        "all workers from the second round on."
    )


def _tenant(bench: Bench, count: int, **settings: Any) -> AbstractContextManager[harness.Tenant]:
    seed = {
        "users": list(population.users(count)),
        "domains": [population.DOMAIN],
        "settings": {"latencySeconds": _LATENCY, **settings},
    }
    return bench.tenant(seed)


def _plan(bench: Bench, tenant: harness.Tenant, count: int) -> Path:
    """Make a plan for everybody, in the time that the tenant needs."""
    export, plan = bench.folder / "export.ldf", bench.folder / "plan.jsonl"
    population.write_export(export, count)
    latency = tenant.control("GET", "settings")["settings"]["latencySeconds"]
    tenant.settings(latencySeconds=0)
    options = {
        "_ansible_check_mode": True,
        "src": [str(export)],
        "anchor": "object_guid",
        "max_changes": "100%",
        "dest": str(plan),
        "return_limit": 1,
    }
    _usage, result = bench.module("entra_immutable_id", options, tenant.environment)
    if result["summary"]["set"] != count:
        raise RuntimeError(f"the plan writes {result['summary']['set']} of {count} users: {result['summary']}")
    tenant.settings(latencySeconds=latency)
    tenant.forget_requests()
    return plan


def _ceiling(bench: Bench, tenant: harness.Tenant, kind: str, count: int) -> float:
    seconds = 1 if bench.quick else 5
    usage = measure(bench.program("ask_tenant.py", seconds, count, kind, environment=tenant.environment))
    return float(json.loads(usage.output.strip().splitlines()[-1])["per_second"])


def _peer(
    bench: Bench,
    tenant: harness.Tenant,
    token: str,
    users: list[dict[str, Any]],
    name: str,
    command_of: Callable[[Bench, dict[str, str], list[dict[str, Any]]], Command],
) -> list[str | float | int]:
    """Return the row of a peer: what it takes, less what it takes for nobody."""
    environment = tenant.environment | {"HYBRID_IDENTITY_ACCESS_TOKEN": token}
    nobody = measure(command_of(bench, environment, []))
    everybody = measure(command_of(bench, environment, users))
    return _row(name, len(users), everybody.wall - nobody.wall, everybody.cpu - nobody.cpu, everybody.memory)


def _uri_loop(bench: Bench, environment: dict[str, str], users: list[dict[str, Any]]) -> Command:
    task = {
        "ansible.builtin.uri": {
            "url": f"{environment['HYBRID_IDENTITY_GRAPH_ENDPOINT']}/v1.0/users/{{{{ item.id }}}}",
            "method": "PATCH",
            "headers": {"Authorization": f"Bearer {environment['HYBRID_IDENTITY_ACCESS_TOKEN']}"},
            "body_format": "json",
            "body": {"onPremisesImmutableId": "{{ item.anchor }}"},
            "status_code": 204,
            "ca_path": environment["HYBRID_IDENTITY_CA_CERT"],
            "use_proxy": False,
        },
        "loop": [{"id": user["id"], "anchor": population.anchor(number)} for number, user in enumerate(users)],
        "no_log": True,
    }
    return bench.playbook("uri", [task])


def _sdk_script(bench: Bench, environment: dict[str, str], users: list[dict[str, Any]]) -> Command:
    path = bench.folder / "users.json"
    # Other values than those the loop wrote.
    pairs = [(user["id"], population.anchor(10_000_000 + number)) for number, user in enumerate(users)]
    path.write_text(json.dumps(pairs), encoding="utf-8")
    expected = f"{len(pairs)} written"
    return bench.program("sdk_writes.py", path, peer="msgraph-sdk", environment=environment, expected=expected)


_PEERS = {"a loop of `ansible.builtin.uri`": _uri_loop, "a script with `msgraph-sdk`": _sdk_script}


def _row(name: str, count: int, seconds: float, cpu: float, memory: float) -> list[str | float | int]:
    per_second = round(count / seconds, 1)
    return [name, count, round(seconds, 1), round(cpu, 1), round(memory), per_second, round(1000 * seconds / count, 1)]


def _seconds(time: str) -> float:
    return datetime.fromisoformat(re.sub("Z$", "+00:00", time)).timestamp()
