"""A running server's file is moved, removed or replaced, and comes back."""

import os
import re
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from adapters.sql.files import BESIDE
from tests.e2e.server import (
    FAIRLEAD_SERVE,
    Load,
    Server,
    all_contacts,
    contact,
    furnish,
    get,
    migrated,
    opened,
    started,
    under_load,
    until,
)
from tests.e2e.test_trouble import unavailable
from tests.processes import fairlead


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database file with operators and a source, in a folder of its own."""
    folder = tmp_path / "data"
    folder.mkdir()
    migrated(url_of(folder / "fairlead.db"))
    furnish(url_of(folder / "fairlead.db"), 100_000, 100_000)
    return folder / "fairlead.db"


def url_of(file: Path) -> str:
    return f"sqlite:///{file}"


def belonging(file: Path) -> list[Path]:
    """Return a file and those that SQLite keeps next to it."""
    return [each for suffix in ("", *BESIDE) if (each := Path(f"{file}{suffix}")).exists()]


def content(folder: Path) -> dict[str, bytes]:
    """Return the contents of a folder's files, but for the log's index, which may be lost."""
    return {each.name: each.read_bytes() for each in folder.iterdir() if each.suffix != ".db-shm"}


Back = Callable[[], object]


def file_alone(file: Path, aside: Path) -> Back:
    file.rename(aside / file.name)
    return lambda: shutil.move(aside / file.name, file)


def file_with_its_log(file: Path, aside: Path) -> Back:
    names = [each.name for each in belonging(file)]
    for name in names:
        (file.parent / name).rename(aside / name)

    def back() -> None:
        for name in names:
            # Files of the log may have disappeared when the service ended.
            if (aside / name).exists():
                (aside / name).rename(file.parent / name)

    return back


def folder(file: Path, aside: Path) -> Back:
    file.parent.rename(aside / "data")
    return lambda: shutil.move(aside / "data", file.parent)


def replaced_by(make: Callable[[Path, Path], None]) -> Callable[[Path, Path], Back]:
    def replace(file: Path, aside: Path) -> Back:
        make(file, aside / "other.db")
        file.rename(aside / file.name)
        shutil.copy(aside / "other.db", file)
        return lambda: (aside / file.name).replace(file)

    return replace


def a_backup(file: Path, other: Path) -> None:
    assert fairlead("backup", other, "--database-url", url_of(file)).returncode == 0


def another_database(_: Path, other: Path) -> None:
    migrated(url_of(other))
    furnish(url_of(other), 7)


def something_else(_: Path, other: Path) -> None:
    other.write_text("Dear diary, today I took the place of a database.\n" * 100)


WAYS = {
    "the file alone": file_alone,
    "the file with its log": file_with_its_log,
    "its folder": folder,
    "replaced by a backup": replaced_by(a_backup),
    "replaced by another database": replaced_by(another_database),
    "replaced by something else": replaced_by(something_else),
}


@contextmanager
def taken_away(
    file: Path, way: str, *servers: Server, tmp_path: Path
) -> Iterator[tuple[Load, Back]]:
    """Take the servers' file away under load; the block begins when calls are refused."""
    aside = tmp_path / "aside"
    aside.mkdir()
    with under_load(*servers) as load:
        back = WAYS[way](file, aside)
        until(lambda: len(load.refused) > 50, servers[0])
        yield load, back


def assert_refused(load: Load) -> None:
    """Assert that every refusal has a reason; a commit in progress may or may not be stored."""
    for each in load.refused:
        assert each.status_code == 503
        problem = each.json()
        assert problem["code"] in {"storage_unavailable", "outcome_unknown"}
        # When the file comes back, it may be there a moment before its log.
        assert re.search(r"fairlead\.db(-wal|-shm)? was", problem["detail"])


def assert_all_there(file: Path, load: Load) -> None:
    with opened(url_of(file)) as found:
        stored = {str(each.id) for each in all_contacts(found)}
        assert {each["id"] for each in load.acknowledged} <= stored
        assert found.check_invariants() == []


