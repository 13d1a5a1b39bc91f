"""Tables as CSV files that the viewer's own spreadsheet opens correctly by a double click."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from entrypoints.console.language import Language


def spreadsheet(rows: Iterable[Sequence[Any]], language: Language) -> str:
    """Write a table with a byte order mark, as spreadsheets of that language read it.

    Where decimals have a comma, semicolons separate cells. Moments are written in UTC, in the one
    form that every spreadsheet reads as a date; the header of their column must name the zone. No
    cell is a formula, however the file is opened.

    Args:
        rows: the header, and rows of as many texts, numbers and moments.
        language: the viewer's.
    """
    comma = language.decimal_mark == ","
    written = io.StringIO()
    writer = csv.writer(written, delimiter=";" if comma else ",")
    writer.writerows([_cell(value, comma) for value in row] for row in rows)
    return "\ufeff" + written.getvalue()


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
