"""What an operator is entitled to is the sum of what its weights granted it, for any period.

And so is what kept it from being granted more: every contact given to others while it was full or
not available.
"""

import tempfile
from collections import Counter
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.contacts import CloseContact, TransferContact
from application.fairlead import Fairlead
from application.operators import UpdateOperator
from application.ports.statistics import HourSpan
from application.register_contacts import RegisterContact
from application.sources import ReplaceAllocations, SetWeight, UpdateSource
from application.weights import ChangeWeights, WeightChange
from domain.availability import Availability
from domain.dispatch import hour_of
from domain.errors import DomainError
from domain.ids import ContactId, OperatorId
from domain.strategy import Strategy
from tests.postgresql import Databases
from tests.properties.tijdeman import grants
from tests.support import START, World, open_world

SOURCES = ("a", "b")
OPERATORS = 4
ALL = HourSpan()
_source, _operator = st.sampled_from(SOURCES), st.integers(0, OPERATORS - 1)
_weights = st.lists(st.tuples(_operator, st.sampled_from([0, 1, 3, 7])), unique_by=lambda e: e[0])
_several = st.lists(st.tuples(_operator, st.sampled_from([None, 0, 2])), min_size=1, max_size=3)
_register = st.tuples(st.just("register"), _source, st.integers(1, 9))
# Also backwards: a clock is set right.
_hours = st.tuples(st.just("hours"), st.sampled_from([1, 1, 2, 30, -1, -40]), st.just(0))
ACTS = st.one_of(
    # Often, or little would be granted in hours that are booked by another process.
    *(_register, _hours, _register, _hours),
    st.tuples(st.just("close"), st.integers(0, 40), st.just(0)),
    st.tuples(st.just("transfer"), st.integers(0, 40), _operator),
    st.tuples(st.just("active"), _operator, st.booleans()),
    st.tuples(st.just("capacity"), _operator, st.integers(0, 9)),
    st.tuples(st.just("replace"), _source, _weights),
    st.tuples(st.just("weight"), _source, st.tuples(_operator, st.integers(0, 5))),
    st.tuples(st.just("several"), st.just("b"), _several),
    st.tuples(st.just("strategy"), _source, st.sampled_from(Strategy)),
)


