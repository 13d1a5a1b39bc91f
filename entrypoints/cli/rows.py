"""Rows of CSV and NDJSON files, in a stream; and the file of those that were refused."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Self, TextIO


class Row(NamedTuple):
    """A row as it stands in the file.

    Attributes:
        line: the number of its first line, from 1.
        values: by column; None if the row cannot be read.
        original: what goes to the file of refused rows.
        problem: why it cannot be read.
    """

    line: int
    values: Mapping[str, Any] | None
    original: Any
    problem: str | None = None


def is_csv(file: Path) -> bool:
    """Tell by its name whether a file is CSV; what is not is NDJSON."""
    return file.suffix.lower() not in {".ndjson", ".jsonl", ".json"}


def read_rows(raw: BinaryIO, as_csv: bool, columns: Iterable[str]) -> Iterator[Row]:
    """Yield every row; one that cannot be read comes with its problem.

    Raises:
        ValueError: a CSV file has not all of these columns.
    """
    return _csv_rows(raw, columns) if as_csv else _json_rows(raw)


def _csv_rows(raw: BinaryIO, columns: Iterable[str]) -> Iterator[Row]:
    # Bytes that are no UTF-8 become surrogates, which the domain refuses: one row, not the file.
    text = io.TextIOWrapper(raw, encoding="utf-8-sig", errors="surrogateescape", newline="")
    reader = csv.reader(text)
    header = next(reader, [])
    if missing := sorted(set(columns) - set(header)):
        raise ValueError(
            f"the file has no column {', '.join(missing)}; it has {', '.join(header) or 'none'}."
        )
    while True:
        first = reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            yield Row(first, None, [], f"the row cannot be read: {error}")
            continue
        if not values:
            continue
        if len(values) != len(header):
            problem = f"the row has {len(values)} columns, the header {len(header)}"
            yield Row(first, None, values, problem)
        else:
            yield Row(first, dict(zip(header, values, strict=True)), values)
    text.detach()


def _json_rows(raw: BinaryIO) -> Iterator[Row]:
    for line, encoded in enumerate(raw, start=1):
        text = encoded.decode("utf-8-sig" if line == 1 else "utf-8", errors="surrogateescape")
        if not text.strip():
            continue
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            yield Row(line, None, text.rstrip("\r\n"), f"the line is not JSON: {error}")
            continue
        if isinstance(values, dict):
            yield Row(line, values, values)
        else:
            yield Row(line, None, values, "the line is not a JSON object")


class RefusedRows:
    """The file of refused rows; it is made when the first one comes."""

    def __init__(self, path: Path, as_csv: bool) -> None:
        self.path = path
        self._as_csv = as_csv
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, row: Row, reason: str) -> None:
        """Add a row with its line and the reason."""
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8", errors="surrogateescape", newline="")
            if self._as_csv and row.values is not None:
                csv.writer(self._file).writerow([*row.values, "line", "reason"])
        if self._as_csv:
            csv.writer(self._file).writerow([*row.original, row.line, reason])
        else:
            record = {"line": row.line, "reason": reason, "row": row.original}
            self._file.write(json.dumps(record, ensure_ascii=True) + "\n")
