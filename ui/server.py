"""Serving the page of each library: its address, its health, and the headers that keep a browser to this host.

The first library is at `/`, each other one at `/library/NAME/`, where NAME is its folder's name.
"""

import ipaddress
import re
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import gradio as gr
import uvicorn
from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from corpus import Library, YinjuError
from embeddings import Encoder
from embeddings.pieces import ENOUGH
from rag import Assistant
from ui.allocation import keep_freed_memory
from ui.api import serve_tools
from ui.app import Place, build_app
from ui.conversations import Conversations
from ui.style import CSS
from ui.suggestions import suggestions

# Seconds that answers under way have when the server is stopped.
GRACE = 5
# Where gradio serves the MCP tools.
TOOLS = "/gradio_api/mcp"
# Fonts of the reader's own machine: a theme's default would be fetched from another host.
FONTS = ["system-ui", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "sans-serif"]
# Gradio's page is made of inline scripts and styles, and compiles its custom parts; nothing may come from or go to elsewhere.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' blob:; connect-src 'self'; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "SAMEORIGIN", "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}  # fmt: skip
# Files whose names say what is in them are fetched once.
HASHED, FOR_EVER = re.compile(r"/assets/[^/]+-[\w-]{8}\.\w+$"), "public, max-age=31536000, immutable"
HEAD = '<meta name="description" content="引据 Yinju: answers that quote their source, word for word">'


