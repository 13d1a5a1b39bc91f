"""The contract of ContactReader."""

import itertools
from datetime import UTC, datetime, timedelta, timezone

import pytest

from application.ports.contacts import (
    AssignmentStep,
    ClosingStep,
    ContactFilter,
    ContactLead,
    ContactView,
    RegistrationStep,
    TransferStep,
)
from application.ports.operators import OperatorRef
from application.ports.paging import Page
from application.ports.storage import Storage
from domain.contact import ContactState
from domain.errors import NoDecision, UnknownContact
from domain.events import Assigned, Closed
from domain.ids import ContactId, LeadId, OperatorId
from domain.lead import Identity
from domain.strategy import Strategy
from tests.application.acts import close, transfer, update
from tests.contract.given import NOBODY, Given, decision_on, happened, moved_to_its_operator
from tests.support import START

MILLISECOND = timedelta(milliseconds=1)
MICROSECOND = timedelta(microseconds=1)
CHAT = Identity("telegram", "first")


def listed(storage: Storage, **where: object) -> list[ContactId]:
    found = storage.contacts.contacts(ContactFilter(**where), limit=200, after=None)  # type: ignore[arg-type]
    assert not found.more
    return [each.id for each in found.items]


def test_a_contact_is_shown_whole(storage: Storage, given: Given) -> None:
    ann, source = given.operator("Анна"), given.source("telegram")
    lead, other = given.lead(CHAT, name="Zoë 👋"), given.lead(Identity("telegram", "second"))
    given.world.clock.advance(milliseconds=123)
    contact = given.contact(
        source,
        lead,
        ann,
        closed=True,
        payload='{"text":"привет"}',
        lead_created=True,
        conflicts=(other.id,),
    )
    assert storage.contacts.contact(contact.id) == ContactView(
        contact.id,
        ContactState.CLOSED,
        "telegram",
        ContactLead(lead.id, "Zoë 👋", True, (other.id,)),
        OperatorRef(ann.id, "Анна"),
        {"text": "привет"},
        given.now,
        given.now,
        given.now,
    )


def test_moments_are_shown_in_utc(storage: Storage, given: Given) -> None:
    given.world.clock.advance(milliseconds=999)
    contact = given.contact(
        given.source("telegram"), given.lead(CHAT), given.operator(), closed=True
    )
    view = storage.contacts.contact(contact.id)
    for moment in (view.created_at, view.assigned_at, view.closed_at):
        assert moment
        assert (moment, moment.tzinfo) == (START + timedelta(milliseconds=999), UTC)


def test_a_contact_that_is_not_there_is_refused(storage: Storage) -> None:
    with pytest.raises(UnknownContact):
        storage.contacts.contact(ContactId(NOBODY))
    with pytest.raises(UnknownContact):
        storage.contacts.decision(ContactId(NOBODY))
    with pytest.raises(UnknownContact):
        storage.contacts.history(ContactId(NOBODY))


def test_a_contact_of_one_source_is_not_there_on_another(storage: Storage, given: Given) -> None:
    lead = given.lead(CHAT)
    contact = given.contact(given.source("ours"), lead)
    given.source("theirs")
    reader = storage.contacts
    assert reader.contact(contact.id, source="ours").id == contact.id
    assert reader.history(contact.id, source="ours") == reader.history(contact.id)
    hidden: list[str] = []
    for contact_id, source in ((contact.id, "theirs"), (contact.id, ""), (NOBODY, "ours")):
        for read in (reader.contact, reader.history):
            with pytest.raises(UnknownContact) as refusal:
                read(ContactId(contact_id), source=source)
            hidden.append(refusal.value.detail.replace(str(contact_id), "..."))
    with pytest.raises(UnknownContact) as refusal:
        storage.contacts.contact(ContactId(NOBODY))
    assert {*hidden} == {refusal.value.detail.replace(str(NOBODY), "...")}


