"""Serving the page: its address, its health, and the headers that keep a browser to this host."""

import threading
import time
from collections.abc import Sequence
from contextlib import suppress

import gradio as gr
import uvicorn
from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from corpus import YinjuError
from rag import Assistant
from ui.app import build_app
from ui.conversations import Conversations
from ui.style import CSS
from ui.suggestions import suggestions

# Seconds that answers under way have when the server is stopped.
GRACE = 5
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
            await send(message)

        await self._app(scope, receive, sending if scope["type"] == "http" else send)


def web_app(assistant: Assistant, conversations: Conversations, examples: Sequence[str] = ()) -> FastAPI:
    """The page at `/`, `GET /health` beside it."""
    outer = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    outer.add_middleware(WithHeaders)

    @outer.get("/health")
    def health() -> dict[str, object]:
        return {"status": "ok", "documents": assistant.library.document_count(), "passages": assistant.library.passage_count()}

    page: FastAPI = gr.mount_gradio_app(
        outer, build_app(assistant, conversations, examples), path="/", footer_links=[], css=CSS, show_error=True,
        theme=gr.themes.Base(primary_hue="red", font=FONTS, font_mono=["ui-monospace", "monospace"]),
    )  # fmt: skip
    return page


def launch(assistant: Assistant, host: str, port: int, examples: Sequence[str] = ()) -> None:
    """Serve the page until interrupted; prints its address when it can be opened. Without examples the library's own
    headlines are offered as questions, as soon as it is known that they can be answered."""
    offered = list(examples)
    # The models load while the page does, not with the first question.
    threading.Thread(target=_warm, args=(assistant, offered), daemon=True).start()
    with Conversations(assistant.library.folder) as conversations:
        web = web_app(assistant, conversations, offered)
        server = uvicorn.Server(uvicorn.Config(web, host=host, port=port, log_level="warning", timeout_graceful_shutdown=GRACE))
        threading.Thread(target=_tell, args=(server, f"http://{f'[{host}]' if ':' in host else host}:{port}"), daemon=True).start()
        server.run()


def _tell(server: uvicorn.Server, address: str) -> None:
    while not server.started:
        if server.should_exit:
            return
        time.sleep(0.02)
    print(f"Yinju is at {address}", flush=True)


def _warm(assistant: Assistant, offered: list[str]) -> None:
    with suppress(YinjuError):
        assistant.ask("?")
        if not offered:
            offered += suggestions(assistant)
