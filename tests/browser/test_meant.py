"""Whatever happens meanwhile, a page keeps what a user has chosen, and does what they meant."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Company, Look, following


@pytest.fixture(autouse=True)
def _everybody_works(company: Company) -> Iterator[None]:
    yield
    for operator in company.operators.values():
        company.call("PATCH", f"/operators/{operator}", {"active": True})


def pause(company: Company, name: str) -> None:
    company.call("PATCH", f"/operators/{company.operators[name]}", {"active": False})


def transfer(company: Company, contact: str, name: str) -> None:
    body = {"operator_id": company.operators[name]}
    company.call("POST", f"/contacts/{contact}/transfer", body)


def held_by(company: Company, name: str, lead: str) -> str:
    """Register a contact, and make sure that this operator has it."""
    number = f"+7917{len(company.contacts):07d}"
    contact = company.register("telegram", number, lead)
    if holder(company, contact) != name:
        transfer(company, contact, name)
    return contact


def holder(company: Company, contact: str) -> str:
    name: str = company.call("GET", f"/contacts/{contact}").json()["operator"]["name"]
    return name


TAKE_ANYTHING = """() => document.addEventListener("click", ({ target }) => {
    if (target.form) target.form.noValidate = true;
}, true)"""
"""Makes the browser send what it would refuse. A form that is told earlier forgets it as soon as
the page is refreshed."""


def until_read(company: Company, page: Page) -> None:
    """Change something, whether a page shows it or not, and wait until this page has read it."""
    with page.expect_response(lambda answer: answer.request.headers.get("hx-request") == "true"):
        company.register("night", f"+7918{len(company.contacts):07d}")
    page.wait_for_function("() => !document.querySelector('.htmx-request')")


def test_a_transfer_goes_to_whom_it_was_chosen_for(company: Company, look: Look) -> None:
    contact = held_by(company, "Ann", "Chosen One")
    page = following(look(company).page(f"{company.url}/contacts/{contact}"))
    page.get_by_label("Transfer to").select_option(label="Cid")
    # The operator before Cid disappears from the list.
    pause(company, "Bob")
    until_read(company, page)
    expect(page.get_by_label("Transfer to").locator("option:checked")).to_have_text(
        re.compile("Cid")
    )
    page.get_by_role("button", name="Transfer").click()
    expect(page.locator(".notice")).to_have_text("Transferred to Cid: Chosen One.")
    assert holder(company, contact) == "Cid"
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".notice")).to_have_text("Transferred to Ann: Chosen One.")
    assert holder(company, contact) == "Ann"
    company.call("POST", f"/contacts/{contact}/close")


def test_a_list_to_choose_from_that_nobody_touches_follows(company: Company, look: Look) -> None:
    contact = held_by(company, "Ann", "Follow")
    page = following(look(company).page(f"{company.url}/contacts/{contact}"))
    options = page.get_by_label("Transfer to").locator("option")
    expect(options.filter(has_text="Bob")).to_have_count(1)
    pause(company, "Bob")
    expect(options.filter(has_text="Bob")).to_have_count(0)
    page.get_by_label("Transfer to").focus()
    company.call("PATCH", f"/operators/{company.operators['Bob']}", {"active": True})
    until_read(company, page)
    expect(options.filter(has_text="Bob")).to_have_count(0)


def test_a_contact_that_changed_hands_is_not_transferred_blindly(
    company: Company, look: Look
) -> None:
    contact = held_by(company, "Ann", "Moving Target")
    window = look(company)
    page = following(window.page(f"{company.url}/contacts/{contact}"))
    page.get_by_label("Transfer to").select_option(label="Cid")
    transfer(company, contact, "Bob")
    until_read(company, page)
    page.get_by_role("button", name="Transfer").click()
    expect(page.get_by_role("alert")).to_contain_text("Meanwhile this contact has gone to Bob")
    assert holder(company, contact) == "Bob"
    # The reason stays until the user does something, whatever happens elsewhere.
    until_read(company, page)
    expect(page.get_by_role("alert")).to_contain_text("Meanwhile this contact has gone to Bob")
    expect(page.get_by_label("Transfer to").locator("option:checked")).to_have_text(
        re.compile("Cid")
    )
    page.get_by_role("button", name="Transfer").click()
    expect(page.locator(".toast .notice")).to_have_text("Transferred to Cid: Moving Target.")
    expect(page.get_by_role("alert")).to_have_count(0)
    company.call("POST", f"/contacts/{contact}/close")
    window.expected = "412"


def test_rows_come_and_go_while_somebody_chooses(company: Company, look: Look) -> None:
    first, second = held_by(company, "Ann", "First Row"), held_by(company, "Ann", "Second Row")
    page = following(look(company).page(f"{company.url}/operators/{company.operators['Ann']}"))
    page.get_by_label("Transfer to").select_option(label="Bob")
    company.call("POST", f"/contacts/{first}/close")
    expect(page.locator(f"#contact-{first}")).to_have_count(0)
    third = held_by(company, "Ann", "Third Row")
    expect(page.locator(f"#contact-{third}")).to_be_visible()
    expect(page.get_by_label("Transfer to").locator("option:checked")).to_have_text("Bob")
    page.locator(f"#transfer-{second}").click()
    expect(page.locator(".notice")).to_have_text("Transferred to Bob: Second Row.")
    # The choice stays for the next row.
    expect(page.get_by_label("Transfer to").locator("option:checked")).to_have_text("Bob")
    page.locator(f"#transfer-{third}").click()
    expect(page.locator(".notice")).to_have_text("Transferred to Bob: Third Row.")


def middle(act: Locator) -> tuple[float, float]:
    box = act.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_press_acts_on_what_was_under_it_when_it_began(company: Company, look: Look) -> None:
    older, newer = held_by(company, "Ann", "Older Row"), held_by(company, "Ann", "Newer Row")
    page = following(look(company).page(f"{company.url}/operators/{company.operators['Ann']}"))
    page.mouse.move(*middle(page.locator(f"#close-{older}")))
    page.mouse.down()
    # The row above disappears, which would move another one under the pointer.
    company.call("POST", f"/contacts/{newer}/close")
    page.wait_for_timeout(1500)
    expect(page.locator(f"#contact-{newer}")).to_be_visible()
    page.mouse.up()
    expect(page.locator(".notice")).to_have_text("Closed: Older Row.")
    expect(page.locator(f"#contact-{newer}")).to_have_count(0)


def test_what_came_under_the_pointer_just_now_is_not_pressed(company: Company, look: Look) -> None:
    below, above = held_by(company, "Ann", "Row Below"), held_by(company, "Ann", "Row Above")
    page = following(look(company).page(f"{company.url}/operators/{company.operators['Ann']}"))
    at = middle(page.locator(f"#close-{above}"))
    page.mouse.dblclick(*at)
    expect(page.locator(f"#contact-{above}")).to_have_count(0)
    page.wait_for_timeout(700)
    state = company.call("GET", f"/contacts/{below}").json()["state"]
    assert state == "assigned"
    # Once it has been visible for a while, it can be pressed.
    page.locator(f"#close-{below}").click()
    expect(page.locator(".notice")).to_have_text("Closed: Row Below.")


def test_what_is_typed_focused_or_selected_is_left_alone(company: Company, look: Look) -> None:
    page = following(look(company).page(f"{company.url}/sources/telegram"))
    name, weight = page.get_by_label("Name", exact=True), page.get_by_label("Weight of Ann")
    name.fill("Half a na")
    page.keyboard.press("ArrowLeft")
    page.get_by_label("Strategy").select_option("random")
    weight.fill("77")
    name.focus()
    caret = "() => [document.activeElement.name, document.activeElement.selectionStart]"
    before = page.evaluate(caret)
    allocations = [
        {"operator_id": company.operators[each], "weight": 10} for each in ("Ann", "Bob")
    ]
    company.call("PUT", "/sources/telegram/allocations", {"allocations": allocations})
    until_read(company, page)
    expect(name).to_have_value("Half a na")
    expect(weight).to_have_value("77")
    expect(page.get_by_label("Strategy")).to_have_value("random")
    assert page.evaluate(caret) == before
    allocations[1]["weight"] = 30
    company.call("PUT", "/sources/telegram/allocations", {"allocations": allocations})


def test_weights_follow_a_colleague_until_somebody_types(company: Company, look: Look) -> None:
    window = look(company)
    page = following(window.page(f"{company.url}/sources/telegram"))
    ids = [company.operators[each] for each in ("Ann", "Bob")]

    def weigh(*weights: int) -> None:
        pairs = zip(ids, weights, strict=True)
        allocations = [{"operator_id": each, "weight": weight} for each, weight in pairs]
        company.call("PUT", "/sources/telegram/allocations", {"allocations": allocations})

    weigh(11, 30)
    expect(page.get_by_label("Weight of Ann")).to_have_value("11")
    page.get_by_label("Weight of Ann").fill("77")
    weigh(12, 40)
    until_read(company, page)
    page.get_by_role("button", name="Save the weights").click()
    expect(page.get_by_role("alert")).to_contain_text("Somebody else has changed this meanwhile")
    rows = page.locator("tr.differs")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("12")
    expect(page.get_by_label("Weight of Ann")).to_have_value("77")
    # What was typed stays until the conflict is resolved, and so does the reason.
    until_read(company, page)
    expect(page.get_by_role("alert")).to_contain_text("Somebody else has changed this meanwhile")
    rows.nth(1).get_by_role("button", name="Take").click()
    expect(page.get_by_label("Weight of Bob")).to_have_value("40")
    page.get_by_role("button", name="Save mine over it").click()
    expect(page.locator(".toast .notice")).to_have_text("The weights of Telegram are changed.")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Weight of Ann")).to_have_value("12")
    weigh(10, 30)
    window.expected = "412"


def test_a_switch_acts_in_place(company: Company, look: Look) -> None:
    window = look(company, viewport={"width": 390, "height": 300})
    page = following(window.page(f"{company.url}/operators"))
    switch = page.get_by_role("switch", name="Cid takes contacts")
    switch.scroll_into_view_if_needed()
    page.evaluate("scrollBy(0, 40)")
    switch.focus()
    before = (page.evaluate("scrollY"), page.url, switch.bounding_box())
    page.keyboard.press("Space")
    expect(switch).to_have_attribute("aria-checked", "false")
    expect(page.locator(".notice")).to_have_text("Cid is paused: no new contacts.")
    expect(switch).to_be_focused()
    assert (page.evaluate("scrollY"), page.url, switch.bounding_box()) == before
    page.get_by_role("button", name="Undo").click()
    expect(switch).to_have_attribute("aria-checked", "true")


def test_without_a_script_everything_works_too(company: Company, look: Look) -> None:
    contact = held_by(company, "Ann", "No Script")
    page = look(company, java_script_enabled=False).page(f"{company.url}/operators")
    page.get_by_role("switch", name="Cid takes contacts").click()
    expect(page.locator(".notice")).to_have_text("Cid is paused: no new contacts.")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".notice")).to_have_text("Cid takes contacts again.")
    page.goto(f"{company.url}/operators/{company.operators['Ann']}")
    page.get_by_label("Transfer to").select_option(label="Bob")
    page.locator(f"#transfer-{contact}").click()
    expect(page.locator(".notice")).to_have_text("Transferred to Bob: No Script.")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".notice")).to_have_text("Transferred to Ann: No Script.")


def test_errors_stand_at_their_field_and_the_keyboard_goes_there(
    company: Company, look: Look
) -> None:
    window = look(company, locale="ru-RU")
    page = following(window.page(f"{company.url}/operators/{company.operators['Bob']}"))
    capacity = page.get_by_label("Лимит")
    page.evaluate(TAKE_ANYTHING)
    capacity.fill("-1")
    page.get_by_label("Имя", exact=True).fill("Боб")
    page.get_by_role("button", name="Сохранить").click()
    expect(page.get_by_role("alert")).to_have_text("Введите целое число от 0 до 1 000 000.")
    expect(capacity).to_be_focused()
    expect(capacity).to_have_attribute("aria-invalid", "true")
    expect(capacity).to_have_value("-1")
    expect(page.get_by_label("Имя", exact=True)).to_have_value("Боб")
    described = capacity.get_attribute("aria-describedby")
    expect(page.locator(f"#{described}")).to_be_visible()
    # A refused value stays in its field.
    until_read(company, page)
    expect(capacity).to_have_value("-1")
    window.expected = "422"
