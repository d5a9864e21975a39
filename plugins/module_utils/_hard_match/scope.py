# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Whether directory sync takes an AD object at all: the filters built into Entra Connect, and the selection made there.

The built-in filters can prove that an object stays out. Only the selection (OUs, group, filter), which AD does not
show, proves that it goes in.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Callable, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._dn import Rdns, is_under, rdns
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import listed, reason
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.ldap_filter import LdapFilter

# Recipient types that Exchange uses for itself: arbitration, discovery and system mailboxes, plans and the like.
_EXCHANGE_SYSTEM_TYPES = 0x21C07000
_EXCHANGE_SYSTEM_GROUP = 0x40000000
_LINKED_MAILBOX = 2
# groupType of a security group.
_SECURITY_ENABLED = 0x80000000


class Facts(NamedTuple):
    """What is known of one AD object."""

    dn: str
    #: Attribute name in lower case -> raw values.
    attributes: Mapping[str, list[bytes]]
    #: Lower-case names of the attributes that the source carried, or None for all.
    carried: Optional[frozenset[str]]

    def values(self, name: str) -> list[bytes] | None:
        """Return the raw values; an empty list for "has none", None for "not known"."""
        found = self.attributes.get(name)
        if found is not None:
            return found
        if name == "distinguishedname":
            return [self.dn.encode("utf-8")]
        return [] if self.carried is None or name in self.carried else None

    def text(self, name: str) -> str | None:
        """Return the first value as folded text; empty for "has none", None for "not known"."""
        found = self.values(name)
        if not found:
            return None if found is None else ""
        return found[0].decode("utf-8", "replace").casefold()


class Rule(NamedTuple):
    """One built-in filter."""

    code: str
    #: The attributes without which it cannot be judged, as AD spells them.
    reads: tuple[str, ...]
    #: True: it keeps the object out. None: cannot be told.
    keeps_out: Callable[[Facts], Optional[bool]]


class Partition(NamedTuple):
    """A domain as a sync server is configured for it."""

    base: Rdns
    #: Containers ticked and unticked; of those that hold an object, the nearest decides.
    included: tuple[Rdns, ...]
    excluded: tuple[Rdns, ...] = ()
    #: Only direct members are synced.
    group: Optional[Rdns] = None

    def takes(self, dn: Rdns) -> bool:
        """Tell whether the containers ticked hold the object."""
        return _depth(dn, self.included) > _depth(dn, self.excluded)


class Selection(NamedTuple):
    """What the sync was told to take. All given conditions must hold; an empty one was not given."""

    ous: tuple[Rdns, ...] = ()
    group: Optional[Rdns] = None
    filter: Optional[LdapFilter] = None
    #: The domains of a sync server; what lies in none of them is not synced.
    partitions: tuple[Partition, ...] = ()
    #: Names of rules on the server that are not built in and leave objects out: what they say is not evaluated here.
    own_rules: tuple[str, ...] = ()

    @property
    def attributes(self) -> frozenset[str]:
        """Lower-case names of the attributes that it looks at."""
        names: frozenset[str] = self.filter.attributes if self.filter else frozenset()
        grouped = self.group or any(partition.group for partition in self.partitions)
        return names | {"memberof"} if grouped else names

    def partition_of(self, dn: Rdns) -> Partition | None:
        """Return the server's partition that holds an object: that of a child domain before its parent's."""
        holding = [partition for partition in self.partitions if is_under(dn, partition.base)]
        return max(holding, key=lambda partition: len(partition.base), default=None)


class Verdict(NamedTuple):
    """``in_scope`` is true, false, or None for unknown; ``reasons`` say why it is not true."""

    in_scope: Optional[bool]
    reasons: list[dict[str, str]]


def judge(facts: Facts, selection: Selection | None) -> Verdict:
    """Tell whether sync takes the object.

    :return: reasons are ``{"code", "message", "remedy"}``: each filter that keeps the object out; where none does, what
        could not be told.
    """
    unknown: list[Rule] = []
    reasons: list[dict[str, str]] = []
    for rule in _rules_for(facts):
        answer = rule.keeps_out(facts)
        if answer:
            reasons.append(reason(rule.code))
        elif answer is None:
            unknown.append(rule)
    selected = [] if selection is None else [(test, test.met(facts, selection)) for test in _SELECTION_TESTS]
    reasons += [reason(test.code) for test, answer in selected if answer is False]
    if reasons:
        return Verdict(False, reasons)
    missing = {name for rule in unknown for name in rule.reads if facts.values(name.lower()) is None}
    if selection is None:
        reasons.append(_selection_unknown())
    else:
        missing |= {name for test, answer in selected if answer is None for name in test.reads(selection)}
    if missing:
        reasons.append(_unchecked(", ".join(sorted(missing))))
    else:
        reasons += [reason(rule.code) for rule in unknown]
    if selection and selection.own_rules:
        reasons.append(reason("filtered_by_own_rules", rules=listed(selection.own_rules)))
    return Verdict(None if reasons else True, reasons)


