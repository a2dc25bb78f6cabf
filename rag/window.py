"""A stream in lists of what comes next, of a bounded number and size: what is asked about each can be asked about them together."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def windows(items: Iterable[Item], count: int, size_of: Callable[[Item], int], most: int) -> Iterator[list[Item]]:
    """Lists of at most `count` items that end with the one that brings their size to `most`. Where the stream raises, what came
    before is given first."""
    some: list[Item] = []
    size = 0
    try:
        for each in items:
            some.append(each)
            size += size_of(each)
            if len(some) >= count or size >= most:
                full, some, size = some, [], 0
                yield full
    except Exception:
        if some:
            yield some
        raise
    if some:
        yield some
