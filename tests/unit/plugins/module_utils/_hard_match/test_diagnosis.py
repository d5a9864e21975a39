# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a user stands: what proves a tie, what is in the way, and what is not guessed."""

from __future__ import annotations

import pytest
from hard_match_doubles import TENANT, ad_row, anchor, guid, held, user, user_id

from ansible_collections.hybrid.identity.plugins.module_utils._anchor import immutable_id
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.case import Case, Surroundings
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.claims import Claims
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import CloudIndex
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.diagnosis import (
    LABEL_CLOUD,
    LABEL_SYNCED,
    diagnose,
    row_of,
    unreadable,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.matching import Match
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.standing import (
    TWIN_KEYS,
    Expectation,
    JobState,
    LogEntry,
    SyncFacts,
    job_state,
    log_entry,
    log_keys,
    twins_of,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import (
    AddressBook,
    Holder,
    Lookup,
    Role,
    RoleBook,
    TenantFacts,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import Wish

SYNCED = {"onPremisesSyncEnabled": True, "onPremisesLastSyncDateTime": "2026-11-23T12:00:00Z"}
SID = ad_row(1)["object_sid"]
NOON = 1795435200.0  # 2026-11-23T12:00:00Z
VERIFIED = SyncFacts(sync_on=True, verified_domains=frozenset(["example.com", TENANT]))


def expectation(**changes):
    return Expectation("u1@example.com", user_id(1), anchor(1), ad_row(1), **changes)


def told(code, action="blocked", **changes):
    why = {"code": code, "message": "Why.", "remedy": "Do."}
    return Expectation("u1@example.com", user_id(1), action=action, reason=why)._replace(**changes)


def stand(expected, seen, holders=(), tenant=VERIFIED):
    found = diagnose(expected, seen, list(holders), tenant)
    return found.state, [why["code"] for why in found.reasons]


def synced(**properties):
    return held(1, **{**SYNCED, "onPremisesSecurityIdentifier": SID, **properties})


def test_flag_anchor_sid_name_and_time_prove_the_tie():
    assert stand(expectation(written=NOON), synced(), [synced()]) == ("synced", [])


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (synced(value=anchor(2)), ("conflict", ["anchor_differs"])),
        (synced(value=anchor(1).lower()), ("conflict", ["anchor_differs"])),
        (synced(onPremisesSecurityIdentifier="S-1-5-21-1-2-3-9"), ("conflict", ["sid_differs"])),
        (synced(onPremisesSecurityIdentifier=SID.lower()), ("synced", [])),
        (synced(onPremisesSecurityIdentifier=None), ("pending", ["sid_missing"])),
        (synced(upn="u1234@" + TENANT), ("conflict", ["upn_differs"])),
        (synced(upn="U1@EXAMPLE.com"), ("synced", [])),
        (
            synced(
                onPremisesProvisioningErrors=[
                    {"category": "PropertyConflict", "propertyCausingError": "ProxyAddresses", "value": "SMTP:a@x.com"}
                ]
            ),
            ("conflict", ["attribute_quarantined"]),
        ),
        (synced(onPremisesLastSyncDateTime="2026-11-23T11:59:59Z"), ("pending", ["sync_before_write"])),
        (synced(onPremisesLastSyncDateTime=None), ("pending", ["sync_before_write"])),
        (synced(onPremisesLastSyncDateTime="0001-01-01T00:00:00Z"), ("pending", ["sync_before_write"])),
        (synced(onPremisesLastSyncDateTime="2026-11-23T12:00:00.1234567Z"), ("synced", [])),
    ],
)
def test_each_part_of_the_proof_counts(seen, expected):
    assert stand(expectation(written=NOON), seen) == expected


def test_what_the_next_sync_brings_is_not_judged_before_it():
    seen = synced(upn="old@example.com", onPremisesLastSyncDateTime="2026-11-23T11:00:00Z")
    assert stand(expectation(written=NOON), seen) == ("pending", ["sync_before_write", "upn_differs"])


@pytest.mark.parametrize(
    ("login", "upn", "verified", "state"),
    [
        ("jane@corp.local", "jane@" + TENANT, ["example.com"], ("conflict", ["upn_suffix_lost"])),
        ("jane@example.com", "jane@" + TENANT, ["example.com"], ("conflict", ["upn_differs"])),
        ("jane@EXAMPLE.com", "jane@" + TENANT, ["example.com"], ("conflict", ["upn_differs"])),
        ("jane@corp.local", "jane@" + TENANT, None, ("conflict", ["upn_differs"])),  # why is unknown
        ("JANE@corp.local", "jane@CORP.local", ["example.com"], ("synced", [])),
        (None, "jan@example.com", ["example.com"], ("synced", [])),
    ],
)
def test_the_tie_gives_the_sign_in_name_of_the_ad_object(login, upn, verified, state):
    tenant = SyncFacts(verified_domains=None if verified is None else frozenset(verified))
    expected = expectation()._replace(row=ad_row(1, login_name=login))
    assert stand(expected, synced(upn=upn), tenant=tenant) == state


def test_a_lost_suffix_is_said_once():
    why = told("suffix_not_verified", row=ad_row(1, login_name="jane@corp.local"), immutable_id=anchor(1))
    assert stand(why, synced(upn="jane@" + TENANT)) == ("conflict", ["upn_suffix_lost"])


def test_an_anchor_that_was_a_guess_is_no_proof_against_the_tie():
    guessed = expectation()._replace(row=ad_row(1, anchor_certain=False, object_sid=None))
    assert stand(guessed, synced(value=anchor(2))) == ("blocked", ["anchor_unconfirmed"])
    assert stand(guessed, synced()) == ("synced", [])
    with_sid = expectation()._replace(row=ad_row(1, anchor_certain=False))
    assert stand(with_sid, synced(value=anchor(2))) == ("synced", [])
    assert stand(with_sid, synced(value=anchor(2), onPremisesSecurityIdentifier="S-1-5-9"))[1] == [
        "sid_differs",
        "anchor_unconfirmed",
    ]


# In the cloud still


@pytest.mark.parametrize(
    ("seen", "holders", "tenant", "expected"),
    [
        (held(1), [held(1)], VERIFIED, ("pending", ["awaiting_sync"])),
        (user(1), [], VERIFIED, ("in_cloud", ["anchor_not_set"])),
        (held(1, value=anchor(2)), [], VERIFIED, ("in_cloud", ["anchor_differs"])),
        (held(1, value=str(guid(1))), [], VERIFIED, ("in_cloud", ["anchor_differs"])),
        (held(1, onPremisesSyncEnabled=False), [], VERIFIED, ("pending", ["left_scope"])),
        (held(1), [held(2, deleted=True)], VERIFIED, ("conflict", ["anchor_held_deleted"])),
        (user(1), [held(2)], VERIFIED, ("conflict", ["anchor_held", "anchor_not_set"])),
        (held(1), [], SyncFacts(sync_on=False), ("blocked", ["tenant_sync_off"])),
        (held(1), [], SyncFacts(sync_on=None), ("pending", ["awaiting_sync"])),
        (held(1), [], SyncFacts(hard_match_blocked=True), ("blocked", ["hard_match_blocked"])),
        (held(1), [], SyncFacts(hard_match_blocked=None), ("pending", ["awaiting_sync"])),
        (user(1), [], SyncFacts(sync_on=False), ("in_cloud", ["anchor_not_set", "tenant_sync_off"])),
    ],
)
def test_what_keeps_a_user_in_the_cloud(seen, holders, tenant, expected):
    assert stand(expectation(), seen, holders, tenant) == expected


def test_an_object_that_sync_leaves_out_is_the_cause():
    out = expectation()._replace(row=ad_row(1, in_scope=False, scope_reasons=[{"message": "It is critical."}]))
    assert stand(out, user(1)) == ("blocked", ["out_of_scope", "anchor_not_set"])


def test_nothing_is_brought_into_scope_while_the_sync_would_take_another_user():
    out = expectation()._replace(row=ad_row(1, in_scope=False, scope_reasons=[{"message": "It lies elsewhere."}]))
    assert stand(out, user(1), [held(2, deleted=True)]) == (
        "conflict",
        ["anchor_held_deleted", "out_of_scope", "anchor_not_set"],
    )


def test_a_misspelled_anchor_is_hinted_at():
    (why,) = diagnose(expectation(), held(1, value=str(guid(1))), [], VERIFIED).reasons
    assert "not in base64" in why["message"]


# Nobody


@pytest.mark.parametrize(
    ("seen", "holders", "expected"),
    [
        (None, [], ("not_found", ["not_found"])),
        (user(1, deleted=True), [], ("not_found", ["user_deleted"])),
        (None, [held(2, deleted=True)], ("not_found", ["user_deleted"])),
        (None, [held(2)], ("conflict", ["anchor_held"])),
        (user(1, deleted=True), [held(2)], ("conflict", ["anchor_held"])),
    ],
)
def test_users_that_are_not_there(seen, holders, expected):
    assert stand(expectation(), seen, holders) == expected


# What the plan said


def test_why_the_plan_did_not_write_is_the_cause_behind_a_missing_anchor():
    why = told("existing_value_kept", immutable_id=anchor(1))
    assert stand(why, held(1, value=anchor(2))) == ("blocked", ["existing_value_kept", "anchor_differs"])
    assert stand(told("claimed_twice", "ambiguous", immutable_id=anchor(1)), user(1))[0] == "conflict"
    assert stand(told("write_forbidden", "failed", immutable_id=anchor(1)), user(1))[0] == "blocked"


def test_nobody_waits_for_a_user_whom_the_plan_does_not_write():
    """The check that finds the same reason would by itself only wait for the sync."""
    why = told("role_group_member", immutable_id=anchor(1), row=ad_row(1))
    found = explained(why, user(1), guarded={user_id(1): ("Admins",)})
    assert found[:2] == ("blocked", ["role_group_member", "anchor_not_set"])


def test_what_a_plan_said_is_not_the_cause_once_the_user_has_the_anchor():
    why = told("existing_value_kept", immutable_id=anchor(1), row=ad_row(1))
    refused = LogEntry("2026-11-23T12:00:00Z", False, "AttributeUpdateNotAllowed", "No.")
    found = diagnose(why, held(1), [], VERIFIED, logged=refused)
    assert (found.state, [one["code"] for one in found.reasons]) == (
        "in_cloud",
        ["sync_refused", "existing_value_kept"],
    )


def test_what_was_written_in_spite_of_a_warning_waits():
    assert stand(told("left_scope", "set", immutable_id=anchor(1)), held(1)) == ("pending", ["awaiting_sync"])
    assert stand(told("unconfirmed", "set", immutable_id=anchor(1)), held(1)) == ("pending", ["awaiting_sync"])


def test_what_is_proven_by_now_is_not_held_against_the_user():
    assert stand(told("anchor_unconfirmed", immutable_id=anchor(1)), synced()) == ("synced", [])


def test_nobody_has_to_exist_for_an_object_that_sync_leaves_out():
    assert stand(told("out_of_scope", immutable_id=anchor(1)), None)[0] == "blocked"


def test_the_same_reason_is_not_said_twice():
    assert (
        stand(told("anchor_held", "conflict", immutable_id=anchor(1)), user(1), [held(2)])[1].count("anchor_held") == 1
    )


def test_the_twin_is_known_better_than_the_holder_that_the_plan_named():
    twin_of_it = held(2, onPremisesSyncEnabled=True)
    why = told("anchor_held", "conflict", immutable_id=anchor(1))
    found = diagnose(why, user(1), [twin_of_it], VERIFIED, [twin_of_it])
    assert [one["code"] for one in found.reasons] == ["joined_to_twin"]


@pytest.mark.parametrize("seen", [synced(value=anchor(9)), held(1, value=anchor(9))])
def test_without_an_anchor_to_look_for_a_tie_is_not_believed(seen):
    """An AD object without usable anchor, and a user that some sync has taken, or shall take."""
    assert stand(told("anchor_missing"), seen) == ("blocked", ["anchor_missing"])


def test_the_sid_proves_a_tie_even_without_an_anchor_to_look_for():
    assert stand(told("anchor_missing", row=ad_row(1)), synced(value=anchor(9))) == ("synced", [])
    other = synced(onPremisesSecurityIdentifier="S-1-5-9")
    assert stand(told("anchor_missing", row=ad_row(1)), other) == ("conflict", ["sid_differs", "anchor_missing"])


@pytest.mark.parametrize(("seen", "why"), [(None, "not_found"), (user(1, deleted=True), "user_deleted")])
def test_a_user_that_is_not_there_is_that_first(seen, why):
    assert stand(told("anchor_missing"), seen) == ("not_found", [why, "anchor_missing"])


def test_an_action_without_a_reason_adds_nothing():
    assert stand(told("x", immutable_id=anchor(1), reason=None), user(1)) == ("in_cloud", ["anchor_not_set"])


def test_of_whom_nothing_is_expected_it_is_not_said_that_the_anchor_is_right():
    nothing = Expectation("u1@example.com")
    assert stand(nothing, synced(value=anchor(9))) == ("synced", [])
    assert stand(nothing, user(1)) == ("in_cloud", ["anchor_not_set"])
    assert stand(nothing, held(1)) == ("pending", ["anchor_unchecked"])
    assert stand(nothing, user(1, onPremisesImmutableId="no anchor ")) == ("pending", ["anchor_unchecked"])
    assert (
        '"no anchor "'
        in diagnose(nothing, user(1, onPremisesImmutableId="no anchor "), [], VERIFIED).reasons[0]["message"]
    )


# Rows


@pytest.mark.parametrize(
    ("seen", "label"),
    [(synced(), LABEL_SYNCED), (held(1), LABEL_CLOUD), (held(1, onPremisesSyncEnabled=False), LABEL_CLOUD)],
)
def test_the_label_is_what_the_admin_centres_show(seen, label):
    assert row_of(expectation(), seen, diagnose(expectation(), seen, [], VERIFIED), VERIFIED)["label"] == label


@pytest.mark.parametrize("seen", [None, user(1, deleted=True)])
def test_nobody_has_no_label(seen):
    row = row_of(expectation(), seen, diagnose(expectation(), seen, [], VERIFIED), VERIFIED)
    assert row["label"] is None


def test_what_could_not_be_checked_is_said_of_those_it_may_concern():
    unchecked = ({"what": "features", "permission": "OnPremDirectorySynchronization.Read.All"},)
    tenant = SyncFacts(unchecked=unchecked)
    for seen, shown in ((held(1), list(unchecked)), (synced(), []), (None, [])):
        assert row_of(expectation(), seen, diagnose(expectation(), seen, [], tenant), tenant)["unchecked"] == shown


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        (Expectation("u1@example.com"), True),
        (Expectation("u1@example.com", immutable_id=anchor(1)), False),
        (Expectation("u1@example.com", row=ad_row(1)), False),
    ],
)
def test_a_tie_to_an_unknown_object_is_no_success_without_a_word(expected, said):
    row = row_of(expected, synced(), diagnose(expected, synced(), [], VERIFIED), VERIFIED)
    assert row["state"] == "synced"
    assert ["right AD object" in item["what"] for item in row["unchecked"]] == [True] * said


