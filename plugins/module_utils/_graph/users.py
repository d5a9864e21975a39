# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Users as Graph has them: plain dicts with Graph's own property names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Callable
from urllib.parse import quote

from ansible_collections.hybrid.identity.plugins.module_utils._graph.batch import BatchRequest
from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient, odata_text, with_query
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError

# None of the onPremises… properties comes back unasked.
USER_PROPERTIES = (
    "id",
    "userPrincipalName",
    "mail",
    "proxyAddresses",
    "displayName",
    "userType",
    "creationType",
    "accountEnabled",
    "onPremisesImmutableId",
    "onPremisesSyncEnabled",
    "onPremisesLastSyncDateTime",
    "onPremisesSecurityIdentifier",
    "onPremisesSamAccountName",
    "onPremisesDistinguishedName",
    "onPremisesProvisioningErrors",
    "onPremisesUserPrincipalName",
)
USER_SELECT = ",".join(USER_PROPERTIES)
# What every key that pairs users by can find them by.
MATCH_SELECT = ",".join((*USER_PROPERTIES, "employeeId", "mailNickname"))

# What pairing, finding who is in the way, and telling what a takeover overwrites or blanks needs besides.
PLAN_PROPERTIES = (
    *USER_PROPERTIES,
    "assignedLicenses",
    "businessPhones",
    "city",
    "companyName",
    "country",
    "department",
    "employeeId",
    "employeeType",
    "externalUserState",
    "faxNumber",
    "givenName",
    "isManagementRestricted",
    "isResourceAccount",
    "jobTitle",
    "mailNickname",
    "mobilePhone",
    "officeLocation",
    "onPremisesDomainName",
    "onPremisesExtensionAttributes",
    "passwordPolicies",
    "postalCode",
    "preferredLanguage",
    "showInAddressList",
    "state",
    "streetAddress",
    "surname",
    "usageLocation",
)
PLAN_SELECT = ",".join(PLAN_PROPERTIES)

# v1.0 does not know the first: the objectGUID of the AD object that the user was last mapped to. The second takes more
# room than all others together.
BETA_PROPERTIES = ("onPremisesObjectIdentifier", "assignedPlans")

# Another object, of which only the id is read.
MANAGER = "manager"

PAGE_SIZE = 999  # the most Graph allows

_DELTA = "/users/delta"


def list_users(client: GraphClient, select: str = USER_SELECT) -> Iterator[dict[str, Any]]:
    """Yield every live user."""
    return client.pages("/users", {"$select": select, "$top": PAGE_SIZE})


def list_deleted_users(client: GraphClient, select: str = USER_SELECT) -> Iterator[dict[str, Any]]:
    """Yield every soft-deleted user, with ``deletedDateTime`` besides."""
    return client.pages(
        "/directory/deletedItems/microsoft.graph.user", {"$select": _of_deleted(select), "$top": PAGE_SIZE}
    )


class UserFeed:
    """What changes among the live users of a tenant from now on.

    Open it before what it is to continue is listed: what changes in between is told then, and nothing is lost.

    :ivar is_open: ``False`` when the service has no such feed, or does not let this sign-in have it.
    """

    def __init__(self, client: GraphClient, select: str = USER_SELECT) -> None:
        self._client = client
        self._select = select
        self._link: str | None = None
        self._open()

    @property
    def is_open(self) -> bool:
        """Whether :meth:`tell` can be asked."""
        return self._link is not None

    def tell(self, take: Callable[[dict[str, Any]], None]) -> bool:
        """Hand ``take`` what changed since it was asked last, as :meth:`GraphClient.delta` does.

        :returns: ``False`` when that is not all that changed, as after days without asking: the feed goes on from now.
        """
        try:
            self._link = self._client.delta(_DELTA, self._link, {}, take)
        except GraphError:
            self._open()
            return False
        return True

    def _open(self) -> None:
        try:
            # Only what is selected is watched.
            latest = {"$select": self._select, "$deltatoken": "latest"}
            self._link = self._client.delta(_DELTA, None, latest, lambda _change: None)
        except GraphError:
            self._link = None


