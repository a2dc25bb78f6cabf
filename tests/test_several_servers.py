"""Several `yinju serve` processes on one library in Milvus, behind a load balancer that knows nothing: they are as one."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from corpus.store import open_store
from corpus.whereabouts import whereabouts
from tests.conftest import ROOT, SAMPLE, Yinju
from tests.milvus_server import MilvusServer
from tests.round_robin import RoundRobin
from tests.served_users import KEEPER, READER
from tests.test_browser import ANSWERABLE, QUESTIONS, Served, answered, browser  # noqa: F401
from tests.test_login_browser import log_in
from ui.keeping import users_of

ASKED = [each for each in QUESTIONS if each["answerable"] and each["lang"] == "zh"][:8]


class Process(Served):
    """`yinju serve` on a library by its address; what it logs is in `log`."""

    def __init__(self, address: str, log: Path) -> None:
        self.at, self.log = address, log
        super().__init__(Path())

    def command(self) -> list[str]:
        return ["ui", "serve", "--library", self.at]

    def start(self) -> None:
        with self.log.open("w") as log:
            self.process = subprocess.Popen([sys.executable, "-m", *self.command(), "--port", str(self.port)], cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.process.stdout is not None and "http" in self.process.stdout.readline(), self.log.read_text()


@dataclass(frozen=True)
class Several:
    """`address` is the library's; `balancer` sends each request to another of the two."""

    address: str
    one: Process
    other: Process
    balancer: RoundRobin


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory, yinju: Yinju) -> Iterator[Several]:
    folder = tmp_path_factory.mktemp("several")
    server = MilvusServer(folder / "data").start()
    done = yinju("index", SAMPLE / "zh", "--library", server.address())
    assert done.returncode == 0, done.stderr
    with open_store(server.address()) as library, users_of(library) as users:
        users.add(*KEEPER, "keeper")
        users.add(*READER, "reader")
    with ThreadPoolExecutor() as together:
        both = list(together.map(lambda name: Process(server.address(), folder / name), ("one", "other")))
    balancer = RoundRobin([each.port for each in both])
    yield Several(server.address(), *both, balancer)
    balancer.stop()
    for each in both:
        if each.process.poll() is None:
            each.stop()
    server.kill()


def ask(address: str, question: str) -> dict[str, object]:
    """As a program does: one request, with name and password."""
    response = httpx.post(f"{address}/gradio_api/run/ask", json={"data": [question, 5, "", []]}, auth=(READER[0].encode(), READER[1].encode()), timeout=60)
    assert response.status_code == 200, response.text
    return dict(response.json()["data"][0])


def test_questions_of_programs_go_to_any_of_them_and_are_answered_alike(several: Several) -> None:
    answers = {each["id"]: [ask(several.balancer.address, each["question"]) for _ in range(2)] for each in ASKED[:4]}
    for each in ASKED[:4]:
        one, other = ([(quote["document"], quote["start"], quote["end"], quote["text"]) for quote in one["quotes"]] for one in answers[each["id"]])  # type: ignore[attr-defined]
        assert one and one == other
    assert {port for port, _ in several.balancer.sent} == {several.one.port, several.other.port}


def test_a_login_at_one_holds_at_the_other_and_so_does_its_end(several: Several) -> None:
    with httpx.Client(timeout=30) as client:
        assert client.get(f"{several.other.address}/config").status_code == 401
        assert client.post(f"{several.one.address}/login", data={"username": READER[0], "password": READER[1]}).status_code == 200
        assert client.get(f"{several.other.address}/config").status_code == 200
        cookies = dict(client.cookies)
        client.post(f"{several.one.address}/logout")
        until = time.monotonic() + 20
        while httpx.get(f"{several.other.address}/config", cookies=cookies).status_code == 200:
            assert time.monotonic() < until, "it holds for a few seconds at most"
            time.sleep(0.5)


def test_a_document_indexed_by_a_third_process_is_found_by_both(several: Several, tmp_path: Path, yinju: Yinju) -> None:
    (tmp_path / "other.md").write_text("This file says that the folder is there.", "utf8")
    (tmp_path / "lamps.txt").write_text("青石镇灯会今年共有灯组八十七个，由镇里的老匠人扎成。\n", "utf8")
    done = yinju("index", tmp_path / "lamps.txt", "--library", several.address)
    assert done.returncode == 0, done.stderr
    for each in (several.one, several.other):
        (first, *_) = ask(each.address, "青石镇灯会有多少灯组？")["quotes"]  # type: ignore[misc]
        assert "八十七个" in first["text"]
    # On a machine that does not have the file its document stays: it may be another's.
    (tmp_path / "lamps.txt").unlink()
    with open_store(several.address) as library:
        known = whereabouts(library)
        assert known.gone == () and "lamps.txt" in " ".join(known.away)


def of_page(page: Page) -> str:
    """The cookie that says which process the page is of."""
    (value,) = [each["value"] for each in page.context.cookies() if each["name"].startswith("yinju-node-")]
    return str(value)


def test_a_page_behind_the_balancer_and_what_stays_when_its_process_is_killed(several: Several, browser: Browser) -> None:  # noqa: F811
    several.balancer.sent.clear()
    context = browser.new_context(locale="en")
    page = context.new_page()
    page.goto(several.balancer.address)
    log_in(page, KEEPER)
    answered(page, ANSWERABLE)
    expect(page.locator("#yinju-conversation-list li")).to_have_count(1)
    # What the page kept was answered by one of them, though its requests went to both.
    asked = {port for port, line in several.balancer.sent if "/queue/" in line}
    assert asked == {several.one.port, several.other.port}
    mine = of_page(page)
    # The same user at the process that the page is not of: seen there, found, and continued.
    serving = next(each for each in (several.one, several.other) if '"path": "/gradio_api/queue/join", "status": 200' in each.log.read_text())
    left = several.other if serving is several.one else several.one
    assert "/gradio_api/queue/join" not in left.log.read_text()
    elsewhere = browser.new_context(locale="en")
    there = elsewhere.new_page()
    there.goto(left.address)
    log_in(there, KEEPER)
    expect(there.locator("#yinju-conversation-list li")).to_have_count(1)
    assert of_page(there) != mine
    there.locator("#yinju-conversations .toggle-button").click()
    there.locator("#yinju-search-conversations input, #yinju-search-conversations textarea").fill(ANSWERABLE[:6])
    there.locator("#yinju-conversation-list li .yinju-conversation").first.click()
    expect(there.locator(".yinju-turn[data-turn]")).to_have_count(1)
    answered(there, ASKED[1]["question"])
    expect(there.locator(".yinju-turn[data-turn]")).to_have_count(2, timeout=30_000)
    expect(there.locator("#yinju-conversation-list li")).to_have_count(1)
    elsewhere.close()
    # Its process is killed: the page is opened again, and all of it is there, at the other.
    serving.stop(signal.SIGKILL)
    page.reload()
    expect(page.locator(".yinju-turn[data-turn]")).to_have_count(2, timeout=30_000)
    expect(page.locator("#yinju-account")).to_contain_text(KEEPER[0])
    assert of_page(page) != mine
    answered(page, ASKED[2]["question"])
    expect(page.locator(".yinju-turn[data-turn]")).to_have_count(3, timeout=30_000)
    context.close()
    assert ask(several.balancer.address, ANSWERABLE)["answered"]
    assert "Traceback" not in left.log.read_text()
    assert all(json.loads(each) for each in left.log.read_text().splitlines())
