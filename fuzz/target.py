"""What a target is, and what must hold of every input."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

# CPU seconds that any input may take, and how many more for each MB of it. Coverage is measured meanwhile, which makes
# Python two to five times as slow.
SECONDS, SECONDS_A_MB = 4.0, 100.0
# CPU seconds that OCR takes for a page.
OCR = 30.0
# The input, the most bytes it may have, a number that decides what is changed: the changed input.
Change = Callable[[bytes, int, int], bytes]


@dataclass(frozen=True)
class Target:
    """`check` is given any bytes, and raises where a promise is broken. `seeds` are what changed inputs are made of.

    `longest` is how many bytes an input has at most, `words` are what libFuzzer puts into inputs now and then;
    `change` changes inputs as libFuzzer would not.
    """

    check: Callable[[bytes], None]
    seeds: Callable[[], Mapping[str, bytes]]
    longest: int = 1 << 15
    words: tuple[bytes, ...] = ()
    change: Change | None = None
    seconds: float = SECONDS


class TooSlow(AssertionError):
    """An input took more time than its size allows."""


def checked(target: Target, data: bytes) -> None:
    """What `target.check` does, within bounds. Raises whatever is wrong."""
    began = time.process_time()
    target.check(data)
    took = time.process_time() - began
    if took > target.seconds + SECONDS_A_MB * len(data) / 1e6:
        raise TooSlow(f"{len(data):,} bytes took {took:.1f} s of CPU")
