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
from application.ports.keys import KeyReader
from application.ports.leads import LeadReader
from application.ports.search import LeadSearch
from application.ports.statistics import StatisticsReader
from application.ports.unit_of_work import UnitOfWorkFactory


class Changes(Protocol):
    """Tells that something was stored, by this process or by any other."""

    def token(self) -> object:
        """Return what becomes another one with every commit; cheap enough to ask again and again.

        Raises:
            StorageUnavailable: the storage cannot be asked.
        """
        ...


class Health(Protocol):
    """Tells whether the service can work."""

    def ready(self) -> None:
        """Return if the storage can be read and written, and its schema is current.

        Raises:
            StorageUnavailable: it cannot, or is not; the message says why.
        """
        ...

    def readable(self) -> None:
        """Return if the storage can be read, and its schema is current.

        Raises:
            StorageUnavailable: it cannot, or is not; the message says why.
        """
        ...


class Missed(NamedTuple):
    """What was written after the moment of a snapshot.

    Attributes:
        anything: whether there was any writing.
        registered: contacts that were registered.
    """

    anything: bool
    registered: int


class Snapshot(Protocol):
    """Everything stored, as of one moment, for another storage of the same kind."""

    def sizes(self) -> Mapping[str, int]:
        """Return every table with its number of rows; each comes after those it refers to."""
        ...

    def rows(self, table: str) -> Generator[Sequence[Sequence[Any]]]:
        """Yield a table's rows, some at a time, in values that no technology has a hand in.

        Whoever leaves off before the end closes it.
        """
        ...

    def let_go(self) -> None:
        """Keep nothing for that moment any more; no rows can be read afterwards."""
        ...

    def missed(self) -> Missed:
        """Return what was written since; the moment must have been let go."""
        ...


@dataclass(frozen=True, slots=True)
class Storage:
    """Everything that one storage technology provides.

    Attributes:
        migrate: brings the stored schema to this release's, and makes the storage if it is not
            there; raises StorageUnavailable. Nothing else makes one but `restore` and `fill`.
        backup: copies everything into a new file, as of one moment, while others go on.
        restore: makes the storage, which must not be there yet, of such a file. Both raise
            ValueError where that cannot be, and StorageUnavailable; nothing half-done is left.
        snapshot: opens everything as of one moment, while others go on.
        fill: stores all of another storage's snapshot, and tells how many rows that is so far;
            returns every table with its number of rows. The storage is made or migrated if it has
            to be, and must be empty. Both raise the same; nothing half-done is left here either.
        warnings: returns what whoever runs it should know of where it is, a sentence each.
        close: gives back what is held; the storage is of no use afterwards.
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
        close: gives back what is held; the readers are of no use afterwards.
    """

    catalogue: CatalogueReader
    contacts: ContactReader
    leads: LeadReader
    statistics: StatisticsReader
    audit: AuditReader
    health: Health
    close: Callable[[], None]
