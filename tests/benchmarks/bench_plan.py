"""What a plan takes, and how that grows with the tenant."""

from __future__ import annotations

import math

import population
from bench import Bench
from measure import Aim, Section

TITLE = "Plan: from an export of AD and a tenant"
WHAT = (
    "The module in check mode as a process of its own: it reads an LDIF, lists the tenant, and writes a row for each "
    "person. One in ten is still to be tied, and looked up, twenty in a request; the others are synchronized. The "
    "tenant is a rehearsal tenant on the same machine, whose time is in the seconds by the clock and not in those of "
    "the processor. Requests stand beside the budget that the module is written to keep: one for each 999 users, two "
    "for each twenty users that are looked up, and twelve."
)

_LISTS = 12  # the recycle bin, groups and contacts, the tenant's own objects, roles, applications
# How many users, and how often: what takes minutes is measured once.
_SIZES = ((1_000, 3), (10_000, 3), (100_000, 1), (1_000_000, 1))
_COLUMNS = ("users", "requests", "budget", "seconds", "CPU seconds", "CPU for 1000", "peak MiB", "to write", "runs")
_CHUNK = 1000  # rows that are looked up together


def run(bench: Bench, section: Section) -> None:
    """Measure each size."""
    section.columns = [*_COLUMNS]
    for count, runs in ((1_000, 1), (10_000, 1)) if bench.quick else _SIZES:
        _measure(bench, section, count, runs)
    over = max(int(row[1]) / int(row[2]) for row in section.rows)
    section.aims.append(Aim("Plan: requests, of the written budget", over, 1.0))
    if not bench.quick:
        cpu = {int(row[0]): float(row[5]) for row in section.rows}
        memory = {int(row[0]): float(row[6]) for row in section.rows}
        section.aims += [
            Aim("Plan for 100 000 users: peak memory", memory[100_000], 300, unit="MiB"),
            Aim(
                "Plan: CPU for each of 1 000 000 users, of that for each of 100 000", cpu[1_000_000] / cpu[100_000], 1.2
            ),
        ]


def _measure(bench: Bench, section: Section, count: int, runs: int) -> None:
    export = bench.folder / "export.ldf"
    population.write_export(export, count)
    to_write = count // 10
    seed = bench.folder / "seed.json"
    population.write_seed(seed, {"domains": [population.DOMAIN]}, population.users(count, tied_from=to_write))
    options = {
        "_ansible_check_mode": True,
        "src": [str(export)],
        "anchor": "object_guid",
        "max_changes": "100%",
        "dest": str(bench.folder / "plan.jsonl"),
        "return_limit": 1,
    }
    with bench.tenant(seed) as tenant:
        usage, result = bench.module("entra_immutable_id", options, tenant.environment, runs=runs)
    summary = result["summary"]
    if (summary["set"], summary["none"]) != (to_write, count - to_write):
        raise RuntimeError(f"a plan that was not expected: {summary}")
    budget = math.ceil(count / 999) + _LISTS + sum(2 * math.ceil(c / 20) for c in _candidates(to_write))
    bench.say(f"{count} users: {usage.wall:.1f} s, {usage.memory:.0f} MiB")
    section.rows.append(
        [
            count,
            summary["requests"],
            budget,
            round(usage.wall, 1),
            round(usage.cpu, 1),
            round(1000 * usage.cpu / count, 3),
            round(usage.memory),
            summary["set"],
            usage.runs,
        ]
    )


def _candidates(count: int) -> list[int]:
    """Return how many are looked up with each chunk: they come first in the export."""
    return [min(_CHUNK, count - done) for done in range(0, count, _CHUNK)]
