# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each kind of object looks like through Graph: its properties, and how each may be filtered."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple


class Property(NamedTuple):
    """A property: its type, the filter operations it takes, and where it can be read.

    ``default`` operations always work, ``advanced`` ones need the ConsistencyLevel header and $count=true. Operations
    are eq, in, ge, le, gt, lt, startswith, endswith, contains, null (eq null); ne and not need eq and are always
    advanced. ``by_case``: values are compared by case.
    """

    type: str = "string"
    default: frozenset[str] = frozenset()
    advanced: frozenset[str] = frozenset()
    by_id_only: bool = False
    beta_only: bool = False
    by_case: bool = False


class Shape(NamedTuple):
    """A kind of object: the type's name, what comes without $select, all that can be selected, and expanded.

    ``inside`` are paths within its properties that can be filtered, ``spellings`` what other cases of a name mean.
    """

    type_name: str
    returned_by_default: tuple[str, ...]
    properties: dict[str, Property]
    max_top: int = 999
    expandable: tuple[str, ...] = ()
    default_top: int = 100
    inside: Mapping[str, Property] = MappingProxyType({})
    spellings: Mapping[str, str] = MappingProxyType({})

    def property(self, name: str, version: str) -> Property:
        """
        :raises KeyError: when the property does not exist in that version.
        """
        found = self.properties[name] if name in self.properties else self.inside[name]
        if found.beta_only and version != "beta":
            raise KeyError(name)
        return found

    def empty(self, name: str) -> Any:
        """What Graph returns for a property without a value."""
        return [] if self.properties[name].type == "collection" else None


