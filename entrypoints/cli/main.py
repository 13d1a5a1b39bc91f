"""The command `fairlead`."""

import logging
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

from application.purging import PurgeContacts
from domain.actor import COMMAND
from entrypoints import demo as demo_month
from entrypoints.cli import access, copying, following, importing, reporting
from entrypoints.cli.listening import require_listenable
from entrypoints.cli.next_step import command, next_step
from entrypoints.cli.progress import counting
from entrypoints.cli.terminal import (
    DatabaseUrl,
    Words,
    err,
    failures,
    migrated,
    opened,
    out,
    settings_of,
    stop,
    warn,
)
from entrypoints.container import build_container, build_simulation
from entrypoints.logs import LogFormat, line_of, log_config
from entrypoints.settings import Settings

app = typer.Typer(
    cls=Words,
    help="Gives every customer contact to the right operator at once.",
    epilog="Begin with `fairlead serve`; `fairlead demo` makes data to look at.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(access.app, name="keys")
app.add_typer(following.app, name="events")


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
    # What a service logs, a command says in its last sentence; `serve` sets up a log.
    logging.getLogger("adapters").addHandler(logging.NullHandler())


@app.command(epilog="Example: fairlead serve --port 8080 --database-url sqlite:///leads.db")
def serve(
    host: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS", help="The address to listen on; 0.0.0.0 for every network."
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(
            metavar="PORT", min=0, max=65535, help="The port to listen on; 0 for any free one."
        ),
    ] = 8000,
    workers: Annotated[
        int, typer.Option(metavar="NUMBER", min=1, help="Processes that share the database.")
    ] = 1,
    access_log: Annotated[
        bool, typer.Option(help="Log every request; costs a third of the throughput.")
    ] = False,
    log_format: Annotated[
        LogFormat | None,
        typer.Option(
            help="Lines for people, or one JSON object a line; if not given, the first on a "
            "terminal and the second elsewhere.",
            show_default=False,
        ),
    ] = None,
    root_path: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="The path that a proxy serves it under, such as /fairlead, whether or not the "
            "proxy takes it off; if not given, FAIRLEAD_ROOT_PATH from the environment, or the "
            "host's root.",
            show_default=False,
        ),
    ] = None,
    shutdown_timeout: Annotated[
        int,
        typer.Option(
            metavar="SECONDS",
            min=1,
            help="Seconds that requests have to finish after SIGTERM; a client that never finishes "
            "its request is then cut off.",
        ),
    ] = 30,
    database_url: DatabaseUrl = None,
) -> None:
    """Bring the database up to date and serve the console and the API."""
    # Workers are new processes: they read their settings from the environment.
    if root_path is not None:
        os.environ["FAIRLEAD_ROOT_PATH"] = root_path
    settings = settings_of(database_url, lasting=False)
    if workers > 1 and settings.database_url == "memory://":
        stop("memory:// cannot be shared by several workers; use sqlite:///FILE or PostgreSQL.")
    container = build_container(settings)
    with failures():
        port = require_listenable(host, port)
    with migrated(container):
        # Refuses a URL that cannot be used here, and not later in the log of a server.
        container.readers().close()
    log_format = log_format or (LogFormat.TEXT if sys.stderr.isatty() else LogFormat.JSON)

    def say(text: str) -> None:
        # A program that reads the log gets everything in its form.
        if log_format is LogFormat.JSON:
            typer.echo(line_of(text, __name__), err=True)
        else:
            out.print(text)

    os.environ["FAIRLEAD_DATABASE_URL"] = settings.database_url
    shown = "localhost" if host in {"0.0.0.0", "::"} else host  # noqa: S104 -- compared, not bound
    shown = f"[{shown}]" if ":" in shown else shown
    _say_who_may_come_in(settings, say)
    home = f"http://{shown}:{port}{settings.root_path}"
    say(
        f"Fairlead serves {settings.shown_database_url}; the console is at {home}, "
        f"the API is documented at {home}/docs"
    )
    if settings.shown_read_database_url is not None:
        say(f"Lists and statistics are read from {settings.shown_read_database_url}.")
    uvicorn.run(
        "entrypoints.web:create_app",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        access_log=access_log,
        http="entrypoints.edge.protocol:PatientProtocol",
        log_config=log_config(log_format, settings.root_path),
        ws="none",
        forwarded_allow_ips=settings.proxies,
        timeout_graceful_shutdown=shutdown_timeout,
        # Clients keep a connection for a minute, and lose a call if the server closes it meanwhile.
        timeout_keep_alive=75,
        # By default a worker that is not up after 5 s is ended; on a busy machine, again and again.
        timeout_worker_healthcheck=60,
    )


def _say_who_may_come_in(settings: Settings, say: Callable[[str], None]) -> None:
    """Say at the start whether only this machine is served, and what is wrong with the settings."""
    container = build_container(settings)
    with failures(), closing(container.storage()) as storage:
        container.sender()
        if not settings.deliveries:
            say("FAIRLEAD_DELIVERIES is off: this process delivers no events to endpoints.")
        if not storage.keys.all():
            in_memory = settings.database_url == "memory://"
            make_one = "POST /v1/keys" if in_memory else command("keys create --role admin")
            say(
                "No API key has been made: only clients on this machine are served. To serve "
                f"everybody who has a key: {make_one}"
            )


@app.command(epilog="Example: fairlead migrate --database-url sqlite:///leads.db")
def migrate(database_url: DatabaseUrl = None) -> None:
    """Bring the database's schema up to date.

    The database is made if it is not there.
    """
    settings = settings_of(database_url)
    container = build_container(settings)
    with migrated(container):
        warn(container.storage())
        out.print(
            f"{settings.shown_database_url} has the schema of fairlead {version('fairlead')}."
        )


