# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What AD objects and users are paired by: the options ``match_by`` and ``weak_match_by``.

===============================  ==================  =============================================================
Key                              AD side             Compared
===============================  ==================  =============================================================
map                              (the option map)    a person's word: the pair as it is written
immutable_id                     the wanted anchor   with case, as base64 must be
user_principal_name              login_name          without case; what sync sends as the name, not AD's own UPN
on_premises_security_identifier  object_sid          as text, without case
mail                             mail                without case
proxy_address                    proxy_addresses     without case, SMTP only, the primary address first
id                               id                  without case
employee_id, sam_account_name,   the same            without case; weak: help desks write them, and use them again
mail_nickname, display_name
===============================  ==================  =============================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, NoReturn, Union

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure

MAP = "map"
IMMUTABLE_ID = "immutable_id"
SID = "on_premises_security_identifier"
DEFAULT_MATCH_BY = (IMMUTABLE_ID, "user_principal_name")

# What a user of the tenant can be looked up by.
CLOUD_KEYS = (
    IMMUTABLE_ID,
    "user_principal_name",
    SID,
    "mail",
    "proxy_address",
    "id",
    "employee_id",
    "sam_account_name",
    "mail_nickname",
    "display_name",
)

# What of an objects row can be compared with it.
AD_FIELDS = (
    "consistency_guid",
    "display_name",
    "employee_id",
    "id",
    IMMUTABLE_ID,
    "login_name",
    "mail",
    "mail_nickname",
    "object_guid",
    "object_sid",
    "proxy_address",
    "sam_account_name",
    "target_address",
    "user_principal_name",
)

#: Written by help desks, and given to somebody else later: on either side of a pair they make it a weak one.
WEAK = frozenset({"employee_id", "sam_account_name", "mail_nickname", "display_name"})

# A name alone compares like with like. The sign-in name in the cloud comes from login_name, which need not be AD's UPN.
_LIKE = {"user_principal_name": "login_name", SID: "object_sid"}
_SPELLINGS = {"proxy_addresses": "proxy_address"}
_WITH_DOMAIN = frozenset({"login_name", "mail", "proxy_address", "target_address", "user_principal_name"})
_DOMAIN = re.compile(r"\.?[^\s@*.]+(?:\.[^\s@*.]+)*")

#: ``(AD's domain, the tenant's)``, lower case, the longest first. With a dot before it, any domain below.
Rewriting = tuple[tuple[str, str], ...]


class Key(NamedTuple):
    """One key that an AD object and a user may have in common."""

    name: str
    ad: str
    cloud: str
    #: A pair found by it alone waits for a person's word.
    weak: bool = False
    #: False: it only confirms a pair that another key found.
    finds: bool = True
    rewrite: Rewriting = ()

    @property
    def is_anchor(self) -> bool:
        """Whether it asks who has the wanted anchor by now, which ties a user to the object already."""
        return self.ad == self.cloud == IMMUTABLE_ID

    @property
    def is_sid(self) -> bool:
        """Whether it compares what AD gives an object once and for all, so that a difference says something as well."""
        return (self.ad, self.cloud) == ("object_sid", SID)


def parse_match_by(
    match_by: Iterable[Union[str, Mapping[str, Any]]],
    weak_match_by: Iterable[Union[str, Mapping[str, Any]]] = (),
    *,
    mapped: bool = False,
) -> list[Key]:
    """Read the options ``match_by`` and ``weak_match_by``.

    :param mapped: whether the option ``map`` is given; its pairs are the strongest key unless ``match_by`` puts ``map``
        elsewhere.
    :return: all keys, the strongest first: those that find, the weak ones that may find, those that only confirm.
    :raises Failure: for a key that does not exist, or that cannot be used where it stands.
    """
    named = [_parse(key, "match_by") for key in match_by]
    allowed = [_parse(key, "weak_match_by")._replace(weak=True) for key in weak_match_by]
    if any(key.name == MAP for key in named):
        if not mapped:
            _refuse("match_by", "it names map, and the option map is not given. Name the file of pairs")
    elif mapped:
        named.insert(0, Key(MAP, MAP, MAP))
    for key in allowed:
        if key.name == MAP or key.is_anchor:
            _refuse("weak_match_by", f"{key.name} is no weak key. Name it in match_by")
    strong = [key for key in named if not key.weak]
    confirming = [key._replace(finds=False) for key in named if key.weak and key not in allowed]
    keys = [*strong, *allowed, *confirming]
    if not keys:
        _refuse("match_by", "it is empty. Name at least one key, for example user_principal_name")
    for key in keys:
        if keys.count(key) > 1 or (key in allowed and key._replace(weak=False) in strong):
            _refuse("match_by", f"{key.name} is named twice. Name it once")
    if not strong and not allowed:
        names = ", ".join(key.name for key in confirming)
        _refuse(
            "match_by",
            f"{names} can only confirm a pair that another key finds, because such values are given to other people "
            "later. Name a further key; or name it in weak_match_by, and approve each pair that it finds",
        )
    return keys


