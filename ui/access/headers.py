"""The headers that keep a browser to this host, on every response; and none that would let another site's page read it."""

import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Gradio's page is made of inline scripts and styles, and compiles its custom parts; nothing may come from or go to elsewhere.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' blob:; connect-src 'self'; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "SAMEORIGIN", "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
}  # fmt: skip
# By which a page of another site is let read an answer (Fetch, 3.3); gradio gives it to whoever asks.
SHARING = "access-control-"
# For who came by TLS: never again without (RFC 6797).
STRICT = "max-age=31536000"
# Files whose names say what is in them are fetched once.
HASHED, FOR_EVER = re.compile(r"/assets/[^/]+-[\w-]{8}\.\w+$"), "public, max-age=31536000, immutable"


class WithHeaders:
    """Puts the headers on every response. Plain ASGI, so that a stream that its reader leaves ends quietly."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name in [each for each in headers if each.startswith(SHARING)]:
                    del headers[name]
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if scope.get("scheme") == "https":
                    headers.setdefault("Strict-Transport-Security", STRICT)
                if message["status"] == 200 and HASHED.search(scope["path"]):
                    headers["Cache-Control"] = FOR_EVER
            await send(message)

        await self._app(scope, receive, sending if scope["type"] == "http" else send)
