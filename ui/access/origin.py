"""Where requests may come from: a name of this machine, and no page of another site.

A page of elsewhere can have its own name resolve to this machine (DNS rebinding), but not an IP address. The check of other
pages is that of Go's `http.CrossOriginProtection` (net/http, 1.25): what the browser says itself (`Sec-Fetch-Site`), or,
of an older one, whether `Origin` names the host that was asked. Programs send neither.
"""

import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

# Where gradio serves the MCP tools.
TOOLS = "/gradio_api/mcp"
# What is asked by those who watch the server, under whatever name; its figures only where one has to log in for them.
WATCHED, FIGURES = ("/health", "/ready"), "/metrics"
# Where a request's scope says that it names another machine.
ELSEWHERE = "yinju.elsewhere"
READING = ("GET", "HEAD", "OPTIONS")


class FromHere:
    """Lets requests through that name this machine and come from no page of another site.

    `names` are further names that the server has. Where `any_name` is true the host is not looked at: where one has to log in,
    a name that was pointed here gets nothing, for the browser sends it no cookie; where only a keeper (`closed`) is given the
    figures, those are not looked at either. MCP calls are POST only: a stream that a
    client merely holds open would keep the server from stopping.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str] = (), any_name: bool = False, closed: bool = False) -> None:
        self._app = app
        own = socket.gethostname().lower()
        self._names = {"localhost", own, f"{own}.local", *(each.lower() for each in names)}
        self._any_name = any_name
        self._watched = (*WATCHED, FIGURES) if closed else WATCHED

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        tools = TOOLS in scope["path"]
        if not self._any_name and not self._is_here(host):
            scope[ELSEWHERE] = True
            if scope["path"] not in self._watched:
                return PlainTextResponse(
                    f"{host!r} is not a name of this machine; call it by its IP address, or serve with --name {host.partition(':')[0]}", 421
                )
        if (tools or scope["method"] not in READING) and _is_foreign(headers.get("sec-fetch-site"), origin, host):
            where = f"of {origin!r}" if origin else "of another site"
            return PlainTextResponse(
                f"a page {where} may not call these tools; call them from a program" if tools
                else f"a page {where} may not change anything here; open this server's own page", 403,
            )  # fmt: skip
        if tools and scope["method"] != "POST":
            return PlainTextResponse("this is for MCP clients (streamable HTTP), which send POST", 405, {"Allow": "POST"})
        return None

    def _is_here(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
            return name in self._names or bool(ipaddress.ip_address(name))
        except ValueError:
            return False


def _is_foreign(site: str | None, origin: str | None, host: str) -> bool:
    if site is not None:
        return site not in ("same-origin", "none")
    return origin is not None and origin.partition("://")[2].lower() != host.lower()
