"""Serving the page of each library: its address, its health, and the headers that keep a browser to this host.

The first library is at `/`, each other one at `/library/NAME/`, where NAME is its folder's name.
"""

import asyncio
import os
import re
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path
from tempfile import gettempdir
from threading import Event

import gradio as gr
import uvicorn
from fastapi import FastAPI
from gradio.utils import get_upload_folder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp

from corpus import YinjuError
from corpus.store import folder_of, open_store
from corpus.workplace import workplace
from embeddings import Encoder
from embeddings.pieces import ENOUGH
from rag import Assistant
from ui.access.given_files import fetch_nothing, require_own_files
from ui.access.guard import Guard, is_closed
from ui.access.headers import WithHeaders
from ui.access.legible import Legible
from ui.access.origin import FromHere
from ui.access.own import Own
from ui.access.pace import LARGEST_OF_READER, PER_MINUTE, Pace
from ui.access.proxy import Proxied
from ui.access.room import Room
from ui.access.surface import Surface
from ui.access.turns import OF_ONE, take_turns
from ui.access.user import Accounts, Role
from ui.allocation import keep_freed_memory
from ui.answering import Desk, Noted
from ui.api import serve_tools
from ui.app import Place, build_app
from ui.graceful import GracefulServer
from ui.keeping import register_of, talks_of, users_of
from ui.nodes.passing import Passing
from ui.nodes.register import Register
from ui.served import TERMS, Served, Terms
from ui.sessions import keep_forgetting
from ui.style import CSS
from ui.suggestions import suggestions
from ui.uploads import keep_sweeping
from ui.watch.failures import Failing, watch_events
from ui.watch.figures import Figures
from ui.watch.log import log_lines
from ui.watch.requests import Observed
from ui.watch.routes import add_watch, tell_question

# Fonts of the reader's own machine: a theme's default would be fetched from another host.
FONTS = ["system-ui", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "sans-serif"]
# Addresses that mean every one of this machine, and the one by which it reaches itself.
ANY, LOCAL = ("0.0.0.0", "::", ""), "127.0.0.1"
HEAD = '<meta name="description" content="引据 Yinju: answers that quote their source, word for word">'


@contextmanager
def opened(addresses: Sequence[str | Path]) -> Iterator[list[Assistant]]:
    """All these libraries, open; those of one model share it. Raises YinjuError, naming the library, where one cannot be opened."""
    encoders: dict[str, Encoder] = {}
    assistants: list[Assistant] = []
    with ExitStack() as stack:
        for address in addresses:
            if any(each.library.folder.resolve() == folder_of(address).resolve() for each in assistants):
                raise YinjuError(f"{address} is given twice; give each library once with --library")
            try:
                with open_store(address) as library:
                    model = library.model
                assistant = stack.enter_context(Assistant.open(address, encoders.get(model)))
            except YinjuError as error:
                raise YinjuError(str(error) if str(address) in str(error) else f"{address} cannot be opened: {error}") from None
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


def page_app(served: Sequence[Served], room: Room, figures: Figures, note: Callable[[Noted], None], role: Role = "keeper") -> tuple[FastAPI, list[gr.Blocks]]:
    """The pages as this role has them, with the MCP tools of each library and what is told of the server; and the pages alone."""
    pages = []
    fetch_nothing()
    outer = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    add_watch(outer, served, room, figures, role)
    several = [each.place for each in served] if len(served) > 1 else []
    # The first comes last: its root takes every address that nothing before it has.
    for each in reversed(served):
        desk = Desk(each.assistant, each.place.name, room, note)
        page = build_app(desk, each.conversations, each.examples, several, each.place, role)
        if each.place.path:
            outer.add_route(f"/{each.place.path.rstrip('/')}", _with_slash, include_in_schema=False)
        outer = gr.mount_gradio_app(
            outer, page, path=f"/{each.place.path}".rstrip("/") or "/", footer_links=[], css=CSS, head=HEAD, show_error=True, mcp_server=True,
            theme=gr.themes.Base(primary_hue="red", font=FONTS, font_mono=["ui-monospace", "monospace"]),
        )  # fmt: skip
        serve_tools(page)
        require_own_files(page)
        watch_events(page)
        pages.append(page)
    return outer, pages


