"""Rows that stray quotes have put into a cell of another row."""

import csv
import re
from collections.abc import Collection, Sequence
from typing import Final

_SHAPES: Final = (
    ("nothing", re.compile(r"\s*")),
    ("phone", re.compile(r"\s*+\+?[\d\s().-]{7,}+")),
    ("number", re.compile(r"\s*+\d++\s*+")),
    ("email", re.compile(r"\s*+[^\s@]++@\S++\s*+")),
    ("code", re.compile(r"\s*+[^\s\d]*+\d\S*+\s*+")),
)
_TELLING: Final = ("phone", "number", "email", "code")


def swallowed(
    lines: Sequence[str], cells: Sequence[str], delimiter: str, telling: Collection[int]
) -> bool:
    """Tell whether a line within a record reads as a separate row.

    One quote too many opens a cell that the next quote closes, even a hundred rows further down; by
    the rules of CSV that is one row. It shows in a line that has as many cells as the whole record
    and, in the columns that tell rows apart, the same kind of value: a number, a phone.

    Args:
        lines: of the record.
        cells: of the record as it was read.
        delimiter: between them.
        telling: the positions of the columns that hold source, identities and key.
    """
    for line in lines[1:]:
        alone = next(csv.reader([line], delimiter=delimiter), [])
        if len(alone) == len(cells) and _alike(alone, cells, telling):
            return True
    return False


def _alike(one: Sequence[str], other: Sequence[str], telling: Collection[int]) -> bool:
    pairs = [(_shape(one[at]), _shape(other[at])) for at in telling if at < len(one)]
    clash = any(a != b and "nothing" not in (a, b) for a, b in pairs)
    return not clash and any(a == b and a in _TELLING for a, b in pairs)


def _shape(cell: str) -> str:
    return next((shape for shape, form in _SHAPES if form.fullmatch(cell)), "text")
