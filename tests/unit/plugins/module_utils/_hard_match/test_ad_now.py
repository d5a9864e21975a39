# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AD says now, over what was known: whose object it is, what counts, and what a diagnosis says of it."""

from __future__ import annotations

import base64

import pytest
from hard_match_doubles import TENANT, ad_row, anchor, guid, held, user, user_id

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.ad_now import AdReading, laid_over
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.diagnosis import diagnose
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.standing import Expectation, SyncFacts

SYNC_ON = SyncFacts(sync_on=True, verified_domains=frozenset(["example.com", TENANT]))
SID = ad_row(1)["object_sid"]
SYNCED = {"onPremisesSyncEnabled": True, "onPremisesLastSyncDateTime": "2026-11-23T12:00:00Z",
          "onPremisesSecurityIdentifier": SID}  # fmt: skip
OTHER = base64.b64encode(b"another GUID AD ").decode()
# As a plan has it.
KNOWN = Expectation("u1@example.com", user_id(1), anchor(1), ad_row(1), "set", None)
MOVED = {"distinguished_name": "CN=u1,OU=Out,DC=example,DC=com"}
WRITTEN_GUID = {"immutable_id": OTHER, "consistency_guid": OTHER, "anchor_source": "consistency_guid"}


def now(expected, *rows, seen=None, **reading):
    [found] = laid_over([(expected, seen)], [AdReading(rows, **reading)])
    return found


def stand(expected, seen):
    found = diagnose(expected, seen, [], SYNC_ON)
    return found.state, [why["code"] for why in found.reasons], " ".join(why["message"] for why in found.reasons)


# Whose object it is


@pytest.mark.parametrize(
    ("expected", "seen"),
    [
        (KNOWN, None),
        (KNOWN._replace(row=ad_row(1, object_guid=None)), None),
        (Expectation("U1@example.com"), None),
        (Expectation(user_id(1), user_id(1)), user(1)),  # by the name that the user has
        (Expectation("other@example.com"), held(1, "other@example.com")),  # by the anchor that the user has
        (Expectation("other@example.com", immutable_id=anchor(1)), None),
        (Expectation("other@example.com"), user(1, "other@example.com", onPremisesSecurityIdentifier=SID)),
    ],
)
def test_the_object_is_found_by_what_is_known(expected, seen):
    found = now(expected, ad_row(2), ad_row(1, display_name="Ann"), seen=seen)
    assert (found.row["display_name"], found.immutable_id) == ("Ann", anchor(1))


def test_objectguid_finds_an_object_whose_anchor_is_another_one():
    found = now(Expectation("other@example.com"), ad_row(1, **WRITTEN_GUID), seen=held(1, "other@example.com"))
    assert found.immutable_id == OTHER


@pytest.mark.parametrize(
    ("expected", "rows"),
    [
        (KNOWN, [ad_row(2, login_name="u1@example.com")]),  # another object with that name
        (
            Expectation("u1@example.com"),
            [ad_row(2, login_name="u1@example.com"), ad_row(3, login_name="u1@example.com")],
        ),
        (Expectation("u1@example.com"), [ad_row(2)]),
    ],
)
def test_no_other_object_is_taken_for_it(expected, rows):
    found = now(expected, *rows)
    assert (found.row, found.immutable_id) == (expected.row, expected.immutable_id)
    assert (found.in_ad.found, found.in_ad.gone) == (False, False)


def test_the_last_reading_of_an_object_counts():
    first, last = AdReading([ad_row(1, mail="a")]), AdReading([ad_row(1, mail="b")])
    [found] = laid_over([(KNOWN, None)], [first, last])
    assert found.row["mail"] == "b"


# What counts


def test_what_was_not_read_stays_as_it_was_known():
    known = KNOWN._replace(row=ad_row(1, mail="a@example.com"))
    carried = frozenset(["distinguished_name", "object_guid"])
    assert now(known, ad_row(1, mail=None), carried=carried).row["mail"] == "a@example.com"
    assert now(known, ad_row(1, mail=None)).row["mail"] is None


def test_a_guess_does_not_replace_an_anchor_that_is_known():
    guess = ad_row(1, immutable_id=OTHER, anchor_certain=False)
    assert now(KNOWN, guess).immutable_id == anchor(1)
    assert now(KNOWN, guess).row["anchor_certain"] is True
    assert now(Expectation("u1@example.com"), guess).immutable_id == OTHER


@pytest.mark.parametrize("code", ["consistency_guid_unread", "anchor_attribute_unread", "no_object_guid"])
def test_an_anchor_that_was_not_read_is_not_missing(code):
    unread = ad_row(1, immutable_id=None, anchor_certain=None, anchor_reason={"code": code, "message": "M."})
    found = now(KNOWN, unread)
    assert (found.immutable_id, found.reason) == (anchor(1), None)


def test_an_anchor_that_cannot_be_used_any_more_is_said():
    why = {"code": "consistency_guid_wrong_length", "message": "It has 8 bytes.", "remedy": "Clear it."}
    found = now(KNOWN, ad_row(1, immutable_id=None, anchor_certain=None, anchor_reason=why))
    assert stand(found, held(1))[:2] == ("blocked", ["consistency_guid_wrong_length"])


@pytest.mark.parametrize(
    ("known", "row", "scope"),
    [
        (True, {"in_scope": None}, True),
        (True, {"in_scope": None, **MOVED}, None),
        (True, {"in_scope": False}, False),
        (False, {"in_scope": None}, None),
        (None, {"in_scope": True}, True),
    ],
)
def test_the_scope_is_as_fresh_as_can_be(known, row, scope):
    assert now(KNOWN._replace(row=ad_row(1, in_scope=known)), ad_row(1, **row)).row["in_scope"] is scope


