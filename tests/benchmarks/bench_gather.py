"""Reading users from a domain controller."""

from __future__ import annotations

import shutil

import harness
from bench import Bench
from measure import AT_MOST, USAGE_COLUMNS, Aim, Command, Section, Skip, thousands, usage_row

from ansible_collections.hybrid.identity.plugins.module_utils._directory.arguments import DEFAULT_FILTER
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.objects import Reading

TITLE = "Gather: users from Active Directory over LDAPS"
WHAT = (
    "A Samba domain controller on the same machine, pages of 1000, the attributes of a row. The readers count the "
    "entries; the playbooks have one task on localhost, `ad_object_guid` writes its rows to a file, "
    "`community.general.ldap_search` returns what it found as its result, and `ping` does nothing. The server does "
    "most of the work, and is not counted among the processes."
)

_RUNS = 5
_USERS = 20_000
# The directory that the integration tests have made already.
_QUICK = ["--people", harness.SAMPLE_COMPANY / "export.ldf", "--users", 3000]


def run(bench: Bench, section: Section) -> None:
    """Measure readers, then playbooks."""
    with bench.domain_controller(*(_QUICK if bench.quick else ["--users", _USERS])) as controller:
        count = 3000 if bench.quick else _USERS
        section.what += f" The directory has {thousands(count)} users."
        section.columns = USAGE_COLUMNS
        _readers(bench, section, controller, count)
        _playbooks(bench, section, controller, count)


def _readers(bench: Bench, section: Section, controller: harness.DomainController, count: int) -> None:
    if shutil.which("ldapsearch") is None:
        raise Skip("ldapsearch is not installed (Debian, Ubuntu: apt install ldap-utils)")
    found = bench.compare(
        {
            "ldapsearch": _ldapsearch(controller),
            "collection": bench.program(
                "read_ldap.py",
                controller.large_base,
                environment=_environment(controller),
                expected=f"{count} entries",
            ),
        },
        _RUNS,
    )
    peer, own = found["ldapsearch"], found["collection"]
    section.rows += [usage_row("OpenLDAP's `ldapsearch`", peer), usage_row("the collection's reader", own, peer)]
    section.aims.append(
        Aim("LDAP reader, against the time of `ldapsearch`", own.wall / peer.wall, 1.3, AT_MOST),
    )


def _ldapsearch(controller: harness.DomainController) -> Command:
    variables = controller.variables
    return Command(
        [
            "ldapsearch", "-LLL", "-H", f"ldaps://{controller.address}", "-b", controller.large_base,
            "-E", "pr=1000/noprompt", "-D", variables["MICROSOFT_AD_LDAP_USERNAME"], "-y", _password_file(controller),
            DEFAULT_FILTER, *Reading().attributes(),
        ],
        {**harness.clean_environment(), "LDAPTLS_CACERT": controller.ca_cert},
    )  # fmt: skip


def _password_file(controller: harness.DomainController) -> str:
    """Return a file with the password: on the command line everybody could read it."""
    path = controller.folder / "password"
    path.touch(mode=0o600)
    path.write_text(controller.variables["MICROSOFT_AD_LDAP_PASSWORD"], encoding="utf-8")
    return str(path)


def _playbooks(bench: Bench, section: Section, controller: harness.DomainController, count: int) -> None:
    environment = _environment(controller)
    gather = {"search_base": controller.large_base, "dest": str(bench.folder / "objects.jsonl"), "return_limit": 0}
    search = {
        "server_uri": f"ldaps://{controller.address}",
        "ca_path": controller.ca_cert,
        "bind_dn": controller.variables["MICROSOFT_AD_LDAP_USERNAME"],
        "bind_pw": "{{ lookup('ansible.builtin.env', 'MICROSOFT_AD_LDAP_PASSWORD') }}",
        "dn": controller.large_base,
        "scope": "children",  # its name for the whole subtree
        "filter": DEFAULT_FILTER,
        "attrs": Reading().attributes(),
        "base64_attributes": ["objectGUID", "mS-DS-ConsistencyGuid", "objectSid", "msExchMailboxGuid"],
        "page_size": 1000,
    }
    commands = {
        "ping": bench.playbook("ping", [{"ansible.builtin.ping": None}]),
        "ours": bench.playbook("ours", [{"hybrid.identity.ad_object_guid": gather}], environment),
    }
    try:
        commands["theirs"] = bench.playbook(
            "theirs", [{"community.general.ldap_search": search}], environment, peer=True
        )
    except Skip as reason:
        section.notes.append(f"`community.general.ldap_search` was not measured: {reason}.")
    found = bench.compare(commands, 3)
    ping, ours, theirs = found["ping"], found["ours"], found.get("theirs")
    section.rows.append(usage_row("a playbook with `ansible.builtin.ping`", ping))
    if theirs is None:
        section.rows.append(usage_row("a playbook with `ad_object_guid`", ours))
        return
    section.rows += [
        usage_row("a playbook with `community.general.ldap_search`", theirs),
        usage_row("a playbook with `ad_object_guid`", ours, theirs),
    ]
    section.aims += [
        Aim(
            "Gathering task less an empty task, against the time of `community.general.ldap_search`",
            (ours.wall - ping.wall) / (theirs.wall - ping.wall), 1.0,
        ),
        Aim("Gathering playbook, against the memory of that one", ours.memory / theirs.memory, 1.0),
    ]  # fmt: skip


def _environment(controller: harness.DomainController) -> dict[str, str]:
    return {name: value for name, value in controller.environment.items() if name.startswith("MICROSOFT_AD_")}
