"""make, for a newcomer: it says in one line what is missing, and how long things take."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project folder in which nothing has been installed yet."""
    locks = ("requirements.lock", "requirements-build.lock", "requirements-dev.lock")
    for name in ("Makefile", "pyproject.toml", *locks):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def make(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    return subprocess.run(
        ["make", *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def pretend(folder: Path, refused: str) -> str:
    """Create a python that fails when asked for something; return its path."""
    path = folder / "python-here"
    path.write_text(
        f'#!/bin/sh\ncase "$*" in *{refused}*) exit 1;; esac\nexec {sys.executable} "$@"\n', "utf-8"
    )
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("target", ["run", "test", "setup"])
def test_a_python_that_is_not_there_or_too_old_is_said_in_a_line(folder: Path, target: str) -> None:
    old = pretend(folder, "version_info")
    for python, reason in (
        ("no-such-python", "no-such-python is not found: install Python 3.11 or newer"),
        (old, f"Fairlead needs Python 3.11 or newer, and {old} is older"),
    ):
        done = make(folder, target, f"PYTHON={python}")
        assert done.returncode != 0
        said = done.stderr.splitlines()[0]
        assert reason in said
        assert f"make PYTHON=python3.12 {target}" in said
        assert "Traceback" not in done.stderr
    assert not (folder / ".venv").exists()


def test_a_python_without_venv_says_what_to_install(folder: Path) -> None:
    """Debian's Python would make half a .venv, which looks finished the next time."""
    done = make(folder, "run", f"PYTHON={pretend(folder, 'ensurepip')}")
    assert done.returncode != 0
    assert "sudo apt install python3-venv" in done.stderr.splitlines()[0]
    assert not (folder / ".venv").exists()


@pytest.mark.parametrize("target", ["run", "test"])
def test_how_long_it_takes_is_said_before_it_begins(folder: Path, target: str) -> None:
    planned = make(folder, "-n", target).stdout.splitlines()
    assert first(planned, "a minute or two") < first(planned, "pip install")
    if target == "test":
        assert first(planned, "about five minutes") < first(planned, "bin/pytest")


def first(lines: list[str], text: str) -> int:
    """Return the number of the first line that contains a text."""
    return next(number for number, line in enumerate(lines) if text in line)
