"""The file of refused rows: it never replaces another file, and says if a row cannot be kept."""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from entrypoints.cli.importing.inputs import STANDARD_INPUT, Input
from entrypoints.cli.importing.records import Layout, Record

_REFUSED: Final = re.compile(r"\.refused(\.\d+)?$")
_NAME: Final = 200
"""Bytes of a name that leave room for what is added to it."""


class CannotWrite(Exception):
    """Refused rows cannot be kept."""


def check_free(wanted: Path | None) -> None:
    """Check that the file named for refused rows can be made.

    Raises:
        ValueError: something of that name exists, or its folder cannot be written to.
    """
    if wanted is None or _is_device(wanted):
        return
    if os.path.lexists(wanted):
        raise ValueError(f"{wanted} already exists and is left alone; name a new file.")
    if not os.access(wanted.parent, os.W_OK | os.X_OK):
        raise ValueError(f"{wanted} cannot be made: its folder is missing or cannot be written to.")


class RefusedFile:
    """The file of refused rows; it is made when the first one comes.

    Args:
        wanted: its path; if None, one is made from the input's name, in the current folder.
        source: the input.
        layout: the form of its rows.

    Attributes:
        path: of the file; None until there is one.
    """

    def __init__(self, wanted: Path | None, source: Input, layout: Layout) -> None:
        self.path: Path | None = None
        self._wanted = wanted
        self._source = source
        self._layout = layout
        self._pending = bytearray()
        self._file: int | None = None
        self._kept = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def add(self, record: Record, reason: str) -> None:
        """Take a row; it is in the file once it has been kept."""
        self._pending += self._layout.row(record, reason)

    def keep(self) -> None:
        """Write the rows that were taken to the disk; all of them or none.

        Raises:
            CannotWrite: none of them is in the file.
        """
        if self._pending:
            try:
                self._write(bytes(self._pending))
            except OSError as error:
                where = self.path or self._wanted or "the current folder"
                raise CannotWrite(f"{where} cannot be written: {error.strerror}") from error
            self._pending.clear()

    def end(self) -> None:
        """Write what comes after the last row.

        Raises:
            CannotWrite: as for `keep`.
        """
        if self._file is not None:
            self._pending += self._layout.closing()
            self.keep()

    def _write(self, content: bytes) -> None:
        if self._file is None:
            self._file = self._made()
            content = self._layout.opening() + content
        rest = memoryview(content)
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
            self._sync(self._file)
        except OSError:
            self._undo(self._file)
            raise
        self._kept += len(content)

    def _undo(self, file: int) -> None:
        """Undo a partial write of rows that did not fit: half a row would be read as a row."""
        with suppress(OSError):
            os.ftruncate(file, self._kept)
            if self._kept == 0 and self.path is not None:
                self.path.unlink()

    @staticmethod
    def _sync(file: int) -> None:
        if stat.S_ISREG(os.fstat(file).st_mode):
            os.fsync(file)

    def _made(self) -> int:
        """Open a file that did not exist before, so that no other file is lost."""
        if self._wanted is not None and _is_device(self._wanted):
            self.path = self._wanted
            return os.open(self._wanted, os.O_WRONLY)
        for path in [self._wanted] if self._wanted else self._names():
            try:
                file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                if self._wanted:
                    raise
                continue
            self.path = path
            return file
        raise AssertionError("there is always another name")

    def _names(self) -> Iterator[Path]:
        """Yield names until one is free, made from the input's, which may be such a file itself."""
        path = self._source.path
        stem = "stdin" if path == STANDARD_INPUT or str(path).startswith("/dev/") else path.stem
        stem = _REFUSED.sub("", stem) or "import"
        while len(os.fsencode(stem)) > _NAME:
            stem = stem[:-1]
        suffix = self._layout.suffix
        yield Path(f"{stem}.refused{suffix}")
        for number in count(2):
            yield Path(f"{stem}.refused.{number}{suffix}")


def _is_device(path: Path) -> bool:
    """Tell whether what is written to a path goes to a program or nowhere, and not to a file."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)
