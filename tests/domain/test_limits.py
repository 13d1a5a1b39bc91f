"""Limits on values from outside."""

import sys
import unicodedata

import pytest

from domain import limits
from domain.errors import InvalidValue


@pytest.mark.parametrize("value", ["", "plain", "ё", "😀", "\x01\n", "\uffff"])
def test_text_that_every_database_stores_passes_unchanged(value: str) -> None:
    assert limits.storable_text(value, "name") == value


@pytest.mark.parametrize("value", ["\0", "a\0", "\ud800", "a\udfff"])
def test_text_that_no_database_stores_is_refused(value: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        limits.storable_text(value, "lead.name")
    assert refusal.value.field == "lead.name"


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("", ""),
        (" \t\n", ""),
        (" a  b ", "a  b"),
        ("a\u00a0b\tc", "a\u00a0b\tc"),
        ("\ufeff\u200b a\u200db \u202c\u3000", "ab"),
        (" \u2060 \u00a0\u200e", ""),
        ("ё😀\u0301", "ё😀\u0301"),
        ("a\x00b", "a\x00b"),
        ("a\x01\x7f\x9f", "a"),
        ("\u0600\u06dd", "\u0600\u06dd"),
    ],
)
def test_what_nobody_sees_is_taken_away_and_nothing_else(value: str, seen: str) -> None:
    assert limits.visible(value) == seen
    assert limits.visible(seen) == seen


def test_everything_that_unicode_calls_a_format_or_a_control_character_is_known() -> None:
    """Except the visible ones, in Arabic, Syriac and others, and white space and NUL."""
    shown = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
    shown.update(range(0x13430, 0x13440))
    unseen = [
        code
        for code in range(1, sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in {"Cf", "Cc"} and not chr(code).isspace()
    ]
    assert {code for code in unseen if limits.visible(chr(code))} <= shown
    assert len(unseen) > 150


@pytest.mark.parametrize(
    ("value", "kept"), [("a\0b", "a\ufffdb"), ("\ud800", "\ufffd"), ("é", "é")]
)
def test_what_no_database_stores_is_marked(value: str, kept: str) -> None:
    assert limits.storable(value) == kept


def test_short_text_is_counted_in_characters_after_trimming() -> None:
    assert limits.short_text(f"  {'ж' * 200}\t", "name") == "ж" * 200
    with pytest.raises(InvalidValue):
        limits.short_text("ж" * 201, "name")


@pytest.mark.parametrize("value", ["", " ", "\u2003\n"])
def test_short_text_is_not_empty(value: str) -> None:
    with pytest.raises(InvalidValue):
        limits.short_text(value, "name")


@pytest.mark.parametrize("value", [0, 1, 10])
def test_a_whole_number_within_its_limits_passes(value: int) -> None:
    assert limits.whole_number(value, "weight", 10) == value


@pytest.mark.parametrize("value", [-1, 11, 2**70, -(2**70), True, False, 1.0, "1", None])
def test_anything_else_is_no_whole_number(value: int) -> None:
    with pytest.raises(InvalidValue) as refusal:
        limits.whole_number(value, "weight", 10)
    assert refusal.value.field == "weight"


@pytest.mark.parametrize("value", ["a", "a1", "a_b", "a" * 32])
def test_an_identity_kind_is_a_plain_word(value: str) -> None:
    assert limits.identity_kind(value) == value


@pytest.mark.parametrize("value", ["", "A", "_a", "1", "a-b", "a:b", "a\n", "ё", "a" * 33])
def test_any_other_identity_kind_is_refused(value: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        limits.identity_kind(value)
    assert refusal.value.field == "lead.identities"
