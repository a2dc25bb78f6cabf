"""A run's report in a real browser: from disk, with no network."""

from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from eval import run
from tests.test_browser import CHROMIUM, FLAGS
from tests.test_eval_run import QUESTIONS, SET, Opened, opened

__all__ = ["opened"]
CHARTS = ["Recall by number of documents", "Risk and coverage: answering the surest first", "Reliability: confidence and the share that is right",
          "Latency by stage, ms (p50, p95, p99)", "First quote right, by slice (95% intervals)"]  # fmt: skip


def test_a_report_opens_from_disk_is_searched_and_prints(opened: Opened, tmp_path: Path) -> None:
    run(SET, opened(), tmp_path / "run")
    address = (tmp_path / "run" / "report.html").as_uri()
    asked: list[str] = []
    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        context = browser.new_context(offline=True)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.goto(address)
        rows = page.locator("#rows tbody tr:visible")
        expect(rows).to_have_count(len(QUESTIONS))
        expect(page.locator(".charts figcaption")).to_have_text(CHARTS)
        expect(page.locator(".charts svg")).to_have_count(len(CHARTS))
        page.fill("#find", "甲市 11万")
        expect(rows).to_have_count(1)
        expect(rows.locator("mark").first).to_have_text("11万")
        expect(page.locator("#count")).to_have_text(f"1 of {len(QUESTIONS)}")
        page.fill("#find", "")
        page.select_option("#kind", "missed")
        assert 0 < rows.count() < len(QUESTIONS)
        assert set(rows.locator("td:last-child").evaluate_all("cells => cells.map(each => each.textContent.slice(0, 6))")) == {"missed"}
        page.select_option("#kind", "")
        assert page.pdf().startswith(b"%PDF")
        # Printed, no row is cut by the edge of the paper.
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 718, "height": 1000})
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        browser.close()
    assert asked == [address] and wrong == []
