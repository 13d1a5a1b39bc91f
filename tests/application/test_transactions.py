"""Transactions retry lost work a few times, and nothing else."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from application.ports.failures import (
    OutcomeUnknown,
    StorageAway,
    StorageUnavailable,
    TransactionLost,
)
from application.ports.unit_of_work import UnitOfWork
from application.transactions import Transactions
from tests.support import World


class Work:
    """Work that fails a number of times and then succeeds."""

    def __init__(self, failures: int, failure: Callable[[str], StorageUnavailable]) -> None:
        self.begun = 0
        self._failures, self._failure = failures, failure

    def __call__(self, uow: UnitOfWork) -> str:
        assert uow.dispatches.load() is uow.dispatches.load()
        self.begun += 1
        if self.begun <= self._failures:
            raise self._failure("not now.")
        return "done"


class Pauses:
    """Takes no time, and notes how long each pause could have been."""

    def __init__(self) -> None:
        self.most = list[float | None]()

    def __call__(self, most: float | None = None) -> None:
        self.most.append(most)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def transactions(world: World, pauses: Pauses) -> Transactions:
    return replace(world.container.transactions(), pause=pauses)


@pytest.mark.parametrize("failures", [0, 1, 3])
def test_a_transaction_that_was_lost_is_tried_again_after_longer_and_longer_pauses(
    transactions: Transactions, pauses: Pauses, failures: int
) -> None:
    work = Work(failures, TransactionLost)
    assert transactions(work) == "done"
    assert work.begun == failures + 1
    assert pauses.most == [0.1, 0.2, 0.4][:failures]


def test_one_that_is_lost_again_and_again_is_given_up(transactions: Transactions) -> None:
    work = Work(1000, TransactionLost)
    with pytest.raises(TransactionLost):
        transactions(work)
    assert work.begun == 4


@pytest.mark.parametrize("failure", [StorageUnavailable, StorageAway, OutcomeUnknown])
def test_what_would_fail_again_or_may_have_been_done_is_not_tried_again(
    transactions: Transactions, pauses: Pauses, failure: type[StorageUnavailable]
) -> None:
    work = Work(1, failure)
    with pytest.raises(failure):
        transactions(work)
    assert (work.begun, pauses.most) == (1, [])