@pytest.mark.parametrize(
    ("code", "kept"), [("out_of_scope", False), ("consistency_guid_all_zero", False), ("role_held", True)]
)
def test_what_a_plan_said_of_the_object_is_replaced(code, kept):
    why = {"code": code, "message": "M.", "remedy": "R."}
    found = now(KNOWN._replace(action="blocked", reason=why), ad_row(1, in_scope=True))
    assert (found.reason, found.action) == ((why, "blocked") if kept else (None, None))


# What is said of it


def test_a_consistency_guid_that_was_written_since_is_the_reason():
    """The classic: the ids match, but only in terms of objectGUID."""
    state, codes, told = stand(now(KNOWN, ad_row(1, **WRITTEN_GUID)), held(1))
    assert (state, codes[0]) == ("in_cloud", "ad_anchor_changed")
    assert "anchor_differs" not in codes
    assert f'"{OTHER}" now (from mS-DS-ConsistencyGuid), and "{anchor(1)}" was expected' in told
    assert "(which is the objectGUID of the AD object)" in told


def test_nobody_expected_anything_and_the_ids_match_only_in_objectguid():
    state, codes, told = stand(now(Expectation("u1@example.com"), ad_row(1, **WRITTEN_GUID), seen=held(1)), held(1))
    assert (state, codes) == ("in_cloud", ["anchor_differs"])
    assert "(which is the objectGUID of the AD object)" in told


def test_the_user_has_no_anchor_and_the_expected_one_is_another_by_now():
    assert stand(now(KNOWN, ad_row(1, **WRITTEN_GUID)), user(1))[1] == ["anchor_not_set", "ad_anchor_changed"]


def test_a_user_that_has_the_new_anchor_awaits_the_sync():
    assert stand(now(KNOWN, ad_row(1, **WRITTEN_GUID)), held(1, value=OTHER))[1] == ["awaiting_sync"]


def test_a_user_that_was_synced_with_either_anchor_is_synced():
    changed = now(KNOWN, ad_row(1, **WRITTEN_GUID))
    assert stand(changed, held(1, **SYNCED))[0] == "synced"
    assert stand(changed, held(1, value=OTHER, **SYNCED))[0] == "synced"
    state, codes, _told = stand(changed, held(1, value=anchor(3), **SYNCED))
    assert (state, codes) == ("conflict", ["ad_anchor_changed"])


def test_an_object_that_is_gone_decides():
    gone = now(KNOWN, missing=["{" + str(guid(1)).upper() + "}"])
    state, codes, told = stand(gone, user(1))
    assert (state, codes) == ("blocked", ["ad_object_gone", "anchor_not_set"])
    assert str(guid(1)) in told
    assert stand(gone, held(1, **SYNCED))[:2] == ("conflict", ["ad_object_gone"])
    assert stand(gone, None)[:2] == ("not_found", ["not_found", "ad_object_gone"])


def test_an_object_that_was_not_asked_for_by_its_guid_is_not_gone():
    state, codes, told = stand(now(KNOWN, missing=["u1@example.com"]), held(1))
    assert (state, codes) == ("pending", ["awaiting_sync", "ad_object_not_found"])
    assert f"looked for by {guid(1)}, u1@example.com." in told
    assert stand(now(KNOWN), held(1, **SYNCED))[0] == "synced"


def test_an_object_that_has_left_the_scope_is_left_out():
    why = {"code": "outside_selected_ous", "message": "It lies outside.", "remedy": ""}
    state, codes, told = stand(now(KNOWN, ad_row(1, in_scope=False, scope_reasons=[why], **MOVED)), held(1))
    assert (state, codes) == ("blocked", ["out_of_scope", "ad_values_changed"])
    assert "distinguished name (CN=u1,DC=example,DC=com -> CN=u1,OU=Out,DC=example,DC=com)" in told


def test_a_disabled_account_is_only_a_remark():
    off = ad_row(1, enabled=False)
    assert stand(now(KNOWN, off), held(1))[:2] == ("pending", ["awaiting_sync", "ad_account_disabled"])
    assert stand(now(KNOWN, off), held(1, **SYNCED))[0] == "synced"


def test_values_that_were_changed_are_named():
    known = KNOWN._replace(row=ad_row(1, mail="a@example.com", proxy_addresses=["SMTP:a@example.com", "smtp:b@x.com"]))
    fresh = ad_row(1, mail=None, proxy_addresses=["SMTP:c@example.com", "smtp:B@x.com"])
    _state, codes, told = stand(now(known, fresh), held(1))
    assert codes == ["awaiting_sync", "ad_values_changed"]
    assert "mail (a@example.com -> nothing)" in told
    assert "without SMTP:a@example.com" in told
    assert "with SMTP:c@example.com" in told


def test_the_spelling_of_a_name_is_no_change():
    assert now(KNOWN, ad_row(1, login_name="U1@EXAMPLE.COM")).in_ad.changes == ()


def test_a_name_that_was_changed_since_comes_with_the_next_sync():
    renamed = now(KNOWN, ad_row(1, login_name="ann@example.com"))
    assert stand(renamed, held(1, **SYNCED))[:2] == ("pending", ["ad_values_changed"])
    assert stand(renamed, held(1, "ann@example.com", **SYNCED))[0] == "synced"
    assert stand(renamed, held(1, "bob@example.com", **SYNCED))[:2] == ("conflict", ["upn_differs"])
