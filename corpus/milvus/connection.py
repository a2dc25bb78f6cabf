"""A connection to a Milvus, and what goes wrong with it said in a sentence.

A call that the network loses is tried again by pymilvus for as long as it may take (`PATIENCE`): whatever is written here is
written by key, so that what arrives twice is there once.
"""

import copy
import logging
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tenacity import Retrying, retry_if_exception, stop_after_attempt, stop_after_delay, wait_random_exponential

from corpus.errors import LibraryError
from corpus.milvus.address import TOKEN, Address

# Seconds: to be reached at first, and for one call with all its repetitions.
REACH, PATIENCE = 10.0, 60.0
# Rows that one query gives at most (Milvus' own limit), and rows of one write.
MOST_ROWS, WRITTEN = 16_384, 500
QUIET_MS = 310_000
READS = ("query", "get", "search")
INSTALL = "install what it needs with: pip install 'yinju[milvus]'"
# Said where Milvus closed a line on which nothing was asked for a while, and which pymilvus kept open by asking whether it is.
IDLE = "too many pings"
UNREACHABLE = ("unavailable", "connection refused", "failed to connect", "fail connecting", "deadline", "timeout", "timed out", "retry", "closed channel", "eof", "reset", IDLE, "goaway")
REFUSED = ("auth", "unauthenticated", "permission", "privilege", "token")
FULL = ("no space", "disk full", "disk quota", "quota", "memory limit", "deny to write", "deny writing", "rate limit", "resource exhausted", "exceed")


