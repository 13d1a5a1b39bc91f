"""Use cases on endpoints: create, change, rotate, enable, delete one, deliver again."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from application.auditing import Recorder
from application.ports.endpoints import EndpointView
from application.ports.events import LoggedEvent, wanted_by
from application.ports.sender import Sender
from application.ports.system import Clock, Ids, Secrets
from application.ports.unit_of_work import UnitOfWork
from application.use_case import Alone
from domain import limits
from domain.actor import Actor
from domain.audit import Action, Values
from domain.endpoint import Delivery, Endpoint, EndpointChange, EndpointState, Inclusion
from domain.errors import EventsGone, InvalidValue
from domain.event_type import EventType
from domain.ids import EndpointId, time_of


@dataclass(frozen=True, slots=True)
class CreateEndpoint:
    """Somebody wants to be told; see `domain.endpoint.Endpoint`."""

    url: str
    types: Sequence[EventType] = ()
    sources: Sequence[str] = ()
    include: Sequence[Inclusion] = ()
    description: str | None = None


@dataclass(frozen=True, slots=True)
class WithSecret:
    """An endpoint with a secret that was just made; it is shown now and never again."""

    endpoint: EndpointView
    secret: str


@dataclass(frozen=True, slots=True)
class CreateEndpointHandler(Alone[CreateEndpoint, WithSecret]):
    """Creates endpoints. It may wait for the network, so it must not run on an event loop."""

    ids: Ids
    secrets: Secrets
    record: Recorder
    sender: Sender

    def prepare(self, command: CreateEndpoint, actor: Actor) -> CreateEndpoint:
        """Look whether anything may be sent to the URL.

        Raises:
            InvalidValue: it may not.
        """
        del actor
        self.sender.check(command.url)
        return command

    def within(self, uow: UnitOfWork, command: CreateEndpoint, actor: Actor) -> WithSecret:
        """Create an endpoint that is told what happens from now on.

        Raises:
            UnknownSource: one of the sources is not there.
            InvalidValue: a value is outside its limits, or there are too many endpoints.
        """
        if uow.endpoints.number() >= limits.MAX_ENDPOINTS:
            raise InvalidValue(
                f"there are {limits.MAX_ENDPOINTS} endpoints already; delete those that nobody "
                "needs."
            )
        new_id = self.ids.new()
        endpoint = Endpoint(
            EndpointId(new_id),
            command.url,
            time_of(new_id),
            self.secrets.signing(),
            cursor=0,
            types=tuple(command.types),
            sources=tuple(command.sources),
            include=tuple(command.include),
            description=command.description,
        )
        _require_sources(uow, endpoint.sources)
        self.record(uow, actor, Action.ENDPOINT_CREATED, endpoint.id, after=_audited(endpoint))
        # Its own beginning is no news to it.
        endpoint.cursor = uow.events.last()
        uow.endpoints.add(endpoint)
        return WithSecret(_view(uow, endpoint), endpoint.secret)


@dataclass(frozen=True, slots=True)
class UpdateEndpoint:
    """Change an endpoint."""

    endpoint_id: EndpointId
    wanted: EndpointChange


@dataclass(frozen=True, slots=True)
class UpdateEndpointHandler(Alone[UpdateEndpoint, EndpointView]):
    """Changes endpoints. It may wait for the network, so it must not run on an event loop."""

    record: Recorder
    sender: Sender

    def prepare(self, command: UpdateEndpoint, actor: Actor) -> UpdateEndpoint:
        """Look whether anything may be sent to a new URL.

        Raises:
            InvalidValue: it may not.
        """
        del actor
        if command.wanted.url is not None:
            self.sender.check(command.wanted.url)
        return command

    def within(self, uow: UnitOfWork, command: UpdateEndpoint, actor: Actor) -> EndpointView:
        """Change what was given, and leave the rest.

        Raises:
            UnknownEndpoint: it does not exist.
            UnknownSource: one of the sources is not there.
            InvalidValue: a value is outside its limits.
        """
        endpoint = uow.endpoints.get(command.endpoint_id)
        before = _audited(endpoint)
        _require_sources(uow, command.wanted.sources or ())
        endpoint.change(command.wanted)
        uow.endpoints.save(endpoint)
        self.record(uow, actor, Action.ENDPOINT_CHANGED, endpoint.id, before, _audited(endpoint))
        return _view(uow, endpoint)


@dataclass(frozen=True, slots=True)
class RotateSecret:
    """Sign with a new secret; see `domain.endpoint.Endpoint.rotate`."""

    endpoint_id: EndpointId


@dataclass(frozen=True, slots=True)
class RotateSecretHandler(Alone[RotateSecret, WithSecret]):
    """Gives endpoints new secrets."""

    clock: Clock
    secrets: Secrets
    record: Recorder

    def within(self, uow: UnitOfWork, command: RotateSecret, actor: Actor) -> WithSecret:
        """Sign with a new secret from now on, and with the present one for another day.

        Raises:
            UnknownEndpoint: it does not exist.
        """
        endpoint = uow.endpoints.get(command.endpoint_id)
        endpoint.rotate(self.secrets.signing(), self.clock.now())
        uow.endpoints.save(endpoint)
        self.record(uow, actor, Action.ENDPOINT_ROTATED, endpoint.id)
        return WithSecret(_view(uow, endpoint), endpoint.secret)


@dataclass(frozen=True, slots=True)
class EnableEndpoint:
    """Deliver again.

    Attributes:
        from_now: whether to leave out what happened meanwhile.
    """

    endpoint_id: EndpointId
    from_now: bool = False


@dataclass(frozen=True, slots=True)
class EnableEndpointHandler(Alone[EnableEndpoint, EndpointView]):
    """Enables endpoints that were disabled because they failed."""

    clock: Clock
    record: Recorder

    def within(self, uow: UnitOfWork, command: EnableEndpoint, actor: Actor) -> EndpointView:
        """Deliver again, from where it was or from now; an enabled endpoint stays as it is.

        Raises:
            UnknownEndpoint: it does not exist.
            EventsGone: some of the events that follow are no longer kept.
        """
        endpoint = uow.endpoints.get(command.endpoint_id)
        if endpoint.state is EndpointState.ENABLED:
            return _view(uow, endpoint)
        before = _audited(endpoint)
        earliest, last = uow.events.bounds()
        needed = uow.endpoints.first_pending(endpoint.id) or endpoint.cursor + 1
        if command.from_now:
            uow.endpoints.give_up(endpoint.id)
        elif needed < earliest:
            raise EventsGone(
                f"events before {earliest} are gone, and this endpoint has not got those from "
                f"{needed} on; enable it from now, and read what you follow once more.",
                field="from",
                earliest=earliest,
            )
        else:
            uow.endpoints.bring_forward(endpoint.id, self.clock.now())
        endpoint.enable(last if command.from_now else endpoint.cursor)
        uow.endpoints.save(endpoint)
        self.record(uow, actor, Action.ENDPOINT_ENABLED, endpoint.id, before, _audited(endpoint))
        return _view(uow, endpoint)


@dataclass(frozen=True, slots=True)
class DeleteEndpoint:
    """Nobody is to be told there any more."""

    endpoint_id: EndpointId


@dataclass(frozen=True, slots=True)
class DeleteEndpointHandler(Alone[DeleteEndpoint, None]):
    """Deletes endpoints, with what they have not been told."""

    record: Recorder

    def within(self, uow: UnitOfWork, command: DeleteEndpoint, actor: Actor) -> None:
        """Delete an endpoint.

        Raises:
            UnknownEndpoint: it does not exist.
        """
        endpoint = uow.endpoints.get(command.endpoint_id)
        uow.endpoints.remove(endpoint.id)
        self.record(uow, actor, Action.ENDPOINT_DELETED, endpoint.id, before=_audited(endpoint))


@dataclass(frozen=True, slots=True)
class Redeliver:
    """Deliver events again, with the ids that they had.

    Attributes:
        ids: those of the events; None for a range.
        after, until: the numbers of the event before the first, and of the last; None for the end
            of the log.
    """

    endpoint_id: EndpointId
    ids: Sequence[UUID] | None = None
    after: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class RedeliverHandler(Alone[Redeliver, int]):
    """Has events delivered again."""

    clock: Clock
    record: Recorder

    def within(self, uow: UnitOfWork, command: Redeliver, actor: Actor) -> int:
        """Have those that the endpoint wants delivered again, beginning now.

        Returns:
            How many will be.

        Raises:
            UnknownEndpoint: it does not exist.
            EventsGone: some of them are no longer kept, or have never been.
            InvalidValue: there are too many, or neither ids nor a range is given.
        """
        endpoint = uow.endpoints.get(command.endpoint_id)
        found = _asked_for(uow, command)
        where = wanted_by(endpoint)
        # What is ahead of the cursor comes anyway.
        again = [each for each in found if each.seq <= endpoint.cursor and where.wants(each)]
        now = self.clock.now()
        uow.endpoints.put(
            endpoint.id, [Delivery(each.seq, each.subject_key, 0, now) for each in again]
        )
        if again:
            self.record(
                uow,
                actor,
                Action.ENDPOINT_REDELIVERED,
                endpoint.id,
                after={"events": len(again), "from": again[0].seq, "to": again[-1].seq},
            )
        return len(again)


def _asked_for(uow: UnitOfWork, command: Redeliver) -> Sequence[LoggedEvent]:
    earliest, last = uow.events.bounds()
    if command.ids is not None:
        found = [
            event
            for each in dict.fromkeys(command.ids)
            for event in uow.events.between(LoggedEvent.seq_of(each), LoggedEvent.seq_of(each))
            if event.id == each
        ]
        if len(found) < len(set(command.ids)):
            raise EventsGone(
                "some of these events are no longer kept, or have never been.",
                field="ids",
                earliest=earliest,
            )
        return found
    if command.after is None:
        raise InvalidValue("name the events by ids, or say after which one.", field="after")
    until = last if command.until is None else min(command.until, last)
    if command.after < earliest - 1:
        raise EventsGone(
            f"events before {earliest} are no longer kept; the first that can be asked for comes "
            f"after {earliest - 1}.",
            field="after",
            earliest=earliest,
        )
    if until - command.after > limits.MAX_REDELIVERED:
        raise InvalidValue(
            f"these are {until - command.after:,} events; ask for at most "
            f"{limits.MAX_REDELIVERED:,} at a time.",
            field="until",
        )
    return uow.events.between(command.after + 1, until)


def _require_sources(uow: UnitOfWork, keys: Sequence[str]) -> None:
    if keys:
        dispatch = uow.dispatches.load(sources=keys)
        for each in keys:
            dispatch.source(each)


def _view(uow: UnitOfWork, endpoint: Endpoint) -> EndpointView:
    return EndpointView.of(endpoint, uow.endpoints.standing(endpoint.id))


def _audited(endpoint: Endpoint) -> Values:
    """Return what is audited: of a URL the host and a digest, because the rest may be a secret."""
    digest = sha256(endpoint.url.encode()).hexdigest()
    changeable: dict[str, Any] = {
        "url": f"{urlsplit(endpoint.url).hostname} ({digest[:8]})",
        "types": list(endpoint.types),
        "sources": list(endpoint.sources),
        "include": list(endpoint.include),
        "description": endpoint.description,
        "state": endpoint.state.value,
    }
    return changeable
