"""`fairlead events`: what happens, as it happens."""

import json
import time
from datetime import UTC
from typing import Annotated, Final

import typer

from application.ports.events import LoggedEvent
from entrypoints.cli.terminal import DatabaseUrl, err, opened, out, settings_of
from entrypoints.container import build_container

app = typer.Typer(help="What happens, as it happens.", no_args_is_help=True, rich_markup_mode=None)

_AT_ONCE: Final = 500
_EVERY: Final = 0.3
"""Seconds between two looks at the log."""


@app.callback()
def main() -> None:
    """What happens, as it happens."""


@app.command(epilog="Example: fairlead events follow --after 0 --json")
def follow(
    after: Annotated[
        int | None,
        typer.Option(
            metavar="NUMBER",
            min=0,
            help="The number of the last event that is known: 0 shows all that are kept. If not "
            "given, only what happens from now on.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, as the API shows events.")
    ] = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Print every event as it is stored, until Ctrl-C.

    Events contain ids and numbers, and nothing about people.
    """
    with opened(build_container(settings_of(database_url))) as storage:
        page = storage.events.events(after=0, limit=1)
        reached = page.last if after is None else after
        if reached < page.earliest - 1:
            err.print(f"Events before {page.earliest} are no longer kept.")
        if not as_json:
            err.print("What happens is shown here; Ctrl-C ends it.")
        try:
            while True:
                page = storage.events.events(after=reached, limit=_AT_ONCE)
                for each in page.items:
                    out.print(_json(each) if as_json else _line(each))
                reached = page.reached
                if reached >= page.last:
                    time.sleep(_EVERY)
        except KeyboardInterrupt:
            """That is how it ends."""


def _json(event: LoggedEvent) -> str:
    kind, subject = event.subject
    return json.dumps(
        {
            "id": str(event.id),
            "seq": event.seq,
            "type": event.entry.type,
            "at": event.entry.at.isoformat().replace("+00:00", "Z"),
            "subject": {"kind": kind, "id": subject},
            "actor": event.entry.actor,
            "data": event.data,
        }
    )


def _line(event: LoggedEvent) -> str:
    kind, subject = event.subject
    told = " ".join(
        f"{name}={value if isinstance(value, str) else json.dumps(value)}"
        for name, value in event.data.items()
    )
    at = event.entry.at.astimezone(UTC)
    who = f"by {event.entry.actor}"
    return f"{at:%Y-%m-%d %H:%M:%S} {event.seq} {event.entry.type} {kind} {subject} {told} {who}"
