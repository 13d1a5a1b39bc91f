"""The form of refused rows of a table."""

import re
from typing import Final

from entrypoints.cli.importing.formulas import Formulas
from entrypoints.cli.importing.lines import Lines, Part
from entrypoints.cli.importing.records import OURS, Layout, Record, told

_CELL: Final = r'(?:"((?:[^"]|"")*)"|([^"{d}\r\n][^{d}\r\n]*)?){d}'


class CsvLayout(Layout):
    """CSV like the input: its encoding, its delimiter, its header, and the text of each row.

    In that text only what a spreadsheet would calculate is marked; see `formulas`.

    Line and reason are the *first* two columns, and the row's own text follows, up to its end. So
    it is untouched and in its columns even if it is a cell short, has one too many, or leaves a
    quote open. At the end of such a row they could not be told from its text: in a short row they
    would take the place of the missing cells, after an open quote they would be quoted text. And at
    the front they can be taken off again: a row that is refused once more gets new ones, and not a
    second pair.

    Args:
        lines: of the input; they know its encoding.
        delimiter: between cells.
        ours: the input has line and reason in front.
        opening: byte order mark and `sep=` of the input, if it has them.
        header: the input's.
    """

    suffix = ".csv"

    def __init__(
        self, lines: Lines, delimiter: str, ours: bool, opening: bytes, header: bytes
    ) -> None:
        self._lines = lines
        self._delimiter = delimiter
        self._ours = ours
        self._formulas = Formulas(delimiter)
        cell = _CELL.replace("{d}", re.escape(delimiter))
        self._pattern = re.compile(cell * 2)
        if ours and (found := self._pattern.match(lines.encoding.decode(header))):
            header = header[len(lines.encoding.same(found[0])) :]
        self._opening = opening
        self._header = header
        text = lines.encoding.decode(header)
        self._newline = next((each for each in ("\r\n", "\n", "\r") if text.endswith(each)), "\n")

    def prefix(self, text: str) -> str | None:
        """Return the line and reason that a text of the input begins with; None if it has none.

        Somebody may have added a row without them: its first cells must not be taken for them.
        """
        found = self._pattern.match(text)
        if found is None:
            return None
        line, reason = found[1] or found[2] or "", found[3] or found[4] or ""
        return found[0] if is_ours(line, reason) else None

    def opening(self) -> bytes:
        """Return what comes before the first row."""
        ours = self._delimiter.join([*OURS, ""])
        return self._opening + self._lines.encoding.encode(ours) + self._ended(self._header)

    def row(self, record: Record, reason: str) -> bytes:
        """Return a row with its line and the reason, its own text unchanged."""
        own = record.raw
        if record.part in {Part.WHOLE, Part.FIRST}:
            encoding = self._lines.encoding
            if self._ours and (old := self.prefix(encoding.decode(own))) is not None:
                own = own[len(encoding.same(old)) :]
            own = self._without_formulas(own, goes_on=False)
            cell = told(reason).replace('"', '""')
            new = f'{record.line}{self._delimiter}"{cell}"{self._delimiter}'
            own = encoding.encode(new) + own
        else:
            own = self._without_formulas(own, goes_on=True)
        return self._ended(own) if record.part in {Part.WHOLE, Part.LAST} else own

    def _without_formulas(self, own: bytes, goes_on: bool) -> bytes:
        """Return a row's own text with its formulas marked, also those that somebody has put in."""
        encoding = self._lines.encoding
        # In an encoding of width 1, the characters that matter are always the same bytes.
        codec = "latin-1" if encoding.width == 1 else encoding.codec
        whole = len(own) - len(own) % encoding.width
        try:
            text = own[:whole].decode(codec, "surrogatepass")
        except UnicodeError:
            return own
        if self._ours:
            text = self._formulas.undone(text, goes_on)
        return self._formulas.escaped(text, goes_on).encode(codec, "surrogatepass") + own[whole:]

    def closing(self) -> bytes:
        """Return what comes after the last row."""
        return b""

    def _ended(self, raw: bytes) -> bytes:
        """Return a row with a line break at its end; the last row of a file may lack one."""
        encoding = self._lines.encoding
        whole = len(raw) % encoding.width == 0
        if whole and not raw.endswith((encoding.encode("\n"), encoding.encode("\r"))):
            return raw + encoding.encode(self._newline)
        return raw


def is_ours(line: str, reason: str) -> bool:
    """Tell whether two cells can be a line and a reason: a number and a sentence, or nothing."""
    numbered = not line.strip() or line.strip().isdecimal()
    return numbered and (not reason.strip() or len(reason.split()) > 2)
