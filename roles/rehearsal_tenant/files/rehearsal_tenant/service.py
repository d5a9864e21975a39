# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts and stops a rehearsal tenant in the background: ``python -m rehearsal_tenant.service start|stop --dir …``.

Prints one line of JSON: ``{"changed": bool, "running": bool, "dir": …}``; how to connect is in tenant.env. Uses the
standard library only, so that it can stop a tenant whatever became of the libraries.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from typing import Any, Optional

from .places import ENV_FILE, LOG_FILE, running_pid

# A seed of a million users takes most of a minute.
START_SECONDS = 300
STOP_SECONDS = 10
_PACKAGE = os.path.dirname(os.path.abspath(__file__))
_FINGERPRINT = "tenant.started"
_LOG_LINES = 15


class ServiceError(Exception):
    """The tenant did not start or did not stop."""


def start(directory: str, seeds: list[str], port: int, check: bool = False) -> bool:
    """Run the tenant with these seeds; a tenant with others, another port or version is replaced.

    :param seeds: path of the seed, and of an overlay if there is one.

    :returns: whether anything changed.
    """
    wanted = _fingerprint(seeds, port)
    path = os.path.join(directory, _FINGERPRINT)
    if running_pid(directory) and _text(path) == wanted:
        return False
    if check:
        return True
    stop(directory)
    os.makedirs(directory, mode=0o700, exist_ok=True)
    _spawn(directory, seeds, port)
    with open(path, "w", encoding="ascii") as file:
        file.write(wanted)
    return True


def stop(directory: str, check: bool = False) -> bool:
    """Stop the tenant of the directory, gently at first.

    :returns: whether there was one.
    """
    pid = running_pid(directory)
    if pid is None or check:
        return pid is not None
    for number in (signal.SIGTERM, signal.SIGKILL):
        os.kill(pid, number)
        if _wait(lambda: running_pid(directory) is None, STOP_SECONDS):
            break
    else:
        raise ServiceError(f"Process {pid} does not stop.")
    environment = os.path.join(directory, ENV_FILE)
    if os.path.exists(environment):
        os.remove(environment)
    return True


def _spawn(directory: str, seeds: list[str], port: int) -> None:
    log = os.path.join(directory, LOG_FILE)
    command = [sys.executable, "-m", "rehearsal_tenant", "--port", str(port), "--dir", directory]
    for option, seed in zip(("--seed", "--overlay"), seeds):
        command += [option, seed]
    # The collection may be installed where nothing can be written.
    surroundings = {**os.environ, "PYTHONPATH": os.path.dirname(_PACKAGE), "PYTHONDONTWRITEBYTECODE": "1"}
    ready = os.path.join(directory, ENV_FILE)
    # A tenant that was killed leaves its file, and that says nothing of the new one.
    with contextlib.suppress(FileNotFoundError):
        os.remove(ready)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as output:
        process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=surroundings, start_new_session=True
        )
    _wait(lambda: os.path.exists(ready) or process.poll() is not None, START_SECONDS)
    if process.poll() is not None or not os.path.exists(ready):
        process.kill()
        process.wait()
        raise ServiceError(f"The rehearsal tenant did not start. Its log {log} ends with:\n{_tail(log)}")


def _fingerprint(seeds: list[str], port: int) -> str:
    """Of all that a running tenant was made from."""
    digest = hashlib.sha256(f"{port}\n{seeds}\n".encode())
    sources = sorted(name for name in os.listdir(_PACKAGE) if name.endswith(".py"))
    for path in [*seeds, *(os.path.join(_PACKAGE, name) for name in sources)]:
        try:
            with open(path, "rb") as file:
                digest.update(file.read())
        except OSError as error:
            raise ServiceError(f"{path} cannot be read: {error.strerror}.") from None
    return digest.hexdigest()


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def _tail(path: str) -> str:
    return "\n".join(_text(path).splitlines()[-_LOG_LINES:])


def _wait(condition: Any, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return bool(condition())


def main(arguments: Optional[list[str]] = None) -> int:
    """0, or 1 with the reason on standard error."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal_tenant.service", description="Runs a rehearsal tenant.")
    parser.add_argument("order", choices=("start", "stop"))
    parser.add_argument("--dir", required=True)
    parser.add_argument("--seed")
    parser.add_argument("--overlay", help="JSON file that goes over the seed")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--check", action="store_true", help="only say whether anything would change")
    options = parser.parse_args(arguments)
    directory = os.path.abspath(options.dir)
    try:
        if options.order == "start":
            seeds = [os.path.abspath(path) for path in (options.seed, options.overlay) if path]
            changed = start(directory, seeds, options.port, options.check)
        else:
            changed = stop(directory, options.check)
    except ServiceError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    running = running_pid(directory) is not None
    print(json.dumps({"changed": changed, "running": running, "dir": directory}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
