"""How SQLite finds what is asked for: by an index, never by walking a table that grows.

The statements are not copied here: they are recorded while the real code runs, and SQLite is asked
for its plan of each.
"""

import itertools
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from application.contacts import CloseContact, TransferContact
from application.leads import EraseLead
from application.operators import UpdateOperator
from application.ports.contacts import ContactFilter, ContactView
from application.ports.operators import OperatorView
from application.ports.statistics import HourSpan
from application.purging import PurgeContacts
from application.register_contacts import RegisterContact, Registered
from application.sources import ReplaceAllocations
from domain.contact import ContactState
from domain.dispatch import hour_of
from domain.lead import Identity
from tests.adapters.statements import Statement, database_of, recording
from tests.support import START, World, open_world

GROWING = (
    "contacts|leads|lead_words|identities|unread_identities|decisions|idempotency_keys|transfers"
    "|audit"
)
STATES: Sequence[Sequence[ContactState]] = [
    (),
    *((each,) for each in ContactState),
    (ContactState.CLOSED, ContactState.WAITING),
    tuple(ContactState),
]
_walk = re.compile(rf"\bSCAN ({GROWING})\b")


class Library:
    """A few thousand contacts on three sources, most assigned, the others waiting."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ann: OperatorView = world.operator("Ann", capacity=900)
        self.bob: OperatorView = world.operator("Bob", capacity=900)
        for key in ("a", "b", "busy"):
            world.source((self.ann, 2), (self.bob, 1), key=key)
        for start in range(0, 3000, 500):
            world.clock.advance(minutes=1)
            world.fairlead.register_contacts(
                [
                    RegisterContact(
                        ("a", "b", "busy")[number % 3],
                        {"telegram": f"user-{number}"},
                        idempotency_key=f"{number}",
                    )
                    for number in range(start, start + 500)
                ]
            )
        page = world.fairlead.contacts.contacts(ContactFilter(), limit=200, after=None)
        self.newest: ContactView = page.items[0]

    def plans(self, work: Callable[[], object]) -> list[tuple[Statement, list[str]]]:
        """Return the statements of some work, each with the steps of SQLite's plan."""
        storage = self.world.container.storage()
        with recording(storage) as recorded:
            work()
        statements = [
            each
            for each in recorded
            if each.verb in {"SELECT", "WITH", "INSERT", "UPDATE", "DELETE"}
        ]
        assert statements
        file = sqlite3.connect(str(database_of(storage).url.database))
        try:
            return [(each, _plan(file, each)) for each in statements]
        finally:
            file.close()


def _plan(file: sqlite3.Connection, statement: Statement) -> list[str]:
    rows: list[Any] = file.execute(
        f"EXPLAIN QUERY PLAN {statement.sql}", statement.parameters
    ).fetchall()
    return [row[3] for row in rows]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    path = tmp_path_factory.mktemp("plans") / "fairlead.db"
    with open_world(f"sqlite:///{path}") as world:
        yield Library(world)


def assert_found_by_index(plans: list[tuple[Statement, list[str]]]) -> None:
    for statement, steps in plans:
        for step in steps:
            assert not _walk.search(step), f"{step}: {statement.sql}"
            assert "AUTOMATIC" not in step, f"{step}: {statement.sql}"


def assert_not_sorted(plans: list[tuple[Statement, list[str]]]) -> None:
    for statement, steps in plans:
        if "contacts" in statement.sql or "leads" in statement.sql:
            assert not any("B-TREE FOR ORDER BY" in step for step in steps), statement.sql


def test_a_registration_of_new_and_known_leads(library: Library) -> None:
    batch = [
        RegisterContact("a", {"telegram": "user-7", "phone": "+79161234567"}, lead_name="Ann"),
        RegisterContact("b", {"telegram": "newcomer"}, idempotency_key="new"),
        RegisterContact("b", {"telegram": "user-1"}, idempotency_key="1"),
        RegisterContact("b", lead_id=library.newest.lead.id),
    ]
    plans = library.plans(lambda: library.world.fairlead.register_contacts(batch))
    assert {each.sql.split()[0] for each, _ in plans} == {"SELECT", "INSERT", "UPDATE"}
    assert_found_by_index(plans)


