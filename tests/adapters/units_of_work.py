"""Units of work around the real ones that count, wait or fail as a test wants."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from application.ports.failures import StorageUnavailable
from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from domain.contact import Contact
from domain.dispatch import Dispatch
from domain.events import Registered


@dataclass
class Watched:
    """A factory of units of work that notes how many there were and what each stored.

    Attributes:
        batches: payloads of the contacts that each transaction added, in order.
        gate: transactions begin only while it is open.
        disk: they are committed only while it is open.
        fail: called with the contacts of a transaction once they are stored, before the commit.
    """

    real: UnitOfWorkFactory
    batches: list[list[str | None]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    disk: threading.Event = field(default_factory=threading.Event)
    fail: Callable[[Sequence[Contact]], None] = lambda _: None

    def __call__(self) -> UnitOfWork:
        return _UnitOfWork(self, self.real())


class _UnitOfWork(UnitOfWork):
    def __init__(self, watched: Watched, real: UnitOfWork) -> None:
        self._watched, self._real = watched, real

    def __enter__(self) -> Self:
        assert self._watched.gate.wait(20)
        uow = self._real.__enter__()
        self._watched.batches.append([])
        self.leads, self.contacts, self.dispatches = uow.leads, uow.contacts, uow.dispatches
        self.keys, self.audit, self.due = uow.keys, uow.audit, uow.due
        self.events, self.endpoints, self.actor = uow.events, uow.endpoints, uow.actor
        return self

    def save(self, dispatch: Dispatch) -> None:
        added = [each.contact for each in dispatch.events if isinstance(each, Registered)]
        self._watched.batches[-1] += [each.payload for each in added]
        self._real.actor = self.actor
        self._real.save(dispatch)
        # Only after saving, so that there is something to roll back.
        self._watched.fail(added)

    def begin_at_once(self) -> bool:
        return self._watched.gate.is_set() and self._real.begin_at_once()

    def commit(self) -> None:
        assert self._watched.disk.wait(20)
        self._real.commit()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert kind is not None or self._watched.disk.wait(20)
        self._real.__exit__(kind, error, trace)


def fails_on(payload: str) -> Callable[[Sequence[Contact]], None]:
    """Return a function that fails every transaction that has this payload in it."""

    def fail(contacts: Sequence[Contact]) -> None:
        if any(each.payload == payload for each in contacts):
            raise StorageUnavailable("the storage does not take this one.")

    return fail


class FailingCommit(UnitOfWork):
    """Everything works until the commit."""

    def __init__(self, real: UnitOfWork) -> None:
        self._real = real

    def __enter__(self) -> Self:
        uow = self._real.__enter__()
        self.leads, self.contacts, self.dispatches = uow.leads, uow.contacts, uow.dispatches
        self.keys, self.audit, self.due = uow.keys, uow.audit, uow.due
        self.events, self.endpoints, self.actor = uow.events, uow.endpoints, uow.actor
        return self

    def save(self, dispatch: Dispatch) -> None:
        self._real.actor = self.actor
        self._real.save(dispatch)

    def begin_at_once(self) -> bool:
        return self._real.begin_at_once()

    def commit(self) -> None:
        raise StorageUnavailable("the disk is full.")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        full = StorageUnavailable("the disk is full.")
        self._real.__exit__(type(full), full, None)
        if kind is None:
            raise full
