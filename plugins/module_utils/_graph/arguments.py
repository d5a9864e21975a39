# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The Entra options: names, environment, defaults, and the checks that need no network."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ansible.module_utils.basic import env_fallback

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure


class Cloud(NamedTuple):
    """Where one Microsoft cloud lives."""

    login: str
    graph: str
    federation_audience: str


# Source: Microsoft Graph "National cloud deployments"; tokens do not cross clouds.
CLOUDS = {
    "public": Cloud(
        "https://login.microsoftonline.com",
        "https://graph.microsoft.com",
        "api://AzureADTokenExchange",
    ),
    "us_gov": Cloud(
        "https://login.microsoftonline.us",
        "https://graph.microsoft.us",
        "api://AzureADTokenExchangeUSGov",
    ),
    "us_gov_dod": Cloud(
        "https://login.microsoftonline.us",
        "https://dod-graph.microsoft.us",
        "api://AzureADTokenExchangeUSGov",
    ),
    "china": Cloud(
        "https://login.chinacloudapi.cn",
        "https://microsoftgraph.chinacloudapi.cn",
        "api://AzureADTokenExchangeChina",
    ),
}


def _option(type_: str, variable: str, **more: Any) -> dict[str, Any]:
    return {"type": type_, "fallback": (env_fallback, [variable]), **more}


ENTRA_ARGUMENTS: dict[str, Any] = {
    "tenant_id": _option("str", "AZURE_TENANT_ID"),
    "client_id": _option("str", "AZURE_CLIENT_ID"),
    "client_secret": _option("str", "AZURE_CLIENT_SECRET", no_log=True),
    "certificate_path": _option("path", "AZURE_CLIENT_CERTIFICATE_PATH"),
    "certificate_passphrase": _option("str", "AZURE_CLIENT_CERTIFICATE_PASSWORD", no_log=True),
    "federated_token_file": _option("path", "AZURE_FEDERATED_TOKEN_FILE", no_log=False),
    "managed_identity": _option("str", "HYBRID_IDENTITY_MANAGED_IDENTITY"),
    "token_cache": _option("path", "HYBRID_IDENTITY_TOKEN_CACHE", no_log=False),
    "access_token": _option("str", "HYBRID_IDENTITY_ACCESS_TOKEN", no_log=True),
    "cloud": _option("str", "HYBRID_IDENTITY_CLOUD", choices=list(CLOUDS), default="public"),
    "login_endpoint": _option("str", "HYBRID_IDENTITY_LOGIN_ENDPOINT"),
    "graph_endpoint": _option("str", "HYBRID_IDENTITY_GRAPH_ENDPOINT"),
    "ca_cert": _option("path", "HYBRID_IDENTITY_CA_CERT"),
    # A proxy's URL may carry a password.
    "proxy": _option("str", "HYBRID_IDENTITY_PROXY", no_log=True),
    "timeout": _option("int", "HYBRID_IDENTITY_TIMEOUT", default=60),
    "max_workers": _option("int", "HYBRID_IDENTITY_MAX_WORKERS", default=8),
    "batch_size": _option("int", "HYBRID_IDENTITY_BATCH_SIZE", default=20),
    "write_quota": _option("int", "HYBRID_IDENTITY_WRITE_QUOTA", default=3000),
    "retry_time": _option("int", "HYBRID_IDENTITY_RETRY_TIME", default=600),
}

SECRET_OPTIONS = tuple(name for name, option in ENTRA_ARGUMENTS.items() if option.get("no_log"))

# Ansible masks a secret wherever its text occurs in a result. A short one occurs everywhere.
SHORTEST_SECRET = 8

# They become part of addresses.
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")

_RANGES = {
    "timeout": (1, 3600),
    "max_workers": (1, 64),
    "batch_size": (1, 20),  # Graph refuses larger batches
    "write_quota": (1, 1_000_000),
    "retry_time": (0, 86_400),
}


