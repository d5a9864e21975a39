# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of groups, contacts and devices: by id or name, in batches, and what may not be read is said."""

from __future__ import annotations

import re
from urllib.parse import unquote

import graph_double
import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.standing import SyncFacts
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.other_objects import (
    asked_for,
    read_other_objects,
)

BIN = "/directory/deletedItems/microsoft.graph.group"
ON = SyncFacts(sync_on=True)


def object_id(number):
    return f"{number:08x}-bbbb-4bbb-8bbb-bbbbbbbbbbbb"


def group(number, name="Sales", **properties):
    mail = {"mail": f"g{number}@example.com", "proxyAddresses": [f"SMTP:g{number}@example.com"], "mailEnabled": True}
    return {"id": object_id(number), "displayName": name, "onPremisesSyncEnabled": None, **mail, **properties}


def contact(number, name="Partner", **properties):
    mail = {"mail": f"c{number}@fabrikam.com", "proxyAddresses": [f"SMTP:c{number}@fabrikam.com"]}
    return {"id": object_id(number), "displayName": name, "onPremisesSyncEnabled": None, **mail, **properties}


def device(number, name="PC", **properties):
    return {"id": object_id(number), "displayName": name, "deviceId": object_id(900 + number), "trustType": "AzureAd",
            "onPremisesSyncEnabled": None, **properties}  # fmt: skip


def synced(body, *parked):
    errors = [{"category": "PropertyConflict", "propertyCausingError": "ProxyAddress", "value": one} for one in parked]
    return {**body, "onPremisesSyncEnabled": True, "onPremisesProvisioningErrors": errors}


class Graph(graph_double.Graph):
    """A double that filters as Graph does, by the few conditions that are asked for here."""

    def __init__(self, **collections):
        super().__init__(**{"devices": [], **collections})
        for path in ("/groups", "/contacts", "/devices"):
            for body in self.collections[path]:
                self.objects[f"{path}/{body['id']}"] = body
                if path != "/devices":
                    self.objects[f"{path}/{body['id']}/onPremisesSyncBehavior"] = {"isCloudManaged": False}

    def _answer(self, request, version):
        response = super()._answer(request, version)
        condition = re.search(r"\$filter=([^&]+)", unquote(request.path))
        if response.error is None and condition:
            if "SamAccountName" in condition[1]:
                assert request.headers == {"ConsistencyLevel": "eventual"}
                assert "$count=true" in request.path
            response.body["value"] = [body for body in response.body["value"] if fits(body, condition[1])]
        return response


def fits(body, condition):
    if condition.startswith("onPremisesProvisioningErrors/any"):
        return bool(body.get("onPremisesProvisioningErrors"))
    address = re.fullmatch(r"proxyAddresses/any\(p:p eq '(.*)'\)", condition)
    if address:
        return address[1].lower() in [one.lower() for one in body.get("proxyAddresses") or ()]
    name, value = re.fullmatch(r"(\w+) eq '(.*)'", condition).groups()
    return str(body.get(name)).lower() == value.replace("''", "'").lower()


def read(graph, sync=ON, features=None, **asked):
    asked = {"groups": None, "contacts": None, "devices": None, **asked}
    return read_other_objects(graph, asked_for(asked), sync, features)


def codes(row):
    return tuple(why["code"] for why in row["reasons"])


def permissions(row):
    return [item["permission"] for item in row["unchecked"]]


# Which one is meant


@pytest.mark.parametrize("name", [object_id(1), "Sales", "SALES", "g1@example.com", "old@example.com", "sales-team"])
def test_a_group_is_found_by_id_name_address_and_account_name(name):
    one = group(1, onPremisesSamAccountName="sales-team")
    one["proxyAddresses"].append("smtp:old@example.com")
    [row] = read(Graph(groups=[one, group(2, "Purchase")]), groups=[name])
    assert (row["id"], row["name"], row["state"]) == (object_id(1), name, "in_cloud")


@pytest.mark.parametrize("name", [object_id(1), object_id(901), "pc"])
def test_a_device_is_found_by_both_ids_and_by_name(name):
    [row] = read(Graph(devices=[device(1), device(2, "Other")]), devices=[name])
    assert (row["id"], codes(row)) == (object_id(1), ("device_needs_hybrid_join",))


