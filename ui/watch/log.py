"""One line of JSON a request, a question and a failure, on standard error.

No text of documents or questions unless it is asked for, never a password, a cookie, a token, or what stands after `?`. Of a
failure its kind and its place: what an exception says may hold any of these.
"""

import json
import logging
import re
import sys
import threading
import traceback
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

LOG = logging.getLogger("yinju.served")
ROOT = Path(__file__).parents[2]
# Places of a failure that its line names, and packages through which every request goes.
PLACES = 4
WAY = ("fastapi/", "starlette/")
# What an address ends with that names a page's session or a program's call: who knows it could ask for what is told there.
NAMING = re.compile(r"(.*/gradio_api/(?:heartbeat|call/(?:v2/)?(?!v2/)[^/]+)/)[^/]+/?")
# Characters that a terminal obeys, by their categories: controls, marks of direction and others without a form, ends of lines, half characters.
UNSHOWN = ("Cc", "Cf", "Zl", "Zp", "Cs")


class JsonLines(logging.Formatter):
    """A record as a line; what it says beside its message is in `record.fields`."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = getattr(record, "fields", {})
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(), "event": (record.getMessage().strip().splitlines() or [""])[0], **fields,
        }  # fmt: skip
        if record.exc_info and record.exc_info[1] is not None:
            line |= where(record.exc_info[1])
        # JSON itself escapes only what comes before the space.
        return "".join(each if unicodedata.category(each) not in UNSHOWN else _escaped(each) for each in json.dumps(line, ensure_ascii=False, default=str))


def _escaped(character: str) -> str:
    """As JSON writes it, in ASCII."""
    return json.dumps(character)[1:-1]


def log_lines(quiet: bool) -> None:
    """Have everything that is logged come as lines of JSON; `quiet` leaves only warnings and failures."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    LOG.setLevel(logging.WARNING if quiet else logging.INFO)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    logging.captureWarnings(True)
    threading.excepthook = lambda failed: LOG.error("failed", exc_info=(failed.exc_type, failed.exc_value or failed.exc_type(), failed.exc_traceback))
    # Gradio prints what it does not expect.
    traceback.print_exc = lambda *_, **__: LOG.error("failed", exc_info=True)


def told(event: str, **fields: object) -> None:
    LOG.info(event, extra={"fields": fields})


def shown_path(path: str) -> str:
    """An address as the log has it."""
    return NAMING.sub(r"\1-", path)[:300]


def root_of(error: BaseException) -> BaseException:
    """What it was at first, where it is raised again as another."""
    while True:
        inner = error.__cause__ or (error.exceptions[0] if isinstance(error, BaseExceptionGroup) else None)
        if inner is None:
            return error
        error = inner


def where(error: BaseException) -> dict[str, str]:
    """Of what kind it is, and the innermost places that it went through, the last one first."""
    root = root_of(error)
    frames = [(_short(each.filename), each) for each in traceback.extract_tb(root.__traceback__)]
    telling = [each for each in frames[:-1] if not each[0].startswith(WAY)] + frames[-1:]
    at = " < ".join(f"{file}:{each.lineno} {each.name}" for file, each in reversed(telling[-PLACES:]))
    return {"error": f"{type(root).__module__}.{type(root).__qualname__}".removeprefix("builtins."), "at": at}


def _short(file: str) -> str:
    path = file.rpartition("site-packages/")[2]
    return str(Path(path).relative_to(ROOT)) if path.startswith(f"{ROOT}/") else path
