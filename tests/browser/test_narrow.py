"""Long names wrap, and every page fits on a phone, in both languages."""

from collections.abc import Iterator
from typing import Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import Company, Look
from tests.e2e.server import FAIRLEAD_SERVE, migrated, started

LONG: Final = "Ж" * 100 + "W" * 100
KEY: Final = "k" * 64
WIDER: Final = "document.documentElement.scrollWidth - innerWidth"
OUTSIDE: Final = """() => [...document.querySelectorAll("main *, footer *, header *")]
    .filter((each) => !each.closest("table, .chart, pre, .unseen"))
    .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
    .map((each) => each.outerHTML.slice(0, 120))"""

OVER_CARDS: Final = """() => [...document.querySelectorAll(".card table")]
    .filter((each) => each.getBoundingClientRect().right >
        each.closest(".card").getBoundingClientRect().right + 1)
    .map((each) => each.innerText)"""


@pytest.fixture(scope="module")
def wordy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A company in which every name is as long as it can be, and has no spaces."""
    folder = tmp_path_factory.mktemp("wordy")
    url = f"sqlite:///{folder / 'fairlead.db'}"
    migrated(url)
    with started(url, folder, FAIRLEAD_SERVE) as server:
        made = Company(server, url)
        made.operators["Long"] = made.hire(LONG, 1_000_000)
        made.operators["Other"] = made.hire(f"{LONG[:-1]}2", 5)
        made.open(KEY, LONG, Long=1_000_000, Other=1)
        made.open("night", "Night")
        for number in range(4):
            made.register(KEY, f"+7916100{number:04d}", LONG)
        made.register("night", "+79161110000", LONG)
        yield made


def paths(wordy: Company) -> list[str]:
    contact = wordy.contacts[0]
    held = wordy.call("GET", f"/contacts/{contact}").json()
    operator = held["operator"]["id"]
    other = next(each for each in wordy.operators.values() if each != operator)
    wordy.call("POST", f"/contacts/{contact}/transfer", {"operator_id": other})
    said = f"said=transferred&of={contact}"
    return [
        *("/", "/sources", f"/sources/{KEY}", "/sources/night", "/operators"),
        *(f"/operators/{operator}", f"/operators/{other}?{said}", f"/contacts/{contact}?{said}"),
        *(f"/contacts/{wordy.contacts[-1]}", f"/leads/{held['lead']['id']}"),
        *(f"/search?q={LONG[:20]}", f"/search?q={'n' * 200}", "/statistics", "/audit", "/try"),
        *("/endpoints", "/sign-in", "/nothing", "/contacts", "/weights", "/report"),
    ]


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("locale", ["en-GB", "ru-RU"])
def test_no_page_is_wider_than_its_window(
    wordy: Company, look: Look, locale: str, width: int
) -> None:
    phone = width < 400
    view = {"width": width, "height": 844}
    window = look(wordy, viewport=view, is_mobile=phone, has_touch=phone, locale=locale)
    page = window.page(f"{wordy.url}/")
    for path in paths(wordy):
        page.goto(wordy.url + path)
        assert page.evaluate(WIDER) <= 0, path
        assert page.evaluate(OUTSIDE) == [], path
        assert page.evaluate(OVER_CARDS) == [], path
    window.expected = "404"


def test_a_name_that_turns_the_direction_turns_no_sentence(wordy: Company, look: Look) -> None:
    turned = "abc \u202edef"
    wordy.operators["Turned"] = wordy.hire(turned, 0)
    page = look(wordy).page(f"{wordy.url}/")
    sentence = page.locator("#full")
    expect(sentence).to_contain_text(turned)
    # Where the name begins, and where what follows it begins.
    assert page.evaluate(
        """(turned) => {
            const link = [...document.querySelectorAll("#full a")]
                .find((each) => each.textContent === turned);
            link.after(" END");
            const after = document.createRange();
            after.selectNode(link.nextSibling);
            return after.getBoundingClientRect().left >= link.getBoundingClientRect().right - 1;
        }""",
        turned,
    )


def test_a_form_that_was_refused_keeps_the_rules_of_accessibility(
    wordy: Company, look: Look
) -> None:
    window = look(wordy, viewport={"width": 390, "height": 844})
    page = window.page(f"{wordy.url}/sources/{KEY}")
    operators = list(wordy.operators.values())
    allocations = [{"operator_id": operators[0], "weight": 7}]
    page.locator("form[data-weights] input[type=number]").first.fill("9")
    wordy.call("PUT", f"/sources/{KEY}/allocations", {"allocations": allocations})
    page.get_by_role("button", name="Save the weights").click()
    expect(page.get_by_role("button", name="Save mine over it")).to_be_visible()
    assert page.evaluate(WIDER) <= 0
    assert Axe().run(page).response["violations"] == []
    page.goto(f"{wordy.url}/try")
    page.get_by_label("Number, address or name").fill("12")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("alert")).to_contain_text("not a phone number")
    assert Axe().run(page).response["violations"] == []
    page.goto(f"{wordy.url}/operators")
    page.get_by_role("switch").first.click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    assert page.evaluate(WIDER) <= 0
    assert Axe().run(page).response["violations"] == []
    window.expected = "412|422"