# Most objects get one of these answers, and to put them into words takes as long as to find them.
@lru_cache(maxsize=1)
def _selection_unknown() -> dict[str, str]:
    return reason("selection_unknown")


@lru_cache(maxsize=64)
def _unchecked(attributes: str) -> dict[str, str]:
    return reason("scope_unchecked", attributes=attributes)


def _starts(name: str, *prefixes: str) -> Callable[[Facts], Optional[bool]]:
    folded = tuple(prefix.casefold() for prefix in prefixes)

    def keeps_out(facts: Facts) -> bool | None:
        text = facts.text(name)
        return None if text is None else text.startswith(folded)

    return keeps_out


def _is_critical(facts: Facts) -> bool | None:
    text = facts.text("iscriticalsystemobject")
    return None if text is None else text == "true"


def _marked_by_description(facts: Facts) -> bool | None:
    text = facts.text("admindescription")
    if text is None or not text.startswith("user_"):
        return None if text is None else False
    classes = facts.values("objectclass")
    # The rule set for inetOrgPerson has no such clause.
    return None if classes is None else not any(value.lower() == b"inetorgperson" for value in classes)


def _no_account_name(facts: Facts) -> bool | None:
    text = facts.text("samaccountname")
    return None if text is None else not text


def _is(name: str, value: str) -> Callable[[Facts], Optional[bool]]:
    def keeps_out(facts: Facts) -> bool | None:
        text = facts.text(name)
        return None if text is None else text == value.casefold()

    return keeps_out


def _exchange_cas(*names: str) -> Callable[[Facts], Optional[bool]]:
    def keeps_out(facts: Facts) -> bool | None:
        texts = [facts.text(name) for name in names]
        if any(text and text.startswith("cas_") and "}" in text for text in texts):
            return True
        return None if None in texts else False

    return keeps_out


def _recipient_type(facts: Facts) -> int | None:
    """Return the type; 0 for "has none", None for "not known". LDAP shows it as a decimal number."""
    text = facts.text("msexchrecipienttypedetails")
    if text is None:
        return None
    try:
        return int(text or 0)
    except ValueError:
        return None


def _recipient_type_has(bits: int) -> Callable[[Facts], Optional[bool]]:
    def keeps_out(facts: Facts) -> bool | None:
        kind = _recipient_type(facts)
        return None if kind is None else kind & bits != 0

    return keeps_out


def _linked_mailbox(facts: Facts) -> bool | None:
    kind = _recipient_type(facts)
    return None if kind is None else kind == _LINKED_MAILBOX


def _first_rdn_holds(mark: str) -> Callable[[Facts], Optional[bool]]:
    # In a DN the mark follows an escaped line break, \0A, which rdns() undoes. The first test is merely quick.
    return lambda facts: mark in facts.dn.casefold() and f"\n{mark}" in rdns(facts.dn)[0]


def _is_deleted(facts: Facts) -> bool:
    return facts.text("isdeleted") == "true" or bool(_named_deleted(facts))


_named_deleted = _first_rdn_holds("del:")


def _addresses(facts: Facts) -> list[str] | None:
    """Return ``mail`` and the SMTP addresses, folded; None for "not known"."""
    mail, proxies = facts.text("mail"), facts.values("proxyaddresses")
    if mail is None or proxies is None:
        return None
    texts = [value.decode("utf-8", "replace").casefold() for value in proxies]
    smtp = [text[5:] for text in texts if text.startswith("smtp:")]
    # A group whose proxyAddresses hold no SMTP address is not mail-enabled, whatever its mail says.
    return smtp or ([mail] if mail and not texts else [])


def _distribution_without_mail(facts: Facts) -> bool | None:
    kind = facts.text("grouptype")
    try:
        secure = None if not kind else int(kind) & _SECURITY_ENABLED != 0
    except ValueError:
        secure = None
    addresses = _addresses(facts)
    if secure or addresses:
        return False
    return None if secure is None or addresses is None else True


def _contact_without_address(facts: Facts) -> bool | None:
    mail, proxies = facts.values("mail"), facts.values("proxyaddresses")
    # Both have to be there, and one of them with an address.
    if mail == [] or proxies == []:
        return True
    if mail is None or proxies is None:
        return None
    primary = [value for value in proxies if value.startswith(b"SMTP:")]
    return not any(b"@" in value for value in (*mail, *primary))


def _hidden_service_contact(facts: Facts) -> bool | None:
    name, hidden = facts.text("displayname"), facts.text("msexchhidefromaddresslists")
    if name is None:
        return None
    return False if "(msol)" not in name else None if hidden is None else hidden == "true"


def _account_state_unread(facts: Facts) -> bool | None:
    # Sync needs the account state. Our account and sync's may have different rights, so an empty answer proves nothing.
    return False if facts.text("useraccountcontrol") else None


