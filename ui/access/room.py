"""Where questions wait for their turn: so many at once, in fair order, no more than fit, and not too many of one person.

Fair is start-time fair queuing (Goyal, Vin and Cheng, SIGCOMM 1996, 2.1), with people for flows: each question stands in the
round after that of its asker's last one, and rounds go one after the other. Who has asked ten questions at once does not go
ten times before who asked one.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from corpus.errors import YinjuError

# Questions under way at once; more than cores would only take turns with them.
AT_ONCE = 2
# Questions that wait. At about five answers a second the last of them waits twenty seconds.
WAITING = 100


class Busy(YinjuError):
    """The question cannot wait here; it may be asked again later. `seconds` says in how many, about."""

    def __init__(self, sentence: str, seconds: int) -> None:
        super().__init__(sentence)
        self.seconds = seconds


@dataclass(eq=False)
class _Waiting:
    round: int
    number: int
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Room:
    """Belongs to one event loop. `per_minute` is how many questions one person may ask in a minute; None is no limit."""

    def __init__(self, at_once: int = AT_ONCE, waiting: int = WAITING, per_minute: int | None = None) -> None:
        self._at_once = at_once
        self._most = waiting
        self._limit = None if per_minute is None else RateLimitItemPerMinute(per_minute)
        self._asked = MovingWindowRateLimiter(MemoryStorage())
        self._waiting: list[_Waiting] = []
        self._running: Counter[str] = Counter()
        self._number = 0
        self.open = True
        # The round that is answered, and the last one of each who stands in a later one.
        self._round = 0
        self._last: dict[str, int] = {}

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def running(self) -> int:
        return self._running.total()

    async def turn(self, who: str) -> AsyncGenerator[int, None]:
        """Wait for a turn; gives how many go before it whenever that has changed, and ends when it is its turn.

        Whoever had the turn calls `leave` when it is done. Raises Busy where too many wait, or too many of that person came.
        """
        if self._limit is not None and not self._asked.hit(self._limit, who):
            seconds = max(1, round(self._asked.get_window_stats(self._limit, who).reset_time - time.time()))
            raise Busy(f"more than {self._limit.amount} questions in a minute; try again in {seconds} s", seconds)
        self._require_open()
        must_wait = self.running + len(self._waiting) >= self._at_once
        if must_wait and len(self._waiting) >= self._most:
            raise Busy(f"busy: {self._most} questions are waiting already; try again in a moment", 5)
        self._number += 1
        mine, told = _Waiting(max(self._round, self._last.get(who, 0)) + 1, self._number), 0
        self._last[who] = mine.round
        self._waiting.append(mine)
        try:
            while self.running >= self._at_once or self._next() is not mine:
                before = self._order().index(mine) + 1
                if before != told:
                    told = before
                    yield before
                    continue
                mine.changed.clear()
                await mine.changed.wait()
                self._require_open()
            self._running[who] += 1
            self._round = mine.round
            self._last = {each: last for each, last in self._last.items() if last > self._round}
        finally:
            self._waiting.remove(mine)
            self._tell()

    def leave(self, who: str) -> None:
        self._running[who] -= 1
        if not self._running[who]:
            del self._running[who]
        self._tell()

    def close(self) -> None:
        """Take no further questions; those that wait are told so, those under way go on."""
        self.open = False
        self._tell()

    def _require_open(self) -> None:
        if not self.open:
            raise Busy("the server is being stopped; ask again in a moment", 30)

    def _tell(self) -> None:
        for each in self._waiting:
            each.changed.set()

    def _next(self) -> _Waiting:
        return self._order()[0]

    def _order(self) -> list[_Waiting]:
        return sorted(self._waiting, key=lambda each: (each.round, each.number))
