"""Held styles (to come)."""
from collections.abc import Iterator

from bench.stories import Gold


def issues(count: int, seed: int) -> Iterator[tuple[str, Gold]]:
    yield from ()
