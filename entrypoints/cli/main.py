"""The command `fairlead`."""

import os
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from application.auditing import COMMAND, acting_as
from application.purging import PurgeContacts
from entrypoints import demo as demo_month
from entrypoints.cli import access, copying, importing
from entrypoints.cli.progress import counting
from entrypoints.cli.terminal import (
    DatabaseUrl,
    Words,
    err,
    failures,
    migrated,
    out,
    settings_of,
    stop,
)
from entrypoints.container import build_container, build_simulation
from entrypoints.logs import LogFormat, line_of, log_config
from entrypoints.settings import Settings

app = typer.Typer(
    cls=Words,
    help="Gives every customer contact to the right operator at once.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(access.app, name="keys")


def _show_version(wanted: bool) -> None:
    if wanted:
        out.print(f"fairlead {version('fairlead')}")
        raise typer.Exit


@app.callback()
def main(
    context: typer.Context,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Gives every customer contact to the right operator at once."""
    context.with_resource(acting_as(COMMAND))


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the database.")] = 1,
    access_log: Annotated[
        bool, typer.Option(help="Log every request; costs a third of the throughput.")
    ] = False,
    log_format: Annotated[
        LogFormat | None,
        typer.Option(
            help="Lines for people, or an object of JSON a line; the first on a terminal and the "
            "second elsewhere if not given.",
            show_default=False,
        ),
    ] = None,
    root_path: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="The path below which a proxy serves it, such as /fairlead, taken off by the "
            "proxy or not; the environment's FAIRLEAD_ROOT_PATH, or the host's root, if not given.",
            show_default=False,
        ),
    ] = None,
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
    # Workers are new processes: they read their settings from the environment.
    if root_path is not None:
        os.environ["FAIRLEAD_ROOT_PATH"] = root_path
    settings = settings_of(database_url)
    if workers > 1 and settings.database_url == "memory://":
        stop("memory:// cannot be shared by several workers; use sqlite:///FILE or PostgreSQL.")
    container = build_container(settings)
    with migrated(container):
        # Refuses a URL that cannot be used before there is a server whose log has to be read.
        container.readers().close()
    log_format = log_format or (LogFormat.TEXT if sys.stderr.isatty() else LogFormat.JSON)

    def say(text: str) -> None:
        # Who reads the log by a program is told everything in its form.
        if log_format is LogFormat.JSON:
            typer.echo(line_of(text, __name__), err=True)
        else:
            out.print(text)

    os.environ["FAIRLEAD_DATABASE_URL"] = settings.database_url
    shown = "localhost" if host in {"0.0.0.0", "::"} else host  # noqa: S104 -- compared, not bound
    _say_who_may_come_in(settings, say)
    home = f"http://{shown}:{port}{settings.root_path}"
    say(
        f"Fairlead serves {settings.shown_database_url}; the console is at {home}, "
        f"the API is explained at {home}/docs"
    )
    if settings.shown_read_database_url is not None:
        say(f"Lists and statistics are read from {settings.shown_read_database_url}.")
    uvicorn.run(
        "entrypoints.http.app:create_app",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        access_log=access_log,
        http="entrypoints.http.protocol:PatientProtocol",
        log_config=log_config(log_format),
        ws="none",
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=shutdown_timeout,
        # By default one that is not up after 5 s is ended, on a busy machine again and again.
        timeout_worker_healthcheck=60,
    )


def _say_who_may_come_in(settings: Settings, say: Callable[[str], None]) -> None:
    """Say at the start whether only this machine is served."""
    with failures(), closing(build_container(settings).storage()) as storage:
        if not storage.keys.all():
            say(
                "No API key has been made: only clients on this machine are served. "
                "`fairlead keys create --role admin` opens it to everybody who has a key."
            )


@app.command()
def migrate(database_url: DatabaseUrl = None) -> None:
    """Bring the database's schema up to date; it is created if it is not there."""
    settings = settings_of(database_url)
    with migrated(build_container(settings)):
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
        stop(f"{before!r} is no date; write one as 2026-01-31 or 2026-01-31T18:00+03:00.")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    container = build_container(settings_of(database_url))
    with migrated(container), counting(err, "contacts removed") as progress:
        removed = container.fairlead().purge_contacts(PurgeContacts(moment), progress)
    out.print(f"{removed:,} contacts closed before {moment.isoformat()} were removed.")


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="A new file.")],
    database_url: DatabaseUrl = None,
) -> None:
    """Copy an SQLite database into a file while the service runs."""
    settings = settings_of(database_url)
    with failures(), closing(build_container(settings).storage()) as storage:
        with err.status("copying"):
            storage.backup(file)
        out.print(f"{file} holds all of {settings.shown_database_url}.")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `fairlead backup` has made.")],
    database_url: DatabaseUrl = None,
) -> None:
    """Make an SQLite database, which must not be there yet, of a backup."""
    settings = settings_of(database_url)
    with failures(), closing(build_container(settings).storage()) as storage:
        with err.status("copying"):
            storage.restore(file)
        storage.migrate()
        out.print(
            f"{settings.shown_database_url} holds all of {file}.", "Next: fairlead check", sep="\n"
        )


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
    settings, target = settings_of(database_url), settings_of(to)
    container = build_container(target)
    with (
        failures(),
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
    out.print(*copying.copied(target.shown_database_url, rows, defects), sep="\n")
    if missed.anything:
        err.print(copying.left_out(settings.shown_database_url, missed))
    if defects or missed.anything:
        raise typer.Exit(1)
    out.print(copying.next_step(settings.shown_database_url))


@app.command()
def check(database_url: DatabaseUrl = None) -> None:
    """Verify the invariants on a live database; exit with 1 and a list if one fails."""
    settings = settings_of(database_url)
    container = build_container(settings)
    with failures(), closing(container.storage()) as storage:
        storage.health.ready()
        with counting(err, "contacts read") as progress:
            defects = container.fairlead().check_invariants(progress)
    for each in defects:
        out.print(f"{each.invariant}: {each.detail}")
    if defects:
        err.print(f"{len(defects)} defects in {settings.shown_database_url}.")
        raise typer.Exit(1)
    out.print(f"{settings.shown_database_url} keeps every invariant.")


app.command("import")(importing.import_)


@app.command()
def demo(
    days: Annotated[int, typer.Option(min=1, max=365, help="How far back it begins.")] = 30,
    seed: Annotated[int, typer.Option(help="The same seed gives the same month.")] = 1,
    database_url: DatabaseUrl = None,
) -> None:
    """Fill an empty database with a believable month."""
    settings = settings_of(database_url)
    clock = demo_month.DemoClock()
    container = build_simulation(settings, clock)
    with migrated(container):
        fairlead = container.fairlead()
        if fairlead.catalogue.operators(active=None, limit=1, after=None).items:
            stop(
                f"{settings.shown_database_url} has operators already and is left alone; name "
                "another database with --database-url."
            )
        with counting(err, "contacts registered") as progress:
            result = demo_month.Month(fairlead, clock, days, seed).run(progress)
    out.print(
        f"{settings.shown_database_url} holds {result.operators} operators, {result.sources} "
        f"sources and {result.contacts} contacts of {result.leads} leads; {result.waiting} of the "
        "contacts wait.",
        "Next: fairlead serve",
        sep="\n",
    )
