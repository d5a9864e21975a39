# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The anchor codec: every spelling to the same bytes, every wrong value refused in its own words."""

from __future__ import annotations

import base64
import uuid

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ansible_collections.hybrid.identity.plugins.module_utils import _anchor
from ansible_collections.hybrid.identity.plugins.module_utils._anchor import AnchorError, parse_guid

# A genuine ldifde export shows this objectGUID for this GUID.
TEXT = "14c8d2a9-90b7-4d7a-b264-1cc77901069a"
BASE64 = "qdLIFLeQek2yZBzHeQEGmg=="
RAW = base64.b64decode(BASE64)

SPELLINGS = {
    "dashed": TEXT,
    "upper case": TEXT.upper(),
    "braces": "{" + TEXT + "}",
    "braces, upper case": "{" + TEXT.upper() + "}",
    "parentheses": "(" + TEXT + ")",
    "no dashes": TEXT.replace("-", ""),
    "no dashes, braces": "{" + TEXT.replace("-", "") + "}",
    "blanks around": f"  {TEXT}\r\n",
    "base64": BASE64,
    "base64 with a blank behind": BASE64 + "  ",
    "bytes": RAW,
    "bytearray": bytearray(RAW),
    "list of numbers": list(RAW),
    "hex": RAW.hex(),
    "hex, upper case": RAW.hex().upper(),
    "hex with 0x": "0x" + RAW.hex(),
    "hex with dashes": RAW.hex("-").upper(),
    "hex with colons": RAW.hex(":"),
    "hex with blanks": RAW.hex(" "),
    "hex bytes with 0x": ", ".join(f"0x{byte:02x}" for byte in RAW),
    "LDAP filter": "".join(f"\\{byte:02x}" for byte in RAW),
    "LDAP filter, upper case": "".join(f"\\{byte:02X}" for byte in RAW),
    "decimal with blanks": " ".join(str(byte) for byte in RAW),
    "decimal with commas": ", ".join(str(byte) for byte in RAW),
    "decimal in brackets": str(list(RAW)),
    "csvde": f"X'{RAW.hex()}'",
    "csvde, lower case x": f"x'{RAW.hex().upper()}'",
    "connector space": "CN={" + BASE64.encode().hex().upper() + "}",
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_every_spelling_is_the_same_16_bytes(spelling):
    assert parse_guid(spelling) == RAW


def test_the_classic_recipe_and_the_published_vectors():
    assert _anchor.immutable_id(parse_guid("96dcc383-2f6e-4fa2-af15-6b4c1119259a")) == "g8Pclm4vok+vFWtMERklmg=="
    assert _anchor.immutable_id(parse_guid("88666888-0101-1111-bbbb-1234567890ab")) == "iGhmiAEBERG7uxI0VniQqw=="
    connector_space = "CN={514635484D4B376E38307176645973555049486139513D3D}"
    assert _anchor.immutable_id(parse_guid(connector_space)) == "QF5HMK7n80qvdYsUPIHa9Q=="


REFUSED = {
    "empty text": ("", "empty"),
    "blank text": ("  \t", "empty"),
    "no bytes": (b"", "empty"),
    "15 bytes": (RAW[:15], "wrong_length"),
    "17 bytes": (RAW + b"x", "wrong_length"),
    "base64 of 12 bytes": (base64.b64encode(RAW[:12]).decode(), "wrong_length"),
    "base64 of 17 bytes": (base64.b64encode(RAW + b"x").decode(), "wrong_length"),
    "base64 of the GUID's text": (base64.b64encode(TEXT.encode()).decode(), "wrong_length"),
    "15 escapes": ("\\83" * 15, "wrong_length"),
    "csvde, 8 bytes": ("X'0011223344556677'", "wrong_length"),
    "csvde, half a byte": ("X'001'", "wrong_length"),
    "31 hex digits": (RAW.hex()[:31], "wrong_length"),
    "30 hex digits": (RAW.hex()[:30], "wrong_length"),
    "15 decimal bytes": (" ".join(str(byte) for byte in RAW[:15]), "wrong_length"),
    "foreign character": ("qdLIFLeQek2yZBzHeQE!mg==", "bad_base64"),
    "line break inside": ("qdLIFLeQek2\nyZBzHeQEGmg==", "bad_base64"),
    "too much padding": ("qdLIFLeQek2yZBzHeQEGm===", "bad_base64"),
    "stray bits at the end": ("qdLIFLeQek2yZBzHeQEGmh==", "bad_base64"),
    "no whole bytes": ("qdLIF", "bad_base64"),
    "URL-safe, dash": ("qdLIFLeQek2yZBzHeQEG-g==", "url_safe_base64"),
    "URL-safe, underscore, unpadded": ("qdLIFLeQek2yZBzHeQEG_g", "url_safe_base64"),
    "no padding": ("qdLIFLeQek2yZBzHeQEGmg", "missing_padding"),
    "half the padding": ("qdLIFLeQek2yZBzHeQEGmg=", "missing_padding"),
    "zero GUID": ("00000000-0000-0000-0000-000000000000", "all_zero"),
    "zero base64": ("AAAAAAAAAAAAAAAAAAAAAA==", "all_zero"),
    "zero bytes": (bytes(16), "all_zero"),
    "mail address": ("anna@contoso.com", "not_a_guid"),
    "a digit short": (TEXT[:-1], "not_a_guid"),
    "braces around nothing": ("{}", "not_a_guid"),
    "decimal above 255": ("256 " + "1 " * 15, "not_a_guid"),
    "connector space of no text": ("CN={FFFE}", "not_a_guid"),
    "None": (None, "not_a_guid"),
    "number": (12, "not_a_guid"),
    "list of words": (["a"], "not_a_guid"),
    "list of big numbers": ([256] * 16, "not_a_guid"),
    "hex or decimal": ("10 " * 16, "ambiguous_hex"),
    # Both readings are version-4 GUIDs, or neither is: one digit group is as good as the other.
    "hex that is a v4 GUID both ways": ("0011223344554647" + "8899aabbccddeeff", "ambiguous_hex"),
    "hex that is no v4 GUID either way": ("8866688801011111bbbb1234567890ab", "ambiguous_hex"),
}


@pytest.mark.parametrize(("value", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_wrong_value_is_refused_with_its_code(value, code):
    with pytest.raises(AnchorError) as caught:
        parse_guid(value)
    assert caught.value.code == code


def test_each_refusal_has_its_own_sentence():
    messages = {}
    for value, code in REFUSED.values():
        with pytest.raises(AnchorError) as caught:
            parse_guid(value)
        messages.setdefault(code, set()).add(caught.value.message.partition('"')[2].partition('"')[2] or caught.value)
    assert len(messages) == 8
    for code, sentences in messages.items():
        others = set().union(*(known for name, known in messages.items() if name != code))
        assert not sentences & others


def test_a_long_value_is_cut_in_the_message():
    with pytest.raises(AnchorError) as caught:
        parse_guid("x" * 5000)
    assert len(caught.value.message) < 250


def test_bare_hex_is_read_by_the_version_it_shows_and_never_guessed():
    assert parse_guid(uuid.UUID(TEXT).hex) == parse_guid(RAW.hex()) == RAW
    # The same both ways: nothing to choose.
    assert parse_guid("11111111222222223333333344444444") == bytes.fromhex("11111111222222223333333344444444")


def test_looks_byte_swapped_only_when_the_other_order_alone_is_version_4():
    swapped = uuid.UUID(TEXT).bytes
    assert _anchor.looks_byte_swapped(swapped)
    assert not _anchor.looks_byte_swapped(RAW)
    assert not _anchor.looks_byte_swapped(bytes(range(16)))
    assert not _anchor.looks_byte_swapped(bytes.fromhex("00112233445546478899aabbccddeeff"))  # version 4 both ways
    assert not _anchor.looks_byte_swapped(swapped[:8])


def test_a_byte_swapped_value_is_not_corrected():
    swapped = uuid.UUID(TEXT).bytes
    assert parse_guid(base64.b64encode(swapped).decode()) == swapped


@pytest.mark.parametrize(
    "text",
    [
        "",
        "E10045",
        "anna@contoso.com",
        "Ärger",
        "qdLIFLeQek2yZBzHeQEGmg",
        "qdLIFLeQek2yZBzHeQEGmh==",
        " " + BASE64,
        TEXT,
    ],
)
def test_a_tenants_string_anchor_survives_being_read(text):
    assert _anchor.read_immutable_id(text) == (text, None)


def test_a_tenants_guid_anchor_is_read_with_its_bytes():
    assert _anchor.read_immutable_id(BASE64) == (BASE64, RAW)


def outcome(text):
    """Return the bytes of a value, or the code with which it is refused."""
    try:
        return parse_guid(text)
    except AnchorError as exc:
        return exc.code


@given(st.uuids())
def test_round_trip(guid):
    assume(guid.int)
    raw = parse_guid(str(guid))
    assert raw == guid.bytes_le
    assert _anchor.guid_text(raw) == str(guid)
    assert parse_guid(_anchor.immutable_id(raw)) == raw
    assert _anchor.read_immutable_id(_anchor.immutable_id(raw)).raw == raw


@given(st.binary(min_size=16, max_size=16))
def test_unambiguous_spellings_never_disagree(raw):
    assume(any(raw))
    for spelling in (
        f"X'{raw.hex()}'",
        "0x" + raw.hex(),
        raw.hex(":"),
        "".join(f"\\{byte:02x}" for byte in raw),
        "CN={" + base64.b64encode(raw).hex() + "}",
        list(raw),
    ):
        assert parse_guid(spelling) == raw


@given(st.uuids(version=4), st.booleans())
def test_bare_hex_of_a_version_4_guid_is_right_or_refused(guid, as_text):
    assert outcome(guid.hex if as_text else guid.bytes_le.hex()) in (guid.bytes_le, "ambiguous_hex")


@given(st.text())
def test_any_text_is_read_or_refused_in_a_sentence(text):
    result = outcome(text)
    assert isinstance(result, str) or len(result) == 16
    assert _anchor.read_immutable_id(text).text == text