def test_a_row_shows_what_is_and_what_is_expected():
    row = row_of(expectation(), held(1, value="E1"), diagnose(expectation(), held(1), [], VERIFIED), VERIFIED)
    assert (row["immutable_id"], row["expected_immutable_id"]) == ("E1", anchor(1))
    assert row["object"]["object_sid"] == SID


@pytest.mark.parametrize(
    ("seen", "shown"),
    [
        (None, ("u1@example.com", user_id(1), None, None)),
        (
            synced(upn="new@example.com"),
            ("new@example.com", user_id(1), anchor(1), SYNCED["onPremisesLastSyncDateTime"]),
        ),
        (held(1)._replace(user_principal_name=None), (user_id(1), user_id(1), anchor(1), None)),
    ],
)
def test_a_row_names_the_user_as_it_is_now_else_as_it_was_asked_for(seen, shown):
    row = row_of(expectation(), seen, diagnose(expectation(), seen, [], VERIFIED), VERIFIED)
    assert (row["user"], row["id"], row["immutable_id"], row["last_sync"]) == shown


def test_a_user_that_could_not_be_read_is_unknown():
    found = unreadable("Timeout.")
    assert (found.state, found.reasons[0]["code"]) == ("unknown", "read_failed")


def test_two_parked_values_are_two_reasons():
    errors = [{"propertyCausingError": name, "value": "v"} for name in ("UserPrincipalName", "ProxyAddresses")]
    seen = synced(onPremisesProvisioningErrors=errors)
    assert stand(expectation(), seen) == ("conflict", ["attribute_quarantined"] * 2)


