"""API keys and sessions, for writing and for reading, and what queries show of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.access import ApiKey, Role, Session


@dataclass(frozen=True, slots=True)
class KeyView:
    """What is known of an API key; nothing here gives access."""

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
            UnknownKey: it does not exist.
        """
        ...

    def save(self, key: ApiKey) -> None:
        """Store that a known key was revoked."""
        ...

    def valid(self, at: datetime) -> int:
        """Return how many keys are valid at a moment."""
        ...

    def end_session(self, session: Session, at: datetime) -> None:
        """Store that a session has ended, and forget those that would have expired by now.

        A session that stands for all sessions of a key takes their place.
        """
        ...

    def ended_sessions(self, prefix: str) -> Sequence[datetime]:
        """Return when each session of a key that is stored as ended would have expired."""
        ...


class KeyReader(Protocol):
    """Reads API keys."""

    def all(self) -> list[ApiKey]:
        """Return every key that was ever made, the newest first."""
        ...

    def ended_sessions(self) -> Mapping[str, datetime]:
        """Return by name, for each session that somebody has ended, when it would have expired."""
        ...
