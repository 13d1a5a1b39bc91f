"""The header of a table: which column is where."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from entrypoints.cli.importing.encodings import unread
from entrypoints.cli.importing.records import OURS, quoted

_AROUND: Final = re.compile(r"^[\s\ufeff\u200b-\u200f]+|[\s\ufeff\u200b-\u200f]+$")


def name(text: str) -> str:
    """Return a column's name as it is compared: without blanks around it, in composed form."""
    return unicodedata.normalize("NFC", _AROUND.sub("", text))


class Header:
    """A header, and where in it the columns asked for are.

    Attributes:
        ours: the first two columns are line and reason, which refused rows were given.
        width: the number of columns, without these two.
        positions: of the columns asked for, by the names that they were asked for; not counting
            these two.
    """

    def __init__(self, cells: Sequence[str], wanted: Iterable[str]) -> None:
        names = [name(each) for each in cells]
        asked = {each: name(each) for each in wanted}
        # If a column of such a name is asked for, it is the file's and not ours.
        self.ours = tuple(names[:2]) == OURS and not set(OURS) & set(asked.values())
        if self.ours:
            names = names[2:]
        self._names = names
        self._asked = asked
        self.width = len(names)
        self.positions = {
            each: names.index(column) for each, column in asked.items() if column in names
        }

    def check(self, of: str) -> None:
        """Check that every column asked for is there once.

        Raises:
            ValueError: one is missing or there twice; `of` names the file.
        """
        if missing := sorted(set(self._asked) - set(self.positions)):
            hint = "; --encoding may help" if any(map(unread, self._names)) else ""
            raise ValueError(
                f"{of} has no column {quoted(missing)}; it has {quoted(self._names)}{hint}."
            )
        for asked, column in self._asked.items():
            if (count := self._names.count(column)) > 1:
                places = [str(at) for at, each in enumerate(self._names, 1) if each == column]
                raise ValueError(
                    f"{of} has the column {quoted([asked])} {count} times, as columns "
                    f"{' and '.join(places)}; give each a different name."
                )