# What explains it


def case_of(expected, seen, *others, roles=None, lookup=None, holders=(), features=None, **facts):
    """Return what was read of a user: who else there is, roles, look-ups, and holders of addresses."""
    flags = dict.fromkeys(
        (
            "blockCloudObjectTakeoverThroughHardMatchEnabled",
            "blockSoftMatchEnabled",
            "allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled",
        ),
        False,
    )
    tenant = TenantFacts(
        "tenant",
        roles=RoleBook({seen.id: roles or ()}, **facts),
        addresses=AddressBook(holders),
        features=flags if features is None else features,
    )
    around = Surroundings(tenant, CloudIndex([seen, *others], TWIN_KEYS), Claims())
    wish = Wish(expected.user, None, expected.row, expected.immutable_id)
    return Case(0, wish, seen, Match([seen], None, None, [], [], []), around, lookup)


def explained(expected, seen, *others, tenant=VERIFIED, **read):
    """Diagnose a user with everything that a job reads."""
    case = case_of(expected, seen, *others, **read)
    index = case.around.index
    holders = index.find("immutable_id", expected.immutable_id) if expected.immutable_id else []
    found = diagnose(expected, seen, holders, tenant, twins_of(expected, seen, index), case)
    return found.state, [why["code"] for why in found.reasons], " ".join(why["message"] for why in found.reasons)


