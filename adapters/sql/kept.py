"""What registrations decide on, kept in memory from one to the next while nobody else writes."""

from dataclasses import dataclass, field

from adapters.sql.engine import Turn
from domain.decision import Lineup
from domain.dispatch import Dispatch


@dataclass(slots=True)
class Kept:
    """What one unit of work leaves to the next.

    Attributes:
        state: stands for everything stored, as that unit of work has left it; see `Turn`.
        current: nobody else has written since.
        dispatch: every source that was asked for so far; None before the first.
        settled: the rows that it was made of, without what a registration changes in them.
        waiting: the stored lengths of the sources' queues.
        lineups: those of the dispatch that are stored, by their identity as objects, each with
            its digest.
    """

    state: object
    current: bool = True
    dispatch: Dispatch | None = None
    settled: object = None
    waiting: dict[str, int] = field(default_factory=dict)
    lineups: dict[int, tuple[Lineup, bytearray]] = field(default_factory=dict)


class Keeper:
    """Hands the dispatch of a registration to the next one.

    Reading sources and operators anew takes 0.2 ms for ten operators and 10 ms for a thousand, and
    as a rule nothing has happened to them but what the transaction before did itself. Every unit
    of work takes what is kept, and gives it back when it is committed; whether anybody else has
    written in between is what the database says.
    """

    def __init__(self) -> None:
        self._kept: Kept | None = None

    def take(self, turn: Turn) -> Kept:
        """Return what was kept; an empty one to begin with."""
        kept, self._kept = self._kept, None
        if kept is None:
            return Kept(turn.left)
        kept.current = kept.state == turn.found
        kept.state = turn.left
        return kept

    def give(self, kept: Kept, *, current: bool) -> None:
        """Keep what is true as of the transaction just committed.

        Args:
            kept: by the unit of work that took it.
            current: the dispatch holds everything that was stored.
        """
        if not current:
            kept.state = None
        self._kept = kept
