"""Formulas in refused rows: a spreadsheet that opens the file must not carry out what a lead wrote.

An apostrophe before a cell tells people and spreadsheets that it is text, and is taken off again
when the file is imported. This goes by the text of a row and not by its cells: if the quotes of a
row do not match, a spreadsheet makes different cells.
"""

import re

_PARTING = ",;\t|"
"""What some spreadsheets separate cells by, whatever the file's own delimiter is."""


class Formulas:
    """Puts apostrophes before formulas, and takes exactly those away again.

    A number with a sign or in groups is not a formula: +7 (916) 123-45-67 stays as it is.

    Args:
        delimiter: between cells.
    """

    def __init__(self, delimiter: str) -> None:
        ends = re.escape(_PARTING + delimiter) + r"\r\n"
        number = "[0-9 ().+/-]*"
        # A cell in quotes goes on to the closing one, whatever else it holds.
        quoted = rf"""(?=[' ]*(?:[=@]|[+-](?!{number}"(?!"))))"""
        bare = rf"(?=[' ]*(?:[=@]|[+-](?!{number}(?:[{ends}]|\Z))))"
        # No program makes cells of a file with one of these as its delimiter.
        self._harmless = delimiter in "'=+-@"
        self._before, self._marked = [], []
        for begin in (f'(?<![^{ends}"])(?<!")', f"(?<=[{ends}])"):
            self._before.append(re.compile(f'(?<="){quoted}|{begin}{bare}'))
            self._marked.append(re.compile(f"(?<=\")'{quoted}|{begin}'{bare}"))

    def escaped(self, text: str, goes_on: bool = False) -> str:
        """Return a row's text with an apostrophe before each cell that would be calculated.

        Args:
            text: of a row, or of a part of one that is too long to be held in memory.
            goes_on: it begins in the middle of a cell.
        """
        return text if self._harmless else self._before[goes_on].sub("'", text)

    def undone(self, text: str, goes_on: bool = False) -> str:
        """Return a row's text as it was before it was escaped."""
        return text if self._harmless else self._marked[goes_on].sub("", text)
