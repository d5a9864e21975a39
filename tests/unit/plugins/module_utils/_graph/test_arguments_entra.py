# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Entra options."""

from __future__ import annotations

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.arguments import (
    CLOUDS,
    ENTRA_ARGUMENTS,
    SECRET_OPTIONS,
    read_options,
    variable,
)

VALUES = {
    "cloud": ("china", "login_endpoint", "https://login.chinacloudapi.cn"),
    "login_endpoint": ("https://LOGIN.example:8443/", "login_endpoint", "https://login.example:8443"),
    "graph_endpoint": ("https://graph.example", "graph_endpoint", "https://graph.example"),
    "timeout": ("7", "timeout", 7),
    "max_workers": ("2", "max_workers", 2),
    "batch_size": ("5", "batch_size", 5),
    "write_quota": ("100", "write_quota", 100),
    "retry_time": ("0", "retry_time", 0),
}


def validate(params):
    result = ArgumentSpecValidator(ENTRA_ARGUMENTS).validate(params)
    assert not result.error_messages
    return result.validated_parameters


@pytest.mark.parametrize("option", ENTRA_ARGUMENTS)
def test_each_option_falls_back_to_its_variable(option, monkeypatch, tmp_path):
    text, name, value = VALUES.get(option, ("eight-chars-or-more", option, "eight-chars-or-more"))
    if ENTRA_ARGUMENTS[option]["type"] == "path":
        text = value = str(tmp_path)
    monkeypatch.setenv(variable(option), text)
    options = read_options(validate({}))
    assert getattr(options, name) == value
    assert option not in options.given


def test_the_names_of_azure_tools_are_used_where_there_are_any():
    assert variable("tenant_id") == "AZURE_TENANT_ID"
    assert variable("client_id") == "AZURE_CLIENT_ID"
    assert variable("client_secret") == "AZURE_CLIENT_SECRET"
    assert variable("federated_token_file") == "AZURE_FEDERATED_TOKEN_FILE"
    assert variable("ca_cert") == "HYBRID_IDENTITY_CA_CERT"


def test_a_given_option_beats_its_variable(monkeypatch):
    monkeypatch.setenv("AZURE_TENANT_ID", "from-environment")
    options = read_options(validate({"tenant_id": "from-task"}))
    assert options.tenant_id == "from-task"
    assert "tenant_id" in options.given


@pytest.mark.parametrize("option", SECRET_OPTIONS)
def test_a_short_secret_is_refused_and_not_shown(option):
    with pytest.raises(Failure) as caught:
        read_options({option: "Zq7xKw9"}, {})
    assert option in caught.value.message
    assert variable(option) in caught.value.message
    assert "Zq7xKw9" not in caught.value.message


def test_an_empty_string_is_no_value():
    options = read_options({"client_secret": "", "tenant_id": "", "timeout": None}, {})
    assert options.client_secret is None
    assert options.tenant_id is None
    assert options.timeout == 60


@pytest.mark.parametrize("cloud", CLOUDS)
def test_clouds(cloud):
    options = read_options({"cloud": cloud}, {})
    assert options.login_endpoint == CLOUDS[cloud].login
    assert options.scope == f"{CLOUDS[cloud].graph}/.default"


@pytest.mark.parametrize(
    "url",
    [
        "http://graph.example",
        "graph.example",
        "https://",
        "https://user:hunter22@h",
        "https://h/v1.0",
        "https://h:x",
        "https://[h",
        "https://h?x=1",
    ],
)
@pytest.mark.parametrize("option", ["login_endpoint", "graph_endpoint"])
def test_an_endpoint_that_is_no_https_host_is_refused(option, url):
    with pytest.raises(Failure, match=f"{option}.*https://host") as caught:
        read_options({option: url}, {})
    assert "hunter22" not in caught.value.message


@pytest.mark.parametrize(
    ("option", "value"),
    [("batch_size", 21), ("batch_size", 0), ("max_workers", 0), ("timeout", 0), ("write_quota", 0), ("retry_time", -1)],
)
def test_ranges(option, value):
    with pytest.raises(Failure, match=f"{option}.*between"):
        read_options({option: value}, {})


def test_a_ca_file_that_is_none(tmp_path):
    (tmp_path / "text.pem").write_text("no certificate")
    with pytest.raises(Failure, match=r"ca_cert.*no readable PEM certificate"):
        read_options({"ca_cert": str(tmp_path / "text.pem")}, {})
    assert read_options({"ca_cert": str(tmp_path)}, {}).ca_cert == str(tmp_path)


def test_a_ca_file_that_is_not_there(tmp_path):
    with pytest.raises(Failure, match=r"ca_cert.*does not exist"):
        read_options({"ca_cert": str(tmp_path / "none.pem")}, {})


@pytest.mark.parametrize("option", ["tenant_id", "client_id"])
def test_ids_that_would_change_an_address(option):
    with pytest.raises(Failure, match=option):
        read_options({option: "../common"}, {})
