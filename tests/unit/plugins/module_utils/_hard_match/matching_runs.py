# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of matching, and what they say of a pair."""

from __future__ import annotations

from hard_match_doubles import FACTS, ad_row, guid

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.case import Case, Surroundings
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.claims import Claims
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import CloudIndex
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.holders import HOLDER_KEYS
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.match_codes import MATCH_CODES
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.match_keys import cloud_keys, parse_match_by
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.match_map import MatchMap, Pair
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.matching import match
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.obstacles import findings, without_user
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import from_object

OF_PAIRS = {row[0] for row in MATCH_CODES} | {"several_users"}
BY_NAME = ("immutable_id", "user_principal_name")
GUEST, ROOM = {"userType": "Guest"}, {"isResourceAccount": True}
UPN, MAIL, SID = "user_principal_name", "mail", "on_premises_security_identifier"
ROW = ad_row(1, mail="m@x.com", employee_id="E1", sam_account_name="jane", mail_nickname="jane")
SIDS = {"object_sid": "S-1-5-21-1-2-3-1001"}
BY_MAIL = {"mail": "m@x.com"}


def look_up(wish, users, match_by=BY_NAME, weak_match_by=(), pairs=None):
    """Match a wish; ``pairs`` are the (user, field, value) of a map."""
    keys = parse_match_by(match_by, weak_match_by, mapped=pairs is not None)
    index = CloudIndex(users, {*cloud_keys(keys), *HOLDER_KEYS})
    lines = [Pair(line, *pair) for line, pair in enumerate(pairs or (), 2)]
    return match(wish, index, keys, MatchMap("map.csv", lines, index)), index


def find(*args, **options):
    return look_up(*args, **options)[0]


def reasons(wish, users, *args, **options):
    """Return what is said against the pair itself, as (action, reason)."""
    found, index = look_up(wish, users, *args, **options)
    if len(found.users) > 1:
        said = [without_user(wish, found, ())]
    else:
        around = Surroundings(FACTS, index, Claims())
        said = [item for user in found.users for item in findings(Case(0, wish, user, found, around))]
    return [(item.action, item.reason) for item in said if item.reason["code"] in OF_PAIRS]


def codes(*args, **options):
    return [(action, why["code"]) for action, why in reasons(*args, **options)]


def decided(row, users, *args, **options):
    """Return whom a row finds, by which key, and what is said against the pair."""
    wish = from_object(row)
    found = find(wish, users, *args, **options)
    return [each.id for each in found.users], found.matched_by, codes(wish, users, *args, **options)


def matched(row, users, match_by=BY_NAME):
    found = find(from_object(row), users, match_by)
    return [each.id for each in found.users], found.matched_by


def mapped_to(name, number=1):
    return (name, "object_guid", str(guid(number)))
