"""What all commands share: where they write, what they open, and how they end."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console

from application.ports import StorageUnavailable
from domain.errors import DomainError
from entrypoints.container import Container
from entrypoints.settings import Settings

# What people named is shown as they wrote it: `[/x]` is a name, and neither markup nor an error.
out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
err = Console(highlight=False, soft_wrap=True, markup=False, emoji=False, stderr=True)

DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        help="sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME; the environment's "
        "FAIRLEAD_DATABASE_URL, or sqlite:///fairlead.db, if not given.",
        show_default=False,
    ),
]


def settings_of(database_url: str | None) -> Settings:
    """Read the settings, the database's URL from the command line if it is given."""
    try:
        return Settings() if database_url is None else Settings(database_url=database_url)
    except ValidationError as error:
        stop(
            "; ".join(
                f"FAIRLEAD_{'_'.join(map(str, each['loc'])).upper()}: {each['msg']}"
                for each in error.errors()
            )
        )


@contextmanager
def migrated(container: Container) -> Iterator[None]:
    """Open the storage with its schema up to date, and close it at the end."""
    with failures():
        storage = container.storage()
        storage.migrate()
        try:
            yield
        finally:
            storage.close()


@contextmanager
def failures() -> Iterator[None]:
    """Turn what a person can do something about into a sentence and an exit code."""
    try:
        yield
    except ValueError as error:
        stop(str(error))
    except (DomainError, StorageUnavailable) as error:
        stop(str(error))


def stop(reason: str) -> NoReturn:
    """End with a sentence on standard error and the exit code 2."""
    err.print(f"fairlead: {reason}")
    raise typer.Exit(2)