def web_app(served: Sequence[Served], users: Accounts, room: Room, host: str = "localhost", terms: Terms = TERMS, register: Register | None = None) -> Starlette:
    """The whole server: a page for each role behind the guard, and around it what is checked, counted and said of every request."""
    closed, shared = is_closed(users, terms.rules), is_shared(users, terms)
    figures = Figures(room, [(each.place.name, each.assistant) for each in served])

    def note(noted: Noted) -> None:
        figures.question(noted)
        tell_question(noted, terms.log_text)

    roles: tuple[Role, ...] = ("reader", "keeper") if closed else ("keeper",)
    built = {role: page_app(served, room, figures, note, role) for role in roles}

    @asynccontextmanager
    async def living(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.callback(asyncio.create_task(keep_sweeping(Path(get_upload_folder()))).cancel)
            for app, pages in built.values():
                await stack.enter_async_context(app.router.lifespan_context(app))
                for each in pages:
                    stack.callback(asyncio.create_task(keep_forgetting(each.state_holder)).cancel)
            yield

    for _, pages in built.values():
        for each in pages:
            take_turns(each, OF_ONE if shared else None)

    def behind(app: ASGIApp, role: Role) -> ASGIApp:
        """What stands between the guard and the pages of a role."""
        paced = Pace(Legible(Own(app)), PER_MINUTE if shared else None, LARGEST_OF_READER if role == "reader" else None)
        # What is not taken at all is refused before it has been sent.
        return Surface(paced, role == "keeper", terms.mb_per_hour if shared else None)

    guard = Guard({role: behind(each, role) for role, (each, _) in built.items()}, users, terms.rules)
    whole = Starlette(lifespan=living)
    whole.mount("/", guard)
    # The last added is the outermost.
    whole.add_middleware(FromHere, names=(host, *terms.names), any_name=closed and not terms.rules.guests, closed=closed)
    whole.add_middleware(Failing)
    whole.add_middleware(WithHeaders)
    whole.add_middleware(Observed, count=figures.request)
    whole.add_middleware(Proxied, proxies=terms.rules.proxies)
    if register is not None:
        whole.add_middleware(Passing, register=register, mark=served[0].assistant.library.mark)
    return whole


def is_shared(users: Accounts, terms: Terms) -> bool:
    """Whether others than the one who runs it use it."""
    return is_closed(users, terms.rules) or terms.public


def _with_slash(request: Request) -> RedirectResponse:
    """An address without its last stroke, as people type it."""
    name, query = request.url.path.rsplit("/", 1)[-1], request.url.query
    return RedirectResponse(f"{name}/" + (f"?{query}" if query else ""))


def launch(assistants: Sequence[Assistant], host: str, port: int, examples: Sequence[str] = (), terms: Terms = TERMS) -> None:
    """Serve the libraries until interrupted; prints the address when it can be opened. `examples` are questions to the first;
    without any a library's own headlines are offered as questions, as soon as it is known that they can be answered.

    Raises AccessError where the users cannot be read.
    """
    keep_freed_memory()
    log_lines(terms.quiet)
    with ExitStack() as stack:
        users = stack.enter_context(users_of(assistants[0].library))
        # What is uploaded arrives where nobody else of this machine can read it, and goes when the server does.
        # What a server that was killed has left goes as well.
        arriving = stack.enter_context(workplace(Path(gettempdir()))) / "arriving"
        arriving.mkdir()
        os.environ["GRADIO_TEMP_DIR"] = str(arriving)
        where = places([each.library.folder for each in assistants])
        served = [
            Served(place, each, stack.enter_context(closing(talks_of(each.library))), [] if place.path else list(examples), Event())
            for place, each in zip(where, assistants, strict=True)
        ]
        # The models load while the page does, not with the first question.
        threading.Thread(target=_warm, args=(served,), daemon=True).start()
        room = Room(waiting=terms.waiting, per_minute=terms.per_minute if is_shared(users, terms) else None)
        register = register_of(assistants[0].library, terms.advertise or _address(LOCAL if host in ANY else host, port))
        if register is not None:
            stack.enter_context(register)
        web = web_app(served, users, room, host, terms, register)
        config = uvicorn.Config(
            web, host=host, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=1, proxy_headers=False, server_header=False
        )
        server = GracefulServer(config, room)
        threading.Thread(target=_tell, args=(server, _address(host, port)), daemon=True).start()
        server.run()


def _address(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


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
        each.warm.set()
        with suppress(YinjuError):
            if not each.examples:
                each.examples.extend(suggestions(each.assistant))