@pytest.mark.parametrize("name", [object_id(1), "Partner", "c1@fabrikam.com"])
def test_a_contact_is_found_by_id_name_and_address(name):
    [row] = read(Graph(contacts=[contact(1), contact(2, "Other")]), contacts=[name])
    assert (row["id"], row["details"]) == (object_id(1), {"mail": "c1@fabrikam.com"})


def test_a_name_that_two_properties_share_means_two_objects():
    """The one is called what the other had as its account name."""
    graph = Graph(groups=[group(1, "Staff"), group(2, "All", onPremisesSamAccountName="staff")])
    [row] = read(graph, groups=["Staff"])
    assert (row["id"], row["state"], codes(row)) == (None, "unknown", ("object_ambiguous",))
    assert [one["id"] for one in row["candidates"]] == [object_id(1), object_id(2)]


def test_quotes_in_a_name_are_part_of_it():
    [row] = read(Graph(groups=[group(1, "Boss' friends")]), groups=["Boss' friends"])
    assert row["id"] == object_id(1)


def test_each_is_asked_for_once_and_answered_in_order():
    graph = Graph(groups=[group(1)], devices=[device(2)], contacts=[contact(3)])
    rows = read(graph, groups=["Sales", " Sales ", object_id(1)], devices=["PC"], contacts=["Partner"])
    assert [(row["kind"], row["name"]) for row in rows] == [
        ("group", "Sales"), ("group", object_id(1)), ("contact", "Partner"), ("device", "PC"),
    ]  # fmt: skip


def test_what_is_gone_and_what_never_was():
    graph = Graph()
    graph.collections[BIN] = [group(1, "Old team")]
    rows = read(graph, groups=["Old Team", "Nobody"], contacts=["Nobody"], devices=[object_id(5)])
    assert [codes(row) for row in rows] == [
        ("object_deleted",), ("object_not_found",), ("object_not_found",), ("object_not_found",),
    ]  # fmt: skip
    assert {row["state"] for row in rows} == {"not_found"}
    assert [path for path, _what in graph.sent].count(BIN) == 1


# What explains it


def test_the_owner_of_a_parked_address_is_named_whatever_it_is():
    graph = Graph(
        groups=[synced(group(1), "SMTP:taken@example.com", "smtp:free@example.com")],
        contacts=[contact(3, "Owner", proxyAddresses=["smtp:taken@example.com"])],
        users=[{"id": "u", "userPrincipalName": "jane@example.com", "proxyAddresses": ["smtp:TAKEN@example.com"]}],
    )
    [row] = read(graph, groups=["Sales"])
    assert (row["state"], codes(row)) == ("conflict", ("attribute_quarantined", "attribute_quarantined"))
    assert "user jane@example.com (u); contact Owner" in row["reasons"][0]["message"]
    assert "not found" in row["reasons"][1]["message"]


@pytest.mark.parametrize("kind", ["groups", "contacts"])
def test_the_object_that_the_sync_made_instead(kind):
    make = group if kind == "groups" else contact
    mine = make(1)
    graph = Graph(**{kind: [mine, synced(make(2, "Made by sync"), mine["proxyAddresses"][0])]})
    [row] = read(graph, **{kind: [object_id(1)]})
    assert (row["state"], codes(row)[0]) == ("conflict", "object_twin")
    assert "Made by sync" in row["reasons"][0]["message"]


@pytest.mark.parametrize("kind", ["groups", "contacts"])
def test_a_source_of_authority_that_was_moved(kind):
    graph = Graph(groups=[group(1)], contacts=[contact(1)])
    graph.objects[f"/{kind}/{object_id(1)}/onPremisesSyncBehavior"] = {"isCloudManaged": True}
    [row] = read(graph, **{kind: [object_id(1)]})
    assert codes(row) == ("object_cloud_managed",)


def test_the_flags_of_the_tenant_count():
    graph = Graph(groups=[group(1)])
    [row] = read(graph, SyncFacts(sync_on=False), {"blockSoftMatchEnabled": True}, groups=["Sales"])
    assert codes(row) == ("tenant_sync_off", "object_match_blocked", "group_matches_by_address")


# What it costs


