# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The saved configuration of a sync server."""

from __future__ import annotations

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._directory import server_export
from ansible_collections.hybrid.identity.plugins.module_utils._directory.server_export import read_server_export
from ansible_collections.hybrid.identity.plugins.module_utils._dn import rdns
from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure

ROOT = "DC=example,DC=com"


def partition(base=ROOT, *, selected="1", included=(), excluded=()):
    def items(kind, names):
        return f"<{kind}s>" + "".join(f"<{kind}>{name}</{kind}>" for name in names) + f"</{kind}s>"

    containers = items("exclusion", excluded) + items("inclusion", included)
    return (
        f"<partition><name>{base}</name><selected>{selected}</selected><filter><containers>{containers}</containers>"
        "</filter></partition>"
    )


def connector(*partitions, category="AD", group=""):
    return (
        f"<ma-data><category>{category}</category><private-configuration><adma-configuration><parameter-values>"
        f'<parameter name="Connector.GroupFilteringGroupDn">{group}</parameter></parameter-values>'
        f"</adma-configuration></private-configuration><ma-partition-data>{''.join(partitions)}</ma-partition-data>"
        "</ma-data>"
    )


def settings(**values):
    parameters = "".join(f'<parameter name="{name}">{value}</parameter>' for name, value in values.items())
    return (
        "<saved-mv-configuration><mv-data><parameter-values>"
        f"{parameters}</parameter-values></mv-data></saved-mv-configuration>"
    )


def rule(name, *, tag="", disabled="False", dest="cloudFiltered"):
    return (
        f"<synchronizationRule><name>{name}</name><immutable-tag>{tag}</immutable-tag><disabled>{disabled}</disabled>"
        f"<attribute-mappings><mapping><dest>{dest}</dest></mapping></attribute-mappings></synchronizationRule>"
    )


@pytest.fixture
def write(tmp_path):
    """Write documents as an export, by folder, and return its path."""

    def _write(**folders):
        for folder, documents in folders.items():
            (tmp_path / folder).mkdir()
            for number, document in enumerate(documents):
                (tmp_path / folder / f"{number}.xml").write_text(document, encoding="utf-8")
        return str(tmp_path)

    return _write


def test_the_selected_domains_of_all_forests_are_read(write):
    path = write(
        Connectors=[
            connector(
                partition(included=[f"OU=Sales,{ROOT}"], excluded=[ROOT]),
                partition("DC=ForestDnsZones,DC=example,DC=com", selected="0"),
            ),
            connector(partition("DC=other,DC=org", included=["DC=other,DC=org"])),
            connector(partition("default"), category="Extensible2"),
        ],
        GlobalSettings=[
            settings(
                **{
                    "Microsoft.SynchronizationOption.AnchorAttribute": "mS-DS-ConsistencyGuid",
                    "Microsoft.SynchronizationOption.UPNAttribute": "mail",
                }
            )
        ],
    )
    found = read_server_export(path)
    assert [item.base for item in found.partitions] == [rdns(ROOT), rdns("DC=other,DC=org")]
    assert found.partitions[0].included == (rdns(f"OU=Sales,{ROOT}"),)
    assert found.partitions[0].excluded == (rdns(ROOT),)
    assert found.partitions[0].group is None
    assert (found.anchor_attribute, found.login_attribute) == ("mS-DS-ConsistencyGuid", "mail")


@pytest.mark.parametrize(("filtering", "group"), [("True", rdns("CN=Pilot,DC=x")), ("False", None)])
def test_the_pilot_group_counts_only_where_the_feature_is_on(write, filtering, group):
    path = write(
        Connectors=[connector(partition(included=[ROOT]), group="CN=Pilot,DC=x")],
        GlobalSettings=[settings(**{"Microsoft.OptionalFeature.GroupFiltering": filtering})],
    )
    assert read_server_export(path).partitions[0].group == group


def test_an_export_without_settings_does_not_say_what_the_anchor_is(write):
    found = read_server_export(write(Connectors=[connector(partition(included=[ROOT]))]))
    assert (found.anchor_attribute, found.login_attribute, found.filtering_rules) == (None, None, ())


def test_active_rules_of_the_sites_own_that_filter_are_named(write):
    path = write(
        Connectors=[connector(partition(included=[ROOT]))],
        SynchronizationRules=[
            rule("In from AD - User Join", tag="Microsoft.InfromADUserJoin.003"),
            rule("No contractors"),
            rule("Was in use", disabled="True"),
            rule("Sets a title", dest="title"),
        ],
    )
    assert read_server_export(path).filtering_rules == ("No contractors",)


def test_a_file_in_utf_16_is_read(write, tmp_path):
    path = write(Connectors=[])
    text = '<?xml version="1.0" encoding="utf-16"?>' + connector(partition(included=[ROOT]))
    (tmp_path / "Connectors" / "a.XML").write_bytes(text.encode("utf-16"))
    assert len(read_server_export(path).partitions) == 1


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(Failure, match="has no folder Connectors"):
        read_server_export(str(tmp_path))
    with pytest.raises(Failure, match="has no folder Connectors"):
        read_server_export(str(tmp_path / "missing"))


def test_an_export_that_takes_no_domain_is_refused(write):
    with pytest.raises(Failure, match="takes a domain"):
        read_server_export(write(Connectors=[connector(partition(selected="0"))]))


@pytest.mark.parametrize(
    "document",
    [
        "no xml",
        "<ma-data>",
        '<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><ma-data>&c;</ma-data>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><ma-data/>',
    ],
)
def test_what_is_no_export_or_has_entities_is_refused(write, document):
    with pytest.raises(Failure, match="not the XML that a sync server writes"):
        read_server_export(write(Connectors=[document]))


def test_a_file_of_any_size_is_not_read(write, monkeypatch):
    monkeypatch.setattr(server_export, "_SIZE_LIMIT", 10)
    with pytest.raises(Failure, match="larger than"):
        read_server_export(write(Connectors=[connector(partition())]))
