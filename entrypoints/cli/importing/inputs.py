"""What an import reads: a file, a pipe or standard input, once and forward only."""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

CHUNK: Final = 64 * 1024
"""Bytes read at a time."""
STANDARD_INPUT: Final = Path("-")
_PIPED_WORKBOOK: Final = 64 * 2**20
"""Bytes of a workbook from a pipe that are held in memory."""


@dataclass(slots=True)
class Input:
    """Bytes that are read once, in order; the source need not seek or tell its position.

    Attributes:
        path: as it was given; `-` is standard input.
        size: in bytes; None if it is unknown until the end.
        head: the first bytes, up to a chunk of them; they are read again with the rest.
        read: bytes read so far.
    """

    path: Path
    raw: BinaryIO
    size: int | None
    head: bytes
    read: int = 0

    @property
    def name(self) -> str:
        """What the input is called in a sentence."""
        return "standard input" if self.path == STANDARD_INPUT else str(self.path)

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes in pieces, none of them empty."""
        chunk = self.head
        while chunk:
            self.read += len(chunk)
            yield chunk
            chunk = self.raw.read(CHUNK)

    def at_any_place(self) -> BinaryIO:
        """Return the content for a format that is not read from beginning to end.

        Raises:
            ValueError: a pipe brings too much to be held in memory.
        """
        if self.size is None:
            content = self.head + self.raw.read(_PIPED_WORKBOOK)
            if len(content) > _PIPED_WORKBOOK:
                raise ValueError(
                    f"{self.name} is a workbook of more than {_PIPED_WORKBOOK // 2**20} MiB; "
                    "import it from a file."
                )
            self.raw, self.size = BytesIO(content), len(content)
        self.raw.seek(0)
        return self.raw


@contextmanager
def opened(path: Path) -> Iterator[Input]:
    """Open an input and read its head.

    Raises:
        ValueError: it cannot be read; the message says why.
    """
    if path == STANDARD_INPUT:
        if sys.stdin is None:
            raise ValueError("standard input is closed; name a file, or pipe one into `-`.")
        yield _begun(path, sys.stdin.buffer)
        return
    try:
        raw = path.open("rb")
    except (OSError, ValueError) as error:
        raise ValueError(_unreadable(path, error)) from error
    with raw:
        yield _begun(path, raw)


def _begun(path: Path, raw: BinaryIO) -> Input:
    try:
        status = os.fstat(raw.fileno())
        size = status.st_size if stat.S_ISREG(status.st_mode) else None
        return Input(path, raw, size, raw.read(CHUNK))
    except OSError as error:
        raise ValueError(_unreadable(path, error)) from error


def _unreadable(path: Path, error: Exception) -> str:
    if isinstance(error, IsADirectoryError):
        return f"{path} is a folder; name a file."
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return f"{path} cannot be read: {reason}."
