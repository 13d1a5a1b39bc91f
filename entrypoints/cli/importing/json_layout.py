"""The form of refused rows of JSON, one a line or in an array."""

import json
import re
from typing import Final, Protocol

from entrypoints.cli.importing.encodings import Encoding
from entrypoints.cli.importing.lines import Part
from entrypoints.cli.importing.records import OURS, Layout, Record, told

_WRAPPED: Final = re.compile(
    r'[\s\ufeff]*+\{\s*+"line"\s*+:\s*+\d++\s*+,\s*+"reason"\s*+:\s*+"(?:[^"\\]|\\.)*+"'
    r'\s*+,\s*+"row"\s*+: ?'
)
_NEXT_WRAPPED: Final = re.compile(r'\}(?=\s*+,\s*+\{\s*+"line"\s*+:\s*+\d++\s*+,\s*+"reason"\s*+:)')
_NAMES: Final = {*OURS, "row"}


class Encoded(Protocol):
    """An input; while it is read, another encoding may be recognised."""

    encoding: Encoding


def may_wrap(wanted: set[str]) -> bool:
    """Tell whether an object of line, reason and row is a refused row: not if one is asked for."""
    return not _NAMES & wanted


def unwrapped(text: str) -> tuple[int, int]:
    """Return where the row's own text begins and ends in the object that it was refused with."""
    found = _WRAPPED.match(text)
    end = text.rfind("}")
    return (0, len(text)) if found is None or end < found.end() else (found.end(), end)


def is_wrapped(text: str, at: int) -> bool:
    """Tell whether a refused row begins there."""
    return _WRAPPED.match(text, at) is not None


def end_of_wrapped(text: str, at: int) -> int | None:
    """Return where the refused row that begins there ends; None if no other one follows it.

    The next one tells, not the brackets: they belong to the row, and may be what is wrong with it.
    """
    found = _NEXT_WRAPPED.search(text, at)
    return None if found is None else found.end()


class JsonLayout(Layout):
    """Every refused row is an object of line, reason and row, with its own text unchanged.

    So the text is there byte for byte, and what is wrong with it can be mended in place. A row that
    is refused once more is taken out of the object that it came in.

    Args:
        source: what is read.
        mark: its byte order mark.
        wrapped: its rows may be refused ones.
        array: the rows are an array, and not lines.
    """

    def __init__(self, source: Encoded, mark: bytes, wrapped: bool, array: bool) -> None:
        self.suffix = ".json" if array else ".ndjson"
        self._source = source
        self._mark = mark
        self._wrapped = wrapped
        self._array = array
        self._first = True
        self._in_object = False

    def opening(self) -> bytes:
        """Return what comes before the first row."""
        return self._mark + (self._bytes("[\n") if self._array else b"")

    def row(self, record: Record, reason: str) -> bytes:
        """Return a row with its line and the reason, its own text unchanged."""
        own = self._own(record)
        if record.part in {Part.WHOLE, Part.FIRST}:
            head = json.dumps({"line": record.line, "reason": told(reason)})
            between = ",\n" if self._array and not self._first else ""
            self._first = False
            own = self._bytes(f'{between}{head[:-1]}, "row": ') + own
        if record.part in {Part.WHOLE, Part.LAST}:
            # Half a character can only be at the end of a file; it is filled up to a whole one.
            own += bytes(-len(own) % self._source.encoding.width)
            own += self._bytes("}" if self._array else "}\n")
        return own

    def closing(self) -> bytes:
        """Return what comes after the last row."""
        return self._bytes("\n]\n") if self._array else b""

    def _bytes(self, text: str) -> bytes:
        return self._source.encoding.encode(text)

    def _own(self, record: Record) -> bytes:
        """Return a record's own text, without the object around it or the line break after it."""
        own, same = record.raw, self._source.encoding.same
        if not self._array and record.part in {Part.WHOLE, Part.LAST}:
            for end in map(self._bytes, "\n\r"):
                own = own.removesuffix(end)
        if not self._wrapped or record.part is Part.NEXT:
            return own
        if record.part is Part.LAST:
            return own[: own.rfind(self._bytes("}"))] if self._in_object else own
        text = self._source.encoding.decode(own)
        if record.part is Part.FIRST:
            found = _WRAPPED.match(text)
            self._in_object = found is not None
            return own if found is None else own[len(same(found[0])) :]
        start, stop = unwrapped(text)
        if (start, stop) == (0, len(text)):
            return own
        return own[len(same(text[:start])) : len(same(text[:stop]))]
