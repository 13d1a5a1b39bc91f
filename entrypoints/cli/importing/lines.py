"""Lines with their bytes: however they end, whatever they hold, and however long they are."""

import re
from collections.abc import Iterator
from enum import IntEnum
from typing import Final, NamedTuple

from entrypoints.cli.importing.encodings import UTF_8, Encoding, recognised

LONGEST: Final = 2**20
"""Bytes of the longest line that is read as a row; a longer one is passed on in parts."""


class Part(IntEnum):
    """Which part of a line this is; usually all of it."""

    WHOLE = 0
    FIRST = 1
    NEXT = 2
    LAST = 3


class Line(NamedTuple):
    """A line of a file.

    Attributes:
        number: from 1, as editors count.
        raw: its bytes, with those that end it.
        text: what they say; empty if it is only a part of a line.
    """

    number: int
    raw: bytes
    text: str
    part: Part = Part.WHOLE


class Lines:
    r"""The lines of a text; they end with \n, \r\n or \r, mixed as they come.

    Attributes:
        encoding: UTF-8 until something else is recognised, which may be far down in the file.
    """

    def __init__(self, chunks: Iterator[bytes], encoding: Encoding | None, first: int = 1) -> None:
        self.encoding = encoding or UTF_8
        self._recognised = encoding is not None
        self._chunks = chunks
        self._next = first

    def __iter__(self) -> Iterator[Line]:
        rest = b""
        part = Part.WHOLE
        for chunk in self._chunks:
            if not self._recognised and not chunk.isascii():
                self._recognise(chunk)
            whole = self._split(rest + chunk)
            rest = whole.pop()
            for raw in whole:
                yield self._line(raw, part)
                part = Part.WHOLE
            if len(rest) > LONGEST:
                # Whole characters, and the last of them stays: it may be half of a line break.
                cut = len(rest) // 4 * 4 - 4
                part = Part.NEXT if part else Part.FIRST
                yield Line(self._next, rest[:cut], "", part)
                rest = rest[cut:]
        if rest:
            # After a \r it was not known whether a \n would follow.
            yield self._line(rest, part)

    def _line(self, raw: bytes, before: Part) -> Line:
        number = self._next
        self._next = number + 1
        if before:
            return Line(number, raw, "", Part.LAST)
        return Line(number, raw, self.encoding.decode(raw))

    def _recognise(self, chunk: bytes) -> None:
        if (encoding := recognised(chunk)) is not None:
            self.encoding = encoding
            self._recognised = True

    def _split(self, data: bytes) -> list[bytes]:
        """Cut data into lines; the last piece, which may be empty, has not ended yet."""
        if self.encoding.width == 1:
            pieces = data.splitlines(keepends=True)
            ended = data.endswith(b"\n")
        else:
            pieces = _wide_lines(data, self.encoding)
            newline = "\n".encode(self.encoding.codec)
            ended = data.endswith(newline) and len(data) % len(newline) == 0
        # A \n may follow a \r.
        if ended or not pieces:
            pieces.append(b"")
        return pieces


_WIDE: Final = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
_BREAK: Final = {
    each: re.compile(
        b"|".join(re.escape(end.encode(each)) for end in ("\r\n", "\n", "\r")), re.DOTALL
    )
    for each in _WIDE
}


def _wide_lines(data: bytes, encoding: Encoding) -> list[bytes]:
    pieces = []
    start = 0
    for found in _BREAK[encoding.codec].finditer(data):
        # Within a character it is the halves of two others.
        if found.start() % encoding.width == 0:
            pieces.append(data[start : found.end()])
            start = found.end()
    if start < len(data):
        pieces.append(data[start:])
    return pieces
