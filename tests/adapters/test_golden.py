"""What an earlier release has stored is opened, migrated, read and checked, on both engines.

Each database was made by the release that it is named after, and never changes; see
tests/golden/make.py.
"""

import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from adapters.sql.columns import STATE_NUMBERS
from adapters.sql.decisions import AVAILABILITY_NUMBERS
from application.fairlead import Fairlead
from application.operators import UpdateOperator
from application.ports.contacts import ContactFilter, ContactView, RegistrationStep
from application.ports.leads import LeadExport
from application.ports.statistics import EVER, HourSpan
from domain.access import Role
from domain.availability import Availability
from domain.contact import ContactState
from domain.dispatch import hour_of
from domain.errors import NoDecision
from domain.strategy import Strategy
from entrypoints.scripting import open_fairlead
from tests.postgresql import Databases
from tests.support import open_world

GOLDEN = Path(__file__).parents[1] / "golden"
SCHEMAS = {"0.1.0": "0009", "0.2.0": "0013"}
RELEASES = sorted(SCHEMAS.keys() | {each.stem for each in GOLDEN.glob("*.sqlite")})


@pytest.fixture(params=RELEASES)
def release(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def golden_url(request: pytest.FixtureRequest, release: str, tmp_path: Path) -> str:
    if request.param == "sqlite":
        shutil.copy(GOLDEN / f"{release}.sqlite", tmp_path / "golden.db")
        return f"sqlite:///{tmp_path / 'golden.db'}"
    postgresql: Databases = request.getfixturevalue("postgresql")
    url = postgresql.empty()
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        dump: Any = (GOLDEN / f"{release}.sql").read_text("utf-8")
        connection.execute(dump)
    return url


@pytest.fixture
def fairlead(golden_url: str) -> Iterator[Fairlead]:
    with open_fairlead(golden_url) as opened:
        yield opened


def contacts(fairlead: Fairlead) -> list[ContactView]:
    return [*fairlead.contacts.contacts(ContactFilter(), limit=200, after=None).items]


def by_person(fairlead: Fairlead) -> dict[str, LeadExport]:
    """Return the leads that have identities, each under all of its identities."""
    leads = fairlead.leads.leads(identity=None, limit=200, after=None).items
    return {
        identity.key: fairlead.leads.export(lead.id, limit=5000)
        for lead in leads
        for identity in lead.identities
    }


def test_numbers_that_are_stored_are_these_for_ever() -> None:
    """A member added in between must not take the number of another."""
    assert STATE_NUMBERS == {
        ContactState.WAITING: 0,
        ContactState.ASSIGNED: 1,
        ContactState.CLOSED: 2,
    }
    assert {each: each.picker.number for each in Strategy} == {
        Strategy.EXACT: 0,
        Strategy.RANDOM: 1,
    }
    assert AVAILABILITY_NUMBERS == {Availability.INACTIVE: 0, Availability.AVAILABLE: 1}
    assert set(STATE_NUMBERS) == set(ContactState)
    assert set(AVAILABILITY_NUMBERS) == set(Availability)


def test_every_invariant_holds_and_every_decision_recomputes(fairlead: Fairlead) -> None:
    assert fairlead.check_invariants() == []
    decided = 0
    for each in contacts(fairlead):
        try:
            decision = fairlead.contacts.decision(each.id).decision
        except NoDecision:
            continue
        if decision is not None:
            decided += 1
            assert decision.recompute() == decision.picked
    assert decided == 21


def test_contacts_are_in_the_state_that_they_were_in(fairlead: Fairlead) -> None:
    found = contacts(fairlead)
    assert Counter((each.source, each.state) for each in found) == {
        ("telegram-sales", ContactState.WAITING): 5,
        ("telegram-sales", ContactState.ASSIGNED): 15,
        ("telegram-sales", ContactState.CLOSED): 1,
        ("site.chat", ContactState.WAITING): 6,
        ("site.chat", ContactState.ASSIGNED): 5,
        ("vk", ContactState.WAITING): 1,
        ("vk", ContactState.ASSIGNED): 1,
        ("vk", ContactState.CLOSED): 1,
    }


def test_decisions_are_of_the_strategy_that_they_were_made_by(fairlead: Fairlead) -> None:
    for source, strategy in (
        ("telegram-sales", Strategy.EXACT),
        ("site.chat", Strategy.RANDOM),
    ):
        decisions = fairlead.contacts.decisions(source, limit=50)
        assert {each.strategy for each in decisions} == {strategy}
        assert fairlead.catalogue.source(source).strategy is strategy


def test_people_are_who_they_were(fairlead: Fairlead) -> None:
    people = by_person(fairlead)
    ivan = people["phone:+79161234501"]
    assert ivan.lead.name == "Иван 1"
    assert {each.key for each in ivan.lead.identities} == {
        *("phone:+79161234501", "telegram:user1", "external_id:crm-7")
    }
    (contact,) = ivan.contacts
    assert contact.contact.lead.conflicts == (people["email:ann+1@example.com"].lead.id,)
    assert people["vk:id1"].lead.name is None
    assert [each.name for each in fairlead.search("ИВАН 11").leads] == ["Иван 11"]


def test_the_first_assignment_is_the_one_that_counts(fairlead: Fairlead) -> None:
    """Transfers used to overwrite it; it is right where it can be known, else the nearest."""
    (given_by_hand,) = by_person(fairlead)["vk:id1"].contacts
    first, second = given_by_hand.transfers
    assert first.previous is None
    assert given_by_hand.contact.assigned_at == first.at < second.at


def test_histories_end_in_what_contacts_are(fairlead: Fairlead) -> None:
    told: Counter[str] = Counter()
    for each in contacts(fairlead):
        state, operator = ContactState.WAITING, None
        first, *steps = fairlead.contacts.history(each.id)
        assert first == RegistrationStep("registered", each.created_at, each.source, each.lead.id)
        for step in steps:
            assert not isinstance(step, RegistrationStep)
            state = ContactState.CLOSED if step.type == "closed" else ContactState.ASSIGNED
            operator = step.operator
        assert (state, operator) == (each.state, each.operator)
        told.update(step.type for step in steps)
    assert told == {"assigned": 21, "transferred": 4, "closed": 2}


def test_keys_audit_and_statistics_are_read(fairlead: Fairlead) -> None:
    assert [(each.role, each.revoked_at is None) for each in fairlead.keys.all()] == [
        (Role.INTAKE, True),
        (Role.ADMIN, False),
    ]
    entries = fairlead.audit.entries(subject=None, action=None, limit=200, after=None)
    assert len(entries.items) == 23
    assert sum(each.contacts.get("telegram-sales", 0) for each in fairlead.statistics.operators())


def test_work_goes_on(fairlead: Fairlead) -> None:
    """What waits is handed out, and every invariant still holds."""
    kirill = next(
        each
        for each in fairlead.catalogue.operators(active=None, limit=9, after=None).items
        if each.name == "Кирилл"
    )
    fairlead.update_operator(UpdateOperator(kirill.id, capacity=40, active=True))
    waiting = {each.source for each in contacts(fairlead) if each.state is ContactState.WAITING}
    assert "site.chat" not in waiting
    assert fairlead.check_invariants() == []


def test_the_file_itself_is_not_touched(release: str) -> None:
    file = sqlite3.connect(
        f"{(GOLDEN / f'{release}.sqlite').as_uri()}?mode=ro&immutable=1", uri=True
    )
    found = file.execute("SELECT version_num FROM alembic_version").fetchone()
    assert found == (SCHEMAS[release],)
    file.close()


def test_what_was_counted_before_accounts_is_called_unknown_and_nothing_after_it(
    golden_url: str,
) -> None:
    with open_world(golden_url) as world:
        statistics = world.fairlead.statistics
        distribution = statistics.distribution(sources=None, span=EVER)
        counted = [each for each in distribution if any(row.contacts for row in each.operators)]
        assert counted
        for source in distribution:
            shown = [row.entitled for row in source.operators]
            if source in counted:
                assert shown == [None] * len(shown)
            else:
                assert shown == [0.0] * len(shown)
        # Long after, whatever the clock says while the database is migrated.
        world.clock.moment = datetime(2030, 1, 1, tzinfo=UTC)
        for source in counted:
            world.register(source.source)
        since = HourSpan(hour_of(world.clock.moment))
        for source in statistics.distribution(
            sources=[each.source for each in counted], span=since
        ):
            rows = source.operators
            assert sum(row.contacts for row in rows) in {0, 1}
            assert sum(row.entitled or 0 for row in rows) == sum(row.contacts for row in rows)
            assert None not in [row.entitled for row in rows]
        assert world.defects() == []
