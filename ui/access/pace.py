"""How fast one person may send, how much at once, and how many requests of one may be under way, whatever they ask for.

Questions and uploads have limits of their own besides (`ui.access.room`, `ui.access.surface`).
"""

import time
from collections import Counter
from contextlib import suppress

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.access.caller import caller_in
from ui.access.surface import LARGEST, UPLOADING

# Of one person where others share the server: requests that do something in a minute, and under way at once. A page sends
# one for each letter that is typed into a search.
PER_MINUTE, AT_ONCE = 600, 60
# Bytes that a reader sends at once: the longest question with those before it, each character written as `\\uXXXX`, is 300,000.
LARGEST_OF_READER = 500_000


class Pace:
    """ASGI around a page, behind the guard. `per_minute` None is no limit, of how many at once neither; nor is `largest` None."""

    def __init__(self, app: ASGIApp, per_minute: int | None = None, largest: int | None = None) -> None:
        self._app = app
        self._limit = None if per_minute is None else RateLimitItemPerMinute(per_minute)
        self._largest = largest
        self._sent = MovingWindowRateLimiter(MemoryStorage())
        self._under_way: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or UPLOADING.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        who = caller_in(scope).key
        size = Headers(scope=scope).get("content-length", "0")
        if refusal := self._refusal(int(size) if size.isdigit() else 0, who):
            # Read first: a connection that is closed before takes the answer along, and a browser says that the server is gone.
            if size.isdigit() and int(size) <= LARGEST:
                with suppress(ClientDisconnect):
                    async for _ in Request(scope, receive).stream():
                        pass
            await refusal(scope, receive, send)
            return
        self._under_way[who] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._under_way[who] -= 1
            if not self._under_way[who]:
                del self._under_way[who]

    def _refusal(self, size: int, who: str) -> JSONResponse | None:
        if self._largest is not None and size > self._largest:
            return JSONResponse({"detail": f"太长了 · this is too long: at most {self._largest // 1000} kB are taken at once"}, 413)
        if self._limit is None:
            return None
        if self._under_way[who] >= AT_ONCE:
            return _slower(f"more than {AT_ONCE} requests at once; wait for one to be answered", 1)
        if not self._sent.hit(self._limit, who):
            seconds = max(1, round(self._sent.get_window_stats(self._limit, who).reset_time - time.time()))
            return _slower(f"more than {self._limit.amount} requests in a minute; try again in {seconds} s", seconds)
        return None


def _slower(sentence: str, seconds: int) -> JSONResponse:
    return JSONResponse({"detail": f"请慢一点 · {sentence}"}, 429, {"Retry-After": str(seconds)})
