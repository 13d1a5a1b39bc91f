"""Use cases on API keys and sessions: make a key, revoke one, end a session."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from application.auditing import Recorder
from application.ports.keys import KeyView
from application.ports.system import Clock, Secrets
from application.ports.unit_of_work import UnitOfWork
from application.use_case import Alone
from domain import limits
from domain.access import PREFIX, ApiKey, Role, Session, digest_of
from domain.actor import Actor
from domain.audit import Action, Values
from domain.errors import InvalidValue


@dataclass(frozen=True, slots=True)
class CreateKey:
    """Make a key.

    Attributes:
        source: the only source that a key with the role `intake` may name.
        expires_at: None for never.
    """

    role: Role
    name: str | None = None
    source: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """A key that was just made; `secret` is shown now and never again."""

    key: KeyView
    secret: str


@dataclass(frozen=True, slots=True)
class CreateKeyHandler(Alone[CreateKey, CreatedKey]):
    """Makes keys."""

    clock: Clock
    secrets: Secrets
    record: Recorder

    def within(self, uow: UnitOfWork, command: CreateKey, actor: Actor) -> CreatedKey:
        """Make a key.

        Raises:
            UnknownSource: the source is not there.
            InvalidValue: it would have expired already, a source is named for another role, or
                there are too many keys.
        """
        now = self.clock.now()
        expires_at = None if command.expires_at is None else _to_the_millisecond(command.expires_at)
        if expires_at is not None and expires_at <= now:
            raise InvalidValue("the key would have expired already.", field="expires_at")
        name, secret = self.secrets.new()
        prefix = f"{PREFIX}{name}"
        whole = f"{prefix}_{secret}"
        key = ApiKey(
            prefix,
            digest_of(whole),
            command.role,
            now,
            command.name,
            command.source,
            expires_at,
        )
        if command.source is not None:
            uow.dispatches.load(sources=[command.source]).source(command.source)
        if uow.keys.valid(now) >= limits.MAX_KEYS:
            raise InvalidValue(
                f"there are {limits.MAX_KEYS:,} valid keys already; revoke those that nobody uses."
            )
        uow.keys.add(key)
        self.record(uow, actor, Action.KEY_CREATED, key.prefix, after=_audited(key))
        return CreatedKey(KeyView.of(key), whole)


@dataclass(frozen=True, slots=True)
class RevokeKey:
    """Revoke a key."""

    prefix: str


@dataclass(frozen=True, slots=True)
class RevokeKeyHandler(Alone[RevokeKey, KeyView]):
    """Revokes keys."""

    clock: Clock
    record: Recorder

    def within(self, uow: UnitOfWork, command: RevokeKey, actor: Actor) -> KeyView:
        """Revoke a key; one that is already revoked stays so.

        Raises:
            UnknownKey: it does not exist.
        """
        key = uow.keys.get(command.prefix)
        if key.revoked_at is None:
            before = _revocation(key)
            key = replace(key, revoked_at=self.clock.now())
            uow.keys.save(key)
            self.record(uow, actor, Action.KEY_REVOKED, key.prefix, before, _revocation(key))
        return KeyView.of(key)


@dataclass(frozen=True, slots=True)
class EndSession:
    """Somebody signs out of a valid session."""

    session: Session


@dataclass(frozen=True, slots=True)
class EndSessionHandler(Alone[EndSession, Session]):
    """Ends sessions, for every process."""

    clock: Clock

    def within(self, uow: UnitOfWork, command: EndSession, actor: Actor) -> Session:
        """End a session; one that has ended stays so.

        Signing out again and again ends all sessions of the key, because what is kept for a key
        is bounded.

        Returns:
            What has ended: the session, or every session of its key.
        """
        del actor  # Anyone who holds the session may end it.
        session = command.session
        ended = uow.keys.ended_sessions(session.prefix)
        if len(ended) >= limits.MAX_ENDED_SESSIONS:
            # Those that are over already stay so, however long they would have lasted.
            session = session.every(until=max([session.ends_at, *ended]))
        uow.keys.end_session(session, self.clock.now())
        return session


def _audited(key: ApiKey) -> Values:
    return {
        "role": key.role.value,
        "name": key.name,
        "source": key.source_key,
        "expires_at": _moment(key.expires_at),
    }


def _revocation(key: ApiKey) -> Values:
    return {"revoked_at": _moment(key.revoked_at)}


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _to_the_millisecond(moment: datetime) -> datetime:
    """Return a moment as every storage keeps it; one that none can keep would lock everyone out."""
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise InvalidValue(
            "the key must expire in the year 9999 or before.", field="expires_at"
        ) from None
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
