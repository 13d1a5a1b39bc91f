"""API keys in memory."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from adapters.memory.store import MemoryStore
from application.ports.keys import KeyReader, Keys
from domain.access import ApiKey, Session
from domain.errors import UnknownKey


class MemoryKeys(Keys):
    """See `application.ports.keys.Keys`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def add(self, key: ApiKey) -> None:
        self._store.put(self._store.api_keys, key.prefix, key)

    def get(self, prefix: str) -> ApiKey:
        if prefix not in self._store.api_keys:
            raise UnknownKey(f"no key has the prefix {prefix!r}.", field="prefix")
        return self._store.api_keys[prefix]

    def save(self, key: ApiKey) -> None:
        self._store.put(self._store.api_keys, key.prefix, key)

    def valid(self, at: datetime) -> int:
        return sum(each.valid(at) for each in self._store.api_keys.values())

    def end_session(self, session: Session, at: datetime) -> None:
        ended = self._store.ended_sessions
        of_key = f"{session.prefix}."
        for each in [
            each
            for each, end in ended.items()
            if end <= at or (not session.id and each.startswith(of_key))
        ]:
            self._store.remove(ended, each)
        self._store.put(ended, session.name, session.ends_at)

    def ended_sessions(self, prefix: str) -> Sequence[datetime]:
        ended = self._store.ended_sessions
        return [end for each, end in ended.items() if each.startswith(f"{prefix}.")]


class MemoryKeyReader(KeyReader):
    """See `application.ports.keys.KeyReader`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def all(self) -> list[ApiKey]:
        with self._store.lock:
            return sorted(
                self._store.api_keys.values(),
                key=lambda each: (each.created_at, each.prefix),
                reverse=True,
            )

    def ended_sessions(self) -> Mapping[str, datetime]:
        with self._store.lock:
            return dict(self._store.ended_sessions)
