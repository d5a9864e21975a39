# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of answer, checked against the description of Graph v1.0 that lies beside the project."""

from __future__ import annotations

import json
import os

import pytest
from rehearsal_support import CLIENT_ID, ROLE, SECRET, TENANT_ID, ad_user, anchor, dn, user

CONTRACT = ROLE.parents[2] / "shared" / "contract" / "graph-v1.0-openapi.json"
if not CONTRACT.exists():
    reason = f"no Graph contract at {CONTRACT}: answers of the rehearsal tenant are not checked against it"
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must check this: {reason}", pytrace=False)
    pytest.skip(reason, allow_module_level=True)

openapi_core = pytest.importorskip("openapi_core", reason="openapi-core is not installed: the contract is not checked")

from openapi_core.datatypes import RequestParameters

SALES, PARTNER = "88666888-0101-1111-bbbb-1234567890ab", "88666888-0101-1111-bbbb-1234567890ac"
READERS = "4a5d8f65-41da-4de4-8968-e035b65339cf"
CARL = user("carl")["id"]
LAPTOP = "88666888-0101-1111-bbbb-1234567890ad"
PARKED = {
    "category": "PropertyConflict", "propertyCausingError": "ProxyAddress", "value": "SMTP:p@contoso.com",
    "occurredDateTime": "2026-11-23T12:00:00Z",
}  # fmt: skip
FAILED = {
    "@odata.type": "#microsoft.graph.serviceProvisioningXmlError", "createdDateTime": "2026-11-23T12:00:00Z",
    "isResolved": False, "serviceInstance": "exchange/contoso", "errorDetail": "<ErrorCode>1</ErrorCode>",
}  # fmt: skip
G1 = "14c8d2a9-90b7-4d7a-b264-1cc77901069a"
SERVER = "https://graph.microsoft.com/v1.0"
ADVANCED = {"ConsistencyLevel": "eventual"}
RIGHTS = [
    "User.ReadWrite.All", "User.DeleteRestore.All", "Organization.Read.All", "Domain.Read.All", "Group.Read.All",
    "OrgContact.Read.All", "Device.Read.All", "OnPremDirectorySynchronization.ReadWrite.All", "Application.Read.All",
    "Synchronization.ReadWrite.All", "RoleManagement.Read.Directory", "User-OnPremisesSyncBehavior.ReadWrite.All",
    "Group-OnPremisesSyncBehavior.ReadWrite.All", "Contacts-OnPremisesSyncBehavior.ReadWrite.All",
    "AuditLog.Read.All",
]  # fmt: skip


class _Request:
    """A request as openapi-core wants it."""

    def __init__(self, method, path, query, headers, body):
        # The contract spells casts and functions as its own paths do.
        path = path.replace("microsoft.graph.", "graph.").replace("users/delta", "users/delta()")
        self.host_url, self.path = SERVER[: -len("/v1.0")], "/v1.0" + path.replace("()()", "()")
        self.method, self.body = method.lower(), json.dumps(body).encode() if body is not None else None
        self.content_type = "application/json"
        self.parameters = RequestParameters(query=query, header=headers)


class _Response:
    """An answer as openapi-core wants it."""

    def __init__(self, answer):
        self.status_code, self.headers = answer.status_code, answer.headers
        self.data = answer.content or None
        self.content_type = answer.headers.get("content-type", "application/json")


@pytest.fixture(scope="module")
def contract():
    described = json.loads(CONTRACT.read_text())
    # Discriminators stand on base types there: Graph leaves @odata.type out where the type is plain, and the validator
    # would go from base to derived type and back for ever.
    for schema in described["components"]["schemas"].values():
        schema.pop("discriminator", None)
    return openapi_core.OpenAPI.from_dict(described)


@pytest.fixture
def rehearsal(start, domain):
    domain.write(ad_user("ann", G1, proxyAddresses="SMTP:ann@contoso.com", title="Chief"))
    tenant = start(
        tenant={"id": TENANT_ID, "displayName": "Contoso"},
        users=[
            user("ann", onPremisesImmutableId=anchor(G1), createdDateTime="2026-01-01T00:00:00Z", assignedLicenses=[]),
            user("bob", onPremisesImmutableId="held", userType="Member"),
            user("carl"),
        ],
        deletedUsers=[user("gone"), user("twin")],
        groups=[
            {
                "id": SALES,
                "displayName": "Sales",
                "mail": "sales@contoso.com",
                "groupTypes": [],
                "isAssignableToRole": True,
                "members": [CARL],
                "owners": [CARL],
            },
        ],
        deletedGroups=[{"displayName": "Old", "mail": "old@contoso.com", "groupTypes": ["Unified"]}],
        contacts=[
            {
                "id": PARTNER,
                "displayName": "Partner",
                "mail": "p@fabrikam.com",
                "onPremisesProvisioningErrors": [PARKED],
                "serviceProvisioningErrors": [FAILED],
            }
        ],
        devices=[
            {
                "id": LAPTOP,
                "displayName": "LAPTOP1",
                "trustType": "ServerAd",
                "approximateLastSignInDateTime": "2026-11-20T08:00:00Z",
                "alternativeSecurityIds": [{"type": 2, "identityProvider": None, "key": "AAAA"}],
            }
        ],
        roles=[
            {"group": SALES, "role": "Helpdesk Administrator"},
            {"user": CARL, "role": "Reports Reader"},
            {"user": CARL, "role": "Badge Printer", "eligible": True},
        ],
        directories=domain.seed(scope={"ous": ["OU=People,DC=corp,DC=contoso,DC=com"]}),
        settings={"clients": [{"clientId": CLIENT_ID, "secret": SECRET, "permissions": RIGHTS}]},
    )
    tenant.cycle()
    return tenant