def test_every_filter_and_every_combination_of_them(storage: Storage, given: Given) -> None:
    ann, bob, idle = given.operator("Ann"), given.operator("Bob"), given.operator("Idle")
    sources = [given.source(key) for key in ("a", "b", "empty")]
    leads = [given.lead(Identity("telegram", f"user-{number}")) for number in range(3)]
    moments = []
    for number in range(48):
        moments.append(given.now)
        given.contact(
            sources[number % 2],
            leads[number // 2 % 2],
            (None, ann, bob)[number % 3],
            closed=number % 4 == 0,
        )
        given.world.clock.advance(milliseconds=number % 5)
    views = storage.contacts.contacts(ContactFilter(), limit=200, after=None).items
    assert len(views) == 48
    assert [each.id for each in views] == sorted((each.id for each in views), reverse=True)

    options = itertools.product(
        (None, "a", "b", "empty", "nowhere"),
        (None, ann.id, idle.id, OperatorId(NOBODY)),
        (None, [leads[0].id], [leads[2].id], [leads[2].id, leads[0].id], []),
        ((), *((each,) for each in ContactState), (ContactState.CLOSED, ContactState.WAITING)),
        (None, moments[10]),
        (None, moments[36]),
    )
    hits = 0
    for source, operator_id, of_leads, states, since, until in options:
        expected = [
            each
            for each in views
            if source in {None, each.source}
            and (operator_id is None or (each.operator and each.operator.id == operator_id))
            and (of_leads is None or each.lead.id in of_leads)
            and (not states or each.state in states)
            and (since is None or each.created_at >= since)
            and (until is None or each.created_at < until)
        ]
        where = ContactFilter(source, operator_id, of_leads, states, since, until)
        found = storage.contacts.contacts(where, limit=200, after=None)
        assert (found.items, found.more) == (expected, False), where
        if len(expected) > 2:
            hits += 1
            page = storage.contacts.contacts(where, limit=2, after=expected[0].id)
            assert (page.items, page.more) == (expected[1:3], len(expected) > 3), where
            page = storage.contacts.contacts(
                where, limit=2, after=expected[-1].id, oldest_first=True
            )
            assert (page.items, page.more) == (expected[-3:-1][::-1], len(expected) > 3), where
    assert hits > 40


class TestPeriods:
    """`since` is inclusive and `until` exclusive, to the millisecond."""

    @pytest.fixture
    def contacts(self, given: Given) -> list[ContactId]:
        source, lead = given.source("telegram"), given.lead(CHAT)
        made = []
        for _ in range(3):
            made += [given.contact(source, lead).id, given.contact(source, lead).id]
            given.world.clock.advance(milliseconds=1)
        return made[::-1]

    @pytest.mark.parametrize(
        ("after_start", "expected"),
        [
            (timedelta(0), 6),
            (MICROSECOND, 4),
            (MILLISECOND - MICROSECOND, 4),
            (MILLISECOND, 4),
            (MILLISECOND + MICROSECOND, 2),
            (2 * MILLISECOND, 2),
            (3 * MILLISECOND, 0),
        ],
    )
    def test_since_and_until_cut_at_the_same_place(
        self, storage: Storage, contacts: list[ContactId], after_start: timedelta, expected: int
    ) -> None:
        moment = START + after_start
        assert listed(storage, since=moment) == contacts[:expected]
        assert listed(storage, until=moment) == contacts[expected:]

    def test_the_zone_of_a_moment_does_not_matter(
        self, storage: Storage, contacts: list[ContactId]
    ) -> None:
        moscow = timezone(timedelta(hours=3))
        moment = (START + MILLISECOND).astimezone(moscow)
        assert listed(storage, since=moment) == contacts[:4]

    def test_the_ends_of_time_are_moments_too(
        self, storage: Storage, contacts: list[ContactId]
    ) -> None:
        first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
        assert listed(storage, since=first, until=last) == contacts
        assert listed(storage, since=last) == listed(storage, until=first) == []

    def test_a_period_that_ends_before_it_begins_is_empty(
        self, storage: Storage, contacts: list[ContactId]
    ) -> None:
        assert contacts
        assert listed(storage, since=START + MILLISECOND, until=START) == []


class TestPages:
    """Lists are paged by cursor, newest first."""

    @pytest.mark.parametrize("limit", [1, 4, 5, 10, 200])
    def test_pages_are_stable_while_rows_are_added(
        self, storage: Storage, given: Given, limit: int
    ) -> None:
        source, lead = given.source("telegram"), given.lead(CHAT)
        first = [given.contact(source, lead).id for _ in range(10)][::-1]
        seen: list[ContactId] = []
        page: Page[ContactView] | None = None
        while page is None or page.more:
            page = storage.contacts.contacts(
                ContactFilter(source="telegram"), limit=limit, after=seen[-1] if seen else None
            )
            assert len(page.items) <= limit
            seen += [each.id for each in page.items]
            given.contact(source, lead)
        assert seen == first

    def test_a_full_last_page_says_that_nothing_follows(
        self, storage: Storage, given: Given
    ) -> None:
        source, lead = given.source("telegram"), given.lead(CHAT)
        made = [given.contact(source, lead).id for _ in range(4)][::-1]
        page = storage.contacts.contacts(ContactFilter(), limit=4, after=None)
        assert ([each.id for each in page.items], page.more) == (made, False)
        page = storage.contacts.contacts(ContactFilter(), limit=4, after=made[-1])
        assert (list(page.items), page.more) == ([], False)

    def test_a_cursor_need_not_be_on_the_list(self, storage: Storage, given: Given) -> None:
        source, other = given.source("a"), given.source("b")
        lead = given.lead(CHAT)
        wanted = given.contact(source, lead)
        cursor = given.contact(other, lead)
        given.contact(source, lead)
        page = storage.contacts.contacts(ContactFilter(source="a"), limit=5, after=cursor.id)
        assert [each.id for each in page.items] == [wanted.id]

    def test_a_contact_that_changes_between_pages_is_not_seen_twice(
        self, storage: Storage, given: Given
    ) -> None:
        source, lead = given.source("telegram"), given.lead(CHAT)
        oldest, middle, newest = (given.contact(source, lead) for _ in range(3))
        waiting = ContactFilter(states=[ContactState.WAITING])
        page = storage.contacts.contacts(waiting, limit=1, after=None)
        assert [each.id for each in page.items] == [newest.id]
        middle.close(given.now)
        with storage.unit_of_work() as uow:
            happened(uow, Closed(middle, middle.operator_id, given.now))
        page = storage.contacts.contacts(waiting, limit=5, after=newest.id)
        assert [each.id for each in page.items] == [oldest.id]


class TestDecision:
    """Why a contact has its operator."""

    def test_the_decision_is_shown_with_the_names_of_all_candidates(
        self, storage: Storage, given: Given
    ) -> None:
        ann, bob = given.operator("Анна"), given.operator("Bob", active=False)
        contact = given.contact(given.source("telegram"), given.lead(CHAT))
        contact.assign(ann.id, given.now)
        with storage.unit_of_work() as uow:
            happened(uow, Assigned(contact, decision_on(ann, bob), given.now))
        view = storage.contacts.decision(contact.id)
        assert view.decision == decision_on(ann, bob)
        assert (view.names, list(view.transfers)) == ({ann.id: "Анна", bob.id: "Bob"}, [])

    def test_a_thousand_candidates_are_all_named(self, storage: Storage, given: Given) -> None:
        world = given.world
        operators = [world.operator(f"Operator {number}", capacity=1) for number in range(1000)]
        world.source(*((each, 1) for each in operators))
        view = storage.contacts.decision(world.register().id)
        assert view.decision
        assert len(view.decision.candidates) == 1000
        assert view.names == {each.id: each.name for each in operators}

    def test_a_contact_that_waits_has_none(self, storage: Storage, given: Given) -> None:
        contact = given.contact(given.source("telegram"), given.lead(CHAT))
        with pytest.raises(NoDecision):
            storage.contacts.decision(contact.id)

    def test_a_contact_closed_while_it_waited_has_none(
        self, storage: Storage, given: Given
    ) -> None:
        contact = given.contact(given.source("telegram"), given.lead(CHAT), closed=True)
        with pytest.raises(NoDecision):
            storage.contacts.decision(contact.id)


class TestHistory:
    """What happened to a contact, in order."""

    def test_a_whole_life_is_told(self, storage: Storage, given: Given) -> None:
        world = given.world
        ann, bob = world.operator("Анна", capacity=0), world.operator("Bob", active=False)
        cat, dan = world.operator("Cat", capacity=0), world.operator("Dan")
        world.source((ann, 2), (bob, 1), (cat, 1), (dan, 0), strategy=Strategy.RANDOM)
        contact = world.register()
        refs = [OperatorRef(each.id, each.name) for each in (ann, dan)]
        expected: list[object] = [
            RegistrationStep("registered", given.now, "telegram", contact.lead.id)
        ]
        assert storage.contacts.history(contact.id) == expected
        world.clock.advance(seconds=90, milliseconds=250)
        update(world, ann, capacity=1)
        expected.append(
            AssignmentStep("assigned", given.now, refs[0], 90.25, Strategy.RANDOM, 4, 1)
        )
        assert storage.contacts.history(contact.id) == expected
        for previous, operator in ((0, 1), (1, 0)):
            world.clock.advance(minutes=1)
            transfer(world, contact, (ann, dan)[operator])
            expected.append(TransferStep("transferred", given.now, refs[operator], refs[previous]))
        world.clock.advance(minutes=1)
        close(world, contact)
        expected.append(ClosingStep("closed", given.now, refs[0]))
        assert storage.contacts.history(contact.id) == expected

    def test_others_have_histories_of_their_own(self, storage: Storage, given: Given) -> None:
        world = given.world
        ann, bob = world.operator("Ann"), world.operator("Bob")
        world.source((ann, 1))
        moved, kept = world.register(), world.register()
        transfer(world, moved, bob)
        close(world, moved)
        assert told(storage, kept.id) == [("registered", None), ("assigned", "Ann")]

    def test_one_that_a_person_took_from_the_queue_was_not_assigned(
        self, storage: Storage, given: Given
    ) -> None:
        world = given.world
        bob = world.operator("Bob")
        world.source()
        contact = world.register()
        transfer(world, contact, bob)
        taken = TransferStep("transferred", given.now, OperatorRef(bob.id, "Bob"), None)
        assert storage.contacts.history(contact.id)[1:] == [taken]

    def test_one_closed_while_it_waited_had_no_operator(
        self, storage: Storage, given: Given
    ) -> None:
        contact = given.contact(given.source("telegram"), given.lead(CHAT), closed=True)
        closing = ClosingStep("closed", given.now, None)
        assert storage.contacts.history(contact.id)[1:] == [closing]

    @pytest.mark.parametrize("minutes", [0, -10])
    def test_the_order_is_that_of_what_happened_not_of_the_clock(
        self, storage: Storage, given: Given, minutes: int
    ) -> None:
        """All of it happens at one moment, or while the clock is set back again and again."""
        world = given.world
        ann, bob = world.operator("Ann", capacity=0), world.operator("Bob")
        world.source((ann, 1))
        contact = world.register()
        world.clock.advance(minutes=minutes)
        update(world, ann, capacity=1)
        for operator in (bob, ann, bob):
            world.clock.advance(minutes=minutes)
            transfer(world, contact, operator)
        world.clock.advance(minutes=minutes)
        close(world, contact)
        assert told(storage, contact.id) == [
            ("registered", None),
            ("assigned", "Ann"),
            ("transferred", "Bob"),
            ("transferred", "Ann"),
            ("transferred", "Bob"),
            ("closed", "Bob"),
        ]
        assigned = storage.contacts.history(contact.id)[1]
        assert isinstance(assigned, AssignmentStep)
        assert assigned.waited_seconds == 0

    def test_an_operator_is_called_by_its_present_name(
        self, storage: Storage, given: Given
    ) -> None:
        world = given.world
        ann, bob = world.operator("Ann"), world.operator("Bob")
        world.source((ann, 1))
        contact = world.register()
        transfer(world, contact, bob)
        update(world, ann, name="Анна")
        update(world, bob, name="Борис")
        assert told(storage, contact.id)[1:] == [("assigned", "Анна"), ("transferred", "Борис")]


def told(storage: Storage, contact_id: ContactId) -> list[tuple[str, str | None]]:
    """Return the types of a history's steps, each with the operator's name, if any."""
    steps = storage.contacts.history(contact_id)
    operators = [None if isinstance(each, RegistrationStep) else each.operator for each in steps]
    return [
        (each.type, None if operator is None else operator.name)
        for each, operator in zip(steps, operators, strict=True)
    ]


def test_leads_are_not_mixed_up(storage: Storage, given: Given) -> None:
    source = given.source("telegram")
    leads = [given.lead(Identity("telegram", str(n)), name=f"Lead {n}") for n in range(3)]
    for lead in leads:
        given.contact(source, lead)
    for lead in leads:
        (only,) = storage.contacts.contacts(
            ContactFilter(leads=[LeadId(lead.id)]), limit=5, after=None
        ).items
        assert (only.lead.id, only.lead.name) == (lead.id, lead.name)


class TestQueue:
    """Waiting contacts, oldest first."""

    @pytest.mark.parametrize("source", [None, "a", "b", "empty", "nowhere"])
    def test_what_waits_is_shown_in_the_order_in_which_it_came(
        self, storage: Storage, given: Given, source: str | None
    ) -> None:
        ann, lead = given.operator(), given.lead(CHAT, name="Ivan")
        sources = [given.source(key) for key in ("a", "b", "empty")]
        for number in range(24):
            given.contact(
                sources[number % 2],
                lead,
                ann if number % 3 == 0 else None,
                closed=number % 5 == 0,
            )
            given.world.clock.advance(milliseconds=number % 2)
        where = ContactFilter(source, states=[ContactState.WAITING])
        expected = storage.contacts.contacts(where, limit=200, after=None).items[::-1]
        assert len(expected) == {None: 13, "a": 6, "b": 7}.get(source, 0)
        for limit in (1, 6, 7, 13, 200):
            page = storage.contacts.queue(source, limit=limit)
            assert (page.items, page.more) == (expected[:limit], len(expected) > limit)
        for passed, each in enumerate(expected, 1):
            page = storage.contacts.queue(source, limit=3, after=each.id)
            rest = expected[passed:]
            assert (page.items, page.more) == (rest[:3], len(rest) > 3)


class TestDecisions:
    """The latest decisions on a source."""

    def test_they_come_in_the_order_of_contacts_whatever_became_of_these(
        self, storage: Storage, given: Given
    ) -> None:
        operators = [given.operator(f"Operator {number}") for number in range(3)]
        lead, sources = given.lead(CHAT), [given.source("a"), given.source("b")]
        picked: dict[str, list[OperatorId]] = {"a": [], "b": [], "nowhere": []}
        for number in range(40):
            source, operator = sources[number % 2], operators[number * 7 % 3]
            if number % 5 == 4:
                given.contact(source, lead, closed=number % 2 == 0)
                continue
            contact = given.contact(source, lead, operator, closed=number % 3 == 0)
            picked[source.key].append(operator.id)
            if number % 4 == 0 and number % 3:
                contact.assign(operators[0].id, given.now)
                with storage.unit_of_work() as uow:
                    happened(uow, moved_to_its_operator(contact, operator.id, given.now))
        for key, expected in picked.items():
            for limit in (1, 2, 7, 16, 200):
                found = storage.contacts.decisions(key, limit=limit)
                assert [each.picked for each in found] == expected[-limit:], (key, limit)

    def test_what_a_person_gave_away_while_it_waited_is_passed_over(
        self, storage: Storage, given: Given
    ) -> None:
        ann, lead, source = given.operator(), given.lead(CHAT), given.source("a")
        given.contact(source, lead, ann)
        for _ in range(3):
            contact = given.contact(source, lead)
            contact.assign(ann.id, given.now)
            with storage.unit_of_work() as uow:
                happened(uow, moved_to_its_operator(contact, None, given.now))
        assert storage.contacts.decisions("a", limit=2) == [decision_on(ann)]

    def test_decisions_are_shown_whole(self, storage: Storage, given: Given) -> None:
        world = given.world
        ann, bob = world.operator("Ann"), world.operator("Bob", active=False)
        key = world.source((ann, 2), (bob, 1))
        contacts = [world.register() for _ in range(3)]
        world.allocate(key, (ann, 1), (bob, 1))
        contacts.append(world.register())
        found = storage.contacts.decisions(key, limit=5)
        assert found == [storage.contacts.decision(each.id).decision for each in contacts]
