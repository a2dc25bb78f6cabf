"""What takes long and is asked by every page: so many at once in all, in threads of their own, and fewer of one person."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

import anyio.to_thread
from anyio import CapacityLimiter

from ui.access.room import Busy

# At once in all, of one person, and of one person that wait.
AT_ONCE, OF_ONE, WAITING = 4, 2, 10
BUSY = "请等前面的打开以后再试 · wait until what you opened before is there, then try again"
Given = TypeVar("Given")


class Share:
    """Belongs to one event loop."""

    def __init__(self) -> None:
        self._threads = CapacityLimiter(AT_ONCE)
        self._asked: Counter[str] = Counter()
        self._turns: dict[str, asyncio.Semaphore] = {}

    async def run(self, who: str, work: Callable[[], Given]) -> Given:
        """What the work gives. Raises Busy where too much of that person waits."""
        if self._asked[who] >= OF_ONE + WAITING:
            raise Busy(BUSY, 5)
        self._asked[who] += 1
        try:
            async with self._turns.setdefault(who, asyncio.Semaphore(OF_ONE)):
                return await anyio.to_thread.run_sync(work, limiter=self._threads)
        finally:
            self._asked[who] -= 1
            if not self._asked[who]:
                del self._asked[who]
                self._turns.pop(who, None)
