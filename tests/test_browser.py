"""The page in a real browser: what a reader sees and clicks."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlparse

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.conftest import ROOT, SAMPLE

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip


@pytest.fixture(scope="module")
def address(sample_library: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "ui", "serve", "--library", str(sample_library), "--port", str(port),
               "--examples", str(SAMPLE / "questions.jsonl")]  # fmt: skip
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None and "http" in server.stdout.readline()
    for _ in range(300):
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    server.wait(20)


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    assert CHROMIUM.exists(), "the browser test needs Chromium; install it with: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        opened = browser.new_page()
        hosts: set[str] = set()
        opened.on("request", lambda request: hosts.add(urlparse(request.url).hostname or "127.0.0.1"))
        opened.goto(address)
        opened.wait_for_selector("textarea")
        yield opened
        browser.close()
        assert hosts == {"127.0.0.1"}


def ask(page: Page, question: str) -> None:
    page.locator("textarea").first.fill(question)
    page.keyboard.press("Enter")


def test_an_answer_is_quoted_marked_and_opens_at_its_place(page: Page) -> None:
    questions = [json.loads(line) for line in (SAMPLE / "questions.jsonl").read_text().splitlines()]
    ask(page, next(each["question"] for each in questions if each["answerable"]))
    card = page.locator(".yinju-answer .yinju-card").first
    expect(card.locator("mark")).to_be_visible(timeout=20_000)
    quote = card.locator("blockquote").inner_text()
    files = "".join("".join(file.read_text().split()) for file in SAMPLE.rglob("*") if file.suffix in (".txt", ".md"))
    assert "".join(quote.split()) in files
    card.locator(".yinju-open").click()
    here = page.locator(".yinju-here").first
    expect(here).to_be_in_viewport(timeout=10_000)
    assert here.inner_text().split()[0] in quote


def test_a_bad_question_gets_a_sentence_and_keeps_its_text(page: Page) -> None:
    ask(page, "长" * 10_001)
    expect(page.locator(".yinju-problem")).to_contain_text("10,001 characters", timeout=10_000)
    assert len(page.locator("textarea").first.input_value()) == 10_001


def test_a_question_outside_the_documents_looks_different(page: Page) -> None:
    ask(page, "How do I bake sourdough bread at home?")
    expect(page.locator(".yinju-none .yinju-card").first).to_be_visible(timeout=20_000)
    assert page.locator(".yinju-none mark").count() == 0


def test_an_example_fills_the_box(page: Page) -> None:
    example = json.loads((SAMPLE / "questions.jsonl").read_text().splitlines()[0])["question"]
    page.get_by_text(example).first.click()
    expect(page.locator("textarea").first).to_have_value(example, timeout=10_000)


def test_an_uploaded_file_is_indexed_and_can_be_asked(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "lantern.txt"
    file.write_text("青石镇灯会开幕\n\n青石镇第七届灯会于正月十二开幕，共展出灯组八十六个，由镇文化站承办。", "gb18030")
    page.get_by_text("文档 Documents").click()
    page.locator("#yinju-upload input[type=file]").set_input_files(str(file))
    expect(page.locator("#yinju-said")).to_contain_text("Ready to ask: 1", timeout=30_000)
    ask(page, "青石镇第七届灯会展出了多少个灯组？")
    expect(page.locator(".yinju-answer blockquote").first).to_contain_text("八十六个", timeout=20_000)
