"""Times in the console: how long contacts waited, and when they were assigned."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from dependency_injector import providers

from application.contacts import CloseContact, TransferContact
from application.operators import UpdateOperator
from application.ports.contacts import ContactView
from application.waits import WaitingTimesHandler
from entrypoints.console.language import language
from tests.entrypoints.http.client import Client, serving_world
from tests.support import World, open_world

RUSSIAN = {"Accept-Language": "ru"}


@pytest.fixture
def world() -> Iterator[World]:
    """An in-memory world whose clock is an hour behind."""
    with open_world() as opened:
        opened.clock.moment = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
        yield opened


@pytest.fixture
def client(world: World) -> Iterator[Client]:
    with serving_world(world) as opened:
        yield opened


@pytest.mark.parametrize(
    ("seconds", "english", "russian"),
    [
        (0, "0 s", "0 с"),
        (0.04, "0 s", "0 с"),
        (0.25, "0.2 s", "0,2 с"),
        (9.99, "9.9 s", "9,9 с"),
        (10, "10 s", "10 с"),
        (59.999, "59 s", "59 с"),
        (60, "1 min", "1 мин"),
        (80, "1 min 20 s", "1 мин 20 с"),
        (28_750.2, "7 h 59 min", "7 ч 59 мин"),
        (28_800, "8 h", "8 ч"),
        (28_859, "8 h", "8 ч"),
        (28_860, "8 h 1 min", "8 ч 1 мин"),
        (86_400 + 59, "1 d", "1 дн."),
        (1234 * 86_400 + 3_600, "1,234 d 1 h", "1\xa0234 дн. 1 ч"),
    ],
)
def test_lengths_of_time_are_in_words(seconds: float, english: str, russian: str) -> None:
    assert language("en").duration(seconds) == english
    assert language("ru").duration(seconds) == russian


def cells(text: str, section: str) -> list[list[str]]:
    """Return the cells of the first table below a heading."""
    table = text.partition(f'id="{section}"')[2].partition("<tbody>")[2].partition("</tbody>")[0]
    return [
        [unescape(re.sub("<[^>]*>", "", cell)) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)]
        for row in re.findall(r"<tr>.*?</tr>", table, re.DOTALL)
    ]


def test_a_queue_is_no_median_of_0(client: Client, world: World) -> None:
    ann = world.operator("Ann", 1)
    world.source((ann, 1))
    for _ in range(9):
        world.register()
    world.clock.advance(minutes=50)
    page = client.get("/console/statistics?period=day").text
    assert cells(page, "waits") == [["telegram", "9", "8", "50 min", "50 min"]]
    assert "too many contacts" not in page
    page = client.get("/console/statistics?period=day", headers=RUSSIAN).text
    assert cells(page, "waits") == [["telegram", "9", "8", "50 мин", "50 мин"]]


def test_waiting_times_are_the_median_and_the_ninth_of_ten(client: Client, world: World) -> None:
    ann = world.operator("Ann", 1)
    world.source((ann, 1))
    held = world.register()
    waiting = [world.register() for _ in range(10)]
    for each in waiting:
        # The n-th waits n minutes; the first was assigned at once.
        world.clock.advance(minutes=1)
        world.fairlead.close_contact(CloseContact(held.id))
        held = world.fairlead.contacts.contact(each.id)
    address = "/console/statistics/waits.csv?period=day"
    assert client.get(address).text.splitlines() == [
        "\ufeffsource,contacts,median_seconds,p90_seconds,still_waiting,looked_at",
        "telegram,11,300.0,540.0,0,all of the period",
    ]
    assert client.get(address, headers=RUSSIAN).text.splitlines()[1] == (
        "telegram;11;300,0;540,0;0;all of the period"
    )


def test_a_sample_is_called_one(world: World) -> None:
    world.source()
    for _ in range(9):
        world.register()
        world.clock.advance(minutes=1)
    few = WaitingTimesHandler(world.fairlead.statistics, world.clock, room=3)
    world.container.fairlead.override(providers.Object(replace(world.fairlead, waiting_times=few)))
    with serving_world(world) as client:
        page = client.get("/console/statistics").text
        csv = client.get("/console/statistics/waits.csv").text
    assert cells(page, "waits") == [["telegram", "the newest 3 of 9", "3", "2 min", "2 min 48 s"]]
    assert "only the newest count" in page
    assert csv.splitlines()[1] == "telegram,3,120.0,168.0,3,only the newest"


def test_a_period_without_contacts_says_so(client: Client, world: World) -> None:
    world.source()
    page = client.get("/console/statistics").text
    assert (
        "No contact in this period." in page.partition('id="waits"')[2].partition("</section>")[0]
    )


@pytest.fixture
def handed_on(world: World) -> ContactView:
    """A contact that waited 5 minutes, was assigned, and was transferred 10 minutes later."""
    ann, bob = world.operator("Ann", 0), world.operator("Bob")
    world.source((ann, 1))
    contact = world.register()
    world.clock.advance(minutes=5)
    world.fairlead.update_operator(UpdateOperator(ann.id, capacity=1))
    world.clock.advance(minutes=10)
    return world.fairlead.transfer_contact(TransferContact(contact.id, bob.id))


def stamp(moment: datetime | None) -> str:
    assert moment is not None
    return f'<time datetime="{moment:%Y-%m-%dT%H:%M:%S}.000000Z" data-show="moment">'


def test_a_contact_shows_its_first_assignment_and_each_transfer_with_its_own_time(
    client: Client, world: World, handed_on: ContactView
) -> None:
    assert handed_on.operator
    assert handed_on.operator.name == "Bob"
    page = client.get(f"/console/contacts/{handed_on.id}").text
    assert f"First assigned</dt><dd>{stamp(handed_on.assigned_at)}" in page
    assert handed_on.assigned_at == handed_on.created_at + timedelta(minutes=5)
    assert re.search(f"<li>{stamp(world.clock.now())}[^<]*</time>: Ann → Bob</li>", page)
    assert "Has waited" not in page


def test_lists_call_the_first_assignment_so(client: Client, handed_on: ContactView) -> None:
    assert handed_on.operator
    first = stamp(handed_on.assigned_at)
    operator = client.get(f"/console/operators/{handed_on.operator.id}").text
    assert "First assigned</th>" in operator
    assert first in operator
    overview = client.get("/console/").text
    assert "First assigned</th>" in overview
    lead = client.get(f"/console/leads/{handed_on.lead.id}").text
    assert f"first assigned {first}" in lead


def test_who_waits_is_shown_with_the_time_by_now(client: Client, world: World) -> None:
    world.source()
    contact = world.register()
    waited = r'<time [^>]*data-show="waited" data-units="d,h,min,s">1 h</time>'
    page = client.get(f"/console/contacts/{contact.id}").text
    assert re.search(f"Has waited</dt><dd>{waited}", page)
    assert "First assigned" not in page
    assert re.search(f"<td>{waited}</td>", client.get("/console/sources/telegram").text)
    assert re.search(f"has waited {waited}", client.get(f"/console/leads/{contact.lead.id}").text)
    page = client.get(f"/console/contacts/{contact.id}", headers=RUSSIAN).text
    assert re.search(r'data-units="дн\.,ч,мин,с">1 ч</time>', page)
