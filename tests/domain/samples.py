"""Numbered entities for tests, so that a test states only what differs."""

from collections.abc import Iterable
from uuid import UUID

from domain.availability import Availability
from domain.contact import Contact
from domain.decision import Candidate
from domain.dispatch import Dispatch
from domain.ids import ContactId, LeadId, OperatorId, time_of
from domain.operator import Operator
from domain.source import Source
from domain.strategy import Strategy
from tests.support import START, FakeClock, FakeIds, FakeRolls

PLENTY = 1_000_000


def operator_id(number: int) -> OperatorId:
    return OperatorId(UUID(int=number))


def lead_id(number: int) -> LeadId:
    return LeadId(UUID(int=number))


def operator(
    number: int, capacity: int = PLENTY, *, active: bool = True, load: int = 0
) -> Operator:
    return Operator(operator_id(number), f"Operator {number}", capacity, active, START, load)


def source(
    weights: Iterable[int] = (), key: str = "telegram", strategy: Strategy = Strategy.EXACT
) -> Source:
    """A source on which operators 1, 2, 3... have these weights."""
    made = Source(key, key, strategy, START)
    made.replace_allocations(
        [(operator_id(number), weight) for number, weight in enumerate(weights, start=1)]
    )
    return made


def candidate(
    number: int,
    weight: int = 1,
    *,
    active: bool = True,
    load: int = 0,
    capacity: int = PLENTY,
    credit: int = 0,
) -> Candidate:
    return Candidate(operator_id(number), weight, availability(active), load, capacity, credit)


def availability(active: bool) -> Availability:
    return Availability.AVAILABLE if active else Availability.INACTIVE


class Bench:
    """A dispatch over some sources and operators, and new contacts to feed it."""

    def __init__(self, sources: Iterable[Source], operators: Iterable[Operator]) -> None:
        self.clock = FakeClock()
        self._ids = FakeIds(self.clock)
        self.dispatch = Dispatch(sources, operators, FakeRolls())

    def contact(self, source_key: str = "telegram") -> Contact:
        contact_id = ContactId(self._ids.new())
        return Contact(contact_id, source_key, lead_id(1), time_of(contact_id))

    def admit(self, source_key: str = "telegram") -> Contact:
        contact = self.contact(source_key)
        self.dispatch.admit(contact)
        return contact

    def operator(self, number: int) -> Operator:
        return self.dispatch.operators[operator_id(number)]

    def credits(self, source_key: str = "telegram") -> list[int]:
        self.dispatch.settle()
        return [each.credit for each in self.dispatch.sources[source_key].allocations]
