"""The console over HTTP: what a browser test cannot check, or does not have to."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from dependency_injector import providers
from starlette.routing import Mount, Route

from application.contacts import TransferContact
from application.keys import CreateKey
from application.operators import CreateOperator, UpdateOperator
from application.sources import CreateSource
from domain.access import Role
from domain.strategy import Strategy
from entrypoints.settings import Settings
from entrypoints.web import create_app
from tests.entrypoints.consoles import FORM, words
from tests.entrypoints.http.client import Client, serving_world
from tests.support import World, open_world


@pytest.fixture
def client(world: World) -> Iterator[Client]:
    with serving_world(world) as opened:
        yield opened


FOREIGN = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://elsewhere.example"},
    {"Origin": "null"},
)
OWN: tuple[dict[str, str], ...] = (
    {},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
)


def hire(client: Client, headers: dict[str, str]) -> int:
    response = client.post(
        "/console/operators",
        content="name=Ann&capacity=5",
        headers={"Content-Type": "application/x-www-form-urlencoded", **headers},
    )
    status: int = response.status_code
    return status


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_form_of_another_site_changes_nothing(
    client: Client, world: World, headers: dict[str, str]
) -> None:
    assert hire(client, headers) == 403
    assert world.fairlead.catalogue.operators(active=None, limit=9, after=None).items == []


def test_no_form_is_taken_from_another_site(client: Client, world: World) -> None:
    app = create_app(container=world.container)
    (console,) = (each for each in app.routes if isinstance(each, Mount) and each.name == "console")
    forms = [
        each.path
        for each in console.routes
        if isinstance(each, Route) and "POST" in (each.methods or ())
    ]
    assert len(forms) > 10
    for each in forms:
        path = re.sub(r"\{\w+\}", "0199d7a4-5f27-7c3b-8c51-2f6d1f0a9b01", f"/console{each}")
        answer = client.post(path, content="name=Ann", headers={**FORM, **FOREIGN[0]})
        assert answer.status_code == 403, each


@pytest.mark.parametrize("headers", OWN)
def test_a_form_of_its_own_is_taken(client: Client, world: World, headers: dict[str, str]) -> None:
    assert hire(client, headers) == 303
    assert len(world.fairlead.catalogue.operators(active=None, limit=9, after=None).items) == 1


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/operators", "", 422),
        ("/operators", "name=Ann&capacity=much", 422),
        ("/operators", "name=%00&capacity=1", 422),
        ("/operators", "name=%ff&capacity=1", 422),
        ("/operators", "name=" + "x" * 201 + "&capacity=1", 422),
        ("/sources", "key=Ä&strategy=exact", 422),
        ("/sources", "key=a", 422),
        ("/sources", "key=a&strategy=best", 422),
        ("/sources/nowhere", "name=x&strategy=exact", 404),
        ("/sources/nowhere/weights", "operator=x&weight=1", 404),
        ("/contacts/00000000-0000-7000-8000-000000000000/transfer", "operator=x", 404),
        ("/contacts/x/close", "", 422),
        ("/operators/00000000-0000-7000-8000-000000000000/contacts", "", 404),
        ("/try", "source=nowhere&kind=phone&value=%2B79161234567", 404),
        ("/try", "x=" + "y" * 300_000, 413),
    ],
)
def test_bad_forms_are_refused_by_a_page(client: Client, path: str, body: str, status: int) -> None:
    response = client.post(
        f"/console{path}",
        content=body,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("text/html")
    assert 'role="alert"' in response.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/?period=century", 422),
        ("/sources/nowhere", 404),
        ("/sources/nowhere/shares.json", 404),
        ("/sources/telegram/shares.json?most=0", 422),
        ("/operators?after=x", 422),
        ("/leads/x", 422),
        ("/statistics?source=nowhere", 404),
        ("/statistics/everything.csv", 422),
        ("/search?q=" + "x" * 201, 422),
        ("/search?q=%00", 422),
        ("/nothing", 404),
    ],
)
def test_bad_addresses_are_refused_by_a_page(client: Client, path: str, status: int) -> None:
    response = client.get(f"/console{path}")
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("text/html")


def test_a_name_is_no_formula_in_a_spreadsheet(client: Client, world: World) -> None:
    evil = world.fairlead.create_operator(CreateOperator('=HYPERLINK("http://x")', 5))
    world.source((evil, 1))
    text = client.get("/console/statistics/shares.csv").text
    assert "'=HYPERLINK" in text


@pytest.mark.parametrize("here", ["//evil.example/console/", "https://evil.example", "x", "/v1/"])
def test_nobody_is_sent_away_by_their_preferences(client: Client, here: str) -> None:
    response = client.post(
        "/console/preferences",
        content=f"language=ru&here={here}",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert response.status_code == 303
    assert response.headers["location"] == "/console/"


@pytest.mark.parametrize("prefix", ["", "/crm"])
def test_a_console_behind_a_prefix_keeps_to_it(world: World, prefix: str) -> None:
    """Whether or not the proxy takes the prefix off the paths that it passes on."""
    settings = Settings(database_url="memory://", root_path="/crm")
    world.container.settings.override(providers.Object(settings))
    with serving_world(world) as client:
        text = client.get(f"{prefix}/console/operators").text
        made = client.post(
            f"{prefix}/console/operators", content="name=Ann&capacity=5", headers=FORM
        )
    assert 'href="/crm/console/static/console.css"' in text
    addresses = re.findall(r'(?:href|src|action)="(/[^"]*)"', text)
    assert [each for each in addresses if not each.startswith("/crm/")] == []
    assert made.headers["location"].startswith("/crm/console/operators")


class TestAudit:
    """The audit log page."""

    def test_it_says_who_did_what(self, client: Client, world: World) -> None:
        ann, bob = world.operator("Ann"), world.operator("<b>Bob")
        world.source((ann, 1))
        contact = world.register(phone="+79161234567")
        world.fairlead.transfer_contact(TransferContact(contact.id, bob.id))
        hire(client, {})
        text = client.get("/console/audit").text
        assert f'href="/console/operators/{ann.id}"' in text
        assert 'href="/console/sources/telegram"' in text
        assert f'href="/console/contacts/{contact.id}"' in text
        assert "&lt;b&gt;Bob" in text
        assert "somebody on this machine" in text
        assert "a program" in text
        assert "9161234567" not in text
        assert "data-follows" in text

    def test_in_russian_too(self, client: Client, world: World) -> None:
        world.operator("Ann")
        text = client.get("/console/audit", headers={"Accept-Language": "ru"}).text
        assert "оператор добавлен" in text

    def test_filters_and_pages_go_together(self, client: Client, world: World) -> None:
        for number in range(61):
            world.operator(f"Operator {number}")
        world.source()
        first = client.get("/console/audit?action=operator_created&subject=").text
        assert "Operator 60<" in first
        assert "Operator 0<" not in first
        assert ">telegram</a>" not in first
        (more,) = re.findall(r'class="more"><a href="([^"]+)"', first)
        rest = client.get(unescape(more)).text
        assert "Operator 0<" in rest
        assert ">telegram</a>" not in rest
        assert ">telegram</a>" in client.get("/console/audit?subject=telegram").text
        nothing = client.get("/console/audit?subject=web").text
        assert "No such entries." in nothing

    @pytest.mark.parametrize("query", ["subject=%00", "subject=" + "x" * 65, "action=x", "after=x"])
    def test_what_makes_no_sense_is_refused(self, client: Client, query: str) -> None:
        response = client.get(f"/console/audit?{query}")
        assert response.status_code == 422
        assert 'role="alert"' in response.text

    @pytest.mark.parametrize("role", [Role.ADMIN, Role.SUPERVISOR, Role.VIEWER])
    def test_only_an_administrator_is_shown_the_way_there(
        self, client: Client, world: World, role: Role
    ) -> None:
        secret = world.fairlead.create_key(CreateKey(role)).secret
        text = client.get("/console/", headers={"Authorization": f"Bearer {secret}"}).text
        assert ('href="/console/audit"' in text) is (role is Role.ADMIN)


def test_hours_are_those_of_the_period_and_not_only_those_with_contacts(
    client: Client, world: World
) -> None:
    world.clock.moment = datetime.now(UTC).replace(microsecond=0)
    world.source()
    world.register()
    hours = client.get("/console/statistics/hours.json?period=week").json()
    assert len(hours["x"]) == len(hours["contacts"]) == 7 * 24
    assert hours["contacts"] == [0] * (7 * 24 - 1) + [1]
    assert {later - earlier for earlier, later in pairwise(hours["x"])} == {3600}


def test_a_list_to_choose_from_says_that_it_is_not_all(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("entrypoints.console.choosing._OFFERED", 3)
    operators = [world.operator(f"Operator {number}") for number in range(3)]
    world.source((operators[0], 1))
    contact = world.register()
    pages = ["/sources/telegram", f"/operators/{operators[0].id}", f"/contacts/{contact.id}"]
    for page in pages:
        assert "at a time" not in client.get(f"/console{page}").text
    for name in ("One more", "One of the next"):
        world.operator(name)
    for page in pages:
        text = client.get(f"/console{page}").text
        assert "The list shows only 1,000 operators at a time" in text
        assert ">One of the next<" not in text
        (further,) = re.findall(r'href="(\?choose=[^"]+)"', text)
        rest = client.get(f"/console{page}{further}").text
        assert ">One of the next<" in rest
        assert "at a time" not in rest


def test_shares_are_called_what_they_are(client: Client, world: World) -> None:
    ann, bob, cid = (world.operator(name, capacity=90) for name in ("Ann", "Bob", "Cid"))
    world.clock.moment = datetime.now(UTC).replace(microsecond=0)
    world.source((ann, 1), (bob, 3))

    def page() -> str:
        return words(client.get("/console/statistics").text.partition("The target is")[0])

    assert "none given yet" in page()
    for _ in range(80):
        world.register()
    assert "as promised · 80 contacts" in page()
    # A pause is no drift: it is said whose it was, and who took over.
    world.fairlead.update_operator(UpdateOperator(bob.id, active=False))
    for _ in range(20):
        world.register()
    assert "as promised · 100 contacts" in page()
    assert re.search(r"Bob paused for 20% 75.0% 60.0% 60.0% 0.0", page())
    assert re.search(r"Ann took over for others 25.0% 40.0% 40.0% 0.0", page())
    world.fairlead.update_operator(UpdateOperator(bob.id, active=True))
    world.allocate("telegram", (ann, 3), (bob, 1), (cid, 1))
    assert re.search(r"Ann had another weight before 60.0% 40.0%", page())
    for _ in range(150):
        world.register()
    assert re.search(r"Ann at capacity for \d+%", page())
    assert "as promised ± " in page()


def test_what_chance_does_is_called_chance(client: Client, world: World) -> None:
    operators = [world.operator(name) for name in ("Ann", "Bob", "Cid")]
    world.clock.moment = datetime.now(UTC).replace(microsecond=0)
    world.source(*((each, 1) for each in operators), strategy=Strategy.RANDOM)
    for _ in range(300):
        world.register()
    page = words(client.get("/console/statistics").text)
    assert re.search(r"as chance has it ± \d+(\.\d)? · 300 contacts", page)
    overview = words(client.get("/console/").text)
    assert "as chance has it ± " in overview


def test_what_was_not_recorded_is_not_made_up(sqlite_url: str) -> None:
    with open_world(sqlite_url) as world:
        world.clock.moment = datetime.now(UTC).replace(microsecond=0)
        world.source((world.operator(), 1))
        world.register()
        this = int(world.clock.moment.timestamp()) // 3600
        # As the migration leaves what was counted before it.
        with (
            closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection,
            connection,
        ):
            connection.execute("UPDATE sources SET accounted_from = ?", (this + 1,))
        with serving_world(world) as client:
            page = words(client.get("/console/statistics").text)
            assert "not recorded for the whole period" in page
            (found,) = client.get("/v1/stats/distribution").json()["sources"]
    assert found["operators"][0]["contacts"] == 1
    assert found["operators"][0]["entitled"] is None
    assert found["operators"][0]["while_full"] is None


def test_the_overview_begins_with_what_needs_somebody(client: Client, world: World) -> None:
    def needs() -> str:
        page = client.get("/console/").text.partition('class="needs"')[2]
        return words(page.partition("</section>")[0])

    ann = world.operator("Ann", capacity=1)
    world.clock.moment = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=9)
    world.source((ann, 1), key="sales")
    assert "Nothing: nobody waits" in needs()
    world.source(key="empty")
    assert "Nobody can take a contact now: empty (no operator has a weight)" in needs()
    world.register("sales")
    assert "At capacity: Ann" in needs()
    assert "sales" in needs()
    world.register("sales")
    world.clock.advance(hours=1)
    world.register("empty")
    said = needs()
    assert "sales : a contact has waited for 9 h" in said
    assert said.index("sales") < said.index("empty")
    for number in range(9):
        world.source(key=f"more-{number}")
        world.register(f"more-{number}")
    assert "Contacts wait on 6 more sources." in needs()
    assert "and 6 more" in needs()


@pytest.mark.parametrize(
    ("language", "label", "why"),
    [
        ("en", "Not recognised", "not a phone number"),
        ("ru", "Не распознано", "не номер телефона"),
    ],
)
def test_the_page_of_a_contact_tells_what_could_not_be_read(
    client: Client, world: World, language: str, label: str, why: str
) -> None:
    world.source()
    contact = world.register(telegram="ann", phone="8 916 <b>Anna</b>", viber="x" * 300)
    page = client.get(f"/console/contacts/{contact.id}", headers={"Accept-Language": language}).text
    rows = re.findall(f"<dt>{label}</dt><dd>(.*?)</dd>", page)
    assert len(rows) == 2
    assert why in rows[0]
    assert "8 916 &lt;b&gt;Anna&lt;/b&gt;" in rows[0]
    assert "x" * 200 in rows[1]
    assert "x" * 201 not in rows[1]


def test_the_page_of_a_contact_says_nothing_where_all_could_be_read(
    client: Client, world: World
) -> None:
    world.source()
    contact = world.register(telegram="ann", phone="+79161234567")
    assert "Not recognised" not in client.get(f"/console/contacts/{contact.id}").text


def test_of_very_many_sources_pages_show_those_that_need_somebody(
    client: Client, world: World
) -> None:
    ann = world.operator("Ann", capacity=0)
    for number in range(70):
        world.source((ann, 1), key=f"s-{number:02}")
    for key in ("s-69", "s-68", "s-67", "s-66", "s-66"):
        world.register(key)
    page = client.get("/console/").text
    shown = re.findall(r'id="source-(s-\d\d)"', page)
    assert len(shown) == 60
    assert shown[-4:] == ["s-66", "s-67", "s-68", "s-69"]
    assert "where the most contacts wait" in page
    assert 'href="/console/sources"' in page
    page = client.get("/console/statistics").text
    shown = re.findall(r'<h3><a href="/console/sources/(s-\d\d)"', page)
    assert (len(shown), shown[-4:]) == (60, ["s-66", "s-67", "s-68", "s-69"])
    assert "where the most contacts wait" in page
    page = client.get("/console/statistics?source=s-60").text
    assert 'href="/console/sources/s-60"' in page
    assert "where the most contacts wait" not in page


def test_contacts_are_chosen_by_source_state_and_operator(client: Client, world: World) -> None:
    world.clock.moment = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=7)
    ann = world.operator("Ann", capacity=1)
    world.fairlead.create_source(CreateSource("sales", name="Telegram, sales"))
    world.allocate("sales", (ann, 1))
    world.source(key="empty")
    for key in ("sales", "sales", "empty"):
        world.register(key)

    def shown(query: str) -> list[str]:
        page = client.get(f"/console/contacts?{query}").text
        body = page.partition("<tbody>")[2].partition("</tbody>")[0]
        return [words(each) for each in re.findall("<tr .*?</tr>", body, re.DOTALL)]

    assert len(shown("")) == 3
    assert len(shown("source=sales")) == 2
    (waiting,) = shown("source=sales&state=waiting")
    assert "waiting 7 h Telegram, sales" in waiting
    assert shown("older=hour&state=waiting") == shown("state=waiting")
    (held,) = shown(f"operator={ann.id}")
    assert held.endswith("assigned 7 h Telegram, sales no name Ann")
    page = client.get(f"/console/contacts?source=sales&state=assigned&operator={ann.id}").text
    assert '<option value="sales" selected>Telegram, sales</option>' in page
    assert f'<option value="{ann.id}" selected>Ann</option>' in page
    assert '<a class="button quiet" href="/console/contacts">All contacts</a>' in page
    assert (
        '<a href="/console/contacts" data-key="c" aria-current="page">Contacts</a>'
        in client.get("/console/contacts").text
    )


def test_a_report_is_of_the_week_and_the_zone_that_are_asked_for(
    client: Client, world: World
) -> None:
    ann = world.operator("Ann")
    world.fairlead.create_source(CreateSource("sales", name="Telegram, sales"))
    world.allocate("sales", (ann, 1))
    world.clock.moment = datetime(2026, 4, 1, 22, 30, tzinfo=UTC)
    world.register("sales")
    world.clock.moment = datetime(2026, 4, 8, tzinfo=UTC)
    text = words(client.get("/console/report?week=2026-W14&zone=Europe/Berlin").text)
    assert "Week 2026-W14, 2026-03-30 to 2026-04-05;" in text
    assert re.search(r"Thursday 1 Friday", text)
    assert re.search(r"Telegram, sales 1 \S 100% 0 s 0 s as promised", text)
    assert "About 1 contacts" in text
    text = words(client.get("/console/report").text)
    assert re.search(r"Wednesday 1 Thursday", text)
    empty = client.get("/console/report?week=2026-W10&zone=Asia/Tokyo").text
    assert "No contact came in that week." in words(empty)
    # Whoever has just begun finds something in the week that is not over.
    week = "{0.year}-W{0.week:02}".format(datetime.now(ZoneInfo("Asia/Tokyo")).isocalendar())
    assert f'href="/console/report?week={week}&amp;zone=Asia%2FTokyo">This week so far</a>' in empty
    for wrong in ("week=2026-W60", "week=2027-W01", "zone=Mars", "zone=%00"):
        answer = client.get(f"/console/report?{wrong}")
        assert answer.status_code == 422, wrong