ADMIN = Role("User Administrator", "t")
LOGIN = ad_row(1, mail="u1@example.com", proxy_addresses=["SMTP:u1@example.com", "smtp:old@example.com"])


@pytest.mark.parametrize(
    ("read", "state", "code"),
    [
        ({"roles": (ADMIN,)}, "blocked", "role_held"),
        ({"roles": (ADMIN._replace(group="Admins"),)}, "blocked", "role_by_group"),
        ({"roles": (ADMIN._replace(eligible=True),)}, "blocked", "role_eligible"),
        ({"lookup": Lookup(cloud_managed=True)}, "blocked", "cloud_managed"),
        ({"lookup": Lookup(object_identifier=str(guid(9)))}, "blocked", "identifier_differs"),
        ({"lookup": Lookup(object_identifier=str(guid(1)))}, "pending", "awaiting_sync"),
        ({"guarded": {user_id(1): ("Admins",)}}, "pending", "awaiting_sync"),
        ({"features": {}}, "pending", "awaiting_sync"),
        ({"holders": [("old@example.com", Holder("group", "g", "All"))]}, "conflict", "address_of_other_kind"),
    ],
)
def test_what_keeps_a_user_with_the_right_anchor_in_the_cloud(read, state, code):
    found = explained(expectation()._replace(row=LOGIN), held(1), **read)
    assert (found[0], found[1][0]) == (state, code)


