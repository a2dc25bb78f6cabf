"""`yinju serve`, but every answer to the page takes some seconds longer, as on a busy machine."""

import time
from typing import Any

from rag import Answer, Assistant
from ui.cli import main

SECONDS = 4.0
soon = Assistant.ask


def slowly(self: Assistant, *asked: Any, **named: Any) -> Answer:
    if "tell" in named:
        named["tell"]("searching", 0)
        time.sleep(SECONDS)
    return soon(self, *asked, **named)


if __name__ == "__main__":
    Assistant.ask = slowly  # type: ignore[method-assign]
    main()
