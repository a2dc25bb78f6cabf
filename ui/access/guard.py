"""Who may come in: a session's cookie, a name and password with the request, or a name that a trusted proxy gives.

Behind the guard a request's scope says who it is from (`ui.access.caller`). Where there are no users and no proxy that names
them, everybody is a keeper: then the server is on this machine alone, or was made public on purpose.
"""

import asyncio
import base64
import hmac
import secrets
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b, sha256
from typing import Literal
from urllib.parse import parse_qs, quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request, cookie_parser
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.access.attempts import Attempts
from ui.access.caller import CALLER, Caller, address_of
from ui.access.login import local, login_html
from ui.access.user import LASTS, AccessError, Accounts, Role, User

# The peer itself, before what a proxy says of its client is believed.
PEER = "yinju.peer"
LOGIN, LOGOUT = "/login", "/logout"
# Asked by whoever watches the server; they tell strangers nothing of its documents.
OPEN = ("/health", "/ready")
# Seconds between two looks whether who has a stream open may still be here.
LOOKED = 10.0
# Bytes of a login form; programs whose password is remembered as checked.
FORM, KNOWN = 8192, 1000


@dataclass(frozen=True)
class Rules:
    """`guests` may ask without logging in. `header` names the user, where it comes from a peer of `proxies`."""

    guests: bool = False
    header: str | None = None
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")


def is_closed(users: Accounts, rules: Rules) -> bool:
    """Whether one has to log in, guests aside."""
    return bool(users) or rules.header is not None