@pytest.mark.parametrize(
    ("read", "note"),
    [
        ({"lookup": Lookup(object_identifier=str(guid(1)))}, "identifier_same"),
        ({"guarded": {user_id(1): ("Admins",)}}, "role_group_member"),
        ({"features": {}}, "flags_unreadable"),
    ],
)
def test_what_is_no_cause_by_itself_is_said_after_it(read, note):
    assert explained(expectation(), held(1), **read)[1] == ["awaiting_sync", note]
    paused = VERIFIED._replace(jobs=(JobState("example.com", paused=True),))
    assert explained(expectation(), held(1), tenant=paused, **read)[1] == ["job_paused", note]


@pytest.mark.parametrize(
    ("other", "code"),
    [
        (user(2, upn="u1@example.com"), "upn_held"),
        (user(2, proxyAddresses=["smtp:OLD@example.com"]), "address_held"),
        (user(2, onPremisesSecurityIdentifier=SID), "sid_held"),
        (held(2, value=anchor(1)), "anchor_held"),
        (held(2, value=anchor(1), deleted=True), "anchor_held_deleted"),
    ],
)
def test_another_user_who_has_what_the_sync_brings(other, code):
    found = explained(expectation()._replace(row=LOGIN), held(1, upn="other@example.com"), other)
    assert (found[0], found[1]) == ("conflict", [code])
    assert user_id(2) in found[2]


