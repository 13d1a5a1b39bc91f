"""The use case behind `fairlead check`: do the stored data keep the invariants?"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from operator import lt
from typing import Any, Final

from application.ports.auditor import Auditor, ContactFact, Facts
from application.waiting import HAND_OUT
from domain.account import Moved
from domain.contact import ContactState
from domain.decision import Lineup
from domain.dispatch import Dispatch
from domain.event_type import EventType
from domain.ids import OperatorId
from domain.picker import CONTACT


@dataclass(frozen=True, slots=True)
class Defect:
    """A place where an invariant fails.

    Attributes:
        invariant: `I1` to `I8`, `I10`, `counters` or `accounts`.
    """

    invariant: str
    detail: str


@dataclass(frozen=True, slots=True)
class CheckInvariantsHandler:
    """Checks I1 to I8 and I10 as far as stored data show them.

    I1 load, I2 capacity at every assignment, I3 no contact waits while an operator is eligible,
    unless its queue is being handed out, I4 one lead per identity, I5 credits sum to 0, I6
    decisions recompute, I7 what is stored is whole, I8 the event log has no gaps and says of every
    contact what it is, I10 it has what endpoints still need.
    The counters behind the statistics are compared with the contacts, including purged ones; what
    operators were entitled to is compared with what the decisions granted them, on sources of which
    nothing was purged.
    """

    auditor: Auditor

    def __call__(self, progress: Callable[[int], None] = lambda _: None) -> list[Defect]:
        """Read everything once, as of one moment; memory does not grow with the number of contacts.

        Args:
            progress: called with the number of contacts read so far, every 1,000 contacts.
        """
        with self.auditor.facts() as facts:
            defects = [*_Check(facts, progress).run()]
        return defects + [Defect("I7", sentence) for sentence in self.auditor.defects()]


_ALIKE: Final = 4096
"""Kinds of decisions that are counted before they are added up."""


@dataclass(slots=True)
class _Check:
    facts: Facts
    progress: Callable[[int], None]
    loads: Counter[OperatorId] = field(default_factory=Counter)
    waiting: Counter[str] = field(default_factory=Counter)
    registered: Counter[str] = field(default_factory=Counter)
    assigned: Counter[tuple[str, OperatorId]] = field(default_factory=Counter)
    moved: defaultdict[tuple[str, OperatorId], Moved] = field(
        default_factory=partial(defaultdict, Moved)
    )
    alike: Counter[tuple[str, int, tuple[bool, ...]]] = field(default_factory=Counter)
    lineups: dict[int, Lineup] = field(default_factory=dict)
    picked: Counter[tuple[str, OperatorId]] = field(default_factory=Counter)

    def run(self) -> Iterator[Defect]:
        # Purged contacts are no longer there to be counted, but statistics still include them.
        self.registered.update(self.facts.purged_registered())
        self.assigned.update(self.facts.purged_assigned())
        for number, contact in enumerate(self.facts.contacts(), start=1):
            yield from self._contact(contact)
            if number % 1000 == 0:
                self.progress(number)
        yield from self._catalogue()
        yield from self._identities()
        yield from self._counters()
        yield from self._accounts()
        yield from self._events()
        yield from self._deliveries()

    def _contact(self, contact: ContactFact) -> Iterator[Defect]:
        self.registered[contact.source] += 1
        if contact.state is ContactState.WAITING:
            self.waiting[contact.source] += 1
        elif contact.state is ContactState.ASSIGNED and contact.operator_id is not None:
            self.loads[contact.operator_id] += 1
        if (decision := contact.decision) is not None:
            self.assigned[contact.source, decision.picked] += 1
            # Looked at later, once for all that are alike: one by one, the check would take twice
            # as long.
            has_room = tuple(map(lt, decision.loads, decision.lineup.capacities))
            self.alike[contact.source, id(decision.lineup), has_room] += 1
            self.lineups[id(decision.lineup)] = decision.lineup
            self.picked[contact.source, decision.picked] += 1
            if len(self.alike) >= _ALIKE:
                self._fold()
            position = decision.position
            if decision.loads[position] >= decision.lineup.capacities[position]:
                yield Defect("I2", f"contact {contact.id} took {decision.picked} past capacity")
            if decision.recompute() != decision.picked:
                yield Defect("I6", f"the decision on contact {contact.id} does not recompute")
        if broken := _broken(contact):
            yield Defect("I7", f"contact {contact.id} {broken}")

    def _catalogue(self) -> Iterator[Defect]:
        operators = list(self.facts.operators())
        for each in operators:
            if each.load != self.loads[each.id]:
                yield Defect(
                    "I1",
                    f"operator {each.id} has a load of {each.load} and {self.loads[each.id]} "
                    "assigned contacts",
                )
        dispatch = Dispatch(self.facts.sources(), operators, roll=lambda: 0)
        dispatch.handed_out_later.update(self.facts.due(HAND_OUT))
        for source in dispatch.sources.values():
            if total := sum(each.credit for each in source.allocations):
                yield Defect("I5", f"the credits of source {source.key} sum to {total}")
            if source.waiting != self.waiting[source.key]:
                yield Defect(
                    "counters",
                    f"source {source.key} counts {source.waiting} waiting contacts and has "
                    f"{self.waiting[source.key]}",
                )
            source.waiting = self.waiting[source.key]
        for key in dispatch.open_sources():
            yield Defect("I3", f"contacts of source {key} wait although an operator is eligible")

    def _identities(self) -> Iterator[Defect]:
        previous = None
        for key, lead_id, exists in self.facts.identities():
            if not exists:
                yield Defect("I4", f"identity {key} belongs to lead {lead_id}, which is missing")
            if key == previous:
                yield Defect("I4", f"identity {key} belongs to several leads")
            previous = key

    def _events(self) -> Iterator[Defect]:
        first, last, number = self.facts.numbering()
        if number and last - first + 1 != number:
            yield Defect(
                "I8",
                f"the event log has {number} events, numbered from {first} to {last}: they should "
                f"be {last - first + 1}",
            )
        for each in self.facts.last_events():
            state = ContactState.WAITING if each.given_to is None else ContactState.ASSIGNED
            if each.type is EventType.CONTACT_CLOSED:
                state = ContactState.CLOSED
            if (state, each.given_to) != (each.state, each.operator_id):
                yield Defect(
                    "I8",
                    f"contact {each.contact_id} is {each.state} with {each.operator_id}; its last "
                    f"event, {each.type}, leaves it {state} with {each.given_to}",
                )

    def _deliveries(self) -> Iterator[Defect]:
        first, last, _ = self.facts.numbering()
        for each in self.facts.endpoints():
            if each.cursor > last:
                yield Defect(
                    "I10",
                    f"endpoint {each.id} has events up to {each.cursor}, and the last is {last}",
                )
            needed = each.cursor + 1
            if each.first_pending is not None:
                needed = min(needed, each.first_pending)
            if needed < first:
                yield Defect(
                    "I10",
                    f"endpoint {each.id} still needs event {needed}, and the first that is kept is "
                    f"{first}",
                )

    def _counters(self) -> Iterator[Defect]:
        for registered in self.facts.registered():
            yield from _differences("registered", registered, self.registered)
        for assigned in self.facts.assigned():
            yield from _differences("assigned", assigned, self.assigned)

    def _accounts(self) -> Iterator[Defect]:
        """Compare what operators were entitled to with what decisions granted them."""
        sources = list(self.facts.sources())
        purged = self.facts.purged_registered()
        self._fold()
        for booked in self.facts.accounts():
            stored = defaultdict(Moved, booked)
            for source in sources:
                for each in source.allocations:
                    where = source.key, each.operator_id
                    stored[where] = stored[where].plus(each.moved)
            for source in sources:
                accounts = {
                    where: moved for where, moved in stored.items() if where[0] == source.key
                }
                if total := sum(each.owed for each in accounts.values()):
                    yield Defect("accounts", f"the accounts of source {source.key} sum to {total}")
                # Nobody knows what purged contacts granted, or what was granted before accounts
                # were kept.
                if not source.accounted_from and not purged.get(source.key):
                    of_source = {
                        where: each for where, each in self.moved.items() if where[0] == source.key
                    }
                    yield from _unlike(of_source, accounts)

    def _fold(self) -> None:
        """Add up what the decisions that were read so far have moved the accounts by."""
        moved = self.moved
        for (source, lineup, has_room), number in self.alike.items():
            for operator_id, each in self.lineups[lineup].moved(has_room):
                moved[source, operator_id] = moved[source, operator_id].plus(each.times(number))
        for where, number in self.picked.items():
            moved[where] = moved[where].plus(Moved(-CONTACT * number))
        for noted in (self.alike, self.lineups, self.picked):
            noted.clear()


def _unlike(
    counted: Mapping[tuple[str, OperatorId], Moved], stored: Mapping[tuple[str, OperatorId], Moved]
) -> Iterator[Defect]:
    for where in sorted(counted.keys() | stored.keys()):
        of_decisions, as_stored = counted.get(where, Moved()), stored.get(where, Moved())
        if of_decisions != as_stored:
            yield Defect(
                "accounts",
                f"source {where[0]}, operator {where[1]}: decisions moved the account by "
                f"{tuple(of_decisions)}, it is stored as {tuple(as_stored)}",
            )


def _differences(
    what: str, counted: Mapping[Any, int], stored: Mapping[Any, int]
) -> Iterator[Defect]:
    for key in sorted(counted.keys() | stored.keys(), key=str):
        if counted.get(key, 0) != stored.get(key, 0):
            yield Defect(
                "counters",
                f"{what} {key}: {counted.get(key, 0)} counted, {stored.get(key, 0)} stored",
            )


def _broken(contact: ContactFact) -> str | None:
    """Say how a contact contradicts itself, if it does."""
    giver = contact.transferred_to or (contact.decision.picked if contact.decision else None)
    if contact.operator_id != giver:
        return f"belongs to {contact.operator_id}, but was given to {giver}"
    if (contact.operator_id is None) != (contact.assigned_at is None):
        return "has only one of operator and assigned_at"
    if (contact.state is ContactState.CLOSED) != (contact.closed_at is not None):
        return f"is {contact.state} and closed_at is {contact.closed_at}"
    if contact.state is ContactState.ASSIGNED and contact.operator_id is None:
        return "is assigned to no operator"
    if contact.state is ContactState.WAITING and contact.operator_id is not None:
        return "waits although it has an operator"
    return None
