"""A contact's life cycle, and what a payload may be."""

import json
import sys
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain import limits
from domain.contact import Contact, ContactState, payload_text
from domain.errors import ContactClosed, InvalidValue
from domain.ids import ContactId
from tests.domain.samples import lead_id, operator_id
from tests.support import START

LATER = START + timedelta(minutes=5)


def contact() -> Contact:
    return Contact(ContactId(UUID(int=1)), "telegram", lead_id(1), START)


def test_a_contact_begins_by_waiting() -> None:
    new = contact()
    assert new.state is ContactState.WAITING
    assert (new.operator_id, new.assigned_at, new.closed_at) == (None, None, None)


def test_a_contact_is_assigned_changes_hands_and_is_closed() -> None:
    one = contact()
    one.assign(operator_id(1), START)
    assert (one.state, one.operator_id, one.assigned_at) == ("assigned", operator_id(1), START)
    one.assign(operator_id(2), LATER)
    assert (one.state, one.operator_id, one.assigned_at) == ("assigned", operator_id(2), START)
    one.close(LATER)
    assert (one.state, one.operator_id, one.closed_at) == ("closed", operator_id(2), LATER)


def test_a_contact_may_be_closed_while_it_waits() -> None:
    one = contact()
    one.close(LATER)
    assert (one.state, one.operator_id, one.closed_at) == ("closed", None, LATER)


def test_only_a_closed_contact_is_not_open() -> None:
    one = contact()
    one.require_open()
    one.assign(operator_id(1), START)
    one.require_open()
    one.close(LATER)
    with pytest.raises(ContactClosed):
        one.require_open()


def test_a_payload_is_kept_as_compact_json_in_its_own_letters() -> None:
    assert payload_text({"текст": "привет", "n": [1, 2.5, None, True]}) == (
        '{"текст":"привет","n":[1,2.5,null,true]}'
    )


def filled(size: int, letter: str = "x") -> dict[str, str]:
    """A payload that has `size` bytes as compact JSON."""
    frame = len('{"a":""}')
    count, rest = divmod(size - frame, len(letter.encode()))
    assert rest == 0
    return {"a": letter * count}


@pytest.mark.parametrize("letter", ["x", "жж", "😀"])
def test_a_payload_may_have_16_kib_as_utf8_and_not_a_byte_more(letter: str) -> None:
    assert len(payload_text(filled(16 * 1024, letter)).encode()) == limits.MAX_PAYLOAD
    with pytest.raises(InvalidValue) as refusal:
        payload_text(filled(16 * 1024 + len(letter.encode()), letter))
    assert refusal.value.field == "payload"


@pytest.mark.parametrize(
    "payload",
    [
        {"a": "\0"},
        {"a\0b": 1},
        {"a": {"b": [{"c\0": 1}]}},
        {"a": [[["x\0"]]]},
        {"a": ("x", {"b": "\0"})},
        {"literal": "\\u0000", "real": "\0"},
        {"a": "\\\0"},
    ],
)
def test_a_nul_is_refused_wherever_it_stands(payload: Mapping[str, Any]) -> None:
    with pytest.raises(InvalidValue, match="NUL"):
        payload_text(payload)


@pytest.mark.parametrize("text", ["\\u0000", "\\\\u0000", "u0000", "\\u0001"])
def test_text_that_only_looks_like_an_escaped_nul_is_fine(text: str) -> None:
    assert json.loads(payload_text({"a": text, text: "b"})) == {"a": text, text: "b"}


@pytest.mark.parametrize(
    "payload",
    [
        {"a": float("nan")},
        {"a": float("inf")},
        {"a": [-float("inf")]},
        {"a": "\ud800"},
        {"\udfff": 1},
        {"a": {"b": ["x\udc00y"]}},
        {"a": {1, 2}},
        {"a": b"bytes"},
        {"a": START},
        {(1, 2): 3},
        {"a": 10**5000},
    ],
)
def test_what_json_or_a_database_cannot_hold_is_refused(payload: Mapping[str, Any]) -> None:
    with pytest.raises(InvalidValue) as refusal:
        payload_text(payload)
    assert refusal.value.field == "payload"


def test_a_payload_inside_itself_is_refused() -> None:
    payload: dict[str, Any] = {}
    payload["a"] = payload
    with pytest.raises(InvalidValue):
        payload_text(payload)


@pytest.mark.parametrize("inside", ["x", "\0", "\\u0000"])
def test_a_payload_nested_beyond_recursion_is_refused(inside: str) -> None:
    payload: Any = inside
    for _ in range(sys.getrecursionlimit() * 2):
        payload = [payload]
    with pytest.raises(InvalidValue):
        payload_text({"a": payload})


def test_a_payload_nested_deeply_is_kept() -> None:
    payload: Any = "\\u0000"
    for _ in range(200):
        payload = [payload]
    assert json.loads(payload_text({"a": payload})) == {"a": payload}


def test_a_whole_number_of_any_usual_size_is_kept() -> None:
    assert payload_text({"a": 2**70}) == f'{{"a":{2**70}}}'


def test_a_payload_nested_too_deeply_to_be_walked_is_searched_for_a_nul_all_the_same() -> None:
    real: Any = "\0"
    seeming: Any = "\\u0000"
    for _ in range(700):
        real, seeming = [real], [seeming]
    with pytest.raises(InvalidValue, match="NUL"):
        payload_text({"a": real})
    assert payload_text({"a": seeming}) == f'{{"a":{"[" * 700}"\\\\u0000"{"]" * 700}}}'
