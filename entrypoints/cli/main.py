"""The command `fairlead`."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, NoReturn

import typer
import uvicorn
from pydantic import ValidationError
from rich.console import Console

from application.ports import StorageUnavailable
from application.purging import PurgeContacts
from domain.errors import DomainError
from entrypoints import demo as demo_month
from entrypoints.cli import copying, importing
from entrypoints.cli.progress import counting, reading_file
from entrypoints.container import Container, build_container, build_simulation
from entrypoints.settings import Settings

app = typer.Typer(
    help="Gives every customer contact to the right operator at once.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
out = Console(highlight=False, soft_wrap=True)
err = Console(highlight=False, soft_wrap=True, stderr=True)

DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        help="sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME; the environment's "
        "FAIRLEAD_DATABASE_URL, or sqlite:///fairlead.db, if not given.",
        show_default=False,
    ),
]


def _show_version(wanted: bool) -> None:
    if wanted:
        out.print(f"fairlead {version('fairlead')}")
        raise typer.Exit


@app.callback()
def main(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Gives every customer contact to the right operator at once."""


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the database.")] = 1,
    access_log: Annotated[
        bool, typer.Option(help="Log every request; costs a third of the throughput.")
    ] = False,
    shutdown_timeout: Annotated[
        int,
        typer.Option(
            min=1,
            help="Seconds that requests have to end after SIGTERM; a client that never finishes "
            "its request is cut off then.",
        ),
    ] = 30,
    database_url: DatabaseUrl = None,
) -> None:
    """Bring the database up to date and serve the API."""
    settings = _settings(database_url)
    if workers > 1 and settings.database_url == "memory://":
        _stop("memory:// cannot be shared by several workers; use sqlite:///FILE or PostgreSQL.")
    container = build_container(settings)
    with _storage(container):
        # Refuses a URL that cannot be used before there is a server whose log has to be read.
        container.readers().close()
    # Workers are new processes: they read their settings from the environment.
    os.environ["FAIRLEAD_DATABASE_URL"] = settings.database_url
    shown = "localhost" if host in {"0.0.0.0", "::"} else host  # noqa: S104 -- compared, not bound
    out.print(
        f"Fairlead serves {settings.shown_database_url}; the API is explained at http://{shown}:{port}/docs"
    )
    if settings.shown_read_database_url is not None:
        out.print(f"Lists and statistics are read from {settings.shown_read_database_url}.")
    uvicorn.run(
        "entrypoints.http.app:create_app",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        access_log=access_log,
        ws="none",
        timeout_graceful_shutdown=shutdown_timeout,
    )


@app.command()
def migrate(database_url: DatabaseUrl = None) -> None:
    """Bring the database's schema up to date; it is created if it is not there."""
    settings = _settings(database_url)
    with _storage(build_container(settings)):
        out.print(
            f"{settings.shown_database_url} has the schema of fairlead {version('fairlead')}."
        )


@app.command()
def purge(
    before: Annotated[
        str,
        typer.Option(
            metavar="DATE",
            help="ISO 8601, such as 2026-01-31 or 2026-01-31T18:00+03:00; in UTC if it names no "
            "zone.",
        ),
    ],
    database_url: DatabaseUrl = None,
) -> None:
    """Remove contacts closed before a moment; statistics, leads and identities stay.

    Registrations go on meanwhile.
    """
    try:
        moment = datetime.fromisoformat(before)
    except ValueError:
        _stop(f"{before!r} is no date; write one as 2026-01-31 or 2026-01-31T18:00+03:00.")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    container = build_container(_settings(database_url))
    with _storage(container), counting(err, "contacts removed") as progress:
        removed = container.fairlead().purge_contacts(PurgeContacts(moment), progress)
    out.print(f"{removed:,} contacts closed before {moment.isoformat()} were removed.")


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="A new file.")],
    database_url: DatabaseUrl = None,
) -> None:
    """Copy an SQLite database into a file while the service runs."""
    settings = _settings(database_url)
    with _failures(), closing(build_container(settings).storage()) as storage:
        with err.status("copying"):
            storage.backup(file)
        out.print(f"{file} holds all of {settings.shown_database_url}.")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `fairlead backup` has made.")],
    database_url: DatabaseUrl = None,
) -> None:
    """Make an SQLite database, which must not be there yet, of a backup."""
    settings = _settings(database_url)
    with _failures(), closing(build_container(settings).storage()) as storage:
        with err.status("copying"):
            storage.restore(file)
        storage.migrate()
        out.print(f"{settings.shown_database_url} holds all of {file}.\nNext: fairlead check")