class WithHeaders:
    """Puts the headers on every response. Plain ASGI, so that a stream that its reader leaves ends quietly."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if message["status"] == 200 and HASHED.search(scope["path"]):
                    headers.setdefault("Cache-Control", FOR_EVER)
            await send(message)

        await self._app(scope, receive, sending if scope["type"] == "http" else send)


class ToolsFromHere:
    """Lets MCP calls through that name this machine, and come from no page of another.

    A page of elsewhere can have its own name resolve to this machine (DNS rebinding), but not an IP address. Only POST: a
    stream that a client merely holds open would keep the server from stopping.
    """

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app = app
        self._names = {"localhost", host.lower(), socket.gethostname().lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope) if scope["type"] == "http" and TOOLS in scope["path"] else None
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if not self._is_here(host):
            return PlainTextResponse(f"{host!r} is not a name of this machine; call it by its IP address", 421)
        if origin is not None and origin.partition("://")[2] != host:
            return PlainTextResponse(f"a page of {origin!r} may not call these tools; call them from a program", 403)
        if scope["method"] != "POST":
            return PlainTextResponse("this is for MCP clients (streamable HTTP), which send POST", 405, {"Allow": "POST"})
        return None

    def _is_here(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
            return name in self._names or bool(ipaddress.ip_address(name))
        except ValueError:
            return False


@dataclass(frozen=True)
class Served:
    """A library that is served: where, and with which questions to try (more may come while it is served)."""

    place: Place
    assistant: Assistant
    conversations: Conversations
    examples: list[str]


@contextmanager
def opened(folders: Sequence[Path]) -> Iterator[list[Assistant]]:
    """All these libraries, open; those of one model share it. Raises YinjuError, naming the library, where one cannot be opened."""
    encoders: dict[str, Encoder] = {}
    assistants: list[Assistant] = []
    with ExitStack() as stack:
        for folder in folders:
            if any(each.library.folder.resolve() == folder.resolve() for each in assistants):
                raise YinjuError(f"{folder} is given twice; give each library once with --library")
            try:
                with Library.open(folder) as library:
                    model = library.model
                assistant = stack.enter_context(Assistant.open(folder, encoders.get(model)))
            except YinjuError as error:
                raise YinjuError(str(error) if str(folder) in str(error) else f"{folder} cannot be opened: {error}") from None
            encoders[model] = assistant.encoder
            assistants.append(assistant)
        yield assistants


def places(folders: Sequence[Path]) -> list[Place]:
    """What each library is called, none like another, and where it is: the first at the root.

    `news` and `news.yinju` are called by their own names, `news/.yinju` by that of the folder which it is in.
    """
    found: list[Place] = []
    taken: set[str] = set()
    for number, folder in enumerate(folders):
        whole = folder.resolve()
        name = base = whole.name.removesuffix(".yinju") or whole.parent.name or "library"
        count = 1
        while _in_address(name).casefold() in taken:
            count += 1
            name = f"{base} {count}"
        taken.add(_in_address(name).casefold())
        found.append(Place(name, f"library/{_in_address(name)}/" if number else ""))
    return found


def _in_address(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "library"


def web_app(served: Sequence[Served], host: str = "localhost") -> FastAPI:
    """The pages with the MCP tools of each, and `GET /health`; the tools under the name `host` too."""
    outer = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    outer.add_middleware(ToolsFromHere, host=host)
    outer.add_middleware(WithHeaders)

    @outer.get("/health")
    def health() -> dict[str, object]:
        libraries = [
            {"name": each.place.name, "address": f"/{quote(each.place.path)}",
             "documents": each.assistant.library.document_count(), "passages": each.assistant.library.passage_count()}
            for each in served
        ]  # fmt: skip
        total = {key: sum(int(str(each[key])) for each in libraries) for key in ("documents", "passages")}
        return {"status": "ok", **total, "libraries": libraries}

    several = [each.place for each in served] if len(served) > 1 else []
    # The first comes last: its root takes every address that nothing before it has.
    for each in reversed(served):
        page = build_app(each.assistant, each.conversations, each.examples, several, each.place)
        if each.place.path:
            outer.add_route(f"/{each.place.path.rstrip('/')}", _with_slash, include_in_schema=False)
        outer = gr.mount_gradio_app(
            outer, page, path=f"/{each.place.path}".rstrip("/") or "/", footer_links=[], css=CSS, head=HEAD, show_error=True, mcp_server=True,
            theme=gr.themes.Base(primary_hue="red", font=FONTS, font_mono=["ui-monospace", "monospace"]),
        )  # fmt: skip
        serve_tools(page)
    return outer


def _with_slash(request: Request) -> RedirectResponse:
    """An address without its last stroke, as people type it."""
    name, query = request.url.path.rsplit("/", 1)[-1], request.url.query
    return RedirectResponse(f"{name}/" + (f"?{query}" if query else ""))


def launch(assistants: Sequence[Assistant], host: str, port: int, examples: Sequence[str] = ()) -> None:
    """Serve the libraries until interrupted; prints the address when it can be opened. `examples` are questions to the first;
    without any a library's own headlines are offered as questions, as soon as it is known that they can be answered."""
    keep_freed_memory()
    with ExitStack() as stack:
        where = places([each.library.folder for each in assistants])
        served = [
            Served(place, each, stack.enter_context(Conversations(each.library.folder)), [] if place.path else list(examples))
            for place, each in zip(where, assistants, strict=True)
        ]
        # The models load while the page does, not with the first question.
        threading.Thread(target=_warm, args=(served,), daemon=True).start()
        web = web_app(served, host)
        server = uvicorn.Server(uvicorn.Config(web, host=host, port=port, log_level="warning", timeout_graceful_shutdown=GRACE))
        threading.Thread(target=_tell, args=(server, f"http://{f'[{host}]' if ':' in host else host}:{port}"), daemon=True).start()
        server.run()


def _tell(server: uvicorn.Server, address: str) -> None:
    while not server.started:
        if server.should_exit:
            return
        time.sleep(0.02)
    print(f"Yinju is at {address}", flush=True)


def _warm(served: Sequence[Served]) -> None:
    for each in served:
        with suppress(YinjuError):
            each.assistant.ask("?")
            # Much to cut, so that the whole tokenizer is read before a reader would wait for it.
            each.assistant.encoder.count_tokens("。" * (ENOUGH + 1))
            if not each.examples:
                each.examples.extend(suggestions(each.assistant))
