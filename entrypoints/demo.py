"""`fairlead demo`: a month in a small company, made by real use cases on a simulated clock."""

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final, NamedTuple

from application.contacts import CloseContact, TransferContact
from application.fairlead import Fairlead
from application.operators import CreateOperator, UpdateOperator
from application.ports.operators import OperatorView
from application.ports.statistics import HourSpan
from application.ports.system import Clock
from application.register_contacts import RegisterContact, Registered
from application.sources import CreateSource, ReplaceAllocations
from domain.actor import Actor
from domain.errors import DomainError
from domain.ids import ContactId
from domain.strategy import Strategy

# Capacity, and the two days of each week that are free. Days are counted back from the last, on
# which everybody works.
_OPERATORS: Final = (
    ("Anna Petrova", 8, (1, 2)),
    ("Boris Ivanov", 6, (3, 4)),
    ("Clara Schmidt", 8, (5, 6)),
    ("Daniyar Akhmetov", 6, (5, 6)),
    ("Elena Sokolova", 5, (1, 2)),
    ("Farid Aliyev", 7, (3, 4)),
    ("Galina Orlova", 4, (5, 6)),
    ("Hugo Martin", 6, (1, 2)),
)
_ON_LEAVE: Final = ("Boris Ivanov", range(5, 13))
"""Who was away, and on which days, counted back from the last."""
_SHIFTS: Final = (6.5, 11.0)
"""Hours at which a day's work begins, for every other operator."""
_SHIFT: Final = 9.5
_RUSH: Final = {"telegram-sales": 60, "whatsapp-sales": 20}
"""Contacts that an advertisement brings on the last afternoon, besides the usual ones."""
_RUSH_HOURS: Final = (13.7, 15.0)
# Contacts on a working day, and the weights of the operators in the order above.
_SOURCES: Final = (
    ("telegram-sales", "Telegram, sales", Strategy.EXACT, 46, (30, 10, 20, 10, 0, 0, 0, 0)),
    ("whatsapp-sales", "WhatsApp, sales", Strategy.EXACT, 38, (20, 20, 0, 20, 10, 0, 0, 0)),
    ("site-chat", "Chat on the site", Strategy.EXACT, 52, (5, 5, 10, 10, 10, 20, 5, 5)),
    ("vk-community", "VK community", Strategy.RANDOM, 18, (0, 0, 0, 0, 25, 50, 25, 0)),
    ("instagram", "Instagram", Strategy.EXACT, 14, (0, 0, 50, 0, 0, 0, 25, 25)),
    ("support-email", "Support, email", Strategy.EXACT, 26, (0, 0, 0, 0, 10, 20, 20, 50)),
)
# How a day's contacts spread over its hours, in UTC.
_HOURS: Final = (1, 0, 0, 0, 0, 1, 3, 8, 12, 14, 13, 11, 10, 11, 12, 12, 10, 8, 6, 5, 3, 2, 1, 1)
_FIRST_NAMES: Final = ("Ivan", "Maria", "Oleg", "Sofia", "Timur", "Nina", "Pavel", "Vera")
_LAST_NAMES: Final = (
    "Volkov",
    "Kim",
    "Novak",
    "Lebedeva",
    "Weber",
    "Sidorov",
    "Rossi",
    "Petrosyan",
)
_QUESTIONS: Final = (
    "Is it in stock?",
    "How much is the delivery?",
    "My order has not come yet.",
    "Can I pay by card?",
    "Do you have it in blue?",
    "I would like to return it.",
)