def cloud_keys(keys: Iterable[Key]) -> set[str]:
    """Return what the users of the tenant have to be indexed by."""
    return {key.cloud for key in keys if key.finds and key.name != MAP}


def rewritten(value: str, rules: Rewriting) -> str:
    """Return a name or address with its domain as the tenant has it; unchanged where no rule fits."""
    local, at, domain = value.rpartition("@")
    if not at or not rules:
        return value
    domain = domain.lower()
    for source, target in rules:
        if source == domain:
            return f"{local}@{target}"
        if source.startswith(".") and domain.endswith(source):
            below = domain[: -len(source)]
            return f"{local}@{below}{target}" if target.startswith(".") else f"{local}@{target}"
    return value


def _parse(given: object, option: str) -> Key:
    if isinstance(given, str):
        return _key(given, given, None, option)
    if not isinstance(given, Mapping):
        _refuse(option, f"{given!r} is no key. A key is a name, or a dictionary")
    fields = {str(name) for name in given}
    if fields - {"rewrite"} not in ({"key"}, {"ad", "cloud"}):
        shown = ", ".join(sorted(fields)) or "no fields"
        _refuse(option, f"a dictionary names either key, or ad and cloud, and may add rewrite; this one has {shown}")
    pair = [given.get(name, given.get("key")) for name in ("ad", "cloud")]
    if not all(isinstance(name, str) for name in pair):
        _refuse(option, f"{dict(given)!r} names something that is no text")
    rules = _rewriting(given["rewrite"], option) if "rewrite" in given else None
    if "key" in given:
        return _key(str(given["key"]), str(given["key"]), rules, option)
    return _key(str(pair[0]), str(pair[1]), rules, option, pair=True)


def _key(ad: str, cloud: str, rules: Rewriting | None, option: str, *, pair: bool = False) -> Key:
    name = f"{ad}={cloud}" if pair else cloud
    ad = _SPELLINGS.get(ad, ad)
    cloud = _SPELLINGS.get(cloud, cloud)
    if not pair:
        name, ad = cloud, _LIKE.get(cloud, cloud)
    if cloud == MAP and not pair:
        if rules is not None:
            _refuse(option, "the pairs of map are taken as they are written. Leave out rewrite")
        return Key(MAP, MAP, MAP)
    if cloud not in CLOUD_KEYS:
        _refuse(option, f"users cannot be looked up by {cloud}. There are {', '.join(CLOUD_KEYS)}, and map")
    if ad not in AD_FIELDS:
        _refuse(option, f"AD objects have no {ad} to match by. There are {', '.join(AD_FIELDS)}")
    if rules is not None and ad not in _WITH_DOMAIN:
        _refuse(option, f"{ad} has no domain to rewrite. Rewriting is for {', '.join(sorted(_WITH_DOMAIN))}")
    return Key(name, ad, cloud, weak=bool({ad, cloud} & WEAK), rewrite=rules or ())


def _rewriting(given: object, option: str) -> Rewriting:
    if not isinstance(given, Mapping) or not given:
        _refuse(option, "rewrite is a dictionary of domains, such as {corp.local: example.com}")
    rules: dict[str, str] = {}
    for pair in given.items():
        source, target = (str(name).strip().lower() for name in pair)
        for domain in (source, target):
            if not _DOMAIN.fullmatch(domain):
                _refuse(option, f'rewrite names "{domain}", and that is no domain such as corp.local')
        if source in rules:
            _refuse(option, f"rewrite names {source} twice. Name it once")
        if target.startswith(".") and not source.startswith("."):
            _refuse(option, f"rewrite turns {source} into {target}. Only domains below another (.{source}) can do so")
        rules[source] = target
    return tuple(sorted(rules.items(), key=lambda rule: (-len(rule[0]), rule[0])))


def _refuse(option: str, sentence: str) -> NoReturn:
    raise Failure(f"{option}: {sentence}.")
