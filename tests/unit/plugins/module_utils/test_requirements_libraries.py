# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Third-party libraries: what is missing is named, with the interpreter and the command that helps."""

from __future__ import annotations

import sys
from importlib import metadata

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils import _requirements
from ansible_collections.hybrid.identity.plugins.module_utils._requirements import MissingRequirement, require


def test_what_is_there_is_accepted():
    require("ldap3", "msal", "requests", feature="the tests")
    assert _requirements.ldap3.__name__ == "ldap3"


def test_what_is_missing_is_named_with_the_interpreter_and_the_command(monkeypatch):
    monkeypatch.setattr(_requirements, "gssapi", None, raising=False)
    with pytest.raises(MissingRequirement) as caught:
        require("gssapi", feature="Kerberos")
    message = caught.value.message
    assert "gssapi>=1.8 is missing" in message
    assert "needed for Kerberos" in message
    assert f"{sys.executable} -m pip install 'gssapi>=1.8'" in message


def test_only_what_lacks_is_to_be_installed(monkeypatch):
    monkeypatch.setattr(_requirements, "gssapi", None, raising=False)
    with pytest.raises(MissingRequirement) as caught:
        require("ldap3", "gssapi", feature="Kerberos")
    assert "pip install 'gssapi>=1.8'" in caught.value.message


@pytest.mark.parametrize("version", ["2.9", "2.10", "2.10.2rc4", "3.0"])
def test_a_version_of_ldap3_outside_the_bounds_is_refused(monkeypatch, version):
    monkeypatch.setattr(metadata, "version", lambda name: version)
    with pytest.raises(MissingRequirement) as caught:
        require("ldap3", feature="reading a directory")
    assert version in caught.value.message
    assert "ldap3>=2.9.1,<2.10" in caught.value.message


@pytest.mark.parametrize("version", ["2.9.1", "2.9.1.post1", "2.9.2"])
def test_a_version_of_ldap3_inside_the_bounds_is_accepted(monkeypatch, version):
    monkeypatch.setattr(metadata, "version", lambda name: version)
    require("ldap3", feature="reading a directory")


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError):
        getattr(_requirements, "no_such_library")  # noqa: B009 (the attribute must be looked up at run time)
