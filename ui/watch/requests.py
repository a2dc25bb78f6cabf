"""Every request numbered and counted, and one line about it in the log."""

import secrets
import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.access.caller import CALLER, address_of, caller_in
from ui.access.headers import HASHED
from ui.watch.log import shown_path, told

# Methods that have a name of their own in the figures: what a stranger sends makes no new ones.
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")
# Asked again and again, by every open page and by whoever watches.
UNTOLD = ("/health", "/ready", "/metrics")
# Where a request's scope says its number.
NUMBER = "yinju.number"


def number_of(scope: Scope) -> str:
    """By which the log's lines about a request are found; empty where it is of no request."""
    return str(scope.get(NUMBER, ""))


class Observed:
    """ASGI around the whole server; `count` is called with each request's method and status."""

    def __init__(self, app: ASGIApp, count: Callable[[str, int], None]) -> None:
        self._app = app
        self._count = count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, path, status = time.monotonic(), scope["path"], 0
        scope[NUMBER] = secrets.token_hex(4)

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except BaseException:
            status = status or 500
            raise
        finally:
            method = scope["method"] if scope["method"] in METHODS else "other"
            self._count(method, status)
            if not HASHED.search(path) and path not in UNTOLD:
                user = caller_in(scope).name if CALLER in scope else ""
                told(
                    "request", number=number_of(scope), method=method, path=shown_path(path), status=status, ms=round(1000 * (time.monotonic() - began)),
                    user=user, address=address_of(scope),
                )  # fmt: skip
