"""A page's requests reach the process that served the page, wherever they arrive; nothing else is passed on, and nothing twice."""

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse

from corpus.milvus.library import MilvusLibrary
from corpus.milvus.records import Record
from tests.cheap import cheap_store
from tests.milvus_server import MilvusServer, free_port
from ui.access.proxy import Proxied
from ui.nodes import register as registers
from ui.nodes.passing import Passing
from ui.nodes.register import Register

PAGE = {"accept": "text/html"}


class Process:
    """A server that says what reached it, behind what passes requests on."""

    def __init__(self, library: MilvusLibrary, port: int | None = None) -> None:
        self.port = port or free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.register = Register(library.records, self.address)
        self.left = threading.Event()
        app = Starlette()
        app.add_route("/gradio_api/stream", self._stream)
        app.add_route("/{path:path}", self._told, methods=["GET", "POST"])
        app.add_middleware(Proxied, proxies=["127.0.0.1"])
        app.add_middleware(Passing, register=self.register, mark="m")
        config = uvicorn.Config(app, port=self.port, log_config=None, proxy_headers=False, server_header=False, timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)

    async def _told(self, request: Request) -> JSONResponse:
        size = len(await request.body())
        said = {"by": self.port, "path": str(request.url.path), "query": request.url.query, "client": request.client and request.client.host,
                "scheme": request.url.scheme, "headers": dict(request.headers), "size": size}  # fmt: skip
        return JSONResponse(said, headers={"x-said": "1"})

    async def _stream(self, _: Request) -> StreamingResponse:
        async def parts() -> Any:
            try:
                for number in range(1000):
                    yield f"data: {number}\n\n"
                    await asyncio.sleep(0.2)
            finally:
                self.left.set()

        return StreamingResponse(parts(), media_type="text/event-stream")

    def stop(self, quietly: bool = False) -> None:
        """As a process that was killed where `quietly`: its record stays."""
        self._server.should_exit = True
        self._thread.join(10)
        if not quietly:
            self.register.close()


@pytest.fixture(scope="module")
def library(milvus: MilvusServer) -> Iterator[MilvusLibrary]:
    with cheap_store(milvus.address("nodes")) as opened:
        assert isinstance(opened, MilvusLibrary)
        yield opened


@pytest.fixture
def two(library: MilvusLibrary) -> Iterator[tuple[Process, Process]]:
    both = Process(library), Process(library)
    yield both
    for each in both:
        each.stop()


def page_of(process: Process) -> dict[str, str]:
    """The cookie that a page from there has."""
    response = httpx.get(process.address, headers=PAGE)
    assert response.json()["by"] == process.port
    ((name, value),) = response.cookies.items()
    assert value == process.register.own.identity and "httponly" in response.headers["set-cookie"].lower()
    return {name: value}


def test_a_pages_requests_reach_its_process_as_they_were(two: tuple[Process, Process]) -> None:
    one, other = two
    cookies = page_of(other)
    with httpx.Client(base_url=one.address, cookies=cookies) as client:
        sent = {"x-forwarded-for": "198.51.100.7", "x-forwarded-proto": "https", "host": "archive.example", "connection": "x-mine", "x-mine": "1", "te": "trailers"}
        response = client.post("/gradio_api/queue/join/%E5%90%8D?a=1&b=%2F", content=b"x" * 5000, headers=sent)
        said = response.json()
        assert (said["by"], said["size"], said["path"], said["query"]) == (other.port, 5000, "/gradio_api/queue/join/名", "a=1&b=%2F")
        assert (said["client"], said["scheme"]) == ("198.51.100.7", "https"), "what the proxy in front said of its client"
        assert said["headers"]["host"] == "archive.example" and said["headers"]["x-forwarded-for"] == "198.51.100.7"
        assert not {"x-mine", "te", "yinju-passed", "yinju-peer"} & set(said["headers"])
        assert response.headers["x-said"] == "1" and "set-cookie" not in response.headers and len(response.headers.get_list("date")) == 1
        assert client.get("/", headers=PAGE).json()["by"] == other.port, "another page of the same browser, too"
        large = client.post("/gradio_api/upload", content=b"y" * 20_000_000).json()
        assert (large["by"], large["size"]) == (other.port, 20_000_000)
        for anywhere in ("/health", "/login", "/static/a.js", "/gradio_api/mcp/"):
            assert client.get(anywhere).json()["by"] == one.port
    assert httpx.post(f"{one.address}/gradio_api/run/ask").json()["by"] == one.port, "programs have no page"