@app.command(epilog="Example: fairlead purge --before 2026-01-31 --database-url sqlite:///leads.db")
def purge(
    before: Annotated[
        str,
        typer.Option(
            metavar="DATE",
            help="ISO 8601, such as 2026-01-31 or 2026-01-31T18:00+03:00; UTC if it names no zone.",
        ),
    ],
    database_url: DatabaseUrl = None,
) -> None:
    """Remove contacts that were closed before a moment.

    Statistics, leads and identities stay, and registrations continue meanwhile.
    """
    try:
        moment = datetime.fromisoformat(before)
    except ValueError:
        stop(f"{before!r} is not a date; write one as 2026-01-31 or 2026-01-31T18:00+03:00.")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    container = build_container(settings_of(database_url))
    with opened(container), counting(err, "contacts removed") as progress:
        removed = container.fairlead().purge_contacts(PurgeContacts(moment), COMMAND, progress)
    out.print(f"{removed:,} contacts closed before {moment.isoformat()} were removed.")


@app.command(epilog="Example: fairlead backup monday.db --database-url sqlite:///leads.db")
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")],
    database_url: DatabaseUrl = None,
) -> None:
    """Copy an SQLite database to a file while the service runs."""
    settings = settings_of(database_url)
    with failures(), closing(build_container(settings).storage()) as storage:
        with err.status("copying"):
            storage.backup(file)
        out.print(f"{file} holds everything from {settings.shown_database_url}.")


@app.command(epilog="Example: fairlead restore monday.db --database-url sqlite:///leads.db")
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file made by `fairlead backup`.")],
    database_url: DatabaseUrl = None,
) -> None:
    """Restore an SQLite database from a backup.

    No database of that name may exist yet.
    """
    settings = settings_of(database_url)
    with failures(), closing(build_container(settings).storage()) as storage:
        with err.status("copying"):
            storage.restore(file)
        storage.migrate()
        out.print(f"{settings.shown_database_url} holds everything from {file}.")
        out.print(next_step("check"))


@app.command(
    epilog="Example: fairlead copy --to sqlite:///copy.db --database-url sqlite:///leads.db"
)
def copy(
    to: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="An empty database: sqlite:///FILE or "
            "postgresql://USER:PASSWORD@HOST/NAME; its tables are created if they are "
            "missing.",
        ),
    ],
    database_url: DatabaseUrl = None,
) -> None:
    """Copy everything into an empty database, SQLite or PostgreSQL.

    The service may keep running.
    If it writes meanwhile, the exit code is 1: what it wrote is not in the copy.
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
        # The check takes long as well, and what the source keeps for its readers grows.
        snapshot.let_go()
        with counting(err, "contacts of the copy checked") as progress:
            defects = container.fairlead().check_invariants(progress)
        missed = snapshot.missed()
    out.print(*copying.copied(target.shown_database_url, rows, defects), sep="\n")
    if missed.anything:
        err.print(copying.left_out(settings.shown_database_url, missed))
    if defects or missed.anything:
        raise typer.Exit(1)
    out.print(copying.over(settings.shown_database_url))
    out.print(next_step("serve", to))


@app.command(epilog="Example: fairlead check --database-url sqlite:///leads.db")
def check(database_url: DatabaseUrl = None) -> None:
    """Verify the invariants on a live database.

    If any fail, they are listed and the exit code is 1.
    """
    settings = settings_of(database_url)
    container = build_container(settings)
    with opened(container) as storage:
        warn(storage)
        with counting(err, "contacts read") as progress:
            defects = container.fairlead().check_invariants(progress)
    for each in defects:
        out.print(f"{each.invariant}: {each.detail}")
    if defects:
        err.print(f"{len(defects)} defects in {settings.shown_database_url}.")
        raise typer.Exit(1)
    out.print(f"{settings.shown_database_url} keeps every invariant.")


app.command(epilog="Example: fairlead report --week 2026-W48 --zone Europe/Moscow")(
    reporting.report
)


app.command(
    "import", epilog="Example: fairlead import leads.csv --source channel --identity phone=phone"
)(importing.import_)


@app.command(epilog="Example: fairlead demo --days 3 --database-url sqlite:///demo.db")
def demo(
    days: Annotated[
        int, typer.Option(metavar="DAYS", min=1, max=365, help="How far back it begins.")
    ] = 30,
    seed: Annotated[
        int, typer.Option(metavar="NUMBER", help="The same seed gives the same month.")
    ] = 1,
    database_url: DatabaseUrl = None,
) -> None:
    """Fill an empty database with a believable month of contacts."""
    settings = settings_of(database_url)
    clock = demo_month.DemoClock()
    container = build_simulation(settings, clock)
    with migrated(container):
        fairlead = container.fairlead()
        if fairlead.catalogue.operators(active=None, limit=1, after=None).items:
            stop(
                f"{settings.shown_database_url} already has operators and is left alone; name "
                "another database with --database-url."
            )
        with counting(err, "contacts registered") as progress:
            result = demo_month.Month(fairlead, clock, days, seed, COMMAND).run(progress)
    out.print(
        f"{settings.shown_database_url} holds {result.operators} operators, {result.sources} "
        f"sources and {result.contacts} contacts of {result.leads} leads; {result.waiting} of the "
        "contacts are waiting."
    )
    out.print(next_step("serve"))