def test_a_close_hands_out_what_waits_by_index(library: Library) -> None:
    fairlead = library.world.fairlead
    assigned = fairlead.contacts.contacts(
        ContactFilter(states=[ContactState.ASSIGNED]), limit=1, after=None
    )
    plans = library.plans(lambda: fairlead.close_contact(CloseContact(assigned.items[0].id)))
    assert_found_by_index(plans)
    assert_not_sorted(plans)
    assert len(looks_into_queues(plans)) == 3, (
        "one look into the queue of every source that the operator serves"
    )


def test_a_transfer(library: Library) -> None:
    fairlead = library.world.fairlead
    idle = library.world.operator("Idle")
    for state in (ContactState.WAITING, ContactState.ASSIGNED):
        (contact,) = fairlead.contacts.contacts(
            ContactFilter(states=[state]), limit=1, after=None
        ).items
        assert_found_by_index(
            library.plans(lambda: fairlead.transfer_contact(TransferContact(contact.id, idle.id)))  # noqa: B023 -- run at once
        )


def test_a_purge_walks_no_further_than_it_has_to(library: Library) -> None:
    world = library.world
    for operator in (library.ann, library.bob):
        (contact,) = world.fairlead.contacts.contacts(
            ContactFilter(operator_id=operator.id, states=[ContactState.ASSIGNED]),
            limit=1,
            after=None,
        ).items
        world.fairlead.close_contact(CloseContact(contact.id))
    command = PurgeContacts(world.clock.now() + timedelta(seconds=1))
    world.clock.advance(minutes=1)
    plans = library.plans(lambda: world.fairlead.purge_contacts(command))
    assert sum(statement.verb == "DELETE" for statement, _ in plans) == 5
    assert_found_by_index(plans)
    assert_not_sorted(plans)


def test_an_export_reads_what_is_the_leads(library: Library) -> None:
    plans = library.plans(
        lambda: library.world.fairlead.leads.export(library.newest.lead.id, limit=5000)
    )
    assert len(plans) == 5
    assert_found_by_index(plans)
    assert_not_sorted(plans)


def test_erasing_a_lead_finds_what_is_its_own(library: Library) -> None:
    command = EraseLead(library.newest.lead.id)
    plans = library.plans(lambda: library.world.fairlead.erase_lead(command))
    assert {statement.verb for statement, _ in plans} == {"SELECT", "UPDATE", "DELETE", "INSERT"}
    assert_found_by_index(plans)


def test_what_refers_to_a_row_that_goes_is_found_by_index(library: Library) -> None:
    """SQLite looks for it by itself, once per row, and shows no plan for that."""
    database = database_of(library.world.container.storage())
    with closing(sqlite3.connect(str(database.url.database))) as file:
        references = file.execute(
            """SELECT m.name, f."from"
            FROM sqlite_master m, pragma_foreign_key_list(m.name) f
            WHERE m.type = 'table' AND f."table" = 'contacts'"""
        ).fetchall()
        assert len(references) > 2
        for child, column in references:
            query = f"EXPLAIN QUERY PLAN SELECT 1 FROM {child} WHERE {column} = x'00'"  # noqa: S608 -- names from the schema
            ((*_, step),) = file.execute(query).fetchall()
            assert step.startswith("SEARCH"), child


def test_changes_of_operators_and_allocations(library: Library) -> None:
    world = library.world
    update, replace = world.fairlead.update_operator, world.fairlead.replace_allocations
    assert_found_by_index(
        library.plans(lambda: update(UpdateOperator(library.ann.id, capacity=905)))
    )
    weights = [(library.ann.id, 2), (library.bob.id, 1)]
    assert_found_by_index(library.plans(lambda: replace(ReplaceAllocations("a", weights))))