def get_users(
    client: GraphClient, ids: Iterable[str], select: str = USER_SELECT
) -> Iterator[tuple[str, dict[str, Any] | None, GraphError | None]]:
    """Read live users by id or UPN, in the order given.

    :param select: names of properties; ``manager`` may be one of them: ``{"id": ...}``, or ``None`` for nobody.
    :returns: (id as given, user, error). A user that is not there (404) is ``None`` without an error; soon after a
        write that may be a read that lags.
    """
    names = select.split(",")
    query = {"$select": ",".join(name for name in names if name != MANAGER)}
    if MANAGER in names:
        query["$expand"] = f"{MANAGER}($select=id)"
    for user, body, error in _read_each(client, ((user, with_query(user_path(user), query)) for user in ids)):
        if body is not None and MANAGER in names:
            # Of a user without one nothing comes.
            manager = body.get(MANAGER)
            body[MANAGER] = {"id": manager["id"]} if manager else None
        yield user, body, error


def get_deleted_users(
    client: GraphClient, ids: Iterable[str]
) -> Iterator[tuple[str, dict[str, Any] | None, GraphError | None]]:
    """Read soft-deleted users by id, as :func:`get_users` does live ones."""
    query = {"$select": _of_deleted(USER_SELECT)}
    paths = ((user, f"/directory/deletedItems/{quote(user)}/microsoft.graph.user") for user in ids)
    return _read_each(client, ((user, with_query(path, query)) for user, path in paths))


def set_immutable_ids(
    client: GraphClient, values: Iterable[tuple[str, str | None]]
) -> Iterator[tuple[str, GraphError | None]]:
    """Write anchors, ``None`` clears; yields (id, error) in the order given.

    The pairs are read before their batch leaves, so a generator that writes its journal first does so in time.
    """
    requests = (
        # Clearing needs JSON's null: an empty string does not clear.
        BatchRequest("PATCH", user_path(user), {"onPremisesImmutableId": value}, key=user)
        for user, value in values
    )
    for response in client.batch(requests):
        yield str(response.key), response.error


def _read_each(
    client: GraphClient, paths: Iterable[tuple[str, str]]
) -> Iterator[tuple[str, dict[str, Any] | None, GraphError | None]]:
    for response in client.batch(BatchRequest("GET", path, key=user) for user, path in paths):
        user_id = str(response.key)
        if response.error is None:
            yield user_id, response.body, None
        elif response.status == 404:
            yield user_id, None, None
        else:
            yield user_id, None, response.error


def _of_deleted(select: str) -> str:
    return f"{select},deletedDateTime"  # only a soft-deleted user has it


def user_path(user: str) -> str:
    """Return the path of a user by id or UPN; a guest's ``#EXT#`` and a leading ``$`` included."""
    if user.startswith("$"):
        return f"/users('{quote(user.replace(chr(39), chr(39) * 2), safe=chr(39))}')"
    return f"/users/{quote(user, safe='@')}"


def has_address(address: str) -> str:
    """Return the ``$filter`` for who has an SMTP address; the service compares without case."""
    return f"proxyAddresses/any(p:p eq {odata_text('smtp:' + address)})"


def users_path(condition: str) -> str:
    """Return the path of the live users that fit a ``$filter``."""
    return with_query("/users", {"$filter": condition, "$select": USER_SELECT, "$top": PAGE_SIZE})


def sync_behavior_path(user_id: str) -> str:
    """Return the path of ``isCloudManaged``: whether the user's source of authority was moved to the cloud."""
    return f"{user_path(user_id)}/onPremisesSyncBehavior"


def beta_path(user_id: str) -> str:
    """Return the path, in beta, of :data:`BETA_PROPERTIES` and the manager's id; without a manager that is missing."""
    query = {"$select": ",".join(("id", *BETA_PROPERTIES)), "$expand": "manager($select=id)"}
    return with_query(user_path(user_id), query)
