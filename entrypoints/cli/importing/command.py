"""`fairlead import`."""

from pathlib import Path
from typing import Annotated

import typer

from entrypoints.cli.importing.columns import Columns
from entrypoints.cli.importing.importer import import_rows
from entrypoints.cli.importing.inputs import opened
from entrypoints.cli.importing.kinds import Reading, records_of
from entrypoints.cli.importing.refused import check_free
from entrypoints.cli.importing.summary import show
from entrypoints.cli.progress import reading_file
from entrypoints.cli.terminal import DatabaseUrl, err, failures, migrated, out, settings_of
from entrypoints.container import build_container


def import_(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV with a header, NDJSON, a JSON array, or a workbook (.xlsx); - is standard "
            "input."
        ),
    ],
    source: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="The column that names the source. `Direct Traffic` becomes direct-traffic.",
        ),
    ] = None,
    source_key: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="The source of all rows, instead of --source."),
    ] = None,
    identity: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND=COLUMN", help="An identity of the lead; may be repeated."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The column with the lead's name.")
    ] = None,
    payload: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="A column to keep in the payload; may be repeated."),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="The column with the idempotency key: importing again then adds nothing.",
        ),
    ] = None,
    create_sources: Annotated[
        bool, typer.Option("--create-sources", help="Create the sources that are missing.")
    ] = False,
    refused: Annotated[
        Path | None,
        typer.Option(
            help="A new file for refused rows, with their lines and reasons; if not given, "
            "FILE.refused.csv (or .ndjson, .json) in the current folder, or the next free name: "
            "FILE.refused.2.csv.",
            show_default=False,
        ),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(
            help="The file's encoding, such as utf-8, utf-16, cp1251 or cp866; UTF-8, UTF-16 and "
            "cp1251 are recognised.",
            show_default=False,
        ),
    ] = None,
    delimiter: Annotated[
        str | None,
        typer.Option(
            help="The delimiter of a CSV file: a character, or tab; , ; | and tab are recognised.",
            show_default=False,
        ),
    ] = None,
    sheet: Annotated[
        str | None,
        typer.Option(help="The sheet of a workbook, if several have rows.", show_default=False),
    ] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Register a file's rows as contacts; memory stays flat, bad rows are set aside.

    A row becomes a contact, or it goes with its own text to the file of refused rows, which can be
    mended and then imported as well. Empty rows are skipped.

    Exit with 0 if all rows are in; 3 if some, or all, were refused; 2 if the options do not go
    together or the file cannot be read; 1 if it stopped part-way, because the database went away or
    a disk is full; 130 after Ctrl-C.
    """
    with failures():
        columns = Columns.of(source, source_key, identity or [], name, payload or [], key)
        reading = Reading.of(encoding, delimiter, sheet)
        check_free(refused)
    # An import into memory is a rehearsal: it tells what would be refused, and keeps nothing.
    container = build_container(settings_of(database_url, lasting=False))
    # A file that cannot be read is refused before a database is made.
    with failures(), opened(file) as rows:
        records = records_of(rows, columns, reading)
        with migrated(container), reading_file(err, rows.name, rows.size) as progress:
            summary = import_rows(
                container.fairlead(), rows, records, columns, create_sources, refused, progress
            )
    show(summary, out, err)
    if summary.exit_code:
        raise typer.Exit(summary.exit_code)
