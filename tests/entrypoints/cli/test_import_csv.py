"""CSV as people have it: quotes, encodings, delimiters, headers, and refused rows."""

import csv
from pathlib import Path

import pytest

from entrypoints.cli.importing.columns import Columns
from entrypoints.cli.importing.kinds import Reading
from tests.entrypoints.cli.importing import COLUMNS, Imported, imported

CASES = Path(__file__).with_name("cases")
PHONE = Columns("channel", None, [("phone", "phone")], None, [], "number")
HEADER = "number,channel,phone,comment\n"


def _import(
    folder: Path, content: str | bytes, columns: Columns = COLUMNS, reading: Reading | None = None
) -> Imported:
    file = folder / "leads.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return imported(file, columns, reading or Reading(None, None, None))


def _comments(done: Imported) -> list[str]:
    return [each.values["comment"] for each in done.records if each.values is not None]


@pytest.mark.parametrize(
    ("name", "contacts", "refused"),
    [
        ("all-refused.csv", 0, 2),
        ("array.json", 2, 0),
        ("blank-rows.csv", 1, 0),
        ("cp1251-semicolons.csv", 1, 0),
        ("first-refused-row-short.csv", 1, 2),
        ("header-spaces.csv", 1, 0),
        ("non-ascii-refused.csv", 1, 1),
        ("semicolons.csv", 1, 0),
        ("sep-line.csv", 1, 0),
        ("three-rounds.csv", 0, 3),
        ("trailing-delimiter.csv", 2, 0),
        ("two-boms.csv", 1, 0),
        ("unclosed-quote.csv", 3, 1),
        ("utf16-tabs.csv", 1, 0),
    ],
)
def test_files_as_people_have_them(tmp_path: Path, name: str, contacts: int, refused: int) -> None:
    file = tmp_path / name
    file.write_bytes((CASES / name).read_bytes())
    done = imported(file, PHONE)
    assert (done.summary.contacts, done.summary.refused) == (contacts, refused)


# Quotes


def test_a_quote_that_is_not_closed_costs_its_own_line_only(tmp_path: Path) -> None:
    rows = "".join(f"{at},chat,+7916123{at:04},text\n" for at in range(2, 3000))
    done = _import(tmp_path, f'{HEADER}1,chat,+79161234501,"hello\n{rows}')
    assert done.summary.contacts == 2998
    assert done.summary.shown == [(2, "the quote opened on line 2 is not closed")]
    assert done.refused.endswith(b'",1,chat,+79161234501,"hello\n')


def test_a_quote_that_another_row_closes_takes_no_row_with_it(tmp_path: Path) -> None:
    lines = [
        '1,chat,+79161234501,"hello\n',
        "2,chat,+79161234502,b\n",
        '3,chat,+79161234503,TV 55"\n',
    ]
    done = _import(tmp_path, HEADER + "".join(lines) + "4,chat,+79161234504,d\n")
    assert (done.summary.contacts, done.summary.refused) == (1, 3)
    assert "lines 2 to 4 are one row, but they read as several" in done.summary.shown[0][1]
    for line in lines:
        assert f'",{line}'.encode() in done.refused

    mended = done.refused.replace(b'"hello', b"hello")
    assert _import(tmp_path, mended).summary.contacts == 3


@pytest.mark.parametrize(
    "rows",
    [
        '1,chat,+79161234501,"hello\n2,chat,+79161234502,"fine"\n',
        '"1","chat","+79161234501","hello\n"2","chat","+79161234502","b"\n',
        '1,chat,+79161234501,"hello\n2,chat,"+79161234502",b\n',
        '1,chat,+79161234501,"hello" x\n2,chat,+79161234502,b\n',
        '1,chat,+79161234501,"hello ""\n2,chat,+79161234502,b\n',
    ],
)
def test_quotes_that_do_not_match_cost_one_row(tmp_path: Path, rows: str) -> None:
    done = _import(tmp_path, HEADER + rows)
    assert (done.summary.contacts, done.summary.refused) == (1, 1)
    assert "line 2" in done.summary.shown[0][1]


def test_text_of_several_lines_comes_in(tmp_path: Path) -> None:
    text = 'Good day,\n\n1, first\r\n2, second, and third\nsaid "yes", 89161234567'
    quoted = text.replace('"', '""')
    done = _import(tmp_path, f'{HEADER}1,chat,+79161234501,"{quoted}"\n2,chat,+79161234502,b\n')
    assert done.summary.refused == 0
    assert _comments(done) == [text, "b"]


def test_a_quote_within_a_cell_is_a_character(tmp_path: Path) -> None:
    done = _import(tmp_path, f'{HEADER}1,chat,+79161234501,TV 55" wide\n')
    assert _comments(done) == ['TV 55" wide']


# What is refused


def test_a_row_is_mended_in_any_round_and_its_columns_do_not_pile_up(tmp_path: Path) -> None:
    rows = [f"{at},,+7916123{at:04},\n" for at in range(12)]
    content = (HEADER + "".join(rows)).encode()
    for left in (12, *range(11, 0, -1)):
        done = _import(tmp_path, content)
        assert done.summary.refused == left
        assert done.refused.startswith(b"line,reason," + HEADER.encode())
        assert done.refused.count(b"reason") == 1
        content = done.refused.replace(b",,+", b",chat,+", 1)
    assert _import(tmp_path, content).refused == b""


