"""Units of work around the real ones, that count, wait or fail as a test wants it."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from application.ports.contacts import Contacts
from application.ports.failures import StorageUnavailable
from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from domain.contact import Contact
from domain.decision import Decision
from domain.ids import ContactId


@dataclass
class Watched:
    """A factory of units of work that says how many there were and what each of them stored.

    Attributes:
        batches: payloads of the contacts that each transaction added, in their order.
        gate: transactions begin only while it is open.
        disk: they are committed only while it is open.
        fail: called with the contacts of a transaction before they are stored.
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
        self.operators, self.sources, self.leads = uow.operators, uow.sources, uow.leads
        self.dispatches, self.keys, self.audit = uow.dispatches, uow.keys, uow.audit
        self.contacts = _Contacts(self._watched, uow.contacts)
        return self

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


class _Contacts(Contacts):
    def __init__(self, watched: Watched, real: Contacts) -> None:
        self._watched = watched
        self.get = real.get  # type: ignore[method-assign]
        self.keyed = real.keyed  # type: ignore[method-assign]
        self._add = real.add

    def add(
        self,
        contacts: Sequence[tuple[Contact, Decision | None]],
        keys: Mapping[ContactId, tuple[str, bytes]],
    ) -> None:
        added = [contact for contact, _ in contacts]
        self._watched.batches[-1] += [each.payload for each in added]
        self._add(contacts, keys)
        # After the fact, so that there is something to roll back.
        self._watched.fail(added)


def fails_on(payload: str) -> Callable[[Sequence[Contact]], None]:
    """Return a failure of the storage on every transaction that has this payload in it."""

    def fail(contacts: Sequence[Contact]) -> None:
        if any(each.payload == payload for each in contacts):
            raise StorageUnavailable("the storage does not take this one.")

    return fail


class FailingCommit(UnitOfWork):
    """Everything works until it is to be kept."""

    def __init__(self, real: UnitOfWork) -> None:
        self._real = real

    def __enter__(self) -> Self:
        uow = self._real.__enter__()
        self.operators, self.sources, self.leads = uow.operators, uow.sources, uow.leads
        self.contacts, self.dispatches = uow.contacts, uow.dispatches
        self.keys, self.audit = uow.keys, uow.audit
        return self

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
