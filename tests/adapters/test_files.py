"""A database file under all its names, and what can prevent its use."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import make_url

from adapters.sql.files import SqliteFile
from adapters.sql.troubles import trouble_with


def forbidding(*what: tuple[Path, int]) -> Callable[[Path, int], bool]:
    """Return a permission check for a user who is denied just this."""
    return lambda path, asked: (path, asked) not in what


def test_what_a_user_may_not_do_is_said(tmp_path: Path) -> None:
    file = tmp_path / "x.db"
    file.touch()

    def trouble(*what: tuple[Path, int], read_only: bool = False) -> str | None:
        return trouble_with(file, read_only=read_only, may=forbidding(*what))

    assert trouble() is None
    assert trouble((file, os.R_OK)) == "this user may not read it"
    assert trouble((file, os.W_OK)) == "it is read-only for this user"
    assert trouble(read_only=True) == "mode=ro makes it read-only"
    assert trouble((tmp_path, os.X_OK)) == f"this user may not enter the folder {tmp_path}"
    assert trouble((tmp_path, os.W_OK)) == (
        f"the folder {tmp_path}, where its log belongs, is read-only for this user"
    )
    file.unlink()
    assert trouble((file, os.W_OK), (file, os.R_OK)) is None
    assert trouble((tmp_path, os.W_OK)) is not None


def test_a_name_that_is_too_long_is_said(tmp_path: Path) -> None:
    assert trouble_with(tmp_path / ("x" * 300), read_only=False) == "File name too long"


@pytest.mark.parametrize(
    ("url", "path", "mode"),
    [
        ("sqlite:///x.db", "x.db", "rw"),
        ("sqlite:////srv/x.db", "/srv/x.db", "rw"),
        ("sqlite:///x.db?mode=rwc", "x.db", "rw"),
        ("sqlite:///x.db?mode=ro", "x.db", "ro"),
        ("sqlite:///file:x.db?mode=ro&uri=true", "x.db", "ro"),
        ("sqlite:///file:/srv/x.db?uri=true", "/srv/x.db", "rw"),
        ("sqlite:///file:///srv/x.db?uri=true", "/srv/x.db", "rw"),
        ("sqlite:///file://localhost/srv/x.db?uri=true", "/srv/x.db", "rw"),
        ("sqlite:///a%20b%3Fc#d.db", "a b?c#d.db", "rw"),
    ],
)
def test_an_address_names_a_file_and_never_asks_for_a_new_one(
    url: str, path: str, mode: str
) -> None:
    file = SqliteFile.of(make_url(url))
    assert str(file) == path
    assert f"mode={mode}" in file.address
    assert "rwc" not in file.address


def test_what_belongs_to_a_file_is_beside_what_a_link_leads_to(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    link = tmp_path / "x.db"
    link.symlink_to(tmp_path / "far" / "real.db")
    for suffix in ("-wal", "-shm", "-journal"):
        (tmp_path / "far" / f"real.db{suffix}").touch()
        (tmp_path / f"x.db{suffix}.old").touch()
    found = {each.name for each in SqliteFile(link).beside()}
    assert found == {"real.db-wal", "real.db-shm", "real.db-journal"}


def test_a_file_is_made_once_and_what_is_in_one_is_left(tmp_path: Path) -> None:
    file = SqliteFile(tmp_path / "x.db")
    file.create()
    assert (tmp_path / "x.db").read_bytes() == b""
    (tmp_path / "x.db").write_bytes(b"something")
    file.create()
    assert (tmp_path / "x.db").read_bytes() == b"something"


def test_opening_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        sqlite3.connect(SqliteFile(tmp_path / "x.db").address, uri=True)
    assert not list(tmp_path.iterdir())
