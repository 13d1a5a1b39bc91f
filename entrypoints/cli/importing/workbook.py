"""The rows of a workbook (.xlsx), as the text of their cells."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import IO, TYPE_CHECKING, BinaryIO, Final

from entrypoints.cli.importing.csv_layout import CsvLayout, is_ours
from entrypoints.cli.importing.encodings import UTF_8
from entrypoints.cli.importing.header import Header
from entrypoints.cli.importing.inputs import Input
from entrypoints.cli.importing.lines import Lines
from entrypoints.cli.importing.numbers import cell_text
from entrypoints.cli.importing.records import OURS, Record, Records, quoted

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

_Cell = int | float | str | bool | time | date | datetime | timedelta
_UNPACKED: Final = 512 * 2**20
"""Bytes that a part of a workbook may have unpacked: it is held in memory as a whole."""
_CELLS: Final = 20_000_000
"""Cells from the first to the last of a sheet: memory is taken for those between them as well."""
_DELIMITER: Final = ";"
_MARK: Final = b"\xef\xbb\xbf"
_PLACE: Final = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]{1,3})(\d{1,7})"')


class WorkbookRecords(Records):
    """The rows of a sheet; refused ones go into CSV.

    That CSV is UTF-8 with its mark and has semicolons: where decimals have a comma, a double click
    opens it in columns, and a cell reads as it did in the workbook.

    Args:
        source: the workbook.
        sheet: its sheet; the only one that has rows, if it is None.
        wanted: the columns asked for.

    Raises:
        ValueError: it cannot be read, lacks or repeats a column, or has several sheets.
    """

    def __init__(self, source: Input, sheet: str | None, wanted: Sequence[str]) -> None:
        self._source = source
        self._sheet = _sheet(source, sheet)
        self._rows = enumerate(self._sheet.iter_rows(), start=1)
        cells = next((each for _, row in self._rows if any(each := _texts(row))), None)
        if cells is None:
            raise ValueError(f"{source.name} is empty.")
        while cells and not cells[-1]:
            cells.pop()
        self._header = Header(cells, wanted)
        self._header.check(source.name)
        # A mended file of refused rows may have been saved as a workbook.
        own = cells[len(OURS) :] if self._header.ours else cells
        lines = Lines(iter(()), UTF_8)
        self.layout = CsvLayout(lines, _DELIMITER, False, _MARK, _raw(own))

    @property
    def read_as(self) -> str | None:
        """What was recognised, for people."""
        return f"the sheet {quoted([self._sheet.name])} of a workbook"

    def __iter__(self) -> Iterator[Record]:
        size = self._source.size or 0
        height = self._sheet.total_height or 1
        for line, row in self._rows:
            self._source.read = size * line // height
            yield self._record(line, _texts(row))

    def _record(self, line: int, cells: list[str]) -> Record:
        if not "".join(cells).strip():
            return Record(line, b"", None, blank=True)
        if self._header.ours:
            if not is_ours(*cells[:2]):
                return Record(
                    line, _raw(cells), None, "the row does not begin with a line and a reason"
                )
            cells = cells[len(OURS) :]
        width = self._header.width
        raw = _raw(cells[:width] if not any(cells[width:]) else cells)
        if any(each.strip() for each in cells[width:]):
            problem = f"the row has {len(cells)} columns, the header {width}"
            return Record(line, raw, None, problem)
        values = {column: cells[at] for column, at in self._header.positions.items()}
        return Record(line, raw, values)


def _texts(row: Sequence[_Cell]) -> list[str]:
    return [_text(each) for each in row]


def _text(cell: _Cell) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, int | float):
        return cell_text(cell)
    return cell.isoformat(" ") if isinstance(cell, datetime) else str(cell)


def _raw(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=_DELIMITER).writerow(cells)
    return text.getvalue().encode("utf-8", "replace")


def _sheet(source: Input, name: str | None) -> "CalamineSheet":
    # No other command needs it: importing it would cost them time and memory.
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415

    content = source.at_any_place()
    try:
        _check_size(content, source.name)
        content.seek(0)
        return _chosen(CalamineWorkbook.from_filelike(content), source.name, name)
    except (CalamineError, zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise ValueError(f"{source.name} is a workbook that cannot be read: {error}.") from error


def _chosen(workbook: "CalamineWorkbook", of: str, name: str | None) -> "CalamineSheet":
    """Return the sheet named, or the only visible one that has rows.

    Raises:
        ValueError: there is none of this name, or several could be meant.
    """
    names = workbook.sheet_names
    if name is not None:
        if name not in names:
            raise ValueError(f"{of} has no sheet {quoted([name])}; it has {quoted(names)}.")
        return workbook.get_sheet_by_name(name)
    seen = [each.name for each in workbook.sheets_metadata if "Hidden" not in str(each.visible)]
    filled = []
    sheet = None
    for each in seen:
        candidate = workbook.get_sheet_by_name(each)
        if candidate.height:
            filled.append(each)
            sheet = sheet or candidate
    if len(filled) > 1:
        raise ValueError(
            f"{of} has several sheets with rows, {quoted(filled)}; name one with --sheet."
        )
    return sheet or workbook.get_sheet_by_index(0)


def _check_size(content: BinaryIO, of: str) -> None:
    """Check that a workbook fits into memory, however small it is when packed.

    Raises:
        ValueError: it does not.
    """
    with zipfile.ZipFile(content) as parts:
        for part in parts.infolist():
            if part.file_size > _UNPACKED:
                raise ValueError(f"{of} is too large for a workbook; save it as CSV.")
            if part.filename.startswith("xl/worksheets/") and part.filename.endswith(".xml"):
                with parts.open(part) as sheet:
                    columns, rows = _extent(sheet)
                if columns * rows > _CELLS:
                    raise ValueError(
                        f"{of} has a cell in row {rows:,} or column {columns:,}, far away from the "
                        "others; delete it, or save the sheet as CSV."
                    )


def _extent(sheet: IO[bytes]) -> tuple[int, int]:
    """Return the last column and the last row that a sheet has a cell in."""
    columns, rows, rest = 0, 0, b""
    while chunk := sheet.read(2**20):
        data = rest + chunk
        for letters, row in set(_PLACE.findall(data)):
            number = 0
            for letter in letters:
                number = number * 26 + letter - 64
            columns, rows = max(columns, number), max(rows, int(row))
        rest = data[-256:]
    return columns, rows
