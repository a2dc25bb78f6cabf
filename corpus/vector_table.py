"""The table of vectors: one for each embedded text, wherever its words stand, under the text's number.

Numbers are given in ascending order and never twice, and what is removed is noted in order (`gone`). So
whoever has taken up all up to some `Marks` catches up by what came after them, and reads nothing else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus.database import Database, marks, parts
from corpus.rows import row_checksum

# Rows fetched at once where the table is read from end to end.
CHUNK = 4096

Vectors = NDArray[np.float16]
Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Marks:
    """A moment of the table: the highest number given, and how many were removed, ever."""

    last: int
    gone: int

    @property
    def count(self) -> int:
        """How many texts there are."""
        return self.last - self.gone

    def since(self, before: "Marks") -> int:
        """How many texts came or went after `before`."""
        return self.last - before.last + self.gone - before.gone


class VectorTable:
    """The vectors of an open library, float16, by the number or the key (`corpus.rows.text_key`) of their text."""

    def __init__(self, database: Database, dimension: int) -> None:
        self._database = database
        self._dimension = dimension

    def marks(self) -> Marks:
        """The table as it stands; from the counters that SQLite keeps, so that no row is read."""
        rows = self._database.rows("SELECT name, seq FROM sqlite_sequence WHERE name IN ('vectors', 'gone')")
        found = {str(name): int(str(number)) for name, number in rows}
        return Marks(found.get("vectors", 0), found.get("gone", 0))

    def require_sound(self, marks: Marks) -> None:
        """Raises DamagedLibrary where these marks cannot be those of what is here: memory is asked for by them."""
        ((highest,),) = self._database.rows("SELECT coalesce(max(id), 0) FROM vectors")
        if not 0 <= marks.gone <= marks.last <= int(str(highest)) + marks.gone:
            raise self._database.damaged(f"it says that it has numbered {marks.last} texts, and {highest} are there")

    def held(self, keys: Sequence[bytes]) -> set[bytes]:
        """Those of the keys whose vectors are here."""
        found: set[bytes] = set()
        for part in parts(keys):
            rows = self._database.rows(f"SELECT key FROM vectors WHERE key IN ({marks(part)})", part)
            found.update(row[0] for row in rows if isinstance(row[0], bytes))
        return found

    def put(self, keys: Sequence[bytes], vectors: NDArray[np.float32]) -> dict[bytes, int]:
        """Keep the vectors (keys, dimension) of embedded texts; documents that need them may come later.

        Gives the numbers of those that were not here, ascending.
        """
        with self._database.changing() as connection:
            known = self.held(keys)
            rows = {key: row.tobytes() for key, row in zip(keys, vectors.astype("<f2"), strict=True) if key not in known}
            numbers = dict(zip(rows, range(self.marks().last + 1, self.marks().last + 1 + len(rows)), strict=True))
            added = [(numbers[key], key, row, row_checksum(key, row)) for key, row in rows.items()]
            connection.executemany("INSERT INTO vectors VALUES (?, ?, ?, ?)", added)
        return numbers

    def drop_unused(self) -> Ids:
        """Take away the vectors of no passage; their numbers. Only those that may be are looked at."""
        with self._database.changing() as connection:
            rows = connection.execute(
                "SELECT id FROM vectors WHERE id IN (SELECT number FROM loose) "
                "AND NOT EXISTS (SELECT 1 FROM passages WHERE key = vectors.key) ORDER BY id"
            ).fetchall()
            connection.executemany("DELETE FROM vectors WHERE id = ?", rows)
            connection.execute("DELETE FROM loose")
        return np.array([row[0] for row in rows], np.int64)

    def gone(self, after: Marks, upto: Marks) -> Ids:
        """The numbers of the texts that were removed between two moments."""
        rows = self._database.rows("SELECT number FROM gone WHERE id > ? AND id <= ?", (after.gone, upto.gone))
        return np.array([row[0] for row in rows if isinstance(row[0], int)], np.int64)

    def chunks(self, after: int = 0, last: int | None = None) -> Iterator[tuple[Ids, Vectors]]:
        """The numbers (n), ascending, and vectors (n, dimension) of the texts after one number, up to another.

        Each chunk is read by itself, and other threads go on between. What is removed meanwhile may
        be among them or not: it stands after the `marks` that were taken before.
        """
        upto = self.marks().last if last is None else last
        query = "SELECT id, vector FROM vectors WHERE id > ? AND id <= ? ORDER BY id LIMIT ?"
        while rows := self._database.rows(query, (after, upto, CHUNK)):
            numbers, vectors = self._read(rows)
            yield numbers, vectors
            after = int(numbers[-1])

    def damaged(self) -> Ids:
        """The numbers of the texts whose vectors are not what was stored. Reads them all."""
        wrong: list[int] = []
        after = 0
        query = "SELECT id, key, vector, checksum FROM vectors WHERE id > ? ORDER BY id LIMIT ?"
        while rows := self._database.rows(query, (after, CHUNK)):
            wrong += [int(str(number)) for number, key, row, kept in rows if kept is not None and kept != row_checksum(key, row)]
            after = int(str(rows[-1][0]))
        return np.array(wrong, np.int64)

    def of(self, numbers: Sequence[int]) -> tuple[Ids, Vectors]:
        """The numbers that are here, ascending, and their vectors (n, dimension)."""
        rows: list[tuple[object, ...]] = []
        for part in parts(sorted(numbers)):
            rows += self._database.rows(f"SELECT id, vector FROM vectors WHERE id IN ({marks(part)}) ORDER BY id", part)
        return self._read(rows)

    def numbers(self, keys: Sequence[bytes]) -> dict[bytes, int]:
        """The numbers of those keys that are here."""
        found: dict[bytes, int] = {}
        for part in parts(keys):
            rows = self._database.rows(f"SELECT key, id FROM vectors WHERE key IN ({marks(part)})", part)
            found |= {key: int(str(number)) for key, number in rows if isinstance(key, bytes)}
        return found

    def passages(self, number: int, count: int) -> list[int]:
        """The ids of passages of that text, the `count` lowest; none where it is in use no longer."""
        query = "SELECT id FROM passages WHERE key = (SELECT key FROM vectors WHERE id = ?) ORDER BY id LIMIT ?"
        return [row[0] for row in self._database.rows(query, (number, count)) if isinstance(row[0], int)]

    def _read(self, rows: Sequence[tuple[object, ...]]) -> tuple[Ids, Vectors]:
        try:
            numbers = np.array([row[0] for row in rows], np.int64)
            vectors = np.frombuffer(b"".join(row[1] for row in rows if isinstance(row[1], bytes)), "<f2")
            return numbers, vectors.reshape(len(numbers), self._dimension)
        except (ValueError, TypeError):
            raise self._database.damaged(f"a vector has not the library's {self._dimension} dimensions") from None
