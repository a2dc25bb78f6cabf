"""What nobody expected: one line in the log, and one sentence for who has asked.

Behind the guard gradio answers what it does not expect with a bare 500, and much that is merely wrong with a call, too. Here the
one is told from the other: what a caller can mend is a 4xx that says how, everything else is noted under the request's number.
"""

import json
from typing import Any

import gradio as gr
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from corpus.errors import YinjuError
from ui.watch.log import LOG, root_of, shown_path, where
from ui.watch.requests import number_of

# Where a request's scope has the sentences of what has failed in it.
FAILED = "yinju.failed"
NOWHERE = (404, "there is no endpoint of this name or number; /gradio_api/info lists those there are")
VALUES = (400, "these are not the values of this endpoint; /gradio_api/info says which it takes, and in what order")
NO_FILE = (400, "no file came with this; send it as a form (multipart/form-data), with its name")
# What is wrong with a call, by the function of gradio's that stumbles over it.
STUMBLED = {
    ("gradio.route_utils", "get_fn"): NOWHERE, ("gradio.routes", "_"): NOWHERE, ("gradio.routes", "component_server"): NOWHERE,
    ("gradio.routes", "get_item_or_file"): VALUES, ("gradio_client.utils", "construct_args"): VALUES,
    ("gradio.route_utils", "upload_fn"): NO_FILE,
}  # fmt: skip
PREPROCESSING = "preprocess_data"


class Failing:
    """ASGI: whatever is raised behind it is answered and noted here, and raised no further."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # What answers 500 raises right after it, mostly: it waits until that is known.
        held: list[Message] = []
        started: Message | None = None
        scope[FAILED] = failed = list[str]()

        async def sending(message: Message) -> None:
            nonlocal started
            if held or (message["type"] == "http.response.start" and message["status"] == 500):
                held.append(message)
                return
            started = started or message
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except ClientDisconnect:
            return
        except Exception as error:
            refusal = refusal_of(error)
            status, sentence = refusal or (500, note(error, scope))
            if started is None:
                await JSONResponse({"detail": sentence}, status)(scope, receive, send)
            elif b"text/event-stream" in dict(started["headers"]).get(b"content-type", b""):
                # Gradio has said itself what is wrong with the call.
                last = "" if refusal else f"event: error\ndata: {json.dumps({'error': sentence})}\n\n"
                await send({"type": "http.response.body", "body": last.encode()})
            # Of anything else the end is missing, and the server closes the connection.
            return
        if held:
            held[0]["status"] = 400 if not failed and _is_refusal(held) else 500
        for message in held:
            await send(message)


def refusal_of(error: BaseException) -> tuple[int, str] | None:
    """The status and the sentence, where it is the caller who can mend it."""
    root = root_of(error)
    if isinstance(root, YinjuError):
        return 400, str(root)
    if isinstance(root, HTTPException) and root.status_code < 500:
        return root.status_code, "there is nothing under this name; it may be over" if root.status_code == 404 else str(root.detail)
    frame = root.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    if frame is None or isinstance(root, OSError | MemoryError):
        return None
    return STUMBLED.get((frame.tb_frame.f_globals.get("__name__", ""), frame.tb_frame.f_code.co_name))


def note(error: BaseException, scope: Scope) -> str:
    """One line in the log: of what kind, and where; and the sentence for who has asked."""
    number = number_of(scope)
    LOG.error("failed", extra={"fields": {"request": number, "path": shown_path(scope.get("path", "")), **where(error)}})
    sentence = f"something went wrong here, which the server's log has under {number}; try again, or tell who runs it"
    scope.setdefault(FAILED, []).append(sentence)
    return sentence


def watch_events(page: gr.Blocks) -> None:
    """Have what goes wrong in the page's events noted here: gradio prints it, and sends its words to the browser."""
    process = page.process_api

    async def processed(block_fn: Any, *given: Any, **named: Any) -> Any:
        try:
            return await process(block_fn, *given, **named)
        except gr.Error as error:
            error.print_exception = False
            raise
        except Exception as error:
            if _is_of_values(error):
                name = getattr(block_fn, "api_name", None) or "this"
                raise gr.Error(f"{name} was given other values than it takes; see /gradio_api/info", print_exception=False) from None
            scope = getattr(getattr(named.get("request"), "request", None), "scope", None)
            raise gr.Error(note(error, scope or {}), print_exception=False) from None

    page.process_api = processed


def _is_of_values(error: BaseException) -> bool:
    frame = error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_name == PREPROCESSING:
            return True
        frame = frame.tb_next
    return False


def _is_refusal(held: list[Message]) -> bool:
    """Whether it is how gradio answers a `gr.Error`, which is a sentence to the caller."""
    try:
        told = json.loads(b"".join(each.get("body", b"") for each in held))
    except ValueError:
        return False
    return isinstance(told, dict) and "title" in told
