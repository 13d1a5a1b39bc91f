"""A dispatch: the sources and operators that one unit of work has loaded, and what happens to them.

Every rule that moves a load, a credit or a queue stands here, once: a contact comes in, is handed
out, is closed or changes hands.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache

from domain.contact import Contact, ContactState
from domain.decision import Decision, Pool
from domain.errors import UnknownOperator, UnknownSource
from domain.ids import OperatorId
from domain.operator import Operator
from domain.picker import Strategy
from domain.source import Source


class Dispatch:
    """Sources with all their allocated operators, as one decision-making whole.

    Attributes:
        sources, operators: as they stand, by key and by id.
        slots: slots taken less slots freed so far, by operator.
        registered: contacts that came in so far, by source key and the hour that they came in.
        assigned: contacts that a picker handed out so far, by source key, operator and hour.
    """

    def __init__(
        self, sources: Iterable[Source], operators: Iterable[Operator], roll: Callable[[], int]
    ) -> None:
        """Take what was loaded.

        Args:
            sources: each with all its allocations.
            operators: all who are allocated to one of the sources, and any others.
            roll: draws a whole number evenly from 0 to ROLLS - 1.
        """
        self.sources: dict[str, Source] = {}
        self.operators: dict[OperatorId, Operator] = {}
        self.slots: defaultdict[OperatorId, int] = defaultdict(int)
        self.registered: defaultdict[tuple[str, int], int] = defaultdict(int)
        self.assigned: defaultdict[tuple[str, OperatorId, int], int] = defaultdict(int)
        self._roll = roll
        self._pools: dict[str, Pool] = {}
        self._picked_from: set[str] = set()
        self._moved: dict[str, Source] = {}
        self._seats: defaultdict[OperatorId, list[tuple[Pool, int]]] = defaultdict(list)
        self.include(sources, operators)

    def include(self, sources: Iterable[Source], operators: Iterable[Operator]) -> None:
        """Take in more that was loaded; who is here already stays as it stands here."""
        self.sources.update((each.key, each) for each in sources)
        for each in operators:
            self.operators.setdefault(each.id, each)

    def refresh(
        self,
        sources: Iterable[tuple[str, int, Sequence[int]]],
        loads: Iterable[tuple[OperatorId, int]],
    ) -> None:
        """Take over what has been stored elsewhere meanwhile; nothing here may be left to store.

        Args:
            sources: of every source the key, the number of contacts that wait, and the credits in
                the order of its allocations.
            loads: of every operator that is allocated to one of them.
        """
        for operator_id, load in loads:
            self.operators[operator_id].load = load
        for key, waiting, credits in sources:
            source = self.sources[key]
            source.waiting = waiting
            for allocation, credit in zip(source.allocations, credits, strict=True):
                allocation.credit = credit
            if key in self._pools:
                self._pools[key].refresh(source.candidates(self.operators))

    def forget_changes(self) -> None:
        """Begin to count anew, now that what has happened is stored."""
        self.slots.clear()
        self.registered.clear()
        self.assigned.clear()
        self._moved.clear()

    def source(self, key: str) -> Source:
        """Return a source.

        Raises:
            UnknownSource: it is not there.
        """
        try:
            return self.sources[key]
        except KeyError:
            raise UnknownSource(
                f"no source has the key {key!r}; create it first, or look at the list of sources "
                "for the right key.",
                field="source",
            ) from None

    def operator(self, operator_id: OperatorId) -> Operator:
        """Return an operator.

        Raises:
            UnknownOperator: it is not there.
        """
        try:
            return self.operators[operator_id]
        except KeyError:
            raise UnknownOperator(
                f"no operator has the id {operator_id}; look at the list of operators for the "
                "right id.",
                field="operator_id",
            ) from None

    def admit(self, contact: Contact) -> Decision | None:
        """Take in a new contact: assign it at once, or let it wait if nobody is eligible."""
        source = self.sources[contact.source_key]
        hour = hour_of(contact.created_at)
        self.registered[source.key, hour] += 1
        decision = self._assign(source, contact, contact.created_at, hour)
        if decision is None:
            source.waiting += 1
        return decision

    def hand_out(self, contact: Contact, at: datetime) -> Decision | None:
        """Assign a waiting contact if somebody is eligible now."""
        source = self.sources[contact.source_key]
        decision = self._assign(source, contact, at, hour_of(at))
        if decision is not None:
            source.waiting -= 1
        return decision

    def close(self, contact: Contact, at: datetime) -> None:
        """Close an open contact; the slot or the place in the queue that it held is free."""
        self._release(contact)
        contact.close(at)

    def transfer(self, contact: Contact, operator_id: OperatorId, at: datetime) -> None:
        """Give an open contact to the operator that a person chose.

        Raises:
            ContactClosed: the contact is closed.
            OperatorInactive, OperatorAtCapacity: the operator cannot take it.
            UnknownOperator: it is not there.
        """
        contact.require_open()
        self.operator(operator_id).take_slot()
        self._move_load(operator_id, 1)
        self._release(contact)
        contact.assign(operator_id, at)

    def open_sources(self) -> list[str]:
        """Return the keys of the sources where contacts wait although somebody is eligible."""
        return [
            source.key
            for source in self.sources.values()
            if source.waiting and self._pool(source).eligible
        ]

    def free_slots(self, source_keys: Iterable[str]) -> int:
        """Return how many contacts the eligible operators of these sources can still take."""
        pools = [self._pool(self.sources[key]) for key in source_keys]
        eligible = {
            pool.lineup.operator_ids[position]: pool.lineup.capacities[position]
            - pool.loads[position]
            for pool in pools
            for position in pool.eligible
        }
        return sum(eligible.values())

    def change_operator(
        self,
        operator_id: OperatorId,
        *,
        name: str | None = None,
        capacity: int | None = None,
        active: bool | None = None,
    ) -> Operator:
        """Change what is not None.

        Raises:
            UnknownOperator: it is not there.
            InvalidValue: the name or the capacity is out of its limits.
        """
        operator = self.operator(operator_id)
        operator.change(name=name, capacity=capacity, active=active)
        self._drain_pools()
        return operator

    def replace_allocations(self, key: str, weights: Sequence[tuple[OperatorId, int]]) -> Source:
        """Replace the whole set of a source's allocations.

        Raises:
            UnknownSource, UnknownOperator: something named is not there.
            DuplicateOperator, InvalidValue: see `Source.replace_allocations`.
        """
        source = self.source(key)
        for operator_id, _ in weights:
            self.operator(operator_id)
        self._drain_pools()
        source.replace_allocations(weights)
        return source

    def settle_credits(self) -> list[Source]:
        """Bring the allocations' credits up to date with the picks.

        Returns:
            The sources whose credits have moved.
        """
        for key in self._picked_from:
            allocations, credits = self.sources[key].allocations, self._pools[key].credits
            for allocation, credit in zip(allocations, credits, strict=True):
                allocation.credit = credit
            self._moved[key] = self.sources[key]
        self._picked_from.clear()
        return list(self._moved.values())

    def _drain_pools(self) -> None:
        """Give up the pools before what they were made of changes."""
        self.settle_credits()
        self._pools.clear()
        self._seats.clear()

    def _assign(self, source: Source, contact: Contact, at: datetime, hour: int) -> Decision | None:
        roll = self._roll() if source.strategy is Strategy.RANDOM else None
        decision = self._pool(source).pick(roll)
        if decision is None:
            return None
        self._picked_from.add(source.key)
        picked = decision.picked
        self.operators[picked].take_slot()
        self._move_load(picked, 1)
        self.assigned[source.key, picked, hour] += 1
        contact.assign(picked, at)
        return decision

    def _release(self, contact: Contact) -> None:
        if contact.state is ContactState.WAITING:
            self.sources[contact.source_key].waiting -= 1
        elif contact.operator_id is not None:
            self.operators[contact.operator_id].free_slot()
            self._move_load(contact.operator_id, -1)

    def _pool(self, source: Source) -> Pool:
        """Return the pool of a source, made of what it is when it is first asked for."""
        pool = self._pools.get(source.key)
        if pool is None:
            pool = Pool(source.strategy, source.candidates(self.operators))
            self._pools[source.key] = pool
            for position, operator_id in enumerate(pool.lineup.operator_ids):
                self._seats[operator_id].append((pool, position))
        return pool

    def _move_load(self, operator_id: OperatorId, slots: int) -> None:
        """Keep the account of slots, and every pool in which the operator stands."""
        self.slots[operator_id] += slots
        for pool, position in self._seats[operator_id]:
            pool.move_load(position, slots)


@lru_cache(maxsize=64)
def hour_of(moment: datetime) -> int:
    """Return the number of whole hours since 1970 in UTC: what the counters are kept by."""
    return int(moment.timestamp()) // 3600
