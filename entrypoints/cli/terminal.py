"""What all commands share: where they write, what they open, and how they end."""

import errno
import os
import re
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from io import TextIOWrapper
from typing import Annotated, Any, Final, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.text import Text
from typer.core import TyperGroup

from application.ports.failures import StorageUnavailable
from application.ports.storage import Storage
from domain.errors import DomainError
from entrypoints.cli.next_step import given, on_the_same_database
from entrypoints.container import Container
from entrypoints.settings import Settings

_BREAKS: Final = re.compile("[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")
_UNSHOWN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def plain(text: str) -> str:
    """Return a text that can safely be sent to a terminal.

    Anybody may have written a name, a path or a row: it must not move the cursor, colour what
    follows, turn the line around, or look like a line of ours.
    """
    return _UNSHOWN.sub("\ufffd", _BREAKS.sub(" ", text))


class Terminal(Console):
    """Shows text as people wrote it, and none of it as a command to the terminal.

    Every text that is printed is one line, cells of tables included; lines are printed one by one
    or with `sep`. `[/x]` is text, and neither markup nor an error.
    """

    def __init__(self, stderr: bool = False, width: int | None = None) -> None:
        super().__init__(
            highlight=False,
            soft_wrap=True,
            markup=False,
            emoji=False,
            stderr=stderr,
            width=width,
        )

    def render_str(self, text: str, **how: Any) -> Text:
        """Make a text from what is printed."""
        return super().render_str(plain(text), **how)


class Words(TyperGroup):
    """The commands; characters of their output that a terminal cannot show are replaced."""

    def main(self, *args: Any, **options: Any) -> Any:
        """Run a command."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="replace")
        try:
            return super().main(*args, **options)
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                raise
            _give_up_output()
            err.print(f"fairlead: the output cannot be written: {error.strerror}.")
            sys.exit(1)

    def make_context(self, *args: Any, **options: Any) -> Any:
        """Read the words before a command's name."""
        with _plain_complaints():
            return super().make_context(*args, **options)

    def invoke(self, *args: Any) -> Any:
        """Read a command's words and run it."""
        with _plain_complaints():
            return super().invoke(*args)


def _give_up_output() -> None:
    """Drop what could not be written: at its end the process would try again, and complain."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def _plain_complaints() -> Iterator[None]:
    """Make complaints about words safe: they quote the words, and are not printed by `err`."""
    try:
        yield
    except typer.TyperException as error:
        error.message = "\n".join(map(plain, error.message.split("\n")))
        raise


out = Terminal()
err = Terminal(stderr=True)


def _note(url: str | None) -> str | None:
    given.set(url)
    return url


DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        callback=_note,
        help="sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME; if not given, "
        "FAIRLEAD_DATABASE_URL from the environment, or sqlite:///fairlead.db.",
        show_default=False,
    ),
]


def settings_of(database_url: str | None, *, lasting: bool = True) -> Settings:
    """Read the settings, with the database's URL from the command line if it is given.

    Args:
        database_url: as it was given.
        lasting: whether the command is pointless on a database that ends with the process.
    """
    try:
        settings = Settings() if database_url is None else Settings(database_url=database_url)
    except ValidationError as error:
        stop(
            "; ".join(
                f"FAIRLEAD_{'_'.join(map(str, each['loc'])).upper()}: {each['msg']}"
                for each in error.errors()
            )
        )
    if lasting and settings.database_url == "memory://":
        stop("data in memory ends with the process; use sqlite:///FILE or PostgreSQL.")
    return settings


@contextmanager
def migrated(container: Container) -> Iterator[None]:
    """Open the storage, made if it is missing, its schema up to date; close it at the end."""
    with failures(), closing(container.storage()) as storage:
        storage.migrate()
        yield


@contextmanager
def opened(container: Container) -> Iterator[Storage]:
    """Open a storage that exists and is up to date, and close it at the end; nothing is made."""
    with failures(), closing(container.storage()) as storage:
        storage.health.readable()
        yield storage


def warn(storage: Storage) -> None:
    """Print the storage's warnings about where it is."""
    for each in storage.warnings():
        err.print(f"fairlead: {each}")


@contextmanager
def failures() -> Iterator[None]:
    """Turn errors that a person can do something about into a sentence and an exit code."""
    try:
        yield
    except ValueError as error:
        stop(str(error))
    except (DomainError, StorageUnavailable) as error:
        stop(on_the_same_database(str(error)))


def stop(reason: str) -> NoReturn:
    """End with a sentence on standard error and the exit code 2."""
    err.print(f"fairlead: {reason}")
    raise typer.Exit(2)
