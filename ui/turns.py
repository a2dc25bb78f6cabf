"""One after another, in the order they came: what writes into the library from the page."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition


class Turns:
    """A queue of threads, of which the first goes on and the others wait."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._waiting: deque[object] = deque()

    @contextmanager
    def turn(self, tell: Callable[[int], None]) -> Iterator[None]:
        """Wait until it is this thread's turn; `tell` hears how many are before it, whenever that changes."""
        mine, told = object(), 0
        with self._changed:
            self._waiting.append(mine)
            while (before := self._waiting.index(mine)) > 0:
                if before != told:
                    told = before
                    tell(before)
                self._changed.wait()
        try:
            yield
        finally:
            with self._changed:
                self._waiting.remove(mine)
                self._changed.notify_all()
