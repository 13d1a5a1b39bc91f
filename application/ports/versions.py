"""Versions of what a caller saw: what has changed since then is not overwritten."""

from hashlib import blake2b
from typing import Protocol

from domain.errors import ChangedMeanwhile


class Versioned(Protocol):
    """A view that tells its versions apart."""

    @property
    def version(self) -> str:
        """A text that changes when what the view shows of itself changes."""
        ...


def version_of(*values: object) -> str:
    """Return a text that differs for different values, and is the same in every process."""
    return blake2b(repr(values).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


Expected = str | frozenset[str] | None
"""The version that a caller saw, or several, any of which will do; None if every one will."""


def require_version(current: Versioned, expected: Expected) -> None:
    """Refuse to change what has changed since the caller saw it.

    Args:
        current: what it is now, as the transaction found it.
        expected: what the caller saw; nothing matches an empty set.

    Raises:
        ChangedMeanwhile: the version is a different one.
    """
    if expected is None:
        return
    if current.version not in (expected if isinstance(expected, frozenset) else {expected}):
        raise ChangedMeanwhile(
            "somebody else has changed it meanwhile; look at what it is now, and change that.",
            current=current,
        )
