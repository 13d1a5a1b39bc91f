"""The documents say what the code says."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import dropwhile, takewhile
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import NullPool, create_engine, inspect
from typer.main import get_command

from application.endpoints import CreateEndpoint
from domain.access import PERMISSIONS, Permission, Role
from domain.event_type import EventType
from entrypoints.cli.main import app
from entrypoints.edge import access, problem_types
from entrypoints.edge.access import CALLS
from entrypoints.edge.generated import with_generated
from entrypoints.edge.metrics import ROUTED, Metrics
from entrypoints.edge.problem_types import TYPES
from entrypoints.settings import Settings
from tests.adapters.test_golden import SCHEMAS
from tests.adapters.test_migrations import revisions
from tests.support import open_world

ROOT = Path(__file__).parent.parent


def test_the_table_of_roles_and_calls_is_what_is_enforced() -> None:
    text = (ROOT / "docs" / "access.md").read_text("utf-8")
    assert with_generated(text, access.table()) == text, "run `make docs`"
    rows = [line.split(" | ") for line in text.splitlines() if re.match(r"\| [A-Z]+ /", line)]
    assert len(rows) == len(CALLS)
    for row, (call, permission) in zip(rows, CALLS.items(), strict=True):
        assert row[0] == "| " + " ".join(call)
        allowed = [cell.strip(" |") == "yes" for cell in row[2:]]
        assert allowed == [permission in PERMISSIONS[role] for role in Role]


def test_every_permission_is_needed_by_some_call() -> None:
    assert set(CALLS.values()) == set(Permission)
    assert access.table().count("\n") == len(CALLS) + 2


@pytest.mark.parametrize("readme", ["README.md", "README.ru.md"])
def test_every_setting_stands_in_the_readme_with_what_it_is_if_it_is_not_set(readme: str) -> None:
    text = (ROOT / readme).read_text("utf-8")
    for name, setting in Settings.model_fields.items():
        row = re.search(rf"^\| `FAIRLEAD_{name.upper()}` \| (.+) \| (.+) \|$", text, re.MULTILINE)
        assert row, name
        if setting.default is not None:
            shown = {True: "on", False: "off"}.get(setting.default, setting.default)
            assert row[2] == f"`{shown}`"


def test_every_table_of_the_database_is_explained(postgresql_url: str) -> None:
    engine = create_engine(postgresql_url, poolclass=NullPool)
    with engine.connect() as connection:
        made = set(inspect(connection).get_table_names())
    assert set(rows("data-model.md", "table")) == made - {"alembic_version"}


def test_every_code_of_a_problem_is_explained_with_its_status() -> None:
    text = (ROOT / "docs" / "reference.md").read_text("utf-8")
    assert with_generated(text, problem_types.table()) == text, "run `make docs`"
    told = {code: [str(each.status), each.meaning] for code, each in TYPES.items()}
    assert rows("reference.md", "code") == told


def test_every_type_of_event_is_explained_in_order() -> None:
    told = [name.strip("`") for name in rows("reference.md", "type")]
    assert told == [each.value for each in EventType]


def test_every_metric_is_explained_with_its_labels() -> None:
    with open_world() as world:
        world.source((world.operator(), 1))
        world.register()
        world.fairlead.create_endpoint(CreateEndpoint("https://1.1.1.1/"))
        metrics = Metrics(world.fairlead, world.clock, "memory", world.container.times())
        metrics.count({"method": "GET", ROUTED: True}, 200, 0.1)
        text = metrics.text()[0].decode()
    shown: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            name = sample.name if family.type == "counter" else family.name
            if not name.endswith("_created"):
                shown.setdefault(name, set()).update(sample.labels.keys() - {"le"})
    listed = {
        name: set(filter(None, cells[0].split(", ")))
        for name, cells in rows("reference.md", "metric").items()
    }
    assert listed == shown


def test_every_command_is_listed_with_what_its_help_says() -> None:
    listed = {command: cells[0] for command, cells in rows("reference.md", "command").items()}
    assert listed == dict(commands(get_command(app), "fairlead"))


def commands(command: object, words: str) -> Iterator[tuple[str, str]]:
    """Yield the commands of a group and its subgroups, with the first line of their help."""
    for name, each in getattr(command, "commands", {}).items():
        if hasattr(each, "commands"):
            yield from commands(each, f"{words} {name}")
        else:
            yield f"{words} {name}", each.help.splitlines()[0]


def rows(document: str, heading: str) -> dict[str, list[str]]:
    """Return a document's table, found by the heading of its first column and keyed by it."""
    lines = iter((ROOT / "docs" / document).read_text("utf-8").splitlines())
    table = dropwhile(lambda line: not line.startswith(f"| {heading} |"), lines)
    split = [
        [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        for line in takewhile(lambda line: line.startswith("|"), table)
    ]
    assert split, heading
    return {first: rest for first, *rest in split[2:]}


def test_nothing_that_watches_the_process_needs_a_key() -> None:
    for name in ("Dockerfile", "deploy/compose.yaml"):
        text = (ROOT / name).read_text("utf-8")
        checks = "".join(line for line in text.splitlines() if "urlopen" in line)
        assert "/healthz" in checks, name
        assert "/readyz" not in checks


def test_the_proxy_says_who_calls_and_by_which_name() -> None:
    """If nginx did not say who calls, a forgotten service behind it would be open to the world."""
    text = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    for header in ("Host $http_host;", "X-Forwarded-For $remote_addr;", "X-Forwarded-Proto $"):
        assert f"proxy_set_header {header}" in text


def test_security_promises_what_there_is_a_test_of() -> None:
    text = (ROOT / "SECURITY.md").read_text("utf-8")
    named = set(re.findall(r"`(tests/[^`]+)`", text))
    assert len(named) > 15
    assert [each for each in named if not (ROOT / each).is_file()] == []


def test_the_changelog_says_which_migrations_an_upgrade_brings() -> None:
    unreleased = (ROOT / "CHANGELOG.md").read_text("utf-8").split("\n## [")[1]
    _, _, upgrading = unreleased.partition("\n### Upgrading\n")
    upgrading, _, _ = upgrading.partition("\n### ")
    brought = revisions()[revisions().index(max(SCHEMAS.values())) + 1 :]
    assert [each for each in brought if each not in upgrading] == []


def test_upgrading_and_going_back_work_as_they_are_written_down(tmp_path: Path) -> None:
    """What the newest release has stored is the database that is upgraded."""
    text = (ROOT / "docs" / "upgrading.md").read_text("utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", dedent_lists(text), re.DOTALL)
    commands = "".join(each for each in blocks if "pg_" not in each)
    assert commands.count(".venv/bin/fairlead") == 7
    shutil.copy(ROOT / "tests" / "golden" / f"{max(SCHEMAS)}.sqlite", tmp_path / "fairlead.db")
    fairlead = f"{sys.executable} -c 'from entrypoints.cli.main import app; app()'"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands.replace(".venv/bin/fairlead", fairlead)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("keeps every invariant") == 3
    assert (tmp_path / "later" / "fairlead.db").is_file()


def dedent_lists(text: str) -> str:
    """Return a page with the lines of its lists at the margin."""
    return re.sub(r"^   ", "", text, flags=re.MULTILINE)


def test_every_decision_is_in_the_index_under_its_title() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text("utf-8")
    for number, page in enumerate(sorted(folder.glob("0*.md")), 1):
        title = page.read_text("utf-8").splitlines()[0].removeprefix(f"# {number}. ")
        assert page.name.startswith(f"{number:04}-")
        assert f"| {number} | [{title}]({page.name}) |" in index