class Connection:
    """A client of one Milvus, used by many threads; calls are those of pymilvus' MilvusClient."""

    def __init__(self, address: Address) -> None:
        """Raises LibraryError where pymilvus is not installed or the Milvus cannot be reached."""
        self.address = address
        # What the network library has to say of a line that is cut is said by us, in a sentence.
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")
        try:
            from pymilvus import MilvusClient
        except ImportError:
            raise LibraryError(f"{address.text} is kept in Milvus, and pymilvus is not installed; {INSTALL}") from None
        # Its own messages of each failed call would stand beside ours.
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
        self._lite = address.uri is None
        with self.explained():
            uri = address.uri or _lite(address)
            # Milvus Lite ends a connection that says more often that it is alive.
            quiet = {"grpc_options": {"grpc.keepalive_time_ms": QUIET_MS}} if self._lite else {}
            # A line that others of this process left idle may have been closed: the next try opens another.
            trying = Retrying(stop=stop_after_attempt(3), wait=wait_random_exponential(0.1, max=1), retry=retry_if_exception(_was_idle), reraise=True)
            self.client: Any = trying(MilvusClient, uri=uri, token=address.token, timeout=REACH, **quiet)
        self._closed = False
        # Who asks sees what this process has written, and what others have a moment later; who writes, all that was written
        # before: to wait for that takes a distributed Milvus up to a fifth of a second a call.
        self.strict = False
        self._patience: float | None = None

    def hurried(self, patience: float) -> "Connection":
        """The same connection, whose calls give up after so many seconds; it is closed with this one."""
        other = copy.copy(self)
        other._patience = patience
        return other

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self.client.close()
            if self._lite:
                _leave(self.address)

    @contextmanager
    def explained(self) -> Iterator[None]:
        """What Milvus or the way to it does wrong is a LibraryError that says so."""
        from grpc import RpcError
        from pymilvus.exceptions import MilvusException

        try:
            yield
        except (MilvusException, RpcError) as reason:
            raise explained(self.address, reason) from None
        except ValueError as reason:  # grpc's own, of a channel that was closed
            if "closed channel" not in str(reason):
                raise
            raise explained(self.address, reason) from None

    def call(self, name: str, *arguments: Any, **named: Any) -> Any:
        """A call of the client's, tried again while Milvus is away, for as long as it may take. Raises LibraryError."""
        trying = Retrying(
            stop=stop_after_delay(self._patience or PATIENCE), wait=wait_random_exponential(0.1, max=2), retry=retry_if_exception(_may_pass), reraise=True
        )
        with self.explained():
            return trying(self._called, name, *arguments, **named)

    @property
    def _consistency(self) -> dict[str, str]:
        return {"consistency_level": "Strong" if self.strict else "Session"}

    def _called(self, name: str, *arguments: Any, **named: Any) -> Any:
        if name in READS:
            named = self._consistency | named
        patience = self._patience or PATIENCE
        try:
            return getattr(self.client, name)(*arguments, timeout=patience, **named)
        except Exception as reason:
            if not any(each in str(reason) for each in ("not loaded", "released")):
                raise
            # A server that was started anew may have let it go.
            self.client.load_collection(arguments[0], timeout=patience)
            return getattr(self.client, name)(*arguments, timeout=patience, **named)

    def query(self, collection: str, condition: str, fields: Sequence[str], **named: Any) -> list[dict[str, Any]]:
        """All rows that fulfil a condition, however many, by key."""
        rows = self.call("query", collection, filter=condition, output_fields=list(fields), limit=MOST_ROWS, **named)
        if len(rows) < MOST_ROWS:
            return [dict(each) for each in rows]
        with self.explained():
            found: list[dict[str, Any]] = []
            iterator = self.client.query_iterator(collection, batch_size=MOST_ROWS // 4, filter=condition, output_fields=list(fields), **(self._consistency | named))
            try:
                while some := iterator.next():
                    found += [dict(each) for each in some]
            finally:
                iterator.close()
            return found

    def count(self, collection: str, condition: str = "") -> int:
        rows = self.call("query", collection, filter=condition, output_fields=["count(*)"])
        return int(rows[0]["count(*)"]) if rows else 0

    def get(self, collection: str, keys: Sequence[Any], fields: Sequence[str]) -> list[dict[str, Any]]:
        """The rows of these keys that are here, in any order."""
        rows: list[dict[str, Any]] = []
        for at in range(0, len(keys), WRITTEN):
            found = self.call("get", collection, ids=list(keys[at : at + WRITTEN]), output_fields=list(fields))
            rows += [dict(each) for each in found]
        return rows

    def upsert(self, collection: str, rows: Sequence[dict[str, Any]], **named: Any) -> None:
        for at in range(0, len(rows), WRITTEN):
            self.call("upsert", collection, data=list(rows[at : at + WRITTEN]), **named)

    def delete(self, collection: str, keys: Sequence[Any]) -> None:
        for at in range(0, len(keys), WRITTEN):
            self.call("delete", collection, ids=list(keys[at : at + WRITTEN]))


def _may_pass(reason: BaseException) -> bool:
    """Whether a call that failed so may succeed a moment later: Milvus is away, or just starting."""
    low = _words(reason).lower()
    return any(each in low for each in UNREACHABLE) and not any(each in low for each in (*REFUSED, *FULL))


def _was_idle(reason: BaseException) -> bool:
    return IDLE in _words(reason).lower()


def _words(reason: object) -> str:
    # Where a connection is refused, what the server said is the cause of what pymilvus says.
    details = getattr(getattr(reason, "__cause__", None), "details", None)
    return " ".join(str((details and details()) or getattr(reason, "message", "") or reason).split())


def explained(address: Address, reason: object) -> LibraryError:
    """What to tell of an error of Milvus, gRPC or the network; its own words are among it, shortened."""
    said = _words(reason)
    low, short = said.lower(), said[:200].rstrip(".; ")
    if any(each in low for each in FULL) and "deadline" not in low:
        return LibraryError(f"the Milvus of {address.text} takes nothing more now ({short}); what was written is kept: "
                            "give it disk, memory or time, and run the same command again")  # fmt: skip
    if any(each in low for each in REFUSED):
        return LibraryError(f"the Milvus of {address.text} refuses this user ({short}); give its token in the environment variable {TOKEN}")
    if any(each in low for each in UNREACHABLE):
        return LibraryError(f"the Milvus of {address.text} cannot be reached ({short}); see that it runs and that this machine may reach it, then try again")
    return LibraryError(f"the Milvus of {address.text} failed ({short}); see its own log, then try again")


# Milvus Lite: an engine inside this process, one for each folder. Whoever opens the same folder twice shares it.

_OPEN: dict[Path, tuple[Any, Any, int, int]] = {}
_OPENING = threading.Lock()


def _lite(address: Address) -> str:
    """The address of this process's own engine for the folder; counted, and ended with its last user."""
    folder = (address.folder / "milvus").resolve()
    with _OPENING:
        server, database, port, users = _OPEN.get(folder, (None, None, 0, 0))
        if server is None:
            server, database, port = _started(address, folder)
        _OPEN[folder] = server, database, port, users + 1
    return f"http://127.0.0.1:{port}"


def _started(address: Address, folder: Path) -> tuple[Any, Any, int]:
    try:
        import jieba
        from milvus_lite.adapter.grpc.server import start_server_in_thread
        from milvus_lite.exceptions import MilvusLiteError
    except ImportError:
        raise LibraryError(f"{address.text} is kept in Milvus Lite, which is not installed; {INSTALL}") from None
    jieba.setLogLevel(logging.WARNING)
    for each in ("milvus_lite", "grpc"):
        logging.getLogger(each).setLevel(logging.CRITICAL)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        server, database, port = start_server_in_thread(data_dir=str(folder), host="127.0.0.1", port=0)
    except OSError as reason:
        raise LibraryError(f"{address.text} cannot be opened ({reason.strerror or reason}); choose a folder that can be written") from None
    except MilvusLiteError as reason:
        if "lock" in str(reason).lower():
            raise LibraryError(f"{address.text} is open in another process, and Milvus Lite serves one at a time; close that, or use a Milvus server") from None
        raise LibraryError(f"{address.text} cannot be opened ({reason}); restore it from a copy, or choose another folder") from None
    return server, database, port


def _leave(address: Address) -> None:
    folder = (address.folder / "milvus").resolve()
    with _OPENING:
        server, database, port, users = _OPEN[folder]
        if users > 1:
            _OPEN[folder] = server, database, port, users - 1
            return
        del _OPEN[folder]
        server.stop(grace=2).wait()
        database.close()

