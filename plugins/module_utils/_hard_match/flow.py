# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The default attribute flow of directory sync: which AD attribute becomes which property of the cloud user.

Sources: "Attributes synchronized to Microsoft Entra ID" (Entra Connect reference), and the out-of-box synchronization
rules of an exported server, which trim texts, and let a country or an alias that AD lacks alone instead of emptying it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

#: How the two sides are compared.
TEXT = "text"
#: Case does not count.
CODE = "code"
#: One value in AD, a list in the cloud.
LIST = "list"
#: AD's ``TRUE`` is the cloud's ``false``.
HIDDEN = "hidden"
#: Refers to another object: AD by its distinguished name, the cloud by its id.
REFERENCE = "reference"

EXTENSION_ATTRIBUTES = "onPremisesExtensionAttributes"


class Flow(NamedTuple):
    """One attribute of the flow."""

    #: LDAP name.
    ad: str
    #: Graph property, or the name inside of ``onPremisesExtensionAttributes``.
    graph: str
    kind: str = TEXT
    #: What rules of dynamic groups call it.
    rule: str = ""
    #: The cloud's value stays where AD has none.
    stays: bool = False

    def value_of(self, details: Mapping[str, Any]) -> Any:
        """Return the cloud's value; ``None`` for none.

        :raises KeyError: when the property was not read.
        """
        if self.graph.startswith("extensionAttribute"):
            return (details[EXTENSION_ATTRIBUTES] or {}).get(self.graph)
        return details[self.graph]


#: What is compared value by value. The sign-in name, the account's state and the addresses follow rules of their own.
FLOWS: tuple[Flow, ...] = (
    Flow("displayName", "displayName", stays=True),
    Flow("givenName", "givenName"),
    Flow("sn", "surname"),
    Flow("title", "jobTitle"),
    Flow("department", "department"),
    Flow("company", "companyName"),
    Flow("employeeID", "employeeId"),
    Flow("telephoneNumber", "businessPhones", LIST, "telephoneNumber"),
    Flow("mobile", "mobilePhone", rule="mobile"),
    Flow("facsimileTelephoneNumber", "faxNumber", rule="facsimileTelephoneNumber"),
    Flow("physicalDeliveryOfficeName", "officeLocation", rule="physicalDeliveryOfficeName"),
    Flow("streetAddress", "streetAddress"),
    Flow("l", "city"),
    Flow("st", "state"),
    Flow("postalCode", "postalCode"),
    Flow("co", "country"),
    Flow("preferredLanguage", "preferredLanguage", CODE),
    Flow("msExchUsageLocation", "usageLocation", CODE, stays=True),
    Flow("mailNickname", "mailNickname", CODE, stays=True),
    Flow("msExchHideFromAddressLists", "showInAddressList", HIDDEN),
    Flow("manager", "manager", REFERENCE),
    *(Flow(f"extensionAttribute{number}", f"extensionAttribute{number}") for number in range(1, 16)),
)

#: Attribute of the flow -> row field that shows it; such an attribute does not stand in ``synced_attributes`` again.
ROW_FIELDS = {
    "displayName": "display_name",
    "employeeID": "employee_id",
    "mail": "mail",
    "mailNickname": "mail_nickname",
    "proxyAddresses": "proxy_addresses",
}

#: Attributes of the flow that an objects row has no field for, as LDAP spells them.
SYNCED_ATTRIBUTES: tuple[str, ...] = tuple(flow.ad for flow in FLOWS if flow.ad not in ROW_FIELDS)

#: Graph properties of a user that the effects of a takeover are told from.
GRAPH_PROPERTIES: tuple[str, ...] = tuple(
    dict.fromkeys(
        (
            "userPrincipalName",
            "accountEnabled",
            "mail",
            "proxyAddresses",
            "assignedLicenses",
            "assignedPlans",
            EXTENSION_ATTRIBUTES,
            *(flow.graph for flow in FLOWS if not flow.graph.startswith("extension")),
        )
    )
)
