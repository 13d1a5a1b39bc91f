"""What decisions are made on, for writing."""

from collections.abc import Iterable
from typing import Protocol

from domain.dispatch import Dispatch
from domain.ids import OperatorId


class Dispatches(Protocol):
    """Dispatches: what decisions are made on."""

    def load(
        self,
        *,
        sources: Iterable[str] = (),
        served_by: Iterable[OperatorId] = (),
        operators: Iterable[OperatorId] = (),
    ) -> Dispatch:
        """Return the one dispatch of this unit of work, with everything asked for in it.

        What does not exist is missing; the dispatch may hold more than was asked for. The storage
        may go on with the dispatch of the previous unit of work if it is sure to be what it would
        load.

        Args:
            sources: these sources;
            served_by: these operators, and every source on which one of them has an allocation;
            operators: these operators, besides all that are allocated to the sources loaded.
        """
        ...

    def operator_keys(self, beginning: str) -> set[str]:
        """Return the keys of operators that begin with this text."""
        ...
