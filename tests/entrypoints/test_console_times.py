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
UNKNOWN = ["\u2013"] * 3
"""Three dashes, where no contact has been closed."""


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
    assert cells(page, "waits") == [
        ["telegram", "9", "11%", "50 min", "50 min", "50 min", "8", *UNKNOWN]
    ]
    assert "too many contacts" not in page
    page = client.get("/console/statistics?period=day", headers=RUSSIAN).text
    assert cells(page, "waits") == [
        ["telegram", "9", "11%", "50 мин", "50 мин", "50 мин", "8", *UNKNOWN]
    ]


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
        "\ufeff"
        + ",".join(
            [
                *("source", "contacts", "at_once_share", "median_seconds", "p90_seconds"),
                *("longest_seconds", "still_waiting", "handled", "handling_median_seconds"),
                *("handling_p90_seconds", "handling_longest_seconds", "looked_at"),
            ]
        ),
        f"telegram,11,{1 / 11},300.0,540.0,600.0,0,10,60.0,60.0,60.0,all of the period",
    ]
    assert client.get(address, headers=RUSSIAN).text.splitlines()[1] == (
        f"telegram;11;{str(1 / 11).replace('.', ',')};300,0;540,0;600,0;0;10;60,0;60,0;60,0;"
        "all of the period"
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
    (row,) = cells(page, "waits")
    assert row[:3] == ["telegram", "the newest 3 of 9", "0%"]
    assert row[3:] == ["2 min", "2 min 48 s", "3 min", "3", *UNKNOWN]
    assert "only the newest count" in page
    assert csv.splitlines()[1] == "telegram,3,0.0,120.0,168.0,180.0,3,0,,,,only the newest"


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


def history(page: str) -> list[str]:
    """Return what the history on a contact's page says, without its markup."""
    told = page.partition('<ol class="line history">')[2].partition("</ol>")[0]
    return [
        " ".join(unescape(re.sub("<[^>]*>", "", each)).split())
        for each in re.findall("<li>(.*?)</li>", told, re.DOTALL)
    ]


def test_a_contact_tells_its_history_each_step_with_its_own_time(
    client: Client, world: World, handed_on: ContactView
) -> None:
    assert handed_on.operator
    assert handed_on.operator.name == "Bob"
    address = f"/console/contacts/{handed_on.id}"
    page = client.get(address).text
    moments = [handed_on.created_at, handed_on.assigned_at, world.clock.now()]
    assert handed_on.assigned_at == handed_on.created_at + timedelta(minutes=5)
    for each in moments:
        # Each once: nothing else on the page tells the same.
        assert page.count(stamp(each)) == 1
    at = [f"{each:%Y-%m-%d %H:%M} UTC" for each in moments if each]
    assert history(page) == [
        f"{at[0]} Registered",
        f"{at[1]} Assigned to Ann · waited 5 min",
        f"{at[2]} Transferred from Ann to Bob",
    ]
    assert f'to <a href="/console/operators/{handed_on.operator.id}">Bob</a>' in page
    assert "Has waited" not in page
    assert history(client.get(address, headers=RUSSIAN).text) == [
        f"{at[0]} Зарегистрировано",
        f"{at[1]} Назначено оператору Ann · ожидание 5 мин",
        f"{at[2]} Передано: Ann → Bob",
    ]


def test_a_history_tells_how_a_wait_ended(client: Client, world: World) -> None:
    bob = world.operator("<Bob>")
    world.source((bob, 1))
    world.source(key="queue")
    at_once, taken, gone = world.register(), world.register("queue"), world.register("queue")
    world.fairlead.transfer_contact(TransferContact(taken.id, bob.id))
    for each in (at_once, gone):
        world.fairlead.close_contact(CloseContact(each.id))
    at = f"{world.clock.now():%Y-%m-%d %H:%M} UTC"
    for contact, *said in (
        (at_once, "Assigned to <Bob> · at once", "Closed"),
        (taken, "Transferred from the queue to <Bob>"),
        (gone, "Closed without an operator"),
    ):
        page = client.get(f"/console/contacts/{contact.id}").text
        assert history(page) == [f"{at} {each}" for each in ("Registered", *said)]
        assert "<Bob>" not in page


def test_of_a_long_history_the_beginning_and_the_end_are_shown(
    client: Client, world: World, handed_on: ContactView
) -> None:
    operators = world.fairlead.catalogue.operators(active=None, limit=2, after=None).items
    for each in [*operators] * 60:
        world.fairlead.transfer_contact(TransferContact(handed_on.id, each.id))
    shown = history(client.get(f"/console/contacts/{handed_on.id}").text)
    assert len(shown) == 101
    assert shown[1].endswith("Assigned to Ann · waited 5 min")
    assert shown[2] == "+23"
    assert shown[100].endswith("Transferred from Ann to Bob")


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
    assert len(history(page)) == 1
    assert re.search(f"<td>{waited}</td>", client.get("/console/sources/telegram").text)
    assert re.search(f"has waited {waited}", client.get(f"/console/leads/{contact.lead.id}").text)
    page = client.get(f"/console/contacts/{contact.id}", headers=RUSSIAN).text
    assert re.search(r'data-units="дн\.,ч,мин,с">1 ч</time>', page)
