"""A stream in lists of what comes next, of a bounded number and size: what is asked about each can be asked about them together."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def windows(items: Iterable[Item], count: int, size_of: Callable[[Item], int], most: int) -> Iterator[list[Item]]:
    """Lists of at most `count` items that end with the one that brings their size to `most`. Where the stream raises, what came
    before is given first."""
    stream = iter(items)
    while True:
        some: list[Item] = []
        size = 0
        failed: Exception | None = None
        try:
            while len(some) < count and size < most:
                some.append(next(stream))
                size += size_of(some[-1])
        except StopIteration as end:
            failed = end
        except Exception as reason:
            failed = reason
        if some:
            yield some
        if isinstance(failed, StopIteration):
            return
        if failed is not None:
            raise failed