def twin(**properties):
    return user(2, upn="u11234@" + TENANT, **SYNCED, onPremisesUserPrincipalName="u1@example.com", **properties)


PARKED = [{"category": "PropertyConflict", "propertyCausingError": "ProxyAddresses", "value": "SMTP:u1@example.com"}]


@pytest.mark.parametrize(
    "other",
    [
        held(2, value=anchor(1), **SYNCED),
        user(2, onPremisesSecurityIdentifier=SID.lower(), **SYNCED),
        twin(),
        user(2, upn="u1+1234@" + TENANT, onPremisesUserPrincipalName="U1@example.com", **SYNCED),
        user(2, onPremisesProvisioningErrors=PARKED, **SYNCED),
    ],
)
def test_the_user_that_the_sync_took_instead(other):
    """By its anchor, its SID, the name that the service made up, or what it parked."""
    seen = user(1, proxyAddresses=["SMTP:u1@example.com"])
    assert explained(expectation(), seen, other)[:2] == ("conflict", ["joined_to_twin"])
    assert user_id(2) in explained(Expectation("u1@example.com"), seen, twin())[2]


def test_somebody_elses_twin_is_no_cause():
    other = twin(onPremisesSecurityIdentifier="S-1-5-9")
    assert explained(expectation(), held(1), other)[:2] == ("pending", ["awaiting_sync", "twin_claims"])


@pytest.mark.parametrize(
    "other",
    [
        # An alternate sign-in name, nothing that the service made up.
        user(2, upn="x@example.com", onPremisesUserPrincipalName="u1@example.com", **SYNCED),
        user(2, upn="u1234@" + TENANT, onPremisesUserPrincipalName="u1@example.com", **SYNCED),
        user(2, upn="u11234@example.com", onPremisesUserPrincipalName="u1@example.com", **SYNCED),
        user(2, onPremisesProvisioningErrors=PARKED),
    ],
)
def test_nobody_is_called_a_twin_without_proof(other):
    assert explained(Expectation("u1@example.com", immutable_id=anchor(1)), held(1), other)[1] == ["awaiting_sync"]


# Synced, and yet no success


