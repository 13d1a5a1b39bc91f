"""A JSON array of objects, read in pieces."""

import codecs
import re
from collections.abc import Iterator
from typing import Final

from entrypoints.cli.importing.encodings import Encoding
from entrypoints.cli.importing.json_layout import (
    JsonLayout,
    end_of_wrapped,
    is_wrapped,
    may_wrap,
    unwrapped,
)
from entrypoints.cli.importing.json_values import decoder, values_of
from entrypoints.cli.importing.lines import LONGEST, Part
from entrypoints.cli.importing.records import TOO_LONG, Record, Records

_BETWEEN: Final = re.compile("[\\s,\ufeff]*")
_NEXT_ROW: Final = re.compile(r"\}(?=\s*,\s*\{)")
_BRACKET: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"|[{}\[\]]')
_END: Final = re.compile(r"\s*\]\s*\Z")
_SEAM: Final = 1024
"""Characters that are looked at again with those that follow, since they may belong together."""


class JsonArray(Records):
    """The rows of a JSON array, or of several, one after another.

    Args:
        chunks: of the file, after its byte order mark.
        encoding: of the text.
        mark: the byte order mark.
        wanted: the columns asked for.
    """

    def __init__(
        self, chunks: Iterator[bytes], encoding: Encoding, mark: bytes, wanted: set[str]
    ) -> None:
        self.encoding = encoding
        self._chunks = chunks
        self._wanted = wanted
        self._wrapped = may_wrap(wanted)
        self._decode = codecs.getincrementaldecoder(encoding.codec)("surrogateescape").decode
        self._text = ""
        self._at = 0
        self._line = 1
        self._ended = False
        self._inside = False
        self.layout = JsonLayout(self, mark, self._wrapped, array=True)

    @property
    def read_as(self) -> str | None:
        """What was recognised, for people."""
        return None if self.encoding.codec == "utf-8" else self.encoding.codec

    def __iter__(self) -> Iterator[Record]:
        while self._skip():
            if (end := self._element()) is not None:
                yield self._record(self._take(end))
            else:
                yield from self._broken()

    def _skip(self) -> bool:
        """Go to the next row; False if there is none."""
        while True:
            found = _BETWEEN.match(self._text, self._at)
            self._take(self._at if found is None else found.end())
            if self._at == len(self._text):
                if not self._fill():
                    return False
            elif self._text[self._at] == ("]" if self._inside else "["):
                self._take(self._at + 1)
                self._inside = not self._inside
            else:
                return True

    def _element(self) -> int | None:
        """Return where the row ends; None if it cannot be read."""
        while True:
            try:
                _, end = decoder.raw_decode(self._text, self._at)
            except (ValueError, RecursionError):
                end = -1
            # A number at the end of what was read so far may have more digits.
            if end >= 0 and (end < len(self._text) or self._ended):
                return end
            if len(self._text) - self._at > LONGEST or not self._fill():
                return end if end >= 0 else None

    def _record(self, row: tuple[int, str]) -> Record:
        line, text = row
        start, end = unwrapped(text) if self._wrapped else (0, len(text))
        values, problem = values_of(text[start:end], self.encoding, self._wanted)
        return Record(line, self.encoding.same(text), values, problem)

    def _broken(self) -> Iterator[Record]:
        """Yield a row that cannot be read, in parts if its end is far away."""
        part = Part.WHOLE
        while (end := self._likely_end()) is None and not self._ended:
            if len(self._text) - self._at > LONGEST:
                part = Part.NEXT if part else Part.FIRST
                yield self._refused(len(self._text) - _SEAM, part)
            self._fill()
        if end is None:
            closing = _END.search(self._text, self._at) if self._inside else None
            end = len(self._text) if closing is None else closing.start()
        yield self._refused(end, Part.LAST if part else Part.WHOLE)

    def _likely_end(self) -> int | None:
        """Return where a row that cannot be read most likely ends; None if that is not in sight.

        That is where its brackets are closed, or before another object, whichever comes first: an
        unclosed string makes brackets meaningless, and nested objects follow each other within a
        row. If the guess is wrong, a row is refused in pieces.
        """
        if self._wrapped and is_wrapped(self._text, self._at):
            return end_of_wrapped(self._text, self._at)
        found = _NEXT_ROW.search(self._text, self._at)
        ends = [] if found is None else [found.end()]
        depth = 0
        if self._text[self._at] in "{[":
            for each in _BRACKET.finditer(self._text, self._at):
                depth += (each[0] in "{[") - (each[0] in "}]")
                if depth <= 0:
                    ends.append(each.end())
                    break
        return min(ends, default=None)

    def _refused(self, end: int, part: Part) -> Record:
        line, text = self._take(end)
        problem: str | None = TOO_LONG
        if not part:
            start, stop = unwrapped(text) if self._wrapped else (0, len(text))
            _, problem = values_of(text[start:stop], self.encoding, self._wanted)
        raw = self.encoding.same(text)
        return Record(line, raw, None, problem or "the row is not JSON that can be read", part=part)

    def _take(self, end: int) -> tuple[int, str]:
        """Return the text up to `end`, and the line that it begins on; continue after it."""
        line, text = self._line, self._text[self._at : end]
        self._line += text.count("\n")
        self._at = end
        return line, text

    def _fill(self) -> bool:
        """Read on; False if everything was read."""
        if self._ended:
            return False
        chunk = next(self._chunks, b"")
        self._ended = not chunk
        self._text = self._text[self._at :] + self._decode(chunk, final=self._ended)
        self._at = 0
        return True
