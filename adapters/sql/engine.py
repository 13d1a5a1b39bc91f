"""Databases: what the rest of the adapter asks of each."""

from contextlib import AbstractContextManager
from typing import Final, NamedTuple, Protocol

from sqlalchemy import URL, Connection, Engine

from application.ports.failures import StorageUnavailable, TransactionLost

PRIMARY: Final = "the database"
"""The role of the database that is written."""

BUSY_TIMEOUT: Final = 10.0
"""Seconds that a writer waits for others to finish their transactions."""


class Turn(NamedTuple):
    """A transaction for writing.

    Attributes:
        found: a token for everything stored, as the transaction finds it.
        left: a token for everything stored, as the transaction leaves it if it is committed.
        settings: a token for what people set in operators, sources and weights, as the transaction
            finds it; None if the database knows no such thing.
    """

    connection: Connection
    found: object
    left: object
    settings: object = None


class ReadDatabase(Protocol):
    """A database that is read, whoever writes it.

    Attributes:
        role: what messages call it when it fails.
    """

    url: URL
    role: str

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """The errors that the database raises: SQLAlchemy's, or the driver's own."""
        ...

    def explained(self, error: BaseException) -> BaseException:
        """Return an error that says more about where and why, if there is more to say."""
        ...

    def snapshot(self) -> Connection:
        """Connect to read: everything that is read belongs to the same moment."""
        ...

    def dispose(self) -> None:
        """Close every connection that is not in use."""
        ...


class Database(ReadDatabase, Protocol):
    """A database in which one transaction at a time writes, and everybody may read meanwhile.

    Attributes:
        write: the engine for writes, and for reads that must see what was just written.
        read: the engine for other reads; each of its transactions is one snapshot.
    """

    write: Engine
    read: Engine

    def create(self) -> None:
        """Create it, empty, if it is missing and can be created from here; nothing else does so."""
        ...

    def begin(self) -> Turn:
        """Begin to write, as soon as nobody else does.

        Raises:
            StorageAway: somebody else writes for too long, or the database cannot be reached.
        """
        ...

    def begin_at_once(self) -> Turn | None:
        """Begin to write, if nobody else does and no statement will wait for anything."""
        ...

    def end(self, turn: Turn) -> None:
        """Roll back what was not committed, and let others write."""
        ...

    def commit(self, turn: Turn) -> None:
        """Commit.

        Raises:
            OutcomeUnknown: it is unknown whether it was committed.
        """
        ...

    def wait_until_durable(self, connection: Connection) -> None:
        """Wait until everything that a snapshot shows is on disk: usually not at all."""
        ...

    def set_differently(self, turn: Turn) -> object:
        """Note that people set something in a transaction; return the token that it leaves."""
        ...

    def wipe(self) -> None:
        """Make sure that what was removed is soon gone from every log that this process keeps."""
        ...

    def changes(self) -> object:
        """Return a value that changes with every commit, of this process or any other."""
        ...

    def version(self, connection: Connection) -> object:
        """Return a token for everything stored, as the connection's transaction finds it.

        It can be compared only with what another transaction on the same connection finds.
        """
        ...

    def writable(self) -> None:
        """Return if it can be written, as far as can be told without writing anything.

        Raises:
            StorageAway: it cannot; the message says why.
        """
        ...

    def migrating(self) -> AbstractContextManager[Connection]:
        """Open a transaction that changes the schema, when nobody else does.

        Raises:
            StorageAway: it cannot be written, or Fairlead cannot work with it.
        """
        ...


def storage_unavailable(
    error: BaseException,
    kind: type[StorageUnavailable] = StorageUnavailable,
    role: str = PRIMARY,
) -> StorageUnavailable:
    """Say what a person should know of a database error, without SQL and without values.

    Args:
        error: SQLAlchemy's or the driver's.
        kind: what to return, if the error itself does not tell.
        role: the role of the database that failed.
    """
    cause = getattr(error, "orig", None) or error
    if kind is StorageUnavailable and _passes(cause):
        kind = TransactionLost
    reason, *_ = str(cause).strip().splitlines() or [type(cause).__name__]
    if reason.startswith("no such table"):
        reason = _NOT_MIGRATED
    # A server words its errors in its own language.
    told = _TOLD.get(getattr(cause, "sqlstate", None) or "", "{reason}")
    return kind(f"{role} is unavailable: {told.format(reason=reason)}.")


_NOT_MIGRATED: Final = "it has not been migrated; run `fairlead migrate`"
_TOLD: Final = {
    "42P01": _NOT_MIGRATED,
    "42P07": "{reason}, and it is not Fairlead's; give Fairlead a database or a schema of its own",
    "42501": "{reason}; to migrate, a role needs CREATE on the schema, or better, owns it; to "
    "serve, it needs SELECT, INSERT, UPDATE and DELETE on the tables",
    "25006": "it is read-only: a standby, or default_transaction_read_only is on",
}
"""What to say by SQLSTATE, if the server's words alone do not say what to do."""

_PASSING: Final = ("08", "40", "57P")
"""Beginnings of SQLSTATEs: a broken connection; a deadlock or a serialization failure; a server
that ends its sessions."""


def _passes(error: BaseException) -> bool:
    """Whether an error of PostgreSQL's driver is transient; SQLite has no such errors."""
    if not hasattr(error, "sqlstate"):
        return False
    # When a connection breaks, no server is left to name a state.
    return error.sqlstate is None or error.sqlstate.startswith(_PASSING)