def test_a_name_that_the_service_made_up_is_no_success():
    seen = synced(upn="u11234@" + TENANT)
    found = explained(expectation(), seen, user(2, upn="u1@example.com"))
    assert found[:2] == ("conflict", ["upn_rewritten"])
    assert "taken by user u1@example.com" in found[2]
    nothing_known = Expectation("u11234@" + TENANT)
    assert explained(nothing_known, seen._replace(on_premises_name="u1@example.com"))[1] == ["upn_rewritten"]
    assert explained(nothing_known, seen)[0] == "synced"


@pytest.mark.parametrize(
    ("others", "holders", "owner"),
    [
        ([user(2, proxyAddresses=["smtp:u1@example.com"])], [], "by user u2@example.com"),
        ([], [("u1@example.com", Holder("group", "g1", "Sales"))], "by group Sales (g1)"),
        ([], [], "by an object that was not found"),
    ],
)
def test_a_parked_value_is_shown_with_its_owner(others, holders, owner):
    found = explained(expectation(), synced(onPremisesProvisioningErrors=PARKED), *others, holders=holders)
    assert found[:2] == ("conflict", ["attribute_quarantined"])
    assert owner in found[2]


def test_a_twin_of_a_synced_user_is_no_success():
    seen = synced(upn="u1@example.com")
    assert explained(expectation(), seen, twin())[:2] == ("conflict", ["twin_claims"])


# The sync as a whole


@pytest.mark.parametrize(
    ("sync", "expected"),
    [
        ({"jobs": (JobState("example.com", quarantine="TooManyDeletes"),)}, ["delete_brake"]),
        ({"jobs": (JobState("example.com", quarantine="EncounteredBaseEscrowThreshold"),)}, ["job_quarantined"]),
        ({"jobs": (JobState("EXAMPLE.com", True, "TooManyDeletes"),)}, ["delete_brake", "job_paused"]),
        ({"jobs": (JobState("other.example", paused=True),)}, ["awaiting_sync"]),
        ({"last_sync": NOON, "now": NOON + 7 * 3600}, ["sync_stale"]),
        ({"last_sync": NOON, "now": NOON + 3600}, ["awaiting_sync"]),
        ({"last_sync": None, "now": NOON}, ["awaiting_sync"]),
        ({"last_sync": NOON - 60, "now": NOON}, ["no_cycle_since_write"]),
    ],
)
def test_what_of_the_sync_keeps_everybody_waiting(sync, expected):
    found = explained(expectation(written=NOON), held(1), tenant=VERIFIED._replace(**sync))
    assert found[:2] == ("pending", expected)


@pytest.mark.parametrize(
    ("data", "state"),
    [
        ({"status": {"code": "Active"}, "schedule": {"state": "Active"}}, JobState("d")),
        ({"status": {"code": "Paused"}}, JobState("d", True)),
        ({"status": {"code": "Quarantine", "quarantine": {"reason": "TooManyDeletes"}},
          "schedule": {"state": "Disabled"}}, JobState("d", True, "TooManyDeletes")),
        ({"status": {"code": "Quarantine", "quarantine": {}}}, JobState("d")),
        ({}, JobState("d")),
    ],
)  # fmt: skip
def test_the_state_of_a_job(data, state):
    assert job_state("d", data) == state


def test_an_unknown_selection_is_said_after_the_cause():
    row = ad_row(1, in_scope=None, scope_reasons=[{"code": "selection_unknown", "message": "M.", "remedy": "R."}])
    assert explained(expectation()._replace(row=row), held(1))[1] == ["awaiting_sync", "selection_unknown"]


def test_several_causes_stand_in_order():
    """What is to be mended first stands first: scope and anchor, the service, who else has the values, the sync."""
    row = {**LOGIN, "in_scope": False, "scope_reasons": [{"message": "It is critical."}]}
    found = explained(
        expectation(written=NOON)._replace(row=row),
        user(1, upn="other@example.com"),
        user(2, upn="u1@example.com"),
        roles=(ADMIN,),
        lookup=Lookup(cloud_managed=True),
        tenant=VERIFIED._replace(hard_match_blocked=True, jobs=(JobState("example.com", paused=True),)),
    )
    assert found[1] == [
        "out_of_scope", "anchor_not_set", "hard_match_blocked", "role_held", "cloud_managed", "upn_held", "job_paused",
    ]  # fmt: skip


