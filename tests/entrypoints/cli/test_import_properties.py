"""Whatever a file contains, every row becomes a contact or is refused with its own bytes."""

import csv
import io
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from entrypoints.cli.importing.formulas import Formulas
from tests.entrypoints.cli.importing import Imported, imported, without_lines

HEADER = b"number,channel,phone,comment\n"
GOOD = b"1,chat,+79161234501,mended"
GOOD_JSON = b'{"channel": "chat", "phone": "+79161234501"}'
ROWS = st.sampled_from(
    [
        GOOD + b"\n",
        b'2,chat,+79161234502,"two\nlines"\r\n',
        b"3,chat,none,\n",
        b"4,,+79161234504,x\n",
    ]
)
BITS = st.sampled_from(
    [b'"', b'""', b",", b"\n", b"\r", b"\r\n", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xd0\xb1", b" "]
)
ANY = st.lists(ROWS | BITS | st.binary(max_size=5), max_size=20).map(b"".join)
OBJECTS = st.sampled_from([GOOD_JSON, b'{"channel": "chat", "phone": 1}', b"[1]", b"{", b"}", b"]"])
ANY_JSON = st.lists(OBJECTS | BITS | st.binary(max_size=5), max_size=20).map(b"".join)


@contextmanager
def _file(name: str, content: bytes) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(content)
        yield file


def _import(name: str, content: bytes) -> Imported:
    with _file(name, content) as file:
        done = imported(file)
    summary = done.summary
    assert summary.stopped is None
    assert summary.rows == summary.contacts + summary.refused
    assert summary.rows + summary.empty == len(done.records)
    assert len(done.written) == summary.refused
    at = 0
    for _, written in done.written:
        at = done.refused.index(written, at) + len(written)
    return done


def _mended(done: Imported, opening: bytes, good: bytes, behind: bytes = b"") -> bytes:
    """Return the refused rows, with each row's own text replaced by that of a good row."""
    rows = [opening]
    for raw, written in done.written:
        own = raw.rstrip(b"\r\n") + behind
        row = _undone(written).rstrip(b"\r\n")
        assert row.endswith(own)
        rows.append(row.removesuffix(own) + good + behind + b"\n")
    return b"".join(rows)


@settings(deadline=None, max_examples=200)
@given(ANY)
def test_any_bytes_as_csv_are_contacts_or_refused_and_can_be_mended(content: bytes) -> None:
    done = _import("leads.csv", HEADER + content)
    assert b"".join(each.raw for each in done.records) == content
    for own, written in done.written:
        assert own in _undone(written)
        assert written.count(b'","') <= own.count(b'","') + 1
    if not done.refused:
        return
    assert done.refused.startswith(b"line,reason," + HEADER)

    mended = _import("mended.csv", _mended(done, b"line,reason," + HEADER, GOOD))
    assert mended.summary.refused == 0
    assert mended.summary.contacts == done.summary.refused

    second = _import("second.csv", done.refused)
    third = _import("third.csv", second.refused) if second.refused else second
    assert without_lines(third.refused) == without_lines(second.refused)
    for own, _ in second.written:
        assert own in done.refused
    # A formula is marked once, however often its row is refused.
    assert _undone(third.refused) == _undone(second.refused)


def _undone(written: bytes) -> bytes:
    return Formulas(",").undone(written.decode("latin-1")).encode("latin-1")


@settings(deadline=None, max_examples=200)
@given(ANY_JSON)
def test_any_bytes_as_lines_of_json_are_contacts_or_refused_and_can_be_mended(
    content: bytes,
) -> None:
    content = GOOD_JSON + b"\n" + content
    done = _import("leads.ndjson", content)
    assert b"".join(each.raw for each in done.records) == content
    for own, written in done.written:
        assert own.rstrip(b"\r\n") in written

    mended = _import("mended.ndjson", _mended(done, GOOD_JSON + b"\n", GOOD_JSON, b"}"))
    assert mended.summary.refused == 0
    assert mended.summary.contacts == done.summary.refused + 1

    second = _import("second.ndjson", GOOD_JSON + b"\n" + done.refused)
    assert second.summary.refused == done.summary.refused
    for own, _ in done.written:
        assert own.rstrip(b"\r\n") in second.refused
    # A row with two errors may be refused for the other one, now that it contains a reason.
    third = _import("third.ndjson", GOOD_JSON + b"\n" + second.refused)
    assert without_lines(third.refused) == without_lines(second.refused)


@settings(deadline=None, max_examples=200)
@given(ANY_JSON)
def test_any_bytes_in_an_array_are_contacts_or_refused(content: bytes) -> None:
    content = b"[" + GOOD_JSON + content
    with _file("leads.json", content) as file:
        done = imported(file)
    assert done.summary.rows == done.summary.contacts + done.summary.refused
    assert done.summary.rows == len(done.records)
    rest = content
    for each in done.records:
        between, own, rest = rest.partition(each.raw)
        assert own
        assert re.fullmatch(rb"(?:[\s,\[\]\x1c-\x1f\x85]|\xef\xbb\xbf|\xc2\xa0|\xc2\x85)*", between)
    for own, written in done.written:
        assert own in written
    if done.refused:
        second = _import("second.json", done.refused)
        assert second.summary.rows >= 1
        third = _import("third.json", second.refused) if second.refused else second
        assert without_lines(third.refused) == without_lines(second.refused)


CELLS = st.text("ab ,;\t|\"\n\r'я№é0+-=@", max_size=12)
WORDS = [
    "Анна",
    "Пётр",
    "ИП",
    "ВКонтакте",
    "кВт",
    " ",
    ",",
    ";",
    "\t",
    "|",
    '"',
    "\n",
    "0",
    "№",
    "call",
]
CYRILLIC = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)
DIALECTS = st.sampled_from(
    [(each, quoting) for each in ",;\t|" for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL)]
)


def _csv(cells: list[str], dialect: tuple[str, int]) -> str:
    text = io.StringIO(newline="")
    delimiter, quoting = dialect
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting)  # type: ignore[arg-type]
    writer.writerow(["number", "channel", "phone", "comment"])
    writer.writerows([str(at), "chat", f"+7916123{at:04}", cell] for at, cell in enumerate(cells))
    return text.getvalue()


@settings(deadline=None, max_examples=150)
@given(
    st.lists(CELLS, max_size=6),
    DIALECTS,
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-16-le"]),
)
def test_every_row_of_a_well_formed_file_comes_in(
    cells: list[str], dialect: tuple[str, int], encoding: str
) -> None:
    done = _import("leads.csv", _csv(cells, dialect).encode(encoding))
    assert done.summary.contacts == len(cells)
    read = [each.values["comment"] for each in done.records if each.values is not None]
    assert read == cells


@settings(deadline=None, max_examples=50)
@given(st.lists(CYRILLIC, max_size=6), DIALECTS)
def test_so_does_every_row_in_windows_cyrillic(cells: list[str], dialect: tuple[str, int]) -> None:
    done = _import("leads.csv", _csv(["Анна", *cells], dialect).encode("cp1251"))
    read = [each.values["comment"] for each in done.records if each.values is not None]
    assert read == ["Анна", *cells]
