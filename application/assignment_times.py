"""How long contacts waited for their operator, as this process has counted it since it began."""

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from domain.dispatch import Dispatch
from domain.events import Assigned

MINUTE: Final = 60.0
HOUR: Final = 60 * MINUTE
BOUNDS: Final = (
    *(0.0, 1.0, 5.0, 15.0, 30.0),
    *(MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE),
    *(HOUR, 4 * HOUR, 24 * HOUR),
)
"""Seconds; a contact is counted under the first that is not less than its wait."""


class Assignments(NamedTuple):
    """What pickers have given to operators in one unit of work.

    Attributes:
        picked: how many contacts, by source.
        waits: of those that had waited: the source, and for how many seconds.
    """

    picked: Mapping[str, int]
    waits: Sequence[tuple[str, float]]

    @classmethod
    def of(cls, dispatch: Dispatch) -> "Assignments":
        """Return those of a dispatch that is settled, and not yet stored as such."""
        picked: Counter[str] = Counter()
        for (source, _, _), contacts in dispatch.assigned.items():
            picked[source] += contacts
        waits = [
            (each.contact.source_key, (each.at - each.contact.created_at).total_seconds())
            for each in dispatch.events
            if isinstance(each, Assigned)
        ]
        return cls(picked, waits)


class Waits(NamedTuple):
    """How long the contacts of a source have waited.

    Attributes:
        counts: how many for each of `BOUNDS`, and one more for those that waited longer.
        total: seconds that all of them have waited.
    """

    counts: Sequence[int]
    total: float


class AssignmentTimes:
    """Counts contacts by how long they waited; may be used by several threads."""

    def __init__(self) -> None:
        self._counts: dict[str, list[int]] = {}
        self._totals: dict[str, float] = {}
        self._turn = threading.Lock()

    def note(self, assignments: Assignments) -> None:
        """Count what is now stored."""
        with self._turn:
            for source, contacts in assignments.picked.items():
                # Those that did not wait are most, and have no event of their own.
                self._of(source)[0] += contacts
            for source, seconds in assignments.waits:
                counts = self._of(source)
                counts[0] -= 1
                # A clock may have been set back.
                counts[bisect_left(BOUNDS, max(seconds, 0.0))] += 1
                self._totals[source] += max(seconds, 0.0)

    def by_source(self) -> Mapping[str, Waits]:
        """Return what was counted so far."""
        with self._turn:
            return {
                source: Waits(tuple(counts), self._totals[source])
                for source, counts in self._counts.items()
            }

    def _of(self, source: str) -> list[int]:
        if source not in self._counts:
            self._counts[source] = [0] * (len(BOUNDS) + 1)
            self._totals[source] = 0.0
        return self._counts[source]
