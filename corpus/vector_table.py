"""The table of vectors: one for each embedded text, wherever its words stand."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from corpus.database import Database, marks, parts

# Rows fetched at once where the table is read from end to end.
CHUNK = 4096

Vectors = NDArray[np.float16]
Ids = NDArray[np.int64]


class VectorTable:
    """The vectors of an open library, float16, by the key of their text (`corpus.rows.text_key`)."""

    def __init__(self, database: Database, dimension: int) -> None:
        self._database = database
        self._dimension = dimension

    def held(self, keys: Sequence[bytes]) -> set[bytes]:
        """Those of the keys whose vectors are here."""
        found: set[bytes] = set()
        for part in parts(keys):
            rows = self._database.rows(f"SELECT key FROM vectors WHERE key IN ({marks(part)})", part)
            found.update(row[0] for row in rows if isinstance(row[0], bytes))
        return found

    def put(self, keys: Sequence[bytes], vectors: NDArray[np.float32]) -> None:
        """Keep the vectors (keys, dimension) of embedded texts; documents that need them may come later."""
        rows = [(key, row.tobytes()) for key, row in zip(keys, vectors.astype("<f2"), strict=True)]
        with self._database.changing() as connection:
            connection.executemany("INSERT OR IGNORE INTO vectors (key, vector) VALUES (?, ?)", rows)

    def drop_unused(self) -> None:
        """Take away the vectors of no passage."""
        with self._database.changing() as connection:
            connection.execute("DELETE FROM vectors WHERE NOT EXISTS (SELECT 1 FROM passages WHERE key = vectors.key)")

    def passage_keys(self) -> tuple[Ids, Ids]:
        """The ids of all passages, sorted, and for each the head of its key: a change of either is seen."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT id, key FROM passages ORDER BY id").fetchall()
        heads = np.frombuffer(b"".join(row[1][:8] for row in rows), "<i8")
        return np.array([row[0] for row in rows], np.int64), heads

    def chunks(self, ids: Sequence[int] | None = None) -> Iterator[tuple[Ids, Vectors]]:
        """The ids (n) and vectors (n, dimension) of all passages, or of these, some thousands at a time.

        Use it up: other threads wait until it is at its end.
        """
        query = "SELECT passages.id, vector FROM passages JOIN vectors ON vectors.key = passages.key"
        order = " ORDER BY passages.id"
        wanted: list[tuple[str, Sequence[int]]] = [(query + order, ())]
        if ids is not None:
            wanted = [(f"{query} WHERE passages.id IN ({marks(part)}){order}", part) for part in parts(ids)]
        with self._database.reading() as connection:
            for statement, values in wanted:
                cursor = connection.execute(statement, values)
                while rows := cursor.fetchmany(CHUNK):
                    vectors = np.frombuffer(b"".join(row[1] for row in rows), "<f2").reshape(-1, self._dimension)
                    yield np.array([row[0] for row in rows], np.int64), vectors
