"""NDJSON: one object a line."""

import string
from collections.abc import Iterator
from typing import Final

from entrypoints.cli.importing.json_layout import JsonLayout, may_wrap, unwrapped
from entrypoints.cli.importing.json_values import values_of
from entrypoints.cli.importing.lines import Line, Lines
from entrypoints.cli.importing.records import TOO_LONG, Record, Records

_AROUND: Final = "\ufeff" + string.whitespace


class JsonLines(Records):
    """The rows of an NDJSON file.

    Args:
        lines: of the file, after its byte order mark.
        mark: the byte order mark.
        wanted: the columns asked for.
    """

    def __init__(self, lines: Lines, mark: bytes, wanted: set[str]) -> None:
        self._lines = lines
        self._wanted = wanted
        self._wrapped = may_wrap(wanted)
        self.layout = JsonLayout(lines, mark, self._wrapped, array=False)

    @property
    def read_as(self) -> str | None:
        """What was recognised, for people."""
        codec = self._lines.encoding.codec
        return None if codec == "utf-8" else codec

    def __iter__(self) -> Iterator[Record]:
        for line in self._lines:
            if line.part:
                yield Record(line.number, line.raw, None, TOO_LONG, part=line.part)
            else:
                yield self._record(line)

    def _record(self, line: Line) -> Record:
        text = line.text
        if self._wrapped:
            start, end = unwrapped(text)
            text = text[start:end]
        text = text.strip(_AROUND)
        if not text:
            return Record(line.number, line.raw, None, blank=True)
        values, problem = values_of(text, self._lines.encoding, self._wanted)
        return Record(line.number, line.raw, values, problem)
