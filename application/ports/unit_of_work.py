"""One writing transaction, and the repositories in it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol, Self

from application.ports.audit import Audit
from application.ports.contacts import Contacts
from application.ports.dispatches import Dispatches
from application.ports.due import DueItems
from application.ports.endpoints import Endpoints
from application.ports.events import EventLog
from application.ports.keys import Keys
from application.ports.leads import Leads
from domain.dispatch import Dispatch


class UnitOfWork(AbstractContextManager["UnitOfWork"], Protocol):
    """One transaction. A clean exit commits; an exception rolls everything back.

    Attributes:
        actor: the name of the actor for whom things happen now.

    From its beginning to its end no other unit of work runs on the same storage, in this process
    or any other, so what it reads does not change.

    Raises:
        StorageAway: on entering.
        StorageUnavailable: on leaving, and from every repository.
    """

    leads: Leads
    contacts: Contacts
    dispatches: Dispatches
    keys: Keys
    audit: Audit
    due: DueItems
    events: EventLog
    endpoints: Endpoints
    actor: str

    def __enter__(self) -> Self: ...

    def begin_at_once(self) -> bool:
        """Begin if neither that nor anything before the commit has to wait for anyone else.

        Returns:
            Whether it has begun; if so, entering the block does not begin it again. If not, nothing
            has happened.
        """
        ...

    def save(self, dispatch: Dispatch) -> None:
        """Store all that has happened in a dispatch: what its events say, and the counters.

        The dispatch may go on afterwards, and be saved again. A slot is taken only if the storage,
        too, finds the operator eligible for it.
        """
        ...

    def commit(self) -> None:
        """Commit before the block ends; nothing may follow in it. May run in another thread."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


UnitOfWorkFactory = Callable[[], UnitOfWork]
