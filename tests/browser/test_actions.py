"""Everything that can be done on a page works, and is stored."""

import csv
import io
import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Company, Look
from tests.e2e.server import opened

NOTHING = "\N{EN DASH}"


def test_three_steps_lead_from_nothing_to_the_first_contact(
    empty_server: Company, look: Look
) -> None:
    page = look(empty_server).page(f"{empty_server.server.url}/")
    expect(page.get_by_text("Three steps")).to_be_visible()
    page.get_by_label("Name").first.fill("Ann")
    page.get_by_role("button", name="Add the operator").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ann")
    page.get_by_role("link", name="Fairlead").click()
    page.get_by_label("Key").fill("telegram")
    page.get_by_role("button", name="Add the source").click()
    page.get_by_label("Add an operator", exact=True).select_option(label="Ann")
    page.get_by_label("Weight of the operator added").fill("10")
    page.get_by_role("button", name="Save the weights").click()
    expect(page.locator("output").first).to_have_text("100.0%")
    page.get_by_role("navigation").get_by_role("link", name="Try it").click()
    page.get_by_label("Number, address or name").fill("8 916 123-45-67")
    page.get_by_role("button", name="Register").click()
    expect(page.locator(".notice")).to_contain_text("what happened and why")
    expect(page.get_by_text("Nobody else was free, so it went to Ann.")).to_be_visible()
    expect(page.locator("tr.picked")).to_contain_text("Ann")


def test_one_click_fills_an_empty_database(empty_server: Company, look: Look) -> None:
    page = look(empty_server).page(f"{empty_server.server.url}/")
    page.set_default_timeout(60_000)
    page.get_by_role("button", name="Fill it with two days of demo data").click()
    expect(page.get_by_role("heading", name="Needs somebody")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("link", name="Telegram, sales").first).to_be_visible()
    with opened(empty_server.database_url) as fairlead:
        assert fairlead.check_invariants() == []


def test_weights_are_shown_as_shares_before_they_are_saved(company: Company, look: Look) -> None:
    page = look(company).page(f"{company.url}/sources/telegram")
    shares = page.locator("form[data-weights] output")
    expect(shares).to_have_text(["25.0%", "75.0%", NOTHING])
    page.get_by_label("Weight of Ann").fill("90")
    expect(shares).to_have_text(["75.0%", "25.0%", NOTHING])
    page.get_by_label("Add an operator", exact=True).select_option(label="Cid")
    page.get_by_label("Weight of the operator added").fill("0")
    page.get_by_role("button", name="Save the weights").click()
    expect(page.locator(".notice")).to_have_text("The weights of Telegram are changed.")
    with opened(company.database_url) as fairlead:
        source = fairlead.catalogue.source("telegram")
    assert {each.name: each.weight for each in source.allocations} == {
        "Ann": 90,
        "Bob": 30,
        "Cid": 0,
    }
    page.get_by_label("Weight of Cid").fill("")
    page.get_by_label("Weight of Ann").fill("10")
    page.get_by_role("button", name="Save the weights").click()
    expect(page.get_by_label("Weight of Cid")).to_have_count(0)


def test_a_strategy_is_changed(company: Company, look: Look) -> None:
    page = look(company).page(f"{company.url}/sources/night")
    page.get_by_label("Strategy").select_option("random")
    page.get_by_label("Name", exact=True).fill("Night")
    page.get_by_role("button", name="Save", exact=True).click()
    # To look for "Night" would prove nothing: the heading was "Night line" before.
    expect(page.get_by_role("heading", level=1)).not_to_contain_text("Night line")
    assert company.call("GET", "/sources/night").json()["strategy"] == "random"


def test_an_operator_is_paused_and_resumed_and_has_its_capacity_changed(
    company: Company, look: Look
) -> None:
    page = look(company).page(f"{company.url}/operators/{company.operators['Cid']}")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".notice")).to_contain_text("paused")
    page.get_by_role("button", name="Resume").click()
    page.get_by_label("Capacity").fill("3")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".big")).to_have_text(re.compile(r"/ 3$"))
    operator = company.call("GET", f"/operators/{company.operators['Cid']}").json()
    assert (operator["active"], operator["capacity"]) == (True, 3)


