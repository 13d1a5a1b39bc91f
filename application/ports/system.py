"""Time, ids, randomness and secrets, as the use cases need them."""

from datetime import datetime
from typing import Protocol
from uuid import UUID


class Clock(Protocol):
    """Tells the time.

    Attributes:
        jumps: how often it was found to have jumped, forward or back.
        corrections: how often it was set right after it had jumped forward: what was made by it in
            between carries a time that is still to come.
    """

    jumps: int = 0
    corrections: int = 0

    def now(self) -> datetime:
        """Return the moment, in UTC, to the millisecond."""
        ...


class Ids(Protocol):
    """Makes identifiers."""

    def new(self) -> UUID:
        """Return a UUIDv7 that is greater than all that this process has made before.

        After a correction of the clock, they begin anew.
        """
        ...


class Rolls(Protocol):
    """Draws random numbers."""

    def __call__(self) -> int:
        """Return a uniformly random whole number from 0 to `domain.picker.ROLLS` - 1."""
        ...


class Secrets(Protocol):
    """Makes secrets that nobody can guess."""

    def new(self) -> tuple[str, str]:
        """Return a name of ten letters and digits, and a secret of 32 random bytes as text."""
        ...

    def signing(self) -> str:
        """Return a secret to sign deliveries with: `whsec_` and 32 random bytes in base64."""
        ...


class Pause(Protocol):
    """Lets others use the storage."""

    def __call__(self, most: float | None = None) -> None:
        """Wait for a moment, or for a random time of at most `most` seconds."""
        ...
