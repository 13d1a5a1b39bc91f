"""CSV: its delimiter, its header, and a record for each of its rows."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from entrypoints.cli.importing.csv_cutter import Cut, Cutter
from entrypoints.cli.importing.csv_layout import CsvLayout
from entrypoints.cli.importing.encodings import unread
from entrypoints.cli.importing.header import Header
from entrypoints.cli.importing.lines import Line, Lines
from entrypoints.cli.importing.quotes import swallowed
from entrypoints.cli.importing.records import OURS, UNREADABLE, Record, Records

_DELIMITERS: Final = (",", ";", "\t", "|")
_SEPARATOR: Final = re.compile(r'"?sep=([^\w\s"]|\t)"?[\s,;]*', re.IGNORECASE)
"""A line before the header that tells Excel the delimiter."""
_NOTHING: Final = re.compile('[\\s,;|"\ufeff]*')
_NOT_OURS: Final = (
    "a refused row begins with line and reason, but this one does not; leave the two cells empty"
)


class CsvRecords(Records):
    """The rows of a CSV file.

    Args:
        lines: of the file, after its byte order mark.
        mark: the byte order mark.
        of: what the file is called in a sentence.
        delimiter: between cells; recognised if it is None.
        wanted: the columns asked for.
        telling: those of them that tell rows apart: source, identities, key.

    Raises:
        ValueError: there is no header, or it lacks or repeats one of the columns.
    """

    layout: CsvLayout

    def __init__(
        self,
        lines: Lines,
        mark: bytes,
        of: str,
        delimiter: str | None,
        wanted: Sequence[str],
        telling: Iterable[str],
    ) -> None:
        self._lines = lines
        self._cutter = Cutter(iter(lines))
        separator = _separator(self._cutter)
        if separator is not None:
            delimiter = delimiter or separator[1]
            mark += separator[0].raw
        candidates = _DELIMITERS if delimiter is None else (delimiter,)
        header, raw = _header(self._cutter, candidates, wanted, of)
        header.check(of)
        self._header = header
        if header.ours:
            self._cutter.undo_formulas()
        self._columns = tuple(header.positions.items())
        shift = len(OURS) if header.ours else 0
        self._telling = [header.positions[each] + shift for each in telling]
        self.layout = CsvLayout(lines, self._cutter.delimiter, header.ours, mark, raw)

    @property
    def read_as(self) -> str | None:
        """What was recognised, for people."""
        codec, delimiter = self._lines.encoding.codec, self._cutter.delimiter
        if (codec, delimiter) == ("utf-8", ","):
            return None
        return f"{codec}, cells separated by {'tabs' if delimiter == chr(9) else repr(delimiter)}"

    def __iter__(self) -> Iterator[Record]:
        while (cut := self._cutter.cut()) is not None:
            lines, cells, problem = cut
            if cells is None:
                (line,) = lines
                yield Record(line.number, line.raw, None, problem, part=line.part)
            elif len(lines) == 1:
                yield self._record(lines[0], lines[0].raw, cells)
            elif swallowed(
                [each.text for each in lines], cells, self._cutter.delimiter, self._telling
            ):
                yield from _apart(lines)
            else:
                yield self._record(lines[0], b"".join(each.raw for each in lines), cells)

    def _record(self, line: Line, raw: bytes, cells: list[str]) -> Record:
        number = line.number
        if self._header.ours:
            if "".join(cells).strip() and self.layout.prefix(line.text) is None:
                return Record(number, raw, None, _NOT_OURS)
            cells = cells[len(OURS) :]
        if not "".join(cells).strip():
            return Record(number, raw, None, blank=True)
        count, width = len(cells), self._header.width
        problem = None
        if count != width:
            problem = f"the row has {count} columns, the header {width}"
            if any(each.strip() for each in cells[width:]):
                return Record(number, raw, None, problem)
            cells += [""] * (width - count)
        values = {column: cells[at] for column, at in self._columns}
        # In UTF-16 the bytes do not tell.
        plain = raw.isascii() and self._lines.encoding.width == 1
        if not plain and any(map(unread, values.values())):
            codec = self._lines.encoding.codec.upper()
            return Record(number, raw, None, UNREADABLE.format(encoding=codec))
        return Record(number, raw, values, problem)


def _apart(lines: Sequence[Line]) -> Iterator[Record]:
    first, last = lines[0].number, lines[-1].number
    problem = (
        f"by their quotes, lines {first} to {last} are one row, but they read as several: a quote "
        f"is missing, or there is one too many, on line {first} or after it"
    )
    return (Record(each.number, each.raw, None, problem) for each in lines)


def _separator(cutter: Cutter) -> tuple[Line, str] | None:
    """Read the line that names the delimiter, if there is one."""
    line = cutter.line()
    found = None if line is None else _SEPARATOR.fullmatch(line.text)
    if line is None or found is None:
        cutter.give_back()
        return None
    return line, found[1]


def _header(
    cutter: Cutter, delimiters: Sequence[str], wanted: Sequence[str], of: str
) -> tuple[Header, bytes]:
    """Read the header with the delimiter that gives it the most of the columns asked for.

    Raises:
        ValueError: there is none.
    """
    _skip_nothing(cutter)
    read: list[tuple[Header, Cut, str]] = []
    problem = f"{of} is empty."
    for delimiter in delimiters:
        cutter.delimit(delimiter)
        cut = cutter.cut()
        cutter.give_back()
        if cut is None:
            continue
        if cut.cells is None:
            problem = f"{of} has a header that cannot be read: {cut.problem}."
            continue
        if "\0" in cut.lines[0].text:
            raise ValueError(f"{of} is not text. If it is, name its encoding with --encoding.")
        read.append((Header(cut.cells, wanted), cut, delimiter))
    if not read:
        raise ValueError(problem)
    header, cut, delimiter = max(read, key=lambda each: (len(each[0].positions), each[0].width))
    cutter.delimit(delimiter)
    cutter.cut()
    return header, b"".join(each.raw for each in cut.lines)


def _skip_nothing(cutter: Cutter) -> None:
    while (line := cutter.line()) is not None:
        if line.part or _NOTHING.fullmatch(line.text) is None:
            cutter.give_back()
            return
