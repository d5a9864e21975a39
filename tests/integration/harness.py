"""What the integration tests drive: playbooks, rehearsal tenants, and the Samba domain controller."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[2]
SUPPORT = ROOT / "tests" / "support"
SAMPLE_COMPANY = ROOT / "roles" / "rehearsal_tenant" / "files" / "sample_company"
COLLECTIONS = Path(os.environ.get("HYBRID_TEST_COLLECTIONS", ROOT / ".build" / "collections")).resolve()
COLLECTION = COLLECTIONS / "ansible_collections" / "hybrid" / "identity"
SYSTEM_PYTHON = "/usr/bin/python3"
# A seed of a million users takes most of a minute.
START_SECONDS = 300
PLAYBOOK_SECONDS = 300

_FOREIGN = ("AZURE_", "HYBRID_IDENTITY_", "MICROSOFT_AD_", "ANSIBLE_", "KRB5", "ACTIONS_ID_TOKEN_", "SYSTEM_OIDC")


def read_env(path: Path) -> dict[str, str]:
    """Read a file of ``KEY=VALUE`` lines."""
    return dict(line.split("=", 1) for line in path.read_text(encoding="utf-8").splitlines())


def clean_environment() -> dict[str, str]:
    """Return the environment without what would decide for the tests: connections, and Ansible's own settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}


# --- playbooks ----------------------------------------------------------------------------------------------------


class Run:
    """One finished ``ansible-playbook``: its exit code, its output, and every task's result."""

    def __init__(self, returncode: int, output: str, tasks: list[dict[str, Any]]) -> None:
        self.returncode = returncode
        self.output = output
        self.tasks = tasks

    def results(self, name: str, host: str | None = None) -> list[dict[str, Any]]:
        """Return the results of the tasks that have ``name`` or use the module ``name``, in order."""
        return [
            task["result"]
            for task in self.tasks
            if name in (task["task"].rpartition(" : ")[2], task["action"].rpartition(".")[2], task["action"])
            and host in (None, task["host"])
        ]

    def result(self, name: str, host: str | None = None) -> dict[str, Any]:
        """Return the only such result that was not skipped."""
        found = [result for result in self.results(name, host) if not result.get("skipped")]
        assert len(found) == 1, f"{len(found)} results of {name!r}:\n{self.output}"
        return found[0]

    @property
    def changed(self) -> list[str]:
        """Names of the tasks that reported a change."""
        return [task["task"] for task in self.tasks if task["result"].get("changed")]

    def succeeded(self) -> Run:
        """Return itself, once it is sure that the playbook ended well."""
        assert self.returncode == 0, self.output
        return self


class Playbooks:
    """Runs playbooks with the collection that ``make`` installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = clean_environment() | {
            "HOME": str(folder),
            "XDG_STATE_HOME": str(folder / "state"),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_CALLBACK_PLUGINS": str(SUPPORT / "callback"),
            "ANSIBLE_CALLBACKS_ENABLED": "task_results",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_HOME": str(folder / "ansible"),
            "TASK_RESULTS_FILE": str(folder / "results.jsonl"),
        }

    def run(
        self,
        playbook: str | Path | list[dict[str, Any]],
        environment: Mapping[str, str] | None = None,
        *options: str,
        variables: Mapping[str, Any] | None = None,
        check: bool = False,
        inventory: str = "localhost,",
    ) -> Run:
        """Run a playbook: its path, its name in a collection, or its plays."""
        if isinstance(playbook, list):
            path = self.folder / "play.json"
            path.write_text(json.dumps(playbook), encoding="utf-8")
            playbook = path
        command = ["ansible-playbook", str(playbook), "-i", inventory, *options]
        if check:
            command.append("--check")
        if variables:
            command += ["-e", json.dumps(dict(variables))]
        results = Path(self.environment["TASK_RESULTS_FILE"])
        results.unlink(missing_ok=True)
        done = subprocess.run(
            command,
            env=self.environment | dict(environment or {}),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PLAYBOOK_SECONDS,
            check=False,
        )
        lines = results.read_text(encoding="utf-8").splitlines() if results.exists() else []
        return Run(done.returncode, done.stdout, [json.loads(line) for line in lines])

    def tasks(
        self, tasks: list[dict[str, Any]], environment: Mapping[str, str] | None = None, *, check: bool = False
    ) -> Run:
        """Run tasks on the controller's own interpreter, as local plays must."""
        return self.run([local_play(tasks)], environment, check=check)

    def module(
        self, name: str, environment: Mapping[str, str] | None = None, *, check: bool = False, **options: Any
    ) -> dict[str, Any]:
        """Run one module of the collection and return its result, a failed one as well."""
        run = self.tasks([{"name": name, f"hybrid.identity.{name}": options}], environment, check=check)
        result = run.result(name)
        assert result.get("failed", False) == (run.returncode != 0), run.output
        return result


