"""A question on its way to its answer: it waits for its turn, is worked on by a thread, says how far it is, and is noted."""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal

from corpus import YinjuError
from rag import Answer, Assistant
from ui.access.caller import Caller
from ui.access.room import Room
from ui.wording import Words, said

LOG = logging.getLogger(__name__)
WORDS: Words = {"failed": ("没有答成，问题还在框里，请再试一次", "The answer failed; your question is still in the box, try again")}
# How far it is, and how many go before it, or how many passages are read.
Step = tuple[Literal["waiting", "searching", "reading"], int]
# Asked how far it is; the answer.
Work = Callable[[Callable[[Step], None]], Answer]


@dataclass(frozen=True)
class Noted:
    """A question that was dealt with. Seconds it waited, and in all; `answer` is None where there was none, and why in a word."""

    caller: Caller
    library: str
    question: str
    waited: float
    seconds: float
    answer: Answer | None
    outcome: Literal["answered", "no answer", "refused", "busy", "failed"]


@dataclass(frozen=True)
class Desk:
    """Where a library's readers ask: its assistant, the room in which all of the server's readers wait, and who takes notes."""

    assistant: Assistant
    library: str
    room: Room
    note: Callable[[Noted], None] = lambda _: None


async def steps(
    desk: Desk, caller: Caller, question: str, top_k: int = 5, where: str | None = None, history: Sequence[Answer | str] = ()
) -> AsyncIterator[Answer | YinjuError | Step]:
    """What there is to show, as it comes: how far it is, then the answer, or what is wrong."""
    began = turned = time.monotonic()

    def noted(answer: Answer | None, outcome: Literal["answered", "no answer", "refused", "busy", "failed"]) -> None:
        now = time.monotonic()
        desk.note(Noted(caller, desk.library, question, turned - began, now - began, answer, outcome))

    try:
        # Closed at once where the reader leaves: who no longer waits is in nobody's way.
        async with aclosing(desk.room.turn(caller.key)) as turns:
            async for before in turns:
                yield "waiting", before
    except YinjuError as error:
        noted(None, "busy")
        yield error
        return
    turned = time.monotonic()
    told: asyncio.Queue[Answer | YinjuError | Step] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def tell(each: Answer | YinjuError | Step) -> None:
        loop.call_soon_threadsafe(told.put_nowait, each)

    def work() -> None:
        last: Answer | YinjuError
        try:
            last = desk.assistant.ask(question, top_k, where, history, tell=lambda stage, count: tell((stage, count)))
            noted(last, "answered" if last.answered else "no answer")
        except YinjuError as error:
            last = error
            noted(None, "refused")
        except Exception:
            LOG.exception("an answer failed")
            last = YinjuError(said(WORDS, "failed", "zh") + " · " + said(WORDS, "failed", "en"))
            noted(None, "failed")
        # The turn lasts as long as the work, also where the reader has gone.
        loop.call_soon_threadsafe(desk.room.leave, caller.key)
        tell(last)

    threading.Thread(target=work, daemon=True).start()
    while True:
        each = await told.get()
        yield each
        if not isinstance(each, tuple):
            return


async def answer(
    desk: Desk, caller: Caller, question: str, top_k: int = 5, where: str | None = None, history: Sequence[Answer | str] = ()
) -> Answer:
    """The answer, when it is there. Raises YinjuError, Busy too."""
    async for each in steps(desk, caller, question, top_k, where, history):
        if isinstance(each, YinjuError):
            raise each
        if isinstance(each, Answer):
            return each
    raise AssertionError("steps end with an answer or what is wrong")
