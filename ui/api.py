"""What programs may call: /ask, /search and /documents, by gradio's client, over HTTP, or as MCP tools.

Their results are those of `yinju ask --json` and `yinju docs list --json`, but for where on this machine a document's file is.
"""

import asyncio
import inspect
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import gradio as gr
from mcp import types

from corpus import YinjuError
from rag.answer import answer_to_json
from ui.access.caller import caller_of
from ui.answering import Desk, answer

# The argument in which gradio gives a function the request that it serves.
REQUEST = "request"
# What an MCP client may ask of the server.
SERVED = (types.PingRequest, types.ListToolsRequest, types.CallToolRequest)


def add_endpoints(desk: Desk) -> None:
    """Name the endpoints inside the page that is being built."""

    async def ask(request: gr.Request, question: str, top_k: int = 5, where: str = "", history: list[str] | None = None) -> dict[str, Any]:
        """Answer a question by quoting the library's documents word for word.

        Args:
            question: the question, in any language.
            top_k: how many of the nearest passages to give as well, 1 to 50.
            where: a condition on the documents, such as "date >= 2023-10 and section = 要闻"; empty for all of them.
            history: the questions before it in the conversation, oldest first.

        Returns:
            whether it is answered, the confidence, quotes with their document, place and answering words, and passages.
        """
        _require(question=question, where=where, history=history)
        with _plainly():
            given = await answer(desk, caller_of(request), question, _count(top_k), where or None, history or ())
            return answer_to_json(replace(given, question=_sendable(question)))

    async def search(request: gr.Request, query: str, top_k: int = 5, where: str = "") -> list[dict[str, Any]]:
        """Find the passages of the library's documents that are nearest to a query.

        Args:
            query: words or a question, in any language.
            top_k: how many passages to give, 1 to 50.
            where: a condition on the documents; empty for all of them.

        Returns:
            the passages, best first, each with its text, document, title and place.
        """
        _require(query=query, where=where)
        with _plainly():
            nearest = await answer(desk, caller_of(request), query, _count(top_k), where or None)
            found: list[dict[str, Any]] = answer_to_json(nearest)["passages"]
            return found

    def documents() -> list[dict[str, Any]]:
        """List the library's documents: name, title, how many passages and characters, and what is known of each."""
        return [
            {"name": each.name, "title": each.title, "passages": each.passages, "characters": each.characters, "metadata": _told(each.metadata)}
            for each in desk.assistant.library.list_documents()
        ]

    for each in (ask, search, documents):
        gr.api(each, api_name=each.__name__, concurrency_limit=None)


def serve_tools(page: gr.Blocks) -> None:
    """Have the MCP tools of a mounted page give JSON, and serve nothing but them.

    Gradio lists the tools. Its own call of one gives Python's notation, and goes back to this server over HTTP, at whatever
    address the caller names, over a connection that keeps the server from stopping; so do its prompts and resources.
    """
    _require_all(page)
    listed = page.mcp_server_obj
    server = listed.mcp_server

    @server.call_tool()  # type: ignore[untyped-decorator]
    async def call(name: str, arguments: dict[str, Any]) -> types.CallToolResult:
        if name not in listed.tool_to_endpoint:
            return _refused(f"there is no tool {name}; there are {', '.join(listed.tool_to_endpoint)}")
        function = listed.get_block_fn_from_endpoint_name(listed.tool_to_endpoint[name]).fn
        known = [each for each in inspect.signature(function).parameters if each != REQUEST]
        for each in arguments:
            if each not in known:
                return _refused(f"{name} has no argument {each}; it takes {', '.join(known) or 'none'}")
        try:
            if inspect.iscoroutinefunction(function):
                result = await function(server.request_context.request, **arguments)
            else:
                result = await asyncio.to_thread(function, **arguments)
        except gr.Error as error:
            return _refused(error.message)
        text = types.TextContent(type="text", text=json.dumps(result, ensure_ascii=False))
        return types.CallToolResult(content=[text], structuredContent=result if isinstance(result, dict) else {"result": result})

    server.request_handlers = {kind: handler for kind, handler in server.request_handlers.items() if kind in SERVED}


def _refused(why: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=why)], isError=True)


@contextmanager
def _plainly() -> Iterator[None]:
    """What is wrong with a call is said to who calls."""
    try:
        yield
    except YinjuError as error:
        raise gr.Error(str(error)) from None


def _require(where: object, history: object = None, **texts: object) -> None:
    """Says what is of another kind than the endpoint's description has it: over HTTP anything comes as it was sent."""
    for name, value in texts.items():
        if not isinstance(value, str):
            raise gr.Error(f"{name} is not text; write it in quotation marks")
    if where is not None and not isinstance(where, str):
        raise gr.Error('where is not text; write it like "date >= 2024-01"')
    if history is not None and not (isinstance(history, list) and all(isinstance(each, str) for each in history)):
        raise gr.Error('history is no list of questions; write it like ["…"]')


def _require_all(page: gr.Blocks) -> None:
    """Have a call with too few values refused in a sentence, of which Gradio's own shows the insides of the page; and one of an
    event that only the browser acts on, at which it fails."""
    given = page.validate_inputs

    def validate(block_fn: Any, inputs: list[Any]) -> None:
        if not block_fn.fn:
            raise gr.Error("this event calls nothing of the server; /gradio_api/info lists what may be called")
        wanted, name = len(block_fn.inputs), block_fn.api_name or "this"
        if len(inputs) < wanted:
            raise gr.Error(f"{name} was given {len(inputs)} of {wanted} values; give each of them, in the order of /gradio_api/info")
        given(block_fn, inputs)

    page.validate_inputs = validate


def _sendable(text: str) -> str:
    """With halves of characters as escapes: UTF-8 has none."""
    return text.encode("utf8", "backslashreplace").decode()


def _told(metadata: Mapping[str, str]) -> dict[str, str]:
    """Without the path of the document's file, which says how this machine is laid out; an address that it came from stays."""
    return {key: value for key, value in metadata.items() if key != "source" or not os.path.isabs(value)}


def _count(top_k: int) -> int:
    if isinstance(top_k, bool) or not isinstance(top_k, int | float) or top_k % 1:
        raise gr.Error("top_k is not a whole number; give 1 to 50")
    if not 1 <= top_k <= 50:
        raise gr.Error(f"top_k is {top_k}; give 1 to 50")
    # A whole number may come as 5.0: JSON does not tell them apart.
    return int(top_k)
