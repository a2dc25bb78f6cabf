"""Several libraries behind one address: each with its own page, conversations, uploads and endpoints, and one model for all."""

import json
import re
import shutil
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from corpus import YinjuError
from rag import index_paths
from tests.cheap import CheapEncoder, cheap_library
from tests.conftest import Yinju
from tests.test_browser import Served, ask, browser
from ui.app import Place, places_html
from ui.server import opened, places

__all__ = ["browser"]
LANTERNS, BRIDGES = "青石镇灯会展出了多少个灯组？", "石桥村的新桥有多长？"


class SeveralServed(Served):
    """`yinju serve` over two libraries."""

    def __init__(self, library: Path, other: Path) -> None:
        self.other = other
        super().__init__(library)

    def command(self) -> list[str]:
        return ["ui", "serve", "--library", str(self.library), "--library", str(self.other)]

    @property
    def there(self) -> str:
        return f"{self.address}/library/{quote('石桥-资料')}/"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, yinju: Yinju) -> Iterator[SeveralServed]:
    folder = tmp_path_factory.mktemp("several")
    for name, words in (("lanterns", "青石镇灯会开幕\n\n青石镇灯会于正月十二开幕，共展出灯组八十六个，由镇文化站承办。"),
                        ("bridges", "石桥村新桥通车\n\n石桥村的新桥昨日通车，全长一百二十米，由县交通局修建。")):  # fmt: skip
        (folder / f"{name}.txt").write_text(words)
    for name, library in (("lanterns", "lanterns.yinju"), ("bridges", "石桥 资料")):
        done = yinju("index", folder / f"{name}.txt", "--library", folder / library)
        assert done.returncode == 0, done.stderr
    server = SeveralServed(folder / "lanterns.yinju", folder / "石桥 资料")
    yield server
    server.stop()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="zh-CN")
    broken: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: broken.append(str(error)))
    yield page
    assert not broken
    context.close()


def rows(page: Page, count: int) -> None:
    expect(page.locator("#yinju-conversation-list li")).to_have_count(count, timeout=10_000)


def test_a_reader_goes_from_library_to_library_and_each_keeps_its_own_conversations(page: Page, served: SeveralServed) -> None:
    page.goto(served.address)
    links = page.locator("#yinju-libraries a")
    expect(page.locator("textarea").first).to_have_attribute("placeholder", re.compile("问一个问题"), timeout=30_000)
    expect(links).to_have_text(["lanterns", "石桥 资料"], timeout=30_000)
    expect(page.locator("#yinju-libraries [aria-current=page]")).to_have_text("lanterns")
    expect(page.locator("#yinju-libraries nav")).to_have_attribute("aria-label", "文档库")
    ask(page, LANTERNS)
    expect(page.locator(".yinju-answer blockquote").first).to_contain_text("八十六个", timeout=30_000)
    links.nth(1).click()
    expect(page).to_have_url(served.there)
    expect(page.locator("#yinju-libraries [aria-current=page]")).to_have_text("石桥 资料", timeout=30_000)
    expect(page).to_have_title("石桥 资料 · Yinju 引据")
    expect(page.locator("textarea").first).to_have_attribute("placeholder", re.compile("问一个问题"), timeout=30_000)
    expect(page.locator(".yinju-turn")).to_have_count(0)
    ask(page, BRIDGES)
    expect(page.locator(".yinju-answer blockquote").first).to_contain_text("一百二十米", timeout=30_000)
    rows(page, 1)
    expect(page.locator("#yinju-conversation-list li")).to_contain_text(BRIDGES)
    page.reload()
    expect(page.locator(".yinju-question")).to_have_text(BRIDGES, timeout=30_000)
    links.first.click()
    expect(page).to_have_url(f"{served.address}/")
    expect(page.locator(".yinju-question")).to_have_text(LANTERNS, timeout=30_000)
    rows(page, 1)
    for library in (served.library, served.other):
        assert (library / "conversations.db").is_file()


def test_a_link_to_an_answer_opens_it_in_its_own_library(page: Page, browser: Browser, served: SeveralServed) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(served.there)
    # Asked before the page knows whose conversations these are, an answer is not kept and has no link.
    expect(page.locator("textarea").first).to_have_attribute("placeholder", re.compile("问一个问题"), timeout=30_000)
    ask(page, BRIDGES)
    expect(page.locator(".yinju-card").first).to_be_visible(timeout=30_000)
    page.locator('[data-do="link"]').click()
    expect(page.locator('[data-do="link"]')).to_have_text("已复制")
    link = str(page.evaluate("navigator.clipboard.readText()"))
    assert link.startswith(served.there)
    other = browser.new_context().new_page()
    other.goto(link)
    expect(other.locator(".yinju-question")).to_have_text(BRIDGES, timeout=30_000)
    other.goto(served.address + link.removeprefix(served.there.rstrip("/")))
    expect(other.locator(".yinju-problem")).to_contain_text("no answer at this address", timeout=30_000)
    other.context.close()


