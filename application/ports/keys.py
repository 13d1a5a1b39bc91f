"""API keys and sessions, for writing and for reading, and what queries show of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.access import ApiKey, Role, Session


@dataclass(frozen=True, slots=True)
class KeyView:
    """An API key; see `domain.access.ApiKey`. Nothing here opens anything."""

    prefix: str
    role: Role
    name: str | None
    source: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> "KeyView":
        """Show a key as it stands."""
        return cls(
            key.prefix,
            key.role,
            key.name,
            key.source_key,
            key.created_at,
            key.expires_at,
            key.revoked_at,
        )


class Keys(Protocol):
    """API keys, for writing."""

    def add(self, key: ApiKey) -> None:
        """Store a new key."""
        ...

    def get(self, prefix: str) -> ApiKey:
        """Return a key.

        Raises:
            UnknownKey: it is not there.
        """
        ...

    def save(self, key: ApiKey) -> None:
        """Store that a known key was revoked."""
        ...

    def valid(self, at: datetime) -> int:
        """Return how many keys open something at a moment."""
        ...

    def end_session(self, session: Session, at: datetime) -> None:
        """Store that a session is over, and forget those that are over by themselves by now.

        What stands for every session of a key takes the place of each of them.
        """
        ...

    def ended_sessions(self, prefix: str) -> Sequence[datetime]:
        """Return when each session of a key that is stored as over would have ended by itself."""
        ...


class KeyReader(Protocol):
    """Reads API keys."""

    def all(self) -> list[ApiKey]:
        """Return every key that was ever made, the newest first."""
        ...

    def ended_sessions(self) -> Mapping[str, datetime]:
        """Return the sessions that somebody has ended, by name, with when they would have ended."""
        ...