def local_play(tasks: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Return a play of ``tasks`` on localhost."""
    return {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
        "tasks": tasks,
        **more,
    }


# --- the rehearsal tenant -----------------------------------------------------------------------------------------


class Tenant:
    """A running rehearsal tenant: the environment that leads to it, and its control door."""

    def __init__(self, folder: Path, process: subprocess.Popen[str]) -> None:
        self.folder = folder
        self.process = process
        self.environment = read_env(folder / "tenant.env")

    @classmethod
    def start(cls, folder: Path, seed: Mapping[str, Any] | Path) -> Tenant:
        """Start a tenant and wait until it is ready."""
        folder.mkdir(parents=True, exist_ok=True)
        if not isinstance(seed, Path):
            path = folder / "seed.json"
            path.write_text(json.dumps(seed), encoding="utf-8")
            seed = path
        with open(folder / "tenant.log", "w", encoding="utf-8") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "rehearsal_tenant", "--seed", str(seed), "--port", "0", "--dir", str(folder)],
                env=clean_environment() | {"PYTHONPATH": str(COLLECTION / "roles" / "rehearsal_tenant" / "files")},
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                text=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not (folder / "tenant.env").exists():
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                raise AssertionError(
                    f"the rehearsal tenant did not start:\n{(folder / 'tenant.log').read_text(encoding='utf-8')}"
                )
            time.sleep(0.05)
        return cls(folder, process)

    def stop(self) -> None:
        """End the tenant; it must end cleanly."""
        self.process.terminate()
        assert self.process.wait(timeout=20) == 0, (self.folder / "tenant.log").read_text(encoding="utf-8")

    def control(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Speak to the control door and return its answer."""
        answer = requests.request(
            method,
            f"{self.environment['HYBRID_IDENTITY_CONTROL_ENDPOINT']}/_control/{path}",
            json=body,
            verify=self.environment["HYBRID_IDENTITY_CA_CERT"],
            timeout=60,
        )
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def settings(self, **settings: Any) -> None:
        """Change settings of the tenant."""
        self.control("PATCH", "settings", settings)

    def users(self) -> dict[str, dict[str, Any]]:
        """Return the live users as they are now, lags aside, by lower-case user principal name."""
        return {user["userPrincipalName"].lower(): user for user in self.control("GET", "users")["users"]}

    def anchors(self) -> dict[str, str | None]:
        """Return user principal name -> ImmutableId of all live users."""
        return {name: user.get("onPremisesImmutableId") for name, user in self.users().items()}

    def forget_requests(self) -> None:
        """Empty the request log."""
        self.control("DELETE", "requests")

    def requests(self) -> list[dict[str, Any]]:
        """Return the request log since it was emptied."""
        rows: list[dict[str, Any]] = self.control("GET", "requests")["requests"]
        return rows

    def writes(self) -> list[dict[str, Any]]:
        """Return the logged requests that could have changed something; a batch counts by its items."""
        return [
            row for row in self.requests() if row["method"] != "GET" and not row["path"].lower().endswith("/$batch")
        ]


def access_token(tenant: Tenant) -> str:
    """Sign in to a rehearsal tenant as its app, without the collection."""
    variables = tenant.environment
    answer = requests.post(
        f"{variables['HYBRID_IDENTITY_LOGIN_ENDPOINT']}/{variables['AZURE_TENANT_ID']}/oauth2/v2.0/token",
        data={
            "grant_type": "client_credentials",
            "client_id": variables["AZURE_CLIENT_ID"],
            "client_secret": variables["AZURE_CLIENT_SECRET"],
            "scope": f"{variables['HYBRID_IDENTITY_GRAPH_ENDPOINT']}/.default",
        },
        verify=variables["HYBRID_IDENTITY_CA_CERT"],
        timeout=60,
    )
    assert answer.ok, answer.text
    return str(answer.json()["access_token"])


def patch_user(tenant: Tenant, token: str, user_id: str, body: Mapping[str, Any]) -> int:
    """Change a user through Graph, without the collection, and return the status."""
    answer = requests.patch(
        f"{tenant.environment['HYBRID_IDENTITY_GRAPH_ENDPOINT']}/v1.0/users/{user_id}",
        json=body,
        headers={"Authorization": f"Bearer {token}"},
        verify=tenant.environment["HYBRID_IDENTITY_CA_CERT"],
        timeout=60,
    )
    return answer.status_code


# --- the domain controller ----------------------------------------------------------------------------------------


class DomainController:
    """A running Samba domain controller with the sample company and many more users in it."""

    def __init__(self, environment_file: Path) -> None:
        variables = read_env(environment_file)
        self.folder = Path(variables["SAMBA_DC_DIR"])
        self.realm = variables["SAMBA_DC_REALM"]
        self.base = variables["SAMBA_DC_BASE"]
        self.large_base = variables["SAMBA_DC_LARGE_BASE"]
        self.address = variables["MICROSOFT_AD_LDAP_SERVER"]
        self.ca_cert = variables["MICROSOFT_AD_LDAP_CA_CERT"]
        self.variables = variables
        self.environment = {name: value for name, value in variables.items() if not name.endswith("_DIR")}

    def ldapsearch(self, base: str, search_filter: str, attributes: Iterable[str], *options: str) -> str:
        """Return what OpenLDAP's ldapsearch prints for a paged search over LDAPS."""
        done = subprocess.run(
            [
                "ldapsearch", "-LLL", "-H", f"ldaps://{self.address}", "-b", base, "-E", "pr=1000/noprompt",
                "-D", self.variables["MICROSOFT_AD_LDAP_USERNAME"], "-w", self.variables["MICROSOFT_AD_LDAP_PASSWORD"],
                *options, search_filter, *attributes,
            ],
            env=os.environ | {"LDAPTLS_CACERT": self.ca_cert},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ldbsearch(self, base: str, search_filter: str, attributes: Iterable[str]) -> str:
        """Return what Samba's ldbsearch prints for the database itself."""
        done = subprocess.run(
            [
                "ldbsearch", "-H", str(self.folder / "private" / "sam.ldb"), "-b", base,
                "--paged", search_filter, *attributes,
            ],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def kinit(self, cache: Path) -> dict[str, str]:
        """Get a Kerberos ticket for the reader and return the environment that uses it."""
        environment = {"KRB5_CONFIG": self.variables["KRB5_CONFIG"], "KRB5CCNAME": f"FILE:{cache}"}
        done = subprocess.run(
            ["kinit", f"reader@{self.realm.upper()}"],
            input=self.variables["MICROSOFT_AD_LDAP_PASSWORD"] + "\n",
            env=os.environ | environment,
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return environment
