"""The page in a real browser: what a reader sees and clicks."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlparse

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from corpus import Library
from tests.conftest import ROOT, SAMPLE

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
QUESTIONS = [json.loads(line) for line in (SAMPLE / "questions.jsonl").read_text().splitlines()]
ANSWERABLE = next(each["question"] for each in QUESTIONS if each["answerable"])
HOSTILE = "<script>window.owned=1</script><img src=x onerror='window.owned=1'>[链接](javascript:window.owned=1){{7*7}}${7*7}"


class Served:
    """`yinju serve` as a process of its own."""

    def __init__(self, library: Path) -> None:
        self.library = library
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.start()

    def command(self) -> list[str]:
        """What follows `python -m`."""
        return ["ui", "serve", "--library", str(self.library), "--examples", str(SAMPLE / "questions.jsonl")]

    def start(self) -> None:
        command = [sys.executable, "-m", *self.command(), "--port", str(self.port)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None and "http" in self.process.stdout.readline()

    def stop(self, how: int = signal.SIGTERM) -> None:
        self.process.send_signal(how)
        self.process.wait(20)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, sample_library: Path) -> Iterator[Served]:
    # Its name and its words are those of someone who tries to break the page.
    file = tmp_path_factory.mktemp("hostile") / "<img src=x onerror=window.owned=1>.txt"
    file.write_text(f"{HOSTILE}标题\n\n青石镇灯会的口令是：{HOSTILE}，共有灯组八十七个。\n")
    subprocess.run([sys.executable, "-m", "ui", "index", str(file), "--library", str(sample_library)], cwd=ROOT, check=True)
    server = Served(sample_library)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert CHROMIUM.exists(), "the browser test needs Chromium; install it with: apt-get install chromium"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield opened
        opened.close()


def opened(browser: Browser, served: Served, locale: str = "zh-CN", width: int = 1280, height: int = 900, path: str = "/") -> Page:
    context = browser.new_context(locale=locale, viewport={"width": width, "height": height}, accept_downloads=True,
                                  permissions=["clipboard-read", "clipboard-write"])  # fmt: skip
    page = context.new_page()
    page.hosts = set()  # type: ignore[attr-defined]
    page.broken = []  # type: ignore[attr-defined]
    page.on("request", lambda request: page.hosts.add(urlparse(request.url).hostname) if request.url.startswith("http") else None)  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.broken.append(str(error)))  # type: ignore[attr-defined]
    page.goto(served.address + path)
    expect(page.locator("#yinju-try [data-question]").first).to_be_visible(timeout=30_000)
    return page


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    one = opened(browser, served)
    yield one
    assert one.hosts == {"127.0.0.1"}  # type: ignore[attr-defined]
    assert not one.broken  # type: ignore[attr-defined]
    assert one.evaluate("window.owned") is None
    one.context.close()


def ask(page: Page, question: str) -> None:
    page.locator("textarea").first.fill(question)
    page.keyboard.press("Enter")


def answered(page: Page, question: str = ANSWERABLE) -> None:
    ask(page, question)
    expect(page.locator(".yinju-answer .yinju-card").first.locator("mark")).to_be_visible(timeout=20_000)


def clipboard(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_an_answer_is_quoted_marked_and_opens_at_its_place(page: Page) -> None:
    answered(page)
    card = page.locator(".yinju-answer .yinju-card").first
    quote = card.locator("blockquote").inner_text()
    files = "".join("".join(file.read_text().split()) for file in SAMPLE.rglob("*") if file.suffix in (".txt", ".md"))
    assert "".join(quote.split()) in files
    card.locator(".yinju-open").click()
    here = page.locator(".yinju-here").first
    expect(here).to_be_in_viewport(timeout=10_000)
    assert here.inner_text().split()[0] in quote


def test_the_box_is_empty_after_an_answer_and_the_newest_is_first(page: Page) -> None:
    answered(page)
    ask(page, "How do I bake sourdough bread at home?")
    expect(page.locator(".yinju-turn").first.locator(".yinju-none")).to_be_visible(timeout=20_000)
    expect(page.locator(".yinju-turn")).to_have_count(2)
    expect(page.locator("textarea").first).to_have_value("")


def test_shift_enter_breaks_the_line(page: Page) -> None:
    page.locator("textarea").first.fill("一")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("二")
    expect(page.locator("textarea").first).to_have_value("一\n二")
    assert page.locator(".yinju-turn").count() == 0


def test_a_bad_question_gets_a_sentence_and_keeps_its_text(page: Page) -> None:
    ask(page, "长" * 10_001)
    expect(page.locator(".yinju-problem")).to_contain_text("10,001 characters", timeout=10_000)
    assert len(page.locator("textarea").first.input_value()) == 10_001


def test_who_asks_before_the_page_has_all_its_words_keeps_the_answer(page: Page) -> None:
    held: list[Route] = []
    slow = True
    page.route("**/queue/join*", lambda route: held.append(route) if slow else route.continue_())
    page.reload()
    expect(page.locator("#yinju-try [data-question]").first).to_be_visible(timeout=30_000)
    page.wait_for_timeout(500)
    assert held
    slow = False
    answered(page)
    for route in held:
        route.continue_()
    expect(page.locator("textarea").first).to_have_attribute("placeholder", re.compile("问一个问题"), timeout=10_000)
    page.wait_for_timeout(500)
    expect(page.locator(".yinju-answer")).to_have_count(1)
    expect(page.locator('.yinju-answer ~ .yinju-judge [data-do="link"]')).to_be_visible()
    answered(page)
    expect(page.locator(".yinju-answer")).to_have_count(2)


def test_a_question_outside_the_documents_looks_different(page: Page) -> None:
    ask(page, "How do I bake sourdough bread at home?")
    expect(page.locator(".yinju-none .yinju-card").first).to_be_visible(timeout=20_000)
    assert page.locator(".yinju-none mark").count() == 0


def test_only_documents_that_fulfil_a_condition_are_asked(page: Page) -> None:
    page.locator("#yinju-limits button").first.click()
    page.locator("#yinju-where textarea, #yinju-where input").fill("language = es")
    ask(page, ANSWERABLE)
    expect(page.locator(".yinju-card").first).to_be_visible(timeout=20_000)
    assert all("es/" in each for each in page.locator(".yinju-card footer").all_text_contents())
    page.locator("#yinju-where textarea, #yinju-where input").fill("language = ")
    ask(page, ANSWERABLE)
    expect(page.locator(".yinju-problem").first).to_be_visible(timeout=20_000)


def test_an_example_fills_the_box(page: Page) -> None:
    page.get_by_text(QUESTIONS[0]["question"]).first.click()
    expect(page.locator("textarea").first).to_have_value(QUESTIONS[0]["question"], timeout=10_000)


def test_a_quote_and_its_citation_are_copied_word_for_word(page: Page) -> None:
    answered(page)
    card = page.locator(".yinju-answer .yinju-card").first
    words = card.locator("blockquote").text_content() or ""
    card.locator('[data-do="copy"]').click()
    expect(card.locator('[data-do="copy"]')).to_have_text("已复制")
    assert clipboard(page) == words
    for style, shape in (("gbt7714", r"\[[A-Z/]+\]"), ("apa", r"\("), ("bibtex", r"@\w+\{")):
        card.locator("summary").click()
        card.locator(f'[data-style="{style}"]').click()
        expect(card.locator(f'[data-style="{style}"]')).to_have_text("已复制")
        assert words in clipboard(page) and re.search(shape, clipboard(page).replace(words, ""))
        card.locator("summary").click()


def test_the_source_goes_from_quote_to_quote_and_finds_words(page: Page) -> None:
    answered(page)
    count = page.locator(".yinju-answer .yinju-card").count()
    assert count > 1
    second = page.locator(".yinju-answer .yinju-card").nth(1).locator("blockquote").text_content() or ""
    before = page.evaluate("scrollY")
    page.locator(".yinju-open").first.click()
    expect(page.locator(".yinju-steps")).to_contain_text(f"第 1 处，共 {count} 处")
    expect(page.locator(".yinju-here").first).to_be_in_viewport()
    assert page.evaluate("scrollY") == before
    page.locator('.yinju-steps [data-do="next"]').click()
    expect(page.locator(".yinju-steps")).to_contain_text("第 2 处")
    shown = "".join(page.locator(".yinju-here").all_text_contents())
    assert "".join(shown.split()) == "".join(second.split())
    find = page.locator(".yinju-find input")
    find.fill(second[2:5])
    find.press("Enter")
    expect(page.locator(".yinju-found").first).to_have_text(second[2:5], timeout=10_000)
    expect(page.locator(".yinju-found").first).to_be_in_viewport()
    page.locator(".yinju-find input").fill("没有这样的词")
    page.locator(".yinju-find input").press("Enter")
    expect(page.locator(".yinju-find")).to_contain_text("没有找到")


def test_what_a_reader_says_of_an_answer_goes_into_the_library(page: Page, served: Served) -> None:
    answered(page)
    page.locator('[data-do="up"]').first.click()
    expect(page.locator(".yinju-judge").first).to_contain_text("已记下")
    page.locator(".yinju-open").first.click()
    expect(page.locator(".yinju-here").first).to_be_visible()
    right = page.evaluate("""() => {
        const block = document.querySelector('.yinju-source p[data-start]');
        const range = document.createRange();
        const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
        const node = walker.nextNode();
        range.setStart(node, 1); range.setEnd(node, 6);
        getSelection().removeAllRanges(); getSelection().addRange(range);
        return range.toString();
    }""")
    page.locator('[data-do="right"]').click()
    expect(page.locator(".yinju-here").first).to_have_text(right, timeout=10_000)
    with Library.open(served.library) as library:
        said = list(library.feedback())[-2:]
    assert [each.verdict for each in said] == ["up", "corrected"]
    assert said[1].text == right and said[1].question == ANSWERABLE


def test_the_page_speaks_the_browsers_language_and_another_when_asked(browser: Browser, served: Served) -> None:
    page = opened(browser, served, locale="en-US")
    expect(page.locator("#yinju-box")).to_contain_text("Question")
    answered(page)
    expect(page.locator(".yinju-open").first).to_have_text("Open")
    page.locator("#yinju-language input").click()
    page.get_by_role("option", name="繁體中文").click()
    expect(page.locator("#yinju-box")).to_contain_text("問題")
    expect(page.locator(".yinju-open").first).to_have_text("開啟原文")
    page.reload()
    expect(page.locator("#yinju-box")).to_contain_text("問題", timeout=20_000)
    expect(page.locator(".yinju-open").first).to_have_text("開啟原文", timeout=20_000)
    page.context.close()


def test_a_conversation_is_kept_found_renamed_exported_and_deleted(page: Page, served: Served) -> None:
    answered(page)
    page.reload()
    expect(page.locator(".yinju-answer .yinju-card").first).to_be_visible(timeout=20_000)
    page.locator("#yinju-new").click()
    expect(page.locator(".yinju-turn")).to_have_count(0)
    page.locator("#yinju-conversations .toggle-button").click()
    rows = page.locator("#yinju-conversation-list li")
    expect(rows).to_have_count(1)
    page.locator("#yinju-search-conversations input, #yinju-search-conversations textarea").fill("没有这样的对话")
    expect(rows).to_have_count(0, timeout=10_000)
    page.locator("#yinju-search-conversations input, #yinju-search-conversations textarea").fill("")
    expect(rows).to_have_count(1, timeout=10_000)
    rows.locator("summary").click()
    with page.expect_download() as download:
        rows.locator('[data-format="md"]').click()
    assert download.value.suggested_filename.endswith(".md")
    assert ANSWERABLE in Path(download.value.path()).read_text().replace("\\", "")
    page.once("dialog", lambda dialog: dialog.accept("地铁 <b>通车</b>"))
    rows.locator('[data-do="rename"]').click()
    expect(rows.locator('[data-do="open"]')).to_have_text("地铁 <b>通车</b>")
    rows.locator('[data-do="open"]').click()
    expect(page.locator(".yinju-turn")).to_have_count(1)
    rows.locator("summary").click()
    rows.locator('[data-do="delete"]').click()
    rows.locator('[data-do="delete"]').click()
    expect(rows).to_have_count(0, timeout=10_000)
    expect(page.locator(".yinju-turn")).to_have_count(0)


def test_a_link_opens_its_answer_in_another_browser(page: Page, browser: Browser, served: Served) -> None:
    answered(page)
    page.locator('[data-do="link"]').click()
    expect(page.locator('[data-do="link"]')).to_have_text("已复制")
    other = opened(browser, served, path=clipboard(page).removeprefix(served.address))
    expect(other.locator(".yinju-question").first).to_have_text(ANSWERABLE, timeout=20_000)
    other.context.close()
    broken = opened(browser, served, path="/?answer=nothing")
    expect(broken.locator(".yinju-problem")).to_contain_text("no answer at this address", timeout=20_000)
    broken.context.close()


def test_two_people_at_once_get_their_own_answers(browser: Browser, served: Served) -> None:
    chosen = [each for each in QUESTIONS if each["answerable"] and len(each["answers"][0]) > 2][:2]
    pages = [opened(browser, served) for _ in chosen]
    for page, each in zip(pages, chosen, strict=True):
        ask(page, each["question"])
    for page, each in zip(pages, chosen, strict=True):
        expect(page.locator(".yinju-question")).to_have_text(each["question"], timeout=20_000)
        expect(page.locator(".yinju-card").first).to_be_visible(timeout=20_000)
        page.context.close()


def test_a_server_that_is_started_again_goes_on_with_the_conversation(browser: Browser, served: Served) -> None:
    page = opened(browser, served)
    answered(page)
    served.stop(signal.SIGKILL)
    served.start()
    page.goto(served.address)
    expect(page.locator(".yinju-question").first).to_have_text(ANSWERABLE, timeout=30_000)
    page.context.close()


def test_what_documents_say_is_shown_as_text(page: Page) -> None:
    ask(page, "青石镇灯会的口令是什么？")
    card = page.locator(".yinju-card").first
    expect(card).to_contain_text("<script>window.owned=1</script>", timeout=20_000)
    card.locator(".yinju-open").click()
    expect(page.locator(".yinju-source")).to_contain_text("{{7*7}}${7*7}", timeout=10_000)
    assert page.locator("#yinju-talk a, #yinju-source a, #yinju-talk img, #yinju-source img").count() == 0


def test_on_a_phone_nothing_is_wider_than_the_page(browser: Browser, served: Served) -> None:
    page = opened(browser, served, width=360, height=740)
    answered(page)
    page.locator(".yinju-open").first.click()
    expect(page.locator(".yinju-here").first).to_be_in_viewport(timeout=10_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.context.close()


def test_an_uploaded_file_is_indexed_asked_and_removed(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "lantern.txt"
    file.write_text("青石镇灯会开幕\n\n青石镇第七届灯会于正月十二开幕，共展出灯组八十六个，由镇文化站承办。", "gb18030")
    page.locator("#yinju-documents button").first.click()
    page.locator("#yinju-upload input[type=file]").set_input_files(str(file))
    expect(page.locator("#yinju-said")).to_contain_text("已可提问：1", timeout=30_000)
    expect(page.locator("#yinju-upload .filename")).to_contain_text("lantern")
    expect(page.locator("#yinju-upload").get_by_role("link")).to_have_count(0)  # it would lead nowhere
    ask(page, "青石镇第七届灯会展出了多少个灯组？")
    expect(page.locator(".yinju-answer blockquote").first).to_contain_text("八十六个", timeout=20_000)
    page.locator("#yinju-search input, #yinju-search textarea").fill("lantern")
    rows = page.locator("#yinju-listed li")
    expect(rows).to_have_count(1, timeout=10_000)
    rows.locator('[data-do="open"]').click()
    expect(page.locator(".yinju-source")).to_contain_text("共展出灯组八十六个", timeout=10_000)
    page.locator("#yinju-check").click()
    expect(page.locator("#yinju-said")).to_contain_text("文档库完好", timeout=30_000)
    rows.locator('[data-do="remove"]').click()
    rows.locator('[data-do="remove"]').click()
    expect(page.locator("#yinju-said")).to_contain_text("已移除", timeout=20_000)
    expect(rows).to_have_count(0, timeout=10_000)


def test_the_page_has_its_health_and_lets_nothing_in_from_elsewhere(served: Served) -> None:
    with urllib.request.urlopen(f"{served.address}/health") as response:
        assert json.load(response)["status"] == "ok"
        assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    for path in ("/gradio_api/file=/etc/passwd", "/gradio_api/file=../../etc/passwd", f"/gradio_api/file={served.library}/library.sqlite"):
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(served.address + path)


def test_a_second_visit_fetches_no_script_again(browser: Browser, served: Served) -> None:
    sent = "performance.getEntriesByType('resource').filter(each => /assets.*js$/.test(each.name) && each.transferSize > 0).length"
    page = opened(browser, served)
    assert page.evaluate(sent) > 10
    page.wait_for_timeout(2_000)  # what a part of the page asks for late is part of the first visit
    page.goto(served.address)
    expect(page.locator("#yinju-try [data-question]").first).to_be_visible(timeout=30_000)
    assert page.evaluate(sent) == 0
    page.context.close()


def test_programs_ask_search_and_list(served: Served) -> None:
    from gradio_client import Client

    client = Client(served.address, verbose=False)
    answer = client.predict(ANSWERABLE, 3, "", [], api_name="/ask")
    assert answer["answered"] and answer["quotes"][0]["text"]
    found = client.predict(ANSWERABLE, 3, "", api_name="/search")
    assert len(found) == 3 and {"text", "document", "start", "end"} <= set(found[0])
    listed = client.predict(api_name="/documents")
    assert any(each["name"] == answer["quotes"][0]["document"] for each in listed)
    with pytest.raises(Exception, match="empty"):
        client.predict("", 3, "", [], api_name="/ask")
    began = time.monotonic()
    assert client.predict(ANSWERABLE, 3, "name = 'nowhere'", [], api_name="/ask")["answered"] is False
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_nothing_stands_in_the_way_of_those_who_see_or_hear_otherwise(browser: Browser, served: Served, theme: str, width: int) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = opened(browser, served, width=width, path=f"/?__theme={theme}")
    answered(page)
    page.locator(".yinju-open").first.click()
    expect(page.locator(".yinju-here").first).to_be_visible(timeout=10_000)
    page.locator("#yinju-documents button").first.click()
    expect(page.locator("#yinju-listed li").first).to_be_visible()
    found = [f"{each['impact']}: {each['id']} at {each['nodes'][0]['html'][:120]}" for each in Axe().run(page).response["violations"]]
    assert not [each for each in found if each.startswith(("serious", "critical"))]
    page.context.close()


def test_the_keyboard_alone_asks_opens_and_goes_on(page: Page) -> None:
    page.locator("textarea").first.focus()
    page.keyboard.type(ANSWERABLE)
    page.keyboard.press("Enter")
    expect(page.locator(".yinju-card").first).to_be_visible(timeout=20_000)
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.do") == "open":
            break
    page.keyboard.press("Enter")
    expect(page.locator(".yinju-here").first).to_be_in_viewport(timeout=10_000)


def test_a_question_set_is_run_read_and_held_against_another_run(page: Page, tmp_path: Path) -> None:
    nowhere = {"id": "x", "question": "青石镇的灯会谁来唱歌？", "answers": ["没有这样的答案"]}
    some = [*[each for each in QUESTIONS if each["answerable"]][:4], nowhere]
    for name in ("first", "second"):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(json.dumps(each, ensure_ascii=False) for each in some))
    page.locator("#yinju-evaluation button").first.click()
    for name in ("first", "second"):
        page.locator("#yinju-set input[type=file]").set_input_files(str(tmp_path / f"{name}.jsonl"))
        expect(page.locator("#yinju-set")).to_contain_text(name, timeout=20_000)
        expect(page.locator("#yinju-set").get_by_role("link")).to_have_count(0)
        page.locator("#yinju-run").click()
        expect(page.locator("#yinju-evaluated")).to_contain_text("quotes.hit@1", timeout=60_000)
        expect(page.locator("#yinju-runs input")).to_have_value(re.compile(f"^{name}-"), timeout=20_000)
        page.locator("#yinju-set button[aria-label]").first.click()
    page.locator("#yinju-evaluated summary").first.click()
    missed = page.locator("#yinju-evaluated [data-question]").last
    words = missed.inner_text()
    missed.click()
    expect(page.locator("textarea").first).to_have_value(words, timeout=10_000)
    page.locator("#yinju-against input").click()
    page.get_by_role("option").filter(has_text="first-").click()
    expect(page.locator("#yinju-evaluated")).to_contain_text("+0.000", timeout=20_000)
    page.locator("#yinju-run").click()
    expect(page.locator("#yinju-evaluated .yinju-problem")).to_contain_text("先选一个问题集", timeout=20_000)
    # A list that is looked at and left unchanged takes nothing away; what is chosen again is shown again.
    page.locator("#yinju-against input").click()
    with page.expect_response(lambda each: each.url.endswith("/queue/join?")):
        page.locator("#yinju-run").focus()
    page.wait_for_timeout(1_500)
    expect(page.locator("#yinju-evaluated .yinju-problem")).to_contain_text("先选一个问题集")
    page.locator("#yinju-runs input").click()
    page.get_by_role("option").filter(has_text="second-").click()
    expect(page.locator("#yinju-evaluated")).to_contain_text("+0.000", timeout=20_000)