class Company:
    """Two processes on one storage, and everything that was granted, by hour."""

    def __init__(self, *worlds: World) -> None:
        self.worlds = worlds
        self.clock = worlds[0].clock
        self.operators = [worlds[0].operator(f"Op {n}", 30 if n else 3) for n in range(OPERATORS)]
        self.granted: Counter[tuple[str, OperatorId, int]] = Counter()
        self.got: Counter[tuple[str, OperatorId, int]] = Counter()
        self.full: Counter[tuple[str, OperatorId, int]] = Counter()
        self.unavailable: Counter[tuple[str, OperatorId, int]] = Counter()
        self._seen: set[ContactId] = set()
        self._turn = 0
        # The first one has a weight on one source only, where it is soon full.
        for key, weights in zip(SOURCES, ((0, 1, 2, 3), (3, 2, 1, 0)), strict=True):
            worlds[0].source(*zip(self.operators, weights, strict=True), key=key)

    def act(self, act: tuple[str, Any, Any]) -> None:
        self._turn += 1
        # Several in a row, so that what a process keeps in memory is used again.
        world = self.worlds[self._turn // 4 % len(self.worlds)]
        try:
            self._do(world, *act)
        except DomainError:
            """What is refused grants nothing."""
        self._look()

    def _do(self, world: World, what: str, first: Any, second: Any) -> None:
        fairlead, contacts = world.fairlead, sorted(self._seen)
        match what:
            case "register":
                people = [{"telegram": f"{self._turn}-{number}"} for number in range(second)]
                fairlead.register_contacts([RegisterContact(first, each) for each in people])
            case "close" if contacts:
                fairlead.close_contact(CloseContact(contacts[first % len(contacts)]))
            case "transfer" if contacts:
                chosen = contacts[first % len(contacts)]
                fairlead.transfer_contact(TransferContact(chosen, self.operators[second].id))
            case "hours":
                self.clock.advance(hours=first)
            case _:
                self._set(fairlead, what, first, second)

    def _set(self, fairlead: Fairlead, what: str, first: Any, second: Any) -> None:
        match what:
            case "active":
                fairlead.update_operator(UpdateOperator(self.operators[first].id, active=second))
            case "capacity":
                fairlead.update_operator(UpdateOperator(self.operators[first].id, capacity=second))
            case "replace":
                weights = [(self.operators[n].id, weight) for n, weight in second]
                fairlead.replace_allocations(ReplaceAllocations(first, weights))
            case "weight":
                number, weight = second
                fairlead.set_weight(SetWeight(first, self.operators[number].id, weight))
            case "several":
                changes = [
                    WeightChange(key, self.operators[number].id, weight)
                    for key in (first, SOURCES[0])
                    for number, weight in second
                ]
                fairlead.change_weights(ChangeWeights(changes))
            case "strategy":
                fairlead.update_source(UpdateSource(first, strategy=second))

    def _look(self) -> None:
        """Find out what the last act has granted, from the decisions that are new."""
        hour = hour_of(self.clock.now())
        with self.worlds[0].container.storage().auditor.facts() as facts:
            for contact in facts.contacts():
                if contact.decision is None or contact.id in self._seen:
                    continue
                self._seen.add(contact.id)
                eligible = contact.decision.eligible
                parts = grants([each.weight for each in eligible])
                for each, grant in zip(eligible, parts, strict=True):
                    self.granted[contact.source, each.operator_id, hour] += grant
                self.got[contact.source, contact.decision.picked, hour] += 1
                for each in contact.decision.candidates:
                    where = contact.source, each.operator_id, hour
                    available = each.availability is Availability.AVAILABLE
                    has_weight = each.weight > 0
                    self.unavailable[where] += has_weight and not available
                    self.full[where] += has_weight and available and each.load >= each.capacity

    def assert_accounts(self, span: HourSpan) -> None:
        for world in self.worlds:
            for found in world.fairlead.statistics.distribution(sources=None, span=span):
                shown = {each.operator.id: each for each in found.operators}
                for operator in self.operators:
                    where = (found.source, operator.id)
                    granted = _within(self.granted, *where, span)
                    row = shown.get(operator.id)
                    assert (row.contacts if row else 0) == _within(self.got, *where, span)
                    assert (row.while_full if row else 0) == _within(self.full, *where, span)
                    away = _within(self.unavailable, *where, span)
                    assert (row.while_unavailable if row else 0) == away
                    entitled = row.entitled if row else 0
                    assert entitled == pytest.approx(float(Fraction(granted, 10**12)), abs=1e-9)


def _within(
    counted: Counter[tuple[str, OperatorId, int]], key: str, operator: OperatorId, span: HourSpan
) -> int:
    return sum(
        number
        for (source, operator_id, hour), number in counted.items()
        if (source, operator_id) == (key, operator) and span.has(hour)
    )


@pytest.mark.parametrize("storage", ["memory", "sqlite", "postgresql"])
@settings(max_examples=25)
@given(
    st.lists(ACTS, min_size=15, max_size=40),
    st.lists(st.tuples(st.integers(-50, 80), st.integers(-50, 80)), min_size=3, max_size=3),
)
def test_entitlement_is_the_sum_of_grants(
    server_of_databases: Databases,
    storage: str,
    acts: list[tuple[str, Any, Any]],
    periods: list[tuple[int, int]],
) -> None:
    with ExitStack() as stack:
        if storage == "memory":
            worlds = [stack.enter_context(open_world())]
        else:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            url = f"sqlite:///{Path(folder) / 'fairlead.db'}"
            if storage == "postgresql":
                url = server_of_databases.migrated()
            first = stack.enter_context(open_world(url))
            worlds = [first, stack.enter_context(open_world(url, beside=first))]
        company = Company(*worlds)
        for act in acts:
            company.act(act)
        begin = hour_of(START)
        company.assert_accounts(ALL)
        company.assert_accounts(HourSpan(hour_of(company.clock.now())))
        for one, other in periods:
            company.assert_accounts(HourSpan(begin + min(one, other), begin + max(one, other)))
        assert worlds[0].defects() == []
