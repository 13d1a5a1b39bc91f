"""Which actor is recorded for what the command line does."""

from pathlib import Path

from application.sources import CreateSource
from entrypoints.scripting import open_fairlead
from tests.entrypoints.cli.conftest import Command


def actors(sqlite_url: str) -> set[str]:
    with open_fairlead(sqlite_url) as fairlead:
        page = fairlead.audit.entries(subject=None, action=None, limit=1000, after=None)
        return {f"{each.action} by {each.actor}" for each in page.items}


def test_keys_are_made_and_revoked_by_the_command(fairlead: Command, sqlite_url: str) -> None:
    fairlead("migrate")
    secret = fairlead("keys", "create", "--role", "admin").stdout
    assert fairlead("keys", "revoke", secret[:14]).exit_code == 0
    assert actors(sqlite_url) == {"key_created by command", "key_revoked by command"}


def test_so_are_the_sources_of_an_import(
    fairlead: Command, sqlite_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "leads.csv"
    file.write_text("channel,phone\nweb,+79161234501\n", "utf-8")
    done = fairlead(
        "import", file, "--source", "channel", "--identity", "phone=phone", "--create-sources"
    )
    assert done.exit_code == 0, done.output
    assert actors(sqlite_url) == {"source_created by command"}


def test_a_program_that_holds_fairlead_is_a_script(sqlite_url: str) -> None:
    with open_fairlead(sqlite_url) as fairlead:
        fairlead.create_source(CreateSource("web"))
    assert actors(sqlite_url) == {"source_created by script"}
