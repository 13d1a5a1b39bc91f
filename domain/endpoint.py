"""An endpoint: a receiver of events at a URL; and a delivery: one event on its way to it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from domain import limits
from domain.errors import InvalidValue
from domain.event_type import EventType
from domain.ids import EndpointId

DELAYS: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=16),
    timedelta(hours=24),
)
"""Between two attempts at one delivery: ten attempts in three days."""
PATIENCE: Final = timedelta(days=5)
"""How long an endpoint may fail without one success before it is disabled."""
BOTH_SECRETS: Final = timedelta(hours=24)
"""How long deliveries are signed with the secret before as well, once there is a new one."""
_LONGEST_LEASE: Final = timedelta(minutes=10)
"""Longer than any lease, whatever the clocks of two machines differ by."""
MOST_RETRY_AFTER: Final = timedelta(hours=24)


class EndpointState(StrEnum):
    """Whether events are delivered."""

    ENABLED = "enabled"
    DISABLED = "disabled"


class Inclusion(StrEnum):
    """What can be put into a delivery besides the event."""

    CONTACT = "contact"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointChange:
    """What to change about an endpoint; None leaves a value as it is."""

    url: str | None = None
    types: Sequence[EventType] | None = None
    sources: Sequence[str] | None = None
    include: Sequence[Inclusion] | None = None
    description: str | None = None


CHANGEABLE: Final = tuple(each.name for each in fields(EndpointChange))


@dataclass(slots=True)
class Endpoint:
    """An endpoint as it stands.

    Attributes:
        secret: `whsec_` and 32 random bytes in base64. It is stored as it is, because every
            delivery is signed with it.
        cursor: every event with a number up to this one is delivered, pending or dead.
        types: those that it wants; all of them if empty.
        sources: keys of those whose events it wants; events of all, and of none, if empty.
        include: what is put into each delivery, as it then stands.
        old_secret: the one before, which signs as well until `old_until`.
        failing_since: when the first attempt failed since the last success; None if none has.
        last_error: what was wrong with the last attempt; why it was disabled.
        leased_by: the process that delivers to it, until `leased_until`.
    """

    id: EndpointId
    url: str
    created_at: datetime
    secret: str
    cursor: int
    types: tuple[EventType, ...] = ()
    sources: tuple[str, ...] = ()
    include: tuple[Inclusion, ...] = ()
    description: str | None = None
    state: EndpointState = EndpointState.ENABLED
    old_secret: str | None = None
    old_until: datetime | None = None
    failing_since: datetime | None = None
    last_error: str | None = None
    last_success_at: datetime | None = None
    leased_by: str | None = None
    leased_until: datetime | None = None

    def __post_init__(self) -> None:
        if len(self.url) > limits.MAX_URL:
            raise InvalidValue(f"url must have at most {limits.MAX_URL} characters.", field="url")
        self.types = tuple(dict.fromkeys(self.types))
        self.sources = tuple(dict.fromkeys(map(limits.key, self.sources)))
        self.include = tuple(dict.fromkeys(self.include))
        if len(self.sources) > limits.MAX_ENDPOINT_SOURCES:
            raise InvalidValue(
                f"an endpoint can name at most {limits.MAX_ENDPOINT_SOURCES} sources; with none, "
                "it gets the events of all.",
                field="sources",
            )
        # An empty one removes it.
        given = self.description
        self.description = limits.short_text(given, "description") if given else None

    def change(self, wanted: EndpointChange) -> None:
        """Make the changes wanted and leave the rest; nothing changes if anything is invalid."""
        given = {name: value for name in CHANGEABLE if (value := getattr(wanted, name)) is not None}
        changed = replace(self, **given)
        for name in given:
            setattr(self, name, getattr(changed, name))

    def rotate(self, secret: str, at: datetime) -> None:
        """Sign with a new secret from now on, and with the present one for another day."""
        self.old_secret, self.old_until = self.secret, at + BOTH_SECRETS
        self.secret = secret

    def secrets(self, at: datetime) -> list[str]:
        """Return the secrets that a delivery is signed with."""
        old = self.old_secret
        if old is None or self.old_until is None or self.old_until <= at:
            return [self.secret]
        return [self.secret, old]

    def succeed(self, at: datetime) -> None:
        """Note that something was delivered."""
        self.failing_since, self.last_error, self.last_success_at = None, None, at

    def fail(self, at: datetime, error: str) -> None:
        """Note that an attempt has failed."""
        self.failing_since = self.failing_since or at
        self.last_error = error

    def is_given_up(self, at: datetime) -> bool:
        """Tell whether it has failed for too long."""
        return self.failing_since is not None and at - self.failing_since >= PATIENCE

    def disable(self, why: str) -> None:
        """Deliver nothing any more, until somebody enables it."""
        self.state, self.last_error = EndpointState.DISABLED, why
        self.leased_by = self.leased_until = None

    def enable(self, cursor: int) -> None:
        """Deliver again, what comes after an event."""
        self.state, self.cursor = EndpointState.ENABLED, cursor
        self.failing_since = self.last_error = None

    def is_free(self, holder: str, at: datetime) -> bool:
        """Tell whether no other process delivers.

        A lease that ends in hours was made by a clock that was ahead and is set right since.
        """
        until = self.leased_until
        return until is None or self.leased_by == holder or not at < until < at + _LONGEST_LEASE

    def lease(self, holder: str, at: datetime, until: datetime) -> bool:
        """Let one process deliver for a while, unless another does; tell whether it may."""
        if self.is_free(holder, at) and self.state is EndpointState.ENABLED:
            self.leased_by, self.leased_until = holder, until
            return True
        return False


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event that was not delivered at once.

    Attributes:
        seq: the number of the event.
        subject: what the event happened to; events of one subject are delivered in order.
        attempts: how many have failed.
        at: when it is tried next, if nothing of its subject comes before it; None if it is dead.
        error: what was wrong with the last attempt; None if there was none.
    """

    seq: int
    subject: str
    attempts: int
    at: datetime | None
    error: str | None = None


def next_attempt(
    attempts: int, at: datetime, chance: float, retry_after: timedelta | None = None
) -> datetime | None:
    """Return when to try again; None if that was the last attempt.

    Args:
        attempts: how many have failed.
        at: when the last one did.
        chance: from 0 to 1; it spreads what failed together.
        retry_after: what the receiver asked for.
    """
    if attempts > len(DELAYS):
        return None
    delay = DELAYS[attempts - 1] * (0.9 + 0.2 * chance)
    return at + max(delay, min(retry_after or delay, MOST_RETRY_AFTER))
