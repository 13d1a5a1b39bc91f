"""What kind of file an input is; if it cannot be imported, a message says what it is."""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from entrypoints.cli.importing.columns import Columns
from entrypoints.cli.importing.csv_records import CsvRecords
from entrypoints.cli.importing.encodings import UTF_8, Encoding, Mark, marked, named
from entrypoints.cli.importing.inputs import CHUNK, Input
from entrypoints.cli.importing.json_array import JsonArray
from entrypoints.cli.importing.json_lines import JsonLines
from entrypoints.cli.importing.lines import Lines
from entrypoints.cli.importing.records import Records
from entrypoints.cli.importing.workbook import WorkbookRecords

_OTHERS: Final = (
    (rb"%PDF-", "a PDF; import the table that it was made from"),
    (
        rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an Excel workbook in the old format (.xls) or with a password; save it as .xlsx or CSV",
    ),
    (rb"\x1f\x8b\x08|BZh[1-9]1AY&SY|\xfd7zXZ\0|7z\xbc\xaf\x27\x1c|Rar!\x1a\x07", "compressed"),
    (rb"SQLite format 3\0", "an SQLite database"),
    (rb"\x89PNG\r\n|\xff\xd8\xff[\xe0-\xef]|GIF8[79]a", "a picture"),
    (rb"\{\\rtf", "a text document (RTF); save its table as CSV"),
)
_PAGE: Final = re.compile(
    r"<(!doctype|html|head|body|meta|style|table|div|\?xml|!--)", re.IGNORECASE
)
_JSON: Final = re.compile(r'\{\s*"|\[\s*[\[{"\d\]]')
_LINES: Final = (".ndjson", ".jsonl")
_TABLES: Final = (".csv", ".tsv", ".tab")


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read a file, as the options say; None means that it is recognised.

    Attributes:
        delimiter: one character.
        sheet: of a workbook.
    """

    encoding: Encoding | None
    delimiter: str | None
    sheet: str | None

    @classmethod
    def of(cls, encoding: str | None, delimiter: str | None, sheet: str | None) -> "Reading":
        """Read the options.

        Raises:
            ValueError: one cannot be read; the message says why.
        """
        if delimiter in {"tab", r"\t"}:
            delimiter = "\t"
        if delimiter is not None and re.fullmatch(r'[^\w\s"]|\t', delimiter) is None:
            raise ValueError(
                f"--delimiter {delimiter}: write one character, such as , or ; or |, or tab."
            )
        return cls(None if encoding is None else named(encoding), delimiter, sheet)


def records_of(source: Input, columns: Columns, reading: Reading) -> Records:
    """Open what an input holds.

    Raises:
        ValueError: it cannot be imported; the message says what it is.
    """
    for magic, words in _OTHERS:
        if re.match(magic, source.head):
            raise ValueError(f"{source.name} is {words}.")
    if source.head[:4] in {b"PK\x03\x04", b"PK\x05\x06"}:
        _check_workbook(source)
        return WorkbookRecords(source, reading.sheet, columns.all())
    if reading.sheet is not None:
        raise ValueError(f"{source.name} is not a workbook; --sheet is only for workbooks.")
    mark = marked(source.head)
    if reading.encoding is not None and not mark.once:
        mark = Mark(reading.encoding)
    return _text_records(source, mark, columns, reading.delimiter)


def _text_records(
    source: Input, mark: Mark, columns: Columns, delimiter: str | None
) -> CsvRecords | JsonLines | JsonArray:
    wanted = set(columns.all())
    text = (mark.encoding or UTF_8).decode(source.head[mark.length :]).lstrip("\ufeff \t\r\n\v\f")
    if not text and len(source.head) < CHUNK:
        raise ValueError(f"{source.name} is empty.")
    if _PAGE.match(text):
        raise ValueError(
            f"{source.name} is a web page or XML, whatever its name; open it in a spreadsheet and "
            "save it as .xlsx or as CSV."
        )
    suffix = source.path.suffix.lower()
    chunks = _without_mark(source.chunks(), mark.length)
    holds_json = _JSON.match(text) is not None
    if suffix in _LINES or suffix == ".json" or (holds_json and suffix not in _TABLES):
        if suffix not in _LINES and text.startswith("["):
            return _array(source, chunks, mark, wanted)
        if suffix not in _LINES and re.match(r"\{[ \t]*[\r\n]", text):
            raise ValueError(
                f"{source.name} has JSON objects over several lines; write each on one line, or "
                "all of them in an array."
            )
        return JsonLines(Lines(chunks, mark.encoding), mark.once, wanted)
    if holds_json:
        raise ValueError(
            f"{source.name} holds JSON, not CSV; give it a name that ends with .json or .ndjson."
        )
    return CsvRecords(
        Lines(chunks, mark.encoding),
        mark.once,
        source.name,
        delimiter,
        columns.all(),
        columns.telling(),
    )


def _array(source: Input, chunks: Iterator[bytes], mark: Mark, wanted: set[str]) -> JsonArray:
    encoding = mark.encoding or UTF_8
    if encoding.width > 1:
        raise ValueError(f"{source.name} is a JSON array in {encoding.codec}; save it as UTF-8.")
    return JsonArray(chunks, encoding, mark.once, wanted)


def _without_mark(chunks: Iterator[bytes], length: int) -> Iterator[bytes]:
    first = next(chunks, b"")[length:]
    if first:
        yield first
    yield from chunks


def _check_workbook(source: Input) -> None:
    """Check that a ZIP archive is a workbook.

    Raises:
        ValueError: it is something else.
    """
    try:
        with zipfile.ZipFile(source.at_any_place()) as parts:
            names = set(parts.namelist())
    except (zipfile.BadZipFile, OSError) as error:
        raise ValueError(f"{source.name} is a damaged ZIP archive.") from error
    if "xl/workbook.xml" in names:
        return
    if any(each.startswith(("xl/", "word/", "ppt/", "Index/")) for each in names) or (
        "mimetype" in names
    ):
        raise ValueError(f"{source.name} is a document of another kind; save it as .xlsx or CSV.")
    raise ValueError(f"{source.name} is a ZIP archive; unpack it first.")
