"""A query for people: how long contacts waited for an operator, or have waited so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from application.ports.statistics import HourSpan, SourceDistribution, SourceWaits, StatisticsReader
from application.ports.system import Clock

ROOM: Final = 30_000
"""Contacts looked at in one query; about 2 us each, since an index leads to every one of them."""


@dataclass(frozen=True, slots=True)
class WaitingTimesHandler:
    """Looks at all contacts of a period, or at the newest if there are too many."""

    statistics: StatisticsReader
    clock: Clock
    room: int = ROOM

    def __call__(
        self, distribution: Sequence[SourceDistribution], span: HourSpan
    ) -> list[SourceWaits]:
        """Return waiting times by source; sources without a contact in the period are left out.

        Args:
            distribution: that of the sources and the period asked for.
            span: the period.
        """
        totals = {each.source: each.total for each in distribution}
        found = self.statistics.waits(_parts(totals, self.room), span=span, now=self.clock.now())
        return [each for each in found if each.seconds]


def _parts(totals: Mapping[str, int], room: int) -> dict[str, int]:
    """Split the room equally; what a source has no contacts for goes to those that have more.

    A part is not cut down to the contacts counted: by now there may be more of them.
    """
    parts = {}
    for number, key in enumerate(sorted(totals, key=totals.__getitem__)):
        parts[key] = max(room // (len(totals) - number), 1)
        room -= min(totals[key], parts[key])
    return {key: parts[key] for key in totals}
