"""Counts, shares and waits."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import quantiles
from typing import Final, NamedTuple, Protocol

from application.ports.operators import OperatorRef, OperatorView
from application.ports.sources import SourceView
from domain.account import Moved
from domain.ids import OperatorId
from domain.picker import CONTACT


@dataclass(frozen=True, slots=True)
class HourSpan:
    """A period of whole hours, counted since 1970 in UTC; `until` is exclusive, None is open."""

    since: int | None = None
    until: int | None = None

    def has(self, hour: int) -> bool:
        """Whether an hour is in the period."""
        return (self.since is None or self.since <= hour) and (
            self.until is None or hour < self.until
        )


EVER: Final = HourSpan()
_AT_ONCE: Final = 1.0
"""Seconds."""


def moved_within(
    span: HourSpan, accounted_from: int, hour: int, accounts: Iterable[tuple[OperatorId, Moved]]
) -> dict[OperatorId, Moved] | None:
    """Return what the accounts of a source have moved by in a period, as far as it is not booked.

    Args:
        span: the period.
        accounted_from: of the source, as `hour`; see `domain.source.Source`.
        hour: the only one that is not booked.
        accounts: what they have moved by since they were booked, by operator.

    Returns:
        None if it is not known of the whole period what operators were entitled to.
    """
    if (span.since or 0) < accounted_from:
        return None
    return dict(accounts) if span.has(hour) else {}


@dataclass(frozen=True, slots=True)
class OperatorShare:
    """An operator on one source: what it should get and what it got.

    Attributes:
        weight: now; 0 for an operator that is no longer allocated.
        target_share: weight / sum of weights, 0 to 1.
        contacts: how many the picker gave it; a transfer changes nothing here.
        actual_share: `contacts` / all that the picker gave away, 0 to 1; None if there are none.
        entitled: how many its weight gave it over the contacts for which it was eligible; None if
            the period begins before this was recorded.
        entitled_share: `entitled` / all that the picker gave away, 0 to 1; None if there are none.
        while_full: how many were given to others while it was at capacity; None as `entitled`.
        while_unavailable: likewise, while it was not available.
    """

    operator: OperatorRef
    weight: int
    target_share: float
    contacts: int
    actual_share: float | None
    entitled: float | None
    entitled_share: float | None
    while_full: int | None
    while_unavailable: int | None


@dataclass(frozen=True, slots=True)
class SourceDistribution:
    """What happened on one source.

    Attributes:
        total: contacts that came in during the period.
        waiting: contacts that wait now, whatever the period.
    """

    source: str
    total: int
    waiting: int
    operators: Sequence[OperatorShare]


def source_distribution(
    source: SourceView,
    total: int,
    contacts: Mapping[OperatorId, int],
    names: Mapping[OperatorId, str],
    accounts: Mapping[OperatorId, Moved] | None,
) -> SourceDistribution:
    """Compare what happened with what should have happened.

    Args:
        source: as it stands.
        total: contacts that came in.
        contacts: how many the picker gave, by operator.
        names: of every operator that is mentioned.
        accounts: what they have moved by; None if that is not known of the whole period.
    """
    given = sum(contacts.values())
    # In the order of operator ids, as allocations are.
    allocated = {each.operator_id: each for each in source.allocations}
    mentioned = contacts.keys() | {each for each, moved in (accounts or {}).items() if any(moved)}
    unallocated = mentioned - allocated.keys()
    rows = []
    for operator_id in sorted([*allocated, *unallocated]) if unallocated else allocated:
        allocation = allocated.get(operator_id)
        got = contacts.get(operator_id, 0)
        moved = None if accounts is None else accounts.get(operator_id, Moved())
        entitled = None if moved is None else got + moved.owed / CONTACT
        rows.append(
            OperatorShare(
                OperatorRef(operator_id, names[operator_id]),
                allocation.weight if allocation else 0,
                allocation.share if allocation else 0.0,
                got,
                got / given if given else None,
                entitled,
                entitled / given if given and entitled is not None else None,
                moved and moved.while_full,
                moved and moved.while_unavailable,
            )
        )
    return SourceDistribution(source.key, total, source.waiting, rows)


def ninth(seconds: Sequence[float]) -> float:
    """Return the most seconds that nine of ten took; needs at least one."""
    if len(seconds) == 1:
        return seconds[0]
    return quantiles(seconds, n=10, method="inclusive")[-1]


class SourceTotal(NamedTuple):
    """How many contacts came in on a source during a period, and how it stands now.

    Attributes:
        waiting: contacts that wait.
        answering: operators with a weight above 0.
        eligible: those of them that could be given a contact.
    """

    source: str
    total: int
    waiting: int
    answering: int
    eligible: int


@dataclass(frozen=True, slots=True)
class SourceWaits:
    """How long contacts of one source waited for their first operator, and how long they took.

    Attributes:
        seconds: for each contact looked at, the shortest first. One that was closed before any
            operator got it waited until then; one that is waiting has waited until now.
        handling: for each of them that an operator had and that is closed, the seconds from its
            first assignment until then, the shortest first.
        waiting: how many of them are waiting.
        whole: whether they are all that came in during the period; if not, its newest.
    """

    source: str
    seconds: Sequence[float]
    handling: Sequence[float]
    waiting: int
    whole: bool

    @property
    def at_once(self) -> float:
        """How many of them had an operator within a second, 0 to 1; needs at least one contact."""
        return bisect_left(self.seconds, _AT_ONCE) / len(self.seconds)


@dataclass(frozen=True, slots=True)
class OperatorStatistics:
    """An operator's current load, and the contacts that pickers gave it in total.

    Attributes:
        utilisation: load / capacity; None if the capacity is 0.
        contacts: by source key.
    """

    operator: OperatorView
    utilisation: float | None
    contacts: Mapping[str, int]


class StatisticsReader(Protocol):
    """Reads the counters."""

    def distribution(
        self, *, sources: Collection[str] | None, span: HourSpan
    ) -> list[SourceDistribution]:
        """Return what happened on some sources or on all, by key; raises UnknownSource."""
        ...

    def totals(self, span: HourSpan = EVER) -> list[SourceTotal]:
        """Return all sources, in the order of their keys, with what came in during a period."""
        ...

    def waiting_since(self) -> dict[str, datetime]:
        """Return when the contact came in that each queue hands out next, by source key.

        Sources where no contact waits are missing. One look into each queue, however long it is.
        """
        ...

    def operators(self) -> list[OperatorStatistics]:
        """Return every operator's load, and the contacts it was given on each source."""
        ...

    def by_hour(self, *, source: str | None, span: HourSpan) -> dict[int, int]:
        """Return how many contacts came in, on one source or on all, by hour since 1970 in UTC.

        Hours without contacts are missing.
        """
        ...

    def registered(self, since: datetime, until: datetime) -> int:
        """Return how many contacts that came in from `since` to before `until` still exist."""
        ...

    def waits(self, most: Mapping[str, int], *, span: HourSpan, now: datetime) -> list[SourceWaits]:
        """Return how long contacts waited for an operator, including those that still wait.

        Args:
            most: by source key, how many contacts to look at, the newest of the period.
            span: when they came in.
            now: the moment up to which those that wait have waited.
        """
        ...