@dataclass
class DemoClock(Clock):
    """A clock that the simulation sets."""

    moment: datetime = field(default_factory=lambda: datetime.now(UTC))

    def now(self) -> datetime:
        """Return the moment that the simulation has reached."""
        return self.moment.replace(microsecond=self.moment.microsecond // 1000 * 1000)


class Result(NamedTuple):
    """What a simulated month produced."""

    operators: int
    sources: int
    contacts: int
    leads: int
    waiting: int


class Month:
    """Registers, answers and closes contacts, event by event, up to the present.

    Args:
        days: how many days back it begins.
        seed: the same seed gives the same month.
        actor: whom the audit log names for all of it.
    """

    def __init__(
        self, fairlead: Fairlead, clock: DemoClock, days: int, seed: int, actor: Actor
    ) -> None:
        self._fairlead = fairlead
        self._actor = actor
        self._clock = clock
        self._end = clock.now()
        self._begin = self._end - timedelta(days=days)
        self._chance = random.Random(seed)  # noqa: S311 -- a demo must be the same each time
        self._events: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._leads: list[dict[str, str]] = []
        self._operators: list[OperatorView] = []
        self._contacts = 0
        self._new_leads = 0

    def run(self, progress: Callable[[int], None]) -> Result:
        """Simulate the month; `progress` is called with the number of contacts so far."""
        self._clock.moment = self._begin
        self._found()
        self._plan()
        while self._events:
            self._clock.moment, _, happen = heapq.heappop(self._events)
            happen()
            progress(self._contacts)
        self._clock.moment = self._end
        distribution = self._fairlead.statistics.distribution(sources=None, span=HourSpan())
        return Result(
            len(self._operators),
            len(_SOURCES),
            self._contacts,
            self._new_leads,
            sum(each.waiting for each in distribution),
        )

    def _found(self) -> None:
        self._operators = [
            self._fairlead.create_operator(CreateOperator(name, capacity), self._actor)
            for name, capacity, _ in _OPERATORS
        ]
        for key, name, strategy, _, weights in _SOURCES:
            self._fairlead.create_source(CreateSource(key, name, strategy), self._actor)
            self._fairlead.replace_allocations(
                ReplaceAllocations(
                    key,
                    [
                        (operator.id, weight)
                        for operator, weight in zip(self._operators, weights, strict=True)
                        if weight
                    ],
                ),
                self._actor,
            )

    def _plan(self) -> None:
        """Schedule everything that comes from outside."""
        # In this company it is three in the afternoon when the month ends: people are at work.
        today = self._end - timedelta(hours=15)
        first = (self._end - self._begin).days
        for back in range(first + 1):
            day = today - timedelta(days=back)
            for key, _, _, per_day, _ in _SOURCES:
                mean = per_day * (0.6 if day.weekday() >= 5 else 1.0)
                for _ in range(max(0, round(self._chance.gauss(mean, mean**0.5)))):
                    hour = self._chance.choices(range(24), _HOURS)[0]
                    self._plan_contact(key, day, hour, hour + 1)
            for number, (name, _, free) in enumerate(_OPERATORS):
                is_away = name == _ON_LEAVE[0] and back in _ON_LEAVE[1]
                if back % 7 not in free and not is_away:
                    self._plan_shift(self._operators[number], day, _SHIFTS[number % 2])
                elif back == first:
                    begins = self._begin + timedelta(seconds=1)
                    self._at(begins, partial(self._set_active, self._operators[number], False))

        for key, contacts in _RUSH.items():
            for _ in range(contacts):
                self._plan_contact(key, today, *_RUSH_HOURS)

    def _plan_contact(self, key: str, day: datetime, begin: float, end: float) -> None:
        moment = day + timedelta(hours=self._chance.uniform(begin, end))
        self._at(moment, partial(self._register, key))

    def _plan_shift(self, operator: OperatorView, day: datetime, begin: float) -> None:
        begins = begin + self._chance.uniform(-0.3, 0.2)
        ends = begins + _SHIFT + self._chance.uniform(0, 0.5)
        for hours, active in ((begins, True), (ends, False)):
            self._at(day + timedelta(hours=hours), partial(self._set_active, operator, active))

    def _at(self, moment: datetime, happen: Callable[[], None]) -> None:
        if self._begin < moment < self._end:
            heapq.heappush(self._events, (moment, next(self._order), happen))

    def _register(self, key: str) -> None:
        known = bool(self._leads) and self._chance.random() < 0.3
        identities = self._chance.choice(self._leads) if known else self._new_lead(key)
        (outcome,) = self._fairlead.register_contacts(
            [
                RegisterContact(
                    key,
                    identities,
                    lead_name=f"{self._chance.choice(_FIRST_NAMES)} "
                    f"{self._chance.choice(_LAST_NAMES)}",
                    payload={"text": self._chance.choice(_QUESTIONS)},
                )
            ],
            self._actor,
        )
        if not isinstance(outcome, Registered):
            raise outcome
        self._contacts += 1
        self._new_leads += bool(outcome.contact.lead.created)
        contact_id = outcome.contact.id
        minutes = self._chance.lognormvariate(3.3, 0.7)
        self._at(
            self._clock.moment + timedelta(minutes=minutes),
            partial(self._finish, contact_id, minutes),
        )
        if self._chance.random() < 0.02:
            self._at(
                self._clock.moment + timedelta(minutes=minutes / 2),
                partial(self._transfer, contact_id),
            )

    def _new_lead(self, key: str) -> dict[str, str]:
        number = len(self._leads) + 1
        identities = {"phone": f"+7916{number:07d}"} if self._chance.random() < 0.7 else {}
        if key.startswith("support") or self._chance.random() < 0.2:
            identities["email"] = f"customer{number}@example.com"
        if not identities:
            identities[key.partition("-")[0]] = f"user{number}"
        self._leads.append(identities)
        return identities

    def _finish(self, contact_id: ContactId, minutes: float) -> None:
        """Close a contact once its operator has worked on it for so long."""
        contact = self._fairlead.contacts.contact(contact_id)
        if contact.assigned_at is None:
            self._at(
                self._clock.moment + timedelta(minutes=30),
                partial(self._finish, contact_id, minutes),
            )
            return
        done = contact.assigned_at + timedelta(minutes=minutes)
        if done > self._clock.moment:
            self._at(done, partial(self._finish, contact_id, minutes))
            return
        self._fairlead.close_contact(CloseContact(contact_id), self._actor)

    def _transfer(self, contact_id: ContactId) -> None:
        operator = self._chance.choice(self._operators)
        try:
            self._fairlead.transfer_contact(TransferContact(contact_id, operator.id), self._actor)
        except DomainError:
            return  # Closed already, or the operator cannot take it: the transfer is skipped.

    def _set_active(self, operator: OperatorView, active: bool) -> None:
        self._fairlead.update_operator(UpdateOperator(operator.id, active=active), self._actor)
