"""What the benchmarks compare with, in a folder of its own below .build/: nothing of it is needed to build or test.

    python tests/benchmarks/peers.py

Each peer that cannot be had leaves a line in ``missing.json``, which the benchmarks quote when they skip it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

from measure import Skip

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parents[1] / ".build" / "peers"
_MISSING = FOLDER / "missing.json"
_COMMUNITY_GENERAL = "ansible_collections/community/general/"


def python(package: str = "python-ldap") -> Path:
    """Return the interpreter that has a package.

    :raises Skip: when it could not be installed.
    """
    return _there(FOLDER / "bin" / "python", package)


def collections() -> Path:
    """Return a path of collections with community.general.

    :raises Skip: when it could not be had.
    """
    return _there(FOLDER / "collections", "community.general")


def ldif_package() -> Path:
    """Return the folder that has the ``ldif`` package, whose module has the name of one of python-ldap's.

    :raises Skip: when it could not be installed.
    """
    return _there(FOLDER / "ldif", "ldif")


def _there(path: Path, name: str) -> Path:
    missing = json.loads(_MISSING.read_text(encoding="utf-8")) if _MISSING.exists() else {name: "run make bench"}
    if name in missing:
        raise Skip(f"{name} is not there: {missing[name]}")
    return path


def _pip(*arguments: str | Path) -> str | None:
    """Run pip in the peers' environment; return the last line of what went wrong."""
    command = [FOLDER / "bin" / "python", "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    errors = [line for line in done.stderr.splitlines() if line.lstrip().lower().startswith("error")]
    return (errors or ["pip failed"])[-1].strip() if done.returncode else None


def _community_general() -> str | None:
    """Take the collection out of the package ``ansible``, which carries some fifty others."""
    with tempfile.TemporaryDirectory() as folder:
        problem = _pip("download", "--no-deps", "--dest", folder, "ansible")
        if problem:
            return problem
        [wheel] = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if name.startswith(_COMMUNITY_GENERAL)]
            archive.extractall(FOLDER / "collections", names)
    return None


def main() -> None:
    venv.create(FOLDER, with_pip=True, clear=True)
    wanted = {
        "python-ldap": _pip("install", "-r", HERE / "requirements.txt"),
        "msgraph-sdk": _pip("install", "msgraph-sdk>=1.60"),
        "ldif": _pip("install", "--no-deps", "--target", FOLDER / "ldif", "ldif>=4.3"),
        "community.general": _community_general(),
    }
    missing = {name: problem for name, problem in wanted.items() if problem}
    _MISSING.write_text(json.dumps(missing), encoding="utf-8")
    for name, problem in missing.items():
        print(f"{name} could not be installed, so it is not compared with: {problem}", file=sys.stderr)


if __name__ == "__main__":
    main()
