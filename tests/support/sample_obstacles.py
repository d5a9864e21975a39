"""What can be in the way of a hard match, and what a takeover does: one person of the sample company for each.

A row says in words what is unusual, by which code a plan says it, what a rehearsal must end with, and the steps that
make it so: each changes the person in AD, the user in the cloud, or what else the tenant holds.
"""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

from sample_cloud import Others, cloud_group, cloud_user
from sample_person import (
    AD_DOMAIN,
    DISABLED,
    DOMAIN,
    EXPIRED,
    FEDERATED_DOMAIN,
    LAST_SYNC,
    STOPPED,
    SYNCED,
    USER_MAILBOX,
    WAITING,
    Person,
    identifier,
)

Step = Callable[[Person, Others], None]
SYNC_ACCOUNT = f"Sync_AD02_7a1be0c34f55@{DOMAIN}"
DELETED_AT = "2026-11-18T15:40:02Z"
EXCHANGE_PLAN = {
    "assignedDateTime": "2024-02-01T09:00:00Z",
    "capabilityStatus": "Enabled",
    "service": "exchange",
    "servicePlanId": "9aaf7827-d63c-4b61-89c3-182f06f82e5c",
}


class Obstacle(NamedTuple):
    """One row of the table."""

    trouble: str
    code: str
    outcome: str
    steps: tuple[Step, ...]


def _filled(value: Any, person: Person) -> Any:
    """The value with ``{login}``, ``{upn}``, ``{sid}`` and ``{domain}`` filled in, wherever there is text."""
    if isinstance(value, str):
        return value.format(login=person.login, upn=person.upn, sid=person.sid, domain=DOMAIN)
    if isinstance(value, (list, tuple)):
        return type(value)(_filled(item, person) for item in value)
    return value


def in_ad(**values: Any) -> Step:
    """The AD object has these values."""

    def step(person: Person, _others: Others) -> None:
        for name, value in values.items():
            setattr(person, name, _filled(value, person))

    return step


def in_cloud(**values: Any) -> Step:
    """The user in the cloud has these values."""

    def step(person: Person, _others: Others) -> None:
        person.cloud = {**(person.cloud or {}), **{name: _filled(value, person) for name, value in values.items()}}

    return step


def another_user(login: str, **values: Any) -> Step:
    """There is another user in the tenant."""

    def step(person: Person, others: Others) -> None:
        filled = {name: _filled(value, person) for name, value in values.items()}
        others.users.append(cloud_user(_filled(login, person), f"{person.display_name} (old)", **filled))

    return step


def deleted_user(signed_in_as: str = "former.{login}@{domain}", **values: Any) -> Step:
    """There is another user in the recycle bin, whose name begins with its id since then."""

    def step(person: Person, others: Others) -> None:
        login = f"former.{person.login}"
        gone = identifier("cloud user", login)
        name = f"{gone.replace('-', '')}{_filled(signed_in_as, person)}"
        usual = {"id": gone, "userPrincipalName": name, "mail": None, "deletedDateTime": DELETED_AT}
        filled = {name: _filled(value, person) for name, value in values.items()}
        others.deleted_users.append(cloud_user(login, f"{person.display_name} (former)", **{**usual, **filled}))

    return step


def role(name: str, *, eligible: bool = False) -> Step:
    """The user holds a directory role, or may activate it."""

    def step(person: Person, others: Others) -> None:
        user = (person.cloud or {}).get("userPrincipalName", person.upn)
        others.roles.append({"user": user, "role": name, "eligible": eligible})

    return step


def role_group(name: str, place: str, *, role: str | None = None) -> Step:
    """The user is in a role-assignable group: one of ``members, owners, eligibleMembers``."""

    def step(person: Person, others: Others) -> None:
        group = cloud_group(name, isAssignableToRole=True, **{place: [person.cloud_id]})
        others.groups.append(group)
        if role:
            others.roles.append({"group": group["id"], "role": role})

    return step


def mail_group(*, deleted: bool = False) -> Step:
    """A group has the address that is the person's alias."""

    def step(person: Person, others: Others) -> None:
        gone = {"deletedDateTime": DELETED_AT} if deleted else {}
        address = person.aliases[0]
        group = cloud_group(
            f"Office {person.login}{' (closed)' if deleted else ''}",
            groupTypes=["Unified"], mail=address, mailEnabled=True, proxyAddresses=[f"SMTP:{address}"],
            securityEnabled=False, **gone,
        )  # fmt: skip
        (others.deleted_groups if deleted else others.groups).append(group)

    return step


