"""Tables as CSV files that the viewer's own spreadsheet opens correctly by a double click."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from entrypoints.console.language import Language

_PIECE: Final = 64 * 1024
"""Characters that are sent at a time."""


def spreadsheet(rows: Iterable[Sequence[Any]], language: Language) -> str:
    """Write a table as a whole; see `written`."""
    return "".join(written(rows, language))


def written(rows: Iterable[Sequence[Any]], language: Language) -> Iterator[str]:
    """Write a table in pieces, with a byte order mark, as spreadsheets of that language read it.

    Where decimals have a comma, semicolons separate cells. Moments are written in UTC, in the one
    form that every spreadsheet reads as a date; the header of their column must name the zone. No
    cell is a formula, however the file is opened.

    Args:
        rows: the header, and rows of as many texts, numbers and moments.
        language: the viewer's.
    """
    comma = language.decimal_mark == ","
    line = io.StringIO("\ufeff")
    line.seek(0, io.SEEK_END)
    writer = csv.writer(line, delimiter=";" if comma else ",")
    for row in rows:
        writer.writerow([_cell(value, comma) for value in row])
        if line.tell() > _PIECE:
            yield line.getvalue()
            line.seek(0)
            line.truncate()
    yield line.getvalue()


def _cell(value: Any, comma: bool) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, float) and comma:
        return str(value).replace(".", ",")
    # The spreadsheet of anyone who opens the file would run a name such as =HYPERLINK(...).
    if not isinstance(value, str):
        return value
    return "".join(
        f"'{each}" if each.lstrip(_UNSEEN).startswith(_FORMULA) else each
        for each in (_ENDS_AND_COMMAS if comma else _ENDS).split(value)
    )


_ENDS: Final = re.compile(r"([;\t\r\n])")
"""What else ends a cell: where decimals have a comma, spreadsheets separate cells by semicolons and
ignore quotes that do not begin a cell."""
_ENDS_AND_COMMAS: Final = re.compile(r"([,;\t\r\n])")
"""The same for a file with semicolons that is opened where commas separate cells."""
_FORMULA: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a formula begins; the last four are the full-width forms of Chinese and Japanese."""
_UNSEEN: Final = ' "\xa0\xad\u200b\u200c\u200d\u2060\u3000\ufeff'
"""What may come before a formula and is skipped."""