def _not_a_user(facts: Facts) -> bool | None:
    classes = facts.values("objectclass")
    if not classes:
        return None
    folded = {value.lower() for value in classes}
    return b"computer" in folded or not folded & {b"user", b"inetorgperson"}


_CRITICAL = Rule("critical_system_object", ("isCriticalSystemObject",), _is_critical)
_LOST_CONFLICT = Rule("replication_conflict", (), _first_rdn_holds("cnf:"))
_TOMBSTONE = Rule("deleted_object", (), _is_deleted)

#: For users and ``inetOrgPerson``, and for what is neither user, group nor contact.
RULES: tuple[Rule, ...] = (
    Rule("not_a_user", ("objectClass",), _not_a_user),
    _CRITICAL,
    Rule("admin_description_user", ("adminDescription", "objectClass"), _marked_by_description),
    Rule("no_sam_account_name", ("sAMAccountName",), _no_account_name),
    Rule("support_account", ("sAMAccountName",), _is("samaccountname", "SUPPORT_388945a0")),
    Rule("sync_service_account", ("sAMAccountName",), _starts("samaccountname", "AAD_", "MSOL_")),
    Rule("exchange_system_mailbox", ("mailNickname",), _starts("mailnickname", "SystemMailbox{")),
    Rule("exchange_cas_mailbox", ("mailNickname", "sAMAccountName"), _exchange_cas("mailnickname", "samaccountname")),
    Rule("exchange_system_type", ("msExchRecipientTypeDetails",), _recipient_type_has(_EXCHANGE_SYSTEM_TYPES)),
    _LOST_CONFLICT,
    Rule("linked_mailbox", ("msExchRecipientTypeDetails",), _linked_mailbox),
    Rule("account_state_unread", ("userAccountControl",), _account_state_unread),
    _TOMBSTONE,
)

GROUP_RULES: tuple[Rule, ...] = (
    _CRITICAL,
    Rule("admin_description_group", ("adminDescription",), _starts("admindescription", "Group_")),
    Rule("rich_coexistence_group", ("sAMAccountName",), _is("samaccountname", "MSOL_AD_Sync_RichCoexistence")),
    Rule("exchange_system_group", ("msExchRecipientTypeDetails",), _recipient_type_has(_EXCHANGE_SYSTEM_GROUP)),
    Rule("distribution_group_without_mail", ("groupType", "mail", "proxyAddresses"), _distribution_without_mail),
    _LOST_CONFLICT,
    _TOMBSTONE,
)

CONTACT_RULES: tuple[Rule, ...] = (
    _CRITICAL,
    Rule("contact_without_address", ("mail", "proxyAddresses"), _contact_without_address),
    Rule("service_contact", ("displayName", "msExchHideFromAddressLists"), _hidden_service_contact),
    Rule("exchange_cas_mailbox", ("mailNickname",), _exchange_cas("mailnickname")),
    _LOST_CONFLICT,
    _TOMBSTONE,
)


def _rules_for(facts: Facts) -> tuple[Rule, ...]:
    classes = {value.lower() for value in facts.attributes.get("objectclass", ())}
    return CONTACT_RULES if b"contact" in classes else GROUP_RULES if b"group" in classes else RULES


class _SelectionTest(NamedTuple):
    code: str
    met: Callable[[Facts, Selection], Optional[bool]]
    reads: Callable[[Selection], frozenset[str]]


def _in_ous(facts: Facts, selection: Selection) -> bool | None:
    if not selection.ous:
        return True
    dn = rdns(facts.dn)
    return any(is_under(dn, ou) for ou in selection.ous)


def _in_group(facts: Facts, selection: Selection) -> bool | None:
    partition = selection.partition_of(rdns(facts.dn)) if selection.partitions else None
    wanted = {group for group in (selection.group, partition and partition.group) if group}
    if not wanted:
        return True
    groups = facts.values("memberof")
    return None if groups is None else wanted <= {rdns(group.decode("utf-8", "replace")) for group in groups}


def _on_server(facts: Facts, selection: Selection) -> bool | None:
    if not selection.partitions:
        return True
    dn = rdns(facts.dn)
    partition = selection.partition_of(dn)
    return partition is not None and partition.takes(dn)


def _depth(dn: Rdns, containers: tuple[Rdns, ...]) -> int:
    """Return how deep the nearest container that holds the object lies; 0 if none does."""
    return max((len(container) for container in containers if is_under(dn, container)), default=0)


def _meets_filter(facts: Facts, selection: Selection) -> bool | None:
    return True if selection.filter is None else selection.filter.test(facts.values)


_SELECTION_TESTS = (
    _SelectionTest("outside_selected_ous", _in_ous, lambda selection: frozenset()),
    _SelectionTest("outside_server_selection", _on_server, lambda selection: frozenset()),
    _SelectionTest("outside_selected_group", _in_group, lambda selection: frozenset({"memberOf"})),
    _SelectionTest(
        "outside_selected_filter",
        _meets_filter,
        lambda selection: selection.filter.attributes if selection.filter else frozenset(),
    ),
)