def test_a_stream_flows_and_ends_when_its_reader_leaves(two: tuple[Process, Process]) -> None:
    one, other = two
    began = time.monotonic()
    with httpx.stream("GET", f"{one.address}/gradio_api/stream", cookies=page_of(other)) as response:
        lines = response.iter_lines()
        assert next(lines) == "data: 0" and time.monotonic() - began < 2
        assert not other.left.is_set()
    assert other.left.wait(5) and not one.left.is_set()


def test_a_page_whose_process_was_killed_is_answered_here_from_then_on(two: tuple[Process, Process]) -> None:
    one, other = two
    cookies = page_of(other)
    other.stop(quietly=True)
    for send in ({"method": "POST", "url": f"{one.address}/gradio_api/queue/join", "content": b"z" * 70}, {"method": "GET", "url": one.address, "headers": PAGE}):
        response = httpx.request(**send, cookies=cookies)  # type: ignore[arg-type]
        assert response.json()["by"] == one.port and list(response.cookies.values()) == [one.register.own.identity]
        assert response.json()["size"] == len(send.get("content", b""))
    large = httpx.post(f"{one.address}/gradio_api/upload", content=b"y" * 5_000_000, cookies=cookies)
    assert large.status_code == 200, "gone is known by now, and it is not tried again"


def test_a_process_in_anothers_place_is_not_taken_for_it(two: tuple[Process, Process], library: MilvusLibrary) -> None:
    one, other = two
    cookies = page_of(other)
    other.stop(quietly=True)
    third = Process(library, other.port)
    try:
        response = httpx.post(f"{one.address}/gradio_api/queue/join", content=b"z", cookies=cookies)
        assert response.json()["by"] == one.port and list(response.cookies.values()) == [one.register.own.identity]
    finally:
        third.stop()


@pytest.mark.parametrize("value", ["0123456789abcdef", "' or id != '", "http://127.0.0.1:1", "..", ""])
def test_a_cookie_that_names_nobody_leads_nowhere(two: tuple[Process, Process], value: str) -> None:
    one, _ = two
    (name,) = page_of(one)
    response = httpx.get(f"{one.address}/config", headers={"cookie": f"{name}={value}"})
    assert response.json()["by"] == one.port and response.cookies[name] == one.register.own.identity


def test_who_claims_to_be_another_process_is_not_believed_and_nothing_is_passed_on_twice(two: tuple[Process, Process]) -> None:
    one, other = two
    claimed = httpx.get(f"{one.address}/config", headers={"yinju-passed": "x", "yinju-peer": "203.0.113.9"}, cookies=page_of(other))
    assert claimed.status_code == 421
    peer = httpx.get(f"{one.address}/config", headers={"yinju-peer": "203.0.113.9"}).json()
    assert peer["client"] == "127.0.0.1"
    # What comes with the right key is answered here, whatever its cookie says.
    passed = httpx.get(f"{one.address}/config", headers={"yinju-passed": one.register.own.key, "yinju-peer": "203.0.113.9"}, cookies=page_of(other)).json()
    assert (passed["by"], passed["client"]) == (one.port, "203.0.113.9")


def test_who_is_not_heard_of_any_longer_is_gone_and_comes_back(library: MilvusLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    with Register(library.records, "http://127.0.0.1:1") as one:
        record = Record("node/00000000000000aa", "node", "http://127.0.0.1:2", hash="k", number=1)
        library.records.put([record])
        found = one.node("00000000000000aa")
        assert found is not None and (found.address, found.key) == ("http://127.0.0.1:2", "k")
        one.unreached(found)
        assert one.node("00000000000000aa") is None
        library.records.put([Record(**{**vars(record), "number": 2})])
        one.look()
        assert one.node("00000000000000aa") is not None
        monkeypatch.setattr(registers, "HELD", 0.1)
        assert one.node("00000000000000aa") is not None, "nobody was asked meanwhile: a Milvus that is away makes nobody gone"
        time.sleep(0.2)
        one.look()
        assert one.node("00000000000000aa") is None
        monkeypatch.setattr(registers, "FORGOTTEN", 0.1)
        one.look()
        assert library.records.one("node/00000000000000aa") is None
        assert one.node(one.own.identity) == one.own
    assert library.records.one(f"node/{one.own.identity}") is None
