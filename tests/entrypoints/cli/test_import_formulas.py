"""Refused rows contain nothing that a spreadsheet executes, and come back unchanged."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoints.cli.importing.columns import Columns
from entrypoints.cli.importing.formulas import Formulas
from tests.entrypoints.cli.importing import Imported, imported

NAMED = Columns("channel", None, [("phone", "phone")], "name", ["comment"], None)
HEADER = "channel,phone,name,comment\n"
FORMULAS = [
    '=HYPERLINK("http://evil.example")',
    "=1+1",
    "@SUM(A1)",
    "+cmd|' /C calc'!A0",
    "-cmd|' /C calc'!A0",
    "'=1",
    "''@x",
    " =1",
    '+""&HYPERLINK("http://evil.example")',
    '-(""&WEBSERVICE("http://evil.example"))',
    "+(0,WEBSERVICE(1))",
    "+\nHYPERLINK(1)",
]
PLAIN = ["+79161234501", "+7 (916) 123-45-01", "-5", "-", "+", "", "a=b", "it's", "'tis", "x@y.org"]


def _imported(folder: Path, name: str, content: bytes) -> Imported:
    file = folder / name
    file.write_bytes(content)
    return imported(file, NAMED)


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_text_and_comes_back_as_it_was(tmp_path: Path, text: str) -> None:
    row = io.StringIO()
    csv.writer(row).writerow(["chat", "none", text, f"one\n{text}"])
    done = _imported(tmp_path, "leads.csv", (HEADER + row.getvalue()).encode())
    _, cells = csv.reader(io.StringIO(done.refused.decode()))
    assert cells[4] == f"'{text}"
    assert cells[5] in {f"one\n'{text}", f"one\n{text}"}, "that cell does not begin with it"
    # If it is refused again, it is still marked only once.
    again = _imported(tmp_path, "again.csv", done.refused)
    assert again.refused == done.refused
    mended = done.refused.replace(b",none,", b",+79161234501,")
    good = _imported(tmp_path, "good.csv", mended)
    assert good.summary.contacts == 1


@pytest.mark.parametrize("text", PLAIN)
def test_what_calculates_nothing_stays_byte_for_byte(tmp_path: Path, text: str) -> None:
    row = f"chat,none,{text},{text}\n".encode()
    assert row in _imported(tmp_path, "leads.csv", HEADER.encode() + row).refused


@pytest.mark.parametrize("codec", ["utf-8", "cp1251", "utf-16"])
def test_in_every_encoding(tmp_path: Path, codec: str) -> None:
    content = f"{HEADER}chat,none,=Иван(1),Привет, дорогие друзья\n".replace("т, д", "т д")
    done = _imported(tmp_path, "leads.csv", content.encode(codec))
    assert "'=Иван(1)" in done.refused.decode(codec)
    assert _imported(tmp_path, "again.csv", done.refused).refused == done.refused


def test_whatever_a_spreadsheet_parts_cells_by(tmp_path: Path) -> None:
    """A comma-separated file has other cells where spreadsheets separate them by semicolons."""
    content = f"{HEADER}chat,none,x;=HYPERLINK(1),y|@SUM(A1)\n".encode()
    refused = _imported(tmp_path, "leads.csv", content).refused
    assert b"x;'=HYPERLINK(1),y|'@SUM(A1)" in refused
    assert _imported(tmp_path, "again.csv", refused).refused == refused


def test_a_row_that_is_too_long_to_be_read(tmp_path: Path) -> None:
    content = f"{HEADER}chat,none,{'x' * 3_000_000},=HYPERLINK(1)\n".encode()
    assert b"x,'=HYPERLINK(1)" in _imported(tmp_path, "leads.csv", content).refused


def test_where_quotes_do_not_match(tmp_path: Path) -> None:
    """A spreadsheet divides such a row into cells in its own way."""
    content = f'{HEADER}chat,none,"a"=1,x\nchat,none,"=2\n'.encode()
    refused = _imported(tmp_path, "leads.csv", content).refused
    assert b'"a"\'=1' in refused
    assert b"\"'=2" in refused


@given(
    st.text(st.sampled_from(list(",;\t\"'=+-@ \r\n1a(")), max_size=20), st.sampled_from(",;\t|=-'")
)
def test_what_was_marked_is_taken_off_and_nothing_else(text: str, delimiter: str) -> None:
    formulas = Formulas(delimiter)
    marked = formulas.escaped(text)
    assert formulas.undone(marked) == text
    assert marked.replace("'", "") == text.replace("'", "")
