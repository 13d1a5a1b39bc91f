"""Formulas in refused rows: a spreadsheet that opens the file must not carry out what a lead wrote.

An apostrophe before the cell says that it is text, to people and to spreadsheets, and is taken off
again when the file is imported. It goes by the text of a row and not by its cells: of a row whose
quotes do not match a spreadsheet makes cells of its own.
"""

import re


class Formulas:
    """Puts apostrophes before formulas, and takes exactly those away again.

    A number is none, with a sign and in groups: +7 (916) 123-45-67 stays as it is.

    Args:
        delimiter: between cells.
    """

    def __init__(self, delimiter: str) -> None:
        end = re.escape(delimiter) + r'\r\n"'
        begin = f"(?<![^{end}])"
        calculates = f"(?:[=@]|[+-](?=[^{end}]*[^0-9 ().+/{end}-]))"
        formula = f"(?=[' ]*{calculates})"
        # Of a file that is parted by one of these no program makes cells.
        self._harmless = delimiter in "'=+-@"
        self._before = re.compile(begin + formula)
        self._marked = re.compile(f"{begin}'{formula}")

    def escaped(self, text: str) -> str:
        """Return a row's text with an apostrophe before each cell that calculates."""
        return text if self._harmless else self._before.sub("'", text)

    def undone(self, text: str) -> str:
        """Return a row's text as it was before it was escaped."""
        return text if self._harmless else self._marked.sub("", text)
