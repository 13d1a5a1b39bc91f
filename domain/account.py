"""Accounts: what an operator was granted on a source, and what kept it from being granted more."""

from typing import NamedTuple


class Moved(NamedTuple):
    """What an operator's account on a source has moved by.

    Attributes:
        owed: what it was granted less what it got, in units of credit.
        while_full: how many contacts were given to others while it was at capacity.
        while_unavailable: likewise, while it was not available.
    """

    owed: int = 0
    while_full: int = 0
    while_unavailable: int = 0

    def plus(self, other: "Moved") -> "Moved":
        """Add up."""
        return Moved(*map(sum, zip(self, other, strict=True)))

    def times(self, number: int) -> "Moved":
        """Multiply."""
        return Moved(*(each * number for each in self))
