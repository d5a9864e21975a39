"""The whole role for many users, interrupted twice on the way, in one table of what each process took."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import harness
import population
from bench import Bench
from company import DOMAIN, Person, ldif
from measure import Aim, Section
from watched import Seen, Watched

TITLE = "The whole role: a hundred thousand users, interrupted twice"
WHAT = (
    "The playbook `plan` for an export of AD, then the playbook `apply` with that plan and Cloud Sync: it pauses the "
    "sync, saves what is there, writes, confirms, starts the sync, follows everybody, compares everybody with the "
    "backup after a further cycle, and reports. `kill -9` ends the first `apply` when a third is written, all its "
    "processes at once, Ctrl-C the second when two thirds are; the third one finishes. Afterwards everybody is "
    "synced by the anchor of the own AD object, and was written once. Of a hundred users one has another anchor "
    "already, which stays, and one has no object in AD. The rehearsal tenant's quota is lifted; it does its work on "
    "the same cores. Memory is that of the largest process, Ansible's workers included. A task registers the summary, "
    "and of users no more than the sixty that a report may name."
)

_ANCHOR = "onPremisesImmutableId"
#: MiB of any process.
_MEMORY = 400
#: Bytes of what a task registers.
_REGISTERED = 200_000
_OTHER_ANCHOR, _CLOUD_ONLY = 50, 99
# What the processes of a module do, in their order, by playbook.
_PARTS: dict[str, dict[str, list[str]]] = {
    "ad_object_guid": {"plan": ["gather"], "apply": []},
    "entra_immutable_id": {"plan": ["plan"], "apply": ["see what is left", "save, write and confirm"]},
    "entra_sync_status": {"plan": [], "apply": ["follow", "compare"]},
}


def run(bench: Bench, section: Section) -> None:
    """Plan, apply with two interruptions, and see what became of everybody."""
    count = 1_500 if bench.quick else 100_000
    export, seed = bench.folder / "export.ldf", bench.folder / "seed.json"
    _write_company(export, seed, count)
    changes = sum(number % 100 not in (_OTHER_ANCHOR, _CLOUD_ONLY) for number in range(count))
    section.columns = ["", "ended by", "seconds", "CPU seconds", "peak MiB"]
    with bench.tenant(seed) as tenant:
        role = _Role(bench, section, tenant)
        plan = bench.folder / "planned" / "plan.jsonl"
        role.run(
            "plan",
            {
                "hard_match_source": {"src": [str(export)], "anchor": "object_guid"},
                "hard_match_work_dir": str(plan.parent),
            },
        )
        apply = {"hard_match_plan": str(plan), "hard_match_take_over": True}
        # The next run, once there is nothing else to write, waits for up to two minutes until it is sure what became
        # of writes without an answer.
        role.run("apply", apply, interrupt_at=changes // 3, kill=not bench.quick)
        role.run("apply", apply, interrupt_at=changes * 2 // 3, kill=False)
        role.run("apply", apply)
        _check(tenant, count, changes, role)
    section.aims += [
        Aim("Peak memory of any process", role.memory, _MEMORY, unit="MiB"),
        Aim("The most that a task registers", role.registered / 1000, _REGISTERED / 1000, unit="kB"),
    ]


class _Role:
    """Runs of the role, as rows of the table."""

    def __init__(self, bench: Bench, section: Section, tenant: harness.Tenant) -> None:
        self._bench = bench
        self._section = section
        self._folder = bench.folder
        self._results = bench.folder / "results.jsonl"
        self._environment = {
            **harness.Playbooks(bench.folder).environment,
            **tenant.environment,
            "HYBRID_IDENTITY_WRITE_QUOTA": "1000000",
        }
        self._tenant = tenant
        self._number = 0
        self._read: dict[Path, int] = defaultdict(int)
        self._accepted = 0
        #: By the id of a user, how often the tenant has taken a value, as far as its log goes back.
        self.writes: Counter[str] = Counter()
        self.memory = 0.0
        self.registered = 0

    def run(
        self, playbook: str, variables: dict[str, Any], interrupt_at: int | None = None, *, kill: bool = False
    ) -> None:
        """Run a playbook to its end, or until so many users have been written by all runs together."""
        self._number += 1
        self._tenant.forget_requests()
        work = self._folder / f"run{self._number}"
        self._results.unlink(missing_ok=True)
        options = {"hard_match_sync": "cloud_sync", "hard_match_work_dir": str(work), **variables}
        output = self._folder / f"run{self._number}.log"
        command: list[str | Path] = [self._bench.ansible_playbook, f"hybrid.identity.{playbook}", "-i", "localhost,"]
        watched = Watched([*command, "-e", json.dumps(options)], self._environment, self._folder, output)
        ended = "itself"
        if interrupt_at is None:
            watched.wait()
        elif not watched.wait(lambda: self._written() >= interrupt_at):
            raise RuntimeError(f"the run ended before it could be interrupted:\n{_end_of(output)}")
        elif kill:
            ended = "kill -9"
            watched.kill()
        else:
            ended = "Ctrl-C"
            watched.interrupt()
        if watched.finish() and interrupt_at is None:
            raise RuntimeError(f"{playbook} failed:\n{_end_of(output)}")
        self._note(playbook, ended, watched.seen)
        for row in self._tenant.control("GET", "requests?method=PATCH")["requests"]:
            if row["status"] == 204:
                self.writes[row["path"].rpartition("/")[2]] += 1

    def _written(self) -> int:
        """How many writes the journals say were taken."""
        for journal in self._folder.glob("run*/journal.jsonl"):
            with open(journal, "rb") as file:
                file.seek(self._read[journal])
                lines = file.read().rpartition(b"\n")[0]
            self._read[journal] += len(lines)
            self._accepted += lines.count(b'"status":"ok"')
        return self._accepted

    def journalled(self) -> Counter[str]:
        """By the id of a user, how often journals say that a value was taken; 0: a read has shown it after a kill."""
        taken: Counter[str] = Counter()
        for journal in self._folder.glob("run*/journal.jsonl"):
            with open(journal, "rb") as lines:
                for line in lines:
                    if b'"status":"ok"' in line or b'"status":"confirmed"' in line:
                        entry = json.loads(line)
                        taken[entry["id"]] += entry["status"] == "ok"
        return taken

    def _note(self, playbook: str, ended: str, seen: list[Seen]) -> None:
        rows = [_row(f"**{playbook}**", ended, seen)]
        parts: list[Seen] = []
        for module, names in _PARTS.items():
            processes = [process for process in seen if process.what == module]
            parts += processes
            rows += [_row(f"{name}: `{module}`", "", [process]) for name, process in zip(names[playbook], processes)]
        rows.append(_row("Ansible, and its other modules", "", [process for process in seen if process not in parts]))
        self._section.rows += rows
        self.memory = max(self.memory, *(process.memory for process in seen))
        for name, how, seconds, cpu, memory in rows:
            self._bench.say(f"{name} {how}: {seconds} s, {cpu} s of CPU, {memory} MiB")
        with open(self._results, encoding="utf-8") as lines:
            for line in lines:
                self.registered = max(self.registered, len(json.dumps(json.loads(line)["result"])))


def _row(what: str, ended: str, seen: list[Seen]) -> list[str | float | int]:
    return [
        what,
        ended,
        round(max(process.ended for process in seen) - min(process.began for process in seen), 1),
        round(sum(process.cpu for process in seen), 1),
        round(max(process.memory for process in seen)),
    ]


def _end_of(output: Path) -> str:
    return output.read_text(encoding="utf-8")[-5000:]


def _write_company(export: Path, seed: Path, count: int) -> None:
    """Write both sides: who is in AD, and who is in the tenant."""
    with open(export, "w", encoding="utf-8") as file:
        for number, person in _people(count):
            if number % 100 != _CLOUD_ONLY:
                file.write(ldif([person.entry({"department": "Purchasing", "title": "Buyer"})]) + "\n")
    head = {
        "domains": ["example.com"],
        "directories": [{"domain": DOMAIN, "ldif": str(export)}],
        # The cycles that the role starts are all there are.
        "settings": {"writeQuota": 0, "automaticCycles": False},
    }
    population.write_seed(seed, head, _users(count))


def _users(count: int) -> Iterator[dict[str, Any]]:
    for number, person in _people(count):
        other = Person(f"other{number}").anchor if number % 100 == _OTHER_ANCHOR else None
        yield person.user({_ANCHOR: other, "department": "Sales"})


def _people(count: int) -> Iterator[tuple[int, Person]]:
    for number in range(count):
        yield number, Person(f"user{number:06}")


def _check(tenant: harness.Tenant, count: int, changes: int, role: _Role) -> None:
    """See that everybody who can be is synced, by its own anchor, and that nobody was written twice."""
    users = {user["id"]: user for user in tenant.users().values()}
    wrong = []
    for number, person in _people(count):
        user = users[person.id]
        tied = number % 100 not in (_OTHER_ANCHOR, _CLOUD_ONLY)
        if (user["onPremisesSyncEnabled"] is True) != tied or (tied and user[_ANCHOR] != person.anchor):
            wrong.append(person.upn)
    if wrong:
        raise RuntimeError(f"{len(wrong)} of {count} users are not what they ought to be, as {wrong[:3]}")
    journalled = role.journalled()
    twice = [user_id for user_id in {*journalled, *role.writes} if max(journalled[user_id], role.writes[user_id]) > 1]
    if twice or len(journalled) != changes:
        raise RuntimeError(f"of {changes} users {len(journalled)} were written, and {len(twice)} more than once")
