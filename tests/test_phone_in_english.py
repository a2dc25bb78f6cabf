"""The whole page on a phone in English: everything that a wide screen in Chinese offers is there, in its words and its width."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.test_browser import ANSWERABLE, QUESTIONS, Served, answered, ask, browser, opened, served

__all__ = ["browser", "served"]
# What the page itself says: not what documents and people say, which is marked as of any direction.
OWN_WORDS = """() => [...document.querySelectorAll('button, label, summary, h1, h2, h3, p, th, option, input, textarea')]
  .filter(each => !each.closest('[dir=auto], blockquote, mark, .yinju-title, #yinju-language') && !each.querySelector('[dir=auto]'))
  .map(each => each.placeholder || each.innerText || '').filter(each => /[\\u4e00-\\u9fff]/.test(each))"""


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    one = opened(browser, served, locale="en-US", width=360, height=740)
    # Until it has asked the server, the page does not know who is there.
    expect(one.locator(".submit-button")).to_have_text("Ask", timeout=20_000)
    yield one
    assert one.hosts == {"127.0.0.1"} and not one.broken  # type: ignore[attr-defined]
    one.context.close()


def is_in_order(page: Page) -> None:
    """Nothing is wider than the screen, in the other language, or in anybody's way."""
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate(OWN_WORDS) == []
    found = [f"{each['impact']}: {each['id']} at {each['nodes'][0]['html'][:120]}" for each in Axe().run(page).response["violations"]]
    assert not [each for each in found if each.startswith(("serious", "critical"))]


def test_an_answer_is_read_cited_judged_and_its_source_searched(page: Page) -> None:
    answered(page)
    expect(page.locator(".yinju-sure").first).to_have_text(re.compile("answers?$"))
    card = page.locator(".yinju-answer .yinju-card").first
    card.locator("summary").click()
    card.locator('[data-style="apa"]').click()
    page.locator('[data-do="up"]').first.click()
    expect(page.locator(".yinju-judge").first).to_contain_text("Noted, thank you")
    card.locator(".yinju-open").click()
    expect(page.locator(".yinju-here").first).to_be_in_viewport(timeout=10_000)
    page.locator(".yinju-find input").fill("no such words")
    page.locator(".yinju-find input").press("Enter")
    expect(page.locator(".yinju-find")).to_contain_text(re.compile("not|no", re.I))
    is_in_order(page)
    ask(page, "月球上的地铁票价是多少？")
    expect(page.locator(".yinju-plain").first).to_have_text("Not in these documents", timeout=20_000)
    is_in_order(page)


def test_a_follow_up_says_how_it_was_understood_and_is_asked_alone(page: Page) -> None:
    answered(page)
    ask(page, "为什么？")
    understood = page.locator('.yinju-turn:first-child [data-do="alone"]')
    expect(page.locator(".yinju-question")).to_have_count(2, timeout=20_000)
    expect(understood).to_have_text("Ask it alone", timeout=20_000)
    is_in_order(page)
    understood.click()
    expect(understood).to_have_count(0, timeout=20_000)


def test_documents_are_chosen_listed_searched_and_checked(page: Page) -> None:
    page.locator("#yinju-limits button").first.click()
    page.locator("#yinju-documents button").first.click()
    rows = page.locator("#yinju-listed li")
    expect(rows.first).to_be_visible()
    is_in_order(page)
    page.locator("#yinju-search input, #yinju-search textarea").fill("no such document")
    expect(rows).to_have_count(0, timeout=10_000)
    page.locator("#yinju-check").click()
    expect(page.locator("#yinju-said")).to_contain_text("whole", timeout=30_000)
    is_in_order(page)


def test_conversations_are_found_and_opened(page: Page) -> None:
    answered(page)
    page.locator("#yinju-conversations .toggle-button").click()
    rows = page.locator("#yinju-conversation-list li")
    expect(rows).to_have_count(1)
    rows.locator("summary").click()
    is_in_order(page)
    rows.locator('[data-do="open"]').click()
    expect(page.locator(".yinju-question")).to_have_text(ANSWERABLE)


def test_a_question_set_is_run_and_its_report_read(page: Page, tmp_path: Path) -> None:
    some = [each for each in QUESTIONS if each["answerable"]][:3]
    (tmp_path / "some.jsonl").write_text("\n".join(json.dumps(each, ensure_ascii=False) for each in some))
    page.locator("#yinju-evaluation button").first.click()
    page.locator("#yinju-set input[type=file]").set_input_files(str(tmp_path / "some.jsonl"))
    expect(page.locator("#yinju-set")).to_contain_text("some", timeout=20_000)
    page.locator("#yinju-run").click()
    expect(page.locator("#yinju-evaluated")).to_contain_text("quotes.hit@1", timeout=60_000)
    is_in_order(page)
