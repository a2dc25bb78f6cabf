"""The right to write into a library that many machines share: held by one of them for a while, and renewed while it writes.

Milvus has no locks. Whoever wants to write says so in a record, waits until another who wanted it at the same moment has said so
too, and looks whether its own word is the one that stands. Who holds it and is gone, loses it after `HELD` seconds. Were two to write
all the same (a clock far off), nothing is lost: all is written by key, of content.
"""

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import uuid4

from corpus.errors import LibraryError, YinjuError
from corpus.milvus.records import Record, Records

KEY = "lease/writer"
# Seconds that it is held without being renewed, between two renewals, and to wait for another's word.
HELD, RENEWED, SETTLED = 60.0, 15.0, 0.3


@contextmanager
def lease(records: Records, shown: str, key: str = KEY, doing: str = "indexing into") -> Iterator[str]:
    """Hold the right to write, or another of that key; gives the holder's own mark. Raises LibraryError where another has it."""
    mark = uuid4().hex
    with records.strictly():
        holder = _holder(records, key)
        if holder and float(str(holder.get("until", 0))) > time.time():
            raise _busy(shown, doing, holder)
        _say(records, key, mark)
        time.sleep(SETTLED)
        holder = _holder(records, key)
        if holder.get("mark") != mark:
            raise _busy(shown, doing, holder)
    ended = threading.Event()
    renewing = threading.Thread(target=_renew, args=(records, key, mark, ended), daemon=True)
    renewing.start()
    try:
        yield mark
    finally:
        ended.set()
        renewing.join()
        with suppress(YinjuError):  # then it ends by itself
            if _holder(records, key).get("mark") == mark:
                records.delete([key])


def _holder(records: Records, key: str) -> dict[str, object]:
    found = records.one(key)
    content = json.loads(found.data) if found else {}
    return content if isinstance(content, dict) else {}


def _busy(shown: str, doing: str, holder: dict[str, object]) -> LibraryError:
    return LibraryError(f"another process ({holder.get('who', 'of another machine')}) is {doing} {shown}; wait until it is done, then try again")


def _say(records: Records, key: str, mark: str) -> None:
    who = f"{socket.gethostname()}, process {os.getpid()}"
    records.put([Record(key, "lease", data=json.dumps({"mark": mark, "who": who, "until": time.time() + HELD}))])


def _renew(records: Records, key: str, mark: str, ended: threading.Event) -> None:
    while not ended.wait(RENEWED):
        with suppress(YinjuError):  # the next call of who writes says what is wrong
            _say(records, key, mark)
