"""A second run, when there is nothing to do, and following users until they are synchronized."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import harness
import population
from bench import Bench
from measure import Aim, Section, Usage, median

TITLE = "Second run, and following to synced"
WHAT = (
    "Everybody has their anchor already. First the module that writes anchors runs again, outside check mode, and has "
    "nothing to do; then a sync cycle of the rehearsal tenant takes all of them over while the status module follows "
    "them, asking every second, until two reads in a row have shown each one synchronized. Seconds by the clock are "
    "mostly those of the tenant: its cycle and its answers. What takes minutes is measured once, and the largest "
    "number is not followed, because of the tenant's cycle; the section on the whole role follows 100 000. Of a "
    "million, see the plan: a second run is one that finds nothing to look up."
)

# How many users, how often, and whether they are followed as well: one cycle over more takes the tenant minutes.
_SIZES = ((1_000, 3, True), (10_000, 1, True), (100_000, 1, False))
_COLUMNS = ("", "users", "requests", "writes", "seconds", "CPU seconds", "peak MiB", "runs")


def run(bench: Bench, section: Section) -> None:
    """Measure each size."""
    section.columns = [*_COLUMNS]
    writes = 0
    for count, runs, followed in ((200, 1, True), (1_000, 1, True)) if bench.quick else _SIZES:
        measured: dict[str, list[tuple[Usage, dict[str, Any]]]] = {"a second run": [], "following": []}
        export, dest = bench.folder / "export.ldf", bench.folder / f"result{count}.jsonl"
        population.write_export(export, count)
        for _run in range(runs):
            with _tenant(bench, export, count) as tenant:
                measured["a second run"].append(_second_run(bench, tenant, export, dest, count))
                if followed:
                    measured["following"].append(_following(bench, tenant, dest, count))
        writes += sum(result["summary"]["writes"] for _usage, result in measured["a second run"])
        section.rows += [_row(name, count, found) for name, found in measured.items() if found]
    section.aims.append(Aim("Second run: writes", writes, 0, unit=""))


def _second_run(
    bench: Bench, tenant: harness.Tenant, export: Path, dest: Path, count: int
) -> tuple[Usage, dict[str, Any]]:
    """Have written what is written already."""
    options = {"src": [str(export)], "anchor": "object_guid", "dest": str(dest), "return_limit": 1}
    usage, result = bench.module("entra_immutable_id", options, tenant.environment)
    if result["changed"] or result["summary"]["none"] != count:
        raise RuntimeError(f"a second run that has something to do: {result['summary']}")
    return usage, result


def _following(bench: Bench, tenant: harness.Tenant, src: Path, count: int) -> tuple[Usage, dict[str, Any]]:
    """Follow everybody until they are synchronized."""
    tenant.settings(automaticCycles=True)
    options = {
        "src": [str(src)],
        "wait": True,
        "wait_interval": 1,
        "dest": str(bench.folder / f"status{count}.jsonl"),
        "return_limit": 1,
    }
    usage, result = bench.module("entra_sync_status", options, tenant.environment)
    if result["summary"]["synced"] != count:
        raise RuntimeError(f"not all were synchronized: {result['summary']}")
    return usage, result


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


def _row(name: str, count: int, found: list[tuple[Usage, dict[str, Any]]]) -> list[str | float | int]:
    usage, summary = median([usage for usage, _result in found]), found[-1][1]["summary"]
    requests, writes = summary["requests"], summary.get("writes", 0)
    numbers = (round(usage.wall, 1), round(usage.cpu, 1), round(usage.memory))
    return [name, count, requests, writes, *numbers, usage.runs]
