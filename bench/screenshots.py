"""The README's screenshots, of the sample library in a real browser.

    python -m bench.screenshots ADDRESS        (of a running `yinju serve`)
"""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).parents[1] / "docs" / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
LOCALES = {"chat": "zh-CN", "none": "en-US"}
ASKED = {"chat": "县医院的高年资医生每年要下乡多少天？", "none": "How do I bake sourdough bread at home?"}


def main() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for name, question in ASKED.items():
            page = browser.new_context(viewport={"width": 1200, "height": 860}, locale=LOCALES[name]).new_page()
            page.goto(sys.argv[1])
            page.wait_for_selector("#yinju-try [data-question]")
            page.locator("textarea").first.fill(question)
            page.keyboard.press("Enter")
            page.wait_for_selector(".yinju-card", timeout=30_000)
            page.wait_for_timeout(800)
            page.screenshot(path=IMAGES / f"{name}.png")
            if name == "chat":
                page.locator(".yinju-open").first.click()
                page.wait_for_selector(".yinju-here")
                page.wait_for_timeout(800)
                page.screenshot(path=IMAGES / "source.png")
        browser.close()


if __name__ == "__main__":
    main()
