"""Which processes serve a library, and where they are reached: each says so in a record of its own, and renews it.

A record says how often it was renewed, not when: whoever reads it sees by its own clock whether that goes on, so that machines
whose clocks differ agree. A process that cannot be reached is gone until its record is renewed again.
"""

import re
import secrets
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace

from corpus.errors import YinjuError
from corpus.milvus.records import Record, Records

NODE = "node"
IDENTITY = re.compile(r"[0-9a-f]{16}")
# Seconds between two renewals, after which a process that is not heard of is gone, and its record is taken away.
RENEWED, HELD, FORGOTTEN = 20.0, 70.0, 3600.0
FIELDS = ("id", "kind", "name", "hash", "number")


@dataclass(frozen=True)
class Node:
    """A process: `address` is a URL without a path, `key` what only those know who read the records, `beat` how often it was renewed."""

    identity: str
    address: str
    key: str
    beat: int = 0


@dataclass(frozen=True)
class _Known:
    node: Node
    # When its beat was another for the last time, by this process's clock; and the beat at which it could not be reached.
    heard: float
    unreached: int | None = None


class Register:
    """This process among the others. May be used by many threads."""

    def __init__(self, records: Records, address: str) -> None:
        """Says at once where this process is. Raises LibraryError where Milvus cannot be reached."""
        self._records = records
        self.own = Node(secrets.token_hex(8), address, secrets.token_hex(32))
        self._known: dict[str, _Known] = {}
        self._changing = threading.Lock()
        # When the others were read for the last time: while Milvus is away nobody is taken for gone.
        self._read = 0.0
        self._ended = threading.Event()
        self._say()
        self._renewing = threading.Thread(target=self._renew, daemon=True)
        self._renewing.start()

    def __enter__(self) -> "Register":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Say that this process is gone."""
        self._ended.set()
        self._renewing.join()
        with suppress(YinjuError):
            self._records.delete([f"{NODE}/{self.own.identity}"])

    def node(self, identity: str) -> Node | None:
        """The process of that name, if it is alive. One that is not known here is looked up, for it may have just begun."""
        if identity == self.own.identity:
            return self.own
        if not IDENTITY.fullmatch(identity):
            return None
        known = self._known.get(identity)
        if known is None:
            with suppress(YinjuError):
                self._hear(self._records.get([f"{NODE}/{identity}"], FIELDS))
            known = self._known.get(identity)
        if known is None or known.unreached == known.node.beat or self._read - known.heard > HELD:
            return None
        return known.node

    def unreached(self, node: Node) -> None:
        """It could not be reached: it is gone, unless it is heard of again."""
        with self._changing:
            if (known := self._known.get(node.identity)) is not None:
                self._known[node.identity] = replace(known, unreached=known.node.beat)

    def look(self) -> None:
        """Read who is there, and take away who has not been heard of for long. Raises LibraryError."""
        rows = self._records.where(f'kind == "{NODE}"', FIELDS)
        self._hear(rows)
        with self._changing:
            self._read = time.monotonic()
            there = {each.id.partition("/")[2] for each in rows}
            self._known = {name: each for name, each in self._known.items() if name in there}
            gone = [name for name, each in self._known.items() if self._read - each.heard > FORGOTTEN]
        self._records.delete([f"{NODE}/{name}" for name in gone])

    def _hear(self, rows: list[Record]) -> None:
        now = time.monotonic()
        with self._changing:
            for each in rows:
                node = Node(each.id.partition("/")[2], each.name, each.hash, each.number)
                known = self._known.get(node.identity)
                if known is None:
                    self._known[node.identity] = _Known(node, now)
                elif known.node.beat != node.beat:
                    self._known[node.identity] = _Known(node, now, known.unreached)

    def _say(self) -> None:
        self.own = replace(self.own, beat=self.own.beat + 1)
        self._records.put([Record(f"{NODE}/{self.own.identity}", NODE, self.own.address, hash=self.own.key, number=self.own.beat)])

    def _renew(self) -> None:
        while True:
            with suppress(YinjuError):
                self.look()
            if self._ended.wait(RENEWED):
                return
            with suppress(YinjuError):  # the next time
                self._say()
