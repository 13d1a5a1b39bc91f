"""Commands that a command suggests, to be copied and run as they are."""

import shlex
import shutil
import sys
from contextvars import ContextVar
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

given: ContextVar[str | None] = ContextVar("given", default=None)
"""The database's URL from the command line of the running command; None if there is none."""
_MIGRATE = "`fairlead migrate`"


def next_step(words: str, database_url: str | None = None) -> str:
    """Return the line that names the command to run next; see `command`."""
    return f"Next: {command(words, database_url)}"


def command(words: str, database_url: str | None = None) -> str:
    """Return a command line that works on the same database as the running command.

    A URL that was given is repeated. A password is never shown: for a URL that has one, the line
    says that the variable has to hold the URL.

    Args:
        words: what comes after `fairlead`.
        database_url: another database.
    """
    url = database_url or given.get()
    line = f"{_called()} {words}"
    if url is None:
        return line
    if _has_password(url):
        return f"{line} (with the database's URL, password included, in FAIRLEAD_DATABASE_URL)"
    return f"{line} --database-url {shlex.quote(url)}"


def on_the_same_database(reason: str) -> str:
    """Complete a sentence that tells people to migrate: its author knows no command line."""
    return reason.replace(_MIGRATE, f"`{command('migrate')}`")


def _has_password(url: str) -> bool:
    try:
        parsed = make_url(url)
    except ArgumentError:
        # Whatever it is, it may hold a password.
        return True
    return parsed.password is not None or any("password" in each for each in parsed.query)


def _called() -> str:
    """Return how the command was called: `.venv/bin/fairlead` where `fairlead` is not found."""
    called = sys.argv[0]
    if Path(called).name != "fairlead" or shutil.which("fairlead") == called:
        return "fairlead"
    return shlex.quote(called)
