"""JSON lines and arrays: a refused row keeps its text, and can be corrected in place."""

import json
from pathlib import Path

import pytest

from entrypoints.cli.importing.columns import Columns
from tests.entrypoints.cli.importing import COLUMNS, Imported, imported

GOOD = '{"channel": "chat", "phone": "+79161234501"}'


def _import(folder: Path, name: str, content: str | bytes, columns: Columns = COLUMNS) -> Imported:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return imported(file, columns)


@pytest.mark.parametrize(
    "name", ["leads.ndjson", "leads.jsonl", "leads.json", "leads", "leads.txt"]
)
def test_lines_of_json_are_read_under_any_name_but_that_of_csv(tmp_path: Path, name: str) -> None:
    done = _import(tmp_path, name, f"\ufeff{GOOD}\r\n\n{GOOD}")
    assert (done.summary.contacts, done.summary.empty) == (2, 1)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('{"channel": "chat", "phone": "none"}', "is not a phone number"),
        ('  {"phone" :1,  "channel":"chat"}\t', "is what people type instead of their number"),
        ('{"phone": "+79161234501"}', "no source: the row has no 'channel'; it has 'phone'"),
        ('{"channel": "chat", "phone": 79161234501.5}', "holds 79161234501.5, which is not text"),
        ('{"channel": "chat", "phone": "+79161234501", "phone": "+79161234502"}', "has 'phone'"),
        ("{not json", "the row is not JSON"),
        ('{"a": "Анна\\u0000', "the row is not JSON"),
        ("[" * 2000, "nested too deep"),
        ("null", "not a JSON object"),
        ("}", "the row is not JSON"),
        ('{"line": 7, "reason": "text", "row": }', "the row is not JSON"),
    ],
)
def test_a_refused_line_keeps_its_text_and_is_mended_where_it_stands(
    tmp_path: Path, row: str, reason: str
) -> None:
    done = _import(tmp_path, "leads.ndjson", f"{GOOD}\n{row}\n")
    if row.startswith('{"line": 7'):
        # A refused record from which somebody removed the row is an empty row.
        assert done.summary.empty == 1
        return
    assert done.summary.refused == 1
    assert reason in done.summary.shown[0][1]
    written = done.refused.decode()
    assert written.endswith(f', "row": {row}}}\n')
    assert _import(tmp_path, "again.ndjson", f"\n{written}").refused == done.refused
    mended = written.removesuffix(f"{row}}}\n") + GOOD + "}\n"
    assert json.loads(mended)["line"] == 2
    assert _import(tmp_path, "mended.ndjson", mended).summary.contacts == 1


def test_bytes_that_are_no_text_stay_what_they_are(tmp_path: Path) -> None:
    row = b'{"channel": "chat", "phone": "\xff\x80"}'
    done = _import(tmp_path, "leads.ndjson", GOOD.encode() + b"\n" + row)
    assert done.summary.shown[0][1].startswith("the row is not UTF-8; --encoding")
    assert done.refused.endswith(row + b"}\n")


def test_a_number_is_an_identity_if_its_digits_are_certain(tmp_path: Path) -> None:
    rows = [
        '{"channel": "chat", "phone": 79161234501}',
        '{"channel": "chat", "phone": 79161234501.0}',
        '{"channel": "chat", "phone": 1e300}',
    ]
    done = _import(tmp_path, "leads.ndjson", "\n".join(rows))
    assert (done.summary.contacts, done.summary.leads, done.summary.refused) == (2, 1, 1)


def test_a_name_that_stands_twice_matters_only_where_it_is_used(tmp_path: Path) -> None:
    row = (
        '{"channel": "chat", "x": 1, "x": 2, "phone": "+79161234501", "comment": {"a": 1, "a": 2}}'
    )
    assert _import(tmp_path, "leads.ndjson", row).summary.contacts == 1


def test_a_column_of_the_customer_may_be_called_row(tmp_path: Path) -> None:
    columns = Columns("channel", None, [("phone", "row")], None, [], None)
    done = _import(tmp_path, "leads.ndjson", '{"channel": "chat", "row": "+79161234501"}', columns)
    assert done.summary.contacts == 1


