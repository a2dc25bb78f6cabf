"""What a reverse proxy says of its client, believed where the proxy is one that is named."""

from collections.abc import Sequence

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from ui.access.caller import address_of
from ui.access.guard import PEER


class Proxied:
    """Notes the peer itself in the scope, then takes address and scheme from `X-Forwarded-For` and `X-Forwarded-Proto`."""

    def __init__(self, app: ASGIApp, proxies: Sequence[str]) -> None:
        self._app = ProxyHeadersMiddleware(app, trusted_hosts=list(proxies))  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope[PEER] = address_of(scope)
        await self._app(scope, receive, send)  # type: ignore[arg-type]
