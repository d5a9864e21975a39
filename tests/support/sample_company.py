"""The people of the sample company, as its Active Directory knows them.

"Aurelia Instruments" is invented. It has nineteen offices, people whose names need every kind of encoding, and the
troubles of a hard match, ordinary and rare, each with what has to come of it (``Person.trouble``, ``Person.outcome``).

Nothing here is random. ``make_sample_company.py`` writes the people as the export and the tenant of a rehearsal.
"""

from __future__ import annotations

from typing import Any

from sample_cloud import Others
from sample_names import employees, latin, native
from sample_obstacles import OBSTACLES, beset
from sample_person import (
    AD_DOMAIN,
    BASE_DN,
    DISABLED,
    DISCOVERY_MAILBOX,
    DOMAIN,
    LAST_SYNC,
    LINKED_MAILBOX,
    NEW,
    NORMAL,
    OUT,
    SHARED_MAILBOX,
    STOPPED,
    SYNCED,
    WAITING,
    Person,
    anchor_bytes,
    identifier,
    immutable_id,
)

PER_OFFICE = 13
TITLES = ("Engineer", "Technician", "Accountant", "Buyer", "Optician", "Toolmaker", "Translator", None)
DEPARTMENTS = ("Optics", "Assembly", "Finance", "Purchasing", "Warranty", None)


def _ordinary() -> list[Person]:
    """Everybody to whom nothing unusual has happened, in office order."""
    taken: set[str] = set()
    result = []
    for number, (office, given, surname) in enumerate(employees(PER_OFFICE)):
        login = f"{latin(given)}.{latin(surname)}".lower()
        if login in taken:
            raise ValueError(f"two people of the sample company would be {login}")
        taken.add(login)
        names = [native(given), native(surname)]
        display = " ".join(reversed(names) if office.surname_first else names)
        person = Person(
            login=login,
            display_name=display,
            given_name=names[0],
            surname=names[1],
            # Every fifth office writes "Surname, Given", the comma that has to be escaped in a DN.
            common_name=f"{names[1]}, {names[0]}" if number % 5 == 4 else None,
            unit=f"OU={office.city},OU=Offices",
            title=TITLES[number % len(TITLES)],
            department=DEPARTMENTS[number % len(DEPARTMENTS)],
            city=office.city,
            employee_id=str(20_000 + number),
        )
        if number % 4 == 1:
            person.aliases = (f"{latin(given)[0]}{latin(surname)}@{DOMAIN}".lower(),)
        result.append(person)
    return result


def _synced_cloud(person: Person) -> dict[str, Any]:
    """What a cloud user has that sync has already taken."""
    return {
        "onPremisesImmutableId": person.anchor,
        "onPremisesSyncEnabled": True,
        "onPremisesLastSyncDateTime": LAST_SYNC,
        "onPremisesDistinguishedName": f"{person.dn},{BASE_DN}",
        "onPremisesDomainName": AD_DOMAIN,
        "onPremisesSamAccountName": person.sam,
        "onPremisesSecurityIdentifier": person.sid,
        "onPremisesUserPrincipalName": person.upn,
    }


# By which code a plan says what is unusual; the other troubles are none for a plan.
CODES = {
    "UPN suffix that the tenant has not verified; the mail address fits": "suffix_not_verified",
    "anchor is the employee number E-10472, no GUID": "string_anchor_kept",
    "anchor is the employee number 417733, no GUID": "string_anchor_kept",
    "holds the anchor of some other AD object": "existing_value_kept",
    "soft-deleted twin holds the anchor": "anchor_held_deleted",
    "another live user holds the anchor": "anchor_held",
    "newcomer without a cloud user": "not_found",
    "no sign-in name": "not_found",
    "ConsistencyGuid of 8 bytes": "consistency_guid_wrong_length",
    "ConsistencyGuid copied from another user": "anchor_duplicate",
    "a second AD account carries the same address": "claimed_twice",
    "second AD account with the address of another": "claimed_twice",
    "two cloud users carry the address": "several_users",
}


def _trouble_among_employees(staff: list[Person]) -> None:
    """Give single employees the troubles that need no object of their own."""

    def change(index: int, trouble: str, outcome: str = SYNCED, **values: Any) -> Person:
        person = staff[index]
        if person.trouble:
            raise ValueError(f"{person.login} has two troubles")
        for name, value in {**values, "trouble": trouble, "outcome": outcome}.items():
            setattr(person, name, value)
        return person

    for index in (7, 20, 33, 46, 59, 72):
        moved = anchor_bytes(identifier("former forest", staff[index].login))
        change(index, "ConsistencyGuid brought along from a former forest", consistency=moved)
    for index in (8, 21, 34, 47, 60):
        own = anchor_bytes(staff[index].guid)
        change(index, "ConsistencyGuid equals objectGUID", consistency=own)
    for index in (2, 15, 28, 41):
        login = staff[index].login
        change(
            index,
            "UPN suffix that the tenant has not verified; the mail address fits",
            WAITING,
            upn=f"{login}@{AD_DOMAIN}",
        )
    for index in (5, 18, 31, 44, 57, 70, 83, 96, 109, 122, 135, 148):
        person = change(index, "already synced")
        person.cloud = None  # filled in when the RIDs are known
    for index in (10, 23, 36):
        person = change(index, "anchor already set by hand, not yet synced")
        person.cloud = {"onPremisesImmutableId": person.anchor}
    for index in (12, 25):
        person = change(index, "sign-in name in other letter case in the cloud")
        person.cloud = {"userPrincipalName": f"{person.login.title()}@{DOMAIN}"}
    change(51, "disabled in AD and in the cloud", control=DISABLED, cloud={"accountEnabled": False})
    change(64, "no mail address", mail=None, mail_nickname=None, cloud={"mail": None, "proxyAddresses": []})

    for index, number in ((77, "E-10472"), (90, "417733")):
        change(
            index, f"anchor is the employee number {number}, no GUID", STOPPED, cloud={"onPremisesImmutableId": number}
        )
    for index in (103, 116):
        other = immutable_id(identifier("older anchor", staff[index].login))
        change(index, "holds the anchor of some other AD object", STOPPED, cloud={"onPremisesImmutableId": other})
    change(129, "soft-deleted twin holds the anchor", STOPPED)
    change(142, "another live user holds the anchor", STOPPED)
    for index in (155, 168, 181, 194):
        change(index, "newcomer without a cloud user", NEW, cloud=None)
    change(157, "ConsistencyGuid of 8 bytes", STOPPED, consistency=anchor_bytes(staff[157].guid)[:8])
    shared = anchor_bytes(identifier("copied ConsistencyGuid", "template"))
    for index in (170, 171):
        change(index, "ConsistencyGuid copied from another user", STOPPED, consistency=shared)
    change(144, "a second AD account carries the same address", STOPPED)
    change(133, "two cloud users carry the address", STOPPED, upn=f"{staff[133].login}@{AD_DOMAIN}")


