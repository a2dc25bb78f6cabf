"""A conversation of many questions: the page shows the newest, and the earlier ones when they are asked for."""

from dataclasses import replace

from playwright.sync_api import Page, expect

from tests.test_browser import Served, answered, browser, page, served
from ui.chat import SHOWN
from ui.conversations import Conversations

__all__ = ["browser", "page", "served"]


def test_the_newest_questions_stand_in_the_page_and_earlier_ones_a_button_away(page: Page, served: Served) -> None:
    answered(page)
    identity = str(page.locator('[data-do="link"]').get_attribute("data-id"))
    with Conversations(served.library) as conversations:
        first, conversation = conversations.turn(identity)
        for number in range(1, 2 * SHOWN + 5):
            conversations.add(conversation.id, replace(first.answer, question=f"第{number}个问题？"))
    page.reload()
    questions, earlier = page.locator(".yinju-question"), page.locator('[data-do="earlier"]')
    expect(questions).to_have_count(SHOWN, timeout=20_000)
    expect(questions.first).to_have_text(f"第{2 * SHOWN + 4}个问题？")
    expect(earlier).to_contain_text(str(SHOWN + 5))
    earlier.click()
    expect(questions).to_have_count(2 * SHOWN)
    # A verdict on an early one leaves what is shown as it is.
    page.locator('[data-do="up"]').last.click()
    expect(page.locator('[data-turn="5"] .yinju-judge')).to_contain_text("已记下")
    expect(questions).to_have_count(2 * SHOWN)
    earlier.click()
    expect(questions).to_have_count(2 * SHOWN + 5)
    expect(earlier).to_have_count(0)
    # The source of the very first is a click away, and comes to where the reader is.
    page.locator('[data-turn="0"]').scroll_into_view_if_needed()
    page.wait_for_timeout(200)
    before = page.evaluate("scrollY")
    page.locator('[data-turn="0"] [data-do="open"]').first.click()
    expect(page.locator("#yinju-source .yinju-here").first).to_be_in_viewport()
    assert before > 1000 and page.evaluate("scrollY") == before
