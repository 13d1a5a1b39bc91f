"""How an import begins and ends: what it reads, prints and leaves behind, and its exit codes."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from application.ports.failures import StorageAway, StorageUnavailable
from application.register_contacts import (
    Refused,
    RegisterContact,
    RegisterContactsHandler,
    Registered,
)
from domain.actor import Actor
from entrypoints.cli.importing.interrupts import Interrupts
from tests.entrypoints.cli.conftest import Command

ROOT = Path(__file__).parents[3]
OPTIONS = (
    *("--source", "channel", "--identity", "phone=phone", "--key", "number"),
    "--create-sources",
)
HEADER = "number,channel,phone\n"
BAD = f"{HEADER}1,chat,none\n"
MIXED = f"{HEADER}1,chat,+79161234501\n2,chat,none\n"


def _write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def _process(*words: object, folder: Path, **environment: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.entrypoints.cli.run", "import", *map(str, words)],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "FAIRLEAD_DATABASE_URL": "memory://", **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


# Exit codes


def test_the_exit_code_tells_whether_all_rows_are_in(fairlead: Command, tmp_path: Path) -> None:
    good = _write(tmp_path / "good.csv", f"{HEADER}1,chat,+79161234501\n")
    assert fairlead("import", good, *OPTIONS).exit_code == 0
    assert fairlead("import", good, *OPTIONS).exit_code == 0
    assert fairlead("import", _write(tmp_path / "none.csv", HEADER), *OPTIONS).exit_code == 0
    assert fairlead("import", _write(tmp_path / "mixed.csv", MIXED), *OPTIONS).exit_code == 3
    assert fairlead("import", _write(tmp_path / "bad.csv", BAD), *OPTIONS).exit_code == 3
    wrong = _write(tmp_path / "wrong.ndjson", '{"number": 1, "channel": "chat"}\n')
    done = fairlead("import", wrong, "--source", "chanel", "--identity", "phone=phone")
    assert done.exit_code == 3
    assert "the row has no 'chanel'; it has 'number', 'channel'" in done.output


def test_the_help_tells_the_exit_codes(fairlead: Command) -> None:
    words = " ".join(fairlead("import", "--help").output.split())
    assert "Exit with 0 if all rows are in; 3 if some, or all, were refused; 2 if" in words
    assert "130 after Ctrl-C" in words


def test_a_storage_that_goes_away_ends_the_import_with_what_is_done_and_what_is_not(
    fairlead: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"{at},chat,+7916123{at:04}\n" for at in range(1200))
    file = _write(tmp_path / "leads.csv", HEADER + rows)
    working = RegisterContactsHandler.__call__
    batches = []

    def failing(
        self: RegisterContactsHandler, commands: list[RegisterContact], actor: Actor
    ) -> list[Registered | Refused]:
        batches.append(commands)
        if len(batches) == 2:
            return [StorageAway("the disk is full.")] * len(commands)
        return working(self, commands, actor)

    monkeypatch.setattr(RegisterContactsHandler, "__call__", failing)
    done = fairlead("import", file, *OPTIONS)
    assert done.exit_code == 1
    assert "contacts         500" in done.output
    assert "refused          500" in done.output
    assert "fairlead: stopped at line 502: the disk is full." in done.output
    assert len(batches) == 2
    assert (tmp_path / "leads.refused.csv").read_text().count("\n") == 501

    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FAIRLEAD_DATABASE_URL", f"sqlite:///{tmp_path / 'fairlead.db'}")
    again = fairlead("import", file, *OPTIONS)
    assert again.exit_code == 0
    assert "contacts         700" in again.output
    assert "replayed         500" in again.output


def test_a_source_that_cannot_be_made_is_tried_once(
    fairlead: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from application.sources import CreateSourceHandler  # noqa: PLC0415

    tried = []

    def away(_self: object, command: object, _actor: object) -> None:
        tried.append(command)
        raise StorageUnavailable("the database is away.")

    monkeypatch.setattr(CreateSourceHandler, "__call__", away)
    rows = "".join(f"{at},chat,+7916123{at:04}\n" for at in range(9))
    done = fairlead("import", _write(tmp_path / "leads.csv", HEADER + rows), *OPTIONS)
    assert done.exit_code == 1
    assert len(tried) == 1
    assert "refused          9" in done.output


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.csv", b"", "is empty"),
        ("blank.csv", b"\xef\xbb\xbf \r\n\r\n", "is empty"),
        ("delimiters.csv", b";;;\r\n;;\r\n", "is empty"),
        ("empty.ndjson", b"\n", "is empty"),
        ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "workbook in the old format"),
        ("page.xls", b"\n<html><table>", "is a web page"),
        ("book.csv", b"%PDF-1.7\n", "is a PDF"),
        ("leads.csv.gz", b"\x1f\x8b\x08\x00", "is compressed"),
        ("leads.zip", b"PK\x05\x06" + bytes(18), "is a ZIP archive; unpack it"),
        ("torn.xlsx", b"PK\x03\x04" + bytes(18), "is a damaged ZIP archive"),
        ("fairlead.csv", b"SQLite format 3\0", "is an SQLite database"),
        ("photo.csv", b"\x89PNG\r\n", "is a picture"),
        ("array.csv", b'[{"number": 1}]', "holds JSON, not CSV"),
        ("object.json", b'{\n  "number": 1\n}', "over several lines"),
        ("zeros.csv", bytes(99), "is not text"),
        ("\x1b[2Jname\u202e.csv", b"a\x07b\x1b[31m\x9b\xff,b\n", "no column"),
    ],
)
def test_what_a_file_is_not_is_said_in_words(
    fairlead: Command, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    file = _write(tmp_path / name, content)
    done = fairlead("import", file, *OPTIONS)
    assert done.exit_code == 2
    assert words in done.output
    assert done.output.count("\n") == 1
    assert done.output[:-1].isprintable()
    assert not (tmp_path / "fairlead.db").exists()


def test_a_file_that_cannot_be_opened_is_said_to_be_so(fairlead: Command, tmp_path: Path) -> None:
    assert "is a folder; name a file" in fairlead("import", tmp_path, *OPTIONS).output
    done = fairlead("import", tmp_path / "none.csv", *OPTIONS)
    assert done.exit_code == 2
    assert "none.csv cannot be read: No such file or directory." in done.output


# The file of refused rows


def test_no_refused_file_takes_the_place_of_another(fairlead: Command, tmp_path: Path) -> None:
    file = _write(tmp_path / "leads.csv", BAD)
    names = ["leads.refused.csv", "leads.refused.2.csv", "leads.refused.3.csv"]
    for name in names:
        done = fairlead("import", file, *OPTIONS)
        assert f"refused rows     {name}" in done.output
    # The rows refused from a refused file get a file of their own.
    done = fairlead("import", tmp_path / names[1], *OPTIONS)
    assert "refused rows     leads.refused.4.csv" in done.output
    assert len({(tmp_path / name).read_bytes() for name in names}) == 1


def test_a_named_refused_file_must_be_new(fairlead: Command, tmp_path: Path) -> None:
    file = _write(tmp_path / "leads.csv", MIXED)
    (tmp_path / "link.csv").symlink_to(file)
    (tmp_path / "dangling.csv").symlink_to(tmp_path / "nowhere.csv")
    os.link(file, tmp_path / "same.csv")
    old = _write(tmp_path / "old.csv", "mended by hand\n")
    spellings = ["leads.csv", "./leads.csv", f"../{tmp_path.name}/leads.csv", "link.csv"]
    for each in (*spellings, "same.csv", "dangling.csv", old, tmp_path):
        done = fairlead("import", file, *OPTIONS, "--refused", each)
        assert done.exit_code == 2
        assert "already exists and is left alone" in done.output
    done = fairlead("import", file, *OPTIONS, "--refused", tmp_path / "no" / "such.csv")
    assert "its folder is missing or cannot be written to" in done.output
    assert file.read_text() == MIXED
    assert old.read_text() == "mended by hand\n"
    assert not (tmp_path / "nowhere.csv").exists()
    assert not (tmp_path / "fairlead.db").exists()


def test_a_refused_file_that_appears_meanwhile_is_left_alone(
    fairlead: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = _write(tmp_path / "leads.csv", MIXED)
    monkeypatch.setattr(os.path, "lexists", lambda _path: False)
    theirs = _write(tmp_path / "theirs.csv", "theirs\n")
    done = fairlead("import", file, *OPTIONS, "--refused", theirs)
    assert done.exit_code == 1
    assert "theirs.csv cannot be written: File exists" in done.output
    assert theirs.read_text() == "theirs\n"


def test_a_name_that_is_too_long_already_gets_no_longer(fairlead: Command, tmp_path: Path) -> None:
    file = _write(tmp_path / f"{'ж' * 120}.csv", BAD)
    assert fairlead("import", file, *OPTIONS).exit_code == 3
    assert [each for each in tmp_path.iterdir() if ".refused" in each.name]


def test_what_cannot_be_set_aside_stops_the_import_in_a_line(
    fairlead: Command, tmp_path: Path
) -> None:
    rows = "".join(f"{at},chat,none\n" for at in range(1200))
    file = _write(tmp_path / "leads.csv", f"{HEADER}1,chat,+79161234501\n{rows}")
    done = fairlead("import", file, *OPTIONS, "--refused", "/dev/full")
    assert done.exit_code == 1
    assert "contacts         1 " in done.output
    assert "rows             500" in done.output
    (line,) = [each for each in done.output.splitlines() if each.startswith("fairlead:")]
    assert "/dev/full cannot be written: No space left on device" in line
    assert "refused rows from line 3 on are in no file" in line


@pytest.mark.parametrize("room", [0, 10_000])
def test_half_a_row_is_never_left_in_the_refused_file(tmp_path: Path, room: int) -> None:
    rows = "".join(f"{at},chat,none\n" for at in range(1200))
    file = _write(tmp_path / "leads.csv", HEADER + rows)
    limited = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({room + 1},) * 2);"
        "from entrypoints.cli.main import app; app()"
    )
    process = subprocess.run(
        [sys.executable, "-B", "-c", limited, "import", file, *OPTIONS],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "FAIRLEAD_DATABASE_URL": "memory://"},
        capture_output=True,
        check=False,
        text=True,
    )
    assert process.returncode == 1
    assert "cannot be written: File too large" in process.stderr
    assert process.stderr.count("\n") == 1
    assert not (tmp_path / "leads.refused.csv").exists()


# Pipes


def test_an_import_from_a_pipe_has_no_end_at_five_hundred(tmp_path: Path) -> None:
    rows = "".join(f"{at},chat,+7916{1_000_000 + at}\n" for at in range(1200)) + "1201,chat,none\n"
    for file in ("-", "/dev/stdin"):
        process = _process(file, *OPTIONS, folder=tmp_path)
        out, err = process.communicate((HEADER + rows).encode())
        assert process.returncode == 3, err
        assert b"contacts         1,200" in out
        assert err == b""
        assert b"refused rows     stdin.refused" in out
    assert (tmp_path / "stdin.refused.2.csv").exists()


def test_a_pipe_may_bring_json(tmp_path: Path) -> None:
    row = b'{"number": 1, "channel": "chat", "phone": "+79161234501"}'
    for content in (row, b"[" + row + b"]"):
        process = _process("-", *OPTIONS, folder=tmp_path)
        out, _ = process.communicate(content)
        assert process.returncode == 0
        assert b"contacts         1" in out


# Ctrl-C


def test_ctrl_c_ends_with_the_summary_and_nothing_half_done(tmp_path: Path) -> None:
    database = tmp_path / "fairlead.db"
    rows = "".join(f"{at:05},chat,+7916{1_000_000 + at},{'x' * 120}\n" for at in range(1500))
    rows = rows.replace("+79161000007", "none")
    process = _process(
        "-", *OPTIONS, folder=tmp_path, FAIRLEAD_DATABASE_URL=f"sqlite:///{database}"
    )
    assert process.stdin is not None
    process.stdin.write(f"number,channel,phone,comment\n{rows}".encode())
    process.stdin.flush()
    # The import has read three chunks of 64 KiB, stored two batches of 500, and waits for more.
    while _contacts(database) < 999:
        assert process.poll() is None
        time.sleep(0.05)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout, process.stderr, process.stdin:
        out, err = process.stdout.read().decode(), process.stderr.read().decode()
    assert process.wait() == 130
    assert "contacts         999" in out
    assert "refused          1" in out
    assert "interrupted; nothing after the row on line 1001 was registered" in err
    assert err.count("\n") == 1
    assert _contacts(database) == 999
    assert ",none," in (tmp_path / "stdin.refused.csv").read_text()


def _contacts(database: Path) -> int:
    if not database.exists():
        return 0
    with closing(sqlite3.connect(database)) as opened:
        try:
            (number,) = opened.execute("SELECT count(*) FROM contacts").fetchone()
        except sqlite3.OperationalError:
            return 0
    return int(number)


def test_ctrl_c_waits_for_what_is_shielded_and_a_second_one_does_not() -> None:
    interrupts = Interrupts()
    before = signal.getsignal(signal.SIGINT)
    reached = []
    with interrupts.handled():
        with pytest.raises(KeyboardInterrupt), interrupts.shielded():  # noqa: PT012
            signal.raise_signal(signal.SIGINT)
            reached.append("the end of what is shielded")
        with pytest.raises(KeyboardInterrupt), interrupts.shielded():  # noqa: PT012
            signal.raise_signal(signal.SIGINT)
            reached.append("more")
    assert reached == ["the end of what is shielded"]
    assert signal.getsignal(signal.SIGINT) is before


# Terminals


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"PYTHONIOENCODING": "cp1252"},
    ],
)
def test_a_terminal_that_cannot_show_a_name_shows_the_rest(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    file = _write(tmp_path / "лиды.csv", f"{HEADER}1,chat,нет телефона\n2,chat,+79161234502\n")
    process = _process(file, *OPTIONS, folder=tmp_path, **environment)
    out, err = process.communicate()
    assert process.returncode == 3
    assert err == b""
    assert b"contacts         1" in out
    assert b"line 2: '??? ????????' is not a phone number" in out