def job_of(rehearsal):
    found = rehearsal.get("/servicePrincipals?$filter=displayName eq 'corp.contoso.com'").json()["value"][0]["id"]
    jobs = f"/servicePrincipals/{found}/synchronization/jobs"
    return jobs, f"{jobs}/{rehearsal.get(jobs).json()['value'][0]['id']}"


def check(contract, rehearsal, method, path, status, query=None, headers=None, body=None):
    query, headers = query or {}, headers or {}
    more = {"json": body} if body is not None else {}
    answer = rehearsal.graph(method, path, params=query, headers=headers, **more)
    assert answer.status_code == status, answer.text
    request = _Request(method, path, query, headers, body)
    contract.validate_response(request, _Response(answer))
    return answer


ANN, GONE, TWIN = (user(name)["id"] for name in ("ann", "gone", "twin"))
NEW = {
    "accountEnabled": True, "displayName": "New", "mailNickname": "new", "userPrincipalName": "new@contoso.com",
    "passwordProfile": {"password": "x"},
}  # fmt: skip
SELECT = {
    "$select": "id,userPrincipalName,accountEnabled,createdDateTime,onPremisesImmutableId,onPremisesSyncEnabled,"
    "onPremisesLastSyncDateTime,onPremisesProvisioningErrors,proxyAddresses,assignedLicenses,deletedDateTime"
}


