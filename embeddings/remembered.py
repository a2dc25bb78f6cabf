"""Passages' vectors that this machine has made before, whatever library they were for.

One SQLite file in the user's cache, bounded, safe to delete at any time: what cannot be read or written is as
if it were not there. `YINJU_NO_CACHE=1` leaves it alone.
"""

import os
import sqlite3
import struct
import threading
import zlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from embeddings.cache import cache_folder
from embeddings.index import Vectors

if TYPE_CHECKING:
    from embeddings.encoder import Encoder

# Vectors kept at most, of 384 dimensions about 0.8 kB each; then those that came first go, a tenth more than need be.
MOST, SPARED = 500_000, 10
# Questions whose vectors are kept in memory.
QUESTIONS = 2048
# Looked up in one statement.
AT_ONCE = 500
FILE = "vectors.sqlite"
TABLES = """
CREATE TABLE IF NOT EXISTS vectors (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, vector BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS counts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT OR IGNORE INTO counts VALUES ('asked', 0), ('found', 0);
"""


@dataclass(frozen=True)
class Remembered:
    """What is kept: vectors and bytes on disk; and of the vectors asked for since it was made, how many were there."""

    vectors: int
    bytes: int
    asked: int
    found: int


class RememberingEncoder:
    """An encoder whose passages' vectors are kept and found again. `model` names its very weights."""

    def __init__(self, encoder: "Encoder", model: str) -> None:
        self.name, self.dimension = encoder.name, encoder.dimension
        self.count_tokens = encoder.count_tokens
        self.bare, self._model = encoder, model
        self._questions: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def max_tokens(self) -> int:
        return self.bare.max_tokens

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """(n, dimension) float32 rows of unit length; those of the last questions are kept in memory."""
        with self._lock:
            known = {each: self._questions[each] for each in texts if each in self._questions}
        missing = list(dict.fromkeys(each for each in texts if each not in known))
        if missing:
            known |= zip(missing, self.bare.encode_queries(missing), strict=True)
        with self._lock:
            for each in texts:
                self._questions[each] = known[each]
                self._questions.move_to_end(each)
            while len(self._questions) > QUESTIONS:
                self._questions.popitem(last=False)
        return np.array([known[each] for each in texts], np.float32).reshape(len(texts), self.dimension)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """(n, dimension) float32 rows of unit length; those found again are as near as float16 keeps them."""
        keys = [blake2b(f"{self._model}\0{text}".encode("utf8", "surrogatepass"), digest_size=16).digest() for text in texts]
        known = _found(keys, self.dimension)
        missing = [number for number, key in enumerate(keys) if key not in known]
        vectors = np.array([known.get(key, np.zeros(self.dimension)) for key in keys], np.float32)
        if missing:
            vectors[missing] = self.bare.encode_passages([texts[number] for number in missing])
            _keep({keys[number]: vectors[number] for number in missing})
        return vectors.reshape(len(texts), self.dimension)


def remembering(encoder: "Encoder", model: str) -> "Encoder":
    """The encoder with this machine's memory of vectors, unless that is switched off."""
    return encoder if os.environ.get("YINJU_NO_CACHE") else RememberingEncoder(encoder, model)


def forgetting(encoder: "Encoder") -> "Encoder":
    """The encoder without that memory: what is embedded in passing is not worth the disk."""
    return encoder.bare if isinstance(encoder, RememberingEncoder) else encoder


def remembered() -> Remembered:
    """What the cache holds now; nothing where there is none that can be read."""
    file = cache_folder() / FILE
    try:
        size = file.stat().st_size
        with _opened() as connection:
            (vectors,) = connection.execute("SELECT count(*) FROM vectors").fetchone()
            counts = dict(connection.execute("SELECT name, value FROM counts").fetchall())
        return Remembered(vectors, size, int(counts[b"asked"]), int(counts[b"found"]))
    except (OSError, sqlite3.Error, KeyError, ValueError, UnicodeDecodeError):
        return Remembered(0, 0, 0, 0)


def _found(keys: Sequence[bytes], dimension: int) -> dict[bytes, Vectors]:
    found: dict[bytes, Vectors] = {}
    try:
        with _opened() as connection:
            for at in range(0, len(keys), AT_ONCE):
                some = keys[at : at + AT_ONCE]
                marks = ",".join("?" * len(some))
                for key, kept in connection.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", some):
                    row = _unpacked(key, kept)
                    if row is not None and row.shape == (dimension,):
                        found[key] = row / np.linalg.norm(row)
            connection.executemany(
                "UPDATE counts SET value = value + ? WHERE name = ?", [(len(keys), "asked"), (len(found), "found")]
            )
    except (OSError, sqlite3.Error, UnicodeDecodeError) as reason:
        _give_up(reason)
    return found


def _keep(fresh: Mapping[bytes, Vectors]) -> None:
    rows = [(key, _packed(key, vector)) for key, vector in fresh.items()]
    try:
        with _opened() as connection:
            connection.executemany("INSERT OR REPLACE INTO vectors (key, vector) VALUES (?, ?)", rows)
            (count,) = connection.execute("SELECT count(*) FROM vectors").fetchone() if _due(rows) else (0,)
            if count > MOST:
                oldest = "SELECT id FROM vectors ORDER BY id LIMIT ?"
                connection.execute(f"DELETE FROM vectors WHERE id IN ({oldest})", (count - MOST + MOST // SPARED,))
    except (OSError, sqlite3.Error, UnicodeDecodeError) as reason:
        _give_up(reason)


def _packed(key: bytes, vector: Vectors) -> bytes:
    half = vector.astype("<f2").tobytes()
    return half + struct.pack("<I", zlib.crc32(half, zlib.crc32(key)))


def _unpacked(key: bytes, kept: object) -> Vectors | None:
    """None where it is not what was kept: this file is never synced, and a disk may err."""
    if not isinstance(kept, bytes):
        return None
    half = kept[:-4]
    if len(kept) < 6 or len(half) % 2 or kept[-4:] != struct.pack("<I", zlib.crc32(half, zlib.crc32(key))):
        return None
    return np.frombuffer(half, "<f2").astype(np.float32)


def _due(rows: Sequence[tuple[bytes, bytes]]) -> bool:
    """Whether to count the vectors, which takes longer the more there are: about once in a thousand new ones."""
    return any(key[0] == 0 and key[1] < 64 for key, _ in rows)


def _give_up(reason: Exception) -> None:
    """A file that is no database is of no use to anyone; any other trouble may pass."""
    damaged = isinstance(reason, sqlite3.DatabaseError) and not isinstance(reason, sqlite3.OperationalError)
    # What SQLite says of a damaged table may be no text, or that there is no such column.
    if damaged or isinstance(reason, UnicodeDecodeError) or "no such" in str(reason) or "malformed" in str(reason):
        with suppress(OSError):
            (cache_folder() / FILE).unlink(missing_ok=True)


@contextmanager
def _opened() -> Iterator[sqlite3.Connection]:
    """The cache in one transaction."""
    file: Path = cache_folder() / FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(file, timeout=5)) as connection:
        connection.text_factory = bytes  # a damaged vector may say that it is text
        # What is lost here is only made again.
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(TABLES)
        with connection:
            yield connection
