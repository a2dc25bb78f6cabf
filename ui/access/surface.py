"""What of the server can be reached at all, and how much may be sent to it.

Gradio serves more than this page uses: files by their path, any address of the web through itself, its own monitoring and
editing. What is not named here is not there.
"""

import re

from limits import RateLimitItemPerHour
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.access.caller import caller_in

USED = re.compile(
    r"(?:/library/[\w.-]+)?(?:/|/(?:config|theme\.css|favicon\.ico|manifest\.json|robots\.txt|health|ready|metrics|login|logout)/?"
    r"|/(?:assets|static|svelte)/.*"
    r"|/gradio_api/(?:info|openapi\.json|app_id|startup-events|upload|upload_progress|component_server|reset|cancel|login_check|user)/?"
    r"|/gradio_api/(?:queue/(?:join|data)|heartbeat/[^/]+|(?:call(?:/v2)?|run|api)/[^/]+(?:/[^/]+)?)/?|/gradio_api/mcp(?:/.*)?)|/library/[\w.-]+"
)
UPLOADING = re.compile(r".*/gradio_api/upload/?")
MB = 1_000_000
# Bytes of an upload, which may be a folder of scans; of anything else, of which a folder's list of files is the longest.
LARGEST_UPLOAD, LARGEST = 4_000 * MB, 16 * MB


class Surface:
    """Answers 404 for what is not used, 413 and 411 for what is too large or does not say how large it is, 415 for files elsewhere.

    `per_hour` is how many MB one person may upload in an hour; None is no limit. Who may not upload `keeps` nothing here.
    """

    def __init__(self, app: ASGIApp, keeps: bool = True, per_hour: int | None = None) -> None:
        self._app = app
        self._keeps = keeps
        self._limit = None if per_hour is None else RateLimitItemPerHour(per_hour)
        self._uploaded = FixedWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        path = scope["path"]
        if not USED.fullmatch(path):
            return PlainTextResponse("there is nothing at this address", 404)
        if scope["method"] != "POST":
            return None
        headers = Headers(scope=scope)
        if "transfer-encoding" in headers:
            return PlainTextResponse("say how long this is (Content-Length)", 411)
        uploading = UPLOADING.fullmatch(path) is not None
        if uploading and not self._keeps:
            return PlainTextResponse("only keepers may upload; log in as one", 403)
        # Gradio takes files at other addresses as well, and of a form that is cut off leaves them on the disk.
        if not uploading and any("multipart/" in each.lower() for each in headers.getlist("content-type")):
            return PlainTextResponse("no form with files is taken here; send JSON", 415)
        most, size = LARGEST_UPLOAD if uploading else LARGEST, int(headers.get("content-length") or 0)
        if size > most:
            return PlainTextResponse(f"this is {size // MB} MB; at most {most // MB} MB are taken at once", 413)
        if uploading and self._limit is not None and not self._uploaded.hit(self._limit, caller_in(scope).key, cost=1 + size // MB):
            return PlainTextResponse(f"more than {self._limit.amount} MB were uploaded in an hour; go on later", 429)
        return None

