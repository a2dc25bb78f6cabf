"""The library as MCP tools: what a client sees, what it is told, and who may call."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import ClientSession, McpError
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult

from tests.conftest import ROOT, Yinju
from tests.test_browser import ANSWERABLE, Served

LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


@pytest.fixture(scope="module")
def served(sample_library: Path) -> Iterator[Served]:
    server = Served(sample_library)
    yield server
    server.stop()


def by_client(served: Served, does: Callable[[ClientSession], Awaitable[Any]]) -> Any:
    async def go() -> Any:
        async with streamable_http_client(f"{served.address}/gradio_api/mcp/") as (reads, writes, _), ClientSession(reads, writes) as session:
            await session.initialize()
            return await does(session)

    return asyncio.run(go())


def called(served: Served, tool: str, **arguments: object) -> CallToolResult:
    result = by_client(served, lambda session: session.call_tool(tool, arguments))
    assert isinstance(result, CallToolResult)
    return result


def said(result: CallToolResult) -> str:
    (only,) = result.content
    assert only.type == "text"
    return only.text


def posted(served: Served, **headers: str) -> httpx.Response:
    accepted = {"Accept": "application/json, text/event-stream"}
    return httpx.post(f"{served.address}/gradio_api/mcp/", json=LIST, headers=accepted | headers, timeout=20)


def test_a_client_finds_three_tools_and_nothing_of_the_page(served: Served) -> None:
    listed = by_client(served, lambda session: session.list_tools()).tools
    assert {each.name for each in listed} == {"ask", "search", "documents"}
    assert all(each.description for each in listed)


def test_neither_prompts_nor_resources_are_served(served: Served) -> None:
    async def refused(session: ClientSession) -> None:
        for wanted in (session.list_prompts, session.list_resources):
            with pytest.raises(McpError, match="Method not found"):
                await wanted()

    by_client(served, refused)


def test_a_tool_says_what_each_argument_is(served: Served) -> None:
    tools = {each.name: each.inputSchema for each in by_client(served, lambda session: session.list_tools()).tools}
    assert list(tools["ask"]["properties"]) == ["question", "top_k", "where", "history"] and tools["ask"]["required"] == ["question"]
    assert list(tools["search"]["properties"]) == ["query", "top_k", "where"] and tools["search"]["required"] == ["query"]
    assert tools["ask"]["properties"]["top_k"]["type"] == "integer"
    for tool in ("ask", "search"):
        assert all(each["description"] for each in tools[tool]["properties"].values())


def test_ask_gives_what_the_command_line_gives(served: Served, yinju: Yinju) -> None:
    done = json.loads(yinju("ask", ANSWERABLE, "--top-k", 3, "--library", served.library, "--json").stdout)
    given = called(served, "ask", question=ANSWERABLE, top_k=3)
    assert not given.isError and json.loads(said(given)) == given.structuredContent
    assert given.structuredContent is not None and given.structuredContent["quotes"]
    for answer in (done, given.structuredContent):
        del answer["timings_ms"]
    assert given.structuredContent == done


def test_halves_of_characters_are_answered_and_escaped(served: Served) -> None:
    call = {"name": "ask", "arguments": {"question": "x\ud800", "history": ["y\udfff"]}}
    headers = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call})
    answered = httpx.post(f"{served.address}/gradio_api/mcp/", content=body, headers=headers, timeout=60)
    result = json.loads(answered.text.partition("data: ")[2])["result"]
    assert result["structuredContent"]["question"] == "x\\ud800"


def test_what_is_quoted_is_readable_as_it_stands(served: Served) -> None:
    assert "\\u" not in said(called(served, "ask", question=ANSWERABLE))


def test_a_follow_up_is_understood_with_the_questions_before_it(served: Served) -> None:
    answer = called(served, "ask", question="那是什么时候？", history=[ANSWERABLE]).structuredContent
    assert answer is not None and answer["understood"]


def test_search_and_documents_give_lists(served: Served) -> None:
    found = called(served, "search", query=ANSWERABLE, top_k=2)
    assert found.structuredContent is not None and json.loads(said(found)) == found.structuredContent["result"]
    assert len(found.structuredContent["result"]) == 2
    names = {each["name"] for each in json.loads(said(called(served, "documents")))}
    assert {each["document"] for each in found.structuredContent["result"]} <= names


def test_no_path_of_the_machine_is_told(served: Served, yinju: Yinju) -> None:
    kept = {each["name"]: each["metadata"] for each in json.loads(yinju("docs", "list", "--json", "--library", served.library).stdout)["documents"]}
    assert all(each["source"].startswith("/") for each in kept.values())
    over_http = httpx.post(f"{served.address}/gradio_api/run/documents", json={"data": []}, timeout=30).json()["data"][0]
    for told in (json.loads(said(called(served, "documents"))), over_http):
        # Nothing else is left out.
        assert {each["name"]: each["metadata"] for each in told} == {name: {key: value for key, value in each.items() if key != "source"} for name, each in kept.items()}
        assert str(ROOT) not in json.dumps(told)


def test_many_are_answered_at_once(served: Served) -> None:
    async def ask(session: ClientSession) -> list[CallToolResult]:
        return list(await asyncio.gather(*(session.call_tool("search", {"query": f"{ANSWERABLE} {n}", "top_k": 1}) for n in range(9))))

    assert all(not each.isError for each in by_client(served, ask))


@pytest.mark.parametrize(
    ("tool", "arguments", "sentence"),
    [
        ("ask", {"question": " "}, "the question is empty; write what you want to know"),
        ("ask", {"question": "谁？", "top_k": 0}, "top_k is 0; give 1 to 50"),
        ("search", {"query": "谁？", "top_k": 51}, "top_k is 51; give 1 to 50"),
        ("ask", {"question": "谁？", "where": "date >>> 3"}, "the condition cannot be read at character 7 of 'date >>> 3'"),
        ("ask", {"question": "谁？", "top_k": "three"}, "'three' is not of type 'integer'"),
        ("ask", {}, "'question' is a required property"),
        ("ask", {"question": "谁？", "k": 3}, "ask has no argument k; it takes question, top_k, where, history"),
        ("documents", {"all": True}, "documents has no argument all; it takes none"),
        ("begin", {}, "there is no tool begin; there are ask, search, documents"),
    ],
)
def test_a_bad_call_gets_one_sentence(served: Served, tool: str, arguments: dict[str, object], sentence: str) -> None:
    result = called(served, tool, **arguments)
    assert result.isError and sentence in said(result) and "\n" not in said(result)


def test_a_name_that_was_pointed_here_is_refused(served: Served) -> None:
    refused = posted(served, Host=f"elsewhere.example:{served.port}")
    assert refused.status_code == 421 and "is not a name of this machine; call it by its IP address" in refused.text


@pytest.mark.parametrize("origin", ["http://elsewhere.example", "null", "http://127.0.0.1:1"])
def test_a_page_from_elsewhere_is_refused(served: Served, origin: str) -> None:
    refused = posted(served, Origin=origin)
    assert refused.status_code == 403 and "may not call these tools" in refused.text


def test_this_machine_may_call_by_any_of_its_addresses(served: Served) -> None:
    for host in (f"127.0.0.1:{served.port}", f"LOCALHOST:{served.port}", f"[::1]:{served.port}", "192.168.1.20"):
        assert posted(served, Host=host).status_code == 200
    assert posted(served, Origin=served.address).status_code == 200


def test_its_responses_keep_the_headers_of_the_page(served: Served) -> None:
    for response in (posted(served), posted(served, Origin="null")):
        assert "default-src 'self'" in response.headers["Content-Security-Policy"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/gradio_api/mcp/", "/gradio_api/mcp/sse", "/gradio_api/mcp/schema"])
def test_no_stream_is_held_open_and_nothing_is_shown_to_a_browser(served: Served, path: str) -> None:
    response = httpx.get(served.address + path, headers={"Accept": "text/event-stream"}, timeout=5)
    assert response.status_code == 405 and response.headers["Allow"] == "POST"


def test_the_server_stops_at_once_while_a_client_is_connected(sample_library: Path) -> None:
    own = Served(sample_library)

    async def stop(session: ClientSession) -> float:
        await session.call_tool("ask", {"question": ANSWERABLE})
        began = time.monotonic()
        await asyncio.to_thread(own.stop)
        return time.monotonic() - began

    # A stream held open would take all of the seconds that answers under way are given (ui/graceful.py), and of the second after them.
    assert by_client(own, stop) < 3


def test_the_command_line_does_not_wait_for_it(served: Served) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "ui", "ask", ANSWERABLE, "--library", str(served.library)]
    imported = {line.rpartition("|")[2].strip() for line in subprocess.run(command, cwd=ROOT, stderr=subprocess.PIPE, text=True).stderr.splitlines()}
    assert "ui.cli" in imported and not {"mcp", "gradio"} & imported