def test_nothing_is_read_where_nothing_is_asked():
    graph = Graph()
    assert read(graph) == []
    assert graph.sent == []


def test_who_is_synced_without_errors_costs_one_batch():
    graph = Graph(groups=[synced(group(1))], contacts=[synced(contact(2))], devices=[synced(device(3))])
    rows = read(graph, groups=[object_id(1)], contacts=[object_id(2)], devices=[object_id(3)])
    assert [row["state"] for row in rows] == ["synced"] * 3
    # The second asks for the device by its deviceId.
    assert graph.sent == [("$batch", 3), ("$batch", 1)]


def test_many_share_batches():
    groups = [group(number, f"G{number}") for number in range(1, 41)]
    graph = Graph(groups=groups)
    rows = read(graph, groups=[one["displayName"] for one in groups])
    assert {row["state"] for row in rows} == {"in_cloud"}
    # By name 40, by account name 40, source of authority 40, who claims an address 1.
    assert [size for _path, size in graph.sent] == [20, 20, 20, 20, 1, 20, 20]


# What may not be read


@pytest.mark.parametrize(
    ("kind", "permission"),
    [("groups", "Group.Read.All"), ("contacts", "OrgContact.Read.All"), ("devices", "Device.Read.All")],
)
@pytest.mark.parametrize("name", ["Name", object_id(1)])
def test_a_kind_that_may_not_be_read_is_unknown_with_its_permission(kind, permission, name):
    graph = Graph()
    graph.refused = {f"/{kind}": 403, f"/{kind}/{object_id(1)}": 403}
    [row] = read(graph, **{kind: [name]})
    assert (row["state"], codes(row), row["error"]["status"]) == ("unknown", ("object_unread",), 403)
    assert permissions(row) == [permission]


def test_one_that_fails_for_another_reason_leaves_the_others_standing():
    graph = Graph(groups=[group(1), group(2, "Other")])
    graph.refused = {f"/groups/{object_id(1)}": 500}
    failed, fine = read(graph, groups=[object_id(1), object_id(2)])
    assert (failed["state"], failed["error"]["status"], failed["unchecked"]) == ("unknown", 500, [])
    assert fine["state"] == "in_cloud"


def test_what_explains_may_be_closed():
    flags = {"what": "the tenant's synchronization features", "permission": "OnPremDirectorySynchronization.Read.All"}
    graph = Graph(groups=[group(1)])
    # By id alone it can be read: a cloud that does not filter by errors.
    graph.refused = {f"/groups/{object_id(1)}/onPremisesSyncBehavior": 403, "/groups": 400}
    [row] = read(graph, ON._replace(unchecked=(flags,)), groups=[object_id(1)])
    assert codes(row) == ("group_matches_by_address",)
    assert permissions(row) == [
        "OnPremDirectorySynchronization.Read.All", "Group-OnPremisesSyncBehavior.ReadWrite.All", "Group.Read.All",
    ]  # fmt: skip


def test_nothing_is_open_about_who_is_synced():
    graph = Graph(groups=[synced(group(1))])
    graph.refused = {"/contacts": 403}
    [row] = read(graph, ON._replace(unchecked=({"what": "x", "permission": "y"},)), groups=["Sales"])
    assert (row["state"], row["unchecked"]) == ("synced", [])


def test_owners_that_may_not_be_read_are_named_as_open():
    graph = Graph(groups=[synced(group(1), "smtp:taken@example.com")])
    graph.refused = {"/contacts": 403, "/users": 403}
    [row] = read(graph, groups=["Sales"])
    assert permissions(row) == ["User.Read.All", "OrgContact.Read.All"]


def test_a_closed_recycle_bin_is_named_where_a_group_was_not_found():
    graph = Graph()
    graph.refused = {BIN: 403}
    group_row, device_row = read(graph, groups=["Nobody"], devices=["Nobody"])
    assert (permissions(group_row), permissions(device_row)) == (["Group.Read.All"], [])


def test_a_service_out_of_order_is_no_answer():
    graph = Graph(groups=[group(1)])
    graph.refused = {f"/groups/{object_id(1)}/onPremisesSyncBehavior": 500}
    with pytest.raises(GraphError):
        read(graph, groups=["Sales"])
