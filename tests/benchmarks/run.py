"""Run the benchmarks and write what they found.

    python tests/benchmarks/run.py [--quick] [NAME ...]

Each ``bench_NAME.py`` is one. What it found replaces its part of ``results.json`` beside this file and of the page
``docs/benchmarks.md`` as soon as it is done. With ``--quick`` everything is small, and goes below ``.build/``.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import signal
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "tests" / "integration"), str(ROOT / "tests" / "support")]

import harness

sys.path.append(str(harness.COLLECTIONS))

from bench import Bench
from measure import Section, Skip
from page import render


def machine() -> dict[str, str | int]:
    """Describe the machine, without naming it."""
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 0,
        "memory": f"{pages * size / (1 << 30):.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "ansible-core": metadata.version("ansible-core"),
        "load": f"{os.getloadavg()[0]:.1f}",
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
    }


def measured(name: str, *, quick: bool) -> Section:
    """Run one benchmark."""
    module = importlib.import_module(f"bench_{name}")
    section = Section(module.TITLE, module.WHAT)
    print(f"{name}: {section.title}", file=sys.stderr, flush=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hybrid.identity.bench.") as folder:
        try:
            module.run(Bench(Path(folder), quick=quick), section)
        except Skip as reason:
            section.skipped = str(reason)
            print(f"  skipped: {reason}", file=sys.stderr, flush=True)
    section.seconds = round(time.monotonic() - started, 1)
    return section


def main() -> None:
    known = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    parser = argparse.ArgumentParser(description="Run the benchmarks and write what they found.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(known)}; all of them by default")
    parser.add_argument("--quick", action="store_true", help="small sizes, one run each, nothing to quote")
    options = parser.parse_args()
    unknown = set(options.names) - set(known)
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    results, page = HERE / "results.json", ROOT / "docs" / "benchmarks.md"
    if options.quick:
        results, page = ROOT / ".build" / "benchmarks.json", ROOT / ".build" / "benchmarks.md"
    # So that what was started ends with us, in the order in which its context managers say.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    found: dict[str, Any] = json.loads(results.read_text(encoding="utf-8")) if results.exists() else {}
    for name in options.names or known:
        around = machine()
        found[name] = {"machine": around, "quick": options.quick, **measured(name, quick=options.quick).as_json()}
        found = {name: found[name] for name in known if name in found}
        results.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        page.write_text(render(found), encoding="utf-8")
    print(page.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
