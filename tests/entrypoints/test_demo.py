"""The demo tells the product's story: a stranger who opens it must conclude what is true."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest

from application.fairlead import Fairlead
from application.ports.contacts import ContactFilter
from application.ports.statistics import HourSpan
from domain.actor import SCRIPT
from domain.conformity import Verdict
from domain.dispatch import hour_of
from domain.strategy import Strategy
from entrypoints.console.promises import kept
from entrypoints.container import build_simulation
from entrypoints.demo import DemoClock, Month, Result
from entrypoints.settings import Settings

DAYS = 14
ALL = HourSpan()


@pytest.fixture(scope="module", params=[1, 2])
def month(request: pytest.FixtureRequest) -> Iterator[tuple[Fairlead, DemoClock, Result]]:
    # The company works less on weekends, so the day counts; here everybody is told of a Thursday.
    clock = DemoClock(datetime(2026, 11, 26, 15, 20, tzinfo=UTC))
    container = build_simulation(Settings(database_url="memory://"), clock)
    container.storage().migrate()
    fairlead = container.fairlead()
    yield fairlead, clock, Month(fairlead, clock, DAYS, request.param, SCRIPT).run(lambda _: None)
    container.storage().close()


def test_every_source_kept_its_promise_and_every_invariant_holds(
    month: tuple[Fairlead, DemoClock, Result],
) -> None:
    fairlead, _, _ = month
    for each in fairlead.statistics.distribution(sources=None, span=ALL):
        found = kept(each)
        assert found.recorded
        if fairlead.catalogue.source(each.source).strategy is Strategy.EXACT:
            assert found.verdict is Verdict.AS_PROMISED, each.source
        else:
            # One in a hundred months of real chance is further off than chance explains.
            assert found.verdict is not Verdict.UNKNOWN
    assert list(fairlead.check_invariants()) == []


def test_the_last_afternoon_is_busy_and_somebody_waits(
    month: tuple[Fairlead, DemoClock, Result],
) -> None:
    fairlead, clock, result = month
    assert 0 < result.waiting < 40
    last = hour_of(clock.now())
    hours = fairlead.statistics.by_hour(source=None, span=ALL)
    assert max(hours, key=lambda each: hours[each]) in {last, last - 1}
    operators = fairlead.catalogue.operators(active=None, limit=100, after=None).items
    # Everybody is at work, some with all that they can take and some with room.
    assert all(each.active for each in operators)
    assert 0 < sum(each.load == each.capacity for each in operators) < len(operators)
    for since in fairlead.statistics.waiting_since().values():
        assert clock.now() - since < timedelta(hours=1)


def test_most_are_answered_at_once_and_in_half_an_hour(
    month: tuple[Fairlead, DemoClock, Result],
) -> None:
    fairlead, _, result = month
    shown = fairlead.statistics.distribution(sources=None, span=ALL)
    waits = fairlead.waiting_times(shown, ALL)
    seconds = [each for source in waits for each in source.seconds]
    assert len(seconds) == result.contacts
    assert sum(each < 1 for each in seconds) > 0.7 * len(seconds)
    # Nobody waits longer than a night.
    assert max(seconds) < timedelta(hours=16).total_seconds()
    handling = median(each for source in waits for each in source.handling)
    assert 15 * 60 < handling < 45 * 60


def test_whoever_is_on_leave_gets_nothing(month: tuple[Fairlead, DemoClock, Result]) -> None:
    fairlead, clock, _ = month
    operators = fairlead.catalogue.operators(active=None, limit=100, after=None).items
    (boris,) = (each for each in operators if each.name == "Boris Ivanov")
    today = clock.now() - timedelta(hours=15)
    given = [
        each.assigned_at
        for each in fairlead.contacts.contacts(
            ContactFilter(operator_id=boris.id), limit=5000, after=None
        ).items
    ]
    away = (today - timedelta(days=12), today - timedelta(days=4))
    assert not [each for each in given if each is not None and away[0] < each < away[1]]
    assert [each for each in given if each is not None and each > away[1]]
