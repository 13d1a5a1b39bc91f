"""`fairlead keys`: make, list and revoke API keys."""

import re
import shlex
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.table import Table

from application.keys import CreateKey, RevokeKey
from application.ports.keys import KeyView
from domain.access import Role, prefix_of
from domain.actor import COMMAND
from entrypoints.cli.key_file import key_file
from entrypoints.cli.next_step import next_step
from entrypoints.cli.terminal import DatabaseUrl, Terminal, err, opened, out, settings_of, stop
from entrypoints.container import build_container

app = typer.Typer(help="API keys: who may call what.", no_args_is_help=True, rich_markup_mode=None)

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_WIDE: Final = 1000
"""Columns where there is no terminal: a program that reads a pipe reads lines."""


@app.command(epilog="Example: fairlead keys create --role admin --name Anna --to anna.key")
def create(
    role: Annotated[
        Role,
        typer.Option(
            help="admin: everything; supervisor: reads, closes, transfers, pauses, edits weights; "
            "viewer: reads; intake: registers contacts."
        ),
    ],
    source: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="The only source that an intake key registers on."),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option(
            metavar="90d", help="How long it is valid, in hours, days or weeks: 12h, 90d, 4w."
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whose key it is, for people.")
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A new file for the key, which only you can read; if not given, the key is "
            "printed.",
            show_default=False,
        ),
    ] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Make a key.

    It is shown once: only a digest of it is stored.
    """
    container = build_container(settings_of(database_url))
    with opened(container):
        expires_at = None if expires is None else _end_of(expires)
        fairlead = container.fairlead()
        with nullcontext(out.print) if to is None else key_file(to) as keep:
            made = fairlead.create_key(CreateKey(role, name, source, expires_at), COMMAND)
            try:
                keep(made.secret)
            except ValueError:
                # Nobody has seen it, and nobody ever will.
                fairlead.revoke_key(RevokeKey(made.key.prefix), COMMAND)
                raise
    where = "This is" if to is None else f"{to}, which only you can read, holds"
    bearer = "flk_..." if to is None else f"$(cat {shlex.quote(str(to))})"
    err.print(
        f"{where} the key {made.key.prefix} of the role {made.key.role.value}. Keep it: it cannot "
        f'be shown again. Send it in the header "Authorization: Bearer {bearer}".'
    )


@app.command("list", epilog="Example: fairlead keys list --database-url sqlite:///leads.db")
def list_(database_url: DatabaseUrl = None) -> None:
    """List all keys ever made.

    What is shown gives no access.
    """
    with opened(build_container(settings_of(database_url))) as storage:
        keys = [KeyView.of(each) for each in storage.keys.all()]
    if not keys:
        out.print("No key has been made.")
        out.print(next_step("keys create --role admin"))
        return
    # Keys are copied from here: no column is cut off, however narrow the terminal or pipe is.
    table = Table(box=None)
    for column in ("key", "role", "source", "name", "made", "state"):
        table.add_column(column, overflow="fold", no_wrap=column == "key")
    for each in keys:
        table.add_row(
            each.prefix,
            each.role.value,
            each.source or "",
            each.name or "",
            f"{each.created_at:%Y-%m-%d %H:%M}",
            _state(each),
        )
    (out if out.is_terminal else Terminal(width=_WIDE)).print(table)


@app.command(epilog="Example: fairlead keys revoke flk_0123456789")
def revoke(
    prefix: Annotated[
        str, typer.Argument(metavar="KEY", help="As `fairlead keys list` shows it: flk_...")
    ],
    database_url: DatabaseUrl = None,
) -> None:
    """Revoke a key.

    Within a second no process accepts it any more.
    """
    container = build_container(settings_of(database_url))
    with opened(container):
        # People who paste a whole key mean its prefix, and do not want to see the rest again.
        revoked = container.fairlead().revoke_key(RevokeKey(prefix_of(prefix) or prefix), COMMAND)
    out.print(f"{revoked.prefix} gives no access any more.")


def _end_of(text: str) -> datetime:
    found = re.fullmatch(r"([1-9][0-9]{0,4})([hdw])", text)
    if found is None:
        stop(f"{text!r} is not a period; write one as 12h, 90d or 4w.")
    try:
        return datetime.now(UTC) + int(found[1]) * _UNITS[found[2]]
    except OverflowError:
        stop(f"{text!r} goes beyond the calendar; leave it out for a key that never expires.")


def _state(key: KeyView) -> str:
    if key.revoked_at is not None:
        return f"revoked {key.revoked_at:%Y-%m-%d %H:%M}"
    if key.expires_at is None:
        return "valid"
    word = "valid until" if key.expires_at > datetime.now(UTC) else "expired"
    return f"{word} {key.expires_at:%Y-%m-%d %H:%M}"