@pytest.mark.parametrize(
    ("row", "mended"),
    [
        (b"1,chat", b"1,chat,+79161234501"),
        (b"1,chat,+79161234501,a,b", b"1,chat,+79161234501,a b"),
        (b'1,chat,+79161234501,"a', b'1,chat,+79161234501,"a"'),
        (b'1,chat,+79161234501,"a"b', b"1,chat,+79161234501,ab"),
        (b"\xff,,none", b"1,chat,+79161234501"),
    ],
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r", b""])
def test_a_refused_row_keeps_its_bytes_and_is_mended_where_it_stands(
    tmp_path: Path, row: bytes, mended: bytes, end: bytes
) -> None:
    header = HEADER.rstrip().encode() + (end or b"\n")
    done = _import(tmp_path, header + row + end)
    assert done.summary.refused == 1
    assert done.refused.startswith(b"line,reason," + header)
    assert done.refused.endswith(b'",' + row + (end or b"\n"))
    again = _import(tmp_path, done.refused)
    assert again.refused == done.refused
    assert _import(tmp_path, done.refused.replace(row, mended)).summary.contacts == 1


def test_a_reason_is_no_formula_and_one_line(tmp_path: Path) -> None:
    done = _import(tmp_path, 'channel,phone,comment\nchat,"=1+1\n@x",\n-,,\n"\n",+79161234501,\n')
    assert done.summary.refused == 3
    for _, written in done.written:
        (cells,) = csv.reader([written.decode()])
        assert cells[1][0] not in "=+-@"
        assert "\n" not in cells[1]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "cp1251", "utf-8"])
def test_refused_rows_are_in_the_encoding_of_the_file(tmp_path: Path, encoding: str) -> None:
    mark = "\ufeff" if encoding != "cp1251" else ""
    text = f"{mark}number;channel;phone;comment\r\n1;chat;нет;Анна\r\n2;chat;нет;Пётр\r\n"
    done = _import(tmp_path, text.encode(encoding))
    assert done.summary.refused == 2
    refused = done.refused.decode(encoding)
    assert refused.startswith(f"{mark}line;reason;number;channel;phone;comment\r\n2;")
    assert refused.endswith(";2;chat;нет;Пётр\r\n")
    again = _import(tmp_path, done.refused)
    assert again.refused == done.refused
    mended = refused.replace(";нет;", ";+79161234501;").encode(encoding)
    assert _comments(_import(tmp_path, mended)) == ["Анна", "Пётр"]


def test_a_refused_file_that_a_spreadsheet_has_kept_is_read(tmp_path: Path) -> None:
    kept = (
        "line;reason;number;channel;phone;comment\r\n"
        "2;no source: the column 'channel' is empty;1;chat;+79161234501;Анна\r\n"
        ";;2;chat;+79161234502;b\r\n"
        ";;;;;\r\n"
        "9;чат;+79161234503;c\r\n"
    )
    done = _import(tmp_path, kept.encode("cp1251"))
    assert (done.summary.contacts, done.summary.empty) == (2, 1)
    # This row was added without the two extra cells, so its first cells are its own.
    assert done.summary.shown[0][0] == 5
    assert done.refused.decode("cp1251").endswith(";9;чат;+79161234503;c\r\n")


def test_a_column_of_the_customer_may_be_called_reason(tmp_path: Path) -> None:
    columns = Columns("channel", None, [("phone", "phone")], None, ["reason"], None)
    done = _import(tmp_path, "line,reason,channel,phone\n7,asked twice now,chat,none\n", columns)
    assert done.refused.endswith(b'",7,asked twice now,chat,none\n')


# Rows and headers


def test_cells_that_are_missing_or_empty_at_the_end_are_no_fault(tmp_path: Path) -> None:
    done = _import(tmp_path, HEADER + "1,chat,+79161234501\n2,chat,+79161234502,b,, ,\n")
    assert _comments(done) == ["", "b"]
    done = _import(tmp_path, HEADER + "1,chat,+79161234501,a,b\n2,chat\n")
    assert [reason for _, reason in done.summary.shown] == [
        "the row has 5 columns, the header 4",
        "the row has 2 columns, the header 4",
    ]


def test_empty_rows_are_skipped_wherever_they_are(tmp_path: Path) -> None:
    done = _import(
        tmp_path,
        "\n,,,\n" + HEADER + '\r\n,,,\n  \n\xa0,"",\t,\n1,chat,+79161234501,a\n\n\r\r',
    )
    assert (done.summary.rows, done.summary.contacts, done.summary.refused) == (1, 1, 0)
    assert done.summary.empty == 7


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_any_way(tmp_path: Path, ends: str) -> None:
    done = _import(tmp_path, f"{HEADER}1,chat,+79161234501,a{ends}2,chat,none,b{ends}")
    assert done.summary.contacts == 1
    assert done.summary.shown[0][0] == 3


