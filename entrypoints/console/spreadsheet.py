"""Tables as CSV files that a double click opens right in the viewer's own spreadsheet."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from entrypoints.console.language import Language


def spreadsheet(rows: Iterable[Sequence[Any]], language: Language) -> str:
    """Write a table with a byte order mark, as spreadsheets of that language read it.

    Where decimals have a comma, cells are parted by semicolons. Moments are written in UTC, in the
    one way that is read as a date everywhere: the header of their column has to name the zone. No
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
    # A name such as =HYPERLINK(...) would be carried out by the spreadsheet of whoever opens it.
    if not isinstance(value, str):
        return value
    return "".join(
        f"'{each}" if each.lstrip(_UNSEEN).startswith(_FORMULA) else each
        for each in (_ENDS_AND_COMMAS if comma else _ENDS).split(value)
    )


_ENDS: Final = re.compile(r"([;\t\r\n])")
"""What else ends a cell: where people write decimals with a comma, spreadsheets part by semicolons
and look into no quotes that begin elsewhere."""
_ENDS_AND_COMMAS: Final = re.compile(r"([,;\t\r\n])")
"""The same for a file that is parted by semicolons and opened where they part by commas."""
_FORMULA: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a formula begins; the latter four are as wide as the characters of Chinese and Japanese."""
_UNSEEN: Final = ' "\xa0\xad\u200b\u200c\u200d\u2060\u3000\ufeff'
"""What may stand before it and is passed over."""