@pytest.mark.parametrize("oldest_first", [False, True])
def test_every_list_filter_and_every_combination_of_them(
    library: Library, oldest_first: bool
) -> None:
    reader = library.world.fairlead.contacts
    options = [
        (ContactFilter(source, operator, lead, states, since, until), after)
        for source, operator, lead, states, since, until, after in itertools.product(
            (None, "a"),
            (None, library.ann.id),
            (None, [library.newest.lead.id]),
            STATES,
            (None, START + timedelta(minutes=2)),
            (None, START + timedelta(minutes=4)),
            (None, library.newest.id),
        )
    ]
    narrowed = [each for each in options if each != (ContactFilter(), None)]
    plans = library.plans(
        lambda: [
            reader.contacts(where, limit=50, after=after, oldest_first=oldest_first)
            for where, after in narrowed
        ]
    )
    assert len(plans) == len(narrowed) == 383
    assert_found_by_index(plans)
    assert_not_sorted(plans)


@pytest.mark.parametrize("states", STATES, ids=str)
def test_a_list_of_an_operator_on_a_source_reads_no_other_rows(
    library: Library, states: Sequence[ContactState]
) -> None:
    where = ContactFilter("a", library.ann.id, states=states)
    ((_, steps),) = library.plans(
        lambda: library.world.fairlead.contacts.contacts(where, limit=50, after=None)
    )
    walks = [
        each for each in steps if each.endswith("(operator_id=? AND source_key=? AND state=?)")
    ]
    assert len(walks) == (len(states) or 3)


def test_one_contact_its_decision_its_history_and_one_lead(library: Library) -> None:
    fairlead, contact = library.world.fairlead, library.newest
    given = fairlead.contacts.contacts(
        ContactFilter(operator_id=library.ann.id), limit=1, after=None
    ).items[0]
    for work in (
        lambda: fairlead.contacts.contact(contact.id),
        lambda: fairlead.contacts.decision(given.id),
        lambda: fairlead.contacts.history(given.id),
        lambda: fairlead.leads.lead(contact.lead.id),
    ):
        assert_found_by_index(library.plans(work))


def test_leads_by_identity_and_by_page(library: Library) -> None:
    leads = library.world.fairlead.leads
    mine = Identity("telegram", "user-7")
    for after in (None, library.newest.lead.id):
        plans = library.plans(lambda: leads.leads(identity=mine, limit=50, after=after))  # noqa: B023 -- run at once
        assert_found_by_index(plans)
    plans = library.plans(
        lambda: leads.leads(identity=None, limit=50, after=library.newest.lead.id)
    )
    assert_found_by_index(plans)
    assert_not_sorted(plans)


def test_the_audit_log_by_subject_and_by_page(library: Library) -> None:
    audit = library.world.fairlead.audit
    (entry,) = audit.entries(subject=None, action=None, limit=1, after=None).items
    for subject, after in (("busy", None), ("busy", entry.id), (None, entry.id)):
        plans = library.plans(
            lambda: audit.entries(subject=subject, action=None, limit=50, after=after)  # noqa: B023 -- run at once
        )
        assert_found_by_index(plans)
        assert not any("B-TREE" in step for _, steps in plans for step in steps)


def test_the_unfiltered_first_pages_walk_a_tree_in_its_own_order(library: Library) -> None:
    """They stop after one page, so the walk is as long as the page."""
    fairlead = library.world.fairlead
    assert_not_sorted(
        library.plans(lambda: fairlead.contacts.contacts(ContactFilter(), limit=50, after=None))
    )
    assert_not_sorted(
        library.plans(lambda: fairlead.leads.leads(identity=None, limit=50, after=None))
    )


def test_outcomes_are_as_without_the_recorder(library: Library) -> None:
    (outcome,) = library.world.fairlead.register_contacts([RegisterContact("a", {"vk": "last"})])
    assert isinstance(outcome, Registered)
    assert library.world.defects() == []


