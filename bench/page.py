"""What a reader waits for: from Enter to the first quote on the screen, and what the page weighs.

    python -m bench.page [QUESTIONS]     (40)

A real server, Chromium, our sample and a document of five megabytes beside it. The wait is taken in the browser, from the
key to the frame in which a quote (or the nearest passages) stands; every question is another one, first each in a new
conversation, then one after the other, where one that is not answered alone is read again after what came before. Then the
same in a conversation of a hundred answers, some three hundred quotes, and the source of a quote in the middle of the large
document. Weights are what the server sends, compressed or not as the browser asks for it.
"""

import json
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

from rag import Assistant
from ui.conversations import Conversations

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "corpus" / "sample"
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
LARGE_BYTES, LARGE_QUESTION = 5_000_000, "青石镇水库的暗号是什么？"
LARGE_ANSWER = "青石镇水库的暗号是“三月的鲤鱼”，只有守库的老何知道。"
ANSWERS = 100
# Milliseconds from the key to the frame in which an answer stands that was not there before.
WAIT = """(before) => new Promise((done) => {
  const box = document.querySelector('textarea');
  const asked = performance.now();
  const look = () => {
    const first = document.querySelector('.yinju-turn');
    const ready = document.querySelectorAll('.yinju-turn').length > before && first.querySelector('.yinju-card');
    if (ready) requestAnimationFrame(() => done(performance.now() - asked)); else requestAnimationFrame(look);
  };
  box.dispatchEvent(new KeyboardEvent('keypress', {key: 'Enter', bubbles: true}));
  look();
})"""
PAINTS = """() => new Promise((done) => {
  const found = {shift: 0, largest: 0};
  new PerformanceObserver((list) => { for (const each of list.getEntries()) if (!each.hadRecentInput) found.shift += each.value; })
    .observe({type: 'layout-shift', buffered: true});
  new PerformanceObserver((list) => { for (const each of list.getEntries()) found.largest = each.startTime; })
    .observe({type: 'largest-contentful-paint', buffered: true});
  found.first = performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0;
  setTimeout(() => done(found), 1500);
})"""


def main(arguments: list[str]) -> None:
    count = int(arguments[0]) if arguments else 40
    questions = [json.loads(line)["question"] for line in (SAMPLE / "questions.jsonl").read_text("utf8").splitlines()]
    chosen = random.Random(3).sample(questions, min(count, len(questions)))
    with tempfile.TemporaryDirectory(prefix="yinju-bench-") as scratch, sync_playwright() as playwright:
        folder = Path(scratch) / "library"
        files = Path(scratch) / "files"
        files.mkdir()
        (files / "large.txt").write_text(_large(), "utf8")
        command = [sys.executable, "-m", "ui", "index", str(SAMPLE), str(files), "--library", str(folder)]
        subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with _serving(folder) as address:
            page = browser.new_page(locale="zh-CN", viewport={"width": 1280, "height": 900})
            sent = _weighed(page, lambda: _open(page, address))
            paints = page.evaluate(PAINTS)
            print(f"page: {sum(sent.values()) / 1e6:.2f} MB in {len(sent)} files on a first visit; first paint {paints['first']:.0f} ms, largest "
                  f"{paints['largest']:.0f} ms, layout shift {paints['shift']:.3f}")  # fmt: skip
            again = _weighed(page, lambda: _open(page, address))
            print(f"page again: {sum(again.values()) / 1e6:.2f} MB")
            _say("Enter to first quote, each in a new conversation", [_asked(page, each, new=True) for each in chosen])
            _say("one after the other in one conversation", [_asked(page, each) for each in chosen[:20]])
            _lengthen(folder, str(page.locator('[data-do="link"]').first.get_attribute("data-id")), questions)
            began = time.perf_counter()
            page.reload()
            page.locator(".yinju-turn").nth(ANSWERS - 1).wait_for(timeout=60_000)
            cards = page.locator(".yinju-card").count()
            print(f"a conversation of {page.locator('.yinju-turn').count()} answers, {cards} quotes: shown again after {time.perf_counter() - began:.2f} s")
            _say("Enter to first quote in it", [_asked(page, each, new=False) for each in chosen[:10]])
            _asked(page, LARGE_QUESTION)
            began = time.perf_counter()
            page.locator(".yinju-open").first.click()
            page.locator(".yinju-here").first.wait_for()
            opened = time.perf_counter() - began
            length = page.evaluate("document.querySelector('.yinju-source').innerText.length")
            top = page.evaluate("document.querySelector('.yinju-here').getBoundingClientRect().top")
            print(f"source in the middle of 5 MB: {1000 * opened:.0f} ms, {length:,} characters of it in the page; quote in view: {0 < top < 900}")
        browser.close()


def _large() -> str:
    """Five megabytes of the sample's own paragraphs over and over, and one that stands nowhere else in the middle."""
    some = [each for file in sorted(SAMPLE.rglob("*.txt")) for each in file.read_text("utf8").split("\n\n") if len(each) > 60]
    half: list[str] = []
    size = 0
    for at in range(10**6):
        if size > LARGE_BYTES / 2:
            break
        half.append(some[at % len(some)].strip())
        size += len(half[-1].encode())
    return "\n\n".join([*half, LARGE_ANSWER, *half])


@contextmanager
def _serving(folder: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "ui", "serve", "--library", str(folder), "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _open(page: Page, address: str) -> None:
    page.goto(address)
    page.locator("textarea[placeholder*='问']").first.wait_for()
    page.wait_for_timeout(2000)  # what is loaded after the words


def _weighed(page: Page, visit: Callable[[], None]) -> dict[str, int]:
    """Bytes that were sent of each file, headers and all."""
    sent: dict[str, int] = {}
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda each: sent.__setitem__(each["requestId"], int(each["encodedDataLength"])))
    visit()
    session.detach()
    return {name: size for name, size in sent.items() if size}


def _asked(page: Page, question: str, new: bool = False) -> float:
    if new and page.locator("#yinju-new").is_visible():
        page.locator("#yinju-new").click()
        page.locator(".yinju-turn").first.wait_for(state="detached")
    before = page.locator(".yinju-turn").count()
    page.locator("textarea").first.fill(question)
    waited = float(page.evaluate(WAIT, before))
    page.wait_for_timeout(300)
    return waited


def _lengthen(folder: Path, answer: str, questions: list[str]) -> None:
    """A hundred answers more in the conversation of this one."""
    with Assistant.open(folder) as assistant, Conversations(folder) as conversations:
        identity = conversations.turn(answer)[1].id
        answers = [assistant.ask(each) for each in questions[:30]]
        for at in range(ANSWERS):
            conversations.add(identity, answers[at % len(answers)])


def _say(what: str, waits: list[float]) -> None:
    p50, p95 = np.percentile(waits, (50, 95))
    print(f"{what}: p50 {p50:.0f} ms, p95 {p95:.0f} ms, the first {waits[0]:.0f} ms ({len(waits)} questions)")


if __name__ == "__main__":
    main(sys.argv[1:])