def test_open_contacts_are_closed_and_transferred_from_their_operator(
    company: Company, look: Look
) -> None:
    page = look(company).page(f"{company.url}/operators/{company.operators['Bob']}")
    before = page.get_by_role("button", name="Close").count()
    page.get_by_role("button", name="Close").first.click()
    expect(page.get_by_role("button", name="Close")).to_have_count(before - 1)
    page.get_by_label("Transfer to").select_option(label="Ann")
    page.get_by_role("button", name="Transfer").first.click()
    expect(page.get_by_role("button", name="Close")).to_have_count(before - 2)
    expect(page.locator(".notice")).to_contain_text("Transferred to Ann")


def test_a_contact_shows_why_and_can_be_transferred_and_closed(
    company: Company, look: Look
) -> None:
    contact = company.register("telegram", "+79163330001", "Vera Why")
    page = look(company).page(f"{company.url}/contacts/{contact}")
    expect(page.get_by_text("2 of 2 operators could take the contact.")).to_be_visible()
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(2)
    picked = page.locator("tr.picked th").inner_text().partition(" ·")[0]
    other = "Bob" if picked == "Ann" else "Ann"
    page.get_by_label("Transfer to").select_option(label=other)
    page.get_by_role("button", name="Transfer").click()
    expect(page.locator(".notice")).to_have_text(f"Transferred to {other}: Vera Why.")
    expect(page.locator(".history li")).to_have_text(
        [
            re.compile("Registered"),
            re.compile(f"Assigned to {picked} · at once"),
            re.compile(f"Transferred from {picked} to {other}"),
        ]
    )
    expect(page.locator("tr.picked")).to_contain_text(picked)
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".state").first).to_have_text("closed")
    expect(page.locator(".history li").last).to_contain_text("Closed")
    expect(page.get_by_role("button", name="Close")).to_have_count(0)


def test_a_refusal_is_a_sentence_and_changes_nothing(company: Company, look: Look) -> None:
    window = look(company)
    page = window.page(f"{company.url}/try")
    page.get_by_label("Number, address or name").fill("12")
    page.get_by_label("Message").fill("still here")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("alert")).to_contain_text("not a phone number")
    expect(page.get_by_label("Message")).to_have_value("still here")
    window.expected = "422"


def found(page: Page, text: str) -> Page:
    page.get_by_role("searchbox").fill(text)
    page.get_by_role("button", name="Search").click()
    return page


def test_the_search_box_finds_phones_names_and_ids(company: Company, look: Look) -> None:
    page = look(company).page(f"{company.url}/")
    for text in ("8 (916) 111-00-00", "+79161110000", "Oleg Wai", "oleg"):
        expect(found(page, text).get_by_role("heading", level=1)).to_have_text("Oleg Waiting")
    found(page, company.contacts[0])
    expect(page.get_by_role("heading", level=1)).to_have_text("Contact")
    found(page, company.operators["Ann"])
    expect(page.get_by_role("heading", level=1)).to_have_text("Ann")
    expect(found(page, "Lead 1").get_by_role("row")).to_have_count(12)
    expect(found(page, "no one").get_by_text("Nothing matches")).to_be_visible()


def test_statistics_say_in_words_and_download_as_csv(company: Company, look: Look) -> None:
    page = look(company, accept_downloads=True).page(f"{company.url}/statistics?source=telegram")
    expect(
        page.get_by_text(
            re.compile("as promised|as chance has it|too few contacts|none given yet")
        ).first
    ).to_be_visible()
    expect(page.get_by_role("heading", name="How long contacts waited and took")).to_be_visible()
    for link in page.get_by_role("link", name="CSV").all():
        with page.expect_download() as download:
            link.click()
        rows = list(csv.reader(io.StringIO(download.value.path().read_text("utf-8-sig"))))
        assert len(rows) > 1
        assert len({len(row) for row in rows}) == 1
