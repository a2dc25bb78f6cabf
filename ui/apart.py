"""Our own output apart from what libraries written in C++ print of their own accord."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def our_output_only() -> Iterator[None]:
    """Meanwhile what is written past `sys.stdout` and `sys.stderr`, straight to the process's streams, goes nowhere.

    With `YINJU_DEBUG` it goes to standard error.
    """
    if os.environ.get("YINJU_DEBUG"):
        yield
        return
    sys.stdout.flush()
    sys.stderr.flush()
    before = sys.stdout, sys.stderr
    kept = os.dup(1), os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    sys.stdout, sys.stderr = (os.fdopen(os.dup(each), "w", encoding="utf8", errors=stream.errors, buffering=1) for each, stream in zip(kept, before, strict=True))
    for number in (1, 2):
        os.dup2(nowhere, number)
    os.close(nowhere)
    try:
        yield
    finally:
        ours = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = before
        for number, each in zip((1, 2), kept, strict=True):
            os.dup2(each, number)
            os.close(each)
        for stream in ours:
            stream.close()
