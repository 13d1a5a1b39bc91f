"""Documents that say what the code says."""

import re
from pathlib import Path

import pytest

from domain.access import PERMISSIONS, Permission, Role
from entrypoints.edge.access import CALLS, table, with_table
from entrypoints.settings import Settings

ROOT = Path(__file__).parent.parent


def test_the_table_of_roles_and_calls_is_what_is_enforced() -> None:
    text = (ROOT / "docs" / "access.md").read_text("utf-8")
    assert with_table(text) == text, "run `make docs`"
    rows = [line.split(" | ") for line in text.splitlines() if re.match(r"\| [A-Z]+ /", line)]
    assert len(rows) == len(CALLS)
    for row, (call, permission) in zip(rows, CALLS.items(), strict=True):
        assert row[0] == "| " + " ".join(call)
        allowed = [cell.strip(" |") == "yes" for cell in row[2:]]
        assert allowed == [permission in PERMISSIONS[role] for role in Role]


def test_every_permission_is_needed_by_some_call() -> None:
    assert set(CALLS.values()) == set(Permission)
    assert table().count("\n") == len(CALLS) + 2


@pytest.mark.parametrize("readme", ["README.md", "README.ru.md"])
def test_every_setting_stands_in_the_readme_with_what_it_is_if_it_is_not_set(readme: str) -> None:
    text = (ROOT / readme).read_text("utf-8")
    for name, setting in Settings.model_fields.items():
        row = re.search(rf"^\| `FAIRLEAD_{name.upper()}` \| (.+) \| (.+) \|$", text, re.MULTILINE)
        assert row, name
        if setting.default is not None:
            assert row[2] == f"`{setting.default}`"


def test_every_table_of_the_database_is_explained() -> None:
    text = (ROOT / "docs" / "data-model.md").read_text("utf-8")
    assert "| api_keys |" in text


def test_nothing_that_watches_the_process_needs_a_key() -> None:
    for name in ("Dockerfile", "deploy/compose.yaml"):
        text = (ROOT / name).read_text("utf-8")
        assert "/healthz" in text, name
        checks = "".join(line for line in text.splitlines() if "urlopen" in line)
        assert "/readyz" not in checks


def test_the_proxy_says_who_calls_and_by_which_name() -> None:
    """Without the first a forgotten service behind nginx would be open to the world."""
    text = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    for header in ("Host $http_host;", "X-Forwarded-For $remote_addr;", "X-Forwarded-Proto $"):
        assert f"proxy_set_header {header}" in text


def test_security_promises_what_there_is_a_test_of() -> None:
    text = (ROOT / "SECURITY.md").read_text("utf-8")
    named = set(re.findall(r"`(tests/[^`]+)`", text))
    assert len(named) > 15
    assert [each for each in named if not (ROOT / each).is_file()] == []


def test_every_decision_is_in_the_index_under_its_title() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text("utf-8")
    for number, page in enumerate(sorted(folder.glob("0*.md")), 1):
        title = page.read_text("utf-8").splitlines()[0].removeprefix(f"# {number}. ")
        assert page.name.startswith(f"{number:04}-")
        assert f"| {number} | [{title}]({page.name}) |" in index
