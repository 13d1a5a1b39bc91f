"""Everything that memory provides; nothing outlives the process."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NoReturn

from adapters.memory.audit import MemoryAuditReader
from adapters.memory.auditor import MemoryAuditor
from adapters.memory.due import MemoryDueItems
from adapters.memory.endpoints import MemoryEndpointReader
from adapters.memory.events import MemoryEvents
from adapters.memory.keys import MemoryKeyReader
from adapters.memory.lead_search import MemoryLeadSearch
from adapters.memory.readers import (
    MemoryCatalogueReader,
    MemoryChanges,
    MemoryContactReader,
    MemoryHealth,
    MemoryLeadReader,
    MemoryStatisticsReader,
)
from adapters.memory.store import MemoryStore
from adapters.memory.unit_of_work import MemoryUnitOfWork
from application.assignment_times import AssignmentTimes
from application.ports.storage import Snapshot, Storage
from application.ports.system import Rolls


def _no_file(_: Path) -> None:
    raise ValueError(_ENDS)


def _no_snapshot() -> NoReturn:
    raise ValueError(_ENDS)


def _no_fill(_: Snapshot, __: Callable[[int], None]) -> NoReturn:
    raise ValueError(_ENDS)


_ENDS = "data in memory ends with the process; use sqlite:///FILE."


def memory_storage(rolls: Rolls, times: AssignmentTimes) -> Storage:
    """Make an empty storage."""
    store = MemoryStore()
    return Storage(
        unit_of_work=partial(MemoryUnitOfWork, store, rolls, times),
        catalogue=MemoryCatalogueReader(store),
        contacts=MemoryContactReader(store),
        leads=MemoryLeadReader(store),
        lead_search=MemoryLeadSearch(store),
        statistics=MemoryStatisticsReader(store),
        auditor=MemoryAuditor(store),
        keys=MemoryKeyReader(store),
        audit=MemoryAuditReader(store),
        due=MemoryDueItems(store),
        events=MemoryEvents(store),
        endpoints=MemoryEndpointReader(store),
        changes=MemoryChanges(store),
        health=MemoryHealth(),
        migrate=lambda: None,
        backup=_no_file,
        restore=_no_file,
        snapshot=_no_snapshot,
        fill=_no_fill,
        warnings=list,
        close=lambda: None,
    )
