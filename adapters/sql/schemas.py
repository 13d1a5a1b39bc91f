"""Finds the schema of a PostgreSQL database that holds Fairlead's tables.

Where a search path leads depends on a role, a database, a server and the environment, and may be
different tomorrow. So the tables are looked for: a search path only chooses among several sets of
them, and says where the first set is made. It never leads to a second one.
"""

import logging
from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection

from adapters.sql.sessions import SCHEMA
from application.ports.failures import StorageAway

logger = logging.getLogger(__name__)

_LOOK: Final = """
SELECT pg_catalog.current_setting('search_path'),
  ARRAY(
    SELECT name::text FROM pg_catalog.unnest(pg_catalog.current_schemas(false))
      WITH ORDINALITY AS led (name, place)
    WHERE name::text !~ '^(pg_|information_schema$)' ORDER BY place
  ),
  ARRAY(SELECT nspname::text FROM pg_catalog.pg_namespace ORDER BY nspname),
  ARRAY(
    SELECT nspname::text
    FROM pg_catalog.pg_class
    JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p') AND nspname::text !~ '^pg_'
      AND relname IN ('allocations', 'contacts', 'identities', 'operators')
    GROUP BY nspname HAVING pg_catalog.count(*) = 4 ORDER BY nspname
  )
"""


class _Found(NamedTuple):
    """What a session finds.

    Attributes:
        path: its search path, as written.
        led: the schemas that it leads to, without those that do not exist and PostgreSQL's own.
        schemas: all that exist.
        homes: those that hold Fairlead's tables, of any release.
    """

    path: str
    led: Sequence[str]
    schemas: Sequence[str]
    homes: Sequence[str]


def home(connection: Connection, named: str | None) -> str | None:
    """Return the schema that holds Fairlead's tables; None if none does.

    Args:
        connection: in a transaction.
        named: the schema that the URL names, if any; it is then the answer.

    Raises:
        StorageAway: several do, and nothing says which one is meant.
    """
    return named or _home(_look(connection))


def home_to_migrate(connection: Connection, named: str | None) -> str:
    """Return the schema that holds Fairlead's tables, or in which they are to be made.

    Raises:
        StorageAway: it is unclear which one, or it does not exist; the message says what to do.
    """
    found = _look(connection)
    if named is not None:
        if named not in found.schemas:
            raise StorageAway(
                f"the database has no schema {named}; create it (CREATE SCHEMA), for the role that "
                "Fairlead connects as."
            )
        return named
    return _home(found) or _first(found)


def _home(found: _Found) -> str | None:
    among = [each for each in found.led if each in found.homes] or found.homes
    if not among:
        return None
    if among is found.homes:
        if len(among) > 1:
            raise StorageAway(
                f"the database has Fairlead's tables in several schemas ({', '.join(among)}), and "
                f"the search path ({found.path}) leads to none of them; name one at the end of "
                f"the URL: ?{SCHEMA}={among[0]}"
            )
        logger.warning(
            "Fairlead's tables are in the schema %s, which the search path (%s) does not include; "
            "they are used anyway.",
            among[0],
            found.path,
        )
    return among[0]


def _first(found: _Found) -> str:
    """Return the schema in which the tables are made if there are none yet."""
    if found.led:
        return found.led[0]
    # Some administrators empty the search path for safety.
    if found.path in {"", '""'} and "public" in found.schemas:
        return "public"
    raise StorageAway(
        f"the search path ({found.path}) leads to no schema in which tables could be made; create "
        f"one of its schemas (CREATE SCHEMA), or name another at the end of the URL: ?{SCHEMA}=NAME"
    )


def _look(connection: Connection) -> _Found:
    (row,) = connection.exec_driver_sql(_LOOK)
    return _Found(*row)