def test_a_column_that_stands_twice_is_refused_where_it_is_used(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the column 'phone' 2 times, as columns 3 and 4"):
        _import(tmp_path, (CASES / "duplicate-header.csv").read_bytes(), PHONE)
    done = _import(tmp_path, "x,channel,phone,x,comment\na,chat,none,b,c\n")
    assert done.refused.startswith(b"line,reason,x,channel,phone,x,comment\n")
    assert done.refused.endswith(b'",a,chat,none,b,c\n')


def test_a_column_is_known_however_its_letters_are_composed(tmp_path: Path) -> None:
    composed, apart = "и\u0306мя", "\u0439мя"
    columns = Columns("channel", None, [("phone", f" {composed}")], None, [], None)
    done = _import(tmp_path, f"channel,\ufeff{apart}\u200b\nchat,+79161234501\n", columns)
    assert done.summary.contacts == 1


# Encodings and delimiters


def test_what_is_recognised_is_said(tmp_path: Path) -> None:
    done = _import(tmp_path, "channel;phone;comment\nchat;+79161234501;Анна\n".encode("cp1251"))
    assert done.summary.read_as == "cp1251, cells separated by ';'"
    assert _comments(done) == ["Анна"]
    assert _import(tmp_path, HEADER).summary.read_as is None


def test_windows_cyrillic_is_recognised_also_where_it_begins_late(tmp_path: Path) -> None:
    rows = "".join(f"{at},chat,+7916123{at:04},{'x' * 99}\n" for at in range(900))
    done = _import(tmp_path, f"{HEADER}{rows}901,chat,+79161234501,Анна\n".encode("cp1251"))
    assert done.summary.contacts == 901
    assert _comments(done)[-1] == "Анна"


@pytest.mark.parametrize("encoding", ["cp1252", "koi8-r", "cp866"])
def test_what_is_not_recognised_is_refused_until_it_is_named(tmp_path: Path, encoding: str) -> None:
    name = "Müller" if encoding == "cp1252" else "Мария Кюри"
    content = f"{HEADER}1,chat,+79161234501,{name}\n".encode(encoding)
    done = _import(tmp_path, content)
    assert done.summary.refused == 1
    assert "not UTF-8; --encoding may help" in done.summary.shown[0][1]
    named = Reading.of(encoding, None, None)
    assert _comments(_import(tmp_path, done.refused, reading=named)) == [name]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_needs_no_mark(tmp_path: Path, encoding: str) -> None:
    text = "channel\tphone\tcomment\r\nchat\t+79161234501\t\u040a\u0a0d Ā 😀\r\n"
    assert _comments(_import(tmp_path, text.encode(encoding))) == ["\u040a\u0a0d Ā 😀"]


def test_a_delimiter_can_be_named(tmp_path: Path) -> None:
    named = Reading.of(None, "^", None)
    done = _import(tmp_path, "channel^phone^comment\nchat^+79161234501^a,b;c\n", reading=named)
    assert _comments(done) == ["a,b;c"]


def test_a_file_whose_columns_are_others_is_shown_with_its_names(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no column 'channel', 'comment', 'phone'; it has 'a b'"):
        _import(tmp_path, "a b\n1\n")
    with pytest.raises(ValueError, match=r"it has 'Gr�sse'; --encoding may help"):
        _import(tmp_path, "Grüsse\n1\n".encode("cp1252"))


# Numbers from spreadsheets


@pytest.mark.parametrize(
    ("phone", "contacts"),
    [
        ("79161234501.0", 1),
        ('"79161234501,0"', 1),
        ("7.9161234501E+10", 1),
        ('"7,9161234501e+10"', 1),
        ("7.9161234501E10", 1),
        ("p:+79161234501", 1),
        ("7.91612E+10", 0),
        ("7.9E+10", 0),
        ("79161234501.5", 0),
    ],
)
def test_a_phone_that_became_a_number_is_taken_if_its_digits_are_certain(
    tmp_path: Path, phone: str, contacts: int
) -> None:
    done = _import(tmp_path, f"{HEADER}1,chat,{phone},\n2,chat,+79161234501,\n")
    assert done.summary.contacts == contacts + 1
    assert done.summary.leads == 1


# Long files


def test_a_row_too_long_for_the_memory_is_refused_as_it_is(tmp_path: Path) -> None:
    long = b"1,chat,+79161234501," + b"x" * 3_000_000 + b"\r\n"
    done = _import(tmp_path, HEADER.encode() + long + b"2,chat,+79161234502,b\n")
    assert (done.summary.rows, done.summary.contacts, done.summary.refused) == (2, 1, 1)
    assert done.refused.endswith(b'"the row is longer than 1 MiB",' + long)
    again = _import(tmp_path, done.refused)
    assert again.refused == done.refused


def test_a_long_cell_comes_in(tmp_path: Path) -> None:
    columns = Columns("channel", None, [("phone", "phone")], None, [], None)
    done = _import(tmp_path, f"{HEADER}1,chat,+79161234501,{'x' * 500_000}\n", columns)
    assert done.summary.contacts == 1
