"""What falls due by itself: the table behind the one clock; see `application.due`."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple, Protocol


class DueItem(NamedTuple):
    """Something that is to happen at a moment.

    Attributes:
        at: to the millisecond.
        kind: which timer makes it happen.
        subject: what it happens to, as the timer writes it; up to 200 characters.
    """

    at: datetime
    kind: str
    subject: str


class DueItems(Protocol):
    """What falls due, for writing; there is at most one item of each kind and subject."""

    def earliest(self, kinds: Collection[str]) -> datetime | None:
        """Return when the first item of these kinds is due; None if there is none.

        A process always asks for the same kinds, so the storage may cache the answer.
        """
        ...

    def planned(self, kind: str) -> datetime | None:
        """Return when the first item of a kind is due; it may be a kind not asked for otherwise."""
        ...

    def take(self, kinds: Collection[str], until: datetime) -> DueItem | None:
        """Remove and return the first item due by then: by moment, then kind, then subject."""
        ...

    def put(self, item: DueItem) -> None:
        """Store an item; it replaces one of the same kind and subject."""
        ...

    def cancel(self, kind: str) -> None:
        """Remove every item of a kind."""
        ...


class DueReader(Protocol):
    """Reads what falls due."""

    def earliest(self, kinds: Collection[str]) -> datetime | None:
        """Return when the first item of these kinds is due; None if there is none."""
        ...
