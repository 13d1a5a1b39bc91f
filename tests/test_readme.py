"""Every command and snippet of both READMEs, run as it stands."""

import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from entrypoints.scripting import open_fairlead

ROOT = Path(__file__).parent.parent
READMES = ("README.md", "README.ru.md")


def _blocks(readme: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / readme).read_text("utf-8"), re.DOTALL)


def _headings(page: Path) -> set[str]:
    """Return the headings of a page as links name them."""
    found = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in found}


def test_both_languages_show_the_same_commands() -> None:
    for language in ("sh", "python", "mermaid"):
        assert _blocks("README.md", language) == _blocks("README.ru.md", language) != []


def test_every_link_of_the_readmes_leads_somewhere() -> None:
    for readme in (*READMES, "CONTRIBUTING.md"):
        targets = re.findall(r"\]\(([^)]+)\)", (ROOT / readme).read_text("utf-8"))
        assert targets
        for target in targets:
            path, _, heading = target.partition("#")
            page = ROOT / (path or readme)
            assert target.startswith("http") or page.exists(), f"{readme}: {target}"
            assert not heading or heading in _headings(page), f"{readme}: {target}"


def test_the_script_prints_who_got_whom_as_often_as_it_is_run(tmp_path: Path) -> None:
    (script,) = _blocks("README.md", "python")
    (tmp_path / "script.py").write_text(script, "utf-8")
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "script.py"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        names = done.stdout.split()
        assert names.count("Anna") == 1
        assert names.count("Boris") == 3


@pytest.mark.parametrize("readme", READMES)
def test_the_script_is_said_to_need_the_python_that_fairlead_is_installed_into(readme: str) -> None:
    before, script, _ = (ROOT / readme).read_text("utf-8").partition("```python\n")
    assert script
    assert "`.venv/bin/python script.py`" in before[-400:]


def test_make_knows_every_target_that_the_documents_name() -> None:
    text = "".join(
        block for document in (*READMES, "CONTRIBUTING.md") for block in _blocks(document, "sh")
    )
    targets = set(re.findall(r"^make (\w+)$", text, re.MULTILINE))
    assert {"run", "test", "setup", "check"} <= targets
    for target in targets:
        subprocess.run(["make", "-n", target], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def _made_to_run(database: str) -> Iterator[str]:
    """Serve with `make run` on a free port; yield the address."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        ["make", "run", f"PORT={port}"],
        cwd=ROOT,
        env={**os.environ, "FAIRLEAD_DATABASE_URL": database},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(600):
            assert process.poll() is None, "make run ended by itself"
            try:
                urllib.request.urlopen(f"{address}/readyz").close()
                break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def test_the_api_tour_works_against_make_run(tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("the tour is written for curl, which is not on this machine")
    database = f"sqlite:///{tmp_path / 'tour.db'}"
    tour = "".join(
        block for block in _blocks("README.md", "sh") if "curl" in block or "post" in block
    )
    # By then the tour has made a key: a reader who goes on by hand needs no other function.
    tour += 'post /v1/operators \'{"name": "Afterwards", "capacity": 1}\'\n'
    with _made_to_run(database) as address:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", tour.replace("http://127.0.0.1:8000", address)],
            env={name: value for name, value in os.environ.items() if name != "KEY"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert '"code"' not in done.stdout, "a call of the tour was refused"
    for shown in (
        '"state":"closed"',
        '"strategy":"exact"',
        '"type":"transferred"',
        '"+79161234567"',
        '"actual_share"',
        '"name":"Afterwards"',
    ):
        assert shown in done.stdout
    with open_fairlead(database) as fairlead:
        assert not fairlead.check_invariants()


def test_the_commands_of_the_command_line_section_work(tmp_path: Path) -> None:
    commands = "".join(
        block for block in _blocks("README.md", "sh") if ".venv/bin/fairlead" in block
    )
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
    for shown in (
        "Usage:",
        "keeps every invariant",
        "refused          1",
        "leads.refused.csv",
        "contacts         1",
        "flk_",
    ):
        assert shown in done.stdout
    key = tmp_path / "anna.key"
    assert key.read_text("utf-8").startswith("flk_")
    assert stat.filemode(key.stat().st_mode) == "-rw-------"
    assert "*.key" in (ROOT / ".gitignore").read_text("utf-8").splitlines()
    refused = (tmp_path / "leads.refused.csv").read_text("utf-8").splitlines()
    assert refused[0] == "line,reason,number,channel,phone"
    assert refused[1].startswith("4,")
    assert refused[1].endswith(",3,,+79161234503")
