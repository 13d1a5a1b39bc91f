"""API keys in SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from adapters.sql.engine import Database
from adapters.sql.reading import AnyRow, reading
from adapters.sql.tables import ApiKeyRow, EndedSessionRow
from application.ports.keys import KeyReader, Keys
from domain.access import ApiKey, Role, Session
from domain.errors import UnknownKey

_insert = insert(ApiKeyRow)
_revoke = (
    update(ApiKeyRow)
    .where(ApiKeyRow.prefix == bindparam("key"))
    .values(revoked_at=bindparam("revoked_at"))
)


class SqlKeys(Keys):
    """See `application.ports.keys.Keys`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, key: ApiKey) -> None:
        self._connection.execute(
            _insert,
            {
                "prefix": key.prefix,
                "digest": key.digest,
                "role": key.role.value,
                "created_at": key.created_at,
                "name": key.name,
                "source_key": key.source_key,
                "expires_at": key.expires_at,
                "revoked_at": key.revoked_at,
            },
        )

    def get(self, prefix: str) -> ApiKey:
        row = self._connection.execute(
            select(*ApiKeyRow.__table__.columns).where(ApiKeyRow.prefix == prefix)
        ).one_or_none()
        if row is None:
            raise UnknownKey(f"no key has the prefix {prefix!r}.", field="prefix")
        return _key(row)

    def save(self, key: ApiKey) -> None:
        self._connection.execute(_revoke, {"key": key.prefix, "revoked_at": key.revoked_at})

    def valid(self, at: datetime) -> int:
        expires = ApiKeyRow.expires_at
        query = select(func.count()).where(
            ApiKeyRow.revoked_at.is_(None), or_(expires.is_(None), expires > at)
        )
        return int(self._connection.execute(query).scalar_one())

    def end_session(self, session: Session, at: datetime) -> None:
        ended = EndedSessionRow
        over = [ended.ends_at <= at, ended.id == session.name]
        if not session.id:
            over.append(_of_key(session.prefix))
        self._connection.execute(delete(ended).where(or_(*over)))
        self._connection.execute(insert(ended), {"id": session.name, "ends_at": session.ends_at})

    def ended_sessions(self, prefix: str) -> Sequence[datetime]:
        query = select(EndedSessionRow.ends_at).where(_of_key(prefix))
        return self._connection.execute(query).scalars().all()


def _of_key(prefix: str) -> ColumnElement[bool]:
    # A slash comes right after the full stop.
    return and_(EndedSessionRow.id >= f"{prefix}.", EndedSessionRow.id < f"{prefix}/")


class SqlKeyReader(KeyReader):
    """See `application.ports.keys.KeyReader`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[ApiKey]:
        with reading(self._database) as connection:
            rows = connection.execute(
                select(*ApiKeyRow.__table__.columns).order_by(
                    ApiKeyRow.created_at.desc(), ApiKeyRow.prefix.desc()
                )
            ).all()
        return [_key(row) for row in rows]

    def ended_sessions(self) -> Mapping[str, datetime]:
        with reading(self._database) as connection:
            rows = connection.execute(select(EndedSessionRow.id, EndedSessionRow.ends_at)).all()
        return {row.id: row.ends_at for row in rows}


def _key(row: AnyRow) -> ApiKey:
    return ApiKey(
        row.prefix,
        row.digest,
        Role(row.role),
        row.created_at,
        row.name,
        row.source_key,
        row.expires_at,
        row.revoked_at,
    )
