"""What is sent to the MCP tools can be read as JSON: their library answers what is nested too deep as a failure of its own."""

import json

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.access.origin import TOOLS
from ui.replay import replayed

# JSON-RPC 2.0, section 5.1.
PARSE_ERROR = -32700


class Legible:
    """Refuses calls of the tools that are nested deeper than Python reads; anything else is passed on as it came."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or TOOLS not in scope["path"]:
            await self._app(scope, receive, send)
            return
        try:
            body = await Request(scope, receive).body()
        except ClientDisconnect:
            return
        if _is_too_deep(body):
            error = {"code": PARSE_ERROR, "message": "this is nested too deep; send the tool's arguments as plain values"}
            await JSONResponse({"jsonrpc": "2.0", "id": None, "error": error}, 400)(scope, receive, send)
            return
        await self._app(scope, replayed(body, receive), send)


def _is_too_deep(body: bytes) -> bool:
    try:
        json.loads(body)
    except RecursionError:
        return True
    except ValueError:  # which their library says itself
        return False
    return False
