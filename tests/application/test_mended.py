"""Promises that were broken once, each with the case that showed it."""

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from application.register_contacts import RegisterContact, Registered
from domain.contact import payload_text
from domain.errors import DomainError, InvalidValue
from tests.application.acts import holder, update
from tests.support import World, open_world


def test_credits_sum_to_nothing_after_a_replacement_that_hands_out(world: World) -> None:
    """Ann's credit comes back, in one transaction, to what it was before the replacement."""
    ann, bob, cat = world.operator("Ann", 10), world.operator("Bob", 10), world.operator("Cat", 10)
    world.source((ann, 2), (bob, 1), (cat, 1))
    assert holder(world, world.register()) == "Ann"
    update(world, cat, capacity=0)
    world.allocate("telegram", (ann, 0), (bob, 0), (cat, 1))
    waits = world.register()
    world.allocate("telegram", (ann, 7), (bob, 1))
    assert holder(world, waits) == "Ann"
    assert world.defects() == []


def test_a_source_key_that_no_database_stores_harms_no_other_command(world: World) -> None:
    world.source((world.operator(), 1))
    bad, good = world.fairlead.register_contacts(
        [
            RegisterContact("\ud800", {"vk": "1"}, idempotency_key="k"),
            RegisterContact("telegram", {"vk": "2"}),
        ]
    )
    assert isinstance(bad, DomainError)
    assert isinstance(good, Registered)


@pytest.mark.parametrize("inside", ["\0", "\\u0000"])
def test_a_payload_nested_too_deeply_to_be_searched_is_a_refusal_or_kept(inside: str) -> None:
    payload: Any = inside
    for _ in range(700):
        payload = [payload]
    try:
        payload_text({"a": payload})
    except InvalidValue:
        return
    assert inside == "\\u0000"


def test_the_check_looks_at_the_counters_of_days_too(sqlite_url: str) -> None:
    """Statistics are read from them."""
    with open_world(sqlite_url) as world:
        world.source((world.operator(), 1))
        world.register()
        path = sqlite_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE registered_counts SET contacts = 5 WHERE hours = 24")
        assert world.defects() != []


def test_a_wrong_length_of_a_queue_does_not_stop_the_service(sqlite_url: str) -> None:
    """On memory:// the same is an endless loop."""
    with open_world(sqlite_url) as world:
        ann = world.operator()
        world.source((ann, 1))
        path = sqlite_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE sources SET waiting = 1")
        update(world, ann, name="Anna")
        assert world.fairlead.catalogue.operator(ann.id).name == "Anna"


def test_the_order_of_keys_in_a_payload_does_not_make_another_body(world: World) -> None:
    world.source()
    first, second = (
        world.outcome(RegisterContact("telegram", {"vk": "1"}, payload=each, idempotency_key="k"))
        for each in ({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1})
    )
    assert second.replayed
    assert second.contact.id == first.contact.id
