"""fairlead events follow: what it prints, from where, and how it ends."""

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from application.operators import CreateOperator
from application.sources import CreateSource
from entrypoints.scripting import open_fairlead
from tests.processes import FAIRLEAD, Process, start


@pytest.fixture
def said(tmp_path: Path) -> Path:
    return tmp_path / "said.txt"


def follow(url: str, said: Path, *words: str) -> Process:
    errors = said.with_suffix(".errors")
    return start(
        FAIRLEAD, "events", "follow", "--database-url", url, *words, output=said, errors=errors
    )


def text(file: Path) -> str:
    return file.read_text("utf-8") if file.exists() else ""


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def lines(said: Path) -> list[str]:
    return said.read_text("utf-8").splitlines()


def ends(process: Process) -> None:
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0


def test_what_happens_is_a_line_each(sqlite_url: str, said: Path) -> None:
    with open_fairlead(sqlite_url) as fairlead:
        fairlead.create_operator(CreateOperator("Ann", 5))
        process = follow(sqlite_url, said)
        wait_until(lambda: "Ctrl-C" in text(said.with_suffix(".errors")))
        fairlead.create_source(CreateSource("vk"))
        wait_until(lambda: text(said).endswith("\n"))
        ends(process)
    (line,) = lines(said)
    assert line.endswith(" 2 source.created source vk strategy=exact by script")


def test_programs_read_json_from_wherever_they_were(sqlite_url: str, said: Path) -> None:
    with open_fairlead(sqlite_url) as fairlead:
        ann = fairlead.create_operator(CreateOperator("Ann", 5))
        fairlead.create_source(CreateSource("vk"))
        process = follow(sqlite_url, said, "--after", "0", "--json")
        wait_until(lambda: text(said).count("\n") == 2)
        ends(process)
        events = fairlead.events.events(after=0, limit=9).items
    first, second = map(json.loads, lines(said))
    assert (first["seq"], first["type"], first["actor"]) == (1, "operator.created", "script")
    assert first["subject"] == {"kind": "operator", "id": str(ann.id)}
    assert first["data"] == {"capacity": 5, "active": True}
    assert [first["id"], second["id"]] == [str(each.id) for each in events]
    assert first["at"].endswith("Z")
