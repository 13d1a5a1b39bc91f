"""What Fairlead is measured against answers as Fairlead does; otherwise ratios mean nothing."""

import subprocess
from pathlib import Path

import pytest

from application.sources import CreateSource
from benchmarks.importing import generate, importing
from benchmarks.servers import create_empty, create_plain
from entrypoints.scripting import open_fairlead
from tests.entrypoints.http.client import serving, serving_world
from tests.processes import ROOT
from tests.support import open_world

BODY = {
    "source": "bench",
    "lead": {"identities": {"telegram": "new"}},
    "payload": {"text": "hello"},
}


def test_the_empty_application_answers_with_the_fields_of_a_contact() -> None:
    with serving(create_empty()) as client:
        empty = client.post("/v1/contacts", json=BODY)
    with open_world() as world, serving_world(world) as client:
        world.source((world.operator(), 1), key="bench")
        ours = client.post("/v1/contacts", json=BODY)
    assert empty.status_code == ours.status_code == 201
    assert empty.json().keys() == ours.json().keys()
    assert empty.json()["lead"].keys() == ours.json()["lead"].keys()


def test_the_plain_application_registers(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_fairlead(sqlite_url) as fairlead:
        fairlead.create_source(CreateSource("bench"))
    monkeypatch.setenv("FAIRLEAD_DATABASE_URL", sqlite_url)
    with serving(create_plain()) as client:
        made = client.post("/v1/contacts", json=BODY)
    assert (made.status_code, made.json()["state"]) == (201, "waiting")


def test_every_row_of_the_generated_file_is_taken(sqlite_url: str, tmp_path: Path) -> None:
    generate(tmp_path / "leads.csv", 100)
    done = subprocess.run(importing(tmp_path / "leads.csv", sqlite_url), check=False, cwd=ROOT)
    assert done.returncode == 0
