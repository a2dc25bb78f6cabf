"""One line of JSON a request and a question, on standard error.

No text of documents or questions unless it is asked for, never a password, a cookie, a token, or what stands after `?`.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

LOG = logging.getLogger("yinju.served")


class JsonLines(logging.Formatter):
    """A record as a line; what it says beside its message is in `record.fields`."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = getattr(record, "fields", {})
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(), "event": record.getMessage(), **fields,
        }  # fmt: skip
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


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


def told(event: str, **fields: object) -> None:
    LOG.info(event, extra={"fields": fields})
