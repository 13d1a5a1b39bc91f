"""The list of contacts: what it is narrowed by, what is done to several together, and as a CSV."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from application.contacts import CloseContact, TransferContact
from application.operators import UpdateOperator
from application.ports.contacts import ContactView
from application.ports.failures import StorageUnavailable
from application.register_contacts import RegisterContact
from domain.contact import ContactState
from tests.entrypoints.consoles import FORM, RUSSIAN, House, furnished, words

PATH = "/contacts"


@pytest.fixture
def house() -> Iterator[House]:
    with furnished() as opened:
        yield opened


def known_as(house: House, name: str, **identities: str) -> ContactView:
    return house.world.outcome(RegisterContact("telegram", identities, lead_name=name)).contact


def listed(house: House, query: str = "") -> list[str]:
    return re.findall('<tr id="contact-([^"]+)">', house.look(f"{PATH}?{query}"))


def ticked(house: House, *contacts: ContactView) -> dict[str, str]:
    """Return what the boxes of these contacts send."""
    boxes = dict(
        re.findall('<input type="checkbox" name="([^"]+)" value="([^"]+)"', house.look(PATH))
    )
    return {f"contact-{each.id}": boxes[f"contact-{each.id}"] for each in contacts}


def state_of(house: House, contact: ContactView) -> tuple[str, str | None]:
    now = house.world.fairlead.contacts.contact(contact.id)
    return now.state.value, now.operator.name if now.operator else None


def test_people_are_found_by_name_phone_and_what_begins_them(house: House) -> None:
    vera = known_as(house, "Vera Petrova", phone="+79161234567")
    again = house.world.register(phone="+79161234567")
    igor = known_as(house, "Igor", email="igor@example.com")
    for text in ("Vera", "petr", "+7 916 123-45-67", "4567"):
        assert listed(house, f"q={text.replace('+', '%2B')}") == [str(again.id), str(vera.id)]
    assert listed(house, "q=igor%40") == [str(igor.id)]
    assert listed(house, "q=nobody") == []
    assert "No such contacts." in house.look(f"{PATH}?q=nobody")
    # A text of blanks asks for nothing.
    assert len(listed(house, "q=+++")) == 4


def test_of_very_many_people_it_says_that_there_are_more(house: House) -> None:
    for number in range(60):
        known_as(house, "Ivan", telegram=f"ivan-{number}")
    assert len(listed(house, "q=Ivan")) == 50
    assert "More people are known by this" in house.look(f"{PATH}?q=Ivan")
    assert "More people are known by this" not in house.look(f"{PATH}?q=ivan-5")


def test_dates_are_whole_days_in_utc(house: House) -> None:
    made = []
    for day in (1, 2, 3):
        house.world.clock.moment = datetime(2026, 5, day, 23, 59, tzinfo=UTC)
        made.append(str(house.world.register().id))
    assert listed(house, "since=2026-05-02&until=2026-05-02") == [made[1]]
    assert listed(house, "since=2026-05-02&until=2026-05-03") == made[:0:-1]
    assert listed(house, "since=2026-05-02&until=2026-05-03&order=oldest") == made[1:]
    for query in ("since=2026-02-31", "until=tomorrow", "older=year", "order=random"):
        answer = house.client.get(f"/console{PATH}?{query}")
        assert answer.status_code == 422, query


def test_whoever_came_in_long_ago_is_found(house: House) -> None:
    now = datetime.now(UTC)
    house.world.clock.moment = now - timedelta(hours=30)
    old = house.world.register()
    house.world.clock.moment = now - timedelta(minutes=5)
    house.world.register()
    first = str(house.contact.id)
    assert listed(house, "older=day") == [str(old.id), first]
    assert listed(house, "older=week") == [first]
    assert '<details class="further" open>' in house.look(f"{PATH}?older=week")


def test_several_are_closed_together_and_each_is_named(house: House) -> None:
    vera, igor = known_as(house, "Vera", vk="1"), known_as(house, "Igor", vk="2")
    answer = house.send(PATH, ticked(house, vera, igor, house.contact) | {"do": "close"})
    assert answer.status_code == 200
    text = words(answer.text.partition('id="outcomes"')[2].partition("</section>")[0])
    assert "Closed: 3 of 3" in text
    assert "Vera closed" in text
    assert [state_of(house, each)[0] for each in (vera, igor, house.contact)] == ["closed"] * 3
    # A browser that reloads the answer closes nothing twice, and complains of nothing.
    again = ticked(house) | {f"contact-{vera.id}": vera.version, "do": "close"}
    assert "Closed: 1 of 1" in words(house.send(PATH, again).text)


def test_what_cannot_be_done_comes_first_with_its_reason(house: House) -> None:
    vera, igor = known_as(house, "Vera", vk="1"), known_as(house, "Igor", vk="2")
    oleg = known_as(house, "Oleg", vk="3")
    cid = house.world.operator("Cid", capacity=1)
    chosen = ticked(house, vera, igor, oleg)
    house.world.fairlead.close_contact(CloseContact(igor.id))
    answer = house.send(PATH, chosen | {"do": "transfer", "operator": str(cid.id)})
    text = words(answer.text.partition('id="outcomes"')[2].partition("</section>")[0])
    assert "Transferred: 1 of 3" in text
    assert re.search("Igor closed (Ann|Bob) The contact is already closed.", text)
    assert "This operator is at capacity" in text
    assert text.index("Igor") < text.index("Cid")
    holders = [state_of(house, each)[1] for each in (vera, oleg)]
    assert holders.count("Cid") == 1


def test_a_contact_that_has_changed_hands_is_left_alone(house: House) -> None:
    chosen = ticked(house, house.contact)
    house.world.fairlead.transfer_contact(TransferContact(house.contact.id, house.bob.id))
    answer = house.send(PATH, chosen | {"do": "close"})
    text = words(answer.text)
    assert "Closed: 0 of 1" in text
    assert "Somebody else has changed this meanwhile." in text
    assert state_of(house, house.contact) == ("assigned", "Bob")


@pytest.mark.parametrize("what", ["transfer", "something"])
def test_without_an_operator_nothing_is_transferred(house: House, what: str) -> None:
    answer = house.send(PATH, ticked(house, house.contact) | {"do": what, "operator": ""})
    assert answer.status_code == 422
    assert "Choose an operator." in words(answer.text)
    assert state_of(house, house.contact)[1] == "Ann"


def test_with_nothing_ticked_it_says_what_to_do(house: House) -> None:
    answer = house.send(PATH, {"do": "close"})
    assert "Tick some contacts first." in words(answer.text)
    assert state_of(house, house.contact)[0] == ContactState.ASSIGNED.value


def test_the_answer_is_the_list_that_was_seen(house: House) -> None:
    house.world.register()
    query = f"operator={house.ann.id}&state=assigned"
    answer = house.client.post(
        f"/console{PATH}?{query}",
        content=f"contact-{house.contact.id}={house.contact.version}&do=close",
        headers=FORM,
    )
    assert f'action="/console{PATH}?{query}"'.replace("&", "&amp;") in answer.text
    assert f'<tr id="contact-{house.contact.id}">' not in answer.text


def test_a_spreadsheet_holds_all_of_what_is_shown(house: House) -> None:
    house.world.fairlead.update_operator(UpdateOperator(house.ann.id, capacity=9999))
    many = [known_as(house, "=Vera", vk="1") for _ in range(1100)]
    answer = house.client.get(f"/console{PATH}/contacts.csv?q=Vera&order=oldest")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    header, *rows = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert header[:3] == ["contact_id", "registered_utc", "state"]
    assert [each[0] for each in rows] == [str(each.id) for each in many]
    # No cell is a formula.
    assert rows[0][5] == "'=Vera"
    nothing = house.client.get(f"/console{PATH}/contacts.csv?q=nobody", headers=RUSSIAN).text
    assert nothing.count("\n") == 1
    assert ";" in nothing


class Gone:
    """Contacts in a database that is away."""

    def contacts(self, *_: object, **__: object) -> None:
        raise StorageUnavailable("the database cannot be reached.")


def test_a_database_that_is_away_gives_no_half_a_spreadsheet(house: House) -> None:
    object.__setattr__(house.world.fairlead, "contacts", Gone())
    answer = house.client.get(f"/console{PATH}/contacts.csv")
    assert answer.status_code == 503
    assert "The database is unavailable" in answer.text
