"""fairlead keys: create, list, revoke; and what serve says about keys when it starts."""

import errno
import os
import re
import shlex
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from typer.testing import Result

from application.ports.keys import KeyView
from domain.access import Role, prefix_of
from entrypoints.scripting import open_fairlead
from tests.entrypoints.cli.conftest import Command
from tests.postgresql import Databases

ONLY_HERE = "only clients on this machine are served"


def made(done: Result) -> str:
    """Return the key that a command printed, alone on stdout, so that a script can read it."""
    assert done.exit_code == 0, done.output
    assert re.fullmatch(r"flk_[a-z0-9]{10}_[A-Za-z0-9_-]{43}\n", done.stdout)
    return done.stdout.strip()


def stored(url: str) -> list[KeyView]:
    with open_fairlead(url) as fairlead:
        return [KeyView.of(each) for each in fairlead.keys.all()]


@pytest.fixture(autouse=True)
def _migrated(fairlead: Command) -> None:
    fairlead("migrate")


def test_create_prints_the_key_and_nothing_else_where_scripts_read(
    fairlead: Command, sqlite_url: str
) -> None:
    done = fairlead("keys", "create", "--role", "admin", "--name", "Ann's laptop")
    key = made(done)
    assert f"the key {prefix_of(key)} of the role admin" in done.stderr
    assert "cannot be shown again" in done.stderr
    assert key not in done.stderr
    with open_fairlead(sqlite_url) as opened:
        (only,) = opened.keys.all()
    assert only.opens(key, datetime.now(UTC))
    assert (only.role, only.name, only.expires_at) == (Role.ADMIN, "Ann's laptop", None)


def test_create_puts_the_key_into_a_new_file_that_only_its_owner_can_read(
    fairlead: Command, tmp_path: Path, sqlite_url: str
) -> None:
    file = tmp_path / "anna's.key"
    before = os.umask(0)
    try:
        done = fairlead("keys", "create", "--role", "admin", "--to", file.name)
    finally:
        os.umask(before)
    assert done.exit_code == 0, done.output
    assert done.stdout == ""
    assert file.name in done.stderr
    assert f"Bearer $(cat {shlex.quote(file.name)})" in done.stderr
    assert stat.filemode(file.stat().st_mode) == "-rw-------"
    key = file.read_text("utf-8").removesuffix("\n")
    assert key not in done.output
    with open_fairlead(sqlite_url) as opened:
        (only,) = opened.keys.all()
    assert only.opens(key, datetime.now(UTC))


def test_a_file_that_is_there_is_left_alone_and_no_key_is_made(
    fairlead: Command, tmp_path: Path, sqlite_url: str
) -> None:
    file, elsewhere = tmp_path / "anna.key", tmp_path / "link.key"
    file.write_text("precious", "utf-8")
    elsewhere.symlink_to(tmp_path / "nothing.key")
    fairlead("migrate")
    for name, reason in (
        (file.name, "already exists"),
        (elsewhere.name, "already exists"),
        ("no/such/folder/anna.key", "No such file or directory"),
    ):
        done = fairlead("keys", "create", "--role", "admin", "--to", name)
        assert (done.exit_code, done.stdout) == (2, "")
        assert name in done.stderr
        assert reason in done.stderr
    assert file.read_text("utf-8") == "precious"
    assert not (tmp_path / "nothing.key").exists()
    assert stored(sqlite_url) == []


def test_no_file_is_left_behind_by_a_key_that_was_not_made(
    fairlead: Command, tmp_path: Path
) -> None:
    done = fairlead("keys", "create", "--role", "viewer", "--source", "x", "--to", "anna.key")
    assert done.exit_code == 2
    assert not (tmp_path / "anna.key").exists()


def test_a_key_that_could_not_be_written_is_taken_back(
    fairlead: Command, tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    done = fairlead("keys", "create", "--role", "admin", "--to", "anna.key")
    assert done.exit_code == 2
    assert "anna.key cannot be written: No space left on device." in done.stderr
    assert not (tmp_path / "anna.key").exists()
    assert [each.revoked_at is not None for each in stored(sqlite_url)] == [True]


@pytest.mark.parametrize("role", list(Role))
def test_create_makes_keys_of_every_role(fairlead: Command, sqlite_url: str, role: Role) -> None:
    made(fairlead("keys", "create", "--role", role.value))
    assert [each.role for each in stored(sqlite_url)] == [role]


@pytest.mark.parametrize(
    ("period", "length"),
    [
        ("12h", timedelta(hours=12)),
        ("90d", timedelta(days=90)),
        ("4w", timedelta(weeks=4)),
        ("99999w", timedelta(weeks=99999)),
    ],
)
def test_a_key_can_be_made_to_expire(
    fairlead: Command, sqlite_url: str, period: str, length: timedelta
) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    made(fairlead("keys", "create", "--role", "viewer", "--expires", period))
    after = datetime.now(UTC)
    (only,) = stored(sqlite_url)
    assert only.expires_at is not None
    assert before + length <= only.expires_at <= after + length


@pytest.mark.parametrize(
    "period", ["", "90", "d", "0d", "-1d", "1.5d", "90 d", "1y", "9999999d", "٣d"]
)
def test_a_period_that_is_none_is_refused_in_a_sentence(
    fairlead: Command, sqlite_url: str, period: str
) -> None:
    done = fairlead("keys", "create", "--role", "viewer", f"--expires={period}")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert repr(period) in done.stderr
    assert "Traceback" not in done.output
    assert stored(sqlite_url) == []


def test_an_intake_key_is_bound_to_a_source_that_is_there(
    fairlead: Command, sqlite_url: str
) -> None:
    fairlead("demo", "--days", 1)
    with open_fairlead(sqlite_url) as opened:
        source = opened.catalogue.sources(limit=1, after=None).items[0].key
    made(fairlead("keys", "create", "--role", "intake", "--source", source))
    assert [each.source for each in stored(sqlite_url)] == [source]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--role", "intake", "--source", "nowhere"], "no source has the key 'nowhere'"),
        (["--role", "viewer", "--source", "telegram"], "only a key with the role intake"),
        (["--role", "viewer", "--name", " "], "name must have 1 to 200 characters"),
        (["--role", "owner"], "'owner' is not one of"),
        ([], "Missing option '--role'"),
    ],
)
def test_a_key_that_cannot_be_made_is_refused_in_a_sentence(
    fairlead: Command, sqlite_url: str, words: list[str], reason: str
) -> None:
    done = fairlead("keys", "create", *words)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert reason in done.stderr
    assert "Traceback" not in done.output
    fairlead("migrate")
    assert stored(sqlite_url) == []


