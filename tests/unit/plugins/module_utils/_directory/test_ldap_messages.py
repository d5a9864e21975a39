# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""LDAP messages byte for byte: what ldap3 reads in them is read here, and what is none is never taken for one."""

from __future__ import annotations

import ldap3
import ldap_double
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ldap3.utils.asn1 import decode_message_fast

from ansible_collections.hybrid.identity.plugins.module_utils._directory.ldap_messages import (
    MalformedMessage,
    Range,
    Result,
    message_end,
    paged_request,
    read_entry,
    read_message,
    read_result,
)

VALUES = st.lists(st.binary(max_size=300), min_size=1, max_size=4)
ATTRIBUTES = st.dictionaries(st.sampled_from(["mail", "objectGUID", "proxyAddresses", "l"]), VALUES)


def entry_message(dn, attributes, element=ldap_double.tlv):
    return ldap_double.message(300, ldap_double.entry(dn, attributes, element))


@given(st.text(max_size=200), ATTRIBUTES, st.sampled_from([ldap_double.tlv, ldap_double.short_tlv]))
def test_an_entry_is_read_whatever_the_form_of_its_lengths(dn, attributes, element):
    message = read_message(entry_message(dn, attributes, element))
    assert message.number == 300
    found = read_entry(message, {})
    assert found.dn == dn
    assert found.values == {name.lower(): values for name, values in attributes.items()}
    assert found.ranges == ()


@given(ATTRIBUTES)
def test_ldap3_reads_the_same(attributes):
    data = entry_message("CN=x", attributes)
    server = ldap3.Server("unused", get_info=ldap3.NONE)
    strategy = ldap3.Connection(server).strategy
    theirs = strategy.decode_response_fast(decode_message_fast(data))["raw_attributes"]
    ours = read_entry(read_message(data), {}).values
    assert ours == {name.lower(): values for name, values in theirs.items()}


@given(st.data())
def test_a_message_that_is_cut_or_damaged_is_refused_or_read_as_what_it_says(data):
    """A length that was changed never makes values out of what lies outside of the entry."""
    whole = bytearray(entry_message("CN=x", {"mail": [b"a@x", b"b@x"], "l": [b"Berlin"]}))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    for sent in (bytes(whole), bytes(whole[:cut])):
        try:
            found = read_entry(read_message(sent), {})
        except MalformedMessage:
            continue
        assert sum(len(value) for values in found.values.values() for value in values) < len(sent)


@pytest.mark.parametrize("size", [5, 127, 128, 300, 70_000])
def test_the_end_of_a_message_is_known_as_soon_as_its_length_is_there(size):
    for element, head in ((ldap_double.tlv, 6), (ldap_double.short_tlv, None)):
        whole = bytearray(b"??" + element(0x30, b"x" * size))
        assert message_end(whole, 2) == len(whole)
        assert message_end(whole[:3], 2) is None
        if head:
            assert message_end(whole[: 2 + head - 1], 2) is None
            assert message_end(whole[: 2 + head], 2) == len(whole)


def test_parts_of_an_attribute_are_told_from_the_whole():
    shown = {"member": [], "member;range=0-1499": [b"a"], "mail;range=5-*": [b"b"], "userCertificate;binary": [b"c"]}
    found = read_entry(read_message(entry_message("CN=x", shown)), {})
    assert found.values == {"member": [b"a"], "mail": [b"b"], "usercertificate": [b"c"]}
    assert found.ranges == (Range("member", 1500),)


@pytest.mark.parametrize("options", ["range=a-b", "range=5", "range=1-", "range=-1"])
def test_a_range_that_is_none_is_refused(options):
    with pytest.raises(MalformedMessage, match="range of member"):
        read_entry(read_message(entry_message("CN=x", {f"member;{options}": [b"a"]})), {})


def test_a_result_is_read_with_its_referrals_and_the_next_page():
    operation = ldap_double.result(10, "DC=x", "elsewhere", ["ldap://a", "ldap://b"])
    message = read_message(ldap_double.message(1, operation, ldap_double.paged(b"\0next")))
    assert read_result(message) == Result(10, "DC=x", "elsewhere", ("ldap://a", "ldap://b"), b"\0next")


def test_a_result_without_the_control_has_no_next_page():
    assert read_result(read_message(ldap_double.message(1, ldap_double.result()))).cookie == b""


@given(st.integers(1, 2**31 - 1), st.binary(max_size=300))
def test_a_request_is_what_ldap3_would_send(number, cookie):
    request = ldap3.operation.search.search_operation(
        "DC=x", "(a=b)", ldap3.SUBTREE, ldap3.DEREF_NEVER, ["mail"], 0, 0, False, True, True
    )
    control = ldap3.protocol.rfc2696.paged_search_control(True, 1000, cookie)
    message = ldap3.protocol.rfc4511.LDAPMessage()
    message["messageID"] = ldap3.protocol.rfc4511.MessageID(number)
    message["protocolOp"] = ldap3.protocol.rfc4511.ProtocolOp().setComponentByName("searchRequest", request)
    message["controls"] = ldap3.protocol.convert.build_controls_list([control])
    encoded = ldap3.utils.asn1.encode
    assert paged_request(number, bytes(encoded(request)), 1000, cookie) == bytes(encoded(message))
