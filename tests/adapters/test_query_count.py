"""How many statements a registration takes.

These tests count calls of execute and executemany on the driver's cursors; see statements.py. An
executemany is one statement however many rows it gets: it is prepared once and never goes back to
Python in between.
"""

from collections.abc import Callable, Iterator

import pytest

from application.contacts import CloseContact, TransferContact
from application.ports.contacts import ContactFilter, ContactView
from application.ports.paging import Page
from application.register_contacts import RegisterContact, Registered
from application.together import carry_out_together
from domain.actor import SCRIPT
from tests.adapters.statements import Statement, recording
from tests.support import World, open_world

SIZES = (1, 10, 100, 500)


@pytest.fixture
def world(sqlite_url: str) -> Iterator[World]:
    with open_world(sqlite_url) as opened:
        for key in ("a", "b"):
            opened.source(*((opened.operator(f"Operator {n}"), n) for n in range(1, 6)), key=key)
        # The first decisions on a source store its lineup, once; and recording opens new
        # connections, as another process would.
        statements(opened, commands(2, 1_000_000))
        yield opened


def commands(count: int, first: int = 0) -> list[RegisterContact]:
    """Return commands with everything: name, two identities, payload, key."""
    return [
        RegisterContact(
            "ab"[number % 2],
            {"telegram": f"user-{number}", "vk": f"user-{number}"},
            lead_name=f"Lead {number}",
            payload={"number": number},
            idempotency_key=f"key-{number}",
        )
        for number in range(first, first + count)
    ]


def statements(world: World, batch: list[RegisterContact]) -> list[Statement]:
    """Register a batch; return the statements it took, without those that open connections."""
    with recording(world.container.storage()) as recorded:
        outcomes = world.fairlead.register_contacts(batch)
    assert all(isinstance(each, Registered) for each in outcomes)
    return [each for each in recorded if each.verb != "PRAGMA"]


def test_new_leads_take_a_constant_number_of_statements(world: World) -> None:
    first = 0
    counts = {}
    for size in SIZES:
        taken = statements(world, commands(size, first))
        assert len({each.sql for each in taken}) == len(taken), "none is run twice"
        assert sum(each.verb == "BEGIN" for each in taken) == 1
        first += size
        # A batch of one has one source, a larger one has two, in the same number of statements.
        counts[size] = len(taken)
    assert set(counts.values()) == {counts[1]}
    assert counts[1] <= 20


def test_known_leads_take_a_constant_number_of_statements(world: World) -> None:
    for size in SIZES:
        world.fairlead.register_contacts(commands(size, size * 1000))
    counts = {}
    for size in SIZES:
        again = [
            RegisterContact(each.source, each.identities, payload={})
            for each in commands(size, size * 1000)
        ]
        taken = statements(world, again)
        assert not any("INTO leads" in each.sql or "INTO identities" in each.sql for each in taken)
        counts[size] = len(taken)
    assert set(counts.values()) == {counts[1]}
    assert counts[1] <= 14


def test_leads_named_by_id_take_a_constant_number_up_to_a_chunk(world: World) -> None:
    outcomes = world.fairlead.register_contacts(commands(500))
    leads = [each.contact.lead.id for each in outcomes if isinstance(each, Registered)]
    counts = {
        size: len(statements(world, [RegisterContact("a", lead_id=lead) for lead in leads[:size]]))
        for size in SIZES
    }
    assert set(counts.values()) == {counts[1]}


def test_replays_take_a_constant_number_of_statements_and_write_nothing(world: World) -> None:
    world.fairlead.register_contacts(commands(500))
    counts = {}
    for size in SIZES:
        taken = statements(world, commands(size))
        assert {each.verb for each in taken} == {"BEGIN", "SELECT"}
        counts[size] = len(taken)
    assert set(counts.values()) == {counts[1]}


