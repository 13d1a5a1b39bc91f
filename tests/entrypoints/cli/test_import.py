"""`fairlead import`: rows become contacts, bad ones are set aside, a second run adds nothing."""

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.ports.contacts import ContactFilter
from domain import limits
from entrypoints.cli.importing import source_key
from entrypoints.scripting import open_fairlead
from tests.entrypoints.cli.conftest import Command

REAL = Path(__file__).parents[4] / "shared" / "data" / "x-education-leads.csv"
OPTIONS = ("--source", "channel", "--identity", "phone=phone", "--key", "number")


def _write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def _number(output: str, label: str) -> int:
    (line,) = [each for each in output.splitlines() if each.startswith(f"{label:<17}")]
    return int(line[17:].split()[0].replace(",", ""))


def test_rows_become_contacts_with_names_and_payload(
    fairlead: Command, tmp_path: Path, sqlite_url: str
) -> None:
    file = _write(
        tmp_path / "leads.csv",
        "number,channel,phone,name,comment",
        '1,Site Chat,8 916 123-45-01,Anna,"two\nlines"',
        "2,site chat,+79161234501,,",
    )
    done = fairlead(
        "import", file, *OPTIONS, "--name", "name", "--payload", "comment", "--create-sources"
    )
    assert done.exit_code == 0, done.output
    assert "created sources  site-chat" in done.output
    assert _number(done.output, "rows") == 2
    assert _number(done.output, "contacts") == 2
    assert _number(done.output, "new leads") == 1
    with open_fairlead(sqlite_url) as opened:
        second, first = opened.contacts.contacts(ContactFilter(), limit=9, after=None).items
        assert opened.catalogue.source("site-chat").name == "Site Chat"
    assert first.payload == {"comment": "two\nlines"}
    assert second.payload is None
    assert second.lead.id == first.lead.id
    assert first.lead.name == "Anna"


def test_a_second_run_with_a_key_adds_nothing(fairlead: Command, tmp_path: Path) -> None:
    file = _write(tmp_path / "leads.csv", "number,channel,phone", "1,chat,+79161234501")
    fairlead("import", file, *OPTIONS, "--create-sources")
    again = fairlead("import", file, *OPTIONS, "--create-sources")
    assert again.exit_code == 0
    assert _number(again.output, "contacts") == 0
    assert _number(again.output, "new leads") == 0
    assert _number(again.output, "replayed") == 1


def test_bad_rows_are_set_aside_with_their_line_and_reason(
    fairlead: Command, tmp_path: Path
) -> None:
    file = tmp_path / "leads.csv"
    file.write_bytes(
        b"\xef\xbb\xbfnumber,channel,phone\n"
        b"1,chat,+79161234501\n"
        b"2,,+79161234502\n"
        b"3,chat,not a phone\n"
        b"4,chat\n"
        b'5,"ch\nat",+7916\xff1234503\n'
        b"6,chat,\n"
        b",chat,+79161234504\n"
        b"8,\xd0\xb1\xd0\xbe\xd1\x82,+79161234505\n"
        b"\n"
        b"9,chat,+79161234509\n"
    )
    done = fairlead("import", file, *OPTIONS, "--create-sources")
    assert done.exit_code == 3, done.output
    assert _number(done.output, "rows") == 9
    assert _number(done.output, "contacts") == 2
    assert _number(done.output, "refused") == 7
    with (tmp_path / "leads.refused.csv").open(
        encoding="utf-8-sig", errors="surrogateescape", newline=""
    ) as refused:
        header, *rows = csv.reader(refused)
    assert header == ["line", "reason", "number", "channel", "phone"]
    reasons = {int(row[0]): row[1] for row in rows}
    assert list(reasons) == [3, 4, 5, 6, 8, 9, 10]
    assert "no source" in reasons[3]
    assert "not a phone number" in reasons[4]
    assert "2 columns, the header 3" in reasons[5]
    assert "not UTF-8; --encoding may help" in reasons[6]
    assert "at least one" in reasons[8]
    assert "no key" in reasons[9]
    assert "no key can be made" in reasons[10]


def test_refused_rows_can_be_mended_and_imported(fairlead: Command, tmp_path: Path) -> None:
    file = _write(tmp_path / "leads.csv", "number,channel,phone", "1,,+79161234501")
    fairlead("import", file, *OPTIONS, "--create-sources")
    refused = tmp_path / "leads.refused.csv"
    mended = tmp_path / "mended.csv"
    mended.write_text(refused.read_text("utf-8").replace("1,,", "1,chat,"), "utf-8")
    done = fairlead("import", mended, *OPTIONS, "--create-sources")
    assert _number(done.output, "contacts") == 1


def test_sources_that_are_missing_are_not_made_without_being_asked(
    fairlead: Command, tmp_path: Path
) -> None:
    file = _write(tmp_path / "leads.csv", "number,channel,phone", "1,chat,+79161234501")
    done = fairlead("import", file, *OPTIONS)
    assert done.exit_code == 3
    assert _number(done.output, "refused") == 1
    assert "no source has the key 'chat'" in done.output


