"""How work is done in transactions: what was lost is tried again, here and nowhere else."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from application.ports.failures import TransactionLost
from application.ports.system import Pause
from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory

Result = TypeVar("Result")

_ATTEMPTS: Final = 4
_MOST_PAUSE: Final = 0.1
"""Seconds before the second attempt; twice as many before each later one."""


@dataclass(frozen=True, slots=True)
class Transactions:
    """Does work in transactions."""

    begin: UnitOfWorkFactory
    pause: Pause

    def __call__(self, work: Callable[[UnitOfWork], Result]) -> Result:
        """Do some work in a transaction, which is committed if it raises nothing.

        One that was lost is tried again, at a moment that chance picks: whoever was in each other's
        way would meet again.

        Raises:
            StorageUnavailable: nothing has changed, but for OutcomeUnknown.
        """
        for attempt in range(1, _ATTEMPTS):
            try:
                return self._once(work)
            except TransactionLost:
                self.pause(_MOST_PAUSE * 2 ** (attempt - 1))
        return self._once(work)

    def _once(self, work: Callable[[UnitOfWork], Result]) -> Result:
        with self.begin() as uow:
            return work(uow)