@pytest.mark.parametrize(
    ("method", "path", "status", "query", "body"),
    [
        ("GET", "/users", 200, {}, None),
        ("GET", "/users", 200, SELECT, None),
        ("GET", "/users", 200, {**SELECT, "$top": "1", "$count": "true"}, None),
        ("GET", "/users", 400, {"$filter": "nope eq 1"}, None),
        ("GET", f"/users/{ANN}", 200, SELECT, None),
        ("GET", f"/users/{GONE}", 404, {}, None),
        ("GET", "/users/delta", 200, SELECT, None),
        ("PATCH", f"/users/{ANN}", 400, {}, {"onPremisesImmutableId": "x"}),
        ("PATCH", f"/users/{user('bob')['id']}", 204, {}, {"onPremisesImmutableId": "y"}),
        ("PATCH", f"/users/{user('bob')['id']}", 400, {}, {"onPremisesImmutableId": anchor(G1)}),
        ("GET", "/groups", 200, {}, None),
        ("GET", "/contacts", 200, {}, None),
        ("GET", f"/contacts/{PARTNER}", 200, {}, None),
        ("GET", "/devices", 200, {"$filter": "displayName eq 'LAPTOP1'"}, None),
        ("GET", f"/devices/{LAPTOP}", 200, {}, None),
        ("GET", "/directory/deletedItems/microsoft.graph.user", 200, {}, None),
        ("GET", f"/directory/deletedItems/{GONE}", 200, {}, None),
        ("POST", f"/directory/deletedItems/{GONE}/restore", 200, {}, None),
        ("DELETE", f"/directory/deletedItems/{TWIN}", 204, {}, None),
        ("GET", "/organization", 200, {}, None),
        ("GET", f"/organization/{TENANT_ID}", 200, {}, None),
        ("GET", "/domains", 200, {}, None),
        ("GET", "/domains/contoso.com", 200, {}, None),
        ("GET", "/directory/onPremisesSynchronization", 200, {}, None),
        ("GET", f"/directory/onPremisesSynchronization/{TENANT_ID}", 200, {}, None),
        ("PATCH", f"/directory/onPremisesSynchronization/{TENANT_ID}", 204, {}, {"features": {}}),
        ("GET", "/servicePrincipals", 200, {}, None),
        ("GET", "/directory/deletedItems/microsoft.graph.group", 200, {}, None),
        ("GET", "/roleManagement/directory/roleDefinitions", 200, {}, None),
        ("GET", f"/roleManagement/directory/roleDefinitions/{READERS}", 200, {}, None),
        ("GET", "/roleManagement/directory/roleAssignments", 200, {"$expand": "principal"}, None),
        ("GET", "/roleManagement/directory/roleAssignmentScheduleInstances", 200, {}, None),
        ("GET", "/roleManagement/directory/roleEligibilityScheduleInstances", 200, {"$expand": "roleDefinition"}, None),
        ("GET", "/directoryRoles", 200, {}, None),
        ("GET", f"/groups/{SALES}/members", 200, {"$select": "id,displayName"}, None),
        ("GET", f"/groups/{SALES}/owners", 200, {}, None),
        ("GET", f"/groups/{SALES}/transitiveMembers", 200, {}, None),
        ("GET", f"/users/{CARL}/memberOf", 200, {}, None),
        ("GET", f"/users/{CARL}/memberOf/microsoft.graph.directoryRole", 200, {}, None),
        ("GET", f"/users/{CARL}/transitiveMemberOf", 200, {}, None),
        ("GET", f"/users/{CARL}/onPremisesSyncBehavior", 200, {}, None),
        ("GET", f"/groups/{SALES}/onPremisesSyncBehavior", 200, {}, None),
        ("GET", f"/contacts/{PARTNER}/onPremisesSyncBehavior", 200, {}, None),
        ("PATCH", f"/users/{ANN}/onPremisesSyncBehavior", 204, {}, {"isCloudManaged": True}),
        ("PATCH", f"/users/{CARL}/onPremisesSyncBehavior", 400, {}, {"isCloudManaged": True}),
        ("GET", "/auditLogs/provisioning", 200, {"$top": "1"}, None),
        ("GET", "/auditLogs/provisioning", 200, {"$filter": "contains(jobId, 'AD2AAD')"}, None),
        ("GET", "/auditLogs/provisioning", 400, {"$filter": "nope eq 1"}, None),
        ("GET", "/auditLogs/directoryAudits", 200, {"$filter": "category eq 'UserManagement'"}, None),
        ("GET", "/auditLogs/directoryAudits", 400, {"$filter": "result ge 'x'"}, None),
        ("POST", "/users", 201, {}, NEW),
        ("DELETE", f"/users/{ANN}", 204, {}, None),
    ],
)  # fmt: skip
def test_answers(contract, rehearsal, method, path, status, query, body):
    headers = ADVANCED if query.get("$count") else {}
    check(contract, rehearsal, method, path, status, query, headers, body)


def test_jobs(contract, rehearsal):
    jobs, job = job_of(rehearsal)
    check(contract, rehearsal, "GET", jobs, 200)
    check(contract, rehearsal, "GET", job, 200)
    schema = check(contract, rehearsal, "GET", f"{job}/schema", 200).json()
    check(contract, rehearsal, "POST", f"{job}/pause", 204)
    check(contract, rehearsal, "POST", f"{job}/start", 204)
    check(contract, rehearsal, "POST", f"{job}/restart", 204, body={"criteria": {"resetScope": "Full"}})
    subject = {"objectId": dn("ann"), "objectTypeName": "user"}
    parameters = [{"ruleId": schema["synchronizationRules"][0]["id"], "subjects": [subject]}]
    check(contract, rehearsal, "POST", f"{job}/provisionOnDemand", 200, body={"parameters": parameters})


def test_a_job_in_quarantine(contract, rehearsal, domain):
    rehearsal.set(deleteThreshold=1)
    domain.write(*(ad_user(f"u{number}", f"00000000-0000-4000-8000-00000000000{number}") for number in range(3)))
    rehearsal.cycle()
    domain.write(ad_user("last", "00000000-0000-4000-8000-000000000009"))
    rehearsal.control("POST", "/sync", json={})
    _jobs, job = job_of(rehearsal)
    assert check(contract, rehearsal, "GET", job, 200).json()["status"]["code"] == "Quarantine"


def test_batches(contract, rehearsal):
    requests = [{"id": str(number), "method": "GET", "url": f"/users/{ANN}"} for number in range(3)]
    check(contract, rehearsal, "POST", "/$batch", 200, body={"requests": requests})
    check(contract, rehearsal, "POST", "/$batch", 400, body={"requests": requests * 2})


def test_the_check_can_fail(contract, rehearsal):
    class Wrong(_Response):
        def __init__(self):
            self.status_code, self.headers, self.content_type = 200, {}, "application/json"
            self.data = json.dumps({"value": [{"accountEnabled": "yes"}]}).encode()

    with pytest.raises(openapi_core.exceptions.OpenAPIError):
        contract.validate_response(_Request("GET", "/users", {}, {}, None), Wrong())
