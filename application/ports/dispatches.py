"""What a decision is made on, for writing."""

from collections.abc import Iterable
from typing import Protocol

from domain.dispatch import Dispatch
from domain.ids import OperatorId


class Dispatches(Protocol):
    """Dispatches: what a decision is made on."""

    def load(
        self,
        *,
        sources: Iterable[str] = (),
        served_by: Iterable[OperatorId] = (),
        operators: Iterable[OperatorId] = (),
    ) -> Dispatch:
        """Load; what does not exist is missing from the result.

        Args:
            sources: these sources;
            served_by: these operators, and every source on which one of them has an allocation;
            operators: these operators, beside all who are allocated to the sources loaded.
        """
        ...

    def load_to_admit(self, sources: Iterable[str]) -> Dispatch:
        """Load sources in a unit of work that does nothing but admit contacts to them.

        The storage may go on with the dispatch of the unit of work before, if it can be sure that
        it is what it would load.
        """
        ...

    def save(self, dispatch: Dispatch) -> None:
        """Store loads, credits, the lengths of queues and the counters.

        A slot is taken only if the storage, too, finds the operator active and below capacity.
        """
        ...