def _ops(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NAME = Property("string", _ops("eq in ge le startswith"), _ops("null"))
_PLAIN = Property("string", _ops("eq in"), _ops("null"))
_RARE = Property("string", frozenset(), _ops("eq in ge le startswith null"))
_ADDRESS = Property("string", _ops("eq in ge le startswith"), _ops("endswith null"))
_MOMENT = Property("datetime", _ops("eq in ge le"))
_FLAG = Property("boolean", _ops("eq"), _ops("null"))
_BY_ID = Property("string", by_id_only=True)
_TEXT = Property("string")
_OBJECT = Property("object")
_LIST = Property("collection")

_USER: dict[str, Property] = {
    "id": Property("string", _ops("eq in")),
    "deletedDateTime": Property("datetime", _ops("eq in ge le")),
    "accountEnabled": _FLAG,
    "ageGroup": _PLAIN,
    "assignedLicenses": _LIST,
    "assignedPlans": _LIST,
    "authorizationInfo": _OBJECT,
    "businessPhones": Property("collection", frozenset(), _ops("eq startswith")),
    "city": _NAME,
    "companyName": _RARE,
    "consentProvidedForMinor": _PLAIN,
    "country": _NAME,
    "createdDateTime": _MOMENT,
    "creationType": _PLAIN,
    "department": _NAME,
    "displayName": _NAME,
    "employeeHireDate": _MOMENT,
    "employeeId": _NAME,
    "employeeLeaveDateTime": _MOMENT,
    "employeeOrgData": _OBJECT,
    "employeeType": _RARE,
    "externalUserState": _PLAIN,
    "externalUserStateChangeDateTime": _MOMENT,
    "faxNumber": _RARE,
    "givenName": _NAME,
    "identities": _LIST,
    "identityParentId": _TEXT,
    "imAddresses": Property("collection", _ops("eq startswith")),
    "isManagementRestricted": Property("boolean"),
    "isResourceAccount": Property("boolean"),
    "jobTitle": _NAME,
    "lastPasswordChangeDateTime": Property("datetime"),
    "legalAgeGroupClassification": _TEXT,
    "licenseAssignmentStates": _LIST,
    "mail": _ADDRESS,
    "mailNickname": _NAME,
    "mobilePhone": _RARE,
    "officeLocation": _RARE,
    "onPremisesDistinguishedName": _TEXT,
    "onPremisesDomainName": _TEXT,
    "onPremisesExtensionAttributes": _OBJECT,
    "onPremisesImmutableId": Property("string", _ops("eq in ge le"), by_case=True),
    "onPremisesLastSyncDateTime": _MOMENT,
    "onPremisesObjectIdentifier": Property("string", beta_only=True),
    "onPremisesProvisioningErrors": Property("collection", _ops("eq")),
    "onPremisesSamAccountName": Property("string", frozenset(), _ops("eq in ge le startswith null")),
    "onPremisesSecurityIdentifier": Property("string", _ops("eq"), _ops("null")),
    "onPremisesSyncEnabled": _FLAG,
    "onPremisesUserPrincipalName": Property("string", _ops("eq in ge le startswith")),
    "otherMails": Property("collection", _ops("eq startswith"), _ops("endswith")),
    "passwordPolicies": Property("string", frozenset(), _ops("null")),
    "passwordProfile": _OBJECT,
    "postalCode": _RARE,
    "preferredDataLocation": _PLAIN,
    "preferredLanguage": _NAME,
    "provisionedPlans": _LIST,
    "proxyAddresses": Property("collection", _ops("eq startswith"), _ops("endswith")),
    "securityIdentifier": _TEXT,
    "serviceProvisioningErrors": _LIST,
    "showInAddressList": Property("boolean"),
    "signInSessionsValidFromDateTime": Property("datetime"),
    "state": _NAME,
    "streetAddress": _RARE,
    "surname": _NAME,
    "usageLocation": _NAME,
    "userPrincipalName": _ADDRESS,
    "userType": _PLAIN,
    **dict.fromkeys(
        (
            "aboutMe", "birthday", "hireDate", "interests", "mailboxSettings", "mySite", "pastProjects",
            "preferredName", "responsibilities", "schools", "skills",
        ),
        _BY_ID,
    ),
}  # fmt: skip

USER = Shape(
    "user",
    (
        "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation",
        "preferredLanguage", "surname", "userPrincipalName", "id",
    ),
    _USER,
    expandable=("manager",),
)  # fmt: skip

_SYNCED: dict[str, Property] = {
    "onPremisesLastSyncDateTime": _MOMENT,
    "onPremisesProvisioningErrors": Property("collection", _ops("eq")),
    "onPremisesSyncEnabled": _FLAG,
}

_GROUP: dict[str, Property] = {
    "id": Property("string", _ops("eq in")),
    "deletedDateTime": Property("datetime", _ops("eq in ge le")),
    "createdDateTime": _MOMENT,
    "description": _NAME,
    "displayName": _NAME,
    "groupTypes": Property("collection", _ops("eq")),
    "isAssignableToRole": Property("boolean", _ops("eq")),
    "mail": _ADDRESS,
    "mailEnabled": Property("boolean", _ops("eq")),
    "mailNickname": _NAME,
    "membershipRule": _TEXT,
    "membershipRuleProcessingState": _TEXT,
    "onPremisesDomainName": _TEXT,
    "onPremisesNetBiosName": _TEXT,
    "onPremisesSamAccountName": _RARE,
    "onPremisesSecurityIdentifier": Property("string", _ops("eq"), _ops("null")),
    "proxyAddresses": Property("collection", _ops("eq startswith"), _ops("endswith")),
    "securityEnabled": Property("boolean", _ops("eq")),
    "securityIdentifier": _TEXT,
    "serviceProvisioningErrors": _LIST,
    "visibility": _TEXT,
    **_SYNCED,
}
GROUP = Shape("group", tuple(name for name in _GROUP if name != "isAssignableToRole"), _GROUP)

_CONTACT: dict[str, Property] = {
    "id": Property("string", _ops("eq in")),
    "deletedDateTime": Property("datetime"),
    "companyName": _NAME,
    "department": _NAME,
    "displayName": _NAME,
    "givenName": _NAME,
    "jobTitle": _NAME,
    "mail": _ADDRESS,
    "mailNickname": _NAME,
    "proxyAddresses": Property("collection", _ops("eq startswith"), _ops("endswith")),
    "serviceProvisioningErrors": _LIST,
    "surname": _NAME,
    **_SYNCED,
}
CONTACT = Shape("orgContact", tuple(_CONTACT), _CONTACT)

_DEVICE: dict[str, Property] = {
    "id": Property("string", _ops("eq in")),
    "deletedDateTime": Property("datetime"),
    "accountEnabled": Property("boolean", _ops("eq")),
    "alternativeSecurityIds": _LIST,
    "approximateLastSignInDateTime": _MOMENT,
    "deviceId": Property("string", _ops("eq in")),
    "displayName": _NAME,
    "isCompliant": Property("boolean", _ops("eq")),
    "isManaged": Property("boolean", _ops("eq")),
    "isManagementRestricted": Property("boolean"),
    "managementType": _TEXT,
    "manufacturer": _TEXT,
    "mdmAppId": _PLAIN,
    "model": _TEXT,
    "onPremisesLastSyncDateTime": _MOMENT,
    "onPremisesSecurityIdentifier": Property("string", _ops("eq")),
    "onPremisesSyncEnabled": _FLAG,
    "operatingSystem": _NAME,
    "operatingSystemVersion": _NAME,
    "physicalIds": Property("collection", _ops("eq")),
    "profileType": Property("string", _ops("eq")),
    "registrationDateTime": Property("datetime", frozenset(), _ops("eq in ge le null")),
    "systemLabels": _LIST,
    "trustType": Property("string", _ops("eq")),
}
DEVICE = Shape("device", tuple(_DEVICE), _DEVICE)

_SERVICE_PRINCIPAL: dict[str, Property] = {
    "id": Property("string", _ops("eq in")),
    "accountEnabled": _FLAG,
    "appDisplayName": Property("string", frozenset(), _ops("eq in startswith")),
    "appId": _PLAIN,
    "applicationTemplateId": Property("string", _ops("eq in")),
    "displayName": _NAME,
    "servicePrincipalType": Property("string", _ops("eq")),
    "tags": Property("collection", _ops("eq")),
}
SERVICE_PRINCIPAL = Shape("servicePrincipal", tuple(_SERVICE_PRINCIPAL), _SERVICE_PRINCIPAL)

_DOMAIN = {
    name: Property("collection" if name == "supportedServices" else "string")
    for name in (
        "id", "authenticationType", "availabilityStatus", "isAdminManaged", "isDefault", "isInitial", "isRoot",
        "isVerified", "passwordNotificationWindowInDays", "passwordValidityPeriodInDays", "supportedServices",
    )
}  # fmt: skip
DOMAIN = Shape("domain", tuple(_DOMAIN), _DOMAIN)

_ORGANIZATION_LISTS = ("businessPhones", "technicalNotificationMails", "verifiedDomains")
_ORGANIZATION = {
    name: Property("collection" if name in _ORGANIZATION_LISTS else "string")
    for name in (
        "id", "deletedDateTime", "businessPhones", "city", "country", "countryLetterCode", "createdDateTime",
        "defaultUsageLocation", "displayName", "onPremisesLastSyncDateTime", "onPremisesSyncEnabled", "postalCode",
        "preferredLanguage", "state", "street", "technicalNotificationMails", "tenantType", "verifiedDomains",
    )
}  # fmt: skip
ORGANIZATION = Shape("organization", tuple(_ORGANIZATION), _ORGANIZATION)

KINDS = {"user": USER, "group": GROUP, "contact": CONTACT, "device": DEVICE}

_DIRECTORY_ROLE: dict[str, Property] = {
    "id": Property("string", _ops("eq in")),
    "deletedDateTime": Property("datetime"),
    "description": _TEXT,
    "displayName": Property("string", _ops("eq")),
    "roleTemplateId": Property("string", _ops("eq in")),
}
DIRECTORY_ROLE = Shape("directoryRole", tuple(_DIRECTORY_ROLE), _DIRECTORY_ROLE)
# What members, owners and memberOf mix: every property that one of the kinds has.
DIRECTORY_OBJECT = Shape(
    "directoryObject", ("id",), {**_DIRECTORY_ROLE, **_DEVICE, **_CONTACT, **_GROUP, **_USER, "id": Property("string")}
)
OBJECT_TYPES = {
    f"#microsoft.graph.{shape.type_name}": shape
    for shape in (USER, GROUP, CONTACT, DEVICE, SERVICE_PRINCIPAL, DIRECTORY_ROLE)
}