def test_list_shows_every_key_the_newest_first_and_none_that_opens(fairlead: Command) -> None:
    fairlead("migrate")
    assert "No key has been made" in fairlead("keys", "list").output
    admin = made(fairlead("keys", "create", "--role", "admin"))
    brief = made(
        fairlead("keys", "create", "--role", "viewer", "--name", "TV [/wall]", "--expires", "1h")
    )
    fairlead("keys", "revoke", prefix_of(admin))
    done = fairlead("keys", "list")
    assert done.exit_code == 0, done.output
    first, second = done.stdout.splitlines()[1:]
    assert first.split()[:2] == [prefix_of(brief), "viewer"]
    assert "TV [/wall]" in first
    assert "valid until" in first
    assert second.split()[:2] == [prefix_of(admin), "admin"]
    assert "revoked" in second
    for key in (admin, brief):
        assert key[15:] not in done.output


def test_list_cuts_no_prefix_off_in_a_narrow_terminal(
    fairlead: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = made(fairlead("keys", "create", "--role", "supervisor", "--name", "long " * 30))
    monkeypatch.setenv("COLUMNS", "40")
    prefix = prefix_of(key)
    assert prefix is not None
    assert prefix in fairlead("keys", "list").stdout


def test_revoke_takes_a_key_back_and_may_be_run_again(fairlead: Command, sqlite_url: str) -> None:
    prefix = prefix_of(made(fairlead("keys", "create", "--role", "admin")))
    done = fairlead("keys", "revoke", prefix)
    assert done.exit_code == 0
    assert f"{prefix} gives no access any more." in done.output
    first = stored(sqlite_url)
    assert first[0].revoked_at is not None
    assert fairlead("keys", "revoke", prefix).exit_code == 0
    assert stored(sqlite_url) == first


@pytest.mark.parametrize("prefix", ["flk_0000000000", "", "[/x]", "ключ"])
def test_a_key_that_is_not_there_is_refused_in_a_sentence(fairlead: Command, prefix: str) -> None:
    done = fairlead("keys", "revoke", prefix)
    assert done.exit_code == 2
    assert f"no key has the prefix {prefix!r}" in done.stderr
    assert "Traceback" not in done.output


def test_a_whole_key_is_taken_for_its_visible_part_and_not_shown(fairlead: Command) -> None:
    """If somebody pastes too much into a terminal, it must not end up in an error log as well."""
    key = made(fairlead("keys", "create", "--role", "admin"))
    done = fairlead("keys", "revoke", key)
    assert done.exit_code == 0
    assert key[15:] not in done.output


def test_list_of_a_database_that_was_never_migrated_says_what_to_do(
    fairlead: Command, tmp_path: Path
) -> None:
    (tmp_path / "new.db").touch()
    done = fairlead("keys", "list", "--database-url", "sqlite:///new.db")
    assert done.exit_code == 2
    assert "run `fairlead migrate" in done.output


def test_keys_are_kept_in_postgresql_as_well(fairlead: Command, postgresql: Databases) -> None:
    url = ("--database-url", postgresql.migrated())
    prefix = prefix_of(made(fairlead("keys", "create", "--role", "viewer", *url)))
    assert prefix is not None
    assert prefix in fairlead("keys", "list", *url).output
    assert fairlead("keys", "revoke", prefix, *url).exit_code == 0
    assert "revoked" in fairlead("keys", "list", *url).output


def test_serve_says_that_only_this_machine_is_served_until_there_is_a_key(
    fairlead: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uvicorn, "run", lambda *_, **__: None)
    assert ONLY_HERE in fairlead("serve", "--port", 0).output
    prefix = prefix_of(made(fairlead("keys", "create", "--role", "admin")))
    assert ONLY_HERE not in fairlead("serve", "--port", 0).output
    # A revoked key counts, too: nobody is let in without a key again.
    fairlead("keys", "revoke", prefix)
    assert ONLY_HERE not in fairlead("serve", "--port", 0).output


def test_serve_believes_the_proxies_that_are_named_and_no_other(
    fairlead: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[object] = []
    monkeypatch.setattr(
        uvicorn, "run", lambda *_, **more: given.append(more["forwarded_allow_ips"])
    )
    # Uvicorn would read this variable by itself.
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    assert fairlead("serve", "--port", 0).exit_code == 0
    monkeypatch.setenv("FAIRLEAD_TRUSTED_PROXIES", "10.0.0.0/8")
    assert fairlead("serve", "--port", 0).exit_code == 0
    assert given == [
        ["127.0.0.1", "::1", "::ffff:127.0.0.1/128"],
        ["10.0.0.0/8", "::ffff:10.0.0.0/104"],
    ]