def test_health_counts_every_library_and_programs_ask_each(served: SeveralServed) -> None:
    from gradio_client import Client

    with urllib.request.urlopen(f"{served.address}/health") as response:
        health = json.load(response)
    assert health["status"] == "ok" and health["documents"] == 2 and health["passages"] == sum(each["passages"] for each in health["libraries"])
    assert [(each["name"], each["documents"]) for each in health["libraries"]] == [("lanterns", 1), ("石桥 资料", 1)]
    for each, (name, words) in zip(health["libraries"], (("lanterns.txt", LANTERNS), ("bridges.txt", BRIDGES)), strict=True):
        client = Client(served.address + each["address"], verbose=False)
        assert [document["name"] for document in client.predict(api_name="/documents")] == [name]
        assert client.predict(words, 1, "", [], api_name="/ask")["quotes"][0]["document"] == name


def test_a_file_that_is_uploaded_goes_into_the_library_whose_page_it_is(page: Page, served: SeveralServed, tmp_path: Path) -> None:
    (tmp_path / "tea.txt").write_text("云雾茶开采\n\n云雾茶今年于三月九日开采，预计产量四十吨。")
    page.goto(served.there)
    page.locator("#yinju-documents button").first.click(timeout=30_000)
    page.locator("#yinju-upload input[type=file]").first.set_input_files(str(tmp_path / "tea.txt"))
    expect(page.locator("#yinju-said")).to_contain_text("已可提问：1", timeout=30_000)
    assert list(served.other.rglob("uploads/**/tea.txt")) and not list(served.library.rglob("tea.txt"))


def test_an_address_without_its_last_stroke_leads_to_the_page(served: SeveralServed) -> None:
    with urllib.request.urlopen(served.there.rstrip("/") + "?answer=x") as response:
        assert response.url == served.there + "?answer=x"
        assert "default-src 'self'" in response.headers["Content-Security-Policy"]


def test_the_tools_of_every_library_are_for_this_machine_only(served: SeveralServed) -> None:
    hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}}  # fmt: skip
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    for page in (f"{served.address}/", served.there):
        address, words = f"{page}gradio_api/mcp/", json.dumps(hello).encode()
        with urllib.request.urlopen(urllib.request.Request(address, words, headers)) as response:
            assert "serverInfo" in response.read().decode()
        with pytest.raises(urllib.error.HTTPError, match="421"):
            urllib.request.urlopen(urllib.request.Request(address, words, {**headers, "Host": "elsewhere.example"}))


def test_the_server_of_several_libraries_stops_as_quickly_as_of_one(served: SeveralServed) -> None:
    served.stop(signal.SIGTERM)
    assert served.process.returncode is not None
    served.start()


def test_libraries_are_called_by_their_folders_and_none_like_another(tmp_path: Path) -> None:
    folders = [tmp_path / each for each in ("a/news", "b/news", "c/news/.yinju", "news.yinju", "重庆 日报/.yinju", "d/???")]
    assert places(folders) == [
        Place("news", ""), Place("news 2", "library/news-2/"), Place("news 3", "library/news-3/"), Place("news 4", "library/news-4/"),
        Place("重庆 日报", "library/重庆-日报/"), Place("???", "library/library/"),
    ]  # fmt: skip


def test_links_hold_from_wherever_the_page_stands_and_names_are_text() -> None:
    some = [Place("<i>a", ""), Place("b c", "library/b-c/"), Place("文", "library/文/")]
    assert places_html(some, some[0], "en").count("<i>") == 0
    assert 'href="./"' in places_html(some, some[0], "en") and 'href="library/b-c/"' in places_html(some, some[0], "en")
    inner = places_html(some, some[1], "en")
    assert 'href="../../"' in inner and 'href="../../library/%E6%96%87/"' in inner
    assert inner.count("aria-current") == 1 and 'href="../../library/b-c/" dir="auto" aria-current="page"' in inner
    assert places_html([], None, "en") == ""


def test_libraries_of_one_model_share_it_and_one_that_cannot_be_opened_is_named(tmp_path: Path, yinju: Yinju) -> None:
    (tmp_path / "a.txt").write_text("今天下雨，明天天晴。")
    for name in ("one", "two"):
        assert yinju("index", tmp_path / "a.txt", "--library", tmp_path / name).returncode == 0
    with opened([tmp_path / "one", tmp_path / "two"]) as (one, two):
        assert one.encoder is two.encoder and one.library is not two.library
    with cheap_library(tmp_path / "odd") as library:
        index_paths([tmp_path / "a.txt"], library, CheapEncoder())
    for wrong, sentence in (("odd", "odd cannot be opened"), ("none", "there is no library at"), ("one", "given twice")):
        with pytest.raises(YinjuError, match=sentence), opened([tmp_path / "one", tmp_path / wrong]):
            pass
    shutil.rmtree(tmp_path / "two")
    done = yinju("serve", "--library", tmp_path / "one", "--library", tmp_path / "two")
    assert done.returncode == 2 and str(tmp_path / "two") in done.stderr