def test_contacts_that_wait_take_no_more(world: World) -> None:
    world.source(key="nobody")
    batches = [
        [RegisterContact("nobody", {"telegram": f"{size}-{n}"}) for n in range(size)]
        for size in SIZES
    ]
    counts = [len(statements(world, batch)) for batch in batches]
    assert set(counts) == {counts[0]}


def test_closing_takes_a_constant_number_however_many_waited_for_it(world: World) -> None:
    """Each slot goes to a waiting contact, on one source or the other."""
    ann, bob = (world.operator(name, capacity=200) for name in ("Ann", "Bob"))
    for key, operator in (("c", ann), ("d", bob)):
        world.source((operator, 1), key=key)
    served = [
        each.contact.id
        for each in world.fairlead.register_contacts(
            [RegisterContact("cd"[n % 2], {"telegram": f"{n}"}) for n in range(1000)]
        )
        if isinstance(each, Registered)
    ]
    counts = []
    # The first round stores the lineups, once.
    for size in (2, 2, 10, 100):
        closing, served = served[:size], served[size:]
        orders = [
            world.fairlead.close_contact.order(CloseContact(each), SCRIPT) for each in closing
        ]
        with recording(world.container.storage()) as recorded:
            carry_out_together(world.container.transactions(), orders)
        counts.append(len([each for each in recorded if each.verb != "PRAGMA"]))
        assert (world.load(ann), world.load(bob)) == (200, 200)
    assert set(counts[1:]) == {counts[1]}
    assert not world.defects()


def test_the_count_does_not_grow_with_what_is_stored(world: World) -> None:
    empty = len(statements(world, commands(10)))
    for start in range(1000, 5000, 500):
        world.fairlead.register_contacts(commands(500, start))
    assert len(statements(world, commands(10, 9000))) == empty


def test_identities_that_cannot_be_read_take_one_statement_more(world: World) -> None:
    world.source(key="waiting")
    plain = len(statements(world, [RegisterContact("waiting", {"telegram": "plain"})]))
    for size in SIZES:
        batch = [
            RegisterContact("waiting", {"telegram": f"{size}-{n}", "phone": "?", "email": "?"})
            for n in range(size)
        ]
        assert len(statements(world, batch)) == plain + 1


def test_a_list_takes_one_statement_whatever_could_not_be_read(world: World) -> None:
    world.fairlead.register_contacts(
        [
            RegisterContact("a", {"telegram": f"listed-{n}", "phone": "?", "email": "?"})
            for n in range(200)
        ]
    )
    storage = world.container.storage()
    reads: tuple[Callable[[], Page[ContactView]], ...] = (
        lambda: storage.contacts.contacts(ContactFilter(), limit=200, after=None),
        lambda: storage.contacts.contacts(ContactFilter(source="a"), limit=200, after=None),
        lambda: storage.contacts.queue("a", limit=200),
    )
    for read in reads:
        with recording(storage) as recorded:
            page = read()
        assert all(len(each.lead.unread) == 2 for each in page.items[:199])
        assert [each.verb for each in recorded if each.verb in {"SELECT", "WITH"}] == ["SELECT"]


def test_a_history_is_read_in_one_transaction_however_long_it_is(world: World) -> None:
    contact = world.register("a")
    operators = [world.operator(name) for name in ("Ann", "Bob")]
    for _ in range(3):
        for each in operators:
            world.fairlead.transfer_contact(TransferContact(contact.id, each.id))
        with recording(world.container.storage()) as recorded:
            world.fairlead.contacts.history(contact.id)
        verbs = [each.verb for each in recorded if each.verb != "PRAGMA"]
        assert verbs == ["BEGIN", *["SELECT"] * 4]


def test_a_close_takes_no_more_when_thousands_are_stored(world: World) -> None:
    def closing() -> int:
        contact = world.register("a")
        with recording(world.container.storage()) as recorded:
            world.fairlead.close_contact(CloseContact(contact.id))
        return len([each for each in recorded if each.verb != "PRAGMA"])

    few = closing()
    for start in range(0, 2000, 500):
        world.fairlead.register_contacts(commands(500, start))
    assert closing() == few
