"""Everything in dictionaries: for tests, and for simulations that need no database."""

import threading
from collections import defaultdict
from collections.abc import MutableMapping
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from application.ports.due import DueItem
from application.ports.events import Entry
from domain.access import ApiKey
from domain.account import Moved
from domain.audit import AuditEntry
from domain.contact import Contact, Place
from domain.decision import Decision
from domain.endpoint import Delivery, Endpoint
from domain.ids import AuditId, ContactId, EndpointId, LeadId, OperatorId
from domain.lead import Lead
from domain.operator import Operator
from domain.source import Source

Key = TypeVar("Key")
Value = TypeVar("Value")
Sortable = TypeVar("Sortable", ContactId, Place)


class StoredTransfer(NamedTuple):
    """A contact given to an operator by hand."""

    at: datetime
    previous: OperatorId | None
    operator: OperatorId


class MemoryStore:
    """The stored entities, and a journal that can undo a unit of work.

    Entities go in and come out as copies. Readers and writers hold `lock`.

    Attributes:
        contacts: in the order of their ids.
        queues: by source, in the order of places.
        commits: how many units of work have stored something.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.operators: dict[OperatorId, Operator] = {}
        self.sources: dict[str, Source] = {}
        self.leads: dict[LeadId, Lead] = {}
        self.identities: dict[str, LeadId] = {}
        self.contacts: dict[ContactId, Contact] = {}
        self.queues: defaultdict[str, dict[Place, None]] = defaultdict(dict)
        self.decisions: dict[ContactId, Decision] = {}
        self.transfers: dict[ContactId, tuple[StoredTransfer, ...]] = {}
        self.keys: dict[tuple[str, str], tuple[ContactId, bytes]] = {}
        self.api_keys: dict[str, ApiKey] = {}
        self.ended_sessions: dict[str, datetime] = {}
        self.audit: dict[AuditId, AuditEntry] = {}
        self.registered: dict[tuple[str, int], int] = {}
        self.assigned: dict[tuple[str, OperatorId, int], int] = {}
        self.accounts: dict[tuple[str, OperatorId, int], Moved] = {}
        self.purged_registered: dict[str, int] = {}
        self.purged_assigned: dict[tuple[str, OperatorId], int] = {}
        self.events: dict[int, Entry] = {}
        self.due: dict[tuple[str, str], DueItem] = {}
        self.endpoints: dict[EndpointId, Endpoint] = {}
        self.deliveries: dict[tuple[EndpointId, int], Delivery] = {}
        self.commits = 0
        self._journal: list[tuple[MutableMapping[Any, Any], Any, Any]] = []

    def put(self, mapping: MutableMapping[Key, Value], key: Key, value: Value) -> None:
        """Set a value, remembering what was there."""
        self._journal.append((mapping, key, mapping.get(key, _ABSENT)))
        mapping[key] = value

    def put_sorted(self, mapping: dict[Sortable, Value], key: Sortable, value: Value) -> None:
        """Set a value in a dictionary that is in the order of its keys."""
        in_order = key in mapping or key >= next(reversed(mapping), key)
        self.put(mapping, key, value)
        if not in_order:
            _sort(mapping)

    def remove(self, mapping: MutableMapping[Key, Value], key: Key) -> None:
        """Delete a value, remembering it."""
        self._journal.append((mapping, key, mapping.pop(key)))

    def count(self, counters: MutableMapping[Key, int], key: Key, number: int) -> None:
        """Add to a counter, remembering what it was."""
        self.put(counters, key, counters.get(key, 0) + number)

    def commit(self) -> None:
        """Keep everything since the last commit."""
        if self._journal:
            self.commits += 1
        self._journal.clear()

    def rollback(self) -> None:
        """Undo everything since the last commit."""
        for mapping, key, value in reversed(self._journal):
            if value is _ABSENT:
                del mapping[key]
            else:
                mapping[key] = value
        self._journal.clear()
        # Restored keys are now last in their dictionaries.
        _sort(self.contacts)
        _sort(self.events)
        for queue in self.queues.values():
            _sort(queue)


_ABSENT: Any = object()


def _sort(mapping: dict[Any, Any]) -> None:
    """Bring a dictionary into the order of its keys."""
    items = sorted(mapping.items())
    mapping.clear()
    mapping.update(items)
