"""Logging in and out in a real browser, and whose conversations one sees there."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.served_users import KEEPER, OTHER, READER, ServedUsers
from tests.test_browser import ANSWERABLE, answered, browser

__all__ = ["browser"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, sample_library: Path) -> Iterator[ServedUsers]:
    server = ServedUsers(sample_library, tmp_path_factory.mktemp("users"))
    yield server
    server.stop()


@pytest.fixture
def page(browser: Browser, served: ServedUsers) -> Iterator[Page]:
    context = browser.new_context(locale="en", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(served.address)
    yield page
    context.close()


def log_in(page: Page, who: tuple[str, str]) -> None:
    page.get_by_label("User name").fill(who[0])
    page.get_by_label("Password").fill(who[1])
    page.keyboard.press("Enter")
    expect(page.locator("#yinju-account")).to_contain_text(who[0], timeout=30_000)


def log_out(page: Page) -> None:
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Password")).to_be_visible(timeout=10_000)


def conversations(page: Page) -> int:
    return page.locator("#yinju-conversation-list li").count()


def test_where_one_logs_in_everybody_can_and_a_wrong_password_is_said(page: Page) -> None:
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 800})
        assert not [each for each in Axe().run(page).response["violations"] if each["impact"] in ("serious", "critical")]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_label("User name").fill(READER[0])
    page.get_by_label("Password").fill("not this one")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong")
    expect(page.get_by_label("User name")).to_have_value(READER[0])
    log_in(page, READER)


def test_a_reader_asks_and_sees_no_part_that_changes_the_library(page: Page) -> None:
    log_in(page, READER)
    answered(page)
    page.locator("#yinju-documents button").first.click()
    expect(page.locator("#yinju-listed [data-do=open]").first).to_be_visible(timeout=10_000)
    for each in ("#yinju-listed [data-do=remove]", "#yinju-upload", "#yinju-again", "#yinju-evaluation"):
        assert page.locator(each).count() == 0
    page.locator("#yinju-listed [data-do=open]").first.click()
    expect(page.locator("#yinju-source .yinju-text, #yinju-source article, #yinju-source p").first).to_be_visible()


def test_a_keeper_has_them_all(page: Page) -> None:
    log_in(page, KEEPER)
    page.locator("#yinju-documents button").first.click()
    expect(page.locator("#yinju-listed [data-do=remove]").first).to_be_visible(timeout=10_000)
    expect(page.locator("#yinju-upload")).to_be_visible()
    expect(page.locator("#yinju-evaluation")).to_be_visible()


def test_conversations_are_a_users_own_in_every_browser_and_nobody_elses(page: Page, browser: Browser, served: ServedUsers) -> None:
    log_in(page, OTHER)
    answered(page)
    expect(page.locator("#yinju-conversation-list li")).to_have_count(1)
    log_out(page)
    log_in(page, KEEPER)
    page.wait_for_timeout(1500)
    assert conversations(page) == 0 and page.locator(".yinju-turn").count() == 0
    answered(page, ANSWERABLE)
    expect(page.locator("#yinju-conversation-list li")).to_have_count(1)
    context = browser.new_context(locale="en")
    elsewhere = context.new_page()
    elsewhere.goto(served.address)
    log_in(elsewhere, OTHER)
    expect(elsewhere.locator("#yinju-conversation-list li")).to_have_count(1)
    context.close()