class Options(NamedTuple):
    """The Entra options, checked. An empty string counts as not given.

    :ivar given: names of options that came from the task, not from the environment.
    """

    tenant_id: str | None
    client_id: str | None
    client_secret: str | None
    certificate_path: str | None
    certificate_passphrase: str | None
    federated_token_file: str | None
    managed_identity: str | None
    token_cache: str | None
    access_token: str | None
    login_endpoint: str
    graph_endpoint: str
    federation_audience: str
    ca_cert: str | None
    proxy: str | None
    timeout: int
    max_workers: int
    batch_size: int
    write_quota: int
    retry_time: int
    given: frozenset[str]

    @property
    def scope(self) -> str:
        """Everything that was consented to for Graph."""
        return f"{self.graph_endpoint}/.default"


def read_options(params: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> Options:
    """Check module parameters that were declared by :data:`ENTRA_ARGUMENTS`.

    :param environ: the environment the fallbacks were read from.
    :raises Failure: with the option's name; never with a secret's value.
    """
    environ = os.environ if environ is None else environ
    values = {
        name: option.get("default") if params.get(name) in (None, "") else params[name]
        for name, option in ENTRA_ARGUMENTS.items()
    }
    for name in SECRET_OPTIONS:
        if values[name] is not None and len(values[name]) < SHORTEST_SECRET:
            raise Failure(
                f"{_named(name)} has fewer than {SHORTEST_SECRET} characters. Ansible masks secrets wherever their "
                "text occurs, and masking one this short would damage the results. Use a longer one."
            )
    for name, (least, most) in _RANGES.items():
        if not least <= values[name] <= most:
            raise Failure(f"{_named(name)} is {values[name]}; it must lie between {least} and {most}.")
    for name in ("tenant_id", "client_id"):
        if values[name] is not None and not _IDENTIFIER.fullmatch(values[name]):
            raise Failure(f"{_named(name)} holds characters that no id or domain name has.")
    if values["ca_cert"]:
        _check_ca_cert(values["ca_cert"])
    cloud = CLOUDS[values.pop("cloud")]
    values["login_endpoint"] = _endpoint("login_endpoint", values["login_endpoint"] or cloud.login)
    values["graph_endpoint"] = _endpoint("graph_endpoint", values["graph_endpoint"] or cloud.graph)
    given = frozenset(
        name
        for name in ENTRA_ARGUMENTS
        if params.get(name) not in (None, "") and str(params[name]) != environ.get(variable(name))
    )
    return Options(federation_audience=cloud.federation_audience, given=given, **values)


def _check_ca_cert(path: str) -> None:
    """Refuse a file that would make each connection fail with less clear words."""
    if not os.path.exists(path):
        raise Failure(f"{_named('ca_cert')} names {path}, which does not exist.")
    if os.path.isfile(path):
        try:
            ssl.create_default_context(cafile=path)
        except (OSError, ssl.SSLError):
            raise Failure(f"{_named('ca_cert')} names {path}, which holds no readable PEM certificate.") from None


def variable(option: str) -> str:
    """Return the environment variable that stands in for an option."""
    return str(ENTRA_ARGUMENTS[option]["fallback"][1][0])


def _named(option: str) -> str:
    return f"The option {option} (environment: {variable(option)})"


def _endpoint(option: str, url: str) -> str:
    """Return ``https://host[:port]``; anything else is refused, because tokens are sent there."""
    try:
        parts = urlsplit(url)
        usable = (
            parts.scheme == "https"
            and parts.hostname
            and not (parts.username or parts.query or parts.fragment or parts.path.strip("/"))
            and (parts.port is None or parts.port > 0)
        )
        if usable:
            return f"https://{parts.netloc.lower()}"
    except ValueError:  # a port that is no number, a bracket that does not close
        pass
    raise Failure(f"{_named(option)} must look like https://host or https://host:port, without a path.")
