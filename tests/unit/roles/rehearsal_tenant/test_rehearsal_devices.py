# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices of the tenant, and the errors of groups and contacts: read-only, and filtered as the service filters them."""

from __future__ import annotations

import pytest
from rehearsal_support import CLIENT_ID, SECRET, user
from rehearsal_tenant.clock import TenantClock
from rehearsal_tenant.seed import SeedError, build_tenant

DEVICE_ID = "0aa0aa00-0000-4000-8000-000000000001"
OWN_ID = "0bb0bb00-0000-4000-8000-000000000001"
LAPTOP = {
    "displayName": "LAPTOP1",
    "deviceId": DEVICE_ID,
    "trustType": "ServerAd",
    "onPremisesSyncEnabled": True,
    "onPremisesSecurityIdentifier": "S-1-5-21-1-2-3-2001",
    "alternativeSecurityIds": [{"type": 2, "identityProvider": None, "key": "AAAA"}],
}
PARKED = {
    "category": "PropertyConflict",
    "propertyCausingError": "ProxyAddress",
    "value": "SMTP:sales@contoso.com",
    "occurredDateTime": "2026-11-23T12:00:00Z",
}


@pytest.fixture
def devices(start):
    registered = {"displayName": "LAPTOP1", "trustType": "Workplace"}
    return start(
        devices=[LAPTOP, registered, {**registered, "displayName": "Phone"}, {**registered, "displayName": "Phone"}]
    )


def test_a_device_shows_its_sync_properties_by_default(devices):
    found = next(item for item in devices.get("/devices").json()["value"] if item["deviceId"] == DEVICE_ID)
    assert (found["trustType"], found["onPremisesSyncEnabled"]) == ("ServerAd", True)
    assert found["alternativeSecurityIds"][0]["type"] == 2
    assert devices.get(f"/devices/{found['id']}").json()["onPremisesSecurityIdentifier"] == "S-1-5-21-1-2-3-2001"
    # Only users have an anchor.
    assert devices.get("/devices?$select=onPremisesImmutableId").status_code == 400


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        (f"deviceId eq '{DEVICE_ID}'", 1),
        ("displayName eq 'Phone'", 2),
        ("displayName eq 'laptop1'", 2),
        ("trustType eq 'ServerAd'", 1),
        ("onPremisesSyncEnabled eq true", 1),
    ],
)
def test_devices_are_filtered(devices, condition, count):
    assert len(devices.get(f"/devices?$filter={condition}").json()["value"]) == count


def test_the_id_of_a_device_is_not_its_device_id(devices):
    assert devices.get(f"/devices/{DEVICE_ID}").status_code == 404
    assert devices.error(devices.graph("DELETE", f"/devices/{DEVICE_ID}")) == (405, "Request_BadRequest")


def test_devices_have_a_permission_of_their_own(start):
    others = {"clientId": CLIENT_ID, "secret": SECRET, "permissions": ["Group.Read.All", "User.Read.All"]}
    assert start(devices=[LAPTOP], settings={"clients": [others]}).get("/devices").status_code == 403
    own = {**others, "permissions": ["Device.Read.All"]}
    assert start(devices=[LAPTOP], settings={"clients": [own]}).get("/devices").status_code == 200


def test_a_device_is_a_member_of_a_group(start):
    known = {**LAPTOP, "id": OWN_ID}
    rehearsal = start(devices=[known], groups=[{"displayName": "Laptops", "members": [known["id"]]}])
    group = rehearsal.get("/groups").json()["value"][0]["id"]
    assert rehearsal.get(f"/groups/{group}/members?$select=displayName").json()["value"] == [
        {"@odata.type": "#microsoft.graph.device", "id": known["id"], "displayName": "LAPTOP1"}
    ]


def test_a_device_id_belongs_to_one_device():
    with pytest.raises(SeedError, match=r"devices\[1\].deviceId"):
        build_tenant(
            {"devices": [{**LAPTOP, "id": OWN_ID}, {"displayName": "Other", "deviceId": DEVICE_ID}]}, TenantClock()
        )
    with pytest.raises(SeedError, match=r"devices\[0\].deviceId"):
        build_tenant({"devices": [{"displayName": "Other", "deviceId": "1"}]}, TenantClock())


@pytest.mark.parametrize("section", ["users", "groups", "contacts"])
def test_who_has_a_parked_value_can_be_asked_for(start, section):
    row = user("ann") if section == "users" else {"displayName": "Ann"}
    other = user("bob") if section == "users" else {"displayName": "Bob"}
    rehearsal = start(**{section: [{**row, "onPremisesProvisioningErrors": [PARKED]}, other]})
    wanted = "onPremisesProvisioningErrors/any(o:o/category eq 'PropertyConflict')"
    assert [item["displayName"] for item in rehearsal.get(f"/{section}?$filter={wanted}").json()["value"]] == ["Ann"]
