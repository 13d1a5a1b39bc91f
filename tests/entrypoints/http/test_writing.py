"""Writing tries again what was lost, a few times, and nothing else."""

import asyncio
from collections.abc import Callable

import pytest
from fastapi import Request

from application.ports.failures import (
    OutcomeUnknown,
    StorageAway,
    StorageUnavailable,
    TransactionLost,
)
from domain.actor import Actor
from entrypoints.http.writing import ACTOR, Writing

SOMEBODY = Actor("somebody")


class Handler:
    """A handler that fails a number of times and then works."""

    def __init__(self, failures: int, failure: Callable[[str], StorageUnavailable]) -> None:
        self.called = 0
        self._failures, self._failure = failures, failure

    def __call__(self, command: str, actor: Actor) -> str:
        assert actor is SOMEBODY
        self.called += 1
        if self.called <= self._failures:
            raise self._failure("not now.")
        return command


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("entrypoints.http.writing._MOST_PAUSE", 1)


def write(handler: Handler) -> str:
    async def main() -> str:
        request = Request({"type": "http", ACTOR: SOMEBODY})
        return await Writing()(request, handler, "done")

    return asyncio.run(main())


@pytest.mark.parametrize("failures", [0, 1, 3])
def test_a_transaction_that_was_lost_is_tried_again(failures: int) -> None:
    handler = Handler(failures, TransactionLost)
    assert write(handler) == "done"
    assert handler.called == failures + 1


def test_one_that_is_lost_again_and_again_is_given_up() -> None:
    handler = Handler(1000, TransactionLost)
    with pytest.raises(TransactionLost):
        write(handler)
    assert handler.called == 4


@pytest.mark.parametrize("failure", [StorageUnavailable, StorageAway, OutcomeUnknown])
def test_what_would_fail_again_or_may_have_been_done_is_not_tried_again(
    failure: Callable[[str], StorageUnavailable],
) -> None:
    handler = Handler(1, failure)
    with pytest.raises(StorageUnavailable):
        write(handler)
    assert handler.called == 1