def test_why_the_plan_left_the_anchor_unset_comes_before_that_it_is_not_set():
    """It makes no difference whether only the plan knows it, or a check of the status has found the same."""
    expected = told("cloud_managed", immutable_id=anchor(1), row=ad_row(1))
    assert stand(expected, user(1)) == ("blocked", ["cloud_managed", "anchor_not_set"])
    found = explained(expected, user(1), lookup=Lookup(cloud_managed=True))
    assert found[:2] == ("blocked", ["cloud_managed", "anchor_not_set"])


@pytest.mark.parametrize(
    ("current", "hint"),
    [
        (anchor(1) + " ", "blanks"),
        (str(guid(1)), "not in base64"),
        (immutable_id(guid(1).bytes), "wrong byte order"),
        (anchor(9), "mS-DS-ConsistencyGuid of the AD object"),
    ],
)
def test_what_another_anchor_looks_like(current, hint):
    expected = expectation()._replace(row=ad_row(1, consistency_guid=anchor(9)))
    (why,) = diagnose(expected, held(1, value=current), [], VERIFIED).reasons
    assert why["code"] == "anchor_differs"
    assert hint in why["message"]


def test_the_other_attribute_and_the_other_alphabet_are_hinted_at():
    wanted = "+/" + anchor(1)[2:]
    expected = expectation()._replace(immutable_id=wanted)
    (other,) = diagnose(expected, held(1), [], VERIFIED).reasons
    assert "objectGUID of the AD object" in other["message"]
    (safe,) = diagnose(expected, held(1, value="-_" + anchor(1)[2:]), [], VERIFIED).reasons
    assert "URL-safe" in safe["message"]


# What Cloud Sync wrote down


def logged(status="failure", code="AttributeUpdateNotAllowed", moment="2026-11-23T12:00:00Z"):
    error = None if status == "success" else {"errorCode": code, "reason": "Blocked."}
    body = {"activityDateTime": moment, "provisioningStatusInfo": {"status": status, "errorInformation": error}}
    return log_entry(body)


@pytest.mark.parametrize(
    ("entry", "state", "code"),
    [
        (logged(), "in_cloud", "sync_refused"),
        (logged("skipped"), "in_cloud", "sync_refused"),
        (logged("success"), "pending", "awaiting_sync"),
        # It was about another anchor.
        (logged(moment="2026-11-23T11:59:00Z"), "pending", "awaiting_sync"),
        (None, "pending", "awaiting_sync"),
    ],
)
def test_what_cloud_sync_wrote_down_settles_what_nothing_else_explains(entry, state, code):
    found = diagnose(expectation(written=NOON), held(1), [], VERIFIED, logged=entry)
    assert (found.state, [why["code"] for why in found.reasons]) == (state, [code])


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("InvalidHardMatch", ["hard_match_blocked"]),
        # The service refused it for something else, and a word that is not known is not explained.
        ("AttributeUpdateNotAllowed", ["hard_match_blocked", "sync_refused"]),
        ("NewWord", ["hard_match_blocked", "sync_refused"]),
    ],
)
def test_what_is_explained_is_not_said_twice(word, expected):
    blocked = VERIFIED._replace(hard_match_blocked=True)
    found = diagnose(expectation(), held(1), [], blocked, logged=logged(code=word))
    assert [why["code"] for why in found.reasons] == expected


def test_an_entry_of_the_log_names_its_ad_object_in_two_ways():
    details = {"objectGUID": "ABC", "distinguishedName": "CN=X"}
    assert log_keys({"sourceIdentity": {"id": "abc", "details": details}}) == ["abc", "abc", "cn=x"]
    assert log_keys({}) == []
