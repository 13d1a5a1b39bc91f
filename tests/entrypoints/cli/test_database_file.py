"""Which commands create a database file, and what each says about one that it cannot use."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

import pytest
import typer.main
import uvicorn
from typer.core import TyperGroup
from typer.testing import Result

from application.sources import CreateSource
from entrypoints.cli import main
from entrypoints.scripting import open_fairlead
from tests.entrypoints.cli.conftest import Command
from tests.processes import ROOT
from tests.support import copied

IMPORT = ("import", "leads.csv", "--source", "channel", "--identity", "phone=phone")

MAKING: dict[str, tuple[str, ...]] = {
    "serve": ("serve",),
    "migrate": ("migrate",),
    "demo": ("demo", "--days", "1"),
    "import": (*IMPORT, "--create-sources"),
    "restore": ("restore", "good.db"),
}
"""Commands that create the file if it does not exist; `copy` does so for its target."""

READING: dict[str, tuple[str, ...]] = {
    "check": ("check",),
    "purge": ("purge", "--before", "2020-01-31"),
    "backup": ("backup", "new.db"),
    "copy": ("copy", "--to", "sqlite:///new.db"),
    "keys create": ("keys", "create", "--role", "admin"),
    "keys list": ("keys", "list"),
    "events follow": ("events", "follow"),
    "report": ("report",),
    "keys revoke": ("keys", "revoke", "flk_0000000000"),
}

COMMANDS = MAKING | READING


@pytest.fixture(autouse=True)
def _furnished(fairlead: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Provide a backup to restore and a file to import; make `serve` end at once."""
    monkeypatch.setattr(uvicorn, "run", lambda *_, **__: None)
    (tmp_path / "leads.csv").write_text("channel,phone\nweb,+79161234501\n", "utf-8")
    made = tmp_path / "made.db"
    assert copied(f"sqlite:///{made}")
    done = fairlead("backup", "good.db", "--database-url", f"sqlite:///{made}")
    assert done.exit_code == 0, done.output
    made.unlink()


def everything(folder: Path) -> dict[str, bytes | str]:
    """Return everything in a folder, each file with its content."""
    return {
        str(each.relative_to(folder)): each.read_bytes() if each.is_file() else str(each.lstat())
        for each in sorted(folder.rglob("*"))
    }


def refused(done: Result, *words: str) -> None:
    """Assert that a command exited with 2 and one line on stderr that contains these words."""
    assert done.exit_code == 2, done.output
    # Without a terminal, an interrupted progress display leaves an empty line.
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    for each in words:
        assert each in done.stderr


def test_every_command_is_known_here() -> None:
    group = typer.main.get_command(main.app)
    assert isinstance(group, TyperGroup)
    found = set()
    for name, command in group.commands.items():
        within = command.commands if isinstance(command, TyperGroup) else [""]
        found |= {f"{name} {each}".strip() for each in within}
    assert found == COMMANDS.keys()


@pytest.mark.parametrize("name", READING)
def test_what_only_acts_on_what_is_there_makes_nothing(
    fairlead: Command, tmp_path: Path, name: str
) -> None:
    before = everything(tmp_path)
    refused(fairlead(*READING[name]), "fairlead.db does not exist")
    assert everything(tmp_path) == before


@pytest.mark.parametrize("name", MAKING)
def test_what_needs_a_database_makes_one_and_leaves_it_alone_in_its_folder(
    fairlead: Command, tmp_path: Path, name: str
) -> None:
    before = everything(tmp_path).keys()
    done = fairlead(*MAKING[name])
    assert done.exit_code == 0, done.output
    assert everything(tmp_path).keys() == before | {"fairlead.db"}
    assert fairlead("check").exit_code == 0


def a_folder(file: Path) -> str:
    file.mkdir()
    return "it is a folder"


def a_pipe(file: Path) -> str:
    os.mkfifo(file)
    return "it is not a regular file"


def no_database(file: Path) -> str:
    file.write_text("Dear diary, today I was taken for a database.\n" * 100)
    return "is not an SQLite database"


def no_folder(file: Path) -> str:
    file.parent.rmdir()
    return f"the folder {file.parent} does not exist"


def a_file_for_a_folder(file: Path) -> str:
    file.parent.rmdir()
    file.parent.touch()
    return f"{file.parent} is not a folder"


def left_of_another(suffix: str) -> Callable[[Path], str]:
    def leave(file: Path) -> str:
        Path(f"{file}{suffix}").write_bytes(b"precious")
        return f"fairlead.db{suffix}"

    return leave


