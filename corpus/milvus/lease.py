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
from corpus.milvus.connection import Connection
from corpus.milvus.records import Record, Records

KEY = "lease/writer"
# Seconds that it is held without being renewed, between two renewals, and to wait for another's word.
HELD, RENEWED, SETTLED = 60.0, 15.0, 0.3


@contextmanager
def lease(connection: Connection, records: Records) -> Iterator[str]:
    """Hold the right to write; gives the holder's own mark. Raises LibraryError where another has it."""
    mark, shown, before = uuid4().hex, connection.address.text, connection.strict
    connection.strict = True
    try:
        _require_free(records, shown)
        _say(records, mark)
        time.sleep(SETTLED)
        _require_mine(records, shown, mark)
    finally:
        connection.strict = before
    ended = threading.Event()
    renewing = threading.Thread(target=_renew, args=(records, mark, ended), daemon=True)
    renewing.start()
    try:
        yield mark
    finally:
        ended.set()
        renewing.join()
        with suppress(YinjuError):  # then it ends by itself
            if _holder(records).get("mark") == mark:
                records.delete([KEY])


def _holder(records: Records) -> dict[str, object]:
    found = records.one(KEY)
    content = json.loads(found.data) if found else {}
    return content if isinstance(content, dict) else {}


def _require_free(records: Records, shown: str) -> None:
    holder = _holder(records)
    if holder and float(str(holder.get("until", 0))) > time.time():
        raise _busy(shown, holder)


def _require_mine(records: Records, shown: str, mark: str) -> None:
    holder = _holder(records)
    if holder.get("mark") != mark:
        raise _busy(shown, holder)


def _busy(shown: str, holder: dict[str, object]) -> LibraryError:
    return LibraryError(f"another process ({holder.get('who', 'of another machine')}) is indexing into {shown}; wait until it is done, then try again")


def _say(records: Records, mark: str) -> None:
    who = f"{socket.gethostname()}, process {os.getpid()}"
    records.put([Record(KEY, "lease", data=json.dumps({"mark": mark, "who": who, "until": time.time() + HELD}))])


def _renew(records: Records, mark: str, ended: threading.Event) -> None:
    while not ended.wait(RENEWED):
        with suppress(YinjuError):  # the next call of who writes says what is wrong
            _say(records, mark)
