"""What a reader can do while an answer is on its way, and what printing leaves of the page."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.test_browser import ANSWERABLE, Served, ask, browser, opened

__all__ = ["browser"]


class SlowlyServed(Served):
    """A server whose answers take some seconds."""

    def command(self) -> list[str]:
        return ["tests.slow_server", *super().command()[1:]]


@pytest.fixture(scope="module")
def slow(sample_library: Path) -> Iterator[SlowlyServed]:
    server = SlowlyServed(sample_library)
    yield server
    server.stop()


@pytest.fixture
def page(browser: Browser, slow: SlowlyServed) -> Iterator[Page]:
    one = opened(browser, slow)
    yield one
    one.context.close()


def test_an_answer_on_its_way_is_announced_and_can_be_stopped(page: Page) -> None:
    ask(page, ANSWERABLE)
    expect(page.locator(".yinju-waiting")).to_be_visible()
    assert page.locator(".yinju-waiting").get_attribute("role") == "status"
    page.locator(".stop-button").click()
    expect(page.locator(".yinju-waiting")).to_have_count(0)
    expect(page.locator("textarea").first).to_have_value(ANSWERABLE)
    page.wait_for_timeout(5_000)
    assert page.locator(".yinju-turn").count() == 0
    page.locator("textarea").first.press("Enter")
    expect(page.locator(".yinju-answer mark").first).to_be_visible(timeout=20_000)
    expect(page.locator(".yinju-turn")).to_have_count(1)


def test_what_stands_on_the_page_does_not_jump_when_the_answer_comes(page: Page) -> None:
    ask(page, ANSWERABLE)
    expect(page.locator(".yinju-waiting")).to_be_visible()
    before = page.locator("textarea").first.bounding_box(), page.locator(".yinju-question").first.bounding_box()
    expect(page.locator(".yinju-answer mark").first).to_be_visible(timeout=20_000)
    after = page.locator("textarea").first.bounding_box(), page.locator(".yinju-question").first.bounding_box()
    for one, other in zip(before, after, strict=True):
        assert one and other and abs(one["y"] - other["y"]) < 4


def test_a_language_chosen_while_an_answer_is_on_its_way_loses_nothing(page: Page) -> None:
    ask(page, ANSWERABLE)
    expect(page.locator(".yinju-waiting")).to_be_visible()
    page.locator("#yinju-language input").click()
    page.get_by_role("option", name="English").click()
    expect(page.locator(".yinju-answer mark").first).to_be_visible(timeout=20_000)
    expect(page.locator("#yinju-documents")).to_contain_text("Documents")


def test_printed_is_what_was_asked_and_quoted_without_buttons(page: Page) -> None:
    ask(page, ANSWERABLE)
    expect(page.locator(".yinju-answer mark").first).to_be_visible(timeout=20_000)
    page.emulate_media(media="print")
    expect(page.locator(".yinju-question").first).to_be_visible()
    expect(page.locator(".yinju-answer blockquote").first).to_be_visible()
    expect(page.locator(".yinju-answer footer span").first).to_be_visible()
    for hidden in ("#yinju-box", "#yinju-try", "#yinju-documents", "#yinju-limits", "#yinju-evaluation", ".yinju-judge", ".yinju-open", ".yinju-cite"):
        expect(page.locator(hidden).first).to_be_hidden()


def test_a_server_that_is_stopped_finishes_the_answer_under_way_and_soon_ends(browser: Browser, sample_library: Path) -> None:
    server = SlowlyServed(sample_library)
    page = opened(browser, server)
    ask(page, ANSWERABLE)
    expect(page.locator(".yinju-waiting")).to_be_visible()
    began = time.monotonic()
    server.process.terminate()
    expect(page.locator(".yinju-answer mark").first).to_be_visible(timeout=20_000)
    server.process.wait(20)
    assert server.process.returncode in (0, -signal.SIGTERM)
    assert time.monotonic() - began < 15
    page.context.close()