@pytest.mark.parametrize("end", [Server.stop, Server.kill])
@pytest.mark.parametrize("way", WAYS)
def test_what_was_acknowledged_is_there_when_the_file_is_back(
    file: Path, tmp_path: Path, way: str, end: Callable[[Server], None]
) -> None:
    with started(url_of(file), tmp_path) as server:
        with taken_away(file, way, server, tmp_path=tmp_path) as (load, back):
            before = content(file.parent) if file.parent.exists() else {}
        assert_refused(load)
        for path in ("/readyz", "/v1/contacts", "/v1/operators"):
            assert get(server, path) == 503
        assert get(server, "/healthz") == 200
        with server.client() as client:
            unavailable(client.post("/v1/contacts", json=contact("late")), "fairlead.db was")
            unavailable(client.post("/v1/operators", json={"name": "A", "capacity": 1}), "was")
            unavailable(client.get("/readyz"), "fairlead.db was")
        end(server)
    after = content(file.parent) if file.parent.exists() else {}
    assert after == before, "nothing is made, and nothing changed that was put there"
    if file.exists():
        # The other file can be used, without the log of the first.
        done = fairlead("check", "--database-url", url_of(file))
        assert done.returncode == (2 if way == "replaced by something else" else 0), done.stderr
    back()
    assert_all_there(file, load)


@pytest.mark.parametrize("way", WAYS)
def test_the_service_goes_on_by_itself_when_the_file_is_back(
    file: Path, tmp_path: Path, way: str
) -> None:
    with started(url_of(file), tmp_path) as server:
        with taken_away(file, way, server, tmp_path=tmp_path) as (load, back):
            refused = len(load.refused)
            back()
            acknowledged = len(load.acknowledged)
            until(lambda: len(load.acknowledged) > acknowledged + 50, server)
        assert refused
        assert_refused(load)
        assert get(server, "/readyz") == 200
        server.stop()
        assert "reads and writes have stopped" in server.said()
        assert "is back as it was" in server.said()
        assert "Traceback" not in server.said()
    assert [each.name for each in belonging(file)] == ["fairlead.db"]
    assert_all_there(file, load)


def test_a_file_that_was_changed_while_it_was_away_needs_a_restart(
    file: Path, tmp_path: Path
) -> None:
    with started(url_of(file), tmp_path) as server:
        with taken_away(file, "the file alone", server, tmp_path=tmp_path) as (load, back):
            pass
        moved = tmp_path / "aside" / file.name
        with closing(sqlite3.connect(moved)) as other:
            other.execute("UPDATE operators SET capacity = 7").connection.commit()
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        back()
        with server.client() as client:
            unavailable(client.get("/readyz"), "restart")
            unavailable(client.post("/v1/contacts", json=contact("late")), "restart")
        server.stop()
    assert_all_there(file, load)
    with opened(url_of(file)) as found:
        operators = found.catalogue.operators(active=None, limit=9, after=None).items
        assert {each.capacity for each in operators} == {7}


def test_a_file_that_is_removed_is_not_made_anew(file: Path, tmp_path: Path) -> None:
    with started(url_of(file), tmp_path) as server:
        with under_load(server) as load:
            file.unlink()
            until(lambda: len(load.refused) > 50, server)
        assert_refused(load)
        assert get(server, "/readyz") == 503
        # As long as it is open, it can be copied from /proc.
        files = Path(f"/proc/{server.process.pid}/fd").iterdir()
        still = next(each for each in files if str(each.readlink()).startswith(f"{file} "))
        shutil.copy(still, tmp_path / "rescued.db")
        server.stop()
    assert not file.exists()
    assert_all_there(tmp_path / "rescued.db", load)
    for words in (["serve"], ["migrate"], ["restore", file], ["check"]):
        done = fairlead(*words, "--database-url", url_of(file))
        assert done.returncode == 2
        assert "fairlead.db-wal" in done.stderr or words[0] == "restore"
    assert not file.exists()


