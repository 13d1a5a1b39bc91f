"""Workbooks: cells as text, phones that became numbers, and refused rows as CSV."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entrypoints.cli.importing.columns import Columns
from entrypoints.cli.importing.kinds import Reading
from tests.entrypoints.cli.importing import AS_IT_IS, Imported, imported, without_lines
from tests.entrypoints.cli.workbooks import rows, write

HEADER = ("number", "channel", "phone", "comment")
COLUMNS = Columns("channel", None, [("phone", "phone")], None, ["comment"], "number")


def _import(
    folder: Path,
    *cells: tuple[str | float | None, ...],
    reading: Reading = AS_IT_IS,
    columns: Columns = COLUMNS,
) -> Imported:
    return imported(write(folder / "leads.xlsx", {"One": rows(*cells)}), columns, reading)


def _again(folder: Path, refused: bytes, columns: Columns = COLUMNS) -> Imported:
    file = folder / "leads.refused.csv"
    file.write_bytes(refused)
    return imported(file, columns)


def test_rows_of_a_workbook_come_in(tmp_path: Path) -> None:
    done = _import(
        tmp_path,
        (None,),
        (*HEADER, "", "more"),
        (1.0, "Site Chat", "+79161234501", " Анна;\n"),
        (None, None, None, " "),
        (2.0, "site chat", 79161234501.0, 3.5, None, "x"),
    )
    assert (done.summary.contacts, done.summary.leads, done.summary.empty) == (2, 1, 1)
    assert done.summary.sources == ["site-chat"]
    values = [each.values for each in done.records if each.values is not None]
    assert [each["comment"] for each in values] == [" Анна;\n", "3.5"]
    assert [each["number"] for each in values] == ["1", "2"]
    assert done.records[-1].line == 5


@pytest.mark.parametrize(
    ("phone", "taken"),
    [
        (79161234501.0, True),
        (79161234501.5, False),
        (1.2345678901234567e19, False),
        (1e300, False),
    ],
)
def test_a_phone_that_became_a_number_is_taken_if_its_digits_are_certain(
    tmp_path: Path, phone: float, taken: bool
) -> None:
    done = _import(tmp_path, HEADER, (1.0, "chat", phone, None))
    assert (done.summary.contacts, done.summary.refused) == ((1, 0) if taken else (0, 1))
    if not taken:
        assert _again(tmp_path, done.refused).summary.refused == 1


def test_an_id_past_fifteen_digits_is_not_taken_for_another(tmp_path: Path) -> None:
    columns = Columns("channel", None, [("telegram", "phone")], None, [], "number")
    done = _import(tmp_path, HEADER, (1.0, "chat", 1234567890123456.0, None), columns=columns)
    assert "cut short" in done.summary.shown[0][1]
    assert _again(tmp_path, done.refused, columns).summary.refused == 1
    done = _import(tmp_path, HEADER, (1.0, "chat", 123456789012345.0, None), columns=columns)
    assert done.summary.contacts == 1


def test_dates_and_truths_are_texts_that_stay_what_they_are(tmp_path: Path) -> None:
    sheet = rows(HEADER) + (
        '<row r="2"><c r="A2" s="1"><v>45000</v></c><c r="B2" t="b"><v>1</v></c>'
        '<c r="C2" t="e"><v>#N/A</v></c><c r="D2" s="2"><v>45000.5</v></c></row>'
    )
    done = imported(write(tmp_path / "leads.xlsx", {"One": sheet}), COLUMNS)
    header, row = csv.reader(done.refused.decode("utf-8-sig").splitlines(), delimiter=";")
    assert header == ["line", "reason", *HEADER]
    assert row[2:] == ["2023-03-15", "TRUE", "", "2023-03-15 12:00:00"]


def test_refused_rows_are_csv_that_opens_in_columns_and_comes_in_mended(tmp_path: Path) -> None:
    done = _import(
        tmp_path,
        HEADER,
        (1.0, "chat", "none", 'say "a;b"\n=1+1'),
        (2.0, None, 79161234502.0, "Пётр"),
        (3.0, "chat", "none", None, "too much"),
    )
    assert done.summary.refused == 3
    assert done.refused.startswith(b"\xef\xbb\xbfline;reason;number;channel;phone;comment\r\n2;")
    again = _again(tmp_path, done.refused)
    assert without_lines(again.refused) == without_lines(done.refused)
    mended = (
        done.refused.replace(b";none;", b";+79161234501;")
        .replace(b";2;;", b";2;chat;")
        .replace(b";too much", b"")
    )
    again = _again(tmp_path, mended)
    assert (again.summary.contacts, again.summary.refused) == (3, 0)
    values = [each.values for each in again.records if each.values is not None]
    assert [each["comment"] for each in values] == ['say "a;b"\n=1+1', "Пётр", ""]


def test_a_refused_file_that_was_kept_as_a_workbook_is_read(tmp_path: Path) -> None:
    done = _import(
        tmp_path,
        ("line", "reason", *HEADER),
        (2.0, "no source: the column is empty", 1.0, "chat", 79161234501.0, None),
        (None, None, 2.0, "chat", "none", None),
        ("who", "knows", 3.0, "chat", 79161234503.0, None),
    )
    assert (done.summary.contacts, done.summary.refused) == (1, 2)
    assert done.refused.startswith(b"\xef\xbb\xbfline;reason;number;channel;phone;comment\r\n3;")


def test_no_sheet_is_left_out_without_a_word(tmp_path: Path) -> None:
    good = rows(HEADER, (1.0, "chat", 79161234501.0, None))
    file = write(tmp_path / "leads.xlsx", {"One": good, "Two": good, "None": ""})
    with pytest.raises(ValueError, match=r"several sheets with rows, 'One', 'Two'; name one"):
        imported(file, COLUMNS)
    with pytest.raises(ValueError, match=r"no sheet 'Three'; it has 'One', 'Two', 'None'"):
        imported(file, COLUMNS, Reading.of(None, None, "Three"))
    done = imported(file, COLUMNS, Reading.of(None, None, "Two"))
    assert done.summary.contacts == 1
    assert done.summary.read_as == "the sheet 'Two' of a workbook"
    hidden = write(tmp_path / "hidden.xlsx", {"One": good, "Two": good}, hidden="Two")
    assert imported(hidden, COLUMNS).summary.contacts == 1


def test_a_cell_far_away_does_not_fill_the_memory(tmp_path: Path) -> None:
    far = rows(HEADER) + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    with pytest.raises(ValueError, match=r"a cell in row 1,048,576 or column 16,384"):
        imported(write(tmp_path / "leads.xlsx", {"One": far}), COLUMNS)


@pytest.mark.parametrize("damage", [slice(0, 300), slice(0, 900)])
def test_a_damaged_workbook_is_said_to_be_one(tmp_path: Path, damage: slice) -> None:
    file = write(tmp_path / "leads.xlsx", {"One": rows(HEADER)})
    file.write_bytes(file.read_bytes()[damage])
    with pytest.raises(ValueError, match="damaged"):
        imported(file, COLUMNS)


def test_a_workbook_may_come_from_a_pipe_under_any_name(tmp_path: Path) -> None:
    file = write(tmp_path / "leads.csv", {"One": rows(HEADER, (1.0, "chat", 79161234501.0, None))})
    options = ["--source", "channel", "--identity", "phone=phone", "--create-sources"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.entrypoints.cli.run", "import", "/dev/stdin", *options],
        input=file.read_bytes(),
        env={"FAIRLEAD_DATABASE_URL": "memory://"},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"contacts         1" in done.stdout


def test_no_other_command_loads_what_reads_workbooks() -> None:
    code = "import sys, entrypoints.cli.main; print('python_calamine' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert done.stdout == "False\n"


CELLS = st.text(
    st.characters(min_codepoint=32, exclude_categories=["Cs", "Co", "Cn"]) | st.just("\n"),
    max_size=12,
)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5))
def test_what_is_refused_of_a_workbook_reads_as_it_did(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("workbook")
    done = _import(folder, HEADER, *((1.0, one, "none", two) for one, two in cells))
    assert done.summary.refused == len(cells)
    again = _again(folder, done.refused)
    assert without_lines(again.refused) == without_lines(done.refused)
    first, second = (
        [each.values["comment"] for each in side.records if each.values is not None]
        for side in (done, again)
    )
    assert first == second