@app.command()
def copy(
    to: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="An empty database: sqlite:///FILE or "
            "postgresql+psycopg://USER:PASSWORD@HOST/NAME; its tables are made if they are not "
            "there.",
        ),
    ],
    database_url: DatabaseUrl = None,
) -> None:
    """Copy everything into an empty database, SQLite or PostgreSQL, while the service runs.

    Exit with 1 if the service wrote meanwhile: what it wrote is not in the copy.
    """
    settings, target = _settings(database_url), _settings(to)
    container = build_container(target)
    with (
        _failures(),
        closing(build_container(settings).storage()) as source,
        closing(container.storage()) as storage,
        source.snapshot() as snapshot,
    ):
        with counting(err, "rows copied") as progress:
            rows = storage.fill(snapshot, progress)
        # The check takes long, too, and what the source keeps for its readers grows.
        snapshot.let_go()
        with counting(err, "contacts of the copy checked") as progress:
            defects = container.fairlead().check_invariants(progress)
        missed = snapshot.missed()
    out.print(copying.copied(target.shown_database_url, rows, defects))
    if missed.anything:
        err.print(copying.left_out(settings.shown_database_url, missed))
    if defects or missed.anything:
        raise typer.Exit(1)
    out.print(copying.next_step(settings.shown_database_url))


@app.command()
def check(database_url: DatabaseUrl = None) -> None:
    """Verify the invariants on a live database; exit with 1 and a list if one fails."""
    settings = _settings(database_url)
    container = build_container(settings)
    with _failures(), closing(container.storage()) as storage:
        storage.health.ready()
        with counting(err, "contacts read") as progress:
            defects = container.fairlead().check_invariants(progress)
    for each in defects:
        out.print(f"{each.invariant}: {each.detail}")
    if defects:
        err.print(f"{len(defects)} defects in {settings.shown_database_url}.")
        raise typer.Exit(1)
    out.print(f"{settings.shown_database_url} keeps every invariant.")


@app.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV with a header, or NDJSON.")
    ],
    source: Annotated[
        str,
        typer.Option(
            metavar="COLUMN",
            help="The column that names the source. `Direct Traffic` becomes direct-traffic.",
        ),
    ],
    identity: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND=COLUMN", help="An identity of the lead; may be repeated."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The column with the lead's name.")
    ] = None,
    payload: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="A column to keep; may be repeated."),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help="The idempotency key: importing again then adds nothing."
        ),
    ] = None,
    create_sources: Annotated[
        bool, typer.Option("--create-sources", help="Create the sources that are missing.")
    ] = False,
    refused: Annotated[
        Path | None,
        typer.Option(
            help="Where refused rows go, with their reasons; FILE.refused.csv (or .ndjson) in "
            "the current folder if not given.",
            show_default=False,
        ),
    ] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Register a file's rows as contacts; memory stays flat, bad rows are set aside."""
    try:
        columns = importing.Columns.of(source, identity or [], name, payload or [], key)
    except ValueError as error:
        _stop(str(error))
    container = build_container(_settings(database_url))
    with _storage(container):
        refused_path = refused or importing.refused_path(file)
        try:
            with reading_file(err, file) as progress:
                summary = importing.import_file(
                    container.fairlead(), file, columns, refused_path, create_sources, progress
                )
        except (ValueError, OSError) as error:
            _stop(str(error))
    importing.show(summary, out)
    if summary.stopped is not None:
        _stop(summary.stopped)


@app.command()
def demo(
    days: Annotated[int, typer.Option(min=1, max=365, help="How far back it begins.")] = 30,
    seed: Annotated[int, typer.Option(help="The same seed gives the same month.")] = 1,
    database_url: DatabaseUrl = None,
) -> None:
    """Fill an empty database with a believable month."""
    settings = _settings(database_url)
    clock = demo_month.DemoClock()
    container = build_simulation(settings, clock)
    with _storage(container):
        fairlead = container.fairlead()
        if fairlead.catalogue.operators(active=None, limit=1, after=None).items:
            _stop(
                f"{settings.shown_database_url} has operators already and is left alone; name "
                "another database with --database-url."
            )
        with counting(err, "contacts registered") as progress:
            result = demo_month.Month(fairlead, clock, days, seed).run(progress)
    out.print(
        f"{settings.shown_database_url} holds {result.operators} operators, {result.sources} "
        f"sources and {result.contacts} contacts of {result.leads} leads; {result.waiting} of the "
        "contacts wait.\nNext: fairlead serve"
    )


def _settings(database_url: str | None) -> Settings:
    try:
        return Settings() if database_url is None else Settings(database_url=database_url)
    except ValidationError as error:
        _stop(
            "; ".join(
                f"FAIRLEAD_{'_'.join(map(str, each['loc'])).upper()}: {each['msg']}"
                for each in error.errors()
            )
        )


@contextmanager
def _storage(container: Container) -> Iterator[None]:
    """Open the storage with its schema up to date, and close it at the end."""
    with _failures():
        storage = container.storage()
        storage.migrate()
        try:
            yield
        finally:
            storage.close()


@contextmanager
def _failures() -> Iterator[None]:
    """Turn what a person can do something about into a sentence and an exit code."""
    try:
        yield
    except ValueError as error:
        _stop(str(error))
    except (DomainError, StorageUnavailable) as error:
        _stop(str(error))


def _stop(reason: str) -> NoReturn:
    err.print(f"fairlead: {reason}")
    raise typer.Exit(2)