def _other_objects(staff: list[Person]) -> list[Person]:
    """AD objects beside the employees: second accounts, services, mailboxes, what Windows makes itself."""
    services, mailboxes, system = "OU=Service Accounts", "OU=Mailboxes", "CN=Users"
    twice = staff[144]
    bare: dict[str, Any] = {"upn": None, "mail": None, "mail_nickname": None, "cloud": None, "outcome": OUT}
    found = [
        Person(
            f"adm.{twice.login}"[:24],
            f"{twice.display_name} (workshop)",
            "OU=Second Accounts",
            upn=f"adm.{twice.login}@{AD_DOMAIN}",
            mail=twice.mail,
            trouble="second AD account with the address of another",
            outcome=STOPPED,
            cloud=None,
        ),
        Person("svc-backup", "Backup service", services, **{**bare, "outcome": NEW}, trouble="no sign-in name"),
        Person(
            "MSOL_4f1c09a2d7e3",
            "On-premises directory synchronization account",
            services,
            upn=f"MSOL_4f1c09a2d7e3@{AD_DOMAIN}",
            mail=None,
            mail_nickname=None,
            cloud=None,
            outcome=OUT,
            trouble="service account of directory sync (MSOL_)",
        ),
        Person("AAD_9b77d0c1e24f", "Entra Connect service account", services, **bare, trouble="service account (AAD_)"),
        Person(
            "kiosk.lobby",
            "Kiosk",
            services,
            mail=None,
            mail_nickname=None,
            admin_description="User_kept out of sync by hand",
            trouble="kept out of sync by adminDescription",
            outcome=OUT,
        ),
        Person(
            "reception",
            "Reception (shared)",
            mailboxes,
            control=DISABLED,
            recipient_type=SHARED_MAILBOX,
            trouble="shared mailbox",
            cloud={"accountEnabled": False},
        ),
        Person(
            "orders",
            "Orders (shared)",
            mailboxes,
            control=DISABLED,
            recipient_type=SHARED_MAILBOX,
            trouble="shared mailbox",
            cloud={"accountEnabled": False},
        ),
        Person(
            "linked.mailbox",
            "Linked mailbox of a partner forest",
            mailboxes,
            control=DISABLED,
            recipient_type=LINKED_MAILBOX,
            trouble="linked mailbox, its account lives in another forest",
            outcome=OUT,
            cloud=None,
        ),
        Person(
            "DiscoverySearchMailbox",
            "Discovery Search Mailbox",
            mailboxes,
            sam="SM_7a51b0c9d2e84f36",
            control=DISABLED,
            recipient_type=DISCOVERY_MAILBOX,
            trouble="mailbox of the mail system itself",
            outcome=OUT,
            cloud=None,
        ),
    ]
    for login, rid, control in (("Administrator", 500, NORMAL), ("Guest", 501, 66082), ("krbtgt", 502, DISABLED)):
        found.append(
            Person(
                login,
                login,
                system,
                **bare,
                rid=rid,
                control=control,
                critical=True,
                builtin=True,
                trouble="made by Windows itself (isCriticalSystemObject)",
            )
        )
    return found


def company() -> list[Person]:
    """All user objects of the AD, employees first."""
    return whole_company()[0]


def whole_company() -> tuple[list[Person], Others]:
    """All user objects of the AD, and what the tenant holds besides their users."""
    others = Others()
    staff = _ordinary()
    _trouble_among_employees(staff)
    everybody = staff + _other_objects(staff)
    for number, person in enumerate(everybody):
        person.rid = person.rid or 1104 + number
        person.code = "out_of_scope" if person.outcome == OUT else CODES.get(person.trouble or "")
    beset(staff[-len(OBSTACLES) :], others)
    for number, person in enumerate(one for one in staff if one.trouble == "already synced"):
        # The sync uses mS-DS-ConsistencyGuid where there is one: written back by Entra Connect, which makes it the same
        # as objectGUID, or brought along from a former forest. These users prove that.
        brought = anchor_bytes(identifier("former forest", person.login))
        person.consistency = (None, anchor_bytes(person.guid), brought)[number % 3]
        person.cloud = _synced_cloud(person)
    return everybody, others
