"""A page's session is that of whoever began it: to anybody else its name names nothing.

Gradio lets in whoever names a session, which its page does by a short number of its own. Here each name becomes another one,
made of it and of who asks. Nothing is remembered for it: it holds for any number of sessions, at each of several processes,
and who logs in or out, or as somebody else, has another session from the next request on.
"""

import json
import re
import secrets
from hashlib import blake2b
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.access.caller import caller_in
from ui.replay import replayed

# The field of a call, and of a stream's address, that names a session.
FIELD = "session_hash"
BEAT = re.compile(r"(.*/gradio_api/heartbeat/)([^/]+)(/?)")
CALL = re.compile(r".*/gradio_api/(?!mcp(?:/|$)|upload/?$).*")
# What parts who it is from which session it is, in the name that gradio is given.
PARTS = "-"


class Own:
    """ASGI around a page, behind the guard. The names that it gives cannot be guessed, and are told to nobody."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._key = secrets.token_bytes(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        who = caller_in(scope).key
        if beat := BEAT.fullmatch(scope["path"]):
            path = beat[1] + self.name(who, beat[2]) + beat[3]
            scope = {**scope, "path": path, "raw_path": path.encode()}
        if FIELD.encode() in scope["query_string"]:
            asked = parse_qsl(scope["query_string"].decode("latin1"), keep_blank_values=True)
            named = [(key, self.name(who, value) if key == FIELD else value) for key, value in asked]
            scope = {**scope, "query_string": urlencode(named).encode()}
        if scope["method"] == "POST" and CALL.fullmatch(scope["path"]):
            try:
                body = await Request(scope, receive).body()
            except ClientDisconnect:
                return
            try:
                body = self._named(who, body)
            except RecursionError:
                await JSONResponse({"detail": "this is nested too deep; send plain values"}, 400)(scope, receive, send)
                return
            scope = {**scope, "headers": list(scope["headers"])}
            MutableHeaders(scope=scope)["content-length"] = str(len(body))
            receive = replayed(body, receive)
        await self._app(scope, receive, send)

    def name(self, who: str, session: str) -> str:
        """Under which gradio knows a session, beginning with what all of that person's begin with."""
        return _digest(self._key, who) + PARTS + _digest(self._key, who, session)

    def _named(self, who: str, body: bytes) -> bytes:
        try:
            call = json.loads(body)
        except ValueError:  # which gradio reads no better
            return body
        if not isinstance(call, dict) or not isinstance(call.get(FIELD), str):
            return body
        return json.dumps(call | {FIELD: self.name(who, call[FIELD])}).encode()


def _digest(key: bytes, *parts: str) -> str:
    return blake2b("\0".join(parts).encode("utf8", "surrogatepass"), digest_size=16, key=key).hexdigest()
