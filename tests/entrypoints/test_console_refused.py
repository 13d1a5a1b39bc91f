"""A refused form keeps its input, and explains errors at their fields in the reader's language."""

import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from application.contacts import CloseContact
from domain.errors import DomainError
from entrypoints.console.words import PROBLEMS
from entrypoints.edge.problem_types import STATUSES
from tests.entrypoints.consoles import FORM, RUSSIAN, House, fields, furnished
from tests.entrypoints.http.client import serving_world
from tests.support import open_world


@pytest.fixture
def house() -> Iterator[House]:
    with furnished() as opened:
        yield opened


class TestRefused:
    """Errors keep what was typed, and appear at their field in the reader's language."""

    CASES = (
        ("/operators", {"name": "", "capacity": "7"}, "name", "Введите имя"),
        ("/operators", {"name": "Eve", "capacity": "much"}, "capacity", "Введите целое число"),
        ("/operators", {"name": "Eve", "capacity": "1000001"}, "capacity", "Введите целое число"),
        ("/operators", {"name": "x" * 201, "capacity": "7"}, "name", "Введите имя"),
        ("/operators/{ann}", {"name": " ", "capacity": "7"}, "name", "Введите имя"),
        ("/operators/{ann}", {"name": "A", "capacity": "-1"}, "capacity", "Введите целое число"),
        ("/sources", {"key": "Ä", "name": "Eve", "strategy": "exact"}, "key", "Введите от 1 до 64"),
        ("/sources", {"key": "telegram", "strategy": "exact"}, "key", "Источник с таким ключом"),
        ("/sources", {"key": "b", "strategy": "best"}, "strategy", "Выберите значение из списка"),
        ("/sources/telegram", {"name": "", "strategy": "exact"}, "name", "Введите имя"),
        (
            "/sources/telegram",
            {"name": "Eve", "strategy": "x"},
            "strategy",
            "Выберите значение из списка",
        ),
        ("/sources/telegram/weights", {"{ann}": "1.5"}, "{ann}", "Введите целое число"),
        ("/sources/telegram/weights", {"{ann}": "2000000"}, "{ann}", "Введите целое число"),
        ("/sources/telegram/weights", {"weight": "5"}, "operator", "Выберите оператора."),
        ("/sources/telegram/weights", {"operator": "{cid}"}, "weight", "Введите целое число"),
        ("/contacts/{contact}/transfer", {"operator": ""}, "operator", "Выберите оператора."),
        ("/contacts/{contact}/transfer", {"operator": "{cid}"}, "operator", "на паузе"),
        ("/contacts/{contact}/transfer", {"operator": "{dan}"}, "operator", "Лимит этого"),
        ("/operators/{ann}/contacts", {"transfer": "{contact}"}, "operator", "Выберите оператора."),
        (
            "/try",
            {"source": "telegram", "kind": "phone", "value": "12"},
            "value",
            "не похоже на телефон",
        ),
        ("/try", {"source": "telegram", "kind": "phone", "value": ""}, "value", "идентификатор"),
        ("/try", {"source": "no", "kind": "vk", "value": "x"}, "source", "Такого источника нет."),
        (
            "/try",
            {"source": "telegram", "kind": "vk", "value": "x", "name": "y" * 201},
            "name",
            "Введите имя",
        ),
        (
            "/try",
            {"source": "telegram", "kind": "vk", "value": "x", "text": "y" * 20_000},
            "text",
            "Сообщение слишком длинное",
        ),
        ("/sign-in", {"key": "flk_x"}, "key", "Этот ключ не подходит"),
    )

    @pytest.mark.parametrize(("path", "typed", "field", "sentence"), CASES)
    def test_what_is_wrong_stands_at_its_field(
        self, house: House, path: str, typed: dict[str, str], field: str, sentence: str
    ) -> None:
        paused = house.world.operator("Cid", active=False)
        full = house.world.operator("Dan", capacity=0)
        ids = {"ann": house.ann.id, "cid": paused.id, "dan": full.id, "contact": house.contact.id}
        given = {name.format(**ids): value.format(**ids) for name, value in typed.items()}
        before = (house.weights(), house.holder())
        answer = house.send(path.format(**ids), given, RUSSIAN)
        assert answer.status_code in {401, 404, 409, 422}
        name = field.format(**ids)
        found = re.search(rf'<(?:input|select)[^>]* ?name="{name}"[^>]*>', answer.text)
        assert found, answer.text
        assert 'aria-invalid="true"' in found[0]
        at = re.search(r'aria-describedby="([^"]*)"', found[0])
        assert at
        problem = re.search(rf'<p class="problem" role="alert" id="{at[1]}">(.*?)</p>', answer.text)
        assert problem
        assert sentence in problem[1]
        assert not re.search(r"\bmust\b|\bno source\b", answer.text)
        for each, value in given.items():
            if value and not (path == "/sign-in" or each in {"transfer", "strategy", "source"}):
                assert f'value="{value}"' in answer.text, each
        assert (house.weights(), house.holder()) == before

    def test_a_key_that_was_typed_is_not_shown_again(self, house: House) -> None:
        text = house.send("/sign-in", {"key": "flk_secret"}).text
        assert 'name="key"' in text
        assert "flk_secret" not in text

    def test_several_weights_are_marked_at_once(self, house: House) -> None:
        given = {str(house.ann.id): "much", str(house.bob.id): "-1"}
        answer = house.send("/sources/telegram/weights", given)
        assert answer.status_code == 422
        assert answer.text.count('aria-invalid="true"') == 2
        assert 'value="much"' in answer.text
        assert 'value="-1"' in answer.text

    def test_first_steps_stay_where_they_are(self) -> None:
        with open_world() as world, serving_world(world) as client:
            body = urlencode({"from": "overview", "name": "", "capacity": "7"})
            answer = client.post("/console/operators", content=body, headers=FORM)
            assert answer.status_code == 422
            assert "Three steps" in answer.text
            assert 'aria-invalid="true"' in answer.text

    def test_a_filter_of_the_audit_log_says_so_too(self, house: House) -> None:
        answer = house.client.get("/console/audit?subject=%21&action=x", headers=RUSSIAN)
        assert answer.status_code == 422
        assert answer.text.count('aria-invalid="true"') == 2
        assert 'value="!"' in answer.text

    def test_language_and_colours_lead_back_from_a_form_that_was_refused(
        self, house: House
    ) -> None:
        answer = house.send(f"/operators/{house.ann.id}", {"name": "", "capacity": "7"})
        here = fields(answer.text, "/preferences")["here"]
        assert house.client.get(here).status_code == 200

    def test_every_refusal_has_a_sentence_of_its_own(self) -> None:
        assert STATUSES.keys() <= PROBLEMS.keys()
        assert {each.code for each in DomainError.__subclasses__()} <= PROBLEMS.keys()


def test_a_contact_that_is_closed_already_says_so_where_it_is(house: House) -> None:
    house.world.fairlead.close_contact(CloseContact(house.contact.id))
    path = f"/contacts/{house.contact.id}/transfer"
    answer = house.send(path, {"operator": str(house.bob.id)}, RUSSIAN)
    assert answer.status_code == 409
    assert "Обращение уже закрыто." in answer.text
