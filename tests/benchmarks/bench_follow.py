"""A second run, when there is nothing to do, and following users until they are synchronized."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import population
from bench import Bench
from measure import Aim, Section, Usage

TITLE = "Second run, and following to synced"
WHAT = (
    "Everybody has their anchor already. First the module that writes anchors runs again, outside check mode, and has "
    "nothing to do; then a sync cycle of the rehearsal tenant takes all of them over while the status module follows "
    "them, asking every second, until two reads in a row have shown each one synchronized. Seconds by the clock are "
    "mostly those of the tenant: its cycle and its answers. The largest number is not followed, because a cycle over "
    "so many takes the rehearsal tenant minutes; the section on the whole role follows 100 000. Of a million, see the "
    "plan: a second run is one that finds nothing to look up."
)

# One cycle of the rehearsal tenant over more people takes minutes, in which it answers nobody.
_MOST_FOLLOWED = 10_000


def run(bench: Bench, section: Section) -> None:
    """Measure each size."""
    section.columns = ["", "users", "requests", "writes", "seconds", "CPU seconds", "peak MiB"]
    writes = 0
    for count in (200, 1_000) if bench.quick else (1_000, 10_000, 100_000):
        export = bench.folder / "export.ldf"
        population.write_export(export, count)
        with _tenant(bench, export, count) as tenant:
            dest = bench.folder / f"result{count}.jsonl"
            again = {"src": [str(export)], "anchor": "object_guid", "dest": str(dest), "return_limit": 1}
            usage, result = bench.module("entra_immutable_id", again, tenant.environment)
            if result["changed"] or result["summary"]["none"] != count:
                raise RuntimeError(f"a second run that has something to do: {result['summary']}")
            writes += result["summary"]["writes"]
            section.rows.append(_row("a second run", count, result, usage))
            if count > _MOST_FOLLOWED:
                continue
            tenant.settings(automaticCycles=True)
            options = {
                "src": [str(dest)],
                "wait": True,
                "wait_interval": 1,
                "dest": str(bench.folder / f"status{count}.jsonl"),
                "return_limit": 1,
            }
            began = time.monotonic()
            usage, result = bench.module("entra_sync_status", options, tenant.environment)
            if result["summary"]["synced"] != count:
                raise RuntimeError(f"not all were synchronized: {result['summary']}")
            bench.say(f"{count} users were followed for {time.monotonic() - began:.0f} s")
            section.rows.append(_row("following", count, result, usage))
    section.aims.append(Aim("Second run: writes", writes, 0, unit=""))


def _tenant(bench: Bench, export: Path, count: int) -> Any:
    users = list(population.users(count, tied_from=0))
    for user in users:
        user["onPremisesSyncEnabled"] = None
    return bench.tenant(
        {
            "users": users,
            "domains": [population.DOMAIN],
            "tenant": {"onPremisesSyncEnabled": True},
            "directories": [{"domain": population.DOMAIN, "ldif": str(export), "anchor": "object_guid"}],
            "settings": {"automaticCycles": False, "cycleIntervalSeconds": 5},
        }
    )


def _row(name: str, count: int, result: dict[str, Any], usage: Usage) -> list[str | float | int]:
    summary = result["summary"]
    requests, writes = summary["requests"], summary.get("writes", 0)
    return [name, count, requests, writes, round(usage.wall, 1), round(usage.cpu, 1), round(usage.memory)]
