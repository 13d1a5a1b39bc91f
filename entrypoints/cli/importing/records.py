"""What every format provides: records with their own bytes, and the form of refused ones."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from entrypoints.cli.importing.lines import LONGEST, Part
from entrypoints.cli.terminal import plain

OURS: Final = ("line", "reason")
"""What a refused row is given besides its own text."""
TOO_LONG: Final = f"the row is longer than {LONGEST // 2**20} MiB"
UNREADABLE: Final = (
    "the row is not {encoding}; --encoding may help: cp1251, cp866, koi8-r and cp1252 are common"
)


class Record(NamedTuple):
    """A row as it is in the file.

    Attributes:
        line: the number of its first line, from 1.
        raw: its own bytes with those that end it, as they are in the file.
        values: by the names of the columns asked for; None if the row cannot be read.
        problem: why it cannot be read; or, with values, what may make them insufficient.
        blank: nothing is in it.
        part: of a row that is too long to be held in memory; NEXT and LAST belong to the FIRST.
    """

    line: int
    raw: bytes
    values: Mapping[str, Any] | None
    problem: str | None = None
    blank: bool = False
    part: Part = Part.WHOLE


class Layout(Protocol):
    """A form for refused rows that can be imported again once they are mended, in any round.

    Attributes:
        suffix: the end of the name of a file of this form.
    """

    suffix: str

    def opening(self) -> bytes:
        """Return what comes before the first row."""
        ...

    def row(self, record: Record, reason: str) -> bytes:
        """Return a row with its line and the reason, its own text unchanged."""
        ...

    def closing(self) -> bytes:
        """Return what comes after the last row."""
        ...


class Records(Protocol):
    """The rows of an input.

    Attributes:
        layout: the form of the refused ones.
    """

    layout: Layout

    @property
    def read_as(self) -> str | None:
        """What was recognised, for people; None if it is what they expect."""
        ...

    def __iter__(self) -> Iterator[Record]: ...


def quoted(names: Sequence[str], most: int = 30) -> str:
    """List names in quotes, which show a blank in one."""
    shown = [f"'{plain(each)[:60]}'" for each in names[:most]]
    more = [f"and {len(names) - most} more"] if len(names) > most else []
    return ", ".join([*shown, *more]) or "none"


def told(reason: str) -> str:
    """Return a reason for a cell: one line, and nothing that a spreadsheet takes for a formula."""
    reason = plain(reason)
    return f"'{reason}" if reason[:1] in "=+-@" and reason else reason