def test_statistics_read_counters_and_no_contacts(library: Library) -> None:
    statistics = library.world.fairlead.statistics
    plans = library.plans(
        lambda: (
            statistics.distribution(sources=["a"], span=HourSpan(1, 99)),
            statistics.operators(),
        )
    )
    assert_found_by_index(plans)
    assert not any("FROM contacts" in statement.sql for statement, _ in plans)


def test_metrics_look_once_into_each_queue_and_no_further_than_its_first(
    library: Library,
) -> None:
    ((statement, steps),) = library.plans(library.world.fairlead.statistics.waiting_since)
    assert "SEARCH contacts USING INDEX ix_contacts_queue (source_key=?)" in steps
    assert "LIMIT" in statement.sql
    assert_found_by_index([(statement, steps)])
    assert_not_sorted([(statement, steps)])


def test_queues_and_latest_decisions_walk_no_further_than_they_show(library: Library) -> None:
    reader = library.world.fairlead.contacts
    plans = library.plans(
        lambda: (
            reader.queue(None, limit=5),
            reader.queue("a", limit=5),
            reader.decisions("a", limit=5),
        )
    )
    assert len(plans) == 4, "the lineups of all decisions are asked for once"
    assert_found_by_index(plans)
    assert_not_sorted(plans)
    of_source = [
        sum("ix_contacts_source_key_state_id (source_key=? AND state=?)" in step for step in steps)
        for _, steps in plans
    ]
    assert of_source == [0, 0, 2, 0]
    assert any("ix_contacts_state_id (state=?)" in step for step in plans[0][1])
    assert any("ix_contacts_queue (source_key=?)" in step for step in plans[1][1])


def test_a_queue_goes_on_by_its_index(library: Library) -> None:
    reader, after = library.world.fairlead.contacts, library.newest.id
    plans = library.plans(
        lambda: (reader.queue(None, limit=5, after=after), reader.queue("a", limit=5, after=after))
    )
    assert_found_by_index(plans)
    assert_not_sorted(plans)
    walks = (
        "ix_contacts_state_id (state=? AND id>?)",
        "ix_contacts_queue (source_key=? AND (rank,id)>(?,?))",
    )
    for (_, steps), walk in zip(plans, walks, strict=True):
        assert any(step.endswith(walk) for step in steps), steps


def test_the_sources_of_an_operator_are_found_by_index(library: Library) -> None:
    catalogue = library.world.fairlead.catalogue
    ((_, steps),) = library.plans(lambda: catalogue.served_by(library.ann.id))
    assert not any(step.startswith("SCAN") for step in steps)


def met(library: Library, way: str, *asked: object, after: str | None = None) -> list[list[str]]:
    """The plans of one walk of the lead search, for the statements that walk along an index."""
    walk = getattr(library.world.fairlead.lead_search, way)
    plans = library.plans(lambda: walk(*asked, after=after, limit=5, but=lambda _: False))
    assert_found_by_index(plans)
    return [steps for statement, steps in plans if "FROM leads" not in statement.sql]


def test_the_kinds_are_found_by_skipping(library: Library) -> None:
    (steps,) = (steps for _, steps in library.plans(library.world.fairlead.lead_search.kinds))
    kinds = [step for step in steps if "identities" in step]
    assert kinds == [
        "SEARCH identities USING PRIMARY KEY",
        "SEARCH identities USING PRIMARY KEY (key>?)",
    ]


def test_values_are_looked_up_under_every_kind(library: Library) -> None:
    _, steps, *_ = met(library, "by_values", ["user-7", "user-8"])
    assert steps == ["SEARCH identities USING PRIMARY KEY (key=?)"]


@pytest.mark.parametrize("after", [None, "phone:+7916"])
def test_phones_are_found_along_their_ends(library: Library, after: str | None) -> None:
    ((step,), *_) = met(library, "by_phone_tail", "34567", after=after)
    assert "USING INDEX ix_identities_phone_tail (<expr>=?" in step, "and in its order"


