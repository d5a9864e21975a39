# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts the rehearsal tenant: ``python -m rehearsal_tenant --seed FILE --port 0 --dir .rehearsal``."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import sys
import time
from typing import Any, Optional

import uvicorn

from .app import Simulation
from .directory import DirectoryError
from .places import ENV_FILE, hold_lock
from .seed import SeedError, load_seed, overlaid
from .tenant import Tenant
from .tls import Certificates, make_certificates, write_private


class _Server(uvicorn.Server):
    """Tells when the socket is served, not merely when it is open."""

    def __init__(self, config: uvicorn.Config, ready: Any) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: Optional[list[socket.socket]] = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def main(arguments: Optional[list[str]] = None) -> int:
    """Serve until SIGTERM or SIGINT; 0 is a clean stop, 2 an unusable seed or place."""
    options = _parser().parse_args(arguments)
    directory = os.path.abspath(options.dir)
    os.makedirs(directory, mode=0o700, exist_ok=True)
    if not hold_lock(directory):
        sys.stderr.write(f"A rehearsal tenant already runs in {directory}; stop it, or give another --dir.\n")
        return 2
    environment = os.path.join(directory, ENV_FILE)
    with contextlib.suppress(FileNotFoundError):
        os.remove(environment)
    try:
        seed = load_seed(options.seed) if options.seed else {}
        if options.overlay:
            seed = overlaid(seed, load_seed(options.overlay))
        simulation = Simulation(seed, base=os.path.dirname(os.path.abspath(options.seed or "")))
        listener = _listener(options.port)
    except (SeedError, DirectoryError, OSError) as error:
        sys.stderr.write(f"The rehearsal tenant cannot start: {error}\n")
        return 2
    certificates = make_certificates(directory)
    root = f"https://127.0.0.1:{listener.getsockname()[1]}"

    def ready() -> None:
        write_private(environment, _environment(simulation.tenant, root, certificates, directory).encode())
        for note in simulation.tenant.notes:
            print(note)
        for item in simulation.tenant.settings.assumptions():
            print(f"Assumed: {item['question']} {item['setting']}={item['assumed']}")
        print(f"Ready at {root}; connection settings in {environment}", flush=True)

    config = uvicorn.Config(
        simulation.asgi,
        ssl_certfile=certificates.server,
        date_header=False,
        server_header=False,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )
    # uvicorn stops gracefully and then raises the signal once more; that second one must not kill the cleaning up.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)
    try:
        _Server(config, ready).run(sockets=[listener])
    finally:
        for path in (environment, certificates.server, certificates.authority):
            with contextlib.suppress(FileNotFoundError):
                os.remove(path)
    return 0


def _listener(port: int) -> socket.socket:
    """A socket that says it is TCP: asyncio switches Nagle's delay off for such sockets only (40 ms per answer)."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(128)
    return listener


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m rehearsal_tenant", description="A simulated Entra tenant on loopback."
    )
    parser.add_argument("--seed", help="JSON file with the tenant's objects and settings; see the role's README")
    parser.add_argument("--overlay", help="JSON file: its settings go over the seed's, its other keys replace them")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--dir", default=".rehearsal", help="where tenant.env and the CA certificate are written")
    return parser


def _environment(tenant: Tenant, root: str, certificates: Certificates, directory: str) -> str:
    client = next(iter(tenant.clients.values()))
    # What was written before the last start, or to the real tenant of the same id, says nothing about this one.
    state = os.path.join(directory, "state", str(int(time.time())))
    variables = {
        "AZURE_TENANT_ID": tenant.id,
        "AZURE_CLIENT_ID": client.client_id,
        "AZURE_CLIENT_SECRET": client.secret,
        "HYBRID_IDENTITY_LOGIN_ENDPOINT": root,
        "HYBRID_IDENTITY_GRAPH_ENDPOINT": root,
        "HYBRID_IDENTITY_CA_CERT": certificates.authority,
        "HYBRID_IDENTITY_CONTROL_ENDPOINT": root,
        "HYBRID_IDENTITY_STATE_DIR": state,
    }
    return "".join(f"{name}={value}\n" for name, value in variables.items() if value is not None)


if __name__ == "__main__":
    sys.exit(main())
