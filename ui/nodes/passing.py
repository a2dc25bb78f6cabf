"""A page's requests are led to the process that served it, wherever a load balancer sends them.

Gradio keeps an open page's events in the process that the page was loaded from. A cookie names it; whoever gets a request of a
page of another process that is alive passes it on, as it came, and its answer back as it comes. Only addresses of the register are
ever called. What is passed on carries the other's key from there, which says that it comes from one of the processes and from whom
that one had it; it is never passed on a second time. Where the other is gone, the request is answered here, and the page is
this process's from then on.
"""

import asyncio
import hmac
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from hashlib import blake2b

import httpx
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.access.caller import address_of
from ui.nodes.register import Node, Register
from ui.replay import replayed

# Said by one process to another: the other's key, and the address that the request came from.
KEY, PEER = "yinju-passed", "yinju-peer"
# Said of a request whose key is of a process that was here before.
ANOTHER = "yinju-another"
# What any process answers alike: files of the page's own code, who watches, and logging in.
ANYWHERE = re.compile(r"(?:/library/[\w.-]+)?/(?:assets|static|svelte)/.*|/(?:health|ready|metrics|login|logout|favicon\.ico|robots\.txt)/?|.*/gradio_api/mcp(?:/.*)?")
# Of one connection, not of the message (RFC 9110, 7.6.1); and what each server says for itself.
HOP = {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
OWN = {"date", "server"}
# Bytes of a request that are held until the other has it, so that it can be answered here where the other is gone.
HELD = 1 << 20
# Seconds to reach another process, and to send it a part.
REACH, SENDING = 3.0, 60.0


class Passing:
    """ASGI around the whole server, with a register or, where a process serves alone, None."""

    def __init__(self, app: ASGIApp, register: Register | None, mark: str, way: httpx.AsyncBaseTransport | None = None) -> None:
        self._app = app
        self._register = register
        # Cookies do not tell ports apart: servers of one machine keep theirs by name.
        self._cookie = f"yinju-node-{blake2b(mark.encode('utf8', 'surrogateescape'), digest_size=6).hexdigest()}"
        self._way = way or way_to_others()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._register is None:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        scope["headers"] = [each for each in scope["headers"] if each[0].decode("latin1").lower() not in (KEY, PEER)]
        if KEY in headers:
            if not hmac.compare_digest(headers[KEY].encode(), self._register.own.key.encode()):
                await PlainTextResponse("the process that this was for is not here", 421, {ANOTHER: "1"})(scope, receive, send)
                return
            scope["client"] = (headers.get(PEER, ""), 0)
            await self._app(scope, receive, send)
            return
        named = cookie_parser(headers.get("cookie", "")).get(self._cookie)
        if ANYWHERE.fullmatch(scope["path"]) or named == self._register.own.identity:
            await self._app(scope, receive, send)
            return
        if named is not None:
            node = await run_in_threadpool(self._register.node, named)
            if node is not None:
                body = _Body(receive, is_short=_is_short(headers))
                try:
                    if await self._passed(node, scope, body, send):
                        return
                except _Left:
                    return
                receive = body.again()
        if named is not None or (scope["method"] == "GET" and "text/html" in headers.get("accept", "")):
            send = self._naming(scope, send)
        await self._app(scope, receive, send)

    async def _passed(self, node: Node, scope: Scope, body: "_Body", send: Send) -> bool:
        """Pass it on; False where the other is gone, and nothing was answered yet."""
        assert self._register is not None
        request = httpx.Request(
            scope["method"], httpx.URL(node.address).copy_with(raw_path=_target(scope)), headers=_passed_on(scope, node), content=await body.content(),
            extensions={"timeout": {"connect": REACH, "read": None, "write": SENDING, "pool": None}},
        )  # fmt: skip
        gone = asyncio.create_task(body.disconnected())
        asking = asyncio.create_task(self._way.handle_async_request(request))
        try:
            await asyncio.wait((gone, asking), return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():  # who asked has left
                return True
            try:
                response = asking.result()
            except httpx.TransportError as reason:
                self._register.unreached(node)
                if body.whole and (isinstance(reason, httpx.ConnectError | httpx.ConnectTimeout) or scope["method"] in ("GET", "HEAD")):
                    return False
                await _lost(scope, body, send)
                return True
            if response.status_code == 421 and ANOTHER in response.headers:
                await response.aclose()
                self._register.unreached(node)
                if body.whole:
                    return False
                await _lost(scope, body, send)
                return True
            answering = asyncio.create_task(_answer(response, send))
            try:
                await asyncio.wait((gone, answering), return_when=asyncio.FIRST_COMPLETED)
                if answering.done():
                    # Where the other ends in the middle of its answer, so does this one: whoever asked sees that it is not whole.
                    with suppress(httpx.TransportError):
                        answering.result()
            finally:
                await _ended(answering)
                await response.aclose()
            return True
        finally:
            await _ended(gone)
            await _ended(asking)

    def _naming(self, scope: Scope, send: Send) -> Send:
        """The page is this process's from now on."""
        assert self._register is not None
        name = self._register.own.identity

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                secure = "; Secure" if scope.get("scheme") == "https" else ""
                MutableHeaders(scope=message).append("set-cookie", f"{self._cookie}={name}; Path=/; HttpOnly; SameSite=Lax{secure}")
            await send(message)

        return sending


def way_to_others() -> httpx.AsyncHTTPTransport:
    """Connections to other processes: an open page holds one, so there is no bound but that of open files."""
    return httpx.AsyncHTTPTransport(trust_env=False, limits=httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=30))


class _Left(Exception):
    """Whoever asked has left before all of the request was here."""


class _Body:
    """A request's body, held while it is short, so that it can be read once more."""

    def __init__(self, receive: Receive, is_short: bool) -> None:
        self._receive = receive
        self.whole = is_short
        self._held = b""
        self._read = asyncio.Event()

    async def content(self) -> bytes | AsyncIterator[bytes] | None:
        if not self.whole:
            return self._parts()
        async for part in self._parts():
            self._held += part
        return self._held or None

    async def _parts(self) -> AsyncIterator[bytes]:
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self._read.set()
                raise _Left
            yield message.get("body", b"")
            if not message.get("more_body"):
                self._read.set()
                return

    async def disconnected(self) -> None:
        """Returns when whoever asked has left, after the body was read."""
        await self._read.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def again(self) -> Receive:
        return replayed(self._held, self._receive)


async def _answer(response: httpx.Response, send: Send) -> None:
    headers = _of_message((name.lower(), value) for name, value in response.headers.raw)
    await send({"type": "http.response.start", "status": response.status_code, "headers": [each for each in headers if each[0].decode("latin1") not in OWN]})
    async for part in response.aiter_raw():
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _lost(scope: Scope, body: _Body, send: Send) -> None:
    said = JSONResponse({"detail": "the process that served this page has ended; open the page again, the conversation is kept"}, 503, {"Retry-After": "1"})
    await said(scope, body.again(), send)


async def _ended(task: "asyncio.Task[object] | asyncio.Task[None] | asyncio.Task[httpx.Response]") -> None:
    if not task.done():
        task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _is_short(headers: Headers) -> bool:
    length = headers.get("content-length", "0")
    return "transfer-encoding" not in headers and length.isdigit() and int(length) <= HELD


def _target(scope: Scope) -> bytes:
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    return path + (b"?" + query if query else b"")


def _passed_on(scope: Scope, node: Node) -> list[tuple[bytes, bytes]]:
    """Headers as they came: who asked, and what proxies said of that, is the other's to read as if it had come to it."""
    return [*_of_message(scope["headers"]), (KEY.encode(), node.key.encode()), (PEER.encode(), address_of(scope).encode())]


def _of_message(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Without what is of one connection only."""
    given = list(headers)
    listed = {name.strip().lower() for key, value in given if key == b"connection" for name in value.decode("latin1").split(",")}
    return [each for each in given if each[0].decode("latin1") not in HOP | listed]
