"""The identifiers of the domain: UUIDs of version 7, with a separate type for each kind."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NewType
from uuid import UUID

OperatorId = NewType("OperatorId", UUID)
LeadId = NewType("LeadId", UUID)
ContactId = NewType("ContactId", UUID)
AuditId = NewType("AuditId", UUID)
EndpointId = NewType("EndpointId", UUID)

_HEX = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def operator_id_of(text: str) -> OperatorId | None:
    """Return the id that a text spells out with hyphens; None if it is no id (perhaps a key)."""
    return OperatorId(UUID(text)) if _HEX.fullmatch(text.lower()) else None


def time_of(identifier: UUID) -> datetime:
    """Return the UTC moment, to the millisecond, at which a UUIDv7 was made (RFC 9562, 5.7).

    Whatever an id names is stamped with the id's own time. So lists ordered by id are ordered by
    time, and a period is a range of ids.
    """
    return _moment(identifier.int >> 80)


def first_id_at(moment: datetime) -> UUID:
    """Return the smallest UUID that can be made at `moment` or later."""
    milliseconds = -((_EPOCH - moment) // timedelta(milliseconds=1))
    return UUID(int=max(milliseconds, 0) << 80)


@lru_cache(maxsize=64)
def _moment(milliseconds: int) -> datetime:
    """Return a moment. Cached: under load, many ids are made in one millisecond."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
