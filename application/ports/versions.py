"""Versions of what a caller saw: nothing is changed that is no longer so."""

from hashlib import blake2b
from typing import Protocol

from domain.errors import ChangedMeanwhile


class Versioned(Protocol):
    """A view that tells its versions apart."""

    @property
    def version(self) -> str:
        """What becomes another one when what the view shows of itself changes."""
        ...


def version_of(*values: object) -> str:
    """Return a text that is another one for other values, in every process."""
    return blake2b(repr(values).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


Expected = str | frozenset[str] | None
"""The version that a caller saw, or several of which any will do; None if all will."""


def require_version(current: Versioned, expected: Expected) -> None:
    """Refuse to change what is no longer what the caller saw.

    Args:
        current: what it is, as the transaction found it.
        expected: what the caller saw; nothing is in an empty set.

    Raises:
        ChangedMeanwhile: it is another one.
    """
    if expected is None:
        return
    if current.version not in (expected if isinstance(expected, frozenset) else {expected}):
        raise ChangedMeanwhile(
            "somebody else has changed it meanwhile; look at what it is now, and change that.",
            current=current,
        )