@pytest.mark.parametrize("suffix", ["-wal", "-shm"])
def test_a_log_that_is_removed_takes_nothing_with_it(
    file: Path, tmp_path: Path, suffix: str
) -> None:
    with started(url_of(file), tmp_path) as server:
        with under_load(server) as load:
            Path(f"{file}{suffix}").unlink()
            until(lambda: len(load.refused) > 50, server)
        assert {each.status_code for each in load.refused} == {503}
        with server.client() as client:
            unavailable(client.get("/readyz"), f"fairlead.db{suffix} was")
        server.kill()
    assert_all_there(file, load)


def test_workers_notice_and_make_nothing(file: Path, tmp_path: Path) -> None:
    command = (*FAIRLEAD_SERVE, "--workers", "2")
    with started(url_of(file), tmp_path, command) as server:
        with taken_away(file, "the file alone", server, tmp_path=tmp_path) as (load, back):
            pass
        assert_refused(load)
        for _ in range(20):
            assert get(server, "/readyz") == 503
        # A worker that dies is started again, and finds nothing.
        os.kill(workers(server)[0], signal.SIGKILL)
        until(lambda: server.said().count("Application startup complete") == 3, server, 90)
        for _ in range(20):
            assert get(server, "/readyz") == 503
        assert not file.exists()
        server.stop()
        assert "fairlead.db does not exist, but fairlead.db-wal" in server.said()
    back()
    assert_all_there(file, load)


def register(server: Server, count: int, name: str) -> None:
    """Register this many contacts, each of a different person."""
    with server.client() as client:
        bodies = [contact(f"{name}-{number}") for number in range(count)]
        for start in range(0, count, 500):
            answer = client.post("/v1/contacts/batch", json={"contacts": bodies[start:][:500]})
            assert {each["status"] for each in answer.json()["results"]} == {201}


def test_a_backup_is_not_mixed_with_the_log_of_the_database_before_it(
    file: Path, tmp_path: Path
) -> None:
    url, good, broken = url_of(file), tmp_path / "good.db", file.with_name("broken.db")
    with started(url, tmp_path) as server:
        register(server, 500, "before")
        assert fairlead("backup", good, "--database-url", url).returncode == 0
        register(server, 2000, "after")
        server.stop()
    with started(url, tmp_path) as server:
        register(server, 500, "last")
        server.kill()
    file.rename(broken)
    left = content(file.parent)
    assert "fairlead.db-wal" in left
    for words in (["restore", good], ["serve"], ["migrate"]):
        done = fairlead(*words, "--database-url", url)
        assert done.returncode == 2
        assert "fairlead.db does not exist" in done.stderr
        assert "fairlead.db-wal" in done.stderr
        assert content(file.parent) == left
    # A backup that is put there by hand is not opened with that log either.
    shutil.copy(good, file)
    for words in (["serve"], ["check"]):
        done = fairlead(*words, "--database-url", url)
        assert done.returncode == 2
        assert "fairlead.db-wal is next to it" in done.stderr
    assert content(file.parent) == left | {file.name: good.read_bytes()}
    file.unlink()

    # As the message advises: files that belong together are moved together.
    for each in belonging(file):
        each.rename(str(each).replace(str(file), str(broken)))
    assert fairlead("restore", good, "--database-url", url).returncode == 0
    for each, count in ((file, 500), (broken, 3000)):
        assert fairlead("check", "--database-url", url_of(each)).returncode == 0
        with opened(url_of(each)) as found:
            assert sum(1 for _ in all_contacts(found)) == count


def workers(server: Server) -> list[int]:
    """Return the worker processes of a server, without Python's own resource tracker."""
    parent = server.process.pid
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [
        int(each)
        for each in children
        if b"spawn_main" in Path(f"/proc/{each}/cmdline").read_bytes()
    ]