def a_link_to_what_has_gone(file: Path) -> str:
    file.symlink_to(file.parent / "other.db")
    (file.parent / "other.db-wal").write_bytes(b"precious")
    return "other.db-wal"


def nothing_with_a_log(file: Path) -> str:
    file.touch()
    return left_of_another("-wal")(file)


def a_backup_with_a_log(file: Path) -> str:
    shutil.copy("good.db", file)
    return left_of_another("-wal")(file)


TROUBLES = [
    a_folder,
    a_pipe,
    no_database,
    no_folder,
    a_file_for_a_folder,
    *(pytest.param(left_of_another(each), id=each) for each in ("-wal", "-shm", "-journal")),
    a_link_to_what_has_gone,
    nothing_with_a_log,
    a_backup_with_a_log,
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a database will be, in a folder of its own."""
    (tmp_path / "data").mkdir()
    return tmp_path / "data" / "fairlead.db"


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_file_that_cannot_be_used_is_named_with_the_reason_and_left_as_it_is(
    fairlead: Command, tmp_path: Path, file: Path, name: str, trouble: Callable[[Path], str]
) -> None:
    reason = trouble(file)
    before = everything(tmp_path)
    done = fairlead(*COMMANDS[name], "--database-url", f"sqlite:///{file}")
    # `restore` never overwrites an existing file, whatever it is.
    there = name == "restore" and file.exists()
    refused(done, str(file), "already exists" if there else reason)
    assert everything(tmp_path) == before


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("word", ["backup", "copy"])
def test_so_is_one_that_is_to_be_made(
    fairlead: Command, tmp_path: Path, file: Path, word: str, trouble: Callable[[Path], str]
) -> None:
    fairlead("migrate")
    reason = trouble(file)
    before = everything(tmp_path)
    done = fairlead(*(("backup", file) if word == "backup" else ("copy", "--to", url_of(file))))
    there = word == "backup" and file.exists()
    refused(done, str(file), "already exists" if there else reason)
    assert everything(tmp_path) == before


def url_of(file: Path | str) -> str:
    return f"sqlite:///{file}"


@pytest.mark.parametrize(
    "name", ["with blanks.db", "100%.db", "%20.db", "what?.db", "no#1.db", "клиенты ё.db", "-.db"]
)
@pytest.mark.parametrize("form", ["sqlite:///{}", "sqlite:///file:{}?uri=true"])
def test_a_file_may_be_called_as_it_likes(
    fairlead: Command, tmp_path: Path, name: str, form: str
) -> None:
    url = form.format(quote(name, safe=""))
    before = everything(tmp_path).keys()
    for words in (("migrate",), ("check",), ("keys", "create", "--role", "admin")):
        done = fairlead(*words, "--database-url", url)
        assert done.exit_code == 0, done.output
    assert everything(tmp_path).keys() == before | {name}
    done = fairlead("check", "--database-url", url.replace(".db", ".gone"))
    refused(done, name.replace(".db", ".gone"))


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite:///what?.db", "is written %3F"),
        ("sqlite:///what?a=b.db", "no option a"),
        ("sqlite:///x.db?mode=memory", "needs a file"),
        ("sqlite:///x.db?mode=all", "mode=ro or mode=rw"),
        ("sqlite:///file::memory:?uri=true", "needs a file"),
        ("sqlite://folder/x.db", "three slashes"),
        ("sqlite:///a%00b.db", "have %00 in it"),
        ("sqlite:///line%0Abreak.db", r"line\nbreak.db does not exist"),
    ],
)
def test_an_address_that_names_no_file_is_refused(
    fairlead: Command, tmp_path: Path, url: str, reason: str
) -> None:
    before = everything(tmp_path)
    refused(fairlead("check", "--database-url", url), reason)
    assert everything(tmp_path) == before


@pytest.mark.parametrize("word", ["migrate", "check"])
def test_a_network_disk_is_warned_of_and_used(
    fairlead: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    fairlead("migrate")
    (tmp_path / "mounts").write_text(f"//office/share {tmp_path} cifs rw 0 0\n")
    assert fairlead(word).stderr == ""
    monkeypatch.setattr("adapters.sql.mounts._MOUNTS", tmp_path / "mounts")
    done = fairlead(word)
    assert done.exit_code == 0
    assert "fairlead.db is on a network disk (cifs)" in done.stderr


def test_a_backup_leaves_nothing_beside_what_it_copies(fairlead: Command, tmp_path: Path) -> None:
    fairlead("migrate")
    before = everything(tmp_path).keys()
    assert fairlead("backup", "new.db").exit_code == 0
    assert fairlead("restore", "fairlead.db", "--database-url", url_of("again.db")).exit_code == 0
    assert everything(tmp_path).keys() == before | {"new.db", "again.db"}


def test_what_a_broken_off_backup_has_left_is_of_no_account(
    fairlead: Command, tmp_path: Path
) -> None:
    fairlead("migrate")
    for suffix in ("", "-wal", "-shm", "-journal"):
        (tmp_path / f"new.db.unfinished{suffix}").write_bytes(b"half of something")
    assert fairlead("backup", "new.db").exit_code == 0
    assert not list(tmp_path.glob("*unfinished*"))
    assert fairlead("check", "--database-url", url_of("new.db")).exit_code == 0


def readable() -> bool:
    """Tell whether a user other than root may run this Python."""
    command = [sys.executable, "-c", "import entrypoints.cli.main"]
    try:
        subprocess.run(command, cwd=ROOT, user=65534, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


class TestPermissions:
    """These run as an ordinary user, because nothing is forbidden to root."""

    @pytest.fixture
    def folder(self) -> Iterator[Path]:
        if os.geteuid() == 0 and not readable():
            pytest.skip("root alone may read what is run here")
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            folder.chmod(0o777)
            yield folder
            for each in [folder, *folder.rglob("*")]:
                each.chmod(0o777)

    def run(self, *words: object) -> "subprocess.CompletedProcess[str]":
        code = "from entrypoints.cli.main import app; app()"
        return subprocess.run(
            [sys.executable, "-c", code, *map(str, words)],
            cwd=ROOT,
            env=os.environ | {"HOME": "/", "PYTHONDONTWRITEBYTECODE": "1"},
            user=65534 if os.geteuid() == 0 else None,
            extra_groups=[] if os.geteuid() == 0 else None,
            capture_output=True,
            text=True,
            check=False,
        )

    def refused(self, words: Sequence[str], file: Path, reason: str) -> None:
        done = self.run(*words, "--database-url", url_of(file))
        assert done.returncode == 2, done.stderr
        assert len(done.stderr.splitlines()) == 1, done.stderr
        assert str(file) in done.stderr
        assert reason in done.stderr, done.stderr

    def test_what_a_user_may_not_do_is_said_in_words(self, folder: Path) -> None:
        file = folder / "data" / "fairlead.db"
        file.parent.mkdir()
        file.parent.chmod(0o755)
        if os.geteuid() == 0:
            self.refused(("migrate",), file, f"the folder {file.parent}, where its log belongs, is")
        file.parent.chmod(0o777)
        done = self.run("migrate", "--database-url", url_of(file))
        assert done.returncode == 0, done.stderr
        file.chmod(0o444)
        create = ("keys", "create", "--role", "admin")
        self.refused(create, file, "it is read-only for this user")
        file.chmod(0o000)
        for words in (("check",), ("migrate",), create):
            self.refused(words, file, "this user may not read it")
        file.chmod(0o666)
        file.parent.chmod(0o555)
        self.refused(create, file, "where its log belongs, is read-only")
        file.parent.chmod(0o000)
        self.refused(("check",), file, "this user may not enter the folder")


def test_what_is_made_is_its_owners_to_read_alone(
    fairlead: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even with a umask that would give access to everybody."""
    monkeypatch.chdir(tmp_path)
    before = os.umask(0)
    try:
        url = f"sqlite:///{tmp_path / 'fairlead.db'}"
        rows = tmp_path / "leads.csv"
        rows.write_text("channel,phone\nweb,+79161234501\nweb,none\n")
        rows.chmod(0o600)
        options = ("--source", "channel", "--identity", "phone=phone", "--create-sources")
        assert fairlead("import", rows, *options, "--database-url", url).exit_code == 3
        with open_fairlead(url) as service:
            service.create_source(CreateSource("site"))
            assert (
                fairlead(
                    "keys", "create", "--role", "admin", "--to", "key", "--database-url", url
                ).exit_code
                == 0
            )
            assert fairlead("backup", "backup.db", "--database-url", url).exit_code == 0
            made = {each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()}
        restored = f"sqlite:///{tmp_path / 'restored.db'}"
        assert fairlead("restore", "backup.db", "--database-url", restored).exit_code == 0
        copied = f"sqlite:///{tmp_path / 'copied.db'}"
        assert fairlead("copy", "--to", copied, "--database-url", url).exit_code == 0
        made |= {each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert {"fairlead.db-wal", "fairlead.db-shm", "leads.refused.csv", "key"} <= made.keys()
    assert {"backup.db", "restored.db", "copied.db"} <= made.keys()
    assert set(made.values()) == {0o600}, made
