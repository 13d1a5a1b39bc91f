"""Cuts CSV into records and keeps the bytes of each, whatever its quotes do."""

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from entrypoints.cli.importing.formulas import Formulas
from entrypoints.cli.importing.lines import LONGEST, Line
from entrypoints.cli.importing.records import TOO_LONG

_OPEN: Final = 64 * 1024
"""Bytes of a row whose quotes hold line breaks; past them a quote counts as never closed."""


class Cut(NamedTuple):
    """A record: its lines, and its cells or what is wrong with it."""

    lines: Sequence[Line]
    cells: list[str] | None
    problem: str = ""


class _NeverClosed(Exception):
    """A quote is open, and what it holds is too long for a cell."""


class _Texts(Iterator[str]):
    """The lines that a csv reader asks for, one by one as it needs them for a record."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._ahead: deque[Line] = deque()
        self.taken: list[Line] = []
        self._size = 0
        self.formulas: Formulas | None = None
        """How formulas are marked, if the rows read were refused before."""

    def __next__(self) -> str:
        line = self._ahead.popleft() if self._ahead else next(self._lines)
        self.taken.append(line)
        self._size += len(line.raw)
        if line.part or (len(self.taken) > 1 and self._size > _OPEN):
            raise _NeverClosed
        return line.text if self.formulas is None else self.formulas.undone(line.text)

    def begin(self) -> None:
        """Begin a record."""
        self.taken = []
        self._size = 0

    def give_back(self, but: int) -> None:
        """Put back all lines of this record but the first few: they will be asked for again."""
        self._ahead.extendleft(reversed(self.taken[but:]))
        self.taken = self.taken[:but]


class Cutter:
    """Cuts lines into records; the csv module, at its strictest, says what a cell is.

    A record that cannot be read costs only its first line, and reading goes on with the next:
    otherwise one unclosed quote would swallow every row after it.
    """

    def __init__(self, lines: Iterator[Line]) -> None:
        self._texts = _Texts(lines)
        self.delimit(",")

    def delimit(self, delimiter: str) -> None:
        """Change the delimiter."""
        csv.field_size_limit(2 * LONGEST)
        self.delimiter = delimiter
        self._reader = csv.reader(self._texts, delimiter=delimiter, strict=True)

    def undo_formulas(self) -> None:
        """Read from now on without the apostrophes that refused rows have before formulas."""
        self._texts.formulas = Formulas(self.delimiter)

    def cut(self) -> Cut | None:
        """Return the next record; None at the end."""
        texts = self._texts
        texts.begin()
        try:
            return Cut(texts.taken, next(self._reader))
        except StopIteration:
            return None
        except (csv.Error, _NeverClosed) as error:
            first = texts.taken[0]
            unclosed = len(texts.taken) > 1 or "end of data" in str(error)
            texts.give_back(but=1)
            if first.part:
                return Cut([first], None, TOO_LONG)
            if unclosed:
                return Cut([first], None, f"the quote opened on line {first.number} is not closed")
            return Cut(
                [first],
                None,
                f"the quotes on line {first.number} do not match: a closing quote must come before "
                "a delimiter, and a quote that is text must be written twice",
            )

    def line(self) -> Line | None:
        """Return the next line as it is; None at the end."""
        texts = self._texts
        texts.begin()
        try:
            next(texts)
        except StopIteration:
            return None
        except _NeverClosed:
            pass  # Part of a long line is a line here.
        return texts.taken[0]

    def give_back(self) -> None:
        """Put the last record or line back."""
        self._texts.give_back(but=0)
