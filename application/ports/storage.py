"""Everything that one storage technology provides."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from application.ports.audit import AuditReader
from application.ports.auditor import Auditor
from application.ports.catalogue import CatalogueReader
from application.ports.contacts import ContactReader
from application.ports.due import DueReader
from application.ports.endpoints import EndpointReader
from application.ports.events import EventReader
from application.ports.keys import KeyReader
from application.ports.leads import LeadReader
from application.ports.search import LeadSearch
from application.ports.statistics import StatisticsReader
from application.ports.unit_of_work import UnitOfWorkFactory


class Changes(Protocol):
    """Tells that something was stored, by this process or by any other."""

    def token(self) -> object:
        """Return a value that changes with every commit; cheap enough to ask for again and again.

        Raises:
            StorageUnavailable: the storage cannot be asked.
        """
        ...


class Health(Protocol):
    """Tells whether the service can work."""

    def ready(self) -> None:
        """Return if the storage can be read and written, and its schema is current.

        Raises:
            StorageUnavailable: that is not so; the message says why.
        """
        ...

    def readable(self) -> None:
        """Return if the storage can be read, and its schema is current.

        Raises:
            StorageUnavailable: that is not so; the message says why.
        """
        ...


class Missed(NamedTuple):
    """What was written after the moment of a snapshot.

    Attributes:
        anything: whether anything was written; true, too, if the storage has tidied up after an
            erasure and cannot tell the two apart.
        registered: how many contacts were registered.
    """

    anything: bool
    registered: int


class Snapshot(Protocol):
    """Everything stored, as of one moment, for another storage of the same kind."""

    def sizes(self) -> Mapping[str, int]:
        """Return every table with its number of rows; each comes after those it refers to."""
        ...

    def rows(self, table: str) -> Generator[Sequence[Sequence[Any]]]:
        """Yield a table's rows, some at a time, in values that depend on no storage technology.

        A caller that stops before the end must close the generator.
        """
        ...

    def let_go(self) -> None:
        """Let go of that moment; no rows can be read afterwards."""
        ...

    def missed(self) -> Missed:
        """Return what was written since then; call `let_go` first."""
        ...


@dataclass(frozen=True, slots=True)
class Storage:
    """Everything that one storage technology provides.

    Attributes:
        migrate: brings the stored schema to this release's, and creates the storage if it does not
            exist; raises StorageUnavailable. Apart from it, only `restore` and `fill` create one.
        backup: copies everything into a new file, as of one moment, while others go on.
        restore: creates the storage, which must not exist yet, from such a file. Both raise
            ValueError if that is impossible, and StorageUnavailable; nothing half-done is left.
        snapshot: opens everything as of one moment, while others go on.
        fill: stores all of another storage's snapshot, and reports how many rows it has stored so
            far; returns every table with its number of rows. The storage is created or migrated if
            necessary, and must be empty. Both raise the same; nothing half-done is left here
            either.
        warnings: returns what the person who runs the storage should know about where it is, one
            sentence each.
        close: releases what is held; the storage must not be used afterwards.
    """

    unit_of_work: UnitOfWorkFactory
    catalogue: CatalogueReader
    contacts: ContactReader
    leads: LeadReader
    lead_search: LeadSearch
    statistics: StatisticsReader
    auditor: Auditor
    keys: KeyReader
    audit: AuditReader
    due: DueReader
    events: EventReader
    endpoints: EndpointReader
    changes: Changes
    health: Health
    migrate: Callable[[], None]
    backup: Callable[[Path], None]
    restore: Callable[[Path], None]
    snapshot: Callable[[], AbstractContextManager[Snapshot]]
    fill: Callable[[Snapshot, Callable[[int], None]], Mapping[str, int]]
    warnings: Callable[[], list[str]]
    close: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Readers:
    """What lists and statistics are read from: the storage, or a replica that follows it.

    Attributes:
        close: releases what is held; the readers must not be used afterwards.
    """

    catalogue: CatalogueReader
    contacts: ContactReader
    leads: LeadReader
    statistics: StatisticsReader
    audit: AuditReader
    health: Health
    close: Callable[[], None]
