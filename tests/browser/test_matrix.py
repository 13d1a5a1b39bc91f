"""The page of all weights, with thirty sources and forty operators."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Dialog, Locator, Page, expect

from application.operators import CreateOperator, UpdateOperator
from application.sources import CreateSource, ReplaceAllocations
from entrypoints.scripting import open_fairlead
from tests.browser.conftest import SCREENSHOTS, Company, Look, following
from tests.e2e.server import FAIRLEAD_SERVE, started

OPERATORS, SOURCES = 40, 30
PASTE = """([text, at]) => {
  const data = new DataTransfer();
  data.setData("text", text);
  const event = { clipboardData: data, bubbles: true, cancelable: true };
  document.querySelector(at).dispatchEvent(new ClipboardEvent("paste", event));
}"""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """Each operator has a weight of 10 on ten sources."""
    folder = tmp_path_factory.mktemp("large")
    url = f"sqlite:///{folder / 'fairlead.db'}"
    with open_fairlead(url) as fairlead:
        hired = [
            fairlead.create_operator(CreateOperator(f"Operator {number}", 3))
            for number in range(OPERATORS)
        ]
        for number in range(SOURCES):
            key = f"source-{number:02}"
            fairlead.create_source(CreateSource(key, f"A source with a long name, {number}"))
            here = [each.id for at, each in enumerate(hired) if (at + number) % 3 == 0]
            fairlead.replace_allocations(ReplaceAllocations(key, [(each, 10) for each in here]))
        fairlead.update_operator(UpdateOperator(hired[5].id, active=False))
    with started(url, folder, FAIRLEAD_SERVE) as server:
        company = Company(server, url, {each.name: str(each.id) for each in hired})
        yield company
        assert "Traceback" not in server.said()


@pytest.fixture
def page(large: Company, look: Look) -> Page:
    window = look(large, viewport={"width": 1440, "height": 900})
    # The browser reports a refusal itself.
    window.expected = "412"
    return following(window.page(f"{large.url}/weights"))


def field(page: Page, row: int, column: int) -> Locator:
    return page.locator(f'.matrix [name="{row}.{column}"]')


def share(page: Page, row: int, column: int) -> Locator:
    return page.locator(f'td:has(> [name="{row}.{column}"]) output')


def weights(large: Company, column: int) -> dict[str, int]:
    source = large.call("GET", f"/sources/source-{column:02}").json()
    return {each["name"]: each["weight"] for each in source["allocations"]}


def save(page: Page) -> None:
    expect(page.get_by_text("Changed:")).to_be_visible()
    page.get_by_role("button", name="Save the weights").click()
    # What was said before says the same.
    expect(page.get_by_text("Changed:")).to_have_count(0)
    expect(page.locator("#said")).to_contain_text("The weights are changed.")


def test_a_weight_shows_its_share_before_it_is_saved(large: Company, page: Page) -> None:
    before = weights(large, 0)
    expect(share(page, 0, 0)).to_have_text("7.1%")
    field(page, 0, 0).fill("130")
    expect(share(page, 0, 0)).to_have_text("50.0%")
    expect(share(page, 3, 0)).to_have_text("3.8%")
    expect(page.get_by_text("Changed: 1")).to_be_visible()
    assert weights(large, 0) == before
    page.get_by_role("button", name="Put back what was there").click()
    expect(share(page, 0, 0)).to_have_text("7.1%")
    expect(page.get_by_text("Changed:")).to_have_count(0)


def test_rows_columns_and_a_spreadsheet_are_saved_at_once_and_undone(
    large: Company, page: Page
) -> None:
    before = [weights(large, column) for column in range(SOURCES)]
    page.get_by_label("All on A source with a long name, 4", exact=True).fill("7")
    page.keyboard.press("Enter")
    page.get_by_label("Operator 2 on every source").fill("3")
    page.keyboard.press("Tab")
    page.evaluate(PASTE, ["1\t2\r\n\t4\r\n", '.matrix [name="38.28"]'])
    # What does not fit stays outside.
    page.evaluate(PASTE, ["5\t6\n7\t8", '.matrix [name="39.29"]'])
    save(page)
    everywhere = dict.fromkeys(large.operators, 7) | {"Operator 2": 3}
    assert weights(large, 4) == everywhere
    assert weights(large, 9)["Operator 2"] == 3
    assert weights(large, 28) == before[28] | {"Operator 2": 3, "Operator 38": 1}
    assert weights(large, 29)["Operator 38"] == 2
    assert weights(large, 29)["Operator 39"] == 5
    page.get_by_role("button", name="Undo").click()
    expect(field(page, 0, 4)).to_have_value("")
    assert [weights(large, column) for column in range(SOURCES)] == before
    # A dash empties.
    page.get_by_label("All on A source with a long name, 4", exact=True).fill("-")
    page.keyboard.press("Enter")
    save(page)
    assert weights(large, 4) == {}
    page.get_by_role("button", name="Undo").click()
    expect(field(page, 2, 4)).to_have_value("10")


def test_arrows_and_enter_move_between_the_rows(page: Page) -> None:
    field(page, 3, 5).focus()
    page.keyboard.press("Enter")
    expect(field(page, 4, 5)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(field(page, 2, 5)).to_be_focused()
    expect(page.get_by_text("Changed:")).to_have_count(0)


def test_the_browser_asks_before_what_was_typed_is_lost(page: Page) -> None:
    field(page, 0, 6).click()
    field(page, 0, 6).fill("50")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.once("dialog", stay)
    page.get_by_role("link", name="Operators", exact=True).click(no_wait_after=True)
    expect(field(page, 0, 6)).to_have_value("50")
    assert asked == ["beforeunload"]
    page.get_by_role("button", name="Put back what was there").click()
    page.get_by_role("link", name="Operators", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Operators")


def test_a_colleague_is_neither_overwritten_nor_in_the_way(
    large: Company, look: Look, page: Page
) -> None:
    theirs = following(look(large).page(f"{large.url}/weights"))
    field(page, 0, 6).fill("50")
    field(page, 1, 8).fill("60")
    field(theirs, 0, 6).fill("20")
    save(theirs)
    # What somebody is typing stays while the page is read again.
    expect(field(page, 0, 6)).to_have_value("50")
    expect(field(page, 1, 8)).to_have_value("60")
    page.get_by_role("button", name="Save the weights").click()
    expect(page.locator("#matrix-problem")).to_contain_text("Somebody else has changed this")
    expect(page.locator("td.differs")).to_have_count(1)
    expect(page.locator("td.differs")).to_contain_text("Theirs: 20")
    assert weights(large, 6)["Operator 0"] == 20
    page.screenshot(path=SCREENSHOTS / "weights-conflict.png")
    page.get_by_role("button", name="Save mine over it").click()
    expect(page.locator("#said")).to_contain_text("The weights are changed.")
    assert weights(large, 6)["Operator 0"] == 50
    assert weights(large, 8)["Operator 1"] == 60
    # Whoever types nothing sees it at once.
    expect(field(theirs, 1, 8)).to_have_value("60")


@pytest.mark.parametrize("colour", ["share", "load", "difference"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_can_be_read_in_every_colour(
    large: Company, look: Look, colour: str, theme: str
) -> None:
    large.register("source-07", "+79165550001")
    window = look(large, color_scheme=theme, viewport={"width": 1440, "height": 900})
    page = following(window.page(f"{large.url}/weights"))
    page.get_by_label(colour).check()
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"weights-{colour}-{theme}.png")
    assert Axe().run(page).response["violations"] == []


def test_on_a_phone_only_the_table_scrolls_sideways(large: Company, look: Look) -> None:
    phone = {"width": 390, "height": 740}
    page = look(large, viewport=phone, is_mobile=True, has_touch=True).page(f"{large.url}/weights")
    assert page.evaluate("document.documentElement.scrollWidth") <= phone["width"]
    page.screenshot(path=SCREENSHOTS / "weights-phone.png")
