# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What the takeover of a cloud user by an AD object changes and destroys, told before it happens."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Callable, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._dn import dns_domain, own_name
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.addresses import (
    NONE_SENT,
    Addresses,
    kept,
    nickname_after,
    read_addresses,
    sign_in_name,
    verified,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import listed, reason
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.flow import (
    CODE,
    FLOWS,
    HIDDEN,
    LIST,
    REFERENCE,
    ROW_FIELDS,
    Flow,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import TenantFacts

#: ``{"code", "property", "before", "after"}``: a Graph property, the cloud's value and AD's. That of dynamic groups has
#: ``groups``, names of the first of them, and ``more``, how many others there are, if there are.
Effect = dict[str, Any]

#: Default of ``block_effects``.
BLOCKING_DEFAULT = ("user_disabled", "sign_in_name_changed", "primary_address_lost", "password_must_change")

#: The source did not carry the attribute.
UNKNOWN = object()

# userAccountControl
_PASSWORD_NEVER_EXPIRES = 0x10000
_SMART_CARD_REQUIRED = 0x40000
# How pwdLastSet 0 looks in a row.
_MUST_CHANGE = "1601-01-01T00:00:00Z"

# msExchRecipientTypeDetails: the mailbox is in the cloud already; nobody signs in to the mailbox.
_REMOTE_MAILBOX = 0x80000000 | 0x200000000 | 0x400000000 | 0x800000000
_NOBODYS_MAILBOX = 0x4 | 0x10 | 0x20 | 0x200000000 | 0x400000000 | 0x800000000
# A service plan of Exchange that comes with nearly every licence and gives no mailbox.
_EXCHANGE_FOUNDATION = "113feb6c-3fe4-4440-bddc-54d774bf0318"

# Of the groups whose rules use a property, this many are named: thousands may use the department of everybody.
_GROUPS_NAMED = 25

# What changes besides the flow: name in rules of dynamic groups, Graph property, field of the row.
_STAMPED = (
    ("dirsyncenabled", "onPremisesSyncEnabled", None),
    ("onpremisessecurityidentifier", "onPremisesSecurityIdentifier", "object_sid"),
    ("onpremisesdistinguishedname", "onPremisesDistinguishedName", "distinguished_name"),
)
_RULE_NAMES = {flow.graph: flow.rule.lower() for flow in FLOWS if flow.rule}
#: Codes of effects that replace or empty the property that they name.
CHANGES = frozenset(
    (
        "overwritten",
        "blanked",
        "user_disabled",
        "user_enabled",
        "sign_in_name_changed",
        "primary_address_lost",
        "primary_address_changed",
        "address_lost",
    )
)


class _Case(NamedTuple):
    """The two sides, and the tenant."""

    row: Mapping[str, Any]
    details: Mapping[str, Any]
    tenant: TenantFacts
    now: Optional[str]
    user_of: Callable[[str], Optional[str]]

    def attribute(self, name: str) -> Any:
        """Return AD's value; ``None`` for none, :data:`UNKNOWN` where the source did not carry it."""
        if name in ROW_FIELDS:
            return self.field(ROW_FIELDS[name])
        value = (self.row.get("synced_attributes") or {}).get(name)
        return self._known(value, f"synced_attributes.{name}")

    def field(self, name: str) -> Any:
        """Return what a field of the row says, as :meth:`attribute` does."""
        return self._known(self.row.get(name), name)

    def _known(self, value: Any, name: str) -> Any:
        if value not in (None, "", []):
            return value
        return None if name in self.row.get("carried", ()) else UNKNOWN

    def flag(self, bit: int) -> bool:
        """Tell whether a bit of userAccountControl is known to be set."""
        control = self.attribute("userAccountControl")
        return isinstance(control, int) and control & bit != 0

    def has_plan(self) -> bool | None:
        """Tell whether the user has a licence with a mailbox."""
        if "assignedPlans" not in self.details:
            return None
        return any(
            str(plan.get("service")).lower() == "exchange"
            and plan.get("capabilityStatus") != "Deleted"
            and str(plan.get("servicePlanId")).lower() != _EXCHANGE_FOUNDATION
            for plan in self.details["assignedPlans"] or ()
        )


def takeover(
    row: Mapping[str, Any],
    details: Mapping[str, Any],
    tenant: TenantFacts,
    *,
    now: Optional[str] = None,
    user_of: Callable[[str], Optional[str]] = lambda _name: None,
) -> list[Effect]:
    """Return what becomes of a user when sync ties the AD object to it, the gravest first.

    :param row: a row of ``objects``, with ``carried``: the names of what its source carried, as in the first line of a
        file of objects (``attributes``). What has no value and is not among them is unknown.
    :param details: Graph properties of the user, those of ``flow.GRAPH_PROPERTIES``; of one that is absent nothing is
        said.
    :param now: RFC 3339 UTC, for accounts that expire.
    :param user_of: distinguished name of an AD object -> id of the user that it belongs to, ``None`` for unknown.
    """
    case = _Case(row, details, tenant, now, user_of)
    name = _name_after(case)
    effects = [*_account(case), *_sign_in_name(case, name), *_addresses(case, name), *_mailbox(case), *_password(case)]
    values = [effect for flow in FLOWS for effect in _value(case, flow)]
    return [*effects, *_groups(case, [*effects, *values]), *values]


def blocking(effects: Iterable[Effect], block_effects: Collection[str]) -> list[dict[str, str]]:
    """Return the reasons (``{"code", "message", "remedy"}``) of those effects that block a row."""
    return [_reason(effect) for effect in effects if effect["code"] in block_effects]


def _reason(effect: Effect) -> dict[str, str]:
    code, groups = effect["code"], effect.get("groups", ())
    return reason(
        code,
        property=effect["property"],
        before=_shown(effect["before"]),
        after=_shown(effect["after"]),
        groups=listed(groups, len(groups) + effect.get("more", 0)),
    )


def _account(case: _Case) -> Iterator[Effect]:
    """State of the account, in AD and in the cloud."""
    enabled, before = case.row.get("enabled"), case.details.get("accountEnabled")
    if enabled is None:
        yield _effect("not_carried" if before is False else "enabled_unknown", "accountEnabled", before, None)
    elif not enabled:
        if before is not False:
            yield _effect("user_disabled", "accountEnabled", before, False)
    elif before is False:
        yield _effect("user_enabled", "accountEnabled", False, True)
        kind = case.row.get("msexch_recipient_type_details") or 0
        # Graph does not say that a mailbox is a shared one. Disabled, without a licence and with an address is how one
        # looks.
        licences = case.details.get("assignedLicenses")
        if kind & _NOBODYS_MAILBOX or (licences == [] and case.details.get("mail")):
            yield _effect("shared_mailbox_enabled", "accountEnabled", False, True)
    expires = case.attribute("accountExpires")
    if expires is UNKNOWN:
        yield _effect("expiry_unknown", None, None, None)
    elif case.now and isinstance(expires, str) and expires <= case.now:
        yield _effect("account_expired", None, None, expires)


class _Name(NamedTuple):
    """The sign-in name after the takeover."""

    #: What sync sends; ``None``: unknown.
    sent: Optional[str]
    #: What the service makes of it; ``None``: unknown.
    after: Optional[str]


def _name_after(case: _Case) -> _Name:
    login = case.row.get("login_name")
    if not login:
        # Sync makes a name of sAMAccountName and the domain, if AD is known to have none.
        account, domain = case.row.get("sam_account_name"), dns_domain(case.row.get("distinguished_name") or "")
        if "login_name" not in case.row.get("carried", ()) or not account or not domain:
            return _Name(None, None)
        login = f"{account}@{domain}"
    nickname = case.attribute("mailNickname")
    nickname = nickname_after(
        None if nickname is UNKNOWN else nickname, _sent(case) or Addresses(None, frozenset()), login
    )
    return _Name(login, sign_in_name(login, nickname, case.tenant))


def _sign_in_name(case: _Case, name: _Name) -> Iterator[Effect]:
    before = case.details.get("userPrincipalName")
    if not before:
        return
    if name.sent is None:
        yield _effect("not_carried", "userPrincipalName", before, None)
    elif before.lower() not in (name.sent.lower(), (name.after or "").lower()):
        code = "sign_in_name_kept" if _keeps_name(case, before) else "sign_in_name_changed"
        yield _effect(code, "userPrincipalName", before, name.after or name.sent)


def _keeps_name(case: _Case, before: str) -> bool:
    """Tell whether it is certain that the tenant leaves the names of such users alone."""
    domain = case.tenant.domain_of(before) or {}
    return (
        case.tenant.feature("synchronizeUpnForManagedUsersEnabled") is False
        and bool(case.details.get("assignedLicenses"))
        and domain.get("authenticationType") == "Managed"
    )


def _sent(case: _Case) -> Addresses | None:
    """Return the addresses that AD has; ``None``: unknown."""
    proxies, mail = case.attribute("proxyAddresses"), case.attribute("mail")
    sent = read_addresses([] if proxies in (None, UNKNOWN) else proxies, None if mail is UNKNOWN else mail)
    if proxies is UNKNOWN or (mail is UNKNOWN and not sent.primary):
        return None
    return sent if case.has_plan() is False else verified(sent, case.tenant)


def _addresses(case: _Case, name: _Name) -> Iterator[Effect]:
    if "proxyAddresses" not in case.details:
        return
    before = read_addresses(case.details["proxyAddresses"] or (), case.details.get("mail"))
    sent = _sent(case)
    current = str(case.details.get("userPrincipalName") or "")
    final = current if _keeps_name(case, current) else name.after
    prefixes = (case.details.get("mailNickname") or "", current.partition("@")[0])
    known = sent or NONE_SENT
    lost = sorted(item for item in before.all if not kept(item, known, final, prefixes, case.tenant))
    if sent is None:
        if lost:
            yield _effect("not_carried", "proxyAddresses", lost, None)
        return
    primary = before.primary
    if primary and primary.lower() in lost:
        lost.remove(primary.lower())
        yield _effect(
            "primary_address_lost", "mail", primary, sent.primary or (None if case.has_plan() is False else final)
        )
    elif primary and sent.primary and primary.lower() != sent.primary.lower():
        yield _effect("primary_address_changed", "mail", primary, sent.primary)
    elif sent.primary and not primary:
        yield _effect("overwritten", "mail", None, sent.primary)
    if lost:
        yield _effect("address_lost", "proxyAddresses", lost, None)


def _mailbox(case: _Case) -> Iterator[Effect]:
    guid, kind = case.field("msexch_mailbox_guid"), case.row.get("msexch_recipient_type_details") or 0
    if guid is None or kind & _REMOTE_MAILBOX or case.has_plan() is False:
        return
    if guid is UNKNOWN:
        yield _effect("mailbox_unknown", None, None, None)
    else:
        yield _effect("mailbox_in_danger", None, None, guid)


def _password(case: _Case) -> Iterator[Effect]:
    synced = case.tenant.feature("passwordSyncEnabled")
    if synced is False:
        return
    if str(case.row.get("object_class")).lower() == "inetorgperson":
        if synced:
            yield _effect("password_not_synced", None, None, None)
        return
    random, last_set = case.flag(_SMART_CARD_REQUIRED), case.field("password_last_set")
    may_expire = not case.flag(_PASSWORD_NEVER_EXPIRES)
    must_change = last_set == _MUST_CHANGE and may_expire
    # A password that must be changed does not come along where the tenant cannot demand the change.
    if random or not must_change or case.tenant.feature("userForcePasswordChangeOnLogonEnabled") is not False:
        yield _effect("password_will_change" if synced else "password_may_change", None, None, None)
    if random:
        yield _effect("password_random", None, None, None)
    elif must_change:
        yield _effect("password_must_change", None, None, None)
    elif last_set is UNKNOWN and may_expire:
        yield _effect("password_change_unknown", None, None, None)


def _value(case: _Case, flow: Flow) -> Iterator[Effect]:
    """Compare one attribute of the flow."""
    try:
        before = flow.value_of(case.details)
    except KeyError:
        return
    after = case.attribute(flow.ad)
    if flow.ad == "displayName" and after is None:
        after = own_name(case.row.get("distinguished_name") or "") or None
    if flow.kind == HIDDEN:
        # Not hidden is how a user is without the property.
        before = False if before is False else None
        after = after if after is UNKNOWN else False if str(after).upper() == "TRUE" else None
    before = before or None if before is not False else before
    if after is UNKNOWN:
        if before is not None:
            yield _effect("not_carried", flow.graph, _compact(before), None)
    elif after is None:
        if before is not None and not flow.stays:
            yield _effect("blanked", flow.graph, _compact(before), None)
    elif flow.kind == REFERENCE and before is not None:
        current, coming = _compact(before), case.user_of(after)
        if coming != current:
            yield _effect("overwritten" if coming else "not_carried", flow.graph, current, after)
    elif not _same(flow.kind, before, after):
        yield _effect("overwritten", flow.graph, _compact(before), after)


def _same(kind: str, before: Any, after: Any) -> bool:
    """Tell whether the cloud has AD's value already. Sync trims what it sends."""
    if kind == HIDDEN or before is None:
        return bool(before == after)
    if kind == LIST:
        return [str(item).strip() for item in before] == [str(after).strip()]
    left, right = str(before).strip(), str(after).strip()
    return left.casefold() == right.casefold() if kind == CODE else left == right


def _groups(case: _Case, effects: list[Effect]) -> Iterator[Effect]:
    """Name the dynamic groups whose rule uses what changes."""
    rules = case.tenant.rule_properties
    if not rules:
        return
    for effect in effects:
        prop = effect["property"]
        if effect["code"] in CHANGES and not _case_only(effect):
            groups = rules.get(_RULE_NAMES.get(prop, prop.lower()))
            if groups:
                yield _dynamic(prop, effect["before"], effect["after"], groups)
    for rule_name, prop, field in _STAMPED:
        if rule_name in rules:
            after = True if field is None else case.row.get(field)
            yield _dynamic(prop, None, after, rules[rule_name])


def _case_only(effect: Effect) -> bool:
    """Tell whether only capitals change: rules of groups do not see them."""
    before, after = effect["before"], effect["after"]
    return isinstance(before, str) and isinstance(after, str) and before.strip().casefold() == after.strip().casefold()


def _effect(code: str, prop: str | None, before: Any, after: Any) -> Effect:
    return {"code": code, "property": prop, "before": before, "after": after}


def _dynamic(prop: str, before: Any, after: Any, groups: Sequence[str]) -> Effect:
    effect = _effect("dynamic_group_attribute", prop, before, after)
    effect["groups"] = list(groups[:_GROUPS_NAMED])
    if len(groups) > _GROUPS_NAMED:
        effect["more"] = len(groups) - _GROUPS_NAMED
    return effect


def _compact(value: Any) -> Any:
    """Return a value as an effect shows it: of another object its id, of a list its members."""
    if isinstance(value, Mapping):
        return value.get("id")
    return list(value) if isinstance(value, (list, tuple)) else value


def _shown(value: Any) -> str:
    """Return a value for a sentence."""
    if isinstance(value, (list, tuple)):
        return listed([str(item) for item in value])
    return "empty" if value is None else str(value)