def test_all_rows_of_a_file_may_be_of_one_source(
    fairlead: Command, tmp_path: Path, sqlite_url: str
) -> None:
    file = _write(tmp_path / "leads.csv", "phone", "+79161234501", "+79161234502")
    done = fairlead(
        "import", file, "--source-key", "chat", "--identity", "phone=phone", "--create-sources"
    )
    assert done.exit_code == 0, done.output
    assert "created sources  chat" in done.output
    with open_fairlead(sqlite_url) as opened:
        contacts = opened.contacts.contacts(ContactFilter(), limit=9, after=None).items
    assert [each.source for each in contacts] == ["chat", "chat"]


def test_ndjson_is_read_line_by_line(fairlead: Command, tmp_path: Path, sqlite_url: str) -> None:
    file = _write(
        tmp_path / "leads.ndjson",
        json.dumps({"number": 1, "channel": "chat", "phone": "+79161234501", "extra": {"a": [1]}}),
        "",
        "{not json",
        "[1, 2]",
        json.dumps({"number": 2, "channel": True, "phone": "+79161234502"}),
    )
    done = fairlead("import", file, *OPTIONS, "--payload", "extra", "--create-sources")
    assert done.exit_code == 3
    assert _number(done.output, "contacts") == 1
    assert _number(done.output, "refused") == 3
    bad, *refused = (tmp_path / "leads.refused.ndjson").read_text("utf-8").splitlines()
    assert bad.startswith('{"line": 3, "reason": "the row is not JSON: ')
    assert bad.endswith('"row": {not json}')
    assert [json.loads(each)["line"] for each in refused] == [4, 5]
    assert json.loads(refused[0])["row"] == [1, 2]
    with open_fairlead(sqlite_url) as opened:
        (contact,) = opened.contacts.contacts(ContactFilter(), limit=9, after=None).items
    assert contact.payload == {"extra": {"a": [1]}}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--identity", "phone=phone"), "--source-key KEY"),
        (("--source", "channel", "--source-key", "chat"), "not both"),
        (("--source-key", "A chat", "--identity", "phone=phone"), "--source-key A chat: key must"),
        (("--source-key", "chat", "--identity", "phone=phone"), "no source has the key 'chat'"),
        (("--source", "channel"), "at least one identity"),
        ((*OPTIONS, "--identity", "phone=number"), "--identity phone is given twice"),
        ((*OPTIONS, "--encoding", "utf-7"), "no such encoding can be read"),
        ((*OPTIONS, "--delimiter", ";;"), "write one character"),
        ((*OPTIONS, "--sheet", "One"), "is not a workbook"),
        (("--source", "channel", "--identity", "phone"), "write KIND=COLUMN"),
        (("--source", "channel", "--identity", "Phone!=phone"), "kind must be"),
        (
            ("--source", "nowhere", "--identity", "phone=phone"),
            "no column 'nowhere'; it has 'number', 'channel', 'phone'",
        ),
    ],
)
def test_options_that_make_no_sense_are_refused_in_a_sentence(
    fairlead: Command, tmp_path: Path, options: tuple[str, ...], reason: str
) -> None:
    file = _write(tmp_path / "leads.csv", "number,channel,phone", "1,chat,+79161234501")
    done = fairlead("import", file, *options)
    assert done.exit_code == 2
    assert reason in done.output


@given(st.text())
def test_a_source_key_made_of_any_name_is_one_or_is_refused(name: str) -> None:
    try:
        key = source_key(name)
    except ValueError:
        return
    assert limits.key(key) == key
    assert source_key(key) == key


@pytest.mark.skipif(not REAL.exists(), reason=f"the real data are not at {REAL}")
def test_nine_thousand_real_leads_are_imported_once(
    fairlead: Command, sqlite_url: str, tmp_path: Path
) -> None:
    options = (
        *("--source", "source", "--identity", "external_id=external_id"),
        *("--key", "lead_number", "--payload", "country", "--payload", "activity"),
        "--create-sources",
    )
    done = fairlead("import", REAL, *options)
    assert done.exit_code == 3, done.output
    assert _number(done.output, "rows") == 9240
    assert _number(done.output, "contacts") == 9204
    assert _number(done.output, "new leads") == 9204
    assert _number(done.output, "refused") == 36
    assert (tmp_path / "x-education-leads.refused.csv").exists()
    again = fairlead("import", REAL, *options)
    assert _number(again.output, "contacts") == 0
    assert _number(again.output, "replayed") == 9204
    with REAL.open(encoding="utf-8", newline="") as file:
        spellings = [row["source"] for row in csv.DictReader(file)]
    with open_fairlead(sqlite_url) as opened:
        assert not opened.check_invariants()
        google = opened.catalogue.source("google")
    # `Google` and `google` are one source.
    assert google.waiting == sum(each.lower() == "google" for each in spellings)
    assert {"Google", "google"} <= set(spellings)