def contact() -> Step:
    """A contact has the address that is the person's alias."""

    def step(person: Person, others: Others) -> None:
        address = person.aliases[0]
        others.contacts.append(
            {
                "id": identifier("cloud contact", person.login),
                "displayName": f"{person.display_name} (private)",
                "mail": address,
                "mailNickname": f"{person.login}.private",
                "proxyAddresses": [f"SMTP:{address}"],
                "onPremisesSyncEnabled": None,
            }
        )

    return step


# An address that AD has and the user in the cloud has not.
ALIAS = (in_ad(aliases=("office.{login}@{domain}",)), in_cloud(proxyAddresses=["SMTP:{upn}"]))

OBSTACLES: tuple[Obstacle, ...] = (
    # Power over the tenant
    Obstacle("holds a directory role", "role_held", STOPPED, (role("Helpdesk Administrator"),)),
    Obstacle(
        "holds a directory role through a group",
        "role_by_group",
        STOPPED,
        (role_group("Directory operators", "members", role="User Administrator"),),
    ),
    Obstacle(
        "may activate a directory role (PIM)",
        "role_eligible",
        STOPPED,
        (role("Security Administrator", eligible=True),),
    ),
    Obstacle(
        "is a member of a role-assignable group",
        "role_group_member",
        STOPPED,
        (role_group("Readers in waiting", "members"),),
    ),
    Obstacle(
        "owns a role-assignable group", "role_group_member", STOPPED, (role_group("Break-in response", "owners"),)
    ),
    Obstacle(
        "may become a member of a role-assignable group (PIM for groups)",
        "role_group_member",
        STOPPED,
        (role_group("Change window", "eligibleMembers", role="Exchange Administrator"),),
    ),
    Obstacle(
        "is Global Administrator: an emergency account", "emergency_account", STOPPED, (role("Global Administrator"),)
    ),
    Obstacle(
        "account of directory sync itself",
        "sync_account",
        STOPPED,
        (in_ad(upn=SYNC_ACCOUNT), in_cloud(userPrincipalName=SYNC_ACCOUNT)),
    ),
    # Who may not be taken over, or not be written
    Obstacle(
        "is in a restricted-management unit", "management_restricted", STOPPED, (in_cloud(isManagementRestricted=True),)
    ),
    Obstacle(
        "source of authority was moved to the cloud",
        "cloud_managed",
        STOPPED,
        (in_cloud(onPremisesSyncBehavior={"isCloudManaged": True}),),
    ),
    Obstacle(
        "is mapped to another AD object",
        "identifier_differs",
        STOPPED,
        (in_cloud(onPremisesObjectIdentifier=identifier("objectGUID", "an object of the former forest")),),
    ),
    Obstacle("is a resource account, a meeting room", "resource_account", STOPPED, (in_cloud(isResourceAccount=True),)),
    Obstacle(
        "only an external user has the address",
        "external_user",
        STOPPED,
        (
            in_ad(upn=f"{{login}}@{AD_DOMAIN}", mail="{login}@partner.example", mail_nickname=None),
            in_cloud(
                userPrincipalName="{login}_partner.example#EXT#@aureliainstruments.onmicrosoft.com",
                mail="{login}@partner.example",
                proxyAddresses=["SMTP:{login}@partner.example"],
                userType="Guest",
                creationType="Invitation",
                externalUserState="Accepted",
                employeeId=None,
            ),
        ),
    ),
    Obstacle(
        "left the scope of sync once, and is back",
        "left_scope",
        SYNCED,
        (in_cloud(onPremisesSyncEnabled=False, onPremisesLastSyncDateTime=LAST_SYNC),),
    ),
    # Who already has a value that must be unique
    Obstacle("a group has one of the addresses", "address_held", STOPPED, (*ALIAS, mail_group())),
    Obstacle("a contact has one of the addresses", "address_held", STOPPED, (*ALIAS, contact())),
    Obstacle(
        "another user has one of the addresses",
        "address_held",
        STOPPED,
        (
            *ALIAS,
            another_user("team.{login}", proxyAddresses=["SMTP:team.{login}@{domain}", "smtp:office.{login}@{domain}"]),
        ),
    ),
    Obstacle(
        "a deleted user has one of the addresses",
        "address_held",
        STOPPED,
        (
            *ALIAS,
            deleted_user(proxyAddresses=["SMTP:office.{login}@{domain}"]),
        ),
    ),
    Obstacle(
        "a deleted group has one of the addresses",
        "address_held",
        STOPPED,
        (*ALIAS, mail_group(deleted=True)),
    ),
    Obstacle(
        "another user has the SID, left over from an earlier sync",
        "sid_held",
        STOPPED,
        (another_user("left.{login}", onPremisesSecurityIdentifier="{sid}"),),
    ),
    Obstacle(
        "a deleted user had the sign-in name; the mail address fits",
        "upn_held",
        STOPPED,
        (
            in_cloud(userPrincipalName="first.{login}@{domain}"),
            deleted_user(signed_in_as="{upn}", proxyAddresses=["SMTP:former.{login}@{domain}"]),
        ),
    ),
    # What a reviewer may release
    Obstacle(
        "signs in with a federated domain",
        "federated_domain",
        WAITING,
        (in_ad(upn=f"{{login}}@{FEDERATED_DOMAIN}"), in_cloud(userPrincipalName=f"{{login}}@{FEDERATED_DOMAIN}")),
    ),
    Obstacle(
        "found by the employee number alone, after a marriage",
        "weak_match",
        WAITING,
        (
            in_cloud(
                userPrincipalName="maiden.{login}@{domain}",
                mail="maiden.{login}@{domain}",
                proxyAddresses=["SMTP:maiden.{login}@{domain}"],
                mailNickname="maiden.{login}",
            ),
        ),
    ),
    Obstacle("disabled in AD, enabled in the cloud", "user_disabled", WAITING, (in_ad(control=DISABLED),)),
    Obstacle(
        "has to choose a new password (pwdLastSet is 0)", "password_must_change", WAITING, (in_ad(password_set=0),)
    ),
    Obstacle(
        "the cloud's primary address is not in AD",
        "primary_address_lost",
        WAITING,
        (
            in_cloud(
                mail="{login}@sales.aurelia.example",
                proxyAddresses=["SMTP:{login}@sales.aurelia.example", "smtp:{login}@{domain}"],
            ),
        ),
    ),
    Obstacle(
        "signs in with another name in the cloud; the mail address fits",
        "sign_in_name_changed",
        WAITING,
        (in_cloud(userPrincipalName="web.{login}@{domain}"),),
    ),
    # What the takeover does
    Obstacle(
        "title and department are empty in AD",
        "blanked",
        SYNCED,
        (
            in_cloud(jobTitle="Optician", department="Optics"),
            in_ad(title=None, department=None),
        ),
    ),
    Obstacle(
        "department differs, and a dynamic group asks for it",
        "dynamic_group_attribute",
        SYNCED,
        (
            in_ad(department="Assembly"),
            in_cloud(department="Field Service"),
        ),
    ),
    Obstacle(
        "an address that only the cloud has",
        "address_lost",
        SYNCED,
        (in_cloud(proxyAddresses=["SMTP:{upn}", "smtp:shop.{login}@{domain}"]),),
    ),
    Obstacle(
        "a fax number, of which the export shows nothing", "not_carried", SYNCED, (in_cloud(faxNumber="+372 555 0187"),)
    ),
    Obstacle("another display name in AD", "overwritten", SYNCED, (in_cloud(displayName="Webshop"),)),
    Obstacle(
        "inetOrgPerson: no password is synchronized",
        "password_not_synced",
        SYNCED,
        (in_ad(object_class="inetOrgPerson"),),
    ),
    Obstacle("the account has expired in AD", "account_expired", SYNCED, (in_ad(expires=EXPIRED),)),
    Obstacle("disabled in the cloud, enabled in AD", "user_enabled", SYNCED, (in_cloud(accountEnabled=False),)),
    Obstacle(
        "a mailbox here and a licence with one there",
        "mailbox_in_danger",
        SYNCED,
        (
            in_ad(recipient_type=USER_MAILBOX, mailbox=identifier("mailbox", "an old server")),
            in_cloud(
                assignedLicenses=[{"disabledPlans": [], "skuId": "6fd2c87f-b296-42f0-b197-1e91e994b900"}],
                assignedPlans=[EXCHANGE_PLAN],
            ),
        ),
    ),
)


def beset(people: list[Person], others: Others) -> None:
    """Give each of the people one of the obstacles, in the order of the table."""
    for person, obstacle in zip(people, OBSTACLES):
        if person.trouble:
            raise ValueError(f"{person.login} has two troubles")
        person.trouble, person.code, person.outcome = obstacle.trouble, obstacle.code, obstacle.outcome
        # AD's alias counts first, then what the cloud makes of it.
        for step in obstacle.steps:
            step(person, others)
    others.groups.append(
        cloud_group(
            "Everybody in field service",
            groupTypes=["DynamicMembership"],
            membershipRule='user.department -eq "Field Service"',
            membershipRuleProcessingState="On",
        )
    )