class Guard:
    """ASGI, around one application for each role: what a role may not do is not in its application."""

    def __init__(self, pages: Mapping[Role, ASGIApp], users: Accounts, rules: Rules) -> None:
        self._pages = pages
        self._users = users
        self._rules = rules
        self._attempts = Attempts()
        self._checking = asyncio.Lock()
        self._closed = is_closed(users, rules)
        # Cookies do not tell ports apart: servers of one machine keep theirs by name.
        self._cookie = f"yinju-{blake2b(users.mark.encode('utf8', 'surrogateescape'), digest_size=6).hexdigest()}"
        self._salt = secrets.token_bytes(32)
        # Sessions of programs that send name and password each time, by what they send: a hash is slow to check.
        self._known: OrderedDict[bytes, str] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._pages["reader" if self._closed else "keeper"](scope, receive, send)
            return
        try:
            await self._guarded(scope, receive, send)
        except AccessError as reason:  # nobody is let in, and it is said why
            await JSONResponse({"detail": str(reason)}, 503)(scope, receive, send)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if self._closed and path.rstrip("/") in (LOGIN, LOGOUT):
            response = await (self._login if path.startswith(LOGIN) else self._logout)(Request(scope, receive))
            await response(scope, receive, send)
            return
        found = await self._caller(scope)
        if isinstance(found, Response):
            await found(scope, receive, send)
            return
        scope[CALLER] = found
        if self._closed:
            send = self._private(self._while_here(scope, found, send))
        await self._pages[found.role](scope, receive, send)

    def _while_here(self, scope: Scope, caller: Caller, send: Send) -> Send:
        """What an open stream says, until its caller has logged out, was removed, or is in another role: then it ends."""
        streams, looked = False, time.monotonic()

        async def sending(message: Message) -> None:
            nonlocal streams, looked
            if message["type"] == "http.response.start":
                streams = Headers(raw=message["headers"]).get("content-type", "").startswith("text/event-stream")
            elif streams and time.monotonic() - looked > LOOKED:
                looked = time.monotonic()
                # While the users cannot be read nobody comes in, but who is in stays.
                with suppress(AccessError, sqlite3.Error):
                    if await self._caller(scope) != caller:
                        await send({"type": "http.response.body", "body": b"", "more_body": False})
                        raise ClientDisconnect
            await send(message)

        return sending

    async def _caller(self, scope: Scope) -> Caller | Response:
        address, headers = address_of(scope), Headers(scope=scope)
        if not self._closed:
            return Caller("", "keeper", address)
        if self._is_named_twice(scope, headers):
            return _named_twice(str(self._rules.header))
        user = await self._named_by_proxy(scope, headers)
        if user is None and headers.get("authorization", "").lower().startswith("basic "):
            try:
                checked = await self._of_password(*_basic(headers["authorization"]), address)
            except sqlite3.Error:
                return _unkept()
            if isinstance(checked, int):
                return _wait(checked)
            if checked is None:
                return _unknown()
            user = checked
        user = user or await self._of_cookie(headers)
        if user is not None:
            return Caller(user.name, user.role, address)
        if self._rules.guests or scope["path"] in OPEN:
            return Caller("", "reader", address)
        if scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
            root = scope.get("root_path", "")
            query = scope["query_string"].decode("latin1")
            after = quote(scope["path"] + (f"?{query}" if query else ""), safe="")
            return RedirectResponse(f"{root}{LOGIN}?next={after}", 303)
        return _unknown()

    def _is_named_twice(self, scope: Scope, headers: Headers) -> bool:
        """Whether the proxy passed on, beside its own, a name that a client sent: which of them is right nobody knows."""
        return self._is_believed(scope) and len(headers.getlist(str(self._rules.header))) > 1

    def _is_believed(self, scope: Scope) -> bool:
        """Whether it comes from a proxy that names users."""
        return self._rules.header is not None and scope.get(PEER, address_of(scope)) in self._rules.proxies

    async def _named_by_proxy(self, scope: Scope, headers: Headers) -> User | None:
        if self._rules.header is None or not self._is_believed(scope):
            return None
        name = _decoded(headers.get(self._rules.header, "")).strip()
        return (await run_in_threadpool(self._users.named, name) or User(name, "reader")) if name else None

    async def _of_cookie(self, headers: Headers) -> User | None:
        token = cookie_parser(headers.get("cookie", "")).get(self._cookie)
        return await run_in_threadpool(self._users.of, token) if token else None

    async def _of_password(self, name: str, password: str, address: str) -> User | int | None:
        """Whose name and password these are; None where they are wrong, seconds where it is not to be tried yet.

        Raises sqlite3.Error where the session cannot be kept.
        """
        key = hmac.digest(self._salt, f"{name}\0{password}".encode("utf8", "replace"), sha256)
        if (token := self._known.get(key)) is not None and (user := await run_in_threadpool(self._users.of, token)) is not None:
            self._known.move_to_end(key)
            return user
        found = await self._checked(name, password, address)
        if isinstance(found, User):
            self._known[key] = await run_in_threadpool(self._users.begin, found)
            while len(self._known) > KNOWN:
                self._known.popitem(last=False)
        return found

    async def _checked(self, name: str, password: str, address: str) -> User | int | None:
        # One after another: of many at once each would be tried before the first had failed.
        async with self._checking:
            if seconds := self._attempts.wait(name, address):
                return seconds
            user = await run_in_threadpool(self._users.verified, name, password)
            if user is None:
                self._attempts.failed(name, address)
            return user

    async def _login(self, request: Request) -> Response:
        if request.method in ("GET", "HEAD"):
            return _page(request, request.query_params.get("next", "/"))
        if request.method != "POST":
            return PlainTextResponse("log in with POST", 405, {"Allow": "GET, POST"})
        form = await _form(request)
        if form is None:
            return PlainTextResponse(f"this is no login form of at most {FORM} bytes", 413)
        name, after = form.get("username", ""), form.get("next", "/")
        found = await self._checked(name, form.get("password", ""), address_of(request.scope))
        wrong: Literal["wrong", "wait", "unkept"]
        if isinstance(found, User):
            try:
                token = await run_in_threadpool(self._users.begin, found)
            except (sqlite3.Error, AccessError):
                wrong, status, seconds = "unkept", 503, 0
            else:
                response: Response = (
                    RedirectResponse(request.scope.get("root_path", "") + local(after), 303) if _wants_page(request) else JSONResponse({"success": True})
                )
                response.set_cookie(
                    self._cookie, token, max_age=LASTS, httponly=True, samesite="lax", secure=request.url.scheme == "https", path="/"
                )
                return response
        else:
            wrong, status, seconds = ("wait", 429, found) if isinstance(found, int) else ("wrong", 401, 0)
        if not _wants_page(request):
            return _wait(seconds) if seconds else _unkept() if wrong == "unkept" else _unknown()
        return _page(request, after, name, wrong, seconds, status)

    async def _logout(self, request: Request) -> Response:
        if request.method != "POST":
            return PlainTextResponse("log out with POST", 405, {"Allow": "POST"})
        if token := request.cookies.get(self._cookie):
            try:
                await run_in_threadpool(self._users.end, token)
            except sqlite3.Error:
                return _unkept()
        response = RedirectResponse(request.scope.get("root_path", "") + LOGIN, 303)
        response.delete_cookie(self._cookie, path="/")
        return response

    @staticmethod
    def _private(send: Send) -> Send:
        """What a user sees is for no cache that others share."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).setdefault("Cache-Control", "private, no-cache")
            await send(message)

        return sending


def _page(request: Request, after: str, name: str = "", wrong: str | None = None, seconds: int = 0, status: int = 200) -> Response:
    action = request.scope.get("root_path", "") + LOGIN
    html = login_html(request.headers.get("accept-language"), action, after, name, wrong, seconds)
    headers = {"Cache-Control": "no-store"} | ({"Retry-After": str(seconds)} if seconds else {})
    return HTMLResponse(html, status, headers)


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _unknown() -> Response:
    """No challenge (`WWW-Authenticate`): a browser would ask by a window of its own."""
    return JSONResponse({"detail": "log in first: with a session of /login, or with name and password (HTTP Basic)"}, 401)


def _named_twice(header: str) -> Response:
    detail = f"the header {header} came more than once; have the proxy take it out of what its clients send"
    return JSONResponse({"detail": detail}, 400)


def _unkept() -> Response:
    """The disk of `users.db` is full, or may only be read."""
    detail = "sessions cannot be begun or ended just now: the server's disk cannot be written; tell who runs it"
    return JSONResponse({"detail": detail}, 503, {"Retry-After": "60"})


def _wait(seconds: int) -> Response:
    return JSONResponse({"detail": f"too many wrong attempts; try again in {seconds} s"}, 429, {"Retry-After": str(seconds)})


async def _form(request: Request) -> dict[str, str] | None:
    """The fields of a small form; None where it is too large or none."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > FORM:
            return None
    try:
        return {key: values[0] for key, values in parse_qs(body.decode(), keep_blank_values=True, max_num_fields=8).items()}
    except ValueError:
        return None


def _decoded(header: str) -> str:
    """Proxies send names in UTF-8; HTTP's own is Latin-1."""
    try:
        return header.encode("latin1").decode("utf8")
    except UnicodeError:
        return header


def _basic(header: str) -> tuple[str, str]:
    try:
        name, _, password = base64.b64decode(header[6:].strip(), validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return name, password