def test_identities_are_found_by_how_they_begin(library: Library) -> None:
    for after in (None, "telegram:user-77"):
        _, steps, *_ = met(library, "by_beginnings", ["user-7"], after=after)
        walks = {step for step in steps if "identities" in step}
        assert walks == {"SEARCH identities USING PRIMARY KEY (key>? AND key<?)"}


def test_names_are_found_along_their_words(library: Library) -> None:
    by_id = "SEARCH leads USING PRIMARY KEY (id=?)"
    counted, exact, longer = met(library, "by_words", ["an", "lee"])
    walk = "SEARCH lead_words USING PRIMARY KEY (word>? AND word<?)"
    assert [step for step in counted if "lead_words" in step] == [walk] * 2
    assert exact == ["SEARCH lead_words USING PRIMARY KEY (word=?)", by_id]
    assert longer == [walk, by_id]
    for word, along in (
        ("an", ["(word=? AND lead_id<?)", "(word>? AND word<?)"]),
        ("anna", ["((word,lead_id)>(?,?) AND word<?)"]),
    ):
        place = f"an/{word}/{library.newest.lead.id.hex}"
        assert met(library, "by_words", ["an", "lee"], after=place) == [
            [f"SEARCH lead_words USING PRIMARY KEY {each}", by_id] for each in along
        ]


def test_statistics_of_a_period_read_what_is_of_it(library: Library) -> None:
    statistics = library.world.fairlead.statistics
    span = HourSpan(hour_of(START), hour_of(START) + 1)
    (registered,) = library.plans(
        lambda: statistics.registered(START, START + timedelta(minutes=1))
    )
    assert registered[1] == [
        "SEARCH contacts USING COVERING INDEX ix_contacts_state_id (state=? AND id>? AND id<?)"
    ]
    (hours,) = library.plans(lambda: statistics.by_hour(source=None, span=span))
    assert any(
        step.startswith("SEARCH registered_counts USING PRIMARY KEY")
        and step.endswith("(source_key=? AND hours=? AND start>? AND start<?)")
        for step in hours[1]
    )
    most = dict.fromkeys(("a", "b", "busy"), 5)
    plans = library.plans(lambda: statistics.waits(most, span=span, now=START))
    walks = [
        [step for step in steps if "contacts" in step]
        for statement, steps in plans
        if "FROM contacts" in statement.sql
    ]
    index = "ix_contacts_source_key_state_id (source_key=? AND state=? AND id>? AND id<?)"
    # For each source: three states, and whether there are more contacts, without their rows.
    looked_at, more = (
        [f"SEARCH contacts USING {kind} {index}"] * 3 for kind in ("INDEX", "COVERING INDEX")
    )
    assert walks == [looked_at, more] * 3
    assert_not_sorted(plans)


def test_the_queue_of_a_source_is_found_by_its_own_index(tmp_path: Path) -> None:
    with open_world(f"sqlite:///{tmp_path / 'x.db'}") as world:
        library = Library(world)
        assigned = ContactFilter(states=[ContactState.ASSIGNED])
        (contact,) = world.fairlead.contacts.contacts(assigned, limit=1, after=None).items
        plans = library.plans(lambda: world.fairlead.close_contact(CloseContact(contact.id)))
    step = "SEARCH contacts USING INDEX ix_contacts_queue (source_key=?)"
    lead = "SEARCH leads USING PRIMARY KEY (id=?)"
    unread = "SEARCH unread_identities USING PRIMARY KEY (contact_id=?)"
    assert looks_into_queues(plans) == [[step, lead, "CORRELATED SCALAR SUBQUERY 1", unread]] * 3


def looks_into_queues(plans: list[tuple[Statement, list[str]]]) -> list[list[str]]:
    """The plans of the statements that look for the contacts that have waited longest."""
    return [
        steps
        for statement, steps in plans
        if "FROM contacts" in statement.sql and "ORDER BY contacts.rank" in statement.sql
    ]
