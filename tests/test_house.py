"""Each import-linter contract fails when it is broken: a wrong import is noticed."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("domain", "application", "adapters", "entrypoints")


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("domain/limits.py", "import application.intake", "Arrows point inwards"),
        ("application/intake.py", "import adapters.system", "Arrows point inwards"),
        ("domain/limits.py", "import pydantic", "The core knows no technology"),
        ("application/due.py", "import sqlalchemy", "The core knows no technology"),
        (
            "entrypoints/console/app.py",
            "import adapters.system",
            "Only the container names adapters",
        ),
        ("entrypoints/cli/main.py", "import adapters.system", "Only the container names adapters"),
        ("entrypoints/edge/gate.py", "import entrypoints.v1.contacts", "The wings of the house"),
        ("entrypoints/v1/contacts.py", "import entrypoints.console.app", "The wings of the house"),
        ("entrypoints/console/app.py", "import entrypoints.web", "The wings of the house"),
        ("domain/limits.py", "import domain.dispatch", "No circles"),
        ("application/ports/paging.py", "import application.intake", "No circles"),
        ("entrypoints/cli/terminal.py", "import entrypoints.cli.main", "No circles"),
    ],
)
def test_an_arrow_that_points_the_wrong_way_breaks_its_contract(
    tmp_path: Path, file: str, line: str, contract: str
) -> None:
    for each in PACKAGES:
        shutil.copytree(
            ROOT / each, tmp_path / each, ignore=shutil.ignore_patterns("static", "__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    broken = tmp_path / file
    broken.write_text(f"{broken.read_text()}\n\n{line}\n")
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(rf"^{contract} BROKEN$", done.stdout, re.MULTILINE), done.stdout
