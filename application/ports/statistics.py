"""Counts, shares and waits."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median, quantiles
from typing import Final, NamedTuple, Protocol

from application.ports.operators import OperatorRef, OperatorView
from application.ports.sources import SourceView
from domain.ids import OperatorId


@dataclass(frozen=True, slots=True)
class HourSpan:
    """A period of whole hours, counted since 1970 in UTC; `until` is exclusive, None is open."""

    since: int | None = None
    until: int | None = None


EVER: Final = HourSpan()


@dataclass(frozen=True, slots=True)
class OperatorShare:
    """An operator on one source: what it should get and what it got.

    Attributes:
        weight: now; 0 for an operator that is no longer allocated.
        target_share: weight / sum of weights, 0 to 1.
        contacts: how many the picker gave it; a transfer changes nothing here.
        actual_share: `contacts` / all that the picker gave away, 0 to 1; None if there are none.
    """

    operator: OperatorRef
    weight: int
    target_share: float
    contacts: int
    actual_share: float | None


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
) -> SourceDistribution:
    """Compare what happened with what should have happened.

    Args:
        source: as it stands.
        total: contacts that came in.
        contacts: how many the picker gave, by operator.
        names: of every operator in `contacts` or allocated.
    """
    given = sum(contacts.values())
    # In the order of operator ids, as allocations are.
    allocated = {each.operator_id: each for each in source.allocations}
    unallocated = contacts.keys() - allocated.keys()
    rows = []
    for operator_id in sorted([*allocated, *unallocated]) if unallocated else allocated:
        allocation = allocated.get(operator_id)
        got = contacts.get(operator_id, 0)
        rows.append(
            OperatorShare(
                OperatorRef(operator_id, names[operator_id]),
                allocation.weight if allocation else 0,
                allocation.share if allocation else 0.0,
                got,
                got / given if given else None,
            )
        )
    return SourceDistribution(source.key, total, source.waiting, rows)


class SourceTotal(NamedTuple):
    """How many contacts came in on a source during a period, and how many wait there now."""

    source: str
    total: int
    waiting: int


@dataclass(frozen=True, slots=True)
class SourceWaits:
    """How long contacts of one source waited for their first operator.

    Attributes:
        seconds: for each contact looked at, the shortest first. One that was closed before any
            operator got it waited until then; one that is waiting has waited until now.
        waiting: how many of them are waiting.
        whole: whether they are all that came in during the period; if not, its newest.
    """

    source: str
    seconds: Sequence[float]
    waiting: int
    whole: bool

    @property
    def median(self) -> float:
        """The most seconds that half of them waited; needs at least one contact."""
        return median(self.seconds)

    @property
    def ninth(self) -> float:
        """The most seconds that nine of ten waited; needs at least one contact."""
        if len(self.seconds) == 1:
            return self.seconds[0]
        return quantiles(self.seconds, n=10, method="inclusive")[-1]


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
