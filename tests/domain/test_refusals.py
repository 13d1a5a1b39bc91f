"""What a refusal says, and which value it names: the text that people and programs get."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from domain.access import ApiKey, Role
from domain.contact import Contact, payload_text
from domain.errors import ChangedMeanwhile, DomainError
from domain.ids import ContactId
from domain.lead import Identity, LeadIndex
from domain.limits import MAX_ALLOCATIONS
from domain.random_picker import RandomPicker
from domain.source import SourceChange
from tests.domain.samples import lead_id, operator_id, source
from tests.support import START, FakeClock, FakeIds


def closed() -> Contact:
    contact = Contact(ContactId(FakeIds(FakeClock()).new()), "telegram", lead_id(1), START)
    contact.close(START)
    return contact


def one_too_many() -> None:
    weights = [(operator_id(number), 1) for number in range(MAX_ALLOCATIONS)]
    full = source([])
    full.replace_allocations(weights)
    full.set_weight(operator_id(MAX_ALLOCATIONS), 1)


@pytest.mark.parametrize(
    ("refused", "detail", "field"),
    [
        (
            lambda: ApiKey("flk_abcdefghi1", b"", Role.ADMIN, START, source_key="telegram"),
            "only a key with the role intake can be bound to a source.",
            "source",
        ),
        (
            lambda: closed().require_open(),
            "the contact is closed; register a new one if the lead has written again.",
            None,
        ),
        (
            lambda: payload_text({"a": SimpleNamespace}),
            "payload cannot be stored as JSON: Object of type type is not JSON serializable.",
            "payload",
        ),
        (
            lambda: payload_text({"a": "x" * 16384}),
            "payload has 16392 bytes as compact JSON; at most 16384 are allowed.",
            "payload",
        ),
        (
            lambda: payload_text({"a": "\0"}),
            "payload holds a NUL character; remove it.",
            "payload",
        ),
        (one_too_many, "a source has at most 1000 allocations.", "operator_id"),
        (
            lambda: source([1]).change(SourceChange(name=" ")),
            "name must have 1 to 200 characters.",
            "name",
        ),
        (
            lambda: LeadIndex(()).teach(lead_id(1), Identity("vk", "1")),
            f"no lead has the id {lead_id(1)}.",
            "lead_id",
        ),
    ],
)
def test_a_refusal_says_what_is_wrong_and_with_which_value(
    refused: Callable[[], object], detail: str, field: str | None
) -> None:
    with pytest.raises(DomainError) as refusal:
        refused()
    assert (refusal.value.detail, refusal.value.field) == (detail, field)


def test_what_was_changed_meanwhile_is_told_with_how_it_stands() -> None:
    refusal = ChangedMeanwhile("somebody has renamed it.", field="name", current=[1])
    assert (refusal.detail, refusal.field, refusal.current) == (
        "somebody has renamed it.",
        "name",
        [1],
    )


def test_a_pick_that_cannot_be_made_says_why() -> None:
    with pytest.raises(
        ValueError, match=f"^the random strategy needs a roll from 0 to {2**53 - 1}$"
    ):
        RandomPicker().pick((1,), [0], 2**53)
    with pytest.raises(ValueError, match=r"^there is no operator to pick from$"):
        RandomPicker().pick((), [], 0)