def test_utf_16_is_read_and_written(tmp_path: Path) -> None:
    content = f'\ufeff{GOOD}\r\n{{"channel": "чат", "phone": "нет"}}\r\n'
    done = _import(tmp_path, "leads.ndjson", content.encode("utf-16-le"))
    assert (done.summary.contacts, done.summary.refused) == (1, 1)
    assert done.refused.decode("utf-16-le").endswith('"row": {"channel": "чат", "phone": "нет"}}\n')


def test_a_line_too_long_for_the_memory_is_refused_as_it_is(tmp_path: Path) -> None:
    long = '{"channel": "chat", "phone": "+79161234501", "x": "' + "x" * 3_000_000 + '"}'
    done = _import(tmp_path, "leads.ndjson", f"{long}\n{GOOD}\n")
    assert (done.summary.rows, done.summary.contacts) == (2, 1)
    assert done.refused.decode().endswith(f'"row": {long}}}\n')
    assert _import(tmp_path, "again.ndjson", done.refused).refused == done.refused


# Arrays

ARRAY = """[
  {"channel": "chat", "phone": "+79161234501"},
  {"channel": "chat",
   "phone": "none"},
  {"channel": "chat", "phone": +79161234501},
  7,
  {"channel": "chat", "phone": "+79161234502", "comment": [{"a": "]},{"}]}
]
"""


def test_rows_of_an_array_come_in_and_the_others_can_be_mended(tmp_path: Path) -> None:
    done = _import(tmp_path, "leads.json", ARRAY)
    assert (done.summary.rows, done.summary.contacts, done.summary.refused) == (5, 2, 3)
    assert [line for line, _ in done.summary.shown] == [3, 5, 6]
    assert b'"row": {"channel": "chat",\n   "phone": "none"}}' in done.refused
    assert b'"row": {"channel": "chat", "phone": +79161234501}}' in done.refused
    assert done.refused.endswith(b"\n]\n")
    second = _import(tmp_path, "second.json", done.refused)
    assert second.summary.refused == 3
    third = _import(tmp_path, "third.json", second.refused)
    assert third.refused == second.refused
    mended = done.refused.replace(b'"none"', b'"+79161234503"').replace(b": +7", b": 7")
    mended = mended.replace(b'"row": 7}', b'"row": {"channel": "chat", "phone": "79161234504"}}')
    assert _import(tmp_path, "mended.json", mended).summary.contacts == 3


@pytest.mark.parametrize(
    ("content", "contacts", "refused"),
    [
        (f"[{GOOD},{GOOD}", 2, 0),
        (f"[{GOOD}][{GOOD}]", 2, 0),
        (f"[{GOOD}\n{GOOD},,]{GOOD}", 3, 0),
        (f'[{{"a": "open}}, {GOOD}]', 1, 1),
        (f"[{GOOD}, {{]", 1, 1),
        (f"[[{GOOD}], {GOOD}]", 1, 1),
        ("[]", 0, 0),
    ],
)
def test_an_array_that_is_not_quite_one_loses_no_row(
    tmp_path: Path, content: str, contacts: int, refused: int
) -> None:
    done = _import(tmp_path, "leads.json", content)
    assert (done.summary.contacts, done.summary.refused) == (contacts, refused)


def test_a_long_array_is_read_in_pieces(tmp_path: Path) -> None:
    rows = [
        json.dumps({"channel": "chat", "phone": f"+7916{1234000 + at}", "comment": "Ж" * 99})
        for at in range(2000)
    ]
    huge = '{"x": "' + "x" * 2_500_000 + '"}'
    done = _import(tmp_path, "leads.json", f"[{','.join(rows)}, {huge}, {GOOD}]")
    assert (done.summary.contacts, done.summary.refused) == (2001, 1)
    assert done.summary.shown[0][1] == "the row is longer than 1 MiB"
    assert f'"row": {huge}}}'.encode() in done.refused
