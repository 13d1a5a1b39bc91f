"""The page of all weights: what its form carries, what is refused, what others did meanwhile."""

import re
from collections.abc import Iterator

import pytest

from tests.entrypoints.consoles import House, fields, furnished, said, undo, words
from tests.entrypoints.http.client import serving_world
from tests.support import open_world

PATH = "/weights"


@pytest.fixture
def house() -> Iterator[House]:
    """Ann has 10 and Bob 30 on telegram, the first column but one; nobody is on site."""
    with furnished() as opened:
        opened.world.source(key="site")
        yield opened


def form(house: House) -> dict[str, str]:
    return fields(house.look(PATH), PATH)


def test_every_weight_has_its_field_and_its_share(house: House) -> None:
    text = house.look(PATH)
    sent = fields(text, PATH)
    assert {name: sent[name] for name in ("0.0", "0.1", "1.0", "1.1")} == {
        "0.0": "",
        "0.1": "10",
        "1.0": "",
        "1.1": "30",
    }
    assert sent["sources"] == "site telegram"
    assert sent["operators"] == f"{house.ann.id} {house.bob.id}"
    assert "<output>75.0%</output>" in text


def test_several_are_changed_at_once_and_put_back(house: House) -> None:
    sent = form(house) | {"0.0": "5", "0.1": "", "1.1": " 030 "}
    text = house.after(house.send(PATH, sent))
    assert said(text) == "The weights are changed."
    assert house.weights() == {"Bob": 30}
    text = undo(house, text)
    assert said(text) == "The weights are changed."
    assert house.weights() == {"Ann": 10, "Bob": 30}
    assert not house.world.fairlead.catalogue.source("site").allocations


def test_what_changes_nothing_says_so(house: House) -> None:
    text = house.after(house.send(PATH, form(house)))
    assert said(text) == "There was nothing to change."
    assert "Undo" not in text


def test_undo_is_not_offered_once_a_colleague_has_gone_on(house: House) -> None:
    answer = house.send(PATH, form(house) | {"0.1": "20"})
    house.world.allocate("telegram", (house.ann, 20), (house.bob, 99))
    assert said(house.after(answer)) is None


@pytest.mark.parametrize("typed", ["x", "-1", "1.5", "1000001", "\u0665", "9" * 30])
def test_what_is_no_weight_is_marked_and_nothing_is_saved(house: House, typed: str) -> None:
    answer = house.send(PATH, form(house) | {"0.0": "7", "1.1": typed})
    assert answer.status_code == 422
    assert "Enter a whole number from 0 to 1,000,000." in answer.text
    (wrong,) = re.findall(r'<input[^>]*aria-invalid="true"[^>]*>', answer.text)
    assert 'name="1.1"' in wrong
    assert f'value="{typed}"' in wrong
    assert house.weights() == {"Ann": 10, "Bob": 30}
    # What was typed stays, and is saved once the rest is right.
    house.after(house.send(PATH, fields(answer.text, PATH) | {"1.1": "31"}))
    assert house.weights() == {"Ann": 10, "Bob": 31}
    assert house.world.fairlead.catalogue.source("site").allocations


def test_a_colleagues_weights_are_shown_beside_and_never_lost(house: House) -> None:
    sent = form(house) | {"0.0": "7", "0.1": "20"}
    house.world.allocate("telegram", (house.ann, 11), (house.bob, 31))
    answer = house.send(PATH, sent)
    assert answer.status_code == 412
    assert "Somebody else has changed this meanwhile." in answer.text
    assert words(answer.text).count("Theirs:") == 1
    assert "Theirs: 11" in answer.text
    assert house.weights() == {"Ann": 11, "Bob": 31}
    again = fields(answer.text, PATH)
    assert [again[name] for name in ("0.0", "0.1", "1.1")] == ["7", "20", "31"]
    # Whoever saves mine over it has seen theirs; what they change once more is seen, too.
    house.world.allocate("telegram", (house.ann, 12), (house.bob, 31))
    answer = house.send(PATH, again)
    assert "Theirs: 12" in answer.text
    house.after(house.send(PATH, fields(answer.text, PATH)))
    assert house.weights() == {"Ann": 20, "Bob": 31}
    assert house.world.fairlead.catalogue.source("site").allocations[0].weight == 7


def test_a_refusal_hides_no_change_of_a_colleague(house: House) -> None:
    sent = form(house) | {"0.1": "20", "1.1": "x"}
    house.world.allocate("telegram", (house.ann, 11), (house.bob, 30))
    answer = house.send(PATH, sent)
    assert answer.status_code == 422
    answer = house.send(PATH, fields(answer.text, PATH) | {"1.1": "30"})
    assert answer.status_code == 412
    assert house.weights() == {"Ann": 11, "Bob": 30}


@pytest.mark.parametrize(
    "broken",
    [
        {"seen": ""},
        {"operators": "nobody"},
        {"sources": "site"},
        {"sources": "site \x00"},
        {"5.5": "1"},
        {"seen": "a,b;c,d"},
    ],
)
def test_a_form_that_is_not_the_pages_own_is_refused(house: House, broken: dict[str, str]) -> None:
    answer = house.send(PATH, form(house) | {"0.1": "20"} | broken)
    assert answer.status_code == 422
    assert house.weights() == {"Ann": 10, "Bob": 30}


def test_other_rows_and_columns_are_a_link_away(house: House) -> None:
    for number in range(50):
        house.world.operator(f"Operator {number}")
    for number in range(40):
        house.world.source((house.bob, 10), key=f"a-{number:02}")
    text = house.look(PATH)
    assert text.count("<tr id=") == 50
    rows, columns = (
        re.search(rf'href="/console(/weights\?{name}=[^"]*)"', text)
        for name in ("operators", "sources")
    )
    assert rows is not None
    assert columns is not None
    # The shares are of all weights, those of rows that are not shown included.
    others = house.look(rows[1])
    assert 'data-elsewhere="10"' in others
    beyond = house.look(columns[1])
    path = columns[1]
    sent = fields(beyond, path)
    assert sent["sources"] == "site telegram"
    answer = house.send(path, sent | {"0.1": "20"})
    assert answer.headers["location"].startswith(f"/console{path}&said=reweighed")
    assert house.weights() == {"Ann": 20, "Bob": 30}


def test_without_anybody_it_says_what_to_do_first() -> None:
    with open_world() as world, serving_world(world) as client:
        text = client.get("/console/weights").text
    assert "Add an operator and a source first." in text
    assert "<table" not in text
