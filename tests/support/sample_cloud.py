"""Objects of the sample company's tenant, in Graph's own property names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sample_person import COMPANY, DOMAIN, Person, identifier

#: What a listing shows of a user besides the properties of a person.
_EMPTY: dict[str, Any] = {
    "givenName": None,
    "surname": None,
    "jobTitle": None,
    "department": None,
    "companyName": None,
    "officeLocation": None,
    "city": None,
    "employeeId": None,
    "otherMails": [],
    "accountEnabled": True,
    "userType": "Member",
    "creationType": None,
    "externalUserState": None,
    "createdDateTime": "2021-03-01T08:00:00Z",
    "onPremisesImmutableId": None,
    "onPremisesSyncEnabled": None,
    "onPremisesLastSyncDateTime": None,
    "onPremisesDistinguishedName": None,
    "onPremisesDomainName": None,
    "onPremisesSamAccountName": None,
    "onPremisesSecurityIdentifier": None,
    "onPremisesUserPrincipalName": None,
    "onPremisesProvisioningErrors": [],
}
#: What the seed knows of everybody, and writes down only where it is not this.
USUAL: dict[str, Any] = {
    "assignedLicenses": [],
    "assignedPlans": [],
    "businessPhones": [],
    "country": None,
    "faxNumber": None,
    "isManagementRestricted": None,
    "isResourceAccount": None,
    "mobilePhone": None,
    "onPremisesExtensionAttributes": None,
    "onPremisesObjectIdentifier": None,
    "onPremisesSyncBehavior": {"isCloudManaged": False},
    "postalCode": None,
    "preferredLanguage": None,
    "showInAddressList": None,
    "state": None,
    "streetAddress": None,
    "usageLocation": None,
}


def cloud_user(login: str, display_name: str, **deviations: Any) -> dict[str, Any]:
    """One user as ``GET /users`` with a full ``$select`` returns it."""
    address = f"{login}@{DOMAIN}"
    user: dict[str, Any] = {
        "id": identifier("cloud user", login),
        "userPrincipalName": address,
        "displayName": display_name,
        "mail": address,
        "mailNickname": login,
        "proxyAddresses": [f"SMTP:{address}"],
        **_EMPTY,
    }
    unknown = deviations.keys() - user.keys() - USUAL.keys() - {"deletedDateTime"}
    if unknown:
        raise ValueError(f"not a property of a sample user: {sorted(unknown)}")
    return {**user, **deviations}


def cloud_twin(person: Person) -> dict[str, Any]:
    """The user that a person has in the tenant: what AD says, and what deviates."""
    known = {
        "givenName": person.given_name,
        "surname": person.surname,
        "jobTitle": person.title,
        "department": person.department,
        "companyName": COMPANY if person.given_name else None,
        "officeLocation": person.city,
        "city": person.city,
        "employeeId": person.employee_id,
        "proxyAddresses": person.proxy_addresses,
    }
    return cloud_user(person.login, person.display_name, **{**known, **(person.cloud or {})})


def cloud_group(name: str, **values: Any) -> dict[str, Any]:
    """One group; it is a security group unless ``values`` make it another kind."""
    return {
        "id": identifier("cloud group", name),
        "displayName": name,
        "groupTypes": [],
        "isAssignableToRole": None,
        "mail": None,
        "mailEnabled": False,
        "mailNickname": "".join(letter for letter in name.lower() if letter.isalnum()),
        "membershipRule": None,
        "onPremisesSyncEnabled": None,
        "proxyAddresses": [],
        "securityEnabled": True,
        **values,
    }


@dataclass
class Others:
    """Everything of the tenant that is not the user of a person of AD."""

    users: list[dict[str, Any]] = field(default_factory=list)
    deleted_users: list[dict[str, Any]] = field(default_factory=list)
    groups: list[dict[str, Any]] = field(default_factory=list)
    deleted_groups: list[dict[str, Any]] = field(default_factory=list)
    contacts: list[dict[str, Any]] = field(default_factory=list)
    roles: list[dict[str, Any]] = field(default_factory=list)
